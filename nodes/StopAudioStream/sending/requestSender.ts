import type {
	ICredentialsDecrypted,
	IExecuteFunctions,
	IHttpRequestOptions,
	IN8nHttpFullResponse,
} from 'n8n-workflow';

import { secretMask, type Mask } from '../outcome/secrets';
import {
	inSeconds,
	MAX_WAIT_MS,
	meaningOf,
	meaningOfStatus,
	VERDICTS,
	type SendEnd,
} from '../outcome/verdicts';
import type { Account, Answer, OwnReading, Provider, ProviderRequest } from '../providers/provider';
import { jsonOrAsIs } from '../words/values';
import { queueOf, type AccountQueue } from './accountQueue';
import type { TurnKind } from './accountRate';
import { networkEnd } from './networkEnds';
import { monotonicNow, OVER, pauseUntil, within } from './time';

/** Longest time that one item takes from its first send, in ms. */
const MAX_ITEM_MS = 120_000;
/** Least time for an attempt, in ms: with less left, a request would be cut off before its answer, and is not sent. */
const MIN_ATTEMPT_MS = 1_000;
/** Upper bound of the wait before the second attempt, in ms; it doubles with each further one. */
const FIRST_WAIT_MS = 500;

/** What the user set under 'Options' for sending. */
export interface SendOptions {
	/** For one attempt, in ms. */
	timeout: number;
	maxRetries: number;
	maxConcurrency: number;
}

/** One request, and how to send it. */
export interface Sending {
	request: ProviderRequest;
	kind: TurnKind;
	/** A stop by id is safe to send again; a document is not: SignalWire would fetch and run it once more. */
	repeatable: boolean;
	/** The provider's own reading of an answer, if the status alone does not say what it means. */
	read?(answer: Answer): OwnReading | undefined;
	/** By when it must have ended, in ms. */
	until?: number;
	/** Called when an attempt leaves; returns by when it must have ended, in ms. */
	onLeave?(): number;
}

/** How the sending of one request ended. */
export interface Sent {
	end: SendEnd;
	attempts: number;
	/** An attempt before the last may have had its effect, which the last answer may reflect. */
	effectBefore: boolean;
	/** The last attempt, or one before it, may have had an effect that no answer reports. */
	mayHaveActed: boolean;
}

/** Sends all that goes out to one provider account in one run of the node. */
export class RequestSender {
	private readonly queue: AccountQueue;

	private readonly origin: URL;

	private readonly decrypted: ICredentialsDecrypted;

	/** Masks the account's secrets in whatever is about to be shown. */
	readonly mask: Mask;

	constructor(
		/** The same object in a whole run, so that runs can take turns. */
		private readonly context: Pick<IExecuteFunctions, 'helpers' | 'getExecutionCancelSignal'>,
		private readonly signal: AbortSignal,
		readonly provider: Provider,
		readonly account: Account,
		data: ICredentialsDecrypted['data'],
	) {
		this.queue = queueOf(`${provider.name} ${account.origin} ${account.id}`, provider.rateLimit);
		// Given to n8n with each request: otherwise n8n would decrypt the credential again every time.
		this.decrypted = { id: '', name: '', type: provider.credential.type, data };
		this.origin = new URL(account.origin);
		this.mask = secretMask(account);
	}

	/**
	 * Sends a request, with retries, until it gets a final answer or runs out of time. A request that must not run
	 * twice is retried only if the attempts before certainly had no effect.
	 */
	async send(sending: Sending, options: SendOptions): Promise<Sent> {
		const { kind, repeatable, until = Infinity } = sending;
		let end: SendEnd | undefined;
		let attempts = 0;
		let effectBefore = false;
		let deadline = until;
		const sent = (last: SendEnd): Sent => ({
			// The last attempt was not delivered, but one before it may have been.
			end: last.kind === 'notReached' && effectBefore ? { ...last, kind: 'connectionLost' } : last,
			attempts,
			effectBefore,
			mayHaveActed: effectBefore || VERDICTS[meaningOf(last)].mayHaveActed === true,
		});
		const minimumMs = Math.min(options.timeout, MIN_ATTEMPT_MS);
		for (;;) {
			if (end && VERDICTS[meaningOf(end)].mayHaveActed) effectBefore = true;
			if (this.signal.aborted) return sent({ kind: 'cancelled' });
			// The queue may give a slot at once, however late it is. Only a read can be too late before its first
			// send.
			if (monotonicNow() >= deadline - minimumMs) return sent(end ?? { kind: 'outOfTime' });
			const slot = await this.queue.enter({
				run: this.context,
				kind,
				maxUnderWay: options.maxConcurrency,
				isRepeat: attempts > 0,
				until: deadline - minimumMs,
				signal: this.signal,
			});
			if (slot === 'cancelled') return sent({ kind: 'cancelled' });
			if (slot === 'outOfTime') return sent(end ?? { kind: 'outOfTime' });
			if ('refusedForMs' in slot) {
				return sent({ kind: 'waitTooLong', seconds: inSeconds(slot.refusedForMs) });
			}

			deadline = Math.min(sending.onLeave?.() ?? deadline, slot.sentAt + MAX_ITEM_MS);
			attempts += 1;
			end = await this.attempt(sending, Math.min(options.timeout, deadline - slot.sentAt));
			const meaning = meaningOf(end);
			const { load, sendAgain } = VERDICTS[meaning];
			const retryAfterMs = end.kind === 'answer' ? end.retryAfterMs : undefined;
			this.queue.leave(slot, load, retryAfterMs);

			if (!sendAgain || (sendAgain === 'ifRepeatable' && !repeatable)) break;
			if (attempts > options.maxRetries || (retryAfterMs ?? 0) > MAX_WAIT_MS) break;
			// After a 429 the whole account waits, this item with it.
			const wait = load === 'limits' ? 0 : (retryAfterMs ?? backoff(attempts));
			if (monotonicNow() + wait >= deadline - minimumMs) break;
			if (wait > 0) await pauseUntil(monotonicNow() + wait, this.signal);
		}
		return sent(end);
	}

