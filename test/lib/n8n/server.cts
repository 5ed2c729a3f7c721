import { randomUUID } from 'node:crypto';
import http from 'node:http';
import path from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
	ExecutionStatus,
	IConnections,
	ICredentialDataDecryptedObject,
	IDataObject,
	INode,
	IPinData,
	IRunExecutionData,
	IWorkflowSettings,
} from 'n8n-workflow';
import { messageOf, step, tail, type Started } from '../processes.cts';
import { freePort, LOOPBACK, makeHome, type Home, type HomeOptions } from './home.cts';

// 8 s on an idle machine; its first start writes a database of some hundred small steps, and a busy
// disk has been seen to take more than 90 s for it.
const START_SECONDS = 180;
const RUNNING: readonly ExecutionStatus[] = ['new', 'running', 'waiting'];

/** The person who owns the throw-away n8n. */
const OWNER = {
	email: 'owner@example.com',
	firstName: 'Example',
	lastName: 'Owner',
	password: 'Example-password-1',
};

/** A node as a workflow is made of it; n8n gives it an id where it has none. */
export type NewNode = Omit<INode, 'id'> & { id?: string };

/** A workflow as it is handed to n8n. */
export interface NewWorkflow {
	name: string;
	nodes: NewNode[];
	connections?: IConnections;
	settings?: IWorkflowSettings;
	/** What a node gives out in place of running. */
	pinData?: IPinData;
}

/** A workflow as n8n keeps it. */
export interface SavedWorkflow extends NewWorkflow {
	id: string;
	versionId: string;
}

/** One execution, with `data` as n8n keeps it while it runs. */
export interface Execution {
	id: string;
	status: ExecutionStatus;
	mode: string;
	startedAt: string;
	stoppedAt: string | null;
	data: IRunExecutionData;
}

/** An execution as n8n's REST API gives it: `data` is in a form of its own. */
type PackedExecution = Omit<Execution, 'data'> & { data: string };

/** The answer of a webhook. */
export interface WebhookAnswer {
	status: number;
	text: string;
}

/** What is sent to a webhook. */
export interface Posted {
	contentType: string;
	body: string;
	headers?: http.OutgoingHttpHeaders;
}

type Rest = (method: string, address: string, body?: object) => Promise<unknown>;

/** A real n8n that runs. */
export interface RunningN8n extends Home {
	url: string;
	owner: typeof OWNER;
	/** The file that its output goes to. */
	log: string;
	pid: number;
	/** Calls n8n's own REST API as the owner, and gives back the `data` of its answer. */
	rest: Rest;
	headers: Record<string, string>;
	/** Ends it and removes its folder. */
	stop: () => Promise<void>;
	/** Ends it, as a machine that goes down, and starts it again on the same port. */
	restart: () => Promise<void>;
	createCredential: (
		type: string,
		name: string,
		data: ICredentialDataDecryptedObject,
	) => Promise<string>;
	createWorkflow: (workflow: NewWorkflow) => Promise<SavedWorkflow>;
	/** Publishes a workflow, so that its triggers listen. */
	activate: (workflow: SavedWorkflow) => Promise<unknown>;
	/** Runs a workflow from one of its triggers, as the editor's button does. */
	run: (workflow: SavedWorkflow, trigger: string, seconds?: number) => Promise<Execution>;
	execution: (id: string) => Promise<Execution>;
	/** Waits for an execution to end. */
	waitForExecution: (id: string, seconds?: number) => Promise<Execution>;
	/**
	 * Waits until the first `count` executions of a workflow ended, and gives back the last of them. What began
	 * after them, as by an event that they caused, may end before them and is not taken for one of them; nor is
	 * what n8n's clock begins by itself.
	 */
	waitForRun: (workflowId: string, count: number, seconds?: number) => Promise<Execution>;
	/** Posts to a published webhook; n8n needs a moment after publishing before it listens. */
	postToWebhook: (webhookPath: string, posted: Posted) => Promise<WebhookAnswer>;
}

/** Asks until the answer is there; throws with `what` when the time is up. */
export async function until<T>(
	what: string,
	seconds: number,
	ask: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
	for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		await sleep(50);
	}
	throw new Error(`${what} did not happen within ${String(seconds)} s.`);
}

