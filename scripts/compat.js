'use strict';

// npm run test:compat: the packed tarball on each n8n and Node of test/compat/versions.json. Each n8n's
// engine lives in a folder of its own, and the tarball is unpacked where that n8n's packages are.
// With --update, the results go into versions.json and the README's table.

const { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { withTable } = require('../test/compat/table');
const { ROOT, ensureInstalled, ensureProject } = require('./lib/install');
const { build, pack } = require('./lib/package');
const { elapsed, run, runScript, say, start, tail, temporaryFolder } = require('./lib/processes');

const COMPAT = path.join(ROOT, 'test/compat');
const RECORD = path.join(COMPAT, 'versions.json');

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** The newest n8n is the one that the package is developed with. */
function n8nFolder(n8n) {
	const own = path.join(COMPAT, `n8n-${n8n}`);
	return existsSync(own) ? own : ROOT;
}

/** A Node of this major version: the one that runs this, or one that came with npm. */
async function nodeBinary(major) {
	if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
	const folder = path.join(COMPAT, 'node');
	await ensureInstalled(folder, { title: 'other versions of Node' });
	const binary = path.join(
		folder,
		`node_modules/node-${major}-${process.platform}-${process.arch}/bin/node`,
	);
	if (!existsSync(binary)) {
		throw new Error(
			`There is no Node ${major} for ${process.platform} on ${process.arch} among the packages. Run this with Node ${major} to check on it.`,
		);
	}
	return binary;
}

/** Unpacks the tarball where it finds this n8n's own `n8n-workflow`, as an installed package does. */
async function unpack(tarball, folder) {
	const target = path.join(folder, 'node_modules/.compat/n8n-nodes-stop-audio-stream');
	rmSync(target, { recursive: true, force: true });
	mkdirSync(target, { recursive: true });
	await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', target]);
	return target;
}

/** Runs the checks; gives back how many passed. */
async function check({ n8n, node, only, leftOut = {} }, tarball) {
	const folder = n8nFolder(n8n);
	if (folder !== ROOT) {
		await ensureInstalled(folder, { title: `the engine of n8n ${n8n} (about 30 s)` });
	}
	const temporary = temporaryFolder('compat');
	const results = path.join(temporary, 'results.json');
	const log = path.join(temporary, 'log');
	const without = Object.keys(leftOut).join('|');
	const { exited } = start(
		await nodeBinary(node),
		[
			path.join(ROOT, 'node_modules/jest/bin/jest.js'),
			...['--selectProjects', 'compat', '--runInBand', '--json', '--outputFile', results],
			// The pauses of an older n8n cannot be ended early, and would keep Node waiting for them.
			'--forceExit',
			...(without ? ['--testNamePattern', `^(?!.*(${without}))`] : []),
			...(only ? [only] : []),
		],
		{
			cwd: ROOT,
			log,
			env: {
				N8N_CORE_FOLDER: folder,
				PACKAGE_FOLDER: await unpack(tarball, folder),
				TMPDIR: temporary,
			},
		},
	);
	const since = Date.now();
	const code = await exited;
	const title = `n8n ${n8n} on Node ${node}`;
	if (!existsSync(results)) throw new Error(`${title}: no results.\n${tail(log)}`);
	const { numPassedTests: passed, numFailedTests: failed, testResults } = readJson(results);
	if (code !== 0 || failed > 0 || passed === 0) {
		const said = testResults.map(({ message }) => message).join('\n');
		say(`  ✗ ${title}: ${passed} passed, ${failed} failed (${elapsed(since)})\n${said}`);
		return undefined;
	}
	say(`  ✓ ${title}: ${passed} passed (${elapsed(since)})`);
	for (const [name, why] of Object.entries(leftOut)) say(`    left out: '${name}', ${why}`);
	return passed;
}

runScript(async () => {
	await ensureProject();
	await build();
	const tarball = await pack(temporaryFolder('compat-tarball'));
	const record = readJson(RECORD);
	const stale = [];
	for (const one of record.runs) {
		const passed = await check(one, tarball);
		if (passed === undefined) process.exitCode = 1;
		if (passed !== one.passed) stale.push(`n8n ${one.n8n} on Node ${one.node}`);
		one.passed = passed ?? 0;
	}
	if (process.argv.includes('--update')) {
		record.checked = new Date().toISOString().slice(0, 10);
		writeFileSync(RECORD, `${JSON.stringify(record, null, '\t')}\n`);
		const readme = path.join(ROOT, 'README.md');
		writeFileSync(readme, withTable(readFileSync(readme, 'utf8'), record));
		say(`\nwritten to ${path.relative(ROOT, RECORD)} and the README`);
	} else if (stale.length > 0) {
		say(`\nversions.json says otherwise of ${stale.join(', ')}: 'npm run test:compat -- --update'`);
		process.exitCode = 1;
	}
});
