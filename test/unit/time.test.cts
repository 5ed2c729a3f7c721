// Waits: how they end, and that nothing of them remains.

import { getEventListeners } from 'node:events';

import { letOthersIn, monotonicNow, Waits } from '../../nodes/StopAudioStream/sending/time';

const NOW = Date.parse('2026-01-31T10:00:00Z');

beforeEach(() => jest.useFakeTimers({ now: NOW }));
afterEach(() => jest.useRealTimers());

/** A run whose execution can be cancelled. */
function cancellable() {
	const controller = new AbortController();
	return { controller, waits: new Waits(controller.signal) };
}

test('the clock counts whole milliseconds, and none is set back', async () => {
	const before = monotonicNow();
	expect(Number.isInteger(before)).toBe(true);
	jest.setSystemTime(NOW - 3_600_000);
	await jest.advanceTimersByTimeAsync(7);
	expect(monotonicNow() - before).toBe(7);
});

test('others come in, in the middle of a long loop', async () => {
	jest.useRealTimers();
	const came: string[] = [];
	setImmediate(() => came.push('an answer'));
	await letOthersIn();
	expect(came).toEqual(['an answer']);
});

describe('a cancellation', () => {
	test('tells everyone who waits, once', async () => {
		const { controller, waits } = cancellable();
		const [one, other, gone] = [jest.fn(), jest.fn(), jest.fn()];
		waits.until(Infinity, one);
		waits.until(monotonicNow() + 100, other);
		waits.until(Infinity, gone)();
		expect(waits.isCancelled).toBe(false);
		controller.abort();
		expect(waits.isCancelled).toBe(true);
		await jest.advanceTimersByTimeAsync(100);
		expect([one, other, gone].map(({ mock }) => mock.calls)).toEqual([
			[['cancelled']],
			[['cancelled']],
			[],
		]);
	});

	test('tells at once who comes after it, and sets no timer', () => {
		const { controller, waits } = cancellable();
		controller.abort();
		const late = jest.fn();
		waits.until(monotonicNow() + 100, late);
		expect(late.mock.calls).toEqual([['cancelled']]);
		expect(jest.getTimerCount()).toBe(0);
	});

	test('tells nobody who was let go by another one that it told', () => {
		const { controller, waits } = cancellable();
		const told: string[] = [];
		waits.until(Infinity, () => {
			told.push('first');
			letGo();
		});
		const letGo = waits.until(Infinity, () => told.push('second'));
		waits.until(Infinity, () => told.push('third'));
		controller.abort();
		expect(told).toEqual(['first', 'third']);
	});

	test('never comes where n8n has no signal', () => {
		const waits = new Waits(undefined);
		expect(waits.isCancelled).toBe(false);
		expect(() => waits.close()).not.toThrow();
	});
});

