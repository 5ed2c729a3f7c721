import type {
	ICredentialDataDecryptedObject,
	IDataObject,
	IExecuteFunctions,
	INode,
	INodeExecutionData,
	INodeParameters,
	NodeExecutionHint,
} from 'n8n-workflow';

import { stopItems } from '../../nodes/StopAudioStream/stopItems';
import { fakeHelper, freshAccount, providerOf, type Fates } from './fakeSender.cts';
import { savedNode } from './nodeRun.cts';

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
	/** The execution's; `null` for an n8n that has none. */
	signal?: AbortSignal | null;
	/** What of the context is another in this run. */
	overrides?: object;
}

/** A credential of a provider, with an account of its own. */
export function credentialOf(provider: string): Record<string, ICredentialDataDecryptedObject> {
	const { type, url, id, token } = providerOf(provider).credential;
	const account = freshAccount();
	return {
		[type]: {
			[url.name]: account.origin,
			[id.name]: account.id,
			[token.name]: account.token,
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
	const helper = fakeHelper(fates);
	const credentialReads: string[] = [];
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
				credentialReads.push(type);
				const data = await Promise.resolve(given[type]);
				if (data instanceof Error) throw data;
				return data;
			},
			...(signal !== null && { getExecutionCancelSignal: () => signal }),
			continueOnFail: () => theNode.onError !== undefined && theNode.onError !== 'stopWorkflow',
			addExecutionHints: (...added: NodeExecutionHint[]) => void hints.push(...added),
			helpers: { httpRequestWithAuthentication: helper.httpRequestWithAuthentication },
		},
		Object.getOwnPropertyDescriptors(overrides),
	);
	const { requests, sentAt } = helper;
	return { context, requests, sentAt, credentialReads, hints };
}

/** What came out of a run. */
export interface RunResult extends Omit<ReturnType<typeof fakeRun>, 'context'> {
	output: INodeExecutionData[];
	/** The `json` of each item. */
	items: IDataObject[];
	/** The requests as `GET https://…`. */
	sent: string[];
	/** The paths of these. */
	paths: string[];
	took: number;
}

/** Runs the node to its end, in faked time. A run that throws rejects. */
export async function runInFakeTime(
	run: FakeRun,
	during?: () => Promise<void>,
): Promise<RunResult> {
	const { context, ...seen } = fakeRun(run);
	const began = performance.now();
	let took = NaN;
	const running = stopItems(context).finally(() => (took = performance.now() - began));
	// A run that throws while time goes on is not unhandled: it is waited for below.
	running.catch(() => undefined);
	await during?.();
	await jest.advanceTimersByTimeAsync(300_000);
	const [output = []] = await running;
	const sent = seen.requests.map(({ options: { method, url } }) => `${method} ${url}`);
	return {
		...seen,
		output,
		items: output.map(({ json }) => json),
		sent,
		paths: sent.map((line) => line.replace(/https:\/\/[^/]*/, '')),
		took,
	};
}
