'use strict';

const path = require('node:path');
const { npm, run, step } = require('./processes');
const { ROOT } = require('./install');

/** Compiles the package into `dist`. */
const build = () =>
	step('building the package', () =>
		run(process.execPath, [path.join(ROOT, 'node_modules/gulp/bin/gulp.js'), 'build'], {
			cwd: ROOT,
		}),
	);

/**
 * Packs what would be published.
 * @param {string} folder where the tarball goes
 * @returns {Promise<string>} the path of the tarball
 */
const pack = (folder) =>
	step('packing it', async () => {
		const output = await npm(
			['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder],
			{ cwd: ROOT },
		);
		return path.join(folder, output.trim().split('\n').at(-1));
	});

module.exports = { build, pack };
