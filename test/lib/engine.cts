// The real engine of n8n, in this process: workflows run through WorkflowExecute with the built package,
// credentials are applied and tested as n8n does it, and requests go out over real sockets.

import { createRequire } from 'node:module';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type * as Core from 'n8n-core';
import type * as WorkflowPackage from 'n8n-workflow';
import type {
	ExecutionStatus,
	ICredentialDataDecryptedObject,
	ICredentialsExpressionResolveValues,
	ICredentialType,
	IDataObject,
	IExecuteData,
	IExecuteFunctions,
	IHttpRequestOptions,
	INode,
	INodeParameters,
	INodeType,
	INodeTypes,
	IRunExecutionData,
	ITaskData,
	IWorkflowBase,
	IWorkflowExecuteAdditionalData,
	WorkflowExecuteMode,
} from 'n8n-workflow';
import { ROOT } from './install.cts';
import {
	NODE_TYPE,
	savedNode,
	type CredentialsData,
	type Engine,
	type NodeOutput,
	type NodeRun,
} from './nodeRun.cts';

// n8n writes its settings there as soon as its code is loaded.
if (!process.env.N8N_USER_FOLDER) {
	throw new Error('Set N8N_USER_FOLDER to a temporary folder before n8n code is loaded.');
}

/** Where n8n-core is looked for: another folder for another n8n. */
const from = createRequire(path.join(process.env.N8N_CORE_FOLDER ?? ROOT, 'package.json'));
export const core = from('n8n-core') as typeof Core;
export const workflowPackage = createRequire(from.resolve('n8n-core'))(
	'n8n-workflow',
) as typeof WorkflowPackage;
const { Workflow, ICredentialsHelper } = workflowPackage;

/** The exact version of the engine that runs here. */
export const { version: coreVersion } = from('n8n-core/package.json') as { version: string };

type CredentialTypes = Partial<Record<string, ICredentialType>>;

/** What only a wrong set-up of these tests would ask for. */
const notUsed = (): never => {
	throw new Error('This engine does not have that.');
};

/** n8n before 2.0 has no function for it. */
function emptyRunData(): IRunExecutionData {
	return 'createEmptyRunExecutionData' in workflowPackage
		? workflowPackage.createEmptyRunExecutionData()
		: (JSON.parse('{"resultData":{"runData":{}}}') as IRunExecutionData);
}

/** A node that hands its input on, for what is connected to an output. */
const passThrough: INodeType = {
	description: {
		displayName: 'Pass',
		name: 'pass',
		group: ['transform'],
		version: 1,
		description: '',
		defaults: { name: 'Pass' },
		inputs: ['main'],
		outputs: ['main'],
		properties: [],
	},
	async execute(this: IExecuteFunctions) {
		return await Promise.resolve([this.getInputData()]);
	},
};

/** Applies credentials as n8n's own helper does: a type's function `authenticate` is called. */
class Credentials extends ICredentialsHelper {
	/** The credential types that were decrypted, in order. */
	readonly reads: string[] = [];

	/** The most that were decrypted at one moment. */
	mostAtOnce = 0;

	private underWay = 0;

	constructor(
		private readonly types: CredentialTypes,
		private readonly data: CredentialsData,
	) {
		super();
	}

	getParentTypes(): string[] {
		return [];
	}

	isCredentialUsableByNode(): boolean {
		return true;
	}

	async authenticate(
		credentials: ICredentialDataDecryptedObject,
		typeName: string,
		requestOptions: IHttpRequestOptions,
	): Promise<IHttpRequestOptions> {
		const authenticate = this.types[typeName]?.authenticate;
		if (typeof authenticate !== 'function') {
			throw new Error(`'${typeName}' has no function that authenticates a request.`);
		}
		return await authenticate(credentials, requestOptions);
	}

	async preAuthentication(): Promise<undefined> {
		await Promise.resolve();
	}

	async runPreAuthentication(): Promise<undefined> {
		await Promise.resolve();
	}

	/** What the credential holds; an expression in it is resolved for the item that it is read for. */
	async getDecrypted(
		_additionalData: unknown,
		_nodeCredentials: unknown,
		type: string,
		mode: WorkflowExecuteMode,
		executeData?: IExecuteData,
		_raw?: boolean,
		values?: ICredentialsExpressionResolveValues,
	): Promise<ICredentialDataDecryptedObject> {
		this.reads.push(type);
		this.underWay += 1;
		this.mostAtOnce = Math.max(this.mostAtOnce, this.underWay);
		// n8n asks its database here.
		await setImmediate();
		this.underWay -= 1;
		const data = this.data[type];
		if (data === undefined) throw new Error(`Credential of type ${type} does not exist.`);
		if (values === undefined) return { ...data };
		try {
			return values.workflow.expression.getParameterValue(
				{ ...data } as INodeParameters,
				values.runExecutionData,
				values.runIndex,
				values.itemIndex,
				values.node.name,
				values.connectionInputData,
				mode,
				{},
				executeData,
			) as ICredentialDataDecryptedObject;
		} catch (thrown) {
			(thrown as Error).message += ' [Error resolving credentials]';
			throw thrown;
		}
	}

