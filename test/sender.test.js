'use strict';

// One request of the node: how long it waits, how long it takes, and what is sent again. No network, and
// faked time.

const { fakeSender, networkError } = require('./support/fakeSender');

afterEach(() => {
	jest.useRealTimers();
	jest.restoreAllMocks();
});

const NOW = Date.parse('2026-01-31T10:00:00Z');

/** Runs to the end of its waits, in faked time. Says when each request left, in ms from the first. */
async function sendInFakeTime(answers, { options, rules, ...rest } = {}) {
	jest.useFakeTimers({ now: NOW });
	const { send, sentAt } = fakeSender(answers, rest);
	let endedAt;
	const sending = send(options, rules).finally(() => (endedAt = Date.now()));
	await jest.advanceTimersByTimeAsync(300_000);
	const sent = await sending;
	return { ...sent, times: sentAt.map((at) => at - sentAt[0]), took: endedAt - NOW };
}

const after = (header, status = 503) => ({
	statusCode: status,
	headers: { 'retry-after': header },
});

describe('how long the node waits', () => {
	test.each([429, 503])('Retry-After in seconds, with %d', async (status) => {
		const { times } = await sendInFakeTime([after('7', status), 204]);
		expect(times).toEqual([0, 7_000]);
	});

	test.each([429, 503])('Retry-After as a date, with %d', async (status) => {
		const date = new Date(NOW + 9_000).toUTCString();
		const { times } = await sendInFakeTime([after(date, status), 204]);
		expect(times).toEqual([0, 9_000]);
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
		const random = jest.spyOn(Math, 'random').mockReturnValue(1 - 1e-12);
		const options = { maxRetries: 10 };
		const longest = await sendInFakeTime([500], { options });
		const waits = longest.times.slice(1).map((at, n) => Math.round(at - longest.times[n]));
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
		const waits = senders.map(({ sentAt: [first, second] }) => second - first);
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
		expect(took).toBe(120_000);
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
		expect(sentAt.at(-1) - NOW).toBe(150_000);
	});

	test('no longer than it is given, as for the reads of Confirm Stop', async () => {
		jest.spyOn(Math, 'random').mockReturnValue(0.9);
		const rules = { until: NOW + 10_000 };
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
		'ECONNRESET',
		'EPIPE',
		'ETIMEDOUT',
		'ECONNABORTED',
		'HPE_INVALID_CONSTANT',
		'never',
	];
	const NOT_REACHED = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH'];

	test.each([...RETRIED, ...LOST, ...NOT_REACHED])('a stop by id, after %s', async (fault) => {
		const { attempts, end } = await sendInFakeTime([fault, 204]);
		expect(attempts).toBe(2);
		expect(end.answer.statusCode).toBe(204);
	});

	test.each([0, 1, 2, 3, 10])('up to Max Retries: %d', async (maxRetries) => {
		jest.spyOn(Math, 'random').mockReturnValue(0);
		for (const fault of [503, 'ECONNRESET', 'ECONNREFUSED', after('1', 429)]) {
			const { attempts, times } = await sendInFakeTime([fault], { options: { maxRetries } });
			expect(attempts).toBe(maxRetries + 1);
			expect(times).toHaveLength(attempts);
		}
	});

	test.each([
		...[200, 201, 202, 204, 206, 300, 301, 302, 303, 304, 307, 308],
		...[400, 401, 402, 403, 404, 405, 406, 409, 410, 411, 413, 415, 418, 422, 423, 425, 426, 451],
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
			expect(end.answer.statusCode).toBe(204);
		},
	);

	test.each([
		['never', true],
		['ECONNRESET', true],
		[408, true],
		[503, true],
		[429, false],
		['ECONNREFUSED', false],
	])('an attempt that ended with %s may have had its effect: %s', async (fault, effectBefore) => {
		const sent = await sendInFakeTime([fault, 404]);
		expect(sent).toMatchObject({ attempts: 2, effectBefore });
		const alone = await sendInFakeTime([fault], { options: { maxRetries: 0 } });
		expect(alone).toMatchObject({ attempts: 1, effectBefore: false });
	});

	test('a network code is found however deep n8n wraps it', async () => {
		let wrapped = networkError('ECONNREFUSED');
		for (let depth = 0; depth < 2; depth += 1) wrapped = new Error('wrapped', { cause: wrapped });
		expect((await sendInFakeTime([wrapped, 204])).attempts).toBe(2);
	});
});

describe('a cancelled execution', () => {
	async function cancelAt(ms, answers) {
		jest.useFakeTimers({ now: NOW });
		const controller = new AbortController();
		const { send, sentAt } = fakeSender(answers, { signal: controller.signal });
		let endedAt;
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

	test('sends nothing that was not sent yet', async () => {
		const signal = AbortSignal.abort();
		const { send, sentAt } = fakeSender([204], { signal });
		expect(await send()).toMatchObject({ end: { kind: 'cancelled' }, attempts: 0 });
		expect(sentAt).toEqual([]);
	});
});
