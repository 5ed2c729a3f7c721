import type { FailureCause, Operation } from './vocabulary';
import { isRecord, isWebPage } from './values';

/**
 * Every sentence a person reads when something did not go as asked: what happened, then what to do.
 * `docs/troubleshooting.md` quotes them word for word, and a test keeps the two in step. `{…}` is filled by
 * {@link say}, and the compiler finds a value that is missing or has another name.
 */
export interface Sentence {
	what: string;
	todo: string;
}

export const messages = {
	// Before anything is sent
	empty: {
		what: "'{field}' is empty",
		todo: "Fill in '{field}', or check the expression that fills it.",
	},
	noValue: {
		what: "'{field}' holds “{value}”, which an expression gives when it finds no value",
		todo: "Check the expression that fills '{field}': it finds nothing in this item.",
	},
	notText: {
		what: "'{field}' is not text",
		todo: "Give '{field}' one value as text. For a number, end the expression with .toString(); a list or an object cannot name a call or a stream.",
	},
	onlyDots: {
		what: "'{field}' holds only dots",
		todo: 'Copy the value again. Dots alone would point the request at another URL.',
	},
	brokenText: {
		what: "'{field}' contains a broken character",
		todo: 'Check where the value was cut off, and copy it again.',
	},
	unknownChoice: {
		what: "'{field}' has no option “{value}”",
		todo: 'Use one of: {choices}.',
	},
	notInRange: {
		what: "'{field}' is not a whole number from {min} to {max}",
		todo: "Change '{field}' under 'Options'.",
	},
	unreadableField: {
		what: 'A field of this item could not be read: {reason}',
		todo: 'Check the expressions in this node for this item.',
	},
	noStopAll: {
		what: '{provider} has no way to stop all streams of a call',
		todo: "Set 'Operation' to 'Stop Stream' and name the stream.",
	},
	notForTools: {
		what: "An AI agent may not stop a stream by '{choice}'",
		todo: "Set 'Identify Stream By' to another choice. Only a person may choose cXML that takes over a call.",
	},
	notWebUrl: {
		what: "'{field}' is not a URL that starts with http:// or https://",
		todo: "Put the full URL of the cXML into '{field}'.",
	},
	urlUnreadable: {
		what: "'{field}' is not a URL",
		todo: "Put the URL into '{field}' as in this example: {example}",
	},
	urlWithPassword: {
		what: "'{field}' holds a user name or a password",
		todo: "Take the part before the @ out of '{field}'.",
	},
	urlNotHttps: {
		what: "'{field}' does not start with https://",
		todo: 'Use https, so that nobody on the way can read the credential. Plain http works only on the same machine, such as http://localhost:8080.',
	},
	otherHost: {
		what: 'This credential is only sent to {origin}',
		todo: "Use it for URLs at {origin}, or change '{field}' in the credential.",
	},

	// The incoming event
	eventWithoutId: {
		what: 'The incoming event holds no {provider} {noun} ID',
		todo: "The node looked for {names} in 'body', 'query', the item itself, and 'start' and 'params' inside them. Put this node right after the node that receives the event. For a stop, you can also set 'Call and Stream From' to 'Fields Below'.",
	},
	eventOfOtherProvider: {
		what: 'The incoming event holds no {provider} {noun} ID; it looks like an event from {other}',
		todo: "Set 'Provider' to {other}, or check which provider calls this webhook.",
	},
	signedEventWithoutId: {
		what: 'The signed event holds no {provider} {noun} ID',
		todo: "The node looked for {names} in 'body' and 'query', since only these come from the webhook's caller. Put this node right after the Webhook node, or give the Webhook node's item to a later stop, in its option 'Signed Event'.",
	},
	eventWithoutStream: {
		what: 'The incoming event names a {noun} and no stream',
		todo: "The node looked for {names} beside the {noun}. A hang-up names no stream: keep the stream's ID from the event with which the stream began, as the recipe 'Time limit and hang-up' does, and fill in '{field}'.",
	},
	eventWithoutStreamStopAll: {
		what: 'The incoming event names a {noun} and no stream, as a hang-up does',
		todo: "The node looked for {names} beside the {noun}. Set 'Operation' to 'Stop All Streams' to stop every stream of the call, or fill in '{field}'.",
	},
	eventNotText: {
		what: "'{name}' in the incoming event is not text",
		todo: "Check what sent the event. For a stop, you can also set 'Call and Stream From' to 'Fields Below', and give the ids as text: end the expression with .toString().",
	},
	eventTwice: {
		what: "'{name}' came twice in the incoming event, with different values",
		todo: "Check what sent the event. For a stop, you can also set 'Call and Stream From' to 'Fields Below', and choose the id you mean.",
	},
	eventDisagrees: {
		what: "'{name}' and '{other}' in the incoming event disagree",
		todo: "Check what sent the event. For a stop, you can also set 'Call and Stream From' to 'Fields Below', and choose the id you mean.",
	},
	eventNoValue: {
		what: "'{name}' in the incoming event holds “{value}”, which names nothing",
		todo: 'Check what sent the event: that program had no value to send.',
	},
	eventOtherStream: {
		what: "'{field}' is filled in, and the incoming event names another stream",
		todo: "Clear '{field}' to take the stream from the event, or set 'Call and Stream From' to 'Fields Below'.",
	},

	// Who sent the event
	notAWebhookItem: {
		what: "'{field}' needs the item of a Webhook node, and was given something else",
		todo: "Nothing was sent. A Webhook node's item holds 'headers', 'params', 'query', 'body' and 'webhookUrl'. Put this node right after the Webhook node, or give the Webhook node's item to a later stop, in its option 'Signed Event'.",
	},
	signedEventEmpty: {
		what: "'Signed Event' is empty",
		todo: "Nothing was sent. Its expression gave nothing for this item: check the name of the Webhook node in it, or remove 'Signed Event' from 'Options'.",
	},
	signedEventOtherCall: {
		what: "The event in 'Signed Event' does not name this {place}",
		todo: "Nothing was sent. A signed event is proof only for its own {place}: in the expression of 'Signed Event', take the item that this one came from (.item, not .first()).",
	},
	noSignature: {
		what: 'The event carries no {provider} signature',
		todo: "Nothing was sent. {hint} Put this node right after the Webhook node, or give the Webhook node's item to a later stop, in its option 'Signed Event'. If that is so already, the headers were removed on the way, or {provider} did not send this event.",
	},
	signedByOther: {
		what: 'The event carries no {provider} signature, but one from {other}',
		todo: "Nothing was sent. Set 'Provider' to {other}, or check which provider calls this webhook.",
	},
	noJsonSignature: {
		what: 'The event carries no {provider} signature',
		todo: "Nothing was sent. If {provider} does not sign JSON events, lock the webhook with Basic Auth and switch 'Require Signature' off. If it does, put this node right after the Webhook node: the headers were removed on the way, or {provider} did not send this event.",
	},
	olderSignature: {
		what: "The event carries only {provider}'s signature {version}, which does not cover the body and is not accepted",
		todo: 'Nothing was sent. {hint} Check at {provider} that the newer signature is sent, and that no proxy removes its headers.',
	},
	bodyNotSigned: {
		what: "The event's body is not a form, and n8n passes it on parsed, not as the text that {provider} sent",
		todo: "Nothing was sent. Lock this webhook with the Webhook node's Basic Auth instead, and switch '{field}' off or remove it.",
	},
	signedJson: {
		what: "The event's body is not a form, and n8n passes it on parsed, not as the text that {provider} signed",
		todo: "Nothing was sent. Put a node with the operation 'Check Event' right after the Webhook node, and switch on the Webhook node's option 'Raw Body': 'Check Event' checks JSON too.",
	},
	noRawBody: {
		what: "The event's body is not a form, and the text that {provider} signed is missing",
		todo: "Nothing was sent. Switch on 'Raw Body' in the options of the Webhook node, and put this node right after it. If {provider} does not sign such events, lock the webhook with Basic Auth and switch 'Require Signature' off.",
	},
	otherRawBody: {
		what: "The event's 'body' differs from the text that {provider} signed",
		todo: "Nothing was sent. Put this node right after the Webhook node: something in between changed the item's 'body'.",
	},
	queryNotPlain: {
		what: 'The query string of this callback cannot be rebuilt the way {provider} signed it',
		todo: 'Nothing was sent. n8n regroups names with brackets, such as a[b], and more than 20 values of one name. Choose POST for this callback, or take such names out of its URL.',
	},
	wrongSignature: {
		what: 'The signature does not match this event and the URL {url}',
		todo: "Nothing was sent. If {provider} calls another URL, n8n does not know its own: set n8n's WEBHOOK_URL to the URL that {provider} calls. If the URL is right, check '{field}' in the credential: {keyHint}.",
	},
	wrongSignatureOrQuery: {
		what: 'The signature does not match this event and the URL {url} with its query',
		todo: "Nothing was sent. n8n hands the query over parsed, so a name without =, an & at the end, one name twice or an unusual escape cannot be rebuilt as {provider} signed it: take the query out of the callback's URL, and choose POST if the callback is a GET. If {provider} calls another URL, set n8n's WEBHOOK_URL to the URL that {provider} calls. If the URL is right, check '{field}' in the credential: {keyHint}.",
	},
	noSigningKey: {
		what: "'{field}' is empty in the credential",
		todo: "Nothing was sent. Fill in '{field}': {provider} signs its events with it.",
	},

	// Credentials
	noCredential: {
		what: 'No {credential} credential is selected for {provider}',
		todo: "Select one in the node's credential field.",
	},
	unreadableCredential: {
		what: 'n8n could not read the {credential} credential for {provider}{quote}',
		todo: 'Nothing was sent. Check that the credential still exists and is shared with this workflow, and that n8n still uses the encryption key and the vault with which it was saved.',
	},
	refused: {
		what: '{provider} rejected this credential ({status}){quote}',
		todo: '{hint}',
	},
	refusedInOtherForm: {
		what: 'This credential was rejected ({status}), but the answer does not look like one from {provider}{quote}',
		todo: "{hint} If the credential is right, a proxy or firewall between n8n and {provider} may have answered: check n8n's HTTPS_PROXY and NO_PROXY, and what the network lets through.",
	},

	// What the provider, or somebody on the way, answered
	rateLimited: {
		what: '{provider} is limiting requests (429){quote}',
		todo: 'The last request stopped nothing. Run the item again later.',
	},
	waitTooLong: {
		what: '{provider} asks to wait {seconds} s before the next request{quote}',
		todo: 'The node waits at most 30 s. Run the item again after {seconds} s.',
	},
	unavailable: {
		what: '{provider} could not handle the request ({status}){quote}',
		todo: 'The stream may still be running. Run the item again; stopping twice does no harm.',
	},
	proxyLogin: {
		what: 'A proxy on the way to {provider} asks for a login ({status}){quote}',
		todo: "The request was not delivered, and the stream may still be running. Check the user and password in n8n's HTTPS_PROXY, or put the host of the URL in the credential into NO_PROXY, then run the item again.",
	},
	noAnswer: {
		what: '{provider} gave no answer within {seconds} s',
		todo: "The stream may still be running. Run the item again, or raise 'Timeout'; stopping twice does no harm.",
	},
	connectionLost: {
		what: 'The connection to {provider} broke before it answered ({code})',
		todo: 'The stream may still be running. Run the item again; stopping twice does no harm.',
	},
	notReached: {
		what: '{provider} could not be reached ({code})',
		todo: 'The request was not delivered, and the stream may still be running. Check the URL in the credential and the network of n8n, its HTTPS_PROXY included, then run the item again.',
	},
	untrustedCertificate: {
		what: 'n8n does not trust the certificate of {host} ({code})',
		todo: "The request was not delivered, and the stream may still be running. Check the URL in the credential. If it is right, the certificate comes from a CA of your own, or from a proxy or firewall on the way: put the file of that CA into n8n's NODE_EXTRA_CA_CERTS and restart n8n.",
	},
	invalidCertificate: {
		what: 'The certificate of {host} is not valid ({code})',
		todo: "The request was not delivered, and the stream may still be running. Check the URL in the credential and the clock of n8n's machine. If both are right, {host} needs another certificate.",
	},
	blocked: {
		what: "n8n's SSRF protection blocked the request to {host}",
		todo: 'The request was not delivered, and the stream may still be running. Check the URL in the credential. If it is right, allow it in N8N_SSRF_ALLOWED_HOSTNAMES or N8N_SSRF_ALLOWED_IP_RANGES of n8n.',
	},
	maybeActed: {
		what: 'It is not known whether {provider} acted on the request. {reason}',
		todo: "The node did not send it again, because {provider} would run the cXML of 'cXML URL' a second time. Look at the call, then run the item again if its stream is still there.",
	},
	// 'canceled' is n8n's spelling: n8n looks for this word, and without it would list the execution as failed.
	cancelled: {
		what: 'The execution was canceled before {provider} confirmed this stop',
		todo: 'The stream may still be running. Look at the call, then run the item again if its stream is still there.',
	},
	cancelledCheck: {
		what: 'The execution was canceled before this event was checked',
		todo: 'Nothing was sent. Run the item again if the event still matters.',
	},
	redirected: {
		what: '{provider} answered with a redirect ({status}), which the node does not follow',
		todo: "Check the URL in the credential: it should be {provider}'s own. The node never sends a credential to another host.",
	},
	rejected: {
		what: '{provider} refused the request ({status}){quote}',
		todo: 'Check {fields} against what {provider} says.',
	},
	noControlId: {
		what: '{provider} refused the request ({status}){quote}',
		todo: "This call is run by cXML, and its streams have no control ID. Set 'Identify Stream By' to 'Stream SID'.",
	},
	unknownPath: {
		what: '{provider} answered 404 in a form that is not its own{quote}',
		todo: 'Check the URL in the credential: the request may have reached another server. The stream may still be running.',
	},
	webPage: {
		what: 'A web page came in place of an answer from {provider} ({status})',
		todo: "The stream may still be running. A proxy or firewall between n8n and {provider} may have answered: check n8n's HTTPS_PROXY and NO_PROXY, and what the network lets through, then run the item again.",
	},
	unreadable: {
		what: '{provider} answered {status}, but not in a form that says the stream stopped{quote}',
		todo: 'The stream may still be running. Check the URL in the credential, and look at the call at {provider}.',
	},
	broken: {
		what: 'The request to {provider} ended without an answer that can be read: {reason}',
		todo: 'The stream may still be running. Check the URL in the credential and the network of n8n, then run the item again; stopping twice does no harm.',
	},
	stillListed: {
		what: '{provider} lists the stream as running, but twice found nothing to stop{quote}',
		todo: 'The stream may still be running. Look at the call at {provider}, then run the item again. Hanging up ends the stream in any case.',
	},
	internal: {
		what: 'The node could not finish this item: {reason}',
		todo: 'The stream may still be running. Run the item again, and report this sentence if it comes back.',
	},

	// The provider accepted the request, and the stop is not proved yet
	accepted: {
		what: '{provider} accepted the request, but does not say that the stream has stopped',
		todo: "Look at the call at {provider} if you need to be sure. If {provider} can show streams, 'Confirm Stop' reads this one.",
	},
	acceptedDocument: {
		what: "{provider} accepted the request to run the cXML of 'cXML URL', but does not say that the stream has stopped",
		todo: 'The stream stops once {provider} has fetched and run the cXML. Look at the call if you need to be sure.',
	},

	// Nothing was running any more
	nothingRunning: {
		what: 'Nothing was running: {provider} had nothing left to stop on this {place}{quote}',
		todo: "The stream had already ended. If that is fine, set 'If Nothing Is Left to Stop' to another choice.",
	},
	eventEndedCall: {
		what: 'Nothing was running: the event says that the call is over',
		todo: "A stream ends with its call. If that is fine, set 'If Nothing Is Left to Stop' to another choice.",
	},
	eventEndedStream: {
		what: 'Nothing was running: the event says that this stream has ended',
		todo: "If that is fine, set 'If Nothing Is Left to Stop' to another choice.",
	},
	shownEnded: {
		what: 'Nothing was running: {provider} shows that the {ended} has ended{quote}',
		todo: "If that is fine, set 'If Nothing Is Left to Stop' to another choice.",
	},
	stoppedBefore: {
		what: 'Nothing was running: an earlier stop in this execution had already done this',
		todo: 'Nothing is left to do: n8n ran this node again, or another item named the same stream or its call.',
	},
	noneListed: {
		what: 'Nothing was running: the call is live, and {provider} lists no running stream on it{quote}',
		todo: "If that is fine, set 'If Nothing Is Left to Stop' to another choice.",
	},
	droppedAndOtherRuns: {
		what: 'The event says that this stream has ended, but another stream{running} still runs on the call',
		todo: "{provider} may have opened it in place of the one that dropped. To stop it too, set 'Operation' to 'Stop All Streams'.",
	},

	// The provider does not know what was named
	notFound: {
		what: '{provider} does not know {nouns}{quote}',
		todo: 'The node could not read whether it has ended. Check {fields}: either it has ended, or an id is wrong.',
	},
	notFoundNoTime: {
		what: '{provider} does not know {nouns}, and there was no time left to look into it{quote}',
		todo: 'Check {fields}: either it has ended, or an id is wrong.',
	},
	notFoundUnknown: {
		what: '{provider} shows no such {place} in this account{quote}',
		todo: 'Its id is wrong, it ended a moment ago, or it belongs to another project or subaccount. Check {fields} and the credential.',
	},
	liveUnsure: {
		what: 'The {place} is live, and {provider} finds no such stream on it{quote}',
		todo: 'The stream has ended, or {streamField} is wrong; {provider} does not say which.',
	},
	liveNoneListed: {
		what: 'The call is live, no stream runs on it, and {provider} does not know this stream{quote}',
		todo: 'The stream has ended, or {streamField} is wrong.',
	},
	liveOtherRuns: {
		what: 'The call is live, and {provider} does not know this stream on it; another stream{running} still runs there{quote}',
		todo: '{streamField} is wrong, or names a stream that has ended. Check {fields}.',
	},
	liveUnread: {
		what: 'The call is live, {provider} does not know this stream on it, and its list of streams could not be read{quote}',
		todo: 'Another stream may still be running there. {streamField} is wrong, or names a stream that has ended. Check {fields}.',
	},
	allLiveOneRuns: {
		what: 'The call is live and a stream{running} still runs there, but {provider} says that it does not know the call{quote}',
		todo: 'Check {fields}, then run the item again.',
	},
	liveButUnknown: {
		what: 'The call is live, but {provider} says that it does not know the call{quote}',
		todo: 'Streams may still be running there. Check {fields}, then run the item again.',
	},

	// What Confirm Stop could not show
	confirmCancelled: {
		what: 'The execution was canceled before {provider} showed that the stop took effect',
		todo: 'The stop itself was accepted. Look at the call at {provider} if you need to be sure.',
	},
	confirmUnread: {
		what: 'What still runs could not be read: {provider} gave no answer',
		todo: 'The stop itself was accepted. Look at the call at {provider} if you need to be sure.',
	},
	confirmUnreadable: {
		what: 'What still runs could not be read: {provider} answered {status}{quote}',
		todo: 'The stop itself was accepted. Look at the call at {provider} if you need to be sure.',
	},
	confirmNoneListed: {
		what: '{provider} lists no stream of this call, and no read shows the call as live',
		todo: 'The call has probably ended. Look at it at {provider} if you need to be sure.',
	},
	confirmMorePages: {
		what: '{provider} lists more streams of this call than one page shows',
		todo: 'The stop itself was accepted. Look at the call at {provider} if you need to be sure.',
	},
	confirmNotRead: {
		what: 'What still runs was not read: other stops of the account came first',
		todo: 'The stop itself was accepted. Look at the call at {provider} if you need to be sure.',
	},
	confirmNotShown: {
		what: '{provider} did not show within {seconds} s that the stop took effect',
		todo: 'The stop itself was accepted. Look at the call at {provider}; run the item again if the stream is still there.',
	},
	confirmNothingFound: {
		what: '{provider} found nothing to stop, and no read showed that anything had ended',
		todo: "Read the sentence in 'message': it says what is known.",
	},
} as const satisfies Record<string, Sentence>;

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
	? Name | Placeholders<Rest>
	: never;

