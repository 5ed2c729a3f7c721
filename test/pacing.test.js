'use strict';

const { AccountPace, paceOf } = require('../dist/nodes/StopAudioStream/accountPace');
const { forkStandIn, startStandIn } = require('./stand-ins');
const { count, pairs, print, stopAt } = require('./support/stops');
const { runNode } = require('./support/engine');

const open = [];
const opened = async (starting) => {
	const standIn = await starting;
	open.push(standIn);
	return standIn;
};

afterEach(async () => {
	jest.useRealTimers();
	await Promise.all(open.splice(0).map((one) => one.close()));
});

const statuses = ({ items }) => count(items.map(({ status }) => status));

describe('a documented limit', () => {
	/** Plivo: "300 requests / 5 s per account". Windows begin at fixed times, as counters of requests do. */
	const limitedPlivo = () =>
		opened(forkStandIn('plivo', { rateLimit: { requests: 300, perMs: 5_000 } }));

	test('1,000 Plivo stops of one execution are all done without one 429', async () => {
		const plivo = await limitedPlivo();
		const seeded = await plivo.seed(1_000);
		const began = Date.now();
		const run = await stopAt(plivo, seeded);
		const seconds = (Date.now() - began) / 1_000;
		const arrived = await plivo.requests(5_000);
		print(
			`1,000 Plivo stops: ${seconds.toFixed(1)} s, ${arrived.mostInWindow} at most in any 5 s, ` +
				`${arrived.mostAtOnce} at once, answers ${JSON.stringify(arrived.byStatus)}`,
		);
		expect(run.error).toBeUndefined();
		expect(statuses(run)).toEqual({ stopped: 1_000 });
		expect(arrived.byStatus).toEqual({ 204: 1_000 });
		expect(arrived.mostInWindow).toBeLessThanOrEqual(300);
		expect(await plivo.running()).toBe(0);
	}, 90_000);

	test('600 executions of one Plivo stop each, all at once, keep under it together', async () => {
		const plivo = await limitedPlivo();
		const seeded = await plivo.seed(600);
		const began = Date.now();
		const runs = await Promise.all(seeded.map((pair) => stopAt(plivo, [pair])));
		const seconds = (Date.now() - began) / 1_000;
		const arrived = await plivo.requests(5_000);
		print(
			`600 executions of one Plivo stop: ${seconds.toFixed(1)} s, ${arrived.mostInWindow} at most ` +
				`in any 5 s, ${arrived.mostAtOnce} at once, answers ${JSON.stringify(arrived.byStatus)}`,
		);
		expect(count(runs.map(({ items }) => items[0].status))).toEqual({ stopped: 600 });
		expect(arrived.byStatus).toEqual({ 204: 600 });
		expect(arrived.mostInWindow).toBeLessThanOrEqual(300);
		expect(await plivo.running()).toBe(0);
	}, 90_000);

	test('a slow answer holds its place in the window until the window has passed since the answer', async () => {
		const plivo = await opened(startStandIn('plivo', { delayMs: 1_500 }));
		const run = await stopAt(plivo, pairs(plivo, 320), { options: { maxConcurrency: 1_000 } });
		expect(statuses(run)).toEqual({ stopped: 320 });
		const later = plivo.requests.slice(300);
		const firstAnswer = Math.min(
			...plivo.requests.slice(0, 300).map(({ answeredAt }) => answeredAt),
		);
		expect(later).toHaveLength(20);
		for (const { at } of later) expect(at - firstAnswer).toBeGreaterThanOrEqual(5_000);
	}, 30_000);

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

	test('is found: 120 Vobiz stops against 20 a second are all done', async () => {
		const vobiz = await opened(
			forkStandIn('vobiz', { rateLimit: { requests: 20, perMs: 1_000, retryAfter: false } }),
		);
		const run = await stopAt(vobiz, await vobiz.seed(120));
		expect(statuses(run)).toEqual({ stopped: 120 });
		expect(await vobiz.running()).toBe(0);
		// A sender that learns nothing sees a 429 for most of what it sends.
		expect((await vobiz.requests()).byStatus[429]).toBeLessThan(120);
	}, 60_000);

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
	test('makes the whole account wait, and never holds up another provider', async () => {
		const plivo = await opened(startStandIn('plivo'));
		const signalWire = await opened(startStandIn('signalWire'));
		let stormUntil;
		plivo.fault = () => {
			stormUntil ??= Date.now() + 3_000;
			return Date.now() < stormUntil ? { status: 429, headers: { 'Retry-After': '3' } } : undefined;
		};
		const item = (standIn, { call, stream }) => ({
			provider: standIn.provider,
			call: call.id,
			stream: stream.id,
		});
		const plivoItems = pairs(plivo, 40).map((pair) => item(plivo, pair));
		const otherItems = pairs(signalWire, 40).map((pair) => item(signalWire, pair));
		const run = await runNode({
			parameters: {
				provider: '={{ $json.provider }}',
				callId: '={{ $json.call }}',
				stream: '={{ $json.stream }}',
				options: { maxConcurrency: 10 },
			},
			items: plivoItems.flatMap((one, n) => [one, otherItems[n]]),
			credentials: {
				plivoBasicApi: plivo.credentials,
				signalWireBasicApi: signalWire.credentials,
			},
		});
		expect(statuses(run)).toEqual({ stopped: 80 });
		// Only what was under way when the first 429 came: the other 30 waited, as did each repeat.
		const limited = plivo.requests.filter(({ status }) => status === 429);
		expect(limited.length).toBeLessThanOrEqual(10);
		expect(new Set(limited.map(({ path }) => path)).size).toBe(limited.length);
		// All of the other provider's were done meanwhile.
		const again = plivo.requests.find(({ status }) => status !== 429);
		expect(signalWire.requests).toHaveLength(40);
		for (const { answeredAt } of signalWire.requests) expect(answeredAt).toBeLessThan(again.at);
	}, 60_000);

	test('that asks for more than 30 s fails its item at once, and what waits behind it unsent', async () => {
		const vobiz = await opened(startStandIn('vobiz'));
		vobiz.fault = () => ({ status: 429, headers: { 'Retry-After': '45' } });
		const run = await stopAt(vobiz, pairs(vobiz, 40), {
			node: { onError: 'continueRegularOutput' },
		});
		expect(statuses(run)).toEqual({ failed: 40 });
		for (const item of run.items) {
			expect(item.failure).toBe('rateLimit');
			expect(item.error).toMatch(/^Vobiz asks to wait 4[45] s before the next request/);
			expect(item.attempts).toBeLessThanOrEqual(1);
		}
		// Only what was under way when the answer came.
		expect(vobiz.requests.length).toBeLessThanOrEqual(20);
		// The next execution hears it too, without a request.
		const before = vobiz.requests.length;
		const next = await stopAt(vobiz, pairs(vobiz, 1));
		expect(next.error.message).toMatch(/asks to wait 4\d s/);
		expect(vobiz.requests).toHaveLength(before);
	});

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
	test('take turns: a hang-up does not wait behind a sweep of 1,000 items of the same account', async () => {
		const signalWire = await opened(startStandIn('signalWire', { delayMs: 20 }));
		const options = { maxConcurrency: 10 };
		const sweep = stopAt(signalWire, pairs(signalWire, 1_000), { options });
		while (signalWire.requests.length < 100) await new Promise((done) => setTimeout(done, 5));
		const [hangUp] = pairs(signalWire, 1);
		const before = signalWire.requests.length;
		const run = await stopAt(signalWire, [hangUp], { options });
		expect(statuses(run)).toEqual({ stopped: 1 });
		const place = signalWire.requests.findIndex(({ path }) => path.includes(hangUp.call.id));
		// It takes a while to start an execution, in which the sweep goes on.
		expect(place - before).toBeLessThan(200);
		expect(signalWire.requests.length).toBeLessThan(500);
		expect(statuses(await sweep)).toEqual({ stopped: 1_000 });
	}, 60_000);

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

	test('keep Max Concurrency together', async () => {
		const plivo = await opened(startStandIn('plivo', { delayMs: 40 }));
		const runs = await Promise.all(
			Array.from({ length: 6 }, () =>
				stopAt(plivo, pairs(plivo, 20), { options: { maxConcurrency: 7 } }),
			),
		);
		for (const run of runs) expect(statuses(run)).toEqual({ stopped: 20 });
		expect(plivo.mostAtOnce).toBe(7);
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
