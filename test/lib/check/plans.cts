/**
 * What the documents say to each step of *Check My Account*, provider by provider (read 2026-11). What a form
 * names is what the report may show.
 */

import type { CarrierName } from '../../../examples/src/common.cts';
import type { Form, Plan, Rule, Rules, Step } from './report.cts';

const form = (status: number | readonly number[], body: Rule): Form => ({
	status: typeof status === 'number' ? [status] : status,
	body,
});
/** The same where the documents name it second: an older page, an SDK, another product of the provider. */
const other = (status: number | readonly number[], body: Rule): Form => ({
	...form(status, body),
	other: true,
});
const keys = (required: Rules, optional?: Rules): Rule => ({
	keys: required,
	...(optional && { optional }),
});
const words = (...list: string[]): Rule => ({ words: list });
const any = (...list: Rule[]): Rule => ({ any: list });
const list = (of: Rule): Rule => ({ list: of });

/** "the record of a finished call … 404 while it is live", `?status=live`: vobiz.ai/docs, plivo-python's fixtures. */
const liveCall = keys(
	{
		api_id: 'text',
		call_status: { words: ['in-progress'], others: ['ringing', 'queued'] },
		call_uuid: 'call',
		direction: words('inbound', 'outbound'),
		from: 'text',
		session_start: 'time',
		to: 'text',
	},
	{
		caller_name: 'text',
		request_uuid: 'text',
		stir_attestation: 'text',
		stir_verification: 'text',
	},
);

const callRecord = keys(
	{ call_uuid: 'call', end_time: 'time' },
	{
		answer_time: any('time', 'null'),
		api_id: 'text',
		bill_duration: 'number',
		billed_duration: 'number',
		call_direction: words('inbound', 'outbound'),
		call_duration: 'number',
		call_state: words('ANSWERED', 'CANCELED', 'FAILED', 'BUSY', 'NO_ANSWER'),
		from_number: 'text',
		hangup_cause_code: 'number',
		hangup_cause_name: 'text',
		hangup_source: 'text',
		initiation_time: 'time',
		parent_call_uuid: any('text', 'null'),
		resource_uri: 'text',
		to_number: 'text',
		total_amount: 'text',
		total_rate: 'text',
	},
);

const error = (text: Rule): Rule => keys({ api_id: 'text', error: text });
const bareError = (text: Rule): Rule => keys({ error: text });
const NONE_ACTIVE = words('No active stream found');

/** Where no live call is needed to ask. */
const WRONG_TOKEN: Pick<Step, 'name' | 'asks' | 'by' | 'skipped'> = {
	name: 'Ask With a Wrong Token',
	asks: 'readCall',
	by: 'request',
};

const ANOTHER_RUNS =
	"not proved that only the check's own stream runs on this call: 'all' would have stopped others too";
const NO_ENDED = 'no ended call was filled in';
const NOT_LIVE = 'the provider shows no such live call';
const WRONG_ADDRESS = 'the provider knows no such address: check the account and its URL';
const REFUSED_START = 'the provider refused to start a stream';
const NO_EVENTS = 'this check receives no events';

interface Family {
	/** A stream of the check that runs, one that has ended, and any that the list may hold. */
	running: Rule;
	ended: Rule;
	anyStream: Rule;
	refused: Form[];
	/** What a gateway in front of the provider says to a path that it does not know. */
	wrongAddress: Form[];
	/** 404 in the forms of the provider. */
	notFound: Form[];
	started: Form[];
	notStarted: NonNullable<Step['unless']>;
	lists: (stream: Rule) => Form[];
	stopped: Form[];
	alreadyStopped: Form[];
	allStopped: Form[];
	noneToStop: Form[];
	unknownCall: Form[];
	endedAll: Form[];
	endedOne: Form[];
}

