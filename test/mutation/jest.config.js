'use strict';

const path = require('node:path');

// Stryker runs this once for each mutant, so it loads as little as can be.
module.exports = {
	rootDir: path.join(__dirname, '../..'),
	roots: ['<rootDir>/test/mutation'],
	testMatch: ['<rootDir>/test/mutation/tests.js'],
	testEnvironment: 'node',
	transform: {},
	modulePathIgnorePatterns: ['<rootDir>/test/mutation/node_modules/'],
	// All that the mutated files take from it is `sleep`, which it takes from there.
	moduleNameMapper: { '^n8n-workflow$': '@n8n/utils/sleep' },
};
