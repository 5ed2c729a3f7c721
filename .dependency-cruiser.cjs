// @ts-check
'use strict';

// Who may import whom. `npm run lint` checks it, and test/unit/houseRules.test.cts checks that it does.
// To add a room: give it a line in `BELOW`, and name it in the lines of those that may look into it.

/** What each room of the node may import beside itself: only what lies below it. */
const BELOW = {
	words: [],
	providers: ['words'],
	outcome: ['providers', 'words'],
	sending: ['outcome', 'providers', 'words'],
	input: ['outcome', 'providers', 'words'],
	screen: ['outcome', 'providers', 'words'],
};
const ROOMS = Object.keys(BELOW);
const NODE = 'nodes/StopAudioStream';

/** @param {string[]} names */
const rooms = (names) => `^${NODE}/(${names.join('|')})/`;

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
	forbidden: [
		{
			name: 'no-circle',
			comment: 'Files that import each other, types included, cannot be read one after the other.',
			severity: 'error',
			from: { path: '^(nodes|credentials)/' },
			to: { circular: true },
		},
		...Object.entries(BELOW).map(([room, below]) => ({
			name: `${room}-looks-down`,
			comment: `${room}/ may import ${['itself', ...below].join(', ')}, and no other file of the node.`,
			severity: /** @type {const} */ ('error'),
			from: { path: `^${NODE}/${room}/` },
			to: { path: `^(nodes|credentials)/`, pathNot: rooms([room, ...below]) },
		})),
		{
			name: 'the-loop-looks-down',
			comment: 'stopItems.ts stands above all rooms and above stop.ts, and below the node.',
			severity: 'error',
			from: { path: `^${NODE}/stopItems\\.ts$` },
			to: { path: '^(nodes|credentials)/', pathNot: [rooms(ROOMS), `^${NODE}/stop\\.ts$`] },
		},
		{
			name: 'a-stop-looks-down',
			comment: 'stop.ts stands above all rooms.',
			severity: 'error',
			from: { path: `^${NODE}/stop\\.ts$` },
			to: { path: '^(nodes|credentials)/', pathNot: rooms(ROOMS) },
		},
		{
			name: 'credentials-look-down',
			comment:
				'A credential may import its provider and what reads an account, and what lies below them.',
			severity: 'error',
			from: { path: '^credentials/' },
			to: {
				path: '^(nodes|credentials)/',
				pathNot: rooms(['providers', ...BELOW.providers]),
			},
		},
		{
			name: 'every-file-has-its-room',
			comment: 'A file of the node lies in a room that `BELOW` names; only three stand above them.',
			severity: 'error',
			from: {
				path: '^nodes/',
				pathNot: [rooms(ROOMS), `^${NODE}/(stop|stopItems|StopAudioStream\\.node)\\.ts$`],
			},
			to: {},
		},
		{
			name: 'nothing-else-at-run-time',
			comment: "n8n's Cloud allows a node these two, and its own files.",
			severity: 'error',
			from: { path: '^(nodes|credentials)/' },
			to: {
				pathNot: ['^(nodes|credentials)/', '^(node:)?crypto$', '(^|/)node_modules/n8n-workflow/'],
			},
		},
		{
			name: 'recipes-know-only-themselves',
			comment:
				'What makes the recipes is product: it uses nothing of the tests, the scripts or the node.',
			severity: 'error',
			from: { path: '^examples/' },
			to: { path: '^(nodes|credentials|test|scripts|bench)/' },
		},
		{
			name: 'tests-do-not-import-scripts',
			comment: 'scripts/ and bench/ use test/lib, and never the other way round.',
			severity: 'error',
			from: { path: '^test/' },
			to: { path: '^(scripts|bench)/' },
		},
		{
			name: 'the-library-imports-no-test',
			comment: 'What all tests use does not know any of them.',
			severity: 'error',
			from: { path: '^test/lib/' },
			to: { path: '^test/', pathNot: '^test/lib/' },
		},
		{
			name: 'what-is-imported-is-there',
			comment: 'A path that leads nowhere, or a package that package.json does not name.',
			severity: 'error',
			from: {},
			to: { couldNotResolve: true },
		},
	],
	options: {
		// Types count: a circle of them is one too.
		tsPreCompilationDeps: true,
		tsConfig: { fileName: 'tsconfig.json' },
		doNotFollow: { path: 'node_modules' },
		enhancedResolveOptions: {
			extensions: ['.cts', '.ts', '.js', '.json'],
			exportsFields: ['exports'],
			conditionNames: ['require', 'node', 'types', 'default'],
		},
	},
};
