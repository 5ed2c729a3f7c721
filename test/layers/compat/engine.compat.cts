// What the package must do on every n8n that it supports. `npm run test:compat` runs this once for each
// n8n and Node, with the packed tarball unpacked where that n8n's own packages are.

import type { IDataObject, INodeTypeDescription } from 'n8n-workflow';

import {
	core,
	coreVersion,
	loadPackage,
	testCredential,
	workflowPackage,
} from '../../lib/engine.cts';
import { listen, start } from '../../lib/opened.cts';
import { providers } from '../../lib/stand-ins/index.cts';
import { live, lives, stopItems, type Run, type RunningStandIn } from '../../lib/stops.cts';

const {
	PACKAGE_FOLDER: folder,
	N8N_CORE_FOLDER: coreFolder,
	EXPECTED_CORE: expectedCore,
	EXPECTED_NODE: expectedNode,
} = process.env;
if (!folder || !coreFolder || !expectedCore || !expectedNode) {
	throw new Error("Run it with 'npm run test:compat', which says what is to be checked on what.");
}

/** Runs the package that is checked. */
const stop = (standIn: RunningStandIn, items: IDataObject[], { options, ...run }: Run = {}) =>
	stopItems(standIn, items, { folder, options: { maxRetries: 0, ...options }, ...run });

const eventOf = (body: object) => JSON.parse(JSON.stringify(body)) as IDataObject;

/** A stop of one call gets this answer. */
const answerTo =
	(callId: string, status: number): RunningStandIn['fault'] =>
	({ path, body }) =>
		`${path}${body}`.includes(callId) ? { status, body: {} } : undefined;

