// The check of imports notices what it is there for, in a copy of the node's files.

import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/install.cts';
import { removeFolder, run, temporaryFolder } from '../lib/processes.cts';

const NODE = 'nodes/StopAudioStream';
const SOURCES = ['nodes', 'credentials'];
const SETTINGS = ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json'];

/** What is planted: an import of each kind that the rules forbid. */
const PLANTED: Record<string, string> = {
	'words/one.ts': "import type { Other } from './other';\nexport interface One { other?: Other }\n",
	'words/other.ts': "import type { One } from './one';\nexport interface Other { one?: One }\n",
	'lobby/planted.ts': "export type { One } from '../words/one';\n",
	'words/socket.ts': "export type { Socket } from 'node:net';\n",
	'words/context.ts': "export type { InstanceSettings } from 'n8n-core';\n",
	'words/nowhere.ts': "export type { Nothing } from './nothing';\n",
};
const UPWARDS = [
	['words', 'providers'],
	['providers', 'outcome'],
	['outcome', 'sending'],
	['sending', 'input'],
	['input', 'screen'],
	['screen', 'sending'],
] as const;
for (const [room, other] of UPWARDS) {
	PLANTED[`${other}/planted.ts`] = 'export interface Planted { is: true }\n';
	PLANTED[`${room}/asking.ts`] = `export type { Planted } from '../${other}/planted';\n`;
}

interface Violation {
	from: string;
	to: string;
	rule: { name: string };
}

/** What the check finds in a copy of the sources with some files added: rule, importing file, imported file. */
async function violations(added: Record<string, string>): Promise<string[][]> {
	const folder = temporaryFolder('house');
	try {
		for (const name of [...SOURCES, ...SETTINGS]) {
			cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
		}
		symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
		for (const [file, text] of Object.entries(added)) {
			const target = path.join(folder, NODE, file);
			mkdirSync(path.dirname(target), { recursive: true });
			writeFileSync(target, text);
		}
		const output = await run(
			process.execPath,
			[
				path.join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs'),
				...['--config', '.dependency-cruiser.cjs', '--output-type', 'json', ...SOURCES],
			],
			{ cwd: folder },
		);
		const { summary } = JSON.parse(output) as { summary: { violations: Violation[] } };
		const short = (file: string): string => file.replace(`${NODE}/`, '');
		return summary.violations.map(({ rule, from, to }) => [rule.name, short(from), short(to)]);
	} finally {
		removeFolder(folder);
	}
}

test('the files as they are break no rule', async () => {
	expect(await violations({})).toEqual([]);
});

describe('with forbidden imports planted', () => {
	let found: string[][];

	beforeAll(async () => {
		found = await violations(PLANTED);
	});

	test('a circle of types alone is found', () => {
		expect(found).toContainEqual(['no-circle', 'words/one.ts', 'words/other.ts']);
	});

	test.each(UPWARDS)('an import from %s into %s points the wrong way', (room, other) => {
		expect(found).toContainEqual([
			`${room}-looks-down`,
			`${room}/asking.ts`,
			`${other}/planted.ts`,
		]);
	});

	test.each([
		['every-file-has-its-room', 'lobby/planted.ts'],
		['nothing-else-at-run-time', 'words/socket.ts'],
		['nothing-else-at-run-time', 'words/context.ts'],
		['what-is-imported-is-there', 'words/nowhere.ts'],
	])('%s: %s breaks it', (rule, file) => {
		expect(found.map(([broken, by]) => [broken, by])).toContainEqual([rule, file]);
	});
});
