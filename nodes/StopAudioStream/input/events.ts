import type { IDataObject } from 'n8n-workflow';

import { providers } from '../providers';
import {
	isSameStream,
	wayToAllStreams,
	type EventNames,
	type EventWord,
	type Ids,
	type Provider,
	type StreamField,
	type Way,
} from '../providers/provider';
import { messages, refusal } from '../words/sentences';
import type { EventKind, Noun } from '../words/vocabulary';
import { isRecord, isSameId, noValueIn, textOf, trimmed } from '../words/values';
import { streamText } from './parameters';

/** A part of an item that may hold a provider's event. */
export interface Place {
	values: Record<string, unknown>;
	/** Inside which part of the event it stands. */
	within?: 'start' | 'params';
	/** The event as a whole: these values, or what they stand in. */
	event: Record<string, unknown>;
	/** The query of the item. */
	query?: Record<string, unknown>;
}

/** `body`, `query`, the item itself, then `start` (WebSocket messages) and `params` (realtime events) inside them. */
export const placesIn = (item: IDataObject): Place[] =>
	placesOf(item, [item.body, item.query, item]);

/** What a webhook's caller sent: nothing else of the item is covered by a signature. */
export const signedPlacesIn = (item: Record<string, unknown>): Place[] =>
	placesOf(item, [item.body, item.query]);

/**
 * For *Check Event*, the whole body comes before the query: a call that somebody put into the query says nothing
 * about the event.
 */
const checkedPlacesIn = (item: Record<string, unknown>, onlySigned: boolean): Place[] =>
	[item.body, item.query, ...(onlySigned ? [] : [item])].flatMap((part) => placesOf(item, [part]));

function placesOf({ query }: Record<string, unknown>, parts: unknown[]): Place[] {
	const outer = parts.filter(isRecord);
	const shared = isRecord(query) ? { query } : {};
	const inner = outer.flatMap((event) =>
		(['start', 'params'] as const).flatMap((within) => {
			const values = event[within];
			return isRecord(values) ? [{ ...shared, values, within, event }] : [];
		}),
	);
	return [...outer.map((event) => ({ ...shared, values: event, event })), ...inner];
}

/**
 * Finds an event's ids by these names; `undefined` if no place holds any. All come from one place, so that they belong
 * together.
 */
function idsIn(
	places: Place[],
	names: EventNames,
	kind?: StreamField['kind'],
): { ids: Ids; place: Place } | undefined {
	const ofStream = places.filter((place) => isOfType(place, names.eventType));
	// If the stream is filled in, the event need only name the call, or the conference of a conference's stream.
	const place =
		ofStream.find(({ values }) => names.place.some((name) => valueIn(values, [name]))) ??
		places.find(({ values }) => valueIn(values, names.call) ?? valueIn(values, names.conference));
	if (!place) return undefined;
	const { values, query } = place;
	const callId =
		valueIn(values, names.call) ??
		(query && names.callInQuery && valueIn(query, names.callInQuery));
	const conferenceSid = valueIn(values, names.conference);
	const stream = ofStream.includes(place) ? valueIn(values, names.stream, kind) : undefined;
	return { place, ids: { callId, stream, conferenceSid } };
}

/**
 * Reads a provider's event for *Check Event*. Refuses an event that names neither a call nor a conference. `fields`: the
 * event's own body, or its query for a GET.
 */
export function readCheckedEvent(
	item: Record<string, unknown>,
	provider: Provider,
	onlySigned: boolean,
): { kind: EventKind; ids: Ids; fields: IDataObject } {
	const places = checkedPlacesIn(item, onlySigned);
	const found = provider.events.names.flatMap((names) => {
		const named = idsIn(places, names);
		return named && (named.ids.callId ?? named.ids.conferenceSid) ? [{ ...named, names }] : [];
	});
	// Several sets of names may find the call, and only one of them the stream.
	const event = found.find(({ ids }) => ids.stream) ?? found[0];
	if (event) {
		const { ids, place, names } = event;
		return { ids, kind: kindOf(place, provider, names), fields: fieldsOf(item, place) };
	}
	const [{ on, inEvents }] = provider.ways;
	throw noId(places, provider, { noun: on.noun, names: inEvents.call, onlySigned });
}

function kindOf(place: Place, { events }: Provider, { call }: EventNames): EventKind {
	const { streamStarted, streamEnded, callEnded } = events;
	if (said(place, callEnded) && valueIn(place.values, call)) return 'callEnded';
	if (said(place, streamEnded)) return 'streamEnded';
	return said(place, streamStarted) ? 'streamStarted' : 'other';
}

