'use strict';

// The real engine of n8n, in this process: workflows run through WorkflowExecute with the built package,
// credentials are applied and tested as n8n does it, and requests go out over real sockets.

const { createRequire } = require('node:module');
const path = require('node:path');

// n8n writes its settings there as soon as its code is loaded.
if (!process.env.N8N_USER_FOLDER) {
	throw new Error('Set N8N_USER_FOLDER to a temporary folder before n8n code is loaded.');
}

const ROOT = path.join(__dirname, '../..');
/** Where n8n-core is looked for: another folder for another n8n. */
const from = createRequire(path.join(process.env.N8N_CORE_FOLDER ?? ROOT, 'package.json'));
const core = from('n8n-core');
const workflowPackage = createRequire(from.resolve('n8n-core'))('n8n-workflow');
const { Workflow, ICredentialsHelper } = workflowPackage;

/** n8n before 2.0 has no function for it. */
const createEmptyRunExecutionData =
	workflowPackage.createEmptyRunExecutionData ?? (() => ({ resultData: { runData: {} } }));

const NODE_TYPE = 'n8n-nodes-stop-audio-stream.stopAudioStream';

/** A node that hands its input on, for what is connected to an output. */
const passThrough = {
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
	async execute() {
		return [this.getInputData()];
	},
};

/** Applies credentials as n8n's own helper does: a type's function `authenticate` is called. */
class Credentials extends ICredentialsHelper {
	constructor(types, data) {
		super();
		this.types = types;
		this.data = data;
		/** The credential types that were decrypted, in order. */
		this.reads = [];
	}
	getParentTypes() {
		return [];
	}
	isCredentialUsableByNode() {
		return true;
	}
	async authenticate(credentials, typeName, requestOptions) {
		return await this.types[typeName].authenticate(credentials, requestOptions);
	}
	async preAuthentication() {
		return undefined;
	}
	async getDecrypted(_additionalData, _nodeCredentials, type) {
		this.reads.push(type);
		if (!this.data[type]) throw new Error(`Credential of type ${type} does not exist.`);
		return { ...this.data[type] };
	}
	async getCredentials() {
		throw new Error('not used');
	}
	async updateCredentials() {}
	async updateCredentialsOauthTokenData() {}
	getCredentialsProperties() {
		return [];
	}
}

/** Loads the package from `folder`, as n8n loads an installed one: by the paths that its package.json declares. */
async function loadPackage(folder = ROOT) {
	const loader = new core.PackageDirectoryLoader(folder);
	await loader.loadAll();
	const node = loader.nodeTypes.stopAudioStream.type;
	const credentialTypes = Object.fromEntries(
		Object.entries(loader.credentialTypes).map(([name, { type }]) => [name, type]),
	);
	return { loader, node, credentialTypes };
}

const loaded = new Map();
const packageOf = (folder) => {
	if (!loaded.has(folder)) loaded.set(folder, loadPackage(folder));
	return loaded.get(folder);
};

/**
 * Runs Stop Audio Stream in a workflow of its own.
 *
 * @param {object} run
 * @param {object} run.parameters the node's parameters, as a saved workflow holds them
 * @param {object[]} run.items the `json` of each input item
 * @param {object[]} [run.input] whole input items in their place, such as ones with a file
 * @param {Record<string, object>} run.credentials data by credential type
 * @param {object} [run.node] further settings of the node: `onError`, `retryOnFail`, `executeOnce`, …
 * @param {(cancel: () => void) => void} [run.onStart] called with a function that cancels the execution
 * @param {object} [run.nodeType] another version of the node, such as its AI tool form
 * @param {string} [run.folder] where the package is, when it is not this one
 * @returns outputs (`main` outputs, each a list of items), `error` of the node, `hints`, `credentialReads`
 */
