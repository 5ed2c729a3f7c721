import { providers } from '../lib/stand-ins/index.cts';
import { start } from '../lib/opened.cts';
import {
	form,
	listen,
	paths,
	send,
	withStream,
	type Account,
	type Answered,
} from '../lib/providerRequests.cts';

// The life of a call, as the providers' documents and captures tell it: streams that come late, end by
// themselves or reconnect, calls that end in between, records, live calls, legs and conferences.

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits for something that must happen soon. */
async function until(happened: () => boolean): Promise<void> {
	for (const end = Date.now() + 5_000; !happened();) {
		if (Date.now() > end) throw new Error('It did not happen');
		await sleep(5);
	}
}

const TELEPHONY = ['plivo', 'vobiz'] as const;

describe.each(providers)('a stream of %s', (provider) => {
	const path = paths[provider];

	test('that is not up yet cannot be stopped, and runs once it is up', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s, { notUpYet: true });
		expect((await path.stop(s, call.id, stream.id)).status).toBe(path.unknownStream);
		expect(stream).toMatchObject({ running: false, state: 'starting', endTime: null });
		s.comeUp(stream.id);
		expect(s.truth().running).toEqual([stream.id]);
		expect((await path.stop(s, call.id, stream.id)).status).toBeLessThan(300);
		expect(stream).toMatchObject({ running: false, state: 'ended', endedBecause: 'stopped' });
	});

	test('comes up after a while, and never where its call ended before', async () => {
		const s = await start(provider);
		const { stream } = withStream(s, { upAfterMs: 30 });
		const { call, stream: late } = withStream(s, { upAfterMs: 30 });
		s.endCall(call.id);
		await until(() => stream.running);
		await sleep(20);
		expect(late).toMatchObject({ running: false, upTime: null, endedBecause: 'its call ended' });
	});

	test('ends at its time limit, and its call goes on', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s, { timeoutMs: 30 });
		expect(stream.running).toBe(true);
		await until(() => !stream.running);
		expect([stream.endedBecause, call.up]).toEqual(['its time limit', true]);
	});

	test('that reconnects goes on under a new id, which a stop of the old one does not reach', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s, { reconnectAfterMs: 20 });
		await until(() => s.streams().length === 2);
		const [, again] = s.streams();
		expect(stream).toMatchObject({ running: false, endedBecause: 'disconnected' });
		expect(again).toMatchObject({ running: true, reconnectOf: stream.id, callId: call.id });
		expect((await path.stop(s, call.id, stream.id)).status).toBe(path.unknownStream);
		expect(s.truth().running).toEqual([again?.id]);
	});

	test('says why its call ended, where it alone kept the call alive', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s, { keepsCallAlive: true });
		await path.stop(s, call.id, stream.id);
		expect(s.truth()).toMatchObject({
			up: [],
			running: [],
			calls: [
				{
					id: call.id,
					status: 'completed',
					endTime: expect.any(String),
					endedBecause: 'the stream that alone kept it alive ended',
				},
			],
			streams: [{ id: stream.id, state: 'ended', endedBecause: 'stopped' }],
		});
	});

	test('ends with its call, which may end between an event and the stop', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s);
		s.fault = () => {
			s.endCall(call.id);
			return undefined;
		};
		expect((await path.stop(s, call.id, stream.id)).status).toBe(404);
		expect(stream.endedBecause).toBe('its call ended');
		expect(call).toMatchObject({ up: false, endedBecause: 'hung up' });
	});
});

