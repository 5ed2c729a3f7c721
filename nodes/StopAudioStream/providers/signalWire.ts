import type { OptionSpec } from '../words/fields';
import { messages } from '../words/sentences';
import { isRecord, isSameId, textOf } from '../words/values';
import {
	isRefusal,
	type Account,
	type Answer,
	type CallRead,
	type EventNames,
	type FieldText,
	type Ids,
	type OwnReading,
	type Provider,
	type ProviderRequest,
	type StreamField,
	type Way,
} from './provider';
import {
	escape,
	escapesInEitherCase,
	header,
	sortByName,
	unique,
	writePaths,
	type Fields,
	type Scheme,
	type WebhookEvent,
} from './signature';
import { encode, pathSegment, withQuery } from './urls';

const callSid: FieldText = {
	label: 'Call SID',
	placeholder: 'e.g. 9d1c7f0e-5b7c-4b1e-8a55-1f2d3c4b5a69',
	description:
		"The call whose stream is to stop. SignalWire sends it as 'CallSid' to every webhook of the call, and as 'call_id' in realtime events.",
};

const conferenceSid: FieldText = {
	label: 'Conference SID',
	placeholder: 'e.g. 1a8f2c11-6f0e-4d0b-9f57-5a0d9c3e7b42',
	description:
		"The conference whose stream is to stop. SignalWire sends it as 'ConferenceSid' to the status callbacks of the conference and of its streams.",
};

const streamSid: StreamField = {
	kind: 'id',
	label: 'Stream SID',
	placeholder: 'e.g. 4f0d2a66-0b5f-4a3a-9a52-8c9d6b7e1f20',
	description:
		"The stream to stop. SignalWire returns it as 'sid' when a stream is started, and sends it as 'StreamSid' to the status callback and as 'streamSid' in the first message of the stream.",
};

const conferenceNames = ['ConferenceSid', 'conference_sid', 'conferenceSid'];
const callNames = ['CallSid', 'call_sid', 'callSid', 'call_id'];
const sidNames: EventNames = {
	place: [...callNames, ...conferenceNames],
	call: callNames,
	conference: conferenceNames,
	stream: ['StreamSid', 'stream_sid', 'streamSid'],
};
/** The type of SWML's and Relay's events about a stream: those about play, record and collect hold a control ID too. */
const STREAM_EVENT = 'calling.call.stream';
const controlNames: EventNames = {
	place: ['control_id'],
	call: callNames,
	// SWML documents no call in the events of a bidirectional stream, so the user puts it into the query of `status_url`.
	callInQuery: ['call_id'],
	conference: [],
	stream: ['control_id'],
	eventType: STREAM_EVENT,
};

const onCall = { noun: 'call', id: 'callId', field: callSid } as const;
const onConference = { noun: 'conference', id: 'conferenceSid', field: conferenceSid } as const;

const accountUrl = ({ origin, id }: Account) =>
	`${origin}/api/laml/2010-04-01/Accounts/${encodeURIComponent(id)}`;
const callUrl = (account: Account, { callId }: Ids) =>
	`${accountUrl(account)}/Calls/${pathSegment(callId, callSid.label)}`;
const conferenceUrl = (account: Account, ids: Ids) =>
	`${accountUrl(account)}/Conferences/${pathSegment(ids.conferenceSid, conferenceSid.label)}`;
const stopStream = (of: string, { stream }: Ids): ProviderRequest => ({
	method: 'POST',
	url: `${of}/Streams/${pathSegment(stream, streamSid.label)}`,
	form: { Status: 'stopped' },
});

/** `CallStatus` of a call that is over. */
const CALL_ENDED = ['completed', 'canceled', 'failed', 'busy', 'no-answer'];

/**
 * Reads the `status` of a call or a conference. `isUnknownTold`: whether a 404 shows that there is none. A call that
 * SWML or Relay runs need not exist in this API.
 */
const readsPlace = (
	urlOf: typeof callUrl,
	id: Way['on']['id'],
	words: { ended: readonly string[]; live: readonly string[] },
	isUnknownTold = true,
): CallRead => ({
	build: (account, ids) => ({ method: 'GET', url: urlOf(account, ids) }),
	read({ statusCode, body }, ids) {
		if (statusCode === 404 && isUnknownTold && ownErrors(body)) return 'notFound';
		if (statusCode !== 200 || !isRecord(body) || !isSameId(body.sid, ids[id])) return undefined;
		if (words.ended.includes(textOf(body.status))) return 'ended';
		return words.live.includes(textOf(body.status)) ? 'live' : undefined;
	},
});
const callWords = {
	ended: CALL_ENDED,
	live: ['queued', 'initiated', 'ringing', 'in-progress'],
};
const conferenceWords = { ended: ['completed'], live: ['init', 'in-progress'] };
const theCall = readsPlace(callUrl, 'callId', callWords);
const theConference = readsPlace(conferenceUrl, 'conferenceSid', conferenceWords);

