// @ts-check
'use strict';

// node scripts/run.js FILE [ARGUMENTS]: makes sure that the project's tools are there, and runs a script of
// TypeScript. What runs before anything is installed is the one thing that stays JavaScript.

const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { isInstalled } = require('../test/lib/isInstalled.js');

const ROOT = path.join(__dirname, '..');

const [file = '', ...args] = process.argv.slice(2);
if (!isInstalled(ROOT)) {
	process.stdout.write("  … installing the project's tools\n");
	const { status } = spawnSync('npm', ['ci'], {
		cwd: ROOT,
		stdio: ['ignore', 'inherit', 'inherit'],
		shell: process.platform === 'win32',
	});
	if (status !== 0) process.exit(1);
}

const script = path.resolve(ROOT, file);
process.argv.splice(1, process.argv.length, script, ...args);
// From here on `require` understands TypeScript.
require('tsx/cjs');
require(script);
