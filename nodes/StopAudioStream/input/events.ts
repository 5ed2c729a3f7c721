import type { IDataObject } from 'n8n-workflow';

import {
	wayToAllStreams,
	type EndWords,
	type Ids,
	type Provider,
	type Way,
} from '../providers/provider';
import { messages, refusal } from '../words/sentences';
import { isRecord } from '../words/values';
import { streamText } from './values';

/** A part of an item that may hold a provider's event. */
interface Place {
	values: Record<string, unknown>;
	/** Inside which part of the event it stands. */
	within?: 'start' | 'params';
}

/** `body`, `query`, the item itself, then `start` (WebSocket messages) and `params` (realtime events) inside them. */
function placesIn(item: IDataObject): Place[] {
	const outer = [item.body, item.query, item].filter(isRecord);
	return [...outer.map((values) => ({ values })), ...innerPlaces(outer)];
}

/** What a webhook's caller sent: nothing else of the item is covered by a signature. */
function signedPlacesIn(item: Record<string, unknown>): Place[] {
	return [item.body, item.query].filter(isRecord).map((values) => ({ values }));
}

const innerPlaces = (outer: Array<Record<string, unknown>>): Place[] =>
	outer.flatMap((values) =>
		(['start', 'params'] as const).flatMap((within) => {
			const inner = values[within];
			return isRecord(inner) ? [{ values: inner, within }] : [];
		}),
	);

/** What is to be found in an event, and where. */
interface Wanted {
	provider: Provider;
	way: Way;
	/** Only what the webhook's caller sent counts. */
	onlySigned: boolean;
	/** The stream that the user filled in beside the event. */
	givenStream: unknown;
}

/**
 * Finds what a way needs in an item that holds a provider's own event: a webhook's body or query, or a message
 * of the stream itself. All ids come from the same place, so that they belong together, and go into `found`:
 * an event that is refused still tells which call it meant. Gives back whether the event says that the call
 * is over.
 */
export function readEvent(
	item: IDataObject,
	{ provider, way, onlySigned, givenStream }: Wanted,
	found: Ids,
): boolean {
	const { inEvents, stream } = way;
	const places = onlySigned ? signedPlacesIn(item) : placesIn(item);
	const given = stream ? streamText(givenStream, stream) : '';
	const placeOf = (names: readonly string[]) => places.find(({ values }) => valueIn(values, names));
	const place =
		placeOf(inEvents.place) ??
		// With the stream filled in, the event need only name the call.
		placeOf(inEvents.call) ??
		// The events of a conference's stream need not name a call.
		(way.inConference && placeOf(way.inConference.inEvents.place));
	const ownCall = place && valueIn(place.values, inEvents.call);
	const callId = ownCall || callInQuery(item, way);
	if (callId) found.callId = callId;
	const conference = place && valueIn(place.values, inEvents.conference);
	if (conference) found.conferenceSid = conference;
	const { on } = (conference && way.inConference) || way;
	if (!found[on.id]) throw noId(provider, way, onlySigned);

	const own = place && stream && valueIn(place.values, inEvents.stream, stream.isName);
	const named = given || own;
	if (named) found.stream = named;
	else if (stream) throw noStream(provider, way, { noun: on.noun, field: stream.label });
	const isTold = place !== undefined && Boolean(ownCall);
	return isTold && saysEnded(place, provider.endsCall);
}

/** Where the place names no call: SignalWire's bidirectional SWML streams have it in the query of their address. */
const callInQuery = ({ query }: IDataObject, { inEvents }: Way): string | undefined =>
	inEvents.callInQuery && isRecord(query) ? valueIn(query, inEvents.callInQuery) : undefined;

const listed = (names: readonly string[]) => names.map((name) => `'${name}'`).join(', ');

function noId({ displayName }: Provider, { on, inEvents }: Way, onlySigned: boolean) {
	const names = on.id === 'callId' ? inEvents.call : inEvents.conference;
	const wanted = [...new Set([...inEvents.place, ...names])];
	const sentence = onlySigned ? messages.signedEventWithoutId : messages.eventWithoutId;
	return refusal('input', sentence, {
		provider: displayName,
		noun: on.noun,
		names: listed(wanted),
	});
}

function noStream(
	provider: Provider,
	{ inEvents }: Way,
	{ noun, field }: { noun: string; field: string },
) {
	const sentence = wayToAllStreams(provider)
		? messages.eventWithoutStreamStopAll
		: messages.eventWithoutStream;
	return refusal('input', sentence, { noun, names: listed(inEvents.stream), field });
}

/** Whether an item beside the fields says that this very call is over. Of a conference's stream it says nothing. */
export function saysCallEnded(
	item: IDataObject,
	{ endsCall }: Provider,
	{ inEvents }: Way,
	callId: string,
): boolean {
	return placesIn(item).some(
		(place) =>
			inEvents.call.some((name) => textIn(place.values, name)?.trim() === callId) &&
			!inEvents.conference.some((name) => textIn(place.values, name)) &&
			saysEnded(place, endsCall),
	);
}

/** What an event that was verified proves: whether it is about what is to stop, and whether the call is over. */
export function readSignedEvent(
	event: Record<string, unknown>,
	{ endsCall }: Provider,
	{ inEvents }: Way,
	{ callId, conferenceSid }: Ids,
): { isAboutIt: boolean; callEnded: boolean } {
	const textAt = ({ values }: Place, names: readonly string[]) =>
		names.map((name) => textIn(values, name)?.trim()).find(Boolean);
	const place = signedPlacesIn(event).find((each) => {
		const call = textAt(each, inEvents.call);
		const conference = textAt(each, inEvents.conference);
		// Without an id, every event that names none would be about it.
		const isCall = callId !== undefined && call === callId;
		const isConference = conferenceSid !== undefined && conference === conferenceSid;
		if (isConference) return isCall || call === undefined || callId === undefined;
		return isCall && (conference === undefined || conferenceSid === undefined);
	});
	return {
		isAboutIt: place !== undefined,
		callEnded:
			place !== undefined &&
			callId !== undefined &&
			textAt(place, inEvents.call) === callId &&
			saysEnded(place, endsCall),
	};
}

/** The words count only in the place that holds the call's id. */
const saysEnded = ({ values, within }: Place, endsCall: readonly EndWords[]): boolean =>
	endsCall.some(
		({ field, words, within: only }) =>
			(only === undefined || only === within) &&
			words.some((word) => word === textIn(values, field)),
	);

const textIn = (values: Record<string, unknown>, name: string): string | undefined => {
	const value = Object.hasOwn(values, name) ? values[name] : undefined;
	return typeof value === 'string' ? value : undefined;
};

/**
 * The value under one of several names, without the blanks around it unless `asItIs`; two that differ, or one
 * that is no text, is refused.
 */
function valueIn(
	values: Record<string, unknown>,
	names: readonly string[],
	asItIs = false,
): string | undefined {
	const present = names.filter(
		(name) => Object.hasOwn(values, name) && ![undefined, null, ''].includes(values[name] as null),
	);
	const [first] = present;
	if (first === undefined) return undefined;
	for (const name of present) {
		if (typeof values[name] !== 'string') {
			throw refusal('input', messages.eventNotText, { name });
		}
		if (values[name] !== values[first]) {
			throw refusal('input', messages.eventDisagrees, { name: first, other: name });
		}
	}
	const text = String(values[first]);
	return asItIs ? text : text.trim();
}
