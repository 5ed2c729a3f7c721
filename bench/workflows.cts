import { randomUUID } from 'node:crypto';

import { httpStop } from '../test/lib/httpRequest.cts';
import {
	inARow,
	splitOut,
	stopNode,
	webhook,
	type Unplaced,
	type Workflow,
} from '../examples/src/workflows.cts';

/** A credential that n8n holds. */
export interface SavedCredential {
	type: string;
	id: string;
	name: string;
}

const probe = (at: 'start' | 'end'): Unplaced => ({
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
	fromEvent: boolean,
): Unplaced => ({
	...stopNode('Stop Audio Stream', {
		provider,
		operation: 'stopStream',
		...(fromEvent ? { source: 'event' } : FROM_ITEM),
	}),
	credentials: saved(credential),
});

/** n8n's request helper with the same two expressions, and nothing around it. */
export const helperAlone = (accountUrl: string, credential: SavedCredential): Unplaced => ({
	name: 'Helper Alone',
	type: 'CUSTOM.helperAlone',
	typeVersion: 1,
	parameters: { accountUrl, ...FROM_ITEM },
	credentials: saved(credential),
});

/** n8n's HTTP Request node, with its defaults. */
export const httpRequest = (
	account: string,
	credential: SavedCredential,
	fromEvent: boolean,
): Unplaced => {
	const item = fromEvent ? '$json.body' : '$json';
	return {
		...httpStop('HTTP Request', account, credential.type, {
			ids: [`${item}.CallUUID`, `${item}.StreamID`],
			options: {},
		}),
		// Without it, the first 429 would end the workflow, and nothing after it could measure.
		onError: 'continueRegularOutput',
		credentials: saved(credential),
	};
};

/** A workflow, and the URL of its webhook. */
export interface Published {
	path: string;
	workflow: Workflow;
}

/** A list of streams comes in, the node between the probes stops them, and the figures go out. */
export function measured(title: string, node: Unplaced): Published {
	const path = randomUUID();
	const workflow = inARow(
		title,
		webhook('Webhook', { path, responseMode: 'lastNode' }),
		splitOut('Split Out', 'body.streams'),
		probe('start'),
		node,
		probe('end'),
	);
	// Saving comes after the node, and would only slow the next run down.
	const savesNothing = {
		saveDataSuccessExecution: 'none',
		saveDataErrorExecution: 'none',
	} as const;
	return { path, workflow: { ...workflow, settings: { ...workflow.settings, ...savesNothing } } };
}

/** One event comes in, is answered at once, and the node stops its stream. */
export function onEvent(title: string, node: Unplaced): Published {
	const path = randomUUID();
	return { path, workflow: inARow(title, webhook('Webhook', { path }), node) };
}
