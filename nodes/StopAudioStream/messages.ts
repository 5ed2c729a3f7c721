/**
 * Every sentence a person reads when something did not go as asked: what happened, then what to do.
 * The README's troubleshooting table quotes them word for word, and a test keeps the two in step.
 * `{…}` is filled by {@link say}.
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
		what: "'{field}' holds half of a character",
		todo: 'Check where the value was cut off, and use it as {provider} gave it.',
	},
	unknownChoice: {
		what: "'{field}' does not know the value “{value}”",
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
	eventWithoutCall: {
		what: 'The incoming event holds no call that {provider} names',
		todo: "Looked for {names} in 'body', 'query', the item itself, and 'start' and 'params' inside them. Put this node behind the node that receives the event, or set 'Call and Stream From' to 'Fields Below'.",
	},
	eventWithoutStream: {
		what: 'The incoming event holds a call and no stream',
		todo: "Looked for {names} beside the call. Fill in '{field}', or use an event that holds the stream.",
	},
	eventWithoutStreamStopAll: {
		what: 'The incoming event holds a call and no stream, as a hang-up does',
		todo: "Looked for {names} beside the call. Set 'Operation' to 'Stop All Streams' to stop every stream of the call, or fill in '{field}'.",
	},
	eventNotText: {
		what: "'{name}' in the incoming event is not text",
		todo: "Check what sent the event, or set 'Call and Stream From' to 'Fields Below'.",
	},
	eventDisagrees: {
		what: "'{name}' and '{other}' in the incoming event disagree",
		todo: "Set 'Call and Stream From' to 'Fields Below' and choose the one you mean.",
	},

	// Credentials
	noCredential: {
		what: 'No {credential} credential could be read for {provider}',
		todo: "Select one in the node's credential field, and check that it still exists and is shared with this workflow.",
	},
	refused: {
		what: '{provider} did not let this credential in ({status}){quote}',
		todo: '{hint}',
	},

	// What the provider answered
	rateLimited: {
		what: '{provider} is limiting requests (429){quote}',
		todo: 'The last request stopped nothing. Run the item again later.',
	},
	rateLimitedLong: {
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
		todo: 'The request was not delivered, so the stream is still running. Check the address in the credential and the network of n8n, then run the item again.',
	},
	maybeTaken: {
		what: '{provider} may or may not have taken the request ({reason})',
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
		todo: "Check '{callField}' and the other fields of this node against what {provider} says.",
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

	// Nothing left to stop, where the user wants to hear of it
	nothingRunning: {
		what: '{provider} had nothing left to stop on this call{quote}',
		todo: "The stream had already ended. Set 'If Nothing Is Left to Stop' to 'Succeed' where that is fine.",
	},
	notFound: {
		what: '{provider} does not know this call or stream{quote}',
		todo: "It has ended, or '{callField}' or '{streamField}' is not right: {provider} does not say which. Set 'If Nothing Is Left to Stop' to 'Succeed' where that is fine.",
	},
	internal: {
		what: 'The node could not finish this item: {reason}',
		todo: 'The stream may still be running. Run the item again, and report this sentence if it comes back.',
	},
} as const satisfies Record<string, Sentence>;

/** Fills the `{…}` of a sentence; a value that is missing leaves nothing behind. */
export function say(
	sentence: Sentence,
	values: Record<string, string | number | undefined> = {},
): Sentence {
	const fill = (text: string) =>
		text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''));
	return { what: fill(sentence.what), todo: fill(sentence.todo) };
}

/** Behind what to do about the first failure: how much of the whole run it concerns. */
export const leftOver = (left: number, all: number) =>
	`Streams of this run that are not known to be stopped: ${left} of ${all}.`;

/** A provider's own words, as they stand behind what happened; nothing where it said nothing. */
export const quoted = (words: string | undefined) => (words ? `: “${words}”` : '');

/** Something is wrong with a field or a credential. Thrown before anything is sent. */
export class Refusal extends Error {
	readonly todo: string;

	constructor(sentence: Sentence, values?: Record<string, string | number | undefined>) {
		const { what, todo } = say(sentence, values);
		super(what);
		this.todo = todo;
	}
}
