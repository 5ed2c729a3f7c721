import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './install.cts';
import { run, temporaryFolder } from './processes.cts';

const SOURCES = [
	...['nodes', 'credentials', 'package.json', 'tsconfig.json', 'gulpfile.js'],
	...['README.md', 'CHANGELOG.md', 'LICENSE.md'],
];

/** Copies what the package is made of into a new temporary folder, and `more` beside it. */
export function copyOfPackage(title: string, more: readonly string[] = []): string {
	const folder = temporaryFolder(title);
	for (const file of [...SOURCES, ...more]) {
		cpSync(path.join(ROOT, file), path.join(folder, file), { recursive: true });
	}
	mkdirSync(path.join(folder, 'node_modules'));
	for (const name of ['gulp', 'n8n-workflow', 'typescript', '@types']) {
		symlinkSync(path.join(ROOT, 'node_modules', name), path.join(folder, 'node_modules', name));
	}
	return folder;
}

/** Builds a copy as `npm run build` does. */
export async function buildCopy(folder: string, env?: NodeJS.ProcessEnv): Promise<void> {
	const gulp = path.join(folder, 'node_modules/gulp/bin/gulp.js');
	await run(process.execPath, [gulp, 'build'], { cwd: folder, ...(env && { env }) });
}
