import { isRecord, isSameId, textOf } from '../words/values';
import {
	isRefusal,
	type Account,
	type Answer,
	type CallRead,
	type EventNames,
	type FieldText,
	type Ids,
	type OwnReading,
	type Provider,
	type ProviderRequest,
	type StreamField,
	type StreamsRead,
	type StreamsState,
	type Way,
} from './provider';
import { pathSegment } from './urls';

/**
 * `/Account/{auth_id}/Call/{call_uuid}/Stream/{stream_id}/`: the REST resource that Plivo has and Vobiz took over.
 * What the two share is here; what differs is in each provider's own file.
 */

const callUuid: FieldText = {
	label: 'Call UUID',
	placeholder: 'e.g. ebe4ab56-9b72-4c3e-9870-5f4262847407',
	description:
		"The call whose stream is to stop. Plivo and Vobiz send it as 'CallUUID' to the answer and hang-up URLs, and as 'callId' in the first message of the stream.",
};

const onCall = { noun: 'call', id: 'callId', field: callUuid } as const;

const streamId: StreamField = {
	kind: 'id',
	label: 'Stream ID',
	placeholder: 'e.g. f6efd24d-e592-4db5-baf9-6ad36ac54728',
	description:
		"The stream to stop. Plivo and Vobiz return it as 'stream_id' when a stream is started, and send it as 'StreamID' to the status callback and as 'streamId' in the first message of the stream.",
};

const names: EventNames = {
	place: ['CallUUID', 'call_uuid', 'callUuid', 'callId'],
	call: ['CallUUID', 'call_uuid', 'callUuid', 'callId'],
	conference: [],
	stream: ['StreamID', 'stream_id', 'streamId'],
};

const NONE_ACTIVE = /^no active stream found\.?$/i;

/**
 * `Event=Hangup` at `hangup_url`, and the `CallStatus` of a call that is over: plivo.com/docs/voice/xml/request and
 * www.vobiz.ai/docs, hang-up callback. `Event` of a stream's callbacks: docs.plivo.com/docs/voice/xml/audiostream,
 * www.vobiz.ai/docs/xml/stream ("connection disconnected with the remote service": a reconnect may follow). All
 * read 2026-11. Any other word, such as `DegradedStream` or `PlayedStream`, says none of this.
 */
export const eventWords: Provider['events'] = {
	names: [names],
	streamStarted: [{ field: 'Event', words: ['StartStream'] }],
	streamEnded: [
		{ field: 'Event', words: ['StopStream'] },
		{ field: 'Event', words: ['DroppedStream'], mayResume: true },
	],
	callEnded: [
		{ field: 'Event', words: ['Hangup'] },
		{
			field: 'CallStatus',
			words: ['completed', 'busy', 'failed', 'no-answer', 'timeout', 'cancel', 'canceled'],
		},
	],
};

/**
 * The ways to stop one stream by its id, and all streams of a call. What differs: `base` comes before `/Account` in
 * the path, and `isOwn404` knows 404 bodies that only this provider sends.
 */
export function callStreamWays({
	base,
	notices,
	isOwn404,
}: {
	base: string;
	notices: { one: string; all: string };
	isOwn404?(body: Record<string, unknown>): boolean;
}): [Way, Way] {
	// With the slash at the end: Vobiz answers 401 without it, Plivo takes both.
	const callUrl = (account: Account, { callId }: Ids) =>
		`${account.origin}${base}/Account/${encodeURIComponent(account.id)}/Call/` +
		`${pathSegment(callId, callUuid.label)}/`;
	const streamUrl = (account: Account, ids: Ids) =>
		`${callUrl(account, ids)}Stream/${pathSegment(ids.stream, streamId.label)}/`;
	const read = (url: string): ProviderRequest => ({ method: 'GET', url });
	const isOwn = (answer: Answer) =>
		isRecord(answer.body) &&
		(ownWords(answer.body) !== undefined || isOwn404?.(answer.body) === true);

	/** "The record of a finished call", 404 while it is live: www.vobiz.ai/docs, plivo-python `callGetResponse`. */
	const record: CallRead = {
		build: (account, ids) => read(callUrl(account, ids)),
		read: ({ statusCode, body }, { callId }) =>
			statusCode === 200 && isRecord(body) && isAbout(body, callId) && isTime(body.end_time)
				? 'ended'
				: undefined,
	};
	/** 200 "only while it is live": www.vobiz.ai/docs/call/retrieve-a-live-call, plivo-python `liveCallGetResponse`. */
	const liveCall: CallRead = {
		build: (account, ids) => read(`${callUrl(account, ids)}?status=live`),
		read(answer, { callId }) {
			const { statusCode, body } = answer;
			// Any object may come with 200, from a gateway too: only one that names the call speaks of it.
			if (statusCode === 200 && isRecord(body) && isSameId(body.call_uuid, callId)) return 'live';
			return statusCode === 404 && isOwn(answer) ? 'notFound' : undefined;
		},
	};

	/**
	 * Reads the answer to a stop: 204, or the 200 of Vobiz's older documents; `No active stream found`, which means
	 * `whenNoneActive`; and 404 in the provider's own form.
	 */
	const readDelete = (answer: Answer, whenNoneActive: OwnReading): OwnReading | undefined => {
		const { statusCode, body } = answer;
		if (statusCode === 204) return { kind: 'outcome', status: 'stopped' };
		if (!isRecord(body)) return undefined;
		if (!isRefusal(answer)) return readSuccess(statusCode, body, whenNoneActive);
		const words = ownWords(body);
		// Plivo says it with 400, Vobiz's older documents with 404.
		const isNoneActive = NONE_ACTIVE.test((words ?? '').trim());
		if (isNoneActive && (statusCode === 400 || statusCode === 404)) return whenNoneActive;
		if (statusCode === 404) {
			return isOwn(answer) ? { kind: 'outcome', status: 'notFound' } : undefined;
		}
		return words === undefined ? undefined : { kind: 'refusal', mayBeOver: true };
	};

	const oneStream: StreamsRead = {
		build: (account, ids) => read(streamUrl(account, ids)),
		read({ statusCode, body }, { stream }) {
			if (statusCode !== 200 || !isRecord(body) || !isSameId(body.stream_id, stream)) {
				return undefined;
			}
			return { kind: hasEnded(body) ? 'ended' : 'running' };
		},
	};
	const list: StreamsRead = {
		build: (account, ids) => read(`${callUrl(account, ids)}Stream/?limit=${PAGE}&offset=0`),
		read: ({ statusCode, body }, { stream }) =>
			statusCode === 200 && isRecord(body) ? readList(body, stream) : undefined,
	};

	const shared = { on: onCall, list, callReads: [record, liveCall] } as const;
	return [
		{
			...shared,
			operation: 'stopStream',
			stream: streamId,
			inEvents: names,
			notice: notices.one,
			// A DELETE without a body: some vendor SDKs send `{}`, and no document asks for one.
			build: (account, ids) => ({ method: 'DELETE', url: streamUrl(account, ids) }),
			// In answer to a stop of one stream, Plivo says "No active stream found" for a wrong id too.
			read: (answer) => readDelete(answer, { kind: 'outcome', status: 'notFound' }),
			streams: oneStream,
		},
		{
			...shared,
			operation: 'stopAllStreams',
			inEvents: { ...names, stream: [] },
			notice: notices.all,
			build: (account, ids) => ({ method: 'DELETE', url: `${callUrl(account, ids)}Stream/` }),
			read: (answer) => readDelete(answer, { kind: 'outcome', status: 'alreadyStopped' }),
			streams: list,
		},
	];
}