/** The steps of Plivo and Vobiz, which took over Plivo's API. */
const familySteps = (of: Family): Step[] => [
	{
		name: 'Read the Call',
		asks: 'readCall',
		by: 'request',
		forms: [form(200, liveCall)],
		unless: [
			{ reason: NOT_LIVE, forms: of.notFound },
			{ reason: WRONG_ADDRESS, forms: of.wrongAddress },
		],
	},
	{ ...WRONG_TOKEN, forms: of.refused },
	{ name: 'Read the Record', asks: 'readRecord', by: 'request', forms: of.notFound },
	{
		name: 'Start Stream 1',
		asks: 'startStream',
		by: 'request',
		forms: of.started,
		unless: of.notStarted,
	},
	{
		name: 'Read Stream 1',
		asks: 'readStream',
		by: 'request',
		needs: 'Start Stream 1',
		forms: [form(200, of.running)],
	},
	{
		name: 'Stop Stream 1',
		asks: 'stopStream',
		by: 'node',
		needs: 'Start Stream 1',
		forms: of.stopped,
		expects: ['stopped'],
	},
	{
		name: 'Read Stream 1 Again',
		asks: 'readStream',
		by: 'request',
		needs: 'Start Stream 1',
		forms: [form(200, of.ended)],
	},
	{
		name: 'Stop Stream 1 Again',
		asks: 'stopStream',
		by: 'node',
		needs: 'Start Stream 1',
		forms: of.alreadyStopped,
		expects: ['alreadyStopped'],
	},
	{
		name: 'Stop a Wrong ID',
		asks: 'stopStream',
		by: 'node',
		forms: of.alreadyStopped,
		expects: ['notFound'],
	},
	{
		name: 'Start Stream 2',
		asks: 'startStream',
		by: 'request',
		forms: of.started,
		unless: of.notStarted,
	},
	{
		name: 'List the Streams',
		asks: 'listStreams',
		by: 'request',
		forms: of.lists(of.anyStream),
	},
	{
		name: 'Stop All Streams',
		asks: 'stopAllStreams',
		by: 'node',
		forms: of.allStopped,
		expects: ['stopped'],
		skipped: ANOTHER_RUNS,
	},
	{
		name: 'Stop All Streams Again',
		asks: 'stopAllStreams',
		by: 'node',
		forms: of.noneToStop,
		expects: ['stopped', 'alreadyStopped'],
		skipped: ANOTHER_RUNS,
	},
	{
		name: 'Stop All of an Unknown Call',
		asks: 'stopAllStreams',
		by: 'node',
		about: 'unknown',
		forms: of.unknownCall,
		expects: ['stopped', 'notFound'],
	},
	{
		name: 'Stop All of the Ended Call',
		asks: 'stopAllStreams',
		by: 'node',
		about: 'ended',
		forms: of.endedAll,
		expects: ['stopped', 'alreadyStopped'],
		skipped: NO_ENDED,
	},
	{
		name: 'Stop One of the Ended Call',
		asks: 'stopStream',
		by: 'node',
		about: 'ended',
		forms: of.endedOne,
		expects: ['alreadyStopped', 'notFound'],
		skipped: NO_ENDED,
	},
	{ name: 'Read the Call Again', asks: 'readCall', by: 'request', forms: [form(200, liveCall)] },
	{
		name: 'List What Is Left',
		asks: 'listStreams',
		by: 'request',
		forms: of.lists(of.anyStream),
	},
];

/** Vobiz's and Plivo's rules for a stream in its three states. */
const streamStates = (
	stream: (end: Rule, status: Rule) => Rule,
	status: { running: Rule; ended: Rule },
): Pick<Family, 'running' | 'ended' | 'anyStream'> => ({
	running: stream('null', status.running),
	ended: stream('time', status.ended),
	anyStream: any(stream('null', status.running), stream('time', status.ended)),
});

// --- Plivo: docs.plivo.com/docs/voice/api/stream, plivo.com/docs/voice/api/overview, plivo-go's fixtures.

const plivoStream = (end: Rule, status: Rule): Rule =>
	keys(
		{
			audio_track: words('inbound', 'outbound', 'both'),
			bidirectional: 'boolean',
			bill_duration: 'number',
			billed_amount: 'text',
			call_uuid: 'call',
			created_at: 'time',
			end_time: end,
			plivo_auth_id: 'text',
			resource_uri: 'text',
			rounded_bill_duration: 'number',
			service_url: 'text',
			start_time: any('time', 'null'),
			stream_id: 'stream',
		},
		{ api_id: 'text', status, status_callback_url: any('text', 'null') },
	);

