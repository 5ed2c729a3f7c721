// What each picture shows, as a digest: where it differs from the one in the manifest, the picture is old. The
// manifest holds a digest of each file too, so that no picture can be exchanged for another.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { RECIPES } from '../../examples/src/index.cts';
import { inARow, stopNode, webhook } from '../../examples/src/workflows.cts';
import type * as Engine from '../../test/lib/engine.cts';
import { readJson, ROOT } from '../../test/lib/install.cts';

/** What is loaded later than at the top; a dynamic import would not find TypeScript here. */
const load = createRequire(__filename);

export const PICTURES = path.join(ROOT, 'docs/pictures');
export const MANIFEST = path.join(PICTURES, 'manifest.json');
const PAGES = ['README.md', 'examples/README.md', 'CONTRIBUTING.md'];

const CREDENTIALS = {
	'credential-plivo.png': 'plivoBasicApi',
	'credential-signalwire.png': 'signalWireBasicApi',
	'credential-vobiz.png': 'vobizXAuthApi',
};
const PANELS = [
	'panel-plivo.png',
	'panel-signalwire-by-name.png',
	'panel-signalwire.png',
	'panel-stop-all.png',
	'panel-vobiz.png',
];

/** What the manifest says of one picture. */
export interface Taken {
	/** The digest of what it shows. */
	shows: string;
	/** The digest of the file. */
	file: string;
}

/** A digest by the picture's name. */
export type Shown = Record<string, string>;

/** What the pictures of a run show. */
export interface RunShown {
	output: Record<string, unknown>;
	failure: { what: string; todo: string };
}

function digest(...parts: readonly unknown[]): string {
	const hash = createHash('sha256');
	for (const part of parts) {
		// In a list: by itself, what is undefined has no JSON.
		hash.update(typeof part === 'string' || part instanceof Buffer ? part : JSON.stringify([part]));
	}
	return hash.digest('hex').slice(0, 16);
}

const text = (...where: string[]): string => readFileSync(path.join(ROOT, ...where), 'utf8');

/** The digest of a picture's file. */
export const fileDigest = (file: string): string => digest(readFileSync(path.join(PICTURES, file)));

export const canvas = (recipe: string): string => `canvas-${recipe}.png`;

/** The two nodes of the README's *Build it yourself*. */
export const BUILD_IT_YOURSELF = inARow(
	'Build it yourself',
	webhook('Webhook', { lock: 'headerAuth' }),
	stopNode('Stop Audio Stream', {
		provider: 'plivo',
		operation: 'stopAllStreams',
		source: 'fields',
		callId: '={{ $json.body.callId }}',
	}),
);

const icon = (): string => text('nodes/StopAudioStream/stopAudioStream.svg');

const canvases = (): Shown =>
	Object.fromEntries([...RECIPES].map(([name, recipe]) => [canvas(name), digest(recipe, icon())]));

/** The digest of every picture that shows no run, from the built package, the icons and the recipes. */
export async function digests(): Promise<Shown> {
	// It loads n8n's code, which the digests of files do not need.
	const { loadPackage } = load('../../test/lib/engine.cts') as typeof Engine;
	const { node, credentialTypes } = await loadPackage();
	const { displayName, description, properties, credentials } = node.description;
	const operation = properties.find(({ name }) => name === 'operation');
	const credentialForm = (name: string): string => {
		const type = credentialTypes[name];
		if (type === undefined) throw new Error(`The package has no credential '${name}'.`);
		return digest(type.displayName, type.properties, type.icon);
	};
	return {
		...canvases(),
		...Object.fromEntries(
			Object.entries(CREDENTIALS).map(([file, name]) => [file, credentialForm(name)]),
		),
		'build-it-yourself.png': digest(BUILD_IT_YOURSELF, icon()),
		'nodes-panel.png': digest(displayName, description, operation?.options, icon()),
		...Object.fromEntries(PANELS.map((file) => [file, digest(properties, credentials)])),
	};
}

/** The digests of the pictures of a run. */
export const runDigests = ({ output, failure }: RunShown): Shown => ({
	'failure.png': digest(failure.what, failure.todo),
	'output.png': digest(Object.keys(output)),
});

/** What was taken, by the picture's name. */
export const readManifest = (): Partial<Record<string, Taken>> =>
	existsSync(MANIFEST) ? (readJson(MANIFEST) as Record<string, Taken>) : {};

/** The canvases that were taken and show what they did. */
export function unchangedCanvases(): string[] {
	const taken = readManifest();
	return Object.entries(canvases()).flatMap(([file, now]) =>
		taken[file]?.shows === now && existsSync(path.join(PICTURES, file)) ? [file] : [],
	);
}

/** The pictures in the folder. */
export const picturesThere = (): string[] =>
	readdirSync(PICTURES)
		.filter((file) => file.endsWith('.png'))
		.sort();

/** The pictures that a page shows, as paths from the root. */
const picturesOn = (page: string): string[] =>
	[...text(page).matchAll(/!\[[^\]]*\]\(([^)\s]+\.png)\)|src="([^"]+\.png)"/g)]
		.map(([, markdown, html]) => markdown ?? html ?? '')
		.filter((address) => !address.startsWith('https:'))
		.map((address) => path.posix.join(path.posix.dirname(page), address));

/** Everything that keeps the pictures from being what the screen shows today. */
export async function findStale(shown: RunShown): Promise<string[]> {
	const taken = readManifest();
	const today: Partial<Shown> = { ...(await digests()), ...runDigests(shown) };
	const old = Object.keys({ ...taken, ...today })
		.filter((file) => taken[file]?.shows !== today[file])
		.map((file) => `${file} does not show what the screen shows today.`);
	const there = picturesThere();
	const changed = [...new Set([...there, ...Object.keys(taken)])]
		.filter((file) => !there.includes(file) || taken[file]?.file !== fileDigest(file))
		.map((file) => `${file} is not the file that was taken.`);
	const absent = PAGES.flatMap((page) =>
		picturesOn(page)
			.filter((file) => !existsSync(path.join(ROOT, file)))
			.map((file) => `${page} shows '${file}', which is not there.`),
	);
	return [...old, ...changed, ...absent];
}
