import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';
import { listenOn, readingServer } from '../../lib/listenOn.cts';
import {
	installN8n,
	outputOf,
	startN8n,
	type Execution,
	type RunningN8n,
} from '../../lib/n8n/index.cts';
import { pack } from '../../lib/package.cts';
import { temporaryFolder } from '../../lib/processes.cts';
import { credentialTypesOf } from '../../lib/recipeCredentials.cts';
import { WORKFLOWS } from '../../../examples/src/index.cts';
import {
	startStandIn,
	type AnyStandIn,
	type Call,
	type PlivoStandIn,
	type SignalWireStandIn,
	type SignedEvent,
	type Stream,
	type VobizStandIn,
} from '../../lib/stand-ins/index.cts';
import type { Workflow, WorkflowNode } from '../../../examples/src/workflows.cts';
import { startChatModel, type ChatModel } from './chatModel.cts';

export { outputOf };

// What n8n does in a moment takes longer on a busy machine.
const WITHIN_MS = 30_000;
/** Long enough for an execution that should not be there to show. */
const NOTHING_MS = 700;

export const HEADER_AUTH = { name: 'X-Example-Key', value: 'example-of-a-webhook-key' };
const KEY = { [HEADER_AUTH.name]: HEADER_AUTH.value };
export const LOGIN = { user: 'exampleuser', password: 'exampleOfAWebhookPassword' };

/** Everything that no output may show. */
export const WEBHOOK_SECRETS = [
	HEADER_AUTH.value,
	LOGIN.password,
	Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64'),
];

interface TeamChat {
	url: string;
	/** What it was told. */
	told: string[];
	/** How many of the next messages it refuses. */
	refuses: number;
	close: () => Promise<void>;
}

/** Stands where a team's chat would: it keeps what it is told. */
async function startTeamChat(): Promise<TeamChat> {
	const server = readingServer((_incoming, body, response) => {
		if (chat.refuses > 0) {
			chat.refuses -= 1;
			response.statusCode = 503;
		} else {
			chat.told.push((JSON.parse(body) as { text: string }).text);
		}
		response.end();
	});
	const { url, close } = await listenOn(server);
	const chat: TeamChat = { url: `${url}/your-team`, told: [], refuses: 0, close };
	return chat;
}

/** Stands where the user's documents would: what a call goes on with after a transfer. */
async function startDocuments() {
	const server = readingServer((_incoming, _body, response) => {
		response.setHeader('content-type', 'text/xml');
		response.end('<Response><Dial>+15550100009</Dial></Response>');
	});
	return await listenOn(server);
}

export interface StandIns {
	signalWire: SignalWireStandIn;
	plivo: PlivoStandIn;
	vobiz: VobizStandIn;
}

/** One n8n, a stand-in of each provider, and all that the recipes speak to. */
export interface Stage {
	n8n: RunningN8n;
	standIns: StandIns;
	chatModel: ChatModel;
	teamChat: TeamChat;
	documents: Awaited<ReturnType<typeof startDocuments>>;
	/** Credential type → its id in n8n. */
	credentials: Record<string, string>;
	close: () => Promise<void>;
}

async function openStage(): Promise<Stage> {
	await installN8n();
	const folder = temporaryFolder('examples');
	const undo: Array<() => unknown> = [() => rmSync(folder, { recursive: true, force: true })];
	const close = async (): Promise<void> => {
		for (let last = undo.pop(); last; last = undo.pop()) await last();
	};
	const closing = <T extends { close: () => Promise<void> }>(one: T): T => {
		undo.push(async () => await one.close());
		return one;
	};
	try {
		const standIns = {
			signalWire: closing(await startStandIn('signalWire')),
			plivo: closing(await startStandIn('plivo')),
			vobiz: closing(await startStandIn('vobiz')),
		};
		const chatModel = closing(await startChatModel());
		const teamChat = closing(await startTeamChat());
		const documents = closing(await startDocuments());
		const n8n = await startN8n({ tarball: await pack(folder) });
		undo.push(n8n.stop);

		const credentials: Record<string, string> = {};
		for (const { credentialType, credentials: data } of Object.values(standIns)) {
			credentials[credentialType] = await n8n.createCredential(credentialType, 'stand-in', data);
		}
		// Whatever Plivo signs looks forged to it.
		credentials.wrongPlivo = await n8n.createCredential('plivoBasicApi', 'another token', {
			...standIns.plivo.credentials,
			authToken: 'example-of-a-wrong-token',
		});
		credentials.openAiApi = await n8n.createCredential('openAiApi', 'scripted model', {
			apiKey: 'example-of-a-model-key',
			url: chatModel.url,
		});
		credentials.httpHeaderAuth = await n8n.createCredential(
			'httpHeaderAuth',
			'header',
			HEADER_AUTH,
		);
		credentials.httpBasicAuth = await n8n.createCredential('httpBasicAuth', 'login', LOGIN);
		return { n8n, standIns, chatModel, teamChat, documents, credentials, close };
	} catch (reason) {
		await close();
		throw reason;
	}
}

