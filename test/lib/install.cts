import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isInstalled } from './isInstalled.js';
import { npm, step } from './processes.cts';

/** The root of the repository. */
export const ROOT = path.resolve(__dirname, '../..');
/** n8n's own lint and scanner: a folder of their own, because they need an override to install. */
export const TOOLS = path.join(ROOT, 'test/tools');

/** The content of a JSON file, of which the caller knows the type. */
export const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** Installs what a folder's lockfile asks for, unless it is there. */
export async function ensureInstalled(
	folder: string,
	{ title, minutes }: { title: string; minutes?: number },
): Promise<void> {
	if (isInstalled(folder)) return;
	// No install script runs: none is needed here, and some want tools that a machine may not have.
	const install = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
	await step(`installing ${title}`, async () => await npm(install, { cwd: folder, minutes }));
}

/** n8n's own lint and scanner. */
export const ensureTools = async (): Promise<void> => {
	await ensureInstalled(TOOLS, { title: "n8n's lint and scanner (about 30 s)" });
};
