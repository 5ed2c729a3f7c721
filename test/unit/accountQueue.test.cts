'use strict';

// When the next request to one account may leave. No network, and faked time.

const { AccountPace, paceOf } = require('../dist/nodes/StopAudioStream/accountPace');

afterEach(() => {
	jest.useRealTimers();
	jest.restoreAllMocks();
});

describe('a documented limit', () => {
	test('no span of the window ever holds more than the limit, however slow the answers are', async () => {
		jest.useFakeTimers();
		const limit = { requests: 7, windowMs: 1_000 };
		const pace = new AccountPace(limit);
		const seen = [];
		let left = 200;
		for (let n = 0; n < 200; n += 1) {
			void pace.enter(turn()).then(async ({ sentAt }) => {
				// The provider counts the request somewhere between send and answer.
				const takes = (n * 97) % 400;
				seen.push(sentAt + ((n * 31) % (takes + 1)));
				await new Promise((resolve) => setTimeout(resolve, takes));
				pace.leave({ sentAt }, 'answered');
				left -= 1;
			});
		}
		await jest.advanceTimersByTimeAsync(120_000);
		expect(left).toBe(0);
		seen.sort((a, b) => a - b);
		const most = Math.max(
			...seen.map((from) => seen.filter((at) => at >= from && at < from + 1_000).length),
		);
		expect(most).toBeLessThanOrEqual(limit.requests);
	});
});

describe('a limit that nobody published', () => {
	test('begins with ten requests under way, and lets one more out with each good answer', async () => {
		const pace = new AccountPace();
		const slots = [];
		for (let n = 0; n < 50; n += 1) {
			void pace.enter(turn()).then((slot) => slots.push(slot));
		}
		await new Promise(setImmediate);
		expect(slots).toHaveLength(10);
		pace.leave(slots[0], 'answered');
		await new Promise(setImmediate);
		expect(slots).toHaveLength(12);
		pace.leave(slots[1], 'lost');
		await new Promise(setImmediate);
		expect(slots).toHaveLength(13);
	});

	test('comes down at a 429 and then goes up slowly', async () => {
		jest.useFakeTimers();
		const pace = new AccountPace();
		const sent = [];
		const send = async (ended) => {
			const slot = await pace.enter(turn());
			sent.push(slot.sentAt);
			pace.leave(slot, ended);
		};
		await Promise.all(Array.from({ length: 100 }, () => send('answered')));
		await send('limited');
		const cutAt = performance.now();
		const more = Array.from({ length: 1_000 }, () => send('answered'));
		await jest.advanceTimersByTimeAsync(60_000);
		await Promise.all(more);
		const inSecond = (n) =>
			sent.filter((at) => at > cutAt + n * 1_000 && at <= cutAt + (n + 1) * 1_000).length;
		// The first second is the pause; the rate at the 429 was 101 a second.
		expect(inSecond(1)).toBeGreaterThan(50);
		expect(inSecond(1)).toBeLessThan(90);
		expect(inSecond(7)).toBeGreaterThan(inSecond(1));
	});

	test('makes up for what a busy process was late with, and for no more than that', async () => {
		jest.useFakeTimers();
		const pace = new AccountPace();
		const slots = await Promise.all(Array.from({ length: 10 }, () => pace.enter(turn())));
		for (const slot of slots) pace.leave(slot, 'limited', 1);
		// 10 a second at the 429: long after it, the rate is far beyond, and nothing was sent meanwhile.
		await jest.advanceTimersByTimeAsync(8_000);
		const sent = [];
		for (let n = 0; n < 100; n += 1) {
			void pace.enter(turn()).then((slot) => {
				sent.push(slot.sentAt);
				pace.leave(slot, 'answered');
			});
		}
		await jest.advanceTimersByTimeAsync(0);
		expect(sent.length).toBeGreaterThan(1);
		expect(sent.length).toBeLessThanOrEqual(3);
		await jest.advanceTimersByTimeAsync(10_000);
		expect(sent).toHaveLength(100);
	});
});

