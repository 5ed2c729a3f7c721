import { MAX_WAIT_MS, type Load } from '../outcome/verdicts';
import type { Provider } from '../providers/provider';

/** How many requests may be under way together at first, if the provider publishes no limit. */
const FIRST_ALLOWED = 10;
/** Upper bound of the pause after a 429 that names no wait, in ms; it doubles with each further 429. */
const FIRST_PAUSE_MS = 1_000;
/** Rate after a 429, as a fraction of the rate before it, and how fast it grows again: see {@link AccountRate}. */
const CUT = 0.7;
const CUBIC = 0.05;
/** Time that late sends may make up for, in ms. A busy process sends late, and would never reach the rate. */
const CATCH_UP_MS = 100;

export type TurnKind = 'stop' | 'read';

/** The right to send one request; it counts until it is given back. */
export interface Slot {
	kind: TurnKind;
	sentAt: number;
}

/**
 * When the next request to one provider account may leave.
 *
 * What is known: the documented limit, if there is one (so many requests in any window), and each 429. A slot counts
 * from its leaving until the window has passed since its *answer*, because the provider may have counted the request
 * at any moment in between. Reads take at most half of the limit, and half of what may be under way.
 *
 * If no limit is published, this assumes that the provider takes what it has taken so far, and a little more: ten
 * requests may be under way at first, and one more with each answer that shows the provider coping (slow start).
 * A 429 reveals the rate at which it came: the answers of the second before. From then on requests leave one by
 * one, at a rate that follows CUBIC, as in the AWS SDKs' adaptive retry mode, t seconds after the cut:
 *
 *     rate(t) = 0.05 · (t − k)³ + rateAtCut,   k = ∛(rateAtCut · (1 − 0.7) / 0.05)
 *
 * It starts at 0.7 of the rate at the cut, is back there after k seconds, stays flat for a while, and then probes
 * beyond, faster and faster. It converges to a saw between 0.7 times the hidden limit and a little more than the
 * limit. The AWS SDKs' 0.4 in place of 0.05 would come back sooner, but each 429 costs the whole account a pause.
 */
export class AccountRate {
	private readonly underWay = { stop: 0, read: 0 };

	/** How many may be under way. */
	private allowed: number;

	/** When answers came, oldest first, as far back as a limit looks. */
	private readonly answers: number[] = [];

	private readonly readAnswers: number[] = [];

	/** What a 429 revealed: the requests per second at that moment, and when it was. */
	private learned?: { rateAtCut: number; cutAt: number };

	private nextSendAt = 0;

	private pausedUntil = 0;

	private pauseMs = FIRST_PAUSE_MS;

	private refusedUntil = 0;

	private reopensAt = 0;

	constructor(private readonly limit?: Provider['rateLimit']) {
		this.allowed = limit ? Infinity : FIRST_ALLOWED;
	}

	get isIdle(): boolean {
		return this.underWay.stop + this.underWay.read === 0;
	}

	/** How much longer the provider wants no request at all, in ms, if that is longer than the node waits. */
	refusedForMs(now: number): number | undefined {
		return now < this.refusedUntil ? this.reopensAt - now : undefined;
	}

	/** When the next request of this kind may leave; `Infinity` if only an answer makes room. */
	freeAt(kind: TurnKind, now: number): number {
		if (!this.hasRoom(kind, this.allowed)) return Infinity;
		const { stop, read } = this.underWay;
		const requests = this.limit?.requests ?? Infinity;
		const freeAt = this.windowFreeAt(now, this.answers, stop + read, requests);
		const readFreeAt =
			kind === 'read' ? this.windowFreeAt(now, this.readAnswers, read, half(requests)) : now;
		return Math.max(freeAt, readFreeAt, this.pausedUntil, this.nextSendAt);
	}

	/**
	 * Whether one more request of this kind may be under way, if at most `most` may be. Reads leave room for stops:
	 * stops do not count them, and they take at most half.
	 */
	hasRoom(kind: TurnKind, most: number): boolean {
		const { stop, read } = this.underWay;
		return kind === 'stop' ? stop < most : stop + read < most && read < half(most);
	}

	private windowFreeAt(now: number, answers: number[], underWay: number, most: number): number {
		const windowMs = this.limit?.windowMs ?? 1_000;
		while ((answers[0] ?? Infinity) <= now - windowMs) answers.shift();
		const isFull = underWay + answers.length >= most;
		return isFull ? (answers[0] ?? Infinity) + windowMs : now;
	}

	/** A request leaves now. */
	take(kind: TurnKind, now: number): Slot {
		this.underWay[kind] += 1;
		// Spread over the second, since a burst is the first to meet a hidden limit.
		this.nextSendAt = Math.max(now - CATCH_UP_MS, this.nextSendAt) + 1_000 / this.rate(now);
		return { kind, sentAt: now };
	}

	/** An answer, or the end of waiting for one. `retryAfterMs`: the wait that a 429 asked for. */
	giveBack({ kind, sentAt }: Slot, load: Load, now: number, retryAfterMs?: number) {
		this.underWay[kind] -= 1;
		this.answers.push(now);
		if (kind === 'read') this.readAnswers.push(now);
		if (load === 'limits') this.slowDown(sentAt, now, retryAfterMs);
		if (load === 'copes') {
			this.allowed += 1;
			if (sentAt >= this.pausedUntil) this.pauseMs = FIRST_PAUSE_MS;
		}
	}

	/** Requests per second: no bound before the first 429. */
	private rate(now: number): number {
		if (!this.learned) return Infinity;
		const { rateAtCut, cutAt } = this.learned;
		const secondsBack = Math.cbrt((rateAtCut * (1 - CUT)) / CUBIC);
		return CUBIC * ((now - cutAt) / 1_000 - secondsBack) ** 3 + rateAtCut;
	}

	private slowDown(sentAt: number, now: number, retryAfterMs: number | undefined) {
		// Only the first 429 of a burst counts: the other requests left before it came.
		if (!this.learned || sentAt > this.learned.cutAt) {
			const inLastSecond = this.answers.filter((at) => at > now - 1_000).length;
			// The first 429 of a burst comes before most of the answers, so the rate counts as at least what was
			// allowed first.
			const seen = Math.max(inLastSecond, FIRST_ALLOWED);
			this.learned = { rateAtCut: Math.min(this.rate(now), seen), cutAt: now };
			this.pauseMs = Math.min(this.pauseMs * 2, MAX_WAIT_MS);
		}
		// Jitter, so that several n8n processes do not come back in the same moment.
		const pause = retryAfterMs ?? (this.pauseMs / 4) * (1 + Math.random());
		this.pausedUntil = Math.max(this.pausedUntil, now + Math.min(pause, MAX_WAIT_MS));
		if (pause > MAX_WAIT_MS) {
			// Kept for no longer than the node would wait: one odd header must not silence an account for a day.
			this.refusedUntil = now + MAX_WAIT_MS;
			this.reopensAt = now + pause;
		}
	}
}

/** The part that reads may take: at least one, so that a narrow bound does not shut them out. */
const half = (most: number) => Math.max(1, Math.floor(most / 2));
