import { forkStandIn, providers, startStandIn } from '../lib/stand-ins/index.cts';
import { opened, start } from '../lib/opened.cts';
import {
	form,
	listen,
	paths,
	send,
	signed,
	withStream,
	type Account,
	type Answered,
} from '../lib/providerRequests.cts';

/** The events that name a call and no stream. */
const ABOUT_CALLS = [
	'Hangup',
	'Dial',
	'StartApp',
	'call.ended',
	'call-completed',
	'call-status',
	'calling.call.state',
];

describe.each(providers)('the stand-in of %s', (provider) => {
	const path = paths[provider];

	test('stops a stream and leaves its call and the others alone', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s);
		const other = s.startStream(call.id);
		const answer = await path.stop(s, call.id, stream.id);
		expect(answer.status).toBe(provider === 'signalWire' ? 200 : 204);
		expect(stream).toMatchObject({ running: false, endTime: expect.any(String) });
		expect(other.running).toBe(true);
		expect(call.up).toBe(true);
		s.expectOnContract();
	});

	test.each(['again', 'unknown', 'of another call'] as const)(
		'finds nothing to stop: %s',
		async (which) => {
			const s = await start(provider);
			const { call, stream } = withStream(s);
			const other = withStream(s);
			const id = { again: stream.id, unknown: 'nobody', 'of another call': other.stream.id }[which];
			if (which === 'again') await path.stop(s, call.id, stream.id);
			expect((await path.stop(s, call.id, id)).status).toBe(path.unknownStream);
			expect(other.stream.running).toBe(true);
			s.expectOnContract();
		},
	);

	test('does not know a call that nobody started', async () => {
		const s = await start(provider);
		expect((await path.stop(s, 'nobody', 'nothing')).status).toBe(404);
	});

	test('ends the call with the stream that alone kept it alive', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s, { keepsCallAlive: true });
		const other = s.startStream(call.id);
		await path.stop(s, call.id, stream.id);
		expect(call).toMatchObject({ up: false, status: 'completed' });
		expect(other.running).toBe(false);
	});

	test('passes the credential test with the right secret and no other', async () => {
		const s = await start(provider);
		expect((await send(s, 'GET', path.test(s))).status).toBe(200);
		const credentials = { ...s.credentials, authToken: 'no', apiToken: 'no' };
		const headers = signed({ url: s.url, provider, credentials });
		const refused = await send(s, 'GET', path.test(s), { headers });
		expect(refused.status).toBe(401);
		s.expectOnContract();
	});

	test('answers 401 to a request without credentials, which is off contract', async () => {
		const s = await start(provider);
		expect((await send(s, 'GET', path.test(s), { headers: {} })).status).toBe(401);
		expect(s.offContract()).toHaveLength(1);
		expect(() => s.expectOnContract()).toThrow(/header (Authorization|X-Auth-ID)/);
	});

	test('refuses a path with another account, which is off contract', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s);
		const stranger = path.streams(s, call.id).replace(/Accounts?\/[^/]+/, '$&0');
		const answer =
			provider === 'signalWire'
				? await send(s, 'POST', `${stranger}/${stream.id}`, form({ Status: 'stopped' }))
				: await send(s, 'DELETE', `${stranger}${stream.id}/`);
		expect(answer.status).toBe(401);
		expect(stream.running).toBe(true);
		expect(s.offContract()).toHaveLength(1);
	});

	test('takes an encoded id as one segment and keeps the path as it arrived', async () => {
		const s = await start(provider);
		const id = 'a/b ?#%é..';
		const { call, stream } = withStream(s, { id });
		await path.stop(s, call.id, encodeURIComponent(id));
		expect(stream.running).toBe(false);
		expect(s.requests[0]?.path).toContain('a%2Fb%20%3F%23%25%C3%A9..');
		s.expectOnContract();
	});

	test.each(['..', '%2e%2E', '.', 'a%zz', 'a%ff', 'a"b'])(
		'calls the segment %s off contract',
		async (segment) => {
			const s = await start(provider);
			const { call, stream } = withStream(s);
			const answer = await path.stop(s, call.id, segment);
			expect(answer.status).toBeGreaterThanOrEqual(400);
			expect(s.offContract()).toHaveLength(1);
			expect(stream.running).toBe(true);
		},
	);

	test('records what arrived and what went out', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s);
		const before = Date.now();
		const { status } = await path.stop(s, call.id, stream.id);
		expect(s.requests).toHaveLength(1);
		const [request] = s.requests;
		if (!request) throw new Error('Nothing was recorded');
		expect(request).toMatchObject({
			method: provider === 'signalWire' ? 'POST' : 'DELETE',
			body: provider === 'signalWire' ? 'Status=stopped' : '',
			status,
			offContract: null,
		});
		expect(request.at).toBeGreaterThanOrEqual(before);
		expect(request.answeredAt).toBeGreaterThanOrEqual(request.at);
		expect(JSON.stringify(request.headers)).toContain(s.secrets.at(provider === 'vobiz' ? 0 : -1));
	});

	test('asks for a fault with each request and its number, before the effect', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s);
		const asked: [number, boolean][] = [];
		s.fault = (_request, n) => {
			asked.push([n, stream.running]);
			return n === 1
				? { status: 503, body: '<h1>Sorry</h1>', headers: { 'Retry-After': '1' } }
				: undefined;
		};
		const first = await path.stop(s, call.id, stream.id);
		expect(first).toMatchObject({ status: 503, text: '<h1>Sorry</h1>' });
		expect(first.headers).toMatchObject({
			'content-type': 'text/html; charset=utf-8',
			'retry-after': '1',
		});
		expect(stream.running).toBe(true);
		expect((await path.stop(s, call.id, stream.id)).status).toBeLessThan(300);
		expect(asked).toEqual([
			[1, true],
			[2, true],
		]);
	});

	test('can stop the stream and answer something else', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s);
		s.fault = () => ({ status: 500, body: { error: 'late' }, afterEffect: true });
		expect(await path.stop(s, call.id, stream.id)).toMatchObject({
			status: 500,
			json: { error: 'late' },
		});
		expect(stream.running).toBe(false);
	});

	test.each([
		['before', true],
		['after', false],
	] as const)('can drop the connection %s the effect', async (reset, running) => {
		const s = await start(provider);
		const { call, stream } = withStream(s);
		s.fault = () => ({ reset });
		await expect(path.stop(s, call.id, stream.id)).rejects.toMatchObject({ code: 'ECONNRESET' });
		expect(stream.running).toBe(running);
		expect(s.requests[0]).toMatchObject({ status: null, answeredAt: null });
	});

	test('can cut an answer off in its body and in its head', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s);
		s.fault = () => ({ truncate: true, status: 404, body: { error: 'Not quite all of this' } });
		await expect(path.stop(s, call.id, stream.id)).rejects.toThrow('aborted');
		s.fault = () => ({ truncate: true, status: 204 });
		await expect(path.stop(s, call.id, stream.id)).rejects.toThrow();
	});

	test('can wait before the effect, and between the effect and the answer', async () => {
		const s = await start(provider, { delayMs: 60 });
		const { call, stream } = withStream(s);
		const other = s.startStream(call.id);
		const began = performance.now();
		await path.stop(s, call.id, stream.id);
		expect(performance.now() - began).toBeGreaterThan(50);
		s.fault = () => ({ delayMs: 0, stallMs: 200 });
		const stalled = path.stop(s, call.id, other.id);
		while (other.running) await new Promise(setImmediate);
		expect(s.requests[1]?.answeredAt).toBeNull();
		await stalled;
		const { at, answeredAt } = s.requests[1] ?? { at: 0, answeredAt: 0 };
		expect((answeredAt ?? 0) - at).toBeGreaterThan(150);
	});

	test('ends its waits when it closes', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s);
		s.fault = () => ({ stallMs: 60_000 });
		const stalled = path.stop(s, call.id, stream.id);
		stalled.catch(() => undefined);
		while (s.requests.length === 0) await new Promise(setImmediate);
		await s.close();
		await expect(stalled).rejects.toThrow();
	});

	test('takes so many requests in a window and refuses the rest in its own shape', async () => {
		const s = await start(provider, {
			rateLimit: { requests: 3, perMs: 60_000, retryAfter: true },
		});
		const { call } = withStream(s);
		const streams = Array.from({ length: 5 }, () => s.startStream(call.id));
		const answers = await Promise.all(streams.map(({ id }) => path.stop(s, call.id, id)));
		const refused = answers.filter(({ status }) => status === 429);
		expect(refused).toHaveLength(2);
		expect(streams.filter(({ running }) => running)).toHaveLength(2);
		expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0);
		expect(refused[0]?.json).toMatchObject(
			{
				plivo: { api_id: expect.any(String), error: expect.any(String) },
				signalWire: { code: 20429, status: 429 },
				vobiz: {
					status: 'error',
					error: { code: 'RATE_LIMIT_EXCEEDED', details: { retryAfter: expect.any(Number) } },
				},
			}[provider],
		);
	});

	test('opens a new window in time, and can keep Retry-After to itself', async () => {
		const s = await start(provider, { rateLimit: { requests: 1, perMs: 300, retryAfter: false } });
		const { call, stream } = withStream(s);
		const tries = [];
		const began = performance.now();
		while (performance.now() - began < 900) tries.push(await path.stop(s, call.id, stream.id));
		const taken = tries.filter(({ status }) => status !== 429);
		expect(taken.length).toBeGreaterThanOrEqual(3);
		expect(taken.length).toBeLessThanOrEqual(4);
		const refused = tries.find(({ status }) => status === 429);
		expect(refused?.headers['retry-after']).toBeUndefined();
		expect(refused?.text).not.toContain('retryAfter');
	});

	test('makes its documented events, with the ids of the stream and the document they come from', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s, { name: 'my stream' });
		expect(s.callbackKinds.length).toBeGreaterThanOrEqual(5);
		for (const kind of s.callbackKinds) {
			const { body, contentType, source } = s.callback(kind, stream);
			expect(JSON.stringify(body).includes(call.id)).toBe(!kind.endsWith('without call_id'));
			expect(source).toMatch(/\.(com|ai)\//);
			expect(contentType).toMatch(/^application\/(json|x-www-form-urlencoded)$/);
			const isAboutCall = ABOUT_CALLS.includes(kind);
			const namesNoStreamId = isAboutCall || kind.startsWith('calling.call.stream');
			expect(JSON.stringify(body).includes(stream.id)).toBe(!namesNoStreamId);
			if (isAboutCall) expect(s.callback(kind, call).body).toEqual(body);
			else expect(() => s.callback(kind, call)).toThrow('about a stream');
		}
		expect(() => s.callback('nothing', stream)).toThrow(`no 'nothing'`);
	});

	test('forgets all when it is reset', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s);
		await path.stop(s, call.id, stream.id);
		s.reset();
		expect([s.requests, s.streams(), s.call(call.id)]).toEqual([[], [], undefined]);
	});
});

