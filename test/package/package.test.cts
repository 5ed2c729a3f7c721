// What is published: packed, installed as n8n installs it, and looked at from outside.

import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { DOMParser, onWarningStopParsing } from '@xmldom/xmldom';
import type { CodexData, ICredentialType, INodeTypeBaseDescription } from 'n8n-workflow';
import { providers as specs } from '../../nodes/StopAudioStream/providers/index';
import { loadPackage, runNode } from '../lib/engine.cts';
import { ROOT } from '../lib/install.cts';
import { start } from '../lib/opened.cts';
import { pack } from '../lib/package.cts';
import { npm, removeFolder, temporaryFolder } from '../lib/processes.cts';
import { live } from '../lib/stops.cts';

const NAME = 'n8n-nodes-stop-audio-stream';
const MAX_BYTES = 60_000;

/** The links of the file that n8n reads beside the node. */
interface CodexFile {
	resources: Record<'primaryDocumentation' | 'credentialDocumentation', Array<{ url: string }>>;
}

/** What is looked at in the package's own manifest. */
interface Manifest {
	name: string;
	homepage: string;
	scripts: Record<string, string>;
	peerDependencies: Record<string, string>;
	n8n: { nodes: string[]; credentials: string[] };
}

let temporary: string;
let tarball: string;
/** Where the installed package is. */
let folder: string;
let manifest: Manifest;

beforeAll(async () => {
	temporary = temporaryFolder('package');
	tarball = await pack(temporary);
	const home = path.join(temporary, 'nodes');
	// Offline: a package without dependencies needs nothing from anywhere.
	await npm(
		['install', tarball, '--prefix', home, '--ignore-scripts', '--legacy-peer-deps', '--offline'],
		{ cwd: temporary },
	);
	folder = path.join(home, 'node_modules', NAME);
	// n8n brings this one along, and nothing else is to be found from there.
	symlinkSync(
		path.join(ROOT, 'node_modules/n8n-workflow'),
		path.join(home, 'node_modules/n8n-workflow'),
	);
	manifest = JSON.parse(read('package.json')) as Manifest;
}, 120_000);

afterAll(() => removeFolder(temporary));

