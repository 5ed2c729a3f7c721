import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Call, Conference, Stream } from './calls.cts';
import type { RawRequest, Reading } from './contract.cts';
import { renderBin, type StreamOrder } from './documents.cts';
import { basic, type Fields, form, json } from './events.cts';
import { signalWireJsonSignature, signalWireSignature } from './signatures.cts';
import type { Answer, Behaviour, Exposed, LoggedRequest, Provider, StandIn } from './stand-in.cts';
import { methodOf, textOf } from './telephony.cts';

/** Codes of SignalWire's Calling API, with their own sentences. */
export const COMMAND_CODES = {
	cannot_update_completed: 'Completed calls cannot be updated.',
	cannot_redirect_not_in_progress: 'The call cannot be redirected if it is not in progress.',
	call_update_failed: 'The call could not be updated. Please try again.',
	invalid_call_id_passed: 'The call ID must not point to a cXML call.',
	invalid_parameter: 'A parameter is not valid.',
} as const;

export type CommandCode = keyof typeof COMMAND_CODES;

/** What a test may read and set on SignalWire's stand-in. */
export interface SignalWireExposed extends Exposed {
	credentials: { spaceUrl: string; projectId: string; apiToken: string; signingSecret: string };
	/** What the API token may do; without 'Voice' nothing here. */
	scopes: Set<string>;
	/** 'compat' {code, message, more_info, status}, 'errors' {errors: [{…}]}, 'strings' {errors: ['…']} */
	errorShape: 'compat' | 'errors' | 'strings';
	/** The Calling API: 'errors' {errors: [{type, code, message, attribute, url}]} or 'error' {error: '…'} */
	callingErrorShape: 'errors' | 'error';
	/** The answer to an update of a call that is not in progress: 21220, or 10000 once it ended. */
	endedCall: { code: number; status: number };
	/** A refusal of the Calling API with these entries in its list. */
	refuseCommand(...codes: CommandCode[]): Answer;
	/** Keeps an XML bin and returns its address. */
	bin(template: string): string;
}

/**
 * SignalWire, as signalwire.com/docs/compatibility-api, its published TypeSpec and the guide
 * "Cancelling a Stream with the Update a Call API" describe it. Nothing was checked against a live
 * account. What no document decides: a stop of an unknown or already stopped stream gets 404 / 20404.
 */
export const signalWire: Provider<SignalWireExposed> = {
	name: 'signalWire',
	credentialType: 'signalWireBasicApi',
	contract: join(__dirname, 'signalwire.openapi.json'),
	newStreamId: randomUUID,
	behave,
};

const SPACE_ID = '22222222-2222-4222-8222-222222222222';
const NODE_ID = '33333333-3333-4333-8333-333333333333';

/** signalwire.com/docs/compatibility-api/error-codes */
const WORDS: Record<number, string> = {
	10000: 'An attempt was made to update a completed call',
	20003: 'Authentication failed',
	20404: 'The requested resource was not found',
	20429: 'There were too many requests or throughput was exceeded',
	21220: 'The call cannot be redirected if it is not in-progress',
};

