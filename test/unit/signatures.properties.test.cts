/**
 * What holds of every signed event: the vendors' own validators and ours say the same of the raw
 * callback and of the item that n8n makes of it, and whatever is signed cannot be changed.
 */
import { createRequire } from 'node:module';
import { parse as parseForm } from 'node:querystring';

import fc from 'fast-check';

import { plivo as plivoProvider } from '../../nodes/StopAudioStream/providers/plivo';
import type { Provider } from '../../nodes/StopAudioStream/providers/provider';
import { signalWire as signalWireProvider } from '../../nodes/StopAudioStream/providers/signalWire';
import { vobiz as vobizProvider } from '../../nodes/StopAudioStream/providers/vobiz';
import {
	plivoSignature,
	signalWireSignature,
	verifierOf,
	vobizSignature,
	webhookItem,
	type Callback,
} from '../lib/callbacks.cts';

const RUNS = 1_000;

// Jest gives each test file an `Array` of its own, and Node's querystring makes lists of another:
// the SDKs ask `instanceof Array`, and must get the answer that they get outside Jest.
Object.defineProperty(Array, Symbol.hasInstance, { value: Array.isArray });

// Neither package has types that this import style finds.
const load = createRequire(__filename);
const { validateV3Signature }: { validateV3Signature: PlivoValidator } = load('plivo');
const { RestClient }: { RestClient: { validateRequest: SignalWireValidator } } = load(
	'@signalwire/compatibility-api',
);

type Params = NodeJS.Dict<string | string[]>;
type PlivoValidator = (
	method: 'GET' | 'POST',
	address: string,
	nonce: string,
	authToken: string,
	signatures: string,
	params: Params,
) => boolean;
type SignalWireValidator = (
	signingKey: string,
	signature: string,
	address: string,
	params: Params,
	suppressWarning: boolean,
) => boolean;

// ---- events

type Fields = ReadonlyArray<readonly [name: string, values: readonly string[]]>;

/** An event in plain words, before anybody writes it as a request. */
interface Event {
	readonly host: string;
	readonly test: boolean;
	readonly params: readonly string[];
	readonly slash: boolean;
	readonly user: string;
	readonly query: Fields;
	readonly form: Fields | undefined;
	readonly nonce: string;
	readonly key: string;
	/** How the address is written. */
	readonly path: (text: string) => string;
	readonly written: (text: string) => string;
}

