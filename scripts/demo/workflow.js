'use strict';

const { randomUUID } = require('node:crypto');

const STOP_STREAM = 'Stop the Stream';
const STOP_ALL = 'Stop All Streams';
const WAIT_SECONDS = 2;

const chain = (...names) =>
	Object.fromEntries(
		names
			.slice(0, -1)
			.map((name, at) => [name, { main: [[{ node: names[at + 1], type: 'main', index: 0 }]] }]),
	);

/**
 * The timeout as people build it: the stream's own start event, a wait, Stop Audio Stream. Where the
 * provider can stop all streams of a call, its hang-up event does. No field holds an expression: the
 * node finds the ids in the event.
 */
function workflowFor(provider, { credentialType, credentialId }) {
	// Nobody can guess these addresses; an open one would let anyone stop streams.
	const paths = { streamStarted: randomUUID(), hangUp: randomUUID() };
	const webhook = (name, path, y) => ({
		id: randomUUID(),
		name,
		type: 'n8n-nodes-base.webhook',
		typeVersion: 2,
		position: [0, y],
		webhookId: path,
		// It answers at once: a provider does not wait for the end of a workflow.
		parameters: { httpMethod: 'POST', path, responseMode: 'onReceived', options: {} },
	});
	const stop = (name, operation, position) => ({
		id: randomUUID(),
		name,
		type: 'n8n-nodes-stop-audio-stream.stopAudioStream',
		typeVersion: 1,
		position,
		parameters: { provider: provider.name, operation, source: 'event' },
		credentials: { [credentialType]: { id: credentialId, name: `${provider.label} stand-in` } },
	});
	const nodes = [
		webhook('Stream Started', paths.streamStarted, 0),
		{
			id: randomUUID(),
			name: 'Wait',
			type: 'n8n-nodes-base.wait',
			typeVersion: 1.1,
			position: [220, 0],
			webhookId: randomUUID(),
			parameters: { resume: 'timeInterval', amount: WAIT_SECONDS, unit: 'seconds' },
		},
		stop(STOP_STREAM, 'stopStream', [440, 0]),
	];
	const connections = chain('Stream Started', 'Wait', STOP_STREAM);
	if (provider.hangUp !== undefined) {
		nodes.push(
			webhook('Call Ended', paths.hangUp, 220),
			stop(STOP_ALL, 'stopAllStreams', [440, 220]),
		);
		Object.assign(connections, chain('Call Ended', STOP_ALL));
	}
	return {
		workflow: { name: `${provider.label}: stop the stream after a while`, nodes, connections },
		paths,
	};
}

module.exports = { STOP_ALL, STOP_STREAM, WAIT_SECONDS, workflowFor };
