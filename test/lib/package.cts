import path from 'node:path';
import { ROOT } from './install.cts';
import { npm, run, step } from './processes.cts';

/** Compiles the package into `dist`. */
export const build = async (): Promise<void> => {
	await step(
		'building the package',
		async () =>
			await run(process.execPath, [path.join(ROOT, 'node_modules/gulp/bin/gulp.js'), 'build'], {
				cwd: ROOT,
			}),
	);
};

/** The path of the tarball that npm has just packed, from what npm printed: its name, and now and then a notice. */
export function packed(folder: string, output: string): string {
	const [, name] = /^(\S+\.tgz)$/m.exec(output) ?? [];
	if (name === undefined) throw new Error(`npm named no tarball:\n${output}`);
	return path.join(folder, name);
}

/** Packs what would be published into `folder`, and gives the path of the tarball. */
export const pack = async (folder: string): Promise<string> =>
	await step('packing it', async () => {
		const output = await npm(
			['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder],
			{ cwd: ROOT },
		);
		return packed(folder, output);
	});
