import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { validateV3Signature } from 'plivo';
import { formsOf, providers, secretsIn } from '../lib/stand-ins/index.cts';
import { start } from '../lib/opened.cts';
import { listen, paths, send, withStream, type Page } from '../lib/providerRequests.cts';

// What the providers send: their events, who signed them, the documents that they fetch when somebody
// dials in, and what becomes of the call then.

// The package has no types that this import style finds.
const {
	RestClient,
}: {
	RestClient: {
		validateRequest(
			key: string,
			signature: string,
			url: string,
			fields: Record<string, string>,
		): boolean;
	};
} = createRequire(__filename)('@signalwire/compatibility-api');

const ADDRESS = 'https://n8n.example.com/webhook/x?a=1&b=two%20words';
const LOCKED = 'https://user:pass%20word@n8n.example.com/webhook/x?a=1';

const fieldsOf = (text = ''): Record<string, string> =>
	Object.fromEntries(new URLSearchParams(text));

describe('a hang-up', () => {
	test.each(['completed', 'busy', 'failed', 'no-answer', 'timeout', 'cancel', 'canceled'] as const)(
		'of Plivo and Vobiz says how the call ended: %s',
		async (status) => {
			for (const provider of ['plivo', 'vobiz'] as const) {
				const s = await start(provider);
				const call = s.addCall();
				s.endCall(call.id, status);
				expect(s.callback('Hangup', call).body).toMatchObject({
					CallUUID: call.id,
					Event: 'Hangup',
					CallStatus: status,
				});
			}
		},
	);

	test.each([
		'queued',
		'ringing',
		'in-progress',
		'completed',
		'busy',
		'failed',
		'no-answer',
		'canceled',
	] as const)('of SignalWire is one of its call statuses: %s', async (status) => {
		const s = await start('signalWire');
		const call = s.addCall({ status });
		expect(s.callback('call-status', call).body).toMatchObject({
			CallSid: call.id,
			CallStatus: status,
		});
	});

	test('of SWML and Relay is a call state', async () => {
		const s = await start('signalWire');
		const call = s.addCall({ runs: 'SWML' });
		const state = (): unknown => s.callback('calling.call.state', call).body.params;
		expect(state()).toMatchObject({ call_id: call.id, call_state: 'answered' });
		s.endCall(call.id);
		expect(state()).toMatchObject({ call_id: call.id, call_state: 'ended' });
	});

	test('of a Vobiz B-leg is none: the Dial callback is all that tells of it', async () => {
		const s = await start('vobiz');
		const hooks = await listen();
		const { aLeg, bLeg } = s.addLegs({ hangupUrl: { url: `${hooks.url}/hangup`, method: 'POST' } });
		bLeg.hangupUrl = aLeg.hangupUrl;
		bLeg.statusCallback = { url: `${hooks.url}/dial`, method: 'POST' };
		expect(() => s.callback('Hangup', bLeg)).toThrow('no hang-up for a B-leg');
		s.endCall(bLeg.id);
		await s.settled();
		expect(aLeg.up).toBe(true);
		expect(hooks.seen.map(({ url }) => url)).toEqual(['/dial']);
		expect(fieldsOf(hooks.seen[0]?.body)).toMatchObject({
			Event: 'DialHangup',
			CallUUID: aLeg.id,
			DialBLegUUID: bLeg.id,
		});
		s.endCall(aLeg.id);
		await s.settled();
		expect(hooks.seen.map(({ url }) => url)).toEqual(['/dial', '/hangup']);
	});

	test("goes through Vobiz's own trigger node in its own words", async () => {
		const s = await start('vobiz');
		const call = s.addCall();
		expect(s.callback('call.ended', call).body).toMatchObject({
			event: 'call.ended',
			call_uuid: call.id,
			vobiz: { CallUUID: call.id, Event: 'Hangup' },
		});
	});
});

