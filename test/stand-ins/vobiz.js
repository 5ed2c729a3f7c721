'use strict';

const { randomBytes, randomUUID } = require('node:crypto');
const { form, json } = require('./shapes');

/**
 * Vobiz, as docs.vobiz.ai (`generation: 'new'`) and the older pages under www.docs.vobiz.ai (`old`)
 * describe it: the older answer a stop with 200 and a message, and stop-all without a stream with 404.
 * Nothing was checked against a live account.
 */
module.exports = {
	name: 'vobiz',
	credentialType: 'vobizXAuthApi',
	contract: require('./vobiz.openapi.json'),
	newStreamId: () => `str_${randomBytes(8).toString('hex')}`,
	behave,
};

const PAGE = 20;

function behave(standIn) {
	const { calls, url, options } = standIn;
	const isOld = options.generation === 'old';
	const credentials = {
		authId: 'MA_EXAMPLE0',
		authToken: 'example-vobiz-auth-token-000000000000000',
		baseUrl: url,
	};
	const authSecret = 'example-vobiz-auth-secret-00000000000000';

	const telephony = (status, error) => ({ status, body: { api_id: randomUUID(), error } });
	const platform = (status, code, message, details = {}) => ({
		status,
		body: {
			status: 'error',
			error: { code, message, details },
			timestamp: new Date().toISOString(),
			requestId: randomUUID(),
		},
	});
	/** One of the two documented shapes, whichever `errorShape` says or is usual for the case. */
	const refuse = (usual, status, code, message, details) =>
		(standIn.errorShape ?? usual) === 'telephony'
			? telephony(status, message)
			: platform(status, code, message, details);
	const unauthorized = () =>
		refuse('platform', 401, 'UNAUTHORIZED', 'Invalid authentication credentials');
	const notFound = (message) => refuse('telephony', 404, 'NOT_FOUND', message);
	// "404 … if the stream_id is unknown, already stopped, or belongs to a different call"
	const noStream = () => notFound(isOld ? 'No active stream found' : 'Stream not found');

	const find = ({ path }) => {
		const stream = calls.streams.get(path.stream_id);
		return stream?.callId === path.call_uuid ? stream : undefined;
	};
	// docs.vobiz.ai/audio-streams/stream-object
	const show = (stream) => ({
		stream_id: stream.id,
		call_uuid: stream.callId,
		service_url: SERVICE_URL,
		status_callback_url: null,
		bidirectional: stream.keepsCallAlive,
		audio_track: 'inbound',
		content_type: 'audio/x-mulaw;rate=8000',
		status: stream.running ? 'in-progress' : 'completed',
		start_time: stream.startTime,
		end_time: stream.endTime,
	});

	return {
		exposed: {
			credentials,
			secrets: [credentials.authToken, authSecret],
			/** 'telephony' or 'platform' for every refusal; undefined is what is usual for each. */
			errorShape: undefined,
			/** 'page' {page, per_page, total, objects}, 'meta' {api_id, meta, objects} as the Go SDK
			 * expects, or 'single': one stream object, as an older page shows. */
			listShape: isOld ? 'meta' : 'page',
		},
		authenticate(request, { path, operationId }) {
			const { 'x-auth-id': id, 'x-auth-token': token } = request.headers;
			if (id !== credentials.authId || token !== credentials.authToken) return unauthorized();
			if (operationId === 'readAccount' || path.auth_id === id) return undefined;
			request.offContract = 'the account in the path is not the one in X-Auth-ID';
			return unauthorized();
		},
		refuse: {
			// "wrong case or missing slash returns 401, not 404" (vobiz-plivo-migration)
			unknownPath: unauthorized,
			wrongMethod: () => refuse('platform', 405, 'METHOD_NOT_ALLOWED', 'Method not allowed'),
			unauthorized,
			invalid: (_request, why) => refuse('platform', 422, 'VALIDATION_ERROR', why),
			tooManyRequests: (_request, seconds) =>
				refuse('platform', 429, 'RATE_LIMIT_EXCEEDED', 'Rate limit exceeded', {
					...(options.rateLimit.retryAfter !== false && { retryAfter: seconds }),
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
				if (!isOld) return { status: 204 };
				return {
					status: 200,
					body: { message: 'Stream stopped successfully', stream_id: stream.id },
				};
			},
			stopAllStreams({ path }) {
				const running = calls.runningOf(path.call_uuid);
				for (const stream of running) calls.stopStream(stream);
				// "204 even if the call currently has no active streams (idempotent)"
				if (!isOld) return { status: 204 };
				if (running.length === 0) return noStream();
				return {
					status: 200,
					body: {
						message: 'All streams stopped successfully',
						streams_stopped: running.length,
					},
				};
			},
			startStream({ path }) {
				if (!calls.calls.get(path.call_uuid)?.up) return notFound('Call not found');
				const stream = calls.startStream(path.call_uuid);
				return { status: 202, body: { stream_id: stream.id, message: 'Stream started' } };
			},
			readStream(reading) {
				const stream = find(reading);
				return stream ? { status: 200, body: show(stream) } : notFound('Stream not found');
			},
			listStreams({ path, query }) {
				if (!calls.calls.has(path.call_uuid)) return notFound('Call not found');
				const limit = Math.min(Number(query.limit ?? PAGE), PAGE);
				const offset = Number(query.offset ?? 0);
				const all = calls.streamsOf(path.call_uuid);
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
				return { status: 200, body: lists[standIn.listShape] };
			},
		},
		callbacks: {
			...Object.fromEntries(
				['StartStream', 'StopStream', 'PlayedStream'].map((event) => [
					event,
					form('stream', 'docs.vobiz.ai/xml/stream, status callback', (stream, call) => ({
						From: call.from,
						To: call.to,
						CallUUID: call.id,
						Event: event,
						StreamID: stream.id,
						...(event === 'StartStream' && { ServiceURL: SERVICE_URL }),
						...(event === 'PlayedStream' && { Name: 'checkpoint' }),
						ParentAuthID: credentials.authId,
						status_callback_url: 'https://hooks.example.com/stream',
						status_callback_method: 'POST',
						Timestamp: stream.endTime ?? stream.startTime,
					})),
				]),
			),
			Hangup: form(
				'call',
				'docs.vobiz.ai/xml/request, sent to hangup_url; Event=Hangup: github.com/vobiz-ai/Agent-Skills',
				(call) => ({
					CallUUID: call.id,
					From: call.from,
					To: call.to,
					Direction: call.direction,
					CallStatus: 'completed',
					Event: 'Hangup',
					HangupCause: 'NORMAL_CLEARING',
					Duration: '30',
					BillDuration: '60',
				}),
			),
			'ws-start': isOld
				? json('stream', 'www.docs.vobiz.ai/xml/stream/initiate, start', (stream, call) => ({
						event: 'start',
						streamId: stream.id,
						accountId: credentials.authId,
						callId: call.id,
						from: call.from,
						to: call.to,
						direction: call.direction,
						contentType: 'audio/x-l16;rate=8000',
						audioTrack: 'inbound',
					}))
				: json('stream', 'docs.vobiz.ai/xml/stream/stream-events, start', (stream, call) => ({
						event: 'start',
						start: {
							callId: call.id,
							streamId: stream.id,
							// "Internal numeric Vobiz account" id, not the Auth ID
							accountId: '500000',
							mediaFormat: { encoding: 'audio/x-l16', sampleRate: 8000 },
						},
					})),
		},
	};
}

const SERVICE_URL = 'wss://audio.example.com/stream';
