// @ts-check
'use strict';

const path = require('node:path');
const { projects } = require('../../jest.config');

const [{ moduleFileExtensions, transform }] = projects;

// Stryker runs this once for each mutant, so it loads as little as can be.
module.exports = {
	rootDir: path.join(__dirname, '../..'),
	roots: ['<rootDir>/test/mutation'],
	testMatch: ['<rootDir>/test/mutation/tests.js'],
	testEnvironment: 'node',
	moduleFileExtensions,
	transform,
	modulePathIgnorePatterns: ['<rootDir>/test/mutation/node_modules/'],
	moduleNameMapper: { '^n8n-workflow$': '<rootDir>/test/mutation/workflow.js' },
};
