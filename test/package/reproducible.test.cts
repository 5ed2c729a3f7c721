// Whoever builds a released version gets the released tarball, byte for byte.

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildCopy, copyOfPackage } from '../lib/copyOfPackage.cts';
import { pack, packed } from '../lib/package.cts';
import { npm, removeFolder, run, temporaryFolder } from '../lib/processes.cts';

/** A machine as far as a build could notice it. */
interface Machine {
	/** When the clone was made. */
	cloned: Date;
	/** What the clock says. */
	now: Date;
	umask: number;
	TZ: string;
	LANG: string;
	host: string;
}

const MACHINES: [Machine, Machine] = [
	{
		cloned: new Date('2026-01-01'),
		now: new Date('2026-03-01T23:30:00Z'),
		umask: 0o022,
		TZ: 'America/Los_Angeles',
		LANG: 'en_US.UTF-8',
		host: 'first.example',
	},
	{
		cloned: new Date('2026-02-02'),
		now: new Date('2031-07-15T11:59:59Z'),
		// Files are for the owner to write, or for the group too: the two usual ones.
		umask: 0o002,
		TZ: 'Pacific/Kiritimati',
		LANG: 'tr_TR.UTF-8',
		host: 'second.example',
	},
];

/** Gives every file the time of another clone. */
function setTimes(folder: string, day: Date) {
	for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
		if (entry.isFile()) utimesSync(path.join(entry.parentPath, entry.name), day, day);
	}
}

/** What every Node of a build loads first: another clock, another host, another locale. */
const preload = ({ now, LANG, host }: Machine) => `'use strict';
const os = require('node:os');
const shift = ${String(now.getTime())} - Date.now();
const Real = Date;
globalThis.Date = class extends Real {
	constructor(...args) {
		super(...(args.length === 0 ? [Real.now() + shift] : args));
	}
	static now() {
		return Real.now() + shift;
	}
};
os.hostname = () => '${host}';
const { DateTimeFormat, Collator } = Intl;
const locale = '${LANG.slice(0, 5).replace('_', '-')}';
Intl.DateTimeFormat = function (given, options) { return new DateTimeFormat(given ?? locale, options); };
Intl.Collator = function (given, options) { return new Collator(given ?? locale, options); };
`;

/** Builds and packs on such a machine. */
async function tarballOn(machine: Machine): Promise<{ bytes: Buffer; seen: unknown }> {
	const folder = copyOfPackage(machine.host);
	const home = path.join(temporaryFolder('home'), machine.host);
	mkdirSync(home, { recursive: true });
	setTimes(path.join(folder, 'nodes'), machine.cloned);
	const first = path.join(home, 'machine.js');
	writeFileSync(first, preload(machine));
	const { TZ, LANG, host } = machine;
	const env = {
		TZ,
		LANG,
		LC_ALL: LANG,
		HOME: home,
		HOSTNAME: host,
		NODE_OPTIONS: `--require ${first}`,
	};
	const before = process.umask(machine.umask);
	try {
		// What a program of this build sees: without it, two equal machines would prove nothing.
		const look =
			'console.log(JSON.stringify([new Date().getFullYear(), new Date(0).getTimezoneOffset(),' +
			' os.hostname(), os.homedir(), new Intl.DateTimeFormat().resolvedOptions().locale]))';
		const seen: unknown = JSON.parse(await run(process.execPath, ['-e', look], { env }));
		await buildCopy(folder, env);
		const output = await npm(
			['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder],
			{ cwd: folder, env },
		);
		return { bytes: readFileSync(packed(folder, output)), seen };
	} finally {
		process.umask(before);
		removeFolder(folder);
		removeFolder(path.dirname(home));
	}
}

const checksum = (bytes: Buffer) => createHash('sha512').update(bytes).digest('hex');

test('two builds give one tarball, with another clone, umask, time zone, locale, home, clock and host', async () => {
	const one = await tarballOn(MACHINES[0]);
	const other = await tarballOn(MACHINES[1]);
	expect(one.seen).toEqual([2026, 480, 'first.example', expect.any(String), 'en-US']);
	expect(other.seen).toEqual([2031, 640, 'second.example', expect.any(String), 'tr-TR']);
	expect(checksum(other.bytes)).toBe(checksum(one.bytes));

	// And what is published from here is that: nothing in it is left over from an earlier build.
	const folder = temporaryFolder('packed');
	expect(checksum(readFileSync(await pack(folder)))).toBe(checksum(one.bytes));
	removeFolder(folder);
}, 300_000);
