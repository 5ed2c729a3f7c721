import { copyFileSync, existsSync, readFileSync, statfsSync } from 'node:fs';
import { platform, totalmem } from 'node:os';
import path from 'node:path';
import { ensureInstalled, ROOT } from '../install.cts';
import { isInstalled, NOTE } from '../isInstalled.js';
import { messageOf, npm, removeFolder, run, say, step } from '../processes.cts';
import lock from './package-lock.json';
import { dependencies, optionalDependencies } from './package.json';

/** Where n8n's packages are. */
export const MODULES = path.join(__dirname, 'node_modules');
const SQLITE_BINARY = path.join(MODULES, 'sqlite3/build/Release/node_sqlite3.node');
const NODE_MAJOR = 24;

// What an installation and a run take, with some to spare (measured: 2.2 GB on disk, and as much again in the
// installer's cache if that is on another disk; a server 0.8 GB of memory, more than the installation).
const INSTALL_DISK_GB = 6;
const RUN_DISK_GB = 1;
const MEMORY_GB = 1.5;

const gigabytes = (bytes: number): number => bytes / 1e9;

/** What a program can really have: free memory alone leaves out what the system would give back. */
function availableMemory(): number {
	if (platform() !== 'linux') return gigabytes(totalmem());
	const [, kilobytes] =
		/^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8')) ?? [];
	return gigabytes(Number(kilobytes) * 1024);
}

function freeDisk(folder: string): number {
	const { bavail, bsize } = statfsSync(folder);
	return gigabytes(bavail * bsize);
}

const isThere = async (command: string): Promise<boolean> =>
	await run(command, ['--version']).then(
		() => true,
		() => false,
	);

/** Whether the makers' ready-made SQLite binary for this kind of machine can be fetched. */
async function isSqliteBinaryToBeHad(): Promise<boolean> {
	const { version } = lock.packages['node_modules/sqlite3'];
	const address =
		`https://github.com/TryGhost/node-sqlite3/releases/download/v${version}/` +
		`sqlite3-v${version}-napi-v6-${platform()}-${process.arch}.tar.gz`;
	return await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(10_000) }).then(
		(response) => response.ok,
		() => false,
	);
}

/** The Node that runs n8n: the one that came with its packages, or the one that runs this. */
export function nodeFolder(): string {
	const own = path.join(MODULES, `node-${platform()}-${process.arch}`);
	if (existsSync(path.join(own, 'bin/node'))) return own;
	return path.resolve(process.execPath, '../..');
}

/** The program itself. */
export const nodeBinary = (): string => path.join(nodeFolder(), 'bin/node');

/** The exact versions of both. */
export const versions = async (): Promise<{ n8n: string; node: string }> => ({
	n8n: dependencies.n8n,
	node: (await run(nodeBinary(), ['--version'])).trim().replace('v', ''),
});

/** Whether this Node is too old, and no newer one comes with the packages. */
function isNodeMissing(): boolean {
	const comesWithIt = `node-${platform()}-${process.arch}` in optionalDependencies;
	return !comesWithIt && Number(process.versions.node.split('.')[0]) < NODE_MAJOR;
}

/** Names everything that this machine lacks, before the long part begins. */
export async function checkMachine(): Promise<void> {
	const missing: string[] = [];
	const disk = isInstalled(__dirname) ? RUN_DISK_GB : INSTALL_DISK_GB;
	const freeNow = freeDisk(__dirname);
	if (freeNow < disk) {
		missing.push(
			`${String(disk)} GB of free disk for '${__dirname}' (there are ${freeNow.toFixed(1)}). Delete something, or clone the repository onto a larger disk.`,
		);
	}
	if (availableMemory() < MEMORY_GB) {
		missing.push(
			`${String(MEMORY_GB)} GB of free memory (there are ${availableMemory().toFixed(1)}). Close something, or add swap.`,
		);
	}
	if (isNodeMissing()) {
		missing.push(
			`Node ${String(NODE_MAJOR)} (this is ${process.version}; n8n 2.41 asks for it). On Linux it comes with the packages; here, install it and run this again.`,
		);
	}
	if (!existsSync(SQLITE_BINARY)) {
		const absent: string[] = [];
		for (const tool of ['g++', 'make', 'python3']) if (!(await isThere(tool))) absent.push(tool);
		if (absent.length > 0 && !(await isSqliteBinaryToBeHad())) {
			missing.push(
				`${absent.join(', ')}: n8n's SQLite has to be compiled, since its ready-made binary cannot be fetched from here. ` +
					"On Debian and Ubuntu: 'apt-get install -y g++ make python3'. On macOS: 'xcode-select --install'.",
			);
		}
	}
	if (missing.length > 0) {
		throw new Error(`A real n8n needs what this machine lacks:\n- ${missing.join('\n- ')}`);
	}
}

/** SQLite's binary: fetched where its makers' can be had, compiled otherwise. */
async function ensureSqlite(): Promise<void> {
	if (existsSync(SQLITE_BINARY)) return;
	const folder = nodeFolder();
	const headers = existsSync(path.join(folder, 'include/node/node_api.h'));
	await step(
		"making n8n's SQLite (fetched, or compiled in about 2 minutes)",
		async () =>
			await npm(['rebuild', 'sqlite3', '--ignore-scripts=false', '--foreground-scripts'], {
				cwd: __dirname,
				env: {
					JOBS: 'max',
					PATH: `${path.join(folder, 'bin')}${path.delimiter}${process.env.PATH}`,
					// Without this the compiler's wrapper would want to fetch the headers of this Node.
					...(headers && { npm_config_nodedir: folder }),
				},
				minutes: 20,
			}),
	);
	if (!existsSync(SQLITE_BINARY)) {
		throw new Error(
			"npm ended well and made no SQLite binary: your npm may be set to run no install scripts. Set 'ignore-scripts' to false for 'npm rebuild sqlite3' in " +
				`'${__dirname}'.`,
		);
	}
}

/**
 * Puts n8n's packages into place with Bun, which writes their 226,000 files in 10 s where npm takes minutes. Each
 * package gets the versions of what it depends on that npm's lockfile names; of eleven optional peers, which
 * nothing here uses, Bun takes others. No install script runs.
 */
async function installWithBun(): Promise<void> {
	const bun = path.join(ROOT, 'node_modules/bun');
	// Puts the binary for this machine where it belongs, as npm would if install scripts ran.
	await run(process.execPath, [path.join(bun, 'install.js')], { cwd: bun });
	removeFolder(MODULES);
	await run(path.join(bun, 'bin/bun.exe'), ['install', '--frozen-lockfile', '--ignore-scripts'], {
		cwd: __dirname,
		minutes: 30,
	});
	copyFileSync(path.join(__dirname, 'package-lock.json'), path.join(MODULES, NOTE));
}

/** Installs the pinned n8n, unless it is there: about two minutes, 2.2 GB. */
export async function installN8n(): Promise<void> {
	await checkMachine();
	if (!isInstalled(__dirname)) {
		say('  A real n8n is 2.2 GB of packages. This is done once.');
		await step('installing n8n 2.41 and the Node it needs', installWithBun).catch(
			async (reason: unknown) => {
				say(messageOf(reason));
				await ensureInstalled(__dirname, { title: 'it with npm, which takes longer', minutes: 30 });
			},
		);
	}
	await ensureSqlite();
}
