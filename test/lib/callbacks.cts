/** Callbacks as n8n's Webhook node hands them over, and what the node says of their signatures. */
import { parse as parseForm } from 'node:querystring';

import { parse as parseQuery } from 'qs';

import { verifySignature, type RawBody } from '../../nodes/StopAudioStream/input/signature';
import {
	messages,
	orRefusal,
	Refusal,
	type Sentence,
} from '../../nodes/StopAudioStream/words/sentences';
import { providerOf } from './providerOf.cts';
import {
	partsOf,
	plivoSignature,
	signalWireSignature,
	vobizSignature,
	type Signable,
} from './stand-ins/signatures.cts';

/** What the node says of the signature of an item of a Webhook node: that it is signed, or why it is not. */
export const verdictOf = (
	provider: string,
	item: unknown,
	key: string,
	raw: RawBody = { kind: 'notAsked' },
): string => {
	const account = { origin: '', id: '', token: key, signingKey: key };
	const signer = { provider: providerOf(provider), account, field: 'Verify Signature' };
	const verdict = orRefusal(() => verifySignature(item, signer, raw));
	if (!(verdict instanceof Refusal)) return 'signed';
	const why = Object.entries(WHY).find(([, sentences]) =>
		sentences.some(({ what }) => isFrom(what, verdict.failure.what)),
	);
	return why?.[0] ?? verdict.failure.what;
};

/** The sentences that say why. */
const WHY: Record<string, readonly Sentence[]> = {
	noKey: [messages.noSigningKey],
	noEvent: [messages.notAWebhookItem],
	notForm: [messages.bodyNotSigned, messages.signedJson, messages.noRawBody],
	noHeaders: [messages.noSignature, messages.noJsonSignature, messages.olderSignature],
	query: [messages.queryNotPlain],
	mismatch: [messages.wrongSignature, messages.wrongSignatureOrQuery],
};

/** Whether a text is this sentence, filled in: what stands between the `{…}` is in it, in order. */
function isFrom(sentence: string, text: string): boolean {
	let at = 0;
	for (const part of sentence.split(/\{\w+\}/)) {
		at = text.indexOf(part, at);
		if (at < 0) return false;
		at += part.length;
	}
	return true;
}

/** The headers with which a provider signs. */
export const SIGNERS: Record<
	string,
	(callback: Signable, key: string, nonce: string) => Record<string, string>
> = {
	plivo: (callback, key, nonce) => ({
		'X-Plivo-Signature-V3': plivoSignature(callback, key, nonce),
		'X-Plivo-Signature-V3-Nonce': nonce,
	}),
	signalWire: (callback, key) => ({
		'X-SignalWire-Signature': signalWireSignature(callback, key),
	}),
	vobiz: ({ address }, key, nonce) => ({
		'X-Vobiz-Signature-V3': vobizSignature(address, key, nonce),
		'X-Vobiz-Signature-V3-Nonce': nonce,
	}),
};

/** A callback as it leaves the provider. */
export interface Callback extends Signable {
	readonly headers: Readonly<Record<string, string>>;
}

/** Headers as n8n hands them over: Node lower-cases their names. */
export const asReceived = (headers: Readonly<Record<string, string>>): Record<string, string> =>
	Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** The item of a Webhook node, or nothing where n8n would know no such webhook. */
export const webhookItem = (callback: Callback, webhookUrl: string): object | undefined => {
	const { user, path, query } = partsOf(callback.address);
	// n8n's routes give decoded segments, and take the slash at the end off.
	const segments = path
		.replace(/\/$/, '')
		.split('/')
		.map((segment) => decodeURIComponent(segment));
	const template = partsOf(webhookUrl).path.split('/');
	if (template.length !== segments.length) return undefined;
	const params: Record<string, string> = {};
	for (const [index, text] of template.entries()) {
		const segment = segments[index] ?? '';
		if (text.startsWith(':')) params[text.slice(1)] = segment;
		else if (text !== segment) return undefined;
	}
	const headers: Record<string, string> = {
		host: partsOf(callback.address).host,
		...(callback.form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
		...(user === ''
			? {}
			: { authorization: `Basic ${Buffer.from(decodeURIComponent(user)).toString('base64')}` }),
		...callback.headers,
	};
	const item = {
		headers: asReceived(headers),
		params,
		// Express's extended query parser, which n8n sets.
		query: parseQuery(query, { allowPrototypes: true }),
		// n8n's body parser.
		body: parseForm(callback.form ?? '', undefined, undefined, { maxKeys: 1000 }),
		webhookUrl,
		executionMode: 'production',
	};
	// What a node reads has been stored as JSON.
	return JSON.parse(JSON.stringify(item)) as object;
};
