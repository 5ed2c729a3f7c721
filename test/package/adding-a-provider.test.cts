// What CONTRIBUTING.md says a new provider takes, done with one that does not exist in a copy of the repository:
// its file, its credential and one line in the registry; then its stand-in, its profile and its rows, with which
// the copy's own tests run. And what it says a new way takes: one object in its provider's file. Then the whole
// conformance table runs for both ways.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { conformance } from '../conformance/suite.cts';
import { buildCopy, copyOfRepository } from '../lib/copyOfPackage.cts';
import { loadPackage, n8nEngine, runNode, testCredential } from '../lib/engine.cts';
import { readJson, ROOT } from '../lib/install.cts';
import { opened } from '../lib/opened.cts';
import { removeFolder, run } from '../lib/processes.cts';
import { credentialsOf, live } from '../lib/stops.cts';
import { allStreams, profile } from './adding-a-provider/profile.cts';

const kept = (file: string) => path.join(__dirname, 'adding-a-provider', file);

/** What `diff` leaves out: what is built, linked or written by a command. */
const NOT_SOURCES = ['dist', 'node_modules', 'results.json', 'troubleshooting.md'].flatMap(
	(name) => ['-x', name],
);

/** A repository with the new provider; `edit` changes a file of it, and has to. */
function newRepository(title: string) {
	const folder = copyOfRepository(title);
	const edit = (file: string, change: (text: string) => string) => {
		const where = path.join(folder, file);
		const before = readFileSync(where, 'utf8');
		const after = change(before);
		expect(after).not.toBe(before);
		writeFileSync(where, after);
	};
	// The sources end in .txt, because from where they are kept their imports lead nowhere.
	const add = (file: string, to: string) => cpSync(kept(file), path.join(folder, to));
	add('examplephone.ts.txt', 'nodes/StopAudioStream/providers/examplephone.ts');
	add('ExamplephoneApi.credentials.ts.txt', 'credentials/ExamplephoneApi.credentials.ts');
	add('examplephone.svg', 'credentials/examplephone.svg');
	add('examplephone.dark.svg', 'credentials/examplephone.dark.svg');
	edit('nodes/StopAudioStream/providers/index.ts', (text) =>
		text
			.replace('import', "import { examplephone } from './examplephone';\nimport")
			.replace('[plivo, ', '[examplephone, plivo, '),
	);
	// How n8n finds a credential type.
	edit('package.json', (text) =>
		text.replace(
			'"credentials": [',
			'"credentials": [\n"dist/credentials/ExamplephoneApi.credentials.js",',
		),
	);
	const listed = (file: string, from: string, imported: string, place: RegExp, entry: string) =>
		edit(file, (text) =>
			text
				.replace('import', `import { ${imported} } from '${from}';\nimport`)
				.replace(place, (before) => before + entry),
		);
	listed(
		'test/lib/stand-ins/index.cts',
		'../../package/adding-a-provider/stand-in.cts',
		'examplephone',
		/const all = \{/,
		' examplephone,',
	);
	listed(
		'test/conformance/profiles.cts',
		'../package/adding-a-provider/profile.cts',
		'profile as examplephone',
		/tables: readonly ProviderTable\[\] = \[/,
		'tableOf(examplephone), ',
	);
	edit('test/conformance/eventWords.cts', (text) =>
		text.replace(
			'const WORDS: Word[] = [',
			`$&
	...(['stream.started', 'stream.ended', 'call.ended'] as const).map((kind): Word => ({
		provider: 'examplephone',
		word: kind,
		is: ({ 'stream.started': 'streamStarted', 'stream.ended': 'streamEnded', 'call.ended': 'callEnded' } as const)[kind],
		kind,
		about: kind === 'call.ended' ? aCall : aStream,
		handedOn: true,
	})),`,
		),
	);
	edit('test/unit/properties.test.cts', (text) =>
		text.replace(
			/const PATHS: .* = \{/,
			`$&
	'examplephone stopStream': (of) => \`/v2/accounts/\${of.account}/calls/\${of.id}/streams/\${of.stream}/stop\`,`,
		),
	);
	edit('CONTRIBUTING.md', (text) =>
		text.replace('`providers/vobiz.ts`', '$&, `providers/examplephone.ts`'),
	);
	edit('README.md', (text) =>
		text.replace(
			'| **Vobiz X-Auth API** |',
			'| **Examplephone API** | Account ID, API Key | |\n$&',
		),
	);
	edit('nodes/StopAudioStream/StopAudioStream.node.ts', (text) =>
		text.replace(' at SignalWire, Plivo', ' at Examplephone, SignalWire, Plivo'),
	);
	edit('nodes/StopAudioStream/StopAudioStream.node.json', (text) =>
		text.replace('"Vobiz"', '"Vobiz", "Examplephone"'),
	);
	return { folder, edit };
}

/** The repository with the provider, and the same with a second way. */
const one = newRepository('new-provider');
const two = newRepository('new-way');

beforeAll(async () => {
	two.edit('nodes/StopAudioStream/providers/examplephone.ts', (text) =>
		text
			.replace('ways: [oneStream]', 'ways: [oneStream, allStreams]')
			.concat(readFileSync(kept('all-streams.ts.txt'), 'utf8'))
			// An object is there from where it stands: the list that names it comes after it.
			.replace(/(\n\/\*\* A provider that does not exist[\s\S]*?\n};\n)([\s\S]*)$/, '$2$1'),
	);
	await buildCopy(one.folder);
	await buildCopy(two.folder);
}, 240_000);

afterAll(() => {
	removeFolder(one.folder);
	removeFolder(two.folder);
});

const { stopAll: _none, ...cannot } = profile.cannot;
conformance(n8nEngine(two.folder), {
	...profile,
	columns: [...profile.columns, allStreams],
	cannot,
});

describe('with its file, its credential and one line', () => {
	const { folder } = one;
	const start = async () => opened(await profile.start());

	test('a new provider has no way that it did not declare', async () => {
		const standIn = await start();
		const { error } = await runNode({
			folder,
			parameters: {
				provider: 'examplephone',
				operation: 'stopAllStreams',
				callId: live(standIn).call.id,
			},
			credentials: credentialsOf(standIn),
		});
		expect(error?.message).toBe('Examplephone has no way to stop all streams of a call');
		expect(standIn.requests).toEqual([]);
	});

	test('a new provider is on the screen with its credential, and its name is there for an expression', async () => {
		const { node } = await loadPackage(folder);
		const { properties, credentials } = node.description;
		const provider = properties.find(({ name }) => name === 'provider');
		expect(provider?.options).toContainEqual({ name: 'Examplephone', value: 'examplephone' });
		expect(provider?.description).toContain('examplephone');
		expect(credentials?.map(({ name }) => name)).toContain('examplephoneApi');
	});

	test('the credential of a new provider passes its test, and is refused in words if it is wrong', async () => {
		const { credentialType, credentials } = await start();
		expect(await testCredential(credentialType, { ...credentials }, folder)).toEqual({ ok: true });
		const wrong = { ...credentials, apiKey: 'example-wrong-key' };
		expect(await testCredential(credentialType, wrong, folder)).toMatchObject({
			status: 401,
			message: expect.stringContaining("'API Key'"),
		});
	});
});

test('the tests that ask every provider for a row pass, once they have the new one', async () => {
	const { folder } = one;
	const node = async (...args: string[]) =>
		await run(process.execPath, args, { cwd: folder, env: { PROPERTY_RUNS: '20' } });
	await node('--require', 'tsx/cjs', 'scripts/figures.cts');
	const results = path.join(folder, 'results.json');
	await node(
		'node_modules/jest/bin/jest.js',
		...['--selectProjects=main', '--runInBand', '--json', `--outputFile=${results}`],
		'--testPathPatterns=(conformance/checkEvent|engine/secrets|unit/properties|package/documents)\\.test',
		// Of what goes over the providers, the new one; of what looks at all of them, everything.
		'--testNamePattern=examplephone|^each way|^the map|^every provider|^the tables|^each table',
	);
	const { numPassedTests, testResults } = readJson(results) as {
		numPassedTests: number;
		testResults: Array<{ name: string; assertionResults: Array<{ status: string }> }>;
	};
	const passed = testResults.map(({ name, assertionResults }) => [
		path.basename(name),
		assertionResults.some(({ status }) => status === 'passed'),
	]);
	expect(Object.fromEntries(passed)).toEqual({
		'checkEvent.test.cts': true,
		'documents.test.cts': true,
		'properties.test.cts': true,
		'secrets.test.cts': true,
	});
	expect(numPassedTests).toBeGreaterThan(15);
}, 120_000);

test('a way is one object, and its place in the list of its provider’s file: no other file differs', async () => {
	const difference = await run('diff', ['-rq', ...NOT_SOURCES, one.folder, two.folder], {
		goodCodes: [1],
	});
	expect(difference.trim().split('\n')).toEqual([
		expect.stringMatching(/^Files \S+\/providers\/examplephone\.ts and \S+ differ$/),
	]);
	expect(ROOT).not.toBe(two.folder);
});
