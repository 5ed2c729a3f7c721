'use strict';

// What needs more than Node and a build runs as a layer of its own: `npm run test:e2e` and the like.
const LAYERS = ['e2e', 'examples', 'browser', 'queue', 'chaos', 'compat'];

const common = {
	rootDir: __dirname,
	roots: ['<rootDir>/test'],
	testEnvironment: 'node',
	transform: {},
	// Big trees of other people's packages: Jest would walk them at every start.
	modulePathIgnorePatterns: ['<rootDir>/test/(e2e/n8n|tools|mutation|compat/[^/]+)/node_modules/'],
	globalSetup: '<rootDir>/test/setup/makeUserFolder.js',
	globalTeardown: '<rootDir>/test/setup/removeUserFolder.js',
};

module.exports = {
	// The engine loads in well under a second, but two cores may be busy with something else.
	testTimeout: 30_000,
	projects: [
		{
			...common,
			displayName: 'main',
			testMatch: ['<rootDir>/test/**/*.test.js'],
			testPathIgnorePatterns: [`<rootDir>/test/(${LAYERS.join('|')})/`],
		},
		...LAYERS.map((layer) => ({
			...common,
			displayName: layer,
			testMatch: [`<rootDir>/test/${layer}/*.{test,${layer}}.js`],
		})),
	],
};
