// node floor.js JOB.json: the same stops by `fetch` without n8n, for what the machine and the stand-in allow at
// best. Prints {ms, cpuMs} as JSON.

import { readFileSync } from 'node:fs';

/** What is to be sent, and how many at once. */
export interface Job {
	urls: string[];
	headers: Record<string, string>;
	underWay: number;
}

async function main(): Promise<void> {
	const { urls, headers, underWay } = JSON.parse(
		readFileSync(process.argv[2] ?? '', 'utf8'),
	) as Job;
	const cpu = process.cpuUsage();
	const since = performance.now();
	const left = urls.values();
	const sendNext = async () => {
		for (const url of left) await (await fetch(url, { method: 'DELETE', headers })).arrayBuffer();
	};
	await Promise.all(Array.from({ length: underWay }, sendNext));
	const { user, system } = process.cpuUsage(cpu);
	console.log(JSON.stringify({ ms: performance.now() - since, cpuMs: (user + system) / 1000 }));
}

void main();
