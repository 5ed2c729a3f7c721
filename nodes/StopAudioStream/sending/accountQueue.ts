import type { Load } from '../outcome/verdicts';
import type { Provider } from '../providers/provider';
import { AccountRate, type Slot, type TurnKind } from './accountRate';
import { monotonicNow, sleepUntil, waitOrGiveUp, type GivenUp } from './time';

/** A request that waits for its turn. */
export interface Turn {
	/** The run it belongs to: runs take turns, so that a hang-up never waits behind a nightly sweep. */
	run: object;
	kind: TurnKind;
	/** How many requests to the account may be under way together, including this one. */
	maxUnderWay: number;
	/** Was sent before. Goes first within its run: its time is running out. */
	isRepeat: boolean;
	/** When it is no longer wanted (ms). */
	until: number;
	/** The execution's cancel signal. */
	signal: AbortSignal;
}

interface Waiter extends Turn {
	isOver: boolean;
	/** Stops its timer, and no longer listens for the cancellation. */
	stopWaiting?: () => void;
	end(end: Awaited<ReturnType<AccountQueue['enter']>>): void;
}

/**
 * Who is next for one provider account; {@link AccountRate} says when. One per account and process, shared by all
 * executions: the usual load is hundreds of webhook executions with one stop each, and none of them alone can
 * know the rate.
 *
 * Runs stand in a line, each with its own requests in order. The first run sends one request and goes to the end of
 * the line. Reads have a line of their own, which moves only while no stop waits: a read stops nothing.
 *
 * What the account allows holds for all, so the whole line waits for it. A run whose own *Max Concurrency* is
 * reached keeps its place, and the others pass it: it waits until they leave a gap.
 */
export class AccountQueue {
	/** Who waits, run by run. */
	private readonly lines = {
		stop: new Map<object, Waiter[]>(),
		read: new Map<object, Waiter[]>(),
	};

	private readonly rate: AccountRate;

	private wakeAt = Infinity;

	constructor(limit?: Provider['rateLimit']) {
		this.rate = new AccountRate(limit);
	}

	get isIdle() {
		return this.rate.isIdle && this.lines.stop.size === 0 && this.lines.read.size === 0;
	}

	/**
	 * Waits for a slot; each slot must be given back with {@link leave}. `refusedForMs`: the provider asked for a
	 * longer wait than the node takes.
	 */
	async enter(turn: Turn): Promise<Slot | { refusedForMs: number } | GivenUp> {
		return await new Promise((resolve) => {
			const waiter: Waiter = {
				...turn,
				isOver: false,
				end(end) {
					// At once, so that it is never given a slot that nobody would give back.
					this.isOver = true;
					this.stopWaiting?.();
					resolve(end);
				},
			};
			this.enqueue(waiter);
			this.dispatch();
			if (waiter.isOver) return;
			waiter.stopWaiting = waitOrGiveUp(turn.until, turn.signal, (why) => {
				waiter.end(why);
				// Reads may have waited for it.
				this.dispatch();
			});
		});
	}

	/** Gives a slot back, with what its answer showed. `retryAfterMs`: the wait that a 429 asked for. */
	leave(slot: Slot, load: Load, retryAfterMs?: number) {
		this.rate.giveBack(slot, load, monotonicNow(), retryAfterMs);
		this.dispatch();
	}

	private enqueue(waiter: Waiter) {
		const line = this.lines[waiter.kind];
		const queue = line.get(waiter.run) ?? [];
		line.set(waiter.run, queue);
		const firstNew = waiter.isRepeat ? queue.findIndex(({ isRepeat }) => !isRepeat) : -1;
		queue.splice(firstNew < 0 ? queue.length : firstNew, 0, waiter);
	}

	private dispatch() {
		this.dequeue('stop');
		for (const queue of this.lines.stop.values()) {
			if (queue.some(({ isOver }) => !isOver)) return;
		}
		this.dequeue('read');
	}

	/** Gives slots to those who wait, while there are any. */
	private dequeue(kind: TurnKind) {
		const line = this.lines[kind];
		for (const [run, queue] of line) {
			const now = monotonicNow();
			const waiter = queue[0];
			if (waiter && !waiter.isOver) {
				const refusedForMs = this.rate.refusedForMs(now);
				// At once, whatever else it would wait for: otherwise a run could wait for hours.
				if (refusedForMs !== undefined) waiter.end({ refusedForMs });
				else {
					const freeAt = this.rate.freeAt(kind, now);
					if (freeAt > now) return this.schedule(freeAt);
					if (!this.rate.hasRoom(kind, waiter.maxUnderWay)) continue;
					waiter.end(this.rate.take(kind, now));
				}
			}
			queue.shift();
			line.delete(run);
			// At the end of the line, where this loop comes by again.
			if (queue.length > 0) line.set(run, queue);
		}
	}

	/** Dispatches at `at`, unless an earlier time is scheduled; `Infinity` leaves it to the next answer. */
	private schedule(at: number) {
		if (at >= this.wakeAt) return;
		this.wakeAt = at;
		void sleepUntil(at).then(() => {
			this.wakeAt = Infinity;
			this.dispatch();
		});
	}
}

/** How many accounts' queues are kept: more than an n8n process serves at once, and memory must not grow for ever. */
const MAX_ACCOUNTS = 1_000;

const queues = new Map<string, AccountQueue>();

/** The queue of one account. `key`: provider, host and account id. */
export function queueOf(key: string, limit?: Provider['rateLimit']): AccountQueue {
	const queue = queues.get(key) ?? new AccountQueue(limit);
	queues.delete(key);
	queues.set(key, queue);
	for (const [oldest, { isIdle }] of queues) {
		if (queues.size <= MAX_ACCOUNTS) break;
		if (isIdle && oldest !== key) queues.delete(oldest);
	}
	return queue;
}