function behave(standIn: StandIn): Behaviour<SignalWireExposed> {
	const { calls, url, options } = standIn;
	const projectId = `11111111-1111-4111-8111-${111_111_111_111 + options.account}`;
	const credentials = {
		spaceUrl: url,
		projectId,
		apiToken: 'PTexample/signalwire+token=&?????>>>>>~~Wp6mYd3sJb9vGh5QtKz',
		signingSecret: 'PSKexample-signing-key-Xn4fRc8uLe2BiVa7TgOo',
	};
	const authorization = basic(projectId, credentials.apiToken);
	const account = `/api/laml/2010-04-01/Accounts/${projectId}`;
	const bins = new Map<string, string>();
	const exposed: SignalWireExposed = {
		credentials,
		secrets: [
			credentials.apiToken,
			credentials.signingSecret,
			authorization.slice('Basic '.length),
		],
		scopes: new Set(['Voice']),
		errorShape: 'compat',
		callingErrorShape: 'errors',
		endedCall: { code: 21220, status: 400 },
		refuseCommand: (...codes) => ({
			status: 422,
			body: { errors: codes.map((code) => commandError(code, COMMAND_CODES[code])) },
		}),
		bin(template) {
			const path = `/laml-bins/${randomUUID()}`;
			bins.set(path, template);
			return `${url}${path}`;
		},
	};

	const isCalling = (request: RawRequest): boolean => request.path.startsWith('/api/calling/');
	const refuse = (
		request: RawRequest,
		status: number,
		code: number,
		message = WORDS[code] ?? '',
	): Answer => {
		if (isCalling(request)) return refuseCall(status, message);
		const more_info = `https://developer.signalwire.com/compatibility-api/reference/error-codes#${code}`;
		const bodies = {
			compat: { code, message, more_info, status },
			errors: { errors: [{ code: String(code), message, more_info }] },
			strings: { errors: [message] },
		};
		return { status, body: bodies[exposed.errorShape] };
	};
	/** specs/signalwire-rest/types/status-codes: a list, or one plain word that fits the status. */
	const refuseCall = (status: number, message: string): Answer => {
		const words: Record<number, string> = {
			401: 'Unauthorized',
			403: 'Forbidden',
			404: 'Not Found',
		};
		const word = words[status];
		if (exposed.callingErrorShape === 'error' && word) return { status, body: { error: word } };
		const code = word ? word.toLowerCase().replace(' ', '_') : 'invalid_parameter';
		return { status, body: { errors: [commandError(code, message)] } };
	};
	const notFound = (request: RawRequest): Answer => refuse(request, 404, 20404);
	const unauthorized = (request: RawRequest): Answer => refuse(request, 401, 20003);

	/** A call that the Compatibility API knows: "a SWML or Relay call need not exist here". */
	const callOf = ({ path }: Reading): Call | undefined => {
		const call = calls.calls.get(path.CallSid ?? '');
		return call?.runs === 'SWML' ? undefined : call;
	};
	const conferenceOf = ({ path }: Reading): Conference | undefined =>
		calls.conferences.get(path.ConferenceSid ?? '');

	const showStream = (stream: Stream): object => {
		const { conferenceId } = stream;
		const of = conferenceId ? `Conferences/${conferenceId}` : `Calls/${stream.callId}`;
		return {
			account_sid: projectId,
			...(conferenceId ? { conference_sid: conferenceId } : { call_sid: stream.callId }),
			date_updated: rfc2822(stream.endTime ?? stream.startTime),
			name: stream.name,
			sid: stream.id,
			status: { starting: 'queued', running: 'in-progress', ended: 'stopped' }[stream.state],
			uri: `${account}/${of}/Streams/${stream.id}.json`,
		};
	};
	const showCall = (call: Call): object => ({
		account_sid: projectId,
		annotation: null,
		api_version: '2010-04-01',
		date_created: rfc2822(call.startTime),
		date_updated: rfc2822(call.endTime ?? call.startTime),
		direction: call.direction,
		end_time: call.endTime && rfc2822(call.endTime),
		from: call.from,
		parent_call_sid: null,
		sid: call.id,
		start_time: rfc2822(call.startTime),
		status: call.status,
		to: call.to,
		uri: `${account}/Calls/${call.id}.json`,
	});
	const showConference = (conference: Conference): object => ({
		account_sid: projectId,
		api_version: '2010-04-01',
		date_created: rfc2822(conference.startTime),
		date_updated: rfc2822(conference.endTime ?? conference.startTime),
		friendly_name: conference.name,
		sid: conference.id,
		status: conference.status,
		uri: `${account}/Conferences/${conference.id}.json`,
	});

	const callFields = (call: Call): Record<string, string> => ({
		AccountSid: projectId,
		ApiVersion: '2010-04-01',
		CallSid: call.id,
		CallStatus: call.status,
		Direction: call.direction,
		From: call.from,
		To: call.to,
	});
	/** A stream as a request describes it; the stand-in needs a name only where one is given. */
	const requested = (body: Record<string, unknown>): Partial<Stream> => {
		const name = textOf(body, 'Name');
		const callback = textOf(body, 'StatusCallback');
		return {
			serviceUrl: textOf(body, 'Url') ?? '',
			...(name && { name }),
			...(callback && {
				statusCallback: { url: callback, method: methodOf(textOf(body, 'StatusCallbackMethod')) },
			}),
		};
	};
	const callState = (call: Call): Fields => ({
		event_type: 'calling.call.state',
		event_channel: `swml:${SPACE_ID}`,
		timestamp: Date.parse(call.endTime ?? call.startTime) / 1000,
		project_id: projectId,
		space_id: SPACE_ID,
		params: {
			call_id: call.id,
			node_id: NODE_ID,
			segment_id: call.id,
			call_state: call.up ? (call.status === 'in-progress' ? 'answered' : 'ringing') : 'ended',
			direction: call.direction,
			device: { type: 'phone', params: { from_number: call.from, to_number: call.to } },
			start_time: Date.parse(call.startTime),
			...(call.endTime && { end_time: Date.parse(call.endTime), end_reason: 'hangup' }),
		},
	});
	const streamState = (stream: Stream, withCall: boolean): Fields => ({
		event_type: 'calling.call.stream',
		event_channel: `swml:${SPACE_ID}`,
		timestamp: Date.parse(stream.endTime ?? stream.startTime) / 1000,
		project_id: projectId,
		space_id: SPACE_ID,
		params: {
			...(withCall && { call_id: stream.callId, node_id: NODE_ID, segment_id: stream.callId }),
			control_id: stream.controlId,
			state: stream.state === 'ended' ? 'finished' : 'streaming',
			url: stream.serviceUrl,
			name: stream.name,
		},
	});

	const startStream = (request: LoggedRequest, start: (() => Stream) | undefined): Answer => {
		if (!start) {
			const why = 'A stream cannot be started for a call or conference in the current state';
			return refuse(request, 422, 21220, why);
		}
		return { status: 200, body: showStream(start()) };
	};
	/** "422 {errors: ["…"]}" is the shape that a conference's streams are refused in. */
	const refuseConference = (message: string): Answer => ({
		status: 422,
		body: { errors: [message] },
	});

	return {
		exposed,
		page({ path, body }) {
			if (!path.startsWith('/laml-bins/')) return undefined;
			const target = new URL(path, url);
			const template = bins.get(target.pathname);
			if (template === undefined) return { status: 404, body: 'Not found' };
			const values = Object.fromEntries([...target.searchParams, ...new URLSearchParams(body)]);
			return {
				status: 200,
				headers: { 'Content-Type': 'text/xml' },
				body: renderBin(template, values),
			};
		},
		// "GET and DELETE are effectively unlimited"
		isLimited: ({ method }) => method === 'POST',
		authenticate(request, { path, operationId }) {
			if (request.headers.authorization !== authorization) return unauthorized(request);
			if (!exposed.scopes.has('Voice')) {
				// The compatibility pages say 401 to a missing scope, the general REST pages 403.
				return refuse(request, isCalling(request) ? 403 : 401, 20003);
			}
			if (operationId === 'callCommand' || path.AccountSid === projectId) return undefined;
			request.offContract = 'the project in the path is not the one that signs';
			return unauthorized(request);
		},
		refuse: {
			unknownPath: notFound,
			wrongMethod: notFound,
			unauthorized,
			invalid: (request, why) =>
				refuse(request, 422, 10000, `The argument passed is invalid: ${why}`),
			tooManyRequests: (request) => refuse(request, 429, 20429),
		},
		operations: {
			listCalls({ query }) {
				const size = Number(query.PageSize ?? 50);
				const page = Number(query.Page ?? 0);
				const all = [...calls.calls.values()]
					.reverse()
					.filter(({ runs, status }) => runs !== 'SWML' && status === (query.Status ?? status));
				const uri = (number: number): string => {
					const status = query.Status === undefined ? '' : `Status=${String(query.Status)}&`;
					return `${account}/Calls?${status}Page=${number}&PageSize=${size}`;
				};
				return {
					status: 200,
					body: {
						calls: all.slice(page * size, (page + 1) * size).map(showCall),
						first_page_uri: uri(0),
						next_page_uri: (page + 1) * size < all.length ? uri(page + 1) : null,
						page,
						page_size: size,
						previous_page_uri: page > 0 ? uri(page - 1) : null,
						uri: uri(page),
					},
				};
			},
			readCall(reading, request) {
				const call = callOf(reading);
				return call ? { status: 200, body: showCall(call) } : notFound(request);
			},
			updateCall(reading, request) {
				const call = callOf(reading);
				if (!call) return notFound(request);
				const { body } = reading;
				const status = textOf(body, 'Status');
				const isOver = !call.up || (status === undefined && call.status !== 'in-progress');
				if (isOver) {
					// 10000 says that the call is completed, which a call that still rings is not.
					const code = call.up ? 21220 : exposed.endedCall.code;
					return refuse(request, exposed.endedCall.status, code);
				}
				const document = textOf(body, 'Url');
				if (status) {
					const end = status === 'canceled' ? 'canceled' : 'completed';
					calls.endCall(call.id, end, 'hung up by the API');
				} else if (document) {
					const spare = textOf(body, 'FallbackUrl');
					standIn.runDocument(
						call,
						document,
						textOf(body, 'Method'),
						spare ? { url: spare, method: textOf(body, 'FallbackMethod') } : undefined,
					);
				}
				return { status: 200, body: showCall(call) };
			},
			startStream(reading, request) {
				const call = callOf(reading);
				if (!call) return notFound(request);
				// "Unique name for the Stream, per Call"; no document says how a second one is refused.
				const name = textOf(reading.body, 'Name');
				if (calls.runningOf(call.id).some((one) => one.name === name)) {
					return refuse(request, 422, 10000, 'Duplicated stream name');
				}
				return startStream(
					request,
					call.up ? () => calls.startStream(call.id, requested(reading.body)) : undefined,
				);
			},
			stopStream({ path }, request) {
				const stream = calls.streams.get(path.Sid ?? '');
				if (!stream?.running || stream.conferenceId || stream.callId !== path.CallSid) {
					return notFound(request);
				}
				calls.stopStream(stream);
				return { status: 200, body: showStream(stream) };
			},
			readConference(reading, request) {
				const conference = conferenceOf(reading);
				return conference ? { status: 200, body: showConference(conference) } : notFound(request);
			},
			startConferenceStream(reading, request) {
				const conference = conferenceOf(reading);
				if (!conference) return notFound(request);
				if (conference.status === 'completed') {
					return refuseConference('The conference is not in progress');
				}
				const stream = calls.startConferenceStream(conference.id, requested(reading.body));
				return { status: 200, body: showStream(stream) };
			},
			stopConferenceStream({ path }, request) {
				const stream = calls.streams.get(path.Sid ?? '');
				if (!stream?.running || stream.conferenceId !== path.ConferenceSid) {
					return notFound(request);
				}
				calls.stopStream(stream);
				return { status: 200, body: showStream(stream) };
			},
			callCommand({ body }, request) {
				const call = calls.calls.get(textOf(body, 'id') ?? '');
				if (!call) return notFound(request);
				if (call.runs === 'cXML') return exposed.refuseCommand('invalid_call_id_passed');
				// No document says what a command for a call that ended gets.
				if (!call.up) return notFound(request);
				const { control_id } = Object(body.params);
				const stream = calls.runningOf(call.id).find(({ controlId }) => controlId === control_id);
				if (stream) calls.stopStream(stream);
				return {
					status: 200,
					body: {
						id: call.id,
						from: call.from,
						to: call.to,
						direction: call.direction,
						status: 'answered',
					},
				};
			},
		},
		callbacks: {
			...Object.fromEntries(
				['stream-started', 'stream-stopped', 'stream-error'].map((event) => [
					event,
					form(
						'stream',
						'signalwire.com/docs/compatibility-api/cxml/voice/stream, StatusCallback parameters',
						(stream) => ({
							AccountSid: projectId,
							...(stream.callId && { CallSid: stream.callId }),
							// "If the stream is part of a conference, the unique identifier for the conference."
							...(stream.conferenceId && { ConferenceSid: stream.conferenceId }),
							StreamSid: stream.id,
							StreamName: stream.name,
							StreamEvent: event,
							...(event === 'stream-error' && { StreamError: 'connection_refused' }),
							StreamTrack: 'inbound_track',
							Timestamp: stream.endTime ?? stream.startTime,
							'Unique-ID': stream.callId || stream.id,
						}),
					),
				]),
			),
			...Object.fromEntries(
				['call-completed', 'call-status'].map((kind) => [
					kind,
					form(
						'call',
						'signalwire.com/docs/compatibility-api, voice status callback (specs/compatibility-api/calls/models/webhooks.tsp)',
						(call) => ({
							...callFields(call),
							CallbackSource: 'call-progress-events',
							...((kind === 'call-completed' || !call.up) && { CallDuration: '30' }),
							CallStatus: kind === 'call-completed' ? 'completed' : call.status,
							SequenceNumber: '0',
							Timestamp: rfc2822(call.endTime ?? call.startTime),
						}),
					),
				]),
			),
			'ws-start': json(
				'stream',
				'signalwire.com/docs/compatibility-api/cxml/voice/stream, Start message',
				(stream) => ({
					event: 'start',
					sequenceNumber: '1',
					start: {
						streamSid: stream.id,
						accountSid: projectId,
						callSid: stream.callId,
						tracks: ['inbound'],
						customParameters: {},
						mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
					},
				}),
			),
			'calling.call.stream': json(
				'stream',
				'signalwire.com/docs/apis/rest/calls/webhooks/stream-status-callback',
				(stream) => streamState(stream, true),
			),
			'calling.call.stream without call_id': json(
				'stream',
				'signalwire.com/docs/swml/reference/connect, status_url of a stream: no call_id is documented',
				(stream) => streamState(stream, false),
			),
			'calling.call.state': json(
				'call',
				'developer.signalwire.com/sdks/realtime-sdk/voice/call-state',
				callState,
			),
		},
		sign(event, { key = credentials.signingSecret, json: hashes = [] }): Record<string, string> {
			const { isForm, address, text } = event;
			if (isForm) return { 'X-SignalWire-Signature': signalWireSignature(event, key) };
			const signature = (algorithm: 'sha1' | 'sha256') =>
				signalWireJsonSignature(address, text, key, algorithm);
			return {
				...(hashes.includes('SHA-1') && { 'X-SignalWire-Signature': signature('sha1') }),
				...(hashes.includes('SHA-256') && { 'X-SignalWire-SHA256-Signature': signature('sha256') }),
			};
		},
		flow: { dialect: 'cXML', fieldsOf: callFields, streamOf },
	};
}

/** One entry of a refusal of the Calling API. */
function commandError(code: string, message: string): object {
	return {
		type: 'validation_error',
		code,
		message,
		attribute: null,
		url: 'https://signalwire.com/docs/apis/error-codes',
	};
}

/** The stream that a document orders: signalwire.com/docs/compatibility-api/cxml/voice/stream. */
function streamOf(order: StreamOrder): Partial<Stream> {
	const { url, attributes, connect } = order;
	const { name, statusCallback } = attributes;
	return {
		serviceUrl: url,
		bidirectional: connect,
		keepsCallAlive: connect,
		...(name && { name }),
		...(statusCallback && {
			statusCallback: { url: statusCallback, method: methodOf(attributes.statusCallbackMethod) },
		}),
	};
}

/** Wed, 19 Sep 2018 20:00:00 +0000 */
function rfc2822(iso: string): string {
	return new Date(iso).toUTCString().replace('GMT', '+0000');
}
