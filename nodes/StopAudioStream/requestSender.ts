import {
	sleep,
	type ICredentialsDecrypted,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type IN8nHttpFullResponse,
} from 'n8n-workflow';

import { MAX_WAIT_MS, paceOf, type AccountPace, type GivenUp } from './accountPace';
import { clock } from './clock';
import { isRecord, type Answer } from './outcome';
import type { Account, Provider, ProviderRequest } from './providers/provider';
import { secretMask } from './secrets';

/** The longest that one item takes from its first send, in ms. */
const MAX_ITEM_MS = 120_000;
/** With less than this left, in ms, a request waits no longer: it would be cut off before its answer. */
const MIN_ATTEMPT_MS = 1_000;
/** The wait before the second attempt is at most this, in ms; the bound doubles with each further one. */
const FIRST_WAIT_MS = 500;

/** What the user set under 'Options' for sending. */
export interface SendOptions {
	/** For one attempt, in ms. */
	timeout: number;
	maxRetries: number;
	maxConcurrency: number;
}

/** How the sending of one request ended. */
export interface Sent {
	end: SendEnd;
	attempts: number;
	/** An attempt before the last may have had its effect, so that the last answer may speak of its doing. */
	effectBefore: boolean;
	/** The time (ms) by which everything that belongs to this item must have ended. */
	until: number;
}

export type SendEnd =
	| { kind: 'answer'; answer: Answer; retryAfterMs?: number }
	/** Sent, and then nothing: it may have had its effect. */
	| { kind: 'noAnswer'; seconds: number }
	| { kind: 'connectionLost'; code: string }
	/** Surely not processed. */
	| { kind: 'notReached'; code: string }
	/** The provider asked for a longer wait than the node takes. */
	| { kind: 'refused'; refusedForMs: number }
	/** An answer that cannot be decoded, or a request that n8n itself did not let out. */
	| { kind: 'broken'; reason: string }
	| { kind: 'cancelled' };

/** Why a wait is let go. Without a reason, each one would make an exception of its own, with its stack. */
const OVER = new Error('No longer waited for');

const NOT_REACHED = [
	'EADDRNOTAVAIL',
	'EAI_AGAIN',
	'ECONNREFUSED',
	'EHOSTDOWN',
	'EHOSTUNREACH',
	'EMFILE',
	'ENETDOWN',
	'ENETUNREACH',
	'ENOTFOUND',
];
/** The other side's certificate is refused before anything is sent. */
const BAD_CERTIFICATE =
	/^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|ERR_TLS_CERT_|SELF_SIGNED_CERT|UNABLE_TO_)/;
const LOST = ['ECONNRESET', 'EPIPE', 'ERR_BAD_RESPONSE', 'ERR_STREAM_PREMATURE_CLOSE'];
const TIMED_OUT = ['ECONNABORTED', 'ETIMEDOUT', 'ESOCKETTIMEDOUT'];

/** Whatever goes out to one provider account in one execution goes through one of these. */
export class RequestSender {
	private readonly pace: AccountPace;

	private readonly decrypted: ICredentialsDecrypted;

	/** Masks the account's secret in whatever is about to be shown. */
	readonly mask: ReturnType<typeof secretMask>;

	private readonly signal: AbortSignal | undefined;

	private readonly cancelled: Promise<GivenUp>;

	constructor(
		private readonly context: IExecuteFunctions,
		private readonly provider: Provider,
		account: Account,
		data: ICredentialsDecrypted['data'],
	) {
		this.pace = paceOf(`${provider.name} ${account.origin} ${account.id}`, provider.rateLimit);
		// Handed to n8n with each request, which would otherwise decrypt the credential again every time.
		this.decrypted = { id: '', name: '', type: provider.credential.type, data };
		this.mask = secretMask(account);
		this.signal = context.getExecutionCancelSignal?.();
		this.cancelled = new Promise((resolve) => {
			if (this.signal?.aborted) resolve('cancelled');
			this.signal?.addEventListener('abort', () => resolve('cancelled'));
		});
	}

