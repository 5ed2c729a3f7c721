'use strict';

const { pack } = require('../../scripts/lib/package');
const { removeFolder, say, temporaryFolder } = require('../../scripts/lib/processes');
const { startStandIn } = require('../stand-ins');
const { installN8n, outputOf, startN8n } = require('./n8n');

const PACKAGE = 'n8n-nodes-stop-audio-stream';
const STOP = 'Stop Audio Stream';

// Each says how the stop goes out, and what a second stop finds.
const PROVIDERS = [
	{
		name: 'signalWire',
		request: (call, stream) =>
			`POST /api/laml/2010-04-01/Accounts/11111111-1111-4111-8111-111111111111/Calls/${call}/Streams/${stream}`,
		again: 'notFound',
	},
	{
		name: 'plivo',
		request: (call, stream) =>
			`DELETE /v1/Account/MAEXAMPLE00000000000/Call/${call}/Stream/${stream}/`,
		again: 'alreadyStopped',
	},
	{
		name: 'vobiz',
		request: (call, stream) => `DELETE /api/v1/Account/MA_EXAMPLE0/Call/${call}/Stream/${stream}/`,
		again: 'notFound',
	},
];

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

/** One node of our package, its ids from the given fields. */
const stopNode = (standIn, credentialId, { callId, stream, onError, source = 'fields' }) => ({
	id: 'stop',
	name: STOP,
	type: `${PACKAGE}.stopAudioStream`,
	typeVersion: 1,
	position: [220, 0],
	...(onError && { onError }),
	parameters: { provider: standIn.provider, operation: 'stopStream', source, callId, stream },
	credentials: { [standIn.credentialType]: { id: credentialId, name: 'stand-in' } },
});

