'use strict';

const { randomUUID } = require('node:crypto');
const { setMaxListeners } = require('node:events');
const { renderBin, runDocument } = require('./cxml');
const { basic, form, json } = require('./shapes');

/**
 * SignalWire, as signalwire.com/docs/compatibility-api, its published TypeSpec and the guide
 * "Cancelling a Stream with the Update a Call API" describe it. Nothing was checked against a live
 * account. What no document decides: a stop of an unknown or already stopped stream gets 404 / 20404.
 */
module.exports = {
	name: 'signalWire',
	credentialType: 'signalWireBasicApi',
	contract: require('./signalwire.openapi.json'),
	newStreamId: randomUUID,
	behave,
};

const SPACE_ID = '22222222-2222-4222-8222-222222222222';
const NODE_ID = '33333333-3333-4333-8333-333333333333';

/** signalwire.com/docs/compatibility-api/error-codes */
const WORDS = {
	10000: 'An attempt was made to update a completed call',
	20003: 'Authentication failed',
	20404: 'The requested resource was not found',
	20429: 'There were too many requests or throughput was exceeded',
	21220: 'The call cannot be redirected if it is not in-progress',
};

function behave(standIn) {
	const { calls, url, options } = standIn;
	const projectId = '11111111-1111-4111-8111-111111111111';
	const credentials = {
		spaceUrl: url,
		projectId,
		apiToken: 'PTexample00000000000000000000000000000000000000000',
	};
	const authorization = basic(projectId, credentials.apiToken);
	const account = `/api/laml/2010-04-01/Accounts/${projectId}`;
	const isCalling = (request) => request.path.startsWith('/api/calling/');

	const refuse = (request, status, code, message = WORDS[code]) => {
		if (isCalling(request)) return refuseCommand(status, message);
		const more_info = `https://developer.signalwire.com/compatibility-api/reference/error-codes#${code}`;
		const bodies = {
			compat: { code, message, more_info, status },
			errors: { errors: [{ code: String(code), message, more_info }] },
			strings: { errors: [message] },
		};
		return { status, body: bodies[standIn.errorShape] };
	};
	/** specs/signalwire-rest/types/status-codes: a list, or one plain word that fits the status. */
	const refuseCommand = (status, message) => {
		const word = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found' }[status];
		if (standIn.callingErrorShape === 'error' && word) return { status, body: { error: word } };
		const item = {
			type: 'validation_error',
			code: word ? word.toLowerCase().replace(' ', '_') : 'invalid_parameter',
			message,
			attribute: null,
			url: 'https://signalwire.com/docs/apis/error-codes',
		};
		return { status, body: { errors: [item] } };
	};
	const notFound = (request) => refuse(request, 404, 20404);
	const unauthorized = (request) => refuse(request, 401, 20003);

	const showStream = (stream) => ({
		account_sid: projectId,
		call_sid: stream.callId,
		date_updated: rfc2822(stream.endTime ?? stream.startTime),
		name: stream.name,
		sid: stream.id,
		status: stream.running ? 'in-progress' : 'stopped',
		uri: `${account}/Calls/${stream.callId}/Streams/${stream.id}.json`,
	});
	const showCall = (call) => ({
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

	/** Work on documents that goes on after the answer. */
	const work = new Set();
	/** Call id → number of its document: a later update takes over from an earlier one. */
	const current = new Map();
	const documents = [];
	const bins = new Map();
	const closing = new AbortController();
	setMaxListeners(0, closing.signal);

	function redirect(call, { Url, Method = 'POST', FallbackUrl, FallbackMethod = 'POST' }) {
		const number = (current.get(call.id) ?? 0) + 1;
		current.set(call.id, number);
		const run = async () => {
			// The answer goes out first: 200 means taken, not done.
			await new Promise(setImmediate);
			await runDocument(
				{
					log: documents,
					signal: closing.signal,
					isCurrent: () => call.up && current.get(call.id) === number,
					fieldsOf: () => ({
						AccountSid: projectId,
						ApiVersion: '2010-04-01',
						CallSid: call.id,
						CallStatus: call.status,
						Direction: call.direction,
						From: call.from,
						To: call.to,
					}),
					takeOver: () => calls.cutOff(call.id),
					stop(name) {
						const stream = calls.runningOf(call.id).find((one) => one.name === name);
						if (stream) calls.stopStream(stream);
						return Boolean(stream);
					},
					hangUp: () => calls.endCall(call.id),
				},
				{ url: Url, method: Method },
				FallbackUrl && { url: FallbackUrl, method: FallbackMethod },
			);
		};
		const done = run().finally(() => work.delete(done));
		work.add(done);
	}

	/** Resolves when every document that was ordered has run. */
	async function settled() {
		while (work.size > 0) await Promise.all(work);
	}

	return {
		async close() {
			closing.abort();
			await settled();
		},
		exposed: {
			credentials,
			secrets: [credentials.apiToken, authorization.slice('Basic '.length)],
			/** What the API token may do; without 'Voice' nothing here. */
			scopes: new Set(['Voice']),
			/** 'compat' {code, message, more_info, status}, 'errors' {errors: [{…}]}, 'strings' {errors: ['…']} */
			errorShape: 'compat',
			/** The Calling API: 'errors' {errors: [{type, code, message, attribute, url}]} or 'error' {error: '…'} */
			callingErrorShape: 'errors',
			/** The answer to an update of a call that is not in progress: 21220, or 10000 once it ended. */
			endedCall: { code: 21220, status: 400, ...options.endedCall },
			documents,
			settled,
			/** Keeps an XML bin and returns its address. */
			bin(template) {
				const path = `/laml-bins/${randomUUID()}`;
				bins.set(path, template);
				return `${url}${path}`;
			},
		},
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
			if (!standIn.scopes.has('Voice')) {
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
			listCalls: (_reading, request) => ({
				status: 200,
				body: {
					calls: [...calls.calls.values()].slice(-1).map(showCall),
					first_page_uri: request.path,
					next_page_uri: null,
					page: 0,
					page_size: 1,
					previous_page_uri: null,
					uri: request.path,
				},
			}),
			readCall({ path }, request) {
				const call = calls.calls.get(path.CallSid);
				return call ? { status: 200, body: showCall(call) } : notFound(request);
			},
			updateCall({ path, body }, request) {
				const call = calls.calls.get(path.CallSid);
				if (!call) return notFound(request);
				if (call.status !== 'in-progress') {
					// 10000 says that the call is completed, which a call that still rings is not.
					const code = call.up ? 21220 : standIn.endedCall.code;
					return refuse(request, standIn.endedCall.status, code);
				}
				redirect(call, body);
				return { status: 200, body: showCall(call) };
			},
			startStream({ path, body }, request) {
				const call = calls.calls.get(path.CallSid);
				if (!call) return notFound(request);
				if (!call.up) {
					const why = 'A stream cannot be started for a call or conference in the current state';
					return refuse(request, 422, 21220, why);
				}
				const stream = calls.startStream(call.id, body.Name && { name: body.Name });
				return { status: 200, body: showStream(stream) };
			},
			stopStream({ path }, request) {
				const stream = calls.streams.get(path.Sid);
				if (stream?.callId !== path.CallSid || !stream.running) return notFound(request);
				calls.stopStream(stream);
				return { status: 200, body: showStream(stream) };
			},
			callCommand({ body }, request) {
				const call = calls.calls.get(body.id);
				if (!call?.up) return notFound(request);
				const stream = calls
					.runningOf(call.id)
					.find(({ controlId }) => controlId === body.params.control_id);
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
						(stream, call) => ({
							AccountSid: projectId,
							CallSid: call.id,
							StreamSid: stream.id,
							StreamName: stream.name,
							StreamEvent: event,
							...(event === 'stream-error' && { StreamError: 'connection_refused' }),
							StreamTrack: 'inbound_track',
							Timestamp: stream.endTime ?? stream.startTime,
							'Unique-ID': call.id,
						}),
					),
				]),
			),
			'call-completed': form(
				'call',
				'signalwire.com/docs/compatibility-api, voice status callback (specs/compatibility-api/calls/models/webhooks.tsp)',
				(call) => ({
					AccountSid: projectId,
					ApiVersion: '2010-04-01',
					CallbackSource: 'call-progress-events',
					CallDuration: '30',
					CallSid: call.id,
					CallStatus: 'completed',
					Direction: call.direction,
					From: call.from,
					SequenceNumber: '0',
					Timestamp: rfc2822(call.endTime ?? call.startTime),
					To: call.to,
				}),
			),
			'ws-start': json(
				'stream',
				'signalwire.com/docs/compatibility-api/cxml/voice/stream, Start message',
				(stream, call) => ({
					event: 'start',
					sequenceNumber: '1',
					start: {
						streamSid: stream.id,
						accountSid: projectId,
						callSid: call.id,
						tracks: ['inbound'],
						customParameters: {},
						mediaFormat: { encoding: 'audio/x-mulaw', sampleRate: 8000, channels: 1 },
					},
				}),
			),
			'calling.call.stream': json(
				'stream',
				'signalwire.com/docs/apis/rest/calls/webhooks/stream-status-callback',
				(stream, call) => ({
					event_type: 'calling.call.stream',
					event_channel: `swml:${SPACE_ID}`,
					timestamp: Date.parse(stream.endTime ?? stream.startTime) / 1000,
					project_id: projectId,
					space_id: SPACE_ID,
					params: {
						call_id: call.id,
						node_id: NODE_ID,
						segment_id: call.id,
						control_id: stream.controlId,
						state: stream.running ? 'streaming' : 'finished',
						url: 'wss://audio.example.com/stream',
						name: stream.name,
					},
				}),
			),
		},
	};
}

/** Wed, 19 Sep 2018 20:00:00 +0000 */
function rfc2822(iso) {
	return new Date(iso).toUTCString().replace('GMT', '+0000');
}
