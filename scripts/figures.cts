// npm run docs:figures: makes the tables in the documents, from docs/*.json and from the node's own sentences and
// options. With --check, before a release, it changes nothing, and fails if a table is not what was measured or
// what the node says, or was measured on other sources.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { documents, withTables } from '../test/lib/documents.cts';
import { staleFigures } from '../test/lib/figures.cts';
import { ROOT } from '../test/lib/install.cts';
import { runScript, say } from '../test/lib/processes.cts';

runScript(async () => {
	const isCheck = process.argv.includes('--check');
	const wrong: string[] = [];
	for (const file of documents()) {
		const place = path.join(ROOT, file);
		const before = readFileSync(place, 'utf8');
		const after = withTables(before);
		if (after === before) continue;
		if (isCheck)
			wrong.push(`${file} has a table that is not what was measured, or not what the node says.`);
		else {
			writeFileSync(place, after);
			say(`  ${file}`);
		}
	}
	for (const name of staleFigures()) {
		const what = `docs/${name}.json was not measured on these sources.`;
		if (isCheck) wrong.push(what);
		else say(`! ${what}`);
	}
	if (wrong.length > 0) throw new Error(`${wrong.join('\n')}\nMeasure again before a release.`);
	await Promise.resolve();
});
