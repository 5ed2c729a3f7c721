// When the next request to one account may leave: a documented limit, and what answers teach. Asked through the
// queue, as the sender does. Faked time, no network.

import type { Load } from '../../nodes/StopAudioStream/outcome/verdicts';
import { FakeAccount, type FakeRequest } from '../lib/fakeAccount.cts';

beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0.5));
afterEach(() => {
	jest.useRealTimers();
	jest.restoreAllMocks();
});

describe('a published limit', () => {
	test.each<[string, FakeRequest | undefined, number[]]>([
		['leaves all of it at once, and more when the window has passed', undefined, [0, 0, 0, 1_000]],
		['counts a request until a window after its answer', { takes: 300 }, [0, 0, 0, 1_300]],
		['counts a request whose answer says nothing', { load: 'unknown' }, [0, 0, 0, 1_000]],
	])('%s', async (_title, request, times) => {
		const account = new FakeAccount({ requests: 3, windowMs: 1_000 });
		account.sendMany(4, request);
		await account.pass(5_000);
		expect(account.times).toEqual(times);
	});

	test('has a window as long as the provider says', async () => {
		const account = new FakeAccount({ requests: 1, windowMs: 5_000 });
		account.sendMany(3);
		await account.pass(20_000);
		expect(account.times).toEqual([0, 5_000, 10_000]);
	});

	test('is no bound for how many may be under way', async () => {
		const account = new FakeAccount({ requests: 1_000, windowMs: 1_000 });
		for (let n = 0; n < 1_000; n += 1) void account.enter(`${n}`, { maxUnderWay: 1_000 });
		await account.pass(0);
		expect(account.left).toHaveLength(1_000);
	});

	test('is never passed in any window, however slow the answers are', async () => {
		const account = new FakeAccount({ requests: 7, windowMs: 1_000 });
		for (let n = 0; n < 200; n += 1) void account.send(`${n}`, { takes: (n * 97) % 400 });
		await account.pass(120_000);
		// The provider counts a request somewhere between its leaving and its answer.
		const counted = account.left.map(({ name, at }) => {
			const takes = (Number(name) * 97) % 400;
			return at + ((Number(name) * 31) % (takes + 1));
		});
		const inWindow = (from: number) => counted.filter((at) => at >= from && at < from + 1_000);
		expect(counted).toHaveLength(200);
		expect(Math.max(...counted.map((from) => inWindow(from).length))).toBe(7);
	});
});

test('without a published limit, ten may be under way, and one more with each answer that shows the provider coping', async () => {
	const account = new FakeAccount();
	for (let n = 0; n < 50; n += 1) void account.enter(`${n}`);
	await account.pass(0);
	expect(account.left).toHaveLength(10);
	await account.answer('0', 'copes');
	expect(account.left).toHaveLength(12);
	await account.answer('1', 'unknown');
	expect(account.left).toHaveLength(13);
	await account.answer('2', 'limits', 1);
	await account.pass(60_000);
	expect(account.left).toHaveLength(14);
});

test.each([
	['a published limit', { requests: 3, windowMs: 1_000 }],
	['no published limit', undefined],
])(
	'with %s, a clock of the day that is set back an hour holds nothing up',
	async (_title, limit) => {
		const account = new FakeAccount(limit);
		void account.send('first');
		void account.send('limited', { load: 'limits', retryAfterMs: 500 });
		await account.pass(0);
		jest.setSystemTime(Date.now() - 3_600_000);
		account.sendMany(6);
		await account.pass(5_000);
		expect(account.left).toHaveLength(8);
	},
);

