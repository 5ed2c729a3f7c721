import { isRecord, type Answer, type OwnReading } from '../outcome';
import { encode, pathSegment, withQuery } from './requests';
import type { Account, DocumentSpec, Provider, Target } from './provider';

const NAME = 'SignalWire';
const callSid = {
	label: 'Call SID',
	placeholder: 'e.g. 9d1c7f0e-5b7c-4b1e-8a55-1f2d3c4b5a69',
	description:
		"The call whose stream is to stop. SignalWire sends it as 'CallSid' to every webhook of the call, and as 'call_id' in realtime events.",
};

/** SignalWire's Compatibility API, and for control IDs its Calling API: signalwire.com/docs (read 2026-11). */
export const signalWire: Provider = {
	name: 'signalWire',
	displayName: NAME,
	credential: {
		type: 'signalWireBasicApi',
		displayName: 'SignalWire Basic API',
		address: {
			name: 'spaceUrl',
			label: 'Space URL',
			example: 'example.signalwire.com',
			domain: 'signalwire.com',
		},
		id: { name: 'projectId', label: 'Project ID' },
		token: { name: 'apiToken', label: 'API Token' },
	},
	// A missing scope is 401 in the Compatibility API's documents and 403 in the general ones.
	credentialHint:
		"Check 'Space URL', 'Project ID' and 'API Token' in the credential, and that the token has the scope Voice (SignalWire: API Credentials).",
	callId: callSid,
	streamIds: [
		{
			streamBy: 'sid',
			summary: 'For streams started by cXML or the Compatibility API. Leaves the call alone.',
			label: 'Stream SID',
			placeholder: 'e.g. 4f0d2a66-0b5f-4a3a-9a52-8c9d6b7e1f20',
			description:
				"The stream to stop. SignalWire answers it as 'sid' when a stream is started, and sends it as 'StreamSid' to the status callback and as 'streamSid' in the first message of the stream.",
			notice:
				'<b>SignalWire: what happens to the call.</b> The call goes on. Where this stream is all that keeps the call alive, the call may end.',
			inEvents: ['StreamSid', 'stream_sid', 'streamSid'],
		},
		{
			streamBy: 'name',
			summary: 'Sends the call to a cXML document that stops the stream by its name',
			label: 'Stream Name',
			placeholder: 'e.g. transcript',
			description:
				"The name that the stream was started with. It is added to 'cXML URL' for a document that takes the name from there. Leave it empty where the document names the stream itself.",
			notice:
				"<b>SignalWire, by name: what happens to the call.</b> SignalWire fetches the document at 'cXML URL' and runs it <b>in place of</b> what the call is doing now. When the document runs out of instructions, the call ends: put &lt;Pause&gt;, &lt;Redirect&gt; or &lt;Dial&gt; behind &lt;Stop&gt; to keep it.",
			inEvents: ['StreamName'],
			byDocument: true,
		},
		{
			streamBy: 'controlId',
			summary: 'For streams started by calling.stream or SWML. Leaves the call alone.',
			label: 'Control ID',
			placeholder: 'e.g. my-stream-1',
			description:
				"The ID that 'calling.stream' or SWML started the stream with. SignalWire sends it as 'control_id' in realtime events.",
			notice:
				'<b>SignalWire, by control ID: what happens to the call.</b> The call goes on. Only streams that calling.stream or SWML started have a control ID.',
			inEvents: ['control_id'],
		},
	],
	callIdInEvents: ['CallSid', 'call_sid', 'callSid', 'call_id'],
	// "POST 13,800 per 10 s, account-wide": signalwire.com/docs/platform/rate-limits
	rateLimit: { requests: 13_800, windowMs: 10_000 },
	buildStop(account, target) {
		if (target.streamBy === 'controlId') {
			return {
				method: 'POST',
				url: `${account.origin}/api/calling/calls`,
				json: {
					id: target.callId,
					command: 'calling.stream.stop',
					params: { control_id: target.stream ?? '' },
				},
			};
		}
		const call = callUrl(account, target);
		if (target.document)
			return { method: 'POST', url: call, form: documentForm(target.document, target.stream) };
		const stream = pathSegment(target.stream ?? '', 'Stream SID', NAME);
		return { method: 'POST', url: `${call}/Streams/${stream}`, form: { Status: 'stopped' } };
	},
	readStop(answer, target, account) {
		const { statusCode, body } = answer;
		if (statusCode < 300) return readSuccess(answer, target);
		const own = readOwn(body, target);
		if (!own) return undefined;
		if (statusCode === 404) return { status: 'notFound' };
		// 21220 "call cannot be redirected if it is not in-progress", 10000 "attempt to update a completed
		// call" or an invalid argument: only these words, or the call itself, tell whether the call ended.
		if (own.code !== '21220' && own.code !== '10000') return undefined;
		if (CALL_ENDED.test(own.message.trim())) return { status: 'alreadyStopped' };
		return {
			ask: { method: 'GET', url: callUrl(account, target) },
			read: ({ statusCode: status, body: call }) =>
				status === 200 &&
				isRecord(call) &&
				isSame(call.sid ?? target.callId, target.callId) &&
				ENDED.includes(String(call.status))
					? { status: 'alreadyStopped' }
					: undefined,
		};
	},
};

