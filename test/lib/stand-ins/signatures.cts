// How the providers sign their events: each from its own document, over the callback as it is written.

import { createHmac } from 'node:crypto';
import { parse } from 'node:querystring';

/** A callback as it is signed: what a signature may cover. */
export interface Signable {
	/** The whole address as the provider has it, user and password included. */
	readonly address: string;
	/** The fields of a POST as they are written; a callback without is a GET, or JSON. */
	readonly form?: string;
}

/** How one event is to be signed; without it, as the provider does. */
export interface Signing {
	/** In place of the account's own key, to forge. */
	key?: string;
	nonce?: string;
	/** Vobiz: no signature headers, as live captures of some accounts show. */
	isBare?: true;
	/**
	 * SignalWire: with which hashes a JSON event is signed. With none if it is not said: the vendor's pages contradict
	 * each other on which JSON events are signed.
	 */
	json?: readonly ('SHA-1' | 'SHA-256')[];
}

/** An address in the parts that the schemes speak of. */
export const partsOf = (address: string) => {
	const [, scheme = '', user = '', host = '', path = '', query = ''] =
		/^(https?:\/\/)(?:([^/?]*)@)?([^/?]*)([^?]*)\??(.*)$/.exec(address) ?? [];
	return { scheme, user, host, path, query };
};

type Pairs = ReadonlyArray<readonly [name: string, value: string]>;

const pairsOf = (written: string): Pairs =>
	Object.entries(parse(written)).flatMap(([name, value = '']) =>
		[value].flat().map((one) => [name, one] as const),
	);

const byNameAndValue = (pairs: Pairs): Pairs =>
	[...pairs].sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1));

const hmac = (
	algorithm: string,
	key: string,
	text: string,
	encoding: 'base64' | 'hex' = 'base64',
): string => createHmac(algorithm, key).update(text).digest(encoding);

/**
 * Plivo V3: base64 HMAC-SHA256(Auth Token, address without user + '?' + sorted query + '.' + sorted name-value
 * pairs + '.' + nonce). The '?' is there with pairs alone too, the first '.' only between query and pairs.
 */
export const plivoSignature = (
	{ address, form = '' }: Signable,
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

/** SignalWire: base64 HMAC-SHA1(Signing Key, address + name-value pairs, sorted by name). */
export const signalWireSignature = (
	{ address, form = '' }: Signable,
	signingKey: string,
): string => {
	const fields = pairsOf(form);
	const names = [...new Set(fields.map(([name]) => name))].sort();
	const text = names.flatMap((name) => fields.filter(([one]) => one === name).flat());
	return hmac('sha1', signingKey, address + text.join(''));
};

/** SignalWire, JSON: lower-case hex HMAC(Signing Key, address without user + body as it is sent), SHA-1 or SHA-256. */
export const signalWireJsonSignature = (
	address: string,
	text: string,
	signingKey: string,
	algorithm: 'sha1' | 'sha256' = 'sha1',
): string => {
	const { scheme, host, path, query } = partsOf(address);
	const url = `${scheme}${host}${path}${query === '' ? '' : `?${query}`}`;
	return hmac(algorithm, signingKey, url + text, 'hex');
};

/** Vobiz: base64 HMAC-SHA256(Auth Token, address without user and query + '.' + nonce); V2 without the dot. */
export const vobizSignature = (
	address: string,
	token: string,
	nonce: string,
	version: 'V3' | 'V2' = 'V3',
): string => {
	const { scheme, host, path } = partsOf(address);
	return hmac('sha256', token, `${scheme}${host}${path}${version === 'V3' ? '.' : ''}${nonce}`);
};