	async getCredentials(): Promise<never> {
		return await Promise.resolve().then(notUsed);
	}

	async updateCredentials(): Promise<void> {
		await Promise.resolve();
	}

	async updateCredentialsOauthTokenData(): Promise<void> {
		await Promise.resolve();
	}

	getCredentialsProperties(): never[] {
		return [];
	}
}

/** The package as n8n has loaded it. */
export interface LoadedPackage {
	loader: Core.PackageDirectoryLoader;
	node: INodeType;
	credentialTypes: CredentialTypes;
}

/** Loads the package from `folder`, as n8n loads an installed one: by the paths that its package.json declares. */
export async function loadPackage(folder = ROOT): Promise<LoadedPackage> {
	const loader = new core.PackageDirectoryLoader(folder);
	await loader.loadAll();
	const node = loader.nodeTypes.stopAudioStream?.type;
	if (node === undefined || 'nodeVersions' in node) {
		throw new Error(`The package in '${folder}' has no node 'stopAudioStream' of one version.`);
	}
	const credentialTypes = Object.fromEntries(
		Object.entries(loader.credentialTypes).map(([name, { type }]) => [name, type]),
	);
	return { loader, node, credentialTypes };
}

const loaded = new Map<string, Promise<LoadedPackage>>();

async function packageOf(folder: string): Promise<LoadedPackage> {
	const before = loaded.get(folder);
	if (before !== undefined) return await before;
	const now = loadPackage(folder);
	loaded.set(folder, now);
	return await now;
}

/** What n8n hands to every execution, as far as a single node needs it. */
const additionalDataFor = (
	helper: Credentials,
	hooks?: Core.ExecutionLifecycleHooks,
): IWorkflowExecuteAdditionalData => ({
	credentialsHelper: helper,
	hooks,
	// Made when it is asked for: an older n8n has none, and does not ask.
	get externalSecretsProxy() {
		return new core.ExternalSecretsProxy();
	},
	executionId: 'test',
	currentNodeExecutionIndex: 0,
	variables: {},
	restApiUrl: 'http://127.0.0.1/rest',
	instanceBaseUrl: 'http://127.0.0.1/',
	webhookBaseUrl: 'http://127.0.0.1/webhook',
	webhookWaitingBaseUrl: 'http://127.0.0.1/webhook-waiting',
	webhookTestBaseUrl: 'http://127.0.0.1/webhook-test',
	formBaseUrl: 'http://127.0.0.1/form',
	formWaitingBaseUrl: 'http://127.0.0.1/form-waiting',
	formTestBaseUrl: 'http://127.0.0.1/form-test',
	mcpBaseUrl: 'http://127.0.0.1/mcp',
	mcpTestBaseUrl: 'http://127.0.0.1/mcp-test',
	setExecutionStatus: () => undefined,
	sendDataToUI: () => undefined,
	logAiEvent: () => undefined,
	getRunExecutionData: async () => await Promise.resolve(undefined),
	getRuntimeCredential: async () => await Promise.resolve(undefined),
	executeWorkflow: async () => await Promise.resolve().then(notUsed),
	startRunnerTask: async () => await Promise.resolve().then(notUsed),
});

/** One run in n8n's engine. */
export interface EngineRun extends NodeRun {
	/** Called with a function that cancels the execution. */
	onStart?: (cancel: () => void) => void;
	/** Where the package is, when it is not this one. */
	folder?: string;
	/** Another version of the node, such as its AI tool form. */
	nodeType?: INodeType;
	/** What an earlier try of this execution left in the node's context. */
	kept?: IDataObject;
}

/** What came out of a run, and what n8n notes of it. */
export interface NodeRunResult extends NodeOutput {
	status: ExecutionStatus;
	runData: ITaskData[];
	/** The most credentials that were read at one moment. */
	mostReadsAtOnce: number;
	/** What n8n saves of the node's context. */
	kept: IDataObject;
}

