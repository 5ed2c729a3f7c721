import type { IDataObject, INodeParameters } from 'n8n-workflow';

import { runNode, type NodeRun, type NodeRunResult } from './engine.cts';
import type { Exposed, StandIn } from './stand-ins/stand-in.cts';
import type { Call, Stream } from './stand-ins/index.cts';

/** The stand-in of any provider. */
export type ProviderStandIn = StandIn & Exposed;

/** A call with one stream. */
export interface Pair {
	call: Pick<Call, 'id'>;
	stream: Pick<Stream, 'id'>;
}

/** How to run the node on many streams: what `runNode` takes, with the node's options apart. */
export interface StopOptions extends Omit<Partial<NodeRun>, 'items' | 'credentials'> {
	options?: INodeParameters;
	/** What is in each item beside the ids. */
	item?: IDataObject;
}

/** Runs the node on what a stand-in's `seed` or `pairs` gave: one item for each stream. */
export async function stopAt(
	standIn: Pick<ProviderStandIn, 'provider' | 'credentialType' | 'credentials'>,
	pairs: Pair[],
	{ parameters, options = {}, item = {}, ...run }: StopOptions = {},
): Promise<NodeRunResult> {
	return await runNode({
		parameters: {
			provider: standIn.provider,
			callId: '={{ $json.call }}',
			stream: '={{ $json.stream }}',
			options,
			...parameters,
		},
		items: pairs.map(({ call, stream }) => ({ ...item, call: call.id, stream: stream.id })),
		credentials: { [standIn.credentialType]: { ...standIn.credentials } },
		...run,
	});
}

/** Calls with one running stream each. */
export const pairs = (standIn: Pick<ProviderStandIn, 'addCall' | 'startStream'>, many: number) =>
	Array.from({ length: many }, () => {
		const call = standIn.addCall();
		return { call, stream: standIn.startStream(call.id) };
	});

/** How often each value comes. */
export function count(values: unknown[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
	return counts;
}

/** A value of an output, as text. */
export const shown = (value: unknown): string =>
	value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);

/** Prints figures outside of Jest's own report, which would add a stack to each. */
export const print = (line: string) => process.stdout.write(`${line}\n`);
