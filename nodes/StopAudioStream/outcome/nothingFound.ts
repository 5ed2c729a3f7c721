import { messages } from '../words/sentences';
import type { Status } from '../words/vocabulary';

/** What showed, or left open, whether a stop that found nothing had anything to stop. */
interface Evidence {
	status: Extract<Status, 'alreadyStopped' | 'notFound'>;
	sentence: (typeof messages)[Said];
	/** A read showed the end: *Confirm Stop* has nothing more to read. */
	isShown?: true;
	/** A stream may still run, by what was read: with *Fail If a Stream May Still Run*, the item fails. */
	mayRun?: true;
	/** How much a person should care, if nothing fails. */
	hint?: 'info' | 'warning';
}

type Said =
	| 'nothingRunning'
	| 'stoppedBefore'
	| 'eventEndedCall'
	| 'eventEndedStream'
	| 'shownEnded'
	| 'noneListed'
	| 'droppedAndOtherRuns'
	| 'notFound'
	| 'notFoundNoTime'
	| 'notFoundUnknown'
	| 'liveUnsure'
	| 'liveNoneListed'
	| 'liveOtherRuns'
	| 'liveUnread'
	| 'allLiveOneRuns'
	| 'allLiveUnread';

const alreadyStopped = (
	sentence: Evidence['sentence'],
	more: Pick<Evidence, 'isShown' | 'mayRun'> = {},
): Evidence => ({ status: 'alreadyStopped', sentence, ...more });

const notFound = (
	hint: Evidence['hint'],
	sentence: Evidence['sentence'],
	more: Pick<Evidence, 'isShown' | 'mayRun'> = {},
): Evidence => ({ status: 'notFound', sentence, hint, ...more });

const TABLE = {
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
} satisfies Record<string, Evidence>;

export type EvidenceName = keyof typeof TABLE;

/** The one table of what is known of a stop that found nothing. */
export const EVIDENCE: Readonly<Record<EvidenceName, Evidence>> = TABLE;
