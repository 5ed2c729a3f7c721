import { MAX_WAIT_MS } from '../outcome/verdicts';
import type { RateLimit } from '../providers/provider';

const FIRST_ALLOWED = 10;
const FIRST_PAUSE_MS = 1_000;
/** How far the rate comes down at a 429, and how it comes back: see {@link AccountRate}. */
const CUT = 0.7;
const CUBIC = 0.05;
/** What a busy process is late with its sends, it may make up for; without, the rate would never be reached. */
const CATCH_UP_MS = 100;

export type TurnKind = 'stop' | 'read';

/** What an answer showed of how the provider copes. */
export type Load = 'copes' | 'limits' | 'unknown';

/**
 * When the next request to one provider account may leave.
 *
 * What is known: the documented limit, where there is one (so many requests in any window), and each 429. A slot
 * counts in its window from its leaving until the window has passed since its *answer*: the provider may have
 * counted it as late as that.
 *
 * What is assumed where no limit is published: the provider takes what it has taken so far, and a little more.
 * So few may be under way at first, and one more with each answer that shows it coping. A 429 tells the rate at
 * which it came: the requests answered in the second before. From there the rate follows CUBIC, as in the AWS
 * SDKs' adaptive retry mode, t seconds after the cut:
 *
 *     rate(t) = 0.05 · (t − k)³ + rateAtCut,   k = ∛(rateAtCut · (1 − 0.7) / 0.05)
 *
 * It starts at 0.7 of the rate at the cut, comes back to it after k seconds, flat, and then probes beyond, faster
 * and faster. It converges to a saw between 0.7 and a little more than 1 of the hidden limit. The AWS SDKs' 0.4 in
 * place of 0.05 would come back faster, but each 429 costs the whole account a pause.
 */
export class AccountRate {
	/** How many may be under way. */
	private allowed: number;

	/** When answers came, oldest first, as far back as a limit looks. */
	private readonly answers: number[] = [];

	private readonly readAnswers: number[] = [];

	/** What a 429 taught: the requests per second at that moment, and when it was. */
	private learned?: { rateAtCut: number; cutAt: number };

	private nextSendAt = 0;

	private pausedUntil = 0;

	private pauseMs = FIRST_PAUSE_MS;

	private refusedUntil = 0;

	private reopensAt = 0;

	constructor(private readonly limit?: RateLimit) {
		this.allowed = limit ? Infinity : FIRST_ALLOWED;
	}

	/** How much longer the provider wants nothing at all, in ms, where that is longer than the node waits. */
	refusedForMs(now: number): number | undefined {
		return now < this.refusedUntil ? this.reopensAt - now : undefined;
	}

	/**
	 * When the next request may leave; `Infinity` where only an answer frees a slot. `counted` are those under way
	 * that count against how many may be.
	 */
	freeAt(now: number, underWay: number, counted = underWay): number {
		if (counted >= this.allowed) return Infinity;
		const windowFreeAt = this.windowFreeAt(now, this.answers, underWay, this.limit?.requests);
		return Math.max(windowFreeAt, this.pausedUntil, this.learned ? this.nextSendAt : 0);
	}

	/** The same for a read: reads take at most half of a documented limit, and half of what may be under way. */
	readFreeAt(now: number, readsUnderWay: number, maxUnderWay: number): number {
		if (readsUnderWay >= Math.max(1, Math.floor(Math.min(maxUnderWay, this.allowed) / 2))) {
			return Infinity;
		}
		const half = this.limit && Math.floor(this.limit.requests / 2);
		return this.windowFreeAt(now, this.readAnswers, readsUnderWay, half);
	}

	private windowFreeAt(now: number, answers: number[], underWay: number, most = Infinity): number {
		const windowMs = this.limit?.windowMs ?? 1_000;
		while ((answers[0] ?? Infinity) <= now - windowMs) answers.shift();
		const isFull = underWay + answers.length >= most;
		return isFull ? (answers[0] ?? Infinity) + windowMs : now;
	}

	/** A request leaves now. */
	take(now: number) {
		// Spread over the second: a learned limit is met by bursts first.
		this.nextSendAt = Math.max(now - CATCH_UP_MS, this.nextSendAt) + 1_000 / this.rate(now);
	}

	/** An answer, or the end of waiting for one. `retryAfterMs`: the wait that a 429 asked for. */
	note(
		kind: TurnKind,
		{ sentAt, load, retryAfterMs }: { sentAt: number; load: Load; retryAfterMs?: number },
		now: number,
	) {
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
		// Only the first 429 of a burst is news; the others left before it was known.
		if (!this.learned || sentAt > this.learned.cutAt) {
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
			this.refusedUntil = now + MAX_WAIT_MS;
			this.reopensAt = now + pause;
		}
	}
}
