// npm run docs:pictures: takes the pictures of docs/pictures from the real editor of a real n8n. A canvas
// whose recipe has not changed is kept, unless '--all' is given. With '--check', before a release, it takes
// none, and fails if one does not show what the screen shows today.

import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { findChromium } from '../test/layers/browser/chromium.cts';
import { openEditor } from '../test/layers/browser/editor.cts';
import type * as Engine from '../test/lib/engine.cts';
import { checkMachine, installN8n, startN8n } from '../test/lib/n8n/index.cts';
import { build, pack } from '../test/lib/package.cts';
import { elapsed, runScript, say, step, temporaryFolder } from '../test/lib/processes.cts';
import { startStandIn } from '../test/lib/stand-ins/index.cts';
import { asColumns } from '../test/lib/table.cts';
import {
	digests,
	fileDigest,
	findStale,
	MANIFEST,
	picturesThere,
	PICTURES,
	runDigests,
	unchangedCanvases,
	type RunShown,
} from './pictures/manifest.cts';
import { takePictures } from './pictures/take.cts';

/** What is loaded later than at the top; a dynamic import would not find TypeScript here. */
const load = createRequire(__filename);

/** What is to be ended, newest first. */
type Undo = Array<() => Promise<unknown>>;

/** What the pictures of a run show, from the engine alone. */
async function shownByEngine(undo: Undo): Promise<RunShown> {
	// Only now: n8n's code writes its settings as soon as it is loaded.
	const { runNode } = load('../test/lib/engine.cts') as typeof Engine;
	const standIn = await startStandIn('plivo');
	undo.push(async () => await standIn.close());
	const call = standIn.addCall();
	const stream = standIn.startStream(call.id);
	// As the picture's own run: a stop, the same again, and a call that nobody knows.
	const one = { call: call.id, stream: stream.id };
	const run = async (more: Record<string, string>): Promise<Awaited<ReturnType<typeof runNode>>> =>
		await runNode({
			parameters: {
				provider: 'plivo',
				operation: 'stopStream',
				source: 'fields',
				callId: '={{ $json.call }}',
				stream: '={{ $json.stream }}',
				options: { maxConcurrency: 1 },
			},
			items: [one, one, { ...one, call: 'nobody' }],
			credentials: { plivoBasicApi: { ...standIn.credentials, ...more } },
		});
	const { error } = await run({ authToken: 'example-of-a-wrong-token' });
	const { items } = await run({});
	return {
		// What the table has columns for.
		output: Object.assign({}, ...items) as Record<string, unknown>,
		failure: { what: error?.message ?? '', todo: error?.description ?? '' },
	};
}

async function check(undo: Undo): Promise<void> {
	await build();
	const stale = await findStale(await shownByEngine(undo));
	if (stale.length > 0) {
		throw new Error(`${stale.join('\n')}\nTake the pictures again with 'npm run docs:pictures'.`);
	}
	say('✓ Every picture shows what the screen shows today.');
}

async function take(undo: Undo): Promise<void> {
	const since = Date.now();
	findChromium();
	await checkMachine();
	await installN8n();
	await build();

	// Before the pictures are taken: they show what was packed, and another build may have begun by then.
	const inputs = await digests();
	const standIns = {
		signalWire: await startStandIn('signalWire'),
		plivo: await startStandIn('plivo'),
		vobiz: await startStandIn('vobiz'),
	};
	for (const standIn of Object.values(standIns)) undo.push(async () => await standIn.close());
	const n8n = await startN8n({ tarball: await pack(temporaryFolder('pictures')) });
	undo.push(n8n.stop);
	const editor = await openEditor(n8n, { scale: 2 });
	undo.push(async () => await editor.close());

	mkdirSync(PICTURES, { recursive: true });
	const keep = new Set(process.argv.includes('--all') ? [] : unchangedCanvases());
	const shown = await step(
		'taking the pictures',
		async () => await takePictures({ n8n, editor, standIns, keep }),
	);
	const today = { ...inputs, ...runDigests(shown) };
	for (const file of picturesThere()) if (!(file in today)) rmSync(path.join(PICTURES, file));
	const manifest = Object.fromEntries(
		Object.entries(today).map(([file, shows]) => [file, { shows, file: fileDigest(file) }]),
	);
	writeFileSync(MANIFEST, `${JSON.stringify(manifest, null, '\t')}\n`);
	const sizes = Object.keys(manifest).map((file) => [
		file,
		`${Math.round(statSync(path.join(PICTURES, file)).size / 1000)} kB`,
	]);
	say(asColumns(sizes, '    '));
	say(`✓ ${Object.keys(manifest).length} pictures (${elapsed(since)} in all).`);
}

runScript(async () => {
	process.env.N8N_USER_FOLDER = temporaryFolder('pictures-settings');
	process.env.N8N_LOG_LEVEL ??= 'silent';
	const undo: Undo = [];
	try {
		await (process.argv.includes('--check') ? check(undo) : take(undo));
	} finally {
		for (const end of undo.reverse()) await end();
	}
});