describe('a 429', () => {
	test('that asks for a day silences the account for no longer than 30 s', async () => {
		jest.useFakeTimers();
		const pace = new AccountPace();
		pace.leave(await pace.enter(turn()), 'limited', 86_400_000);
		expect(await pace.enter(turn())).toEqual({ refusedForMs: 86_400_000 });
		await jest.advanceTimersByTimeAsync(29_999);
		expect(await pace.enter(turn())).toEqual({ refusedForMs: 86_370_001 });
		await jest.advanceTimersByTimeAsync(2);
		expect(await pace.enter(turn())).toHaveProperty('sentAt');
	});
});

describe('a clock that is set back by an hour', () => {
	test.each([
		['a published limit', { requests: 3, windowMs: 1_000 }],
		['none', undefined],
	])('holds nothing up, with %s', async (_title, limit) => {
		jest.useFakeTimers();
		const pace = new AccountPace(limit);
		const sentAt = [];
		const send = async (ended, retryAfterMs) => {
			const slot = await pace.enter(turn());
			sentAt.push(slot.sentAt);
			pace.leave(slot, ended, retryAfterMs);
		};
		await Promise.all([send('answered'), send('limited', 500)]);
		jest.setSystemTime(Date.now() - 3_600_000);
		for (let n = 0; n < 6; n += 1) void send('answered');
		await jest.advanceTimersByTimeAsync(5_000);
		expect(sentAt).toHaveLength(8);
	});
});

describe('many executions', () => {
	/** An account that lets in one request a second; `order` tells which left when. */
	function oneASecond() {
		const pace = new AccountPace({ requests: 1, windowMs: 1_000 });
		const order = [];
		const send = async (name, who) => {
			const slot = await pace.enter(turn(who));
			order.push(name);
			pace.leave(slot, 'answered');
		};
		return { send, order };
	}

	test('take turns where the limit of the account is used up', async () => {
		jest.useFakeTimers();
		const { send, order } = oneASecond();
		const [sweep, hangUp, other] = [{}, {}, {}];
		for (let n = 1; n <= 5; n += 1) void send(`sweep ${n}`, { run: sweep });
		void send('hang-up', { run: hangUp });
		void send('other', { run: other });
		await jest.advanceTimersByTimeAsync(10_000);
		expect(order.slice(0, 4)).toEqual(['sweep 1', 'sweep 2', 'hang-up', 'other']);
		expect(order.slice(4)).toEqual(['sweep 3', 'sweep 4', 'sweep 5']);
	});

	/** Two at a time keep the account busy for 20 s, and one execution wants none beside its own request. */
	async function busyBeside(answerMs) {
		jest.useFakeTimers();
		const pace = new AccountPace({ requests: 1_000, windowMs: 1_000 });
		const sentAt = { busy: [], alone: [] };
		const send = async (who, run, maxUnderWay) => {
			const slot = await pace.enter(turn({ run, maxUnderWay }));
			sentAt[who].push(slot.sentAt);
			await new Promise((resolve) => setTimeout(resolve, answerMs));
			pace.leave(slot, 'answered');
		};
		const keepBusy = async (run) => {
			while (performance.now() < 20_000) await send('busy', run, 100);
		};
		void keepBusy({});
		setTimeout(() => void keepBusy({}), answerMs / 2);
		setTimeout(() => void send('alone', {}, 1), answerMs);
		await jest.advanceTimersByTimeAsync(60_000);
		return sentAt;
	}

	test('do not keep one waiting for ever that wants fewer under way', async () => {
		const { busy, alone } = await busyBeside(100);
		expect(alone).toEqual([1_150]);
		// They go on for a second, and then let it in.
		expect(busy.filter((at) => at < 1_000).length).toBeGreaterThan(15);
		expect(busy.filter((at) => at > 1_050 && at < 1_150)).toEqual([]);
		expect(busy.filter((at) => at > 2_000 && at < 3_000).length).toBeGreaterThan(15);
	});

	test('wait for such a one for 2 s at the most, and then go on', async () => {
		const { busy } = await busyBeside(6_000);
		const waits = busy.map((at, n) => at - (busy[n - 2] ?? 0) - 6_000);
		expect(Math.max(...waits)).toBeLessThanOrEqual(2_000);
	});

	test('put a stop that is sent again behind those that were sent before it', async () => {
		jest.useFakeTimers();
		const { send, order } = oneASecond();
		void send('first');
		void send('again 1', { isRepeat: true });
		void send('again 2', { isRepeat: true });
		void send('new');
		void send('again 3', { isRepeat: true });
		await jest.advanceTimersByTimeAsync(10_000);
		expect(order).toEqual(['first', 'again 1', 'again 2', 'again 3', 'new']);
	});

	test('put a stop that is sent again before those that were not sent yet', async () => {
		jest.useFakeTimers();
		const { send, order } = oneASecond();
		void send('first');
		void send('second');
		void send('third');
		void send('again', { isRepeat: true });
		await jest.advanceTimersByTimeAsync(10_000);
		expect(order).toEqual(['first', 'again', 'second', 'third']);
	});
});

