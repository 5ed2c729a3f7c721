import type { IDataObject } from 'n8n-workflow';

import type { StopRequest } from './input/readItem';
import type { SaidOfStop } from './input/events';
import type { StopMemory, Target } from './outcome/memory';
import { EVIDENCE, nothing, type NothingFound } from './outcome/nothingFound';
import type { Confirmation, StopResult } from './outcome/results';
import { readEnd } from './outcome/verdicts';
import { fieldNames, type Account, type Answer, type Way } from './providers/provider';
import { notConfirmed, type Lookups } from './sending/lookups';
import { toHttpRequest, type RequestSender } from './sending/requestSender';
import { monotonicNow, pauseUntil } from './sending/time';
import { failed, messages, quoteOf, say, type Failure } from './words/sentences';
import type { CallState } from './words/vocabulary';

/** Pause before a stop is sent once more, in ms: a stop can come before its stream is up. */
const ONCE_MORE_MS = 500;

/** An account, and what sends and reads with it. */
export interface Connection {
	account: Account;
	sender: RequestSender;
	lookups: Lookups;
}

/** How a stop ended. `callState`: the state of the call or the conference, if a read showed it. */
type Ending =
	| { kind: 'taken'; status: 'stopped' | 'accepted' }
	| NothingFound
	| { kind: 'failed'; failure: Failure; callState?: CallState };

/** One item's stop, from the first request to what is known at the end. */
export class Stop {
	private attempts = 0;

	/** An attempt before the last may have stopped the stream. */
	private effectBefore = false;

	/** The provider's answer to the last attempt, if one came. */
	private answer?: Answer;

	constructor(
		private readonly request: StopRequest,
		private readonly said: SaidOfStop & { isProven: boolean },
		private readonly connection: Connection,
		private readonly memory: StopMemory,
		private readonly signal: AbortSignal,
	) {}

	/** Stops what was asked for, and says what became of it. */
	async run(): Promise<Omit<StopResult, 'kind' | 'about'>> {
		const { way, ids, options } = this.request;
		const { account } = this.connection;
		// An event about a call proves nothing about a conference: the room goes on.
		const toldState: CallState | undefined =
			this.said.callEnded && way.on.noun === 'call' ? 'ended' : undefined;
		if (options.preview) {
			const request: IDataObject = toHttpRequest(way.build(account, ids));
			return { status: 'preview', attempts: 0, request, callState: toldState };
		}
		const ending = await this.end();
		const known = {
			attempts: this.attempts,
			statusCode: this.answer?.statusCode,
			callState: (ending.kind !== 'taken' && ending.callState) || toldState,
			...(options.includeResponse && { response: this.answer?.body }),
		};
		switch (ending.kind) {
			case 'failed':
				return { ...known, failure: ending.failure };
			case 'taken':
				return { ...known, ...(await this.taken(ending.status)) };
			case 'nothing':
				return { ...known, ...this.foundNothing(ending) };
		}
	}

	/** What a stop of this item by `way` is about. */
	private target(way: Way = this.request.way): Target {
		const { provider, ids } = this.request;
		return { provider, account: this.connection.account, way, ids };
	}

	/** Sends the stop, and finds out what a "not found" leaves open. */
	private async end(): Promise<Ending> {
		const { way, ids } = this.request;
		let ending = await this.send(way, this.said.callEnded);
		let { callEnded } = this.said;
		if (isNotFound(ending) && way.fallback && ids.callId) {
			const other = await this.send(way.fallback, callEnded);
			// The end of the call proves nothing about the conference.
			if (
				other.kind === 'nothing' &&
				other.evidence !== 'stoppedBefore' &&
				EVIDENCE[other.evidence].status === 'alreadyStopped'
			) {
				callEnded = true;
			} else ending = other;
		}
		if (!isNotFound(ending)) return ending;
		if (callEnded && way.on.noun === 'call') return nothing('eventEndedCall');
		const { streamEnded } = this.said;
		if (streamEnded && !streamEnded.mayResume) return nothing('eventEndedStream');
		const found = await this.investigate(callEnded);
		const isMissing = found.kind === 'nothing' && EVIDENCE[found.evidence].status === 'notFound';
		// Another item of this run may have stopped the stream meanwhile.
		return isMissing && this.memory.hasStoppedStream(this.target())
			? nothing('stoppedBefore')
			: found;
	}

