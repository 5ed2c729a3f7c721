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

/** Why a timer is let go. Without a reason, each one would make an exception of its own, with its stack. */
const OVER = new Error('No longer waited for');

interface Wait {
	at: number;
	onOver(why: GivenUp): void;
}

/**
 * Whatever one run of the node waits for, each until its time has come or the execution is cancelled.
 *
 * n8n's signal lives as long as the execution, which may run the node a thousand times: so there is one listener
 * a run, and {@link close} takes it away. Left there, it would keep the run and its decrypted credential alive.
 * There is one timer a run too, for the earliest time: most waits are let go long before theirs, and a timer for
 * each would add a quarter to what the node itself does for a stop.
 */
export class Waits {
	private readonly waiting = new Set<Wait>();

	private timer?: AbortController;

	private wakesAt = Infinity;

	private readonly cancel = () => this.end('cancelled', Infinity);

	constructor(private readonly signal: AbortSignal | undefined) {
		signal?.addEventListener('abort', this.cancel);
	}

	get isCancelled(): boolean {
		return this.signal?.aborted === true;
	}

	/**
	 * Calls `onOver` once: when the time `at` (ms) has come, or when the execution is cancelled, now where it is.
	 * Gives back what lets go; after that, `onOver` is not called any more.
	 */
	until(at: number, onOver: (why: GivenUp) => void): () => void {
		const wait = { at, onOver };
		if (this.isCancelled) onOver('cancelled');
		else {
			this.waiting.add(wait);
			void this.wake(at);
		}
		return () => this.waiting.delete(wait);
	}

	/** Waits until `at` (ms). True where the execution was cancelled meanwhile. */
	async pauseUntil(at: number): Promise<boolean> {
		return await new Promise((resolve) => {
			this.until(at, (why) => resolve(why === 'cancelled'));
		});
	}

	/** What `work` comes to, or why it was not waited for any more. */
	async within<T>(work: Promise<T>, at: number): Promise<T | GivenUp> {
		let letGo = () => {};
		const over = new Promise<GivenUp>((resolve) => {
			letGo = this.until(at, resolve);
		});
		try {
			return await Promise.race([over, work]);
		} finally {
			letGo();
		}
	}

	/** At the end of the run: nothing of it remains. */
	close() {
		this.signal?.removeEventListener('abort', this.cancel);
		this.timer?.abort(OVER);
		this.waiting.clear();
	}

	private end(why: GivenUp, upTo: number) {
		for (const wait of [...this.waiting]) {
			// One that was told before it may have let this one go.
			if (wait.at <= upTo && this.waiting.delete(wait)) wait.onOver(why);
		}
	}

	private async wake(at: number): Promise<void> {
		if (at >= this.wakesAt) return;
		this.wakesAt = at;
		this.timer?.abort(OVER);
		const timer = new AbortController();
		this.timer = timer;
		await sleepUntil(at, timer.signal).catch(() => undefined);
		// The `sleep` of an older n8n takes no signal, and ends all the same.
		if (timer.signal.aborted) return;
		this.wakesAt = Infinity;
		this.end('outOfTime', monotonicNow());
		let next = Infinity;
		for (const wait of this.waiting) next = Math.min(next, wait.at);
		void this.wake(next);
	}
}
