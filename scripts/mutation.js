'use strict';

// npm run test:mutation [-- Stryker's own arguments]: changes the node's code in one place at a time and
// looks whether a test notices. The reports are in reports/mutation/. Fails where less than 90 % is noticed.

const { readFileSync, rmSync } = require('node:fs');
const path = require('node:path');
const groups = require('../test/mutation/groups');
const { ROOT, ensureInstalled, ensureProject } = require('./lib/install');
const { runScript, say, start } = require('./lib/processes');

const MUTATION = path.join(ROOT, 'test/mutation');
const REPORTS = path.join(ROOT, 'reports/mutation');
const STRYKER = path.join(MUTATION, 'node_modules/@stryker-mutator/core/bin/stryker.js');
const NOTICED = ['Killed', 'Timeout'];
const MISSED = ['Survived', 'NoCoverage'];

/** How many changes a group's tests noticed, and how many they missed. */
function count(group) {
	const { files } = JSON.parse(readFileSync(path.join(REPORTS, `${group}.json`), 'utf8'));
	const mutants = Object.values(files).flatMap((file) => file.mutants);
	const among = (statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
	return { noticed: among(NOTICED), missed: among(MISSED) };
}

runScript(async () => {
	await ensureProject();
	await ensureInstalled(MUTATION, { title: 'Stryker (about 30 s)' });
	rmSync(REPORTS, { recursive: true, force: true });
	const all = { noticed: 0, missed: 0 };
	for (const group of Object.keys(groups)) {
		const code = await start(
			process.execPath,
			[STRYKER, 'run', path.join(MUTATION, 'stryker.config.js'), ...process.argv.slice(2)],
			{ cwd: ROOT, env: { MUTATION_GROUP: group } },
		).exited;
		// Stryker has said why.
		if (code !== 0) process.exitCode = code;
		const { noticed, missed } = count(group);
		all.noticed += noticed;
		all.missed += missed;
	}
	const { noticed, missed } = all;
	const score = ((100 * noticed) / (noticed + missed)).toFixed(1);
	say(`\nNoticed: ${noticed} of ${noticed + missed} changes, ${score} %`);
});
