import type { FailureCause } from './vocabulary';
import { isRecord } from './values';

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
	notText: {
		what: "'{field}' is not text",
		todo: "Give '{field}' one value as text. A number, a list or an object does not name a call or a stream.",
	},
	onlyDots: {
		what: "'{field}' holds only dots",
		todo: 'Use the value as {provider} gave it. Only dots would point the request at another address.',
	},
	brokenText: {
		what: "'{field}' contains a broken character",
		todo: 'Check where the value was cut off, and use it as {provider} gave it.',
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
		todo: "Set 'Identify Stream By' to another choice. A document that takes over a call is for a person to choose.",
	},
	notWebAddress: {
		what: "'{field}' is not an address that starts with http:// or https://",
		todo: "Put the full address of the document into '{field}'.",
	},
	addressUnreadable: {
		what: "'{field}' is not an address",
		todo: "Put the address into '{field}' as in this example: {example}",
	},
	addressWithPassword: {
		what: "'{field}' holds a user name or a password",
		todo: "Take the part before the @ out of '{field}'.",
	},
	addressNotHttps: {
		what: "'{field}' does not start with https://",
		todo: 'Use https, so that nobody on the way can read the credential. Plain http works only for an address on the same machine, such as http://localhost:8080.',
	},
	otherHost: {
		what: 'This credential is only sent to {origin}',
		todo: "Use it for addresses at {origin}, or change '{field}' in the credential.",
	},

	// The incoming event
	eventWithoutId: {
		what: 'The incoming event holds no {noun} that {provider} names',
		todo: "Looked for {names} in 'body', 'query', the item itself, and 'start' and 'params' inside them. Put this node behind the node that receives the event, or set 'Call and Stream From' to 'Fields Below'.",
	},
	signedEventWithoutId: {
		what: 'The signed event holds no {noun} that {provider} names',
		todo: "Looked for {names} in 'body' and 'query', since only these come from the webhook's caller. Put this node right behind the Webhook node, or give the Webhook node's item in 'Signed Event'.",
	},
	eventWithoutStream: {
		what: 'The incoming event holds a {noun} and no stream',
		todo: "Looked for {names} beside the {noun}. Fill in '{field}', or use an event that holds the stream.",
	},
	eventWithoutStreamStopAll: {
		what: 'The incoming event holds a {noun} and no stream, as a hang-up does',
		todo: "Looked for {names} beside the {noun}. Set 'Operation' to 'Stop All Streams' to stop every stream of the call, or fill in '{field}'.",
	},
	eventNotText: {
		what: "'{name}' in the incoming event is not text",
		todo: "Check what sent the event, or set 'Call and Stream From' to 'Fields Below'.",
	},
	eventDisagrees: {
		what: "'{name}' and '{other}' in the incoming event disagree",
		todo: "Set 'Call and Stream From' to 'Fields Below' and choose the one you mean.",
	},

	// Who sent the event
	notAWebhookItem: {
		what: "'{field}' found no item of a Webhook node",
		todo: "Nothing was sent. It needs 'headers', 'params', 'query', 'body' and 'webhookUrl' as n8n's Webhook node gives them. Put this node right behind the Webhook node, or give that node's whole item in 'Signed Event'.",
	},
	signedEventEmpty: {
		what: "'Signed Event' is empty",
		todo: "Nothing was sent. Its expression gave nothing for this item: check the name of the Webhook node in it, or remove 'Signed Event' from 'Options'.",
	},
	signedEventOtherCall: {
		what: "The event in 'Signed Event' is about another {place}",
		todo: 'Nothing was sent. A signed event is proof only for its own {place}: use the item that belongs to this one (.item, and not .first()).',
	},
	noSignature: {
		what: 'The event carries no signature of {provider}',
		todo: 'Nothing was sent. {hint} Otherwise {provider} did not send this event, or its headers were removed on the way.',
	},
	notSignedInThisForm: {
		what: 'The body of the event is no form, and {provider} documents no signature for any other',
		todo: "Nothing was sent. Where {provider} sends JSON, lock this webhook with the Webhook node's Basic Auth instead, and switch 'Verify Signature' off.",
	},
	queryNotPlain: {
		what: "The query of the event's address cannot be written again as {provider} signed it",
		todo: 'Nothing was sent. n8n regroups names with brackets, such as a[b], and more than 20 values of one name. Choose POST for this callback, or take such names out of its address.',
	},
	wrongSignature: {
		what: 'The signature does not match this event, checked as sent to {address}',
		todo: "Nothing was sent. If {provider} calls another address, n8n does not know its own: set n8n's WEBHOOK_URL to the address that {provider} calls. If the address is right, check '{field}' in the credential: {keyHint}. If both are right, someone else sent this event.",
	},
	noSigningKey: {
		what: "'{field}' is empty in the credential",
		todo: "Fill in '{field}': {provider} signs its events with it, and 'Verify Signature' checks them. Nothing was sent.",
	},

	// Credentials
	noCredential: {
		what: 'No {credential} credential is selected for {provider}',
		todo: "Select one in the node's credential field.",
	},
	unreadableCredential: {
		what: 'n8n could not read the {credential} credential for {provider}{quote}',
		todo: 'Nothing was sent. Follow what n8n says. Check that the credential still exists, is shared with this workflow, and that n8n runs with the encryption key and the vault it was saved with.',
	},
	refused: {
		what: '{provider} rejected this credential ({status}){quote}',
		todo: '{hint}',
	},

	// What the provider answered
	rateLimited: {
		what: '{provider} is limiting requests (429){quote}',
		todo: 'The last request stopped nothing. Run the item again later.',
	},
	waitTooLong: {
		what: '{provider} asks to wait {seconds} s before the next request{quote}',
		todo: 'The node waits at most 30 s. Run the item again after that time.',
	},
	unavailable: {
		what: '{provider} could not handle the request ({status}){quote}',
		todo: 'The stream may still be running. Run the item again; stopping twice does no harm.',
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
		todo: 'The request was not delivered, so the stream is still running. Check the address in the credential and the network of n8n, its HTTPS_PROXY included, then run the item again.',
	},
	proxyLogin: {
		what: 'A proxy on the way to {provider} asks for a login ({status}){quote}',
		todo: "The request was not delivered, and the stream may still be running. Check the user and password in n8n's HTTPS_PROXY, or put the host of the credential's address into NO_PROXY, then run the item again.",
	},
	untrustedCertificate: {
		what: 'n8n does not trust the certificate of {host} ({code})',
		todo: "The request was not delivered, and the stream may still be running. Check the address in the credential. If it is right, the certificate comes from a CA of your own, or from a proxy or firewall on the way: put the file of that CA into n8n's NODE_EXTRA_CA_CERTS and restart n8n.",
	},
	invalidCertificate: {
		what: 'The certificate of {host} is not valid ({code})',
		todo: "The request was not delivered, and the stream may still be running. Check the address in the credential and the clock of n8n's machine. If both are right, {host} needs another certificate.",
	},
	blocked: {
		what: "n8n's SSRF protection blocked the request to {host}",
		todo: 'The request was not delivered, and the stream may still be running. Check the address in the credential. If it is right, allow it in N8N_SSRF_ALLOWED_HOSTNAMES or N8N_SSRF_ALLOWED_IP_RANGES of n8n.',
	},
	maybeActed: {
		what: 'It is not known whether {provider} acted on the request ({reason})',
		todo: "It was not sent again after that, because {provider} would run the document of 'cXML URL' a second time. Look at the call, then run the item again if its stream is still there.",
	},
	// Spelled as n8n does: it looks for the word, and would list the execution as failed without it.
	cancelled: {
		what: 'The execution was canceled before {provider} confirmed this stop',
		todo: 'The stream may still be running. Look at the call, then run the item again if its stream is still there.',
	},
	redirected: {
		what: '{provider} answered with a redirect ({status}), which the node does not follow',
		todo: 'Check the address in the credential: it should be the address of {provider} itself. A credential is never carried to another address.',
	},
	rejected: {
		what: '{provider} refused the request ({status}){quote}',
		todo: 'Check {fields} against what {provider} says.',
	},
	rejectedWith: {
		what: '{provider} refused the request ({status}){quote}',
		todo: '{advice}',
	},
	unknownPath: {
		what: '{provider} answered 404 in a form that is not its own{quote}',
		todo: 'Check the address in the credential: the request may have reached another server. The stream may still be running.',
	},
	unreadable: {
		what: '{provider} answered {status}, but not in a form that says the stream stopped{quote}',
		todo: 'The stream may still be running. Check the address in the credential, and look at the call at {provider}.',
	},
	broken: {
		what: 'The request to {provider} ended without an answer that can be read: {reason}',
		todo: 'The stream may still be running. Check the address in the credential and the network of n8n, then run the item again; stopping twice does no harm.',
	},
	stillListed: {
		what: '{provider} lists the stream as running, and found nothing to stop, twice{quote}',
		todo: 'The stream may still be running. Look at the call at {provider}, then run the item again. Hanging up ends the stream in any case.',
	},

	// Nothing left to stop, where the user wants to hear of it
	nothingRunning: {
		what: '{provider} had nothing left to stop on this call{quote}',
		todo: "The stream had already ended. Set 'If Nothing Is Left to Stop' to 'Succeed' where that is fine.",
	},
	notFound: {
		what: '{provider} does not know {nouns}{quote}',
		todo: "It could not be read whether it has ended. Check {fields}, or set 'If Nothing Is Left to Stop' to 'Succeed' where that is fine.",
	},
	notFoundLive: {
		what: 'The {place} is live, and {provider} knows no such stream on it{quote}',
		todo: 'Another stream may still be running there. Check {fields}.',
	},
	notFoundAllLive: {
		what: 'The {place} is live, and {provider} says that it does not know it{quote}',
		todo: 'Streams may still be running there. Check {fields}, then run the item again.',
	},
	notFoundLiveUnsure: {
		what: 'The {place} is live, and {provider} finds no such stream on it{quote}',
		todo: 'The stream has ended, or {streamField} is wrong; {provider} does not say which.',
	},
	notFoundUnknown: {
		what: '{provider} shows no such {place} in this account{quote}',
		todo: 'It ended a moment ago, or belongs to another project or subaccount. Check {fields} and the credential.',
	},
	internal: {
		what: 'The node could not finish this item: {reason}',
		todo: 'The stream may still be running. Run the item again, and report this sentence if it comes back.',
	},
} as const satisfies Record<string, Sentence>;

