import type { IDataObject } from 'n8n-workflow';

import { outputOf, type RunningN8n } from '../../lib/n8n/index.cts';
import { startWithStandIns } from '../../lib/n8n/withStandIns.cts';
import { say } from '../../lib/processes.cts';
import { secretsIn } from '../../lib/stand-ins/secrets.cts';
import { live, shown, type RunningStandIn } from '../../lib/stops.cts';
import {
	inARow,
	manualTrigger,
	stopNode,
	webhook,
	type Unplaced,
} from '../../../examples/src/workflows.cts';

const PACKAGE = 'n8n-nodes-stop-audio-stream';
const STOP = 'Stop Audio Stream';

// Each says how the stop goes out, and what a second stop finds: SignalWire's streams cannot be read.
interface ProviderCase {
	name: 'signalWire' | 'plivo' | 'vobiz';
	request: (call: string, stream: string) => string;
	/** What a second stop finds, and what is known of the call then. */
	again: IDataObject;
}

const PROVIDERS: ProviderCase[] = [
	{
		name: 'signalWire',
		request: (call, stream) =>
			`POST /api/laml/2010-04-01/Accounts/11111111-1111-4111-8111-111111111111/Calls/${call}/Streams/${stream}`,
		again: { status: 'notFound', stopped: false, callState: 'live' },
	},
	{
		name: 'plivo',
		request: (call, stream) =>
			`DELETE /v1/Account/MAEXAMPLE00000000000/Call/${call}/Stream/${stream}/`,
		again: { status: 'alreadyStopped', stopped: true },
	},
	{
		name: 'vobiz',
		request: (call, stream) => `DELETE /api/v1/Account/MA_EXAMPLE0/Call/${call}/Stream/${stream}/`,
		again: { status: 'alreadyStopped', stopped: true },
	},
];

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

/** Our node, its ids from the given fields. */
const stopWith = (
	standIn: RunningStandIn,
	credentialId: string,
	ids: { callId: string; stream: string },
): Unplaced => ({
	...stopNode(STOP, {
		provider: standIn.provider,
		operation: 'stopStream',
		source: 'fields',
		...ids,
	}),
	credentials: { [standIn.credentialType]: { id: credentialId, name: 'stand-in' } },
});

describe('the packed package in a real n8n', () => {
	let n8n: RunningN8n;
	let standInOf: (provider: string) => RunningStandIn;
	let standIns: RunningStandIn[] = [];
	let close = (): Promise<void> => Promise.resolve();

	beforeAll(async () => {
		({ n8n, standIns, standInOf, close } = await startWithStandIns(
			'e2e',
			PROVIDERS.map(({ name }) => name),
		));
	});

	afterAll(async () => await close());

	beforeEach(() => {
		for (const standIn of standIns) standIn.reset();
	});

	afterEach(() => {
		for (const standIn of standIns) standIn.expectOnContract();
	});

	/** The stops that the stand-in received, one line each. */
	const stops = (standIn: RunningStandIn) =>
		standIn.requests
			.filter(({ method }) => method !== 'GET')
			.map(({ method, path }) => `${method} ${path}`);

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

	describe.each(PROVIDERS)('$name', ({ name, request, again }) => {
		test('a workflow imported and executed on the command line stops the stream', async () => {
			const standIn = standInOf(name);
			const { call, stream } = live(standIn);
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
				...inARow(
					id,
					manualTrigger('Go'),
					stopWith(standIn, credentialId, { callId: call.id, stream: stream.id }),
				),
				id,
				active: false,
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
			const { call, stream } = live(standIn);
			const credentialId = await n8n.createCredential(standIn.credentialType, `${name} stand-in`, {
				...standIn.credentials,
			});
			const path = `stop-${name}-4f1c2d`;
			const workflow = await n8n.createWorkflow(
				inARow(
					`${name} webhook`,
					webhook('Webhook', { path, responseMode: 'lastNode' }),
					stopWith(standIn, credentialId, {
						callId: '={{ $json.body.call }}',
						stream: '={{ $json.body.stream }}',
					}),
				),
			);
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
	});
});