/**
 * "Stream stopped successfully", "All streams stopped successfully". In answer to a stop of all streams, Plivo's own
 * SDKs expect `{}` (plivo-java, plivo-python mocks, read 2026-11), and its answers hold `api_id`: without these words,
 * such an answer only shows that the request was accepted. Vobiz: "test for any 2xx" (Vobiz-Warm-Transfer-Conference,
 * live captures).
 */
function readSuccess(
	statusCode: number,
	body: Record<string, unknown>,
	whenNoneActive: OwnReading,
): OwnReading | undefined {
	if ('error' in body) return undefined;
	if (body.streams_stopped === 0) return whenNoneActive;
	const isSaid = /^(all )?streams? stopped successfully\.?$/i.test(textOf(body.message));
	const isBare = Object.keys(body).length === 0 || typeof body.api_id === 'string';
	if (!isSaid && !isBare) return undefined;
	return { kind: 'outcome', status: isSaid && statusCode !== 202 ? 'stopped' : 'accepted' };
}

/** The most streams that Plivo's lists give in a page. */
const PAGE = 20;

/**
 * The first page of the list: Plivo `{meta, objects}`, Vobiz `{page, per_page, total, objects}`. Vobiz's older
 * documents show one object in place of a list: one that runs proves that the call still streams, one that ended
 * proves nothing for the others. `own`: the stream that was to stop; if it runs, it is the one that is named.
 */
function readList(
	body: Record<string, unknown>,
	own: string | undefined,
): StreamsState | undefined {
	const { objects } = body;
	const isOne = isStream(body) && !hasEnded(body);
	if (!Array.isArray(objects)) {
		return isOne ? { kind: 'running', id: textOf(body.stream_id) } : undefined;
	}
	if (!objects.every(isStream)) return undefined;
	const running = objects.filter((stream) => !hasEnded(stream));
	const named = running.find((stream) => isSameId(stream.stream_id, own)) ?? running[0];
	if (named) return { kind: 'running', id: textOf(named.stream_id) };
	const meta = isRecord(body.meta) ? body.meta : {};
	const total = [body.total, meta.total_count, meta.count].find(Number.isInteger);
	const isFull = objects.length >= PAGE && meta.next !== null;
	const hasMore = typeof total === 'number' ? objects.length < total : isFull || Boolean(meta.next);
	if (hasMore) return { kind: 'morePages' };
	return { kind: objects.length === 0 ? 'noneListed' : 'ended' };
}

const isStream = (value: unknown): value is Record<string, unknown> =>
	isRecord(value) && typeof value.stream_id === 'string';

/** An `end_time`, or a `status` that says so; Plivo's `initiated` with a null `end_time` does not. */
const hasEnded = ({ end_time: endTime, status }: Record<string, unknown>) =>
	['completed', 'failed', 'stopped'].includes(textOf(status).toLowerCase()) ||
	(isTime(endTime) && status !== 'in-progress');

const isTime = (value: unknown) => typeof value === 'string' && value !== '';

/** Whether an answer is about this call: one that names another call proves nothing. */
const isAbout = ({ call_uuid: callUuidOf }: Record<string, unknown>, callId: string | undefined) =>
	callUuidOf === undefined || isSameId(callUuidOf, callId);

/**
 * The words in `{"api_id", "error": "…"}`, the same without `api_id`, or in Vobiz's platform form `{"status":
 * "error", "error": {"code", "message"}}`; `undefined` for any other form, which a proxy or another server
 * may have sent.
 */
function ownWords(body: Record<string, unknown>): string | undefined {
	const { api_id: apiId, error, status } = body;
	if (typeof error === 'string') {
		return typeof apiId === 'string' || Object.keys(body).length === 1 ? error : undefined;
	}
	const isPlatform = status === 'error' && isRecord(error) && typeof error.code === 'string';
	return isPlatform && typeof error.message === 'string' ? error.message : undefined;
}