describe('the event of a stream', () => {
	test.each([
		[
			'plivo',
			[
				'StartStream',
				'StopStream',
				'DroppedStream',
				'DegradedStream',
				'PlayedStream',
				'ClearedAudio',
			],
		],
		[
			'vobiz',
			[
				'StartStream',
				'StopStream',
				'DroppedStream',
				'DegradedStream',
				'PlayedStream',
				'ClearedAudio',
			],
		],
	] as const)('of %s names its call and itself', async (provider, kinds) => {
		const s = await start(provider);
		const { call, stream } = withStream(s);
		for (const kind of kinds) {
			const { body } = s.callback(kind, stream);
			expect(body).toMatchObject({ CallUUID: call.id, StreamID: stream.id, Event: kind });
		}
	});

	test('of a SignalWire conference names the conference, and of a call none', async () => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s);
		expect(s.callback('stream-started', stream).body).not.toHaveProperty('ConferenceSid');
		const room = s.addConference();
		const roomStream = s.startConferenceStream(room.id, { callId: call.id });
		expect(s.callback('stream-started', roomStream).body).toMatchObject({
			CallSid: call.id,
			ConferenceSid: room.id,
			StreamSid: roomStream.id,
		});
		const nameless = s.startConferenceStream(room.id);
		expect(s.callback('stream-started', nameless).body).not.toHaveProperty('CallSid');
	});

	test('of SWML holds the control ID, and of its connect no call', async () => {
		const s = await start('signalWire');
		const { call, stream } = withStream(s, { controlId: 'mine' });
		const params = (kind: string): unknown => s.callback(kind, stream).body.params;
		expect(params('calling.call.stream')).toMatchObject({
			call_id: call.id,
			control_id: 'mine',
			state: 'streaming',
		});
		expect(params('calling.call.stream without call_id')).not.toHaveProperty('call_id');
		s.endCall(call.id);
		expect(params('calling.call.stream')).toMatchObject({ state: 'finished' });
	});

	test('goes to the address of the stream when it starts, ends or loses its connection', async () => {
		const told: Record<string, string[]> = {};
		for (const provider of providers) {
			const s = await start(provider);
			const hooks = await listen();
			const statusCallback = { url: `${hooks.url}/stream`, method: 'POST' } as const;
			const { call, stream } = withStream(s, { statusCallback });
			await paths[provider].stop(s, call.id, stream.id);
			s.dropStream(s.startStream(call.id, { statusCallback }).id);
			s.startStream(call.id, { statusCallback });
			s.endCall(call.id);
			await s.settled();
			told[provider] = hooks.seen.map(({ body }) => {
				const { Event = '', StreamEvent = '' } = fieldsOf(body);
				return Event || StreamEvent;
			});
		}
		expect(told).toEqual({
			plivo: ['StartStream', 'StopStream', 'StartStream', 'DroppedStream', 'StartStream'],
			signalWire: [
				'stream-started',
				'stream-stopped',
				'stream-started',
				'stream-error',
				'stream-started',
				'stream-stopped',
			],
			vobiz: ['StartStream', 'StopStream', 'StartStream', 'DroppedStream', 'StartStream'],
		});
	});

	test('goes to no other machine', async () => {
		const s = await start('plivo');
		const { stream } = withStream(s);
		const sent = await s.send('StartStream', stream, 'http://hooks.example.com/stream');
		expect(sent).toMatchObject({
			status: null,
			error: expect.stringContaining('no other machine'),
		});
	});
});

