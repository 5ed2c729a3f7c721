'use strict';

// npm run docs:pictures: takes the pictures of docs/pictures from the real editor of a real n8n. A canvas
// whose recipe has not changed is kept, unless '--all' is given.

const { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { ensureProject } = require('./lib/install');
const { build, pack } = require('./lib/package');
const { elapsed, say, step, temporaryFolder } = require('./lib/processes');

/** What is to be ended or removed, newest first. */
const undo = [];

async function undoAll() {
	while (undo.length > 0) await undo.pop()();
}

async function main() {
	const since = Date.now();
	const { ensureChromium } = require('../test/browser/chromium');
	const { checkMachine, installN8n } = require('../test/e2e/n8n/install');
	await checkMachine();
	await ensureProject();
	await ensureChromium();
	await installN8n();
	await build();
	const folder = temporaryFolder('pictures');
	undo.push(() => rmSync(folder, { recursive: true, force: true }));
	const tarball = await pack(folder);

	// What these need is only there once it has been installed and built.
	const { startN8n } = require('../test/e2e/n8n');
	const { openEditor } = require('../test/browser/editor');
	const { startStandIn } = require('../test/stand-ins');
	const { serveAddresses } = require('./pictures/addresses');
	const {
		MANIFEST,
		PICTURES,
		digests,
		runDigests,
		unchangedCanvases,
	} = require('./pictures/inputs');
	const { takePictures } = require('./pictures/take');

	// Now, and not behind the pictures: they show what was packed, and another build may have begun by then.
	const inputs = digests();
	const standIns = {};
	for (const name of ['signalWire', 'plivo', 'vobiz']) {
		standIns[name] = await startStandIn(name);
		undo.push(() => standIns[name].close());
	}
	const addresses = await serveAddresses({
		folder,
		standIns: {
			'example.signalwire.com': standIns.signalWire,
			'api.plivo.com': standIns.plivo,
			'api.vobiz.ai': standIns.vobiz,
		},
	});
	undo.push(addresses.close);
	const n8n = await startN8n({ tarball, env: addresses.env });
	undo.push(n8n.stop);
	const editor = await openEditor(n8n, { scale: 2 });
	undo.push(() => editor.close());

	mkdirSync(PICTURES, { recursive: true });
	const keep = new Set(process.argv.includes('--all') ? [] : unchangedCanvases());
	const shown = await step('taking the pictures', () =>
		takePictures({ n8n, editor, standIns, keep }),
	);
	const manifest = { ...inputs, ...runDigests(shown) };
	for (const file of readdirSync(PICTURES)) {
		if (file.endsWith('.png') && !(file in manifest)) rmSync(path.join(PICTURES, file));
	}
	writeFileSync(MANIFEST, `${JSON.stringify(manifest, null, '\t')}\n`);
	for (const file of Object.keys(manifest)) {
		const kilobytes = Math.round(statSync(path.join(PICTURES, file)).size / 1000);
		say(`    ${file.padEnd(44)} ${kilobytes} kB`);
	}
	say(`✓ ${Object.keys(manifest).length} pictures (${elapsed(since)} in all).`);
}

for (const signal of ['SIGINT', 'SIGTERM']) {
	process.once(signal, () => undoAll().finally(() => process.exit(130)));
}

main()
	.catch((reason) => {
		process.stderr.write(`\n${reason.message}\n`);
		process.exitCode = 1;
	})
	.finally(undoAll);
