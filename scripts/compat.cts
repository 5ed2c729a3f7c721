// npm run test:compat: the packed tarball on each n8n and Node of test/layers/compat/versions.json. Each
// n8n's engine lives in a folder of its own, and the tarball is unpacked where that n8n's packages are.
// With WRITE_FIGURES=1, what passed goes into docs/compat.json.

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';

import { recordFigures, type CompatFigures } from '../test/lib/figures.cts';
import { ROOT, ensureInstalled, readJson } from '../test/lib/install.cts';
import { build, pack } from '../test/lib/package.cts';
import {
	elapsed,
	run,
	runScript,
	say,
	start,
	tail,
	temporaryFolder,
} from '../test/lib/processes.cts';

const COMPAT = path.join(ROOT, 'test/layers/compat');

/** One n8n on one Node. */
interface Plan {
	n8n: string;
	node: string;
	/** The one file of checks that is run; without it, all are. */
	only?: string;
	/** What is not looked at there, and why. */
	leftOut?: Record<string, string>;
}

/** The newest n8n is the one that the package is developed with. */
function n8nFolder(n8n: string): string {
	const own = path.join(COMPAT, `n8n-${n8n}`);
	return existsSync(own) ? own : ROOT;
}

/** The exact version of the engine that is pinned there. */
function pinnedCore(folder: string): string {
	type Pinned = { dependencies?: Record<string, string>; devDependencies?: Record<string, string> };
	const pinned = readJson(path.join(folder, 'package.json')) as Pinned;
	const { dependencies, devDependencies } = pinned;
	const version = dependencies?.['n8n-core'] ?? devDependencies?.['n8n-core'];
	if (version === undefined) throw new Error(`No n8n-core is pinned in '${folder}'.`);
	return version;
}

/** A Node of this major version: the one that runs this, or one that came with npm. */
async function nodeBinary(major: string): Promise<string> {
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
async function unpack(tarball: string, folder: string): Promise<string> {
	const target = path.join(folder, 'node_modules/.compat/n8n-nodes-stop-audio-stream');
	rmSync(target, { recursive: true, force: true });
	mkdirSync(target, { recursive: true });
	await run('tar', ['-xzf', tarball, '--strip-components=1', '-C', target]);
	return target;
}

interface Results {
	numPassedTests: number;
	numFailedTests: number;
	testResults: Array<{ message: string }>;
}

/** Runs the checks; returns what passed, or nothing if one failed. */
async function check(
	{ n8n, node, only, leftOut = {} }: Plan,
	tarball: string,
): Promise<CompatFigures['runs'][number] | undefined> {
	const folder = n8nFolder(n8n);
	if (folder !== ROOT) {
		await ensureInstalled(folder, { title: `the engine of n8n ${n8n} (about 30 s)` });
	}
	const core = pinnedCore(folder);
	const binary = await nodeBinary(node);
	const exactNode = (await run(binary, ['--version'])).trim().replace('v', '');
	const temporary = temporaryFolder('compat');
	const results = path.join(temporary, 'results.json');
	const log = path.join(temporary, 'log');
	const without = Object.keys(leftOut).join('|');
	const { exited } = start(
		binary,
		[
			path.join(ROOT, 'node_modules/jest/bin/jest.js'),
			...['--selectProjects=compat', '--runInBand', '--json', `--outputFile=${results}`],
			// The pauses of an older n8n cannot be ended early, and would keep Node waiting for them.
			'--forceExit',
			...(without ? [`--testNamePattern=^(?!.*(${without}))`] : []),
			...(only ? [`--testPathPatterns=${only}`] : []),
		],
		{
			cwd: ROOT,
			log,
			env: {
				N8N_CORE_FOLDER: folder,
				PACKAGE_FOLDER: await unpack(tarball, folder),
				// The checks look for themselves what they run on.
				EXPECTED_CORE: core,
				EXPECTED_NODE: node,
				TMPDIR: temporary,
			},
		},
	);
	const since = Date.now();
	const code = await exited;
	const title = `n8n ${n8n} (n8n-core ${core}) on Node ${exactNode}`;
	if (!existsSync(results)) throw new Error(`${title}: no results.\n${tail(log)}`);
	const found = readJson(results) as Results;
	const { numPassedTests: passed, numFailedTests: failed } = found;
	if (code !== 0 || failed > 0 || passed === 0) {
		const said = found.testResults.map(({ message }) => message).join('\n');
		say(`  ✗ ${title}: ${passed} passed, ${failed} failed (${elapsed(since)})\n${said}`);
		return undefined;
	}
	say(`  ✓ ${title}: ${passed} passed (${elapsed(since)})`);
	for (const [name, why] of Object.entries(leftOut)) say(`    left out: '${name}', ${why}`);
	return { n8n, core, node, exactNode, checks: only ? 'engine' : 'all', passed };
}

runScript(async () => {
	await build();
	const tarball = await pack(temporaryFolder('compat-tarball'));
	const plans = readJson(path.join(COMPAT, 'versions.json')) as Plan[];
	const runs: CompatFigures['runs'] = [];
	for (const plan of plans) {
		const found = await check(plan, tarball);
		if (found) runs.push(found);
	}
	if (runs.length < plans.length) {
		process.exitCode = 1;
		return;
	}
	recordFigures('compat', { n8n: pinnedCore(ROOT), node: process.versions.node }, { runs });
});
