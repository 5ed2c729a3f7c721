// npm run test:mutation [-- GROUP …]: changes the node's code in one place at a time and looks whether a test
// notices. The reports are in reports/mutation/, one for each group. Fails if less than 97 % is noticed in all. A
// run of all groups with WRITE_FIGURES=1 writes docs/mutation.json.

import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { devDependencies } from '../package.json';
import { recordFigures } from '../test/lib/figures.cts';
import { ensureInstalled, readJson, ROOT } from '../test/lib/install.cts';
import { runScript, say, start } from '../test/lib/processes.cts';
import { asColumns } from '../test/lib/table.cts';
import { groups, judges, type Group } from '../test/mutation/groups.cts';

const MUTATION = path.join(ROOT, 'test/mutation');
const REPORTS = path.join(ROOT, 'reports/mutation');
const STRYKER = path.join(MUTATION, 'node_modules/@stryker-mutator/core/bin/stryker.js');
const NOTICED = ['Killed', 'Timeout'];
const MISSED = ['Survived', 'NoCoverage'];
const LEAST_PERCENT = 97;

interface Report {
	files: Record<string, { mutants: Array<{ status: string }> }>;
}

interface Count {
	group: string;
	noticed: number;
	missed: number;
}

const percent = ({ noticed, missed }: Omit<Count, 'group'>): number =>
	noticed + missed === 0 ? 100 : (100 * noticed) / (noticed + missed);

/** Changes the sources of these groups in every place. */
async function mutate(wanted: Group[]): Promise<Report> {
	const code = await start(
		process.execPath,
		[STRYKER, 'run', path.join(MUTATION, 'stryker.config.js')],
		{
			cwd: ROOT,
			env: {
				MUTATION_SOURCES: JSON.stringify(wanted.flatMap(({ sources }) => sources)),
				MUTATION_TESTS: JSON.stringify(judges()),
			},
		},
	).exited;
	// Stryker has said why.
	if (code !== 0) throw new Error(`Stryker ended with ${code}.`);
	return readJson(path.join(REPORTS, 'all.json')) as Report;
}

/** How many changes of a group were noticed, and how many were missed; its own report is written. */
function countIn({ name, sources }: Group, report: Report): Count {
	const own = Object.entries(report.files).filter(([file]) => sources.includes(file));
	const files = Object.fromEntries(own);
	writeFileSync(path.join(REPORTS, `${name}.json`), JSON.stringify({ ...report, files }));
	const mutants = own.flatMap(([, file]) => file.mutants);
	const among = (statuses: readonly string[]): number =>
		mutants.filter(({ status }) => statuses.includes(status)).length;
	return { group: name, noticed: among(NOTICED), missed: among(MISSED) };
}

runScript(async () => {
	const wanted = process.argv.slice(2);
	const all = groups();
	const unknown = wanted.filter((name) => !all.some((group) => group.name === name));
	if (unknown.length > 0) {
		throw new Error(
			`There is no group ${unknown.join(', ')}; there are ${all.map(({ name }) => name).join(', ')}.`,
		);
	}
	await ensureInstalled(MUTATION, { title: 'Stryker (about 30 s)' });
	rmSync(REPORTS, { recursive: true, force: true });
	const chosen = all.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
	const report = await mutate(chosen);
	const counts = chosen.map((group) => countIn(group, report));
	const sum = counts.reduce(
		(total, { noticed, missed }) => ({
			noticed: total.noticed + noticed,
			missed: total.missed + missed,
		}),
		{ noticed: 0, missed: 0 },
	);
	say();
	const rows = [...counts, { group: 'all', ...sum }].map((count) => [
		count.group,
		`${count.noticed} of ${count.noticed + count.missed} changes noticed, ${percent(count).toFixed(1)} %`,
	]);
	say(asColumns(rows));
	if (wanted.length === 0) {
		const versions = { n8n: devDependencies['n8n-core'], node: process.versions.node };
		recordFigures('mutation', versions, { groups: counts });
	}
	if (percent(sum) < LEAST_PERCENT) process.exitCode = 1;
});
