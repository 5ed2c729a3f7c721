'use strict';

// Each line of the README's comparison with the HTTP Request node is a test that runs in a real n8n.

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { ROOT } = require('./support/engine');

const read = (file) => readFileSync(path.join(ROOT, file), 'utf8');
const [, table] = /<!-- comparison -->\n([^]*?)<!-- \/comparison -->/.exec(read('README.md'));
const source = read('test/e2e/comparison.e2e.js');

test('each line of the comparison names a test of its own', () => {
	const lines = table.trim().split('\n').slice(2);
	const named = lines.map((line) => line.split('|').at(-2).trim());
	const tests = [...source.matchAll(/^test\('(.+)', async/gm)].map(([, name]) => name);
	expect(named.length).toBeGreaterThan(0);
	expect(named.filter((name) => !tests.includes(name))).toEqual([]);
	expect(new Set(named).size).toBe(named.length);
});

test('the README says which HTTP Request was compared', () => {
	const [, version] = /HTTP_VERSION = ([\d.]+);/.exec(source);
	expect(read('README.md')).toMatch(`HTTP Request ran in its version ${version};`);
});
