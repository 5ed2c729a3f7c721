'use strict';

const { randomUUID } = require('node:crypto');

/** Nodes in a row, with the connections between them. */
const inARow = (...nodes) => ({
	nodes: nodes.map((node, at) => ({ id: randomUUID(), position: [at * 220, 0], ...node })),
	connections: Object.fromEntries(
		nodes
			.slice(0, -1)
			.map(({ name }, at) => [
				name,
				{ main: [[{ node: nodes[at + 1].name, type: 'main', index: 0 }]] },
			]),
	),
});

const webhook = (path, responseMode) => ({
	name: 'Webhook',
	type: 'n8n-nodes-base.webhook',
	typeVersion: 2,
	webhookId: path,
	parameters: { httpMethod: 'POST', path, responseMode, options: {} },
});

const probe = (at) => ({
	name: `Probe ${at}`,
	type: 'CUSTOM.probe',
	typeVersion: 1,
	parameters: { at },
});

/** Our node, with the ids mapped from the items, or taken from the provider's own event. */
const stopAudioStream = (provider, credential, { fromEvent = false, options = {} } = {}) => ({
	name: 'Stop Audio Stream',
	type: 'n8n-nodes-stop-audio-stream.stopAudioStream',
	typeVersion: 1,
	parameters: {
		provider,
		operation: 'stopStream',
		...(fromEvent
			? { source: 'event' }
			: { callId: '={{ $json.CallUUID }}', stream: '={{ $json.StreamID }}' }),
		options,
	},
	credentials: { [credential.type]: { id: credential.id, name: credential.name } },
});

/** n8n's HTTP Request node, with its defaults; `streams` is the address up to the call. */
const httpRequest = (streams, credential, { fromEvent = false, options = {} } = {}) => {
	const ids = fromEvent ? '$json.body' : '$json';
	return {
		name: 'HTTP Request',
		type: 'n8n-nodes-base.httpRequest',
		typeVersion: 4.5,
		// Without it, the first 429 would end the workflow, and nothing behind it could measure.
		onError: 'continueRegularOutput',
		parameters: {
			method: 'DELETE',
			url: `=${streams}/Call/{{ ${ids}.CallUUID }}/Stream/{{ ${ids}.StreamID }}/`,
			authentication: 'genericCredentialType',
			genericAuthType: credential.type,
			options,
		},
		credentials: { [credential.type]: { id: credential.id, name: credential.name } },
	};
};

/** A list of streams comes in, the node between the probes stops them, and the figures go out. */
function measured(title, node) {
	const path = randomUUID();
	return {
		path,
		workflow: {
			name: title,
			...inARow(
				webhook(path, 'lastNode'),
				{
					name: 'Split Out',
					type: 'n8n-nodes-base.splitOut',
					typeVersion: 1,
					parameters: { fieldToSplitOut: 'body.streams', options: {} },
				},
				probe('start'),
				node,
				probe('end'),
			),
			// Saving comes after the node, and would only slow the next run down.
			settings: { saveDataSuccessExecution: 'none', saveDataErrorExecution: 'none' },
		},
	};
}

/** One event comes in, is answered at once, and the node stops its stream. */
function onEvent(title, node) {
	const path = randomUUID();
	return { path, workflow: { name: title, ...inARow(webhook(path, 'onReceived'), node) } };
}

module.exports = { httpRequest, measured, onEvent, stopAudioStream };
