// One run of the node: what goes in and what comes out, whichever engine runs it.

import type {
	ExecutionError,
	ICredentialDataDecryptedObject,
	IDataObject,
	INode,
	INodeExecutionData,
	INodeParameters,
	INodeTypeDescription,
	NodeExecutionHint,
} from 'n8n-workflow';

/** The node's type, as a saved workflow names it. */
export const NODE_TYPE = 'n8n-nodes-stop-audio-stream.stopAudioStream';

/** The data of each credential type. */
export type CredentialsData = Record<string, ICredentialDataDecryptedObject>;

export interface NodeRun {
	/** The node's parameters, as a saved workflow holds them. */
	parameters: INodeParameters;
	/** The `json` of each input item. */
	items?: IDataObject[];
	/** Whole input items in their place, such as ones with a file. */
	input?: INodeExecutionData[];
	credentials?: CredentialsData;
	/** Further settings of the node: `onError`, `retryOnFail`, `executeOnce`, … */
	node?: Partial<INode>;
	type?: string;
}

/** The node as a workflow holds it. */
export const savedNode = ({
	parameters,
	credentials = {},
	node,
	type = NODE_TYPE,
}: Pick<NodeRun, 'parameters' | 'node' | 'type'> & { credentials?: object }): INode => ({
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
});

/** The node as n8n hands it to an agent: its name with 'Tool' behind it. */
export const toolForm = (description: INodeTypeDescription): INodeTypeDescription => ({
	...description,
	name: `${description.name}Tool`,
});

export interface NodeOutput {
	/** The `main` outputs, each a list of items. */
	outputs: Array<INodeExecutionData[] | null>;
	/** The `json` of each item of the first output. */
	items: IDataObject[];
	/** Why the node failed. */
	error: ExecutionError | undefined;
	hints: NodeExecutionHint[];
	/** The credential types that were read, in order. */
	credentialReads: string[];
}

/** What runs the node. */
export interface Engine {
	title: string;
	/** What the node says of itself. */
	describe(): Promise<INodeTypeDescription>;
	run(run: NodeRun): Promise<NodeOutput>;
}
