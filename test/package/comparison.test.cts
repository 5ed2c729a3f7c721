// Each line of the comparison with the HTTP Request node is a test that runs in a real n8n.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { HTTP_VERSION } from '../lib/httpRequest.cts';
import { documents } from '../lib/figures.cts';

const ROOT = path.join(__dirname, '../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

const pages = documents().map(read);
const page = pages.find((text) => text.includes('<!-- comparison -->')) ?? '';
const source = read('test/layers/e2e/comparison.e2e.cts');

test('each line of the comparison names a test of its own', () => {
	const [, table = ''] = /<!-- comparison -->\n([^]*?)<!-- \/comparison -->/.exec(page) ?? [];
	const named = table
		.trim()
		.split('\n')
		.slice(2)
		.map((line) => line.split('|').at(-2)?.trim() ?? '');
	const tests = [...source.matchAll(/^test\('(.+)', async/gm)].map(([, name]) => name);
	expect(named.length).toBeGreaterThan(0);
	expect(named.filter((name) => !tests.includes(name))).toEqual([]);
	expect(new Set(named).size).toBe(named.length);
});

test('the page says which HTTP Request was compared', () => {
	expect(page).toMatch(`HTTP Request ran in its version ${HTTP_VERSION};`);
});