	/**
	 * Sends a request until it is answered for good, or until the time `until` (ms) has come.
	 *
	 * A stop by id is safe to send again: a stream that one attempt stopped is found stopped by the next.
	 * A document is not (`repeatable` false): SignalWire would fetch and run it once more, speak twice and
	 * cut off what it had reached. So it is sent again only where it was surely not processed.
	 */
	async send(
		request: ProviderRequest,
		options: SendOptions,
		{ repeatable = true, until = Infinity } = {},
	): Promise<Sent> {
		let end: SendEnd | undefined;
		let attempts = 0;
		let effectBefore = false;
		let deadline = until;
		const sent = (last: SendEnd): Sent => ({
			// The last attempt was not delivered, but one before it may have been.
			end: last.kind === 'notReached' && effectBefore ? { ...last, kind: 'connectionLost' } : last,
			attempts,
			effectBefore,
			until: deadline,
		});
		const enough = Math.min(options.timeout, MIN_ATTEMPT_MS);
		for (;;) {
			if (this.signal?.aborted) return sent({ kind: 'cancelled' });
			const patience = new AbortController();
			const slot = await this.pace.enter({
				run: this.context,
				maxUnderWay: options.maxConcurrency,
				isRepeat: attempts > 0,
				giveUp: this.giveUp(deadline - enough, patience.signal),
			});
			patience.abort(OVER);
			if (slot === 'cancelled') return sent({ kind: 'cancelled' });
			// Out of time before the first send happens to a read only, which has nothing to report.
			if (slot === 'outOfTime') return sent(end ?? { kind: 'notReached', code: 'no time left' });
			if ('refusedForMs' in slot) return sent({ kind: 'refused', ...slot });

			deadline = Math.min(deadline, slot.sentAt + MAX_ITEM_MS);
			if (end && mayHaveHadEffect(end)) effectBefore = true;
			attempts += 1;
			end = await this.attempt(request, Math.min(options.timeout, deadline - slot.sentAt));
			const isAnswer = end.kind === 'answer';
			const limited = end.kind === 'answer' && end.answer.statusCode === 429;
			const retryAfterMs = end.kind === 'answer' ? end.retryAfterMs : undefined;
			this.pace.leave(slot, limited ? 'limited' : isAnswer ? 'answered' : 'lost', retryAfterMs);

			if (attempts > options.maxRetries || !mayBeSentAgain(end, repeatable)) break;
			if ((retryAfterMs ?? 0) > MAX_WAIT_MS) break;
			// After a 429 the pace makes the whole account wait, this item with it.
			const wait = limited ? 0 : (retryAfterMs ?? backoff(attempts));
			if (clock() + wait >= deadline - enough) break;
			if (wait > 0) await this.pauseUntil(clock() + wait);
		}
		return sent(end);
	}

	/** The request as n8n's helper gets it, without its authentication. */
	static toHttpRequest({ method, url, form, json }: ProviderRequest) {
		const type = form ? 'application/x-www-form-urlencoded' : json && 'application/json';
		return {
			method,
			url,
			headers: { Accept: 'application/json', ...(type && { 'Content-Type': type }) },
			...(form && { body: new URLSearchParams(form).toString() }),
			...(json && { body: json }),
		};
	}

	/** One send. Every status is an answer, so that a 401 is not sent twice and `Retry-After` can be read. */
	private async attempt(request: ProviderRequest, timeout: number): Promise<SendEnd> {
		const options: IHttpRequestOptions = {
			...RequestSender.toHttpRequest(request),
			timeout,
			encoding: 'text',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			// n8n follows redirects with the credential's headers, to other hosts too.
			disableFollowRedirect: true,
			sendCredentialsOnCrossOriginRedirect: false,
			allowedDomains: new URL(request.url).hostname,
		};
		const noAnswer = { kind: 'noAnswer', seconds: timeout / 1_000 } as const;
		const over = new AbortController();
		// n8n ties the request to this signal and takes no other. Without it, a request whose time is up
		// would keep its connection for as long as the answer goes on.
		const context: IExecuteFunctions = Object.create(this.context, {
			getExecutionCancelSignal: { value: () => over.signal },
		});
		try {
			const sending = context.helpers.httpRequestWithAuthentication.call(
				context,
				this.provider.credential.type,
				options,
				{ credentialsDecrypted: this.decrypted },
			);
			// n8n's timeout is for silence: an answer that comes a byte at a time would hold the slot for ever.
			const late = this.giveUp(clock() + timeout, over.signal);
			const response: IN8nHttpFullResponse | GivenUp = await Promise.race([sending, late]);
			if (response === 'cancelled') return { kind: 'cancelled' };
			if (response === 'outOfTime') return noAnswer;
			// Masked before a sentence is made of it: one that is cut to length may keep half of a secret.
			const answer = this.mask({ ...response, body: parsed(response.body) });
			return { kind: 'answer', answer, retryAfterMs: this.retryAfter(answer) };
		} catch (thrown) {
			if (this.signal?.aborted) return { kind: 'cancelled' };
			const code = networkCode(thrown);
			if (code === undefined) return { kind: 'broken', reason: reasonOf(thrown) };
			if (TIMED_OUT.includes(code)) return noAnswer;
			return { kind: isNotReached(code) ? 'notReached' : 'connectionLost', code };
		} finally {
			over.abort(OVER);
		}
	}

