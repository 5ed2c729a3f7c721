// Waits: how they end, and that nothing of them remains.

import { getEventListeners } from 'node:events';

import {
	monotonicNow,
	OVER,
	pauseUntil,
	waitOrGiveUp,
	within,
	yieldToEventLoop,
} from '../../nodes/StopAudioStream/sending/time';

const NOW = Date.parse('2026-01-31T10:00:00Z');

let execution: AbortController;

beforeEach(() => {
	jest.useFakeTimers({ now: NOW });
	execution = new AbortController();
});
afterEach(() => jest.useRealTimers());

const listeners = () => getEventListeners(execution.signal, 'abort').length;

const soon = (ms: number) => monotonicNow() + ms;

test('monotonicNow counts whole milliseconds, also when the clock of the day is set back', async () => {
	const before = monotonicNow();
	expect(Number.isInteger(before)).toBe(true);
	jest.setSystemTime(NOW - 3_600_000);
	await jest.advanceTimersByTimeAsync(7);
	expect(monotonicNow() - before).toBe(7);
});

test('yieldToEventLoop lets an answer in, at the latest the second time', async () => {
	jest.useRealTimers();
	const came: string[] = [];
	setImmediate(() => came.push('an answer'));
	// A timer that is due at once fires before anything else is looked at.
	await yieldToEventLoop();
	await yieldToEventLoop();
	expect(came).toEqual(['an answer']);
});

describe('waitOrGiveUp', () => {
	test('gives up once when the time has come, and not after stopWaiting', async () => {
		const givenUp = jest.fn();
		waitOrGiveUp(soon(100), execution.signal, givenUp);
		const stopWaiting = waitOrGiveUp(soon(50), execution.signal, givenUp);
		stopWaiting();
		await jest.advanceTimersByTimeAsync(100);
		execution.abort();
		expect(givenUp.mock.calls).toEqual([['outOfTime']]);
	});

	test('gives up once when the execution is cancelled in the moment in which the time comes', async () => {
		const givenUp = jest.fn();
		waitOrGiveUp(soon(100), execution.signal, givenUp);
		jest.advanceTimersByTime(100);
		execution.abort();
		await jest.advanceTimersByTimeAsync(0);
		expect(givenUp.mock.calls).toEqual([['cancelled']]);
	});

	test('without an end has no timer, and gives up with the execution', () => {
		const givenUp = jest.fn();
		waitOrGiveUp(Infinity, execution.signal, givenUp);
		expect(jest.getTimerCount()).toBe(0);
		execution.abort();
		expect(givenUp.mock.calls).toEqual([['cancelled']]);
	});

	test('gives up at once when the execution was cancelled before', () => {
		execution.abort();
		const givenUp = jest.fn();
		waitOrGiveUp(soon(100), execution.signal, givenUp);
		expect(givenUp.mock.calls).toEqual([['cancelled']]);
		expect(jest.getTimerCount()).toBe(0);
	});

	test('a cancellation reaches all who wait, and not one whom another of them stopped', () => {
		const told: string[] = [];
		waitOrGiveUp(Infinity, execution.signal, () => {
			told.push('first');
			stopSecond();
		});
		const stopSecond = waitOrGiveUp(Infinity, execution.signal, () => told.push('second'));
		waitOrGiveUp(Infinity, execution.signal, () => told.push('third'));
		execution.abort();
		expect(told).toEqual(['first', 'third']);
	});

	test('a hundred waits share one listener on the signal, and the last takes it away', () => {
		const givenUp = jest.fn();
		const stops = Array.from({ length: 100 }, () =>
			waitOrGiveUp(Infinity, execution.signal, givenUp),
		);
		expect(listeners()).toBe(1);
		for (const stopWaiting of stops.slice(1)) stopWaiting();
		expect(listeners()).toBe(1);
		stops[0]?.();
		expect(listeners()).toBe(0);
	});

	test('hears a cancellation when others have waited for the same signal and left', () => {
		const givenUp = jest.fn();
		waitOrGiveUp(Infinity, execution.signal, jest.fn())();
		waitOrGiveUp(Infinity, execution.signal, givenUp);
		execution.abort();
		expect(givenUp).toHaveBeenCalledTimes(1);
	});
});

describe('pauseUntil', () => {
	test('ends when its time has come, and leaves no timer', async () => {
		const pause = pauseUntil(soon(500), execution.signal);
		await jest.advanceTimersByTimeAsync(499);
		expect(jest.getTimerCount()).toBe(1);
		await jest.advanceTimersByTimeAsync(1);
		expect(await pause).toBe(false);
		expect([jest.getTimerCount(), listeners()]).toEqual([0, 0]);
	});

	test('ends at once when the execution is cancelled, and leaves no timer', async () => {
		const pause = pauseUntil(soon(500), execution.signal);
		execution.abort();
		expect(await pause).toBe(true);
		expect([jest.getTimerCount(), listeners()]).toEqual([0, 0]);
	});

	test('does not wait for a time that has passed', async () => {
		const pause = pauseUntil(soon(-500), execution.signal);
		await jest.advanceTimersByTimeAsync(0);
		expect(await pause).toBe(false);
	});
});

describe('within', () => {
	test('is what the work comes to, and leaves no timer and no listener', async () => {
		expect(await within(Promise.resolve('done'), soon(100), execution.signal)).toBe('done');
		expect([jest.getTimerCount(), listeners()]).toEqual([0, 0]);
		const failed = new Error('did not work');
		await expect(within(Promise.reject(failed), soon(100), execution.signal)).rejects.toBe(failed);
		expect([jest.getTimerCount(), listeners()]).toEqual([0, 0]);
	});

	test('gives work up when the time has come', async () => {
		const waiting = within(new Promise(() => undefined), soon(100), execution.signal);
		await jest.advanceTimersByTimeAsync(100);
		expect(await waiting).toBe('outOfTime');
	});

	test('gives work up when the execution is cancelled', async () => {
		const waiting = within(new Promise(() => undefined), soon(100), execution.signal);
		execution.abort();
		expect(await waiting).toBe('cancelled');
	});
});

test('every wait ends with one and the same reason, so that no stack is taken each time', () => {
	expect(OVER).toEqual(new Error('No longer waited for'));
});
