// How each provider's signature is checked on what n8n's Webhook node hands over.

import type { IDataObject } from 'n8n-workflow';
import { asReceived, SIGNERS, verdictOf, webhookItem } from '../lib/callbacks.cts';
import { FORGED, UNSIGNED, type Forgery, type Sign } from '../lib/forgeries.cts';
import { VECTORS } from '../lib/signatureVectors.cts';
import { vobizSignature, type Signable } from '../lib/stand-ins/signatures.cts';
import { received } from '../lib/webhookItems.cts';

const WEBHOOK = 'https://n8n.example.com/webhook/7c9f';
const KEY = 'key-of-the-account';
const NONCE = '12345678901234567890';
const FORM = 'application/x-www-form-urlencoded';
const POST = { address: WEBHOOK, form: 'CallUUID=c-1&Event=Hangup&From=%2B15551230001' };
const GET = { address: `${WEBHOOK}?${POST.form}` };

const headersOf = (provider: string, signed: Signable, key = KEY) =>
	SIGNERS[provider]?.(signed, key, NONCE) ?? {};

/** How a callback arrives: signed as what, with which headers, at which webhook. */
interface Arrival {
	signed?: Signable;
	headers?: Record<string, string>;
	webhook?: string;
}

/** What is said of a callback that arrives as `sent`. */
const verdict = (
	provider: string,
	sent: Signable,
	{ signed = sent, headers = headersOf(provider, signed), webhook = WEBHOOK }: Arrival = {},
): string => {
	const item = webhookItem({ ...sent, headers }, webhook);
	if (item === undefined) throw new Error('n8n would know no such webhook');
	return verdictOf(provider, item, KEY);
};

describe('signatures by value', () => {
	test.each(VECTORS.filter(({ json }) => json === undefined))(
		"the vendor's own signature is taken: $source",
		({ provider, key, address, form, headers }) => {
			const callback = { address, headers, ...(form !== undefined && { form }) };
			const webhook = address.replace(/\/?(\?.*)?$/, '');
			expect(verdictOf(provider, webhookItem(callback, webhook), key)).toBe('signed');
			expect(verdictOf(provider, webhookItem(callback, webhook), `${key}0`)).toBe('mismatch');
		},
	);

	test.each(VECTORS.filter(({ json }) => json !== undefined))(
		"the vendor's own signature of JSON is taken with the raw body, and with no other: $source",
		({ provider, key, address: url, json = '', headers }) => {
			const verdictWith = (text: string, signingKey = key) => {
				const type = { 'Content-Type': 'application/json' };
				const item = received({ url, headers: { ...headers, ...type }, text: json }).json;
				return verdictOf(provider, item, signingKey, { kind: 'raw', text });
			};
			expect(verdictWith(json)).toBe('signed');
			expect(verdictWith(json.replace('answered', 'ringing'))).toBe('mismatch');
			expect(verdictWith(json, `${key}0`)).toBe('mismatch');
		},
	);

	// Vobiz publishes none: these were made with openssl.
	test.each([
		['V3', 'V3', 'LxgRkYPj7qjDlRwtApFVUMCoha1ohg09k9f5H26ONOI='],
		['MA-V3', 'V3', 'LxgRkYPj7qjDlRwtApFVUMCoha1ohg09k9f5H26ONOI='],
		['V2', 'V2', 'dFg/nOYRF0fj3JL2n4krbNs8lDdNkwNBNGy/Med2evo='],
		['MA-V2', 'V2', 'dFg/nOYRF0fj3JL2n4krbNs8lDdNkwNBNGy/Med2evo='],
	])(
		"Vobiz's signature %s is taken with its own nonce, and with no other",
		(kind, version, signature) => {
			const said = (nonceOf: string) => {
				const headers = {
					[`X-Vobiz-Signature-${kind}`]: signature,
					[`X-Vobiz-Signature-${nonceOf}-Nonce`]: NONCE,
				};
				return verdictOf('vobiz', webhookItem({ ...POST, headers }, WEBHOOK), 'auth-token');
			};
			expect(said(version)).toBe('signed');
			expect(said(version === 'V3' ? 'V2' : 'V3')).toBe('noHeaders');
		},
	);
});

