// What the providers send: events, who signed them, and the documents that they fetch for a call, with what
// becomes of the call then.

import { setTimeout as sleep } from 'node:timers/promises';
import { live, running } from '../lib/lives.cts';
import { start } from '../lib/opened.cts';
import { listen, paths, type Page } from '../lib/providerRequests.cts';
import type { SignalWireStandIn } from '../lib/stand-ins/index.cts';
import { vobizSignature } from '../lib/stand-ins/signatures.cts';
import { signalWireSdk } from '../lib/vendorSdks.cts';

const ADDRESS = 'https://n8n.example.com/webhook/x?a=1&b=two%20words';
const LOCKED = 'https://user:pass%20word@n8n.example.com/webhook/x?a=1';
const AUDIO = 'wss://audio.example.com/stream';

describe('events', () => {
	test('an event about the end of a call says how it ended, in the words of its provider', async () => {
		for (const provider of ['plivo', 'vobiz'] as const) {
			const s = await start(provider);
			const call = s.addCall();
			s.endCall(call.id, 'busy');
			const { body } = s.callback('Hangup', call);
			expect(body).toMatchObject({ CallUUID: call.id, Event: 'Hangup', CallStatus: 'busy' });
		}
		const s = await start('signalWire');
		const call = s.addCall({ runs: 'SWML' });
		s.endCall(call.id, 'no-answer');
		expect(s.callback('call-status', call).body).toMatchObject({ CallStatus: 'no-answer' });
		const params = { call_id: call.id, call_state: 'ended' };
		expect(s.callback('calling.call.state', call).body.params).toMatchObject(params);
	});

	test('neither an event nor a request for a document leaves this machine', async () => {
		const s = await start('plivo');
		const { stream } = live(s);
		const elsewhere = 'http://hooks.example.com/';
		const { status, error } = await s.send('StartStream', stream, elsewhere);
		expect([status, error]).toEqual([null, expect.stringContaining('no other machine')]);
		const call = await s.dial(elsewhere);
		expect([call.up, s.documents[0]?.error]).toEqual([false, expect.stringMatching(/^11210/)]);
	});
});

describe('signatures', () => {
	test('Vobiz signs only for an address with a password, and its tokens go along in plain text', async () => {
		const s = await start('vobiz');
		const { stream } = live(s);
		const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
		expect(s.signedCallback('StartStream', stream, ADDRESS).headers).toEqual(form);
		const nonce = '42';
		const { authToken } = s.credentials;
		const sign = (key: string, version: 'V3' | 'V2') => vobizSignature(LOCKED, key, nonce, version);
		expect(s.signedCallback('StartStream', stream, LOCKED, { nonce })).toMatchObject({
			url: 'https://n8n.example.com/webhook/x?a=1',
			headers: {
				...form,
				Authorization: `Basic ${Buffer.from('user:pass word').toString('base64')}`,
				'X-Vobiz-Signature-V3': sign(authToken, 'V3'),
				'X-Vobiz-Signature-MA-V3': sign(s.parentAuthToken, 'V3'),
				'X-Vobiz-Signature-V3-Nonce': nonce,
				'X-Vobiz-Signature-V2': sign(authToken, 'V2'),
				'X-Vobiz-Signature-MA-V2': sign(s.parentAuthToken, 'V2'),
				'X-Vobiz-Signature-V2-Nonce': nonce,
				'auth-token': authToken,
				'parent-auth-token': s.parentAuthToken,
			},
		});
	});
});

const KEEP = '<Pause length="60"/>';
/** A document that stops the stream of a name, and goes on. */
const stopping = (name: string, then = KEEP): string =>
	`<?xml version="1.0" encoding="UTF-8"?><Response><Stop><Stream name="${name}"/></Stop>${then}</Response>`;

