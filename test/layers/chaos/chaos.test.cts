// Thousands of stops through n8n's engine while the providers fail in every way they can, calls end and ids
// are wrong, compared with what the stand-ins know to be true. `CHAOS_SEED` plays one of them again.

import { randomInt } from 'node:crypto';

import { coreVersion } from '../../lib/engine.cts';
import { recordFigures } from '../../lib/figures.cts';
import { count, print, shown } from '../../lib/stops.cts';
import { asColumns } from '../../lib/table.cts';
import { KIND_NAMES } from './faults.cts';
import { apart } from './judge.cts';
import { playChaos } from './play.cts';

const seed = process.env.CHAOS_SEED ?? (process.env.CI ? '20260131' : String(randomInt(1e9)));
/** CI plays a third of them: each kind of fault still comes some fifty times. */
const EXECUTIONS = process.env.CI ? 18 : 54;
const ITEMS = 100;
const ACCOUNTS = 6;

test('stops among failing providers, calls that end and wrong ids: what the node says is true', async () => {
	print(`\nChaos seed ${seed}. The same again: CHAOS_SEED=${seed} npm run test:chaos`);
	const { items, faults, wrong, secretsFound, seconds } = await playChaos({
		seed,
		executions: EXECUTIONS,
		items: ITEMS,
		accounts: ACCOUNTS,
		kinds: KIND_NAMES,
	});

	const sum = (figure: (item: (typeof items)[number]) => number) =>
		items.reduce((total, item) => total + figure(item), 0);
	const outcomeOf = ({ out }: (typeof items)[number]) =>
		out?.inErrorOutput ? 'in the error output' : shown(out?.failure ?? out?.status);
	const running = items.filter(
		({ situation, ...item }) =>
			situation === 'stream runs' && item.named().some((stream) => stream.running),
	).length;
	const figures = {
		executions: EXECUTIONS,
		items: items.length,
		situations: count(items.map(({ situation }) => situation)),
		faults: count(faults.map(({ kind }) => kind)),
		outcomes: count(items.map(outcomeOf)),
		requests: sum(({ stops }) => stops.length),
		retries: sum(({ stops }) => Math.max(0, stops.length - 1)),
		reads: sum(({ reads }) => reads.length),
		disagreements: wrong.length,
		apart: count(items.flatMap((item) => apart(item) ?? [])),
		secretsFound: secretsFound.length,
		seconds,
	};
	const rows = Object.entries(figures).flatMap(([label, figure]) =>
		typeof figure === 'number'
			? [[label, figure]]
			: Object.entries(figure).map(([name, times]) => [label, `${name}: ${times}`]),
	);
	print(`${asColumns([...rows, ['still running', running]])}\n`);

	expect(wrong).toEqual([]);
	expect(secretsFound).toEqual([]);
	expect(items).toHaveLength(EXECUTIONS * ITEMS);
	expect(Object.keys(figures.faults)).toHaveLength(KIND_NAMES.length);
	// And the node does its work: most of what met a fault is down in the end.
	expect(running).toBeLessThan(items.length / 5);
	// Behind the checks: what is false is not written down.
	recordFigures('chaos', { n8n: coreVersion, node: process.versions.node, seed }, figures);
}, 900_000);
