import {
	fieldNames,
	hintFor,
	type Answer,
	type OwnReading,
	type Provider,
	type Way,
} from '../providers/provider';
import { failed, messages, quoteOf, say, type Failure, type Sentence } from '../words/sentences';
import { isRecord, isWebPage } from '../words/values';
import type { FailureCause, Status } from '../words/vocabulary';

/** Longest wait that the node takes upon itself, in ms; if a provider asks for more, the item fails. */
export const MAX_WAIT_MS = 30_000;

/** How the sending of one request ended. */
export type SendEnd =
	| {
			kind: 'answer';
			answer: Answer;
			/** The wait that the answer asks for. */
			retryAfterMs?: number;
			/** What the provider makes of its own answer, if the status alone does not say it. */
			own?: OwnReading;
	  }
	/** Sent, and then nothing. */
	| { kind: 'noAnswer'; seconds: number }
	| { kind: 'connectionLost'; code: string }
	/** Certainly not delivered. */
	| { kind: 'notReached'; code: string }
	/** The CA of the certificate is unknown to n8n. */
	| { kind: 'untrustedCertificate'; host: string; code: string }
	/** The certificate has expired, or was made for another host. */
	| { kind: 'invalidCertificate'; host: string; code: string }
	/** n8n's own SSRF protection let nothing out. */
	| { kind: 'blocked'; host: string }
	/** Its time was over before it could leave. */
	| { kind: 'outOfTime' }
	/** The provider asked for a longer wait than the node takes, so nothing was sent. */
	| { kind: 'waitTooLong'; seconds: number }
	/** An answer that cannot be decoded, or a request that n8n itself did not let out. */
	| { kind: 'broken'; reason: string }
	| { kind: 'cancelled' };

/** What an answer showed of how the provider copes. */
export type Load = 'copes' | 'limits' | 'unknown';

interface Verdict {
	/** Why the item fails if its last attempt ended so, and the sentence that says it. */
	cause: FailureCause;
	sentence: Sentence;
	/** The request may have had an effect that no answer reports. */
	mayHaveActed?: true;
	/** When to send it again; never, if this is absent. A document is not repeatable. */
	sendAgain?: 'always' | 'ifRepeatable';
	load: Load;
}

const verdict = <S extends Sentence>(
	cause: FailureCause,
	sentence: S,
	more: Partial<Verdict> = {},
): Verdict & { sentence: S } => ({ load: 'unknown', ...more, cause, sentence });

/** The answer shows only that the provider copes with the load. */
const copes = { load: 'copes' } as const;
/** The request may have acted, and is sent again only if it is repeatable. */
const unsure = { mayHaveActed: true, sendAgain: 'ifRepeatable' } as const;

/** The one table of what each end means. */
export const VERDICTS = {
	understood: verdict('rejected', messages.rejected, copes),
	rejected: verdict('rejected', messages.rejected, copes),
	unknownPath: verdict('rejected', messages.unknownPath, copes),
	unreadable: verdict('unreadable', messages.unreadable, copes),
	refused: verdict('credentials', messages.refused, copes),
	redirected: verdict('rejected', messages.redirected, copes),
	limited: verdict('rateLimit', messages.rateLimited, { sendAgain: 'always', load: 'limits' }),
	notReached: verdict('unavailable', messages.notReached, { sendAgain: 'always' }),
	unavailable: verdict('unavailable', messages.unavailable, unsure),
	noAnswer: verdict('unavailable', messages.noAnswer, unsure),
	connectionLost: verdict('unavailable', messages.connectionLost, unsure),
	unsupported: verdict('unavailable', messages.unavailable, { mayHaveActed: true }),
	broken: verdict('unreadable', messages.broken, { mayHaveActed: true }),
	proxyLogin: verdict('unavailable', messages.proxyLogin),
	untrustedCertificate: verdict('unavailable', messages.untrustedCertificate),
	invalidCertificate: verdict('unavailable', messages.invalidCertificate),
	blocked: verdict('unavailable', messages.blocked),
	outOfTime: verdict('unavailable', messages.notReached),
	waitTooLong: verdict('rateLimit', messages.waitTooLong),
	// A cancelled request may have acted too, but it keeps its own sentence: n8n looks for the word 'canceled' in it.
	cancelled: verdict('unavailable', messages.cancelled),
} satisfies Record<string, Verdict>;

