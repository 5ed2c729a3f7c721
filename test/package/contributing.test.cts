// What CONTRIBUTING.md and the workflows name is there.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { scripts, version } from '../../package.json';
import { providers } from '../../nodes/StopAudioStream/providers/index';
import { tables } from '../conformance/profiles.cts';
import { ROOT } from '../lib/install.cts';
import { providers as standIns } from '../lib/stand-ins/index.cts';

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const guide = read('CONTRIBUTING.md');

test('the map names every file of the node, and none that is not there', () => {
	const [, map = ''] = /## The map of the house\n([^]*?)\n## /.exec(guide) ?? [];
	const sources = readdirSync(path.join(ROOT, 'nodes/StopAudioStream'), {
		recursive: true,
		encoding: 'utf8',
	})
		.filter((file) => file.endsWith('.ts') && !file.endsWith('.node.ts'))
		.map((file) => path.basename(file));
	const named = [...map.matchAll(/`(?:\w+\/)*(\w+\.ts)`/g)].map(([, file = '']) => file);
	expect(named).not.toEqual([]);
	expect(sources.filter((file) => !named.includes(file))).toEqual([]);
	expect(named.filter((file) => !sources.includes(file))).toEqual([]);
});

test('every file that the guide links to is there', () => {
	const links = [...guide.matchAll(/\]\(([^)#:]+)\)/g)].map(([, file = '']) => file);
	expect(links).not.toEqual([]);
	expect(links.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
});

test('every provider of the node has its stand-in, and its profile in the conformance table', () => {
	const names = providers.map(({ name }) => name).sort();
	expect([...standIns].sort()).toEqual(names);
	expect(tables.map(({ provider }) => provider).sort()).toEqual(names);
});

test.each(['CONTRIBUTING.md', '.github/workflows/ci.yml', '.github/workflows/publish.yml'])(
	'every command in %s can be run',
	(file) => {
		const text = read(file);
		const named = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
		expect(named).not.toEqual([]);
		expect(named.filter((name) => !(name in scripts))).toEqual([]);
		for (const [command] of text.matchAll(/\.ci\/\w+/g)) {
			expect([command, existsSync(path.join(ROOT, command))]).toEqual([command, true]);
		}
	},
);

test('every script of package.json runs a file that is there', () => {
	const files = Object.values(scripts).flatMap((command) => {
		const [, file] = /^node scripts\/run\.js (\S+)/.exec(command) ?? [];
		return file === undefined ? [] : [file];
	});
	expect(files.length).toBeGreaterThan(10);
	expect(files.filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
});

test('the changelog says what is new in the version of package.json', () => {
	expect(read('CHANGELOG.md')).toMatch(`\n## ${version} – `);
});
