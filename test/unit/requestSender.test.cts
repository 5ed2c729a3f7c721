// One request of the node: how long it waits, how long it takes, and what is sent again. No network, and
// faked time.

import type { IDataObject } from 'n8n-workflow';

import type { OwnReading } from '../../nodes/StopAudioStream/providers/provider';
import {
	toHttpRequest,
	type Sent,
	type SendOptions,
} from '../../nodes/StopAudioStream/sending/requestSender';
import {
	DATA,
	fakeSender,
	networkError,
	type Fate,
	type FakeSenderOptions,
	type SeenRequest,
	type SendingRules,
} from '../lib/fakeSender.cts';

afterEach(() => {
	jest.useRealTimers();
	jest.restoreAllMocks();
});

const NOW = Date.parse('2026-01-31T10:00:00Z');

interface Sending extends FakeSenderOptions {
	options?: Partial<SendOptions>;
	rules?: SendingRules;
}

interface Timed extends Sent {
	/** When each request left, in ms from the first. */
	times: number[];
	requests: SeenRequest[];
	took: number;
}

/** Runs to the end of its waits, in faked time. */
async function sendInFakeTime(
	fates: readonly Fate[],
	{ options, rules, ...rest }: Sending = {},
): Promise<Timed> {
	jest.useFakeTimers({ now: NOW });
	const { send, sentAt, requests } = fakeSender(fates, rest);
	let endedAt = NaN;
	const sending = send(options, rules).finally(() => (endedAt = Date.now()));
	await jest.advanceTimersByTimeAsync(300_000);
	const sent = await sending;
	const [first = NaN] = sentAt;
	return { ...sent, times: sentAt.map((at) => at - first), requests, took: endedAt - NOW };
}

/** The body of the last answer. */
function bodyOf({ end }: Sent): unknown {
	if (end.kind !== 'answer') throw new Error(`Ended with '${end.kind}'`);
	return end.answer.body;
}

const after = (header: string, status = 503) => ({
	statusCode: status,
	headers: { 'retry-after': header },
});

describe('what n8n is asked to send', () => {
	test('is one request that takes every status, follows nothing, and goes to its own host only', async () => {
		const { requests } = await sendInFakeTime([204], { origin: 'https://api.example:8443' });
		expect(requests).toEqual([
			{
				credentialType: 'plivoBasicApi',
				options: {
					method: 'DELETE',
					url: 'https://api.example:8443/v1/',
					headers: { Accept: 'application/json' },
					timeout: 10_000,
					encoding: 'text',
					returnFullResponse: true,
					ignoreHttpStatusErrors: true,
					disableFollowRedirect: true,
					sendCredentialsOnCrossOriginRedirect: false,
					allowedDomains: 'api.example',
				},
				more: {
					credentialsDecrypted: { id: '', name: '', type: 'plivoBasicApi', data: DATA },
				},
				signal: expect.any(AbortSignal),
			},
		]);
	});

	test('is a form, a JSON body, or neither', () => {
		const base = { method: 'POST', url: 'https://api.example/' } as const;
		expect(toHttpRequest(base)).toEqual({
			...base,
			headers: { Accept: 'application/json' },
		});
		expect(toHttpRequest({ ...base, form: { Url: 'https://a.example/?b=c&d' } })).toEqual({
			...base,
			headers: {
				Accept: 'application/json',
				'Content-Type': 'application/x-www-form-urlencoded',
			},
			body: 'Url=https%3A%2F%2Fa.example%2F%3Fb%3Dc%26d',
		});
		expect(toHttpRequest({ ...base, json: { id: 'c' } })).toEqual({
			...base,
			headers: { Accept: 'application/json', 'Content-Type': 'application/json' },
			body: { id: 'c' },
		});
	});

	test('has no more time than is left', async () => {
		const { requests } = await sendInFakeTime(['never'], { rules: { until: 3_000 } });
		expect(requests.map(({ options }) => options.timeout)).toEqual([3_000]);
	});

	test('is let go when its time is up, and not before', async () => {
		jest.useFakeTimers({ now: NOW });
		const { send, requests } = fakeSender(['never']);
		const sending = send({ maxRetries: 0 });
		await jest.advanceTimersByTimeAsync(9_999);
		expect(requests[0]?.signal?.aborted).toBe(false);
		await jest.advanceTimersByTimeAsync(1);
		expect(requests[0]?.signal?.aborted).toBe(true);
		expect((await sending).end).toEqual({ kind: 'noAnswer', seconds: 10 });
	});

	test('is let go at once when the execution is cancelled', async () => {
		jest.useFakeTimers({ now: NOW });
		const controller = new AbortController();
		const { send, requests } = fakeSender(['never'], { signal: controller.signal });
		const sending = send();
		await jest.advanceTimersByTimeAsync(100);
		controller.abort();
		await sending;
		expect(requests[0]?.signal?.aborted).toBe(true);
	});

	test.each([
		['an answer', 204],
		['the loss of the connection', 'EPIPE'],
		['silence', 'never'],
	])('leaves no timer behind after %s', async (_, answer) => {
		jest.useFakeTimers({ now: NOW });
		const { send } = fakeSender([answer]);
		const sending = send({ maxRetries: 0, timeout: 1_000 }, { until: 60_000 });
		await jest.advanceTimersByTimeAsync(1_000);
		await sending;
		expect(jest.getTimerCount()).toBe(0);
	});

	test('is let go with one and the same reason, so that no stack is taken each time', async () => {
		const { requests } = await sendInFakeTime([503, 204]);
		const [first, second] = requests.map(({ signal }): unknown => signal?.reason);
		expect(first).toEqual(new Error('No longer waited for'));
		expect(second).toBe(first);
	});
});