describe.each(TELEPHONY)('a call of %s', (provider) => {
	const path = paths[provider];
	const read = (s: Account, call: string, query = ''): Promise<Answered> =>
		send(s, 'GET', `${path.call(s, call)}${query}`);
	const transfer = (s: Account, call: string, body: object): Promise<Answered> =>
		send(s, 'POST', path.call(s, call), { body });

	test('can be read with status=live while it is live, and then as a record', async () => {
		const s = await start(provider);
		const { id } = s.addCall();
		expect((await read(s, id)).status).toBe(404);
		expect(await read(s, id, '?status=live')).toMatchObject({
			status: 200,
			json: {
				api_id: expect.any(String),
				call_status: 'in-progress',
				call_uuid: id,
				direction: 'inbound',
				from: expect.any(String),
				to: expect.any(String),
				session_start: expect.any(String),
			},
		});
		s.endCall(id);
		expect((await read(s, id, '?status=live')).status).toBe(404);
		expect(await read(s, id)).toMatchObject({
			status: 200,
			json: { call_uuid: id, end_time: expect.stringMatching(/^\d{4}-\d\d-\d\d /) },
		});
		expect((await read(s, 'nobody')).status).toBe(404);
		s.expectOnContract();
	});

	test('leaves nothing to read right after its end, where its record comes late', async () => {
		const s = await start(provider, { recordAfterMs: 80 });
		const { call, stream } = withStream(s);
		s.endCall(call.id);
		const reads = (): Promise<Answered[]> =>
			Promise.all([
				read(s, call.id),
				read(s, call.id, '?status=live'),
				send(s, 'GET', path.stream(s, call.id, stream.id)),
			]);
		expect((await reads()).map(({ status }) => status)).toEqual([404, 404, 404]);
		await sleep(90);
		expect((await reads()).map(({ status }) => status)).toEqual([200, 404, 200]);
	});

	test('shows a stream that is not up yet without an end', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s, { notUpYet: true });
		expect((await send(s, 'GET', path.stream(s, call.id, stream.id))).json).toMatchObject({
			start_time: null,
			end_time: null,
		});
	});

	test('is in the list of live calls: all ids in one answer, or pages of objects', async () => {
		const s = await start(provider);
		const ids = Array.from({ length: 25 }, () => s.addCall().id);
		s.endCall(s.addCall().id);
		const list = (query = ''): Promise<Answered> =>
			send(s, 'GET', `${path.account(s)}/Call/?status=live${query}`);
		expect((await list()).json).toEqual({ api_id: expect.any(String), calls: ids });
		s.liveListShape = 'objects';
		const pages = [await list(), await list('&limit=20&offset=20')].map(({ json }) => json.objects);
		expect(pages.flat()).toMatchObject(ids.map((call_uuid) => ({ call_uuid })));
		expect(pages[0]).toHaveLength(20);
		s.expectOnContract();
	});

	test('ends when it is hung up, once', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s);
		const hangUp = (): Promise<Answered> => send(s, 'DELETE', path.call(s, call.id));
		expect(await hangUp()).toMatchObject({ status: 204, text: '' });
		expect(call).toMatchObject({ up: false, endedBecause: 'hung up by the API' });
		expect(stream.running).toBe(false);
		expect((await hangUp()).status).toBe(404);
		s.expectOnContract();
	});

	test('that is transferred outlives the stream that kept it alive', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s, { keepsCallAlive: true });
		const fork = s.startStream(call.id);
		const pages = await listen({
			'/human': { xml: '<Response><Dial><Number>+15550100009</Number></Dial></Response>' },
		});
		expect(
			await transfer(s, call.id, { legs: 'aleg', aleg_url: `${pages.url}/human` }),
		).toMatchObject({ status: 202, json: { message: 'call transferred' } });
		await s.settled();
		expect(call.up).toBe(true);
		expect(stream).toMatchObject({ running: false, endedBecause: 'another document took over' });
		// Vobiz: "A transfer ends the stream", each of them.
		expect(fork.running).toBe(provider === 'plivo');
		expect(new URLSearchParams(pages.seen[0]?.body).get('CallUUID')).toBe(call.id);
		await path.stop(s, call.id, stream.id);
		expect(call.up).toBe(true);
		s.expectOnContract();
	});

	test('that is not live is not transferred, nor one without an address for its leg', async () => {
		const s = await start(provider);
		const { call, stream } = withStream(s, { keepsCallAlive: true });
		const aleg_url = 'http://127.0.0.1:9/human';
		expect((await transfer(s, call.id, { legs: 'aleg' })).status).toBe(400);
		expect((await transfer(s, 'nobody', { legs: 'aleg', aleg_url })).status).toBe(404);
		expect(stream.running).toBe(true);
		s.endCall(call.id);
		expect((await transfer(s, call.id, { legs: 'aleg', aleg_url })).status).toBe(404);
		s.expectOnContract();
	});

	test('takes a time limit and a status callback with the start of a stream', async () => {
		const s = await start(provider);
		const call = s.addCall();
		const hooks = await listen();
		const body = {
			service_url: 'wss://audio.example.com/stream',
			bidirectional: true,
			stream_timeout: 1,
			status_callback_url: `${hooks.url}/stream`,
			status_callback_method: 'POST',
		};
		const { json } = await send(s, 'POST', path.streams(s, call.id), { body });
		const stream = s.stream(String(json.stream_id));
		await until(() => stream?.running === false);
		await s.settled();
		expect(stream?.endedBecause).toBe('its time limit');
		const events = hooks.seen.map((one) => new URLSearchParams(one.body).get('Event'));
		expect(events).toEqual(provider === 'plivo' ? ['StartStream', 'StopStream'] : ['StartStream']);
		s.expectOnContract();
	});

	test('has a leg of its own at each end: two ids, and a stop reaches one of them', async () => {
		const s = await start(provider);
		const { aLeg, bLeg } = s.addLegs();
		const stream = s.startStream(bLeg.id);
		expect((await path.stop(s, aLeg.id, stream.id)).status).toBe(path.unknownStream);
		await send(s, 'DELETE', path.streams(s, aLeg.id));
		expect(stream.running).toBe(true);
		s.endCall(aLeg.id);
		expect(bLeg).toMatchObject({ up: false, endedBecause: 'its other leg ended' });
	});
});

