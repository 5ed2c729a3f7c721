'use strict';

// What each picture shows, as a digest: where it differs from the one in the manifest, the picture is old.

const { createHash } = require('node:crypto');
const { existsSync, readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');
const { ROOT } = require('../lib/install');

const PICTURES = path.join(ROOT, 'docs/pictures');
const MANIFEST = path.join(PICTURES, 'manifest.json');
const EXAMPLES = path.join(ROOT, 'examples');

const CREDENTIALS = {
	'credential-plivo.png': 'PlivoBasicApi',
	'credential-signalwire.png': 'SignalWireBasicApi',
	'credential-vobiz.png': 'VobizXAuthApi',
};
const PANELS = [
	'panel-plivo.png',
	'panel-signalwire-by-name.png',
	'panel-signalwire.png',
	'panel-stop-all.png',
	'panel-vobiz.png',
];

const digest = (...parts) =>
	parts
		.reduce(
			(hash, part) => hash.update(typeof part === 'string' ? part : JSON.stringify(part)),
			createHash('sha256'),
		)
		.digest('hex')
		.slice(0, 16);

const text = (...where) => readFileSync(path.join(ROOT, ...where), 'utf8');

/** The recipes' names, without `.json`. */
const recipes = () =>
	readdirSync(EXAMPLES)
		.filter((name) => name.endsWith('.json'))
		.map((name) => name.slice(0, -'.json'.length));

const canvas = (recipe) => `canvas-${recipe}.png`;

const icon = () => text('nodes/StopAudioStream/stopAudioStream.svg');

const canvases = () =>
	Object.fromEntries(
		recipes().map((name) => [canvas(name), digest(text('examples', `${name}.json`), icon())]),
	);

/**
 * The digest of every picture that shows no run, from the built package, the icons and the recipes.
 * @returns {Record<string, string>} by the picture's name
 */
function digests() {
	const load = (...where) => require(path.join(ROOT, 'dist', ...where));
	const { StopAudioStream } = load('nodes/StopAudioStream/StopAudioStream.node.js');
	const { description } = new StopAudioStream();
	const { displayName, properties, credentials } = description;
	const options = properties.find(({ name }) => name === 'operation').options;
	const credentialForm = (name) => {
		const type = new (load('credentials', `${name}.credentials.js`)[name])();
		const svg = text('credentials', type.icon.light.replace('file:', ''));
		return digest(type.displayName, type.properties, svg);
	};
	return {
		...canvases(),
		...Object.fromEntries(
			Object.entries(CREDENTIALS).map(([file, name]) => [file, credentialForm(name)]),
		),
		'nodes-panel.png': digest(displayName, description.description, options, icon()),
		...Object.fromEntries(PANELS.map((file) => [file, digest(properties, credentials)])),
	};
}

/**
 * The digests of the pictures of a run.
 * @param {{output: object, failure: {what: string, todo: string}}} shown
 */
const runDigests = ({ output, failure }) => ({
	'failure.png': digest(failure.what, failure.todo),
	'output.png': digest(Object.keys(output)),
});

/** The digests with which the pictures were taken. */
const readManifest = () => JSON.parse(readFileSync(MANIFEST, 'utf8'));

/** The canvases that were taken and show what they did. */
function unchangedCanvases() {
	const taken = existsSync(MANIFEST) ? readManifest() : {};
	return Object.entries(canvases()).flatMap(([file, now]) =>
		taken[file] === now && existsSync(path.join(PICTURES, file)) ? file : [],
	);
}

module.exports = {
	EXAMPLES,
	MANIFEST,
	PICTURES,
	canvas,
	digests,
	readManifest,
	recipes,
	runDigests,
	unchangedCanvases,
};
