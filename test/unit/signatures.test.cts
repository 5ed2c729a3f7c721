import { plivo } from '../../nodes/StopAudioStream/providers/plivo';
import { signalWire } from '../../nodes/StopAudioStream/providers/signalWire';
import { vobiz } from '../../nodes/StopAudioStream/providers/vobiz';
import {
	asReceived,
	plivoSignature,
	signalWireSignature,
	verifierOf,
	vobizSignature,
	webhookItem,
	type Callback,
} from '../lib/callbacks.cts';

const WEBHOOK = 'https://n8n.example.com/webhook/7c9f';
const KEY = 'key-of-the-account';
const NONCE = '12345678901234567890';

const verifyPlivo = verifierOf(plivo);
const verifySignalWire = verifierOf(signalWire);
const verifyVobiz = verifierOf(vobiz);

type Sign = (callback: Pick<Callback, 'address' | 'form'>) => Record<string, string>;

/** Each provider's verification, and how it signs. */
const providers = {
	plivo: {
		verify: verifyPlivo,
		sign: (callback: Pick<Callback, 'address' | 'form'>, key = KEY) => ({
			'X-Plivo-Signature-V3': plivoSignature(callback, key, NONCE),
			'X-Plivo-Signature-V3-Nonce': NONCE,
		}),
	},
	signalWire: {
		verify: verifySignalWire,
		sign: (callback: Pick<Callback, 'address' | 'form'>, key = KEY) => ({
			'X-SignalWire-Signature': signalWireSignature(callback, key),
		}),
	},
	vobiz: {
		verify: verifyVobiz,
		sign: ({ address }: Pick<Callback, 'address'>, key = KEY) => ({
			'X-Vobiz-Signature-V3': vobizSignature(address, key, NONCE),
			'X-Vobiz-Signature-V3-Nonce': NONCE,
		}),
	},
};
type Name = keyof typeof providers;
const NAMES = ['plivo', 'signalWire', 'vobiz'] as const;
const SIGNS_FIELDS = ['plivo', 'signalWire'] as const;

/** How a callback arrives: signed as what, at which webhook, by whom. */
interface Arrival {
	signed?: Pick<Callback, 'address' | 'form'>;
	webhook?: string;
	sign?: Sign;
}

/** The verdict about a callback that was signed as `signed` and arrived as `sent`. */
const verdict = (
	name: Name,
	sent: Pick<Callback, 'address' | 'form'>,
	{ signed = sent, webhook = WEBHOOK, sign = providers[name].sign }: Arrival = {},
) => {
	const item = webhookItem({ ...sent, headers: sign(signed) }, webhook);
	if (item === undefined) throw new Error('n8n would know no such webhook');
	return providers[name].verify(item, KEY);
};

const SIGNED = { signed: true };
const refused = (why: string, shown: unknown = 'https://n8n.example.com/…7c9f') => ({
	signed: false,
	why,
	shown,
});

const POST = { address: WEBHOOK, form: 'CallUUID=c-1&Event=Hangup&From=%2B15551230001' };
const GET = { address: `${WEBHOOK}?CallUUID=c-1&Event=Hangup&From=%2B15551230001` };

