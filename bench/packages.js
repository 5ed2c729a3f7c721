'use strict';

const { cpSync, existsSync, readFileSync, readdirSync, statSync } = require('node:fs');
const path = require('node:path');
const { ensureInstalled } = require('../scripts/lib/install');
const { npm, run, temporaryFolder } = require('../scripts/lib/processes');
const { nodeBinary } = require('../test/e2e/n8n/install');

const OTHERS = path.join(__dirname, 'others');
const N8N_MODULES = path.join(__dirname, '../test/e2e/n8n/node_modules');

const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** A community package: what n8n loads of it, and what npm makes of it. */
async function installedPackage(name, folder) {
	const { n8n, version } = readJson(path.join(folder, 'package.json'));
	const packed = await npm(['pack', '--dry-run', '--json', '--ignore-scripts', folder], {
		cwd: __dirname,
	});
	const [{ size, entryCount }] = JSON.parse(packed.slice(packed.indexOf('[\n')));
	return {
		name,
		version,
		entries: [...n8n.credentials, ...n8n.nodes].map((file) => path.join(folder, file)),
		kilobytes: size / 1_000,
		files: entryCount,
	};
}

/** n8n's own Plivo node, which comes inside a package of hundreds: of that, its files alone. */
function plivoNode() {
	const dist = path.join(N8N_MODULES, 'n8n-nodes-base/dist');
	const folder = path.join(dist, 'nodes/Plivo');
	const credential = path.join(dist, 'credentials/PlivoApi.credentials.js');
	if (!existsSync(credential)) throw new Error(`n8n's Plivo credential is not at ${credential}.`);
	return {
		name: "n8n's Plivo node",
		version: readJson(path.join(dist, '../package.json')).version,
		entries: [credential, path.join(folder, 'Plivo.node.js')],
		files: readdirSync(folder).filter((file) => statSync(path.join(folder, file)).isFile()).length,
	};
}

/** Ours as n8n has it installed, the largest others that can be had, and n8n's own node for one of the providers. */
async function findPackages(n8nFolder) {
	await ensureInstalled(OTHERS, {
		title: 'three community packages to compare with',
		args: ['--legacy-peer-deps'],
	});
	// Out of the repository, in which they would find an n8n-workflow of its own, and load it once more.
	const modules = path.join(temporaryFolder('others'), 'node_modules');
	cpSync(path.join(OTHERS, 'node_modules'), modules, { recursive: true });
	const ours = 'n8n-nodes-stop-audio-stream';
	const others = Object.keys(readJson(path.join(OTHERS, 'package.json')).dependencies);
	return [
		await installedPackage(ours, path.join(n8nFolder, '.n8n/nodes/node_modules', ours)),
		...(await Promise.all(others.map((name) => installedPackage(name, path.join(modules, name))))),
		plivoNode(),
	];
}

/** The ms that each package takes to load, each in a new process of n8n's own Node. */
async function loadTimes(packages) {
	const found = {};
	for (const { name, entries } of packages) {
		const output = await run(
			nodeBinary(),
			[path.join(__dirname, 'load.js'), N8N_MODULES, ...entries],
			{
				env: { NODE_PATH: N8N_MODULES },
			},
		);
		found[`load.${name}`] = Number(output);
	}
	return found;
}

module.exports = { findPackages, loadTimes };