/** plivo-python takes a 404 without `api_id`, plivo-go one whose body is just {}. */
const plivo404: Form[] = [
	form(404, error('text')),
	other(404, bareError('text')),
	other(404, keys({})),
];
const plivoNoneActive = error(NONE_ACTIVE);
const plivoFamily: Family = {
	...streamStates(plivoStream, { running: words('initiated'), ended: words('initiated') }),
	// "SDKs handle both JSON {error} and text": plivo-python's process_response.
	refused: [
		form(401, error('text')),
		other(401, bareError('text')),
		other(401, 'plain'),
		other(401, keys({})),
	],
	wrongAddress: [],
	notFound: plivo404,
	started: [202, [200, 201]].map((status, i) => ({
		...form(
			status,
			keys({ api_id: 'text', message: words('audio streaming started'), stream_id: 'stream' }),
		),
		...(i > 0 && { other: true as const }),
	})),
	notStarted: [{ reason: REFUSED_START, forms: [form(400, error('text')), ...plivo404] }],
	lists: (stream) =>
		[
			{ form, total: 'total_count' },
			{ form: other, total: 'count' },
		].map(({ form: make, total }) =>
			make(
				200,
				keys({
					api_id: 'text',
					meta: keys({
						limit: 'number',
						next: any('null', 'text'),
						offset: 'number',
						previous: any('null', 'text'),
						[total]: 'number',
					}),
					objects: list(stream),
				}),
			),
		),
	stopped: [form(204, 'empty')],
	alreadyStopped: [
		form(400, plivoNoneActive),
		...plivo404.map((one) => ({ ...one, other: true as const })),
	],
	allStopped: [form(204, 'empty')],
	noneToStop: [form(204, 'empty'), other(400, plivoNoneActive)],
	unknownCall: plivo404,
	endedAll: [...plivo404, other(400, plivoNoneActive), other(204, 'empty')],
	endedOne: [...plivo404, other(400, plivoNoneActive)],
};

// --- Vobiz: www.vobiz.ai/docs/audio-streams and its older pages, www.vobiz.ai/docs/errors.

const vobizStream = (end: Rule, status: Rule): Rule =>
	keys({
		audio_track: words('inbound', 'outbound', 'both'),
		bidirectional: 'boolean',
		call_uuid: 'call',
		content_type: words(
			'audio/x-mulaw;rate=8000',
			'audio/x-l16;rate=8000',
			'audio/x-l16;rate=16000',
		),
		end_time: end,
		service_url: 'text',
		start_time: any('time', 'null'),
		status,
		status_callback_url: any('text', 'null'),
		stream_id: 'stream',
	});

/** `{status, error: {code, message, details}, timestamp, requestId}` of the platform. */
const platform = (...codes: string[]): Rule =>
	keys({
		status: words('error'),
		error: keys({ code: words(...codes), message: 'text', details: keys({}) }),
		timestamp: 'time',
		requestId: 'text',
	});
const vobiz404 = (text: Rule): Form[] => [
	form(404, error(text)),
	other(404, bareError(text)),
	other(404, platform('NOT_FOUND')),
];
const noStream: Form[] = [
	...vobiz404(words('Stream not found')),
	other(404, error(NONE_ACTIVE)),
	other(404, bareError(NONE_ACTIVE)),
];
/** "test for any 2xx" */
const ANY_2XX = [200, 201, 202];
const vobizFamily: Family = {
	...streamStates(vobizStream, {
		running: words('in-progress'),
		ended: { words: ['completed'], others: ['failed'] },
	}),
	refused: [
		form(401, platform('UNAUTHORIZED')),
		other(401, error('text')),
		other(401, bareError('text')),
	],
	// Live captures of vobiz-ai/Vobiz-Warm-Transfer-Conference.
	wrongAddress: [form(404, keys({ message: words('Not Found') }))],
	notFound: vobiz404('text'),
	started: [
		form(202, keys({ message: words('Stream started'), stream_id: 'stream' }, { api_id: 'text' })),
		other(
			[200, 201],
			keys({ message: words('Stream started'), stream_id: 'stream' }, { api_id: 'text' }),
		),
	],
	notStarted: [
		{
			reason: REFUSED_START,
			forms: [
				...[400, 402, 422].flatMap((status) => [
					form(status, error('text')),
					form(status, platform('BAD_REQUEST', 'VALIDATION_ERROR')),
				]),
				...vobiz404('text'),
			],
		},
	],
	lists: (stream) => [
		form(200, keys({ page: 'number', per_page: 'number', total: 'number', objects: list(stream) })),
		other(
			200,
			keys({
				api_id: 'text',
				meta: keys({
					limit: 'number',
					next: any('null', 'text'),
					offset: 'number',
					previous: any('null', 'text'),
					total_count: 'number',
				}),
				objects: list(stream),
			}),
		),
		other(200, stream),
	],
	stopped: [
		form(204, 'empty'),
		other(ANY_2XX, keys({ message: words('Stream stopped successfully'), stream_id: 'stream' })),
	],
	alreadyStopped: noStream,
	allStopped: [
		form(204, 'empty'),
		other(
			ANY_2XX,
			keys({ message: words('All streams stopped successfully'), streams_stopped: 'number' }),
		),
	],
	noneToStop: [
		form(204, 'empty'),
		other(
			ANY_2XX,
			keys({ message: words('All streams stopped successfully'), streams_stopped: 'number' }),
		),
		other(404, error(NONE_ACTIVE)),
		other(404, bareError(NONE_ACTIVE)),
	],
	unknownCall: [
		form(204, 'empty'),
		...vobiz404('text').map((one) => ({ ...one, other: true as const })),
	],
	endedAll: [
		form(204, 'empty'),
		...vobiz404('text').map((one) => ({ ...one, other: true as const })),
	],
	endedOne: [
		...noStream,
		...vobiz404(words('Call not found')).map((one) => ({ ...one, other: true as const })),
	],
};

