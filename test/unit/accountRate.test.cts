// When the next request to one account may leave: a documented limit, and what each answer teaches.

import { AccountRate, type Load } from '../../nodes/StopAudioStream/sending/accountRate';

const LIMIT = { requests: 4, windowMs: 1_000 };

/** Takes note of an answer at `now`. */
const note = (
	rate: AccountRate,
	now: number,
	load: Load,
	{ sentAt = now, retryAfterMs }: { sentAt?: number; retryAfterMs?: number } = {},
) => rate.note('stop', { sentAt, load, retryAfterMs }, now);

beforeEach(() => jest.spyOn(Math, 'random').mockReturnValue(0.5));
afterEach(() => jest.restoreAllMocks());

describe('without a published limit', () => {
	test('ten may be under way', () => {
		const rate = new AccountRate();
		expect(rate.freeAt(100, 9)).toBe(100);
		expect(rate.freeAt(100, 10)).toBe(Infinity);
	});

	test.each([
		['copes', 11],
		['unknown', 10],
		['limits', 10],
	] as const)('an answer that shows %s lets %d out together', (load, together) => {
		const rate = new AccountRate();
		note(rate, 0, load);
		expect(rate.freeAt(60_000, together - 1)).toBe(60_000);
		expect(rate.freeAt(60_000, together)).toBe(Infinity);
	});
});

describe('a published limit', () => {
	test('counts what is under way and what was answered in the window', () => {
		const rate = new AccountRate(LIMIT);
		expect(rate.freeAt(0, 3)).toBe(0);
		expect(rate.freeAt(0, 4)).toBe(Infinity);
		note(rate, 100, 'copes');
		note(rate, 300, 'copes');
		expect(rate.freeAt(400, 1)).toBe(400);
		expect(rate.freeAt(400, 2)).toBe(1_100);
		expect(rate.freeAt(1_099, 2)).toBe(1_100);
		expect(rate.freeAt(1_100, 2)).toBe(1_100);
		expect(rate.freeAt(1_100, 3)).toBe(1_300);
	});

	test('is no number of requests under way', () => {
		const rate = new AccountRate({ requests: 1_000, windowMs: 1_000 });
		expect(rate.freeAt(0, 999)).toBe(0);
	});

	test('has one half for reads, which count their own answers', () => {
		const rate = new AccountRate({ requests: 5, windowMs: 1_000 });
		expect(rate.readFreeAt(0, 1, 100)).toBe(0);
		expect(rate.readFreeAt(0, 2, 100)).toBe(Infinity);
		rate.note('stop', { sentAt: 0, load: 'copes' }, 0);
		expect(rate.readFreeAt(0, 1, 100)).toBe(0);
		rate.note('read', { sentAt: 0, load: 'copes' }, 200);
		expect(rate.readFreeAt(200, 1, 100)).toBe(1_200);
		expect(rate.readFreeAt(1_200, 1, 100)).toBe(1_200);
		// A read's answer counts for everything together too.
		const whole = new AccountRate(LIMIT);
		for (let n = 0; n < 4; n += 1) whole.note('read', { sentAt: 0, load: 'copes' }, 0);
		expect(whole.freeAt(0, 0)).toBe(1_000);
	});
});

describe('reads under way', () => {
	test.each([
		[100, 5],
		[10, 5],
		[7, 3],
		[2, 1],
		[1, 1],
	])('are at most half of what a run allows, and of what is let out: of %d, %d', (max, most) => {
		const rate = new AccountRate();
		expect(rate.readFreeAt(0, most - 1, max)).toBe(0);
		expect(rate.readFreeAt(0, most, max)).toBe(Infinity);
	});
});

describe('a 429', () => {
	test('pauses for what it asks, up to 30 s', () => {
		const rate = new AccountRate();
		note(rate, 1_000, 'limits', { retryAfterMs: 7_000 });
		expect(rate.freeAt(1_001, 0)).toBe(8_000);
		note(rate, 1_002, 'limits', { retryAfterMs: 30_000 });
		expect(rate.freeAt(1_003, 0)).toBe(31_002);
		expect(rate.refusedForMs(1_003)).toBeUndefined();
	});

	test('that asks for more says for how long nothing is wanted, for 30 s', () => {
		const rate = new AccountRate();
		expect(rate.refusedForMs(0)).toBeUndefined();
		note(rate, 1_000, 'limits', { retryAfterMs: 90_000 });
		expect(rate.refusedForMs(1_000)).toBe(90_000);
		expect(rate.refusedForMs(30_999)).toBe(60_001);
		expect(rate.refusedForMs(31_000)).toBeUndefined();
	});

	test('without a wait pauses for half to all of a time that doubles', () => {
		const rate = new AccountRate();
		note(rate, 0, 'limits');
		expect(rate.freeAt(1, 0)).toBe(750);
		note(rate, 1_000, 'limits');
		expect(rate.freeAt(1_001, 0)).toBe(2_500);
		note(rate, 5_000, 'copes');
		note(rate, 6_000, 'limits');
		expect(rate.freeAt(6_001, 0)).toBe(6_750);
	});

	test('of the same burst is no news', () => {
		const rate = new AccountRate();
		note(rate, 100, 'limits', { sentAt: 0 });
		note(rate, 120, 'limits', { sentAt: 100 });
		expect(rate.freeAt(121, 0)).toBe(870);
		note(rate, 130, 'limits', { sentAt: 101 });
		expect(rate.freeAt(131, 0)).toBe(1_630);
	});

	test('teaches a rate: requests leave one by one from then on', () => {
		const rate = new AccountRate();
		expect(rate.freeAt(0, 0)).toBe(0);
		rate.take(0);
		expect(rate.freeAt(0, 0)).toBe(0);
		note(rate, 1_000, 'limits', { retryAfterMs: 1 });
		// 0.7 of ten a second.
		rate.take(1_001);
		const gap = rate.freeAt(1_001, 0) - 901;
		expect(gap).toBeGreaterThan(1_000 / 7.1);
		expect(gap).toBeLessThan(1_000 / 6.9);
	});

	test('makes up for no more than a tenth of a second', () => {
		const rate = new AccountRate();
		note(rate, 0, 'limits', { retryAfterMs: 1 });
		rate.take(5_000);
		// From 4,900 on, at nearly ten a second.
		expect(rate.freeAt(5_000, 0)).toBeLessThan(5_010);
		expect(rate.freeAt(4_900, 0)).toBeGreaterThan(4_990);
	});
});