describe('the pause after a 429', () => {
	/** How long each of some 429s, one after the other, pauses the account. */
	async function pauses(count: number, between?: FakeRequest): Promise<number[]> {
		const account = new FakeAccount();
		const waited: number[] = [];
		for (let n = 1; n <= count; n += 1) {
			await account.send('limited', { load: 'limits' });
			const at = account.now;
			void account.send('next', { load: 'unknown', ...between });
			await account.pass(60_000);
			waited.push((account.times.at(-1) ?? NaN) - at);
		}
		return waited;
	}

	test('that names no wait doubles with each further one, up to 15 s', async () => {
		expect(await pauses(7)).toEqual([750, 1_500, 3_000, 6_000, 11_250, 11_250, 11_250]);
	});

	test.each([
		[0, 500],
		[0.999, 1_000],
	])('has jitter, from half of its bound to all of it: %d', async (random, ms) => {
		jest.spyOn(Math, 'random').mockReturnValue(random);
		expect(await pauses(1)).toEqual([ms]);
	});

	test('begins anew after an answer that shows the provider coping', async () => {
		expect(await pauses(3, { load: 'copes' })).toEqual([750, 750, 750]);
	});

	test.each<Load>(['copes', 'limits'])(
		'doubles once for a burst, whatever the rest of it says: %s',
		async (load) => {
			const account = new FakeAccount();
			for (const pause of [750, 1_500, 3_000]) {
				for (const name of [`${pause}`, `${pause} too`]) void account.enter(name);
				await account.pass(0);
				await account.answer(`${pause}`, 'limits');
				const at = account.now;
				await account.answer(`${pause} too`, load);
				void account.send('next', { load: 'unknown' });
				await account.pass(60_000);
				expect((account.times.at(-1) ?? NaN) - at).toBe(pause);
			}
		},
	);

	test('is the longest that was asked for', async () => {
		const account = new FakeAccount();
		for (const s of [3, 10, 2])
			void account.send(`${s}`, { load: 'limits', retryAfterMs: s * 1_000 });
		await account.pass(0);
		void account.send('next');
		await account.pass(60_000);
		expect(account.times).toEqual([0, 0, 0, 10_000]);
	});

	test('of 30 s is waited for', async () => {
		const account = new FakeAccount();
		await account.send('limited', { load: 'limits', retryAfterMs: 30_000 });
		void account.send('next');
		await account.pass(60_000);
		expect(account.times).toEqual([0, 30_000]);
	});

	test('of more than 30 s refuses at once whatever waits and whatever comes within 30 s', async () => {
		const account = new FakeAccount();
		for (const name of ['asks', 'slow']) void account.enter(name);
		const waiting = [
			account.enter('careful', { maxUnderWay: 1 }),
			account.enter('other careful', { run: {}, maxUnderWay: 1 }),
			account.enter('read', { kind: 'read' }),
		];
		await account.pass(0);
		await account.answer('asks', 'limits', 86_400_000);
		expect(await Promise.all(waiting)).toEqual(Array(3).fill({ refusedForMs: 86_400_000 }));
		await account.pass(29_999);
		expect(await account.enter('within')).toEqual({ refusedForMs: 86_370_001 });
		await account.pass(2);
		expect(await account.enter('after')).toBe('sent');
		await account.answer('slow');
		await account.answer('after');
		expect(account.queue.isIdle).toBe(true);
	});
});

describe('the rate that a 429 reveals', () => {
	/** CUBIC: 0.7 of what it was, back there after `back` seconds, then beyond. */
	const rateAt = (was: number, seconds: number) => {
		const back = Math.cbrt((was * 0.3) / 0.05);
		return 0.05 * (seconds - back) ** 3 + was;
	};

	/** Whether each request from the sixth on follows the one before at the rate; the first make up for the pause. */
	function expectCubic(times: number[], cutAt: number, was: number) {
		const gaps = times.slice(1).map((at, n) => at - (times[n] ?? NaN));
		const expected = times.map((at) => 1_000 / rateAt(was, (at - cutAt) / 1_000));
		expect(gaps.length).toBeGreaterThan(10);
		for (const [n, gap] of gaps.entries()) {
			if (n >= 5) expect(Math.abs(gap - (expected[n] ?? NaN))).toBeLessThanOrEqual(1.5);
		}
	}

	test.each([
		['ten a second, if fewer were answered', 0, 0, 10],
		['what was answered in the last second', 40, 0, 41],
		['no answer of the second before it', 40, 1_000, 10],
	])('is at first 0.7 of %s', async (_title, answered, later, was) => {
		const account = new FakeAccount({ requests: 300, windowMs: 5_000 });
		account.sendMany(answered);
		await account.pass(later);
		await account.send('limited', { load: 'limits', retryAfterMs: 1 });
		account.sendMany(40);
		await account.pass(60_000);
		expectCubic(account.times.slice(answered + 1), later, was);
	});

	test('is 0.7 of the rate of that moment at a 429 that comes later', async () => {
		const account = new FakeAccount();
		await account.send('limited', { load: 'limits', retryAfterMs: 1 });
		await account.pass(200);
		await account.send('limited again', { load: 'limits', retryAfterMs: 1 });
		account.sendMany(40);
		await account.pass(60_000);
		expectCubic(account.times.slice(2), 200, rateAt(10, 0.2));
	});

	test('lets a busy process make up for a tenth of a second, and for no more', async () => {
		const account = new FakeAccount();
		await account.send('limited', { load: 'limits', retryAfterMs: 1 });
		// Far beyond ten a second by then, and nothing was sent meanwhile.
		await account.pass(8_000);
		account.sendMany(100);
		await account.pass(0);
		expect([2, 3]).toContain(account.left.length - 1);
		await account.pass(10_000);
		expect(account.left).toHaveLength(101);
	});
});
