// What holds for any input. A failing case prints its seed and path; `fc.assert(…, {seed, path})` runs it
// again.

import fc from 'fast-check';
import { readAccount } from '../../nodes/StopAudioStream/providers/account';
import { secretMask } from '../../nodes/StopAudioStream/outcome/secrets';
import {
	meaningOfStatus,
	readEnd,
	type SendEnd,
} from '../../nodes/StopAudioStream/outcome/verdicts';
import { providers } from '../../nodes/StopAudioStream/providers/index';
import type { Account, Ids, Provider, Way } from '../../nodes/StopAudioStream/providers/provider';
import { Refusal } from '../../nodes/StopAudioStream/words/sentences';
import { trimmed } from '../../nodes/StopAudioStream/words/values';
import { runInFakeTime } from '../lib/fakeRun.cts';
import { range } from '../lib/lives.cts';
import { providerOf } from '../lib/providerOf.cts';
import { readWith, type Fields } from '../lib/readEvent.cts';

const RUNS = { numRuns: Number(process.env.PROPERTY_RUNS ?? 300) };
const account: Account = {
	origin: 'https://api.example',
	id: 'MA EXAMPLE/1',
	token: 'example-token',
	signingKey: '',
};
const signalWire = providerOf('signalWire');

/** Any text: of Unicode, of what URLs are made of, and with halves of characters. */
const anyText = fc.oneof(
	fc.string({ unit: 'binary' }),
	fc.string({ unit: 'grapheme' }),
	fc.string({ unit: fc.constantFrom(...Array.from('./%?#&=;:@\\ \t\n+aA0é')), maxLength: 12 }),
	fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a', '.') }),
	fc.constantFrom('..', '.', '...', '', ' ', '%2e%2e', '../..', 'a/../b', 'a%2Fb', '\u0000', '？'),
);

/** The segments of a path that its documents leave open. */
interface Segments {
	account: string;
	id: string;
	stream: string;
}

/** Where each way's ids stand in its request, by provider and choice; the account's API path before them. */
const PATHS: Record<string, (of: Segments) => string> = {
	'plivo stopStream': (of) => `/v1/Account/${of.account}/Call/${of.id}/Stream/${of.stream}/`,
	'plivo stopAllStreams': (of) => `/v1/Account/${of.account}/Call/${of.id}/Stream/`,
	'vobiz stopStream': (of) => `/api/v1/Account/${of.account}/Call/${of.id}/Stream/${of.stream}/`,
	'vobiz stopAllStreams': (of) => `/api/v1/Account/${of.account}/Call/${of.id}/Stream/`,
	'signalWire sid': (of) =>
		`/api/laml/2010-04-01/Accounts/${of.account}/Calls/${of.id}/Streams/${of.stream}`,
	'signalWire conferenceSid': (of) =>
		`/api/laml/2010-04-01/Accounts/${of.account}/Conferences/${of.id}/Streams/${of.stream}`,
	'signalWire name': (of) => `/api/laml/2010-04-01/Accounts/${of.account}/Calls/${of.id}`,
	'signalWire controlId': () => '/api/calling/calls',
};

/** Every way of every provider, by a title that says its choices. */
const WAYS: Array<[title: string, provider: Provider, way: Way]> = providers.flatMap((provider) =>
	provider.ways.map((way): [string, Provider, Way] => [
		`${provider.name} ${way.choice?.streamBy ?? way.operation}`,
		provider,
		way,
	]),
);

/** What a saved node holds for a way. */
const fieldsOf = ({ name }: Provider, { operation, choice, on, document }: Way): Fields => ({
	provider: name,
	operation,
	...(choice && { streamBy: choice.streamBy }),
	...(document && { cxmlUrl: 'https://a.example/x' }),
	[on.id]: 'id-1',
	stream: 'stream-1',
});

/** What the node makes of its fields, or the refusal. */
function request(fields: Fields) {
	try {
		const { way, ids } = readWith(fields);
		return { built: way.build(account, ids), ids, refusal: undefined };
	} catch (thrown) {
		if (thrown instanceof Refusal) return { refusal: thrown.failure };
		throw thrown;
	}
}

test('each way has its documented path here', () => {
	expect(WAYS.map(([title]) => title).sort()).toEqual(Object.keys(PATHS).sort());
});

