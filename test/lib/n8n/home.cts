import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import type { IRun } from 'n8n-workflow';
import { npm, removeFolder, run, start, temporaryFolder, type Started } from '../processes.cts';
import { nodeBinary } from './install.cts';

const N8N = path.join(__dirname, 'node_modules/n8n/bin/n8n');
/** All that an n8n of ours listens on, and talks to. */
export const LOOPBACK = '127.0.0.1';
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

const isTaken = (reason: Error): boolean => 'code' in reason && reason.code === 'EADDRINUSE';

/** A port of the loopback address that nothing listens on; with `wanted`, whether that one is free. */
export const freePort = async (wanted = 0): Promise<number> =>
	await new Promise((resolve, reject) => {
		const probe = createServer();
		probe.once('error', (reason) => {
			reject(
				isTaken(reason)
					? new Error(
							`Port ${String(wanted)} is taken. End what listens on it, or name another one.`,
						)
					: reason,
			);
		});
		probe.listen(wanted, LOOPBACK, () => {
			const address = probe.address();
			probe.close(() => {
				if (address === null || typeof address === 'string') reject(new Error('There is no port.'));
				else resolve(address.port);
			});
		});
	});

/** What an n8n is made with. */
export interface HomeOptions {
	tarball: string;
	env?: NodeJS.ProcessEnv;
}

/** A folder of its own for one n8n, and n8n's command line on it. */
export interface Home {
	userFolder: string;
	env: NodeJS.ProcessEnv;
	/** Runs n8n's command line, beside a server or without one, and gives back what it printed. */
	cli: (...args: string[]) => Promise<string>;
	/** Takes credentials with plain `data`; n8n encrypts them. */
	importCredentials: (credentials: readonly object[]) => Promise<void>;
	/** Takes a workflow, which must have an `id`. */
	importWorkflow: (workflow: object) => Promise<void>;
	/** Executes a workflow from its Manual Trigger and gives back n8n's record of the run. */
	execute: (id: string) => Promise<IRun>;
	/** Starts a long-running n8n command; its output goes to `log`. */
	start: (args: readonly string[], options: { log: string; env?: NodeJS.ProcessEnv }) => Started;
	remove: () => void;
}

/** Makes a folder for one n8n, with our package in it the way users have it. */
export const makeHome = async ({ tarball, env }: HomeOptions): Promise<Home> =>
	await makeHomeWith(async (packages) => {
		await npm(
			['install', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', tarball],
			{ cwd: packages },
		);
	}, env);

/** Makes a folder for one n8n; `place` puts our package into its folder of packages. */
export async function makeHomeWith(
	place: (packages: string) => Promise<void>,
	extra: NodeJS.ProcessEnv = {},
): Promise<Home> {
	const userFolder = temporaryFolder('n8n');
	const packages = path.join(userFolder, '.n8n/nodes');
	mkdirSync(packages, { recursive: true });
	writeFileSync(
		path.join(packages, 'package.json'),
		JSON.stringify({ name: 'installed-nodes', private: true, dependencies: {} }),
	);
	await place(packages);

	const foreign = Object.keys(process.env).filter((name) => FOREIGN.test(name));
	const env: NodeJS.ProcessEnv = {
		...Object.fromEntries(foreign.map((name) => [name, undefined])),
		// What n8n keeps outside its own folder goes with it.
		HOME: userFolder,
		TMPDIR: userFolder,
		PATH: `${path.dirname(nodeBinary())}${path.delimiter}${process.env.PATH ?? ''}`,
		N8N_USER_FOLDER: userFolder,
		N8N_ENCRYPTION_KEY: 'example-key-of-a-throw-away-n8n',
		...QUIET,
		...LOCAL,
		...extra,
	};

	// On a busy machine n8n often crashes while it exits, with its work done and everything printed (2.41.1
	// on Node 24: 22 of 30 runs at a load of 14), so those who call this judge by what was printed.
	const cli = async (...args: string[]): Promise<string> =>
		await run(nodeBinary(), [N8N, ...args], {
			cwd: userFolder,
			env: { ...env, N8N_RUNNERS_BROKER_PORT: String(await freePort()) },
			minutes: 3,
			goodCodes: [0, ...CRASHED],
		});

	let files = 0;
	const importFile = async (kind: string, content: object): Promise<void> => {
		files += 1;
		const file = path.join(userFolder, `import-${String(files)}.json`);
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
		importCredentials: async (credentials) => {
			await importFile('credentials', credentials);
		},
		importWorkflow: async (workflow) => {
			await importFile('workflow', workflow);
		},
		execute: async (id) => {
			const output = await cli('execute', `--id=${id}`, '--rawOutput');
			// Log lines come before and after; the record stands between braces in the first column.
			const [record = ''] = /^\{[^]*?^\}/m.exec(output) ?? [];
			return JSON.parse(record) as IRun;
		},
		start: (args, { log, env: more }) =>
			start(nodeBinary(), [N8N, ...args], { cwd: userFolder, env: { ...env, ...more }, log }),
		remove: () => {
			removeFolder(userFolder);
		},
	};
}
