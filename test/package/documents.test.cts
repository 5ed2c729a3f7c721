// The documents say what is true: their tables, their links, and the files and commands that they name.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { scripts } from '../../package.json';
import { providers } from '../../nodes/StopAudioStream/providers/index';
import { tables } from '../conformance/profiles.cts';
import { documents, TABLES, withTables } from '../lib/documents.cts';
import { ROOT } from '../lib/install.cts';
import { providers as standIns } from '../lib/stand-ins/index.cts';

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const PAGES = [...documents(), 'CHANGELOG.md', 'CONTRIBUTING.md', 'examples/README.md'];

test.each(documents())(
	"the tables of %s are what was measured and what the node says, or 'npm run docs:figures' makes them so",
	(file) => {
		expect(read(file)).toBe(withTables(read(file)));
	},
);

test('each table stands in one document', () => {
	const marks = documents().flatMap((file) =>
		TABLES.filter((name) => read(file).includes(`<!-- ${name} -->`)),
	);
	expect(marks.sort()).toEqual([...TABLES].sort());
});

/** The anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (text: string): string[] =>
	[...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
		heading
			.toLowerCase()
			.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
			.replaceAll(' ', '-'),
	);

test.each(PAGES)('every link of %s leads somewhere', (page) => {
	const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
	const dead = links.filter((link) => {
		// Pictures are taken, and looked at, before a release.
		if (/^[a-z]+:/.test(link) || link.endsWith('.png')) return false;
		const [file = '', anchor] = link.split('#');
		const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
		if (!existsSync(path.join(ROOT, target))) return true;
		return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
	});
	expect(dead).toEqual([]);
});

test.each(['CONTRIBUTING.md', '.github/workflows/ci.yml', '.github/workflows/publish.yml'])(
	'every command that %s names is one of package.json',
	(file) => {
		const named = [...read(file).matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
		expect(named.filter((name) => !(name in scripts))).toEqual([]);
	},
);

test('the map of CONTRIBUTING.md names every file of the node, and no other', () => {
	const [, map = ''] = /## The map of the house\n([^]*?)\n## /.exec(read('CONTRIBUTING.md')) ?? [];
	const named = [...map.matchAll(/`(?:\w+\/)*(\w+\.ts)`/g)].map(([, file = '']) => file);
	const sources = readdirSync(path.join(ROOT, 'nodes/StopAudioStream'), {
		recursive: true,
		encoding: 'utf8',
	}).filter((file) => file.endsWith('.ts') && !file.endsWith('.node.ts'));
	expect(new Set(named)).toEqual(new Set(sources.map((file) => path.basename(file))));
});

test('every provider of the node has its stand-in, and its profile in the conformance table', () => {
	const names = providers.map(({ name }) => name).sort();
	expect([...standIns].sort()).toEqual(names);
	expect(tables.map(({ provider }) => provider).sort()).toEqual(names);
});

test('every line of the comparison with HTTP Request names a test of its own', () => {
	const page = read('docs/comparison.md');
	const [, table = ''] = /<!-- comparison -->\n([^]*?)<!-- \/comparison -->/.exec(page) ?? [];
	const lines = table.trim().split('\n').slice(2);
	const named = lines.map((line) => line.split('|').at(-2)?.trim() ?? '');
	const source = read('test/layers/e2e/comparison.e2e.cts');
	const tests = [...source.matchAll(/^test\('(.+)', async/gm)].map(([, name]) => name);
	expect(named.length).toBeGreaterThan(0);
	expect(named.filter((name) => !tests.includes(name))).toEqual([]);
	expect(new Set(named).size).toBe(named.length);
});
