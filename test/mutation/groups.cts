// What is changed, and by which tests it is judged: unit tests, since they need no network and no engine. A
// change of what is there from the start is judged by all tests of its group, so small groups save most of
// the time.

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
	node: [`${NODE}/stopItems`, `${NODE}/StopAudioStream.node`],
	credentials: ['credentials/'],
} satisfies Record<string, string[]>;

export type GroupName = keyof typeof GROUPS;

/** One part of the sources, and the tests that judge it; all paths from the root. */
export interface Group {
	name: GroupName;
	sources: string[];
	tests: string[];
}

/** The group of a source, by its path from the root. */
function groupOf(source: string): GroupName {
	const fits = Object.entries(GROUPS).flatMap(([name, beginnings]) =>
		beginnings.flatMap((start) => (source.startsWith(start) ? { name, length: start.length } : [])),
	);
	const [longest] = fits.sort((one, other) => other.length - one.length);
	if (longest === undefined) {
		throw new Error(
			`No group of test/mutation/groups.cts has '${source}': nothing would judge it.`,
		);
	}
	return longest.name as GroupName;
}

const filesIn = (folder: string, end: string): string[] =>
	readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
		.filter((file) => file.endsWith(end))
		.map((file) => path.posix.join(folder, file.split(path.sep).join('/')))
		.sort();

/** The sources that a test imports, without their extension. */
const importsOf = (test: string): string[] =>
	[...readFileSync(path.join(ROOT, test), 'utf8').matchAll(/from '(\.[^']+)'/g)].map(([, from]) =>
		path.posix.join(path.posix.dirname(test), from ?? ''),
	);

/** Every group, with all sources of the package in one of them. A group is judged by the tests that import it. */
export function groups(): Group[] {
	const sources = ['nodes', 'credentials'].flatMap((folder) => filesIn(folder, '.ts'));
	// Tests of properties ask a thousand times: too long for each change.
	const unit = filesIn('test/unit', '.test.cts').filter(
		(test) => !/[/.]properties\.test\./.test(test),
	);
	const tests = unit.map((test) => ({
		test,
		imports: importsOf(test),
	}));
	return (Object.keys(GROUPS) as GroupName[]).map((name) => {
		const own = sources.filter((source) => groupOf(source) === name);
		const modules = own.map((source) => source.replace(/(\/index)?\.ts$/, ''));
		const judges = tests
			.filter(({ imports }) =>
				imports.some((from) => modules.includes(from.replace(/(\/index)?(\.ts)?$/, ''))),
			)
			.map(({ test }) => test);
		return { name, sources: own, tests: judges };
	});
}
