// Who is next for one account, and when. No network, and faked time.

import {
	AccountQueue,
	queueOf,
	type Slot,
	type Turn,
} from '../../nodes/StopAudioStream/sending/accountQueue';
import type { Load } from '../../nodes/StopAudioStream/sending/accountRate';
import type { RateLimit } from '../../nodes/StopAudioStream/providers/provider';

/** A slot for sending; a test that is given none fails. */
async function slotOf(queue: AccountQueue, details?: Partial<Turn>): Promise<Slot> {
	const slot = await queue.enter(turn(details));
	if (typeof slot === 'string' || 'refusedForMs' in slot) {
		throw new Error(`No slot: ${JSON.stringify(slot)}`);
	}
	return slot;
}

/** Gives back a slot that must be there. */
function leave(queue: AccountQueue, slot: Slot | undefined, load: Load, retryAfterMs?: number) {
	if (!slot) throw new Error('No slot');
	queue.leave(slot, load, retryAfterMs);
}

const wait = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms));

afterEach(() => {
	jest.useRealTimers();
	jest.restoreAllMocks();
});

describe('a documented limit', () => {
	test('no span of the window ever holds more than the limit, however slow the answers are', async () => {
		jest.useFakeTimers();
		const limit = { requests: 7, windowMs: 1_000 };
		const queue = new AccountQueue(limit);
		const seen: number[] = [];
		let left = 200;
		for (let n = 0; n < 200; n += 1) {
			void slotOf(queue).then(async (slot) => {
				const { sentAt } = slot;
				// The provider counts the request somewhere between send and answer.
				const takes = (n * 97) % 400;
				seen.push(sentAt + ((n * 31) % (takes + 1)));
				await wait(takes);
				queue.leave(slot, 'copes');
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
		const queue = new AccountQueue();
		const slots: Slot[] = [];
		for (let n = 0; n < 50; n += 1) {
			void slotOf(queue).then((slot) => slots.push(slot));
		}
		await new Promise(setImmediate);
		expect(slots).toHaveLength(10);
		leave(queue, slots[0], 'copes');
		await new Promise(setImmediate);
		expect(slots).toHaveLength(12);
		leave(queue, slots[1], 'unknown');
		await new Promise(setImmediate);
		expect(slots).toHaveLength(13);
	});

	test('comes down at a 429 and then goes up slowly', async () => {
		jest.useFakeTimers();
		const queue = new AccountQueue();
		const sent: number[] = [];
		const send = async (ended: Load) => {
			const slot = await slotOf(queue);
			sent.push(slot.sentAt);
			queue.leave(slot, ended);
		};
		await Promise.all(Array.from({ length: 100 }, () => send('copes')));
		await send('limits');
		const cutAt = performance.now();
		const more = Array.from({ length: 1_000 }, () => send('copes'));
		await jest.advanceTimersByTimeAsync(60_000);
		await Promise.all(more);
		const inSecond = (n: number) =>
			sent.filter((at) => at > cutAt + n * 1_000 && at <= cutAt + (n + 1) * 1_000).length;
		// The first second is the pause; the rate at the 429 was 101 a second.
		expect(inSecond(1)).toBeGreaterThan(50);
		expect(inSecond(1)).toBeLessThan(90);
		expect(inSecond(7)).toBeGreaterThan(inSecond(1));
	});

	test('makes up for what a busy process was late with, and for no more than that', async () => {
		jest.useFakeTimers();
		const queue = new AccountQueue();
		const slots = await Promise.all(Array.from({ length: 10 }, () => slotOf(queue)));
		for (const slot of slots) queue.leave(slot, 'limits', 1);
		// 10 a second at the 429: long after it, the rate is far beyond, and nothing was sent meanwhile.
		await jest.advanceTimersByTimeAsync(8_000);
		const sent: number[] = [];
		for (let n = 0; n < 100; n += 1) {
			void slotOf(queue).then((slot) => {
				sent.push(slot.sentAt);
				queue.leave(slot, 'copes');
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
		const queue = new AccountQueue();
		queue.leave(await slotOf(queue), 'limits', 86_400_000);
		expect(await queue.enter(turn())).toEqual({ refusedForMs: 86_400_000 });
		await jest.advanceTimersByTimeAsync(29_999);
		expect(await queue.enter(turn())).toEqual({ refusedForMs: 86_370_001 });
		await jest.advanceTimersByTimeAsync(2);
		expect(await slotOf(queue)).toHaveProperty('sentAt');
	});
});

describe('a clock that is set back by an hour', () => {
	test.each([
		['a published limit', { requests: 3, windowMs: 1_000 }],
		['none', undefined],
	])('holds nothing up, with %s', async (_title, limit) => {
		jest.useFakeTimers();
		const queue = new AccountQueue(limit);
		const sentAt: number[] = [];
		const send = async (ended: Load, retryAfterMs?: number) => {
			const slot = await slotOf(queue);
			sentAt.push(slot.sentAt);
			queue.leave(slot, ended, retryAfterMs);
		};
		await Promise.all([send('copes'), send('limits', 500)]);
		jest.setSystemTime(Date.now() - 3_600_000);
		for (let n = 0; n < 6; n += 1) void send('copes');
		await jest.advanceTimersByTimeAsync(5_000);
		expect(sentAt).toHaveLength(8);
	});
});

describe('many executions', () => {
	/** An account that lets in one request a second; `order` tells which left when. */
	function oneASecond() {
		const queue = new AccountQueue({ requests: 1, windowMs: 1_000 });
		const order: string[] = [];
		const send = async (name: string, who?: Partial<Turn>) => {
			const slot = await slotOf(queue, who);
			order.push(name);
			queue.leave(slot, 'copes');
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
	async function busyBeside(answerMs: number) {
		jest.useFakeTimers();
		const queue = new AccountQueue({ requests: 1_000, windowMs: 1_000 });
		const sentAt = { busy: [] as number[], alone: [] as number[] };
		const send = async (who: 'busy' | 'alone', run: object, maxUnderWay: number) => {
			const slot = await slotOf(queue, { run, maxUnderWay });
			sentAt[who].push(slot.sentAt);
			await wait(answerMs);
			queue.leave(slot, 'copes');
		};
		const keepBusy = async (run: object) => {
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

	test('wait for such a one again, a second after they went on', async () => {
		jest.useFakeTimers();
		const queue = new AccountQueue({ requests: 1_000, windowMs: 1_000 });
		const began = performance.now();
		const until = async (at: number) =>
			await jest.advanceTimersByTimeAsync(began + at - performance.now());
		const alone = {};
		// A read keeps no stop out, its own neither.
		await slotOf(queue, { run: alone, kind: 'read' });
		const slow = await slotOf(queue, { run: {} });
		await until(1);
		void queue.enter(turn({ run: alone, maxUnderWay: 1 }));
		const sentAt: number[] = [];
		for (const at of [900, 1_100, 3_500, 4_500]) {
			await until(at);
			void slotOf(queue, { run: {} }).then((slot) => sentAt.push(slot.sentAt - began));
			await until(at);
			if (at === 900) queue.leave(slow, 'copes');
		}
		await until(10_000);
		expect(sentAt).toEqual([900, 3_001, 3_500, 6_001]);
	});

	test.each([0, 10])(
		'do not wait for it, where a slow stop that left %d ms before it keeps it out',
		async (ms) => {
			jest.useFakeTimers();
			const queue = new AccountQueue({ requests: 1_000, windowMs: 1_000 });
			const slow = await slotOf(queue, { run: {} });
			await jest.advanceTimersByTimeAsync(ms);
			let aloneAt = NaN;
			void slotOf(queue, { run: {}, maxUnderWay: 1 }).then((slot) => {
				aloneAt = slot.sentAt;
				queue.leave(slot, 'copes');
			});
			const waited: number[] = [];
			for (let n = 0; n < 100; n += 1) {
				await jest.advanceTimersByTimeAsync(97);
				const at = performance.now();
				void slotOf(queue, { run: {} }).then((slot) => {
					waited.push(slot.sentAt - at);
					queue.leave(slot, 'copes');
				});
			}
			await jest.advanceTimersByTimeAsync(0);
			expect(waited).toEqual(Array(100).fill(0));
			expect(aloneAt).toBeNaN();
			queue.leave(slow, 'copes');
			await jest.advanceTimersByTimeAsync(0);
			expect(aloneAt).toBe(performance.now());
		},
	);

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

describe('a sweep that wants one under way at a time', () => {
	test('does not hold up a hang-up of another execution, however slow its answers are', async () => {
		jest.useFakeTimers();
		const queue = new AccountQueue({ requests: 300, windowMs: 5_000 });
		const sweep = {};
		const send = async () => {
			const slot = await slotOf(queue, { run: sweep, maxUnderWay: 1 });
			await wait(2_500);
			queue.leave(slot, 'copes');
		};
		for (let n = 0; n < 20; n += 1) void send();
		const waited: number[] = [];
		for (let n = 0; n < 100; n += 1) {
			await jest.advanceTimersByTimeAsync(97);
			const at = performance.now();
			void slotOf(queue, { run: {}, maxUnderWay: 100 }).then((slot) => {
				waited.push(slot.sentAt - at);
				queue.leave(slot, 'copes');
			});
		}
		await jest.advanceTimersByTimeAsync(0);
		expect(waited).toEqual(Array(100).fill(0));
	});

	test('takes turns with another execution of its kind', async () => {
		jest.useFakeTimers();
		const queue = new AccountQueue();
		const left: string[] = [];
		const send = async (name: string, run: object) => {
			const slot = await slotOf(queue, { run, maxUnderWay: 1 });
			left.push(name);
			await wait(100);
			queue.leave(slot, 'copes');
		};
		const [one, other] = [{}, {}];
		for (const n of [1, 2, 3]) void send(`one ${n}`, one);
		for (const n of [1, 2]) void send(`other ${n}`, other);
		await jest.advanceTimersByTimeAsync(500);
		// What left before the other came does not count.
		expect(left).toEqual(['one 1', 'one 2', 'other 1', 'one 3', 'other 2']);
	});
});

describe('a read', () => {
	/** Enters one after the other; `order` tells which left, and when. */
	function account(limit?: RateLimit) {
		jest.useFakeTimers();
		const queue = new AccountQueue(limit);
		const order: string[] = [];
		const left: Array<{ name: string; at: number; slot: Slot }> = [];
		const enter = (name: string, details: Partial<Turn>) =>
			void slotOf(queue, details).then((slot) => {
				order.push(name);
				left.push({ name, at: slot.sentAt, slot });
			});
		const answer = async (name: string, load: Load = 'copes', retryAfterMs?: number) => {
			leave(queue, left.find((one) => one.name === name)?.slot, load, retryAfterMs);
			await jest.advanceTimersByTimeAsync(0);
		};
		return { queue, order, left, enter, answer };
	}

	test('never leaves before a stop that waits, whoever came first', async () => {
		const { order, enter, answer } = account({ requests: 2, windowMs: 1_000 });
		enter('stop 1', {});
		enter('stop 2', {});
		enter('read', { kind: 'read' });
		enter('stop 3', { run: {} });
		enter('stop 4', { run: {} });
		await jest.advanceTimersByTimeAsync(0);
		await answer('stop 1');
		await answer('stop 2');
		await jest.advanceTimersByTimeAsync(1_000);
		expect(order).toEqual(['stop 1', 'stop 2', 'stop 3', 'stop 4']);
		await answer('stop 3');
		await jest.advanceTimersByTimeAsync(999);
		expect(order).toHaveLength(4);
		await jest.advanceTimersByTimeAsync(1);
		expect(order.at(-1)).toBe('read');
	});

	test('leaves when the stop that it waited for is no longer wanted', async () => {
		const { queue, order, enter } = account();
		const controller = new AbortController();
		enter('stop', {});
		await jest.advanceTimersByTimeAsync(0);
		const waiting = queue.enter(turn({ maxUnderWay: 1, signal: controller.signal }));
		enter('read', { kind: 'read', run: {} });
		await jest.advanceTimersByTimeAsync(0);
		expect(order).toEqual(['stop']);
		controller.abort();
		expect(await waiting).toBe('cancelled');
		await jest.advanceTimersByTimeAsync(0);
		expect(order).toEqual(['stop', 'read']);
	});

	test('does not leave during the pause after a 429, and then behind the stops', async () => {
		const { order, left, enter, answer } = account();
		enter('stop', {});
		await jest.advanceTimersByTimeAsync(0);
		await answer('stop', 'limits', 5_000);
		const at = performance.now();
		enter('read', { kind: 'read' });
		enter('late stop', { run: {} });
		await jest.advanceTimersByTimeAsync(4_999);
		expect(order).toEqual(['stop']);
		await jest.advanceTimersByTimeAsync(2_000);
		expect(order).toEqual(['stop', 'late stop', 'read']);
		expect((left[1]?.at ?? NaN) - at).toBe(5_000);
	});

	test('is refused like a stop where the provider asks for more than 30 s', async () => {
		const { queue, enter, answer } = account();
		enter('stop', {});
		await jest.advanceTimersByTimeAsync(0);
		await answer('stop', 'limits', 40_000);
		for (const kind of ['read', 'stop'] as const) {
			expect(await queue.enter(turn({ kind }))).toEqual({ refusedForMs: 40_000 });
			expect(queue.isIdle).toBe(true);
		}
	});

	test('that is no longer wanted takes no slot from another', async () => {
		const { queue, order, enter, answer } = account();
		const details = { kind: 'read', maxUnderWay: 1 } as const;
		enter('first', details);
		await jest.advanceTimersByTimeAsync(0);
		const unwanted = queue.enter(turn({ ...details, until: performance.now() + 10 }));
		enter('next', details);
		await jest.advanceTimersByTimeAsync(10);
		expect(await unwanted).toBe('outOfTime');
		await answer('first');
		expect(order).toEqual(['first', 'next']);
	});

	test('waits for a stop, also where one that came behind that stop is no longer wanted', async () => {
		const { queue, order, enter, answer } = account();
		const sweep = { run: {}, maxUnderWay: 1 };
		enter('stop', sweep);
		enter('next stop', sweep);
		await jest.advanceTimersByTimeAsync(0);
		const unwanted = queue.enter(turn({ ...sweep, until: performance.now() + 10 }));
		enter('read', { kind: 'read', run: {} });
		await jest.advanceTimersByTimeAsync(10);
		expect(await unwanted).toBe('outOfTime');
		expect(order).toEqual(['stop']);
		await answer('stop');
		expect(order).toEqual(['stop', 'next stop', 'read']);
	});

	test.each([
		[100, 5],
		[9, 4],
		[4, 2],
		[2, 1],
		[1, 1],
	])('takes at most half of what may be under way: of %d, %d', async (maxUnderWay, most) => {
		// Without a published limit, ten may be under way at first.
		const { order, enter, answer } = account();
		for (let n = 0; n < 20; n += 1) enter(`read ${n}`, { kind: 'read', maxUnderWay });
		await jest.advanceTimersByTimeAsync(60_000);
		expect(order).toHaveLength(most);
		await answer('read 0', 'unknown');
		expect(order).toHaveLength(most + 1);
	});

	test('counts for nothing against what may be under way of stops', async () => {
		const { order, enter } = account();
		for (let n = 0; n < 20; n += 1) enter(`read ${n}`, { kind: 'read' });
		for (let n = 0; n < 20; n += 1) enter(`stop ${n}`, { run: {} });
		await jest.advanceTimersByTimeAsync(0);
		expect(order.filter((name) => name.startsWith('read'))).toHaveLength(5);
		expect(order.filter((name) => name.startsWith('stop'))).toHaveLength(10);
	});

	test('that is slow does not hold a stop with a low Max Concurrency', async () => {
		const { order, enter, answer } = account({ requests: 300, windowMs: 5_000 });
		enter('read 1', { kind: 'read', run: {} });
		enter('read 2', { kind: 'read', run: {} });
		await jest.advanceTimersByTimeAsync(0);
		const sweep = {};
		for (const n of [1, 2]) enter(`stop ${n}`, { run: sweep, maxUnderWay: 1 });
		await jest.advanceTimersByTimeAsync(0);
		expect(order).toEqual(['read 1', 'read 2', 'stop 1']);
		// Its own stop does hold it, and the reads still do not.
		await jest.advanceTimersByTimeAsync(10_000);
		expect(order).toHaveLength(3);
		await answer('stop 1');
		expect(order).toEqual(['read 1', 'read 2', 'stop 1', 'stop 2']);
	});

	test('counts in the window of a published limit, for stops too', async () => {
		const { order, enter } = account({ requests: 4, windowMs: 1_000 });
		for (const n of [1, 2]) enter(`read ${n}`, { kind: 'read', run: {} });
		for (const n of [1, 2, 3]) enter(`stop ${n}`, { run: {} });
		await jest.advanceTimersByTimeAsync(0);
		expect(order).toEqual(['read 1', 'read 2', 'stop 1', 'stop 2']);
	});

	test('takes at most half of a published limit, in each window', async () => {
		const { queue, left } = account({ requests: 5, windowMs: 1_000 });
		const began = performance.now();
		for (let n = 0; n < 6; n += 1) {
			void slotOf(queue, { kind: 'read' }).then((slot) => {
				left.push({ name: 'read', at: slot.sentAt - began, slot });
				queue.leave(slot, 'copes');
			});
		}
		await jest.advanceTimersByTimeAsync(5_000);
		expect(left.map(({ at }) => at)).toEqual([0, 0, 1_000, 1_000, 2_000, 2_000]);
	});

	test('of one run leaves by turns with those of another', async () => {
		const { order, enter, answer } = account();
		const [one, other] = [{}, {}];
		for (const n of [1, 2, 3]) enter(`one ${n}`, { kind: 'read', run: one, maxUnderWay: 2 });
		for (const n of [1, 2]) enter(`other ${n}`, { kind: 'read', run: other, maxUnderWay: 2 });
		await jest.advanceTimersByTimeAsync(0);
		for (const name of ['one 1', 'one 2', 'other 1', 'one 3']) await answer(name);
		expect(order).toEqual(['one 1', 'one 2', 'other 1', 'one 3', 'other 2']);
	});

	test.each([1, 2])(
		'of a run that wants %d under way does not hold up those of another run',
		async (maxUnderWay) => {
			const { order, enter } = account();
			const sweep = {};
			enter('slow 1', { kind: 'read', run: sweep, maxUnderWay });
			enter('slow 2', { kind: 'read', run: sweep, maxUnderWay });
			await jest.advanceTimersByTimeAsync(0);
			enter('other', { kind: 'read', run: {}, maxUnderWay: 100 });
			await jest.advanceTimersByTimeAsync(0);
			expect(order).toEqual(['slow 1', 'other']);
		},
	);

	test('waits while more is under way than its run wants, and lets others by', async () => {
		const { order, enter, answer } = account();
		enter('stop 1', {});
		enter('stop 2', {});
		enter('careful', { kind: 'read', run: {}, maxUnderWay: 2 });
		enter('other', { kind: 'read', run: {} });
		await jest.advanceTimersByTimeAsync(0);
		expect(order).toEqual(['stop 1', 'stop 2', 'other']);
		await answer('stop 1');
		expect(order).toHaveLength(3);
		await answer('other');
		expect(order.at(-1)).toBe('careful');
	});

	test('that waits keeps its account from being forgotten', async () => {
		const { queue, enter, answer } = account({ requests: 2, windowMs: 1_000 });
		expect(queue.isIdle).toBe(true);
		enter('read 1', { kind: 'read' });
		enter('read 2', { kind: 'read' });
		await jest.advanceTimersByTimeAsync(0);
		await answer('read 1');
		expect(queue.isIdle).toBe(false);
		await jest.advanceTimersByTimeAsync(1_000);
		await answer('read 2');
		expect(queue.isIdle).toBe(true);
	});
});

describe('a place in the window', () => {
	/** When each of `count` sends left, in ms, where an answer takes `takes` ms. */
	async function sends(
		limit: RateLimit,
		count: number,
		{ takes = 0, ended = 'copes' }: { takes?: number; ended?: Load } = {},
	): Promise<number[]> {
		jest.useFakeTimers();
		const began = performance.now();
		const queue = new AccountQueue(limit);
		const sent: number[] = [];
		for (let n = 0; n < count; n += 1) {
			void slotOf(queue).then(async (slot) => {
				sent.push(slot.sentAt - began);
				if (takes > 0) await wait(takes);
				queue.leave(slot, ended);
			});
		}
		await jest.advanceTimersByTimeAsync(30_000);
		return sent;
	}

	test.each(['copes', 'unknown'] as const)(
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
		const controller = new AbortController();
		const queue = new AccountQueue({ requests: 1, windowMs: 1_000 });
		queue.leave(await slotOf(queue), 'copes');
		const given = queue.enter(turn({ until: performance.now() + 400 }));
		const cancelled = queue.enter(turn({ signal: controller.signal }));
		const began = performance.now();
		const next = slotOf(queue);
		controller.abort();
		await jest.advanceTimersByTimeAsync(1_000);
		expect([await given, await cancelled]).toEqual(['outOfTime', 'cancelled']);
		expect((await next).sentAt - began).toBe(1_000);
	});

	test('is waited for with one timer, however many wait', async () => {
		jest.useFakeTimers();
		const queue = new AccountQueue({ requests: 1, windowMs: 1_000 });
		queue.leave(await slotOf(queue), 'copes');
		for (let n = 0; n < 20; n += 1) void queue.enter(turn({ run: {} }));
		expect(jest.getTimerCount()).toBe(1);
		await jest.advanceTimersByTimeAsync(1_000);
		// The next answer frees a place, and no time does.
		expect(jest.getTimerCount()).toBe(0);
	});
});

describe('the pause after a 429', () => {
	/** A queue without jitter that is told 429 by one request after the other; says how long each pause was. */
	async function pauses(
		count: number,
		{ between = 'limits', sentWhile }: { between?: Load; sentWhile?: Load } = {},
	): Promise<number[]> {
		jest.useFakeTimers();
		jest.spyOn(Math, 'random').mockReturnValue(0.5);
		const queue = new AccountQueue();
		const waited: number[] = [];
		for (let n = 0; n < count; n += 1) {
			const slot = await slotOf(queue);
			const early = sentWhile && (await slotOf(queue));
			queue.leave(slot, 'limits');
			if (early) queue.leave(early, sentWhile);
			const at = performance.now();
			const next = slotOf(queue);
			await jest.advanceTimersByTimeAsync(60_000);
			const free = await next;
			waited.push(free.sentAt - at);
			queue.leave(free, between === 'limits' ? 'unknown' : between);
		}
		return waited;
	}

	test('doubles with each further one, up to 15 s', async () => {
		expect(await pauses(7)).toEqual([750, 1_500, 3_000, 6_000, 11_250, 11_250, 11_250]);
	});

	test('begins anew after a good answer', async () => {
		expect(await pauses(3, { between: 'copes' })).toEqual([750, 750, 750]);
	});

	test('does not begin anew after a good answer to what was sent before it', async () => {
		expect(await pauses(3, { sentWhile: 'copes' })).toEqual([750, 1_500, 3_000]);
	});

	test('does not double for the rest of a burst', async () => {
		expect(await pauses(3, { sentWhile: 'limits' })).toEqual([750, 1_500, 3_000]);
	});

	test('has jitter: it is from half a second to one at first', async () => {
		const random = jest.spyOn(Math, 'random');
		for (const [drawn, ms] of [
			[0, 500],
			[0.999, 1_000],
		] as const) {
			jest.useFakeTimers();
			random.mockReturnValue(drawn);
			const queue = new AccountQueue();
			queue.leave(await slotOf(queue), 'limits');
			const at = performance.now();
			const next = slotOf(queue);
			await jest.advanceTimersByTimeAsync(2_000);
			expect((await next).sentAt - at).toBe(ms);
		}
	});

	test('is the longest that was asked for', async () => {
		jest.useFakeTimers();
		const queue = new AccountQueue();
		const slots = [await slotOf(queue), await slotOf(queue), await slotOf(queue)];
		const at = performance.now();
		for (const seconds of [3, 10, 2]) leave(queue, slots.shift(), 'limits', seconds * 1_000);
		const next = slotOf(queue);
		await jest.advanceTimersByTimeAsync(60_000);
		expect((await next).sentAt - at).toBe(10_000);
	});

	test('of just 30 s is taken, and one that is longer refused', async () => {
		jest.useFakeTimers();
		const queue = new AccountQueue();
		const slots = [await slotOf(queue), await slotOf(queue)];
		const at = performance.now();
		leave(queue, slots[0], 'limits', 30_000);
		const waiting = queue.enter(turn());
		leave(queue, slots[1], 'limits', 30_001);
		expect(await waiting).toEqual({ refusedForMs: 30_001 });
		await jest.advanceTimersByTimeAsync(30_000);
		expect((await slotOf(queue)).sentAt - at).toBe(30_000);
	});
});

describe('the rate that a 429 taught', () => {
	/** When the sends after a 429 leave, in ms from it; ten requests were under way. */
	async function after429({ answered = 0, count = 40 } = {}): Promise<number[]> {
		jest.useFakeTimers();
		const queue = new AccountQueue();
		for (let n = 0; n < answered; n += 1) queue.leave(await slotOf(queue), 'copes');
		const slots = await Promise.all(Array.from({ length: 10 }, () => slotOf(queue)));
		const at = performance.now();
		for (const slot of slots) queue.leave(slot, 'limits', 1);
		const sent: number[] = [];
		for (let n = 0; n < count; n += 1) {
			void slotOf(queue).then((slot) => {
				sent.push(slot.sentAt - at);
				queue.leave(slot, 'copes');
			});
		}
		await jest.advanceTimersByTimeAsync(60_000);
		return sent;
	}
	/** CUBIC: cut to 0.7 of what it was, back there after `back` seconds, then beyond. */
	const rateAt = (was: number, seconds: number) => {
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
			const [before = NaN, at = NaN] = sent.slice(n - 1);
			const expected = 1_000 / rateAt(was, before / 1_000);
			expect(Math.abs(at - before - expected)).toBeLessThanOrEqual(1.5);
		}
	});

	test('counts as the rate only what came in the last second', async () => {
		jest.useFakeTimers();
		const queue = new AccountQueue({ requests: 300, windowMs: 5_000 });
		for (let n = 0; n < 40; n += 1) queue.leave(await slotOf(queue), 'copes');
		await jest.advanceTimersByTimeAsync(1_000);
		const slot = await slotOf(queue);
		const at = performance.now();
		queue.leave(slot, 'limits', 1);
		const sent: number[] = [];
		for (let n = 0; n < 4; n += 1) {
			void slotOf(queue).then((each) => sent.push(each.sentAt - at));
		}
		await jest.advanceTimersByTimeAsync(5_000);
		const [, , third = NaN, fourth = NaN] = sent;
		expect(Math.abs(fourth - third - 1_000 / rateAt(10, 0.2))).toBeLessThanOrEqual(1.5);
	});

	test('comes down again at a 429 that is sent later', async () => {
		jest.useFakeTimers();
		const queue = new AccountQueue();
		const limited = async () => {
			const entering = slotOf(queue);
			await jest.advanceTimersByTimeAsync(200);
			queue.leave(await entering, 'limits', 1);
		};
		await limited();
		await limited();
		const at = performance.now();
		const sent: number[] = [];
		for (let n = 0; n < 4; n += 1) {
			void slotOf(queue).then((each) => sent.push(each.sentAt - at));
		}
		await jest.advanceTimersByTimeAsync(5_000);
		const was = rateAt(10, 0.2);
		const [, , third = NaN, fourth = NaN] = sent;
		expect(Math.abs(fourth - third - 1_000 / rateAt(was, third / 1_000))).toBeLessThanOrEqual(2);
	});
});

describe('what the node remembers of accounts', () => {
	test('is one queue for each account', () => {
		expect(queueOf('plivo one')).toBe(queueOf('plivo one'));
		expect(queueOf('plivo one')).not.toBe(queueOf('plivo two'));
	});

	test('keeps the limit that an account began with', async () => {
		const queue = queueOf('plivo limited', { requests: 1, windowMs: 1_000 });
		jest.useFakeTimers();
		queue.leave(await slotOf(queue), 'copes');
		const at = performance.now();
		const next = slotOf(queue);
		await jest.advanceTimersByTimeAsync(1_000);
		const slot = await next;
		expect(slot.sentAt - at).toBe(1_000);
		queue.leave(slot, 'copes');
	});

	test('is bounded: the account that was idle longest is forgotten, one at work is not', async () => {
		const busy = queueOf('plivo busy');
		const waiting = queueOf('plivo waiting', { requests: 0, windowMs: 1_000 });
		const slot = await slotOf(busy);
		const controller = new AbortController();
		const entering = waiting.enter(turn({ signal: controller.signal }));
		const further = Array.from({ length: 1_000 }, (_, n) => queueOf(`plivo further ${n}`));
		expect(queueOf('plivo busy')).toBe(busy);
		expect(queueOf('plivo waiting')).toBe(waiting);
		// The two are among the 1,000, so two of the further ones are gone, the oldest.
		expect(queueOf('plivo further 2')).toBe(further[2]);
		expect(queueOf('plivo further 999')).toBe(further[999]);
		// Number 2 was just asked for: the next one to go is number 3.
		const forgotten = queueOf('plivo further 0');
		expect(forgotten).not.toBe(further[0]);
		expect(queueOf('plivo further 2')).toBe(further[2]);
		expect(queueOf('plivo further 4')).toBe(further[4]);
		expect(queueOf('plivo further 3')).not.toBe(further[3]);
		busy.leave(slot, 'copes');
		controller.abort();
		expect(await entering).toBe('cancelled');
	});

	test('holds an account that is new, also where all others are at work', async () => {
		const busy = Array.from({ length: 1_000 }, (_, n) => queueOf(`plivo at work ${n}`));
		const slots = await Promise.all(busy.map(async (queue) => await slotOf(queue)));
		expect(queueOf('plivo new')).toBe(queueOf('plivo new'));
		busy.forEach((queue, n) => leave(queue, slots[n], 'copes'));
	});
});

/** A request that waits for its turn and is never given up. */
function turn(details?: Partial<Turn>): Turn {
	return {
		run: RUN,
		kind: 'stop',
		maxUnderWay: 100,
		isRepeat: false,
		until: Infinity,
		signal: new AbortController().signal,
		...details,
	};
}
const RUN = {};
