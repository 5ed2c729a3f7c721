// Whoever builds a released version gets the released tarball, byte for byte.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { buildCopy, copyOfPackage } from '../lib/copyOfPackage.cts';
import { packed } from '../lib/package.cts';
import { npm, removeFolder } from '../lib/processes.cts';

/** How one machine differs from another. */
interface Machine {
	/** The day of its clone's files. */
	cloned: Date;
	/** The rights that it leaves to new files: for the owner to write, or for the group too. */
	umask: number;
	timeZone: string;
	locale: string;
	host: string;
	user: string;
	/** The clock that reproducible builds agree on, where a build asks for it. */
	epoch: string;
}

const FIRST: Machine = {
	cloned: new Date('2026-01-01'),
	umask: 0o022,
	timeZone: 'UTC',
	locale: 'C',
	host: 'one',
	user: 'somebody',
	epoch: '1',
};
const OTHER: Machine = {
	cloned: new Date('2026-02-02'),
	umask: 0o002,
	timeZone: 'Pacific/Kiritimati',
	locale: 'tr_TR.UTF-8',
	host: 'other',
	user: 'another',
	epoch: '1893456000',
};

/** Gives every file the time of another clone. */
function setTimes(folder: string, day: Date): void {
	for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
		if (entry.isFile()) utimesSync(path.join(entry.parentPath, entry.name), day, day);
	}
}

/** Builds and packs a clone as that machine does; the clones' folders differ too. */
async function tarballOf(folder: string, machine: Machine): Promise<Buffer> {
	setTimes(path.join(folder, 'nodes'), machine.cloned);
	const home = path.join(folder, 'node_modules/.home');
	mkdirSync(home, { recursive: true });
	const env = {
		TZ: machine.timeZone,
		LANG: machine.locale,
		LC_ALL: machine.locale,
		HOME: home,
		HOSTNAME: machine.host,
		USER: machine.user,
		LOGNAME: machine.user,
		SOURCE_DATE_EPOCH: machine.epoch,
	};
	const before = process.umask(machine.umask);
	try {
		await buildCopy(folder, { env });
		const output = await npm(['pack', '--ignore-scripts', '--loglevel=error'], {
			cwd: folder,
			env,
		});
		return readFileSync(packed(folder, output));
	} finally {
		process.umask(before);
	}
}

const checksum = (bytes: Buffer): string => createHash('sha512').update(bytes).digest('hex');

test('two builds, of two clones on machines that differ in all they can, give one tarball', async () => {
	const [first, other] = [copyOfPackage('first'), copyOfPackage('the-other-clone')];
	expect(checksum(await tarballOf(other, OTHER))).toBe(checksum(await tarballOf(first, FIRST)));
	for (const folder of [first, other]) removeFolder(folder);
}, 240_000);
