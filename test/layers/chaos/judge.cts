import type { Stream } from '../../lib/stand-ins/index.cts';
import { shown } from '../../lib/stops.cts';
import type { Expected, Item, Sent } from './plan.cts';

// What the node said of each item, held against what the stand-in saw and knows. Every fault is known, so
// that nothing may be blamed on one that was not there.

/** 10 s with pauses that double hold six reads of a list of one page; three more look into what found nothing. */
const MOST_READS = 6 + 3;

const isTrue = (value: unknown) => value === true;

/** Whether a fault left the node without the provider's own answer. */
const isFaulty = ({ met }: Sent) => met !== undefined && met.sees !== 'own';

const runsAt = ({ upTime, endTime }: Stream, at: number) =>
	upTime !== null && Date.parse(upTime) <= at && (endTime === null || Date.parse(endTime) > at);

const wasUpAt = ({ upTime, endTime }: Stream, at: number) =>
	upTime !== null && Date.parse(upTime) <= at && (endTime === null || Date.parse(endTime) >= at);

/** When the node knew the last that it could know: from an answer, or from none that came. */
function lastAnswerAt({ stops, reads }: Item): number {
	return Math.max(...[...stops, ...reads].map(({ request }) => request.answeredAt ?? request.at));
}

const isCallUp = ({ call }: Item, at: number) =>
	call !== undefined && (call.endTime === null || Date.parse(call.endTime) > at);

/** What the node got to see of a stop: its status, or nothing. */
function statusSeen({ request, met }: Sent): number | undefined {
	if (met === undefined || met.sees === 'own') return request.status ?? undefined;
	return met.sees === 'nothing' ? undefined : met.sees;
}

/** The fields of a request's body, whatever it is written in. */
function bodyOf(text: string): Record<string, unknown> | undefined {
	if (text === '') return undefined;
	if (!text.startsWith('{')) return Object.fromEntries(new URLSearchParams(text));
	const parsed: Record<string, unknown> = JSON.parse(text);
	return parsed;
}

const inOrder = (value: unknown): unknown =>
	typeof value === 'object' && value !== null
		? Object.fromEntries(
				Object.entries(value)
					.sort(([one], [other]) => (one < other ? -1 : 1))
					.map(([name, each]) => [name, inOrder(each)]),
			)
		: value;

const isSameBody = (one: unknown, other: unknown) =>
	JSON.stringify(inOrder(one)) === JSON.stringify(inOrder(other));

const isAsExpected = ({ request: { method, path, body } }: Sent, expected: Expected) =>
	method === expected.method && path === expected.path && isSameBody(bodyOf(body), expected.body);

/** The statuses that an item may have which met no fault at all. */
function cleanStatuses({ provider, way, situation, standIn }: Item): string[] {
	const isLenient = way === 'all' && standIn.options.generation === 'new';
	switch (situation) {
		case 'stream runs':
			return way === 'name' || way === 'controlId' ? ['accepted'] : ['stopped'];
		case 'stream is not up yet':
			// Where all are asked for, those that are not up yet are none; a second stop finds one of its own.
			return way === 'all' ? ['stopped', 'alreadyStopped', 'notFound'] : ['stopped'];
		case 'stream went on under a new id':
			if (way === 'all') return ['stopped'];
			return way === 'name' || way === 'controlId' ? ['accepted'] : ['alreadyStopped'];
		case 'stream ended, its call goes on':
		case 'stream ended, as an event in the item says':
			if (way === 'all') return isLenient ? ['stopped'] : ['alreadyStopped', 'notFound'];
			if (way === 'name' || way === 'controlId') return ['accepted'];
			return provider === 'signalWire' && situation === 'stream ended, its call goes on'
				? ['notFound']
				: ['alreadyStopped'];
		case 'call ended':
		case 'call ended, as an event in the item says':
		case 'conference ended':
			// Vobiz says 204 to all streams of anything.
			if (way === 'all' && provider === 'vobiz' && isLenient) return ['stopped'];
			// A SWML call need not exist where calls are read, so that its 404 tells nothing.
			if (way === 'controlId' && situation === 'call ended') return ['alreadyStopped', 'notFound'];
			return ['alreadyStopped'];
		case 'call ended, its record is not written yet':
			if (way === 'all')
				return isLenient && provider === 'vobiz' ? ['stopped'] : ['notFound', 'alreadyStopped'];
			return ['notFound'];
		case 'wrong stream id':
			return way === 'name' || way === 'controlId' ? ['accepted'] : ['notFound'];
		case 'wrong call id':
			// Vobiz says 204 to all streams of anything, its older pages 'No active stream found'.
			if (way === 'all' && provider === 'vobiz') return [isLenient ? 'stopped' : 'alreadyStopped'];
			return ['notFound'];
	}
}

