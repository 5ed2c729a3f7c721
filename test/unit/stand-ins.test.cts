// What all stand-ins have in common: calls that a stream keeps alive, limits, what breaks the contract, what is
// thrown inside them, and what they keep secret.

import { setTimeout as sleep } from 'node:timers/promises';
import { live } from '../lib/lives.cts';
import { opened, start } from '../lib/opened.cts';
import {
	command,
	form,
	paths,
	send,
	type Account,
	type Answered,
} from '../lib/providerRequests.cts';
import { forkStandIn, providers, secretsIn, type ProviderName } from '../lib/stand-ins/index.cts';

describe.each(providers)('the stand-in of %s', (provider) => {
	const path = paths[provider];

	test('a call ends with the stream that alone kept it alive, and its other streams with it', async () => {
		const s = await start(provider);
		const { call, stream } = live(s, { keepsCallAlive: true });
		const other = s.startStream(call.id);
		await path.stop(s, call.id, stream.id);
		expect(call).toMatchObject({
			up: false,
			status: 'completed',
			endedBecause: 'the stream that alone kept it alive ended',
		});
		expect([stream, other]).toMatchObject([
			{ running: false, endedBecause: 'stopped' },
			{ running: false, endedBecause: 'its call ended' },
		]);
	});

	test('what is over the limit gets 429 in the form of the provider, until the next window', async () => {
		const rateLimit = { requests: 3, perMs: 1_000, retryAfter: true };
		const s = await start(provider, { rateLimit });
		const { call } = live(s);
		const stop = () => path.stop(s, call.id, s.startStream(call.id).id);
		const answers = await Promise.all(Array.from({ length: 5 }, stop));
		const limited = answers.filter(({ status }) => status === 429);
		expect(limited).toHaveLength(2);
		expect(limited[0]?.headers['retry-after']).toBe('1');
		expect(limited[0]?.json).toMatchObject(
			{
				plivo: { api_id: expect.any(String), error: expect.any(String) },
				signalWire: { code: 20429, status: 429 },
				vobiz: { error: { code: 'RATE_LIMIT_EXCEEDED', details: { retryAfter: 1 } } },
			}[provider],
		);
		await sleep(1_000);
		expect((await stop()).status).toBeLessThan(300);
	});
});

/** Sends a request that breaks the contract, beside a stream that it must not stop. */
async function breakContract(provider: ProviderName, ask: Ask): Promise<Answered> {
	const s = await start(provider);
	const { call, stream } = live(s);
	const answer = await ask(s, call.id, stream.id);
	expect([stream.running, call.up, s.offContract().length]).toEqual([true, true, 1]);
	expect(() => s.expectOnContract()).toThrow(`1 requests break ${provider}'s contract`);
	return answer;
}

type Ask = (s: Account, call: string, stream: string) => Promise<Answered>;

/** A stop with these options, or at a path that differs in this from the right one. */
const stopWith =
	(provider: ProviderName, options: object): Ask =>
	(s, call, stream) =>
		paths[provider].stop(s, call, stream, options);
const stopAt =
	(provider: ProviderName, change: (path: string) => string, method = 'DELETE'): Ask =>
	(s, call, stream) =>
		send(s, method, change(paths[provider].stream(s, call, stream)));
const update =
	(fields: Record<string, string>): Ask =>
	(s, call) =>
		send(s, 'POST', paths.signalWire.call(s, call), form(fields));
const Url = 'https://hooks.example.com/';

test.each<[string, ProviderName, number, Ask]>([
	...providers.map((provider): [string, ProviderName, number, Ask] => [
		'a stop without credentials',
		provider,
		401,
		stopWith(provider, { headers: {} }),
	]),
	...(['plivo', 'vobiz'] as const).map((provider): [string, ProviderName, number, Ask] => [
		"a stop at another account's path",
		provider,
		401,
		stopAt(provider, (path) => path.replace(/Account\/[^/]+/, '$&0')),
	]),
	['a stop with a body', 'plivo', 400, stopWith('plivo', { body: {} })],
	['a stop with a query', 'plivo', 400, stopAt('plivo', (path) => `${path}?force=true`)],
	['a path with two slashes at its end', 'plivo', 404, stopAt('plivo', (path) => `${path}/`)],
	['a path in small letters', 'plivo', 404, stopAt('plivo', (path) => path.toLowerCase())],
	['another method', 'plivo', 405, stopAt('plivo', (path) => path, 'PATCH')],
	['a path in small letters', 'vobiz', 401, stopAt('vobiz', (path) => path.toLowerCase())],
	['a path without its last slash', 'vobiz', 401, stopAt('vobiz', (path) => path.slice(0, -1))],
	['a stop without a body', 'signalWire', 422, stopWith('signalWire', { body: undefined })],
	['a stop to another status', 'signalWire', 422, stopWith('signalWire', form({ Status: 'x' }))],
	['a stop in JSON', 'signalWire', 422, stopWith('signalWire', { body: { Status: 'stopped' } })],
	['an update without a document', 'signalWire', 422, update({})],
	[
		'an update with a document that is not on the web',
		'signalWire',
		422,
		update({ Url: 'ftp://x' }),
	],
	['an update with XML', 'signalWire', 422, update({ Url, Twiml: '<Response/>' })],
	['an update with two aims', 'signalWire', 422, update({ Url, Status: 'completed' })],
	['another command', 'signalWire', 422, (s, call) => command(s, call, 'x', { command: 'x' })],
	[
		'a command without its parameter',
		'signalWire',
		422,
		(s, call) => command(s, call, 'x', { params: {} }),
	],
])(
	'%s breaks the contract of %s, which answers %d and stops nothing',
	async (_what, provider, status, ask) => {
		expect((await breakContract(provider, ask)).status).toBe(status);
	},
);