/**
 * Stopping a stream by its SID: signalwire.com/docs/compatibility-api/rest/streams/update-stream (read 2026-11).
 * The answer speaks of the stream itself.
 */
const bySid: Way = {
	operation: 'stopStream',
	choice: {
		streamBy: 'sid',
		label: 'Stream SID',
		summary: 'For streams started by cXML or the Compatibility API. Leaves the call alone.',
	},
	on: onCall,
	stream: streamSid,
	inEvents: sidNames,
	notice:
		'<b>SignalWire: the call goes on.</b> <b>But</b> if this stream is all that keeps the call alive, the call may end.',
	build: (account, ids) => stopStream(callUrl(account, ids), ids),
	read: (answer) => (isRefusal(answer) ? readRefusal(answer, true) : readStoppedStream(answer)),
	callReads: [theCall],
};

const byConferenceSid: Way = {
	operation: 'stopStream',
	choice: {
		streamBy: 'conferenceSid',
		label: 'Conference Stream SID',
		summary: 'For a stream of a conference. Leaves the conference alone.',
	},
	on: onConference,
	stream: streamSid,
	inEvents: { ...sidNames, place: conferenceNames },
	notice: '<b>SignalWire: the conference and its calls go on.</b> Only this stream stops.',
	build: (account, ids) => stopStream(conferenceUrl(account, ids), ids),
	read: bySid.read,
	callReads: [theConference],
};

/**
 * "If the stream is part of a conference, the unique identifier for the conference" (stream.mdx, status callback).
 * Whether a call's own stream carries it too is documented nowhere, so after SignalWire's own 404 the stop goes to
 * the call.
 */
const bySidInConference: Way = {
	...byConferenceSid,
	choice: bySid.choice,
	fallback: bySid,
	callReads: [{ ...theConference, alsoEnded: theCall }],
};

/** The options of a document: common-webhook-errors.mdx and the parameters of "Update a Call". */
const documentOptions = {
	fallbackUrl: {
		name: 'cxmlFallbackUrl',
		label: 'cXML Fallback URL',
		type: 'string',
		default: '',
		placeholder: 'e.g. https://example.com/stop-stream',
		description: "The cXML that SignalWire runs if it cannot fetch the one at 'cXML URL'",
	},
	method: {
		name: 'cxmlMethod',
		label: 'cXML Method',
		type: 'options',
		default: 'POST',
		options: [
			{ name: 'GET', value: 'GET' },
			{ name: 'POST', value: 'POST' },
		],
		description: 'How SignalWire fetches the cXML and its fallback',
	},
	nameParameter: {
		name: 'nameParameter',
		label: 'Stream Name Parameter',
		type: 'string',
		default: 'STREAMNAME',
		description: "The parameter of 'cXML URL' that carries the stream's name",
	},
} as const satisfies Record<string, OptionSpec>;

const streamName: StreamField = {
	kind: 'name',
	label: 'Stream Name',
	placeholder: 'e.g. transcript',
	description:
		"The name that the stream was started with. The node adds it to 'cXML URL', for cXML that takes the name from there.",
	ifEmpty: 'Leave it empty if the cXML names the stream itself.',
};

/** By cXML that the call runs in place of its own: `<Stop><Stream name="…"/></Stop>`. */
const byName: Way = {
	operation: 'stopStream',
	choice: {
		streamBy: 'name',
		label: 'Stream Name',
		summary: 'Sends the call to cXML that stops the stream by its name',
		// A model must not choose a document that takes over a call.
		notInTools: true,
	},
	on: onCall,
	stream: streamName,
	document: {
		url: {
			label: 'cXML URL',
			placeholder: 'e.g. https://example.signalwire.com/laml-bins/…',
			description:
				'The cXML that stops the stream: a cXML Bin of your space, or a URL on your own server. SignalWire runs it in place of what the call is doing now.',
		},
		options: documentOptions,
	},
	inEvents: { ...sidNames, place: callNames, conference: [], stream: ['StreamName'] },
	notice:
		"<b>SignalWire: the cXML takes the call over.</b> SignalWire fetches it from 'cXML URL' and runs it <b>in place of</b> what the call is doing now. When it runs out of instructions, the call ends: put &lt;Pause&gt;, &lt;Redirect&gt; or &lt;Dial&gt; after &lt;Stop&gt; to keep it.",
	build: (account, ids) => ({
		method: 'POST',
		url: callUrl(account, ids),
		form: ids.document ? documentForm(ids.document, ids.stream) : {},
	}),
	read: (answer) =>
		isRefusal(answer) ? readRefusal(answer, false) : readTakenOrder(answer, 'sid'),
	callReads: [theCall],
};

