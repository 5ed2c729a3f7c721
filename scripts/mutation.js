'use strict';

// npm run test:mutation [-- Stryker's own arguments]: changes the node's code in one place at a time and
// looks whether a test notices. The report is reports/mutation/index.html.

const path = require('node:path');
const { ROOT, ensureInstalled, ensureProject } = require('./lib/install');
const { runScript, start } = require('./lib/processes');

const MUTATION = path.join(ROOT, 'test/mutation');

runScript(async () => {
	await ensureProject();
	await ensureInstalled(MUTATION, { title: 'Stryker (about 30 s)' });
	const stryker = path.join(MUTATION, 'node_modules/@stryker-mutator/core/bin/stryker.js');
	const config = path.join(MUTATION, 'stryker.config.js');
	const { exited } = start(process.execPath, [stryker, 'run', config, ...process.argv.slice(2)], {
		cwd: ROOT,
	});
	process.exitCode = await exited;
});
