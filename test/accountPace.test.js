'use strict';

// When the next request to one account may leave. No network, and faked time.

const { AccountPace, paceOf } = require('../dist/nodes/StopAudioStream/accountPace');

afterEach(() => jest.useRealTimers());

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
		const cutAt = Date.now();
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

describe('many executions', () => {
	test('take turns where the limit of the account is used up', async () => {
		jest.useFakeTimers();
		const pace = new AccountPace({ requests: 1, windowMs: 1_000 });
		const [sweep, hangUp, other] = [{}, {}, {}];
		const order = [];
		const send = async (run, name) => {
			const slot = await pace.enter(turn({ run }));
			order.push(name);
			pace.leave(slot, 'answered');
		};
		for (let n = 1; n <= 5; n += 1) void send(sweep, `sweep ${n}`);
		void send(hangUp, 'hang-up');
		void send(other, 'other');
		await jest.advanceTimersByTimeAsync(10_000);
		expect(order.slice(0, 4)).toEqual(['sweep 1', 'sweep 2', 'hang-up', 'other']);
		expect(order.slice(4)).toEqual(['sweep 3', 'sweep 4', 'sweep 5']);
	});

	test('put a stop that is sent again before those that were not sent yet', async () => {
		jest.useFakeTimers();
		const pace = new AccountPace({ requests: 1, windowMs: 1_000 });
		const run = {};
		const order = [];
		const send = async (name, isRepeat) => {
			pace.leave(await pace.enter(turn({ run, isRepeat })), 'answered');
			order.push(name);
		};
		void send('first', false);
		void send('second', false);
		void send('third', false);
		void send('again', true);
		await jest.advanceTimersByTimeAsync(10_000);
		expect(order).toEqual(['first', 'again', 'second', 'third']);
	});
});

describe('what the node remembers of accounts', () => {
	test('is one pace for each account', () => {
		expect(paceOf('plivo one')).toBe(paceOf('plivo one'));
		expect(paceOf('plivo one')).not.toBe(paceOf('plivo two'));
	});

	test('is bounded: an account that was long idle is forgotten, one at work is not', async () => {
		const idle = paceOf('plivo idle');
		const busy = paceOf('plivo busy');
		const slot = await busy.enter(turn());
		for (let n = 0; n < 1_500; n += 1) paceOf(`plivo further ${n}`);
		expect(paceOf('plivo busy')).toBe(busy);
		expect(paceOf('plivo idle')).not.toBe(idle);
		busy.leave(slot, 'answered');
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