/** Whether the call is live, and its list of streams shows one that runs or could not be read. */
function mayRun(item: Item): boolean {
	const { standIn, provider, way, situation, reads, call } = item;
	const at = lastAnswerAt(item);
	if (provider === 'signalWire' || !call || !isCallUp(item, at)) return false;
	const isListRead = reads.some(
		(read) => !isFaulty(read) && /\/Stream\/\?/.test(read.request.path),
	);
	if (!isListRead && reads.some(isFaulty)) {
		// Where no list can be read, an event of the stream's end decides, and for all streams nothing fails.
		return way === 'id' && !/^stream (ended, as|went on)/.test(situation);
	}
	return standIn.calls.streamsOf(call.id).some((stream) => runsAt(stream, at));
}

/** Whether the node may complain of this item that nothing was left to stop. */
function mayComplain(item: Item): boolean {
	const { settings, stops } = item;
	const { whenNothingToStop } = settings.options;
	const [first] = stops;
	if (whenNothingToStop === 'succeed' || !first) return false;
	if (whenNothingToStop === 'failIfLive' && !mayRun(item)) return false;
	// What an earlier attempt of its own may have done is no news to complain of.
	return !item.named().some((stream) => wasUpAt(stream, first.request.at));
}

/** Where what the node said of an item and what is true are not the same. */
export function disagreements(item: Item): string[] {
	const { name, provider, way, situation, settings, stops, reads, out } = item;
	const wrong: string[] = [];
	const { options } = settings;
	const last = stops.at(-1);
	const [first] = stops;
	const at = lastAnswerAt(item);
	const named = item.named();
	const status = out?.inErrorOutput ? 'failed' : out?.status;
	const conclude = () =>
		wrong.map((what) => `${name} (${provider}, ${way}, ${situation}): ${what}`);
	if (!out) return [`${name}: nothing came out`];
	if (!first || !last) {
		wrong.push(`no stop arrived, and it says ${shown(status)}`);
		return conclude();
	}

	// What went out.
	for (const sent of stops) {
		if (!item.expected.some((expected) => isAsExpected(sent, expected))) {
			wrong.push(
				`${sent.request.method} ${sent.request.path} ${sent.request.body} was not asked for`,
			);
		}
	}
	const again = situation === 'stream is not up yet' ? 1 : 0;
	const budget = (1 + options.maxRetries) * (item.expected.length + again);
	if (stops.length > budget) wrong.push(`${stops.length} stops, ${budget} allowed`);
	const mostReads = MOST_READS * (1 + options.maxRetries);
	if (reads.length > mostReads) wrong.push(`${reads.length} reads`);
	if (way === 'name' && stops.slice(0, -1).some(({ request }) => request.status !== 429)) {
		wrong.push('a document ordered a second time');
	}

	// A failure is the last attempt's, and no other's.
	const isComplaint =
		status === 'failed' && (out.inErrorOutput ? !isFaulty(last) : out.failure === 'nothingToStop');
	if (isComplaint && !(mayComplain(item) || (out.inErrorOutput && isRejection(item)))) {
		wrong.push('complains of what it did itself, or was not asked to');
	}
	if (status === 'failed' && !isComplaint && !out.inErrorOutput) {
		const expected = last.met?.failure ?? (isRejection(item) ? 'rejected' : undefined);
		if (expected === undefined) wrong.push(`failed (${shown(out.failure)}) without a fault`);
		else if (out.failure !== expected) {
			wrong.push(`failed (${shown(out.failure)}) after '${last.met?.kind}'`);
		}
	}
	if (status !== 'failed' && isFaulty(last) && !isAllowedAfter(last, item)) {
		wrong.push(`${shown(status)} after '${last.met?.kind}'`);
	}
	if (out.inErrorOutput) return conclude();

	// What the item says of itself.
	const saw = statusSeen(last);
	if (out.statusCode !== saw) {
		wrong.push(`statusCode ${shown(out.statusCode)}, and the provider's was ${String(saw)}`);
	}
	if (out.attempts !== stops.length) {
		wrong.push(`${shown(out.attempts)} attempts, and ${stops.length} stops arrived`);
	}
	if (out.stopped !== (status === 'stopped' || status === 'alreadyStopped')) {
		wrong.push(`${shown(status)} with stopped: ${shown(out.stopped)}`);
	}
	const about = { provider, operation: settings.operation, stream: item.stream };
	for (const [field, value] of Object.entries(about)) {
		if (out[field] !== value) wrong.push(`${field} is ${shown(out[field])}, not ${String(value)}`);
	}
	if (
		way === 'conferenceSid' ? out.conferenceSid !== item.conferenceId : out.callId !== item.callId
	) {
		wrong.push('another call');
	}

	// What it says of the stream, at the moment of the last answer.
	const inQuestion = way === 'all' ? named.filter((one) => wasUpAt(one, first.request.at)) : named;
	if (isTrue(out.stopped)) {
		if (inQuestion.some((stream) => runsAt(stream, at)))
			wrong.push(`${shown(status)}, and it runs`);
		if (situation === 'wrong stream id' && isCallUp(item, at)) {
			wrong.push(`${shown(status)} of an id that nobody knows, on a call that is up`);
		}
	}
	if (status === 'accepted' && inQuestion.some(({ running }) => running)) {
		wrong.push('accepted, and it still runs');
	}
	if (
		status === 'stopped' &&
		way !== 'all' &&
		!named.some((one) => hasRunSince(one, first.request.at))
	) {
		wrong.push('stopped, and it had ended before');
	}
	if (
		status === 'alreadyStopped' &&
		stops.length === 1 &&
		named.some((one) => wasUpAt(one, first.request.at - 1))
	) {
		wrong.push('alreadyStopped by its own and only stop');
	}
	if (isTrue(out.confirmed) && inQuestion.some((stream) => runsAt(stream, at))) {
		wrong.push('confirmed, and it runs');
	}
	if (
		options.whenNothingToStop === 'failIfLive' &&
		(status === 'notFound' || status === 'alreadyStopped') &&
		out.callState === 'live' &&
		!stops.some(isFaulty) &&
		mayRun(item)
	) {
		wrong.push(`${status}, and a stream may still run`);
	}
	const isClean = ![...stops, ...reads].some(isFaulty);
	if (isClean && !isComplaint && !cleanStatuses(item).includes(shown(status))) {
		wrong.push(`${shown(status)} without a fault`);
	}

	// What it says of the call. A conference's state is the conference's.
	const isLate = situation === 'call ended, its record is not written yet';
	if (item.conferenceId === undefined) {
		if (out.callState === 'live' && !isCallUp(item, at)) wrong.push('a live call that had ended');
		if (out.callState === 'ended' && isCallUp(item, at)) wrong.push('an ended call that is up');
		if (out.callState === 'notFound' && item.call && !isLate && !reads.some(isFaulty)) {
			wrong.push('a call not found that is there');
		}
	}
	if (status === 'notFound' && isKnownToHaveEnded(item) && isClean && apart(item) === undefined) {
		wrong.push('notFound, and it could be read that it had ended');
	}
	return conclude();
}

