// A light engine: the node's own sources on a small context that has of n8n what the node uses, and no more. It
// sends over real sockets. A run takes a few ms, so that a mutant can be judged by the whole conformance table.

import { compileFunction } from 'node:vm';
import {
	NodeApiError,
	NodeHelpers,
	type ExecutionError,
	type IBinaryData,
	type ICredentialDataDecryptedObject,
	type ICredentialsDecrypted,
	type ICredentialType,
	type IDataObject,
	type IExecuteFunctions,
	type IHttpRequestOptions,
	type INode,
	type INodeExecutionData,
	type JsonObject,
	type NodeExecutionHint,
} from 'n8n-workflow';
import { PlivoBasicApi } from '../../../credentials/PlivoBasicApi.credentials';
import { SignalWireBasicApi } from '../../../credentials/SignalWireBasicApi.credentials';
import { VobizXAuthApi } from '../../../credentials/VobizXAuthApi.credentials';
import { StopAudioStream } from '../../../nodes/StopAudioStream/StopAudioStream.node.ts';
import { executeIn } from '../execute.cts';
import { savedNode, type Engine, type NodeOutput, type NodeRun } from '../nodeRun.cts';
import { request } from './request.cts';

const node = new StopAudioStream();
const credentialTypes: ICredentialType[] = [
	new PlivoBasicApi(),
	new SignalWireBasicApi(),
	new VobizXAuthApi(),
];

/** An expression is JavaScript. n8n's own guards it, and hides some of its errors. */
const evaluate = (expression: string, $json: IDataObject): unknown => {
	const [, code] = /^=\{\{(.*)\}\}$/s.exec(expression) ?? [];
	if (code === undefined) throw new Error(`The light engine cannot evaluate ${expression}`);
	try {
		const compiled = compileFunction(`return (${code})`, ['$json']) as (json: object) => unknown;
		return compiled($json);
	} catch (thrown) {
		// Jest has an `Error` of its own, and the expression has Node's.
		throw new Error((thrown as Error).message, { cause: thrown });
	}
};

/** A parameter's value for an item, whatever in it is an expression. */
function resolve(value: unknown, json: IDataObject): unknown {
	if (typeof value === 'string') return value.startsWith('=') ? evaluate(value, json) : value;
	if (Array.isArray(value)) return value.map((each) => resolve(each, json));
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([name, each]) => [name, resolve(each, json)]),
	);
}

/** The node as n8n has it once a workflow is loaded: with every default, and without what is not shown. */
function loaded(run: NodeRun): INode {
	const { parameters } = run;
	const saved = savedNode(run);
	const { description } = node;
	const whole = NodeHelpers.getNodeParameters(
		description.properties,
		parameters,
		true,
		false,
		saved,
		description,
	);
	return { ...saved, parameters: whole ?? {} };
}

/** The context of a run, and what the node leaves in it. */
function contextOf(run: NodeRun, input: INodeExecutionData[]) {
	const { credentials = {} } = run;
	const theNode = loaded(run);
	const hints: NodeExecutionHint[] = [];
	const credentialReads: string[] = [];
	const kept = {};
	const jsonOf = (itemIndex: number) => input[itemIndex]?.json ?? {};

	async function httpRequestWithAuthentication(
		this: IExecuteFunctions,
		typeName: string,
		options: IHttpRequestOptions,
		{ credentialsDecrypted }: { credentialsDecrypted?: ICredentialsDecrypted } = {},
	): Promise<unknown> {
		try {
			const data: ICredentialDataDecryptedObject =
				credentialsDecrypted?.data ?? (await this.getCredentials(typeName));
			const type = credentialTypes.find(({ name }) => name === typeName);
			if (typeof type?.authenticate !== 'function') throw new Error(`No type '${typeName}'`);
			return await request(await type.authenticate(data, options), this.getExecutionCancelSignal());
		} catch (thrown) {
			throw new NodeApiError(theNode, thrown as JsonObject);
		}
	}

	// What the node uses of n8n, and nothing else is there.
	const context: IExecuteFunctions = Object.create({
		getNode: () => theNode,
		getInputData: () => input,
		getNodeParameter(name: string, itemIndex: number, fallback: unknown) {
			const value: unknown = theNode.parameters[name] ?? fallback;
			if (value === undefined) throw new Error(`Could not get parameter "${name}"`);
			return resolve(value, jsonOf(itemIndex));
		},
		async getCredentials(type: string, itemIndex = 0) {
			credentialReads.push(type);
			const data = credentials[type];
			if (!data) throw new Error(`Credential of type ${type} does not exist.`);
			return await Promise.resolve(resolve(data, jsonOf(itemIndex)));
		},
		getExecutionCancelSignal: () => undefined,
		getContext: () => kept,
		continueOnFail: () => (theNode.onError ?? 'stopWorkflow') !== 'stopWorkflow',
		addExecutionHints: (...added: NodeExecutionHint[]) => void hints.push(...added),
		helpers: {
			httpRequestWithAuthentication,
			getBinaryDataBuffer: async (itemIndex: number, of: string | IBinaryData) => {
				const file = typeof of === 'string' ? input[itemIndex]?.binary?.[of] : of;
				if (!file) throw new Error(`The item has no binary field [item ${itemIndex}]`);
				return await Promise.resolve(Buffer.from(file.data, 'base64'));
			},
		},
	});
	return { context, theNode, seen: { hints, credentialReads } };
}

/** n8n's rule for the error output: what holds an error and nothing else goes there, behind its input's fields. */
function splitOff(output: INodeExecutionData[], input: INodeExecutionData[]) {
	const isFailed = ({ json }: INodeExecutionData) =>
		Boolean(json.error) &&
		Object.keys(json).every((name) => ['error', 'message', 'details'].includes(name));
	const failed = output.filter(isFailed).map((item) => {
		const { pairedItem } = item;
		const from = typeof pairedItem === 'object' && 'item' in pairedItem ? pairedItem.item : 0;
		return { ...item, json: { ...input[from]?.json, ...item.json } };
	});
	return [output.filter((item) => !isFailed(item)), failed];
}

async function run(nodeRun: NodeRun): Promise<NodeOutput> {
	const { items = [{}] } = nodeRun;
	const input = nodeRun.input ?? items.map((json) => ({ json }));
	const { context, theNode, seen } = contextOf(nodeRun, input);
	try {
		const [output = []] = await executeIn(context, node);
		const outputs = theNode.onError === 'continueErrorOutput' ? splitOff(output, input) : [output];
		const [first = []] = outputs;
		return { outputs, items: first.map(({ json }) => json), error: undefined, ...seen };
	} catch (thrown) {
		return { outputs: [], items: [], error: thrown as ExecutionError, ...seen };
	}
}

export const lightEngine: Engine = {
	title: 'the light engine',
	describe: async () => await Promise.resolve(node.description),
	run,
};
