import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sourceDigest } from './figures.cts';
import { ROOT } from './install.cts';
import { npm, run, step } from './processes.cts';

/** What `dist` was made of. gulp clears the folder, so it is gone after any other build. */
const MADE_OF = path.join(ROOT, 'dist/.made-of');

/** Compiles the package into `dist`, unless that is what is there. */
export const build = async (): Promise<void> => {
	const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
	const sources = [sourceDigest(), read('tsconfig.json'), read('gulpfile.js')].join('\n');
	if (existsSync(MADE_OF) && readFileSync(MADE_OF, 'utf8') === sources) return;
	await step(
		'building the package',
		async () =>
			await run(process.execPath, [path.join(ROOT, 'node_modules/gulp/bin/gulp.js'), 'build'], {
				cwd: ROOT,
			}),
	);
	writeFileSync(MADE_OF, sources);
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
