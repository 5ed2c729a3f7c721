import {
	fieldNames,
	type Answer,
	type OwnReading,
	type Provider,
	type Way,
} from '../providers/provider';
import { failed, messages, quoteOf, type Failure } from '../words/sentences';
import type { CallState, FailureCause, Status } from '../words/vocabulary';

/** The longest wait the node takes upon itself, in ms; where a provider asks for more, the item fails. */
export const MAX_WAIT_MS = 30_000;

/** How the sending of one request ended. */
export type SendEnd =
	| {
			kind: 'answer';
			answer: Answer;
			/** The wait that the answer asks for. */
			retryAfterMs?: number;
			/** What the provider makes of its own answer, where the status alone does not say it. */
			own?: OwnReading;
	  }
	/** Sent, and then nothing. */
	| { kind: 'noAnswer'; seconds: number }
	| { kind: 'connectionLost'; code: string }
	/** Surely not delivered. */
	| { kind: 'notReached'; code: string }
	/** The CA of the certificate is unknown to n8n. */
	| { kind: 'untrustedCertificate'; host: string; code: string }
	/** Expired, or made for another host. */
	| { kind: 'invalidCertificate'; host: string; code: string }
	/** By n8n's own SSRF protection. */
	| { kind: 'blocked'; host: string }
	/** Its time was over before it could leave. */
	| { kind: 'outOfTime' }
	/** The provider asked for a longer wait than the node takes, so nothing was sent. */
	| { kind: 'waitTooLong'; forMs: number }
	/** An answer that cannot be decoded, or a request that n8n itself did not let out. */
	| { kind: 'broken'; reason: string }
	| { kind: 'cancelled' };

/** What an end means, whoever the provider is. */
export type Meaning =
	| 'ownWords'
	| 'refused'
	| 'limited'
	| 'proxyLogin'
	| 'unavailable'
	| 'unsupported'
	| 'redirected'
	| Exclude<SendEnd['kind'], 'answer'>;

interface Verdict {
	/** The request may have had its effect, and nobody said so. */
	mayHaveActed: boolean;
	/** Whether to send it again; a document, which is not repeatable, only where it surely did nothing. */
	sendAgain: 'always' | 'ifRepeatable' | 'never';
	/** Why the item fails, where this is the last word. */
	cause: FailureCause;
}

/** The one table of what each end means: the sender acts on it, and the reader words it. */
export const VERDICTS: Readonly<Record<Meaning, Verdict>> = {
	ownWords: { mayHaveActed: false, sendAgain: 'never', cause: 'rejected' },
	refused: { mayHaveActed: false, sendAgain: 'never', cause: 'credentials' },
	limited: { mayHaveActed: false, sendAgain: 'always', cause: 'rateLimit' },
	proxyLogin: { mayHaveActed: false, sendAgain: 'never', cause: 'unavailable' },
	unavailable: { mayHaveActed: true, sendAgain: 'ifRepeatable', cause: 'unavailable' },
	unsupported: { mayHaveActed: true, sendAgain: 'never', cause: 'unavailable' },
	redirected: { mayHaveActed: false, sendAgain: 'never', cause: 'rejected' },
	noAnswer: { mayHaveActed: true, sendAgain: 'ifRepeatable', cause: 'unavailable' },
	connectionLost: { mayHaveActed: true, sendAgain: 'ifRepeatable', cause: 'unavailable' },
	notReached: { mayHaveActed: false, sendAgain: 'always', cause: 'unavailable' },
	untrustedCertificate: { mayHaveActed: false, sendAgain: 'never', cause: 'unavailable' },
	invalidCertificate: { mayHaveActed: false, sendAgain: 'never', cause: 'unavailable' },
	blocked: { mayHaveActed: false, sendAgain: 'never', cause: 'unavailable' },
	outOfTime: { mayHaveActed: false, sendAgain: 'never', cause: 'unavailable' },
	waitTooLong: { mayHaveActed: false, sendAgain: 'never', cause: 'rateLimit' },
	broken: { mayHaveActed: true, sendAgain: 'never', cause: 'unreadable' },
	cancelled: { mayHaveActed: true, sendAgain: 'never', cause: 'unavailable' },
};

const TEMPORARY = [408, 500, 502, 503, 504];

/**
 * What an end means. 401, 403, 407, 408, 429, 3xx and 5xx mean the same for every provider and are settled here,
 * before a provider's own words are looked at: whatever a body says, they are no success.
 */
export function meaningOf(end: SendEnd): Meaning {
	if (end.kind !== 'answer') return end.kind;
	const { statusCode } = end.answer;
	if (statusCode === 401 || statusCode === 403) return 'refused';
	if (statusCode === 407) return 'proxyLogin';
	if (statusCode === 429) return 'limited';
	if (TEMPORARY.includes(statusCode)) return 'unavailable';
	if (statusCode >= 500) return 'unsupported';
	if (statusCode >= 300 && statusCode < 400) return 'redirected';
	return end.own && 'asks' in end.own && end.own.asks === 'again' ? 'unavailable' : 'ownWords';
}

/** Whether an end shows that the provider copes with what it is sent. */
export const showsCoping = (end: SendEnd): boolean =>
	['ownWords', 'refused', 'redirected'].includes(meaningOf(end));

/** What became of a stop, or why nobody can say. */
export type Outcome =
	{ status: Status; callState?: CallState } | { failure: Failure; callState?: CallState };

