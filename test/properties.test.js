'use strict';

// What holds for any input. A failing case prints its seed and path; `fc.assert(…, {seed, path})` runs it
// again.

const fc = require('fast-check');
const { startStandIn } = require('./stand-ins');
const { stopAt } = require('./support/stops');
const { BUILT, fakeSender, providers } = require('./support/fakeSender');
const { readAccount } = require(`${BUILT}/account`);
const { readEnd } = require(`${BUILT}/outcome`);
const { readItem } = require(`${BUILT}/readItem`);
const { secretMask } = require(`${BUILT}/secrets`);

const RUNS = { numRuns: Number(process.env.PROPERTY_RUNS ?? 300) };
const account = { origin: 'https://api.example', id: 'MA EXAMPLE/1', token: 'example-token' };
const [plivo, signalWire, vobiz] = providers;

/** Any text: of Unicode, of what URLs are made of, and with halves of characters. */
const anyText = fc.oneof(
	fc.string({ unit: 'binary' }),
	fc.string({ unit: 'grapheme' }),
	fc.string({ unit: fc.constantFrom(...'./%?#&=;:@\\ \t\n+aA0é'), maxLength: 12 }),
	fc.string({ unit: fc.constantFrom('\ud800', '\udc00', 'a', '.') }),
	fc.constantFrom('..', '.', '...', '', ' ', '%2e%2e', '../..', 'a/../b', 'a%2Fb', '\u0000', '？'),
);

/** Each provider's ways to stop, with what a saved node holds and where the ids stand in the request. */
const WAYS = [
	[
		plivo,
		{ operation: 'stopStream' },
		(id) => `/v1/Account/${id.account}/Call/${id.call}/Stream/${id.stream}/`,
	],
	[
		plivo,
		{ operation: 'stopAllStreams' },
		(id) => `/v1/Account/${id.account}/Call/${id.call}/Stream/`,
	],
	[
		vobiz,
		{ operation: 'stopStream' },
		(id) => `/api/v1/Account/${id.account}/Call/${id.call}/Stream/${id.stream}/`,
	],
	[
		vobiz,
		{ operation: 'stopAllStreams' },
		(id) => `/api/v1/Account/${id.account}/Call/${id.call}/Stream/`,
	],
	[
		signalWire,
		{ streamBy: 'sid' },
		(id) => `/api/laml/2010-04-01/Accounts/${id.account}/Calls/${id.call}/Streams/${id.stream}`,
	],
	[
		signalWire,
		{ streamBy: 'name', cxmlUrl: 'https://a.example/x' },
		(id) => `/api/laml/2010-04-01/Accounts/${id.account}/Calls/${id.call}`,
	],
	[signalWire, { streamBy: 'controlId' }, () => '/api/calling/calls'],
].map(([provider, fields, path]) => ({ provider, fields, path }));

const title = ({ provider, fields }) =>
	`${provider.displayName}, ${fields.streamBy ?? fields.operation}`;

/** What the node makes of its fields; a sentence where it refuses. */
function read(way, fields) {
	const values = { provider: way.provider.name, ...way.fields, ...fields };
	try {
		const { target } = readItem((name, fallback) => values[name] ?? fallback, {}, {});
		return { target, request: way.provider.buildStop(account, target) };
	} catch (thrown) {
		return { refusal: thrown };
	}
}

