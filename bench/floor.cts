// node floor.js JOB.json: the same stops without n8n, for what the machine and the stand-in allow at best.
// Prints {ms, cpuMs} as JSON.

import { readFileSync } from 'node:fs';
import http from 'node:http';

/** What is to be sent, and how. */
export interface Job {
	urls: string[];
	headers: Record<string, string>;
	underWay: number;
	way: 'fetch' | 'keptConnections' | 'newConnections';
}

type Send = (url: string, headers: Record<string, string>) => Promise<void>;

const byFetch: Send = async (url, headers) => {
	const response = await fetch(url, { method: 'DELETE', headers });
	await response.arrayBuffer();
};

/** By the means that n8n's request helper uses, underneath. */
const byHttp =
	(agentFor: () => http.Agent): Send =>
	(url, headers) =>
		new Promise((resolve, reject) => {
			const request = http.request(url, { method: 'DELETE', headers, agent: agentFor() });
			request.once('response', (response) => response.resume().once('end', resolve));
			request.once('error', reject);
			request.end();
		});

const kept = new http.Agent({ keepAlive: true });

const WAYS: Record<Job['way'], Send> = {
	fetch: byFetch,
	keptConnections: byHttp(() => kept),
	// As n8n does it: an agent for each request.
	newConnections: byHttp(() => new http.Agent()),
};

async function main(): Promise<void> {
	const job = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Job;
	const send = WAYS[job.way];
	const cpu = process.cpuUsage();
	const since = performance.now();
	const left = job.urls.values();
	await Promise.all(
		Array.from({ length: job.underWay }, async () => {
			for (const url of left) await send(url, job.headers);
		}),
	);
	const { user, system } = process.cpuUsage(cpu);
	console.log(JSON.stringify({ ms: performance.now() - since, cpuMs: (user + system) / 1000 }));
	kept.destroy();
}

void main();
