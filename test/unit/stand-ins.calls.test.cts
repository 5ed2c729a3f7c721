// The life of a call at each provider, as its documents, captures and own SDK tell it: streams that start and
// stop, reads, lists, transfers, hang-ups, and calls that are over.

import { setTimeout as sleep } from 'node:timers/promises';
import { live, running } from '../lib/lives.cts';
import { start } from '../lib/opened.cts';
import { command, form, listen, paths, send } from '../lib/providerRequests.cts';
import { plivoSdk, signalWireSdk } from '../lib/vendorSdks.cts';

const AUDIO = 'wss://audio.example.com/stream';
const NOWHERE = 'http://127.0.0.1:9/';

/** What an SDK throws for an answer. */
const refusal = (status: number, more: object = {}): object => ({ status, ...more });

describe('Plivo', () => {
	test("Plivo's own SDK starts, reads, lists and stops streams of the stand-in", async () => {
		const s = await start('plivo');
		const sdk = plivoSdk(s);
		const { id } = s.addCall();
		const { streamId } = await sdk.stream(id, AUDIO, { bidirectional: true });
		expect(await sdk.getStream(id, streamId)).toMatchObject({
			callUuid: id,
			streamId,
			serviceUrl: AUDIO,
			bidirectional: true,
			status: 'initiated',
			endTime: null,
		});
		await sdk.stopStream(id, streamId);
		const ended = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00:00$/);
		expect(await sdk.getAllStream(id)).toMatchObject({
			meta: { limit: 20, offset: 0, next: null, totalCount: 1 },
			objects: [{ streamId, endTime: ended }],
		});
		await expect(sdk.stopStream(id, streamId)).rejects.toMatchObject(
			refusal(400, { message: 'No active stream found' }),
		);
		const others = [s.startStream(id), s.startStream(id), live(s).stream];
		await sdk.stopAllStream(id);
		expect(others.map(({ running }) => running)).toEqual([false, false, true]);
		await expect(sdk.stream(id, 'http://x', {})).rejects.toMatchObject(refusal(400));
		await expect(sdk.getStream(id, 'nobody')).rejects.toMatchObject(refusal(404));
		s.expectOnContract();
	});

	test("Plivo's own SDK reads, lists, transfers and hangs up calls of the stand-in", async () => {
		const s = await start('plivo');
		const sdk = plivoSdk(s);
		const { call, stream } = live(s, { keepsCallAlive: true });
		call.recordAfterMs = 400;
		const fork = s.startStream(call.id);
		const to = await listen({ '/human': { text: '<Response><Dial/></Response>' } });
		expect(await sdk.getLiveCall(call.id)).toMatchObject({
			callUuid: call.id,
			callStatus: 'in-progress',
			sessionStart: expect.any(String),
		});
		expect(await sdk.listLiveCalls()).toMatchObject([{ id: call.id }]);
		await expect(sdk.get(call.id)).rejects.toMatchObject(refusal(404));
		await expect(sdk.transfer(call.id, { legs: 'aleg' })).rejects.toMatchObject(refusal(400));
		await expect(sdk.transfer('nobody', { legs: 'aleg', alegUrl: NOWHERE })).rejects.toMatchObject(
			refusal(404),
		);
		expect(await sdk.transfer(call.id, { legs: 'aleg', alegUrl: `${to.url}/human` })).toMatchObject(
			{ message: 'call transferred' },
		);
		await s.settled();
		expect(new URLSearchParams(to.seen[0]?.body).get('CallUUID')).toBe(call.id);
		expect([stream.endedBecause, fork.running, call.up]).toEqual([
			'another document took over',
			true,
			true,
		]);
		await sdk.hangup(call.id);
		expect([call.endedBecause, fork.running]).toEqual(['hung up by the API', false]);
		await expect(sdk.hangup(call.id)).rejects.toMatchObject(refusal(404));
		await expect(sdk.getLiveCall(call.id)).rejects.toMatchObject(refusal(404));
		await expect(sdk.get(call.id)).rejects.toMatchObject(refusal(404));
		await sleep(420);
		expect(await sdk.get(call.id)).toMatchObject({
			callUuid: call.id,
			endTime: expect.any(String),
		});
		s.expectOnContract();
	});

	test('Plivo lists 20 streams a page, and no more when asked for more', async () => {
		const s = await start('plivo');
		const call = s.addCall();
		for (let i = 0; i < 45; i += 1) s.startStream(call.id);
		const sizes: number[] = [];
		let next: string | null = paths.plivo.stream(s, call.id, '');
		while (next) {
			const { text } = await send(s, 'GET', next);
			const page = JSON.parse(text) as { meta: { next: string | null }; objects: object[] };
			sizes.push(page.objects.length);
			({ next } = page.meta);
		}
		expect(sizes).toEqual([20, 20, 5]);
		s.expectOnContract();
		const more = await send(s, 'GET', `${paths.plivo.stream(s, call.id, '')}?limit=21`);
		expect(more.status).toBe(400);
	});

	test.each([
		['api_id and error', 'usual', { api_id: expect.any(String), error: 'Call not found' }],
		['error alone', 'error alone', { error: 'Call not found' }],
		['nothing', 'empty', {}],
	] as const)('a 404 of Plivo may hold %s', async (_what, shape, body) => {
		const s = await start('plivo');
		s.notFoundShape = shape;
		expect(await paths.plivo.stop(s, 'nobody', 'x')).toMatchObject({ status: 404, json: body });
	});
});