/** Posts over a connection of its own: a kept one may be closed by n8n in the very moment of its use. */
const post = async (url: string, { contentType, body, headers }: Posted): Promise<WebhookAnswer> =>
	await new Promise((resolve, reject) => {
		const request = http.request(url, {
			method: 'POST',
			agent: false,
			headers: { 'content-type': contentType, ...headers },
		});
		request.once('error', reject);
		request.once('response', (response) => {
			textOf(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
		});
		request.end(body);
	});

/** Starts the server process and waits until it says that it is ready. */
async function startServer(
	home: Home,
	{ url, port, env }: { url: string; port: number; env: NodeJS.ProcessEnv },
): Promise<{ server: Started; log: string }> {
	const log = path.join(home.userFolder, 'n8n.log');
	const server = home.start(['start'], {
		log,
		env: {
			N8N_PORT: String(port),
			N8N_RUNNERS_BROKER_PORT: String(await freePort()),
			WEBHOOK_URL: `${url}/`,
			...env,
		},
	});
	const ended: { code?: number } = {};
	void server.exited.then((code) => (ended.code = code));
	try {
		await until("n8n's start", START_SECONDS, async () => {
			if (ended.code !== undefined) {
				throw new Error(`n8n ended with exit code ${String(ended.code)}.`);
			}
			const ready = await fetch(`${url}/healthz/readiness`).catch(() => undefined);
			return ready?.ok === true ? true : undefined;
		});
	} catch (reason) {
		await server.stop();
		throw new Error(`${messageOf(reason)} The last lines of its log:\n${tail(log)}`, {
			cause: reason,
		});
	}
	return { server, log };
}

/** Signs in and gives back a function that calls n8n's own REST API, and the headers it sends. */
async function signIn(url: string): Promise<{ rest: Rest; headers: Record<string, string> }> {
	// n8n ties a session to the browser that made it.
	const headers: Record<string, string> = {
		'content-type': 'application/json',
		'browser-id': randomUUID(),
	};
	const call = async (
		method: string,
		address: string,
		body?: object,
	): Promise<{ response: Response; data: unknown }> => {
		const response = await fetch(`${url}/rest${address}`, {
			method,
			// A kept connection may be closed by n8n in the very moment of its use.
			headers: { ...headers, connection: 'close' },
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const text = await response.text();
		if (!response.ok) {
			throw new Error(`n8n answered ${String(response.status)} to ${method} ${address}: ${text}`);
		}
		const { data } = JSON.parse(text) as { data?: unknown };
		return { response, data };
	};
	await call('POST', '/owner/setup', OWNER);
	const { response } = await call('POST', '/login', {
		emailOrLdapLoginId: OWNER.email,
		password: OWNER.password,
	});
	headers.cookie = response.headers
		.getSetCookie()
		.map((cookie) => cookie.split(';')[0])
		.join('; ');
	const rest: Rest = async (method, address, body) => (await call(method, address, body)).data;
	return { rest, headers };
}

/**
 * Starts a real n8n on the loopback address, with our package installed from its tarball, and signs
 * its owner in. Should this process die before `stop()`, it ends too.
 */
export async function startN8n(options: HomeOptions): Promise<RunningN8n> {
	return await runN8n(await makeHome(options), { env: options.env });
}

/** Starts the server of a folder that is there already, and signs its owner in. */
export async function runN8n(
	home: Home,
	{ port: wanted, env = {} }: { port?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<RunningN8n> {
	// The project's own tools may have been installed only after this file was loaded.
	const { parse } = await import('flatted');
	const port = await freePort(wanted);
	const url = `http://${LOOPBACK}:${String(port)}`;
	const first = await step(
		'starting n8n',
		async () =>
			await startServer(home, { url, port, env }).catch((reason: unknown) => {
				home.remove();
				throw reason;
			}),
	);
	let { server } = first;
	const stop = async (): Promise<void> => {
		await server.stop();
		home.remove();
	};
	const restart = async (): Promise<void> => {
		await server.stop();
		({ server } = await step('starting n8n again', async () => {
			return await startServer(home, { url, port, env });
		}));
	};

	const { rest, headers } = await signIn(url).catch(async (reason: unknown) => {
		await stop();
		throw reason;
	});

	const packedExecution = async (id: string): Promise<PackedExecution> =>
		(await rest('GET', `/executions/${id}`)) as PackedExecution;

	const execution = async (id: string): Promise<Execution> => {
		const found = await packedExecution(id);
		return { ...found, data: parse(found.data) as IRunExecutionData };
	};

	const waitForExecution = async (id: string, seconds = 60): Promise<Execution> =>
		await until(`The end of execution ${id}`, seconds, async () => {
			const { status } = await packedExecution(id);
			return RUNNING.includes(status) ? undefined : await execution(id);
		});

	return {
		...home,
		url,
		owner: OWNER,
		log: first.log,
		pid: await server.pid,
		rest,
		headers,
		stop,
		restart,
		createCredential: async (type, name, data) => {
			const { id } = (await rest('POST', '/credentials', { name, type, data })) as { id: string };
			return id;
		},
		createWorkflow: async (workflow) =>
			(await rest('POST', '/workflows', {
				settings: {},
				connections: {},
				...workflow,
			})) as SavedWorkflow,
		activate: async ({ id, versionId }) =>
			await rest('POST', `/workflows/${id}/activate`, { versionId }),
		run: async (workflow, trigger, seconds) => {
			const { executionId } = (await rest('POST', `/workflows/${workflow.id}/run`, {
				workflowData: workflow,
				triggerToStartFrom: { name: trigger },
			})) as { executionId: string };
			return await waitForExecution(executionId, seconds);
		},
		execution,
		waitForExecution,
		waitForRun: async (workflowId, count, seconds = 60) => {
			const filter = encodeURIComponent(JSON.stringify({ workflowId }));
			const id = await until(`The end of ${String(count)} executions`, seconds, async () => {
				const { results } = (await rest('GET', `/executions?limit=100&filter=${filter}`)) as {
					results: PackedExecution[];
				};
				const first = results
					.filter(({ mode }) => mode !== 'trigger')
					.sort((one, other) => Number(one.id) - Number(other.id))
					.slice(0, count);
				const haveEnded = first.every(({ status }) => !RUNNING.includes(status));
				return haveEnded && first.length === count ? first.at(-1)?.id : undefined;
			});
			return await execution(id);
		},
		postToWebhook: async (webhookPath, posted) =>
			await until(`An answer of webhook '${webhookPath}'`, 15, async () => {
				const answer = await post(`${url}/webhook/${webhookPath}`, posted);
				return answer.status === 404 ? undefined : answer;
			}),
	};
}

/** What a node gave to its first output (or another one) in an execution, as plain JSON. */
export const outputOf = (
	execution: Pick<Execution, 'data'>,
	nodeName: string,
	output = 0,
): IDataObject[] =>
	(execution.data.resultData.runData[nodeName] ?? []).flatMap((run) =>
		(run.data?.main?.[output] ?? []).map(({ json }) => json),
	);
