'use strict';

const group = process.env.MUTATION_GROUP;
const { mutate } = require('./groups')[group];

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
module.exports = {
	mutate: mutate.map((files) => `nodes/StopAudioStream/${files}`),
	// What tests load is the build, so each copy of the project is built with all its mutants in it.
	buildCommand: 'gulp build',
	ignorePatterns: ['bench', 'dist', 'docs', 'examples'],
	plugins: ['@stryker-mutator/*', './test/mutation/texts.js'],
	ignorers: ['texts'],
	testRunner: 'jest',
	jest: {
		configFile: 'test/mutation/jest.config.js',
		// It would look for tests that import the TypeScript, and there are none.
		enableFindRelatedTests: false,
	},
	coverageAnalysis: 'perTest',
	concurrency: 2,
	timeoutMS: 5_000,
	timeoutFactor: 2,
	reporters: ['clear-text', 'html', 'json', 'progress-append-only'],
	clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
	htmlReporter: { fileName: `reports/mutation/${group}.html` },
	jsonReporter: { fileName: `reports/mutation/${group}.json` },
	cleanTempDir: 'always',
	warnings: { slow: false },
	thresholds: { high: 95, low: 90, break: 90 },
};