const escaped = (text: string, characters: RegExp): string =>
	text.replace(
		characters,
		(one) => `%${one.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
	);
const component = encodeURIComponent;
const strict = (text: string): string => escaped(component(text), /[!'()*]/g);
const plus = (text: string): string => strict(text).replace(/%20/g, '+');
const browser = (text: string): string => escaped(encodeURI(text), /[/?#]/g);
const loose = (text: string): string => escaped(encodeURI(text), /[#&+]/g);

const text = fc.oneof(
	{ weight: 2, arbitrary: fc.constantFrom('c-1', 'completed', 'Hangup', '+15551230001', '4711') },
	fc.constantFrom(
		'',
		'a b',
		' ',
		'a+b',
		'a&b=c',
		'100%',
		'%41',
		"it's (ok)!*~",
		'2026-11-21T12:00:00Z',
	),
	fc.string({ unit: 'grapheme', maxLength: 6 }),
	fc.string({ maxLength: 6 }),
);
const formName = fc.oneof(
	{
		weight: 2,
		arbitrary: fc.constantFrom('CallUUID', 'CallSid', 'StreamID', 'StreamSid', 'Event'),
	},
	fc.constantFrom('a', 'ab', 'A', 'a[b]', 'a[]', 'a.b', 'toString', 'é', 'x y'),
	text,
);
// What n8n's query parser hands over whole: brackets nest, also those of a `]=` in a value, an empty
// name is dropped, and names that are whole numbers come first.
const isWhole = (name: string): boolean => name !== '' && !/[[\]]|^(\d+|__proto__)$/.test(name);
const fieldsOf = (name: fc.Arbitrary<string>, value = text): fc.Arbitrary<Fields> =>
	fc.uniqueArray(
		fc.tuple(
			name.filter((one) => one !== '__proto__'),
			fc.oneof(
				{ weight: 4, arbitrary: fc.tuple(value) },
				fc.array(value, { minLength: 2, maxLength: 4 }),
			),
		),
		{ selector: ([one]) => one, maxLength: 6 },
	);

const event: fc.Arbitrary<Event> = fc.record({
	host: fc.constantFrom(
		'https://n8n.example.com',
		'https://n8n.example.com:8443',
		'http://localhost:5678',
		'https://example.com/n8n',
	),
	test: fc.boolean(),
	params: fc.array(
		text.filter((one) => one !== '' && !one.includes('/')),
		{ maxLength: 2 },
	),
	slash: fc.boolean(),
	user: fc.constantFrom('', '', 'n8n:secret@', 'n8n:a%40b@'),
	query: fieldsOf(
		formName.filter(isWhole),
		text.filter((value) => !value.includes(']=')),
	),
	form: fc.option(
		fieldsOf(formName.filter((name) => name !== '')).filter((fields) => fields.length > 0),
		{ nil: undefined },
	),
	nonce: fc.stringMatching(/^[0-9]{1,20}$/),
	key: fc.stringMatching(/^[\w-]{1,40}$/),
	path: fc.constantFrom(component, browser),
	written: fc.constantFrom(component, strict, plus, loose),
});

const write = (fields: Fields, encode: (one: string) => string): string =>
	fields
		.flatMap(([name, values]) =>
			values.map((one) => `${escaped(encode(name), /=/g)}=${encode(one)}`),
		)
		.join('&');

const templateOf = ({ host, test, params }: Event): string =>
	[`${host}/${test ? 'webhook-test' : 'webhook'}/7c9f`, ...params.map((_, at) => `:p${at}`)].join(
		'/',
	);

const requestOf = (one: Event): Pick<Callback, 'address' | 'form'> => {
	const { host, test, params, slash, user, query, form } = one;
	const path = [test ? 'webhook-test' : 'webhook', '7c9f', ...params.map(one.path)].join('/');
	const queryText = query.length > 0 ? `?${write(query, one.written)}` : '';
	return {
		address: `${host.replace('//', `//${user}`)}/${path}${slash ? '/' : ''}${queryText}`,
		...(form && { form: write(form, one.written) }),
	};
};

// ---- the three schemes

interface Scheme {
	sign: (request: Pick<Callback, 'address' | 'form'>, signed: Event) => Record<string, string>;
	ours: (item: object | undefined, key: string) => boolean;
}

const signedBy = (provider: Provider): Scheme['ours'] => {
	const verify = verifierOf(provider);
	return (item, key) => verify(item, key).signed;
};

const plivo: Scheme = {
	sign: (request, { key, nonce }) => ({
		'X-Plivo-Signature-V3': plivoSignature(request, key, nonce),
		'X-Plivo-Signature-V3-Nonce': nonce,
	}),
	ours: signedBy(plivoProvider),
};
const signalWire: Scheme = {
	sign: (request, { key }) => ({ 'X-SignalWire-Signature': signalWireSignature(request, key) }),
	ours: signedBy(signalWireProvider),
};
const vobiz: Scheme = {
	sign: ({ address }, { key, nonce }) => ({
		'X-Vobiz-Signature-V3': vobizSignature(address, key, nonce),
		'X-Vobiz-Signature-V3-Nonce': nonce,
	}),
	ours: signedBy(vobizProvider),
};

/** What each vendor's own validator says of the callback as it was written. */
const byPlivo = ({ address, form, headers }: Callback, key: string): boolean =>
	validateV3Signature(
		form === undefined ? 'GET' : 'POST',
		address,
		headers['X-Plivo-Signature-V3-Nonce'] ?? '',
		key,
		headers['X-Plivo-Signature-V3'] ?? '',
		parseForm(form ?? ''),
	);
const bySignalWire = ({ address, form, headers }: Callback, key: string): boolean =>
	RestClient.validateRequest(
		key,
		headers['X-SignalWire-Signature'] ?? '',
		address,
		parseForm(form ?? ''),
		true,
	);

/** Plivo's SDK takes all before an `@` for user and password, also where it stands in a path or query. */
const canRead = (vendor: typeof byPlivo, { address }: Callback): boolean =>
	vendor !== byPlivo || !/^https?:\/\/[^/]*\/.*@/.test(address);

// ---- changes

type Change = (one: Event) => Event;

const changeFirst = (fields: Fields, change: (name: string, value: string) => [string, string]) =>
	fields.map(([name, values], at): Fields[number] => {
		const [first = '', ...rest] = values;
		const [newName, newValue] = change(name, first);
		return at === 0 ? [newName, [newValue, ...rest]] : [name, values];
	});
const without = (fields: Fields): Fields => fields.slice(1);
const withOne = (fields: Fields): Fields => [...fields, ['added', ['1']]];

const changes: Record<string, Change> = {
	'a value of the form': (one) => ({
		...one,
		form: one.form && changeFirst(one.form, (name, value) => [name, `${value}x`]),
	}),
	'a name of the form': (one) => ({
		...one,
		form: one.form && changeFirst(one.form, (name, value) => [`${name}x`, value]),
	}),
	'a field more in the form': (one) => ({ ...one, form: withOne(one.form ?? []) }),
	'a field less in the form': (one) => ({
		...one,
		form: one.form && one.form.length > 1 ? without(one.form) : undefined,
	}),
	'a value of the query': (one) => ({
		...one,
		query: changeFirst(one.query, (name, value) => [name, `${value}x`]),
	}),
	'a name of the query': (one) => ({
		...one,
		query: changeFirst(one.query, (name, value) => [`${name}x`, value]),
	}),
	'a field more in the query': (one) => ({ ...one, query: withOne(one.query) }),
	'a field less in the query': (one) => ({ ...one, query: without(one.query) }),
	'the path': (one) => ({ ...one, params: one.params.map((param) => `${param}x`) }),
	'test or production': (one) => ({ ...one, test: !one.test }),
	'the host': (one) => ({
		...one,
		host: one.host.replace('.com', '.org').replace('localhost', '[::1]'),
	}),
	'the nonce': (one) => ({ ...one, nonce: `${one.nonce}1` }),
	'the key': (one) => ({ ...one, key: `${one.key}x` }),
};

/** The callback that was signed as `signed`, and arrives as `sent`. */
const forge = ({ sign }: Scheme, signed: Event, sent: Event): Callback => {
	const headers = sign(requestOf(signed), signed);
	return {
		...requestOf(sent),
		headers: Object.fromEntries(
			Object.entries(headers).map(([name, value]) => [
				name,
				name.endsWith('Nonce') ? sent.nonce : value,
			]),
		),
	};
};

const check = (scheme: Scheme, signed: Event, sent: Event): boolean =>
	scheme.ours(webhookItem(forge(scheme, signed, sent), templateOf(sent)), sent.key);

const same = (one: unknown, other: unknown): boolean =>
	JSON.stringify(one) === JSON.stringify(other);

// ---- the vendors agree

describe.each([
	['Plivo', plivo, byPlivo],
	['SignalWire', signalWire, bySignalWire],
] as const)("%s's own validator and ours", (_, scheme, vendor) => {
	it(`accept the same ${RUNS} signed events`, () => {
		fc.assert(
			fc.property(event, (one) => {
				const callback = forge(scheme, one, one);
				fc.pre(canRead(vendor, callback));
				expect(vendor(callback, one.key)).toBe(true);
				expect(scheme.ours(webhookItem(callback, templateOf(one)), one.key)).toBe(true);
			}),
			{ numRuns: RUNS },
		);
	});

	it(`reject the same ${RUNS} forged events`, () => {
		fc.assert(
			fc.property(event, fc.constantFrom(...Object.values(changes)), (signed, change) => {
				const sent = change(signed);
				fc.pre(!same(signed, sent));
				const callback = forge(scheme, signed, sent);
				fc.pre(canRead(vendor, callback));
				const byVendor = vendor(callback, sent.key);
				expect(scheme.ours(webhookItem(callback, templateOf(sent)), sent.key)).toBe(byVendor);
				// SignalWire has no nonce.
				if (signed.nonce === sent.nonce || scheme === plivo) expect(byVendor).toBe(false);
			}),
			{ numRuns: RUNS },
		);
	});
});

// ---- Vobiz has no validator of its own

const signedByVobiz = ['the path', 'test or production', 'the host', 'the nonce', 'the key'];

describe('Vobiz, by its documented scheme', () => {
	it(`accepts ${RUNS} signed events`, () => {
		fc.assert(
			fc.property(event, (one) => {
				expect(check(vobiz, one, one)).toBe(true);
			}),
			{ numRuns: RUNS },
		);
	});

	it.each(Object.entries(changes))('%s is changed', (what, change) => {
		fc.assert(
			fc.property(event, (signed) => {
				const sent = change(signed);
				fc.pre(!same(signed, sent));
				expect(check(vobiz, signed, sent)).toBe(!signedByVobiz.includes(what));
			}),
			{ numRuns: 200 },
		);
	});

	it('forged body passes: Vobiz does not sign the body', () => {
		fc.assert(
			fc.property(event, fieldsOf(formName), (signed, form) => {
				expect(check(vobiz, signed, { ...signed, form })).toBe(true);
			}),
			{ numRuns: 200 },
		);
	});
});

// ---- whatever is signed cannot be changed

describe.each([
	['Plivo', plivo],
	['SignalWire', signalWire],
] as const)('%s', (name, scheme) => {
	it.each(Object.entries(changes).filter(([what]) => name === 'Plivo' || what !== 'the nonce'))(
		'refuses an event of which %s is changed',
		(_, change) => {
			fc.assert(
				fc.property(event, (signed) => {
					const sent = change(signed);
					fc.pre(!same(signed, sent));
					expect(check(scheme, signed, sent)).toBe(false);
				}),
				{ numRuns: 200 },
			);
		},
	);

	it('refuses any other fields, but for splits with the same concatenation', () => {
		// What is signed of the fields, without the boundaries; Plivo sorts the values of one name too.
		const joined = (fields: Fields | undefined): string =>
			[...(fields ?? [])]
				.sort(([a], [b]) => (a < b ? -1 : 1))
				.flatMap(([one, values]) =>
					(name === 'Plivo' ? [...values].sort() : values).map((value) => one + value),
				)
				.join('');
		fc.assert(
			fc.property(event, fieldsOf(formName), (signed, form) => {
				fc.pre(form.length > 0 && signed.form !== undefined && !same(form, signed.form));
				expect(check(scheme, signed, { ...signed, form })).toBe(
					joined(form) === joined(signed.form),
				);
			}),
			{ numRuns: RUNS },
		);
	});

	it('a split with the same concatenation passes: the ends of names and values are not signed', () => {
		fc.assert(
			fc.property(event, fc.stringMatching(/^[a-z]{3,9}$/), fc.nat(), (one, letters, at) => {
				const split = (end: number): Fields => [[letters.slice(0, end), [letters.slice(end)]]];
				const signed = { ...one, form: split(1) };
				const sent = { ...one, form: split(1 + (at % (letters.length - 1))) };
				expect(check(scheme, signed, sent)).toBe(true);
			}),
			{ numRuns: 200 },
		);
	});

	it('refuses any other path parameters', () => {
		const params = fc.array(
			text.filter((one) => one !== '' && !one.includes('/')),
			{ minLength: 1, maxLength: 2 },
		);
		fc.assert(
			fc.property(event, params, (signed, other) => {
				fc.pre(!same(signed.params, other));
				expect(check(scheme, signed, { ...signed, params: other })).toBe(false);
			}),
			{ numRuns: RUNS },
		);
	});
});

it('Plivo sorts the values of one name: their order is not signed', () => {
	fc.assert(
		fc.property(event, fc.shuffledSubarray(['1', '2', '3'], { minLength: 3 }), (one, values) => {
			const signed = { ...one, form: [['a', ['1', '2', '3']]] as const };
			expect(check(plivo, signed, { ...one, form: [['a', values]] })).toBe(true);
			expect(check(signalWire, signed, { ...one, form: [['a', values]] })).toBe(
				same(values, ['1', '2', '3']),
			);
		}),
		{ numRuns: 200 },
	);
});

it('never throws, and never takes what nobody signed', () => {
	fc.assert(
		fc.property(
			fc.anything(),
			fc.record({
				headers: fc.dictionary(
					fc.constantFrom(
						'x-plivo-signature-v3',
						'x-plivo-signature-v3-nonce',
						'authorization',
						'x-signalwire-signature',
						'x-vobiz-signature-v2',
						'x-vobiz-signature-v2-nonce',
						'content-type',
					),
					fc.oneof(fc.string(), fc.constant('application/x-www-form-urlencoded'), fc.anything()),
				),
				params: fc.anything(),
				query: fc.oneof(fc.anything(), fc.dictionary(fc.string(), fc.string({ unit: 'binary' }))),
				body: fc.oneof(fc.anything(), fc.dictionary(fc.string(), fc.string({ unit: 'binary' }))),
				webhookUrl: fc.oneof(fc.webUrl(), fc.string(), fc.constant('https://a.example/webhook/:p')),
			}),
			fc.string(),
			(anything, item, key) => {
				for (const { ours } of [plivo, signalWire, vobiz]) {
					expect(ours(anything as object, key)).toBe(false);
					expect(ours(item, key)).toBe(false);
				}
			},
		),
		{ numRuns: RUNS },
	);
});
