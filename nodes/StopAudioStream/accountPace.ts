import { sleep } from 'n8n-workflow';

import { clock } from './clock';
import type { RateLimit } from './providers/provider';

/** The longest wait the node takes upon itself, in ms; where a provider asks for more, the item fails. */
export const MAX_WAIT_MS = 30_000;

const FIRST_ALLOWED = 10;
const FIRST_PAUSE_MS = 1_000;
/**
 * How far the rate comes down at a 429, and how it comes back: CUBIC, as in the AWS SDKs' adaptive retry
 * mode. It comes back slower than with their 0.4, because each 429 costs the whole account a pause.
 */
const CUT = 0.7;
const CUBIC = 0.05;
/** What a busy process is late with its sends, it may make up for; without, the rate would never be reached. */
const CATCH_UP_MS = 100;

/**
 * A request that wants few under way is passed by others for so long, in ms; then they wait for it, for so
 * long at the most: what is under way may take much longer to be answered.
 */
const PASSED_MS = 1_000;
const HELD_MS = 2_000;

/** A request that waits for its turn. */
export interface Turn {
	/** The execution it belongs to: executions take turns, so that a hang-up never waits behind a nightly sweep. */
	run: object;
	/** How many requests to the account may be under way together, this one counted. */
	maxUnderWay: number;
	/** Was sent before. Goes first within its execution: its time is running out. */
	isRepeat: boolean;
	/** Settles when it is no longer wanted, with the reason. */
	giveUp: Promise<GivenUp>;
}

export type GivenUp = 'cancelled' | 'outOfTime';

interface Waiter extends Turn {
	isOver: boolean;
	/** Since when others go ahead of it, because more is under way than it wants. */
	passedAt?: number;
	end(end: Slot | Refused | GivenUp): void;
}

/** The right to send one request; given back with {@link AccountPace.leave}. */
export interface Slot {
	sentAt: number;
}

/** The provider asked for a longer wait than the node takes. */
export interface Refused {
	refusedForMs: number;
}

/**
 * Decides when the next request to one provider account may leave. One per account and process, shared by
 * all executions: the usual load is hundreds of webhook executions with one stop each, and none of them
 * alone can know the rate.
 */
export class AccountPace {
	private readonly waiting = new Map<object, Waiter[]>();

	private underWay = 0;

	/** When answers came, oldest first, as far back as a limit looks. */
	private answers: number[] = [];

	/** How many may be under way: few at first where no limit is published, one more with each good answer. */
	private allowed: number;

	/** What a 429 taught: the requests per second at that moment, and when it was. */
	private learned?: { rateAtCut: number; cutAt: number };

	private nextSendAt = 0;

	private pausedUntil = 0;

	private pauseMs = FIRST_PAUSE_MS;

	private refused = { until: 0, reopensAt: 0 };

	private wakeAt = Infinity;

	constructor(private readonly limit?: RateLimit) {
		this.allowed = limit ? Infinity : FIRST_ALLOWED;
	}

	get isIdle() {
		return this.underWay === 0 && this.waiting.size === 0;
	}

	/** Waits for a slot; each slot must be given back. */
	async enter(turn: Turn): Promise<Slot | Refused | GivenUp> {
		return await new Promise((resolve) => {
			const waiter: Waiter = {
				...turn,
				isOver: false,
				end(end) {
					this.isOver = true;
					resolve(end);
				},
			};
			// A slot that was given is never lost: `isOver` is set in the same moment.
			void turn.giveUp.then((why) => waiter.isOver || waiter.end(why));
			const queue = this.waiting.get(turn.run) ?? [];
			this.waiting.set(turn.run, queue);
			const firstNew = turn.isRepeat ? queue.findIndex(({ isRepeat }) => !isRepeat) : -1;
			queue.splice(firstNew < 0 ? queue.length : firstNew, 0, waiter);
			this.startWhoMay();
		});
	}

	/** Gives a slot back. `retryAfterMs`: the wait that a 429 asked for, where it did. */
	leave(slot: Slot, ended: 'answered' | 'limited' | 'lost', retryAfterMs?: number) {
		const now = clock();
		this.underWay -= 1;
		// A slot counts until the window has passed since its answer, not since it was sent: the provider
		// may have counted the request as late as that.
		this.answers.push(now);
		if (ended === 'limited') this.slowDown(slot, now, retryAfterMs);
		if (ended === 'answered') {
			this.allowed += 1;
			if (slot.sentAt >= this.pausedUntil) this.pauseMs = FIRST_PAUSE_MS;
		}
		this.startWhoMay();
	}

