import { randomUUID } from 'node:crypto';
import type { Call, Stream, StreamDetails } from './calls.cts';
import type { Reading } from './contract.cts';
import type { StreamOrder } from './documents.cts';
import type { Answer, LoggedRequest, StandIn } from './stand-in.cts';

/** What the Call APIs of Plivo and Vobiz share: the second was made after the first. */

const PAGE = 20;

/** The refusals of one of the two. */
export interface Refusals {
	notFound(what: 'Call not found'): Answer;
	/** Vobiz: "400 no URL for the leg". */
	noUrl(): Answer;
}

/** The text of a field that the contract has checked, or undefined where it is not there. */
export function textOf(body: Record<string, unknown>, name: string): string | undefined {
	const value = body[name];
	return typeof value === 'string' ? value : undefined;
}

/** GET or POST, as a field says it. */
export function methodOf(value: string | undefined): 'GET' | 'POST' {
	return value?.toUpperCase() === 'GET' ? 'GET' : 'POST';
}

/** The stream that a request to start one describes. */
export function requestedStream(body: Record<string, unknown>): StreamDetails {
	const url = textOf(body, 'status_callback_url');
	const timeout = body.stream_timeout;
	return {
		serviceUrl: textOf(body, 'service_url') ?? '',
		bidirectional: body.bidirectional === true,
		...(typeof timeout === 'number' && { timeoutMs: timeout * 1000 }),
		...(url && {
			statusCallback: { url, method: methodOf(textOf(body, 'status_callback_method')) },
		}),
	};
}

/** The stream that a `<Stream>` of a document describes: docs.plivo.com/docs/voice/xml/audiostream. */
export function orderedStream({ url, attributes }: StreamOrder): StreamDetails {
	const bidirectional = attributes.bidirectional === 'true';
	const callback = attributes.statusCallbackUrl;
	const timeout = Number(attributes.streamTimeout);
	return {
		serviceUrl: url,
		bidirectional,
		// `keepCallAlive="true"` needs `bidirectional="true"`.
		keepsCallAlive: bidirectional && attributes.keepCallAlive === 'true',
		...(timeout > 0 && { timeoutMs: timeout * 1000 }),
		...(callback && {
			statusCallback: { url: callback, method: methodOf(attributes.statusCallbackMethod) },
		}),
	};
}

/** Which of a call's and its streams' records can be read. */
export function isReadable(standIn: StandIn, call: Call | undefined): call is Call {
	return call !== undefined && (call.up || standIn.calls.hasRecord(call));
}

/** The operations on calls, by their names in the contract. */
export function callOperations(
	standIn: StandIn,
	account: string,
	refuse: Refusals,
	settings: { readonly liveListShape: 'calls' | 'objects' },
): Record<string, (reading: Reading, request: LoggedRequest) => Answer> {
	const { calls } = standIn;
	const liveCall = ({ path }: Reading): Call | undefined => {
		const call = calls.calls.get(path.call_uuid ?? '');
		return call?.up ? call : undefined;
	};
	return {
		// PLSDK and plivo-python's callGetResponse.json, liveCallGetResponse.json
		readCall(reading) {
			const live = liveCall(reading);
			if (reading.query.status === 'live') {
				return live ? { status: 200, body: showLive(live) } : refuse.notFound('Call not found');
			}
			const call = calls.calls.get(reading.path.call_uuid ?? '');
			return call && !call.up && calls.hasRecord(call)
				? { status: 200, body: showRecord(call, account) }
				: refuse.notFound('Call not found');
		},
		// plivo-python's liveCallListGetResponse.json; `objects` is what a third-party reader expects.
		listLiveCalls({ query }) {
			const live = [...calls.calls.values()].filter(({ up }) => up);
			if (settings.liveListShape === 'calls') {
				return { status: 200, body: { api_id: randomUUID(), calls: live.map(({ id }) => id) } };
			}
			const limit = Math.min(Number(query.limit ?? PAGE), PAGE);
			const offset = Number(query.offset ?? 0);
			return {
				status: 200,
				body: {
					api_id: randomUUID(),
					meta: { limit, offset, total_count: live.length },
					objects: live.slice(offset, offset + limit).map(showLive),
				},
			};
		},
		transferCall(reading) {
			const call = liveCall(reading);
			if (!call) return refuse.notFound('Call not found');
			const { legs = 'aleg' } = reading.body;
			if (legs !== 'aleg') throw new Error('The stand-in has no B-legs to transfer');
			const url = textOf(reading.body, 'aleg_url');
			if (!url) return refuse.noUrl();
			standIn.runDocument(call, url, methodOf(textOf(reading.body, 'aleg_method')));
			return {
				status: 202,
				body: { api_id: randomUUID(), message: 'call transferred', call_uuid: call.id },
			};
		},
		hangUpCall(reading) {
			const call = liveCall(reading);
			if (!call) return refuse.notFound('Call not found');
			calls.endCall(call.id, 'completed', 'hung up by the API');
			return { status: 204 };
		},
	};
}

