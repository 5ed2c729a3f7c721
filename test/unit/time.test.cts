// Waits: how they end, and that nothing of them remains.

import { getEventListeners } from 'node:events';

import {
	Cancellation,
	letOthersIn,
	monotonicNow,
	OVER,
	patience,
	pauseUntil,
	within,
} from '../../nodes/StopAudioStream/sending/time';

const NOW = Date.parse('2026-01-31T10:00:00Z');

beforeEach(() => jest.useFakeTimers({ now: NOW }));
afterEach(() => jest.useRealTimers());

/** A run whose execution can be cancelled. */
function cancellable() {
	const controller = new AbortController();
	return { controller, cancellation: new Cancellation(controller.signal) };
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
	test('tells everyone who waits, once', () => {
		const { controller, cancellation } = cancellable();
		const [one, other, gone] = [jest.fn(), jest.fn(), jest.fn()];
		cancellation.onCancel(one);
		cancellation.onCancel(other);
		cancellation.onCancel(gone)();
		expect(cancellation.isCancelled).toBe(false);
		controller.abort();
		expect(cancellation.isCancelled).toBe(true);
		expect([one, other, gone].map(({ mock }) => mock.calls.length)).toEqual([1, 1, 0]);
	});

	test('tells at once who comes after it', () => {
		const { controller, cancellation } = cancellable();
		controller.abort();
		const late = jest.fn();
		cancellation.onCancel(late);
		expect(late).toHaveBeenCalledTimes(1);
	});

	test('tells those too who were there when another of them let go', () => {
		const { controller, cancellation } = cancellable();
		const told: string[] = [];
		cancellation.onCancel(() => {
			told.push('first');
			letGo();
		});
		const letGo = cancellation.onCancel(() => told.push('second'));
		controller.abort();
		expect(told).toEqual(['first', 'second']);
	});

	test('has one listener on the signal however many wait, and none when it is closed', () => {
		const { controller, cancellation } = cancellable();
		const told = jest.fn();
		for (let n = 0; n < 100; n += 1) cancellation.onCancel(told);
		expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
		cancellation.close();
		expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
		controller.abort();
		expect(told).not.toHaveBeenCalled();
	});

	test('never comes where n8n has no signal', () => {
		const cancellation = new Cancellation(undefined);
		expect(cancellation.isCancelled).toBe(false);
		expect(() => cancellation.close()).not.toThrow();
	});
});

describe('a pause', () => {
	test('ends when its time has come', async () => {
		const { cancellation } = cancellable();
		const pause = pauseUntil(monotonicNow() + 500, cancellation);
		await jest.advanceTimersByTimeAsync(499);
		expect(jest.getTimerCount()).toBe(1);
		await jest.advanceTimersByTimeAsync(1);
		expect(await pause).toBe(false);
		expect(jest.getTimerCount()).toBe(0);
	});

	test('ends at once when the execution is cancelled, and leaves no timer', async () => {
		const { controller, cancellation } = cancellable();
		const cut = pauseUntil(monotonicNow() + 500, cancellation);
		controller.abort();
		expect(await cut).toBe(true);
		expect(jest.getTimerCount()).toBe(0);
		expect(await pauseUntil(monotonicNow() + 500, cancellation)).toBe(true);
		expect(jest.getTimerCount()).toBe(0);
	});

	test('until a time that has passed is none', async () => {
		const { cancellation } = cancellable();
		const pause = pauseUntil(monotonicNow() - 500, cancellation);
		await jest.advanceTimersByTimeAsync(0);
		expect(await pause).toBe(false);
	});
});

describe('patience', () => {
	test('runs out once, and not after it was let go', async () => {
		const { controller, cancellation } = cancellable();
		const over = jest.fn();
		patience(monotonicNow() + 100, cancellation, over);
		const letGo = patience(monotonicNow() + 50, cancellation, over);
		letGo();
		await jest.advanceTimersByTimeAsync(100);
		controller.abort();
		expect(over.mock.calls).toEqual([['outOfTime']]);
	});

	test('that is cancelled in the moment in which it runs out is told of one alone', async () => {
		const { controller, cancellation } = cancellable();
		const over = jest.fn();
		patience(monotonicNow() + 100, cancellation, over);
		jest.advanceTimersByTime(100);
		controller.abort();
		// What were thrown now, nobody could catch.
		await jest.advanceTimersByTimeAsync(0);
		expect(over.mock.calls).toEqual([['cancelled']]);
	});

	test('without an end has no timer, and ends with the execution', () => {
		const { controller, cancellation } = cancellable();
		const over = jest.fn();
		patience(Infinity, cancellation, over);
		expect(jest.getTimerCount()).toBe(0);
		controller.abort();
		expect(over.mock.calls).toEqual([['cancelled']]);
	});

	test('is let go with one and the same reason, so that no stack is taken each time', () => {
		expect(OVER).toEqual(new Error('No longer waited for'));
	});
});

describe('work that is waited for', () => {
	const soon = monotonicNow;

	test('is what it comes to, and leaves nothing waiting', async () => {
		const { controller, cancellation } = cancellable();
		expect(await within(Promise.resolve('done'), soon() + 100, cancellation)).toBe('done');
		expect(jest.getTimerCount()).toBe(0);
		const failed = new Error('did not work');
		await expect(within(Promise.reject(failed), soon() + 100, cancellation)).rejects.toBe(failed);
		expect(jest.getTimerCount()).toBe(0);
		cancellation.close();
		expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
	});

	test('is waited for until its time has come', async () => {
		const { cancellation } = cancellable();
		const waiting = within(new Promise(() => undefined), soon() + 100, cancellation);
		await jest.advanceTimersByTimeAsync(100);
		expect(await waiting).toBe('outOfTime');
	});

	test('is waited for until the execution is cancelled', async () => {
		const { controller, cancellation } = cancellable();
		const waiting = within(new Promise(() => undefined), soon() + 100, cancellation);
		controller.abort();
		expect(await waiting).toBe('cancelled');
		expect(jest.getTimerCount()).toBe(0);
	});
});
