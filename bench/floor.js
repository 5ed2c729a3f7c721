'use strict';

// node floor.js JOB.json: the same stops without n8n, for what the machine and the stand-in allow at best.
// Prints {ms, cpuMs} as JSON.

const { readFileSync } = require('node:fs');
const http = require('node:http');

/** With connections that are kept and shared, as `fetch` does it. */
async function shared(url, headers) {
	const response = await fetch(url, { method: 'DELETE', headers });
	await response.arrayBuffer();
}

/** With a new connection for each request, as n8n's request helper does it. */
const fresh = (url, headers) =>
	new Promise((resolve, reject) => {
		const request = http.request(url, { method: 'DELETE', headers, agent: new http.Agent() });
		request.once('response', (response) => response.resume().once('end', resolve));
		request.once('error', reject);
		request.end();
	});

async function main() {
	const { urls, headers, underWay, connections } = JSON.parse(
		readFileSync(process.argv[2], 'utf8'),
	);
	const send = connections === 'fresh' ? fresh : shared;
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
}

main();
