/**
 * What holds of every signed event: the vendors' own validators and ours say the same of the raw
 * callback and of the item that n8n makes of it, and whatever is signed cannot be changed.
 */
import { parse } from 'node:querystring';

import fc from 'fast-check';

import { SIGNERS, verdictOf, webhookItem, type Callback } from '../lib/callbacks.cts';
import type { Signable } from '../lib/stand-ins/signatures.cts';
import { isSignedByPlivo, isSignedBySignalWire } from '../lib/vendorSdks.cts';

const RUNS = 1_000;

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

const requestOf = (one: Event): Signable => {
	const { host, test, params, slash, user, query, form } = one;
	const path = [test ? 'webhook-test' : 'webhook', '7c9f', ...params.map(one.path)].join('/');
	const queryText = query.length > 0 ? `?${write(query, one.written)}` : '';
	return {
		address: `${host.replace('//', `//${user}`)}/${path}${slash ? '/' : ''}${queryText}`,
		...(form && { form: write(form, one.written) }),
	};
};

// ---- the vendors' own checks

/** What a vendor's own check says of the callback as it was written. */
type Check = (callback: Callback, key: string) => boolean;

const byPlivo: Check = ({ address, form, headers }, key) =>
	isSignedByPlivo(
		form === undefined ? 'GET' : 'POST',
		address,
		headers['X-Plivo-Signature-V3-Nonce'] ?? '',
		key,
		headers['X-Plivo-Signature-V3'] ?? '',
		parse(form ?? ''),
	);
const bySignalWire: Check = ({ address, form, headers }, key) =>
	isSignedBySignalWire(key, headers['X-SignalWire-Signature'] ?? '', address, parse(form ?? ''));

/** Plivo's SDK takes all before an `@` for user and password, also where it stands in a path or query. */
const canRead = (vendor: Check, { address }: Callback): boolean =>
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