describe('a place in the window', () => {
	/** When each of `count` sends left, in ms, where an answer takes `takes` ms. */
	async function sends(limit, count, { takes = 0, ended = 'answered' } = {}) {
		jest.useFakeTimers();
		const began = performance.now();
		const pace = new AccountPace(limit);
		const sent = [];
		for (let n = 0; n < count; n += 1) {
			void pace.enter(turn()).then(async (slot) => {
				sent.push(slot.sentAt - began);
				if (takes > 0) await new Promise((resolve) => setTimeout(resolve, takes));
				pace.leave(slot, ended);
			});
		}
		await jest.advanceTimersByTimeAsync(30_000);
		return sent;
	}

	test.each(['answered', 'lost'])(
		'is free again when the window has passed (%s)',
		async (ended) => {
			expect(await sends({ requests: 3, windowMs: 1_000 }, 7, { ended })).toEqual([
				...[0, 0, 0],
				...[1_000, 1_000, 1_000],
				2_000,
			]);
		},
	);

	test('is free again after the window of that provider, however long it is', async () => {
		const limit = { requests: 1, windowMs: 5_000 };
		expect(await sends(limit, 3)).toEqual([0, 5_000, 10_000]);
	});

	test('is held while the answer is awaited, and a window longer', async () => {
		const sent = await sends({ requests: 2, windowMs: 1_000 }, 4, { takes: 300 });
		expect(sent).toEqual([0, 0, 1_300, 1_300]);
	});

	test('is there for all of a published limit from the start', async () => {
		expect(await sends({ requests: 60, windowMs: 1_000 }, 60)).toEqual(Array(60).fill(0));
	});

	test('is not taken by a request that is no longer wanted', async () => {
		jest.useFakeTimers();
		const pace = new AccountPace({ requests: 1, windowMs: 1_000 });
		pace.leave(await pace.enter(turn()), 'answered');
		const given = pace.enter(turn({ giveUp: Promise.resolve('outOfTime') }));
		const cancelled = pace.enter(turn({ giveUp: Promise.resolve('cancelled') }));
		const next = pace.enter(turn());
		expect([await given, await cancelled]).toEqual(['outOfTime', 'cancelled']);
		const began = performance.now();
		await jest.advanceTimersByTimeAsync(1_000);
		expect((await next).sentAt - began).toBe(1_000);
	});

	test('is waited for with one timer, however many wait', async () => {
		jest.useFakeTimers();
		const pace = new AccountPace({ requests: 1, windowMs: 1_000 });
		pace.leave(await pace.enter(turn()), 'answered');
		for (let n = 0; n < 20; n += 1) void pace.enter(turn({ run: {} }));
		expect(jest.getTimerCount()).toBe(1);
		await jest.advanceTimersByTimeAsync(1_000);
		// The next answer frees a place, and no time does.
		expect(jest.getTimerCount()).toBe(0);
	});
});

