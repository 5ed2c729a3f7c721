import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { npm, step } from './processes.cts';

/** The root of the repository. */
export const ROOT = path.resolve(__dirname, '../..');
/** n8n's own lint and scanner: a folder of their own, because they need an override to install. */
export const TOOLS = path.join(ROOT, 'test/tools');

interface Lockfile {
	packages: Record<string, { version?: string; optional?: boolean }>;
}

/** The content of a JSON file, of which the caller knows the type. */
export const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/**
 * Whether a folder holds what its lockfile asks for. npm notes what it has put there, so this needs
 * no mark of our own and is right after a plain `npm ci` too.
 */
export function isInstalled(folder: string): boolean {
	const note = path.join(folder, 'node_modules/.package-lock.json');
	if (!existsSync(note)) return false;
	const present = (readJson(note) as Lockfile).packages;
	const wanted = (readJson(path.join(folder, 'package-lock.json')) as Lockfile).packages;
	return Object.entries(wanted).every(
		// What is optional may be for another platform.
		([where, { version, optional }]) =>
			where === '' || optional === true || present[where]?.version === version,
	);
}

/** Installs what a folder's lockfile asks for, unless it is there. */
export async function ensureInstalled(
	folder: string,
	{ title, args = [], minutes }: { title: string; args?: readonly string[]; minutes?: number },
): Promise<void> {
	if (isInstalled(folder)) return;
	// `npm ci` would refuse: a registry that lacks some optional packages of other platforms leaves
	// them out of the lockfile too. So `npm install`, which must not touch that file, and a check of
	// its work below. No install script runs: none is needed here, and some want tools that a machine
	// may not have.
	const install = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund'];
	await step(
		`installing ${title}`,
		async () => await npm([...install, ...args], { cwd: folder, minutes }),
	);
	if (!isInstalled(folder)) {
		throw new Error(
			`npm ended well, but '${path.relative(ROOT, folder)}' is not as its lockfile says. ` +
				"Delete its 'node_modules' and run this again.",
		);
	}
}

/** n8n's own lint and scanner. */
export const ensureTools = async (): Promise<void> => {
	await ensureInstalled(TOOLS, { title: "n8n's lint and scanner (about 30 s)" });
};
