'use strict';

const { randomUUID } = require('node:crypto');
const { basic, form, json } = require('./shapes');

/**
 * Plivo, as docs.plivo.com, plivo.com/docs and the vendor's own SDKs describe it.
 * Nothing was checked against a live account. Where no document decides, `generation` does:
 * - `new`: a stop on a call that ended gets 404, stop-all with nothing running 204
 * - `old`: both get 400 'No active stream found'
 */
module.exports = {
	name: 'plivo',
	credentialType: 'plivoBasicApi',
	contract: require('./plivo.openapi.json'),
	newStreamId: randomUUID,
	behave,
};

const NO_ACTIVE_STREAM = 'No active stream found';

function behave(standIn) {
	const { calls, url, options } = standIn;
	const credentials = {
		authId: 'MAEXAMPLE00000000000',
		authToken: 'example-plivo-auth-token-0000000000000',
		baseUrl: url,
	};
	const authorization = basic(credentials.authId, credentials.authToken);
	const answer = (status, fields) => ({ status, body: { api_id: randomUUID(), ...fields } });
	const refuse = (status, error) => answer(status, { error });
	const apiPath = (call, stream) =>
		`/v1/Account/${credentials.authId}/Call/${call.id}/Stream/${stream.id}/`;

	/** Runs `then` for a call of this account; 404 for any other, as for "invalid Call UUID". */
	const withCall = (then) => (reading, request) => {
		const call = calls.calls.get(reading.path.call_uuid);
		return call ? then(call, reading, request) : refuse(404, 'Call not found');
	};
	const streamOf = (call, { path }) =>
		calls.streamsOf(call.id).find(({ id }) => id === path.stream_id);
	const ended = (call) => !call.up && options.generation === 'new';

	// plivo.com/docs/voice/api/stream/retrieve-a-stream; `status` 'initiated' with null times is in
	// plivo-go's fixtures, no list of its values is documented.
	const show = (call, stream) => ({
		audio_track: 'both',
		bidirectional: false,
		bill_duration: 0,
		billed_amount: '0.00000',
		call_uuid: call.id,
		created_at: plivoTime(stream.startTime),
		end_time: stream.endTime && plivoTime(stream.endTime),
		plivo_auth_id: credentials.authId,
		resource_uri: apiPath(call, stream),
		rounded_bill_duration: 0,
		service_url: SERVICE_URL,
		start_time: plivoTime(stream.startTime),
		status: 'initiated',
		stream_id: stream.id,
	});

	return {
		exposed: {
			credentials,
			secrets: [credentials.authToken, authorization.slice('Basic '.length)],
		},
		authenticate(request, { path }) {
			if (request.headers.authorization !== authorization) {
				return refuse(401, 'Authentication failed');
			}
			if (path.auth_id === credentials.authId) return undefined;
			request.offContract = 'the account in the path is not the one that signs';
			return refuse(401, 'Authentication failed');
		},
		refuse: {
			unknownPath: () => refuse(404, 'not found'),
			wrongMethod: () => refuse(405, 'Method not allowed'),
			unauthorized: () => refuse(401, 'Authentication failed'),
			invalid: (_request, why) => refuse(400, why),
			tooManyRequests: () => refuse(429, 'Too many requests'),
		},
		operations: {
			readAccount: () =>
				answer(200, {
					account_type: 'standard',
					address: '1 Example Street',
					auth_id: credentials.authId,
					auto_recharge: false,
					billing_mode: 'prepaid',
					cash_credits: '10.00000',
					city: 'Example',
					name: 'Example',
					resource_uri: `/v1/Account/${credentials.authId}/`,
					state: '',
					timezone: 'UTC',
				}),
			stopStream: withCall((call, reading) => {
				if (ended(call)) return refuse(404, 'Call not found');
				const stream = streamOf(call, reading);
				if (!stream?.running) return refuse(400, NO_ACTIVE_STREAM);
				calls.stopStream(stream);
				return { status: 204 };
			}),
			stopAllStreams: withCall((call) => {
				if (ended(call)) return refuse(404, 'Call not found');
				const running = calls.runningOf(call.id);
				if (running.length === 0 && options.generation === 'old') {
					return refuse(400, NO_ACTIVE_STREAM);
				}
				for (const stream of running) calls.stopStream(stream);
				return { status: 204 };
			}),
			startStream: withCall((call, { body }) => {
				if (!call.up) return refuse(404, 'Call not found');
				if (!/^wss?:\/\//.test(body.service_url)) return refuse(400, 'service_url is not valid');
				const stream = calls.startStream(call.id);
				return answer(202, { message: 'audio streaming started', stream_id: stream.id });
			}),
			readStream: withCall((call, reading) => {
				const stream = streamOf(call, reading);
				return stream ? answer(200, show(call, stream)) : refuse(404, 'not found');
			}),
			listStreams: withCall((call, { query }) => {
				const limit = Number(query.limit ?? 20);
				const offset = Number(query.offset ?? 0);
				const all = calls.streamsOf(call.id);
				const page = (from) =>
					from >= 0 && from < all.length
						? `/v1/Account/${credentials.authId}/Call/${call.id}/Stream/?limit=${limit}&offset=${from}`
						: null;
				return answer(200, {
					meta: {
						limit,
						next: page(offset + limit),
						offset,
						previous: page(offset - limit),
						total_count: all.length,
					},
					objects: all.slice(offset, offset + limit).map((stream) => show(call, stream)),
				});
			}),
		},
		callbacks: {
			...Object.fromEntries(
				['StartStream', 'StopStream', 'DroppedStream', 'DegradedStream'].map((event) => [
					event,
					form(
						'stream',
						'docs.plivo.com/docs/voice/xml/audiostream, status callback',
						(stream, call) => ({
							CallUUID: call.id,
							Event: event,
							From: call.from,
							ServiceURL: SERVICE_URL,
							StreamID: stream.id,
							Timestamp: plivoTime(stream.endTime ?? stream.startTime),
							To: call.to,
						}),
					),
				]),
			),
			Hangup: form('call', 'plivo.com/docs/voice/xml/request, sent to hangup_url', (call) => ({
				CallUUID: call.id,
				From: call.from,
				To: call.to,
				Direction: call.direction,
				CallStatus: 'completed',
				Event: 'Hangup',
				HangupCause: 'NORMAL_CLEARING',
				Duration: '30',
				BillDuration: '60',
			})),
			'ws-start': json(
				'stream',
				'plivo.com/docs/voice/audio-streaming/audio-streaming, start',
				(stream, call) => ({
					event: 'start',
					sequenceNumber: 1,
					start: {
						callId: call.id,
						streamId: stream.id,
						accountId: credentials.authId,
						tracks: ['inbound'],
						mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000 },
					},
					extra_headers: 'userId=12345',
				}),
			),
		},
	};
}

const SERVICE_URL = 'wss://audio.example.com/stream';

/** 2026-01-31T10:00:00.000Z → 2026-01-31 10:00:00+00:00 */
function plivoTime(iso) {
	return iso.replace('T', ' ').replace(/\.\d+Z$/, '+00:00');
}
