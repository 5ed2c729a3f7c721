'use strict';

// What the package must do on every n8n that it supports. `npm run test:compat` runs this once for each
// n8n and Node, with the packed tarball unpacked where that n8n's own packages are.

const { createServer } = require('node:http');
const {
	core,
	loadPackage,
	runNode,
	testCredential,
	workflowPackage,
} = require('../support/engine');
const { opened, start } = require('../support/opened');
const { providers } = require('../stand-ins');

const folder = process.env.PACKAGE_FOLDER;
if (!folder) throw new Error("Run it with 'npm run test:compat', which says where the package is.");

/** A call with a stream, as the node's fields name it. */
function live(standIn) {
	const call = standIn.addCall();
	const stream = standIn.startStream(call.id);
	return { stream, fields: { callId: call.id, stream: stream.id } };
}

/** Runs the node for items of `{callId, stream}`. */
const stop = (standIn, items, { options, ...more } = {}) =>
	runNode({
		folder,
		items,
		credentials: { [standIn.credentialType]: standIn.credentials },
		parameters: {
			provider: standIn.provider,
			callId: '={{ $json.callId }}',
			stream: '={{ $json.stream }}',
			options: { maxRetries: 0, ...options },
		},
		...more,
	});

const REFUSED = {
	failure: 'credentials',
	error: expect.stringContaining('did not let this credential in (401)'),
	message: expect.stringMatching(/^Check '/),
};

test('n8n loads the node, its three credential types and their icons', async () => {
	const { loader } = await loadPackage(folder);
	expect(loader.nodeTypes).toEqual({ stopAudioStream: expect.anything() });
	expect(Object.keys(loader.credentialTypes).sort()).toEqual([
		'plivoBasicApi',
		'signalWireBasicApi',
		'vobizXAuthApi',
	]);
	const types = [loader.nodeTypes, loader.credentialTypes].flatMap(Object.values);
	for (const { type } of types) {
		const { iconUrl } = type.description ?? type;
		expect(iconUrl).toEqual({
			light: expect.stringMatching(/\.svg$/),
			dark: expect.stringMatching(/\.dark\.svg$/),
		});
	}
	expect(loader.nodeTypes.stopAudioStream.type.description.codex.categories).toEqual([
		'Communication',
	]);
});

describe.each(providers)('%s', (provider) => {
	test('stops a live stream, and tells that it had ended when asked again', async () => {
		const standIn = await start(provider);
		const { stream, fields } = live(standIn);
		const { items } = await stop(standIn, [fields]);
		expect(items).toEqual([expect.objectContaining({ ...fields, status: 'stopped' })]);
		expect(stream.running).toBe(false);

		const again = await stop(standIn, [fields]);
		expect(again.items[0].status).toMatch(/^(alreadyStopped|notFound)$/);
		standIn.expectOnContract();
	});

	test('takes the ids from an incoming event', async () => {
		const standIn = await start(provider);
		const { stream } = live(standIn);
		const kind = provider === 'signalWire' ? 'stream-started' : 'StartStream';
		const { body } = standIn.callback(kind, stream);
		const { items } = await stop(standIn, [{ body }], {
			parameters: { provider, source: 'event' },
		});
		expect(items[0].status).toBe('stopped');
		expect(stream.running).toBe(false);
	});

	test('pairs each item with its own outcome, in order', async () => {
		const standIn = await start(provider);
		const all = Array.from({ length: 30 }, () => live(standIn));
		const { outputs } = await stop(
			standIn,
			all.map(({ fields }, i) => (i === 7 ? { ...fields, callId: '' } : fields)),
			{ node: { onError: 'continueRegularOutput' } },
		);
		expect(outputs[0].map(({ pairedItem }) => pairedItem)).toEqual(
			all.map((_one, item) => ({ item })),
		);
		expect(outputs[0].map(({ json }) => json.stream)).toEqual(
			all.map(({ fields }) => fields.stream),
		);
		expect(outputs[0][7].json).toMatchObject({ status: 'failed', failure: 'input' });
		expect(all.map(({ stream }) => stream.running)).toEqual(all.map((_one, i) => i === 7));
	});

	test('sends a 401 once, and calls it a refused credential', async () => {
		const standIn = await start(provider);
		const { fields } = live(standIn);
		standIn.fault = () => ({ status: 401, body: { error: 'no' } });
		const { items } = await stop(standIn, [fields], { node: { onError: 'continueRegularOutput' } });
		expect(items).toEqual([expect.objectContaining({ ...fields, ...REFUSED, status: 'failed' })]);
		expect(standIn.requests).toHaveLength(1);
	});

	test('sends a failed item to the error output, with the fields it came with', async () => {
		const standIn = await start(provider);
		const [good, bad] = [live(standIn), live(standIn)];
		const { error, message } = REFUSED;
		standIn.fault = ({ path, body }) =>
			`${path}${body}`.includes(bad.fields.callId) ? { status: 401, body: {} } : undefined;
		const { outputs } = await stop(
			standIn,
			[
				{ ...bad.fields, customer: 'first' },
				{ ...good.fields, customer: 'second' },
			],
			{ node: { onError: 'continueErrorOutput' } },
		);
		expect(outputs[0].map(({ json }) => json.status)).toEqual(['stopped']);
		expect(outputs[1].map(({ json }) => json)).toEqual([
			{ ...bad.fields, customer: 'first', error, message },
		]);
	});

	test("stops the workflow with n8n's own error, after every item was tried", async () => {
		const standIn = await start(provider);
		const [good, bad] = [live(standIn), live(standIn)];
		standIn.fault = ({ path, body }) =>
			`${path}${body}`.includes(bad.fields.callId) ? { status: 403, body: {} } : undefined;
		const { error } = await stop(standIn, [bad.fields, good.fields]);
		expect(error.name).toBe('NodeApiError');
		expect(error.message).toContain('did not let this credential in (403)');
		expect(error.description).toContain('not known to be stopped: 1 of 2');
		expect(error).toMatchObject({ httpCode: '403', context: { itemIndex: 0 } });
		expect(good.stream.running).toBe(false);
	});

	test('waits as long as the provider asks, and then sends again', async () => {
		const standIn = await start(provider);
		const { fields } = live(standIn);
		standIn.fault = (_request, n) =>
			n === 1 ? { status: 503, headers: { 'Retry-After': '1' }, body: '' } : undefined;
		const { items } = await stop(standIn, [fields], { options: { maxRetries: 1 } });
		expect(items[0]).toMatchObject({ status: 'stopped', attempts: 2 });
		const [first, second] = standIn.requests;
		expect(second.at - first.at).toBeGreaterThanOrEqual(950);
	});

	test('follows no redirect, and carries no credential to another host', async () => {
		const standIn = await start(provider);
		const { stream, fields } = live(standIn);
		const visits = [];
		const other = createServer((request, response) => {
			visits.push(request.url);
			response.end('{}');
		});
		await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
		opened({ close: () => new Promise((resolve) => other.close(resolve)) });
		standIn.fault = () => ({
			status: 302,
			body: '',
			headers: { Location: `http://127.0.0.1:${other.address().port}/` },
		});
		const { items } = await stop(standIn, [fields], { node: { onError: 'continueRegularOutput' } });
		expect(items[0]).toMatchObject({ failure: 'rejected', statusCode: 302, attempts: 1 });
		const tested = await testCredential(standIn.credentialType, standIn.credentials, folder);
		expect(tested.ok).toBe(false);
		expect(visits).toEqual([]);
		expect(stream.running).toBe(true);
	});

	test.each([
		['an answer that does not come', { stallMs: 20_000 }],
		['the wait that the provider asked for', { status: 503, headers: { 'Retry-After': '20' } }],
	])('ends within 100 ms of a cancel, in %s', async (_when, fault) => {
		const standIn = await start(provider);
		const { fields } = live(standIn);
		let arrived;
		const arrival = new Promise((resolve) => (arrived = resolve));
		standIn.fault = () => {
			arrived();
			return fault;
		};
		let cancel;
		const running = stop(standIn, [fields], {
			options: { maxRetries: 3 },
			onStart: (end) => (cancel = end),
		});
		await arrival;
		await new Promise((resolve) => setTimeout(resolve, 200));
		const since = Date.now();
		cancel();
		await running.catch(() => undefined);
		expect(Date.now() - since).toBeLessThan(100);
		expect(standIn.requests).toHaveLength(1);
	});

	test('tests its credential, and says what to check where it is refused', async () => {
		const standIn = await start(provider);
		const { credentialType, credentials } = standIn;
		expect(await testCredential(credentialType, credentials, folder)).toEqual({ ok: true });
		const token = provider === 'signalWire' ? 'apiToken' : 'authToken';
		const wrong = { ...credentials, [token]: 'example-wrong-token' };
		const { ok, message } = await testCredential(credentialType, wrong, folder);
		expect(ok).toBe(false);
		// n8n 2.0 and 2.8 lose the answer that the credential's own words depend on, and say it in theirs.
		expect(message).toMatch(
			/did not let this credential in \(401\)\. Check '|^Authorization failed - please check your credentials$/,
		);
	});

	test('reads its credential once for many items', async () => {
		const standIn = await start(provider);
		const all = Array.from({ length: 20 }, () => live(standIn).fields);
		const { credentialReads } = await stop(standIn, all);
		expect(credentialReads).toEqual([standIn.credentialType]);
	});
});

test('a hint names calls and streams that are not known', async () => {
	const standIn = await start('vobiz');
	const { hints } = await stop(standIn, [{ callId: 'nobody', stream: 'nothing' }]);
	expect(hints).toEqual([expect.objectContaining({ message: expect.stringMatching(/^1 of 1 /) })]);
});

test('this is the n8n that was asked for', () => {
	const { PackageDirectoryLoader } = core;
	expect(new PackageDirectoryLoader(folder).packageName).toBe('n8n-nodes-stop-audio-stream');
	expect(require.resolve('n8n-workflow', { paths: [folder] })).toBe(
		require.resolve('n8n-workflow', { paths: [process.env.N8N_CORE_FOLDER] }),
	);
});
