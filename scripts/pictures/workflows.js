'use strict';

// The workflows that the pictures show.

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { EXAMPLES } = require('./inputs');

const PACKAGE = 'n8n-nodes-stop-audio-stream';
const TYPES = { signalWire: 'signalWireBasicApi', plivo: 'plivoBasicApi', vobiz: 'vobizXAuthApi' };

// Ids of the providers' form, the same in every run: a picture changes only where the screen does.
const CALL = '5f0a7c1e-3b52-4d0f-9a64-0c8e2f7d4b19';
const STREAM = 'c27d9e40-61ab-4f3e-8f02-7e5b1a9d3c86';
const VOBIZ_STREAM = 'str_4d0f9a640c8e2f7d';

const trigger = {
	id: 'start',
	name: 'Start',
	type: 'n8n-nodes-base.manualTrigger',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

const stopNode = (name, parameters, credentials, row = 0) => ({
	id: name,
	name,
	type: `${PACKAGE}.stopAudioStream`,
	typeVersion: 1,
	position: [240, row * 160],
	parameters: { operation: 'stopStream', source: 'fields', ...parameters },
	credentials,
});

/** One node for each picture of a panel; its name is the picture's. */
function panels(credentials) {
	const of = (provider) => ({ [TYPES[provider]]: credentials[TYPES[provider]] });
	const ids = { callId: CALL, stream: STREAM };
	const nodes = [
		['panel-signalwire', { provider: 'signalWire', ...ids }],
		[
			'panel-signalwire-by-name',
			{
				provider: 'signalWire',
				streamBy: 'name',
				callId: CALL,
				stream: 'transcript',
				cxmlUrl: 'https://example.signalwire.com/laml-bins/stop-stream',
			},
		],
		['panel-plivo', { provider: 'plivo', ...ids }],
		['panel-vobiz', { provider: 'vobiz', callId: CALL, stream: VOBIZ_STREAM }],
		['panel-stop-all', { provider: 'plivo', operation: 'stopAllStreams', callId: CALL }],
	].map(([name, parameters], row) => stopNode(name, parameters, of(parameters.provider), row));
	return { name: 'Panels', nodes: [trigger, ...nodes], connections: {} };
}

/** Stops a stream, the same one once more, and one of a call that nobody knows. */
function oneRun(name, credential) {
	const items = [
		{ call: CALL, stream: STREAM },
		{ call: CALL, stream: STREAM },
		{ call: '1c84f6b2-7d0e-4a95-8e13-b6f09c2d57a4', stream: STREAM },
	];
	return {
		name,
		nodes: [
			trigger,
			{
				id: 'list',
				name: 'Streams to Stop',
				type: 'n8n-nodes-base.code',
				typeVersion: 2,
				position: [240, 0],
				parameters: {
					jsCode: `return ${JSON.stringify(items.map((json) => ({ json })))};`,
				},
			},
			{
				...stopNode(
					'Stop Audio Stream',
					{
						provider: 'plivo',
						callId: '={{ $json.call }}',
						stream: '={{ $json.stream }}',
						// Side by side, the second stop might arrive first.
						options: { maxConcurrency: 1 },
					},
					{ [TYPES.plivo]: credential },
				),
				position: [480, 0],
			},
		],
		connections: {
			Start: { main: [[{ node: 'Streams to Stop', type: 'main', index: 0 }]] },
			'Streams to Stop': { main: [[{ node: 'Stop Audio Stream', type: 'main', index: 0 }]] },
		},
	};
}

/** A recipe as a person has it who has followed its notes: with its credentials chosen. */
function recipe(name, credentials) {
	const workflow = JSON.parse(readFileSync(path.join(EXAMPLES, `${name}.json`), 'utf8'));
	const needed = ({ type, parameters }) => {
		if (type.startsWith(`${PACKAGE}.`)) {
			const one = TYPES[parameters.provider ?? 'signalWire'];
			return one ? [one] : Object.values(TYPES);
		}
		if (parameters.authentication === 'headerAuth') return ['httpHeaderAuth'];
		return type.endsWith('.lmChatOpenAi') ? ['openAiApi'] : [];
	};
	const nodes = workflow.nodes.map((node) => ({
		...node,
		credentials: Object.fromEntries(needed(node).map((type) => [type, credentials[type]])),
	}));
	return { ...workflow, nodes };
}

module.exports = { CALL, STREAM, TYPES, oneRun, panels, recipe };