describe('a signed event', () => {
	const header = (headers: Record<string, string>, name: string): string => {
		const [, value = ''] =
			Object.entries(headers).find(([each]) => each.toLowerCase() === name) ?? [];
		return value;
	};

	test.each([
		['POST', 'https://n8n.example.com/webhook/x'],
		['POST', ADDRESS],
		['GET', 'https://n8n.example.com/webhook/x'],
		['GET', ADDRESS],
	] as const)("of Plivo passes the vendor's own check: %s %s", async (method, address) => {
		const s = await start('plivo');
		const { stream } = withStream(s);
		const event = s.signedCallback('StartStream', stream, address, { method });
		const passes = (name: string, token: string, url = event.url): boolean =>
			Boolean(
				validateV3Signature(
					method,
					url,
					header(event.headers, 'x-plivo-signature-v3-nonce'),
					token,
					header(event.headers, name),
					method === 'POST' ? fieldsOf(event.text) : {},
				),
			);
		expect(passes('x-plivo-signature-v3', s.credentials.authToken)).toBe(true);
		expect(passes('x-plivo-signature-ma-v3', s.mainAuthToken)).toBe(true);
		expect(passes('x-plivo-signature-v3', 'another')).toBe(false);
		expect(passes('x-plivo-signature-v3', s.credentials.authToken, `${event.url}0`)).toBe(false);
	});

	test('of Plivo may hold one signature for each key in use, and can be forged', async () => {
		const s = await start('plivo');
		const { stream } = withStream(s);
		const sign = (options: object): string =>
			header(
				s.signedCallback('StartStream', stream, ADDRESS, { nonce: '1', ...options }).headers,
				'x-plivo-signature-v3',
			);
		expect(sign({ furtherKeys: ['new'] }).split(',')).toEqual([sign({ key: 'new' }), sign({})]);
		expect(sign({ only: ['MA-V3'] })).toBe('');
	});

	test.each([
		['POST', ADDRESS],
		['GET', ADDRESS],
	] as const)("of SignalWire passes the vendor's own check: %s", async (method, address) => {
		const s = await start('signalWire');
		const { stream } = withStream(s);
		const { url, text, headers } = s.signedCallback('stream-started', stream, address, { method });
		const passes = (key: string, fields = fieldsOf(text)): boolean =>
			RestClient.validateRequest(key, header(headers, 'x-signalwire-signature'), url, fields);
		expect(passes(s.credentials.signingSecret)).toBe(true);
		expect(passes(s.credentials.apiToken)).toBe(false);
		expect(passes(s.credentials.signingSecret, { ...fieldsOf(text), CallSid: 'x' })).toBe(false);
	});

	test('of SignalWire has no signature where it is JSON', async () => {
		const s = await start('signalWire');
		const { stream } = withStream(s);
		const { headers, text } = s.signedCallback('calling.call.stream', stream, ADDRESS);
		expect(headers).toEqual({ 'Content-Type': 'application/json' });
		expect(JSON.parse(text)).toMatchObject({ event_type: 'calling.call.stream' });
	});

	test('of Vobiz is as documented, covers no body, and comes only to an address with a password', async () => {
		const s = await start('vobiz');
		const { stream } = withStream(s);
		expect(s.signedCallback('StartStream', stream, ADDRESS).headers).toEqual({
			'Content-Type': 'application/x-www-form-urlencoded',
		});
		const { headers, url } = s.signedCallback('StartStream', stream, LOCKED, { nonce: '42' });
		const hmac = (key: string, text: string): string =>
			createHmac('sha256', key).update(text).digest('base64');
		const { authToken } = s.credentials;
		const base = 'https://n8n.example.com/webhook/x';
		expect(headers).toEqual({
			'Content-Type': 'application/x-www-form-urlencoded',
			Authorization: `Basic ${Buffer.from('user:pass word').toString('base64')}`,
			'X-Vobiz-Signature-V3': hmac(authToken, `${base}.42`),
			'X-Vobiz-Signature-MA-V3': hmac(s.parentAuthToken, `${base}.42`),
			'X-Vobiz-Signature-V3-Nonce': '42',
			'X-Vobiz-Signature-V2': hmac(authToken, `${base}42`),
			'X-Vobiz-Signature-MA-V2': hmac(s.parentAuthToken, `${base}42`),
			'X-Vobiz-Signature-V2-Nonce': '42',
			'auth-token': authToken,
			'parent-auth-token': s.parentAuthToken,
		});
		expect(url).toBe(`${base}?a=1`);
		const bare = { tokenHeaders: false, only: ['V2'] } as const;
		const names = Object.keys(s.signedCallback('StartStream', stream, LOCKED, bare).headers);
		expect(names.filter((name) => /token|V3/.test(name))).toEqual([]);
	});
});

