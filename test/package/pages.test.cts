// Every link of the pages leads somewhere.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');
const PAGES = [
	'README.md',
	'CHANGELOG.md',
	'CONTRIBUTING.md',
	'examples/README.md',
	...readdirSync(path.join(ROOT, 'docs'))
		.filter((file) => file.endsWith('.md'))
		.map((file) => `docs/${file}`),
];

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** The anchors of a page's headings, as GitHub makes them. */
const anchorsOf = (text: string): string[] =>
	[...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
		heading
			.toLowerCase()
			.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
			.replaceAll(' ', '-'),
	);

test.each(PAGES)('%s', (page) => {
	const text = read(page);
	const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
	const dead = links.filter((link) => {
		// Pictures have a test of their own: they are taken at the release.
		if (/^[a-z]+:/.test(link) || link.endsWith('.png')) return false;
		const [file = '', anchor] = link.split('#');
		const target = file === '' ? page : path.posix.join(path.posix.dirname(page), file);
		if (!existsSync(path.join(ROOT, target))) return true;
		return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
	});
	expect(dead).toEqual([]);
});
