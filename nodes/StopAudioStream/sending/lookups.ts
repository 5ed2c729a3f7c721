import { quoteOf, messages, say, type ValuesFor } from '../words/sentences';
import { nothing, type NothingFound } from '../outcome/nothingFound';
import type { Confirmation } from '../outcome/results';
import type { SendEnd } from '../outcome/verdicts';
import {
	isSameStream,
	type CallRead,
	type Ids,
	type ProviderRequest,
	type Way,
} from '../providers/provider';
import type { CallState, Noun } from '../words/vocabulary';
import type { RequestSender, SendOptions } from './requestSender';
import { monotonicNow, pauseUntil } from './time';

/** Time budget for all reads of one run, in ms. */
const RUN_MS = 60_000;

/** Time budget for all reads and pauses of *Confirm Stop* for one item, in ms, from the first that leaves. */
const CONFIRM_MS = 10_000;
/** The first pause of *Confirm Stop*, in ms; each further one is twice as long. */
const FIRST_CONFIRM_PAUSE_MS = 250;
/** With less than this left, in ms, the time counts as over: a timer may fire a little early. */
const TIMER_MS = 5;

/** What an item's reads are about, and how they are sent. */
export interface Asked {
	way: Way;
	ids: Ids;
	options: SendOptions;
}

/** The one clock of a run's reads: it starts when the first is asked for. */
export class ReadClock {
	private endsAt?: number;

	/** By when a read must have ended, in ms. */
	get deadline(): number {
		this.endsAt ??= monotonicNow() + RUN_MS;
		return this.endsAt;
	}
}

/**
 * The reads of one account in one run: what tells whether a stream or its call has ended. Except for *Confirm Stop*, a
 * read is never retried, and one read of a call serves all items of that call.
 */
export class Lookups {
	private readonly started = new Map<string, Promise<SendEnd>>();

	constructor(
		private readonly sender: RequestSender,
		private readonly signal: AbortSignal,
		private readonly clock: ReadClock,
	) {}

	/**
	 * Investigates what became of a stream that a stop did not find: the stream itself if it can be read, then the
	 * call, then a live call's list of streams. The first that shows something ends it. `callEnded`: an event said
	 * that the call is over. `running`: the provider shows the stream itself without an end; `listed`: its list does.
	 */
	async investigate(
		asked: Asked,
		callEnded: boolean,
	): Promise<NothingFound | 'running' | 'listed'> {
		const { way, ids, options } = asked;
		const { stream, list } = way;
		if (stream && way.streams) {
			const end = await this.read(way.streams.build(this.sender.account, ids), options);
			if (end.kind === 'outOfTime') return nothing('noTime');
			const state = end.kind === 'answer' ? way.streams.read(end.answer, ids) : undefined;
			if (state?.kind === 'running') return 'running';
			if (state?.kind === 'ended') return nothing('shownEnded', { ended: 'stream' });
		}
		const known = await this.callState(asked, callEnded);
		if (known === 'noTime') return nothing('noTime');
		if (known === undefined) return nothing('nothingTold');
		if (known.callState === 'ended') return nothing('shownEnded', { ...known, ended: known.noun });
		if (known.callState === 'notFound') return nothing('unknown', known);
		// To a stop by name, a "not found" speaks of the call.
		if (!list) return nothing(way.document ? 'liveButUnknown' : 'liveUnsure', known);
		const end = await this.readOnce(list.build(this.sender.account, ids), options);
		const streams = end.kind === 'answer' ? list.read(end.answer, ids) : undefined;
		switch (streams?.kind) {
			case 'running': {
				const { id: running = '' } = streams;
				if (stream && isSameStream(stream, running, ids.stream ?? '')) return 'listed';
				return nothing(stream ? 'liveOtherRuns' : 'allLiveOneRuns', { ...known, running });
			}
			case 'ended':
			case 'noneListed':
				return nothing(stream ? 'liveNoneListed' : 'noneListed', known);
			default:
				return nothing(stream ? 'liveUnread' : 'liveButUnknown', known);
		}
	}

	/** Whether the call, or the conference, has ended, by the one read that can show it. */
	async placeState({ way, ids, options }: Asked): Promise<CallState | undefined> {
		const state = await this.take(way.callReads[0], ids, options);
		return state === 'noTime' ? undefined : state;
	}