const REFUSED = {
	error: expect.stringContaining('(401)'),
	message: expect.stringMatching(/^Check '/),
};

test('this is the n8n and the Node that were asked for', () => {
	const { PackageDirectoryLoader } = core;
	expect(new PackageDirectoryLoader(folder).packageName).toBe('n8n-nodes-stop-audio-stream');
	expect(require.resolve('n8n-workflow', { paths: [folder] })).toBe(
		require.resolve('n8n-workflow', { paths: [coreFolder] }),
	);
	expect(coreVersion).toBe(expectedCore);
	expect(process.versions.node.split('.')[0]).toBe(expectedNode);
});

test('n8n loads the node, its three credential types and their icons', async () => {
	const { loader } = await loadPackage(folder);
	const { nodeTypes, credentialTypes } = loader;
	expect(Object.keys(nodeTypes)).toEqual(['stopAudioStream']);
	expect(Object.keys(credentialTypes).sort()).toEqual([
		'plivoBasicApi',
		'signalWireBasicApi',
		'vobizXAuthApi',
	]);
	const icons = [
		...Object.values(nodeTypes).map(({ type }) => type.description.iconUrl),
		...Object.values(credentialTypes).map(({ type }) => type.iconUrl),
	];
	expect(icons).toHaveLength(4);
	for (const icon of icons) {
		expect(icon).toEqual({
			light: expect.stringMatching(/\.svg$/),
			dark: expect.stringMatching(/\.dark\.svg$/),
		});
	}
	const [node] = Object.values(nodeTypes);
	expect(node?.type.description).toMatchObject({ codex: { categories: ['Communication'] } });
});

describe.each(providers)('%s', (provider) => {
	test('stops a live stream, and says what it finds when asked again', async () => {
		const standIn = await start(provider);
		const { call, stream, item } = live(standIn);
		const { items } = await stop(standIn, [item]);
		const ids = { callId: call.id, stream: stream.id };
		expect(items).toEqual([expect.objectContaining({ ...ids, status: 'stopped' })]);
		expect(stream.running).toBe(false);

		const again = await stop(standIn, [item]);
		// SignalWire's streams cannot be read: all that it shows is the call, which goes on.
		expect(again.items).toEqual([
			expect.objectContaining(
				provider === 'signalWire'
					? { status: 'notFound', stopped: false, callState: 'live' }
					: { status: 'alreadyStopped', stopped: true },
			),
		]);
		standIn.expectOnContract();
	});

	test('takes the ids from an incoming event', async () => {
		const standIn = await start(provider);
		const { stream } = live(standIn);
		const kind = provider === 'signalWire' ? 'stream-started' : 'StartStream';
		const { body } = standIn.callback(kind, stream);
		const { items } = await stop(standIn, [{ body: eventOf(body) }], {
			parameters: { source: 'event' },
		});
		expect(items[0]?.status).toBe('stopped');
		expect(stream.running).toBe(false);
	});

	test('sends a failed item to the error output, with the fields it came with', async () => {
		const standIn = await start(provider);
		const [good, bad] = [live(standIn), live(standIn)];
		standIn.fault = answerTo(bad.call.id, 401);
		const { outputs } = await stop(
			standIn,
			[
				{ ...bad.item, customer: 'first' },
				{ ...good.item, customer: 'second' },
			],
			{ node: { onError: 'continueErrorOutput' } },
		);
		expect(outputs[0]?.map(({ json }) => json.status)).toEqual(['stopped']);
		expect(outputs[1]?.map(({ json }) => json)).toEqual([
			{ ...bad.item, customer: 'first', ...REFUSED },
		]);
	});

	test("stops the workflow with n8n's own error, after every item was tried", async () => {
		const standIn = await start(provider);
		const [good, bad] = [live(standIn), live(standIn)];
		standIn.fault = answerTo(bad.call.id, 403);
		const { error } = await stop(standIn, [bad.item, good.item]);
		expect(error?.name).toBe('NodeApiError');
		expect(error?.message).toContain('(403)');
		expect(error?.description).toContain('1 of 2 streams in this run may still be running');
		expect(error).toMatchObject({ httpCode: '403', context: { itemIndex: 0 } });
		expect(good.stream.running).toBe(false);
	});

	// Each n8n follows redirects in its own way.
	test('follows no redirect, and carries no credential to another host', async () => {
		const standIn = await start(provider);
		const { stream, item } = live(standIn);
		const visits: Array<string | undefined> = [];
		const other = await listen((request, response) => {
			visits.push(request.url);
			response.end('{}');
		});
		standIn.fault = () => ({ status: 302, body: '', headers: { Location: `${other.url}/` } });
		const { items } = await stop(standIn, [item], { node: { onError: 'continueRegularOutput' } });
		expect(items[0]).toMatchObject({ failure: 'rejected', statusCode: 302, attempts: 1 });
		const tested = await testCredential(standIn.credentialType, { ...standIn.credentials }, folder);
		expect(tested.ok).toBe(false);
		expect(visits).toEqual([]);
		expect(stream.running).toBe(true);
	});

	const WAITS: Array<[string, ReturnType<RunningStandIn['fault']>]> = [
		['an answer that does not come', { stallMs: 20_000 }],
		['the wait that the provider asked for', { status: 503, headers: { 'Retry-After': '20' } }],
	];
	test.each(WAITS)('ends within 100 ms of a cancel, in %s', async (_when, fault) => {
		const standIn = await start(provider);
		const { item } = live(standIn);
		let cancel: () => void = () => undefined;
		let running: Promise<unknown> = Promise.resolve();
		await new Promise<void>((arrived) => {
			standIn.fault = () => {
				arrived();
				return fault;
			};
			running = stop(standIn, [item], {
				options: { maxRetries: 3 },
				onStart: (end) => (cancel = end),
			});
		});
		await new Promise((resolve) => setTimeout(resolve, 200));
		const since = Date.now();
		cancel();
		await running.catch(() => undefined);
		expect(Date.now() - since).toBeLessThan(100);
		expect(standIn.requests).toHaveLength(1);
	});

	test('tests its credential, and says what to check where it is refused', async () => {
		const standIn = await start(provider);
		const { credentialType } = standIn;
		const credentials: Record<string, string> = standIn.credentials;
		expect(await testCredential(credentialType, { ...credentials }, folder)).toEqual({ ok: true });
		const token = provider === 'signalWire' ? 'apiToken' : 'authToken';
		const wrong = { ...credentials, [token]: 'example-wrong-token' };
		const { ok, message } = await testCredential(credentialType, wrong, folder);
		expect(ok).toBe(false);
		// n8n 2.0 and 2.8 lose the answer that the credential's own words depend on, and say it in theirs.
		expect(message).toMatch(
			/\(401\)\. Check '|^Authorization failed - please check your credentials$/,
		);
	});

	test('reads its credential for each item, since an expression in it may name another account', async () => {
		const standIn = await start(provider);
		const all = lives(standIn, 20).map(({ item }) => item);
		const { credentialReads } = await stop(standIn, all);
		expect(credentialReads).toEqual(all.map(() => standIn.credentialType));
	});
});

test('a hint counts the items that it is about', async () => {
	const standIn = await start('vobiz');
	const nobody = { call: 'nobody', stream: 'nothing' };
	const { hints } = await stop(standIn, [nobody, live(standIn).item]);
	expect(hints).toEqual([
		expect.objectContaining({ message: expect.stringMatching(/^1 of 2 /), location: 'outputPane' }),
	]);
});

test('n8n saves an option that was added and left as it is', async () => {
	const { loader } = await loadPackage(folder);
	const [node] = Object.values(loader.nodeTypes);
	const { properties } = node?.type.description as INodeTypeDescription;
	const saved = workflowPackage.NodeHelpers.getNodeParameters(
		properties,
		{ provider: 'plivo', options: { preview: true } },
		false,
		false,
		null,
		null,
	);
	expect(saved).toMatchObject({ options: { preview: true } });
});
