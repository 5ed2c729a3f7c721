'use strict';

// The README says on which n8n and Node the package was run, and nothing beyond that.

const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { ROOT } = require('./support/engine');
const { checked, runs } = require('./compat/versions.json');

const readJson = (file) => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));

/** The README's table, as `npm run test:compat -- --update` found it. */
function table() {
	const nodes = [...new Set(runs.map(({ node }) => node))];
	const versions = [...new Set(runs.map(({ n8n }) => n8n))];
	const cell = (n8n, node) => {
		const { passed } = runs.find((run) => run.n8n === n8n && run.node === node);
		return `${passed.toLocaleString('en')} checks passed`;
	};
	return [
		`| n8n | ${nodes.map((node) => `Node ${node}`).join(' | ')} |`,
		`|---|${nodes.map(() => '---|').join('')}`,
		...versions.map((n8n) => `| ${n8n} | ${nodes.map((node) => cell(n8n, node)).join(' | ')} |`),
		'',
		`Run on ${checked} with the packed tarball: \`npm run test:compat\`.`,
	].join('\n');
}

test("the README's compatibility table is what the last run found", () => {
	const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
	const [, section] =
		/<!-- compatibility -->\n([^]*?)\n<!-- \/compatibility -->/.exec(readme) ?? [];
	expect(section).toBe(table());
	expect(runs.filter(({ passed }) => passed === 0)).toEqual([]);
});

test('each n8n of the table is pinned: the newest is the one that the package is built with', () => {
	const { devDependencies } = readJson('package.json');
	const pinned = runs.map(({ n8n }) => {
		const own = `test/compat/n8n-${n8n}/package.json`;
		return existsSync(path.join(ROOT, own)) ? own : `${n8n}.`;
	});
	const [newest, ...others] = new Set(pinned.filter((one) => !one.endsWith('.json')));
	expect(others).toEqual([]);
	expect(devDependencies['n8n-core']).toMatch(newest);
	for (const own of pinned.filter((one) => one.endsWith('.json'))) {
		expect(readJson(own).dependencies['n8n-core']).toMatch(/^\d+\.\d+\.\d+$/);
	}
});