/** What an end means, whoever the provider is. */
export type Meaning = keyof typeof VERDICTS;

const TEMPORARY = [408, 500, 502, 503, 504];

/**
 * What a status means at every provider, whatever the body says; `undefined` if only the provider's own words tell.
 */
export function meaningOfStatus(statusCode: number): Meaning | undefined {
	if (statusCode === 401 || statusCode === 403) return 'refused';
	if (statusCode === 407) return 'proxyLogin';
	if (statusCode === 429) return 'limited';
	if (TEMPORARY.includes(statusCode)) return 'unavailable';
	if (statusCode >= 500) return 'unsupported';
	if (statusCode >= 300 && statusCode < 400) return 'redirected';
	return statusCode < 200 ? 'unreadable' : undefined;
}

/** What a provider's own reading means. */
const MEANING_OF_OWN = {
	outcome: 'understood',
	refusal: 'rejected',
	sendAgain: 'unavailable',
} as const;

export function meaningOf(end: SendEnd): Meaning {
	if (end.kind !== 'answer') return end.kind;
	const { statusCode } = end.answer;
	const told = meaningOfStatus(statusCode) ?? (end.own && MEANING_OF_OWN[end.own.kind]);
	if (told) return told;
	if (statusCode === 404) return 'unknownPath';
	return statusCode >= 400 ? 'rejected' : 'unreadable';
}

/** What the end of a stop means: an outcome, or a failure. `mayBeOver`: the call may be over, which would be why. */
export function readEnd(
	provider: Provider,
	way: Way,
	end: SendEnd,
): { kind: 'outcome'; status: Status } | { kind: 'failure'; failure: Failure; mayBeOver: boolean } {
	const own = end.kind === 'answer' ? end.own : undefined;
	if (own?.kind === 'outcome') return own;
	return {
		kind: 'failure',
		...failureOf(provider, way, end),
		mayBeOver: own?.kind === 'refusal' && own.mayBeOver,
	};
}

function failureOf(provider: Provider, way: Way, end: SendEnd): { failure: Failure } {
	const meaning = meaningOf(end);
	const { cause, mayHaveActed, sentence } = VERDICTS[meaning];
	const values = { ...fieldNames(provider, way), ...valuesOf(provider, end) };
	// Running a document twice does harm, so a document that may have run has a sentence of its own.
	if (mayHaveActed && way.document) {
		return failed(cause, messages.maybeActed, { ...values, reason: say(sentence, values).what });
	}
	if (end.kind !== 'answer') return failed(cause, sentence, values);
	const { retryAfterMs = 0, own, answer } = end;
	if ((meaning === 'unavailable' || meaning === 'limited') && retryAfterMs > MAX_WAIT_MS) {
		return failed(cause, messages.waitTooLong, values);
	}
	if (meaning === 'refused' && !isOwnRefusal(answer)) {
		return failed(cause, messages.refusedInOtherForm, values);
	}
	if (meaning === 'rejected' && !own && isWebPage(answer.body)) {
		return failed(cause, messages.webPage, values);
	}
	return failed(cause, (own?.kind === 'refusal' && own.sentence) || sentence, values);
}

/**
 * Whether the provider itself can have sent this 401 or 403. Each provider's 403 is JSON. Plivo documents no body
 * for its 401, but no provider sends a web page. If a proxy refuses n8n a tunnel, its 403 looks as if the provider
 * sent it.
 */
const isOwnRefusal = ({ statusCode, body }: Answer): boolean =>
	statusCode === 403 ? isRecord(body) : !isWebPage(body);

/** The values that an end fills into its sentence. */
function valuesOf(provider: Provider, end: SendEnd) {
	const others = { status: '', quote: '', hint: '', seconds: '', code: '', reason: '', host: '' };
	if (end.kind !== 'answer') return { ...others, ...end };
	const { statusCode, body } = end.answer;
	return {
		...others,
		status: statusCode,
		quote: quoteOf(body),
		hint: hintFor(provider, statusCode),
		seconds: inSeconds(end.retryAfterMs ?? 0),
	};
}

/** For people: a wait that is over when they have waited it. */
export const inSeconds = (ms: number) => Math.ceil(ms / 1_000);