/** The values that a sentence takes: nothing for one without `{…}`. */
export type ValuesFor<S extends Sentence> = [Placeholders<S['what' | 'todo']>] extends [never]
	? []
	: [values: Record<Placeholders<S['what' | 'todo']>, string | number>];

/** Fills the `{…}` of a sentence. */
export function say<S extends Sentence>(sentence: S, ...[values]: ValuesFor<S>): Sentence {
	const filled: Record<string, string | number> = values ?? {};
	const fill = (text: string) =>
		text.replace(/\{(\w+)\}/g, (_, name: string) => String(filled[name]));
	return { what: fill(sentence.what), todo: fill(sentence.todo) };
}

/** A stop that did not work: why, and the two sentences a person reads. */
export interface Failure extends Sentence {
	cause: FailureCause;
}

export const failed = <S extends Sentence>(
	cause: FailureCause,
	sentence: S,
	...values: ValuesFor<S>
): { failure: Failure } => ({ failure: { cause, ...say(sentence, ...values) } });

/** Something is wrong with a field, a credential or an event. Thrown before anything is sent. */
export class Refusal extends Error {
	constructor(readonly failure: Failure) {
		super(failure.what);
	}
}

export const refusal = <S extends Sentence>(
	cause: FailureCause,
	sentence: S,
	...values: ValuesFor<S>
): Refusal => new Refusal(failed(cause, sentence, ...values).failure);

