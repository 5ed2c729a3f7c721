import type { RateLimit } from '../providers/provider';
import { AccountRate, type Load, type TurnKind } from './accountRate';
import { monotonicNow, sleepUntil, waitOrGiveUp, type GivenUp } from './time';

/**
 * A request that wants few under way is passed by others for so long, in ms; then they wait for it, for so
 * long at the most: what is under way may take much longer to be answered.
 */
const PASSED_MS = 1_000;
const HELD_MS = 2_000;

/** A request that waits for its turn. */
export interface Turn {
	/** The run it belongs to: runs take turns, so that a hang-up never waits behind a nightly sweep. */
	run: object;
	/** Reads only tell something: they never leave before a stop that waits. */
	kind: TurnKind;
	/** How many requests to the account may be under way together, this one counted. */
	maxUnderWay: number;
	/** Was sent before. Goes first within its run: its time is running out. */
	isRepeat: boolean;
	/** When it is no longer wanted (ms). */
	until: number;
	/** The execution's. */
	signal: AbortSignal;
}

/** The right to send one request; given back with {@link AccountQueue.leave}. */
export interface Slot {
	sentAt: number;
	run: object;
	kind: TurnKind;
}

/** The provider asked for a longer wait than the node takes. */
export interface Refused {
	refusedForMs: number;
}

interface Waiter extends Turn {
	isOver: boolean;
	/** Ends its wait for the time and the cancellation. */
	stopWaiting?: () => void;
	waitsSince: number;
	/** Since when others go ahead of it, because more is under way than it wants; then they wait, and then go again. */
	passedAt: number;
	end(end: Slot | Refused | GivenUp): void;
}

/** Who waits, run by run. */
type Line = Map<object, Waiter[]>;

/**
 * Who is next for one provider account; {@link AccountRate} says when. One per account and process, shared by all
 * executions: the usual load is hundreds of webhook executions with one stop each, and none of them alone can
 * know the rate.
 *
 * Runs stand in a line, each with its own requests in order. The first run sends one and goes to the end of the
 * line. A run whose own bound is reached is passed by the others. After a second they wait for it, for two at the
 * most, but only where that helps: not where its own requests keep it out, or what had left before it came.
 * Reads have a line of their own, which moves only while no stop waits.
 */
export class AccountQueue {
	private readonly stops: Line = new Map();

	private readonly reads: Line = new Map();

	private readonly slots = new Set<Slot>();

	private readsUnderWay = 0;

	private readonly rate: AccountRate;

	private wakeAt = Infinity;

	constructor(limit?: RateLimit) {
		this.rate = new AccountRate(limit);
	}

	private get underWay() {
		return this.slots.size;
	}

	get isIdle() {
		return this.underWay === 0 && this.stops.size === 0 && this.reads.size === 0;
	}

