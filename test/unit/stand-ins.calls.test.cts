// The life of a call at each provider, as its documents, captures and own SDK tell it: streams that start and
// stop, reads, lists, transfers, hang-ups, and calls that are over.

import { setTimeout as sleep } from 'node:timers/promises';
import { live } from '../lib/lives.cts';
import { start } from '../lib/opened.cts';
import { command, form, listen, paths, send, type Account } from '../lib/providerRequests.cts';
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

	test.each([
		['new', 404, 404, undefined],
		['old', 400, 400, 400],
	] as const)(
		'the %s generation of Plivo answers an ended call with %d',
		async (generation, one, all, none) => {
			const s = await start('plivo', { generation });
			const sdk = plivoSdk(s);
			const { call, stream } = live(s);
			const statusOf = async (asked: Promise<object>) =>
				await asked.then(
					() => undefined,
					(reason: unknown) => (reason as { status: number }).status,
				);
			await sdk.stopStream(call.id, stream.id);
			expect(await statusOf(sdk.stopAllStream(call.id))).toBe(none);
			s.endCall(call.id);
			expect(await statusOf(sdk.stopStream(call.id, stream.id))).toBe(one);
			expect(await statusOf(sdk.stopAllStream(call.id))).toBe(all);
		},
	);

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

	test('Plivo refuses an address that is not on its list with 403, before it looks at anything', async () => {
		const s = await start('plivo');
		s.ipBlocked = true;
		const { call, stream } = live(s);
		expect((await paths.plivo.stop(s, call.id, stream.id)).status).toBe(403);
		expect((await send(s, 'GET', paths.plivo.account(s))).status).toBe(403);
		expect(stream.running).toBe(true);
	});
});