test('refuses to stand in for a provider that it does not know', async () => {
	await expect(startStandIn('twilio')).rejects.toThrow(`no stand-in of 'twilio'`);
});

test('runs in a process of its own, and tells what arrived in figures', async () => {
	const s = opened(
		await forkStandIn('plivo', { delayMs: 20, rateLimit: { requests: 4, perMs: 60_000 } }),
	);
	const seeded = await s.seed(3, 2);
	expect(seeded).toHaveLength(6);
	expect(await s.running()).toBe(6);
	await Promise.all(seeded.map(({ call, stream }) => paths.plivo.stop(s, call.id, stream.id)));
	expect(await s.running()).toBe(2);
	const summary = await s.requests();
	expect(summary).toMatchObject({
		total: 6,
		byStatus: { 204: 4, 429: 2 },
		offContract: [],
		windowMs: 60_000,
		mostInWindow: 6,
	});
	expect(summary.mostAtOnce).toBeGreaterThan(1);
	await s.reset();
	expect(await s.requests(10)).toMatchObject({ total: 0, windowMs: 10, mostAtOnce: 0 });
});

test('ends the process of a stand-in that could not start', async () => {
	await expect(forkStandIn('twilio')).rejects.toThrow(`no stand-in of 'twilio'`);
});

interface Page {
	meta: { next: unknown; previous: unknown };
	objects: unknown[];
}

