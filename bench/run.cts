// npm run bench [-- --rounds N | --quick]: our node and what one would use in its place, side by side in a
// real n8n. With WRITE_FIGURES=1 it writes docs/bench.json, from which `npm run docs:figures` makes the table.

import { parseArgs } from 'node:util';

import { recordFigures } from '../test/lib/figures.cts';
import { installN8n, versions } from '../test/lib/n8n/index.cts';
import { build, pack } from '../test/lib/package.cts';
import { elapsed, runScript, say, step, tail, temporaryFolder } from '../test/lib/processes.cts';
import { openLab, type Lab } from './lab.cts';
import { MEASUREMENTS, warmUp, type Series } from './measure.cts';
import { report } from './report.cts';

/** The figures of all rounds: for each name a list of values. */
async function playRounds(lab: Lab, rounds: number): Promise<Series> {
	const series: Series = {};
	for (let round = 0; round < rounds; round += 1) {
		for (const [title, measure] of Object.entries(MEASUREMENTS)) {
			const found = await step(
				`round ${round + 1} of ${rounds}: ${title}`,
				async () => await measure(lab, round),
			);
			for (const [name, value] of Object.entries(found)) (series[name] ??= []).push(value);
		}
	}
	return series;
}

function readArguments(): number {
	const { values } = parseArgs({
		options: {
			rounds: { type: 'string', default: '5' },
			quick: { type: 'boolean', default: false },
		},
	});
	const rounds = values.quick ? 1 : Number(values.rounds);
	if (!Number.isInteger(rounds) || rounds < 1) throw new Error("'--rounds' takes a whole number.");
	return rounds;
}

/** Measures everything in one n8n, and ends it with everything around it. */
async function measureAll(tarball: string, rounds: number) {
	/** What is to be ended. */
	const opened: Array<() => unknown> = [];
	try {
		const lab = await openLab({ tarball, opened });
		try {
			await step('warming up', () => warmUp(lab));
			return { tarball: lab.tarball, series: await playRounds(lab, rounds) };
		} catch (reason) {
			const why = reason instanceof Error ? reason.message : String(reason);
			throw new Error(`${why}\nThe last lines of n8n's log:\n${tail(lab.n8n.log)}`, {
				cause: reason,
			});
		}
	} finally {
		for (const close of opened.reverse()) await close();
	}
}

runScript(async () => {
	const since = Date.now();
	const rounds = readArguments();
	say('Stop Audio Stream and the HTTP Request node, in a real n8n against the same stand-ins\n');
	await installN8n();
	await build();
	const measured = await measureAll(await pack(temporaryFolder('bench')), rounds);
	const { figures, text } = report(measured.series, rounds, measured.tarball);
	recordFigures('bench', await versions(), figures);
	say(`\n${text}\n\n${elapsed(since)} in all`);
});
