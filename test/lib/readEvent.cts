import type { IDataObject } from 'n8n-workflow';

import { readItem, type ItemRequest } from '../../nodes/StopAudioStream/input/readItem';
import type { Ids } from '../../nodes/StopAudioStream/providers/provider';
import { Refusal } from '../../nodes/StopAudioStream/words/sentences';

/** The node's fields; what is not there has the value that n8n would give it. */
export type Fields = Record<string, unknown>;

/** Reads an item as the node does. */
export function readWith(
	fields: Fields,
	json: IDataObject = {},
	{ isTool = false, known = {} }: { isTool?: boolean; known?: IDataObject } = {},
): ItemRequest {
	return readItem((name, fallback) => fields[name] ?? fallback, { json, isTool }, known);
}

/** The ids that the node takes from an item that holds an event. */
export const read = (provider: string, json: IDataObject, fields: Fields = {}): Ids =>
	readWith({ provider, source: 'event', ...fields }, json).ids;

/** What was refused, and why. */
export function refused(act: () => unknown): Refusal {
	let done: unknown;
	try {
		done = act();
	} catch (thrown) {
		if (thrown instanceof Refusal) return thrown;
		throw thrown;
	}
	throw new Error(`Was not refused: ${JSON.stringify(done)}`);
}

/** Why an event is refused: the two sentences, in one. */
export function refusal(provider: string, json: IDataObject, fields: Fields = {}): string {
	const { what, todo } = refused(() => read(provider, json, fields)).failure;
	return `${what}. ${todo}`;
}