/** A page of a list, as Plivo's documents have it. */
function pageIn({ text }: Answered): Page {
	const page: Page = JSON.parse(text);
	return page;
}

describe('Plivo', () => {
	const { plivo } = paths;

	test('says that no active stream was found', async () => {
		const s = await start('plivo');
		const { call } = withStream(s);
		expect((await plivo.stop(s, call.id, 'nobody')).json).toEqual({
			api_id: expect.any(String),
			error: 'No active stream found',
		});
	});

	test.each([
		['new', 404, 404, 204],
		['old', 400, 400, 400],
	] as const)(
		'in its %s generation answers an ended call with %d, and stop-all without a stream with %d or %d',
		async (generation, one, all, none) => {
			const s = await start('plivo', { generation });
			const { call, stream } = withStream(s);
			await plivo.stop(s, call.id, stream.id);
			expect((await send(s, 'DELETE', plivo.streams(s, call.id))).status).toBe(none);
			s.endCall(call.id);
			expect((await plivo.stop(s, call.id, stream.id)).status).toBe(one);
			expect((await send(s, 'DELETE', plivo.streams(s, call.id))).status).toBe(all);
		},
	);

	test('stops all streams of one call', async () => {
		const s = await start('plivo');
		const { call, stream } = withStream(s);
		const second = s.startStream(call.id);
		const other = withStream(s).stream;
		const answer = await send(s, 'DELETE', plivo.streams(s, call.id));
		expect(answer).toMatchObject({ status: 204, text: '' });
		expect([stream.running, second.running, other.running]).toEqual([false, false, true]);
	});

	test('takes its paths with and without the last slash, and no other way', async () => {
		const s = await start('plivo');
		const { call, stream } = withStream(s);
		const one = `${plivo.streams(s, call.id)}${stream.id}`;
		expect((await send(s, 'GET', one)).status).toBe(200);
		expect((await send(s, 'GET', `${one}/`)).status).toBe(200);
		expect((await send(s, 'DELETE', one)).status).toBe(204);
		expect((await send(s, 'DELETE', plivo.streams(s, call.id).slice(0, -1))).status).toBe(204);
		expect((await send(s, 'GET', plivo.account(s))).status).toBe(200);
		s.expectOnContract();
		expect((await send(s, 'DELETE', `${plivo.streams(s, call.id)}/`)).status).toBe(404);
		expect((await send(s, 'GET', one.toLowerCase())).status).toBe(404);
		expect((await send(s, 'PATCH', one)).status).toBe(405);
		expect(s.offContract()).toHaveLength(3);
	});

	test.each([
		['a body', '', { body: {} }],
		['a query', '?force=true', {}],
	])('calls a DELETE with %s off contract and stops nothing', async (_what, query, options) => {
		const s = await start('plivo');
		const { call, stream } = withStream(s);
		const path = `${plivo.streams(s, call.id)}${stream.id}/${query}`;
		expect((await send(s, 'DELETE', path, options)).status).toBe(400);
		expect(stream.running).toBe(true);
		expect(s.offContract()).toHaveLength(1);
	});

	test('starts a stream', async () => {
		const s = await start('plivo');
		const call = s.addCall();
		const body = { service_url: 'wss://audio.example.com/stream', bidirectional: true };
		const { status, json } = await send(s, 'POST', plivo.streams(s, call.id), { body });
		expect(status).toBe(202);
		expect(s.stream(String(json.stream_id))).toMatchObject({ running: true, callId: call.id });
		const bad = await send(s, 'POST', plivo.streams(s, call.id), {
			body: { service_url: 'http://x' },
		});
		expect(bad.status).toBe(400);
		s.expectOnContract();
		expect((await send(s, 'POST', plivo.streams(s, call.id), { body: {} })).status).toBe(400);
		expect(s.offContract()).toHaveLength(1);
	});

	test('shows a running and an ended stream, also of an ended call', async () => {
		const s = await start('plivo');
		const { call, stream } = withStream(s);
		const path = `${plivo.streams(s, call.id)}${stream.id}/`;
		expect((await send(s, 'GET', path)).json).toMatchObject({
			stream_id: stream.id,
			call_uuid: call.id,
			status: 'initiated',
			end_time: null,
		});
		s.endCall(call.id);
		const { json } = await send(s, 'GET', path);
		expect(json.end_time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00$/);
		expect((await send(s, 'GET', `${plivo.streams(s, call.id)}nobody/`)).status).toBe(404);
	});

	test('lists the streams of a call page by page, the stopped ones too', async () => {
		const s = await start('plivo');
		const call = s.addCall();
		for (let i = 0; i < 45; i += 1) s.startStream(call.id, { id: `stream-${i}` });
		await plivo.stop(s, call.id, 'stream-0');
		let next: unknown = plivo.streams(s, call.id);
		const pages: Page[] = [];
		while (typeof next === 'string') {
			const page = pageIn(await send(s, 'GET', next));
			pages.push(page);
			next = page.meta.next;
		}
		expect(pages.map(({ objects }) => objects.length)).toEqual([20, 20, 5]);
		expect(pages[0]?.objects[0]).toMatchObject({
			stream_id: 'stream-0',
			end_time: expect.any(String),
		});
		expect(pages[1]?.meta).toMatchObject({ limit: 20, offset: 20, total_count: 45 });
		expect(pages[2]?.meta.previous).toContain('offset=20');
		s.expectOnContract();
		expect((await send(s, 'GET', `${plivo.streams(s, call.id)}?limit=21`)).status).toBe(400);
		expect(s.offContract()).toHaveLength(1);
	});
});

