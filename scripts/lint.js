'use strict';

// npm run lint: everything about the code that a machine can check before n8n's reviewers do.
// All checks run, also after one that fails; a warning fails too.

const { mkdirSync, readFileSync, rmSync, symlinkSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { ROOT, TOOLS, ensureProject, ensureTools } = require('./lib/install');
const { build, pack } = require('./lib/package');
const { removeFolder, run, runScript, say, start, temporaryFolder } = require('./lib/processes');

const fromTools = createRequire(path.join(TOOLS, 'package.json'));
const SCANNER = pathToFileURL(
	path.join(TOOLS, 'node_modules/@n8n/scan-community-package/scanner/scanner.mjs'),
).href;

/**
 * eslint.config.mjs may only be n8n's own two lines, which import `@n8n/node-cli`; that package
 * needs an override to install, and a published package may carry none. So it lives in the tools'
 * folder, and this link lets the two lines find it.
 */
function linkNodeCli() {
	const link = path.join(ROOT, 'node_modules/@n8n/node-cli');
	rmSync(link, { recursive: true, force: true });
	mkdirSync(path.dirname(link), { recursive: true });
	symlinkSync(path.join(TOOLS, 'node_modules/@n8n/node-cli'), link, 'dir');
}

/** Runs one of the tools with its output on screen. */
const passes = async (script, args) =>
	(await start(process.execPath, [script, ...args], { cwd: ROOT }).exited) === 0;

async function n8nNodeLint() {
	const { n8n } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
	if (n8n.strict !== true) {
		say("'n8n.strict' in package.json is not true, so this is no strict mode.");
		return false;
	}
	return await passes(path.join(TOOLS, 'node_modules/@n8n/node-cli/bin/n8n-node.mjs'), ['lint']);
}

/** The same rules once more: `n8n-node lint` lets warnings pass. */
const noWarnings = () =>
	passes(path.join(ROOT, 'node_modules/eslint/bin/eslint.js'), ['.', '--max-warnings', '0']);

const formatted = () =>
	passes(path.join(ROOT, 'node_modules/prettier/bin/prettier.cjs'), [
		'--check',
		'**/*.{ts,cts,js,mjs}',
	]);

/** What n8n's scanner does with a published package, without fetching one. */
async function scan(folder, patterns) {
	const { analyzePackage } = await import(SCANNER);
	const files = fromTools('fast-glob').sync(patterns, { cwd: folder, ignore: ['node_modules/**'] });
	say(`looked at ${files.length} files: ${files.sort().join(', ')}`);
	// The scanner calls a folder without files clean.
	if (!files.some((file) => file !== 'package.json')) return false;
	const { passed, message, details } = await analyzePackage(folder, patterns);
	say(passed ? 'found nothing' : `${message}\n${details ?? ''}`);
	return passed;
}

async function scanSource() {
	const { SOURCE_FILE_PATTERNS } = await import(SCANNER);
	return await scan(ROOT, SOURCE_FILE_PATTERNS);
}

async function scanTarball() {
	const folder = temporaryFolder('lint');
	try {
		await build();
		await run('tar', ['-xzf', await pack(folder), '-C', folder]);
		return await scan(path.join(folder, 'package'), ['**/*.js', 'package.json']);
	} finally {
		removeFolder(folder);
	}
}

runScript(async () => {
	await ensureProject();
	await ensureTools();
	linkNodeCli();
	const checks = {
		'n8n-node lint, strict mode': n8nNodeLint,
		'the same rules, warnings count': noWarnings,
		'format of the code (prettier)': formatted,
		"n8n's scanner, leg 1: the source": scanSource,
		"n8n's scanner, leg 2: the unpacked tarball": scanTarball,
	};
	const results = [];
	for (const [title, check] of Object.entries(checks)) {
		say(`\n${title}`);
		const passed = await check().catch((reason) => {
			say(reason.message);
			return false;
		});
		results.push({ title, passed });
	}
	say();
	for (const { title, passed } of results) say(`${passed ? '✓' : '✗'} ${title}`);
	if (results.some(({ passed }) => !passed)) process.exitCode = 1;
});
