import { isRecord, textOf } from '../words/values';
import {
	isRefusal,
	type Account,
	type Answer,
	type EndWords,
	type FieldText,
	type Ids,
	type Look,
	type OwnReading,
	type ProviderRequest,
	type StreamsLook,
	type StreamsState,
	type Way,
} from './provider';
import { pathSegment } from './urls';

/**
 * `/Account/{auth_id}/Call/{call_uuid}/Stream/{stream_id}/`: the REST resource that Plivo has and
 * Vobiz took over. What the two share is here; where they differ, each has it in its own file.
 */

const callUuid: FieldText = {
	label: 'Call UUID',
	placeholder: 'e.g. ebe4ab56-9b72-4c3e-9870-5f4262847407',
	description:
		"The call whose stream is to stop. Plivo and Vobiz send it as 'CallUUID' to the answer and hang-up addresses, and as 'callId' in the first message of the stream.",
};

const streamId: FieldText = {
	label: 'Stream ID',
	placeholder: 'e.g. f6efd24d-e592-4db5-baf9-6ad36ac54728',
	description:
		"The stream to stop. Plivo and Vobiz answer it as 'stream_id' when a stream is started, and send it as 'StreamID' to the status callback and as 'streamId' in the first message of the stream.",
};

const callNames = ['CallUUID', 'call_uuid', 'callUuid', 'callId'];
const streamNames = ['StreamID', 'stream_id', 'streamId'];

const NONE_ACTIVE = /^no active stream found\.?$/i;

/**
 * `Event=Hangup` at `hangup_url`, and the `CallStatus` of a call that is over:
 * plivo.com/docs/voice/xml/request and www.vobiz.ai/docs, hang-up callback (read 2026-11).
 */
export const endsCall: readonly EndWords[] = [
	{ field: 'Event', words: ['Hangup'] },
	{
		field: 'CallStatus',
		words: ['completed', 'busy', 'failed', 'no-answer', 'timeout', 'cancel', 'canceled'],
	},
];

/** Where the two differ. `base` is what stands before `/Account` in the path. */
interface Differences {
	displayName: string;
	base: string;
	notices: { one: string; all: string };
	/** Whether a 404's body is the provider's own, beyond what both say. */
	isOwn404?(body: Record<string, unknown>): boolean;
}

/** One stream by its id, and all streams of a call. */
export function callStreamWays({ displayName, base, notices, isOwn404 }: Differences): [Way, Way] {
	// With the slash at the end: Vobiz answers 401 without it, Plivo takes both.
	const callUrl = (account: Account, { callId }: Ids) =>
		`${account.origin}${base}/Account/${encodeURIComponent(account.id)}/Call/` +
		`${pathSegment(callId, callUuid.label, displayName)}/`;
	const streamUrl = (account: Account, ids: Ids) =>
		`${callUrl(account, ids)}Stream/` + `${pathSegment(ids.stream, streamId.label, displayName)}/`;
	const read = (url: string): ProviderRequest => ({ method: 'GET', url });
	const isOwn = (answer: Answer) =>
		isRecord(answer.body) &&
		(ownWords(answer.body) !== undefined || isOwn404?.(answer.body) === true);

	/** "The record of a finished call", 404 while it is live: www.vobiz.ai/docs, plivo-python `callGetResponse`. */
	const record: Look = {
		build: (account, ids) => read(callUrl(account, ids)),
		read: ({ statusCode, body }, { callId }) =>
			statusCode === 200 && isRecord(body) && isAbout(body, callId) && isTime(body.end_time)
				? 'ended'
				: undefined,
	};
	/** 200 "only while it is live": www.vobiz.ai/docs/call/retrieve-a-live-call, plivo-python `liveCallGetResponse`. */
	const liveCall: Look = {
		build: (account, ids) => read(`${callUrl(account, ids)}?status=live`),
		read(answer, { callId }) {
			const { statusCode, body } = answer;
			// Any object may come with 200, from a gateway too: only one that names the call speaks of it.
			if (statusCode === 200 && isRecord(body) && body.call_uuid === callId) return 'live';
			return statusCode === 404 && isOwn(answer) ? 'notFound' : undefined;
		},
	};

	/** 204, and the older 200 in Vobiz's own words; `No active stream found` and 404 in the provider's own form. */
	const readDelete = (answer: Answer, whenNoneActive: OwnReading): OwnReading | undefined => {
		const { statusCode, body } = answer;
		if (statusCode === 204) return { status: 'stopped' };
		if (!isRecord(body)) return undefined;
		if (!isRefusal(answer)) return readSuccess(statusCode, body, whenNoneActive);
		if (statusCode !== 400 && statusCode !== 404) return undefined;
		// Plivo says it with 400, Vobiz's older documents with 404.
		if (NONE_ACTIVE.test(textOf(ownWords(body)).trim())) return whenNoneActive;
		return statusCode === 404 && isOwn(answer) ? { status: 'notFound' } : undefined;
	};

	const oneStream: StreamsLook = {
		build: (account, ids) => read(streamUrl(account, ids)),
		read({ statusCode, body }, { stream }) {
			if (statusCode !== 200 || !isRecord(body) || body.stream_id !== stream) return undefined;
			return { kind: hasEnded(body) ? 'ended' : 'running' };
		},
	};
	const list: StreamsLook = {
		// Pages of 20, the most that Plivo's lists give.
		build: (account, ids, offset) =>
			read(`${callUrl(account, ids)}Stream/?limit=20&offset=${offset}`),
		read: ({ statusCode, body }, _ids, offset) =>
			statusCode === 200 && isRecord(body) ? readList(body, offset) : undefined,
	};

	const on = { noun: 'call', id: 'callId', field: callUuid } as const;
	return [
		{
			operation: 'stopStream',
			on,
			stream: streamId,
			inEvents: { place: callNames, call: callNames, conference: [], stream: streamNames },
			notice: notices.one,
			// A DELETE without a body: some vendor SDKs send `{}`, and no document asks for one.
			build: (account, ids) => ({ method: 'DELETE', url: streamUrl(account, ids) }),
			// To one stream Plivo says "No active stream found" for a wrong id too.
			read: (answer) => readDelete(answer, { status: 'notFound' }),
			streams: oneStream,
			looks: [record, liveCall],
		},
		{
			operation: 'stopAllStreams',
			on,
			inEvents: { place: callNames, call: callNames, conference: [], stream: [] },
			notice: notices.all,
			build: (account, ids) => ({ method: 'DELETE', url: `${callUrl(account, ids)}Stream/` }),
			read: (answer) => readDelete(answer, { status: 'alreadyStopped' }),
			streams: list,
			looks: [record, liveCall],
		},
	];
}

