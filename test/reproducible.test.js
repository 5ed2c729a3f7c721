'use strict';

// Whoever builds a released version gets the released tarball, byte for byte.

const { createHash } = require('node:crypto');
const { readdirSync, readFileSync, utimesSync } = require('node:fs');
const path = require('node:path');
const { npm, removeFolder } = require('../scripts/lib/processes');
const { buildCopy, copyOfPackage } = require('./support/copyOfPackage');

/** Gives every file the time of another clone. */
function setTimes(folder, day) {
	for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
		if (entry.isFile()) utimesSync(path.join(entry.parentPath, entry.name), day, day);
	}
}

/** Builds and packs; new files get the rights that the umask leaves them. */
async function tarballOf(folder, umask) {
	const before = process.umask(umask);
	try {
		await buildCopy(folder);
		const output = await npm(['pack', '--ignore-scripts', '--loglevel=error'], { cwd: folder });
		return readFileSync(path.join(folder, output.trim().split('\n').at(-1)));
	} finally {
		process.umask(before);
	}
}

const checksum = (bytes) => createHash('sha512').update(bytes).digest('hex');

test('two builds, of two clones of different age, give one tarball', async () => {
	const [first, second] = [copyOfPackage('first'), copyOfPackage('second')];
	setTimes(path.join(first, 'nodes'), new Date('2026-01-01'));
	setTimes(path.join(second, 'nodes'), new Date('2026-02-02'));
	// The two usual ones: files are for the owner to write, or for the group too.
	const one = await tarballOf(first, 0o022);
	const other = await tarballOf(second, 0o002);
	expect(checksum(other)).toBe(checksum(one));
	for (const folder of [first, second]) removeFolder(folder);
}, 240_000);
