// What is changed, and by which tests it is judged.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../lib/install.cts';

const NODE = 'nodes/StopAudioStream';

/** Where sources begin, by the group's name; the longest that fits counts. */
const GROUPS = {
	words: [`${NODE}/words/`],
	providers: [`${NODE}/providers/`],
	outcome: [`${NODE}/outcome/`],
	sending: [`${NODE}/sending/`],
	input: [`${NODE}/input/`],
	screen: [`${NODE}/screen/`],
	node: [`${NODE}/stop`, `${NODE}/StopAudioStream.node`],
	credentials: ['credentials/'],
} satisfies Record<string, string[]>;

export type GroupName = keyof typeof GROUPS;

/** One part of the sources; paths from the root. */
export interface Group {
	name: GroupName;
	sources: string[];
}

/** The group of a source, by its path from the root. */
function groupOf(source: string): GroupName {
	const fits = Object.entries(GROUPS).flatMap(([name, beginnings]) =>
		beginnings.flatMap((start) => (source.startsWith(start) ? { name, length: start.length } : [])),
	);
	const [longest] = fits.sort((one, other) => other.length - one.length);
	if (longest === undefined) {
		throw new Error(`No group of test/mutation/groups.cts has '${source}'.`);
	}
	return longest.name as GroupName;
}

const filesIn = (folder: string, end: string): string[] =>
	readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
		.filter((file) => file.endsWith(end))
		.map((file) => path.posix.join(folder, file.split(path.sep).join('/')))
		.sort();

/** Every group, with all sources of the package in one of them. */
export function groups(): Group[] {
	const sources = ['nodes', 'credentials'].flatMap((folder) => filesIn(folder, '.ts'));
	return (Object.keys(GROUPS) as GroupName[]).map((name) => ({
		name,
		sources: sources.filter((source) => groupOf(source) === name),
	}));
}

/** The tests that judge: the rows of the conformance table in the light engine, and the unit tests of the sources. */
export function judges(): string[] {
	const unit = filesIn('test/unit', '.test.cts').filter(
		// Tests of properties ask a thousand times: too long for each change.
		(test) =>
			!/[/.]properties\.test\./.test(test) &&
			/from '\.\.\/(\.\.\/(nodes|credentials)\/|lib\/(fake|callbacks))/.test(
				readFileSync(path.join(ROOT, test), 'utf8'),
			),
	);
	return ['test/mutation/table.cts', ...unit];
}
