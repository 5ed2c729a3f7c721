import { createHmac, timingSafeEqual } from 'node:crypto';

import { providers } from '../providers';
import type { Account, Provider } from '../providers/provider';
import {
	asSent,
	header,
	type Fields,
	type Signed,
	type WebhookEvent,
} from '../providers/signature';
import { messages, refusal } from '../words/sentences';
import { isRecord } from '../words/values';

/** The text of a body that is not a form, as n8n's Webhook node passes it on with 'Raw Body'. */
export type RawBody = { kind: 'raw'; text: string } | { kind: 'missing' } | { kind: 'notAsked' };

/**
 * Refuses the item of an n8n Webhook node unless the provider signed it. Returns whether the raw body is what was
 * signed: then the item's own `body` proves nothing. `field`: the label of the field that asks for a signature.
 */
export function verifySignature(
	item: unknown,
	{ provider, account, field }: { provider: Provider; account: Account; field: string },
	raw: RawBody,
): { rawIsSigned: boolean } {
	const { displayName, signature } = provider;
	const { keyField, keyHint, limits, older, scheme, rawScheme, signsHint } = signature;
	const named = { provider: displayName };
	const key = account[keyField.name];
	// Anybody can sign with an empty key.
	if (key.trim() === '') {
		throw refusal('credentials', messages.noSigningKey, { ...named, field: keyField.label });
	}
	const event = readWebhookItem(item);
	if (!event) throw refusal('untrusted', messages.notAWebhookItem, { field });
	const { form } = event;
	const rawIsSigned = form === undefined;
	const isCovered = rawIsSigned && rawScheme !== undefined && raw.kind === 'raw';
	if (rawIsSigned && !isCovered) throw notCovered(provider, field, raw);
	const signed = isCovered ? rawScheme(event, raw.text) : scheme(event, form ?? []);
	if (signed === 'query') throw refusal('untrusted', messages.queryNotPlain, named);
	if (!hasSignature(signed)) {
		const other = providers.find((each) => {
			const theirs = each.signature.scheme(event, form ?? []);
			return theirs !== 'query' && hasSignature(theirs);
		});
		if (other) {
			throw refusal('untrusted', messages.signedByOther, { ...named, other: other.displayName });
		}
		if (rawIsSigned) throw refusal('untrusted', messages.noJsonSignature, named);
		throw older && header(event, older.header) !== ''
			? refusal('untrusted', messages.olderSignature, {
					...named,
					version: older.version,
					hint: signsHint,
				})
			: refusal('untrusted', messages.noSignature, { ...named, hint: signsHint });
	}
	if (signed.some((one) => isSigned(key, one))) return { rawIsSigned };
	// A provider that signs nothing of what its event says does not sign the query either.
	const isQuerySigned = limits === undefined && event.query && event.query.length > 0;
	const sentence = isQuerySigned ? messages.wrongSignatureOrQuery : messages.wrongSignature;
	throw refusal('untrusted', sentence, {
		...named,
		url: shownUrl(event),
		field: keyField.label,
		keyHint,
	});
}

/** The body is not a form, and n8n did not pass on the text that was signed. */
function notCovered({ displayName: provider, signature }: Provider, field: string, raw: RawBody) {
	if (!signature.rawScheme) {
		return refusal('untrusted', messages.bodyNotSigned, { provider, field });
	}
	const sentence = raw.kind === 'missing' ? messages.noRawBody : messages.signedJson;
	return refusal('untrusted', sentence, { provider });
}

const sameText = (one: string, other: string): boolean => {
	const [a, b] = [Buffer.from(one), Buffer.from(other)];
	return a.length === b.length && timingSafeEqual(a, b);
};

const hasSignature = (signed: readonly Signed[]): boolean =>
	signed.some(({ signatures }) => signatures.length > 0);

const isSigned = (key: string, { algorithm, encoding, signatures, texts }: Signed): boolean =>
	texts.some((text) => {
		const expected = createHmac(algorithm, key).update(text).digest(encoding);
		return signatures.some((signature) => sameText(signature, expected));
	});

// A lone surrogate is hashed as U+FFFD, so two different texts would get the same HMAC. No parser of n8n makes one.
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

/** The fields of a form, or of an empty body; `undefined` for anything else. */
const readForm = (body: unknown, contentType: unknown): Fields | undefined => {
	const fields = readFields(body);
	const isForm = typeof contentType === 'string' && FORM.test(contentType);
	return fields?.length === 0 || isForm ? fields : undefined;
};

const readWebhookItem = (
	item: unknown,
): (WebhookEvent & { form: Fields | undefined }) | undefined => {
	if (!isRecord(item) || !isRecord(item.headers) || !isText(item.webhookUrl)) return undefined;
	const url = /^(https?):\/\/(?:[^/?#]*@)?([^/?#@\s]+)\/([^?#]*)$/.exec(item.webhookUrl);
	const params = isRecord(item.params) ? item.params : {};
	if (url === null || !Object.values(params).every(isText)) return undefined;
	const [, scheme = '', host = '', path = ''] = url;
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

/**
 * The URL as a message may show it: scheme, host, port and the last four characters of the path.
 * The rest of the path is itself a lock.
 */
const shownUrl = (event: WebhookEvent): string => {
	const path = event.path.map(({ text }) => asSent(text)).join('/');
	return `${event.scheme}://${event.host}/…${path.length > 4 ? path.slice(-4) : ''}`;
};
