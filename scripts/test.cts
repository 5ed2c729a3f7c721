// npm test [-- jest's own arguments]: unit, conformance, engine and package tests. With --watch, the unit tests
// that a change concerns, at each save. With --layer=NAME first: the tests of test/layers/NAME.

import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from '../test/lib/install.cts';
import { installN8n } from '../test/lib/n8n/index.cts';
import { build } from '../test/lib/package.cts';
import { runScript, start, temporaryFolder } from '../test/lib/processes.cts';

const JEST = path.join(ROOT, 'node_modules/jest/bin/jest.js');
const WATCH = ['--watch', '--watchAll'];
/** Tests that take too long to run at each save; with anything else on the command line, they run all the same. */
const SLOW = ['test/(layers|conformance|engine|package)/', '\\.properties\\.test'];

/** Its files wait most of their time, and each has an n8n of its own: they run beside each other. */
const SIDE_BY_SIDE = 'examples';

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

/** A layer drives one n8n after another: side by side they would only slow each other down. */
function workersFor(layer: string | undefined): string {
	if (layer === undefined) return '--maxWorkers=100%';
	return layer === SIDE_BY_SIDE ? '--maxWorkers=3' : '--runInBand';
}

runScript(async () => {
	const [first = '', ...rest] = process.argv.slice(2);
	const [, layer] = /^--layer=(\w+)$/.exec(first) ?? [];
	const args = layer === undefined ? [first, ...rest].filter(Boolean) : rest;
	if (args.some((arg) => WATCH.includes(arg))) {
		process.exitCode = watch(args);
		return;
	}
	await build();
	if (layer === SIDE_BY_SIDE) await installN8n();
	const { exited } = start(
		process.execPath,
		[
			JEST,
			...args,
			workersFor(layer),
			// Last: jest would take a pattern after it for one more project.
			...['--selectProjects', layer ?? 'main'],
		],
		// What a test that is cut short leaves behind goes with this folder.
		{ cwd: ROOT, env: { TMPDIR: temporaryFolder('tests') } },
	);
	process.exitCode = await exited;
});