/**
 * The one stage of a file of tests. What a test made the providers do wrong is over when it ends. `onContract`: no
 * test may send what a provider does not know.
 */
export function useStage({ onContract }: { onContract: boolean }): () => Stage {
	// A first run installs 2.2 GB of n8n and compiles its SQLite.
	jest.setTimeout(20 * 60_000);
	let stage: Stage;

	beforeAll(async () => {
		stage = await openStage();
	});

	afterAll(async () => {
		await stage.close();
	});

	afterEach(() => {
		const { standIns, teamChat } = stage;
		teamChat.told.length = 0;
		for (const standIn of [standIns.signalWire, standIns.plivo, standIns.vobiz]) {
			standIn.fault = () => undefined;
			if (onContract) standIn.expectOnContract();
		}
	});

	return () => stage;
}

interface Assignment {
	name: string;
	value: unknown;
}

const isAssignment = (value: unknown): value is Assignment =>
	typeof value === 'object' && value !== null && 'name' in value && 'value' in value;

/** The fields that a Set node writes; changing one changes the node. */
function assignmentsOf({ parameters: { assignments } }: WorkflowNode): Assignment[] {
	if (typeof assignments !== 'object' || assignments === null) return [];
	if (!('assignments' in assignments) || !Array.isArray(assignments.assignments)) return [];
	const list: unknown[] = assignments.assignments;
	return list.filter(isAssignment);
}

/** Sets fields of a Set node, as a user types them into it. */
export function fillIn(node: WorkflowNode | undefined, values: Record<string, unknown>): void {
	if (!node) throw new Error('There is no such node');
	for (const [name, value] of Object.entries(values)) {
		const field = assignmentsOf(node).find((one) => one.name === name);
		if (!field) throw new Error(`'${node.name}' has no '${name}'`);
		field.value = value;
	}
}

export type Nodes = Record<string, WorkflowNode>;

/**
 * A recipe as its file has it, with what its user selects and fills in.
 * @param more what else its notes ask for, by node name
 */
