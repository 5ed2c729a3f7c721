'use strict';

const { cpSync, mkdirSync, symlinkSync } = require('node:fs');
const path = require('node:path');
const { run, temporaryFolder } = require('../../scripts/lib/processes');

const ROOT = path.join(__dirname, '../..');
const SOURCES = [
	...['nodes', 'credentials', 'package.json', 'tsconfig.json', 'gulpfile.js'],
	...['README.md', 'CHANGELOG.md', 'LICENSE.md'],
];

/** Copies what the package is made of into a new temporary folder. */
function copyOfPackage(title) {
	const folder = temporaryFolder(title);
	for (const file of SOURCES) {
		cpSync(path.join(ROOT, file), path.join(folder, file), { recursive: true });
	}
	mkdirSync(path.join(folder, 'node_modules'));
	for (const name of ['gulp', 'n8n-workflow', 'typescript']) {
		symlinkSync(path.join(ROOT, 'node_modules', name), path.join(folder, 'node_modules', name));
	}
	return folder;
}

/** Builds a copy as `npm run build` does. */
async function buildCopy(folder) {
	const gulp = path.join(folder, 'node_modules/gulp/bin/gulp.js');
	await run(process.execPath, [gulp, 'build'], { cwd: folder });
}

module.exports = { buildCopy, copyOfPackage };
