import type { IConnections, IDataObject, INode } from 'n8n-workflow';

import {
	installN8n,
	outputOf,
	startN8n,
	type NewNode,
	type RunningN8n,
} from '../../lib/n8n/index.cts';
import { pack } from '../../lib/package.cts';
import { removeFolder, say, temporaryFolder } from '../../lib/processes.cts';
import { startStandIn } from '../../lib/stand-ins/index.cts';
import { secretsIn } from '../../lib/stand-ins/secrets.cts';
import { shown, type RunningStandIn } from '../../lib/stops.cts';

const PACKAGE = 'n8n-nodes-stop-audio-stream';
const STOP = 'Stop Audio Stream';

// Each says how the stop goes out, and what a second stop finds: SignalWire's streams cannot be read.
interface ProviderCase {
	name: 'signalWire' | 'plivo' | 'vobiz';
	label: string;
	request: (call: string, stream: string) => string;
	/** What a second stop finds, and what is known of the call then. */
	again: IDataObject;
	/** What to check where the credential is refused. */
	check: string;
}

const PROVIDERS: ProviderCase[] = [
	{
		name: 'signalWire',
		label: 'SignalWire',
		request: (call, stream) =>
			`POST /api/laml/2010-04-01/Accounts/11111111-1111-4111-8111-111111111111/Calls/${call}/Streams/${stream}`,
		again: { status: 'notFound', stopped: false, callState: 'live' },
		check: "'API Token'",
	},
	{
		name: 'plivo',
		label: 'Plivo',
		request: (call, stream) =>
			`DELETE /v1/Account/MAEXAMPLE00000000000/Call/${call}/Stream/${stream}/`,
		again: { status: 'alreadyStopped', stopped: true },
		check: "'Auth Token'",
	},
	{
		name: 'vobiz',
		label: 'Vobiz',
		request: (call, stream) => `DELETE /api/v1/Account/MA_EXAMPLE0/Call/${call}/Stream/${stream}/`,
		again: { status: 'alreadyStopped', stopped: true },
		check: "'Auth Token'",
	},
];

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

/** One node of our package, its ids from the given fields. */
const stopNode = (
	standIn: RunningStandIn,
	credentialId: string,
	{ callId, stream, onError }: { callId: string; stream: string } & Pick<INode, 'onError'>,
): NewNode => ({
	id: 'stop',
	name: STOP,
	type: `${PACKAGE}.stopAudioStream`,
	typeVersion: 1,
	position: [220, 0],
	...(onError && { onError }),
	parameters: {
		provider: standIn.provider,
		operation: 'stopStream',
		source: 'fields',
		callId,
		stream,
	},
	credentials: { [standIn.credentialType]: { id: credentialId, name: 'stand-in' } },
});

const manualTrigger: NewNode = {
	id: 'go',
	name: 'Go',
	type: 'n8n-nodes-base.manualTrigger',
	typeVersion: 1,
	position: [0, 0],
	parameters: {},
};

const connect = (from: string): IConnections => ({
	[from]: { main: [[{ node: STOP, type: 'main', index: 0 }]] },
});

