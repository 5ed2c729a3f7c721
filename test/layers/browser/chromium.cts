import { existsSync } from 'node:fs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const PLACES = [
	...['/usr/bin', '/usr/local/bin', '/snap/bin'].flatMap((folder) =>
		NAMES.map((name) => `${folder}/${name}`),
	),
	'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
	'/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** Where Chromium is; throws with how it is installed where it is missing. */
export function findChromium(): string {
	const found = [process.env.CHROMIUM_PATH, ...PLACES].find((place) => place && existsSync(place));
	if (found) return found;
	throw new Error(
		'The browser needs Chromium or Chrome, and there is none in the usual places. ' +
			"Install it (on Debian and Ubuntu: 'apt-get install -y --no-install-recommends chromium fonts-liberation'), or set CHROMIUM_PATH to where it is.",
	);
}