	/** Waits for a slot; each slot must be given back. */
	async enter(turn: Turn): Promise<Slot | Refused | GivenUp> {
		return await new Promise((resolve) => {
			const waiter: Waiter = {
				...turn,
				isOver: false,
				waitsSince: monotonicNow(),
				passedAt: -Infinity,
				end(end) {
					// In the same moment, so that nobody gives it a slot that nobody would give back.
					this.isOver = true;
					this.stopWaiting?.();
					resolve(end);
				},
			};
			const line = turn.kind === 'read' ? this.reads : this.stops;
			const queue = line.get(turn.run) ?? [];
			line.set(turn.run, queue);
			const firstNew = turn.isRepeat ? queue.findIndex(({ isRepeat }) => !isRepeat) : -1;
			queue.splice(firstNew < 0 ? queue.length : firstNew, 0, waiter);
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
		const { kind, sentAt } = slot;
		this.slots.delete(slot);
		if (kind === 'read') this.readsUnderWay -= 1;
		this.rate.note(kind, { sentAt, load, retryAfterMs }, monotonicNow());
		this.dispatch();
	}

	private dispatch() {
		this.dispatchStops();
		// One look is enough: no stop can join in between.
		if (this.reads.size > 0 && !hasWaiter(this.stops)) this.dispatchReads();
	}

	private dispatchStops() {
		for (const [run, queue] of this.stops) {
			const now = monotonicNow();
			const waiter = queue[0];
			if (waiter && !waiter.isOver && !this.endRefused(waiter, now)) {
				// What reads hold is no bound for stops: only what the provider counts is.
				const stopsUnderWay = this.underWay - this.readsUnderWay;
				const free = this.rate.freeAt(now, this.underWay, stopsUnderWay);
				if (free > now) return this.wake(free);
				if (stopsUnderWay >= waiter.maxUnderWay) {
					const heldUntil = this.holdsOthersUntil(waiter, now);
					if (heldUntil !== undefined) return this.wake(heldUntil);
					continue;
				}
				this.give(waiter, now);
			}
			moveOn(this.stops, run, queue);
		}
	}

	private dispatchReads() {
		for (const [run, queue] of this.reads) {
			const now = monotonicNow();
			const waiter = queue[0];
			if (waiter && !waiter.isOver && !this.endRefused(waiter, now)) {
				const { maxUnderWay } = waiter;
				const free = this.rate.freeAt(now, this.underWay);
				if (free > now) return this.wake(free);
				const readFree = this.rate.readFreeAt(now, this.readsUnderWay, maxUnderWay);
				// Its run's own bound: only an answer helps, and another run may want more.
				if (readFree === Infinity || this.underWay >= maxUnderWay) continue;
				if (readFree > now) return this.wake(readFree);
				this.give(waiter, now);
			}
			moveOn(this.reads, run, queue);
		}
	}

	private endRefused(waiter: Waiter, now: number): boolean {
		const refusedForMs = this.rate.refusedForMs(now);
		if (refusedForMs === undefined) return false;
		waiter.end({ refusedForMs });
		return true;
	}

	private give(waiter: Waiter, now: number) {
		const { run, kind } = waiter;
		const slot: Slot = { sentAt: now, run, kind };
		this.slots.add(slot);
		if (kind === 'read') this.readsUnderWay += 1;
		this.rate.take(now);
		waiter.end(slot);
	}

	/** Until when others wait for one that wants fewer under way; `undefined` while they go ahead of it. */
	private holdsOthersUntil(waiter: Waiter, now: number): number | undefined {
		const { run, maxUnderWay } = waiter;
		if (now >= waiter.passedAt + PASSED_MS + HELD_MS) waiter.passedAt = now;
		const heldAt = waiter.passedAt + PASSED_MS;
		if (now < heldAt) return undefined;
		// Its own, and what had left before it came: to hold others would not let it in any sooner.
		const inVain = [...this.slots].filter(
			(slot) => slot.kind === 'stop' && (slot.run === run || slot.sentAt <= waiter.waitsSince),
		);
		return inVain.length >= maxUnderWay ? undefined : heldAt + HELD_MS;
	}

	private wake(at: number) {
		if (at >= this.wakeAt) return;
		this.wakeAt = at;
		void sleepUntil(at).then(() => {
			this.wakeAt = Infinity;
			this.dispatch();
		});
	}
}

const hasWaiter = (line: Line) =>
	[...line.values()].some((queue) => queue.some(({ isOver }) => !isOver));

/** Takes the first of a run out, and puts the run to the end of the line, where the loop comes by again. */
function moveOn(line: Line, run: object, queue: Waiter[]) {
	queue.shift();
	line.delete(run);
	if (queue.length > 0) line.set(run, queue);
}

/** More accounts than one n8n process serves at once; the bound only keeps memory from growing for ever. */
const MAX_ACCOUNTS = 1_000;

const queues = new Map<string, AccountQueue>();

/** The queue of one account. `key`: provider, host and account id. */
export function queueOf(key: string, limit?: RateLimit): AccountQueue {
	const queue = queues.get(key) ?? new AccountQueue(limit);
	queues.delete(key);
	queues.set(key, queue);
	for (const [oldest, { isIdle }] of queues) {
		if (queues.size <= MAX_ACCOUNTS) break;
		if (isIdle && oldest !== key) queues.delete(oldest);
	}
	return queue;
}
