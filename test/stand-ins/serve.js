'use strict';

const { parseArgs } = require('node:util');
const { startStandIn } = require('.');

/**
 * Runs a stand-in by itself: for `forkStandIn`, or from a shell, where it says its address and ends
 * with Ctrl+C:
 *
 *     node test/stand-ins/serve.js plivo --port 8080 --delay 100 --calls 5
 */

/**
 * What arrived, in figures. `mostInWindow` is the most in any span of `windowMs`, wherever it begins.
 * @typedef {{ total: number, byStatus: Record<string, number>, offContract: string[],
 *   windowMs: number, mostInWindow: number, mostAtOnce: number }} Summary
 */

/** @returns {Summary} */
function summarize({ requests, mostAtOnce }, windowMs) {
	const byStatus = {};
	for (const { status } of requests) byStatus[status] = (byStatus[status] ?? 0) + 1;
	const arrivals = requests.map(({ at }) => at);
	let mostInWindow = 0;
	for (let last = 0, first = 0; last < arrivals.length; last += 1) {
		while (arrivals[last] - arrivals[first] >= windowMs) first += 1;
		mostInWindow = Math.max(mostInWindow, last - first + 1);
	}
	const offContract = requests.flatMap(({ offContract: why }) => (why === null ? [] : [why]));
	return { total: requests.length, byStatus, offContract, windowMs, mostInWindow, mostAtOnce };
}

function seed(standIn, calls, streamsEach = 1) {
	return Array.from({ length: calls }, () => standIn.addCall()).flatMap((call) =>
		Array.from({ length: streamsEach }, () => ({ call, stream: standIn.startStream(call.id) })),
	);
}

function answerParent(provider) {
	const starting = startStandIn(provider, JSON.parse(process.env.STAND_IN_OPTIONS));
	// The answer to the first message tells it.
	starting.catch(() => undefined);
	process.once('disconnect', () => process.exit(0));
	process.on('message', async ({ id, method, args }) => {
		try {
			const standIn = await starting;
			const methods = {
				about: () => ({
					url: standIn.url,
					provider: standIn.provider,
					credentialType: standIn.credentialType,
					credentials: standIn.credentials,
				}),
				seed: (...numbers) => seed(standIn, ...numbers),
				running: () => standIn.streams().filter(({ running }) => running).length,
				requests: (windowMs) =>
					summarize(standIn, windowMs ?? standIn.options.rateLimit?.perMs ?? 1000),
				reset: () => standIn.reset(),
			};
			process.send({ id, result: methods[method](...args) });
		} catch (error) {
			process.send({ id, error: error.message });
		}
	});
}

async function serve() {
	const { values, positionals } = parseArgs({
		allowPositionals: true,
		options: {
			port: { type: 'string', default: '0' },
			delay: { type: 'string', default: '0' },
			calls: { type: 'string', default: '1' },
			generation: { type: 'string', default: 'new' },
		},
	});
	const [provider] = positionals;
	if (process.send) {
		answerParent(provider);
		return;
	}
	const standIn = await startStandIn(provider, {
		port: Number(values.port),
		delayMs: Number(values.delay),
		generation: values.generation,
	});
	const seeded = seed(standIn, Number(values.calls));
	const { url, credentials } = standIn;
	const calls = seeded.map(({ call, stream }) => ({ call: call.id, stream: stream.id }));
	process.stdout.write(`${JSON.stringify({ url, credentials, calls }, null, 2)}\n`);
	for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => standIn.close());
}

if (require.main === module) void serve();

module.exports = { summarize };
