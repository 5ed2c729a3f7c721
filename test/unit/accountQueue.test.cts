// Who is next for one account. Faked time, no network.

import { getEventListeners } from 'node:events';

import { queueOf, type Turn } from '../../nodes/StopAudioStream/sending/accountQueue';
import { FakeAccount } from '../lib/fakeAccount.cts';

afterEach(() => jest.useRealTimers());

describe('runs', () => {
	const ONE_A_SECOND = { requests: 1, windowMs: 1_000 };

	test('take turns while the limit of the account is used up', async () => {
		const account = new FakeAccount(ONE_A_SECOND);
		const [sweep, hangUp, other] = [{}, {}, {}];
		for (let n = 1; n <= 4; n += 1) void account.send(`sweep ${n}`, { run: sweep });
		void account.send('hang-up', { run: hangUp });
		void account.send('other', { run: other });
		await account.pass(10_000);
		expect(account.names).toEqual([
			...['sweep 1', 'sweep 2', 'hang-up', 'other'],
			...['sweep 3', 'sweep 4'],
		]);
	});

	test('send what was sent before first, in its order, and then what is new', async () => {
		const account = new FakeAccount(ONE_A_SECOND);
		for (const name of ['first', 'new 1']) void account.send(name);
		for (const name of ['again 1', 'again 2']) void account.send(name, { isRepeat: true });
		void account.send('new 2');
		void account.send('again 3', { isRepeat: true });
		await account.pass(10_000);
		expect(account.names).toEqual(['first', 'again 1', 'again 2', 'again 3', 'new 1', 'new 2']);
	});

	test('with a low Max Concurrency wait for a gap, and others pass them meanwhile', async () => {
		const account = new FakeAccount();
		const busy = { run: {} };
		for (const name of ['busy 1', 'busy 2']) void account.enter(name, busy);
		void account.enter('careful', { run: {}, maxUnderWay: 2 });
		await account.pass(10_000);
		void account.enter('busy 3', busy);
		await account.pass(0);
		expect(account.names).toEqual(['busy 1', 'busy 2', 'busy 3']);
		await account.answer('busy 1');
		expect(account.names).toHaveLength(3);
		await account.answer('busy 2');
		expect(account.names.at(-1)).toBe('careful');
	});

	test('with a low Max Concurrency and slow answers hold up no hang-up of another run', async () => {
		const account = new FakeAccount({ requests: 300, windowMs: 5_000 });
		const sweep = { run: {}, maxUnderWay: 1, takes: 2_500 };
		for (let n = 0; n < 20; n += 1) void account.send('sweep', sweep);
		const due: number[] = [];
		for (let n = 0; n < 100; n += 1) {
			await account.pass(97);
			due.push(account.now);
			void account.send('hang-up', { run: {} });
		}
		await account.pass(0);
		const left = account.left.filter(({ name }) => name === 'hang-up').map(({ at }) => at);
		expect(left).toEqual(due);
	});

	test('with a low Max Concurrency take turns among themselves', async () => {
		const account = new FakeAccount();
		const [one, other] = [{}, {}];
		const careful = { maxUnderWay: 1, takes: 100 };
		for (const n of [1, 2, 3]) void account.send(`one ${n}`, { run: one, ...careful });
		for (const n of [1, 2]) void account.send(`other ${n}`, { run: other, ...careful });
		await account.pass(500);
		expect(account.names).toEqual(['one 1', 'one 2', 'other 1', 'one 3', 'other 2']);
	});
});

describe('a request that is no longer wanted', () => {
	test('ends when its time is over or its execution is cancelled, and takes no slot', async () => {
		const account = new FakeAccount({ requests: 1, windowMs: 1_000 });
		await account.send('first');
		const execution = new AbortController();
		const late = account.enter('late', { until: performance.now() + 400 });
		const cancelled = account.enter('cancelled', { signal: execution.signal });
		void account.enter('next');
		execution.abort();
		await account.pass(1_000);
		expect([await late, await cancelled]).toEqual(['outOfTime', 'cancelled']);
		expect(account.names).toEqual(['first', 'next']);
		expect(account.times).toEqual([0, 1_000]);
	});

	test('lets the read leave that waited for it', async () => {
		const account = new FakeAccount();
		void account.enter('stop');
		const waiting = account.enter('no more', { maxUnderWay: 1, until: performance.now() + 10 });
		void account.enter('read', { kind: 'read', run: {} });
		await account.pass(9);
		expect(account.names).toEqual(['stop']);
		await account.pass(1);
		expect(await waiting).toBe('outOfTime');
		expect(account.names).toEqual(['stop', 'read']);
	});

	test('lets no read leave before another stop that waits', async () => {
		const account = new FakeAccount();
		const sweep = { run: {}, maxUnderWay: 1 };
		for (const name of ['stop', 'next stop']) void account.enter(name, sweep);
		void account.enter('no more', { ...sweep, until: performance.now() + 10 });
		void account.enter('read', { kind: 'read', run: {} });
		await account.pass(10);
		expect(account.names).toEqual(['stop']);
		await account.answer('stop');
		expect(account.names).toEqual(['stop', 'next stop', 'read']);
	});
});

