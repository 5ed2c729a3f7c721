import type { IDataObject } from 'n8n-workflow';

import { ItemReader, type StopRequest } from '../../nodes/StopAudioStream/input/readItem';
import { Refusal } from '../../nodes/StopAudioStream/words/sentences';

/** The node's fields; what is not there has the value that n8n would give it. */
export type Fields = Record<string, unknown>;

/** Reads an item as the node does. `expressions`: which of the fields an expression gave. */
export function readWith(
	fields: Fields,
	json: IDataObject = {},
	{ isTool = false, expressions = [] }: { isTool?: boolean; expressions?: string[] } = {},
): StopRequest {
	const parameters = {
		read: (name: string, fallback: unknown) => fields[name] ?? fallback,
		isExpression: (name: string) => expressions.includes(name),
	};
	const request = new ItemReader(parameters, json, isTool).read();
	if (request.kind === 'check') throw new Error('This item asks for no stop.');
	return request;
}

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