const manualTrigger = {
	id: 'go',
	name: 'Go',
	type: 'n8n-nodes-base.manualTrigger',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

const connect = (from) => ({ [from]: { main: [[{ node: STOP, type: 'main', index: 0 }]] } });

describe('the packed package in a real n8n', () => {
	let n8n;
	let folder;
	const standIns = {};

	beforeAll(async () => {
		await installN8n();
		folder = temporaryFolder('e2e');
		for (const { name } of PROVIDERS) standIns[name] = await startStandIn(name);
		n8n = await startN8n({ tarball: await pack(folder) });
	});

	afterAll(async () => {
		await n8n?.stop();
		for (const standIn of Object.values(standIns)) await standIn.close();
		if (folder) removeFolder(folder);
	});

	beforeEach(() => {
		for (const standIn of Object.values(standIns)) standIn.reset();
	});

	afterEach(() => {
		for (const standIn of Object.values(standIns)) standIn.expectOnContract();
	});

	/** A call with one stream that runs. */
	const streaming = (standIn) => {
		const call = standIn.addCall();
		return { call, stream: standIn.startStream(call.id) };
	};

	/** What the stand-in received, one line each. */
	const received = (standIn) => standIn.requests.map(({ method, path }) => `${method} ${path}`);

	const wrongToken = ({ credentials }) =>
		Object.fromEntries(
			Object.entries(credentials).map(([field, value]) =>
				/token/i.test(field) ? [field, 'example-of-a-wrong-token'] : [field, value],
			),
		);

	test('n8n offers the node, also as a tool, and its three credentials', async () => {
		const names = async (file) => {
			const types = await (
				await fetch(`${n8n.url}/types/${file}`, { headers: n8n.headers })
			).json();
			return types.map(({ name }) => name);
		};
		expect(await names('nodes.json')).toEqual(
			expect.arrayContaining([`${PACKAGE}.stopAudioStream`, `${PACKAGE}.stopAudioStreamTool`]),
		);
		expect(await names('credentials.json')).toEqual(
			expect.arrayContaining(['signalWireBasicApi', 'plivoBasicApi', 'vobizXAuthApi']),
		);
	});

	describe.each(PROVIDERS)('$name', ({ name, request, again }) => {
		test('a workflow imported and executed on the command line stops the stream', async () => {
			const standIn = standIns[name];
			const { call, stream } = streaming(standIn);
			const [credentialId, id] = [`${name}Credential`, `${name}CommandLine`];
			await n8n.importCredentials([
				{
					id: credentialId,
					name: 'stand-in',
					type: standIn.credentialType,
					data: standIn.credentials,
				},
			]);
			await n8n.importWorkflow({
				id,
				name: id,
				active: false,
				settings: {},
				nodes: [
					manualTrigger,
					stopNode(standIn, credentialId, { callId: call.id, stream: stream.id }),
				],
				connections: connect('Go'),
			});

			const [item] = outputOf(await n8n.execute(id), STOP);

			expect(item).toMatchObject({ callId: call.id, status: 'stopped', stopped: true });
			expect(received(standIn)).toEqual([request(call.id, stream.id)]);
			expect(standIn.stream(stream.id).running).toBe(false);
			say(`    ${name}, command line: ${received(standIn)} → ${item.status}`);
		});

		test('a published webhook workflow stops the stream, and says so when nothing is left', async () => {
			const standIn = standIns[name];
			const { call, stream } = streaming(standIn);
			const credentialId = await n8n.createCredential(
				standIn.credentialType,
				`${name} stand-in`,
				standIn.credentials,
			);
			const path = `stop-${name}-4f1c2d`;
			const workflow = await n8n.createWorkflow({
				name: `${name} webhook`,
				nodes: [
					{
						id: 'webhook',
						name: 'Webhook',
						type: 'n8n-nodes-base.webhook',
						typeVersion: 2,
						position: [0, 0],
						webhookId: path,
						parameters: { httpMethod: 'POST', path, responseMode: 'lastNode', options: {} },
					},
					stopNode(standIn, credentialId, {
						callId: '={{ $json.body.call }}',
						stream: '={{ $json.body.stream }}',
					}),
				],
				connections: connect('Webhook'),
			});
			await n8n.activate(workflow);
			const post = async () => {
				const { status, text } = await n8n.postToWebhook(path, {
					contentType: 'application/json',
					body: JSON.stringify({ call: call.id, stream: stream.id }),
				});
				return { code: status, item: JSON.parse(text) };
			};

			const first = await post();
			expect(first).toMatchObject({ code: 200, item: { status: 'stopped', stopped: true } });
			expect(standIn.stream(stream.id).running).toBe(false);

			const second = await post();
			expect(second).toMatchObject({ code: 200, item: { status: again } });
			expect(received(standIn)).toEqual(Array(2).fill(request(call.id, stream.id)));
			say(`    ${name}, webhook: ${first.item.status}, then ${second.item.status}`);
		});

		test('the credential test passes, and says what is wrong with a wrong token', async () => {
			const standIn = standIns[name];

			expect(await n8n.testCredential(standIn.credentialType, standIn.credentials)).toMatchObject({
				status: 'OK',
			});
			expect(standIn.requests).toHaveLength(1);

			const wrong = await n8n.testCredential(standIn.credentialType, wrongToken(standIn));
			expect(wrong.status).toBe('Error');
			expect(wrong.message).not.toContain('example-of-a-wrong-token');
			say(`    ${name}, credential: OK, with a wrong token '${wrong.message}'`);
		});

		test("a wrong token reaches the node's error output with the item's own fields", async () => {
			const standIn = standIns[name];
			const { call, stream } = streaming(standIn);
			const credentialId = await n8n.createCredential(
				standIn.credentialType,
				`${name} wrong token`,
				wrongToken(standIn),
			);
			const workflow = await n8n.createWorkflow({
				name: `${name} error output`,
				nodes: [
					manualTrigger,
					{
						id: 'set',
						name: 'Customer',
						type: 'n8n-nodes-base.set',
						typeVersion: 3.4,
						position: [110, 0],
						parameters: {
							mode: 'raw',
							jsonOutput: JSON.stringify({ customer: 'example' }),
							options: {},
						},
					},
					stopNode(standIn, credentialId, {
						callId: call.id,
						stream: stream.id,
						onError: 'continueErrorOutput',
					}),
				],
				connections: {
					Go: { main: [[{ node: 'Customer', type: 'main', index: 0 }]] },
					...connect('Customer'),
				},
			});

			const execution = await n8n.run(workflow, 'Go');

			expect(outputOf(execution, STOP, 0)).toEqual([]);
			expect(outputOf(execution, STOP, 1)).toEqual([
				{
					customer: 'example',
					error: expect.stringContaining('401'),
					message: expect.any(String),
				},
			]);
			expect(standIn.requests).toHaveLength(1);
			expect(standIn.stream(stream.id).running).toBe(true);
			expect(JSON.stringify(execution)).not.toContain('example-of-a-wrong-token');
		});
	});
});