/** Whether a fault leaves room for this: only a read shows that a stream stopped, or that its call is over. */
function isAllowedAfter({ met }: Sent, { out, reads, expected }: Item): boolean {
	if (met?.may === 'accepted') {
		return out?.status === 'accepted' || (out?.status === 'stopped' && isTrue(out.confirmed));
	}
	// What the conference did not find stays so, whatever the call then refuses.
	if (met?.may && out?.status === 'notFound') return expected.length > 1;
	const isShown = reads.some((read) => !isFaulty(read) && read.request.status === 200);
	return met?.may === out?.status && out?.callState === 'ended' && isShown;
}

/**
 * The failures that need no fault of the stop: the provider shows the stream and does not stop it; or it
 * refused the order, and the read that would have told why met a fault.
 */
const isRejection = ({ situation, stops, reads, way, call }: Item) =>
	(situation === 'stream is not up yet' && stops.length > 1) ||
	((way === 'name' || way === 'controlId') && call?.up === false && reads.some(isFaulty));

/** Whether it came up, or was still up, at that time or later. */
const hasRunSince = ({ upTime, endTime }: Stream, at: number) =>
	upTime !== null && (endTime === null || Date.parse(endTime) >= at);

const isKnownToHaveEnded = (item: Item) =>
	item.call !== undefined &&
	(item.call.endTime !== null ||
		(item.way !== 'all' &&
			item.named().length > 0 &&
			item.named().every(({ endTime }) => endTime)));

/** Why an outcome is no disagreement though it is not the whole truth: nobody could have known better. */
export function apart({ provider, way, situation, out, ...item }: Item): string | undefined {
	if (!out || out.inErrorOutput) return undefined;
	if (out.status === 'notFound') {
		if (situation === 'call ended, its record is not written yet') {
			return "the call's record was not written yet";
		}
		if (
			provider === 'signalWire' &&
			(situation === 'stream ended, its call goes on' ||
				situation === 'stream went on under a new id')
		) {
			return 'SignalWire: the stream is over and its call goes on';
		}
		// It shows no SWML call where calls are read.
		if (way === 'controlId') return 'SignalWire: a call of the Calling API that cannot be read';
	}
	if (out.status === 'stopped' && way === 'all') {
		if (
			provider === 'vobiz' &&
			situation !== 'stream runs' &&
			item.named().every(({ running }) => !running)
		) {
			return 'Vobiz: 204 to all streams where none ran';
		}
		if (item.named().some(({ running }) => running)) {
			return 'a stream came up after all were stopped';
		}
	}
	return undefined;
}
