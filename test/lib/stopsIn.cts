import type { IDataObject, INodeParameters } from 'n8n-workflow';
import type { EngineRun } from './engine.cts';
import { credentialsOf, type Addressed, type Live } from './lives.cts';
import type { Call, Stream } from './stand-ins/index.cts';

/** What a run of the node may change: `parameters` and `options` of the node, and what else an engine takes. */
export interface Run extends Partial<EngineRun> {
	options?: INodeParameters;
}

/** A call and its stream, wherever they were made. */
export interface Pair {
	call: Pick<Call, 'id'>;
	stream: Pick<Stream, 'id'>;
}

/** The fields of a node that takes the ids from its items. */
export const byExpression = { callId: '={{ $json.call }}', stream: '={{ $json.stream }}' };

/** How to stop streams in an engine. */
export function stopsIn<Came>(runNode: (run: EngineRun) => Promise<Came>) {
	/** Runs the node with a stand-in's provider and credential, on items that name a call and a stream. */
	const stopItems = async (
		standIn: Addressed,
		items: IDataObject[],
		{ parameters, options = {}, ...run }: Run = {},
	): Promise<Came> =>
		await runNode({
			parameters: { provider: standIn.provider, ...byExpression, options, ...parameters },
			items,
			credentials: credentialsOf(standIn),
			...run,
		});

	/** The same, for calls with streams; `item` is what each item holds beside the ids. */
	const stopAt = async (
		standIn: Addressed,
		all: Pair[],
		{ item, ...run }: Run & { item?: IDataObject } = {},
	): Promise<Came> =>
		await stopItems(
			standIn,
			all.map(({ call, stream }) => ({ ...item, call: call.id, stream: stream.id })),
			run,
		);

	/** The same, for calls with streams of a stand-in in this process. */
	const stopLives = async (standIn: Addressed, all: Live[], run?: Run): Promise<Came> =>
		await stopAt(standIn, all, { ...run, item: { provider: standIn.provider } });

	return { stopItems, stopAt, stopLives };
}