/** The Calling API, for streams that calling.stream or SWML started: signalwire.com/docs/apis/calling (read 2026-11). */
const byControlId: Way = {
	operation: 'stopStream',
	choice: {
		streamBy: 'controlId',
		label: 'Control ID',
		summary: 'For streams started by calling.stream or SWML. Leaves the call alone.',
	},
	on: onCall,
	stream: {
		kind: 'controlId',
		label: 'Control ID',
		placeholder: 'e.g. my-stream-1',
		description:
			"The ID that 'calling.stream' or SWML started the stream with. SignalWire sends it as 'control_id' in realtime events.",
	},
	inEvents: controlNames,
	notice:
		'<b>SignalWire: the call goes on.</b> <b>But</b> if this stream is all that keeps the call alive, the call may end. Only streams that calling.stream or SWML started have a control ID.',
	build: ({ origin }, { callId, stream }) => ({
		method: 'POST',
		url: `${origin}/api/calling/calls`,
		json: {
			id: callId,
			command: 'calling.stream.stop',
			params: { control_id: stream },
		},
	}),
	read: (answer) => (isRefusal(answer) ? readCallingRefusal(answer) : readTakenOrder(answer, 'id')),
	callReads: [readsPlace(callUrl, 'callId', callWords, false)],
};

/** The way of an event that names a conference: its stop goes there. */
const bySidFromEvents: Way = { ...bySid, inConference: bySidInConference };

// The query was signed as it was written, and n8n hands it over decoded.