describe('what comes back', () => {
	test.each([
		['{"message":"x"}', { message: 'x' }],
		['[1]', [1]],
		['null', null],
		['<html></html>', '<html></html>'],
		['{"message":', '{"message":'],
		['', ''],
		[{ message: 'x' }, { message: 'x' }],
		[[1], [1]],
		[undefined, undefined],
	])('is read as JSON where it is JSON: %j', async (body, read) => {
		expect(bodyOf(await sendInFakeTime([{ statusCode: 200, body }]))).toEqual(read);
	});

	test('is not even tried as JSON where it is empty, which would cost each stop an exception', async () => {
		const parse = jest.spyOn(JSON, 'parse');
		expect(bodyOf(await sendInFakeTime([204]))).toBe('');
		expect(parse).not.toHaveBeenCalled();
	});

	test('is masked before anything is made of it, headers too', async () => {
		const { end } = await sendInFakeTime([
			{ statusCode: 200, headers: { 'x-echo': 'example-token' }, body: '["example-token"]' },
		]);
		const answer = { statusCode: 200, headers: { 'x-echo': '***' }, body: ['***'] };
		expect(end).toMatchObject({ kind: 'answer', answer });
	});

	const endOf = async (thrown: Fate) =>
		(await sendInFakeTime([thrown], { options: { maxRetries: 0 } })).end;

	test.each([
		['connect ECONNREFUSED', { kind: 'notReached', code: 'ECONNREFUSED' }],
		['read EHOSTUNREACH', { kind: 'connectionLost', code: 'EHOSTUNREACH' }],
		['ECONNRESET', { kind: 'connectionLost', code: 'ECONNRESET' }],
		['ECONNABORTED', { kind: 'noAnswer', seconds: 10 }],
	])('is no answer after %s', async (fate, end) => {
		expect(await endOf(fate)).toEqual(end);
	});

	test('is told, also when what is thrown is no error at all', async () => {
		// Outside of a generator, only an error may be thrown by hand.
		const throwing = (value: unknown) => () =>
			(function* () {
				yield value;
			})().throw(value);
		expect(await endOf(throwing('a text'))).toEqual({ kind: 'broken', reason: 'a text' });
		expect(await endOf(throwing(undefined))).toEqual({
			kind: 'broken',
			reason: 'undefined',
		});
	});

	test('is what the provider makes of it, for every answer that is one', async () => {
		const read = jest.fn(() => ({ status: 'stopped' }) as const);
		const { end } = await sendInFakeTime([{ statusCode: 200, body: '{"a":1}' }], {
			rules: { read },
		});
		const answer = { statusCode: 200, headers: {}, body: { a: 1 } };
		expect(read.mock.calls).toEqual([[answer]]);
		expect(end).toEqual({ kind: 'answer', answer, own: { status: 'stopped' } });
		const early = await sendInFakeTime([199], { rules: { read } });
		expect(early.end).toMatchObject({ own: undefined });
		expect(read).toHaveBeenCalledTimes(1);
	});

	test('is sent for once more where the provider says in its own words to try again', async () => {
		const read = jest
			.fn<OwnReading | undefined, []>()
			.mockReturnValueOnce({ asks: 'again' })
			.mockReturnValue({ status: 'accepted' });
		const sent = await sendInFakeTime([422, 200], { rules: { read } });
		expect(sent).toMatchObject({ attempts: 2, effectBefore: true });
		const document = await sendInFakeTime([422, 200], {
			rules: { read: () => ({ asks: 'again' }), repeatable: false },
		});
		expect(document.attempts).toBe(1);
	});
});

