// What mutation testing changes, and who judges it: looked at here, since a run of it takes long.

import { readdirSync } from 'node:fs';
import path from 'node:path';

import { ROOT } from '../lib/install.cts';
import { groups, judges } from '../mutation/groups.cts';

const sources = ['nodes', 'credentials'].flatMap((folder) =>
	readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
		.filter((file) => file.endsWith('.ts'))
		.map((file) => path.posix.join(folder, file.split(path.sep).join('/'))),
);

test('every source belongs to one group', () => {
	expect(
		groups()
			.flatMap((group) => group.sources)
			.sort(),
	).toEqual(sources.sort());
});

test.each(groups())('the group $name has sources', ({ sources: own }) => {
	expect(own).not.toEqual([]);
});

test('the judges are the conformance table and the unit tests of the sources', () => {
	expect(judges()).toEqual(
		expect.arrayContaining(['test/mutation/table.cts', 'test/unit/secrets.test.cts']),
	);
	expect(judges()).not.toContain('test/unit/houseRules.test.cts');
});
