import type { IExecuteFunctions, INodeExecutionData, INodeType } from 'n8n-workflow';

/** Runs a node in the context of another one, or of one's own making. */
export async function executeIn(
	context: IExecuteFunctions,
	node: INodeType,
): Promise<INodeExecutionData[][]> {
	const outputs = await node.execute?.call(context);
	if (!Array.isArray(outputs)) throw new Error('The node gave back no items.');
	return outputs;
}
