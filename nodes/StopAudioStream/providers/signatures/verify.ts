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

import { showAddress } from './addresses';
import type { Fields, WebhookEvent } from './webhookEvent';
import { readEvent } from './webhookEvent';

/** Whether the provider signed the event, and if not, why. `shown` is the address as it may be shown. */
export type SignatureVerdict =
	| { signed: true }
	/** There is no key to check with; or this is no item of a Webhook node. */
	| { signed: false; why: 'noKey' | 'noEvent' }
	/** The body is no form; no signature came; the query cannot be rebuilt; the signature is another. */
	| { signed: false; why: 'notForm' | 'noHeaders' | 'query' | 'mismatch'; shown: string };

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

export const verify = (item: unknown, key: string, scheme: Scheme): SignatureVerdict => {
	// Anybody can sign with an empty key.
	if (key.trim() === '') return { signed: false, why: 'noKey' };
	const event = readEvent(item);
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

export const byName = (fields: Fields): Fields => [...fields].sort(([a], [b]) => (a < b ? -1 : 1));

// The nonce is one of the signed parts: without it there is no signature.
export const withNonce = (nonce: string, signatures: readonly string[]): string[] =>
	nonce === '' ? [] : signatures.filter((signature) => signature !== '');