describe.each(['plivo', 'signalWire', 'vobiz'])('an event of %s', (name) => {
	const signsFields = name !== 'vobiz';

	test.each([
		['a form', POST],
		['a GET', GET],
		['a form with a query', { ...POST, address: `${WEBHOOK}?tenant=7&note=a%20b` }],
		['neither form nor query', { address: WEBHOOK }],
		['a slash at the end of its address', { ...POST, address: `${WEBHOOK}/` }],
	])('an event with %s is taken', (_what, callback) => {
		expect(verdict(name, callback)).toBe('signed');
	});

	describe.each<[string, Signable]>([
		['POST', POST],
		['GET', GET],
	])('as a %s', (_method, real) => {
		const sign: Sign = ({
			key = KEY,
			address = (same: string) => same,
			ofAnotherCall = false,
		} = {}) => {
			const ids = (text: string) => (ofAnotherCall ? text.replace('c-1', 'c-2') : text);
			const signed: Signable = {
				address: address(ids(real.address)),
				...(real.form !== undefined && { form: ids(real.form) }),
			};
			return { ...real, headers: headersOf(name, signed, key) };
		};
		const said = ({ forge }: Forgery) => verdictOf(name, webhookItem(forge(sign), WEBHOOK), KEY);

		test.each(Object.entries(UNSIGNED))('an event with %s is not signed', (_what, forgery) => {
			expect(said(forgery)).toBe('noHeaders');
		});

		const forged = Object.entries(FORGED).filter(
			([, { shows }]) => name !== 'signalWire' || shows !== 'nonce',
		);
		test.each(forged)('an event with %s does not match, where that is signed', (_what, forgery) => {
			expect(said(forgery)).toBe(
				forgery.shows === 'fields' && !signsFields ? 'signed' : 'mismatch',
			);
		});
	});

	test('an event is taken at a test webhook, and at one behind WEBHOOK_URL with a port and a path', () => {
		for (const webhook of [
			'https://n8n.example.com/webhook-test/7c9f',
			'http://localhost:5678/webhook/7c9f',
			'https://example.com:8443/n8n/webhook/7c9f',
		]) {
			expect(verdict(name, { ...POST, address: webhook }, { webhook })).toBe('signed');
		}
	});

	test('an event that anybody could sign, with an empty key, is none', () => {
		for (const key of ['', '  ']) {
			const item = webhookItem({ ...POST, headers: headersOf(name, POST, key) }, WEBHOOK);
			expect(verdictOf(name, item, key)).toBe('noKey');
		}
	});

	test('path parameters are taken as they were typed, sent or escaped', () => {
		const webhook = `${WEBHOOK}/:tenant/calls/:who`;
		const signed = { ...POST, address: `${WEBHOOK}/acme/calls/0` };
		for (const path of [
			'acme/calls/4711',
			'acme%20inc/calls/caf%C3%A9',
			'a@b:c+d/calls/x/',
			'a%40b%3Ac%2Bd/calls/x%2525',
		]) {
			const sent = { ...POST, address: `${WEBHOOK}/${path}` };
			expect(verdict(name, sent, { webhook })).toBe('signed');
			expect(verdict(name, sent, { webhook, signed })).toBe('mismatch');
		}
	});

	test('letters beyond ASCII in a path are taken as they were typed or sent', () => {
		const webhook = 'https://n8n.example.com/webhook/café/:who';
		for (const path of ['café/Zoë', 'caf%C3%A9/Zo%C3%AB']) {
			const address = `https://n8n.example.com/webhook/${path}`;
			expect(verdict(name, { ...POST, address }, { webhook })).toBe('signed');
		}
	});

	test('a path that ends with a slash in n8n is taken with and without it', () => {
		const item = webhookItem({ ...POST, headers: headersOf(name, POST) }, WEBHOOK);
		expect(verdictOf(name, { ...item, webhookUrl: `${WEBHOOK}/` }, KEY)).toBe('signed');
	});

	test('a path parameter that only reads like another address is no match', () => {
		for (const [signed, sent] of [
			['a?b=c', 'a%3Fb%3Dc'],
			['%41', '%2541'],
			['a/', 'a%2F'],
		] as const) {
			const arrival = { webhook: `${WEBHOOK}/:who`, signed: { address: `${WEBHOOK}/${signed}` } };
			expect(verdict(name, { address: `${WEBHOOK}/${sent}` }, arrival)).toBe('mismatch');
		}
	});

	test('an address with user and password is taken as signed without them', () => {
		const address = WEBHOOK.replace('//', '//n8n:pa%24s%40@');
		expect(verdict(name, { ...POST, address }, { signed: POST })).toBe('signed');
	});

	test.each<[string, string | undefined, unknown]>([
		['JSON', 'application/json', { CallUUID: 'c-1' }],
		['JSON with a list', 'application/json', { CallUUID: 'c-1', ids: [] }],
		['a number in a form', FORM, { CallUUID: 1 }],
		['a list of one in a form', FORM, { CallUUID: ['c-1'] }],
		['a form inside a form', FORM, { CallUUID: { a: 'b' } }],
		['half of a character', FORM, { CallUUID: 'c\ud83d' }],
		['one text and one number in a form', FORM, { a: ['b', 1] }],
		['text', 'text/plain', 'CallUUID=c-1'],
		['text that says it is a form', FORM, 'CallUUID=c-1'],
		['an empty list', 'application/json', []],
		['a list', 'application/json', ['c-1']],
		['fields of no known type', undefined, { CallUUID: 'c-1' }],
		['files', 'multipart/form-data; boundary=x', { CallUUID: 'c-1' }],
		['a type that ends like a form', `x/${FORM}`, { CallUUID: 'c-1' }],
		['a type that begins like a form', `${FORM}2`, { CallUUID: 'c-1' }],
	])('an event with %s as its body is no form', (_what, type, body) => {
		const signed = headersOf(name, { address: WEBHOOK, form: 'CallUUID=c-1' });
		const headers = { ...asReceived(signed), 'content-type': type };
		expect(verdictOf(name, { headers, body, webhookUrl: WEBHOOK }, KEY)).toBe('notForm');
	});

	test('the type of a form may be in either case, and go on', () => {
		for (const type of [FORM, 'Application/X-WWW-Form-URLEncoded']) {
			for (const more of ['', ';charset=utf-8', '  ; charset=utf-8', ' ']) {
				const headers = { ...headersOf(name, POST), 'content-type': `${type}${more}` };
				expect([type, more, verdict(name, POST, { headers })]).toEqual([type, more, 'signed']);
			}
		}
	});

	test.each<[string, unknown]>([
		['nothing', undefined],
		['an item without headers', { CallUUID: 'c-1', webhookUrl: WEBHOOK }],
		['an item without an address', { headers: {}, body: {} }],
		['an address that is none', { headers: {}, webhookUrl: 'n8n.example.com/webhook/7c9f' }],
		['an address behind other words', { headers: {}, webhookUrl: `see ${WEBHOOK}` }],
		['an address with a query', { headers: {}, webhookUrl: `${WEBHOOK}?a=b` }],
		['a path parameter that is a number', { headers: {}, params: { a: 1 }, webhookUrl: WEBHOOK }],
		['text', 'CallUUID=c-1'],
		['a list', [{}]],
	])('%s is no item of a Webhook node', (_what, item) => {
		expect(verdictOf(name, item, KEY)).toBe('noEvent');
	});

	/** An item without any field, at a webhook whose path n8n has as `template`. */
	const atPath = (template: string, signed: string, params: IDataObject = {}) => {
		const at = (path: string) => `https://n8n.example.com/webhook/${path}`;
		const headers = asReceived(headersOf(name, { address: at(signed) }));
		return verdictOf(name, { headers, params, webhookUrl: at(template) }, KEY);
	};

	test('what is fixed in the path is taken for itself, whatever the parameters are called', () => {
		expect(atPath('xid/:id', 'xid/4711', { id: '4711' })).toBe('signed');
		expect(atPath('xid/:id', '4711/4711', { id: '4711' })).toBe('mismatch');
	});

	test('what is fixed in the path is taken as escaped where it must be, a percent sign always', () => {
		expect(atPath('a,b', 'a,b')).toBe('signed');
		expect(atPath('a,b', 'a%2Cb')).toBe('mismatch');
		expect(atPath(':id', 'a%2Cb', { id: 'a,b' })).toBe('signed');
		expect(atPath('a%b', 'a%25b')).toBe('signed');
		for (const other of ['ab', 'a%b']) expect(atPath('a%b', other)).toBe('mismatch');
	});
});