describe('a caller who dials in', () => {
	const streamXml = (callback: string, attributes = '', then = ''): string =>
		`<Response><Stream statusCallbackUrl="${callback}" ${attributes}>wss://audio.example.com/s</Stream>${then}</Response>`;

	test.each(['plivo', 'vobiz'] as const)(
		'to %s gets the document of its answer address, and its events go where they should',
		async (provider) => {
			const s = await start(provider);
			const pages: Record<string, { xml: string }> = {};
			const hooks = await listen(pages);
			const hold = 'bidirectional="true" keepCallAlive="true"';
			pages['/answer'] = { xml: streamXml(`${hooks.url}/stream`, hold) };
			const call = await s.dial(`${hooks.url}/answer`, {
				hangupUrl: { url: `${hooks.url}/hangup`, method: 'POST' },
			});
			expect(fieldsOf(hooks.seen[0]?.body)).toMatchObject({
				CallUUID: call.id,
				CallStatus: 'ringing',
				...(provider === 'vobiz' && { Event: 'StartApp' }),
			});
			expect(call).toMatchObject({ up: true, status: 'in-progress' });
			const [stream] = s.calls.runningOf(call.id);
			expect(stream).toMatchObject({
				keepsCallAlive: true,
				serviceUrl: 'wss://audio.example.com/s',
			});
			await paths[provider].stop(s, call.id, stream?.id ?? '');
			expect(call.endedBecause).toBe('the stream that alone kept it alive ended');
			await s.settled();
			expect(hooks.seen.map(({ url }) => url).sort()).toEqual([
				'/answer',
				'/hangup',
				'/stream',
				'/stream',
			]);
			expect(s.sent.every(({ status }) => status === 200)).toBe(true);
		},
	);

	test('goes on with the verbs behind a stream that held the call', async () => {
		const s = await start('plivo');
		const hold = 'bidirectional="true" keepCallAlive="true"';
		const { url } = await listen({
			'/wait': { xml: streamXml('http://127.0.0.1:9/', hold, '<Wait length="60"/>') },
			'/speak': { xml: streamXml('http://127.0.0.1:9/', hold, '<Speak>Bye</Speak>') },
		});
		const waiting = await s.dial(`${url}/wait`);
		const speaking = await s.dial(`${url}/speak`);
		for (const { id } of [waiting, speaking]) {
			const [stream] = s.calls.runningOf(id);
			await paths.plivo.stop(s, id, stream?.id ?? '');
		}
		expect([waiting.up, speaking.endedBecause]).toEqual([true, 'its document ran out of verbs']);
	});

	test.each([
		['a fork with nothing behind it', '<Response><Stream>wss://a.example.com/</Stream></Response>'],
		[
			'keepCallAlive without bidirectional',
			'<Response><Stream keepCallAlive="true">wss://a.example.com/</Stream></Response>',
		],
	])('is hung up after %s', async (_what, xml) => {
		const s = await start('plivo');
		const { url } = await listen({ '/answer': { xml } });
		expect(await s.dial(`${url}/answer`)).toMatchObject({
			up: false,
			endedBecause: 'its document ran out of verbs',
		});
		expect(s.truth().running).toEqual([]);
	});

	test.each([
		['<Start>', '<Start><Stream url="wss://a.example.com/" name="one"/></Start><Pause/>', true],
		['<Connect>', '<Connect><Stream url="wss://a.example.com/" name="one"/></Connect>', false],
	])('to SignalWire starts a stream by %s', async (_what, verbs, staysUp) => {
		const s = await start('signalWire');
		const pages: Record<string, { xml: string }> = {};
		const hooks = await listen(pages);
		pages['/answer'] = {
			xml: `<Response>${verbs.replace('name=', `statusCallback="${hooks.url}/stream" name=`)}</Response>`,
		};
		const call = await s.dial(`${hooks.url}/answer`, {
			statusCallback: { url: `${hooks.url}/status`, method: 'GET' },
		});
		const [stream] = s.calls.runningOf(call.id);
		expect(stream).toMatchObject({ name: 'one' });
		expect(s.documents[0]).toMatchObject({ started: [stream?.id] });
		await paths.signalWire.stop(s, call.id, stream?.id ?? '');
		expect(call.up).toBe(staysUp);
		s.endCall(call.id);
		await s.settled();
		// Events of one address come in their order, those of others whenever they do.
		expect(hooks.seen.map(({ method, url }) => `${method} ${url.split('?')[0]}`).sort()).toEqual([
			'GET /status',
			'POST /answer',
			'POST /stream',
			'POST /stream',
		]);
		expect(hooks.seen.every(({ headers }) => headers['x-signalwire-signature'])).toBe(true);
	});

	test.each([
		['stream', { url: 'wss://a.example.com/', control_id: 'mine' }, 'sleep', true],
		['connect', { to: 'stream:wss://a.example.com/' }, undefined, false],
	])('to SignalWire by SWML starts a stream by %s', async (verb, value, then, staysUp) => {
		const s = await start('signalWire');
		const pages: Record<string, Page> = {};
		const hooks = await listen(pages);
		const step = { [verb]: { ...value, status_url: `${hooks.url}/stream?call=1` } };
		pages['/answer'] = {
			headers: { 'Content-Type': 'application/json' },
			xml: JSON.stringify({
				version: '1.0.0',
				sections: { main: ['answer', step, ...(then ? [{ [then]: 60 }] : [])] },
			}),
		};
		const call = await s.dial(`${hooks.url}/answer`, { runs: 'SWML' });
		expect(JSON.parse(hooks.seen[0]?.body ?? '')).toMatchObject({ call: { call_id: call.id } });
		const [stream] = s.calls.runningOf(call.id);
		const body = {
			id: call.id,
			command: 'calling.stream.stop',
			params: { control_id: stream?.controlId },
		};
		await send(s, 'POST', '/api/calling/calls', { body });
		expect([stream?.running, call.up]).toEqual([false, staysUp]);
		if (then) expect(stream?.controlId).toBe('mine');
		await s.settled();
		const events = hooks.seen.slice(1).map(({ body: sent }) => {
			const { params }: { params: object } = JSON.parse(sent);
			return params;
		});
		expect(events).toMatchObject([{ state: 'streaming' }, { state: 'finished' }]);
		expect(events.map((params) => 'call_id' in params)).toEqual([staysUp, staysUp]);
	});

	test.each([
		['plivo', 0],
		['signalWire', 0],
		['vobiz', 900],
	] as const)('to %s is dropped where an ampersand is not escaped', async (provider, afterMs) => {
		const s = await start(provider);
		const { url } = await listen({
			'/answer': { xml: streamXml('https://x.example.com/?a=1&b=2') },
		});
		const began = Date.now();
		const call = await s.dial(`${url}/answer`);
		expect(call.up).toBe(afterMs > 0);
		while (call.up) await new Promise((resolve) => setTimeout(resolve, 10));
		expect(Date.now() - began).toBeGreaterThanOrEqual(afterMs);
		expect(call.endedBecause).toBe('its document could not be had');
		expect(s.documents[0]?.error).toMatch(/^12100/);
	});

	test('ends the call where the answer address is on another machine', async () => {
		const s = await start('plivo');
		const call = await s.dial('http://n8n.example.com/webhook/x');
		expect([call.up, s.documents[0]?.error]).toEqual([false, expect.stringMatching(/^11210/)]);
	});
});