describe('the pause after a 429', () => {
	/** A pace without jitter that is told 429 by one request after the other; says how long each pause was. */
	async function pauses(count, { between = 'limited', sentWhile } = {}) {
		jest.useFakeTimers();
		jest.spyOn(Math, 'random').mockReturnValue(0.5);
		const pace = new AccountPace();
		const waited = [];
		for (let n = 0; n < count; n += 1) {
			const slot = await pace.enter(turn());
			const early = sentWhile && (await pace.enter(turn()));
			pace.leave(slot, 'limited');
			if (early) pace.leave(early, sentWhile);
			const at = performance.now();
			const next = pace.enter(turn());
			await jest.advanceTimersByTimeAsync(60_000);
			const free = await next;
			waited.push(free.sentAt - at);
			pace.leave(free, between === 'limited' ? 'lost' : between);
		}
		return waited;
	}

	test('doubles with each further one, up to 15 s', async () => {
		expect(await pauses(7)).toEqual([750, 1_500, 3_000, 6_000, 11_250, 11_250, 11_250]);
	});

	test('begins anew after a good answer', async () => {
		expect(await pauses(3, { between: 'answered' })).toEqual([750, 750, 750]);
	});

	test('does not begin anew after a good answer to what was sent before it', async () => {
		expect(await pauses(3, { sentWhile: 'answered' })).toEqual([750, 1_500, 3_000]);
	});

	test('does not double for the rest of a burst', async () => {
		expect(await pauses(3, { sentWhile: 'limited' })).toEqual([750, 1_500, 3_000]);
	});

	test('has jitter: it is from half a second to one at first', async () => {
		const random = jest.spyOn(Math, 'random');
		for (const [drawn, ms] of [
			[0, 500],
			[0.999, 1_000],
		]) {
			jest.useFakeTimers();
			random.mockReturnValue(drawn);
			const pace = new AccountPace();
			pace.leave(await pace.enter(turn()), 'limited');
			const at = performance.now();
			const next = pace.enter(turn());
			await jest.advanceTimersByTimeAsync(2_000);
			expect((await next).sentAt - at).toBe(ms);
		}
	});

	test('is the longest that was asked for', async () => {
		jest.useFakeTimers();
		const pace = new AccountPace();
		const slots = [await pace.enter(turn()), await pace.enter(turn()), await pace.enter(turn())];
		const at = performance.now();
		for (const seconds of [3, 10, 2]) pace.leave(slots.shift(), 'limited', seconds * 1_000);
		const next = pace.enter(turn());
		await jest.advanceTimersByTimeAsync(60_000);
		expect((await next).sentAt - at).toBe(10_000);
	});

	test('of just 30 s is taken, and one that is longer refused', async () => {
		jest.useFakeTimers();
		const pace = new AccountPace();
		const slots = [await pace.enter(turn()), await pace.enter(turn())];
		const at = performance.now();
		pace.leave(slots[0], 'limited', 30_000);
		const waiting = pace.enter(turn());
		pace.leave(slots[1], 'limited', 30_001);
		expect(await waiting).toEqual({ refusedForMs: 30_001 });
		await jest.advanceTimersByTimeAsync(30_000);
		expect((await pace.enter(turn())).sentAt - at).toBe(30_000);
	});
});

describe('the rate that a 429 taught', () => {
	/** When the sends after a 429 leave, in ms from it; ten requests were under way. */
	async function after429({ answered = 0, count = 40, wait = 1 } = {}) {
		jest.useFakeTimers();
		const pace = new AccountPace();
		for (let n = 0; n < answered; n += 1) pace.leave(await pace.enter(turn()), 'answered');
		const slots = await Promise.all(Array.from({ length: 10 }, () => pace.enter(turn())));
		const at = performance.now();
		for (const slot of slots) pace.leave(slot, 'limited', wait);
		const sent = [];
		for (let n = 0; n < count; n += 1) {
			void pace.enter(turn()).then((slot) => {
				sent.push(slot.sentAt - at);
				pace.leave(slot, 'answered');
			});
		}
		await jest.advanceTimersByTimeAsync(60_000);
		return sent;
	}
	/** CUBIC: cut to 0.7 of what it was, back there after `back` seconds, then beyond. */
	const rateAt = (was, seconds) => {
		const back = Math.cbrt((was * 0.3) / 0.05);
		return 0.05 * (seconds - back) ** 3 + was;
	};

	test.each([
		['ten a second, where fewer were answered', 0, 10],
		['what was answered in the last second, where that is more', 40, 41],
	])('begins at 0.7 of %s', async (_, answered, was) => {
		const sent = await after429({ answered });
		// The first few make up for the time in which nothing was sent.
		for (let n = 6; n < sent.length; n += 1) {
			const expected = 1_000 / rateAt(was, sent[n - 1] / 1_000);
			expect(Math.abs(sent[n] - sent[n - 1] - expected)).toBeLessThanOrEqual(1.5);
		}
	});

	test('counts as the rate only what came in the last second', async () => {
		jest.useFakeTimers();
		const pace = new AccountPace({ requests: 300, windowMs: 5_000 });
		for (let n = 0; n < 40; n += 1) pace.leave(await pace.enter(turn()), 'answered');
		await jest.advanceTimersByTimeAsync(1_000);
		const slot = await pace.enter(turn());
		const at = performance.now();
		pace.leave(slot, 'limited', 1);
		const sent = [];
		for (let n = 0; n < 4; n += 1) {
			void pace.enter(turn()).then((each) => sent.push(each.sentAt - at));
		}
		await jest.advanceTimersByTimeAsync(5_000);
		expect(Math.abs(sent[3] - sent[2] - 1_000 / rateAt(10, 0.2))).toBeLessThanOrEqual(1.5);
	});

	test('comes down again at a 429 that is sent later', async () => {
		jest.useFakeTimers();
		const pace = new AccountPace();
		const limited = async () => {
			const entering = pace.enter(turn());
			await jest.advanceTimersByTimeAsync(200);
			pace.leave(await entering, 'limited', 1);
		};
		await limited();
		await limited();
		const at = performance.now();
		const sent = [];
		for (let n = 0; n < 4; n += 1) {
			void pace.enter(turn()).then((each) => sent.push(each.sentAt - at));
		}
		await jest.advanceTimersByTimeAsync(5_000);
		const was = rateAt(10, 0.2);
		expect(Math.abs(sent[3] - sent[2] - 1_000 / rateAt(was, sent[2] / 1_000))).toBeLessThanOrEqual(
			2,
		);
	});
});