const read = (file: string) => readFileSync(path.join(folder, file), 'utf8');
const files = (under = ''): string[] =>
	readdirSync(path.join(folder, under), { recursive: true, withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map(({ parentPath, name }) => path.relative(folder, path.join(parentPath, name)))
		.sort();

describe('the tarball', () => {
	test('the tarball holds what is needed to run and what a person reads, and nothing else', () => {
		expect(readdirSync(folder).sort()).toEqual([
			'CHANGELOG.md',
			'LICENSE.md',
			'README.md',
			'dist',
			'package.json',
		]);
		const kinds = files('dist').map((file) => /(\.node\.json|\.[^.]+)$/.exec(file)?.[0]);
		expect([...new Set(kinds)].sort()).toEqual(['.js', '.node.json', '.svg']);
		expect(files().filter((file) => /test|spec|mock|stand-in|fixture/i.test(file))).toEqual([]);
	});

	test(`the tarball is smaller than ${MAX_BYTES / 1_000} kB`, () => {
		expect(statSync(tarball).size).toBeLessThan(MAX_BYTES);
	});

	test('the tarball holds what is compiled from each source file, and nothing without one', () => {
		const source = (file: string) => file.replace(/^dist\//, '').replace(/\.js$/, '.ts');
		expect(files('dist').filter((file) => !existsSync(path.join(ROOT, source(file))))).toEqual([]);
		const sources = ['nodes', 'credentials'].flatMap((under) =>
			readdirSync(path.join(ROOT, under), { recursive: true, encoding: 'utf8' }).flatMap((file) =>
				/\.(ts|svg|node\.json)$/.test(file) ? [path.join('dist', under, file)] : [],
			),
		);
		expect(files('dist')).toEqual(sources.map((file) => file.replace(/\.ts$/, '.js')).sort());
	});
});

describe('package.json', () => {
	test('the package asks for nothing at run time, and runs nothing when it is installed', () => {
		const asked = ['dependencies', 'optionalDependencies', 'bundledDependencies'];
		for (const name of [...asked, 'bundleDependencies', 'overrides']) {
			expect(manifest).not.toHaveProperty(name);
		}
		expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
		expect(Object.keys(manifest.scripts)).not.toEqual(
			expect.arrayContaining([expect.stringMatching(/^(pre|post)?(install|prepare|publish)$/)]),
		);
	});

	test('the package declares every node and credential that is in it', () => {
		const inDist = (pattern: RegExp) => files('dist').filter((file) => pattern.test(file));
		expect([...manifest.n8n.nodes].sort()).toEqual(inDist(/\.node\.js$/));
		expect([...manifest.n8n.credentials].sort()).toEqual(inDist(/\.credentials\.js$/));
	});
});

describe('in n8n', () => {
	test('the package loads by its declared paths, where only n8n-workflow is to be found', async () => {
		const { resolve } = createRequire(path.join(folder, 'package.json'));
		expect(() => resolve('n8n-workflow')).not.toThrow();
		for (const other of ['n8n-core', 'typescript', 'qs']) expect(() => resolve(other)).toThrow();
		const { loader, node } = await loadPackage(folder);
		expect(Object.keys(loader.nodeTypes)).toEqual(['stopAudioStream']);
		expect(Object.keys(loader.credentialTypes).sort()).toEqual(
			specs.map(({ credential }) => credential.type).sort(),
		);
		expect(node.description).toMatchObject({
			displayName: 'Stop Audio Stream',
			name: 'stopAudioStream',
			version: [1],
			usableAsTool: expect.anything(),
		});
		for (const { name } of node.description.credentials ?? []) {
			expect(loader.known.credentials[name]?.supportedNodes).toEqual(['stopAudioStream']);
		}
	});

	test('the node stops a stream as it was packed', async () => {
		const standIn = await start('vobiz');
		const { call, stream } = live(standIn);
		const { items } = await runNode({
			folder,
			parameters: { provider: 'vobiz', callId: call.id, stream: stream.id },
			credentials: { vobizXAuthApi: { ...standIn.credentials } },
		});
		expect(items).toEqual([expect.objectContaining({ status: 'stopped' })]);
		expect(stream.running).toBe(false);
	});

	test('the node and each credential have an icon for light and one for dark', async () => {
		const { loader } = await loadPackage(folder);
		const shown: Array<INodeTypeBaseDescription | ICredentialType> = [
			...loader.types.nodes,
			...loader.types.credentials,
		];
		expect(shown).toHaveLength(1 + specs.length);
		for (const { name, iconUrl } of shown) {
			if (typeof iconUrl !== 'object') throw new Error(`${name} has no two icons`);
			const [light, dark] = [iconUrl.light, iconUrl.dark].map((url) =>
				read(url.replace(`icons/${NAME}/`, '')),
			);
			expect([name, light === dark]).toEqual([name, false]);
			for (const icon of [light ?? '', dark ?? '']) {
				const svg = new DOMParser({ onError: onWarningStopParsing }).parseFromString(
					icon,
					'image/svg+xml',
				).documentElement;
				expect(svg?.tagName).toBe('svg');
				const [, , width, height] = svg?.getAttribute('viewBox')?.split(' ') ?? [];
				expect(Number(width)).toBeGreaterThan(0);
				expect(width).toBe(height);
				expect(icon).not.toMatch(/<script|\bon\w+=|https?:\/\/(?!www\.w3\.org)/);
			}
		}
		const all = files('dist').filter((file) => file.endsWith('.svg'));
		expect(all).toHaveLength(2 * shown.length);
		expect(new Set(all.map(read)).size).toBe(all.length);
	});

	test('the node is found in the panel by the words that people search for', async () => {
		const { loader } = await loadPackage(folder);
		const codex: CodexData | undefined = loader.types.nodes[0]?.codex;
		expect(codex?.categories).toEqual(['Communication']);
		expect(codex?.alias?.map((word) => word.toLowerCase())).toEqual(
			expect.arrayContaining([
				'stream',
				'media stream',
				'audio fork',
				'transcription',
				'websocket',
				'voice',
				'call',
				'telephony',
				...specs.map(({ displayName }) => displayName.toLowerCase()),
			]),
		);
		const file = JSON.parse(
			read('dist/nodes/StopAudioStream/StopAudioStream.node.json'),
		) as CodexFile;
		expect(file).toMatchObject({ node: NAME, nodeVersion: '1.0', codexVersion: '1.0' });
		const { primaryDocumentation, credentialDocumentation } = file.resources;
		for (const { url } of [...primaryDocumentation, ...credentialDocumentation]) {
			expect(url.startsWith(manifest.homepage.split('#', 1).join())).toBe(true);
		}
	});
});