describe('an exception inside a stand-in', () => {
	test.each([
		['close', (s: { close(): Promise<void> }) => s.close()],
		['expectOnContract', async (s: { expectOnContract(): void }) => s.expectOnContract()],
	])('is no network fault: %s throws it', async (_name, end) => {
		const s = await start('plivo');
		const { call, stream } = withStream(s);
		s.fault = (request) => {
			expect(request.method).toBe('PATCH');
			return undefined;
		};
		await expect(paths.plivo.stop(s, call.id, stream.id)).rejects.toThrow();
		await expect(end(s)).rejects.toThrow('PATCH');
		// It is told once.
		await s.close();
	});

	test('is thrown with the others', async () => {
		const s = await start('vobiz');
		s.fault = (_request, n) => {
			throw new Error(`number ${n}`);
		};
		for (let i = 0; i < 2; i += 1) {
			await expect(send(s, 'GET', '/api/v1/auth/me')).rejects.toThrow();
		}
		await expect(s.close()).rejects.toThrow('2 errors');
	});

	test('is none where the client goes away', async () => {
		const s = await start('plivo');
		s.fault = () => ({ delayMs: 50 });
		const leaving = new AbortController();
		const asked = fetch(`${s.url}/v1/`, { signal: leaving.signal });
		while (s.requests.length === 0) await new Promise(setImmediate);
		leaving.abort();
		await expect(asked).rejects.toThrow();
		await new Promise((resolve) => setTimeout(resolve, 80));
		expect(s.errors).toEqual([]);
	});
});