describe('a read', () => {
	const READ: Partial<Turn> = { kind: 'read' };

	test('never leaves before a stop that waits, whoever came first', async () => {
		const account = new FakeAccount({ requests: 2, windowMs: 1_000 });
		for (const name of ['stop 1', 'stop 2']) void account.enter(name);
		void account.enter('read', READ);
		for (const name of ['stop 3', 'stop 4']) void account.enter(name, { run: {} });
		await account.pass(0);
		await account.answer('stop 1');
		await account.answer('stop 2');
		await account.pass(1_000);
		expect(account.names).toEqual(['stop 1', 'stop 2', 'stop 3', 'stop 4']);
		await account.answer('stop 3');
		await account.pass(1_000);
		expect(account.left.at(-1)).toMatchObject({ name: 'read', at: 2_000 });
	});

	test('does not leave during the pause after a 429, and then after the stops', async () => {
		const account = new FakeAccount();
		await account.send('limited', { load: 'limits', retryAfterMs: 5_000 });
		void account.enter('read', READ);
		void account.enter('late stop', { run: {} });
		await account.pass(4_999);
		expect(account.names).toEqual(['limited']);
		await account.pass(2_000);
		expect(account.names).toEqual(['limited', 'late stop', 'read']);
		expect(account.times[1]).toBe(5_000);
	});

	test.each([
		[100, 5],
		[9, 4],
		[4, 2],
		[2, 1],
		[1, 1],
	])('takes at most half of what may be under way: of %d, %d', async (maxUnderWay, most) => {
		// Without a published limit, ten may be under way at first.
		const account = new FakeAccount();
		for (let n = 0; n < 20; n += 1) void account.enter(`${n}`, { ...READ, maxUnderWay });
		await account.pass(60_000);
		expect(account.names).toHaveLength(most);
		await account.answer('0', 'unknown');
		expect(account.names).toHaveLength(most + 1);
	});

	test('takes no room from stops: ten may be under way beside five reads', async () => {
		const account = new FakeAccount();
		for (let n = 0; n < 20; n += 1) void account.enter('read', READ);
		for (let n = 0; n < 20; n += 1) void account.enter('stop', { run: {} });
		await account.pass(0);
		expect(account.names.filter((name) => name === 'read')).toHaveLength(5);
		expect(account.names.filter((name) => name === 'stop')).toHaveLength(10);
	});

	test('takes no room from a stop with a low Max Concurrency', async () => {
		const account = new FakeAccount();
		for (const name of ['read 1', 'read 2']) void account.enter(name, { ...READ, run: {} });
		void account.enter('stop', { maxUnderWay: 1 });
		await account.pass(0);
		expect(account.names).toEqual(['read 1', 'read 2', 'stop']);
	});

	test('counts stops and reads against the Max Concurrency of its run, and lets others pass', async () => {
		const account = new FakeAccount();
		for (const name of ['stop 1', 'stop 2', 'stop 3']) void account.enter(name);
		void account.enter('read 1', { ...READ, run: {} });
		void account.enter('careful', { ...READ, run: {}, maxUnderWay: 4 });
		void account.enter('read 2', { ...READ, run: {} });
		await account.pass(0);
		expect(account.names).toEqual(['stop 1', 'stop 2', 'stop 3', 'read 1', 'read 2']);
		await account.answer('read 2');
		expect(account.names).toHaveLength(5);
		await account.answer('stop 1');
		expect(account.names.at(-1)).toBe('careful');
	});

	test.each([1, 2])(
		'of a run with Max Concurrency %d holds up no read of another run',
		async (maxUnderWay) => {
			const account = new FakeAccount();
			const sweep = { ...READ, run: {}, maxUnderWay };
			for (const name of ['slow 1', 'slow 2']) void account.enter(name, sweep);
			void account.enter('other', { ...READ, run: {} });
			await account.pass(0);
			expect(account.names).toEqual(['slow 1', 'other']);
		},
	);

	test('of one run leaves by turns with those of another', async () => {
		const account = new FakeAccount();
		const [one, other] = [{}, {}];
		const careful = { ...READ, maxUnderWay: 2, takes: 100 };
		for (const n of [1, 2, 3]) void account.send(`one ${n}`, { run: one, ...careful });
		for (const n of [1, 2]) void account.send(`other ${n}`, { run: other, ...careful });
		await account.pass(500);
		expect(account.names).toEqual(['one 1', 'one 2', 'other 1', 'one 3', 'other 2']);
	});

	test('takes a place in the window of a published limit from stops', async () => {
		const account = new FakeAccount({ requests: 4, windowMs: 1_000 });
		for (const name of ['read 1', 'read 2']) void account.enter(name, { ...READ, run: {} });
		for (const name of ['stop 1', 'stop 2', 'stop 3']) void account.enter(name);
		await account.pass(0);
		expect(account.names).toEqual(['read 1', 'read 2', 'stop 1', 'stop 2']);
	});

	test.each([
		[5, [0, 0, 1_000, 1_000, 2_000, 2_000]],
		[1, [0, 1_000, 2_000, 3_000, 4_000, 5_000]],
	])('takes at most half of a published limit of %d, and at least one', async (requests, times) => {
		const account = new FakeAccount({ requests, windowMs: 1_000 });
		account.sendMany(6, READ);
		await account.pass(10_000);
		expect(account.times).toEqual(times);
	});
});

