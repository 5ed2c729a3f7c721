import { copyFileSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isInstalled, NOTE } from './isInstalled.js';
import { messageOf, npm, removeFolder, run, say, step } from './processes.cts';

/** The root of the repository. */
export const ROOT = path.resolve(__dirname, '../..');
/** n8n's own lint and scanner: a folder of their own, because they need an override to install. */
export const TOOLS = path.join(ROOT, 'test/tools');

/** The content of a JSON file, of which the caller knows the type. */
export const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/**
 * Puts what a folder's lockfile asks for into it, with Bun: the very versions that npm takes, which needs
 * 273 s for n8n's 226,000 files where Bun needs 8. No install script runs: none is needed here, and some
 * want tools that a machine may not have.
 */
async function installWithBun(folder: string, minutes?: number): Promise<void> {
	const bun = path.join(ROOT, 'node_modules/bun');
	// Puts the binary for this machine into its place, as npm would if install scripts ran.
	await run(process.execPath, [path.join(bun, 'install.js')], { cwd: bun });
	const modules = path.join(folder, 'node_modules');
	removeFolder(modules);
	await run(path.join(bun, 'bin/bun.exe'), ['install', '--frozen-lockfile', '--ignore-scripts'], {
		cwd: folder,
		minutes,
	});
	copyFileSync(path.join(folder, 'package-lock.json'), path.join(modules, NOTE));
}

/** Installs what a folder's lockfile asks for, unless it is there. */
export async function ensureInstalled(
	folder: string,
	{ title, minutes }: { title: string; minutes?: number },
): Promise<void> {
	if (isInstalled(folder)) return;
	try {
		await step(`installing ${title}`, async () => {
			await installWithBun(folder, minutes);
		});
	} catch (reason) {
		say(messageOf(reason));
		const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
		await step('installing it with npm, which takes longer', async () => {
			await npm(install, { cwd: folder, minutes });
		});
	}
}

/** n8n's own lint and scanner. */
export const ensureTools = async (): Promise<void> => {
	await ensureInstalled(TOOLS, { title: "n8n's lint and scanner (about 30 s)" });
};
