import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Call, Stream } from './calls.cts';
import type { Reading } from './contract.cts';
import { form, json } from './events.cts';
import { vobizSignature } from './signatures.cts';
import type { Answer, Behaviour, Exposed, Provider, StandIn } from './stand-in.cts';
import {
	callFields,
	callOperations,
	dialFields,
	hangupFields,
	isReadable,
	momentOf,
	orderedStream,
	requestedStream,
} from './telephony.cts';

/** What a test may read and set on Vobiz's stand-in. */
export interface VobizExposed extends Exposed {
	credentials: { authId: string; authToken: string; baseUrl: string };
	/** The parent's token, where the credential is a subaccount's: signatures `-MA-`. */
	parentAuthToken: string;
	/**
	 * The shape of every refusal: 'telephony' {api_id, error}, 'platform' {status, error: {code, …}}, or
	 * 'captured' {error}, as live captures show an unknown id; undefined is what is usual for each.
	 */
	errorShape: 'telephony' | 'platform' | 'captured' | undefined;
	/**
	 * 'page' {page, per_page, total, objects}, 'meta' {api_id, meta, objects} as the Go SDK expects, or
	 * 'single': one stream object, as an older page shows.
	 */
	listShape: 'page' | 'meta' | 'single';
	/** The list of live calls: `calls`, or `objects` with at most 20, as a third party reads it. */
	liveListShape: 'calls' | 'objects';
}

/**
 * Vobiz, as www.vobiz.ai/docs (`generation: 'new'`) and its older pages (`old`) describe it: the older
 * answer a stop with 200 and a message, and stop-all without a stream with 404. Some answers are as
 * vobiz-ai/Vobiz-Warm-Transfer-Conference captured them. Nothing was checked against a live account.
 */
export const vobiz: Provider<VobizExposed> = {
	name: 'vobiz',
	credentialType: 'vobizXAuthApi',
	contract: join(__dirname, 'vobiz.openapi.json'),
	newStreamId: () => `str_${randomBytes(8).toString('hex')}`,
	behave,
};

const PAGE = 20;
/** "Vobiz answers the call and drops it about a second later" (cause 8011) */
const DROP_MS = 1_000;