test('a request that got its slot waits for nothing, neither for a time nor for a cancellation', async () => {
	const account = new FakeAccount({ requests: 1, windowMs: 1_000 });
	const { signal } = new AbortController();
	for (const name of ['at once', 'later']) {
		void account.send(name, { signal, until: performance.now() + 5_000 });
	}
	await account.pass(1_000);
	expect(account.names).toEqual(['at once', 'later']);
	expect([jest.getTimerCount(), getEventListeners(signal, 'abort').length]).toEqual([0, 0]);
});

test('one timer serves all who wait for the same time, and none those who wait for an answer', async () => {
	const account = new FakeAccount({ requests: 1, windowMs: 1_000 });
	await account.send('first');
	for (let n = 0; n < 20; n += 1) void account.enter(`${n}`, { run: {} });
	expect(jest.getTimerCount()).toBe(1);
	await account.pass(1_000);
	expect(jest.getTimerCount()).toBe(0);
});

describe('queueOf', () => {
	const turn: Turn = {
		run: {},
		kind: 'stop',
		maxUnderWay: 100,
		isRepeat: false,
		until: Infinity,
		signal: new AbortController().signal,
	};

	test('gives one queue to each account', () => {
		expect(queueOf('plivo one')).toBe(queueOf('plivo one'));
		expect(queueOf('plivo one')).not.toBe(queueOf('plivo two'));
	});

	test('remembers 1,000 accounts, those at work and those asked for last', async () => {
		const busy = queueOf('plivo busy');
		const slot = await busy.enter(turn);
		const reading = queueOf('plivo reading');
		await reading.enter({ ...turn, kind: 'read' });
		const doingBoth = queueOf('plivo doing both');
		for (const kind of ['stop', 'read'] as const) await doingBoth.enter({ ...turn, kind });
		const full = { requests: 0, windowMs: 1_000 };
		const waiting = queueOf('plivo waiting', full);
		void waiting.enter(turn);
		const readWaiting = queueOf('plivo read waiting', full);
		void readWaiting.enter({ ...turn, kind: 'read' });
		const further = Array.from({ length: 1_000 }, (_, n) => queueOf(`plivo further ${n}`));
		expect(queueOf('plivo busy')).toBe(busy);
		expect(queueOf('plivo reading')).toBe(reading);
		expect(queueOf('plivo doing both')).toBe(doingBoth);
		expect(queueOf('plivo waiting')).toBe(waiting);
		expect(queueOf('plivo read waiting')).toBe(readWaiting);
		// These five are among the 1,000, so the first five of the others are gone.
		expect(queueOf('plivo further 5')).toBe(further[5]);
		expect(queueOf('plivo further 999')).toBe(further[999]);
		expect(queueOf('plivo further 4')).not.toBe(further[4]);
		// Number 5 was just asked for, so the next to go is number 6.
		expect(queueOf('plivo further 5')).toBe(further[5]);
		expect(queueOf('plivo further 7')).toBe(further[7]);
		expect(queueOf('plivo further 6')).not.toBe(further[6]);
		if (typeof slot === 'string' || 'refusedForMs' in slot) throw new Error('No slot.');
		busy.leave(slot, 'copes');
		expect(busy.isIdle).toBe(true);
	});

	test('remembers a new account while a thousand others are at work', async () => {
		for (let n = 0; n < 1_000; n += 1) await queueOf(`plivo at work ${n}`).enter(turn);
		expect(queueOf('plivo new')).toBe(queueOf('plivo new'));
	});
});