describe('documents of SignalWire', () => {
	/** Has the call of a stream `a` run a document, and waits for it. */
	const update = async (s: SignalWireStandIn, callId: string, url: string, more = {}) => {
		const answer = await signalWireSdk(s)
			.calls(callId)
			.update({ url, ...more });
		expect(answer).toMatchObject({ status: 'in-progress' });
	};

	test.each([
		['runs out of verbs ends the call', stopping('a', ''), 'Stop', false],
		['ends with speech ends the call', stopping('a', '<Say>Bye</Say>'), 'Stop Say', false],
		['hangs up ends the call', stopping('a', `<Hangup/>${KEEP}`), 'Stop Hangup', false],
		['is empty ends the call', '<Response/>', '', false],
		[
			'pauses keeps the call',
			stopping('a', `<Say>Hi</Say>${KEEP}<Hangup/>`),
			'Stop Say Pause',
			true,
		],
		['bridges keeps the call', stopping('a', '<Dial>+15550100009</Dial>'), 'Stop Dial', true],
		['names no stream of the call stops none', stopping('c'), 'Stop Pause', true],
		[
			'has a byte order mark, a comment and CDATA is read',
			`\ufeff${stopping('a', `<!-- & --><Say><![CDATA[Tom & Jerry]]></Say>${KEEP}`)}`,
			'Stop Say Pause',
			true,
		],
	])('a document that %s', async (_what, text, verbs, up) => {
		const s = await start('signalWire');
		const { call, stream } = live(s, { name: 'a' });
		const other = s.startStream(call.id, { name: 'b' });
		live(s, { name: 'c' });
		await update(s, call.id, (await listen({ '/': { text } })).url);
		await s.settled();
		expect(s.documents[0]?.verbs.join(' ')).toBe(verbs);
		expect([call.up, other.running]).toEqual([up, up]);
		expect(stream.running).toBe(text.includes('"c"'));
		expect(running(s)).toBe((up ? 2 : 1) + (text.includes('"c"') ? 1 : 0));
	});

	test.each<[string, Page, string]>([
		['answers 500', { status: 500, text: stopping('a') }, '11217'],
		['is text', { headers: { 'Content-Type': 'text/plain' }, text: stopping('a') }, '12300'],
		['does not parse', { text: `${stopping('a')}<oops>` }, '12100'],
		['begins with a blank', { text: ` ${stopping('a')}` }, '12100'],
		['has a bare ampersand', { text: stopping('a & b') }, '12100'],
		['has a control character', { text: stopping('a\u0001') }, '12100'],
		['is HTML', { text: '<html/>' }, '12100'],
		['has a verb in the wrong case', { text: '<Response><stop/></Response>' }, '12100'],
		['is over 64 kB', { text: stopping('a', `<Say>${'x'.repeat(66_000)}</Say>`) }, '11750'],
		['redirects in circles', { status: 302, headers: { Location: '/stop' } }, '11215'],
		['is slower than its fragment allows', { text: stopping('a'), stallMs: 4_000 }, '11200'],
	])(
		'a document that %s gives way to the fallback, and ends the call without one',
		async (_what, page, code) => {
			const s = await start('signalWire');
			const { call, stream } = live(s, { name: 'a' });
			const alone = live(s).call;
			const pages = await listen({ '/stop': page, '/spare': { text: stopping('a') } });
			const url = `${pages.url}/stop#rt=1500`;
			await update(s, call.id, url, { fallbackUrl: `${pages.url}/spare`, fallbackMethod: 'GET' });
			await s.settled();
			expect(s.documents.map(({ method, error }) => [method, error?.split(' ')[0]])).toEqual([
				['POST', code],
				['GET', undefined],
			]);
			expect([stream.running, call.up]).toEqual([false, true]);
			await update(s, alone.id, url);
			await s.settled();
			expect(alone.endedBecause).toBe('its document could not be had');
		},
	);

	test('a document at an address that nobody listens at ends the call, three redirects do not', async () => {
		const s = await start('signalWire');
		const [lost, led] = [s.addCall(), s.addCall()];
		const to = (Location: string) => ({ status: 307, headers: { Location } });
		const pages = await listen({
			'/1': to('/2'),
			'/2': to('/3'),
			'/3': to('/4'),
			'/4': { text: `<Response>${KEEP}</Response>` },
		});
		await update(s, lost.id, 'http://127.0.0.1:9/');
		await update(s, led.id, `${pages.url}/1`);
		await s.settled();
		expect([lost.up, led.up]).toEqual([false, true]);
		expect(pages.seen.map(({ method }) => method)).toEqual(['POST', 'POST', 'POST', 'POST']);
	});

	test('a document that comes too late does nothing: its call ended, or runs another', async () => {
		const s = await start('signalWire');
		const [over, updated] = [live(s, { name: 'a' }), live(s, { name: 'a' })];
		const pages = await listen({ '/slow': { text: stopping('a', ''), stallMs: 100 } });
		await update(s, over.call.id, `${pages.url}/slow`);
		await update(s, updated.call.id, `${pages.url}/slow`);
		s.endCall(over.call.id);
		await update(s, updated.call.id, s.bin(`<Response>${KEEP}</Response>`));
		await s.settled();
		expect(over.stream.endedBecause).toBe('its call ended');
		expect([updated.stream.running, updated.call.up]).toEqual([true, true]);
	});

	test('a stand-in that closes waits for no document', async () => {
		const s = await start('signalWire');
		const pages = await listen({ '/slow': { stallMs: 60_000 } });
		await update(s, s.addCall().id, `${pages.url}/slow`);
		while (pages.seen.length === 0) await sleep(1);
		await s.close();
		expect(s.documents[0]?.error).toMatch(/^11200/);
	});
});

describe('a caller dials in', () => {
	const streamXml = (callback: string, attributes = '', then = ''): string =>
		`<Response><Stream statusCallbackUrl="${callback}" ${attributes}>${AUDIO}</Stream>${then}</Response>`;
	const HOLD = 'bidirectional="true" keepCallAlive="true"';

	test.each([
		['waits behind a held stream goes on', streamXml('', HOLD, '<Wait length="60"/>'), true],
		['speaks behind a held stream ends', streamXml('', HOLD, '<Speak>Bye</Speak>'), false],
		['has only a fork ends', streamXml(''), false],
		['has keepCallAlive in one direction ends', streamXml('', 'keepCallAlive="true"'), false],
	])('a call whose document %s', async (_what, text, goesOn) => {
		const s = await start('plivo');
		const { id, up } = await s.dial((await listen({ '/': { text } })).url);
		const [stream] = s.calls.runningOf(id);
		expect(up).toBe(text.includes(HOLD));
		if (stream) await paths.plivo.stop(s, id, stream.id);
		const endedBecause = goesOn ? null : 'its document ran out of verbs';
		expect(s.call(id)).toMatchObject({ up: goesOn, endedBecause });
	});

	test.each([
		['plivo', 0],
		['signalWire', 0],
		['vobiz', 900],
	] as const)(
		'a call to %s with a bare ampersand in its document is dropped after %d ms',
		async (provider, ms) => {
			const s = await start(provider);
			const { url } = await listen({ '/': { text: streamXml('https://x.example.com/?a=1&b=2') } });
			const began = Date.now();
			const call = await s.dial(url);
			expect(call.up).toBe(ms > 0);
			while (call.up) await sleep(10);
			expect(Date.now() - began).toBeGreaterThanOrEqual(ms);
			expect(s.documents[0]?.error).toMatch(/^12100/);
		},
	);
});