/** What a Webhook node puts beside the event: its headers, its URL and its query may hold a password or be a lock. */
const OF_WEBHOOK = /^(headers|params|query|body|webhookUrl|executionMode|_?files)$/;

function fieldsOf(item: Record<string, unknown>, { event, values, within }: Place): IDataObject {
	if (event === item) {
		const own = Object.entries(item).filter(([name]) => !OF_WEBHOOK.test(name));
		return { ...Object.fromEntries(own), ...(within && { [within]: values }) } as IDataObject;
	}
	const { body, query } = item;
	const isGet = !isRecord(body) || Object.keys(body).length === 0;
	return (event === query && !isGet ? body : event) as IDataObject;
}

/**
 * Finds what a way needs in an item that holds a provider's own event: a webhook's body or query, or a message of the
 * stream itself. The ids go into `ids` one by one, so that a refused event still tells which call it is about.
 * `onlySigned`: only what the webhook's caller sent counts; `givenStream`: what the user filled in beside the event.
 * Returns the way to take, which is another for a conference, and the place of the event.
 */
export function readEvent(
	item: IDataObject,
	{
		provider,
		way,
		onlySigned,
		givenStream,
	}: { provider: Provider; way: Way; onlySigned: boolean; givenStream: unknown },
	ids: Ids,
): { way: Way; place: Place } {
	const { stream } = way;
	const given = stream ? streamText(givenStream, stream) : '';
	const places = onlySigned ? signedPlacesIn(item) : placesIn(item);
	const named = idsIn(places, way.inEvents, stream?.kind);
	const { stream: namedStream, ...place } = named?.ids ?? {};
	Object.assign(ids, place);
	const taken = (ids.conferenceSid && way.inConference) || way;
	const { on, inEvents } = taken;
	if (!named || !ids[on.id]) {
		const names = way.on.id === 'callId' ? inEvents.call : inEvents.conference;
		throw noId(places, provider, {
			noun: way.on.noun,
			names: [...way.inEvents.place, ...names],
			onlySigned,
		});
	}
	const streamId = given || namedStream;
	if (streamId) ids.stream = streamId;
	if (stream && !streamId) throw noStream(provider, taken, stream.label);
	if (stream && given && namedStream && !isSameStream(stream, given, namedStream)) {
		throw refusal('input', messages.eventOtherStream, { field: stream.label });
	}
	return { way: taken, place: named.place };
}

const listed = (names: readonly string[]) =>
	[...new Set(names)].map((name) => `'${name}'`).join(', ');

function noId(
	places: Place[],
	provider: Provider,
	{ noun, names, onlySigned }: { noun: Noun; names: readonly string[]; onlySigned: boolean },
) {
	const named = { provider: provider.displayName, noun, names: listed(names) };
	const others = providers.filter(
		(other) =>
			other !== provider &&
			other.ways[0].inEvents.call.some((name) => places.some(({ values }) => textIn(values, name))),
	);
	if (others.length > 0) {
		const other = others.map(({ displayName }) => displayName).join(' or ');
		return refusal('input', messages.eventOfOtherProvider, { ...named, other });
	}
	const sentence = onlySigned ? messages.signedEventWithoutId : messages.eventWithoutId;
	return refusal('input', sentence, named);
}

function noStream(provider: Provider, { on, inEvents }: Way, field: string) {
	const sentence = wayToAllStreams(provider)
		? messages.eventWithoutStreamStopAll
		: messages.eventWithoutStream;
	return refusal('input', sentence, { noun: on.noun, names: listed(inEvents.stream), field });
}

/** What events say about the very call and stream that are to stop. */
export interface SaidOfStop {
	callEnded: boolean;
	/** `mayResume`: the provider may have opened the stream again. */
	streamEnded?: { mayResume: boolean };
}

/** The stop that events may be about. `isProof`: they must name its call if it may go there. */
interface StopInEvents {
	provider: Provider;
	way: Way;
	ids: Ids;
	isProof?: true;
}

/** What these places say about the stop; `undefined` if none is about its call. */
export function readSaid(places: Place[], about: StopInEvents): SaidOfStop | undefined {
	const said = places.flatMap((place) => saidIn(place, about) ?? []);
	if (said.length === 0) return undefined;
	return {
		callEnded: said.some(({ callEnded }) => callEnded),
		streamEnded: said.find(({ streamEnded }) => streamEnded)?.streamEnded,
	};
}

