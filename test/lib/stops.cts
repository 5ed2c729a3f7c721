import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { runNode, type EngineRun, type NodeRunResult } from './engine.cts';
import { credentialsOf, type Addressed, type Live } from './lives.cts';
import type { Call, Stream } from './stand-ins/index.cts';

export * from './lives.cts';

/** The fields of a node that takes the ids from its items. */
export const byExpression = { callId: '={{ $json.call }}', stream: '={{ $json.stream }}' };

/** What a run of the node may change: `parameters` and `options` of the node, and what else `runNode` takes. */
export interface Run extends Partial<EngineRun> {
	options?: INodeParameters;
}

/** Runs the node with a stand-in's provider and credential, on items that name a call and a stream. */
export const stopItems = async (
	standIn: Addressed,
	items: IDataObject[],
	{ parameters, options = {}, ...run }: Run = {},
): Promise<NodeRunResult> =>
	await runNode({
		parameters: { provider: standIn.provider, ...byExpression, options, ...parameters },
		items,
		credentials: credentialsOf(standIn),
		...run,
	});

/** A call and its stream, wherever they were made. */
export interface Pair {
	call: Pick<Call, 'id'>;
	stream: Pick<Stream, 'id'>;
}

/** The same, for calls with streams; `item` is what each item holds beside the ids. */
export const stopAt = async (
	standIn: Addressed,
	all: Pair[],
	{ item, ...run }: Run & { item?: IDataObject } = {},
): Promise<NodeRunResult> =>
	await stopItems(
		standIn,
		all.map(({ call, stream }) => ({ ...item, call: call.id, stream: stream.id })),
		run,
	);

/** The same, for calls with streams of a stand-in in this process. */
export const stopLives = async (
	standIn: Addressed,
	all: Live[],
	run?: Run,
): Promise<NodeRunResult> =>
	await stopAt(standIn, all, { ...run, item: { provider: standIn.provider } });