describe('a wait', () => {
	test('ends when its time has come, and no sooner', async () => {
		const { waits } = cancellable();
		const over = jest.fn();
		waits.until(monotonicNow() + 500, over);
		await jest.advanceTimersByTimeAsync(499);
		expect(over).not.toHaveBeenCalled();
		await jest.advanceTimersByTimeAsync(1);
		expect(over.mock.calls).toEqual([['outOfTime']]);
	});

	test('ends at its own time, whenever others began and whenever they end', async () => {
		const { waits } = cancellable();
		const since = monotonicNow();
		const ended: number[] = [];
		for (const ms of [300, 100, 200, 200, 50]) {
			waits.until(since + ms, () => ended.push(monotonicNow() - since));
		}
		await jest.advanceTimersByTimeAsync(150);
		waits.until(since + 160, () => ended.push(monotonicNow() - since));
		await jest.advanceTimersByTimeAsync(1_000);
		expect(ended).toEqual([50, 100, 160, 200, 200, 300]);
	});

	test('that begins while another one ends has its own time', async () => {
		const { waits } = cancellable();
		const since = monotonicNow();
		const ended: number[] = [];
		const note = () => ended.push(monotonicNow() - since);
		waits.until(since + 100, () => {
			note();
			waits.until(since + 150, note);
		});
		waits.until(since + 200, note);
		await jest.advanceTimersByTimeAsync(1_000);
		expect(ended).toEqual([100, 150, 200]);
	});

	test('that was let go is over, and holds up no other', async () => {
		const { controller, waits } = cancellable();
		const [gone, over] = [jest.fn(), jest.fn()];
		const letGo = waits.until(monotonicNow() + 50, gone);
		waits.until(monotonicNow() + 100, over);
		letGo();
		await jest.advanceTimersByTimeAsync(100);
		controller.abort();
		expect(gone).not.toHaveBeenCalled();
		expect(over.mock.calls).toEqual([['outOfTime']]);
	});

	test('that is cancelled in the moment in which it runs out is told of one alone', async () => {
		const { controller, waits } = cancellable();
		const over = jest.fn();
		waits.until(monotonicNow() + 100, over);
		jest.advanceTimersByTime(100);
		controller.abort();
		// What were thrown now, nobody could catch.
		await jest.advanceTimersByTimeAsync(0);
		expect(over.mock.calls).toEqual([['cancelled']]);
	});

	test('without an end has no timer, and ends with the execution', () => {
		const { controller, waits } = cancellable();
		const over = jest.fn();
		waits.until(Infinity, over);
		expect(jest.getTimerCount()).toBe(0);
		controller.abort();
		expect(over.mock.calls).toEqual([['cancelled']]);
	});

	test('has one listener and one timer with all others, and none once the run is closed', async () => {
		const { controller, waits } = cancellable();
		const over = jest.fn();
		for (let ms = 100; ms > 0; ms -= 1) waits.until(monotonicNow() + ms, over);
		expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
		expect(jest.getTimerCount()).toBe(1);
		waits.close();
		expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
		expect(jest.getTimerCount()).toBe(0);
		await jest.advanceTimersByTimeAsync(100);
		controller.abort();
		expect(over).not.toHaveBeenCalled();
	});
});

describe('a pause', () => {
	test('ends when its time has come, and leaves no timer', async () => {
		const { waits } = cancellable();
		const pause = waits.pauseUntil(monotonicNow() + 500);
		await jest.advanceTimersByTimeAsync(499);
		expect(jest.getTimerCount()).toBe(1);
		await jest.advanceTimersByTimeAsync(1);
		expect(await pause).toBe(false);
		expect(jest.getTimerCount()).toBe(0);
	});

	test('ends at once when the execution is cancelled', async () => {
		const { controller, waits } = cancellable();
		const cut = waits.pauseUntil(monotonicNow() + 500);
		controller.abort();
		expect(await cut).toBe(true);
		expect(await waits.pauseUntil(monotonicNow() + 500)).toBe(true);
	});

	test('until a time that has passed is none', async () => {
		const { waits } = cancellable();
		const pause = waits.pauseUntil(monotonicNow() - 500);
		await jest.advanceTimersByTimeAsync(0);
		expect(await pause).toBe(false);
	});
});

describe('work that is waited for', () => {
	const soon = () => monotonicNow() + 100;

	test('is what it comes to, and is waited for no more', async () => {
		const { controller, waits } = cancellable();
		expect(await waits.within(Promise.resolve('done'), soon())).toBe('done');
		const failed = new Error('did not work');
		await expect(waits.within(Promise.reject(failed), soon())).rejects.toBe(failed);
		// Nobody is left to be told, so that nothing has to wake for it again.
		await jest.advanceTimersByTimeAsync(100);
		expect(jest.getTimerCount()).toBe(0);
		waits.close();
		expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
	});

	test('is waited for until its time has come', async () => {
		const { waits } = cancellable();
		const waiting = waits.within(new Promise(() => undefined), soon());
		await jest.advanceTimersByTimeAsync(100);
		expect(await waiting).toBe('outOfTime');
	});

	test("is waited for until the execution is cancelled, and what comes of it then is nobody's", async () => {
		const { controller, waits } = cancellable();
		let fail: (reason: Error) => void = () => undefined;
		const work = new Promise((_, reject) => {
			fail = reject;
		});
		const waiting = waits.within(work, soon());
		controller.abort();
		expect(await waiting).toBe('cancelled');
		fail(new Error('too late to be caught'));
		await jest.advanceTimersByTimeAsync(0);
	});

	test('is cancelled where the cancellation is what ended it', async () => {
		const { controller, waits } = cancellable();
		controller.abort();
		expect(await waits.within(Promise.reject(new Error('cut off')), soon())).toBe('cancelled');
	});
});
