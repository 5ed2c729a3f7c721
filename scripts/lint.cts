// npm run lint: everything about the code that a machine can check before n8n's reviewers do.
// All checks run, also after one that fails; a warning fails too.

import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { n8n } from '../package.json';
import { ensureTools, ROOT, TOOLS } from '../test/lib/install.cts';
import { build, pack } from '../test/lib/package.cts';
import {
	messageOf,
	removeFolder,
	run,
	runScript,
	say,
	start,
	temporaryFolder,
} from '../test/lib/processes.cts';

/** What is used here of n8n's scanner, which has no types. */
interface Scanner {
	SOURCE_FILE_PATTERNS: string[];
	analyzePackage: (
		folder: string,
		patterns: string[],
	) => Promise<{ passed: boolean; message?: string; details?: string }>;
}

/** What finds a scanner's files, as the scanner itself does. */
interface Glob {
	sync: (patterns: string[], options: { cwd: string; ignore: string[] }) => string[];
}

const scanner = async (): Promise<Scanner> =>
	(await import(
		pathToFileURL(path.join(TOOLS, 'node_modules/@n8n/scan-community-package/scanner/scanner.mjs'))
			.href
	)) as Scanner;

const glob = async (): Promise<Glob> => {
	const folder = path.join(TOOLS, 'node_modules/fast-glob/out/index.js');
	const { default: found } = (await import(pathToFileURL(folder).href)) as { default: Glob };
	return found;
};

/**
 * eslint.config.mjs may only be n8n's own two lines, which import `@n8n/node-cli`; that package
 * needs an override to install, and a published package may carry none. So it lives in the tools'
 * folder, and this link lets the two lines find it.
 */
function linkNodeCli(): void {
	const link = path.join(ROOT, 'node_modules/@n8n/node-cli');
	rmSync(link, { recursive: true, force: true });
	mkdirSync(path.dirname(link), { recursive: true });
	symlinkSync(path.join(TOOLS, 'node_modules/@n8n/node-cli'), link, 'dir');
}

/** Runs one of the tools with its output on screen. */
const passes = async (script: string, ...args: string[]): Promise<boolean> =>
	(await start(process.execPath, [path.join(ROOT, script), ...args], { cwd: ROOT }).exited) === 0;

async function n8nNodeLint(): Promise<boolean> {
	if (!n8n.strict) {
		say("'n8n.strict' in package.json is not true, so this is not strict mode.");
		return false;
	}
	return await passes('test/tools/node_modules/@n8n/node-cli/bin/n8n-node.mjs', 'lint');
}

const eslint = async (...args: string[]): Promise<boolean> =>
	await passes('node_modules/eslint/bin/eslint.js', '--max-warnings', '0', ...args);

const typeCheck = async (project: string): Promise<boolean> =>
	await passes('node_modules/typescript/bin/tsc', '--noEmit', '--project', project);

/** What n8n's scanner does with a published package, without fetching one. */
async function scan(folder: string, patterns: string[]): Promise<boolean> {
	const { analyzePackage } = await scanner();
	const files = (await glob()).sync(patterns, { cwd: folder, ignore: ['node_modules/**'] });
	say(`looked at ${files.length} files: ${files.sort().join(', ')}`);
	// The scanner calls a folder without files clean.
	if (!files.some((file) => file !== 'package.json')) return false;
	const { passed, message = '', details = '' } = await analyzePackage(folder, patterns);
	say(passed ? 'found nothing' : `${message}\n${details}`);
	return passed;
}

const scanSource = async (): Promise<boolean> =>
	await scan(ROOT, (await scanner()).SOURCE_FILE_PATTERNS);

async function scanTarball(): Promise<boolean> {
	const folder = temporaryFolder('lint');
	try {
		await build();
		await run('tar', ['-xzf', await pack(folder), '-C', folder]);
		return await scan(path.join(folder, 'package'), ['**/*.js', 'package.json']);
	} finally {
		removeFolder(folder);
	}
}

const CHECKS: Record<string, () => Promise<boolean>> = {
	'n8n-node lint, strict mode': n8nNodeLint,
	// `n8n-node lint` lets warnings pass.
	'the same rules, warnings count': async () => await eslint('.'),
	'the rules for recipes, tests, scripts and benchmarks': async () =>
		await eslint('--config', 'eslint.cts.config.mjs', '.'),
	'types of the node': async () => await typeCheck('tsconfig.json'),
	'types of everything else': async () => await typeCheck('tsconfig.test.json'),
	'who imports whom': async () =>
		await passes(
			'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
			...['--config', '.dependency-cruiser.cjs'],
			...['nodes', 'credentials', 'examples', 'test', 'scripts', 'bench'],
		),
	'format of the code': async () =>
		await passes('node_modules/prettier/bin/prettier.cjs', '--check', '**/*.{ts,cts,js,cjs,mjs}'),
	"n8n's scanner, leg 1: the source": scanSource,
	"n8n's scanner, leg 2: the unpacked tarball": scanTarball,
};

runScript(async () => {
	await ensureTools();
	linkNodeCli();
	const results: Array<{ title: string; passed: boolean }> = [];
	for (const [title, check] of Object.entries(CHECKS)) {
		say(`\n${title}`);
		const passed = await check().catch((reason: unknown) => {
			say(messageOf(reason));
			return false;
		});
		results.push({ title, passed });
	}
	say();
	for (const { title, passed } of results) say(`${passed ? '✓' : '✗'} ${title}`);
	if (results.some(({ passed }) => !passed)) process.exitCode = 1;
});
