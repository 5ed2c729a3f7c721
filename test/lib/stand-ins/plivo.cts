import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Call, Stream } from './calls.cts';
import type { Reading } from './contract.cts';
import { basic, form, json } from './events.cts';
import { plivoSignature } from './signatures.cts';
import type { Answer, Behaviour, Exposed, LoggedRequest, Provider, StandIn } from './stand-in.cts';
import {
	callFields,
	callOperations,
	dialFields,
	hangupFields,
	isReadable,
	localTime,
	momentOf,
	orderedStream,
	requestedStream,
} from './telephony.cts';

/** What a test may read and set on Plivo's stand-in. */
export interface PlivoExposed extends Exposed {
	credentials: { authId: string; authToken: string; baseUrl: string };
	/** The main account's token, where the credential is a subaccount's: signatures `-MA-V3`. */
	mainAuthToken: string;
	/** How a 404 reads: with `api_id` and `error`, with `error` alone, or `{}`. */
	notFoundShape: 'usual' | 'error alone' | 'empty';
	/** The account allows other addresses than ours: 403 to everything. */
	ipBlocked: boolean;
	/** The list of live calls: Plivo's own, or `objects` with at most 20, as a third party reads it. */
	liveListShape: 'calls' | 'objects';
}

/**
 * Plivo, as docs.plivo.com, plivo.com/docs and the vendor's own SDKs describe it.
 * Nothing was checked against a live account. Where no document decides, `generation` does:
 * - `new`: a stop on a call that ended gets 404, stop-all with nothing running 204
 * - `old`: both get 400 'No active stream found'
 */
export const plivo: Provider<PlivoExposed> = {
	name: 'plivo',
	credentialType: 'plivoBasicApi',
	contract: join(__dirname, 'plivo.openapi.json'),
	newStreamId: randomUUID,
	behave,
};

const NO_ACTIVE_STREAM = 'No active stream found';

