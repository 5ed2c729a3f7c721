/** Callbacks as a provider sends them, signed, and as n8n's Webhook node hands them over. */
import { createHmac } from 'node:crypto';
import { parse as parseForm } from 'node:querystring';

import { parse as parseQuery } from 'qs';

import type { Provider } from '../../nodes/StopAudioStream/providers/provider';
import {
	verifySignature,
	type SignatureVerdict,
} from '../../nodes/StopAudioStream/providers/signature';

/** What checks an item of a Webhook node as the provider signs its events. */
export const verifierOf =
	({ signature }: Provider) =>
	(item: unknown, key: string): SignatureVerdict =>
		verifySignature(item, key, signature.scheme);

/** A callback as it leaves the provider. */
export interface Callback {
	/** The whole address as the provider has it, user and password included. */
	readonly address: string;
	/** The fields of a POST as they are written; a callback without is a GET. */
	readonly form?: string;
	readonly headers: Readonly<Record<string, string>>;
}

/** An address in the parts that the schemes speak of. */
const partsOf = (address: string) => {
	const [, scheme = '', user = '', host = '', path = '', query = ''] =
		/^(https?:\/\/)(?:([^/?]*)@)?([^/?]*)([^?]*)\??(.*)$/.exec(address) ?? [];
	return { scheme, user, host, path, query };
};

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

// ---- the providers' side, each from its own document, and from the callback as it is written

type Pairs = ReadonlyArray<readonly [name: string, value: string]>;

const pairsOf = (written: string): Pairs =>
	Object.entries(parseForm(written)).flatMap(([name, value = '']) =>
		[value].flat().map((one) => [name, one] as const),
	);

const byNameAndValue = (pairs: Pairs): Pairs =>
	[...pairs].sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1));

const hmac = (algorithm: string, key: string, text: string): string =>
	createHmac(algorithm, key).update(text).digest('base64');

/** Plivo's signature V3. */
export const plivoSignature = (
	{ address, form = '' }: Pick<Callback, 'address' | 'form'>,
	token: string,
	nonce: string,
): string => {
	const { scheme, host, path, query } = partsOf(address);
	let text = `${scheme}${host}${path}`;
	if (query !== '' || form !== '') text += '?';
	text += byNameAndValue(pairsOf(query))
		.map((pair) => pair.join('='))
		.join('&');
	if (query !== '' && form !== '') text += '.';
	text += byNameAndValue(pairsOf(form)).flat().join('');
	return hmac('sha256', token, `${text}.${nonce}`);
};

/** SignalWire's signature of a form, over the address as given. */
export const signalWireSignature = (
	{ address, form = '' }: Pick<Callback, 'address' | 'form'>,
	signingKey: string,
): string => {
	const fields = pairsOf(form);
	const names = [...new Set(fields.map(([name]) => name))].sort();
	const text = names.flatMap((name) => fields.filter(([one]) => one === name).flat());
	return hmac('sha1', signingKey, address + text.join(''));
};

/** Vobiz's signatures V3 and V2. */
export const vobizSignature = (
	address: string,
	token: string,
	nonce: string,
	version: 'v3' | 'v2' = 'v3',
): string => {
	const { scheme, host, path } = partsOf(address);
	return hmac('sha256', token, `${scheme}${host}${path}${version === 'v3' ? '.' : ''}${nonce}`);
};
