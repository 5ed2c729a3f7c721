import { isRecord, type Answer, type OwnReading } from '../outcome';
import { pathSegment } from './requests';
import type { Account, FieldText, ProviderRequest, StreamState, Target } from './provider';

/**
 * `/Account/{auth_id}/Call/{call_uuid}/Stream/{stream_id}/`: the REST resource that Plivo has and
 * Vobiz took over. What the two share is here; where they differ, each has it in its own file.
 */

export const callUuid: FieldText = {
	label: 'Call UUID',
	placeholder: 'e.g. ebe4ab56-9b72-4c3e-9870-5f4262847407',
	description:
		"The call whose stream is to stop. Plivo and Vobiz send it as 'CallUUID' to the answer and hang-up addresses, and as 'callId' in the first message of the stream.",
};

export const streamId = {
	label: 'Stream ID',
	placeholder: 'e.g. f6efd24d-e592-4db5-baf9-6ad36ac54728',
	description:
		"The stream to stop. Plivo and Vobiz answer it as 'stream_id' when a stream is started, and send it as 'StreamID' to the status callback and as 'streamId' in the first message of the stream.",
	inEvents: ['StreamID', 'stream_id', 'streamId'],
} as const;

export const callIdInEvents = ['CallUUID', 'call_uuid', 'callUuid', 'callId'] as const;

/** With the slash at the end: Vobiz answers 401 without it, Plivo takes both. */
const resource = (provider: string, base: string, account: Account, target: Target) => {
	const call = pathSegment(target.callId, callUuid.label, provider);
	const streams = `${account.origin}${base}/Account/${encodeURIComponent(account.id)}/Call/${call}/Stream/`;
	return target.operation === 'stopAllStreams'
		? streams
		: `${streams}${pathSegment(target.stream ?? '', streamId.label, provider)}/`;
};

/** A DELETE without a body: some vendor SDKs send `{}`, and no document asks for one. */
export const buildDelete = (...where: Parameters<typeof resource>): ProviderRequest => ({
	method: 'DELETE',
	url: resource(...where),
});

/** Pages of 20, the most that Plivo's lists give. */
export const buildRead = (
	provider: string,
	base: string,
	account: Account,
	target: Target,
	offset: number,
): ProviderRequest => ({
	method: 'GET',
	url:
		resource(provider, base, account, target) +
		(target.operation === 'stopAllStreams' ? `?limit=20&offset=${offset}` : ''),
});

/**
 * Reads a stream (`{stream_id, end_time, status}`), or a page of the list: Plivo `{meta, objects}`,
 * Vobiz `{page, per_page, total, objects}`. Vobiz's older page shows one object in place of a list: one that
 * runs proves that the call still streams, one that ended proves nothing for the others.
 */
export function readState(
	{ statusCode, body }: Answer,
	target: Target,
	offset: number,
): StreamState | undefined {
	if (statusCode !== 200 || !isRecord(body)) return undefined;
	if (target.operation === 'stopStream') {
		return body.stream_id === target.stream ? { ended: hasEnded(body) } : undefined;
	}
	const { objects } = body;
	if (!Array.isArray(objects)) {
		return isStream(body) && !hasEnded(body) ? { ended: false } : undefined;
	}
	if (!objects.every(isStream)) return undefined;
	const read = offset + objects.length;
	const meta = isRecord(body.meta) ? body.meta : {};
	const total = [body.total, meta.total_count, meta.count].find(Number.isInteger);
	const more = typeof total === 'number' ? read < total : !!meta.next;
	// A page without a stream shows no end: neither where there should be more, nor as the first one.
	if (objects.length === 0 && (more || offset === 0)) return undefined;
	return { ended: objects.every(hasEnded), ...(more && { nextOffset: read }) };
}

const isStream = (value: unknown): value is Record<string, unknown> =>
	isRecord(value) && typeof value.stream_id === 'string';

/** An `end_time`, or a `status` that says so; Plivo's `initiated` with a null `end_time` does not. */
const hasEnded = ({ end_time: endTime, status }: Record<string, unknown>) =>
	['completed', 'failed', 'stopped'].includes(String(status).toLowerCase()) ||
	(typeof endTime === 'string' && endTime !== '' && status !== 'in-progress');

/**
 * The answers that both give to a stop: 204, the older 200 (or a 202) in Vobiz's own words, and
 * `No active stream found`: Plivo says it with 400, Vobiz's older documents with 404.
 */
export function readDelete({ statusCode, body }: Answer): OwnReading | undefined {
	if (statusCode === 204) return { status: 'stopped' };
	if (!isRecord(body)) return undefined;
	if (statusCode < 300) {
		// "Stream stopped successfully", "All streams stopped successfully": other words may say anything.
		if (!/^(all )?streams? stopped successfully\.?$/i.test(String(body.message))) return undefined;
		if ('error' in body) return undefined;
		if (body.streams_stopped === 0) return { status: 'alreadyStopped' };
		return { status: statusCode === 200 ? 'stopped' : 'accepted' };
	}
	const words = ownWords(body);
	if (words === undefined || (statusCode !== 400 && statusCode !== 404)) return undefined;
	if (/^no active stream found\.?$/i.test(words.trim())) return { status: 'alreadyStopped' };
	return statusCode === 404 ? { status: 'notFound' } : undefined;
}

/**
 * The words in `{"api_id", "error": "…"}`, or in Vobiz's platform form `{"status": "error", "error":
 * {"code", "message"}}`; `undefined` for any other form, which a proxy or another server may have sent.
 */
function ownWords({ api_id: apiId, error, status }: Record<string, unknown>): string | undefined {
	if (typeof apiId === 'string' && typeof error === 'string') return error;
	const platform = status === 'error' && isRecord(error) && typeof error.code === 'string';
	return platform && typeof error.message === 'string' ? error.message : undefined;
}