describe.each(['plivo', 'signalWire'])('the fields of an event of %s', (name) => {
	test('a field less, in the form or in the query, is no match', () => {
		for (const form of ['CallUUID=c-1', undefined]) {
			const sent = { address: WEBHOOK, ...(form && { form }) };
			expect(verdict(name, sent, { signed: POST })).toBe('mismatch');
		}
		for (const address of [`${WEBHOOK}?CallUUID=c-1`, WEBHOOK]) {
			expect(verdict(name, { address }, { signed: GET })).toBe('mismatch');
		}
		expect(verdict(name, { ...GET, form: 'CallUUID=c-2' }, { signed: GET })).toBe('mismatch');
	});

	test('repeated names, blanks of both kinds, and letters beyond ASCII are taken', () => {
		const written = 'a=1&a=2&b=a%20b&c=a+b&d=caf%C3%A9&e=%F0%9F%98%80&f=&a.b=%2B1';
		expect(verdict(name, { ...POST, form: written })).toBe('signed');
		for (const query of ['a=1&a=2&b=a%20b&d=caf%C3%A9', 'a=1&a=2&b=a+b&f=&g=%2B1%3A2']) {
			expect(verdict(name, { address: `${WEBHOOK}?${query}` })).toBe('signed');
		}
	});

	test('a name like a[b] is taken in a form, and cannot be rebuilt from a query', () => {
		expect(verdict(name, { ...POST, form: 'a%5Bb%5D=1&c%5B%5D=2&CallUUID=c-1' })).toBe('signed');
		for (const query of ['a[b]=1', 'a%5Bb%5D=1', 'a[]=1', 'a[0]=1', 'a[b][]=1']) {
			expect(verdict(name, { address: `${WEBHOOK}?${query}&CallUUID=c-1` })).toBe('query');
		}
	});

	test('more than 20 values of one name are taken in a form, and cannot be rebuilt from a query', () => {
		const query = Array.from({ length: 22 }, (_, index) => `a=${index}`).join('&');
		expect(verdict(name, { address: `${WEBHOOK}?${query}` })).toBe('query');
		expect(verdict(name, { ...POST, form: query })).toBe('signed');
	});
});