/** Runs Stop Audio Stream in a workflow of its own. */
export async function runNode({
	parameters,
	items = [{}],
	input = items.map((json) => ({ json })),
	credentials = {},
	node = {},
	onStart,
	folder = ROOT,
	type = NODE_TYPE,
	nodeType,
	kept = {},
}: EngineRun): Promise<NodeRunResult> {
	const { node: ours, credentialTypes } = await packageOf(folder);
	const known = new Map([
		[type, nodeType ?? ours],
		['pass', passThrough],
	]);
	const nodeTypeOf = (name: string): INodeType => known.get(name) ?? notUsed();
	const nodeTypes: INodeTypes = {
		getByName: nodeTypeOf,
		getByNameAndVersion: nodeTypeOf,
		getKnownTypes: () => ({}),
	};
	const stop = savedNode({ parameters, credentials, node, type });
	// n8n looks up an item's own fields at the node before.
	const before: INode = { ...stop, id: 'before', name: 'Before', type: 'pass', parameters: {} };
	const workflow = new Workflow({
		id: 'test',
		nodes: [before, stop],
		connections: { [before.name]: { main: [[{ node: stop.name, type: 'main', index: 0 }]] } },
		active: false,
		nodeTypes,
		settings: {},
	});
	const saved: IWorkflowBase = {
		id: 'test',
		name: 'Test',
		active: false,
		isArchived: false,
		activeVersionId: null,
		createdAt: new Date(0),
		updatedAt: new Date(0),
		nodes: [stop],
		connections: {},
	};
	const helper = new Credentials(credentialTypes, credentials);
	const hooks = new core.ExecutionLifecycleHooks('manual', 'test', saved);
	const additionalData = additionalDataFor(helper, hooks);
	const runData: IRunExecutionData = {
		...emptyRunData(),
		startData: {},
		executionData: {
			contextData: { [`node:${stop.name}`]: { ...kept } },
			metadata: {},
			waitingExecution: {},
			waitingExecutionSource: {},
			nodeExecutionStack: [
				{
					node: stop,
					data: { main: [input] },
					source: { main: [{ previousNode: before.name }] },
				},
			],
		},
	};
	runData.resultData.runData[before.name] = [
		{
			startTime: Date.now(),
			executionTime: 0,
			executionIndex: 0,
			executionStatus: 'success',
			source: [],
			data: { main: [input] },
		},
	];
	const execution = new core.WorkflowExecute(additionalData, 'manual', runData);
	const running = execution.processRunExecutionData(workflow);
	onStart?.(() => {
		running.cancel();
	});
	const { data, status } = await running;
	const tasks = data.resultData.runData[stop.name] ?? [];
	const last = tasks.at(-1);
	return {
		outputs: last?.data?.main ?? [],
		items: last?.data?.main?.[0]?.map(({ json }) => json) ?? [],
		error: last?.error ?? data.resultData.error,
		hints: last?.hints ?? [],
		status,
		runData: tasks,
		credentialReads: helper.reads,
		mostReadsAtOnce: helper.mostAtOnce,
		kept: { ...data.executionData?.contextData[`node:${stop.name}`] },
	};
}

/** n8n's engine with the built package in `folder`. */
export const n8nEngine = (folder = ROOT): Engine => ({
	title: "n8n's engine",
	describe: async () => (await packageOf(folder)).node.description,
	run: async (run) => await runNode({ ...run, folder }),
});

/** How n8n's test of a credential ended. */
export interface CredentialTest {
	ok: boolean;
	status?: number;
	message?: string;
}

/** What n8n's error of a failed test holds, as far as its own tester reads it. */
interface TestFailure {
	message: string;
	cause?: { response?: { status?: number } };
}

/** Tests a credential as n8n's "Retry" button does, through RoutingNode. */
export async function testCredential(
	type: string,
	data: ICredentialDataDecryptedObject,
	folder = ROOT,
): Promise<CredentialTest> {
	const { credentialTypes } = await packageOf(folder);
	const test = credentialTypes[type]?.test;
	if (test === undefined) throw new Error(`'${type}' has no test.`);
	const testNode: INode = {
		id: 'temp',
		name: 'Temp-Node',
		type: 'temp',
		typeVersion: 1,
		position: [0, 0],
		parameters: {},
		credentials: { [type]: { id: '1', name: type } },
	};
	const { request, rules = [] } = test;
	const nodeType: INodeType = {
		description: {
			...passThrough.description,
			name: 'temp',
			credentials: [{ name: type, required: true }],
			properties: [
				{ displayName: 'Temp', name: 'temp', type: 'string', default: '', routing: { request } },
			],
		},
	};
	const nodeTypes: INodeTypes = {
		getByName: () => nodeType,
		getByNameAndVersion: () => nodeType,
		getKnownTypes: () => ({}),
	};
	const workflow = new Workflow({ nodes: [testNode], connections: {}, active: false, nodeTypes });
	const context = new core.ExecuteContext(
		workflow,
		testNode,
		additionalDataFor(new Credentials(credentialTypes, { [type]: data })),
		'internal',
		emptyRunData(),
		0,
		[],
		{ main: [[{ json: {} }]] },
		{ node: testNode, data: { main: [] }, source: null },
		[],
	);
	try {
		await new core.RoutingNode(context, nodeType, { id: '1', name: type, type, data }).runNode();
		return { ok: true };
	} catch (reason) {
		const { message, cause } = reason as TestFailure;
		const status = cause?.response?.status;
		const rule = rules.find(
			({ properties }) => 'value' in properties && properties.value === status,
		);
		return { ok: false, status, message: rule?.properties.message ?? message };
	}
}