describe.each(WAYS.map((way) => [title(way), way]))('%s', (_, way) => {
	test('any ids yield exactly the documented path, or a refusal in words', () => {
		fc.assert(
			fc.property(anyText, anyText, (callId, stream) => {
				const { request, refusal } = read(way, { callId, stream });
				if (refusal) {
					expect(refusal.todo).toEqual(expect.any(String));
					expect(refusal.message).toMatch(
						/^'[\w ]+' (is empty|holds only dots|holds half of a character)$/,
					);
					return;
				}
				const segment = (text) => encodeURIComponent(text.trim());
				const path = way.path({
					account: 'MA%20EXAMPLE%2F1',
					call: segment(callId),
					stream: way.fields.operation === 'stopAllStreams' ? '' : segment(stream),
				});
				expect(request.url).toBe(account.origin + path);
				// What goes out is what was built: no URL parser makes another of it.
				expect(new URL(request.url).href).toBe(request.url);
				expect(new URL(request.url).pathname.split('/')).toHaveLength(path.split('/').length);
				if (way.fields.streamBy === 'controlId') {
					expect(request.json).toEqual({
						id: callId.trim(),
						command: 'calling.stream.stop',
						params: { control_id: stream.trim() },
					});
				}
			}),
			RUNS,
		);
	});

	const target = () => read(way, { callId: 'call-1', stream: 'stream-1' }).target;

	/** Bodies that lie as well as they can: with every word that any provider says at a success. */
	const friendlyBody = fc.oneof(
		fc.constantFrom('', 'stopped', 'No active stream found', null, [], {}),
		fc.json().map((text) => JSON.parse(text)),
		fc.record(
			{
				api_id: fc.constant('x'),
				status: fc.constantFrom('stopped', 'error', 'queued', 'completed', 200),
				message: fc.constantFrom(
					'Stream stopped successfully',
					'completed call',
					'No active stream found',
				),
				error: fc.constantFrom('No active stream found', 'Not Found', 'Stream not found', {
					code: 'X',
					message: 'No active stream found',
				}),
				errors: fc.constantFrom(
					[],
					['completed call'],
					[{ code: '10000', message: 'An attempt was made to update a completed call' }],
				),
				code: fc.constantFrom(10000, '21220', 20404),
				streams_stopped: fc.constantFrom(0, 1),
				sid: fc.constant('x'),
			},
			{ requiredKeys: [] },
		),
	);

	test('401, 403, 408, 429, 3xx and 5xx are never a success, whatever the body says', () => {
		const status = fc.oneof(
			fc.constantFrom(401, 403, 408, 429),
			fc.integer({ min: 300, max: 399 }),
			fc.integer({ min: 500, max: 599 }),
			fc.integer({ min: 100, max: 199 }),
		);
		fc.assert(
			fc.property(status, friendlyBody, (statusCode, body) => {
				const end = { kind: 'answer', answer: { statusCode, headers: {}, body } };
				const reading = readEnd(way.provider, target(), account, end);
				expect(reading).toHaveProperty('failure');
				const own = reading.failure.what.replace(/: “.*”/s, '');
				expect(own).not.toMatch(/undefined|\[object|\{|NaN/);
			}),
			RUNS,
		);
	});

	test('no answer other than 2xx is ever taken for a stop of this request', () => {
		fc.assert(
			fc.property(fc.integer({ min: 300, max: 599 }), friendlyBody, (statusCode, body) => {
				const end = { kind: 'answer', answer: { statusCode, headers: {}, body } };
				const { status } = readEnd(way.provider, target(), account, end);
				expect(['stopped', 'accepted']).not.toContain(status);
			}),
			RUNS,
		);
	});

	test('fields that nobody knows change no outcome', () => {
		const known = [
			'api_id',
			'status',
			'message',
			'error',
			'errors',
			'code',
			'streams_stopped',
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
				const outcome = (of) => {
					const end = { kind: 'answer', answer: { statusCode, headers: {}, body: of } };
					return JSON.stringify(readEnd(way.provider, target(), account, end));
				};
				expect(outcome({ ...more, ...body })).toBe(outcome(body));
				expect(outcome({ ...body, ...more })).toBe(outcome(body));
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
	const way = WAYS.find(({ fields }) => fields.streamBy === 'name');
	const build = (cxmlUrl, stream, options = {}) =>
		read({ ...way, fields: { ...way.fields, cxmlUrl } }, { callId: 'call-1', stream, options });
	const wellFormed = anyText.filter((text) => text !== '' && text.isWellFormed());

	test('the document gets any stream name as it is; the rest of its address stays to the letter', () => {
		fc.assert(
			fc.property(address, wellFormed, (url, name) => {
				const { request } = build(url, name);
				const { Url } = request.form;
				const named = new URL(Url).searchParams.getAll('STREAMNAME');
				expect(named).toEqual([name]);
				const [before, fragment] = url.split(/(?=#)/s);
				expect(Url.split(/(?=#)/s)[1]).toBe(fragment);
				const [path, query = ''] = before.split(/\?(.*)/s);
				expect(Url.split('?')[0]).toBe(path);
				const others = (text) =>
					text.split('&').filter((part) => part && !/^STREAMNAME(=|$)/.test(part));
				expect(others(Url.split(/(?=#)/s)[0].split(/\?(.*)/s)[1])).toEqual(others(query));
			}),
			RUNS,
		);
	});

	test('the fallback is treated the same, and any parameter name too', () => {
		const parameter = wellFormed.map((text) => text.trim()).filter((text) => text !== '');
		fc.assert(
			fc.property(address, parameter, wellFormed, (url, nameParameter, name) => {
				const { request } = build(url, name, { nameParameter, cxmlFallbackUrl: url });
				expect(request.form.FallbackUrl).toBe(request.form.Url);
				expect(new URL(request.form.Url).searchParams.getAll(nameParameter)).toEqual([name]);
			}),
			RUNS,
		);
	});

	test('without a name, the address goes out to the letter', () => {
		fc.assert(
			fc.property(address, (url) => {
				expect(build(url, '').request.form.Url).toBe(url.trim());
			}),
			RUNS,
		);
	});
});

describe('an address in a credential', () => {
	const spec = signalWire.credential;
	const read = (spaceUrl) => readAccount(spec, { spaceUrl, projectId: 'p', apiToken: 'example' });

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
		fc.assert(
			fc.property(
				fc.oneof(
					anyText,
					fc.webUrl(),
					fc.string().map((text) => `http://${text}`),
				),
				(typed) => {
					let origin;
					try {
						origin = read(typed).origin;
					} catch (refusal) {
						expect(refusal.todo).toEqual(expect.any(String));
						return;
					}
					expect(read(origin).origin).toBe(origin);
					const { protocol, hostname, username, password } = new URL(origin);
					const loopback = /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/.test(hostname);
					expect(protocol === 'https:' || loopback).toBe(true);
					expect(username + password).toBe('');
				},
			),
			RUNS,
		);
	});
});

describe('masking', () => {
	const secret = fc
		.string({ unit: fc.constantFrom(...'abcXYZ0189-_+/=%&"\\ é'), minLength: 4, maxLength: 60 })
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
					let shown = { [text]: [text, { deep: text }], message: text };
					for (let n = 0; n < depth; n += 1) shown = n % 2 ? [shown] : { shown };
					const masked = [];
					const walk = (part) => {
						if (typeof part === 'string') masked.push(part);
						else if (part)
							for (const [key, each] of Object.entries(part)) masked.push(key) && walk(each);
					};
					walk(secretMask({ id, token })(shown));
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
				expect(secretMask({ id: 'MAEXAMPLE', token })(value)).toEqual(value);
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
					{ 'retry-after': asked, 'x-ratelimit-reset': asked },
					{ requiredKeys: [] },
				),
			}),
			{ minLength: 1, maxLength: 5 },
		);
		await fc.assert(
			fc.asyncProperty(attempts, fc.integer({ min: 0, max: 10 }), async (answers, maxRetries) => {
				jest.useFakeTimers({ now });
				const { send, sentAt } = fakeSender(answers, { provider: 'vobiz' });
				let endedAt;
				const sending = send({ maxRetries }).finally(() => (endedAt = Date.now()));
				await jest.advanceTimersByTimeAsync(200_000);
				await sending;
				expect(sentAt.length).toBeLessThanOrEqual(maxRetries + 1);
				for (const [n, at] of sentAt.slice(1).entries()) {
					expect(at - sentAt[n]).toBeGreaterThanOrEqual(0);
					expect(at - sentAt[n]).toBeLessThanOrEqual(30_001);
				}
				expect(endedAt - now).toBeLessThanOrEqual(120_000);
			}),
			{ numRuns: 200 },
		);
	});
});

describe.each(['plivo', 'signalWire', 'vobiz'])('%s', (provider) => {
	test('any number of stops by id leave the same state as one', async () => {
		const standIn = await startStandIn(provider);
		try {
			await fc.assert(
				fc.asyncProperty(
					fc.array(fc.nat(3), { minLength: 1, maxLength: 8 }),
					fc.boolean(),
					async (stops, all) => {
						standIn.reset();
						const call = standIn.addCall();
						const streams = Array.from({ length: 4 }, () => standIn.startStream(call.id));
						const stopAll = all && provider !== 'signalWire';
						const run = await stopAt(
							standIn,
							stops.map((n) => ({ call, stream: streams[n] })),
							{ parameters: stopAll ? { operation: 'stopAllStreams' } : {} },
						);
						expect(run.error).toBeUndefined();
						const down = streams.map((_, n) => stopAll || stops.includes(n));
						expect(streams.map(({ running }) => !running)).toEqual(down);
						expect(call.up).toBe(true);
					},
				),
				{ numRuns: 25 },
			);
		} finally {
			await standIn.close();
		}
	}, 60_000);
});