// --- SignalWire: signalwire.com/docs/compatibility-api and its published TypeSpec.

/** `{code, message, more_info, status}`, `{errors: [{…}]}` with the code as text, `{errors: ["…"]}`. */
function compatErrors(status: number, code: number, make: typeof form = form): Form[] {
	const further = status === 401 || status === 403 ? [] : [10000, 20404, 20422, 21220];
	return [
		make(
			status,
			keys({
				code: { words: [code], others: further },
				message: 'text',
				more_info: 'text',
				status: { words: [status] },
			}),
		),
		other(
			status,
			keys({
				errors: list(
					keys({
						code: { words: [String(code)], others: further.map(String) },
						message: 'text',
						more_info: 'text',
					}),
				),
			}),
		),
		other(status, keys({ errors: list('text') })),
	];
}

const sw404 = compatErrors(404, 20404);
const swNotFound: Form[] = [
	...sw404,
	...compatErrors(400, 20404, other),
	...compatErrors(422, 20404, other),
];
const swCallStatus = (...live: string[]): Rule => ({ words: live });
const swCall = (status: Rule): Rule =>
	keys(
		{
			direction: words('inbound', 'outbound', 'outbound-api', 'outbound-dial'),
			from: 'text',
			sid: 'call',
			start_time: any('time', 'null'),
			status,
			to: 'text',
		},
		{
			account_sid: 'text',
			annotation: any('text', 'null'),
			answered_by: any('text', 'null'),
			api_version: words('2010-04-01'),
			audio_in_mos: any('number', 'text', 'null'),
			caller_name: any('text', 'null'),
			date_created: 'time',
			date_updated: 'time',
			duration: any('number', 'text', 'null'),
			end_time: any('time', 'null'),
			forwarded_from: any('text', 'null'),
			from_formatted: any('text', 'null'),
			group_sid: any('text', 'null'),
			parent_call_sid: any('text', 'null'),
			phone_number_sid: any('text', 'null'),
			price: any('number', 'text', 'null'),
			price_unit: any('text', 'null'),
			subresource_uris: keys(
				{},
				{
					notifications: 'text',
					recordings: 'text',
					streams: 'text',
					payments: 'text',
					events: 'text',
				},
			),
			to_formatted: any('text', 'null'),
			uri: 'text',
		},
	);
const swLive = form(200, swCall(swCallStatus('queued', 'initiated', 'ringing', 'in-progress')));
const swOver = form(
	200,
	swCall(swCallStatus('completed', 'canceled', 'failed', 'busy', 'no-answer')),
);
const swStream = (of: Rules, status: Rule): Rule =>
	keys(
		{
			account_sid: 'text',
			...of,
			date_updated: 'time',
			name: 'text',
			sid: 'stream',
			status,
			uri: 'text',
		},
		{ api_version: words('2010-04-01'), error_code: any('text', 'number', 'null') },
	);
const swStarted = (of: Rules): Form[] => [
	form(200, swStream(of, { words: ['queued', 'in-progress'] })),
];
const swNotStarted: NonNullable<Step['unless']> = [
	{
		reason: REFUSED_START,
		forms: [
			...swNotFound,
			...compatErrors(400, 31922),
			...compatErrors(422, 31922),
			...compatErrors(422, 21220),
		],
	},
];
const swStopped = (of: Rules): Form[] => [
	form(200, swStream(of, { words: ['stopped'], others: ['queued', 'in-progress'] })),
];
const ofCall: Rules = { call_sid: 'call' };
const ofConference: Rules = { conference_sid: 'text' };