describe('signatures by value, made with openssl', () => {
	const form = { 'content-type': 'application/x-www-form-urlencoded' };

	it('Plivo: V3', () => {
		const item = {
			headers: {
				...form,
				'x-plivo-signature-v3': '6EcNQnYsTft8clonLOhrSnJcpMn9LSz/zdfhJMS0zxE=',
				'x-plivo-signature-v3-nonce': '12345',
			},
			params: {},
			query: {},
			body: { Event: 'Hangup', CallUUID: 'c-1' },
			webhookUrl: WEBHOOK,
		};
		expect(verifyPlivo(item, 'auth-token')).toEqual(SIGNED);
	});

	it.each(['x-signalwire-signature', 'x-twilio-signature'])('SignalWire: %s', (header) => {
		const item = {
			headers: { ...form, [header]: 'fOOJSHlzmhonPAKLyHgRfOt4LVo=' },
			params: {},
			query: {},
			body: { StreamSid: 's-1', CallSid: 'c-1' },
			webhookUrl: WEBHOOK,
		};
		expect(verifySignalWire(item, 'PSK_signing')).toEqual(SIGNED);
	});

	it.each([
		['v3', 'v3', 'LxgRkYPj7qjDlRwtApFVUMCoha1ohg09k9f5H26ONOI='],
		['ma-v3', 'v3', 'LxgRkYPj7qjDlRwtApFVUMCoha1ohg09k9f5H26ONOI='],
		['v2', 'v2', 'dFg/nOYRF0fj3JL2n4krbNs8lDdNkwNBNGy/Med2evo='],
		['ma-v2', 'v2', 'dFg/nOYRF0fj3JL2n4krbNs8lDdNkwNBNGy/Med2evo='],
	])('Vobiz: %s', (kind, version, signature) => {
		const item = {
			headers: {
				...form,
				[`x-vobiz-signature-${kind}`]: signature,
				[`x-vobiz-signature-${version}-nonce`]: '12345678901234567890',
			},
			params: {},
			query: {},
			body: { CallUUID: 'c-1' },
			webhookUrl: WEBHOOK,
		};
		expect(verifyVobiz(item, 'auth-token')).toEqual(SIGNED);
	});

	it('Vobiz: V1 is not accepted, nor a signature with the nonce of another version', () => {
		const item = (headers: object) => ({ headers, webhookUrl: WEBHOOK });
		expect(
			verifyVobiz(
				item({
					'x-vobiz-signature': 'dFg/nOYRF0fj3JL2n4krbNs8lDdNkwNBNGy/Med2evo=',
					'x-vobiz-signature-nonce': NONCE,
				}),
				'auth-token',
			),
		).toEqual(refused('noHeaders'));
		expect(
			verifyVobiz(
				item({
					'x-vobiz-signature-v3': 'LxgRkYPj7qjDlRwtApFVUMCoha1ohg09k9f5H26ONOI=',
					'x-vobiz-signature-v2-nonce': NONCE,
				}),
				'auth-token',
			),
		).toEqual(refused('noHeaders'));
	});
});