describe('Plivo alone', () => {
	const { 'X-Plivo-Signature-V3': right = '' } = headersOf('plivo', POST);
	const { 'X-Plivo-Signature-V3': other = '' } = headersOf('plivo', POST, 'another');
	const V3 = 'X-Plivo-Signature-V3';
	const MA = 'X-Plivo-Signature-MA-V3';

	test.each([
		["the main account's signature", 'signed', MA, right],
		['the right signature behind another', 'signed', V3, `${other},${right}`],
		['the right signature before another', 'signed', V3, `${right}, ${other}`],
		["the main account's behind another", 'signed', MA, `${other}, ${right}`],
		['two signatures of others', 'mismatch', V3, `${other},${other}`],
		['two signatures in one', 'mismatch', V3, `${right}${other}`],
		['an empty list of signatures', 'noHeaders', V3, ' , '],
		['a signature of the older scheme', 'noHeaders', 'X-Plivo-Signature-V2', right],
	])('an event of Plivo with %s comes to: %s', (_which, expected, header, value) => {
		const headers = { [header]: value, [`${V3}-Nonce`]: NONCE };
		expect(verdict('plivo', POST, { headers })).toBe(expected);
	});

	test('a signature of Plivo without its nonce is none', () => {
		expect(verdict('plivo', POST, { headers: { [V3]: right } })).toBe('noHeaders');
	});
});

