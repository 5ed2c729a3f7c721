'use strict';

// What CONTRIBUTING.md and the workflows name is there.

const { existsSync, readdirSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { ROOT } = require('./support/engine');

const read = (file) => readFileSync(path.join(ROOT, file), 'utf8');
const guide = read('CONTRIBUTING.md');

test('the map names every file of the node, and none that is not there', () => {
	const [, map] = /## The map of the house\n([^]*?)\n## /.exec(guide);
	const folder = path.join(ROOT, 'nodes/StopAudioStream');
	const sources = readdirSync(folder, { recursive: true })
		.filter((file) => file.endsWith('.ts') && !file.endsWith('.node.ts'))
		.map((file) => path.basename(file));
	const named = [...map.matchAll(/`(?:\w+\/)*(\w+\.ts)`/g)].map(([, file]) => file);
	expect(sources.filter((file) => !named.includes(file))).toEqual([]);
	expect(named.filter((file) => !sources.includes(file))).toEqual([]);
});

test('every file that the guide links to is there', () => {
	const links = [...guide.matchAll(/\]\(([^)#:]+)\)/g)].map(([, file]) => file);
	expect(links.length).toBeGreaterThan(0);
	expect(links.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
});

test.each(['CONTRIBUTING.md', '.github/workflows/ci.yml', '.github/workflows/publish.yml'])(
	'every command in %s can be run',
	(file) => {
		const { scripts } = JSON.parse(read('package.json'));
		const text = read(file);
		const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name);
		expect(named.length).toBeGreaterThan(0);
		expect(named.filter((name) => !(name in scripts))).toEqual([]);
		for (const [command] of text.matchAll(/\.ci\/\w+/g)) {
			expect([command, existsSync(path.join(ROOT, command))]).toEqual([command, true]);
		}
	},
);

test('the changelog says what is new in the version of package.json', () => {
	const { version } = JSON.parse(read('package.json'));
	expect(read('CHANGELOG.md')).toMatch(`\n## ${version} – `);
});