describe.each(NAMES)('%s', (name) => {
	const { verify, sign } = providers[name];

	it.each([
		['a form', POST],
		['a GET', GET],
		['a form with a query', { ...POST, address: `${WEBHOOK}?tenant=7&note=a%20b` }],
		['neither form nor query', { address: WEBHOOK }],
		['a slash at the end', { ...POST, address: `${WEBHOOK}/` }],
	])('takes %s', (_, callback) => {
		expect(verdict(name, callback)).toEqual(SIGNED);
	});

	it('takes a test webhook, and one behind WEBHOOK_URL with a port and a path', () => {
		for (const webhook of [
			'https://n8n.example.com/webhook-test/7c9f',
			'http://localhost:5678/webhook/7c9f',
			'https://example.com:8443/n8n/webhook/7c9f',
		]) {
			expect(verdict(name, { ...POST, address: webhook }, { webhook })).toEqual(SIGNED);
		}
	});

	it('refuses what was signed for another address, and shows no more of it than it may', () => {
		const signed = { ...POST, address: 'https://n8n.internal:5678/webhook/7c9f' };
		expect(verdict(name, POST, { signed })).toEqual(refused('mismatch'));
		expect(
			verdict(name, POST, { signed: { ...POST, address: 'https://n8n.example.com/webhook/7c9e' } }),
		).toEqual(refused('mismatch'));
		expect(
			verdict(name, POST, { signed: { ...POST, address: WEBHOOK.replace('https', 'http') } }),
		).toEqual(refused('mismatch'));
	});

	it('refuses another key', () => {
		expect(verdict(name, POST, { sign: (callback) => sign(callback, 'another') })).toEqual(
			refused('mismatch'),
		);
	});

	it('refuses an event without a signature, or with an empty one', () => {
		expect(verdict(name, POST, { sign: () => ({}) })).toEqual(refused('noHeaders'));
		const empty: Sign = (callback) =>
			Object.fromEntries(Object.keys(sign(callback)).map((header) => [header, '']));
		expect(verdict(name, POST, { sign: empty })).toEqual(refused('noHeaders'));
	});

	it('refuses a signature that is shorter, longer or of other letters', () => {
		const [header = ''] = Object.keys(sign(POST));
		const right: Record<string, string> = sign(POST);
		const signature = right[header] ?? '';
		for (const wrong of [signature.slice(1), `${signature}=`, signature.toLowerCase(), 'é']) {
			expect(verdict(name, POST, { sign: () => ({ ...right, [header]: wrong }) })).toEqual(
				refused('mismatch'),
			);
		}
	});

	it.each(['', '  '])('has no verdict with the key %j: anybody could sign with that', (key) => {
		const item = webhookItem({ ...POST, headers: sign(POST, key) }, WEBHOOK);
		expect(verify(item, key)).toEqual({ signed: false, why: 'noKey' });
	});

	it('takes path parameters as they were typed, sent or encoded', () => {
		const webhook = `${WEBHOOK}/:tenant/calls/:who`;
		for (const address of [
			`${WEBHOOK}/acme/calls/4711`,
			`${WEBHOOK}/acme%20inc/calls/caf%C3%A9`,
			`${WEBHOOK}/a@b:c+d/calls/x/`,
			`${WEBHOOK}/a%40b%3Ac%2Bd/calls/x%2525`,
		]) {
			const shown = `https://n8n.example.com/…`;
			expect(verdict(name, { ...POST, address }, { webhook })).toEqual(SIGNED);
			expect(
				verdict(
					name,
					{ ...POST, address },
					{ webhook, signed: { ...POST, address: `${WEBHOOK}/acme/calls/0` } },
				),
			).toEqual(refused('mismatch', expect.stringContaining(shown)));
		}
	});

	it('takes letters beyond ASCII in a path, signed as they were typed or as they were sent', () => {
		const webhook = 'https://n8n.example.com/webhook/café/:who';
		for (const path of ['café/Zoë', 'caf%C3%A9/Zo%C3%AB']) {
			const address = `https://n8n.example.com/webhook/${path}`;
			expect(verdict(name, { ...POST, address }, { webhook })).toEqual(SIGNED);
		}
	});

	it('takes a path that ends with a slash in n8n, with and without it', () => {
		const item = webhookItem({ ...POST, headers: sign(POST) }, WEBHOOK);
		expect(verify({ ...item, webhookUrl: `${WEBHOOK}/` }, KEY)).toEqual(SIGNED);
	});

	it('refuses a path parameter that only reads like another address', () => {
		const webhook = `${WEBHOOK}/:who`;
		for (const [signed, sent] of [
			[`${WEBHOOK}/a?b=c`, `${WEBHOOK}/a%3Fb%3Dc`],
			[`${WEBHOOK}/%41`, `${WEBHOOK}/%2541`],
			[`${WEBHOOK}/a/`, `${WEBHOOK}/a%2F`],
		] as const) {
			expect(verdict(name, { address: sent }, { webhook, signed: { address: signed } })).toEqual(
				refused('mismatch', expect.any(String)),
			);
		}
	});

	it('takes an address with user and password, as it is signed without them', () => {
		const address = WEBHOOK.replace('//', '//n8n:pa%24s%40@');
		expect(verdict(name, { ...POST, address }, { signed: POST })).toEqual(SIGNED);
	});

	it.each([
		['JSON', 'application/json', { CallUUID: 'c-1' }],
		['JSON with a list', 'application/json', { CallUUID: 'c-1', ids: [] }],
		['a number in a form', 'application/x-www-form-urlencoded', { CallUUID: 1 }],
		['a list of one in a form', 'application/x-www-form-urlencoded', { CallUUID: ['c-1'] }],
		['a form inside a form', 'application/x-www-form-urlencoded', { CallUUID: { a: 'b' } }],
		['half of a character', 'application/x-www-form-urlencoded', { CallUUID: 'c\ud83d' }],
		['one text and one number in a form', 'application/x-www-form-urlencoded', { a: ['b', 1] }],
		['text', 'text/plain', 'CallUUID=c-1'],
		['text that says it is a form', 'application/x-www-form-urlencoded', 'CallUUID=c-1'],
		['an empty list', 'application/json', []],
		['a list', 'application/json', ['c-1']],
		['fields of no known type', undefined, { CallUUID: 'c-1' }],
		['files', 'multipart/form-data; boundary=x', { CallUUID: 'c-1' }],
		['a type that ends like a form', 'x/application/x-www-form-urlencoded', { CallUUID: 'c-1' }],
		['a type that begins like a form', 'application/x-www-form-urlencoded2', { CallUUID: 'c-1' }],
	])('refuses %s as a body, whatever the signature', (_, type, body) => {
		const headers = asReceived(sign({ address: WEBHOOK, form: 'CallUUID=c-1' }));
		const item = { headers: { ...headers, 'content-type': type }, body, webhookUrl: WEBHOOK };
		expect(verify(item, KEY)).toEqual(refused('notForm'));
	});

	it.each(['', ';charset=utf-8', '; charset=utf-8', '  ; charset=utf-8', ' '])(
		'takes a form whose type goes on with %j, in either case of letters',
		(more) => {
			for (const type of [
				'application/x-www-form-urlencoded',
				'Application/X-WWW-Form-URLEncoded',
			]) {
				const callback = { address: WEBHOOK, form: 'CallUUID=c-1' };
				const headers = { ...sign(callback), 'content-type': `${type}${more}` };
				expect(verdict(name, callback, { sign: () => headers })).toEqual(SIGNED);
			}
		},
	);

	it.each([
		['nothing', undefined],
		['an item without headers', { CallUUID: 'c-1', webhookUrl: WEBHOOK }],
		['an item without an address', { headers: {}, body: {} }],
		['an address that is none', { headers: {}, webhookUrl: 'n8n.example.com/webhook/7c9f' }],
		['an address behind other words', { headers: {}, webhookUrl: `see ${WEBHOOK}` }],
		['an address with a query', { headers: {}, webhookUrl: `${WEBHOOK}?a=b` }],
		['a path parameter that is none', { headers: {}, params: { a: 1 }, webhookUrl: WEBHOOK }],
		['text', 'CallUUID=c-1'],
		['a list', [{}]],
	])('refuses %s: no item of a Webhook node', (_, item) => {
		expect(verify(item, KEY)).toEqual({ signed: false, why: 'noEvent' });
	});

	const at = (path: string) => `https://n8n.example.com/webhook/${path}`;
	/** An item without any field, at a webhook whose path n8n has as `template`. */
	const atPath = (template: string, address: string, params = {}) => {
		return verify(
			{ headers: asReceived(sign({ address })), params, webhookUrl: at(template) },
			KEY,
		);
	};

	it('takes what is fixed in the path for itself, whatever the parameters are called', () => {
		expect(atPath('xid/:id', at('xid/4711'), { id: '4711' })).toEqual(SIGNED);
		expect(atPath('xid/:id', at('4711/4711'), { id: '4711' })).toMatchObject({ why: 'mismatch' });
	});

	it('takes no more of what is fixed in the path as escaped than must be, a percent sign always', () => {
		expect(atPath('a,b', at('a,b'))).toEqual(SIGNED);
		expect(atPath('a,b', at('a%2Cb'))).toMatchObject({ why: 'mismatch' });
		expect(atPath(':id', at('a%2Cb'), { id: 'a,b' })).toEqual(SIGNED);
		expect(atPath('a%b', at('a%25b'))).toEqual(SIGNED);
		for (const other of ['ab', 'a%b']) {
			expect(atPath('a%b', at(other))).toMatchObject({ why: 'mismatch' });
		}
	});
});

