// @ts-check
'use strict';

const { MUTATION_SOURCES: sources = '[]' } = process.env;

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
module.exports = {
	mutate: JSON.parse(sources),
	ignorePatterns: ['bench', 'dist', 'docs', 'examples', 'reports', 'scripts'],
	plugins: ['./test/mutation/texts.js', './test/mutation/runner.js'],
	ignorers: ['texts'],
	testRunner: 'in-process',
	coverageAnalysis: 'perTest',
	concurrency: 2,
	// More than the runner's own limit for one test.
	timeoutMS: 20_000,
	timeoutFactor: 2,
	reporters: ['clear-text', 'html', 'json', 'progress-append-only'],
	clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
	htmlReporter: { fileName: 'reports/mutation/all.html' },
	jsonReporter: { fileName: 'reports/mutation/all.json' },
	cleanTempDir: 'always',
	warnings: { slow: false },
};
