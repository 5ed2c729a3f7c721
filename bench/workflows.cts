import { randomUUID } from 'node:crypto';
import type { INodeParameters } from 'n8n-workflow';

import { HTTP_VERSION } from '../test/lib/httpRequest.cts';
import type { NewNode, NewWorkflow } from '../test/lib/n8n/index.cts';

/** A credential that n8n holds. */
export interface SavedCredential {
	type: string;
	id: string;
	name: string;
}

/** A node without its place on the canvas. */
type Node = Omit<NewNode, 'id' | 'position'>;

/** What is measured of a node beside its job. */
export interface Settings {
	fromEvent?: boolean;
	options?: INodeParameters;
}

/** Nodes in a row, with the connections between them. */
const inARow = (...nodes: Node[]): Pick<NewWorkflow, 'nodes' | 'connections'> => ({
	nodes: nodes.map((node, at) => ({ ...node, id: randomUUID(), position: [at * 220, 0] })),
	connections: Object.fromEntries(
		nodes
			.slice(1)
			.map(({ name }, at) => [
				nodes[at]?.name ?? '',
				{ main: [[{ node: name, type: 'main', index: 0 }]] },
			]),
	),
});

const webhook = (path: string, responseMode: 'lastNode' | 'onReceived'): Node => ({
	name: 'Webhook',
	type: 'n8n-nodes-base.webhook',
	typeVersion: 2,
	webhookId: path,
	parameters: { httpMethod: 'POST', path, responseMode, options: {} },
});

const probe = (at: 'start' | 'end'): Node => ({
	name: `Probe ${at}`,
	type: 'CUSTOM.probe',
	typeVersion: 1,
	parameters: { at },
});

const saved = ({ type, id, name }: SavedCredential) => ({ [type]: { id, name } });

const FROM_ITEM = { callId: '={{ $json.CallUUID }}', stream: '={{ $json.StreamID }}' };

/** Our node, with the ids mapped from the items, or taken from the provider's own event. */
export const stopAudioStream = (
	provider: string,
	credential: SavedCredential,
	{ fromEvent = false, options = {} }: Settings,
): Node => ({
	name: 'Stop Audio Stream',
	type: 'n8n-nodes-stop-audio-stream.stopAudioStream',
	typeVersion: 1,
	parameters: {
		provider,
		operation: 'stopStream',
		...(fromEvent ? { source: 'event' } : FROM_ITEM),
		options,
	},
	credentials: saved(credential),
});

/** n8n's request helper with the same two expressions, and nothing around it. */
export const helperAlone = (accountUrl: string, credential: SavedCredential): Node => ({
	name: 'Helper Alone',
	type: 'CUSTOM.helperAlone',
	typeVersion: 1,
	parameters: { accountUrl, ...FROM_ITEM },
	credentials: saved(credential),
});

/** n8n's HTTP Request node, with its defaults; `streams` is the address up to the call. */
export const httpRequest = (
	streams: string,
	credential: SavedCredential,
	{ fromEvent = false, options = {} }: Settings,
): Node => {
	const ids = fromEvent ? '$json.body' : '$json';
	return {
		name: 'HTTP Request',
		type: 'n8n-nodes-base.httpRequest',
		typeVersion: HTTP_VERSION,
		// Without it, the first 429 would end the workflow, and nothing behind it could measure.
		onError: 'continueRegularOutput',
		parameters: {
			method: 'DELETE',
			url: `=${streams}/Call/{{ ${ids}.CallUUID }}/Stream/{{ ${ids}.StreamID }}/`,
			authentication: 'genericCredentialType',
			genericAuthType: credential.type,
			options,
		},
		credentials: saved(credential),
	};
};

/** A workflow, and the address of its webhook. */
export interface Published {
	path: string;
	workflow: NewWorkflow;
}

/** A list of streams comes in, the node between the probes stops them, and the figures go out. */
export function measured(title: string, node: Node): Published {
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
export function onEvent(title: string, node: Node): Published {
	const path = randomUUID();
	return { path, workflow: { name: title, ...inARow(webhook(path, 'onReceived'), node) } };
}