describe('Vobiz', () => {
	const { vobiz } = paths;

	test.each([
		['telephony', { api_id: expect.any(String), error: 'Stream not found' }],
		['platform', { status: 'error', error: { code: 'NOT_FOUND', message: 'Stream not found' } }],
		['captured', { error: 'Stream not found' }],
	] as const)('Vobiz refuses in the form of its %s documents', async (shape, body) => {
		const s = await start('vobiz');
		s.errorShape = shape;
		expect((await vobiz.stop(s, s.addCall().id, 'nobody')).json).toMatchObject(body);
	});

	test("Vobiz's gateway says in its own form that it has no such route", async () => {
		const s = await start('vobiz');
		s.errorShape = 'captured';
		expect(await send(s, 'GET', '/api/v2/Account/x/')).toMatchObject({
			status: 404,
			json: { message: 'Not Found' },
		});
	});

	test('Vobiz shows a stream as failed once its connection is lost', async () => {
		const s = await start('vobiz');
		const { call, stream } = live(s);
		s.dropStream(stream.id);
		const { json } = await send(s, 'GET', vobiz.stream(s, call.id, stream.id));
		expect(json).toMatchObject({ status: 'failed', end_time: expect.any(String) });
		s.expectOnContract();
	});

	test('Vobiz lists streams in pages, or as its Go SDK or an older page has them', async () => {
		const s = await start('vobiz');
		const { id } = s.addCall();
		for (let i = 0; i < 25; i += 1) s.startStream(id);
		const list = async () =>
			(await send(s, 'GET', `${vobiz.stream(s, id, '')}?limit=20&offset=20`)).json;
		expect(await list()).toMatchObject({
			page: 2,
			per_page: 20,
			total: 25,
			objects: { length: 5 },
		});
		s.listShape = 'meta';
		expect(await list()).toMatchObject({ meta: { limit: 20, offset: 20, total_count: 25 } });
		s.listShape = 'single';
		expect(await list()).toMatchObject({ stream_id: s.streams()[20]?.id });
		s.expectOnContract();
	});

	test('the live calls of Vobiz are all ids in one answer, or pages of objects', async () => {
		const s = await start('vobiz');
		const ids = Array.from({ length: 25 }, () => s.addCall().id);
		s.endCall(s.addCall().id);
		const list = async (query = '') =>
			(await send(s, 'GET', `${vobiz.account(s)}Call/?status=live${query}`)).json;
		expect(await list()).toMatchObject({ calls: ids });
		s.liveListShape = 'objects';
		expect([await list(), await list('&limit=20&offset=20')]).toMatchObject([
			{ objects: { length: 20 } },
			{ objects: ids.slice(20).map((call_uuid) => ({ call_uuid })) },
		]);
	});

	test('a transfer ends every stream of a call of Vobiz', async () => {
		const s = await start('vobiz');
		const { call } = live(s, { keepsCallAlive: true });
		s.startStream(call.id);
		const to = await listen({ '/human': { text: '<Response><Dial/></Response>' } });
		const body = { legs: 'aleg', aleg_url: `${to.url}/human` };
		const answer = await send(s, 'POST', vobiz.call(s, call.id), { body });
		expect(answer).toMatchObject({ status: 202, json: { message: 'call transferred' } });
		await s.settled();
		expect([call.up, running(s)]).toEqual([true, 0]);
		s.expectOnContract();
	});

	test("Vobiz's account details hold a second secret, which no credential has", async () => {
		const s = await start('vobiz');
		const { text } = await send(s, 'GET', '/api/v1/auth/me');
		expect(s.secrets.filter((secret) => text.includes(secret))).toHaveLength(1);
		expect(text).not.toContain(s.credentials.authToken);
	});
});