async function runNode({
	parameters,
	items = [{}],
	input = items.map((json) => ({ json })),
	credentials = {},
	node = {},
	onStart,
	folder = ROOT,
	type = NODE_TYPE,
	nodeType,
}) {
	const { node: ours, credentialTypes } = await packageOf(folder);
	const types = { [type]: nodeType ?? ours, pass: passThrough };
	const nodeTypes = {
		getByName: (name) => types[name],
		getByNameAndVersion: (name) => types[name],
		getKnownTypes: () => ({}),
	};
	const stop = {
		id: 'stop',
		name: 'Stop Audio Stream',
		type,
		typeVersion: 1,
		position: [0, 0],
		parameters,
		credentials: Object.fromEntries(
			Object.keys(credentials).map((name) => [name, { id: name, name }]),
		),
		...node,
	};
	// n8n looks up an item's own fields at the node before.
	const before = { ...stop, id: 'before', name: 'Before', type: 'pass', parameters: {} };
	const workflow = new Workflow({
		id: 'test',
		nodes: [before, stop],
		connections: { [before.name]: { main: [[{ node: stop.name, type: 'main', index: 0 }]] } },
		active: false,
		nodeTypes,
		settings: {},
	});
	const helper = new Credentials(credentialTypes, credentials);
	const hooks = new core.ExecutionLifecycleHooks('manual', 'test', { nodes: [stop] });
	const additionalData = {
		credentialsHelper: helper,
		hooks,
		executionId: 'test',
		currentNodeExecutionIndex: 0,
		variables: {},
		restApiUrl: 'http://127.0.0.1/rest',
		instanceBaseUrl: 'http://127.0.0.1/',
		webhookBaseUrl: 'http://127.0.0.1/webhook',
		webhookWaitingBaseUrl: 'http://127.0.0.1/webhook-waiting',
		webhookTestBaseUrl: 'http://127.0.0.1/webhook-test',
		formWaitingBaseUrl: 'http://127.0.0.1/form-waiting',
		setExecutionStatus() {},
		sendDataToUI() {},
		logAiEvent() {},
		getRunExecutionData: async () => undefined,
	};
	const runData = {
		...createEmptyRunExecutionData(),
		startData: {},
		executionData: {
			contextData: {},
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
	onStart?.(() => running.cancel());
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
	};
}

/** Tests a credential as n8n's "Retry" button does, through RoutingNode. */
async function testCredential(type, data, folder = ROOT) {
	const { credentialTypes } = await packageOf(folder);
	const testNode = {
		id: 'temp',
		name: 'Temp-Node',
		type: 'temp',
		typeVersion: 1,
		position: [0, 0],
		parameters: {},
		credentials: { [type]: { id: '1', name: type } },
	};
	const { request, rules = [] } = credentialTypes[type].test;
	const nodeType = {
		description: {
			...passThrough.description,
			name: 'temp',
			credentials: [{ name: type, required: true }],
			properties: [
				{ displayName: 'Temp', name: 'temp', type: 'string', default: '', routing: { request } },
			],
		},
	};
	const nodeTypes = {
		getByName: () => nodeType,
		getByNameAndVersion: () => nodeType,
		getKnownTypes: () => ({}),
	};
	const workflow = new Workflow({ nodes: [testNode], connections: {}, active: false, nodeTypes });
	const additionalData = {
		credentialsHelper: new Credentials(credentialTypes, { [type]: data }),
		variables: {},
		currentNodeExecutionIndex: 0,
		webhookWaitingBaseUrl: 'http://127.0.0.1/webhook-waiting',
		formWaitingBaseUrl: 'http://127.0.0.1/form-waiting',
	};
	const context = new core.ExecuteContext(
		workflow,
		testNode,
		additionalData,
		'internal',
		createEmptyRunExecutionData(),
		0,
		[],
		{ main: [[{ json: {} }]] },
		{ node: testNode, data: {}, source: null },
		[],
	);
	try {
		await new core.RoutingNode(context, nodeType, { id: '1', name: type, type, data }).runNode();
		return { ok: true };
	} catch (error) {
		const status = error.cause?.response?.status;
		const rule = rules.find(({ properties }) => properties.value === status);
		return { ok: false, status, message: rule?.properties.message ?? error.message };
	}
}

module.exports = { NODE_TYPE, ROOT, core, loadPackage, runNode, testCredential, workflowPackage };