describe('one account', () => {
	/** Sends beside a sender that was told to wait for 5 s. Says how long it took. */
	async function beside(other: FakeSenderOptions): Promise<number> {
		const origin = `https://${Math.random()}.example`;
		jest.useFakeTimers({ now: NOW });
		const limited = fakeSender([after('5', 429)], { origin, provider: 'plivo', id: 'MAONE' });
		const first = limited.send({ maxRetries: 0 });
		await jest.advanceTimersByTimeAsync(0);
		await first;
		const second = fakeSender([204], { origin, provider: 'plivo', id: 'MAONE', ...other });
		const sending = second.send();
		await jest.advanceTimersByTimeAsync(10_000);
		await sending;
		return (second.sentAt[0] ?? NaN) - NOW;
	}

	test('waits together, whichever execution was told to', async () => {
		expect(await beside({})).toBe(5_000);
	});

	test.each([
		['account', { id: 'MATWO' }],
		['host', { origin: 'https://other.example' }],
		['provider', { provider: 'vobiz' }],
	])('holds up no other %s', async (_, other) => {
		expect(await beside(other)).toBe(0);
	});

	test('that is asked to wait for more than 30 s refuses the next request unsent', async () => {
		jest.useFakeTimers({ now: NOW });
		const { send, sentAt } = fakeSender([after('45', 429)]);
		await send();
		expect(await send()).toMatchObject({
			end: { kind: 'waitTooLong', forMs: 45_000 },
			attempts: 0,
			effectBefore: false,
		});
		expect(sentAt).toHaveLength(1);
	});

	test('sends again what was sent before, ahead of what was not', async () => {
		jest.useFakeTimers({ now: NOW });
		jest.spyOn(Math, 'random').mockReturnValue(0);
		const { send } = fakeSender([503, 204]);
		const order: string[] = [];
		const all = ['first', 'second', 'third'].map((name) =>
			send({ maxConcurrency: 1 }).then(() => order.push(name)),
		);
		await Promise.all(all);
		expect(order).toEqual(['second', 'first', 'third']);
	});

	test.each([
		['a good answer', 204, 11],
		['a refusal', 404, 11],
		['a 503, which shows no provider that copes', 503, 10],
		['a 500', 500, 10],
		['a 408', 408, 10],
		['a lost connection', 'EPIPE', 10],
	])('without a published limit after %s (%s): %d together', async (_, answer, together) => {
		jest.useFakeTimers({ now: NOW });
		const { send, sentAt } = fakeSender([answer, 'never'], { provider: 'vobiz' });
		await send({ maxRetries: 0 });
		const all = Promise.all(Array.from({ length: 20 }, () => send({ maxRetries: 0 })));
		await jest.advanceTimersByTimeAsync(0);
		expect(sentAt.length - 1).toBe(together);
		await jest.advanceTimersByTimeAsync(60_000);
		await all;
	});

	test('keeps Max Concurrency', async () => {
		jest.useFakeTimers({ now: NOW });
		const { send, sentAt } = fakeSender(['never']);
		const all = Promise.all([1, 2, 3].map(() => send({ maxConcurrency: 2, maxRetries: 0 })));
		await jest.advanceTimersByTimeAsync(60_000);
		await all;
		expect(sentAt.map((at) => at - NOW)).toEqual([0, 0, 10_000]);
	});
});

