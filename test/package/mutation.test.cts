// What mutation testing changes, and who judges it: looked at here, since a run of it takes long.

import { readdirSync } from 'node:fs';
import path from 'node:path';

import { ROOT } from '../lib/install.cts';
import { groups } from '../mutation/groups.cts';

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

test.each(groups())('the group $name has sources, and tests that judge them', (group) => {
	expect(group.sources).not.toEqual([]);
	expect(group.tests).not.toEqual([]);
});