function behave(standIn: StandIn): Behaviour<PlivoExposed> {
	const { calls, url, options } = standIn;
	const credentials = {
		authId: `MAEXAMPLE${String(options.account).padStart(11, '0')}`,
		authToken: 'example/plivo+auth=token&?????>>>>>~~mhT4vRz8LqWc2NdKx7',
		baseUrl: url,
	};
	const mainAuthToken = 'example-plivo-main-account-token-bYs6JpF3gU9aEw';
	const authorization = basic(credentials.authId, credentials.authToken);
	const account = `/v1/Account/${credentials.authId}/`;
	const exposed: PlivoExposed = {
		credentials,
		secrets: [credentials.authToken, mainAuthToken, authorization.slice('Basic '.length)],
		mainAuthToken,
		notFoundShape: 'usual',
		ipBlocked: false,
		liveListShape: 'calls',
	};

	const answer = (status: number, fields: object): Answer => ({
		status,
		body: { api_id: randomUUID(), ...fields },
	});
	const refuse = (status: number, error: string): Answer => {
		if (status !== 404 || exposed.notFoundShape === 'usual') return answer(status, { error });
		// plivo-python takes a 404 without `api_id`, plivo-go one whose body is just {}.
		return { status, body: exposed.notFoundShape === 'empty' ? {} : { error } };
	};
	const pathOf = (call: Call): string => `${account}Call/${call.id}/Stream/`;

	type Operation = (reading: Reading, request: LoggedRequest) => Answer;
	/** Runs `then` for a call of this account; 404 for any other, as for "invalid Call UUID". */
	const withCall =
		(then: (call: Call, reading: Reading) => Answer): Operation =>
		(reading) => {
			const call = calls.calls.get(reading.path.call_uuid ?? '');
			return call ? then(call, reading) : refuse(404, 'Call not found');
		};
	const streamOf = (call: Call, { path }: Reading): Stream | undefined =>
		calls.streamsOf(call.id).find(({ id }) => id === path.stream_id);
	const ended = (call: Call): boolean => !call.up && options.generation === 'new';

	// plivo.com/docs/voice/api/stream/retrieve-a-stream; `status` 'initiated' with null times is in
	// plivo-go's fixtures, no list of its values is documented.
	const show = (call: Call, stream: Stream): object => ({
		audio_track: 'both',
		bidirectional: stream.bidirectional,
		bill_duration: 0,
		billed_amount: '0.00000',
		call_uuid: call.id,
		created_at: localTime(stream.startTime),
		end_time: stream.endTime && localTime(stream.endTime),
		plivo_auth_id: credentials.authId,
		resource_uri: `${pathOf(call)}${stream.id}/`,
		rounded_bill_duration: 0,
		service_url: stream.serviceUrl,
		start_time: stream.upTime && localTime(stream.upTime),
		status: 'initiated',
		stream_id: stream.id,
	});

	return {
		exposed,
		authenticate(request, { path }) {
			if (exposed.ipBlocked) return refuse(403, 'IP address is not whitelisted');
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
					resource_uri: account,
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
				if (!/^wss?:\/\//.test(String(body.service_url))) {
					return refuse(400, 'service_url is not valid');
				}
				// docs.plivo.com, initiate-an-audio-stream: 400 if a stream to that URL is active
				if (calls.runningOf(call.id).some(({ serviceUrl }) => serviceUrl === body.service_url)) {
					return refuse(400, 'A stream to this service_url is active');
				}
				const stream = calls.startStream(call.id, requestedStream(body));
				return answer(202, { message: 'audio streaming started', stream_id: stream.id });
			}),
			readStream: withCall((call, reading) => {
				const stream = isReadable(standIn, call) && streamOf(call, reading);
				return stream ? answer(200, show(call, stream)) : refuse(404, 'not found');
			}),
			listStreams: withCall((call, { query }) => {
				const limit = Number(query.limit ?? 20);
				const offset = Number(query.offset ?? 0);
				const all = isReadable(standIn, call) ? calls.streamsOf(call.id) : [];
				const page = (from: number): string | null =>
					from >= 0 && from < all.length ? `${pathOf(call)}?limit=${limit}&offset=${from}` : null;
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
			...callOperations(
				standIn,
				account,
				{
					notFound: (what) => refuse(404, what),
					noUrl: () => refuse(400, 'aleg_url is missing'),
				},
				exposed,
			),
		},
		callbacks: {
			...Object.fromEntries(
				[
					'StartStream',
					'StopStream',
					'DroppedStream',
					'DegradedStream',
					'PlayedStream',
					'ClearedAudio',
				].map((event) => [
					event,
					form(
						'stream',
						'docs.plivo.com/docs/voice/xml/audiostream, status callback',
						(stream, call) => ({
							CallUUID: stream.callId,
							Event: event,
							From: call?.from,
							ServiceURL: stream.serviceUrl,
							StreamID: stream.id,
							Timestamp: localTime(momentOf(stream)),
							To: call?.to,
						}),
					),
				]),
			),
			Hangup: form('call', 'plivo.com/docs/voice/xml/request, sent to hangup_url', hangupFields),
			Dial: form('call', 'docs.plivo.com/docs/voice/xml/dial, sent to callbackUrl', dialFields),
			'ws-start': json(
				'stream',
				'plivo.com/docs/voice/audio-streaming/audio-streaming, start',
				(stream) => ({
					event: 'start',
					sequenceNumber: 1,
					start: {
						callId: stream.callId,
						streamId: stream.id,
						accountId: credentials.authId,
						tracks: ['inbound'],
						mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000 },
					},
					extra_headers: 'userId=12345',
				}),
			),
		},
		sign: (event, { key, nonce = randomUUID() }) => ({
			'X-Plivo-Signature-V3-Nonce': nonce,
			'X-Plivo-Signature-V3': plivoSignature(event, key ?? credentials.authToken, nonce),
			'X-Plivo-Signature-Ma-V3': plivoSignature(event, key ?? mainAuthToken, nonce),
		}),
		flow: { dialect: 'Plivo XML', fieldsOf: callFields, streamOf: orderedStream },
	};
}