describe('how long the node waits', () => {
	test.each([429, 503])('Retry-After in seconds, with %d', async (status) => {
		const { times } = await sendInFakeTime([after('7', status), 204]);
		expect(times).toEqual([0, 7_000]);
	});

	test.each([
		['7', 7_000],
		[' 7 ', 7_000],
		['7.25', 7_250],
	])('Retry-After in seconds, written as %j', async (header, ms) => {
		expect((await sendInFakeTime([after(header), 204])).times).toEqual([0, ms]);
	});

	test.each(['2026-01-31T10:00:09Z', 'Sat, 31 Jan 2026 10:00:09 +0000'])(
		'Retry-After as a date, written as %s',
		async (header) => {
			expect((await sendInFakeTime([after(header), 204])).times).toEqual([0, 9_000]);
		},
	);

	test('what Vobiz says elsewhere counts with a 429 alone, and where it has nothing else to say', async () => {
		jest.spyOn(Math, 'random').mockReturnValue(0.5);
		const headers = { 'x-ratelimit-reset': String(NOW / 1_000 + 6) };
		const down = await sendInFakeTime([{ statusCode: 503, headers }, 204], { provider: 'vobiz' });
		expect(down.times).toEqual([0, 250]);
		const plivo = await sendInFakeTime([{ statusCode: 429, headers }, 204]);
		expect(plivo.times).toEqual([0, 750]);
	});

	test.each([429, 503])('Retry-After as a date, with %d', async (status) => {
		const date = new Date(NOW + 9_000).toUTCString();
		const { times } = await sendInFakeTime([after(date, status), 204]);
		expect(times).toEqual([0, 9_000]);
	});

	test("Retry-After as a date, read against the answer's own: the two clocks may differ", async () => {
		const theirs = NOW + 3_600_000;
		const asks = (status: number, headers: IDataObject) => ({ statusCode: status, headers });
		for (const status of [429, 503]) {
			const headers = {
				date: new Date(theirs).toUTCString(),
				'retry-after': new Date(theirs + 9_000).toUTCString(),
			};
			const { times } = await sendInFakeTime([asks(status, headers), 204]);
			expect(times).toEqual([0, 9_000]);
		}
		// By a clock that is an hour behind, the same moment has not come yet.
		const behind = {
			date: new Date(NOW - 3_600_000).toUTCString(),
			'retry-after': new Date(NOW - 3_595_000).toUTCString(),
		};
		expect((await sendInFakeTime([asks(503, behind), 204])).times).toEqual([0, 5_000]);
		const unreadable = { date: 'today', 'retry-after': new Date(NOW + 4_000).toUTCString() };
		expect((await sendInFakeTime([asks(503, unreadable), 204])).times).toEqual([0, 4_000]);
	});

	test("the reset that Vobiz names is read against the answer's own date too", async () => {
		const headers = {
			date: new Date(NOW + 100_000).toUTCString(),
			'x-ratelimit-reset': String(NOW / 1_000 + 106),
		};
		const limited = { statusCode: 429, headers };
		const { times } = await sendInFakeTime([limited, 204], { provider: 'vobiz' });
		expect(times).toEqual([0, 6_000]);
	});

	test('what Vobiz says in details.retryAfter', async () => {
		const body = { status: 'error', error: { code: 'X', details: { retryAfter: 4 } } };
		const limited = { statusCode: 429, body: JSON.stringify(body) };
		const { times } = await sendInFakeTime([limited, 204], { provider: 'vobiz' });
		expect(times).toEqual([0, 4_000]);
	});

	test('what Vobiz says in X-RateLimit-Reset', async () => {
		const limited = {
			statusCode: 429,
			headers: { 'x-ratelimit-reset': String(NOW / 1_000 + 6) },
		};
		const { times } = await sendInFakeTime([limited, 204], { provider: 'vobiz' });
		expect(times).toEqual([0, 6_000]);
	});

	test('Retry-After comes before what Vobiz says elsewhere', async () => {
		const limited = {
			statusCode: 429,
			headers: { 'retry-after': '2', 'x-ratelimit-reset': String(NOW / 1_000 + 20) },
		};
		const { times } = await sendInFakeTime([limited, 204], { provider: 'vobiz' });
		expect(times).toEqual([0, 2_000]);
	});

	test.each([
		['nothing', {}],
		['0', { 'retry-after': '0' }],
		['a date that has passed', { 'retry-after': new Date(NOW - 60_000).toUTCString() }],
		['no number and no date', { 'retry-after': 'soon' }],
		['more than a number can hold', { 'retry-after': '9'.repeat(400) }],
		['a reset that has passed', { 'x-ratelimit-reset': '1' }],
		['a reset that is no number', { 'x-ratelimit-reset': 'Infinity' }],
	])('its own wait where the provider says %s', async (_, headers) => {
		jest.spyOn(Math, 'random').mockReturnValue(0.5);
		const down = await sendInFakeTime([{ statusCode: 503, headers }, 204], { provider: 'vobiz' });
		expect(down.times).toEqual([0, 250]);
		const limited = await sendInFakeTime([{ statusCode: 429, headers }, 204], {
			provider: 'vobiz',
		});
		expect(limited.times).toEqual([0, 750]);
	});

	test('exponential with full jitter: from nothing up to the bound, which doubles up to 30 s', async () => {
		const random = jest.spyOn(Math, 'random').mockReturnValue(1);
		const options = { maxRetries: 10 };
		const longest = await sendInFakeTime([500], { options });
		const waits = longest.times.slice(1).map((at, n) => Math.round(at - (longest.times[n] ?? NaN)));
		// The next wait would pass the 120 s of an item.
		expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
		random.mockReturnValue(0);
		const shortest = await sendInFakeTime([500], { options });
		expect(shortest.times).toEqual(Array(11).fill(0));
	});

	test('the waits of many items spread out', async () => {
		jest.useFakeTimers({ now: NOW });
		const senders = Array.from({ length: 200 }, () => fakeSender([500, 204]));
		const all = Promise.all(senders.map(({ send }) => send()));
		await jest.advanceTimersByTimeAsync(1_000);
		await all;
		const waits = senders.map(({ sentAt: [first = NaN, second = NaN] }) => second - first);
		expect(Math.max(...waits)).toBeLessThanOrEqual(500);
		for (const from of [0, 100, 200, 300, 400]) {
			const some = waits.filter((wait) => wait >= from && wait < from + 100).length;
			expect(some).toBeGreaterThan(15);
		}
	});

	test.each([429, 503])('not at all for more than 30 s, with %d', async (status) => {
		const just = await sendInFakeTime([after('30', status), 204]);
		expect(just.times).toEqual([0, 30_000]);
		const more = await sendInFakeTime([after('31', status), 204]);
		expect(more).toMatchObject({ attempts: 1, took: 0, end: { retryAfterMs: 31_000 } });
	});
});