describe.each(SIGNS_FIELDS)('%s signs the fields', (name) => {
	it('refuses a forged form and a forged query', () => {
		const forged = { ...POST, form: POST.form.replace('c-1', 'c-2') };
		expect(verdict(name, forged, { signed: POST })).toEqual(refused('mismatch'));
		const query = { address: GET.address.replace('c-1', 'c-2') };
		expect(verdict(name, query, { signed: GET })).toEqual(refused('mismatch'));
	});

	it('refuses a field more or less, in the form and in the query', () => {
		for (const form of [`${POST.form}&CallStatus=completed`, 'CallUUID=c-1', undefined]) {
			expect(verdict(name, { ...POST, form }, { signed: POST })).toEqual(refused('mismatch'));
		}
		for (const address of [`${GET.address}&x=1`, `${WEBHOOK}?CallUUID=c-1`, WEBHOOK]) {
			expect(verdict(name, { address }, { signed: GET })).toEqual(refused('mismatch'));
		}
		expect(verdict(name, { ...GET, form: 'CallUUID=c-2' }, { signed: GET })).toEqual(
			refused('mismatch'),
		);
	});

	it('takes repeated names, blanks of both kinds, and letters beyond ASCII', () => {
		const written = 'a=1&a=2&b=a%20b&c=a+b&d=caf%C3%A9&e=%F0%9F%98%80&f=&a.b=%2B1';
		expect(verdict(name, { ...POST, form: written })).toEqual(SIGNED);
		for (const query of ['a=1&a=2&b=a%20b&d=caf%C3%A9', 'a=1&a=2&b=a+b&f=&g=%2B1%3A2']) {
			expect(verdict(name, { address: `${WEBHOOK}?${query}` })).toEqual(SIGNED);
		}
	});

	it('takes a name like a[b] in a form, and says that it cannot rebuild it from a query', () => {
		expect(verdict(name, { ...POST, form: 'a%5Bb%5D=1&c%5B%5D=2&CallUUID=c-1' })).toEqual(SIGNED);
		for (const query of ['a[b]=1', 'a%5Bb%5D=1', 'a[]=1', 'a[0]=1', 'a[b][]=1']) {
			expect(verdict(name, { address: `${WEBHOOK}?${query}&CallUUID=c-1` })).toEqual(
				refused('query'),
			);
		}
	});

	it('more than 20 values of one name in a query cannot be rebuilt: n8n hands them over as an object', () => {
		const query = Array.from({ length: 22 }, (_, index) => `a=${index}`).join('&');
		expect(verdict(name, { address: `${WEBHOOK}?${query}` })).toEqual(refused('query'));
		expect(verdict(name, { ...POST, form: query })).toEqual(SIGNED);
	});
});

