import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './install.cts';
import { run, temporaryFolder } from './processes.cts';

const SOURCES = [
	...['nodes', 'credentials', 'package.json', 'tsconfig.json', 'gulpfile.js'],
	...['README.md', 'CHANGELOG.md', 'LICENSE.md'],
];

const FOR_TESTS = [
	...['CONTRIBUTING.md', 'docs', 'examples', 'jest.config.js', 'scripts', 'test'],
	// What CONTRIBUTING.md and package.json name.
	...['.ci', '.github', 'bench'],
];

/** What a build needs; with it alone, nothing else can get into one. */
const BUILD_MODULES = ['gulp', 'n8n-workflow', 'typescript', '@types'];

/** Copies what the package is made of into a new temporary folder. */
export function copyOfPackage(title: string): string {
	const folder = temporaryFolder(title);
	copyFiles(folder, SOURCES);
	mkdirSync(path.join(folder, 'node_modules'));
	for (const name of BUILD_MODULES) linkModules(folder, `node_modules/${name}`);
	return folder;
}

/** Copies the repository, as far as the tests of a copy need it, into a new temporary folder. */
export function copyOfRepository(title: string): string {
	const folder = temporaryFolder(title);
	copyFiles(folder, [...SOURCES, ...FOR_TESTS]);
	linkModules(folder, 'node_modules');
	return folder;
}

const copyFiles = (folder: string, files: readonly string[]): void => {
	for (const file of files) {
		cpSync(path.join(ROOT, file), path.join(folder, file), {
			recursive: true,
			filter: (source) => path.basename(source) !== 'node_modules',
		});
	}
};

const linkModules = (folder: string, modules: string): void =>
	symlinkSync(path.join(ROOT, modules), path.join(folder, modules));

/** Builds a copy as `npm run build` does. */
export async function buildCopy(folder: string, env?: NodeJS.ProcessEnv): Promise<void> {
	const gulp = path.join(folder, 'node_modules/gulp/bin/gulp.js');
	await run(process.execPath, [gulp, 'build'], { cwd: folder, ...(env && { env }) });
}