/** The callback of a provider that was signed as `signed`, and arrives as `sent`. */
const forge = (provider: string, signed: Event, sent: Event): Callback => {
	const headers = SIGNERS[provider]?.(requestOf(signed), signed.key, signed.nonce) ?? {};
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

const isTaken = (provider: string, signed: Event, sent: Event): boolean => {
	const item = webhookItem(forge(provider, signed, sent), templateOf(sent));
	return verdictOf(provider, item, sent.key) === 'signed';
};

const same = (one: unknown, other: unknown): boolean =>
	JSON.stringify(one) === JSON.stringify(other);

const holds = <Values extends [unknown, ...unknown[]]>(
	arbitraries: { [At in keyof Values]: fc.Arbitrary<Values[At]> },
	check: (...values: Values) => void,
	numRuns = RUNS,
): void => fc.assert(fc.property<Values>(...arbitraries, check), { numRuns });

// ---- the vendors agree

describe.each([
	['plivo', byPlivo],
	['signalWire', bySignalWire],
] as const)("the vendor's own check and ours (%s)", (provider, vendor) => {
	test('both take the same 1,000 signed events', () => {
		holds([event], (one) => {
			const callback = forge(provider, one, one);
			fc.pre(canRead(vendor, callback));
			expect(vendor(callback, one.key)).toBe(true);
			expect(isTaken(provider, one, one)).toBe(true);
		});
	});

	test('both refuse the same 1,000 forged events', () => {
		holds([event, fc.constantFrom(...Object.values(changes))], (signed, change) => {
			const sent = change(signed);
			fc.pre(!same(signed, sent));
			const callback = forge(provider, signed, sent);
			fc.pre(canRead(vendor, callback));
			const byVendor = vendor(callback, sent.key);
			expect(isTaken(provider, signed, sent)).toBe(byVendor);
			// SignalWire has no nonce.
			if (signed.nonce === sent.nonce || provider === 'plivo') expect(byVendor).toBe(false);
		});
	});

	test('any other fields are refused, but for splits with the same concatenation', () => {
		// What is signed of the fields, without the boundaries; Plivo sorts the values of one name too.
		const joined = (fields: Fields | undefined): string =>
			[...(fields ?? [])]
				.sort(([a], [b]) => (a < b ? -1 : 1))
				.flatMap(([one, values]) =>
					(provider === 'plivo' ? [...values].sort() : values).map((value) => one + value),
				)
				.join('');
		holds([event, fieldsOf(formName)], (signed, form) => {
			fc.pre(form.length > 0 && signed.form !== undefined && !same(form, signed.form));
			const isSame = joined(form) === joined(signed.form);
			expect(isTaken(provider, signed, { ...signed, form })).toBe(isSame);
		});
	});

	test('NOT PROTECTED: a split with the same concatenation passes, its ends are not signed', () => {
		holds([event, fc.stringMatching(/^[a-z]{3,9}$/), fc.nat()], (one, letters, at) => {
			const split = (end: number): Fields => [[letters.slice(0, end), [letters.slice(end)]]];
			const sent = { ...one, form: split(1 + (at % (letters.length - 1))) };
			expect(isTaken(provider, { ...one, form: split(1) }, sent)).toBe(true);
		});
	});

	test('any other path parameters are refused', () => {
		const params = fc.array(
			text.filter((one) => one !== '' && !one.includes('/')),
			{ minLength: 1, maxLength: 2 },
		);
		holds([event, params], (signed, other) => {
			fc.pre(!same(signed.params, other));
			expect(isTaken(provider, signed, { ...signed, params: other })).toBe(false);
		});
	});
});

// ---- Vobiz has no validator of its own

const signedByVobiz = ['the path', 'test or production', 'the host', 'the nonce', 'the key'];

test('Vobiz by its documented scheme: 1,000 signed events are taken', () => {
	holds([event], (one) => expect(isTaken('vobiz', one, one)).toBe(true));
});

test.each(Object.entries(changes))(
	'Vobiz by its documented scheme: an event with a change of %s is refused where that is signed',
	(what, change) => {
		const check = (signed: Event) => {
			const sent = change(signed);
			fc.pre(!same(signed, sent));
			expect(isTaken('vobiz', signed, sent)).toBe(!signedByVobiz.includes(what));
		};
		holds([event], check, 200);
	},
);

test('Plivo signs no order of the values of one name, and SignalWire does', () => {
	const order = fc.shuffledSubarray(['1', '2', '3'], { minLength: 3 });
	const check = (one: Event, values: string[]) => {
		const signed = { ...one, form: [['a', ['1', '2', '3']]] as const };
		const sent = { ...one, form: [['a', values]] as const };
		expect(isTaken('plivo', signed, sent)).toBe(true);
		expect(isTaken('signalWire', signed, sent)).toBe(same(values, ['1', '2', '3']));
	};
	holds([event, order], check, 200);
});

test('whatever comes, no check throws, and none takes what nobody signed', () => {
	const names = [
		'x-plivo-signature-v3',
		'x-plivo-signature-v3-nonce',
		'authorization',
		'x-signalwire-signature',
		'x-vobiz-signature-v2',
		'x-vobiz-signature-v2-nonce',
		'content-type',
	];
	const fields = fc.oneof(fc.anything(), fc.dictionary(fc.string(), fc.string({ unit: 'binary' })));
	const header = fc.oneof(
		fc.string(),
		fc.constant('application/x-www-form-urlencoded'),
		fc.anything(),
	);
	const item = fc.record({
		headers: fc.dictionary(fc.constantFrom(...names), header),
		params: fc.anything(),
		query: fields,
		body: fields,
		webhookUrl: fc.oneof(fc.webUrl(), fc.string(), fc.constant('https://a.example/webhook/:p')),
	});
	holds([fc.oneof(fc.anything(), item), fc.string()], (anything, key) => {
		for (const provider of Object.keys(SIGNERS)) {
			expect(verdictOf(provider, anything, key)).not.toBe('signed');
		}
	});
});