describe.each(WAYS)('%s', (title, provider, way) => {
	const fields = fieldsOf(provider, way);

	test('any ids yield exactly the documented path, or a refusal in words', () => {
		fc.assert(
			fc.property(anyText, anyText, (id, stream) => {
				const { built, refusal } = request({ ...fields, [way.on.id]: id, stream });
				if (refusal) {
					expect(refusal.todo).toMatch(/\S/);
					expect(refusal.what).toMatch(
						/^'[\w ]+' (is empty|holds only dots|contains a broken character|holds “.*)$/s,
					);
					return;
				}
				const segment = (text: string) => encodeURIComponent(trimmed(text));
				const path = PATHS[title]?.({
					account: 'MA%20EXAMPLE%2F1',
					id: segment(id),
					stream: way.stream ? segment(stream) : '',
				});
				expect(built.url.startsWith(account.origin)).toBe(true);
				expect(built.url.slice(account.origin.length)).toBe(path);
				// What goes out is what was built: no URL parser makes another of it.
				expect(new URL(built.url).href).toBe(built.url);
				if (way.choice?.streamBy === 'controlId') {
					expect(built.json).toEqual({
						id: trimmed(id),
						command: 'calling.stream.stop',
						params: { control_id: trimmed(stream) },
					});
				}
			}),
			RUNS,
		);
	});

	const ids: Ids = readWith(fields).ids;

	/** What an answer to this way's stop comes to. */
	const outcomeOf = (statusCode: number, body: unknown) => {
		const answer = { statusCode, headers: {}, body };
		const own = meaningOfStatus(statusCode) === undefined ? way.read(answer, ids) : undefined;
		const end: SendEnd = { kind: 'answer', answer, ...(own && { own }) };
		return readEnd(provider, way, end);
	};

	/** Bodies that lie as well as they can: with every word that any provider says at a success. */
	const friendlyBody = fc.oneof(
		fc.constantFrom<unknown>('', 'stopped', 'No active stream found', null, [], {}),
		fc.json().map((text): unknown => JSON.parse(text)),
		fc.record(
			{
				api_id: fc.constant('x'),
				status: fc.constantFrom<unknown>('stopped', 'error', 'queued', 'completed', 200),
				message: fc.constantFrom(
					'Stream stopped successfully',
					'completed call',
					'No active stream found',
				),
				error: fc.constantFrom<unknown>('No active stream found', 'Not Found', 'Stream not found', {
					code: 'X',
					message: 'No active stream found',
				}),
				errors: fc.constantFrom<unknown[]>(
					[],
					['completed call'],
					[{ code: '10000', message: 'An attempt was made to update a completed call' }],
					[{ code: 'cannot_update_completed', message: 'Completed calls cannot be updated.' }],
				),
				code: fc.constantFrom<unknown>(10000, '21220', 20404),
				streams_stopped: fc.constantFrom(0, 1),
				sid: fc.constant('x'),
			},
			{ requiredKeys: [] },
		),
	);

	test('401, 403, 407, 408, 429, 3xx and 5xx are never a success, whatever the body says', () => {
		const status = fc.oneof(
			fc.constantFrom(401, 403, 407, 408, 429),
			fc.integer({ min: 300, max: 399 }),
			fc.integer({ min: 500, max: 599 }),
			fc.integer({ min: 100, max: 199 }),
		);
		fc.assert(
			fc.property(status, friendlyBody, (statusCode, body) => {
				const reading = outcomeOf(statusCode, body);
				const what = 'failure' in reading ? reading.failure.what : 'a success';
				expect(what).not.toBe('a success');
				expect(what.replace(/: “.*”/s, '')).not.toMatch(/undefined|\[object|\{|NaN/);
			}),
			RUNS,
		);
	});

	test('no answer other than 2xx is ever taken for a stop of this request', () => {
		fc.assert(
			fc.property(fc.integer({ min: 300, max: 599 }), friendlyBody, (statusCode, body) => {
				const reading = outcomeOf(statusCode, body);
				expect(['stopped', 'accepted']).not.toContain('status' in reading && reading.status);
			}),
			RUNS,
		);
	});

	test('fields that nobody knows change no outcome, but where a body without any is told apart', () => {
		const known = [
			...['api_id', 'status', 'message', 'error', 'errors', 'code', 'streams_stopped', 'sid', 'id'],
			'__proto__',
		];
		const unknown = fc.dictionary(
			fc.string().filter((key) => !known.includes(key)),
			fc.jsonValue(),
		);
		const status = fc.constantFrom(200, 202, 204, 400, 404, 409, 422, 429, 500);
		fc.assert(
			fc.property(status, friendlyBody, unknown, (statusCode, body, more) => {
				fc.pre(typeof body === 'object' && body !== null && !Array.isArray(body));
				// Plivo's own 404 may be an empty object: with anything in it, it is none.
				fc.pre(Object.keys(body).length > 0);
				const outcome = JSON.stringify(outcomeOf(statusCode, body));
				expect(JSON.stringify(outcomeOf(statusCode, { ...more, ...body }))).toBe(outcome);
				expect(JSON.stringify(outcomeOf(statusCode, { ...body, ...more }))).toBe(outcome);
			}),
			RUNS,
		);
	});
});

describe('SignalWire by name', () => {
	const address = fc
		.tuple(
			fc.webUrl({
				validSchemes: ['https', 'http'],
				withQueryParameters: true,
				withFragments: true,
			}),
			fc.constantFrom(
				'',
				'?',
				'?a=1',
				'?a=%20+b&STREAMNAME=old',
				'?STREAMNAME=x&STREAMNAME=y&c',
				'?&&a',
				'#rt=3000',
				'?q=é#rt=1&STREAMNAME=z',
			),
		)
		.map(([url, more]) => (url.includes('?') || url.includes('#') ? url : url + more));
	/** The form that goes out for a document at this address. */
	const formFor = (cxmlUrl: string, stream: string, options: Fields = {}) => {
		const { built } = request({
			provider: 'signalWire',
			streamBy: 'name',
			callId: 'call-1',
			cxmlUrl,
			stream,
			options,
		});
		return { Url: '', FallbackUrl: '', ...built?.form };
	};
	const wellFormed = anyText.filter((text) => text !== '' && !/\p{Surrogate}/u.test(text));

	test('the document gets any stream name as it is; the rest of its address stays to the letter', () => {
		fc.assert(
			fc.property(address, wellFormed, (url, name) => {
				const { Url } = formFor(url, name);
				expect(new URL(Url).searchParams.getAll('STREAMNAME')).toEqual([name]);
				const [before = '', fragment] = url.split(/(?=#)/s);
				expect(Url.split(/(?=#)/s)[1]).toBe(fragment);
				const [path, query = ''] = before.split(/\?(.*)/s);
				expect(Url.split('?')[0]).toBe(path);
				const others = (text: string) =>
					text.split('&').filter((part) => part && !/^STREAMNAME(=|$)/.test(part));
				const [sent = ''] = Url.split(/(?=#)/s);
				expect(others(sent.split(/\?(.*)/s)[1] ?? '')).toEqual(others(query));
			}),
			RUNS,
		);
	});

	test('the fallback is treated the same, and any parameter name too', () => {
		const parameter = wellFormed.map((text) => text.trim()).filter((text) => text !== '');
		fc.assert(
			fc.property(address, parameter, wellFormed, (url, nameParameter, name) => {
				const { Url, FallbackUrl } = formFor(url, name, { nameParameter, cxmlFallbackUrl: url });
				expect(FallbackUrl).toBe(Url);
				expect(new URL(Url).searchParams.getAll(nameParameter)).toEqual([name]);
			}),
			RUNS,
		);
	});

	test('without a name, the address goes out to the letter', () => {
		fc.assert(
			fc.property(address, (url) => {
				expect(formFor(url, '').Url).toBe(url.trim());
			}),
			RUNS,
		);
	});
});

describe('an address in a credential', () => {
	const read = (spaceUrl: string) =>
		readAccount(signalWire.credential, { spaceUrl, projectId: 'p', apiToken: 'example' });

	test('means the same however often it is read, and however it is pasted', () => {
		const part = fc.constantFrom('', '/', '/v1', '/api/v1/', '/dashboard?x=1#y', '?a', '#b');
		fc.assert(
			fc.property(
				fc.domain(),
				part,
				fc.constantFrom('', 'https://', 'HTTPS://'),
				(domain, tail, scheme) => {
					const { origin } = read(`  ${scheme}${domain}${tail} `);
					expect(origin).toBe(`https://${domain.toLowerCase()}`);
					expect(read(origin).origin).toBe(origin);
				},
			),
			RUNS,
		);
	});

	test('is https, on this machine, or refused: whatever was typed', () => {
		const typed = fc.oneof(
			anyText,
			fc.webUrl(),
			fc.string().map((text) => `http://${text}`),
		);
		fc.assert(
			fc.property(typed, (text) => {
				let origin: string;
				try {
					({ origin } = read(text));
				} catch (thrown) {
					expect(thrown).toBeInstanceOf(Refusal);
					return;
				}
				expect(read(origin).origin).toBe(origin);
				const { protocol, hostname, username, password } = new URL(origin);
				const loopback = /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(hostname);
				expect(protocol === 'https:' || loopback).toBe(true);
				expect(username + password).toBe('');
			}),
			RUNS,
		);
	});
});

describe('masking', () => {
	const secret = fc
		.string({
			unit: fc.constantFrom(...Array.from('abcXYZ0189-_+/=%&"\\ é')),
			minLength: 4,
			maxLength: 60,
		})
		.filter((text) => text.trim() === text);
	const around = fc.string();

	test('no form of the secret survives in any text, at any depth, in values or in keys', () => {
		fc.assert(
			fc.property(secret, around, around, fc.nat(20), (token, before, behind, depth) => {
				const id = 'MAEXAMPLE';
				const forms = [
					token,
					encodeURIComponent(token),
					Buffer.from(`${id}:${token}`).toString('base64'),
				];
				for (const form of forms) {
					const text = `${before}${form}${behind}${form}`;
					let shown: unknown = { [text]: [text, { deep: text }], message: text };
					for (const n of range(depth)) shown = n % 2 ? [shown] : { shown };
					const masked: string[] = [];
					const walk = (part: unknown) => {
						if (typeof part === 'string') masked.push(part);
						if (typeof part !== 'object' || part === null) return;
						for (const [key, each] of Object.entries(part)) {
							masked.push(key);
							walk(each);
						}
					};
					walk(secretMask({ ...account, id, token })(shown));
					for (const one of masked) expect(one.includes(form)).toBe(false);
				}
			}),
			RUNS,
		);
	});

	test('what holds no secret is left as it is', () => {
		fc.assert(
			fc.property(fc.jsonValue(), (value) => {
				const token = 'example-token-of-a-length';
				expect(secretMask({ ...account, id: 'MAEXAMPLE', token })(value)).toEqual(value);
			}),
			RUNS,
		);
	});
});

describe('waiting before a repeat', () => {
	afterEach(() => jest.useRealTimers());

	test('stays within its bounds, whatever the provider asks for', async () => {
		const asked = fc.oneof(
			fc.integer({ min: -10, max: 100 }).map(String),
			fc.double().map(String),
			fc
				.date({ noInvalidDate: true, min: new Date('2020-01-01'), max: new Date('2040-01-01') })
				.map((date) => date.toUTCString()),
			fc.string(),
		);
		const now = Date.parse('2026-01-31T10:00:00Z');
		const attempts = fc.array(
			fc.record({
				statusCode: fc.constantFrom(408, 429, 500, 502, 503, 504),
				headers: fc.record(
					{ 'retry-after': asked, 'x-ratelimit-reset': asked, date: asked },
					{ requiredKeys: [] },
				),
			}),
			{ minLength: 1, maxLength: 5 },
		);
		await fc.assert(
			fc.asyncProperty(attempts, fc.integer({ min: 0, max: 10 }), async (answers, maxRetries) => {
				jest.useFakeTimers({ now });
				const { sentAt, took } = await runInFakeTime({
					parameters: { provider: 'vobiz', options: { maxRetries } },
					fates: answers,
					node: { onError: 'continueRegularOutput' },
				});
				expect(sentAt.length).toBeLessThanOrEqual(maxRetries + 1);
				for (const [n, at] of sentAt.slice(1).entries()) {
					expect(at - Number(sentAt[n])).toBeGreaterThanOrEqual(0);
					expect(at - Number(sentAt[n])).toBeLessThanOrEqual(30_001);
				}
				expect(took).toBeLessThanOrEqual(120_000);
			}),
			{ numRuns: 200 },
		);
	});
});
