// @ts-check
'use strict';

// JavaScript, because `scripts/run.js` asks before anything is installed.

const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');

/** @param {string} lockfile @returns {Record<string, {version?: string, optional?: boolean}>} */
const packagesOf = (lockfile) => JSON.parse(readFileSync(lockfile, 'utf8')).packages;

/** What `test/lib/n8n/install.cts` leaves in `node_modules`: the lockfile as it was installed. */
const NOTE = '.installed.json';

/**
 * Whether a folder holds what its lockfile asks for. npm notes what it has put into `node_modules`, so
 * this is right after a plain `npm ci` too.
 * @param {string} folder
 */
function isInstalled(folder) {
	const note = ['.package-lock.json', NOTE]
		.map((name) => path.join(folder, 'node_modules', name))
		.find(existsSync);
	if (note === undefined) return false;
	const present = packagesOf(note);
	return Object.entries(packagesOf(path.join(folder, 'package-lock.json'))).every(
		// What is optional may be for another platform.
		([where, { version, optional }]) =>
			where === '' || optional || present[where]?.version === version,
	);
}

module.exports = { isInstalled, NOTE };
