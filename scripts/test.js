'use strict';

// npm test [-- jest's own arguments]: unit, conformance, engine and package tests.
// With --layer=NAME first: the tests of test/NAME.

const path = require('node:path');
const { ROOT, ensureProject } = require('./lib/install');
const { build } = require('./lib/package');
const { runScript, start, temporaryFolder } = require('./lib/processes');

runScript(async () => {
	const [first = '', ...rest] = process.argv.slice(2);
	const [, layer] = /^--layer=(\w+)$/.exec(first) ?? [];
	const args = layer === undefined ? [first, ...rest].filter(Boolean) : rest;
	await ensureProject();
	await build();
	const jest = path.join(ROOT, 'node_modules/jest/bin/jest.js');
	const { exited } = start(
		process.execPath,
		// A layer drives one n8n after another: side by side they would only slow each other down.
		// Last: jest would take a pattern behind it for one more project.
		[jest, ...args, ...(layer ? ['--runInBand'] : []), '--selectProjects', layer ?? 'main'],
		// What a test that is cut short leaves behind goes with this folder.
		{ cwd: ROOT, env: { TMPDIR: temporaryFolder('tests') } },
	);
	process.exitCode = await exited;
});
