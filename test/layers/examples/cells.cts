import { say } from '../../lib/processes.cts';
import type { Call, LoggedRequest, Stream } from '../../lib/stand-ins/index.cts';
import { asColumns } from '../../lib/table.cts';
import type { StandIns } from './stage.cts';
import { callUp, isUp, received } from './streams.cts';

export type Name = keyof StandIns;
export type AnyOf = StandIns[Name];

/** What can happen to a recipe, at which providers, and what it comes to. */
export interface Cell<Play> {
	name: string;
	/** At which providers; the first is where the short run tries a kind of failure. */
	at: readonly Name[];
	/** All providers belong to the short run: all goes well. */
	allWell?: true;
	/** Left out of the short run: another cell shows its kind of failure there. */
	wholeOnly?: true;
	play: (play: Play) => Promise<string>;
}

/** Runs a recipe's table: as a whole, or all that goes well and each kind of failure once. */
export function describeCells<Play>(
	recipe: string,
	whole: boolean,
	cells: ReadonlyArray<Cell<Play>>,
	open: (name: Name) => Promise<Play>,
): void {
	describe(`${recipe}, and what can happen to it`, () => {
		const seen: string[][] = [];
		const plays = new Map<Name, Promise<Play>>();
		const playOf = async (name: Name): Promise<Play> => {
			const found = plays.get(name) ?? open(name);
			plays.set(name, found);
			return await found;
		};
		const rows = cells.flatMap((cell) =>
			(whole || cell.allWell ? cell.at : cell.at.slice(0, cell.wholeOnly ? 0 : 1)).map(
				(name): [string, Name, Cell<Play>] => [cell.name, name, cell],
			),
		);
		test.each(rows)('%s: %s', async (what, name, cell) => {
			seen.push([what, name, await cell.play(await playOf(name))]);
		});
		afterAll(() => say(`\n  ${recipe}\n${asColumns(seen, '    ')}\n`));
	});
}

/** What the caller and the stream came to, for the table. */
export const cameTo = (standIn: AnyOf, call: Call, ...streams: readonly Stream[]): string =>
	[
		callUp(standIn, call) ? 'call up' : 'call over',
		streams.length === 0
			? 'no stream'
			: `streams up: ${String(streams.filter((one) => isUp(standIn, one)).length)} of ${String(streams.length)}`,
	].join(', ');

/** By a path of its own, or as a command that SWML takes. */
const isStop = ({ method, path, body }: LoggedRequest): boolean =>
	method !== 'GET' && (/\/Streams?\//.test(path) || body.includes('calling.stream.stop'));

/** How many stops the provider received for a call. */
export const stopsOf = (standIn: AnyOf, call: Call): number =>
	received(standIn, call).filter(isStop).length;

/** What answers the first so many stops of a call, or transfers, in the provider's place. */
export function spoil(
	standIn: AnyOf,
	call: Call,
	fault: object,
	{ what = 'stop', times = Infinity }: { what?: 'stop' | 'transfer'; times?: number } = {},
): void {
	let left = times;
	standIn.fault = (request) => {
		const isOfCall = request.path.includes(call.id) || request.body.includes(call.id);
		if (!isOfCall || request.method === 'GET') return undefined;
		if (isStop(request) !== (what === 'stop') || left <= 0) return undefined;
		left -= 1;
		return fault;
	};
}
