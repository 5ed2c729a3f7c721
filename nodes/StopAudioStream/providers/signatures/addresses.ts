import type { WebhookEvent } from './webhookEvent';
import { readEvent } from './webhookEvent';

export type Encode = (text: string) => string;

// What the provider has is what somebody typed there, or what his program or the provider's made of
// it. Each of these reads back as the text it was made of, and as nothing else: `%` is always
// escaped, and so is what would end the part. Otherwise `a%2Fb` in a path could pass for `a/b`.
export const escape = (text: string, characters: RegExp): string =>
	text.replace(characters, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
/** As typed, letters beyond ASCII included. */
const asTyped: Encode = (text) => escape(text, /[%/?#]/g);
/** As a browser sends it. */
export const asUri: Encode = (text) => escape(encodeURI(text), /[/?#]/g);
/** JavaScript's encodeURIComponent. */
export const asComponent: Encode = encodeURIComponent;
/** As most other languages encode a form: all but letters, digits and `-._~`. */
const asForm: Encode = (text) => escape(encodeURIComponent(text), /[!'()*]/g);

export interface Spelling {
	readonly path: Encode;
	readonly query: Encode;
}
export const SPELLINGS: readonly Spelling[] = [
	{ path: asTyped, query: asUri },
	{ path: asUri, query: asComponent },
	{ path: asComponent, query: asForm },
];

/** The path with and without a trailing slash: n8n takes both and says neither. */
export const writePaths = ({ path }: WebhookEvent, encode: Encode): string[] => {
	// What is fixed in the path was typed in n8n, where escaping goes no further than it must.
	const fixed = encode === asTyped ? asTyped : asUri;
	const text = path.map((part) => `/${(part.parameter ? encode : fixed)(part.text)}`).join('');
	return [text, `${text}/`];
};

/** The ways to write scheme, host, port and path: at most six, nearly always two. */
export const writeAddresses = (event: WebhookEvent): string[] =>
	unique(SPELLINGS.flatMap(({ path }) => writePaths(event, path))).map(
		(path) => `${event.scheme}://${event.host}${path}`,
	);

export const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

/**
 * The address as a message may show it: scheme, host, port and the last four characters of the path.
 * The rest of the path is itself a lock.
 */
export const showAddress = (event: WebhookEvent): string => {
	const path = (writePaths(event, asUri)[0] ?? '').slice(1);
	return `${event.scheme}://${event.host}/…${path.length > 4 ? path.slice(-4) : ''}`;
};

/** The address of a Webhook node's item as a message may show it; nothing where it is no such item. */
export const shownAddress = (item: unknown): string | undefined => {
	const event = readEvent(item);
	return event && showAddress(event);
};
