'use strict';

// node floor.js JOB.json: the same stops without n8n, for what the machine and the stand-in allow at best.
// Prints {ms, cpuMs} as JSON.

const { readFileSync } = require('node:fs');
const http = require('node:http');

async function byFetch(url, headers) {
	const response = await fetch(url, { method: 'DELETE', headers });
	await response.arrayBuffer();
}

/** By the means that n8n's request helper uses, underneath. */
const byHttp = (agentFor) => (url, headers) =>
	new Promise((resolve, reject) => {
		const request = http.request(url, { method: 'DELETE', headers, agent: agentFor() });
		request.once('response', (response) => response.resume().once('end', resolve));
		request.once('error', reject);
		request.end();
	});

const kept = new http.Agent({ keepAlive: true });

const WAYS = {
	fetch: byFetch,
	keptConnections: byHttp(() => kept),
	// As n8n does it: an agent for each request.
	newConnections: byHttp(() => new http.Agent()),
};

async function main() {
	const { urls, headers, underWay, way } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
	const send = WAYS[way];
	const cpu = process.cpuUsage();
	const since = performance.now();
	const left = urls.values();
	await Promise.all(
		Array.from({ length: underWay }, async () => {
			for (const url of left) await send(url, headers);
		}),
	);
	const { user, system } = process.cpuUsage(cpu);
	console.log(JSON.stringify({ ms: performance.now() - since, cpuMs: (user + system) / 1000 }));
	kept.destroy();
}

main();