describe('Plivo alone', () => {
	const right = plivoSignature(POST, KEY, NONCE);
	const other = plivoSignature(POST, 'another', NONCE);

	it.each([
		['x-plivo-signature-v3', right, SIGNED],
		['x-plivo-signature-ma-v3', right, SIGNED],
		['x-plivo-signature-v3', `${other},${right}`, SIGNED],
		['x-plivo-signature-v3', `${right}, ${other}`, SIGNED],
		['x-plivo-signature-ma-v3', `${other}, ${right}`, SIGNED],
		['x-plivo-signature-v3', `${other},${other}`, refused('mismatch')],
		['x-plivo-signature-v3', `${right}${other}`, refused('mismatch')],
		['x-plivo-signature-v3', ' , ', refused('noHeaders')],
		['x-plivo-signature-v2', right, refused('noHeaders')],
	])('%s: one right signature among several is enough', (header, value, expected) => {
		const sign: Sign = () => ({ [header]: value, 'x-plivo-signature-v3-nonce': NONCE });
		expect(verdict('plivo', POST, { sign })).toEqual(expected);
	});

	it('refuses another nonce, and a signature without one', () => {
		const headers = { 'x-plivo-signature-v3': right };
		expect(
			verdict('plivo', POST, {
				sign: () => ({ ...headers, 'x-plivo-signature-v3-nonce': '0' }),
			}),
		).toEqual(refused('mismatch'));
		expect(verdict('plivo', POST, { sign: () => headers })).toEqual(refused('noHeaders'));
	});
});

describe('SignalWire alone', () => {
	it.each([
		['https://n8n.example.com/webhook/7c9f', 'https://n8n.example.com:443/webhook/7c9f'],
		['http://localhost/webhook/7c9f', 'http://localhost:80/webhook/7c9f'],
		['https://n8n.example.com:8443/webhook/7c9f', 'https://n8n.example.com/webhook/7c9f'],
		['http://[::1]:5678/webhook/7c9f', 'http://[::1]/webhook/7c9f'],
	])('%s may be signed as %s', (webhook, address) => {
		expect(
			verdict(
				'signalWire',
				{ ...POST, address: webhook },
				{ webhook, signed: { ...POST, address } },
			),
		).toEqual(SIGNED);
		const another = address.replace(/(:\d+)?\/webhook/, ':1/webhook');
		expect(
			verdict(
				'signalWire',
				{ ...POST, address: webhook },
				{ webhook, signed: { ...POST, address: another } },
			),
		).toMatchObject({ why: 'mismatch' });
	});

	it.each([
		'n8n:secret',
		'n8n:a$b&c',
		'n8n:a%24b%26c',
		'us%40er:pa:ss%2Fword',
		'us%40er:pa%3Ass%2Fword',
		'caf%C3%A9:%F0%9F%98%80',
		'n8n:',
	])('an address with %s may be signed with it, and with no other', (user) => {
		const address = WEBHOOK.replace('//', `//${user}@`);
		expect(verdict('signalWire', { ...POST, address })).toEqual(SIGNED);
		expect(
			verdict(
				'signalWire',
				{ ...POST, address: WEBHOOK.replace('//', '//n8n:guess@') },
				{ signed: { ...POST, address } },
			),
		).toEqual(refused('mismatch'));
	});

	it.each(['Bearer abc', 'Basic', 'Basic bm9jb2xvbg=='])(
		'takes no user from the header authorization %j',
		(authorization) => {
			const sign: Sign = (callback) => ({ ...providers.signalWire.sign(callback), authorization });
			expect(verdict('signalWire', POST, { sign })).toEqual(SIGNED);
		},
	);

	/** The verdict about an event that was signed with `user` in its address, and came with this header. */
	const withUser = (user: string, authorization: string) => {
		const address = WEBHOOK.replace('//', `//${user}@`);
		const sign: Sign = () => ({
			...providers.signalWire.sign({ ...POST, address }),
			authorization,
		});
		return verdict('signalWire', POST, { sign });
	};
	const inBase64 = (text: string) => Buffer.from(text).toString('base64');

	it('takes no user from a token of another kind', () => {
		const token = inBase64('n8n:secret');
		for (const header of [`Bearer ${token}`, `No Basic ${token}`, `Basic ${token} more`]) {
			expect(withUser('n8n:secret', header)).toEqual(refused('mismatch'));
		}
		expect(withUser('nocolo:nocolon', `Basic ${inBase64('nocolon')}`)).toEqual(refused('mismatch'));
	});

	it('takes a user of one letter, and a token behind several blanks', () => {
		expect(withUser('a:b', `basic   ${inBase64('a:b')}`)).toEqual(SIGNED);
	});

	it('an older signature counts only where there is no newer one', () => {
		const right = signalWireSignature(POST, KEY);
		expect(verdict('signalWire', POST, { sign: () => ({ 'x-twilio-signature': right }) })).toEqual(
			SIGNED,
		);
		expect(
			verdict('signalWire', POST, {
				sign: () => ({ 'x-twilio-signature': right, 'x-signalwire-signature': 'x' }),
			}),
		).toEqual(refused('mismatch'));
	});

	it.each([
		'at=2026-11-21T12:00:00Z&who=a@b.example',
		'at=2026-11-21T12%3A00%3A00Z&who=a%40b.example&what=it%27s+%28ok%29%21%2A',
		"what=it's%20(ok)!*&n=a%2Fb",
		'a=b=c',
	])('takes the query %s as it was written', (query) => {
		expect(verdict('signalWire', { ...POST, address: `${WEBHOOK}?${query}` })).toEqual(SIGNED);
	});
});