describe('Vobiz', () => {
	const { vobiz } = paths;

	test.each([
		['the wrong case', (path: string) => path.replace('/Account/', '/account/')],
		['a missing last slash', (path: string) => path.slice(0, -1)],
	])('answers 401 to %s, which is off contract', async (_what, spoil) => {
		const s = await start('vobiz');
		const { call, stream } = withStream(s);
		const answer = await send(s, 'DELETE', spoil(`${vobiz.streams(s, call.id)}${stream.id}/`));
		expect(answer).toMatchObject({ status: 401, json: { error: { code: 'UNAUTHORIZED' } } });
		expect(stream.running).toBe(true);
		expect(s.offContract()).toHaveLength(1);
	});

	test('in its new generation says 204, or that the stream was not found', async () => {
		const s = await start('vobiz');
		const { call, stream } = withStream(s);
		expect(stream.id).toMatch(/^str_/);
		expect(await vobiz.stop(s, call.id, stream.id)).toMatchObject({ status: 204, text: '' });
		expect((await vobiz.stop(s, call.id, stream.id)).json).toEqual({
			api_id: expect.any(String),
			error: 'Stream not found',
		});
		s.startStream(call.id);
		for (let i = 0; i < 2; i += 1) {
			expect((await send(s, 'DELETE', vobiz.streams(s, call.id))).status).toBe(204);
		}
		expect(s.streams().some(({ running }) => running)).toBe(false);
	});

	test('in its old generation answers with a message, a count, or that no stream is active', async () => {
		const s = await start('vobiz', { generation: 'old' });
		const { call, stream } = withStream(s);
		expect(await vobiz.stop(s, call.id, stream.id)).toMatchObject({
			status: 200,
			json: { message: 'Stream stopped successfully', stream_id: stream.id },
		});
		const none = { status: 404, json: { error: 'No active stream found' } };
		expect(await vobiz.stop(s, call.id, stream.id)).toMatchObject(none);
		s.startStream(call.id);
		s.startStream(call.id);
		expect(await send(s, 'DELETE', vobiz.streams(s, call.id))).toMatchObject({
			status: 200,
			json: { message: 'All streams stopped successfully', streams_stopped: 2 },
		});
		expect(await send(s, 'DELETE', vobiz.streams(s, call.id))).toMatchObject(none);
	});

	test.each(['telephony', 'platform'] as const)(
		'can refuse everything in the %s shape',
		async (shape) => {
			const s = await start('vobiz');
			s.errorShape = shape;
			const { call } = withStream(s);
			const { error } = (await vobiz.stop(s, call.id, 'nobody')).json;
			expect(error).toEqual(
				shape === 'telephony'
					? 'Stream not found'
					: { code: 'NOT_FOUND', message: 'Stream not found', details: {} },
			);
		},
	);

	test('shows a stream as in-progress, then as completed', async () => {
		const s = await start('vobiz');
		const { call, stream } = withStream(s);
		const path = `${vobiz.streams(s, call.id)}${stream.id}/`;
		expect((await send(s, 'GET', path)).json).toMatchObject({
			stream_id: stream.id,
			status: 'in-progress',
			end_time: null,
		});
		await vobiz.stop(s, call.id, stream.id);
		expect((await send(s, 'GET', path)).json).toMatchObject({
			status: 'completed',
			end_time: stream.endTime,
		});
		expect((await send(s, 'GET', `${vobiz.streams(s, call.id)}nobody/`)).status).toBe(404);
	});

	test('lists the streams of a call in pages, or as older clients expect them', async () => {
		const s = await start('vobiz');
		const call = s.addCall();
		for (let i = 0; i < 25; i += 1) s.startStream(call.id);
		const list = async () =>
			(await send(s, 'GET', `${vobiz.streams(s, call.id)}?limit=20&offset=20`)).json;
		expect(await list()).toMatchObject({ page: 2, per_page: 20, total: 25 });
		expect((await list()).objects).toHaveLength(5);
		s.listShape = 'meta';
		expect(await list()).toMatchObject({ meta: { limit: 20, offset: 20, total_count: 25 } });
		s.listShape = 'single';
		expect(await list()).toMatchObject({ stream_id: s.streams()[20]?.id });
		s.expectOnContract();
		expect((await send(s, 'GET', vobiz.streams(s, 'nobody'))).status).toBe(404);
	});

	test('starts a stream, and sends the start message of its generation', async () => {
		const s = await start('vobiz');
		const call = s.addCall();
		const body = { service_url: 'wss://audio.example.com/stream' };
		const { status, json } = await send(s, 'POST', vobiz.streams(s, call.id), { body });
		expect(status).toBe(202);
		const stream = s.stream(String(json.stream_id));
		if (!stream) throw new Error('It names no stream');
		expect(s.callback('ws-start', stream).body.start).toMatchObject({ streamId: stream.id });
		const old = await start('vobiz', { generation: 'old' });
		const before = withStream(old);
		expect(old.callback('ws-start', before.stream).body.streamId).toBe(before.stream.id);
	});

	test('holds a second secret in its account details', async () => {
		const s = await start('vobiz');
		const { text } = await send(s, 'GET', '/api/v1/auth/me');
		expect(s.secrets.some((secret) => text.includes(secret))).toBe(true);
	});
});

