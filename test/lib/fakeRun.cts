import type {
	ICredentialDataDecryptedObject,
	IDataObject,
	IExecuteFunctions,
	IHttpRequestOptions,
	INode,
	INodeParameters,
	NodeExecutionHint,
} from 'n8n-workflow';

import { stopItems } from '../../nodes/StopAudioStream/stopItems';
import { savedNode } from './nodeRun.cts';
import { providerOf } from './providerOf.cts';

/** An answer as n8n's request helper gives it; a status of 200 and nothing else, unless it is said. */
interface FakeAnswer {
	statusCode?: number;
	headers?: IDataObject;
	body?: unknown;
}

/**
 * What becomes of one request. A number is a status. A text is the code of a connection that went wrong, behind
 * the name of the system call that failed, where there is one: `connect ECONNREFUSED`. `never`: no answer at all.
 * An error is thrown.
 */
export type Fate = number | string | Error | FakeAnswer;

/** What becomes of each request in turn, the last one's of all after it; or of each by what it asks. */
export type Fates = readonly Fate[] | ((request: IHttpRequestOptions) => Fate);

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

/** n8n's request helper, behind which no network is; and when each request left. */
function fakeHelper(fates: Fates) {
	const sentAt: number[] = [];
	async function httpRequestWithAuthentication(
		_credentialType: string,
		options: IHttpRequestOptions,
	): Promise<unknown> {
		const fate =
			typeof fates === 'function'
				? fates(options)
				: (fates[Math.min(sentAt.length, fates.length - 1)] ?? 200);
		sentAt.push(Date.now());
		if (fate === 'never') return await new Promise(() => undefined);
		if (fate instanceof Error) throw fate;
		if (typeof fate === 'string') throw networkErrorOf(fate);
		const answer = typeof fate === 'number' ? { statusCode: fate } : fate;
		return await Promise.resolve({ statusCode: 200, headers: {}, body: '', ...answer });
	}
	return { sentAt, httpRequestWithAuthentication };
}

/** One run of the node on a context that has only what the node uses of n8n. */
export interface FakeRun {
	/** A value `=name` is the item's own field of that name, as an expression would give it. */
	parameters?: INodeParameters;
	items?: IDataObject[];
	/** What becomes of each request. */
	fates?: Fates;
	/** By credential type; in its place, the provider's own with an account that no other test uses. */
	credentials?: Record<string, ICredentialDataDecryptedObject | Error>;
	node?: Partial<INode>;
	/** The execution's. */
	signal?: AbortSignal;
	/** What of the context is another in this run. */
	overrides?: object;
}

let accounts = 0;

/** A credential of a provider, with an account of its own: no other test waits for its requests. */
export function credentialOf(provider: string): Record<string, ICredentialDataDecryptedObject> {
	const { type, url, id, token } = providerOf(provider).credential;
	accounts += 1;
	return {
		[type]: {
			[url.name]: `https://account-${accounts}.example`,
			[id.name]: 'MAEXAMPLE',
			[token.name]: 'example-token',
		},
	};
}

/** The context of a run, and what is seen of the run from outside. */
export function fakeRun({
	parameters = {},
	items = [{}],
	fates = [204],
	credentials,
	node = {},
	signal,
	overrides = {},
}: FakeRun) {
	const values: INodeParameters = { provider: 'plivo', callId: 'c', stream: 's', ...parameters };
	const given =
		credentials ?? credentialOf(typeof values.provider === 'string' ? values.provider : '');
	const { sentAt, httpRequestWithAuthentication } = fakeHelper(fates);
	const hints: NodeExecutionHint[] = [];
	const theNode = savedNode({ parameters: values, credentials: given, node });
	const resolved = (value: unknown, itemIndex: number): unknown =>
		typeof value === 'string' && value.startsWith('=') ? items[itemIndex]?.[value.slice(1)] : value;
	const context: IExecuteFunctions = Object.create(
		{
			getNode: () => theNode,
			getInputData: () => items.map((json) => ({ json })),
			getNodeParameter: (name: string, itemIndex: number, fallback: unknown) =>
				Object.hasOwn(values, name) ? resolved(values[name], itemIndex) : fallback,
			getCredentials: async (type: string) => {
				const data = await Promise.resolve(given[type]);
				if (data instanceof Error) throw data;
				return data;
			},
			getExecutionCancelSignal: () => signal,
			continueOnFail: () => theNode.onError !== undefined && theNode.onError !== 'stopWorkflow',
			addExecutionHints: (...added: NodeExecutionHint[]) => void hints.push(...added),
			helpers: { httpRequestWithAuthentication },
		},
		Object.getOwnPropertyDescriptors(overrides),
	);
	return { context, sentAt, hints };
}

/** Runs the node to its end, in faked time: the `json` of each item, and what was seen. A run that throws rejects. */
export async function runInFakeTime(run: FakeRun, during?: () => Promise<void>) {
	const { context, ...seen } = fakeRun(run);
	const began = performance.now();
	let took = NaN;
	const running = stopItems(context).finally(() => (took = performance.now() - began));
	// A run that throws while time goes on is not unhandled: it is waited for below.
	running.catch(() => undefined);
	await during?.();
	await jest.advanceTimersByTimeAsync(300_000);
	const [output = []] = await running;
	return { ...seen, items: output.map(({ json }) => json), took };
}
