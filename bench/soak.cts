// npm run test:soak: 20,000 runs of the node in one process, every other one an execution of its own, the
// rest runs of one execution, as a Loop Over Items makes them. A run must leave nothing behind.

import './userFolder.cts';

import { getEventListeners } from 'node:events';
import v8 from 'node:v8';
import vm from 'node:vm';
import type { IExecuteFunctions, INodeType } from 'n8n-workflow';

import { coreVersion, loadPackage } from '../test/lib/engine.cts';
import { executeIn } from '../test/lib/execute.cts';
import { recordFigures, type SoakFigures } from '../test/lib/figures.cts';
import { build } from '../test/lib/package.cts';
import { runScript, say } from '../test/lib/processes.cts';
import { forkStandIn } from '../test/lib/stand-ins/index.cts';
import { stopAt, type Pair } from '../test/lib/stops.cts';

const RUNS = 20_000;
const LOOK_EVERY = 2_000;
/** How many run side by side, as the executions of webhooks do. */
const LANES = 10;
const MOST_BYTES = 50;

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** The heap, once nothing that can be collected is left. */
async function heapInUse(): Promise<number> {
	for (let round = 0; round < 4; round += 1) {
		// Weak references and finished sockets are let go of only in a later turn.
		await new Promise((resolve) => setTimeout(resolve, 100));
		collectGarbage();
	}
	return v8.getHeapStatistics().used_heap_size;
}

/** One more run of an execution that goes on: a context of its own, and the execution's cancel signal. */
function furtherRun(execution: IExecuteFunctions, { call, stream }: Pair): IExecuteFunctions {
	const ids: Record<string, string> = { callId: call.id, stream: stream.id };
	const getNodeParameter = (name: string, item: number, fallback?: object): unknown =>
		ids[name] ?? execution.getNodeParameter(name, item, fallback);
	return Object.create(execution, {
		getNodeParameter: { value: getNodeParameter },
	}) as IExecuteFunctions;
}

function listenersOf(execution: IExecuteFunctions): number {
	const signal = execution.getExecutionCancelSignal();
	if (!signal) throw new Error('The execution has no cancel signal.');
	return getEventListeners(signal, 'abort').length;
}

runScript(async () => {
	await build();
	const { node } = await loadPackage();
	const vobiz = await forkStandIn('vobiz');
	const all = await vobiz.seed(RUNS + 1);
	const left = all.values();
	const heap: SoakFigures['heap'] = [];
	let listeners = NaN;
	let done = 0;

	/** Runs the node so many times, in turn as an execution of its own and as one more run of `execution`. */
	const runMany = async (execution: IExecuteFunctions, runs: number) => {
		const goal = done + runs;
		let begun = done;
		const runOn = async () => {
			while (begun < goal) {
				begun += 1;
				const isOwn = begun % 2 === 0;
				const { value: pair } = left.next();
				if (!pair) throw new Error('There are no streams left.');
				const items = isOwn
					? (await stopAt(vobiz, [pair])).items
					: (await executeIn(furtherRun(execution, pair), node))[0]?.map(({ json }) => json);
				if (items?.[0]?.status !== 'stopped') {
					throw new Error(`A stop came out as ${JSON.stringify(items)}.`);
				}
				done += 1;
			}
		};
		await Promise.all(Array.from({ length: LANES }, runOn));
	};

	/** Holds its execution open for all runs, as the node in a loop does. */
	const looping: INodeType = {
		description: node.description,
		async execute(this: IExecuteFunctions) {
			heap.push({ runs: 0, bytes: await heapInUse() });
			while (done < RUNS) {
				await runMany(this, LOOK_EVERY);
				heap.push({ runs: done, bytes: await heapInUse() });
				say(`  ${done} runs, ${((heap.at(-1)?.bytes ?? 0) / 1e6).toFixed(2)} MB`);
			}
			listeners = listenersOf(this);
			return [[]];
		},
	};
	try {
		const since = Date.now();
		const first = left.next().value;
		if (!first) throw new Error('There are no streams.');
		const { error } = await stopAt(vobiz, [first], { nodeType: looping });
		if (error) throw error;
		const seconds = (Date.now() - since) / 1_000;
		const bytesAt = (runs: number) => heap.find((one) => one.runs === runs)?.bytes ?? NaN;
		const bytesPerRun = (bytesAt(RUNS) - bytesAt(RUNS / 2)) / (RUNS / 2);
		const figures = { runs: RUNS, seconds, heap, bytesPerRun, listeners };
		say(
			`${bytesPerRun.toFixed(1)} bytes a run over the last ${RUNS / 2}, ${listeners} listeners left`,
		);
		if (!(bytesPerRun <= MOST_BYTES))
			throw new Error(`Each run leaves more than ${MOST_BYTES} bytes.`);
		if (listeners !== 0) throw new Error('A run left a listener on its execution.');
		recordFigures('soak', { n8n: coreVersion, node: process.versions.node }, figures);
	} finally {
		await vobiz.close();
	}
});
