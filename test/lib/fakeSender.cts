import type { IDataObject, IExecuteFunctions, IHttpRequestOptions } from 'n8n-workflow';

import { providers } from '../../nodes/StopAudioStream/providers/index';
import type { Account, Provider } from '../../nodes/StopAudioStream/providers/provider';
import {
	RequestSender,
	type Sending,
	type SendOptions,
	type Sent,
} from '../../nodes/StopAudioStream/sending/requestSender';

/** What the credential holds, as n8n gives it. */
export const DATA = { authId: 'MAEXAMPLE', authToken: 'example-token' };

/** An answer as n8n's request helper gives it; a status of 200 and nothing else, unless it is said. */
export interface FakeAnswer {
	statusCode?: number;
	headers?: IDataObject;
	body?: unknown;
}

/**
 * What becomes of one request. A number is a status. A text is the code of a connection that went wrong, behind
 * the name of the system call that failed, where there is one: `connect ECONNREFUSED`. `never`: no answer at all.
 * An error is thrown, and a function is called.
 */
export type Fate = number | string | Error | FakeAnswer | (() => unknown);

/** One request, as it came to n8n's helper. */
export interface SeenRequest {
	credentialType: string;
	options: IHttpRequestOptions;
	more: unknown;
	/** What the request would be cancelled by. */
	signal: AbortSignal | undefined;
}

/** What n8n throws for a connection that went wrong: Node's own error, wrapped. */
export function networkError(code: string, syscall?: string): Error {
	const cause = Object.assign(new Error(`${syscall ?? 'socket'} ${code}`), {
		code,
		...(syscall && { syscall }),
	});
	return new Error('The service refused the connection', { cause });
}

const networkErrorOf = (text: string) => {
	const [code = '', syscall] = text.split(' ').reverse();
	return networkError(code, syscall);
};

/** What becomes of each request in turn, the last one's of all after it; or of each by what it asks. */
export type Fates = readonly Fate[] | ((request: IHttpRequestOptions, n: number) => Fate);

/** n8n's request helper, behind which no network is. */
export function fakeHelper(fates: Fates) {
	const sentAt: number[] = [];
	const requests: SeenRequest[] = [];
	async function httpRequestWithAuthentication(
		this: Pick<IExecuteFunctions, 'getExecutionCancelSignal'>,
		credentialType: string,
		options: IHttpRequestOptions,
		more: unknown,
	): Promise<unknown> {
		const signal = this.getExecutionCancelSignal();
		requests.push({ credentialType, options, more, signal });
		const fate =
			typeof fates === 'function'
				? fates(options, sentAt.length)
				: (fates[Math.min(sentAt.length, fates.length - 1)] ?? 200);
		sentAt.push(Date.now());
		if (fate === 'never') return await new Promise(() => undefined);
		if (fate instanceof Error) throw fate;
		if (typeof fate === 'string') throw networkErrorOf(fate);
		if (typeof fate === 'number') return { statusCode: fate, headers: {}, body: '' };
		if (typeof fate === 'function') return await Promise.resolve(fate());
		return await Promise.resolve({ statusCode: 200, headers: {}, body: '', ...fate });
	}
	return { sentAt, requests, httpRequestWithAuthentication };
}

/** The provider of this name. */
export function providerOf(name: string): Provider {
	const found = providers.find((provider) => provider.name === name);
	if (!found) throw new Error(`There is no provider '${name}'.`);
	return found;
}

let accounts = 0;

/** An account that no other test sends to, so that none waits for another's requests. */
export function freshAccount(): Account {
	accounts += 1;
	return {
		origin: `https://account-${accounts}.example`,
		id: 'MAEXAMPLE',
		token: 'example-token',
		signingKey: '',
	};
}

export interface FakeSenderOptions {
	provider?: string;
	origin?: string;
	id?: string;
	/** The execution's; `null` for an n8n that has none. */
	signal?: AbortSignal | null;
}

/** The rules of one sending that a test does not leave as they are. */
export type SendingRules = Partial<Omit<Sending, 'request'>>;

export interface FakeSender {
	/** When each request left. */
	sentAt: number[];
	requests: SeenRequest[];
	sender: RequestSender;
	signal: AbortSignal;
	send: (options?: Partial<SendOptions>, rules?: SendingRules) => Promise<Sent>;
}

/** A sender of the node's own behind which no network is. Each has an account of its own, unless it is given one. */
export function fakeSender(
	fates: Fates,
	{ provider = 'plivo', origin, id, signal }: FakeSenderOptions = {},
): FakeSender {
	const { sentAt, requests, httpRequestWithAuthentication } = fakeHelper(fates);
	// Only what the sender uses of n8n's context is there.
	const context: IExecuteFunctions = Object.create({
		...(signal !== null && { getExecutionCancelSignal: () => signal }),
		helpers: { httpRequestWithAuthentication },
	});
	const fresh = freshAccount();
	const account = { ...fresh, origin: origin ?? fresh.origin, id: id ?? fresh.id };
	const cancelSignal = signal ?? new AbortController().signal;
	const sender = new RequestSender(context, cancelSignal, providerOf(provider), account, DATA);
	const request = { method: 'DELETE', url: `${account.origin}/v1/` } as const;
	const usual = { timeout: 10_000, maxRetries: 3, maxConcurrency: 100 };
	return {
		sentAt,
		requests,
		sender,
		signal: cancelSignal,
		send: async (options, rules) =>
			await sender.send(
				{ request, kind: 'stop', repeatable: true, ...rules },
				{ ...usual, ...options },
			),
	};
}
