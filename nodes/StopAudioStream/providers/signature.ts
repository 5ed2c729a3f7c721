/**
 * Who sent an event: each provider's signature, checked on what n8n's Webhook node hands over.
 *
 * A provider signs the address that it called, as text, and most sign the fields too. The Webhook
 * node (read in n8n 2.41) hands over neither the address nor the method: `webhookUrl` is a template
 * without a trailing slash, the query is parsed by `qs`, a form by `node:querystring`. So the text
 * is written again from the parts, in each of the few ways in which the provider may have had it.
 * Every way holds all that came, and reads back as nothing else: what is not in the text is not
 * signed, and a name, a value or a piece of the path that could be read in two ways could be forged.
 * One thing no check can see: the providers do not sign where one name or value ends and the next
 * begins (`ab` + `c` = `a` + `bc`).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

import { isRecord } from '../words/values';

/** Whether the provider signed the event, and if not, why. `shown` is the address as it may be shown. */
export type SignatureVerdict =
	| { signed: true }
	/** There is no key to check with; or this is no item of a Webhook node. */
	| { signed: false; why: 'noKey' | 'noEvent' }
	/** The body is no form; no signature came; the query cannot be rebuilt; the signature is another. */
	| { signed: false; why: 'notForm' | 'noHeaders' | 'query' | 'mismatch'; shown: string };

/** What one provider may have signed, and the signatures that came, in base64. */
export interface Signed {
	readonly algorithm: 'sha1' | 'sha256';
	/** What came in the headers. */
	readonly signatures: readonly string[];
	/** What the provider may have signed. */
	readonly texts: readonly string[];
}

const sameText = (one: string, other: string): boolean => {
	const [a, b] = [Buffer.from(one), Buffer.from(other)];
	return a.length === b.length && timingSafeEqual(a, b);
};

const isSigned = (key: string, { algorithm, signatures, texts }: Signed): boolean =>
	texts.some((text) => {
		const expected = createHmac(algorithm, key).update(text).digest('base64');
		return signatures.some((signature) => sameText(signature, expected));
	});

/** One provider's scheme: what may have been signed, or why that cannot be said. */
export type Scheme = (event: WebhookEvent, form: Fields) => readonly Signed[] | 'query';

/** Checks the item of an n8n Webhook node against a provider's scheme. */
export const verifySignature = (item: unknown, key: string, scheme: Scheme): SignatureVerdict => {
	// Anybody can sign with an empty key.
	if (key.trim() === '') return { signed: false, why: 'noKey' };
	const event = readWebhookItem(item);
	if (event === undefined) return { signed: false, why: 'noEvent' };
	const shown = showAddress(event);
	if (event.form === undefined) return { signed: false, why: 'notForm', shown };
	const signed = scheme(event, event.form);
	if (signed === 'query') return { signed: false, why: 'query', shown };
	if (signed.every(({ signatures }) => signatures.length === 0)) {
		return { signed: false, why: 'noHeaders', shown };
	}
	if (signed.some((one) => isSigned(key, one))) return { signed: true };
	return { signed: false, why: 'mismatch', shown };
};

/** Sorted by name, as most providers sign fields. */
export const sortByName = (fields: Fields): Fields =>
	[...fields].sort(([a], [b]) => (a < b ? -1 : 1));

// The nonce is one of the signed parts: without it there is no signature.
export const withNonce = (nonce: string, signatures: readonly string[]): string[] =>
	nonce === '' ? [] : signatures.filter((signature) => signature !== '');

/** Names in the order in which they came, each with its values in order. */
export type Fields = ReadonlyArray<readonly [name: string, values: readonly string[]]>;

export interface WebhookEvent {
	readonly headers: Readonly<Record<string, unknown>>;
	readonly scheme: string;
	/** With the port, where the address has one. */
	readonly host: string;
	/** The segments of the path; those that a caller fills in are decoded. */
	readonly path: ReadonlyArray<{ text: string; parameter: boolean }>;
	readonly query: Fields | undefined;
	/** Undefined where the body is something else than a form. */
	readonly form: Fields | undefined;
}

// Half of a character has no UTF-8 of its own: the HMAC would take it for U+FFFD. No parser of n8n makes one.
const isText = (value: unknown): value is string =>
	typeof value === 'string' && !/\p{Surrogate}/u.test(value);

const readFields = (part: unknown = {}): Fields | undefined => {
	if (!isRecord(part)) return undefined;
	const fields: Array<[string, string[]]> = [];
	for (const [name, value] of Object.entries(part)) {
		const values: unknown[] = Array.isArray(value) ? value : [value];
		// A name that came twice has two values. A list of one comes from `a[]=` or from JSON, and an
		// empty one would add a name to the event and nothing to the signed text.
		if (Array.isArray(value) && values.length < 2) return undefined;
		if (!isText(name) || !values.every(isText)) return undefined;
		fields.push([name, values]);
	}
	return fields;
};

const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i;

const readForm = (body: unknown, contentType: unknown): Fields | undefined => {
	const fields = readFields(body);
	const isForm = typeof contentType === 'string' && FORM.test(contentType);
	return fields?.length === 0 || isForm ? fields : undefined;
};

const readWebhookItem = (item: unknown): WebhookEvent | undefined => {
	if (!isRecord(item) || !isRecord(item.headers) || !isText(item.webhookUrl)) return undefined;
	const address = /^(https?):\/\/(?:[^/?#]*@)?([^/?#@\s]+)\/([^?#]*)$/.exec(item.webhookUrl);
	const params = isRecord(item.params) ? item.params : {};
	if (address === null || !Object.values(params).every(isText)) return undefined;
	const [, scheme = '', host = '', path = ''] = address;
	return {
		headers: item.headers,
		scheme,
		host,
		path: path
			.replace(/\/$/, '')
			.split('/')
			.map((text) => {
				const value = text.startsWith(':') ? params[text.slice(1)] : undefined;
				return typeof value === 'string'
					? { text: value, parameter: true }
					: { text, parameter: false };
			}),
		query: readFields(item.query),
		form: readForm(item.body, item.headers['content-type']),
	};
};

export const header = ({ headers }: WebhookEvent, name: string): string => {
	const value = headers[name];
	return typeof value === 'string' ? value : '';
};

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
const showAddress = (event: WebhookEvent): string => {
	const path = event.path.map(({ text }) => asSent(text)).join('/');
	return `${event.scheme}://${event.host}/…${path.length > 4 ? path.slice(-4) : ''}`;
};
