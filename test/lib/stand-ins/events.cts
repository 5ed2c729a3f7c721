import type { Call, Stream } from './calls.cts';

/** The fields of an event; a JSON event has some inside others. */
export type Fields = Record<string, unknown>;

/** What makes the payload of an event, by what the event is about. */
interface Bodies {
	/** A stream, and the call that it names, if it names one. */
	stream(stream: Stream, call: Call | undefined): Fields;
	call(call: Call): Fields;
}

interface EventAbout<K extends keyof Bodies> {
	of: K;
	contentType: string;
	/** The document that describes it. */
	source: string;
	body: Bodies[K];
}

/** What a provider sends when something happens. */
export type ProviderEvent = EventAbout<'stream'> | EventAbout<'call'>;

export const FORM = 'application/x-www-form-urlencoded';
export const JSON_TYPE = 'application/json';

/** The value of an HTTP Basic Authorization header. */
export function basic(user: string, password: string): string {
	return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** An event that arrives as a form. `of` says whether `body` gets the stream and its call, or the call. */
export function form<K extends keyof Bodies>(
	of: K,
	source: string,
	body: Bodies[K],
): EventAbout<K> {
	return { of, source, body, contentType: FORM };
}

/** An event that arrives as JSON. */
export function json<K extends keyof Bodies>(
	of: K,
	source: string,
	body: Bodies[K],
): EventAbout<K> {
	return { of, source, body, contentType: JSON_TYPE };
}
