// Runs before and after the node that is measured, inside n8n's own process: only there can a node's share of the
// CPU time be told from the rest of its workflow.

import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';

interface Started {
	at: number;
	cpu: NodeJS.CpuUsage;
}

/** What was true at the node's start; workflows are measured one at a time. */
let started: Started | undefined;

/** The ms that the node took, and the CPU time of n8n meanwhile. */
function end(): { ms: number; cpuMs: number } {
	if (!started) throw new Error("A probe 'End' has no 'Start' before it.");
	const ms = performance.now() - started.at;
	const { user, system } = process.cpuUsage(started.cpu);
	return { ms, cpuMs: (user + system) / 1000 };
}

export class Probe implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Probe',
		name: 'probe',
		group: ['transform'],
		version: 1,
		description: 'Measures the node between two of these',
		defaults: { name: 'Probe' },
		inputs: ['main'],
		outputs: ['main'],
		properties: [
			{
				displayName: 'At',
				name: 'at',
				type: 'options',
				options: [
					{ name: 'Start', value: 'start' },
					{ name: 'End', value: 'end' },
				],
				default: 'start',
			},
		],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		if (this.getNodeParameter('at', 0) === 'end') return [[{ json: end() }]];
		started = { at: performance.now(), cpu: process.cpuUsage() };
		return [this.getInputData()];
	}
}