describe('Vobiz', () => {
	const { vobiz } = paths;
	const stopAll = (s: Account, call: string) => send(s, 'DELETE', vobiz.stream(s, call, ''));
	const read = (s: Account, call: string, query = '') =>
		send(s, 'GET', `${vobiz.call(s, call)}${query}`);

	test('the new generation of Vobiz says 204, or that the stream was not found', async () => {
		const s = await start('vobiz');
		const { call, stream } = live(s);
		expect(stream.id).toMatch(/^str_/);
		expect(await vobiz.stop(s, call.id, stream.id)).toMatchObject({ status: 204, text: '' });
		const again = await vobiz.stop(s, call.id, stream.id);
		expect(again.json).toEqual({ api_id: expect.any(String), error: 'Stream not found' });
		const other = s.startStream(call.id);
		for (const id of [call.id, call.id, 'nobody']) expect((await stopAll(s, id)).status).toBe(204);
		expect(other.running).toBe(false);
		s.stopsAllOfUnknownCall = false;
		expect((await stopAll(s, 'nobody')).status).toBe(404);
		s.expectOnContract();
	});

	test('the old generation of Vobiz says a message and a count, or that no stream is active', async () => {
		const s = await start('vobiz', { generation: 'old' });
		const { call, stream } = live(s);
		expect(await vobiz.stop(s, call.id, stream.id)).toMatchObject({
			status: 200,
			json: { message: 'Stream stopped successfully', stream_id: stream.id },
		});
		const none = { status: 404, json: { error: 'No active stream found' } };
		expect(await vobiz.stop(s, call.id, stream.id)).toMatchObject(none);
		s.startStream(call.id);
		expect(await stopAll(s, call.id)).toMatchObject({
			status: 200,
			json: { message: 'All streams stopped successfully', streams_stopped: 1 },
		});
		expect(await stopAll(s, call.id)).toMatchObject(none);
	});

	test('Vobiz may answer a stop with any 2xx', async () => {
		const s = await start('vobiz');
		s.stopStatus = 202;
		const { call, stream } = live(s);
		expect(await vobiz.stop(s, call.id, stream.id)).toMatchObject({
			status: 202,
			json: { message: 'Stream stopped successfully', stream_id: stream.id },
		});
	});

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

	test('Vobiz shows a stream as in progress, completed, or failed once its connection is lost', async () => {
		const s = await start('vobiz');
		const { id } = s.addCall();
		const { json, status } = await send(s, 'POST', vobiz.stream(s, id, ''), {
			body: { service_url: AUDIO },
		});
		const lost = s.startStream(id);
		s.dropStream(lost.id);
		const streamId = String(json.stream_id);
		const shown = async (of: string) => (await send(s, 'GET', vobiz.stream(s, id, of))).json;
		expect(status).toBe(202);
		expect(await shown(streamId)).toMatchObject({ status: 'in-progress', end_time: null });
		await vobiz.stop(s, id, streamId);
		const end_time = expect.any(String);
		expect(await shown(streamId)).toMatchObject({ status: 'completed', end_time });
		expect(await shown(lost.id)).toMatchObject({ status: 'failed', end_time });
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

	test('a call of Vobiz is read as live while it is, and as a record some time after its end', async () => {
		const s = await start('vobiz');
		const { id } = s.addCall({ recordAfterMs: 400 });
		const statuses = async () =>
			(await Promise.all([read(s, id), read(s, id, '?status=live')])).map(({ status }) => status);
		expect(await statuses()).toEqual([404, 200]);
		expect((await send(s, 'DELETE', vobiz.call(s, id))).status).toBe(204);
		expect(await statuses()).toEqual([404, 404]);
		await sleep(420);
		expect(await statuses()).toEqual([200, 404]);
		expect((await read(s, id)).json).toMatchObject({ call_uuid: id, end_time: expect.any(String) });
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
		expect(s.truth()).toMatchObject({ up: [call.id], running: [] });
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
		[21220, 400, {}],
		[10000, 422, { code: 10000, status: 422 }],
	] as const)(
		'an update of a call that is over is refused with %d, of one that rings with 21220',
		async (code, status, endedCall) => {
			const s = await start('signalWire');
			Object.assign(s.endedCall, endedCall);
			const sdk = signalWireSdk(s);
			const call = s.addCall();
			const ringing = s.addCall({ status: 'ringing' });
			s.endCall(call.id);
			await expect(sdk.calls(call.id).update({ url: NOWHERE })).rejects.toMatchObject({
				status,
				code,
			});
			await expect(sdk.calls(ringing.id).update({ url: NOWHERE })).rejects.toMatchObject({
				code: 21220,
			});
			await s.settled();
			expect([s.documents, ringing.status]).toEqual([[], 'ringing']);
		},
	);

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

	test('a command stops the stream of its control ID, again and again, and no other', async () => {
		const s = await start('signalWire');
		const { call, stream } = live(s, { controlId: 'mine' });
		const other = s.startStream(call.id);
		for (let i = 0; i < 2; i += 1) {
			expect(await command(s, call.id, 'mine')).toMatchObject({
				status: 200,
				json: { id: call.id },
			});
		}
		expect([stream.running, other.running]).toEqual([false, true]);
		s.expectOnContract();
	});

	test.each([
		['a list', 'errors', { errors: [{ code: 'not_found', message: expect.any(String) }] }],
		['one text', 'error', { error: 'Not Found' }],
	] as const)(
		'a command to a call that is over or unknown gets 404 and %s',
		async (_what, shape, body) => {
			const s = await start('signalWire');
			s.callingErrorShape = shape;
			const { id } = s.addCall();
			s.endCall(id);
			for (const one of [id, 'nobody']) {
				expect(await command(s, one, 'mine')).toMatchObject({ status: 404, json: body });
			}
		},
	);

	test('a command that cannot be done gets 422 and the codes of the Calling API', async () => {
		const s = await start('signalWire');
		const codes = (...all: string[]): object => ({
			status: 422,
			json: {
				errors: all.map((code) => ({ type: 'validation_error', code, url: expect.any(String) })),
			},
		});
		const cxml = s.addCall({ runs: 'cXML' });
		expect(await command(s, cxml.id, 'x')).toMatchObject(codes('invalid_call_id_passed'));
		const { id } = s.addCall({ runs: 'SWML' });
		s.endCall(id);
		s.endedCommand = 'cannot_update_completed';
		expect(await command(s, id, 'x')).toMatchObject(codes('cannot_update_completed'));
		const both = ['call_update_failed', 'cannot_redirect_not_in_progress'] as const;
		s.fault = () => s.refuseCommand(...both);
		expect(await command(s, id, 'x')).toMatchObject(codes(...both));
	});

	test('a conference has streams of its own, which no call knows, until it is completed', async () => {
		const s = await start('signalWire');
		const call = s.addCall();
		const { id } = s.addConference();
		const room = `${signalWire.account(s)}/Conferences/${id}`;
		const begin = () => send(s, 'POST', `${room}/Streams`, form({ Url: AUDIO }));
		const sid = String((await begin()).json.sid);
		const stop = (fields: Record<string, string>) =>
			send(s, 'POST', `${room}/Streams/${sid}`, form(fields));
		expect((await signalWire.stop(s, call.id, sid)).status).toBe(404);
		s.endCall(call.id);
		expect(s.truth().running).toEqual([sid]);
		expect(await stop({ Status: 'stopped' })).toMatchObject({
			status: 200,
			json: {
				sid,
				account_sid: s.credentials.projectId,
				conference_sid: id,
				status: 'stopped',
				uri: expect.stringContaining(id),
			},
		});
		expect((await stop({ Status: 'stopped' })).status).toBe(404);
		const second = s.stream(String((await begin()).json.sid));
		expect(await signalWireSdk(s).conferences(id).fetch()).toMatchObject({ status: 'in-progress' });
		s.endConference(id);
		expect(second?.endedBecause).toBe('its conference ended');
		expect(await signalWireSdk(s).conferences(id).fetch()).toMatchObject({ status: 'completed' });
		expect(await begin()).toMatchObject({ status: 422, json: { errors: [expect.any(String)] } });
		s.expectOnContract();
		expect((await stop({ Status: 'x' })).status).toBe(422);
	});
});
