import { sleep } from 'n8n-workflow';

/**
 * The time in whole ms, from some start of its own. Waits and limits go by this clock and not by that of
 * the day: one that is set back by an hour would hold an account's requests for an hour.
 */
export const monotonicNow = () => Math.floor(performance.now());

/** Lets answers in and further requests out, in the middle of a long loop. */
export const letOthersIn = async (): Promise<void> => await sleep(0);

/** Waits until `at` (ms); an abort of `signal`, and nothing else, ends it sooner, as a rejection. */
export const sleepUntil = async (at: number, signal?: AbortSignal): Promise<void> =>
	await sleep(Math.max(0, at - monotonicNow()), signal);

export type GivenUp = 'cancelled' | 'outOfTime';

/** Why a wait is let go. Without a reason, each one would make an exception of its own, with its stack. */
export const OVER = new Error('No longer waited for');

/**
 * Tells whoever waits in a run of the node that its execution was cancelled. n8n's signal lives as long as the
 * execution, which may run the node a thousand times: so there is one listener a run, and {@link close} takes
 * it away. Left there, it would keep the run and its decrypted credential alive.
 */
export class Cancellation {
	private readonly waiting = new Set<() => void>();

	private readonly tellAll = () => {
		for (const tell of [...this.waiting]) tell();
	};

	constructor(private readonly signal: AbortSignal | undefined) {
		signal?.addEventListener('abort', this.tellAll);
	}

	get isCancelled(): boolean {
		return this.signal?.aborted === true;
	}

	/** Calls `tell` at the cancellation, now where it has come. Gives back what lets go of it. */
	onCancel(tell: () => void): () => void {
		if (this.isCancelled) tell();
		else this.waiting.add(tell);
		return () => this.waiting.delete(tell);
	}

	close() {
		this.signal?.removeEventListener('abort', this.tellAll);
		this.waiting.clear();
	}
}

/**
 * Calls `onOver` once: when the execution is cancelled, or when the time `at` (ms) has come. Gives back what
 * lets go; after that, `onOver` is not called any more and nothing of it remains.
 */
export function patience(
	at: number,
	cancellation: Cancellation,
	onOver: (why: GivenUp) => void,
): () => void {
	let waiting: typeof onOver | undefined = onOver;
	const timer = new AbortController();
	let release = () => {};
	const letGo = () => {
		waiting = undefined;
		release();
		timer.abort(OVER);
	};
	const over = (why: GivenUp) => {
		const tell = waiting;
		letGo();
		tell?.(why);
	};
	release = cancellation.onCancel(() => over('cancelled'));
	if (at !== Infinity && !cancellation.isCancelled) {
		sleepUntil(at, timer.signal).then(
			() => over('outOfTime'),
			() => undefined,
		);
	}
	return letGo;
}

/** What `work` comes to, or why it was not waited for any more. */
export async function within<T>(
	work: Promise<T>,
	at: number,
	cancellation: Cancellation,
): Promise<T | GivenUp> {
	return await new Promise((resolve, reject) => {
		const letGo = patience(at, cancellation, resolve);
		work.then(
			(value) => {
				letGo();
				resolve(value);
			},
			(reason: unknown) => {
				letGo();
				reject(reason);
			},
		);
	});
}

/** Waits until `at` (ms). True where the execution was cancelled meanwhile. */
export async function pauseUntil(at: number, cancellation: Cancellation): Promise<boolean> {
	return await new Promise((resolve) => {
		patience(at, cancellation, (why) => resolve(why === 'cancelled'));
	});
}