export function prepareRecipe(
	name: string,
	{ standIns, credentials, teamChat, documents }: Stage,
	more?: (nodes: Nodes) => void,
): Workflow {
	const made = WORKFLOWS.get(name);
	if (!made) throw new Error(`There is no recipe '${name}'`);
	const workflow = structuredClone(made);
	const nodes: Nodes = Object.fromEntries(workflow.nodes.map((node) => [node.name, node]));
	for (const node of workflow.nodes) {
		const types = credentialTypesOf(node);
		if (types.length === 0) continue;
		node.credentials = Object.fromEntries(
			types.map((type) => [type, { id: credentials[type] ?? '', name: 'of the test' }]),
		);
	}
	const account: Record<string, string> = {
		api_url: name.endsWith('-vobiz') ? `${standIns.vobiz.url}/api/v1` : `${standIns.plivo.url}/v1`,
		auth_id: (name.endsWith('-vobiz') ? standIns.vobiz : standIns.plivo).credentials.authId,
		space_url: standIns.signalWire.url,
		project_id: standIns.signalWire.credentials.projectId,
		human: '+15550100009',
		person: '+15550100000',
		back: `${documents.url}/back`,
		go_on: `${documents.url}/private-part`,
	};
	for (const field of nodes['Fill In'] ? assignmentsOf(nodes['Fill In']) : []) {
		field.value = account[field.name] ?? field.value;
	}
	const told = nodes['Tell the Team'];
	if (told) {
		expect(told.parameters.url).toMatch(/^https:\/\/hooks\.example\.com\//);
		told.parameters.url = teamChat.url;
	}
	more?.(nodes);
	return workflow;
}

/** A workflow in n8n, and how to speak to it. */
export class Published {
	#runs = 0;

	constructor(
		private readonly n8n: RunningN8n,
		readonly saved: Awaited<ReturnType<RunningN8n['createWorkflow']>>,
		private readonly workflow: Workflow,
	) {}

	/** The address that n8n made up for a webhook: the recipe leaves its path empty. */
	webhookUrl(nodeName: string, { login = false } = {}): string {
		const node = this.saved.nodes.find(({ name }) => name === nodeName);
		if (!node) throw new Error(`There is no '${nodeName}'`);
		const { path } = node.parameters;
		const last = typeof path === 'string' && path !== '' ? path : node.webhookId;
		const url = new URL(`${this.n8n.url}/webhook/${last ?? ''}`);
		if (login) Object.assign(url, { username: LOGIN.user, password: LOGIN.password });
		return url.href;
	}

	/** Whether a webhook asks for a user and a password. */
	isLocked(nodeName: string): boolean {
		return this.workflow.nodes.some(
			({ name, parameters }) => name === nodeName && parameters.authentication === 'basicAuth',
		);
	}

	/** Posts, again and again until n8n listens: after publishing it needs a moment. */
	async postUntilThere(url: string, init: RequestInit): Promise<Response> {
		for (const end = Date.now() + WITHIN_MS; ;) {
			const response = await fetch(url, { method: 'POST', ...init });
			if (response.status !== 404 || Date.now() > end) return response;
			await sleep(100);
		}
	}

	/** Sends an event as it is, and says what the webhook answered. */
	async post({ url, method, headers, text }: SignedEvent): Promise<number> {
		const body = method === 'GET' ? {} : { body: text };
		return (await this.postUntilThere(url, { method, headers, ...body })).status;
	}

	/** A signed event of a provider, as it goes to one of this workflow's webhooks. */
	event(
		nodeName: string,
		standIn: AnyStandIn,
		kind: string,
		subject: Call | Stream,
		signing?: Parameters<AnyStandIn['signedCallback']>[3],
	): SignedEvent {
		const address = this.webhookUrl(nodeName, { login: this.isLocked(nodeName) });
		return standIn.signedCallback(kind, subject, address, signing);
	}

	/** Sends an event that is to be worked on, and waits for the end of its execution. */
	async send(...event: Parameters<Published['event']>): Promise<Execution> {
		await this.start(...event);
		return await this.lastExecution();
	}

	/** Sends an event that is to be worked on, and does not wait. */
	async start(...event: Parameters<Published['event']>): Promise<void> {
		expect(await this.post(this.event(...event))).toBe(200);
		this.#runs += 1;
	}

	/** Sends an event that costs no execution, and gives back what the webhook answered. */
	async sendInVain(event: SignedEvent): Promise<number> {
		const status = await this.post(event);
		await sleep(NOTHING_MS);
		expect(await this.executionCount()).toBe(this.#runs);
		return status;
	}

	/** Sends JSON as an application of the user's own does, and gives back the answer. */
	async ask(
		nodeName: string,
		body: object,
		headers: Record<string, string> = KEY,
	): Promise<{ status: number; body: IDataObject; text: string }> {
		const response = await this.postUntilThere(this.webhookUrl(nodeName), {
			headers: { 'content-type': 'application/json', ...headers },
			body: JSON.stringify(body),
		});
		if (response.status !== 403) this.#runs += 1;
		const text = await response.text();
		return {
			status: response.status,
			body: /^[[{]/.test(text) ? (JSON.parse(text) as IDataObject) : {},
			text,
		};
	}

	/** One more execution began by other means: a provider asked for a document. */
	expectRun(): void {
		this.#runs += 1;
	}

	/** The last execution that was asked for, once it and all before it ended. */
	async lastExecution(seconds?: number): Promise<Execution> {
		return await this.n8n.waitForRun(this.saved.id, this.#runs, seconds);
	}

	async executionCount(): Promise<number> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId: this.saved.id }));
		const found = (await this.n8n.rest('GET', `/executions?limit=100&filter=${filter}`)) as {
			results: Array<{ status: string }>;
		};
		return found.results.length;
	}

	/** Waits until n8n has put its execution aside, in the database. */
	async isWaiting(): Promise<void> {
		const filter = encodeURIComponent(JSON.stringify({ workflowId: this.saved.id }));
		for (const end = Date.now() + WITHIN_MS; ;) {
			const { results } = (await this.n8n.rest('GET', `/executions?filter=${filter}`)) as {
				results: Array<{ status: string }>;
			};
			if (results[0]?.status === 'waiting') return;
			if (Date.now() > end) throw new Error(`The execution is ${String(results[0]?.status)}`);
			await sleep(100);
		}
	}

	/** Runs it by hand from one of its triggers. */
	async run(trigger: string): Promise<Execution> {
		this.#runs += 1;
		return await this.n8n.run(this.saved, trigger);
	}
}

/** Puts a workflow into n8n; one with a webhook or a clock is published. */
export async function publish(stage: Pick<Stage, 'n8n'>, workflow: Workflow): Promise<Published> {
	const saved = await stage.n8n.createWorkflow(workflow);
	const byItself = workflow.nodes.some(({ type }) =>
		/\.(webhook|scheduleTrigger|errorTrigger)$/.test(type),
	);
	if (byItself) await stage.n8n.activate(saved);
	return new Published(stage.n8n, saved, workflow);
}

/**
 * Imports a recipe, fills in what its user does, and publishes it. Its executions are saved, which the
 * recipe itself forbids: a test has to look into them.
 */
export async function publishRecipe(
	name: string,
	stage: Stage,
	more?: (nodes: Nodes) => void,
): Promise<Published> {
	const workflow = prepareRecipe(name, stage, more);
	return await publish(stage, {
		...workflow,
		settings: { ...workflow.settings, saveDataSuccessExecution: 'all' },
	});
}

/** The items that went into a node in an execution: ours gives one out for each. */
export const itemsOf = (execution: Execution, nodeName: string): IDataObject[] => [
	...outputOf(execution, nodeName, 0),
	...outputOf(execution, nodeName, 1),
];
