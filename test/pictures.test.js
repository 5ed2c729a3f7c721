'use strict';

const { existsSync, readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');
const {
	canvas,
	digests,
	PICTURES,
	readManifest,
	recipes,
	runDigests,
} = require('../scripts/pictures/inputs');
const { startStandIn } = require('./stand-ins');
const { ROOT, runNode } = require('./support/engine');

const HOW = "Take them again with 'npm run docs:pictures'.";
const PAGES = ['README.md', 'examples/README.md', 'CONTRIBUTING.md'];

/** The pictures that a page shows, as paths from the root. */
const usedBy = (page) => {
	const file = path.join(ROOT, page);
	if (!existsSync(file)) return [];
	return [
		...readFileSync(file, 'utf8').matchAll(/!\[[^\]]*\]\(([^)\s]+\.png)\)|src="([^"]+\.png)"/g),
	]
		.map(([, markdown, html]) => markdown ?? html)
		.filter((address) => !address.startsWith('https:'))
		.map((address) => path.posix.join(path.posix.dirname(page), address));
};

/** What the pictures of a run show: one stream stopped, and a wrong token. */
async function runOnce() {
	const standIn = await startStandIn('plivo');
	try {
		const call = standIn.addCall();
		const stream = standIn.startStream(call.id);
		const run = (token) =>
			runNode({
				parameters: {
					provider: 'plivo',
					operation: 'stopStream',
					source: 'fields',
					callId: call.id,
					stream: stream.id,
				},
				items: [{}, {}, {}],
				credentials: { plivoBasicApi: { ...standIn.credentials, ...token } },
			});
		const { error } = await run({ authToken: 'example-of-a-wrong-token' });
		const { items } = await run({});
		return { output: items[0], failure: { what: error.message, todo: error.description } };
	} finally {
		await standIn.close();
	}
}

describe('the pictures', () => {
	test.each(PAGES.filter((page) => existsSync(path.join(ROOT, page))))(
		'%s shows only pictures that are there',
		(page) => {
			expect(usedBy(page).filter((file) => !existsSync(path.join(ROOT, file)))).toEqual([]);
		},
	);

	test('the README shows the node, and the page of recipes shows the canvas of each', () => {
		expect(usedBy('README.md')).toContain('docs/pictures/panel-signalwire.png');
		expect(usedBy('examples/README.md')).toEqual(
			expect.arrayContaining(recipes().map((name) => `docs/pictures/${canvas(name)}`)),
		);
	});

	test('every picture that was taken is there, and no other', () => {
		const there = readdirSync(PICTURES).filter((file) => file.endsWith('.png'));
		expect(there.sort()).toEqual(Object.keys(readManifest()).sort());
	});

	test('every picture shows what the screen shows today', async () => {
		const [taken, today] = [readManifest(), { ...digests(), ...runDigests(await runOnce()) }];
		const old = Object.keys({ ...taken, ...today }).filter((file) => taken[file] !== today[file]);
		if (old.length > 0) {
			throw new Error(`These pictures are older than what they show: ${old.join(', ')}. ${HOW}`);
		}
	});
});