describe('how long an item takes', () => {
	test('at most 120 s from its first send, the last attempt cut short', async () => {
		jest.spyOn(Math, 'random').mockReturnValue(0);
		const { times, took, end } = await sendInFakeTime(['never'], {
			options: { timeout: 50_000, maxRetries: 10 },
		});
		expect(times).toEqual([0, 50_000, 100_000]);
		expect(took).toBe(120_000);
		expect(end).toEqual({ kind: 'noAnswer', seconds: 20 });
	});

	test('at most 120 s in a storm of 429 too, and what it reports is the 429', async () => {
		const { times, took, end } = await sendInFakeTime([after('29', 429)], {
			options: { maxRetries: 10 },
		});
		expect(times).toEqual([0, 29_000, 58_000, 87_000, 116_000]);
		expect(took).toBeLessThanOrEqual(120_000);
		expect(end).toMatchObject({ kind: 'answer', answer: { statusCode: 429 } });
	});

	test('the wait for its turn before the first send is not counted', async () => {
		jest.useFakeTimers({ now: NOW });
		const { send, sentAt } = fakeSender(['never']);
		const options = { timeout: 10_000, maxRetries: 0, maxConcurrency: 1 };
		const all = Promise.all(Array.from({ length: 16 }, () => send(options)));
		await jest.advanceTimersByTimeAsync(200_000);
		const ends = (await all).map(({ end }) => end);
		expect(ends).toEqual(Array(16).fill({ kind: 'noAnswer', seconds: 10 }));
		expect((sentAt.at(-1) ?? NaN) - NOW).toBe(150_000);
	});

	test.each([
		[429, 11_000, 10_200],
		[503, 11_001, 10_201],
	])(
		'goes on while an answer to its next send could come, after %d',
		async (status, enough, enoughForShort) => {
			const at = async (until: number, options?: Partial<SendOptions>) =>
				(await sendInFakeTime([after('10', status), 204], { rules: { until }, options })).attempts;
			expect(await at(enough - 1)).toBe(1);
			expect(await at(enough)).toBe(2);
			expect(await at(enoughForShort - 1, { timeout: 200 })).toBe(1);
			expect(await at(enoughForShort, { timeout: 200 })).toBe(2);
		},
	);

	test('and where its time is over, an attempt that may have had its effect is told', async () => {
		jest.useFakeTimers({ now: NOW });
		const code = 'ECONNREFUSED';
		jest.spyOn(Math, 'random').mockReturnValue(1);
		const { send } = fakeSender([503, `connect ${code}`, after('20', 429), 204]);
		const first = send({}, { until: 15_000 });
		await jest.advanceTimersByTimeAsync(600);
		const second = send();
		await jest.advanceTimersByTimeAsync(100_000);
		expect(await first).toEqual({
			end: { kind: 'connectionLost', code },
			attempts: 2,
			effectBefore: true,
		});
		expect(await second).toMatchObject({ attempts: 2, end: { answer: { statusCode: 204 } } });
	});

	test('ends before its first send, where its turn comes too late', async () => {
		jest.useFakeTimers({ now: NOW });
		const { send, sentAt } = fakeSender(['never']);
		const options = { maxConcurrency: 1, maxRetries: 0 };
		const first = send(options);
		const second = send(options, { until: 4_000 });
		await jest.advanceTimersByTimeAsync(4_000);
		expect(await second).toMatchObject({
			end: { kind: 'outOfTime' },
			attempts: 0,
			effectBefore: false,
		});
		await jest.advanceTimersByTimeAsync(10_000);
		await first;
		expect(sentAt).toHaveLength(1);
	});

	test('no longer than it is given, as for the reads of Confirm Stop', async () => {
		jest.spyOn(Math, 'random').mockReturnValue(0.9);
		const rules = { until: 10_000 };
		const options = { maxRetries: 10 };
		for (const answers of [[503], [after('4', 429)], ['never']]) {
			const { took, attempts } = await sendInFakeTime(answers, { rules, options });
			expect(took).toBeLessThanOrEqual(10_000);
			expect(attempts).toBeLessThan(6);
		}
	});
});

