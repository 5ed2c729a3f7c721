'use strict';

// The README says on which n8n and Node the package was run, and nothing beyond that.

const { existsSync, readFileSync } = require('node:fs');
const path = require('node:path');
const { ROOT } = require('./support/engine');
const { withTable } = require('./compat/table');
const record = require('./compat/versions.json');

const readJson = (file) => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));

test("the README's compatibility table is what the last run found", () => {
	const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
	expect(readme).toMatch('<!-- compatibility -->');
	expect(readme).toBe(withTable(readme, record));
	expect(record.runs.filter(({ passed }) => passed === 0)).toEqual([]);
});

test('each n8n of the table is pinned: the newest is the one that the package is built with', () => {
	const { devDependencies } = readJson('package.json');
	const pinned = record.runs.map(({ n8n }) => {
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
