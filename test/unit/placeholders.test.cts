// A slip in a sentence's placeholder does not compile: the compiler itself is asked.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import ts from 'typescript';

const ROOT = path.join(__dirname, '../..');
const sentences = path.join(ROOT, 'nodes/StopAudioStream/words/sentences');

const folder = mkdtempSync(path.join(tmpdir(), 'stop-audio-stream-types-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const tsconfig = ts.parseConfigFileTextToJson(
	'tsconfig.json',
	ts.sys.readFile(path.join(ROOT, 'tsconfig.json')) ?? '',
).config as { compilerOptions: object };
const { options } = ts.convertCompilerOptionsFromJson(tsconfig.compilerOptions, ROOT);

/** What the compiler says of each of these expressions, which may use what the sentences' file exports. */
function diagnosticsOf(expressions: string[]): string[][] {
	const files = expressions.map((expression, n) => {
		const file = path.join(folder, `case-${n}.ts`);
		const names = '{ failed, messages, refusal, say, type Sentence, type ValuesFor }';
		writeFileSync(
			file,
			`import ${names} from ${JSON.stringify(sentences)};\nexport const made = ${expression};\n`,
		);
		return file;
	});
	const program = ts.createProgram(files, {
		...options,
		rootDir: undefined,
		noEmit: true,
		noUnusedLocals: false,
	});
	return files.map((file) =>
		ts
			.getPreEmitDiagnostics(program, program.getSourceFile(file))
			.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
	);
}

const RIGHT = [
	"say(messages.empty, { field: 'x' })",
	"failed('input', messages.notInRange, { field: 'x', min: 1, max: 2 })",
	"refusal('untrusted', messages.signedEventEmpty)",
	// More than it needs, where the values are those of several sentences.
	"((all: { field: string; provider: string }) => say(messages.empty, all))({ field: 'x', provider: 'y' })",
];

const WRONG: Array<[string, string, RegExp]> = [
	['a value of another name', "say(messages.empty, { feild: 'x' })", /feild/],
	[
		'a value that is missing',
		"say(messages.notInRange, { field: 'x', min: 1 })",
		/'max' is missing/,
	],
	['no values at all', 'say(messages.empty)', /Expected 2 arguments|not provided/],
	[
		'values for a sentence that takes none',
		"refusal('untrusted', messages.signedEventEmpty, { field: 'x' })",
		/Expected 2 arguments/,
	],
	['a value that is nothing', 'say(messages.empty, { field: undefined })', /undefined/],
	['a value that is an object', 'say(messages.empty, { field: {} })', /not assignable/],
	[
		'a slip in a refusal',
		"refusal('input', messages.onlyDots, { field: 'x', providers: 'y' })",
		/providers/,
	],
	[
		'a slip in a failure',
		"failed('unavailable', messages.notReached, { provider: 'x', cod: 'y' })",
		/cod/,
	],
	[
		'a sentence of its own with a slip',
		"say({ what: '{provider} is so', todo: 'Do it.' } as const, { povider: 'x' })",
		/povider/,
	],
	['a cause that there is not', "failed('broken', messages.signedEventEmpty)", /not assignable/],
];

test('what is right compiles, and each slip does not', () => {
	const all = diagnosticsOf([...RIGHT, ...WRONG.map(([, expression]) => expression)]);
	expect(all.slice(0, RIGHT.length)).toEqual(RIGHT.map(() => []));
	const found = all.slice(RIGHT.length).map((messages) => messages.join('\n'));
	for (const [n, [title, , pattern]] of WRONG.entries()) {
		expect([title, found[n]]).toEqual([title, expect.stringMatching(pattern)]);
	}
});