describe('Plivo', () => {
	test.each([
		['usual', { api_id: expect.any(String), error: 'Call not found' }],
		['error alone', { error: 'Call not found' }],
		['empty', {}],
	] as const)('can say 404 in the form "%s"', async (shape, body) => {
		const s = await start('plivo');
		s.notFoundShape = shape;
		const { status, json } = await paths.plivo.stop(s, 'nobody', 'nothing');
		expect([status, json]).toEqual([404, body]);
	});

	test('refuses an address that is not on its list with 403, before it looks at anything', async () => {
		const s = await start('plivo');
		s.ipBlocked = true;
		const { call, stream } = withStream(s);
		expect((await paths.plivo.stop(s, call.id, stream.id)).status).toBe(403);
		expect((await send(s, 'GET', paths.plivo.test(s))).status).toBe(403);
		expect(stream.running).toBe(true);
	});
});

describe('Vobiz', () => {
	const { vobiz } = paths;

	test('says with its gateway that it does not know a route, and with {error} an id', async () => {
		const s = await start('vobiz');
		s.errorShape = 'captured';
		expect(await send(s, 'GET', '/api/v2/Account/x/')).toMatchObject({
			status: 404,
			json: { message: 'Not Found' },
		});
		const { json } = await vobiz.stop(s, s.addCall().id, 'nobody');
		expect(json).toEqual({ error: 'Stream not found' });
	});

	test.each([
		[200, 'Stream stopped successfully'],
		[202, 'Stream stopped successfully'],
	])('can answer a stop with %d and its sentence', async (status, message) => {
		const s = await start('vobiz');
		s.stopStatus = status;
		const { call, stream } = withStream(s);
		expect(await vobiz.stop(s, call.id, stream.id)).toMatchObject({
			status,
			json: { message, stream_id: stream.id },
		});
		expect(await send(s, 'DELETE', vobiz.streams(s, call.id))).toMatchObject({
			status,
			json: { message: 'All streams stopped successfully', streams_stopped: 0 },
		});
	});

	test('says 204 to all streams of a Call UUID that never existed, or 404', async () => {
		const s = await start('vobiz');
		expect((await send(s, 'DELETE', vobiz.streams(s, 'nobody'))).status).toBe(204);
		s.stopsAllOfUnknownCall = false;
		expect((await send(s, 'DELETE', vobiz.streams(s, 'nobody'))).status).toBe(404);
	});

	test('shows a stream that lost its connection as failed', async () => {
		const s = await start('vobiz');
		const { call, stream } = withStream(s);
		s.dropStream(stream.id);
		const { json } = await send(s, 'GET', vobiz.stream(s, call.id, stream.id));
		expect(json).toMatchObject({ status: 'failed', end_time: expect.any(String) });
	});
});

