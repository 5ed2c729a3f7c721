import { messages, type Sentence } from '../words/sentences';
import type { Status } from '../words/vocabulary';

/** What showed, or left open, whether a stop that found nothing had anything to stop. */
interface Evidence {
	status: Extract<Status, 'alreadyStopped' | 'notFound'>;
	sentence: Sentence;
	/** A read showed the end: *Confirm Stop* has nothing more to read. */
	isShown?: true;
	/** A stream may still run, by what was read: with *Fail If a Stream May Still Run*, the item fails. */
	mayRun?: true;
	/** How much a person should care, if nothing fails. */
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

/** The one table of what is known of a stop that found nothing. */
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
	allLiveUnread: notFound('warning', messages.allLiveUnread),
};

export type EvidenceName = keyof typeof EVIDENCE;
