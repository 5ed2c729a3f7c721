// Stands before and behind the node that is measured, inside n8n's own process: there alone a node's share
// of the CPU time and of the memory can be told from the rest of its workflow.

import type {
	IExecuteFunctions,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';
import v8 from 'node:v8';
import vm from 'node:vm';

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** How often the heap is looked at, in ms; its highest point is what counts. */
const LOOK_EVERY_MS = 20;

/** What JavaScript holds in this process, in bytes, with what has not been collected yet. */
function heap(): number {
	const { used_heap_size: used, external_memory: external } = v8.getHeapStatistics();
	return used + external;
}

interface Measuring {
	bytes: number;
	peak: number;
	cpu: NodeJS.CpuUsage;
	at: number;
	timer: NodeJS.Timeout;
}

/** What is known of the node since its start; workflows are measured one at a time. */
let measuring: Measuring | undefined;

function start(): void {
	// Every run starts from what is really in use.
	collectGarbage();
	const bytes = heap();
	const timer = setInterval(() => {
		if (measuring) measuring.peak = Math.max(measuring.peak, heap());
	}, LOOK_EVERY_MS);
	measuring = { bytes, peak: bytes, cpu: process.cpuUsage(), at: performance.now(), timer };
}

/** The ms that the node took, the CPU time of n8n meanwhile, and the bytes that its heap grew by at most. */
function end(): { ms: number; cpuMs: number; bytes: number } {
	if (!measuring) throw new Error("A probe 'End' has no 'Start' before it.");
	const { bytes, cpu, at, timer } = measuring;
	const ms = performance.now() - at;
	const { user, system } = process.cpuUsage(cpu);
	clearInterval(timer);
	const peak = Math.max(measuring.peak, heap());
	return { ms, cpuMs: (user + system) / 1000, bytes: peak - bytes };
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
		start();
		return [this.getInputData()];
	}
}