describe('SignalWire', () => {
	const { signalWire } = paths;

	test('ends a call with Status=completed, and refuses it for one that ended', async () => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s);
		const end = (): Promise<Answered> =>
			send(s, 'POST', signalWire.call(s, call.id), form({ Status: 'completed' }));
		expect(await end()).toMatchObject({ status: 200, json: { status: 'completed' } });
		expect([call.endedBecause, stream.running]).toEqual(['hung up by the API', false]);
		expect(await end()).toMatchObject({ status: 400, json: { code: 21220 } });
		s.expectOnContract();
	});

	test('lists the calls in progress, page by page', async () => {
		const s = await start('signalWire');
		const ids = Array.from({ length: 5 }, () => s.addCall().id);
		s.endCall(s.addCall().id);
		s.addCall({ runs: 'SWML' });
		const found: unknown[] = [];
		let next: unknown = `${signalWire.account(s)}/Calls?Status=in-progress&PageSize=2`;
		while (typeof next === 'string') {
			const { json } = await send(s, 'GET', next);
			found.push(json.calls);
			next = json.next_page_uri;
		}
		expect(found).toHaveLength(3);
		expect(found.flat()).toMatchObject(ids.reverse().map((sid) => ({ sid })));
		s.expectOnContract();
	});

	test('does not know a SWML call in its Compatibility API, and stops its stream by control ID', async () => {
		const s = await start('signalWire');
		const call = s.addCall({ runs: 'SWML' });
		const stream = s.startStream(call.id, { controlId: 'mine' });
		expect((await send(s, 'GET', signalWire.call(s, call.id))).status).toBe(404);
		const body = { id: call.id, command: 'calling.stream.stop', params: { control_id: 'mine' } };
		expect((await send(s, 'POST', '/api/calling/calls', { body })).status).toBe(200);
		expect(stream.running).toBe(false);
	});

	test('says by its codes what a command cannot do', async () => {
		const s = await start('signalWire');
		const command = (id: string): Promise<Answered> =>
			send(s, 'POST', '/api/calling/calls', {
				body: { id, command: 'calling.stream.stop', params: { control_id: 'x' } },
			});
		const entry = (code: string, message: string): object => ({
			status: 422,
			json: {
				errors: [
					{ type: 'validation_error', code, message, attribute: null, url: expect.any(String) },
				],
			},
		});
		expect(await command(s.addCall({ runs: 'cXML' }).id)).toMatchObject(
			entry('invalid_call_id_passed', 'The call ID must not point to a cXML call.'),
		);
		const { id } = s.addCall({ runs: 'SWML' });
		s.endCall(id);
		expect((await command(id)).status).toBe(404);
		s.endedCommand = 'cannot_update_completed';
		expect(await command(id)).toMatchObject(
			entry('cannot_update_completed', 'Completed calls cannot be updated.'),
		);
		s.fault = () => s.refuseCommand('call_update_failed', 'cannot_redirect_not_in_progress');
		expect((await command(id)).json).toMatchObject({
			errors: [{ code: 'call_update_failed' }, { code: 'cannot_redirect_not_in_progress' }],
		});
	});

	describe('a conference', () => {
		const room = (s: Account, id: string): string => `${signalWire.account(s)}/Conferences/${id}`;

		test('has streams of its own, which the call does not know, and shows how far it is', async () => {
			const s = await start('signalWire');
			const call = s.addCall();
			const conference = s.addConference();
			const stream = s.startConferenceStream(conference.id, { callId: call.id });
			const path = `${room(s, conference.id)}/Streams/${stream.id}`;
			expect((await signalWire.stop(s, call.id, stream.id)).status).toBe(404);
			s.endCall(call.id);
			expect(stream.running).toBe(true);
			expect((await send(s, 'GET', room(s, conference.id))).json).toMatchObject({
				sid: conference.id,
				status: 'in-progress',
			});
			expect(await send(s, 'POST', path, form({ Status: 'stopped' }))).toMatchObject({
				status: 200,
				json: {
					sid: stream.id,
					account_sid: s.credentials.projectId,
					conference_sid: conference.id,
					name: stream.name,
					status: 'stopped',
					date_updated: expect.any(String),
					uri: expect.stringContaining(conference.id),
				},
			});
			expect(stream.running).toBe(false);
			expect((await send(s, 'POST', path, form({ Status: 'stopped' }))).status).toBe(404);
			s.expectOnContract();
			expect((await send(s, 'POST', path, form({ Status: 'x' }))).status).toBe(422);
		});

		test('takes the start of a stream until it is completed, and then says 422 in strings', async () => {
			const s = await start('signalWire');
			const { id } = s.addConference();
			const begin = (): Promise<Answered> =>
				send(s, 'POST', `${room(s, id)}/Streams`, form({ Url: 'wss://audio.example.com/x' }));
			const { json } = await begin();
			expect(json).toMatchObject({ conference_sid: id, status: 'in-progress' });
			s.endConference(id);
			expect(s.stream(String(json.sid))).toMatchObject({
				running: false,
				endedBecause: 'its conference ended',
			});
			expect((await send(s, 'GET', room(s, id))).json.status).toBe('completed');
			expect(await begin()).toMatchObject({ status: 422, json: { errors: [expect.any(String)] } });
			expect((await send(s, 'GET', room(s, 'nobody'))).status).toBe(404);
		});
	});
});