describe('a secret', () => {
	const secret = 'a/b+c="d&é~secret';

	test('is found in every form', () => {
		const forms = formsOf(secret, 'id');
		expect(new Set(forms.map(({ text }) => text)).size).toBe(forms.length);
		for (const { form, text } of forms) {
			expect(secretsIn(`{"x":"<${text}>"}`, [secret], 'id')).toContain(form);
		}
		expect(forms.map(({ form }) => form)).toEqual(
			expect.arrayContaining([
				'plain',
				'base64',
				'base64url',
				'percent-encoded',
				'JSON-escaped',
				'id:secret, base64',
			]),
		);
	});

	test('is found in parts, and in no text without it', () => {
		const halves = [secret.slice(0, 8), secret.slice(8)];
		const long = 'Zr5cHq9XtB2kWn8YdfGm4LpA';
		expect(secretsIn(`{"a":"${long.slice(0, 12)}","b":"${long.slice(12)}"}`, [long])).toEqual([
			'in parts',
		]);
		expect(secretsIn(long.slice(0, 11), [long])).toEqual([]);
		expect(halves.join('')).toBe(secret);
	});

	test.each(providers)(
		'of %s shares no part with its other values, and is listed',
		async (provider) => {
			const s = await start(provider);
			const { credentials, secrets } = s;
			const { authToken, apiToken, signingSecret } = { ...credentials } as Record<string, string>;
			for (const one of [authToken ?? apiToken, ...(signingSecret ? [signingSecret] : [])]) {
				expect(secrets).toContain(one);
			}
			// Else a node that masks one of these forms would seem to mask the other too.
			const token = authToken ?? apiToken ?? '';
			const { authId, projectId } = { ...credentials } as Record<string, string>;
			for (const text of [token, `${authId ?? projectId}:${token}`]) {
				expect(Buffer.from(text).toString('base64')).toMatch(/(?=.*\+)(?=.*\/)/);
			}
			expect(new URLSearchParams({ s: token }).toString()).not.toBe(
				`s=${encodeURIComponent(token)}`,
			);
			const open = { ...credentials, authToken: '', apiToken: '', signingSecret: '' };
			expect(secretsIn(JSON.stringify(open), secrets)).toEqual([]);
		},
	);
});
