'use strict';

const { fork } = require('node:child_process');
const { join } = require('node:path');

/**
 * Starts a stand-in in a process of its own, so that a measurement does not share its event loop.
 * @param {string} provider
 * @param {object} [options] those of `startStandIn`
 * @returns {Promise<{ url: string, provider: string, credentialType: string, credentials: object,
 *   seed(calls: number, streamsEach?: number): Promise<{ call: object, stream: object }[]>,
 *   running(): Promise<number>,
 *   requests(windowMs?: number): Promise<import('./serve').Summary>,
 *   reset(): Promise<void>, close(): Promise<void> }>}
 */
async function forkStandIn(provider, options = {}) {
	const child = fork(join(__dirname, 'serve.js'), [provider], {
		env: { ...process.env, STAND_IN_OPTIONS: JSON.stringify(options) },
		// The parent's debugger or coverage flags are not the child's.
		execArgv: [],
	});
	const waiting = new Map();
	let calls = 0;
	let end;
	const ended = new Promise((resolve) => {
		end = resolve;
	});
	child.once('exit', (code) => {
		for (const { reject } of waiting.values()) reject(new Error(`The stand-in ended with ${code}`));
		waiting.clear();
		end();
	});
	child.on('message', ({ id, result, error }) => {
		const { resolve, reject } = waiting.get(id);
		waiting.delete(id);
		if (error) reject(new Error(error));
		else resolve(result);
	});
	const ask = (method, ...args) =>
		new Promise((resolve, reject) => {
			calls += 1;
			waiting.set(calls, { resolve, reject });
			child.send({ id: calls, method, args });
		});

	const close = async () => {
		if (child.connected) child.disconnect();
		await ended;
	};
	const about = await ask('about').catch(async (error) => {
		await close();
		throw error;
	});
	return {
		...about,
		seed: (...args) => ask('seed', ...args),
		running: () => ask('running'),
		requests: (windowMs) => ask('requests', windowMs),
		reset: () => ask('reset'),
		close,
	};
}

module.exports = { forkStandIn };
