/**
 * Rebuilds what a provider may have signed of an event, from what n8n's Webhook node passes on.
 *
 * A provider signs the URL that it called, as text, and most sign the fields too. The Webhook node (read in n8n 2.41)
 * passes on neither the URL nor the method: `webhookUrl` is a template without a trailing slash, the query is parsed
 * by `qs`, a form by `node:querystring`. So the text is rebuilt from the parts, in each of the few ways in which the
 * provider may have written it. Each text holds all that came, and can be read back in one way only: what is not in
 * the text is not signed, and what can be read in two ways could be forged. No check can see where one name or value
 * ends and the next begins, since the providers do not sign that (`ab` + `c` = `a` + `bc`).
 */

/** What one provider may have signed, and the signatures that came. */
export interface Signed {
	readonly algorithm: 'sha1' | 'sha256';
	readonly encoding: 'base64' | 'hex';
	/** What came in the headers. */
	readonly signatures: readonly string[];
	/** What the provider may have signed. */
	readonly texts: readonly string[];
}

/**
 * What may have been signed of a form or a GET, or of another body as it came; `'query'` if the query cannot be
 * rebuilt.
 */
export type Scheme<Body extends Fields | string = Fields> = (
	event: WebhookEvent,
	body: Body,
) => readonly Signed[] | 'query';

/** Names in the order in which they came, each with its values in order. */
export type Fields = ReadonlyArray<readonly [name: string, values: readonly string[]]>;

/** The item of a Webhook node, read. */
export interface WebhookEvent {
	readonly headers: Readonly<Record<string, unknown>>;
	readonly scheme: string;
	/** With the port, if the URL has one. */
	readonly host: string;
	/** The segments of the path; those that a caller fills in are decoded. */
	readonly path: ReadonlyArray<{ text: string; parameter: boolean }>;
	/** Undefined if it cannot be rebuilt from what n8n hands over. */
	readonly query: Fields | undefined;
}

/** Sorted by name, as most providers sign fields. */
export const sortByName = (fields: Fields): Fields =>
	[...fields].sort(([a], [b]) => (a < b ? -1 : 1));

/** The signatures, or none without the nonce: it is one of the signed parts. */
export const withNonce = (nonce: string, signatures: readonly string[]): string[] =>
	nonce === '' ? [] : signatures.filter((signature) => signature !== '');

export const header = ({ headers }: WebhookEvent, name: string): string => {
	const value = headers[name];
	return typeof value === 'string' ? value : '';
};

// The provider has the URL as somebody typed it, or as a program rewrote it. Each way to write a part can be read
// back in one way only: `%` is always escaped, and so is what would end the part. Otherwise `a%2Fb` in a path could
// pass for `a/b`.

/** The text with these characters escaped. */
export const escape = (text: string, characters: RegExp): string =>
	text.replace(characters, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

const PATH_END = /[/?#]/g;
/** As typed, letters beyond ASCII and spaces included. */
const asTyped = (text: string) => escape(text.replaceAll('%', '%25'), PATH_END);
/** As a browser sends what was typed. */
export const asSent = (text: string) => escape(encodeURI(text), PATH_END);
/** The ways to write the path: at most six, nearly always two. */
export const writePaths = ({ path }: WebhookEvent): string[] => {
	const write = (fixed: typeof asSent, parameter: typeof asSent): string =>
		path.map((part) => `/${(part.parameter ? parameter : fixed)(part.text)}`).join('');
	// The fixed parts of the path were typed in n8n, so no program escaped more of them than it must.
	const paths = [write(asTyped, asTyped), write(asSent, asSent), write(asSent, encodeURIComponent)];
	// n8n takes a URL with and without a slash at the end, and does not say which came.
	return unique(paths.flatMap((one) => [one, `${one}/`]));
};

/** The ways to write scheme, host, port and path. */
export const writeUrls = (event: WebhookEvent): string[] =>
	writePaths(event).map((path) => `${event.scheme}://${event.host}${path}`);

/** The text with its escapes as they are, and in lower case. */
export const escapesInEitherCase = (text: string): string[] => [
	text,
	text.replace(/%../g, (escaped) => escaped.toLowerCase()),
];

export const unique = (texts: readonly string[]): string[] => [...new Set(texts)];
