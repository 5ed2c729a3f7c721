/** The text of n8n's Code nodes: what is type-checked and tested here, without its types. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

const texts = new Map<string, string>();

/** A file of this folder as plain JavaScript, with nothing exported. */
export function codeOf(file: 'report' | 'streams'): string {
	const found = texts.get(file);
	if (found !== undefined) return found;
	const source = readFileSync(path.join(__dirname, `${file}.cts`), 'utf8');
	const { outputText } = ts.transpileModule(source, {
		fileName: `${file}.ts`,
		compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
	});
	const text = outputText
		.replaceAll(/^export \{\};?\n/gm, '')
		.replaceAll(/^export /gm, '')
		// TypeScript writes four blanks where this project has a tab.
		.replaceAll(/^( {4})+/gm, (blanks) => '\t'.repeat(blanks.length / 4));
	texts.set(file, text);
	return text;
}