	/** One send. Every status is an answer, so that n8n does not send again after a 401, and `Retry-After` can be read. */
	private async attempt({ request, read }: Sending, timeout: number): Promise<SendEnd> {
		const options: IHttpRequestOptions = {
			...toHttpRequest(request),
			timeout,
			encoding: 'text',
			returnFullResponse: true,
			ignoreHttpStatusErrors: true,
			// n8n follows redirects with the credential's headers, to other hosts too.
			disableFollowRedirect: true,
			sendCredentialsOnCrossOriginRedirect: false,
			allowedDomains: this.origin.hostname,
		};
		const over = new AbortController();
		// n8n ties the request to this signal and takes no other. Without it, a request whose time is up
		// would keep its connection for as long as the answer goes on.
		const context: IExecuteFunctions = Object.create(this.context, {
			getExecutionCancelSignal: { value: () => over.signal },
		});
		try {
			const sending: Promise<IN8nHttpFullResponse> =
				context.helpers.httpRequestWithAuthentication.call(
					context,
					this.provider.credential.type,
					options,
					{ credentialsDecrypted: this.decrypted },
				);
			// n8n's timeout bounds only silence: an answer that comes a byte at a time would hold the slot for ever.
			const response = await within(sending, monotonicNow() + timeout, this.signal);
			if (response === 'cancelled') return { kind: 'cancelled' };
			if (response === 'outOfTime') return { kind: 'noAnswer', seconds: timeout / 1_000 };
			// Masked before it is quoted: a quote is cut to length, and may keep half of a secret.
			const answer = this.mask({ ...response, body: jsonOrAsIs(response.body) });
			return {
				kind: 'answer',
				answer,
				retryAfterMs: this.retryAfter(answer),
				own: meaningOfStatus(answer.statusCode) === undefined ? read?.(answer) : undefined,
			};
		} catch (thrown) {
			return networkEnd(thrown, { host: this.origin.host, seconds: timeout / 1_000 });
		} finally {
			over.abort(OVER);
		}
	}

	/**
	 * The wait that an answer asks for, in ms: `Retry-After` in seconds or as a date, or with a 429 the provider's
	 * own way. A date is compared with the answer's own `Date`, since the two clocks may differ. A time in the past
	 * does not count, so that the node's own wait holds.
	 */
	private retryAfter(answer: Answer): number | undefined {
		const { headers, statusCode } = answer;
		const serverNow = Date.parse(String(headers.date)) || Date.now();
		const header = String(headers['retry-after']);
		const isSeconds = /^\s*\d+(\.\d+)?\s*$/.test(header);
		const own = statusCode === 429 ? this.provider.retryAfter?.(answer, serverNow) : undefined;
		return [isSeconds ? Number(header) * 1_000 : Date.parse(header) - serverNow, own].find(
			(ms = 0) => ms > 0 && Number.isFinite(ms),
		);
	}
}

/** The request as n8n's helper gets it, without its authentication. */
export function toHttpRequest({ method, url, form, json }: ProviderRequest) {
	const type = form ? 'application/x-www-form-urlencoded' : json && 'application/json';
	return {
		method,
		url,
		headers: { Accept: 'application/json', ...(type && { 'Content-Type': type }) },
		...(form && { body: new URLSearchParams(form).toString() }),
		...(json && { body: json }),
	};
}

/** Exponential with full jitter: the waits of many items spread out instead of ending together. */
const backoff = (attempt: number) =>
	Math.random() * Math.min(FIRST_WAIT_MS * 2 ** (attempt - 1), MAX_WAIT_MS);