describe('what the node remembers of accounts', () => {
	test('is one pace for each account', () => {
		expect(paceOf('plivo one')).toBe(paceOf('plivo one'));
		expect(paceOf('plivo one')).not.toBe(paceOf('plivo two'));
	});

	test('keeps the limit that an account began with', async () => {
		const pace = paceOf('plivo limited', { requests: 1, windowMs: 1_000 });
		jest.useFakeTimers();
		pace.leave(await pace.enter(turn()), 'answered');
		const at = performance.now();
		const next = pace.enter(turn());
		await jest.advanceTimersByTimeAsync(1_000);
		const slot = await next;
		expect(slot.sentAt - at).toBe(1_000);
		pace.leave(slot, 'answered');
	});

	test('is bounded: the account that was idle longest is forgotten, one at work is not', async () => {
		const busy = paceOf('plivo busy');
		const waiting = paceOf('plivo waiting', { requests: 0, windowMs: 1_000 });
		const slot = await busy.enter(turn());
		let giveUp;
		const entering = waiting.enter(turn({ giveUp: new Promise((resolve) => (giveUp = resolve)) }));
		const further = Array.from({ length: 1_000 }, (_, n) => paceOf(`plivo further ${n}`));
		expect(paceOf('plivo busy')).toBe(busy);
		expect(paceOf('plivo waiting')).toBe(waiting);
		// The two are among the 1,000, so two of the further ones are gone, the oldest.
		expect(paceOf('plivo further 2')).toBe(further[2]);
		expect(paceOf('plivo further 999')).toBe(further[999]);
		// Number 2 was just asked for: the next one to go is number 3.
		const forgotten = paceOf('plivo further 0');
		expect(forgotten).not.toBe(further[0]);
		expect(paceOf('plivo further 2')).toBe(further[2]);
		expect(paceOf('plivo further 4')).toBe(further[4]);
		expect(paceOf('plivo further 3')).not.toBe(further[3]);
		busy.leave(slot, 'answered');
		giveUp('cancelled');
		expect(await entering).toBe('cancelled');
	});

	test('holds an account that is new, also where all others are at work', async () => {
		const busy = Array.from({ length: 1_000 }, (_, n) => paceOf(`plivo at work ${n}`));
		const slots = await Promise.all(busy.map((pace) => pace.enter(turn())));
		expect(paceOf('plivo new')).toBe(paceOf('plivo new'));
		busy.forEach((pace, n) => pace.leave(slots[n], 'answered'));
	});
});

/** A request that waits for its turn and is never given up. */
function turn(details) {
	return {
		run: RUN,
		maxUnderWay: 100,
		isRepeat: false,
		giveUp: new Promise(() => {}),
		...details,
	};
}
const RUN = {};