describe('Vobiz alone', () => {
	it('forged body passes: Vobiz does not sign the body', () => {
		const forged = { ...POST, form: 'CallUUID=another&Event=Hangup' };
		expect(verdict('vobiz', forged, { signed: POST })).toEqual(SIGNED);
	});

	it('forged query passes: Vobiz does not sign the query, so one that cannot be rebuilt does too', () => {
		for (const query of ['CallUUID=another', 'a[b]=1']) {
			expect(
				verdict('vobiz', { address: `${WEBHOOK}?${query}` }, { signed: { address: WEBHOOK } }),
			).toEqual(SIGNED);
		}
	});

	it('V2 does not separate address and nonce, so a path and a nonce with the same concatenation pass', () => {
		const sign: Sign = () => ({
			'x-vobiz-signature-v2': vobizSignature(`${WEBHOOK}1`, KEY, '23', 'v2'),
			'x-vobiz-signature-v2-nonce': '123',
		});
		expect(verdict('vobiz', POST, { sign })).toEqual(SIGNED);
	});

	it('refuses another nonce', () => {
		const sign: Sign = (callback) => ({
			...providers.vobiz.sign(callback),
			'X-Vobiz-Signature-V3-Nonce': '12345678901234567891',
		});
		expect(verdict('vobiz', POST, { sign })).toEqual(refused('mismatch'));
	});
});

describe('the address as a message may show it', () => {
	it.each([
		['https://n8n.example.com/webhook/7c9f-aa-41d2', {}, 'https://n8n.example.com/…41d2'],
		['http://localhost:5678/webhook-test/7c9f', {}, 'http://localhost:5678/…7c9f'],
		['https://user:secret@n8n.example.com/webhook/7c9f', {}, 'https://n8n.example.com/…7c9f'],
		['https://n8n.example.com/webhook/u/:who', { who: '4711' }, 'https://n8n.example.com/…4711'],
		['https://n8n.example.com/webhook/u/:who', { who: 'a b' }, 'https://n8n.example.com/…%20b'],
		['https://n8n.example.com/stop', {}, 'https://n8n.example.com/…'],
		['https://n8n.example.com/', {}, 'https://n8n.example.com/…'],
		['https://n8n.example.com/hook/ab', {}, 'https://n8n.example.com/…k/ab'],
	])('%s', (webhookUrl, params, expected) => {
		const item = {
			headers: { authorization: 'Basic YTpi' },
			params,
			query: { a: 'b' },
			webhookUrl,
		};
		expect(verifyPlivo(item, KEY)).toEqual({ signed: false, why: 'noHeaders', shown: expected });
	});
});
