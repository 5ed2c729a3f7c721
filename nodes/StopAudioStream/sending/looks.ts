import type { SendEnd } from '../outcome/verdicts';
import type { Ids, Look, ProviderRequest, Way } from '../providers/provider';
import { quoteOf } from '../words/sentences';
import type { CallState, Status } from '../words/vocabulary';
import type { RequestSender, SendOptions } from './requestSender';
import { monotonicNow, pauseUntil } from './time';

/** The reads of a run have so long, in ms, from the first that leaves; none leaves later than so long after the first was asked for. */
const LOOK_MS = 60_000;

/** All reads and pauses of Confirm Stop for one item together, in ms. */
const CONFIRM_MS = 10_000;
const FIRST_PAUSE_MS = 250;
/** A timer may fire a little early: what is left then is no time for another read. */
const TIMER_MS = 5;

/** What one item is about, for whoever reads. */
export interface Asked {
	way: Way;
	ids: Ids;
	options: SendOptions;
}

/** What was found of a stop that found nothing. `running`: the provider shows the stream without an end. */
export type Finding = { stream: 'ended' | 'running' } | Told | NotTold;

/** What a read told of the call, or of the conference. */
export interface Told {
	call: CallState;
	noun: 'call' | 'conference';
}

/** No read told; `outOfTime` where that is why. */
interface NotTold {
	call?: undefined;
	outOfTime: boolean;
}

/** The time that the reads of one run of the node have together. */
export class LookTime {
	private asked?: number;

	private left?: number;

	/** By when a read must have ended (ms), from the first question on. */
	deadline(): number {
		this.asked ??= monotonicNow();
		return (this.left ?? this.asked) + LOOK_MS;
	}

	note() {
		this.left ??= monotonicNow();
	}
}

/**
 * The reads of one account in one run: what tells whether a stream or its call has ended. Each look is sent once
 * and never again; one look at a call serves all items of that call.
 */
export class Looks {
	private readonly atCalls = new Map<string, Promise<SendEnd>>();

	constructor(
		private readonly sender: RequestSender,
		private readonly signal: AbortSignal,
		private readonly time: LookTime,
	) {}

	/**
	 * What became of a stream that a stop did not find: the stream itself where it can be read, then the call;
	 * the first that tells ends it. `callEnded`: an event has said so of the call.
	 */
	async lookInto(asked: Asked, callEnded: boolean): Promise<Finding> {
		const { way, ids, options } = asked;
		if (way.stream && way.streams) {
			const { streams } = way;
			const request = streams.build(this.sender.account, ids, 0);
			const end = await this.read(request, options);
			if (end.kind === 'outOfTime') return { outOfTime: true };
			const state = end.kind === 'answer' ? streams.read(end.answer, ids, 0) : undefined;
			if (state?.kind === 'ended' || state?.kind === 'running') return { stream: state.kind };
		}
		return await this.callOf(asked, callEnded);
	}

	/** What the call, or the conference, says of itself. `callEnded`: this much is known of the call. */
	async callOf({ way, ids, options }: Asked, callEnded = false): Promise<Told | NotTold> {
		const { noun } = way.on;
		for (const look of way.looks) {
			const call = await this.take(look, ids, options);
			if (call === 'outOfTime') return { outOfTime: true };
			if (call === undefined) continue;
			if (call !== 'ended' || !look.andAlso || callEnded || !ids.callId) return { call, noun };
			const other = await this.take(look.andAlso, ids, options);
			if (other === 'outOfTime' || other === undefined) return { outOfTime: other !== undefined };
			return other === 'ended' ? { call, noun } : { call: other, noun: 'call' };
		}
		return { outOfTime: false };
	}

	private async take(
		look: Look,
		ids: Ids,
		options: SendOptions,
	): Promise<CallState | 'outOfTime' | undefined> {
		const request = look.build(this.sender.account, ids);
		const reading = this.atCalls.get(request.url) ?? this.read(request, options);
		this.atCalls.set(request.url, reading);
		const end = await reading;
		if (end.kind === 'outOfTime') return 'outOfTime';
		return end.kind === 'answer' ? look.read(end.answer, ids) : undefined;
	}

	private async read(request: ProviderRequest, options: SendOptions): Promise<SendEnd> {
		const onLeave = () => this.time.note();
		let until = this.time.deadline();
		for (;;) {
			const { end } = await this.sender.send(
				{ request, kind: 'read', repeatable: false, until, onLeave },
				{ ...options, maxRetries: 0 },
			);
			// The first read has left meanwhile: from then on there is more time.
			if (end.kind !== 'outOfTime' || this.time.deadline() <= until) return end;
			until = this.time.deadline();
		}
	}

	/**
	 * Reads a stopped stream, or every page of a call's streams, until it shows that it ended. A read that does
	 * not work leaves the stop as it is, unconfirmed.
	 */
	async confirm({ way, ids, options }: Asked, provider: string): Promise<Confirmation> {
		const { streams } = way;
		// The time runs from the first read that leaves: reads wait behind stops.
		let until = monotonicNow() + LOOK_MS;
		let hasLeft = false;
		const onLeave = () => {
			hasLeft = true;
			until = Math.min(until, monotonicNow() + CONFIRM_MS);
		};
		const isTimeUp = () => monotonicNow() >= until - TIMER_MS;
		let offset = 0;
		let pageId: string | undefined;
		let pauseMs = FIRST_PAUSE_MS;
		while (streams && !isTimeUp()) {
			const request = streams.build(this.sender.account, ids, offset);
			const { end } = await this.sender.send(
				{ request, kind: 'read', repeatable: true, until, onLeave },
				options,
			);
			const state = end.kind === 'answer' ? streams.read(end.answer, ids, offset) : undefined;
			if (end.kind === 'cancelled') {
				return notConfirmed(`${provider} was not read any more: the execution was canceled`);
			}
			if (!state) {
				if (isTimeUp() || end.kind === 'outOfTime') break;
				return notConfirmed(`${provider} could not be read: ${whyNot(end)}`);
			}
			if (state.kind === 'nothingListed') {
				return notConfirmed(`${provider} lists no stream of this call`);
			}
			if (state.kind === 'running') {
				if (await pauseUntil(Math.min(monotonicNow() + pauseMs, until), this.signal)) {
					return notConfirmed(`${provider} was not read any more: the execution was canceled`);
				}
				pauseMs *= 2;
			} else if (pageId !== undefined && state.firstId === pageId) {
				return notConfirmed(`${provider} gives the same page of the list again`);
			} else if (state.nextOffset === undefined) {
				return { confirmed: true };
			} else {
				offset = state.nextOffset;
				pageId = state.firstId;
			}
		}
		if (!hasLeft) return notConfirmed(`${provider} was not read: stops of the account came first`);
		return notConfirmed(`${provider} did not show the end within ${CONFIRM_MS / 1_000} s`);
	}
}

/** What an item's output says of Confirm Stop. */
export type Confirmation = { confirmed: true } | { confirmed: false; confirmReason: string };

export const notConfirmed = (confirmReason: string): Confirmation => ({
	confirmed: false,
	confirmReason,
});

/** What a confirmed stop proved to be: a read that shows the end is what an answer without one lacked. */
export const confirmedStatus = (status: Status): Status =>
	status === 'accepted' ? 'stopped' : status;

function whyNot(end: SendEnd): string {
	if (end.kind !== 'answer') return 'no answer';
	return `it answered ${end.answer.statusCode}${quoteOf(end.answer.body)}`;
}