function saidIn(
	place: Place,
	{ provider, way, ids, isProof }: StopInEvents,
): SaidOfStop | undefined {
	const { inEvents, stream, document } = way;
	const { values, query = {} } = place;
	const textAt = (names: readonly string[], from = values) =>
		names.map((name) => trimmed(textIn(from, name, isSameId) ?? '')).find((text) => text !== '');
	const ownCall = textAt(inEvents.call);
	const call = ownCall ?? textAt(inEvents.callInQuery ?? [], query);
	const conference = textAt(inEvents.conference);
	const isCall = isSameId(call, ids.callId);
	const isConference = isSameId(conference, ids.conferenceSid);
	const mustNameCall = isProof && (way.on.id === 'callId' || way.fallback !== undefined);
	const mayBeCall = isCall || ids.callId === undefined || (!mustNameCall && call === undefined);
	const mayBeConference =
		isConference || ids.conferenceSid === undefined || conference === undefined;
	const isAboutIt = (isCall || isConference) && mayBeCall && mayBeConference;
	if (!isAboutIt) return undefined;
	const { callEnded, streamEnded } = provider.events;
	// The answer to a stop by name speaks of the call, never of the stream.
	const isStream =
		stream !== undefined &&
		document === undefined &&
		isOfType(place, inEvents.eventType) &&
		inEvents.stream.some((name) => {
			const isSame = (one: string, other: string) => isSameStream(stream, trimmed(one), other);
			return isSame(textIn(values, name, isSame) ?? '', ids.stream ?? '');
		});
	const ended = isStream ? said(place, streamEnded) : undefined;
	return {
		// If the event names a conference too, the end of the call counts only for a stop in that conference.
		callEnded:
			isSameId(ownCall, ids.callId) &&
			(conference === undefined || isConference) &&
			said(place, callEnded) !== undefined,
		...(ended && { streamEnded: { mayResume: ended.mayResume === true } }),
	};
}

/** The first of these words that the place says. */
const said = (place: Place, words: readonly EventWord[]): EventWord | undefined =>
	words.find(
		({ field, words: values, within, eventType }) =>
			(within === undefined || within === place.within) &&
			isOfType(place, eventType) &&
			values.some((value) => value === textIn(place.values, field)),
	);

/** Whether an event is of a type; an event without a type counts. */
const isOfType = ({ event }: Place, type: string | undefined): boolean =>
	type === undefined || [undefined, type].includes(textIn(event, 'event_type'));

/** A text, or the one text that came twice. */
function textIn(
	values: Record<string, unknown>,
	name: string,
	isSame = (one: string, other: string) => one === other,
): string | undefined {
	const value = Object.hasOwn(values, name) ? values[name] : undefined;
	const [first, ...others]: unknown[] = Array.isArray(value) ? value : [value];
	if (typeof first !== 'string') return undefined;
	return others.every((other) => typeof other === 'string' && isSame(first, other))
		? first
		: undefined;
}

/**
 * The value under one of several names, trimmed unless it is a stream's name. Refuses values that differ, and a value
 * that is not text.
 */
function valueIn(
	values: Record<string, unknown>,
	names: readonly string[],
	kind: StreamField['kind'] = 'id',
): string | undefined {
	const isSame = (one: string, other: string) => isSameStream({ kind }, one, other);
	let found: { name: string; text: string } | undefined;
	for (const name of names) {
		const value = Object.hasOwn(values, name) ? values[name] : undefined;
		const [first = '', ...others]: unknown[] = Array.isArray(value) ? value : [value ?? ''];
		if ([first, ...others].some((each) => typeof each !== 'string')) {
			throw refusal('input', messages.eventNotText, { name });
		}
		const asItIs = textOf(first);
		if (others.some((other) => !isSame(asItIs, textOf(other)))) {
			throw refusal('input', messages.eventTwice, { name });
		}
		const text = kind === 'name' ? asItIs : trimmed(asItIs);
		if (text === '') continue;
		const noValue = noValueIn(text);
		if (noValue !== undefined) {
			throw refusal('input', messages.eventNoValue, { name, value: noValue });
		}
		if (found && !isSame(found.text, text)) {
			throw refusal('input', messages.eventDisagrees, { name: found.name, other: name });
		}
		found ??= { name, text };
	}
	return found?.text;
}
