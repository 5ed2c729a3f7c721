// Calls with streams at a stand-in, and what of a run's output tests look at, whichever engine ran.

import type { IDataObject } from 'n8n-workflow';
import type { CredentialsData, NodeOutput } from './nodeRun.cts';
import type { Call, Exposed, StandIn, Stream, StreamDetails } from './stand-ins/index.cts';

/** A stand-in as it runs: what all have, and what each exposes. */
export type RunningStandIn = StandIn & Exposed;

/** A call with a stream that runs. */
export interface Live {
	call: Call;
	stream: Stream;
	/** As an input item names them, for the fields of `stopItems`. */
	item: { provider: string; call: string; stream: string };
}

/** A call with one stream that runs: the way in which every test makes one. */
export function live(standIn: StandIn, details?: StreamDetails): Live {
	const call = standIn.addCall();
	const stream = standIn.startStream(call.id, details);
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
export const pairs = (items: NodeOutput['outputs'][number] | undefined): unknown[] =>
	(items ?? []).map(({ pairedItem }) =>
		typeof pairedItem === 'object' && 'item' in pairedItem ? pairedItem.item : pairedItem,
	);

/** Prints figures outside of Jest's own report, which would add a stack to each. */
export const print = (line: string) => process.stdout.write(`${line}\n`);
