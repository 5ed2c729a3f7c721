import { messages, type Sentence } from '../words/sentences';
import type { CallState, Noun, Status } from '../words/vocabulary';

/** What is known of a stop that found nothing, and what follows from it. */
interface Evidence {
	status: Extract<Status, 'alreadyStopped' | 'notFound'>;
	sentence: Sentence;
	/** A read showed the end: *Confirm Stop* has nothing more to read. */
	isShown?: true;
	/** A stream may still run, according to the reads: with *Fail If a Stream May Still Run*, the item fails. */
	mayRun?: true;
	/** The type of the hint, if the item does not fail. */
	hint?: 'info' | 'warning';
}

const alreadyStopped = <S extends Sentence>(
	sentence: S,
	more: Pick<Evidence, 'isShown' | 'mayRun'> = {},
): Evidence & { sentence: S } => ({ status: 'alreadyStopped', sentence, ...more });

const notFound = <S extends Sentence>(
	hint: Evidence['hint'],
	sentence: S,
	more: Pick<Evidence, 'isShown' | 'mayRun'> = {},
): Evidence & { sentence: S } => ({ status: 'notFound', sentence, hint, ...more });

/** The one table of all that can be known of a stop that found nothing. */
export const EVIDENCE = {
	ownWords: alreadyStopped(messages.nothingRunning),
	stoppedBefore: alreadyStopped(messages.stoppedBefore),
	eventEndedCall: alreadyStopped(messages.eventEndedCall),
	eventEndedStream: alreadyStopped(messages.eventEndedStream),
	shownEnded: alreadyStopped(messages.shownEnded, { isShown: true }),
	noneListed: alreadyStopped(messages.noneListed, { isShown: true }),
	droppedAndOtherRuns: alreadyStopped(messages.droppedAndOtherRuns, { mayRun: true }),

	nothingTold: notFound('warning', messages.notFound),
	noTime: notFound('warning', messages.notFoundNoTime),
	unknown: notFound('warning', messages.notFoundUnknown),
	liveUnsure: notFound('info', messages.liveUnsure),
	liveNoneListed: notFound('info', messages.liveNoneListed, { isShown: true }),
	liveOtherRuns: notFound('warning', messages.liveOtherRuns, { mayRun: true }),
	liveUnread: notFound('warning', messages.liveUnread, { mayRun: true }),
	allLiveOneRuns: notFound('warning', messages.allLiveOneRuns, { mayRun: true }),
	liveButUnknown: notFound('warning', messages.liveButUnknown),
};

/** A stop found nothing, and what is known of it. `callState`: of the call or the conference, if a read showed it. */
export interface NothingFound {
	kind: 'nothing';
	evidence: keyof typeof EVIDENCE;
	callState?: CallState;
	/** What `callState` is about, if that is not what the stream runs on. */
	noun?: Noun;
	/** What has ended, in words. */
	ended?: string;
	/** A stream that still runs on the call. */
	running?: string;
}

export const nothing = (
	evidence: NothingFound['evidence'],
	more: Omit<NothingFound, 'kind' | 'evidence'> = {},
): NothingFound => ({ kind: 'nothing', evidence, ...more });
