import { clock } from './clock';
import { quoted } from './messages';
import { providerWords, type Status } from './outcome';
import type { Account, Provider, Target } from './providers/provider';
import type { RequestSender, SendEnd, SendOptions } from './requestSender';

/** All reads and pauses together, in ms. */
const CONFIRM_MS = 10_000;
const FIRST_PAUSE_MS = 250;
/** A timer may fire a little early: what is left then is no time for another read. */
const TIMER_MS = 5;

/** What the stop proved to be, and what the item's output says of the reads. */
export interface Confirmation {
	status: Status;
	facts: { confirmed: boolean; /** Why it is not confirmed. */ confirmReason?: string };
}

/**
 * Reads a stopped stream, or every page of a call's streams, until it shows that it ended. After `notFound`
 * one read tells which it was: a stream that ended, or one that is not known. A read that does not work
 * leaves the stop as it is, unconfirmed.
 */
export async function confirmStop(
	sender: RequestSender,
	{ displayName, confirm }: Provider,
	{ account, target, options }: { account: Account; target: Target; options: SendOptions },
	status: Status,
): Promise<Confirmation> {
	const until = clock() + CONFIRM_MS;
	const isTimeUp = () => clock() >= until - TIMER_MS;
	const not = (why: string): Confirmation => ({
		status,
		facts: { confirmed: false, confirmReason: `${displayName} ${why}` },
	});
	let offset = 0;
	let pauseMs = FIRST_PAUSE_MS;
	while (confirm && !isTimeUp()) {
		const request = confirm.buildRead(account, target, offset);
		const { end } = await sender.send(request, options, { until });
		const state = end.kind === 'answer' ? confirm.readState(end.answer, target, offset) : undefined;
		if (!state) {
			if (isTimeUp()) break;
			return not(`could not be read: ${whyNot(end)}`);
		}
		if (!state.ended) {
			if (status === 'notFound') return not('still shows it as running');
			if (await sender.pauseUntil(Math.min(clock() + pauseMs, until))) {
				return not('was not read any more: the execution was canceled');
			}
			pauseMs *= 2;
		} else if (state.nextOffset === undefined) {
			// A read that shows the end is what an answer without one lacked.
			return { status: PROVED[status], facts: { confirmed: true } };
		} else {
			offset = state.nextOffset;
		}
	}
	return not(`did not show the end within ${CONFIRM_MS / 1_000} s`);
}

const PROVED: Record<Status, Status> = {
	stopped: 'stopped',
	accepted: 'stopped',
	alreadyStopped: 'alreadyStopped',
	notFound: 'alreadyStopped',
};

function whyNot(end: SendEnd): string {
	if (end.kind !== 'answer') return 'no answer';
	return `it answered ${end.answer.statusCode}${quoted(providerWords(end.answer.body))}`;
}
