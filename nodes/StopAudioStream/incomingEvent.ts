import type { IDataObject } from 'n8n-workflow';

import { streamText } from './ids';
import { messages, Refusal } from './messages';
import { isRecord } from './outcome';
import type { Provider, StreamIdSpec } from './providers/provider';

/**
 * Finds call and stream in an item that holds a provider's own event: a webhook's body or query, or a
 * message of the stream itself. Both come from the same place, so that they belong together.
 * `given` is the stream that the user filled in beside the event; `undefined` where none is wanted.
 */
export function idsFromEvent(
	item: IDataObject,
	provider: Provider,
	streamId: StreamIdSpec,
	given: unknown,
): { callId: string; stream: string } {
	const names = (list: readonly string[]) => list.map((name) => `'${name}'`).join(', ');
	for (const place of placesIn(item)) {
		const callId = valueIn(place, provider.callIdInEvents)?.trim();
		if (!callId) continue;
		if (given === undefined) return { callId, stream: '' };
		const own = streamText(given, streamId);
		const stream = own || streamText(valueIn(place, streamId.inEvents), streamId);
		if (stream) return { callId, stream };
		throw new Refusal(
			provider.stopAll ? messages.eventWithoutStreamStopAll : messages.eventWithoutStream,
			{ names: names(streamId.inEvents), field: streamId.label },
		);
	}
	throw new Refusal(messages.eventWithoutCall, {
		provider: provider.displayName,
		names: names(provider.callIdInEvents),
	});
}

/** `body`, `query`, the item itself, then `start` (WebSocket messages) and `params` (realtime events) inside them. */
function placesIn(item: IDataObject): Array<Record<string, unknown>> {
	const outer = [item.body, item.query, item].filter(isRecord);
	return [...outer, ...outer.flatMap(({ start, params }) => [start, params]).filter(isRecord)];
}

/** The value under one of several names; two that differ, or one that is no text, is refused. */
function valueIn(place: Record<string, unknown>, names: readonly string[]): string | undefined {
	const present = names.filter(
		(name) => Object.hasOwn(place, name) && ![undefined, null, ''].includes(place[name] as null),
	);
	const [first] = present;
	if (first === undefined) return undefined;
	for (const name of present) {
		if (typeof place[name] !== 'string') throw new Refusal(messages.eventNotText, { name });
		if (place[name] !== place[first]) {
			throw new Refusal(messages.eventDisagrees, { name: first, other: name });
		}
	}
	return String(place[first]);
}