	/**
	 * Sends one stop and reads its answer. If the provider may have refused because the call is over, reads the call.
	 */
	private async send(way: Way, callEnded: boolean): Promise<Ending> {
		const { provider, ids, options } = this.request;
		const { sender, lookups, account } = this.connection;
		const { end, attempts, effectBefore, mayHaveActed } = await sender.send(
			{
				request: way.build(account, ids),
				kind: 'stop',
				repeatable: !way.document,
				read: (answer) => way.read(answer, ids),
			},
			options,
		);
		this.answer = end.kind === 'answer' ? end.answer : undefined;
		this.attempts += attempts;
		this.effectBefore ||= effectBefore;
		const target = this.target(way);
		const read = readEnd(provider, way, end);
		if (read.kind === 'outcome' && (read.status === 'stopped' || read.status === 'accepted')) {
			if (read.status === 'stopped') this.memory.addStopped(target);
			return { kind: 'taken', status: read.status };
		}
		if (mayHaveActed) this.memory.addMaybe(target);
		if (read.kind === 'outcome') {
			if (this.memory.hasStopped(target)) return nothing('stoppedBefore');
			return nothing(read.status === 'alreadyStopped' ? 'ownWords' : 'nothingTold');
		}
		if (!read.mayBeOver) return { kind: 'failed', failure: read.failure };
		// After a stop of all streams, a new one may have begun: a refusal does not say that there is none.
		if (this.memory.hasStoppedStream(target)) return nothing('stoppedBefore');
		if (callEnded && this.said.isProven && way.on.noun === 'call') return nothing('eventEndedCall');
		const callState = await lookups.placeState({ way, ids, options });
		return callState === 'ended'
			? nothing('shownEnded', { callState, ended: way.on.noun })
			: { kind: 'failed', failure: read.failure, callState };
	}

	/** What became of a stream that the stop did not find. */
	private async investigate(callEnded: boolean): Promise<Ending> {
		const ending = await this.connection.lookups.investigate(this.request, callEnded);
		if (typeof ending !== 'string') {
			const { evidence, callState, running } = ending;
			if (EVIDENCE[evidence].status !== 'notFound' || !this.said.streamEnded) return ending;
			// A stream that dropped, and that no read shows as running, has ended.
			if (running !== undefined) return nothing('droppedAndOtherRuns', { callState, running });
			return nothing(evidence === 'liveNoneListed' ? 'noneListed' : 'eventEndedStream', {
				callState,
			});
		}
		// Its own read came after every attempt, and shows that none stopped it. A list serves several items.
		if (ending === 'running') this.effectBefore = false;
		if (await pauseUntil(monotonicNow() + ONCE_MORE_MS, this.signal)) return nothing('nothingTold');
		const { provider, way } = this.request;
		const again = await this.send(way, callEnded);
		// An attempt that no read refutes may have stopped it: then there was nothing to find.
		if (!isNotFound(again) || this.effectBefore) return again;
		const values = { ...fieldNames(provider, way), quote: quoteOf(this.answer?.body) };
		return { kind: 'failed', ...failed('rejected', messages.stillListed, values) };
	}

	/** The result of a stop that the provider accepted. */
	private async taken(status: 'stopped' | 'accepted') {
		const { provider, way, options } = this.request;
		const { lookups } = this.connection;
		const confirmation =
			options.confirm && way.streams ? await lookups.confirm(this.request) : undefined;
		if (status === 'stopped') return { status, confirmation };
		if (confirmation?.confirmed) {
			// The read showed the end that the answer lacked.
			this.memory.addStopped(this.target());
			return { status: 'stopped', confirmation } as const;
		}
		const sentence = way.document ? messages.acceptedDocument : messages.accepted;
		const { what } = say(sentence, { provider: provider.displayName });
		return { status, confirmation, message: `${what}.` };
	}

	/** The result of a stop that found nothing, or its failure. */
	private foundNothing({ evidence, noun, ended = '', running = '' }: NothingFound) {
		const { provider, way, options, idsFromFields } = this.request;
		const { status, sentence, isShown, mayRun, hint } = EVIDENCE[evidence];
		const inGeneral = { ...fieldNames(provider, way, noun), ended, quote: '', running: '' };
		const names = {
			...inGeneral,
			quote: quoteOf(this.answer?.body),
			running: running && ` (${running})`,
		};
		const isUnwelcome = {
			succeed: false,
			failIfLive: mayRun === true,
			failIfNotFound: status === 'notFound',
			fail: true,
		}[options.whenNothingToStop];
		const confirmation =
			options.confirm && way.streams ? this.shownBefore(isShown === true) : undefined;
		// An earlier attempt, or one of an earlier try of this execution, may have stopped the stream, so finding
		// nothing is not a failure.
		const isOurs =
			this.effectBefore ||
			evidence === 'stoppedBefore' ||
			(!mayRun &&
				[way, way.fallback].some((one) => one && this.memory.mayHaveStopped(this.target(one))));
		if (isUnwelcome && !isOurs) {
			return { status, confirmation, ...failed('nothingToStop', sentence, names) };
		}
		const { what, todo } = say(sentence, inGeneral);
		return {
			status,
			confirmation,
			message: `${say(sentence, names).what}.`,
			// Without ids and quotes: one hint stands for all items that it is true of.
			...(hint && idsFromFields && { hint: { says: `${what}. ${todo}`, type: hint } }),
		};
	}

	/** *Confirm Stop* after a stop that found nothing: nothing more is read. */
	private shownBefore(isShown: boolean): Confirmation {
		if (isShown) return { confirmed: true };
		const provider = this.request.provider.displayName;
		return notConfirmed(messages.confirmNothingFound, { provider });
	}
}

/** The provider does not know the call or the stream, and nothing more is known yet. */
const isNotFound = (ending: Ending): boolean =>
	ending.kind === 'nothing' && ending.evidence === 'nothingTold';