/**
 * "Stream stopped successfully", "All streams stopped successfully": other words may say anything.
 * Vobiz: "test for any 2xx" (Vobiz-Warm-Transfer-Conference, live captures).
 */
function readSuccess(
	statusCode: number,
	body: Record<string, unknown>,
	whenNoneActive: OwnReading,
): OwnReading | undefined {
	if (!/^(all )?streams? stopped successfully\.?$/i.test(textOf(body.message))) return undefined;
	if ('error' in body) return undefined;
	if (body.streams_stopped === 0) return whenNoneActive;
	return { status: statusCode === 202 ? 'accepted' : 'stopped' };
}

/**
 * A page of the list: Plivo `{meta, objects}`, Vobiz `{page, per_page, total, objects}`. Vobiz's older page
 * shows one object in place of a list: one that runs proves that the call still streams, one that ended
 * proves nothing for the others.
 */
function readList(body: Record<string, unknown>, offset: number): StreamsState | undefined {
	const { objects } = body;
	if (!Array.isArray(objects)) {
		return isStream(body) && !hasEnded(body) ? { kind: 'running' } : undefined;
	}
	if (!objects.every(isStream)) return undefined;
	const read = offset + objects.length;
	const meta = isRecord(body.meta) ? body.meta : {};
	const total = [body.total, meta.total_count, meta.count].find(Number.isInteger);
	const more = typeof total === 'number' ? read < total : !!meta.next;
	const [first] = objects;
	if (!first) {
		// A page without a stream shows no end where there should be more.
		return more || offset > 0 ? undefined : { kind: 'nothingListed' };
	}
	if (!objects.every(hasEnded)) return { kind: 'running' };
	return {
		kind: 'ended',
		firstId: textOf(first.stream_id),
		...(more && { nextOffset: read }),
	};
}

const isStream = (value: unknown): value is Record<string, unknown> =>
	isRecord(value) && typeof value.stream_id === 'string';

/** An `end_time`, or a `status` that says so; Plivo's `initiated` with a null `end_time` does not. */
const hasEnded = ({ end_time: endTime, status }: Record<string, unknown>) =>
	['completed', 'failed', 'stopped'].includes(textOf(status).toLowerCase()) ||
	(isTime(endTime) && status !== 'in-progress');

const isTime = (value: unknown) => typeof value === 'string' && value !== '';

/** An answer about a call: one that names another proves nothing for this one. */
const isAbout = ({ call_uuid: callUuidOf }: Record<string, unknown>, callId: string | undefined) =>
	callUuidOf === undefined || callUuidOf === callId;

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
