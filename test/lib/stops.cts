import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { runNode, type EngineRun, type NodeRunResult } from './engine.cts';
import type { CredentialsData } from './nodeRun.cts';
import type { Call, Exposed, StandIn, Stream } from './stand-ins/index.cts';

/** A stand-in as it runs: what all have, and what each exposes. */
export type RunningStandIn = StandIn & Exposed;

/** A call with a stream that runs. */
export interface Live {
	call: Call;
	stream: Stream;
	/** As an input item names them, for the fields of {@link stopItems}. */
	item: { provider: string; call: string; stream: string };
}

/** A call with one stream that runs: the way in which every test makes one. */
export function live(standIn: StandIn): Live {
	const call = standIn.addCall();
	const stream = standIn.startStream(call.id);
	return { call, stream, item: { provider: standIn.provider, call: call.id, stream: stream.id } };
}

/** So many calls with one stream each. */
export const lives = (standIn: StandIn, count: number): Live[] =>
	Array.from({ length: count }, () => live(standIn));

/** How many streams run. */
export const running = (standIn: StandIn): number =>
	standIn.streams().filter((stream) => stream.running).length;

/** The fields of a credential that each item fills in: {@link withAccount} makes such items. */
export const credentialByItem = ({ credentials }: RunningStandIn): Record<string, string> =>
	Object.fromEntries(
		Object.keys(credentials).map((name) => [name, `={{ $json.account.${name} }}`]),
	);

/** An item with a stream that runs, and with the account that it belongs to. */
export const withAccount = (standIn: RunningStandIn, account: IDataObject = {}): IDataObject => ({
	...live(standIn).item,
	account: { ...standIn.credentials, ...account },
});

/** What of a stand-in a run of the node needs; one in a process of its own has it too. */
export type Addressed = Pick<RunningStandIn, 'provider' | 'credentialType' | 'credentials'>;

/** Each stand-in's credential, by its type. */
export const credentialsOf = (...standIns: Addressed[]): CredentialsData =>
	Object.fromEntries(
		standIns.map(({ credentialType, credentials }) => [credentialType, { ...credentials }]),
	);

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

/** The value in the middle. */
export const middle = (values: readonly number[]): number =>
	[...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? NaN;

/** How often each value comes. */
export function count(values: unknown[]): Record<string, number> {
	const counts: Record<string, number> = {};
	for (const value of values) counts[String(value)] = (counts[String(value)] ?? 0) + 1;
	return counts;
}

/** A value of an output, as text. */
export const shown = (value: unknown): string =>
	value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);

export const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

/** Which input item each output item came from. */
export const pairs = (items: NodeRunResult['outputs'][number] | undefined): unknown[] =>
	(items ?? []).map(({ pairedItem }) =>
		typeof pairedItem === 'object' && 'item' in pairedItem ? pairedItem.item : pairedItem,
	);

/** Prints figures outside of Jest's own report, which would add a stack to each. */
export const print = (line: string) => process.stdout.write(`${line}\n`);