	/**
	 * The wait that an answer asks for, in ms: `Retry-After` in seconds or as a date, or with a 429 the
	 * provider's own way. A time that has passed is none, so that the node's own wait holds.
	 */
	private retryAfter(answer: Answer): number | undefined {
		const today = Date.now();
		const header = String(answer.headers['retry-after'] ?? '');
		const isSeconds = /^\s*\d+(\.\d+)?\s*$/.test(header);
		const own = answer.statusCode === 429 ? this.provider.retryAfter?.(answer, today) : undefined;
		return [isSeconds ? Number(header) * 1_000 : Date.parse(header) - today, own].find(
			(ms) => ms !== undefined && ms > 0 && Number.isFinite(ms),
		);
	}

	/** Waits until `at` (ms). True where the execution was cancelled meanwhile. */
	async pauseUntil(at: number): Promise<boolean> {
		const timer = new AbortController();
		const why = await this.giveUp(at, timer.signal);
		timer.abort(OVER);
		return why === 'cancelled';
	}

	/** Settles when the execution is cancelled or the time `at` (ms) has come; `done` lets go of the timer. */
	private async giveUp(at: number, done: AbortSignal): Promise<GivenUp> {
		if (at === Infinity) return await this.cancelled;
		const late = sleep(at - clock(), done).then(
			(): GivenUp => 'outOfTime',
			(): GivenUp => 'outOfTime',
		);
		return await Promise.race([this.cancelled, late]);
	}
}

const mayHaveHadEffect = (end: SendEnd) =>
	end.kind === 'noAnswer' ||
	end.kind === 'connectionLost' ||
	(end.kind === 'answer' && (end.answer.statusCode === 408 || end.answer.statusCode >= 500));

const mayBeSentAgain = (end: SendEnd, repeatable: boolean) =>
	end.kind === 'notReached' ||
	(end.kind === 'answer' && end.answer.statusCode === 429) ||
	(repeatable &&
		(end.kind === 'noAnswer' ||
			end.kind === 'connectionLost' ||
			(end.kind === 'answer' && [408, 500, 502, 503, 504].includes(end.answer.statusCode))));

/** Exponential with full jitter: the waits of many items spread out instead of ending together. */
const backoff = (attempt: number) =>
	Math.random() * Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), MAX_WAIT_MS);

/** JSON where the body is JSON, whatever its content type says; text otherwise. */
function parsed(body: unknown): unknown {
	if (typeof body !== 'string') return body;
	try {
		return JSON.parse(body);
	} catch {
		return body;
	}
}

const isNotReached = (code: string) => NOT_REACHED.includes(code) || BAD_CERTIFICATE.test(code);

/** The network's code, such as `ECONNRESET`, from however deep n8n wrapped it. */
function networkCode(thrown: unknown): string | undefined {
	for (let at = thrown, depth = 0; isRecord(at) && depth < 5; at = at.cause, depth += 1) {
		const code = [at.code, at.httpCode].find(
			(each) =>
				typeof each === 'string' &&
				(isNotReached(each) ||
					TIMED_OUT.includes(each) ||
					LOST.includes(each) ||
					each.startsWith('HPE_')),
		);
		if (typeof code === 'string') return code;
	}
	return undefined;
}

const reasonOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown));