describe('what is sent again', () => {
	const RETRIED = [408, 429, 500, 502, 503, 504];
	const LOST = [
		...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'HPE_INVALID_CONSTANT', 'never'],
		// Codes that also come before a connection stands, without a system call that says so.
		...['read EHOSTUNREACH', 'write ENETUNREACH', 'EHOSTUNREACH', 'ECONNREFUSED', 'EMFILE'],
	];
	const NOT_REACHED = [
		...['connect ECONNREFUSED', 'connect EHOSTUNREACH', 'connect ENETUNREACH'],
		...['connect ETIMEDOUT', 'connect EADDRNOTAVAIL', 'connect EMFILE'],
		...['getaddrinfo ENOTFOUND', 'getaddrinfo EAI_AGAIN'],
	];

	test.each([...RETRIED, ...LOST, ...NOT_REACHED])('a stop by id, after %s', async (fault) => {
		const { attempts, end } = await sendInFakeTime([fault, 204]);
		expect(attempts).toBe(2);
		expect(end).toMatchObject({ answer: { statusCode: 204 } });
	});

	test.each([0, 1, 2, 3, 10])('up to Max Retries: %d', async (maxRetries) => {
		jest.spyOn(Math, 'random').mockReturnValue(0);
		for (const fault of [503, 'ECONNRESET', 'connect ECONNREFUSED', after('1', 429)]) {
			const { attempts, times } = await sendInFakeTime([fault], { options: { maxRetries } });
			expect(attempts).toBe(maxRetries + 1);
			expect(times).toHaveLength(attempts);
		}
	});

	test.each([
		...[200, 201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308],
		...[
			400, 401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 413, 415, 418, 422, 423, 425, 426, 451,
		],
		...[501, 505, 511],
	])('never after %d', async (status) => {
		const { attempts } = await sendInFakeTime([after('1', status), 204]);
		expect(attempts).toBe(1);
	});

	test('never after a request that n8n itself did not let out', async () => {
		const blocked = new Error('Domain not allowed');
		const { attempts, end } = await sendInFakeTime([blocked, 204]);
		expect(attempts).toBe(1);
		expect(end).toEqual({ kind: 'broken', reason: 'Domain not allowed' });
		const own = await sendInFakeTime([
			networkError('ERR_OSSL_X509_CERT_ALREADY_IN_HASH_TABLE'),
			204,
		]);
		expect(own).toMatchObject({ attempts: 1, end: { kind: 'broken' } });
	});

	test.each([...RETRIED.filter((status) => status !== 429), ...LOST])(
		'by name: nothing, after %s',
		async (fault) => {
			const { attempts } = await sendInFakeTime([fault, 204], { rules: { repeatable: false } });
			expect(attempts).toBe(1);
		},
	);

	test.each([429, ...NOT_REACHED])(
		'by name: what was surely not processed, after %s',
		async (fault) => {
			const { attempts, end } = await sendInFakeTime([fault, 204], {
				rules: { repeatable: false },
			});
			expect(attempts).toBe(2);
			expect(end).toMatchObject({ answer: { statusCode: 204 } });
		},
	);

	test.each([
		['never', true],
		['ECONNRESET', true],
		[408, true],
		[500, true],
		[503, true],
		[429, false],
		['connect ECONNREFUSED', false],
		['read EHOSTUNREACH', true],
	])('an attempt that ended with %s may have had its effect: %s', async (fault, effectBefore) => {
		const sent = await sendInFakeTime([fault, 404]);
		expect(sent).toMatchObject({ attempts: 2, effectBefore });
		const alone = await sendInFakeTime([fault], { options: { maxRetries: 0 } });
		expect(alone).toMatchObject({ attempts: 1, effectBefore: false });
	});

	test('an item is only told as not delivered where no attempt may have been', async () => {
		const code = 'ECONNREFUSED';
		const refused = `connect ${code}`;
		const { end } = await sendInFakeTime([503, refused]);
		expect(end).toEqual({ kind: 'connectionLost', code });
		expect((await sendInFakeTime([429, refused])).end).toEqual({ kind: 'notReached', code });
		expect((await sendInFakeTime([503, 429])).end).toMatchObject({ answer: { statusCode: 429 } });
	});
});

