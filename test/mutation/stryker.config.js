// @ts-check
'use strict';

const { cpus } = require('node:os');

const { MUTATION_SOURCES: sources = '[]' } = process.env;

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
module.exports = {
	mutate: JSON.parse(sources),
	ignorePatterns: ['bench', 'dist', 'docs', 'examples', 'reports', 'scripts'],
	plugins: ['./test/mutation/texts.js', './test/mutation/runner.js'],
	ignorers: ['texts'],
	testRunner: 'in-process',
	coverageAnalysis: 'perTest',
	// One more than cores, since some rows wait.
	concurrency: cpus().length + 1,
	// Far more than the runner's own limit for one test: on a busy machine a mutant that nobody notices would be late,
	// and count as noticed.
	timeoutMS: 20_000,
	timeoutFactor: 10,
	reporters: ['clear-text', 'html', 'json', 'progress-append-only'],
	clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
	htmlReporter: { fileName: 'reports/mutation/all.html' },
	jsonReporter: { fileName: 'reports/mutation/all.json' },
	cleanTempDir: 'always',
	warnings: { slow: false },
};
