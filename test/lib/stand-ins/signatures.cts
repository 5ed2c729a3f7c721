import { createHmac } from 'node:crypto';

/** An event as it is sent: what a signature may cover. */
export interface Outgoing {
	/** The address as it was given to the provider, with its query, and user and password if any. */
	address: string;
	method: 'GET' | 'POST';
	/** Names and values in the order in which they are sent. */
	fields: readonly (readonly [string, string])[];
	/** A JSON event has no fields to sign. */
	isForm: boolean;
}

/** How one event is to be signed; without it, as the provider does. */
export interface Signing {
	/** In place of the account's own key, to forge. */
	key?: string;
	nonce?: string;
	/** Plivo: both keys may be in use at once, and the header then holds a list. */
	furtherKeys?: readonly string[];
	/** Plivo, Vobiz: only these of the provider's headers; all where it is left out. */
	only?: readonly ('V3' | 'MA-V3' | 'V2' | 'MA-V2')[];
	/** Vobiz: the headers with the account's tokens, as live captures show them; there unless `false`. */
	tokenHeaders?: boolean;
	/** Whether the signed address has its user and password: no document says it. */
	userInfoSigned?: boolean;
}

const hmac = (algorithm: 'sha1' | 'sha256', key: string, text: string): string =>
	createHmac(algorithm, key).update(text, 'utf8').digest('base64');

const byCode = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Sorted by name, the values of one name too. */
function sorted(fields: readonly (readonly [string, string])[]): (readonly [string, string])[] {
	return [...fields].sort((a, b) => byCode(a[0], b[0]) || byCode(a[1], b[1]));
}

/** Scheme, host and path, without user, password, query and fragment. */
function withoutQuery(address: string, keepUserInfo = false): string {
	const url = new URL(address);
	url.search = '';
	url.hash = '';
	if (!keepUserInfo) {
		url.username = '';
		url.password = '';
	}
	return url.href;
}

/**
 * Plivo V3: base64 HMAC-SHA256(Auth Token, address + what was sent + '.' + nonce). GET: '?' and the
 * sorted query, the fields in it. POST: '?' and the sorted query, '.' between it and the sorted
 * name-value pairs; with pairs the '?' is there without a query too.
 */
export function plivoV3(
	{ address, method, fields }: Outgoing,
	key: string,
	nonce: string,
	userInfoSigned = true,
): string {
	const base = withoutQuery(address, userInfoSigned);
	const inAddress = [...new URL(address).searchParams];
	const query = sorted(method === 'GET' ? [...inAddress, ...fields] : inAddress)
		.map(([name, value]) => `${name}=${value}`)
		.join('&');
	const pairs = method === 'GET' ? [] : sorted(fields).map(([name, value]) => name + value);
	const hasPairs = pairs.length > 0;
	const signed =
		base +
		(query !== '' || hasPairs ? `?${query}` : '') +
		(query !== '' && hasPairs ? '.' : '') +
		pairs.join('');
	return hmac('sha256', key, `${signed}.${nonce}`);
}

/** SignalWire: base64 HMAC-SHA1(Signing Key, address + sorted name-value pairs); a GET's are in the address. */
export function signalWireSha1(
	{ address, method, fields }: Outgoing,
	key: string,
	userInfoSigned = true,
): string {
	const url = new URL(address);
	url.hash = '';
	if (!userInfoSigned) {
		url.username = '';
		url.password = '';
	}
	if (method === 'GET') for (const [name, value] of fields) url.searchParams.append(name, value);
	const pairs = method === 'GET' ? [] : sorted(fields).map(([name, value]) => name + value);
	return hmac('sha1', key, url.href + pairs.join(''));
}

/** Vobiz: base64 HMAC-SHA256(Auth Token, address without its query + '.' + nonce); V2 without the dot. */
export function vobizSignature(
	version: 'V3' | 'V2',
	{ address }: Outgoing,
	key: string,
	nonce: string,
	userInfoSigned = false,
): string {
	const dot = version === 'V3' ? '.' : '';
	return hmac('sha256', key, `${withoutQuery(address, userInfoSigned)}${dot}${nonce}`);
}
