// The workflows that the pictures show.

import type { INodeCredentials, INodeCredentialsDetails } from 'n8n-workflow';
import { credentialTypesOf } from '../../test/lib/recipeCredentials.cts';
import {
	chain,
	code,
	manualTrigger,
	stopNode,
	workflow,
	type Unplaced,
	type Values,
	type Workflow,
} from '../../examples/src/workflows.cts';

export const TYPES = {
	signalWire: 'signalWireBasicApi',
	plivo: 'plivoBasicApi',
	vobiz: 'vobizXAuthApi',
} as const;
type ProviderName = keyof typeof TYPES;

/** What the workflows use, by the credential's type. */
export type Credentials = Partial<Record<string, INodeCredentialsDetails>>;

// Ids of the providers' form, the same in every run: a picture changes only if the screen does.
export const CALL = '5f0a7c1e-3b52-4d0f-9a64-0c8e2f7d4b19';
export const STREAM = 'c27d9e40-61ab-4f3e-8f02-7e5b1a9d3c86';
const VOBIZ_STREAM = 'str_4d0f9a640c8e2f7d';

const START = 'Start';

/** The credentials of these types; one that was not made is left out. */
function pick(credentials: Credentials, types: readonly string[]): INodeCredentials {
	const picked: INodeCredentials = {};
	for (const type of types) {
		const made = credentials[type];
		if (made !== undefined) picked[type] = made;
	}
	return picked;
}

const stop = (name: string, parameters: Values, credentials: INodeCredentials): Unplaced => ({
	...stopNode(name, { operation: 'stopStream', source: 'fields', ...parameters }),
	credentials,
});

/** Each picture of a panel, by its name. */
const PANELS: Record<string, Values & { provider: ProviderName }> = {
	'panel-signalwire': { provider: 'signalWire', callId: CALL, stream: STREAM },
	'panel-signalwire-by-name': {
		provider: 'signalWire',
		streamBy: 'name',
		callId: CALL,
		stream: 'transcript',
		cxmlUrl: 'https://example.signalwire.com/laml-bins/stop-stream',
	},
	'panel-plivo': { provider: 'plivo', callId: CALL, stream: STREAM },
	'panel-vobiz': { provider: 'vobiz', callId: CALL, stream: VOBIZ_STREAM },
	'panel-stop-all': { provider: 'plivo', operation: 'stopAllStreams', callId: CALL },
};
export const PANEL_NAMES = Object.keys(PANELS);

/** One node for each picture of a panel; its name is the picture's. */
export const panels = (credentials: Credentials): Workflow =>
	workflow({
		name: 'Panels',
		rows: [
			[manualTrigger(START)],
			...Object.entries(PANELS).map(([name, parameters]) => [
				undefined,
				stop(name, parameters, pick(credentials, [TYPES[parameters.provider]])),
			]),
		],
		flows: [],
	});

/** Stops a stream, the same one once more, and one of a call that nobody knows. */
export function oneRun(name: string, credential: INodeCredentialsDetails): Workflow {
	const items = [
		{ call: CALL, stream: STREAM },
		{ call: CALL, stream: STREAM },
		{ call: '1c84f6b2-7d0e-4a95-8e13-b6f09c2d57a4', stream: STREAM },
	];
	const list = `return ${JSON.stringify(items.map((json) => ({ json })))};`;
	const parameters = {
		provider: 'plivo',
		callId: '={{ $json.call }}',
		stream: '={{ $json.stream }}',
		// Side by side, the second stop might arrive first.
		options: { maxConcurrency: 1 },
	};
	return workflow({
		name,
		rows: [
			[
				manualTrigger(START),
				code('Streams to Stop', list),
				stop('Stop Audio Stream', parameters, { [TYPES.plivo]: credential }),
			],
		],
		flows: chain(START, 'Streams to Stop', 'Stop Audio Stream'),
	});
}

/** A workflow as a person has it who has followed its notes: with its credentials chosen. */
export const withCredentials = (made: Workflow, credentials: Credentials): Workflow => ({
	...made,
	nodes: made.nodes.map((node) => ({
		...node,
		credentials: pick(credentials, credentialTypesOf(node)),
	})),
});