/** SIDs are UUIDs, in either case of letters. */
const isSame = (sid: unknown, other: string) => String(sid).toLowerCase() === other.toLowerCase();

/** Whole sentences only: SignalWire may quote what the user sent, and that may hold any words. */
const CALL_ENDED =
	/^((an )?attempt (was made )?to update a completed call|(the )?call (has|is|was) (already )?(ended|completed))\.?$/i;

/** `CallStatus` of a call that is over. */
const ENDED = ['completed', 'canceled', 'failed', 'busy', 'no-answer'];

const callUrl = (account: Account, target: Target) =>
	`${account.origin}/api/laml/2010-04-01/Accounts/${encodeURIComponent(account.id)}/Calls/` +
	pathSegment(target.callId, callSid.label, NAME);

/** The parameters of "Update a Call"; a stream's name goes into both addresses as a query parameter. */
function documentForm(
	{ url, fallbackUrl, method, nameParameter }: DocumentSpec,
	name: string | undefined,
): Record<string, string> {
	// `%20` and not `+`: cXML Bins are documented to want `+` itself encoded.
	const part =
		name &&
		`${encode(nameParameter, 'Stream Name Parameter', NAME)}=${encode(name, 'Stream Name', NAME)}`;
	const address = (of: string) => (part ? withQuery(of, nameParameter, part) : of);
	return {
		Url: address(url),
		Method: method,
		...(fallbackUrl && { FallbackUrl: address(fallbackUrl), FallbackMethod: method }),
	};
}

/** 200 with the stream's or the call's own object, or 204. Only by SID does the answer speak of the stream itself. */
function readSuccess({ statusCode, body }: Answer, target: Target): OwnReading | undefined {
	if (statusCode === 204) return { status: 'accepted' };
	if (!isRecord(body) || readOwn(body, target)) return undefined;
	if (target.streamBy !== 'sid') {
		const call = target.streamBy === 'controlId' ? body.id : body.sid;
		return typeof call === 'string' ? { status: 'accepted' } : undefined;
	}
	if (body.status === 'stopped') return { status: 'stopped' };
	return body.status === 'queued' || body.status === 'in-progress'
		? { status: 'accepted' }
		: undefined;
}

/**
 * SignalWire's error forms: `{code, message, more_info, status}`, `{errors: [{code, message}]}` with the code
 * as text, `{errors: ["…"]}`, and in the Calling API's documents also `{"error": "Not Found"}`.
 * `undefined` for any other form, which another server may have sent.
 */
function readOwn(body: unknown, target: Target): { code: string; message: string } | undefined {
	if (!isRecord(body)) return undefined;
	const calling = target.streamBy === 'controlId' ? body.error : undefined;
	const first: unknown = Array.isArray(body.errors) ? body.errors[0] : (calling ?? body);
	if (typeof first === 'string') return { code: '', message: first };
	if (!isRecord(first) || typeof first.message !== 'string') return undefined;
	return ['string', 'number'].includes(typeof first.code)
		? { code: String(first.code), message: first.message }
		: undefined;
}
