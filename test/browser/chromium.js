'use strict';

const { existsSync } = require('node:fs');
const { run, step } = require('../../scripts/lib/processes');

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const PLACES = [
	...['/usr/bin', '/usr/local/bin', '/snap/bin'].flatMap((folder) =>
		NAMES.map((name) => `${folder}/${name}`),
	),
	'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
	'/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const APT_GET = '/usr/bin/apt-get';
const PACKAGES = ['chromium', 'fonts-liberation'];

const find = () =>
	[process.env.CHROMIUM_PATH, ...PLACES].find((place) => place && existsSync(place));

const isRoot = () => process.getuid?.() === 0;

/**
 * Gives back where Chromium is. Where it is missing and this may install packages of Debian's, it does.
 * @returns {Promise<string>}
 */
async function ensureChromium() {
	if (!find() && isRoot() && existsSync(APT_GET)) {
		const env = { DEBIAN_FRONTEND: 'noninteractive' };
		await step(`installing ${PACKAGES.join(' and ')} with apt-get (about 20 s)`, async () => {
			// Without Debian's lists the packages have no address yet.
			await run(APT_GET, ['update'], { env });
			await run(APT_GET, ['install', '-y', '--no-install-recommends', ...PACKAGES], { env });
		});
	}
	const found = find();
	if (found) return found;
	throw new Error(
		'The browser needs Chromium or Chrome, and there is none in the usual places. ' +
			`Install it (on Debian and Ubuntu: 'apt-get install -y ${PACKAGES.join(' ')}'), or set CHROMIUM_PATH to where it is.`,
	);
}

module.exports = { ensureChromium };