function showLive(call: Call): object {
	return {
		api_id: randomUUID(),
		call_status: call.status,
		call_uuid: call.id,
		caller_name: '',
		direction: call.direction,
		from: call.from,
		request_uuid: call.id,
		session_start: call.startTime.replace('T', ' ').replace('Z', ''),
		to: call.to,
	};
}

function showRecord(call: Call, account: string): object {
	const { startTime, endTime } = call;
	const seconds = endTime ? Math.round((Date.parse(endTime) - Date.parse(startTime)) / 1000) : 0;
	return {
		answer_time: localTime(startTime),
		api_id: randomUUID(),
		bill_duration: seconds,
		billed_duration: Math.ceil(seconds / 60) * 60,
		call_direction: call.direction,
		call_duration: seconds,
		call_uuid: call.id,
		end_time: endTime && localTime(endTime),
		from_number: call.from,
		initiation_time: localTime(startTime),
		parent_call_uuid: null,
		resource_uri: `${account}Call/${call.id}/`,
		to_number: call.to,
		total_amount: '0.00000',
		total_rate: '0.00000',
	};
}

/** 2026-01-31T10:00:00.000Z → 2026-01-31 10:00:00+00:00 */
export function localTime(iso: string): string {
	return iso.replace('T', ' ').replace(/\.\d+Z$/, '+00:00');
}

/** The fields that a call's document server gets, and every event about the call begins with. */
export function callFields(call: Call): Record<string, string> {
	return {
		CallUUID: call.id,
		From: call.from,
		To: call.to,
		Direction: call.direction,
		CallStatus: call.status,
	};
}

/** What a hang-up says beside the call: docs.plivo.com/docs/voice/xml/request, sent to hangup_url. */
export function hangupFields(call: Call): Record<string, string> {
	return {
		...callFields(call),
		CallStatus: call.up ? 'completed' : call.status,
		Event: 'Hangup',
		HangupCause: HANGUP_CAUSES[call.status] ?? 'NORMAL_CLEARING',
		Duration: '30',
		BillDuration: '60',
	};
}

const HANGUP_CAUSES: Record<string, string> = {
	busy: 'USER_BUSY',
	failed: 'NORMAL_TEMPORARY_FAILURE',
	'no-answer': 'NO_ANSWER',
	timeout: 'NO_ANSWER',
	cancel: 'ORIGINATOR_CANCEL',
	canceled: 'ORIGINATOR_CANCEL',
};

/** The Dial callback, which is all that tells of a bridged B-leg: docs.plivo.com/docs/voice/xml/dial. */
export function dialFields(aLeg: Call): Record<string, string> {
	const over = !aLeg.up;
	return {
		CallUUID: aLeg.id,
		From: aLeg.from,
		To: aLeg.to,
		Event: over ? 'DialHangup' : 'DialAnswer',
		DialAction: over ? 'hangup' : 'answer',
		DialBLegStatus: over ? 'hangup' : 'answer',
		DialALegUUID: aLeg.id,
		DialBLegUUID: randomUUID(),
		DialBLegFrom: aLeg.from,
		DialBLegTo: aLeg.to,
		...(over && { DialBLegHangupCause: HANGUP_CAUSES[aLeg.status] ?? 'NORMAL_CLEARING' }),
	};
}

/** When an event about a stream happened. */
export function momentOf(stream: Stream): string {
	return stream.endTime ?? stream.upTime ?? stream.startTime;
}