/** What the end of a stop means: an outcome, or a refusal that the call itself may turn into an end. */
export function readEnd(
	provider: Provider,
	way: Way,
	end: SendEnd,
): { status: Status } | { failure: Failure; asksCall?: true } {
	const own = meaningOf(end) === 'ownWords' && end.kind === 'answer' ? end.own : undefined;
	if (own && 'status' in own) return { status: own.status };
	const failure = failureOf(provider, way, end, own);
	return own && 'asks' in own ? { ...failure, asksCall: true } : failure;
}

function failureOf(
	provider: Provider,
	way: Way,
	end: SendEnd,
	own: OwnReading | undefined,
): { failure: Failure } {
	const meaning = meaningOf(end);
	const { cause, mayHaveActed } = VERDICTS[meaning];
	const names = fieldNames(provider, way);
	// Running a document twice does harm, so a document that may have run has a sentence of its own.
	const unknown = (reason: string) => failed(cause, messages.maybeActed, { ...names, reason });
	const isDocument = mayHaveActed && way.document !== undefined;
	switch (end.kind) {
		case 'answer': {
			const { statusCode: status, body } = end.answer;
			const values = { ...names, status, quote: quoteOf(body) };
			if (isDocument) return unknown(`${status}${values.quote}`);
			return answerFailure(
				provider,
				{ meaning, cause, own, retryAfterMs: end.retryAfterMs },
				values,
			);
		}
		case 'noAnswer': {
			const { seconds } = end;
			if (isDocument) return unknown(`no answer within ${seconds} s`);
			return failed(cause, messages.noAnswer, { ...names, seconds });
		}
		case 'connectionLost':
			if (isDocument) return unknown(`the connection broke, ${end.code}`);
			return failed(cause, messages.connectionLost, { ...names, code: end.code });
		case 'notReached':
			return failed(cause, messages.notReached, { ...names, code: end.code });
		case 'untrustedCertificate':
			return failed(cause, messages.untrustedCertificate, { host: end.host, code: end.code });
		case 'invalidCertificate':
			return failed(cause, messages.invalidCertificate, { host: end.host, code: end.code });
		case 'blocked':
			return failed(cause, messages.blocked, { host: end.host });
		case 'outOfTime':
			return failed(cause, messages.notReached, { ...names, code: 'no time left' });
		case 'waitTooLong':
			return failed(cause, messages.waitTooLong, {
				...names,
				seconds: Math.ceil(end.forMs / 1_000),
				quote: '',
			});
		case 'broken':
			if (isDocument) return unknown(end.reason);
			return failed(cause, messages.broken, { ...names, reason: end.reason });
		case 'cancelled':
			return failed(cause, messages.cancelled, names);
	}
}

type AnswerValues = ReturnType<typeof fieldNames> & { status: number; quote: string };

function answerFailure(
	provider: Provider,
	{
		meaning,
		cause,
		own,
		retryAfterMs = 0,
	}: { meaning: Meaning; cause: FailureCause; own?: OwnReading; retryAfterMs?: number },
	values: AnswerValues,
): { failure: Failure } {
	const { status } = values;
	if ((meaning === 'unavailable' || meaning === 'limited') && retryAfterMs > MAX_WAIT_MS) {
		const seconds = Math.ceil(retryAfterMs / 1_000);
		return failed(cause, messages.waitTooLong, { ...values, seconds });
	}
	switch (meaning) {
		case 'refused':
			return failed(cause, messages.refused, { ...values, hint: hintFor(provider, status) });
		case 'limited':
			return failed(cause, messages.rateLimited, values);
		case 'proxyLogin':
			return failed(cause, messages.proxyLogin, values);
		case 'redirected':
			return failed(cause, messages.redirected, values);
		case 'ownWords':
			if (own && 'advice' in own) {
				return failed(cause, messages.rejectedWith, { ...values, advice: own.advice });
			}
			if (status === 404) return failed(cause, messages.unknownPath, values);
			if (status >= 400) return failed(cause, messages.rejected, values);
			return failed('unreadable', messages.unreadable, values);
		default:
			return failed(cause, messages.unavailable, values);
	}
}

/** What to check after a 401 or 403, in a credential's test too. */
export const hintFor = ({ credentialHint, forbiddenHint }: Provider, status: number): string =>
	status === 403 && forbiddenHint ? `${credentialHint} ${forbiddenHint}` : credentialHint;

/** What is known of a stop that found nothing: the state of the call, or of what `noun` says. */
export interface NotFound {
	callState?: CallState;
	noun: 'call' | 'conference';
}

/** The sentence for a stop that found nothing, by what is known. */
export function notFoundSentence({ stream, streams }: Way, { callState }: NotFound) {
	if (callState === 'notFound') return messages.notFoundUnknown;
	if (callState !== 'live') return messages.notFound;
	if (!stream) return messages.notFoundAllLive;
	return streams ? messages.notFoundLive : messages.notFoundLiveUnsure;
}

/** The failure for a stop that found nothing, where the user wants to hear of it. */
export function nothingToStop(
	provider: Provider,
	way: Way,
	{
		known,
		sentence,
		quote,
	}: {
		known: NotFound;
		sentence: ReturnType<typeof notFoundSentence> | typeof messages.nothingRunning;
		quote: string;
	},
): { failure: Failure } {
	return failed('nothingToStop', sentence, { ...fieldNames(provider, way, known.noun), quote });
}
