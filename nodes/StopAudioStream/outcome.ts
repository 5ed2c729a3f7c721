import { messages, quoted, say, type Sentence } from './messages';
import { MAX_WAIT_MS } from './accountPace';
import type { Account, Provider, ProviderRequest, Target } from './providers/provider';
import type { SendEnd } from './requestSender';

/** What became of a stop. The README's table says what each means. */
export type Status = 'stopped' | 'alreadyStopped' | 'notFound' | 'accepted';

/** The short list of causes that code acts on; people read the sentences. */
export type FailureCause =
	| 'input'
	| 'credentials'
	| 'rateLimit'
	| 'unavailable'
	| 'rejected'
	| 'unreadable'
	| 'nothingToStop';

/** A provider's answer. `body` is parsed where it is JSON, and text where it is not; empty is `''`. */
export interface Answer {
	statusCode: number;
	headers: Record<string, unknown>;
	body: unknown;
}

/** A stop that did not work: why, and the two sentences a person reads. */
export interface Failure extends Sentence {
	cause: FailureCause;
}

/** What an answer means: what became of the stop, or why nobody can say. */
export type Outcome = { status: Status } | { failure: Failure };

/** An outcome, or a question that one more read settles; `read` of nothing holds where that read does not work. */
export type Reading = Outcome | { ask: ProviderRequest; read(answer?: Answer): Outcome };

/** What a provider makes of its own answers: a status, or a read that may show one. Failures are worded here, once. */
export type OwnReading =
	| { status: Status }
	| { ask: ProviderRequest; read(answer: Answer): { status: Status } | undefined };

export const failed = (
	cause: FailureCause,
	sentence: Sentence,
	values?: Record<string, string | number | undefined>,
): { failure: Failure } => ({ failure: { cause, ...say(sentence, values) } });

/**
 * What an answer to a stop means. 401, 403, 408, 429, 3xx and 5xx mean the same for every provider and are
 * settled here, before a provider's own words are looked at: whatever a body says, they are no success.
 */
export function readAnswer(
	provider: Provider,
	target: Target,
	account: Account,
	answer: Answer,
): Reading {
	const status = answer.statusCode;
	const values = {
		...fieldNames(provider, target),
		status,
		quote: quoted(providerWords(answer.body)),
	};
	if (status === 401 || status === 403) {
		return failed('credentials', messages.refused, { ...values, hint: provider.credentialHint });
	}
	if (status === 429) return failed('rateLimit', messages.rateLimited, values);
	if (status === 408 || status >= 500) return failed('unavailable', messages.unavailable, values);
	if (status >= 300 && status < 400) return failed('rejected', messages.redirected, values);
	const own = status >= 200 ? provider.readStop(answer, target, account) : undefined;
	const otherwise = () =>
		status === 404
			? failed('rejected', messages.unknownPath, values)
			: status >= 400
				? failed('rejected', messages.rejected, values)
				: failed('unreadable', messages.unreadable, values);
	if (own && 'ask' in own) {
		return { ask: own.ask, read: (more) => (more && own.read(more)) ?? otherwise() };
	}
	return own ?? otherwise();
}

/** What the end of a send means: its answer, or why there is none. */
export function readEnd(
	provider: Provider,
	target: Target,
	account: Account,
	end: SendEnd,
): Reading {
	const values = { provider: provider.displayName };
	// Running a document twice does harm, so a document that may have run has a sentence of its own.
	const orMaybeTaken = (byId: Sentence) => (target.document ? messages.maybeTaken : byId);
	switch (end.kind) {
		case 'answer':
			return readLastAnswer(provider, target, account, end);
		case 'noAnswer':
			return failed('unavailable', orMaybeTaken(messages.noAnswer), {
				...values,
				seconds: end.seconds,
				reason: `no answer within ${end.seconds} s`,
			});
		case 'connectionLost':
			return failed('unavailable', orMaybeTaken(messages.connectionLost), {
				...values,
				code: end.code,
				reason: `the connection broke, ${end.code}`,
			});
		case 'notReached':
			return failed('unavailable', messages.notReached, { ...values, code: end.code });
		case 'refused':
			return failed('rateLimit', messages.rateLimitedLong, {
				...values,
				seconds: Math.ceil(end.refusedForMs / 1_000),
			});
		case 'broken':
			return failed('unreadable', orMaybeTaken(messages.broken), { ...values, reason: end.reason });
		case 'cancelled':
			return failed('unavailable', messages.cancelled, values);
	}
}

function readLastAnswer(
	provider: Provider,
	target: Target,
	account: Account,
	{ answer, retryAfterMs = 0 }: Extract<SendEnd, { kind: 'answer' }>,
): Reading {
	const { statusCode, body } = answer;
	const values = { provider: provider.displayName, quote: quoted(providerWords(body)) };
	const isDown = statusCode === 408 || statusCode >= 500;
	if (target.document && isDown) {
		const reason = `${statusCode}${values.quote}`;
		return failed('unavailable', messages.maybeTaken, { ...values, reason });
	}
	if ((isDown || statusCode === 429) && retryAfterMs > MAX_WAIT_MS) {
		const seconds = Math.ceil(retryAfterMs / 1_000);
		const cause = isDown ? 'unavailable' : 'rateLimit';
		return failed(cause, messages.rateLimitedLong, { ...values, seconds });
	}
	return readAnswer(provider, target, account, answer);
}

/** The names that sentences about `target` use, as the screen shows them. */
export function fieldNames(provider: Provider, target: Target) {
	const streamId = provider.streamIds.find(({ streamBy }) => streamBy === target.streamBy);
	return {
		provider: provider.displayName,
		callField: provider.callId.label,
		streamField: (streamId ?? provider.streamIds[0]).label,
	};
}

const MAX_QUOTE = 300;

/**
 * The sentence in a provider's answer, whatever shape it has: SignalWire's `message` and `errors`,
 * Plivo's `error`, Vobiz's `error.message`. Nothing for HTML and for bodies without one.
 */
export function providerWords(body: unknown): string | undefined {
	const words = firstText(body);
	if (words === undefined) return undefined;
	// Control characters and line ends would break a log line or a table on screen.
	const line = words.replace(/[\p{Cc}\s]+/gu, ' ').trim();
	return line.length > MAX_QUOTE ? `${line.slice(0, MAX_QUOTE)}…` : line;
}

function firstText(body: unknown): string | undefined {
	if (typeof body === 'string') return body === '' || /^\s*</.test(body) ? undefined : body;
	if (Array.isArray(body)) return firstText(body[0]);
	if (!isRecord(body)) return undefined;
	return firstText(body.message) ?? firstText(body.error) ?? firstText(body.errors);
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);
