import type { INodeTypeDescription } from 'n8n-workflow';
import type { Engine } from '../lib/nodeRun.cts';
import type { RunningStandIn } from '../lib/stops.cts';
import { Case } from './case.cts';
import { answers } from './scenarios/answers.cts';
import { confirm } from './scenarios/confirm.cts';
import { eventIds } from './scenarios/eventIds.cts';
import { failures } from './scenarios/failures.cts';
import { ids } from './scenarios/ids.cts';
import { input } from './scenarios/input.cts';
import { endings } from './scenarios/endings.cts';
import { lies } from './scenarios/lies.cts';
import { mayStillRun } from './scenarios/mayStillRun.cts';
import { memory } from './scenarios/memory.cts';
import { network } from './scenarios/network.cts';
import { options } from './scenarios/options.cts';
import { overCalls } from './scenarios/overCalls.cts';
import { stops } from './scenarios/stops.cts';
import { streamEnds } from './scenarios/streamEnds.cts';
import type { Bound, Row } from './scenario.cts';
import { trust } from './scenarios/trust.cts';
import { Table } from './table.cts';
import type { Cannot, Column, Profile } from './types.cts';

const scenarios: readonly Row[] = [
	...stops,
	...answers,
	...lies,
	...endings,
	...streamEnds,
	...overCalls,
	...mayStillRun,
	...memory,
	...network,
	...input,
	...ids,
	...eventIds,
	...options,
	...confirm,
	...failures,
	...trust,
];

/** What came out of the rows that ran. */
export const table = new Table();

/** So many wait beside each other: more would keep the process too busy to be in time. */
const MOST_WAITING = 50;
const waitFor: Array<Promise<unknown>> = [];

/** Begins a run as soon as few enough are under way. */
async function oneOfMany<T>(run: () => Promise<T>): Promise<T> {
	const running = (waitFor[waitFor.length - MOST_WAITING] ?? Promise.resolve()).then(run);
	waitFor.push(running.catch(() => {}));
	return await running;
}

/** Which rows run. */
export interface Choice {
	/** None that waits most of its time. */
	quick?: boolean;
}

/** Runs every row for one provider, in an engine and against its stand-in. */
export function conformance<S extends RunningStandIn>(
	engine: Engine,
	profile: Profile<S>,
	{ quick = false }: Choice = {},
) {
	const columns = profile.columns.map((column) => ({
		column,
		rows: rowsOf(profile, column).filter(({ settings }) => !quick || !settings.slow),
	}));

	// Begun first and looked at last, what waits costs its time once, and beside everything else.
	const early = new Map<Bound<S>, Promise<string>>();
	const waiting = columns.flatMap(({ column, rows }) =>
		rows.filter(({ settings }) => settings.slow).map((row) => ({ column, row })),
	);
	if (waiting.length > 0) {
		beforeAll(() => {
			for (const { column, row } of waiting) {
				const running = oneOfMany(async () => await runRow(engine, profile, column, row));
				// Looked at in its own test.
				running.catch(() => {});
				early.set(row, running);
			}
		});
	}

	describe(profile.displayName, () => {
		test('the profile declares what the node offers for this provider', async () => {
			expect(offered(profile, await engine.describe())).toEqual(declared(profile));
		});

		for (const isSlow of [false, true]) {
			for (const { column, rows } of columns) {
				const now = rows.filter(({ settings }) => Boolean(settings.slow) === isSlow);
				if (now.length === 0) continue;
				describe(column.title, () => {
					for (const row of now) {
						test(row.title, async () => {
							const note = (outcome: string) =>
								table.add(row.settings.name, row.label, profile.displayName, column.title, outcome);
							try {
								note(await (early.get(row) ?? runRow(engine, profile, column, row)));
							} catch (reason) {
								note('FAILS');
								throw reason;
							}
						});
					}
				});
			}
		}
	});
}

/** The rows for one column; what it cannot do is left out, and the table says so and why. */
function rowsOf<S extends RunningStandIn>(profile: Profile<S>, column: Column<S>): Array<Bound<S>> {
	const cannot: Cannot = { ...profile.cannot, ...column.cannot };
	const all: Array<Row<S>> = [...scenarios, ...profile.scenarios];
	return all.flatMap((row) => {
		if (!row.isFor(column)) return [];
		if (row.lacks && !cannot[row.lacks]) return [];
		const missing = row.needs?.find((need) => cannot[need]);
		if (missing === undefined) return row.bind(column, profile);
		table.leaveOut(row.name, profile.displayName, column.title, cannot[missing] ?? '');
		return [];
	});
}

/** Gives the outcome, as the table shows it. */
async function runRow<S extends RunningStandIn>(
	engine: Engine,
	profile: Profile<S>,
	column: Column<S>,
	row: Bound<S>,
): Promise<string> {
	const c = await Case.start(engine, profile, column, row);
	try {
		const arranged = await row.arrange(c);
		const callsUp = c.targets.map(({ call }) => call.up);
		const run = await c.run();
		await c.judge(run, arranged.expected(), callsUp);
		await arranged.check(run);
		return c.outcome(run);
	} finally {
		await c.close();
	}
}

/** What the node's screen offers for a provider. */
function offered<S extends RunningStandIn>(
	{ provider }: Profile<S>,
	{ properties }: INodeTypeDescription,
) {
	const isShown = ({ displayOptions }: (typeof properties)[number], name: string) => {
		const shown = displayOptions?.show?.[name];
		return shown === undefined || shown.some((each) => each === provider);
	};
	const choicesOf = (name: string, isOffered: (one: (typeof properties)[number]) => boolean) =>
		(properties.find((one) => one.name === name && isOffered(one))?.options ?? []).filter(
			(one) => 'value' in one,
		);
	const options = properties.find(({ name }) => name === 'options')?.options ?? [];
	const confirm = options.find(({ name }) => name === 'confirm');
	return {
		operations: choicesOf('operation', () => true).flatMap((one) => {
			const shown = one.displayOptions?.show?.provider;
			return !shown || shown.some((each) => each === provider) ? [one.value] : [];
		}),
		streamBy: choicesOf('streamBy', (one) => isShown(one, 'provider')).map(({ value }) => value),
		confirm: confirm !== undefined && 'type' in confirm && isShown(confirm, '/provider'),
	};
}

function declared<S extends RunningStandIn>({ columns, cannot }: Profile<S>) {
	return {
		operations: [...new Set(columns.map(({ parameters }) => parameters.operation)), 'checkEvent'],
		streamBy: [...new Set(columns.flatMap(({ parameters }) => parameters.streamBy ?? []))],
		confirm: !cannot.confirm,
	};
}