test.each(['..', '%2e%2E', 'a%ff', 'a"b'])(
	'the stream id %s breaks the contract of every provider, and stops nothing',
	async (id) => {
		for (const provider of providers) {
			await breakContract(provider, (s, call) => paths[provider].stop(s, call, id));
		}
	},
);

test('what a fault throws is thrown again when its stand-in is judged or closed', async () => {
	const s = await start('plivo');
	s.fault = (_request, n) => {
		throw new Error(`number ${n}`);
	};
	const ask = async () => {
		await expect(send(s, 'GET', paths.plivo.account(s))).rejects.toThrow();
	};
	await ask();
	expect(() => s.expectOnContract()).toThrow('number 1');
	await ask();
	await ask();
	await expect(s.close()).rejects.toThrow('2 errors');
});

test('a client that goes away is no error of the stand-in', async () => {
	const s = await start('plivo', { delayMs: 50 });
	const leaving = new AbortController();
	const asked = fetch(`${s.url}/v1/`, { signal: leaving.signal });
	while (s.requests.length === 0) await sleep(1);
	leaving.abort();
	await expect(asked).rejects.toThrow();
	await sleep(80);
	expect(s.errors).toEqual([]);
});

test('a stand-in in a process of its own tells what arrived in figures', async () => {
	const rateLimit = { requests: 4, perMs: 60_000 };
	const s = opened(await forkStandIn('plivo', { delayMs: 20, rateLimit }));
	const seeded = await s.seed(3, 2);
	await Promise.all(seeded.map(({ call, stream }) => paths.plivo.stop(s, call.id, stream.id)));
	expect(await s.running()).toBe(2);
	const { mostAtOnce, ...summary } = await s.requests();
	expect(mostAtOnce).toBeGreaterThan(1);
	expect(summary).toMatchObject({
		total: 6,
		byStatus: { 204: 4, 429: 2 },
		offContract: [],
		windowMs: 60_000,
		mostInWindow: 6,
	});
	await s.reset();
	expect(await s.requests(10)).toMatchObject({ total: 0, windowMs: 10, mostAtOnce: 0 });
});

test('a process of a stand-in that cannot start says why', async () => {
	await expect(forkStandIn('twilio')).rejects.toThrow("no stand-in of 'twilio'");
});

test('a secret is found in each of its forms, and in parts', () => {
	const secret = 'a/b+c="d&é~secret';
	const inBase64 = (text: string) => Buffer.from(text).toString('base64');
	for (const text of [
		secret,
		inBase64(secret),
		inBase64(`id:${secret}`),
		Buffer.from(secret).toString('base64url'),
		Buffer.from(secret).toString('hex'),
		encodeURIComponent(secret),
		new URLSearchParams({ secret }).toString(),
		JSON.stringify(secret),
		secret.replace('&', '&amp;').replace('"', '&quot;'),
	]) {
		expect([text, secretsIn(`<${text}>`, [secret], 'id')]).not.toEqual([text, []]);
	}
	const long = 'Zr5cHq9XtB2kWn8YdfGm4LpA';
	const parts = `{"a":"${long.slice(0, 12)}","b":"${long.slice(12)}"}`;
	expect(secretsIn(parts, [long])).toEqual(['in parts']);
	expect(secretsIn(long.slice(0, 11), [long])).toEqual([]);
});

test.each(providers)(
	'each form of the secret of %s has other characters: a mask of one cannot hide another',
	async (provider) => {
		const s = await start(provider);
		const { authId, authToken, projectId, apiToken } = { ...s.credentials } as Record<
			string,
			string
		>;
		const token = authToken ?? apiToken ?? '';
		expect(s.secrets).toContain(token);
		for (const text of [token, `${authId ?? projectId}:${token}`]) {
			expect(Buffer.from(text).toString('base64')).toMatch(/(?=.*\+)(?=.*\/)/);
		}
		expect(new URLSearchParams({ s: token }).toString()).not.toBe(`s=${encodeURIComponent(token)}`);
		const open = { ...s.credentials, authToken: '', apiToken: '', signingSecret: '' };
		expect(secretsIn(JSON.stringify(open), s.secrets)).toEqual([]);
	},
);
