// @ts-check
'use strict';

const { MUTATION_GROUP: group, MUTATION_SOURCES: sources = '[]' } = process.env;

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
module.exports = {
	mutate: JSON.parse(sources),
	ignorePatterns: ['bench', 'dist', 'docs', 'examples', 'reports', 'scripts'],
	plugins: ['@stryker-mutator/*', './test/mutation/texts.js'],
	ignorers: ['texts'],
	testRunner: 'jest',
	jest: {
		configFile: 'test/mutation/jest.config.js',
		// There is one test file, and which tests judge a mutant is known from what they ran.
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
};