describe('SignalWire', () => {
	const { signalWire } = paths;

	test("SignalWire's own SDK starts and stops streams of the stand-in", async () => {
		const s = await start('signalWire');
		const sdk = signalWireSdk(s);
		const { id } = s.addCall();
		const { sid } = await sdk.calls(id).streams.create({ url: AUDIO, name: 'mine' });
		const nameless = await sdk.calls(id).streams.create({ url: AUDIO });
		expect(nameless.name).toBe(nameless.sid);
		const stop = () => sdk.calls(id).streams(sid).update({ status: 'stopped' });
		expect(await stop()).toMatchObject({
			sid,
			accountSid: s.credentials.projectId,
			callSid: id,
			name: 'mine',
			status: 'stopped',
			dateUpdated: expect.any(Date),
			uri: expect.stringMatching(/\.json$/),
		});
		await expect(stop()).rejects.toMatchObject(refusal(404, { code: 20404 }));
		s.endCall(id);
		await expect(sdk.calls(id).streams.create({ url: AUDIO })).rejects.toMatchObject(
			refusal(422, { code: 21220 }),
		);
		s.expectOnContract();
	});

	test("SignalWire's own SDK reads, lists and ends calls of the stand-in, but no SWML call", async () => {
		const s = await start('signalWire');
		const sdk = signalWireSdk(s);
		const ids = Array.from({ length: 5 }, () => s.addCall().id).reverse();
		const [sid = ''] = ids;
		const swml = s.addCall({ runs: 'SWML' });
		const listed = await sdk.calls.list({ status: 'in-progress', pageSize: 2 });
		expect(listed.map((call) => call.sid)).toEqual(ids);
		expect(s.requests).toHaveLength(3);
		expect(await sdk.calls(sid).fetch()).toMatchObject({ status: 'in-progress', endTime: null });
		const end = () => sdk.calls(sid).update({ status: 'completed' });
		expect(await end()).toMatchObject({ status: 'completed' });
		await expect(end()).rejects.toMatchObject(refusal(400, { code: 21220 }));
		expect(await sdk.calls(sid).fetch()).toMatchObject({ status: 'completed' });
		await expect(sdk.calls(swml.id).fetch()).rejects.toMatchObject(refusal(404));
		s.expectOnContract();
	});

	test.each([
		['one object', 'compat', { code: 20404, message: expect.any(String), status: 404 }],
		['a list of objects', 'errors', { errors: [{ code: '20404', message: expect.any(String) }] }],
		['a list of texts', 'strings', { errors: [expect.any(String)] }],
	] as const)('SignalWire refuses with %s', async (_what, shape, body) => {
		const s = await start('signalWire');
		s.errorShape = shape;
		expect((await signalWire.stop(s, s.addCall().id, 'nobody')).json).toMatchObject(body);
	});

	test('a token without the scope Voice gets 401 from the Compatibility API, 403 from the Calling API', async () => {
		const s = await start('signalWire');
		const { call, stream } = live(s, { controlId: 'mine' });
		s.scopes.delete('Voice');
		expect(await signalWire.stop(s, call.id, stream.id)).toMatchObject({
			status: 401,
			json: { code: 20003 },
		});
		expect((await command(s, call.id, 'mine')).status).toBe(403);
		expect(stream.running).toBe(true);
	});

	test('SignalWire limits POST, and GET never', async () => {
		const s = await start('signalWire', { rateLimit: { requests: 1, perMs: 60_000 } });
		const { call, stream } = live(s);
		const read = async () => (await send(s, 'GET', signalWire.call(s, call.id))).status;
		const stop = async () => (await signalWire.stop(s, call.id, stream.id)).status;
		expect([await read(), await read(), await stop(), await stop()]).toEqual([200, 200, 200, 429]);
	});

	test('a stream of a conference is started by a request until the conference is completed', async () => {
		const s = await start('signalWire');
		const { id } = s.addConference();
		const begin = () =>
			send(s, 'POST', `${signalWire.account(s)}/Conferences/${id}/Streams`, form({ Url: AUDIO }));
		const stream = s.stream(String((await begin()).json.sid));
		expect(stream).toMatchObject({ conferenceId: id, running: true, serviceUrl: AUDIO });
		const read = () => signalWireSdk(s).conferences(id).fetch();
		expect(await read()).toMatchObject({ status: 'in-progress' });
		s.endConference(id);
		expect(await read()).toMatchObject({ status: 'completed' });
		expect(stream?.endedBecause).toBe('its conference ended');
		expect(await begin()).toMatchObject({ status: 422, json: { errors: [expect.any(String)] } });
		s.expectOnContract();
	});
});
