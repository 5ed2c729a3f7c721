import type { WebhookEvent } from './webhookEvent';
import { readEvent } from './webhookEvent';

export type Encode = (text: string) => string;

// What the provider has is what somebody typed there, or what his program or the provider's made of
// it. Each way to write a part reads back as the text it was made of, and as nothing else: `%` is
// always escaped, and so is what would end the part. Otherwise `a%2Fb` in a path could pass for `a/b`.

/** The text with these characters escaped. */
export const escape = (text: string, characters: RegExp): string =>
	text.replace(characters, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

const PATH_END = /[/?#]/g;
/** As typed, letters beyond ASCII and blanks included. */
const asTyped: Encode = (text) => escape(text.replaceAll('%', '%25'), PATH_END);
/** As a browser sends what was typed. */
const asSent: Encode = (text) => escape(encodeURI(text), PATH_END);
/** As a program puts a value into a path, with nothing left that could have a meaning there. */
const asValue: Encode = encodeURIComponent;

/** The ways to write the path: at most six, nearly always two. */
export const writePaths = ({ path }: WebhookEvent): string[] => {
	const write = (fixed: Encode, parameter: Encode): string =>
		path.map((part) => `/${(part.parameter ? parameter : fixed)(part.text)}`).join('');
	// What is fixed in the path was typed in n8n, so no program escaped more of it than it must.
	const paths = [write(asTyped, asTyped), write(asSent, asSent), write(asSent, asValue)];
	// n8n takes an address with and without a slash at the end, and does not say which came.
	return unique(paths.flatMap((one) => [one, `${one}/`]));
};

/** The ways to write scheme, host, port and path. */
export const writeAddresses = (event: WebhookEvent): string[] =>
	writePaths(event).map((path) => `${event.scheme}://${event.host}${path}`);

export const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

/**
 * The address as a message may show it: scheme, host, port and the last four characters of the path.
 * The rest of the path is itself a lock.
 */
export const showAddress = (event: WebhookEvent): string => {
	const path = event.path.map(({ text }) => asSent(text)).join('/');
	return `${event.scheme}://${event.host}/…${path.length > 4 ? path.slice(-4) : ''}`;
};

/** The address of a Webhook node's item as a message may show it; nothing where it is no such item. */
export const shownAddress = (item: unknown): string | undefined => {
	const event = readEvent(item);
	return event && showAddress(event);
};
