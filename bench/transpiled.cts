import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/**
 * Writes a file of ours as JavaScript for a process that knows no TypeScript, or that must not pay for it
 * while it measures.
 * @returns where it is
 */
export function transpiled(file: string, folder: string): string {
	const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
		fileName: file,
		compilerOptions: {
			module: ts.ModuleKind.CommonJS,
			target: ts.ScriptTarget.ES2022,
			esModuleInterop: true,
		},
	});
	const target = path.join(folder, `${path.basename(file, '.cts')}.js`);
	writeFileSync(target, outputText);
	return target;
}
