'use strict';

// What needs more than Node and a build runs as a layer of its own: `npm run test:e2e` and the like.
const LAYERS = ['e2e', 'examples', 'recipes', 'browser', 'queue', 'chaos', 'compat', 'light'];

// TypeScript is stripped of its types here, one file at a time; `npm run lint` checks them.
const swc = {
	swcrc: false,
	jsc: { parser: { syntax: 'typescript' }, target: 'es2022', keepClassNames: true },
	module: { type: 'commonjs' },
	sourceMaps: 'inline',
};

const common = {
	rootDir: __dirname,
	roots: ['<rootDir>/test', '<rootDir>/nodes', '<rootDir>/credentials'],
	testEnvironment: 'node',
	moduleFileExtensions: ['cts', 'ts', 'js', 'json', 'node'],
	transform: { '\\.c?ts$': ['@swc/jest', swc] },
	// Big trees of other people's packages: Jest would walk them at every start.
	modulePathIgnorePatterns: [
		'<rootDir>/test/(tools|mutation|lib/n8n|layers/compat/[^/]+)/node_modules/',
	],
	globalSetup: '<rootDir>/test/lib/setup/makeUserFolder.cts',
	globalTeardown: '<rootDir>/test/lib/setup/removeUserFolder.cts',
};

module.exports = {
	// The engine loads in well under a second, but two cores may be busy with something else.
	testTimeout: 30_000,
	testSequencer: './test/lib/setup/longestFirst.js',
	projects: [
		{
			...common,
			displayName: 'main',
			testMatch: ['<rootDir>/test/**/*.test.cts'],
			testPathIgnorePatterns: ['<rootDir>/test/layers/'],
		},
		...LAYERS.map((layer) => ({
			...common,
			displayName: layer,
			testMatch: [`<rootDir>/test/layers/${layer}/*.{test,${layer}}.cts`],
		})),
	],
};