	private startWhoMay() {
		for (const [run, queue] of this.waiting) {
			const now = clock();
			const waiter = queue[0];
			if (!waiter.isOver) {
				if (now < this.refused.until) {
					waiter.end({ refusedForMs: this.refused.reopensAt - now });
				} else {
					const free = this.freeAt(now);
					if (free > now) return this.wake(free, now);
					if (this.underWay >= waiter.maxUnderWay) {
						// Its own bound is no reason for others to wait, unless they would never let it in.
						const heldUntil = holdsOthersUntil(waiter, now);
						if (heldUntil !== undefined) return this.wake(heldUntil, now);
						continue;
					}
					this.take(now);
					waiter.end({ sentAt: now });
				}
			}
			queue.shift();
			// To the end of the line, where the loop comes by again.
			this.waiting.delete(run);
			if (queue.length > 0) this.waiting.set(run, queue);
		}
	}

	/** When the next request may leave; `Infinity` where only an answer frees a slot. */
	private freeAt(now: number): number {
		if (this.underWay >= this.allowed) return Infinity;
		const windowMs = this.limit?.windowMs ?? 1_000;
		while (this.answers[0] <= now - windowMs) this.answers.shift();
		const full = this.limit && this.underWay + this.answers.length >= this.limit.requests;
		const windowFree = full ? (this.answers[0] ?? Infinity) + windowMs : now;
		return Math.max(windowFree, this.pausedUntil, this.learned ? this.nextSendAt : 0);
	}

	private take(now: number) {
		this.underWay += 1;
		// Spread over the second: a learned limit is met by bursts first.
		this.nextSendAt = Math.max(now - CATCH_UP_MS, this.nextSendAt) + 1_000 / this.rate(now);
	}

	/** Requests per second: no bound before the first 429; cut by it, soon near to where it was, then slowly beyond. */
	private rate(now: number): number {
		if (!this.learned) return Infinity;
		const { rateAtCut, cutAt } = this.learned;
		const secondsBack = Math.cbrt((rateAtCut * (1 - CUT)) / CUBIC);
		return CUBIC * ((now - cutAt) / 1_000 - secondsBack) ** 3 + rateAtCut;
	}

	private slowDown(slot: Slot, now: number, retryAfterMs: number | undefined) {
		// Only the first 429 of a burst is news; the others left before it was known.
		if (!this.learned || slot.sentAt > this.learned.cutAt) {
			const inLastSecond = this.answers.filter((at) => at > now - 1_000).length;
			// At least what was let out unasked: the first 429 of a burst comes before most of its answers.
			const seen = Math.max(inLastSecond, FIRST_ALLOWED);
			this.learned = { rateAtCut: Math.min(this.rate(now), seen), cutAt: now };
			this.pauseMs = Math.min(this.pauseMs * 2, MAX_WAIT_MS);
		}
		// Jitter, so that several n8n processes do not come back in the same moment.
		const pause = retryAfterMs ?? (this.pauseMs / 4) * (1 + Math.random());
		this.pausedUntil = Math.max(this.pausedUntil, now + Math.min(pause, MAX_WAIT_MS));
		if (pause > MAX_WAIT_MS) {
			// Kept for no longer than the node would wait: one odd header must not silence an account for a day.
			this.refused = { until: now + MAX_WAIT_MS, reopensAt: now + pause };
		}
	}

	private wake(at: number, now: number) {
		if (at >= this.wakeAt) return;
		this.wakeAt = at;
		void sleep(at - now).then(() => {
			this.wakeAt = Infinity;
			this.startWhoMay();
		});
	}
}

/** Until when others wait for one that wants fewer under way; `undefined` while they go ahead of it. */
function holdsOthersUntil(waiter: Waiter, now: number): number | undefined {
	waiter.passedAt ??= now;
	const until = waiter.passedAt + PASSED_MS + HELD_MS;
	if (now >= until) waiter.passedAt = now;
	return now >= waiter.passedAt + PASSED_MS ? until : undefined;
}

/** More accounts than one n8n process serves at once; the bound only keeps memory from growing for ever. */
const MAX_ACCOUNTS = 1_000;

const paces = new Map<string, AccountPace>();

/** The pace of one account. `key`: provider, host and account id. */
export function paceOf(key: string, limit?: RateLimit): AccountPace {
	const pace = paces.get(key) ?? new AccountPace(limit);
	paces.delete(key);
	paces.set(key, pace);
	for (const [oldest, { isIdle }] of paces) {
		if (paces.size <= MAX_ACCOUNTS) break;
		if (isIdle && oldest !== key) paces.delete(oldest);
	}
	return pace;
}
