import type { INode, INodeTypeDescription } from 'n8n-workflow';
import { NODE_TYPE } from './nodeRun.cts';

/** A node of a workflow, with these parameters. */
export const nodeWith = (parameters: INode['parameters']): INode => ({
	id: 'x',
	name: 'x',
	type: NODE_TYPE,
	typeVersion: 1,
	position: [0, 0],
	parameters,
});

/** The node as n8n hands it to an agent: its name with 'Tool' behind it, and what it replaces for that. */
export function toolForm(description: INodeTypeDescription): INodeTypeDescription {
	const { usableAsTool } = description;
	return {
		...description,
		...(typeof usableAsTool === 'object' && usableAsTool.replacements),
		name: `${description.name}Tool`,
	};
}
