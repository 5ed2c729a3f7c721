// npm test [-- jest's own arguments]: unit, conformance, engine and package tests. With --watch, the unit tests
// that a change concerns, at each save. With --layer=NAME first: the tests of test/layers/NAME.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from '../test/lib/install.cts';
import { build } from '../test/lib/package.cts';
import { runScript, start, temporaryFolder } from '../test/lib/processes.cts';

const JEST = path.join(ROOT, 'node_modules/jest/bin/jest.js');
const WATCH = ['--watch', '--watchAll'];
/** Tests that take too long to run at each save; with anything else on the command line, they run all the same. */
const SLOW = ['test/(layers|conformance|engine|package)/', '\\.properties\\.test'];

/** Jest's keys need the terminal itself. No build first: tests that import the sources do not need it. */
const watch = (args: readonly string[]): number =>
	spawnSync(
		process.execPath,
		[
			JEST,
			...args,
			...(args.length === 1 ? ['--testPathIgnorePatterns', ...SLOW] : []),
			...['--selectProjects', 'main'],
		],
		{ cwd: ROOT, stdio: 'inherit' },
	).status ?? 1;

runScript(async () => {
	const [first = '', ...rest] = process.argv.slice(2);
	const [, layer] = /^--layer=(\w+)$/.exec(first) ?? [];
	const args = layer === undefined ? [first, ...rest].filter(Boolean) : rest;
	if (args.some((arg) => WATCH.includes(arg))) {
		process.exitCode = watch(args);
		return;
	}
	await build();
	const { exited } = start(
		process.execPath,
		[
			JEST,
			...args,
			// A layer drives one n8n after another: side by side they would only slow each other down.
			layer === undefined ? '--maxWorkers=100%' : '--runInBand',
			// Last: jest would take a pattern after it for one more project.
			...['--selectProjects', layer ?? 'main'],
		],
		// What a test that is cut short leaves behind goes with this folder.
		{ cwd: ROOT, env: { TMPDIR: temporaryFolder('tests') } },
	);
	process.exitCode = await exited;
});