type Placeholders<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
	? Name | Placeholders<Rest>
	: never;

type NamesIn<S extends Sentence> = Placeholders<S['what' | 'todo']>;

/** The values that a sentence takes: nothing for one without `{…}`. */
export type ValuesFor<S extends Sentence> = [NamesIn<S>] extends [never]
	? []
	: [values: Record<NamesIn<S>, string | number>];

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

/** Behind what to do about the first failure: how much of the whole run it concerns. */
export const leftOver = (left: number, all: number) =>
	`Streams of this run that are not known to be stopped: ${left} of ${all}.`;

const MAX_QUOTE = 300;

/** Words of others as they stand behind what happened; nothing where there are none. */
export function quoted(words: string | undefined): string {
	if (!words) return '';
	// Control characters and line ends would break a log line or a table on screen.
	const line = words.replace(/[\p{Cc}\s]+/gu, ' ').trim();
	if (line === '') return '';
	return `: “${line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line}”`;
}

/**
 * The sentence in a provider's answer, quoted: SignalWire's `message` and `errors`, Plivo's `error`, Vobiz's
 * `error.message`. Nothing for HTML and for bodies without one.
 */
export const quoteOf = (body: unknown): string => quoted(firstText(body));

function firstText(body: unknown): string | undefined {
	if (typeof body === 'string') return body === '' || /^\s*</.test(body) ? undefined : body;
	if (Array.isArray(body)) return firstText(body[0]);
	if (!isRecord(body)) return undefined;
	return firstText(body.message) ?? firstText(body.error) ?? firstText(body.errors);
}
