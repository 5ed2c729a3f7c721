import { AccountQueue, type Turn } from '../../nodes/StopAudioStream/sending/accountQueue';
import type { Load } from '../../nodes/StopAudioStream/outcome/verdicts';
import type { Slot } from '../../nodes/StopAudioStream/sending/accountRate';
import type { Provider } from '../../nodes/StopAudioStream/providers/provider';

/** A request that a test sends: its turn, and its answer, if it does not wait for {@link FakeAccount.answer}. */
export interface FakeRequest extends Partial<Turn> {
	/** How long the answer takes, in ms. */
	takes?: number;
	load?: Load;
	retryAfterMs?: number;
}

/** One provider account in faked time: what is sent to it, and which request left when. */
export class FakeAccount {
	readonly queue: AccountQueue;

	/** What left, in order, and when, in ms from the start. */
	readonly left: Array<{ name: string; at: number; slot: Slot }> = [];

	private readonly ownRun = {};

	private readonly began: number;

	constructor(limit?: Provider['rateLimit']) {
		jest.useFakeTimers();
		this.began = performance.now();
		this.queue = new AccountQueue(limit);
	}

	get names() {
		return this.left.map(({ name }) => name);
	}

	get times() {
		return this.left.map(({ at }) => at);
	}

	get now() {
		return performance.now() - this.began;
	}

	/** Lets so much time pass. */
	async pass(ms: number) {
		await jest.advanceTimersByTimeAsync(ms);
	}

	/** Waits for a slot of a run that all requests share, unless they name another; `sent`, or why there was none. */
	async enter(name: string, turn?: Partial<Turn>) {
		const end = await this.slotFor(name, turn);
		return isSlot(end) ? 'sent' : end;
	}

	/** The answer to a request that left. */
	async answer(name: string, load: Load = 'copes', retryAfterMs?: number) {
		const slot = this.left.find((each) => each.name === name)?.slot;
		if (!slot) throw new Error(`'${name}' has not left.`);
		this.queue.leave(slot, load, retryAfterMs);
		await this.pass(0);
	}

	/** Sends a request and answers it. */
	async send(name: string, { takes = 0, load = 'copes', retryAfterMs, ...turn }: FakeRequest = {}) {
		const end = await this.slotFor(name, turn);
		if (!isSlot(end)) return;
		if (takes > 0) await new Promise((resolve) => setTimeout(resolve, takes));
		this.queue.leave(end, load, retryAfterMs);
	}

	/** Sends so many requests at once and answers each. */
	sendMany(count: number, request?: FakeRequest) {
		for (let n = 1; n <= count; n += 1) void this.send(`${n}`, request);
	}
	private async slotFor(name: string, turn?: Partial<Turn>) {
		const end = await this.queue.enter({
			run: this.ownRun,
			kind: 'stop',
			maxUnderWay: 100,
			isRepeat: false,
			until: Infinity,
			signal: new AbortController().signal,
			...turn,
		});
		if (isSlot(end)) this.left.push({ name, at: end.sentAt - this.began, slot: end });
		return end;
	}
}

const isSlot = (end: Awaited<ReturnType<AccountQueue['enter']>>): end is Slot =>
	typeof end === 'object' && 'sentAt' in end;
