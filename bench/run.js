'use strict';

// npm run bench [-- --rounds N | --quick]: our node and what one would use in its place, side by side in a
// real n8n. Writes docs/bench.json, docs/bench.svg and the table in README.md.

const { parseArgs } = require('node:util');
const { ensureProject } = require('../scripts/lib/install');
const { build, pack } = require('../scripts/lib/package');
const {
	elapsed,
	run,
	runScript,
	say,
	step,
	tail,
	temporaryFolder,
} = require('../scripts/lib/processes');

/** The figures of all rounds: for each name a list with one value a round. */
async function playRounds(lab, packages, rounds) {
	const { oneEvent, plivoStops, sizes, vobizStops } = require('./measure');
	const { loadTimes } = require('./packages');
	const series = {};
	const add = (figures) => {
		for (const [name, value] of Object.entries(figures)) (series[name] ??= []).push(value);
	};
	for (let round = 0; round < rounds; round += 1) {
		const title = (what) => `round ${round + 1} of ${rounds}: ${what}`;
		add(await step(title('1,000 Vobiz stops'), () => vobizStops(lab, round)));
		add(await step(title('1,000 Plivo stops'), () => plivoStops(lab, round)));
		add(await step(title('events, one at a time'), () => oneEvent(lab, round)));
		// The longest part, and the steadiest: every other round is enough.
		if (round % 2 === 0) {
			add(await step(title('10 to 10,000 Vobiz stops'), () => sizes(lab, round)));
		}
		add(await step(title('load times'), () => loadTimes(packages)));
	}
	return series;
}

function readArguments() {
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

/** Measures all that there is in one n8n, which is ended with everything around it. */
async function measureAll({ tarball, rounds }) {
	// What these need is only there once it has been installed.
	const { openLab } = require('./lab');
	const { warmUp } = require('./measure');
	const { findPackages } = require('./packages');
	/** What is to be ended. */
	const opened = [];
	try {
		const lab = await openLab({ tarball, opened });
		try {
			const packages = await findPackages(lab.n8n.userFolder);
			await step('warming up', () => warmUp(lab));
			return { packages, series: await playRounds(lab, packages, rounds) };
		} catch ({ message, cause }) {
			const why = cause ? `${message}: ${cause.message}` : message;
			throw new Error(`${why}\nThe last lines of n8n's log:\n${tail(lab.n8n.log)}`);
		}
	} finally {
		for (const close of opened) await close();
	}
}

runScript(async () => {
	const since = Date.now();
	const rounds = readArguments();
	say('Stop Audio Stream and the HTTP Request node, in a real n8n against the same stand-ins\n');
	const { checkMachine, installN8n, nodeBinary } = require('../test/e2e/n8n/install');
	await checkMachine();
	await ensureProject();
	await installN8n();
	await build();
	const tarball = await pack(temporaryFolder('bench'));
	const measured = await measureAll({ tarball, rounds });

	const { report, writeReport } = require('./report');
	const nodeVersion = (await run(nodeBinary(), ['--version'])).trim();
	const result = report({ ...measured, rounds, nodeVersion });
	say(`\n${result.text}\n`);
	await writeReport(result);
	say(`Written: docs/bench.json, docs/bench.svg, README.md (${elapsed(since)} in all)`);
});