	/**
	 * The state of the call, or of the conference; `undefined` if no read shows it. `callEnded`: an event said that the
	 * call is over.
	 */
	private async callState(
		{ way, ids, options }: Asked,
		callEnded: boolean,
	): Promise<{ callState: CallState; noun: Noun } | 'noTime' | undefined> {
		for (const read of way.callReads) {
			const callState = await this.take(read, ids, options);
			if (callState === 'noTime') return callState;
			if (callState === undefined) continue;
			if (callState !== 'ended' || !read.alsoEnded || callEnded || !ids.callId) {
				return { callState, noun: way.on.noun };
			}
			const other = await this.take(read.alsoEnded, ids, options);
			if (other === 'ended') return { callState, noun: way.on.noun };
			return other && other !== 'noTime' ? { callState: other, noun: 'call' } : other;
		}
		return undefined;
	}

	private async take(
		read: CallRead,
		ids: Ids,
		options: SendOptions,
	): Promise<CallState | 'noTime' | undefined> {
		const end = await this.readOnce(read.build(this.sender.account, ids), options);
		if (end.kind === 'outOfTime') return 'noTime';
		return end.kind === 'answer' ? read.read(end.answer, ids) : undefined;
	}

	/** One read serves all items that ask for it. */
	private async readOnce(request: ProviderRequest, options: SendOptions): Promise<SendEnd> {
		const reading = this.started.get(request.url) ?? this.read(request, options);
		this.started.set(request.url, reading);
		return await reading;
	}

	private async read(request: ProviderRequest, options: SendOptions): Promise<SendEnd> {
		const { end } = await this.sender.send(
			{ request, kind: 'read', repeatable: false, until: this.clock.deadline },
			{ ...options, maxRetries: 0 },
		);
		return end;
	}

	/**
	 * Reads a stopped stream, or the first page of a call's streams, until it shows the end. A read that does
	 * not work leaves the stop as it is, unconfirmed.
	 */
	async confirm({ way, ids, options }: Asked): Promise<Confirmation> {
		const { account, provider } = this.sender;
		const named = { provider: provider.displayName };
		// The time runs from the first read that leaves: reads wait behind stops.
		let until = monotonicNow() + RUN_MS;
		let hasLeft = false;
		const onLeave = () => {
			if (!hasLeft) until = monotonicNow() + CONFIRM_MS;
			hasLeft = true;
			return until;
		};
		const read = async (request: ProviderRequest): Promise<SendEnd> => {
			const sending = { request, kind: 'read', repeatable: true, until, onLeave } as const;
			return (await this.sender.send(sending, options)).end;
		};
		const isTimeUp = () => monotonicNow() >= until - TIMER_MS;
		let pauseMs = FIRST_CONFIRM_PAUSE_MS;
		while (way.streams && !isTimeUp()) {
			const end = await read(way.streams.build(account, ids));
			const state = end.kind === 'answer' ? way.streams.read(end.answer, ids) : undefined;
			switch (state?.kind) {
				case 'ended':
					return { confirmed: true };
				case 'morePages':
					return notConfirmed(messages.confirmMorePages, named);
				case 'noneListed': {
					// A call that does not exist has an empty list too.
					const liveCall = way.callReads.at(-1) ?? way.callReads[0];
					const live = await read(liveCall.build(account, ids));
					return live.kind === 'answer' && liveCall.read(live.answer, ids) === 'live'
						? { confirmed: true }
						: notConfirmed(messages.confirmNoneListed, named);
				}
				case 'running':
					await pauseUntil(Math.min(monotonicNow() + pauseMs, until), this.signal);
					pauseMs *= 2;
					break;
				case undefined:
					if (end.kind === 'cancelled') return notConfirmed(messages.confirmCancelled, named);
					if (isTimeUp() || end.kind === 'outOfTime') return this.outOfTime(hasLeft);
					return unreadable(end, named);
			}
		}
		return this.outOfTime(hasLeft);
	}

	private outOfTime(hasLeft: boolean): Confirmation {
		const provider = this.sender.provider.displayName;
		return hasLeft
			? notConfirmed(messages.confirmNotShown, { provider, seconds: CONFIRM_MS / 1_000 })
			: notConfirmed(messages.confirmNotRead, { provider });
	}
}

function unreadable(end: SendEnd, named: { provider: string }): Confirmation {
	if (end.kind !== 'answer') return notConfirmed(messages.confirmUnread, named);
	const { statusCode: status, body } = end.answer;
	return notConfirmed(messages.confirmUnreadable, { ...named, status, quote: quoteOf(body) });
}

/** Why a stop is not confirmed. */
export const notConfirmed = <S extends (typeof messages)[keyof typeof messages]>(
	sentence: S,
	...values: ValuesFor<S>
): Confirmation => ({ confirmed: false, confirmReason: say(sentence, ...values).what });