describe('SignalWire alone', () => {
	test.each([
		['https://n8n.example.com/webhook/7c9f', 'https://n8n.example.com:443/webhook/7c9f'],
		['http://localhost/webhook/7c9f', 'http://localhost:80/webhook/7c9f'],
		['https://n8n.example.com:8443/webhook/7c9f', 'https://n8n.example.com/webhook/7c9f'],
		['http://[::1]:5678/webhook/7c9f', 'http://[::1]/webhook/7c9f'],
	])(
		'an event to %s may be signed by SignalWire as one to %s, and to no other port',
		(webhook, signed) => {
			const said = (address: string) =>
				verdict(
					'signalWire',
					{ ...POST, address: webhook },
					{ webhook, signed: { ...POST, address } },
				);
			expect(said(signed)).toBe('signed');
			expect(said(signed.replace(/(:\d+)?\/webhook/, ':1/webhook'))).toBe('mismatch');
		},
	);

	test.each([
		'n8n:secret',
		'n8n:a$b&c',
		'n8n:a%24b%26c',
		'us%40er:pa:ss%2Fword',
		'us%40er:pa%3Ass%2Fword',
		'caf%C3%A9:%F0%9F%98%80',
		'n8n:',
	])('an address with %s may be signed by SignalWire with it, and with no other', (user) => {
		const signed = { ...POST, address: WEBHOOK.replace('//', `//${user}@`) };
		const sent = { ...POST, address: WEBHOOK.replace('//', '//n8n:guess@') };
		expect(verdict('signalWire', signed)).toBe('signed');
		expect(verdict('signalWire', sent, { signed })).toBe('mismatch');
	});

	const inBase64 = (text: string) => Buffer.from(text).toString('base64');
	/** What is said of an event that was signed with `user` in its address, and came with this header. */
	const withUser = (user: string, authorization: string) => {
		const signed = { ...POST, address: user ? WEBHOOK.replace('//', `//${user}@`) : WEBHOOK };
		return verdict('signalWire', POST, {
			headers: { ...headersOf('signalWire', signed), authorization },
		});
	};

	test.each(['Bearer abc', 'Basic', 'Basic bm9jb2xvbg=='])(
		'the header authorization with %s holds no user',
		(authorization) => {
			expect(withUser('', authorization)).toBe('signed');
		},
	);

	test('no user is taken from a token of another kind', () => {
		const token = inBase64('n8n:secret');
		for (const header of [`Bearer ${token}`, `No Basic ${token}`, `Basic ${token} more`]) {
			expect(withUser('n8n:secret', header)).toBe('mismatch');
		}
		expect(withUser('nocolo:nocolon', `Basic ${inBase64('nocolon')}`)).toBe('mismatch');
	});

	test('a user of one letter is taken, and a token behind several blanks', () => {
		expect(withUser('a:b', `basic   ${inBase64('a:b')}`)).toBe('signed');
	});

	test("a signature under SignalWire's older header counts only where there is no newer one", () => {
		const { 'X-SignalWire-Signature': right = '' } = headersOf('signalWire', POST);
		const said = (more: Record<string, string>) =>
			verdict('signalWire', POST, { headers: { 'X-Twilio-Signature': right, ...more } });
		expect(said({})).toBe('signed');
		expect(said({ 'X-SignalWire-Signature': 'x' })).toBe('mismatch');
	});

	test.each([
		'at=2026-11-21T12:00:00Z&who=a@b.example',
		'at=2026-11-21T12%3A00%3A00Z&who=a%40b.example&what=it%27s+%28ok%29%21%2A',
		"what=it's%20(ok)!*&n=a%2Fb",
		'a=b=c',
	])('the query %s is taken as it was written', (query) => {
		expect(verdict('signalWire', { ...POST, address: `${WEBHOOK}?${query}` })).toBe('signed');
	});
});

describe('Vobiz alone', () => {
	test('Vobiz does not sign the query, so one that cannot be rebuilt passes too', () => {
		const sent = { address: `${WEBHOOK}?a[b]=1` };
		expect(verdict('vobiz', sent, { signed: { address: WEBHOOK } })).toBe('signed');
	});

	test('NOT PROTECTED: V2 does not separate address and nonce, so other ends of the two pass', () => {
		const headers = {
			'X-Vobiz-Signature-V2': vobizSignature(`${WEBHOOK}1`, KEY, '23', 'V2'),
			'X-Vobiz-Signature-V2-Nonce': '123',
		};
		expect(verdict('vobiz', POST, { headers })).toBe('signed');
	});

	test("Vobiz's oldest signature is not taken", () => {
		const headers = {
			'X-Vobiz-Signature': vobizSignature(WEBHOOK, KEY, NONCE),
			'X-Vobiz-Signature-Nonce': NONCE,
		};
		expect(verdict('vobiz', POST, { headers })).toBe('noHeaders');
	});
});
