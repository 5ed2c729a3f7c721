// The check of imports, which `npm run lint` runs, notices what it is there for: in a copy of the node's files.

import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/install.cts';
import { removeFolder, run, temporaryFolder } from '../lib/processes.cts';

const NODE = 'nodes/StopAudioStream';
const COPIED = ['nodes', 'credentials', '.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'];

/** What is planted, and the rule that it breaks. */
const PLANTED = [
	['no-circle', 'words/one.ts', "import type { B } from './two';\nexport interface A { b?: B }\n"],
	[
		'words-looks-down',
		'words/two.ts',
		"import type { A } from './one';\nexport * from '../providers/urls';\nexport interface B { a?: A }\n",
	],
	['sending-looks-down', 'sending/up.ts', "export * from '../input/parameters';\n"],
	['every-file-has-its-room', 'lobby/file.ts', "export * from '../words/values';\n"],
	['nothing-else-at-run-time', 'words/net.ts', "export type { Socket } from 'node:net';\n"],
	['what-is-imported-is-there', 'words/gone.ts', "export type { Gone } from './nowhere';\n"],
] as const;

test('an import in a circle, upwards, from nowhere or from another package breaks a rule', async () => {
	const folder = temporaryFolder('house');
	for (const name of COPIED) {
		cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
	}
	symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
	for (const [, file, text] of PLANTED) {
		const target = path.join(folder, NODE, file);
		mkdirSync(path.dirname(target), { recursive: true });
		writeFileSync(target, text);
	}
	const cruiser = 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs';
	const settings = ['--config', '.dependency-cruiser.cjs', '--output-type', 'json'];
	const output = await run(
		process.execPath,
		[path.join(ROOT, cruiser), ...settings, 'nodes', 'credentials'],
		{ cwd: folder },
	);
	removeFolder(folder);
	const { summary } = JSON.parse(output) as {
		summary: { violations: Array<{ from: string; rule: { name: string } }> };
	};
	const found = summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`);
	const rules = PLANTED.map(([rule, file]) => `${rule}: ${NODE}/${file}`);
	expect(found).toEqual(expect.arrayContaining(rules));
	// What nobody planted breaks none.
	const planted = PLANTED.map(([, file]) => `${NODE}/${file}`);
	expect(summary.violations.filter(({ from }) => !planted.includes(from))).toEqual([]);
});