/** As most languages but JavaScript escape a value: all but letters, digits and `-._~`. */
const encodeStrictly = (text: string) => escape(encodeURIComponent(text), /[!'()*]/g);

/** The ways to write the query: at most twelve, usually one. */
const writeQueries = (query: Fields): string[] => {
	if (query.length === 0) return [''];
	// A browser leaves `:`, `@`, `,` and the like as they are.
	const texts = [encodeURI, encodeURIComponent, encodeStrictly].map((encode) =>
		query
			.flatMap(([name, values]) =>
				values.map(
					(value) => `${escape(encode(name), /[#&+=]/g)}=${escape(encode(value), /[#&+]/g)}`,
				),
			)
			.join('&'),
	);
	// A space is `%20` or `+`; a `+` of the query itself is `%2B` by now. .NET writes its escapes in lower case.
	return unique(
		texts
			.flatMap((text) => [`?${text}`, `?${text.replaceAll('%20', '+')}`])
			.flatMap(escapesInEitherCase),
	);
};

/** The ways to write user and password, which came in `authorization`: none, as typed, escaped. */
const writeUsers = (event: WebhookEvent): string[] => {
	const [, encoded = ''] = /^Basic +(\S+)$/i.exec(header(event, 'authorization')) ?? [];
	const decoded = Buffer.from(encoded, 'base64').toString();
	const colon = decoded.indexOf(':');
	if (colon === -1) return [''];
	const [user, password] = [decoded.slice(0, colon), decoded.slice(colon + 1)];
	return unique([
		'',
		...[encodeURI, encodeURIComponent].map((encode) => {
			const write = (text: string) => escape(encode(text), /[/?#@]/g);
			return `${write(user)}:${write(password)}@`;
		}),
	]);
};

/** With and without the port. */
const writeHosts = ({ scheme, host }: WebhookEvent): string[] => {
	const bare = host.replace(/:\d+$/, '');
	return [bare, bare === host ? `${host}:${scheme === 'https' ? 443 : 80}` : host];
};

/** The ways to write the URL: at most 432, nearly always four, or eight with user and password. */
const writeSignedUrls = (event: WebhookEvent, query: Fields): string[] => {
	let texts = [`${event.scheme}://`];
	for (const part of [
		writeUsers(event),
		writeHosts(event),
		writePaths(event),
		writeQueries(query),
	]) {
		texts = texts.flatMap((text) => part.map((next) => text + next));
	}
	return texts;
};

const signaturesIn = (event: WebhookEvent): string[] => {
	const signature = header(event, 'x-signalwire-signature') || header(event, 'x-twilio-signature');
	return signature === '' ? [] : [signature];
};

/**
 * As `validateRequest` of SignalWire's SDK 3.2.0 has it (lib/webhooks/webhooks.js, 2026-11-21): the
 * URL with its query, then the form's names, sorted, with their values in the order in which
 * they came. "Check signature of the url with and without the port number since signature
 * generation on the back end is inconsistent". A URL may hold user and password; n8n has them
 * in `authorization`. The query is signed as it was written, and n8n hands it over decoded, so it is
 * written again.
 */
const signedBySignalWire: Scheme = (event, form) => {
	if (event.query === undefined) return 'query';
	const fields = sortByName(form).flatMap(([name, values]) => values.map((one) => name + one));
	return [
		{
			algorithm: 'sha1',
			encoding: 'base64',
			signatures: signaturesIn(event),
			texts: writeSignedUrls(event, event.query).map((url) => url + fields.join('')),
		},
	];
};

/**
 * JSON events: lower-case hex HMAC of the URL and the raw body, SHA-1 in the usual header, SHA-256 in one of its own
 * (webhook-security.mdx and signalwire-python `webhook_validator.py`, read 2026-11-29).
 */
const rawSignedBySignalWire: Scheme<string> = (event, raw) => {
	if (event.query === undefined) return 'query';
	const texts = writeSignedUrls(event, event.query).map((url) => url + raw);
	const sha256 = header(event, 'x-signalwire-sha256-signature');
	return [
		{ algorithm: 'sha1', encoding: 'hex', signatures: signaturesIn(event), texts },
		{ algorithm: 'sha256', encoding: 'hex', signatures: sha256 === '' ? [] : [sha256], texts },
	];
};

/** SignalWire's Compatibility API, and for control IDs its Calling API: signalwire.com/docs (read 2026-11). */
export const signalWire: Provider = {
	name: 'signalWire',
	displayName: 'SignalWire',
	credential: {
		type: 'signalWireBasicApi',
		displayName: 'SignalWire Basic API',
		url: {
			name: 'spaceUrl',
			label: 'Space URL',
			example: 'example.signalwire.com',
			domain: 'signalwire.com',
		},
		id: { name: 'projectId', label: 'Project ID' },
		token: { name: 'apiToken', label: 'API Token' },
		signingKey: { name: 'signingSecret', label: 'Signing Key' },
	},
	// A missing scope is 401 in the Compatibility API's documents and 403 in the general ones.
	credentialHint:
		"Check 'Space URL', 'Project ID' and 'API Token' in the credential, and that the token has the scope Voice (SignalWire: API Credentials).",
	ways: [bySidFromEvents, byName, byControlId, byConferenceSid],
	events: {
		names: [sidNames, controlNames],
		// `StreamEvent`: stream.mdx, status callback. `state`: SWML's stream.mdx, `status_url` (read 2026-11).
		streamStarted: [
			{ field: 'StreamEvent', words: ['stream-started'] },
			{ field: 'state', words: ['streaming'], within: 'params', eventType: STREAM_EVENT },
		],
		streamEnded: [
			{ field: 'StreamEvent', words: ['stream-stopped', 'stream-error'] },
			{ field: 'state', words: ['finished'], within: 'params', eventType: STREAM_EVENT },
		],
		callEnded: [
			{ field: 'CallStatus', words: CALL_ENDED },
			// `calling.call.state` of SWML and Relay.
			{ field: 'call_state', words: ['ended'], within: 'params' },
		],
	},
	signature: {
		scheme: signedBySignalWire,
		rawScheme: rawSignedBySignalWire,
		keyField: { name: 'signingKey', label: 'Signing Key' },
		keyHint: "it is the project's Signing Key, not the API Token",
		signsHint: 'SignalWire signs the form callbacks of cXML.',
	},
	// "POST 13,800 per 10 s, account-wide": signalwire.com/docs/platform/rate-limits
	rateLimit: { requests: 13_800, windowMs: 10_000 },
};

/** The parameters of "Update a Call"; a stream's name goes into both URLs as a query parameter. */
function documentForm(
	{ url, fallbackUrl, method, nameParameter }: NonNullable<Ids['document']>,
	name: string | undefined,
): Record<string, string> {
	// `%20` and not `+`: cXML Bins are documented to want `+` itself encoded.
	const part =
		name &&
		`${encode(nameParameter, documentOptions.nameParameter.label)}=${encode(name, streamName.label)}`;
	const named = (documentUrl: string) =>
		part ? withQuery(documentUrl, nameParameter, part) : documentUrl;
	return {
		Url: named(url),
		Method: method,
		...(fallbackUrl && { FallbackUrl: named(fallbackUrl), FallbackMethod: method }),
	};
}

const ACCEPTED: OwnReading = { kind: 'outcome', status: 'accepted' };
const ALREADY_STOPPED: OwnReading = { kind: 'outcome', status: 'alreadyStopped' };
const NOT_FOUND: OwnReading = { kind: 'outcome', status: 'notFound' };

/** 200 with the stream's own object, whose `status` is queued, in-progress or stopped; or 204. */
function readStoppedStream({ statusCode, body }: Answer): OwnReading | undefined {
	if (statusCode === 204) return ACCEPTED;
	if (!isRecord(body) || ownErrors(body)) return undefined;
	if (body.status === 'stopped') return { kind: 'outcome', status: 'stopped' };
	return body.status === 'queued' || body.status === 'in-progress' ? ACCEPTED : undefined;
}

/** 200 with the call under `idName`, or 204: the request was accepted, which proves no stop. */
function readTakenOrder({ statusCode, body }: Answer, idName: string): OwnReading | undefined {
	if (statusCode === 204) return ACCEPTED;
	if (!isRecord(body) || ownErrors(body)) return undefined;
	return typeof body[idName] === 'string' ? ACCEPTED : undefined;
}

/** Whole sentences only: SignalWire may quote what the user sent, and that may hold any words. */
const ATTEMPT_ON_ENDED = /^(an attempt was made|attempt) to update a completed call\.?$/i;

/**
 * 21220 "call cannot be redirected if it is not in-progress", 10000 "attempt to update a completed call" or an
 * invalid argument (error-codes.mdx): only these words, or the call itself, tell whether the call ended. Any other
 * refusal of a stop by id leaves that open too; a refusal of a stop by name speaks of the cXML.
 */
function readRefusal({ statusCode, body }: Answer, isById: boolean): OwnReading | undefined {
	const errors = ownErrors(body);
	if (!errors) return undefined;
	if (statusCode === 404) return NOT_FOUND;
	const ofState = errors.filter(({ code }) => code === '21220' || code === '10000');
	if (ofState.some(({ message }) => ATTEMPT_ON_ENDED.test(message.trim()))) return ALREADY_STOPPED;
	return { kind: 'refusal', mayBeOver: isById || ofState.length > 0 };
}

/**
 * The Calling API's codes: signalwire.com/docs/apis, error-codes.mdx (read 2026-11). "Always iterate the array
 * rather than reading only the first entry."
 */
function readCallingRefusal({ statusCode, body }: Answer): OwnReading | undefined {
	// `{"error": "…"}` has no code, and nothing beside it: other servers put theirs there.
	const hasText =
		isRecord(body) && typeof body.error === 'string' && Object.keys(body).length === 1;
	const errors = ownErrors(body) ?? (hasText ? [] : undefined);
	if (!errors) return undefined;
	if (statusCode === 404) return NOT_FOUND;
	const says = (wanted: string) => errors.some(({ code }) => code === wanted);
	// "Completed calls cannot be updated."
	const ended = says('cannot_update_completed');
	// "The call ID must not point to a cXML call."
	const isCxml = says('invalid_call_id_passed');
	// "Please try again."
	const isTemporary = says('call_update_failed');
	// If another entry contradicts the end, the call itself is read.
	if (ended && !isCxml && !isTemporary) return ALREADY_STOPPED;
	if (isTemporary && !ended && !isCxml && !says('cannot_redirect_not_in_progress')) {
		return { kind: 'sendAgain' };
	}
	if (isCxml && !ended) {
		return { kind: 'refusal', mayBeOver: true, sentence: messages.noControlId };
	}
	return { kind: 'refusal', mayBeOver: true };
}

/**
 * SignalWire's error forms: `{code, message, more_info, status}` with a code of five digits, `{errors: [{code, message}]}`
 * with the code as text, and `{errors: ["…"]}`. `undefined` for any other form, which another server may have sent:
 * `{"code": 404, "message": "Not Found"}` is a usual one.
 */
function ownErrors(body: unknown): Array<{ code: string; message: string }> | undefined {
	if (!isRecord(body)) return undefined;
	if (!Array.isArray(body.errors)) {
		const error = ownError(body);
		return error && /^\d{5}$/.test(error.code) ? [error] : undefined;
	}
	const errors = body.errors.map(ownError);
	return errors.length > 0 && errors.every((error) => error !== undefined) ? errors : undefined;
}

function ownError(entry: unknown): { code: string; message: string } | undefined {
	if (typeof entry === 'string') return { code: '', message: entry };
	if (!isRecord(entry) || typeof entry.message !== 'string') return undefined;
	return ['string', 'number'].includes(typeof entry.code)
		? { code: String(entry.code), message: entry.message }
		: undefined;
}
