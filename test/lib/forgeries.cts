// Events that their provider did not send like this. One table for every level: the schemes by themselves, the
// node, and a real Webhook node of n8n.

import type { Callback } from './callbacks.cts';

/** How a callback is signed otherwise than the provider would. */
export interface Otherwise {
	key?: string;
	/** What is signed in place of the address that is called. */
	address?: (address: string) => string;
	/** Signed for an event about another call. */
	ofAnotherCall?: boolean;
}

/** Makes a callback about one call, to one address, signed as the provider does or otherwise. */
export type Sign = (otherwise?: Otherwise) => Callback;

/** One forgery. */
export interface Forgery {
	/** What the provider has to sign for this to show; every provider signs scheme, host and path. */
	shows?: 'fields' | 'nonce';
	forge: (sign: Sign) => Callback;
}

export const WRONG_KEY = 'example-of-a-wrong-key';

/** A callback of which every signature is replaced, or left out. */
const withSignatures = (
	callback: Callback,
	change: (value: string) => string | undefined,
	names = /signature(?!.*nonce$)/i,
): Callback => ({
	...callback,
	headers: Object.fromEntries(
		Object.entries(callback.headers).flatMap(([name, value]) => {
			const changed = names.test(name) ? change(value) : value;
			return changed === undefined ? [] : [[name, changed]];
		}),
	),
});

/** A callback to this address, with the signature for another one. */
const signedFor = (sign: Sign, change: (url: URL) => void): Callback => {
	const address = (called: string) => {
		const url = new URL(called);
		change(url);
		return url.href;
	};
	return { ...sign(), headers: sign({ address }).headers };
};

/** A callback with other fields in its form, or in the query of a GET. */
const withFields = (callback: Callback, change: (fields: URLSearchParams) => void): Callback => {
	const url = new URL(callback.address);
	const fields =
		callback.form === undefined ? url.searchParams : new URLSearchParams(callback.form);
	change(fields);
	return callback.form === undefined
		? { ...callback, address: url.href }
		: { ...callback, form: fields.toString() };
};

export const unsigned = (callback: Callback): Callback =>
	withSignatures(callback, () => undefined, /signature/i);

/** The forgeries of which no signature came at all: the node says so. */
export const UNSIGNED: Record<string, Forgery> = {
	'no signature': { forge: (sign) => unsigned(sign()) },
	'an empty signature': { forge: (sign) => withSignatures(sign(), () => '') },
};

/** The forgeries of which the signature does not match. */
export const FORGED: Record<string, Forgery> = {
	'a signature cut short': {
		forge: (sign) => withSignatures(sign(), (value) => value.slice(0, -2)),
	},
	'a longer signature': { forge: (sign) => withSignatures(sign(), (value) => `${value}=`) },
	'a signature in small letters': {
		forge: (sign) => withSignatures(sign(), (value) => value.toLowerCase()),
	},
	'a wrong key': { forge: (sign) => sign({ key: WRONG_KEY }) },
	'another address': { forge: (sign) => signedFor(sign, (url) => (url.pathname += 'x')) },
	'another host': {
		forge: (sign) => signedFor(sign, (url) => (url.hostname = `x${url.hostname}`)),
	},
	'http in place of https': { forge: (sign) => signedFor(sign, (url) => (url.protocol = 'http:')) },
	'another nonce': {
		shows: 'nonce',
		forge: (sign) => withSignatures(sign(), (value) => `${value}0`, /nonce$/i),
	},
	'a changed body': {
		shows: 'fields',
		forge: (sign) => withFields(sign(), (fields) => fields.set('Timestamp', 'another')),
	},
	'a further field': {
		shows: 'fields',
		forge: (sign) => withFields(sign(), (fields) => fields.append('further', '1')),
	},
	'the ids of another call': {
		shows: 'fields',
		forge: (sign) => ({ ...sign(), headers: sign({ ofAnotherCall: true }).headers }),
	},
};