/** What `read` returns, or its refusal. */
export function orRefusal<T>(read: () => T): T | Refusal {
	try {
		return read();
	} catch (thrown) {
		return asRefusal(thrown);
	}
}

/**
 * Returns a refusal, and rethrows anything else. A function of its own, since n8n's lint forbids a bare `throw` in a
 * `catch`.
 */
function asRefusal(thrown: unknown): Refusal {
	if (thrown instanceof Refusal) return thrown;
	throw thrown;
}

/** Added to the `todo` of the first failure of several items: how many streams may be left. */
export const leftOver = (left: number, all: number): string =>
	all === 1 ? '' : `${left} of ${all} streams in this run may still be running.`;

/** Which call and stream an item is about, as far as that could be read. */
export interface About {
	provider?: string;
	operation?: Operation;
	callId?: string;
	stream?: string;
	streamBy?: string;
	conferenceSid?: string;
}

/** Added to a `todo` that is shown without the item's other fields: which call and stream it is about. */
export function whichStream({ callId, conferenceSid, stream }: About): string {
	const parts = Object.entries({ conference: conferenceSid, call: callId, stream }).flatMap(
		([noun, id]) => (id ? `${noun} ${oneLine(id)}` : []),
	);
	return parts.length === 0 ? '' : `This is about ${parts.join(', ')}.`;
}

const MAX_QUOTE = 300;

/** The words of others, as they are added to a `what`; `''` if there are none. */
export function quoted(words: string | undefined): string {
	const line = oneLine(words ?? '');
	return line === '' ? '' : `: “${line}”`;
}

/** Control characters and line ends would break a log line or a table on screen. */
function oneLine(words: string): string {
	const line = words.replace(/[\p{Cc}\s]+/gu, ' ').trim();
	return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
}

/**
 * The sentence in a provider's answer, quoted: SignalWire's `message` and `errors`, Plivo's `error`, Vobiz's
 * `error.message`. Nothing for HTML and for bodies without one.
 */
export const quoteOf = (body: unknown): string => quoted(firstText(body));

function firstText(body: unknown): string | undefined {
	if (typeof body === 'string') return body === '' || isWebPage(body) ? undefined : body;
	if (Array.isArray(body)) return firstText(body[0]);
	if (!isRecord(body)) return undefined;
	return firstText(body.message) ?? firstText(body.error) ?? firstText(body.errors);
}
