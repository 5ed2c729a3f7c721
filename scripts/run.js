// @ts-check
'use strict';

// node scripts/run.js FILE [ARGUMENTS]: makes sure that the project's tools are there, and runs a script of
// TypeScript. What runs before anything is installed is the one thing that stays JavaScript.

const { spawnSync } = require('node:child_process');
const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..');

/** @param {string} lockfile @returns {Record<string, {version?: string, optional?: boolean}>} */
const packagesOf = (lockfile) => JSON.parse(readFileSync(lockfile, 'utf8')).packages;

/** Whether what the lockfile asks for is there: npm notes what it has put into `node_modules`. */
function isInstalled() {
	const note = path.join(ROOT, 'node_modules/.package-lock.json');
	if (!existsSync(note)) return false;
	const present = packagesOf(note);
	return Object.entries(packagesOf(path.join(ROOT, 'package-lock.json'))).every(
		// What is optional may be for another platform.
		([where, { version, optional }]) =>
			where === '' || optional || present[where]?.version === version,
	);
}

const [file = '', ...args] = process.argv.slice(2);
if (!isInstalled()) {
	process.stdout.write("  … installing the project's tools\n");
	// Not `npm ci`: it refuses a lockfile without the optional packages of other platforms.
	const { status } = spawnSync(
		'npm',
		['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'],
		{ cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], shell: process.platform === 'win32' },
	);
	if (status !== 0 || !isInstalled()) {
		process.stderr.write(
			"The tools are not as the lockfile says. Delete 'node_modules' and run this again.\n",
		);
		process.exit(1);
	}
}

const script = path.resolve(ROOT, file);
process.argv.splice(1, process.argv.length, script, ...args);
// From here on `require` understands TypeScript.
require('tsx/cjs');
require(script);