function behave(standIn: StandIn): Behaviour<VobizExposed> {
	const { calls, url, options } = standIn;
	const isOld = options.generation === 'old';
	const credentials = {
		authId: `MA_EXAMPLE${options.account}`,
		authToken: 'example/vobiz+auth=token&?????>>>>>~~Zr5cHq9XtB2kWn8Ydf',
		baseUrl: url,
	};
	const authSecret = 'example-vobiz-auth-secret-Qe7uGv4MjP1sLx6R';
	const parentAuthToken = 'example-vobiz-parent-token-Hd3wTk0CzN5yAo8V';
	const account = `/api/v1/Account/${credentials.authId}/`;
	const exposed: VobizExposed = {
		credentials,
		secrets: [credentials.authToken, authSecret, parentAuthToken],
		parentAuthToken,
		errorShape: undefined,
		listShape: isOld ? 'meta' : 'page',
		liveListShape: 'calls',
	};

	const telephony = (status: number, error: string): Answer => ({
		status,
		body: { api_id: randomUUID(), error },
	});
	const platform = (status: number, code: string, message: string, details: object): Answer => ({
		status,
		body: {
			status: 'error',
			error: { code, message, details },
			timestamp: new Date().toISOString(),
			requestId: randomUUID(),
		},
	});
	/** One of the documented shapes, whichever `errorShape` says or is usual for the case. */
	const refuse = (
		usual: 'telephony' | 'platform',
		status: number,
		code: string,
		message: string,
		details: object = {},
	): Answer => {
		const shape = exposed.errorShape ?? usual;
		if (shape === 'captured') return { status, body: { error: message } };
		return shape === 'telephony'
			? telephony(status, message)
			: platform(status, code, message, details);
	};
	const unauthorized = (): Answer =>
		refuse('platform', 401, 'UNAUTHORIZED', 'Invalid authentication credentials');
	const notFound = (message: string): Answer => refuse('telephony', 404, 'NOT_FOUND', message);
	// "404 … if the stream_id is unknown, already stopped, or belongs to a different call"
	const noStream = (): Answer => notFound(isOld ? 'No active stream found' : 'Stream not found');
	/** A stop that worked: 204, or 200 with one of the two known sentences. */
	const stopped = (fields: object): Answer =>
		isOld ? { status: 200, body: fields } : { status: 204 };

	const find = ({ path }: Reading): Stream | undefined => {
		const stream = calls.streams.get(path.stream_id ?? '');
		return stream?.callId === path.call_uuid ? stream : undefined;
	};
	// docs.vobiz.ai/audio-streams/stream-object
	const show = (stream: Stream): object => ({
		stream_id: stream.id,
		call_uuid: stream.callId,
		service_url: stream.serviceUrl,
		status_callback_url: stream.statusCallback?.url ?? null,
		bidirectional: stream.bidirectional,
		audio_track: 'inbound',
		content_type: 'audio/x-mulaw;rate=8000',
		status:
			stream.state !== 'ended'
				? 'in-progress'
				: stream.endedBecause === 'disconnected'
					? 'failed'
					: 'completed',
		start_time: stream.upTime,
		end_time: stream.endTime,
	});
	const streamFields = (event: string, stream: Stream, call: Call | undefined): object => ({
		From: call?.from,
		To: call?.to,
		CallUUID: stream.callId,
		Event: event,
		StreamID: stream.id,
		...(event === 'StartStream' && { ServiceURL: stream.serviceUrl }),
		...(event === 'PlayedStream' && { Name: 'checkpoint' }),
		ParentAuthID: credentials.authId,
		status_callback_url: 'https://hooks.example.com/stream',
		status_callback_method: 'POST',
		Timestamp: momentOf(stream),
	});

	return {
		exposed,
		authenticate(request, { path, operationId }) {
			const { 'x-auth-id': id, 'x-auth-token': token } = request.headers;
			if (id !== credentials.authId || token !== credentials.authToken) return unauthorized();
			if (operationId === 'readAccount' || path.auth_id === id) return undefined;
			request.offContract = 'the account in the path is not the one in X-Auth-ID';
			return unauthorized();
		},
		refuse: {
			unknownPath: ({ path }) => (isMisspelt(path) ? unauthorized() : GATEWAY),
			wrongMethod: () => refuse('platform', 405, 'METHOD_NOT_ALLOWED', 'Method not allowed'),
			unauthorized,
			invalid: (_request, why) => refuse('platform', 422, 'VALIDATION_ERROR', why),
			tooManyRequests: (_request, seconds) =>
				refuse('platform', 429, 'RATE_LIMIT_EXCEEDED', 'Rate limit exceeded', {
					...(options.rateLimit?.retryAfter !== false && { retryAfter: seconds }),
				}),
		},
		operations: {
			readAccount: () => ({
				status: 200,
				body: {
					type: 'account',
					id: '500000',
					api_id: randomUUID(),
					name: 'Example',
					email: 'owner@vobiz.example',
					phone: '+15550100003',
					auth_id: credentials.authId,
					auth_secret: authSecret,
					address: '1 Example Street',
					cps_limit: 11,
					enabled: true,
				},
			}),
			stopStream(reading) {
				const stream = find(reading);
				if (!stream?.running) return noStream();
				calls.stopStream(stream);
				return stopped({ message: 'Stream stopped successfully', stream_id: stream.id });
			},
			stopAllStreams({ path }) {
				// Of a Call UUID that never existed as well: no document says otherwise.
				const running = calls.runningOf(path.call_uuid ?? '');
				for (const stream of running) calls.stopStream(stream);
				// "204 even if the call currently has no active streams (idempotent)"
				if (isOld && running.length === 0) return noStream();
				return stopped({
					message: 'All streams stopped successfully',
					streams_stopped: running.length,
				});
			},
			startStream({ path, body }) {
				const callId = path.call_uuid ?? '';
				if (!calls.calls.get(callId)?.up) return notFound('Call not found');
				const stream = calls.startStream(callId, requestedStream(body));
				return { status: 202, body: { stream_id: stream.id, message: 'Stream started' } };
			},
			readStream(reading) {
				const stream = find(reading);
				return stream && isReadable(standIn, calls.calls.get(stream.callId))
					? { status: 200, body: show(stream) }
					: notFound('Stream not found');
			},
			listStreams({ path, query }) {
				const call = calls.calls.get(path.call_uuid ?? '');
				if (!isReadable(standIn, call)) return notFound('Call not found');
				const limit = Math.min(Number(query.limit ?? PAGE), PAGE);
				const offset = Number(query.offset ?? 0);
				const all = calls.streamsOf(call.id);
				const objects = all.slice(offset, offset + limit).map(show);
				const lists = {
					page: {
						page: Math.floor(offset / limit) + 1,
						per_page: limit,
						total: all.length,
						objects,
					},
					meta: {
						api_id: randomUUID(),
						meta: { limit, offset, total_count: all.length, next: null, previous: null },
						objects,
					},
					single: objects[0] ?? {},
				};
				return { status: 200, body: lists[exposed.listShape] };
			},
			...callOperations(
				standIn,
				account,
				{
					notFound,
					noUrl: () => refuse('telephony', 400, 'BAD_REQUEST', 'aleg_url is missing'),
				},
				exposed,
			),
		},
		callbacks: {
			...Object.fromEntries(
				[
					'StartStream',
					'StopStream',
					'PlayedStream',
					'ClearedAudio',
					'DroppedStream',
					'DegradedStream',
				].map((event) => [
					event,
					form('stream', 'www.vobiz.ai/docs/xml/stream, status callback', (stream, call) => ({
						...streamFields(event, stream, call),
					})),
				]),
			),
			Hangup: form(
				'call',
				'docs.vobiz.ai/xml/request, sent to hangup_url; Event=Hangup: github.com/vobiz-ai/Agent-Skills',
				hangupFields,
			),
			Dial: form('call', 'www.vobiz.ai/docs/xml/dial, sent to callbackUrl', dialFields),
			StartApp: form(
				'call',
				'github.com/vobiz-ai/Vobiz-Warm-Transfer-Conference, sent to answer_url',
				(call) => ({ ...callFields(call), CallStatus: 'ringing', Event: 'StartApp' }),
			),
			'call.ended': json(
				'call',
				'github.com/vobiz-ai/Vobiz-n8n-nodes, what its trigger node gives out',
				(call) => ({
					event: 'call.ended',
					call_uuid: call.id,
					from: call.from,
					to: call.to,
					direction: call.direction,
					ended_at: call.endTime ?? call.startTime,
					vobiz: hangupFields(call),
				}),
			),
			'ws-start': isOld
				? json('stream', 'www.docs.vobiz.ai/xml/stream/initiate, start', (stream, call) => ({
						event: 'start',
						streamId: stream.id,
						accountId: credentials.authId,
						callId: stream.callId,
						from: call?.from,
						to: call?.to,
						direction: call?.direction,
						contentType: 'audio/x-l16;rate=8000',
						audioTrack: 'inbound',
					}))
				: json('stream', 'docs.vobiz.ai/xml/stream/stream-events, start', (stream) => ({
						event: 'start',
						start: {
							callId: stream.callId,
							streamId: stream.id,
							// "Internal numeric Vobiz account" id, not the Auth ID
							accountId: '500000',
							mediaFormat: { encoding: 'audio/x-l16', sampleRate: 8000 },
						},
					})),
		},
		/** www.vobiz.ai/docs/concepts/validating-callbacks: only where the address has a user and password. */
		sign({ address }, { key, nonce = randomUUID(), isBare }) {
			if (isBare || new URL(address).username === '') return {};
			// Live captures show the account's tokens beside every signature, in plain text.
			const headers: Record<string, string> = {
				'auth-token': credentials.authToken,
				'parent-auth-token': parentAuthToken,
			};
			for (const version of ['V3', 'V2'] as const) {
				const sign = (token: string) => vobizSignature(address, key ?? token, nonce, version);
				headers[`X-Vobiz-Signature-${version}`] = sign(credentials.authToken);
				headers[`X-Vobiz-Signature-MA-${version}`] = sign(parentAuthToken);
				headers[`X-Vobiz-Signature-${version}-Nonce`] = nonce;
			}
			return headers;
		},
		flow: {
			dialect: 'Plivo XML',
			// "answer_url is called with Event=StartApp and CallStatus=ringing"
			fieldsOf: (call) => ({ ...callFields(call), Event: 'StartApp' }),
			streamOf: orderedStream,
			takesAllStreams: true,
			dropAfterMs: DROP_MS,
		},
	};
}

/** What the gateway in front of the API says to a route that it does not know. */
const GATEWAY: Answer = { status: 404, body: { message: 'Not Found' } };

/** "Wrong case or missing slash returns 401, not 404" (vobiz-plivo-migration) */
function isMisspelt(target: string): boolean {
	const [path = ''] = target.split('?');
	return /^\/api\/v1\/(?:auth\/me|account\/[^/]+\/call(?:\/[^/]+(?:\/stream(?:\/[^/]+)?)?)?)\/?$/i.test(
		path,
	);
}