describe('the packed package in a real n8n', () => {
	let n8n: RunningN8n;
	/** What is to be ended, the last first. */
	const opened: Array<() => unknown> = [];
	const standIns = new Map<string, RunningStandIn>();
	const standInOf = (name: string) => {
		const standIn = standIns.get(name);
		if (!standIn) throw new Error(`The stand-in of ${name} has not started.`);
		return standIn;
	};

	beforeAll(async () => {
		await installN8n();
		const folder = temporaryFolder('e2e');
		opened.push(() => removeFolder(folder));
		for (const { name } of PROVIDERS) {
			const standIn = await startStandIn(name);
			opened.push(() => standIn.close());
			standIns.set(name, standIn);
		}
		n8n = await startN8n({ tarball: await pack(folder) });
		opened.push(() => n8n.stop());
	});

	afterAll(async () => {
		for (const end of opened.reverse()) await end();
	});

	beforeEach(() => {
		for (const standIn of standIns.values()) standIn.reset();
	});

	afterEach(() => {
		for (const standIn of standIns.values()) standIn.expectOnContract();
	});

	/** A call with one stream that runs. */
	const streaming = (standIn: RunningStandIn) => {
		const call = standIn.addCall();
		return { call, stream: standIn.startStream(call.id) };
	};

	/** The stops that the stand-in received, one line each. */
	const stops = (standIn: RunningStandIn) =>
		standIn.requests
			.filter(({ method }) => method !== 'GET')
			.map(({ method, path }) => `${method} ${path}`);

	const wrongToken = ({ credentials }: RunningStandIn): Record<string, string> =>
		Object.fromEntries(
			Object.entries(credentials).map(([field, value]) =>
				/token/i.test(field) ? [field, 'example-of-a-wrong-token'] : [field, value],
			),
		);

	test('n8n offers the node, also as a tool, and its three credentials', async () => {
		const names = async (file: string) => {
			const answer = await fetch(`${n8n.url}/types/${file}`, { headers: n8n.headers });
			const types: Array<{ name: string }> = JSON.parse(await answer.text());
			return types.map(({ name }) => name);
		};
		expect(await names('nodes.json')).toEqual(
			expect.arrayContaining([`${PACKAGE}.stopAudioStream`, `${PACKAGE}.stopAudioStreamTool`]),
		);
		expect(await names('credentials.json')).toEqual(
			expect.arrayContaining(['signalWireBasicApi', 'plivoBasicApi', 'vobizXAuthApi']),
		);
	});

	describe.each(PROVIDERS)('$name', ({ name, label, request, again, check }) => {
		test('a workflow imported and executed on the command line stops the stream', async () => {
			const standIn = standInOf(name);
			const { call, stream } = streaming(standIn);
			const [credentialId, id] = [`${name}Credential`, `${name}CommandLine`];
			await n8n.importCredentials([
				{
					id: credentialId,
					name: 'stand-in',
					type: standIn.credentialType,
					data: { ...standIn.credentials },
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

			const execution = await n8n.execute(id);
			const [item] = outputOf(execution, STOP);

			expect(item).toMatchObject({ callId: call.id, status: 'stopped', stopped: true });
			expect(stops(standIn)).toEqual([request(call.id, stream.id)]);
			expect(stream.running).toBe(false);
			expect(secretsIn(JSON.stringify(execution), standIn.secrets)).toEqual([]);
			say(`    ${name}, command line: ${stops(standIn).join()} → ${shown(item?.status)}`);
		});

		test('a published webhook workflow stops the stream, and says so when nothing is left', async () => {
			const standIn = standInOf(name);
			const { call, stream } = streaming(standIn);
			const credentialId = await n8n.createCredential(standIn.credentialType, `${name} stand-in`, {
				...standIn.credentials,
			});
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
				const item: IDataObject = JSON.parse(text);
				expect(secretsIn(text, standIn.secrets)).toEqual([]);
				return { code: status, item };
			};

			const first = await post();
			expect(first).toMatchObject({ code: 200, item: { status: 'stopped', stopped: true } });
			expect(stream.running).toBe(false);

			const second = await post();
			expect(second).toMatchObject({ code: 200, item: again });
			expect(stops(standIn)).toEqual(Array(2).fill(request(call.id, stream.id)));
			say(`    ${name}, webhook: ${shown(first.item.status)}, then ${shown(second.item.status)}`);
		});

		test('the credential test passes, and says what is wrong with a wrong token', async () => {
			const standIn = standInOf(name);

			expect(
				await n8n.testCredential(standIn.credentialType, { ...standIn.credentials }),
			).toMatchObject({ status: 'OK' });
			expect(standIn.requests).toHaveLength(1);

			const wrong = await n8n.testCredential(standIn.credentialType, wrongToken(standIn));
			expect(wrong).toMatchObject({ status: 'Error', message: expect.stringContaining('(401)') });
			expect(wrong.message).toContain(label);
			expect(wrong.message).toContain(check);
			expect(secretsIn(wrong.message ?? '', standIn.secrets)).toEqual([]);
			expect(wrong.message).not.toContain('example-of-a-wrong-token');
			say(`    ${name}, credential: OK, with a wrong token '${wrong.message}'`);
		});

		test("a wrong token reaches the node's error output with the item's own fields", async () => {
			const standIn = standInOf(name);
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
					message: expect.stringContaining(check),
				},
			]);
			expect(stream.running).toBe(true);
			expect(JSON.stringify(execution)).not.toContain('example-of-a-wrong-token');
			expect(secretsIn(JSON.stringify(execution), standIn.secrets)).toEqual([]);
		});
	});
});
