'use strict';

const { runNode } = require('./engine');

/**
 * Runs the node on what a stand-in's `seed` or `pairs` gave: one item for each stream.
 * @param {{ provider: string, credentialType: string, credentials: object }} standIn
 * @param {{ call: { id: string }, stream: { id: string } }[]} pairs
 * @param {object} [run] `parameters` and `options` of the node, and what else `runNode` takes
 */
async function stopAt(standIn, pairs, { parameters, options = {}, ...run } = {}) {
	return await runNode({
		parameters: {
			provider: standIn.provider,
			callId: '={{ $json.call }}',
			stream: '={{ $json.stream }}',
			options,
			...parameters,
		},
		items: pairs.map(({ call, stream }) => ({ call: call.id, stream: stream.id })),
		credentials: { [standIn.credentialType]: standIn.credentials },
		...run,
	});
}

/** Calls with one running stream each. */
const pairs = (standIn, count) =>
	Array.from({ length: count }, () => {
		const call = standIn.addCall();
		return { call, stream: standIn.startStream(call.id) };
	});

/** How often each value comes. */
function count(values) {
	const counts = {};
	for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
	return counts;
}

/** Prints figures outside of Jest's own report, which would add a stack to each. */
const print = (line) => process.stdout.write(`${line}\n`);

module.exports = { count, pairs, print, stopAt };