describe('a cancelled execution', () => {
	async function cancelAt(ms: number, answers: Fate[]) {
		jest.useFakeTimers({ now: NOW });
		const controller = new AbortController();
		const { send, sentAt } = fakeSender(answers, { signal: controller.signal });
		let endedAt = NaN;
		const sending = send({ maxRetries: 10 }).finally(() => (endedAt = Date.now()));
		await jest.advanceTimersByTimeAsync(ms);
		controller.abort();
		await jest.advanceTimersByTimeAsync(300_000);
		return { ...(await sending), sends: sentAt.length, tookMs: endedAt - NOW };
	}

	test.each([
		['between attempts', [after('20', 503)]],
		['while the account waits after a 429', [after('20', 429)]],
		['while an attempt is under way', ['never']],
	])('ends at once %s', async (_, answers) => {
		expect(await cancelAt(5_000, answers)).toMatchObject({
			end: { kind: 'cancelled' },
			attempts: 1,
			sends: 1,
			tookMs: 5_000,
		});
	});

	test('is cancelled, and no lost connection, when n8n ends the request itself', async () => {
		const controller = new AbortController();
		const ended = await sendInFakeTime(
			[
				() => {
					controller.abort();
					throw networkError('ECONNRESET');
				},
			],
			{ signal: controller.signal, options: { maxRetries: 0 } },
		);
		expect(ended).toMatchObject({ end: { kind: 'cancelled' }, attempts: 1 });
	});

	test('keeps its attempts and their effect, while it waits for its turn too', async () => {
		expect(await cancelAt(5_000, [503, after('20', 503)])).toMatchObject({
			end: { kind: 'cancelled' },
			attempts: 2,
			effectBefore: true,
		});
		expect(await cancelAt(5_000, [503, after('20', 429)])).toMatchObject({
			end: { kind: 'cancelled' },
			attempts: 2,
			effectBefore: true,
		});
	});

	test('is nothing that an n8n without a signal could tell of, and stops work there too', async () => {
		expect(await sendInFakeTime([204], { signal: null })).toMatchObject({ attempts: 1 });
	});

	test('sends nothing that was not sent yet', async () => {
		const signal = AbortSignal.abort();
		const { send, sentAt } = fakeSender([204], { signal });
		expect(await send()).toMatchObject({ end: { kind: 'cancelled' }, attempts: 0 });
		expect(sentAt).toEqual([]);
	});
});