/** signalwire.com/docs/apis, error-codes: `{errors: [{type, code, message, attribute, url}]}`. */
const CALLING_CODES = [
	'cannot_redirect_not_in_progress',
	'cannot_update_completed',
	'call_update_failed',
	'invalid_call_id_passed',
	'invalid_parameter',
	'not_found',
];
const callingErrors = list(
	keys(
		{ code: words(...CALLING_CODES), message: 'text' },
		{
			attribute: any('text', 'null'),
			type: words('validation_error', 'rest_error', 'not_found_error'),
			url: any('text', 'null'),
		},
	),
);
const callingRefusals: Form[] = [
	form([404, 422], keys({ errors: callingErrors })),
	other(404, keys({ error: words('Not Found') })),
];
const callingTaken = form(
	200,
	keys(
		{ id: 'call' },
		{
			answer_time: any('number', 'time', 'null'),
			direction: words('inbound', 'outbound'),
			duration: any('number', 'null'),
			duration_ms: any('number', 'null'),
			end_time: any('number', 'time', 'null'),
			from: 'text',
			source: 'text',
			status: words('queued', 'ringing', 'answered', 'in-progress', 'ended', 'completed'),
			to: 'text',
			type: 'text',
			url: any('text', 'null'),
		},
	),
);

const BRANCH = "the branch is not connected to 'Branches Begin Here'";

const signalWireSteps: Step[] = [
	{
		name: 'Read the Call',
		asks: 'readCall',
		by: 'request',
		forms: [swLive],
		unless: [{ reason: NOT_LIVE, forms: [swOver, ...sw404] }],
	},
	{ ...WRONG_TOKEN, forms: compatErrors(401, 20003) },
	{
		name: 'Start Stream 1',
		asks: 'startStream',
		by: 'request',
		forms: swStarted(ofCall),
		unless: swNotStarted,
	},
	{
		name: 'Stop Stream 1',
		asks: 'stopStream',
		by: 'node',
		needs: 'Start Stream 1',
		forms: swStopped(ofCall),
		expects: ['stopped'],
	},
	{
		name: 'Stop Stream 1 Again',
		asks: 'stopStream',
		by: 'node',
		needs: 'Start Stream 1',
		forms: swNotFound,
		expects: ['notFound'],
	},
	{
		name: 'Stop a Wrong ID',
		asks: 'stopStream',
		by: 'node',
		forms: swNotFound,
		expects: ['notFound'],
	},
	{
		name: 'Start Stream 2',
		asks: 'startStream',
		by: 'request',
		forms: swStarted(ofCall),
		unless: swNotStarted,
	},
	{
		name: 'Stop by Its Name as SID',
		asks: 'stopStream',
		by: 'node',
		needs: 'Start Stream 2',
		forms: swNotFound,
		expects: ['notFound'],
	},
	{
		name: 'Stop Stream 2',
		asks: 'stopStream',
		by: 'node',
		needs: 'Start Stream 2',
		forms: swStopped(ofCall),
		expects: ['stopped'],
	},
	{
		name: 'Stop an Unknown Control ID',
		asks: 'stopByControlId',
		by: 'node',
		forms: [...callingRefusals, { ...callingTaken, other: true }],
		expects: ['failed', 'notFound'],
	},
	{
		name: 'Stop One of the Ended Call',
		asks: 'stopStream',
		by: 'node',
		about: 'ended',
		forms: swNotFound,
		expects: ['alreadyStopped', 'notFound'],
		skipped: NO_ENDED,
	},
	{
		name: 'By Name: Start',
		asks: 'startStream',
		by: 'request',
		forms: swStarted(ofCall),
		unless: swNotStarted,
		skipped: BRANCH,
	},
	{
		name: 'By Name: Stop',
		asks: 'stopByName',
		by: 'node',
		forms: [swLive],
		expects: ['accepted'],
		skipped: BRANCH,
	},
	{
		name: 'By Name: Read the Call',
		asks: 'readCall',
		by: 'request',
		forms: [swLive, { ...swOver, other: true }],
		skipped: BRANCH,
	},
	{
		name: 'Conference: Start',
		asks: 'startConferenceStream',
		by: 'request',
		forms: swStarted(ofConference),
		unless: swNotStarted,
		skipped: BRANCH,
	},
	{
		name: 'Conference: Stop',
		asks: 'stopConferenceStream',
		by: 'node',
		needs: 'Conference: Start',
		forms: swStopped(ofConference),
		expects: ['stopped'],
		skipped: BRANCH,
	},
	{
		name: 'Conference: Stop Again',
		asks: 'stopConferenceStream',
		by: 'node',
		needs: 'Conference: Start',
		forms: swNotFound,
		expects: ['notFound'],
		skipped: BRANCH,
	},
	{ name: 'Read the Call Again', asks: 'readCall', by: 'request', forms: [swLive] },
];

