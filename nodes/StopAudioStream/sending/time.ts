import { sleep } from 'n8n-workflow';

/**
 * The time in whole ms since an arbitrary start. Waits and limits use this clock and not the time of day: if that were
 * set back by an hour, requests would wait for an hour.
 */
export const monotonicNow = () => Math.floor(performance.now());

/** Lets answers in and further requests out, in the middle of a long loop. */
export const yieldToEventLoop = async (): Promise<void> => await sleep(0);

/**
 * Waits until `at` (ms). An abort of `signal` ends the wait as a rejection; the `sleep` of n8n 1.x takes no
 * signal and goes on, so whoever waits must not act on an end that comes late.
 */
export const sleepUntil = async (at: number, signal?: AbortSignal): Promise<void> =>
	await sleep(Math.max(0, at - monotonicNow()), signal);

export type GivenUp = 'cancelled' | 'outOfTime';

/** The reason of every abort. Without one, each would make an exception of its own, with its stack. */
export const OVER = new Error('No longer waited for');

const listeners = new WeakMap<AbortSignal, ReturnType<typeof listenTo>>();

/**
 * Calls `tell` when `signal` aborts, and returns a function that takes `tell` off again. All who wait for a signal
 * share one listener: adding a listener walks through all that the signal has, and thousands of items wait at once;
 * Node 20 also prints a warning for more than ten. The listener goes with the last who waits: n8n's signal lives as
 * long as the execution, which may run the node a thousand times, and a listener that stayed would keep its run and
 * the decrypted credential alive.
 */
function onAbort(signal: AbortSignal, tell: () => void): () => void {
	const { waiting, tellAll } = listeners.get(signal) ?? listenTo(signal);
	waiting.add(tell);
	return () => {
		waiting.delete(tell);
		if (waiting.size > 0) return;
		signal.removeEventListener('abort', tellAll);
		listeners.delete(signal);
	};
}

function listenTo(signal: AbortSignal) {
	const waiting = new Set<() => void>();
	const tellAll = () => {
		for (const tell of [...waiting]) tell();
	};
	const listener = { waiting, tellAll };
	listeners.set(signal, listener);
	signal.addEventListener('abort', tellAll);
	return listener;
}

/**
 * Calls `onGivenUp` once: when `signal`, the execution's, aborts, or when the time `at` (ms) has come. Returns
 * `stopWaiting`: after it, `onGivenUp` is never called, and nothing of the wait remains.
 */
export function waitOrGiveUp(
	at: number,
	signal: AbortSignal,
	onGivenUp: (why: GivenUp) => void,
): () => void {
	const timer = new AbortController();
	if (signal.aborted) {
		onGivenUp('cancelled');
		return () => {};
	}
	const takeOff = onAbort(signal, () => giveUp('cancelled'));
	const stopWaiting = () => {
		takeOff();
		timer.abort(OVER);
	};
	const giveUp = (why: GivenUp) => {
		if (timer.signal.aborted) return;
		stopWaiting();
		onGivenUp(why);
	};
	if (at !== Infinity) {
		sleepUntil(at, timer.signal).then(
			() => giveUp('outOfTime'),
			() => undefined,
		);
	}
	return stopWaiting;
}

/** The result of `work`, or why nobody waits for it any longer. */
export async function within<T>(
	work: Promise<T>,
	at: number,
	signal: AbortSignal,
): Promise<T | GivenUp> {
	return await new Promise((resolve, reject) => {
		const stopWaiting = waitOrGiveUp(at, signal, resolve);
		void work.then(resolve, reject).finally(stopWaiting);
	});
}

/** Waits until `at` (ms). True if the execution was cancelled meanwhile. */
export async function pauseUntil(at: number, signal: AbortSignal): Promise<boolean> {
	return await new Promise((resolve) => {
		waitOrGiveUp(at, signal, (why) => resolve(why === 'cancelled'));
	});
}
