// Whoever builds a released version gets the released tarball, byte for byte; and nobody packs without a build.

import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { buildCopy, copyOfPackage } from '../lib/copyOfPackage.cts';
import { ROOT } from '../lib/install.cts';
import { pack, packed } from '../lib/package.cts';
import { npm, removeFolder, temporaryFolder } from '../lib/processes.cts';

const digestOf = (file: string) => createHash('sha512').update(readFileSync(file)).digest('hex');

test('a build of another day, time zone, language and umask gives the tarball of this one', async () => {
	const here = temporaryFolder('packed');
	const ours = digestOf(await pack(here));
	const there = copyOfPackage('there');
	const day = new Date('2031-07-15');
	for (const entry of readdirSync(there, { recursive: true, withFileTypes: true })) {
		if (entry.isFile()) utimesSync(path.join(entry.parentPath, entry.name), day, day);
	}
	const env = { TZ: 'Pacific/Kiritimati', LANG: 'tr_TR.UTF-8', LC_ALL: 'tr_TR.UTF-8' };
	const umask = process.umask(0o002);
	try {
		await buildCopy(there, env);
		const into = ['--ignore-scripts', '--loglevel=error', '--pack-destination', there];
		const output = await npm(['pack', ...into], { cwd: there, env });
		expect(digestOf(packed(there, output))).toBe(ours);
	} finally {
		process.umask(umask);
		removeFolder(there);
		removeFolder(here);
	}
}, 300_000);

test('npm pack without a build ends, and packs nothing', async () => {
	const folder = copyOfPackage('unbuilt');
	cpSync(path.join(ROOT, '.npmrc'), path.join(folder, '.npmrc'));
	// `npm test` hands its own settings on.
	const env = { npm_config_pack_destination: undefined };
	await expect(npm(['pack', '--loglevel=error'], { cwd: folder, env })).rejects.toThrow('ENOENT');
	removeFolder(folder);
});