const LIMIT_120 =
	'They end by themselves 120 seconds after they began, and with the call before that.';

export const PLANS: Record<CarrierName, Plan> = {
	plivo: {
		provider: 'plivo',
		shown: 'Plivo',
		steps: familySteps(plivoFamily),
		points: [
			{
				number: '6',
				what: 'The body of a 401',
				steps: ['Ask With a Wrong Token'],
				notTried: '',
			},
			{
				number: '7, first half',
				what: "The answer to 'Stop All Streams' where none runs",
				steps: ['Stop All Streams Again'],
				notTried: ANOTHER_RUNS,
			},
			{
				number: '7, second half',
				what: 'The answer to a stop on a call that has ended',
				steps: ['Stop All of the Ended Call', 'Stop One of the Ended Call'],
				notTried: NO_ENDED,
			},
			{
				number: '8',
				what: "Whether a callback's address may hold a user and a password",
				steps: [],
				notTried: NO_EVENTS,
			},
		],
		refused: plivoFamily.refused,
		over: [
			...plivo404,
			form(400, plivoNoneActive),
			form(200, callRecord),
			form(200, plivoFamily.ended),
			// A list of streams that is gone with its call.
			...plivoFamily.lists(plivoFamily.anyStream),
		],
		limit: LIMIT_120,
	},
	vobiz: {
		provider: 'vobiz',
		shown: 'Vobiz',
		steps: familySteps(vobizFamily),
		points: [
			{
				number: '9',
				what: "What happens to a call when its last 'keepCallAlive' stream stops",
				steps: [],
				notTried: 'this check never starts such a stream, since the call may end with it',
			},
			{
				number: '10',
				what: "The answer to 'Stop All Streams' for a Call UUID that never existed",
				steps: ['Stop All of an Unknown Call'],
				notTried: '',
			},
		],
		refused: vobizFamily.refused,
		over: [
			...vobiz404('text'),
			...noStream,
			form(200, callRecord),
			form(200, vobizFamily.ended),
			...vobizFamily.lists(vobizFamily.anyStream),
		],
		limit: LIMIT_120,
	},
	signalWire: {
		provider: 'signalWire',
		shown: 'SignalWire',
		steps: signalWireSteps,
		points: [
			{
				number: '1',
				what: 'The status and code of a stop of an ended or unknown stream',
				steps: ['Stop Stream 1 Again', 'Stop a Wrong ID', 'Stop One of the Ended Call'],
				notTried: '',
			},
			{
				number: '2, first half',
				what: 'Whether a stop by Stream SID works on `<Connect><Stream>`',
				steps: [],
				notTried: 'only a document starts such a stream, and this check starts none',
			},
			{
				number: '2, second half',
				what: "Whether a stream's name is taken in place of its SID",
				steps: ['Stop by Its Name as SID'],
				notTried: '',
			},
			{
				number: '3',
				what: 'The `Laml` parameter for an inline document',
				steps: [],
				notTried: 'it would take over the call, and the node does not use it',
			},
			{
				number: '4, first half',
				what: 'Whether a stop by control ID reaches a stream that SWML started',
				steps: [],
				notTried: 'only a SWML document starts such a stream',
			},
			{
				number: '4, second half',
				what: 'The error codes of a stop by control ID',
				steps: ['Stop an Unknown Control ID'],
				notTried: '',
			},
			{
				number: '5',
				what: "Whether the stream of a single call carries a 'ConferenceSid' in its events",
				steps: [],
				notTried: NO_EVENTS,
			},
		],
		refused: [
			...compatErrors(401, 20003),
			...compatErrors(403, 20003),
			form(401, keys({ error: words('Unauthorized') })),
			form(403, keys({ error: words('Forbidden') })),
		],
		over: [...swNotFound, swOver, ...callingRefusals],
		limit: 'Only hanging up ends them now.',
	},
};
