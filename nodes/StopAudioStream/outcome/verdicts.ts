import {
	fieldNames,
	hintFor,
	type Answer,
	type OwnReading,
	type Provider,
	type Way,
} from '../providers/provider';
import { failed, messages, quoteOf, type Failure, type Sentence } from '../words/sentences';
import { textOf } from '../words/values';
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
	| { kind: 'waitTooLong'; forMs: number }
	/** An answer that cannot be decoded, or a request that n8n itself did not let out. */
	| { kind: 'broken'; reason: string }
	| { kind: 'cancelled' };

/** What an end means, whoever the provider is. */
export type Meaning =
	| 'understood'
	| 'rejected'
	| 'unknownPath'
	| 'unreadable'
	| 'refused'
	| 'proxyLogin'
	| 'limited'
	| 'unavailable'
	| 'unsupported'
	| 'redirected'
	| Exclude<SendEnd['kind'], 'answer'>;

interface Verdict {
	/** The request may have had an effect that no answer reports. */
	mayHaveActed: boolean;
	/** Whether to send it again; a document, which is not repeatable, only if it certainly did nothing. */
	sendAgain: 'always' | 'ifRepeatable' | 'never';
	/** What it shows about the load on the provider. */
	load: 'copes' | 'limits' | 'unknown';
	/** Why the item fails, if this is the last end, and the sentence that says so. */
	cause: FailureCause;
	sentence: Sentence;
}

const verdict = <S extends Sentence>(
	mayHaveActed: Verdict['mayHaveActed'],
	sendAgain: Verdict['sendAgain'],
	load: Verdict['load'],
	cause: Verdict['cause'],
	sentence: S,
): Verdict & { sentence: S } => ({ mayHaveActed, sendAgain, load, cause, sentence });

/** The one table of what each end means: may have acted, send again, load, cause, sentence. */
export const VERDICTS = {
	understood: verdict(false, 'never', 'copes', 'rejected', messages.rejected),
	rejected: verdict(false, 'never', 'copes', 'rejected', messages.rejected),
	unknownPath: verdict(false, 'never', 'copes', 'rejected', messages.unknownPath),
	unreadable: verdict(false, 'never', 'copes', 'unreadable', messages.unreadable),
	refused: verdict(false, 'never', 'copes', 'credentials', messages.refused),
	proxyLogin: verdict(false, 'never', 'unknown', 'unavailable', messages.proxyLogin),
	limited: verdict(false, 'always', 'limits', 'rateLimit', messages.rateLimited),
	unavailable: verdict(true, 'ifRepeatable', 'unknown', 'unavailable', messages.unavailable),
	unsupported: verdict(true, 'never', 'unknown', 'unavailable', messages.unavailable),
	redirected: verdict(false, 'never', 'copes', 'rejected', messages.redirected),
	noAnswer: verdict(true, 'ifRepeatable', 'unknown', 'unavailable', messages.noAnswer),
	connectionLost: verdict(true, 'ifRepeatable', 'unknown', 'unavailable', messages.connectionLost),
	notReached: verdict(false, 'always', 'unknown', 'unavailable', messages.notReached),
	untrustedCertificate: verdict(
		false,
		'never',
		'unknown',
		'unavailable',
		messages.untrustedCertificate,
	),
	invalidCertificate: verdict(
		false,
		'never',
		'unknown',
		'unavailable',
		messages.invalidCertificate,
	),
	blocked: verdict(false, 'never', 'unknown', 'unavailable', messages.blocked),
	outOfTime: verdict(false, 'never', 'unknown', 'unavailable', messages.notReached),
	waitTooLong: verdict(false, 'never', 'unknown', 'rateLimit', messages.waitTooLong),
	broken: verdict(true, 'never', 'unknown', 'unreadable', messages.broken),
	cancelled: verdict(true, 'never', 'unknown', 'unavailable', messages.cancelled),
} satisfies Record<Meaning, Verdict>;

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

export function meaningOf(end: SendEnd): Meaning {
	if (end.kind !== 'answer') return end.kind;
	const { statusCode } = end.answer;
	return meaningOfStatus(statusCode) ?? meaningOfOwn(end.own, statusCode);
}

function meaningOfOwn(own: OwnReading | undefined, statusCode: number): Meaning {
	switch (own?.kind) {
		case 'outcome':
			return 'understood';
		case 'refusal':
			return 'rejected';
		case 'sendAgain':
			return 'unavailable';
		case undefined:
			if (statusCode === 404) return 'unknownPath';
			return statusCode >= 400 ? 'rejected' : 'unreadable';
	}
}

/** What the end of a stop means: an outcome, or a failure. `mayBeOver`: the call may be over, and that be why. */
export function readEnd(
	provider: Provider,
	way: Way,
	end: SendEnd,
): { kind: 'outcome'; status: Status } | { kind: 'failure'; failure: Failure; mayBeOver: boolean } {
	const own =
		end.kind === 'answer' && meaningOfStatus(end.answer.statusCode) === undefined
			? end.own
			: undefined;
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
	if (mayHaveActed && way.document && end.kind !== 'cancelled') {
		return failed(cause, messages.maybeActed, { ...values, reason: shortReason(end, values) });
	}
	if (end.kind !== 'answer') return failed(cause, sentence, values);
	const { retryAfterMs = 0, own, answer } = end;
	if ((meaning === 'unavailable' || meaning === 'limited') && retryAfterMs > MAX_WAIT_MS) {
		return failed(cause, messages.waitTooLong, values);
	}
	// No provider answers with a web page.
	if (meaning === 'refused' && /^\s*</.test(textOf(answer.body))) {
		return failed(cause, messages.refusedByPage, values);
	}
	return failed(cause, (own?.kind === 'refusal' && own.sentence) || sentence, values);
}

/** The values that an end fills into its sentence. */
function valuesOf(provider: Provider, end: SendEnd) {
	const empty = { status: '', quote: '', hint: '', seconds: '', code: '', reason: '', host: '' };
	const inSeconds = (ms: number) => String(Math.ceil(ms / 1_000));
	switch (end.kind) {
		case 'answer': {
			const { statusCode, body } = end.answer;
			return {
				...empty,
				status: String(statusCode),
				quote: quoteOf(body),
				hint: hintFor(provider, statusCode),
				seconds: inSeconds(end.retryAfterMs ?? 0),
			};
		}
		case 'noAnswer':
			return { ...empty, seconds: String(end.seconds) };
		case 'waitTooLong':
			return { ...empty, seconds: inSeconds(end.forMs) };
		case 'notReached':
		case 'connectionLost':
			return { ...empty, code: end.code };
		case 'untrustedCertificate':
		case 'invalidCertificate':
			return { ...empty, code: end.code, host: end.host };
		case 'blocked':
			return { ...empty, host: end.host };
		case 'outOfTime':
			return { ...empty, code: 'no time left' };
		case 'broken':
			return { ...empty, reason: end.reason };
		case 'cancelled':
			return empty;
	}
}

/** Why it is not known whether a request was acted on. */
function shortReason(end: SendEnd, { status, quote }: { status: string; quote: string }): string {
	switch (end.kind) {
		case 'answer':
			return `${status}${quote}`;
		case 'noAnswer':
			return `no answer within ${end.seconds} s`;
		case 'connectionLost':
			return `the connection broke, ${end.code}`;
		case 'broken':
			return end.reason;
		default:
			return end.kind;
	}
}
