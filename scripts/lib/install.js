'use strict';

const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { npm, step } = require('./processes');

const ROOT = path.resolve(__dirname, '../..');
const TOOLS = path.join(ROOT, 'test/tools');

const packagesOf = (lockfile) => JSON.parse(readFileSync(lockfile, 'utf8')).packages;

/**
 * Whether a folder holds what its lockfile asks for. npm notes what it has put there, so this needs
 * no mark of our own and is right after a plain `npm ci` too.
 */
function isInstalled(folder) {
	const note = path.join(folder, 'node_modules/.package-lock.json');
	if (!existsSync(note)) return false;
	const present = packagesOf(note);
	return Object.entries(packagesOf(path.join(folder, 'package-lock.json'))).every(
		// What is optional may be for another platform.
		([where, { version, optional }]) =>
			where === '' || optional || present[where]?.version === version,
	);
}

/**
 * Installs what a folder's lockfile asks for, unless it is there.
 * @param {string} folder
 * @param {{title: string, args?: string[], minutes?: number}} options
 */
async function ensureInstalled(folder, { title, args = [], minutes }) {
	if (isInstalled(folder)) return;
	// `npm ci` would refuse: a registry that lacks some optional packages of other platforms leaves
	// them out of the lockfile too. So `npm install`, which must not touch that file, and a check of
	// its work below. No install script runs: none is needed here, and some want tools that a machine
	// may not have.
	const install = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
	await step(`installing ${title}`, () => npm([...install, ...args], { cwd: folder, minutes }));
	if (!isInstalled(folder)) {
		throw new Error(
			`npm ended well, but '${path.relative(ROOT, folder) || '.'}' is not as its lockfile says. ` +
				"Delete its 'node_modules' and run this again.",
		);
	}
}

/** What building and testing the package needs. */
const ensureProject = () => ensureInstalled(ROOT, { title: "the project's tools" });

/** n8n's own lint and scanner. */
const ensureTools = () => ensureInstalled(TOOLS, { title: "n8n's lint and scanner (about 30 s)" });

module.exports = { ROOT, TOOLS, ensureInstalled, ensureProject, ensureTools, isInstalled };