describe('SignalWire', () => {
	const { signalWire } = paths;
	const callPath = (s: Account, { id }: { id: string }): string => signalWire.call(s, id);
	const update = (
		s: Account,
		call: { id: string },
		fields: Record<string, string>,
	): Promise<Answered> => send(s, 'POST', callPath(s, call), form(fields));
	const KEEP = '<Pause length="60"/>';
	const stopping = (name: string, then = KEEP): string =>
		`<?xml version="1.0" encoding="UTF-8"?><Response><Stop><Stream name="${name}"/></Stop>${then}</Response>`;

	test('answers a stop with the stream as it is now', async () => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s, { name: 'my stream' });
		expect((await signalWire.stop(s, call.id, stream.id)).json).toEqual({
			sid: stream.id,
			account_sid: s.credentials.projectId,
			call_sid: call.id,
			name: 'my stream',
			status: 'stopped',
			date_updated: expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000$/),
			uri: expect.stringMatching(/\.json$/),
		});
	});

	test.each([
		['no body', {}],
		['another status', form({ Status: 'completed' })],
		['a second field', form({ Status: 'stopped', Name: 'x' })],
		['the status twice', { body: new URLSearchParams('Status=stopped&Status=stopped') }],
		['JSON', { body: { Status: 'stopped' } }],
	])('refuses a stop with %s, which is off contract', async (_what, options) => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s);
		const path = `${signalWire.streams(s, call.id)}/${stream.id}`;
		expect((await send(s, 'POST', path, options)).status).toBe(422);
		expect(stream.running).toBe(true);
		expect(s.offContract()).toHaveLength(1);
	});

	test.each([
		[
			'compat',
			{ code: 20404, message: expect.any(String), more_info: expect.any(String), status: 404 },
		],
		[
			'errors',
			{ errors: [{ code: '20404', message: expect.any(String), more_info: expect.any(String) }] },
		],
		['strings', { errors: [expect.any(String)] }],
	] as const)('can refuse in the %s shape', async (shape, body) => {
		const s = await start('signalWire');
		s.errorShape = shape;
		const { call } = withStream(s);
		expect((await signalWire.stop(s, call.id, 'nobody')).json).toEqual(body);
	});

	test('needs the Voice scope: 401 on the compatibility API, 403 on the Calling API', async () => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s);
		s.scopes.delete('Voice');
		expect(await signalWire.stop(s, call.id, stream.id)).toMatchObject({
			status: 401,
			json: { code: 20003 },
		});
		const body = { id: call.id, command: 'calling.stream.stop', params: { control_id: 'x' } };
		expect((await send(s, 'POST', '/api/calling/calls', { body })).status).toBe(403);
		expect(stream.running).toBe(true);
		s.expectOnContract();
	});

	test('limits POST and not GET', async () => {
		const s = await start('signalWire', { rateLimit: { requests: 1, perMs: 60_000 } });
		const { call, stream } = withStream(s);
		for (let i = 0; i < 3; i += 1)
			expect((await send(s, 'GET', callPath(s, call))).status).toBe(200);
		expect((await signalWire.stop(s, call.id, stream.id)).status).toBe(200);
		expect((await signalWire.stop(s, call.id, stream.id)).status).toBe(429);
	});

	test('starts a stream, under its name or its SID', async () => {
		const s = await start('signalWire');
		const call = s.addCall();
		const Url = 'wss://audio.example.com/stream';
		const named = await send(s, 'POST', signalWire.streams(s, call.id), form({ Url, Name: 'one' }));
		expect(named.json).toMatchObject({ name: 'one', status: 'in-progress' });
		const { json } = await send(s, 'POST', signalWire.streams(s, call.id), form({ Url }));
		expect(json.name).toBe(json.sid);
		s.endCall(call.id);
		const late = await send(s, 'POST', signalWire.streams(s, call.id), form({ Url }));
		expect(late).toMatchObject({ status: 422, json: { code: 21220 } });
	});

	test('shows a call in progress, then completed', async () => {
		const s = await start('signalWire');
		const call = s.addCall();
		expect((await send(s, 'GET', callPath(s, call))).json).toMatchObject({
			sid: call.id,
			status: 'in-progress',
			end_time: null,
		});
		s.endCall(call.id);
		expect((await send(s, 'GET', callPath(s, call))).json.status).toBe('completed');
		expect((await send(s, 'GET', callPath(s, { id: 'nobody' }))).status).toBe(404);
	});

	test.each([
		[{}, 400, 21220, 'The call cannot be redirected if it is not in-progress'],
		[{ code: 10000, status: 422 }, 422, 10000, 'An attempt was made to update a completed call'],
	] as const)(
		'refuses to update an ended call, as told by %j',
		async (endedCall, status, code, message) => {
			const s = await start('signalWire', { endedCall });
			const call = s.addCall();
			s.endCall(call.id);
			expect(await update(s, call, { Url: s.bin(stopping('x')) })).toMatchObject({
				status,
				json: { code, message, status },
			});
			await s.settled();
			expect(s.documents).toEqual([]);
		},
	);

	test('refuses to update a call that still rings, with the same code as for one that ended', async () => {
		const s = await start('signalWire', { endedCall: { code: 10000 } });
		const call = s.addCall({ status: 'ringing' });
		expect((await update(s, call, { Url: s.bin(stopping('x')) })).json.code).toBe(21220);
		expect((await send(s, 'GET', callPath(s, call))).json.status).toBe('ringing');
	});

	test.each([
		['a status that no call can be given', { Status: 'busy' }],
		['both a document and a status', { Url: 'https://x', Status: 'completed' }],
		['an address that is not http', { Url: 'ftp://x' }],
		['no address', {}],
		['inline XML', { Url: 'https://x', Twiml: '<Response/>' }],
	])('calls an update with %s off contract', async (_what, fields) => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s);
		expect((await update(s, call, fields)).status).toBe(422);
		await s.settled();
		expect([stream.running, call.up, s.offContract().length]).toEqual([true, true, 1]);
	});

	test('takes an update at once and runs its document afterwards', async () => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s, { name: 'a' });
		const other = s.startStream(call.id, { name: 'b' });
		const pages = await listen({ '/stop': { xml: stopping('a'), stallMs: 50 } });
		const answer = await update(s, call, { Url: `${pages.url}/stop?k=v#rt=3000` });
		expect(answer).toMatchObject({ status: 200, json: { sid: call.id, status: 'in-progress' } });
		expect(stream.running).toBe(true);
		await s.settled();
		expect([stream.running, other.running, call.up]).toEqual([false, true, true]);
		expect(s.documents).toEqual([
			{
				url: `${pages.url}/stop?k=v#rt=3000`,
				method: 'POST',
				status: 200,
				verbs: ['Stop', 'Pause'],
				stopped: ['a'],
			},
		]);
		expect(pages.seen).toHaveLength(1);
		expect(pages.seen[0]).toMatchObject({ method: 'POST', url: '/stop?k=v' });
		expect(Object.fromEntries(new URLSearchParams(pages.seen[0]?.body))).toEqual({
			AccountSid: s.credentials.projectId,
			ApiVersion: '2010-04-01',
			CallSid: call.id,
			CallStatus: 'in-progress',
			Direction: call.direction,
			From: call.from,
			To: call.to,
		});
		s.expectOnContract();
	});

	test('asks for the document with GET when told so, the fields in the query', async () => {
		const s = await start('signalWire');
		const { call } = withStream(s, { name: 'a' });
		const pages = await listen({ '/stop': { xml: stopping('a') } });
		await update(s, call, { Url: `${pages.url}/stop?k=v`, Method: 'GET' });
		await s.settled();
		const { method, url, body } = pages.seen[0] ?? { method: '', url: '', body: '' };
		const query = new URL(url, pages.url).searchParams;
		expect([method, body, query.get('k'), query.get('CallSid')]).toEqual(['GET', '', 'v', call.id]);
	});

	test.each([
		['runs out of verbs', stopping('a', ''), ['Stop'], false],
		['ends with speech', stopping('a', '<Say>Bye</Say>'), ['Stop', 'Say'], false],
		['hangs up', stopping('a', `<Hangup/>${KEEP}`), ['Stop', 'Hangup'], false],
		['is empty', '<Response/>', [], false],
		['pauses', stopping('a', `<Say>Hi</Say>${KEEP}<Hangup/>`), ['Stop', 'Say', 'Pause'], true],
		['bridges', stopping('a', '<Dial>+15550100009</Dial>'), ['Stop', 'Dial'], true],
	])('a document that %s leaves the call accordingly', async (_what, xml, verbs, up) => {
		const s = await start('signalWire');
		const { call } = withStream(s, { name: 'a' });
		const other = s.startStream(call.id, { name: 'b' });
		await update(s, call, { Url: s.bin(xml) });
		await s.settled();
		expect(s.documents[0]?.verbs).toEqual(verbs);
		expect([call.up, other.running]).toEqual([up, up]);
	});

	test('reads a document with a byte order mark, a comment and CDATA', async () => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s, { name: 'a' });
		const say = '<!-- Tom & Jerry --><Say><![CDATA[Tom & Jerry]]></Say>';
		const pages = await listen({ '/stop': { xml: `\ufeff${stopping('a', say + KEEP)}` } });
		await update(s, call, { Url: `${pages.url}/stop` });
		await s.settled();
		expect(s.documents[0]).toMatchObject({ verbs: ['Stop', 'Say', 'Pause'], stopped: ['a'] });
		expect(stream.running).toBe(false);
	});

	test('follows <Redirect> to the next document', async () => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s, { name: 'a' });
		const pages = await listen({
			'/first': { xml: stopping('a', '<Redirect method="GET">next?x=1&amp;y=2</Redirect>') },
			'/next': { xml: `<Response>${KEEP}</Response>` },
		});
		await update(s, call, { Url: `${pages.url}/first` });
		await s.settled();
		expect([stream.running, call.up]).toEqual([false, true]);
		expect(s.documents.map(({ url, method }) => [url, method])).toEqual([
			[`${pages.url}/first`, 'POST'],
			[`${pages.url}/next?x=1&y=2`, 'GET'],
		]);
	});

	test('stops nothing for a name that the call does not have', async () => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s, { name: 'a' });
		const other = withStream(s, { name: 'b' });
		await update(s, call, { Url: s.bin(stopping('b')) });
		await s.settled();
		expect([stream.running, other.stream.running]).toEqual([true, true]);
		expect(s.documents[0]).toMatchObject({ verbs: ['Stop', 'Pause'], stopped: [] });
	});

	test('cuts off what the call was running, since another document takes over', async () => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s, { name: 'a', keepsCallAlive: true });
		await update(s, call, { Url: s.bin(stopping('nobody')) });
		await s.settled();
		expect([stream.running, call.up]).toEqual([false, true]);
	});

	test('fills a bin with the query and the payload, escaped, and leaves the undeclared empty', async () => {
		const s = await start('signalWire');
		const name = `Tom & "Jerry" <1> 'é' +%`;
		const { call, stream } = withStream(s, { name });
		const bin = s.bin(stopping('{{STREAMNAME}}', '<Say>{{ CallSid }}{{NOBODY}}</Say><Pause/>'));
		await update(s, call, { Url: `${bin}?${new URLSearchParams({ STREAMNAME: name })}` });
		await s.settled();
		expect(stream.running).toBe(false);
		expect(s.documents[0]?.stopped).toEqual([name]);
		expect(s.requests).toHaveLength(1);
		const page = await send(s, 'GET', new URL(`${bin}?CallSid=c`).pathname + '?CallSid=c');
		expect(page.text).toContain('<Stream name=""/>');
		expect(page.text).toContain('<Say>c</Say>');
	});

	test.each([
		['answers 500', { status: 500, xml: stopping('a') }, '11217'],
		[
			'is not XML by its type',
			{ headers: { 'Content-Type': 'text/plain' }, xml: stopping('a') },
			'12300',
		],
		['does not parse', { xml: `${stopping('a')}<oops>` }, '12100'],
		['begins with a blank', { xml: ` ${stopping('a')}` }, '12100'],
		['has a bare ampersand', { xml: stopping('a & b') }, '12100'],
		['has a control character', { xml: stopping('a\u0001') }, '12100'],
		['is no <Response>', { xml: '<html/>' }, '12100'],
		['has a verb in the wrong case', { xml: '<Response><stop/></Response>' }, '12100'],
		['is over 64 kB', { xml: stopping('a', `<Say>${'x'.repeat(66_000)}</Say>`) }, '11750'],
		['redirects in circles', { status: 302, headers: { Location: '/stop' } }, '11215'],
		['is slower than its fragment allows', { xml: stopping('a'), stallMs: 600 }, '11200'],
	])(
		'ends the call when its document %s, and takes the fallback if there is one',
		async (_what, page, code) => {
			const s = await start('signalWire');
			const { call, stream } = withStream(s, { name: 'a' });
			const pages = await listen({ '/stop': page, '/spare': { xml: stopping('a') } });
			await update(s, call, {
				Url: `${pages.url}/stop#rt=200`,
				FallbackUrl: `${pages.url}/spare`,
				FallbackMethod: 'GET',
			});
			await s.settled();
			expect(s.documents.map(({ method, error }) => [method, error?.split(' ')[0]])).toEqual([
				['POST', code],
				['GET', undefined],
			]);
			expect([stream.running, call.up]).toEqual([false, true]);

			const alone = withStream(s, { name: 'a' });
			await update(s, alone.call, { Url: `${pages.url}/stop#rt=200` });
			await s.settled();
			expect(alone.call.up).toBe(false);
		},
	);

	test('ends the call when nobody listens at the address', async () => {
		const s = await start('signalWire');
		const { call } = withStream(s);
		await update(s, call, { Url: 'http://127.0.0.1:9/stop' });
		await s.settled();
		expect(s.documents[0]).toMatchObject({ status: null, error: '11200 ECONNREFUSED' });
		expect(call.up).toBe(false);
	});

	test('follows three redirects', async () => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s, { name: 'a' });
		const to = (Location: string) => ({ status: 307, headers: { Location } });
		const pages = await listen({
			'/1': to('/2'),
			'/2': to('/3'),
			'/3': to('/4'),
			'/4': { xml: stopping('a') },
		});
		await update(s, call, { Url: `${pages.url}/1` });
		await s.settled();
		expect(stream.running).toBe(false);
		expect(pages.seen.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'POST']);
	});

	test('lets a later update take over from one that still waits for its document', async () => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s, { name: 'a' });
		const pages = await listen({ '/slow': { xml: stopping('a', ''), stallMs: 200 } });
		await update(s, call, { Url: `${pages.url}/slow` });
		await update(s, call, { Url: s.bin(`<Response>${KEEP}</Response>`) });
		await s.settled();
		expect([stream.running, call.up]).toEqual([true, true]);
	});

	test('does not run a document on a call that ended while it was fetched', async () => {
		const s = await start('signalWire');
		const { call } = withStream(s, { name: 'a' });
		const pages = await listen({ '/slow': { xml: stopping('a'), stallMs: 100 } });
		await update(s, call, { Url: `${pages.url}/slow` });
		s.endCall(call.id);
		await s.settled();
		expect(s.documents[0]).toMatchObject({ status: 200, verbs: [], stopped: [] });
	});

	test('gives up on its documents when it closes', async () => {
		const s = await start('signalWire');
		const { call } = withStream(s);
		const pages = await listen({ '/slow': { xml: '<Response/>', stallMs: 1_000 } });
		await update(s, call, { Url: `${pages.url}/slow` });
		while (pages.seen.length === 0) await new Promise(setImmediate);
		const began = performance.now();
		await s.close();
		expect(performance.now() - began).toBeLessThan(500);
		expect(s.documents[0]?.error).toMatch(/^11200/);
	});

	describe('on the Calling API', () => {
		const stop = (s: Account, id: string, control_id: string): Promise<Answered> =>
			send(s, 'POST', '/api/calling/calls', {
				body: { id, command: 'calling.stream.stop', params: { control_id } },
			});

		test('stops the stream of a control ID', async () => {
			const s = await start('signalWire');
			const { call, stream } = withStream(s, { controlId: 'mine' });
			const other = s.startStream(call.id);
			expect(await stop(s, call.id, 'mine')).toMatchObject({ status: 200, json: { id: call.id } });
			expect([stream.running, other.running]).toEqual([false, true]);
			expect((await stop(s, call.id, 'mine')).status).toBe(200);
			s.expectOnContract();
		});

		test.each([
			['errors', { errors: [{ code: 'not_found', message: expect.any(String) }] }],
			['error', { error: 'Not Found' }],
		] as const)('does not know an ended or unknown call, in the %s shape', async (shape, body) => {
			const s = await start('signalWire');
			s.callingErrorShape = shape;
			const { call } = withStream(s);
			s.endCall(call.id);
			for (const id of [call.id, 'nobody']) {
				expect(await stop(s, id, 'mine')).toMatchObject({ status: 404, json: body });
			}
		});

		test.each([
			['another command', { command: 'calling.end' }],
			['no control ID', { params: {} }],
			['a stray field', { extra: 1 }],
		])('calls %s off contract', async (_what, change) => {
			const s = await start('signalWire');
			const { call } = withStream(s);
			const body = {
				id: call.id,
				command: 'calling.stream.stop',
				params: { control_id: 'mine' },
				...change,
			};
			expect(await send(s, 'POST', '/api/calling/calls', { body })).toMatchObject({
				status: 422,
				json: { errors: [{ type: 'validation_error' }] },
			});
			expect([call.up, s.offContract().length]).toEqual([true, 1]);
		});
	});
});
