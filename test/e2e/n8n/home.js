'use strict';

const { mkdirSync, rmSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:net');
const path = require('node:path');
const {
	npm,
	removeFolder,
	run,
	start,
	temporaryFolder,
} = require('../../../scripts/lib/processes');
const { nodeBinary } = require('./install');

const N8N = path.join(__dirname, 'node_modules/n8n/bin/n8n');
const LOOPBACK = '127.0.0.1';
// What a shell says of SIGABRT and SIGSEGV.
const CRASHED = [134, 139];

// Whoever runs this may have an n8n of their own, or run it inside Jest: neither may leak into ours.
const FOREIGN =
	/^(N8N|DB|EXECUTIONS|QUEUE|WEBHOOK|GENERIC|CREDENTIALS|NODES|CODE|JEST|npm)_|^NODE_(ENV|OPTIONS|FUNCTION_.*)$/i;

const QUIET = {
	N8N_DIAGNOSTICS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_ENABLED: 'false',
	N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: 'false',
	N8N_TEMPLATES_ENABLED: 'false',
	N8N_PERSONALIZATION_ENABLED: 'false',
	N8N_DYNAMIC_BANNERS_ENABLED: 'false',
	N8N_LICENSE_AUTO_RENEW_ENABLED: 'false',
	N8N_VERIFIED_PACKAGES_ENABLED: 'false',
	N8N_HIRING_BANNER_ENABLED: 'false',
	N8N_DISABLED_MODULES: 'mcp-registry,instance-ai,agents',
};

const LOCAL = {
	N8N_LISTEN_ADDRESS: LOOPBACK,
	N8N_HOST: LOOPBACK,
	N8N_RUNNERS_BROKER_LISTEN_ADDRESS: LOOPBACK,
	// The editor is served over plain http here.
	N8N_SECURE_COOKIE: 'false',
};

/** A port of the loopback address that nothing listens on; with `wanted`, whether that one is free. */
const freePort = (wanted = 0) =>
	new Promise((resolve, reject) => {
		const probe = createServer();
		probe.once('error', (reason) =>
			reject(
				reason.code === 'EADDRINUSE'
					? new Error(`Port ${wanted} is taken. End what listens on it, or name another one.`)
					: reason,
			),
		);
		probe.listen(wanted, LOOPBACK, () => {
			const { port } = probe.address();
			probe.close(() => resolve(port));
		});
	});

/**
 * A folder of its own for one n8n, with our package in it the way users have it, and n8n's command
 * line on it.
 * @param {{tarball: string, env?: NodeJS.ProcessEnv}} options
 */
async function makeHome({ tarball, env: extra = {} }) {
	const userFolder = temporaryFolder('n8n');
	const packages = path.join(userFolder, '.n8n/nodes');
	mkdirSync(packages, { recursive: true });
	writeFileSync(
		path.join(packages, 'package.json'),
		JSON.stringify({ name: 'installed-nodes', private: true, dependencies: {} }),
	);
	await npm(
		['install', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', tarball],
		{ cwd: packages },
	);

	const ours = Object.keys(process.env).filter((name) => FOREIGN.test(name));
	const env = {
		...Object.fromEntries(ours.map((name) => [name, undefined])),
		// What n8n keeps outside its own folder goes with it.
		HOME: userFolder,
		TMPDIR: userFolder,
		PATH: `${path.dirname(nodeBinary())}${path.delimiter}${process.env.PATH}`,
		N8N_USER_FOLDER: userFolder,
		N8N_ENCRYPTION_KEY: 'example-key-of-a-throw-away-n8n',
		...QUIET,
		...LOCAL,
		...extra,
	};

	/**
	 * Runs n8n's command line, beside a server or without one, and gives back what it printed. On a busy
	 * machine n8n often crashes while it exits, with its work done and everything printed (2.41.1 on
	 * Node 24: 22 of 30 runs at a load of 14), so those who call this judge by what was printed.
	 */
	const cli = async (...args) =>
		await run(nodeBinary(), [N8N, ...args], {
			cwd: userFolder,
			env: { ...env, N8N_RUNNERS_BROKER_PORT: String(await freePort()) },
			minutes: 3,
			goodCodes: [0, ...CRASHED],
		});

	let files = 0;
	const importFile = async (kind, content) => {
		const file = path.join(userFolder, `import-${++files}.json`);
		writeFileSync(file, JSON.stringify(content));
		const output = await cli(`import:${kind}`, `--input=${file}`);
		rmSync(file);
		if (!output.includes('Successfully imported')) {
			throw new Error(`n8n did not import the ${kind}:\n${output}`);
		}
	};

	return {
		userFolder,
		env,
		cli,
		/** Takes credentials with plain `data`; n8n encrypts them. */
		importCredentials: (credentials) => importFile('credentials', credentials),
		/** Takes a workflow, which must have an `id`. */
		importWorkflow: (workflow) => importFile('workflow', workflow),
		/** Executes a workflow from its Manual Trigger and gives back n8n's record of the run. */
		execute: async (id) => {
			const output = await cli('execute', `--id=${id}`, '--rawOutput');
			// Log lines come first; the record is the one that begins with a brace in the first column.
			return JSON.parse(output.slice(output.search(/^\{/m)));
		},
		/** Starts a long-running n8n command; its output goes to `log`. */
		start: (args, { log, env: more }) =>
			start(nodeBinary(), [N8N, ...args], { cwd: userFolder, env: { ...env, ...more }, log }),
		remove: () => removeFolder(userFolder),
	};
}

module.exports = { LOOPBACK, freePort, makeHome };
