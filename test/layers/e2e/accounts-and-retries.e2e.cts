// Whose account a stop goes to, what a retry makes of it, and what n8n itself says of the node: all in a
// real n8n, since its credentials, its retries and its tools are what is asked about.

import type { IDataObject, INode } from 'n8n-workflow';

import { StopAudioStream } from '../../../nodes/StopAudioStream/StopAudioStream.node.ts';
import { outputOf, until, type Execution, type RunningN8n } from '../../lib/n8n/index.cts';
import { startWithStandIns } from '../../lib/n8n/withStandIns.cts';
import { start } from '../../lib/opened.cts';
import { say } from '../../lib/processes.cts';
import {
	byExpression,
	credentialByItem,
	lives,
	middle,
	range,
	running,
	shown,
	withAccount,
	type RunningStandIn,
} from '../../lib/stops.cts';
import {
	inARow,
	manualTrigger,
	NODE_TYPE,
	stopNode,
	webhook,
	workflow,
	type Values,
} from '../../../examples/src/workflows.cts';

const GO = 'Go';
const STOP = 'Stop Audio Stream';

/** Items beside which another webhook is asked. */
const MANY = Number(process.env.ITEMS ?? 1_000);

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

let n8n: RunningN8n;
let close = (): Promise<void> => Promise.resolve();

beforeAll(async () => {
	({ n8n, close } = await startWithStandIns('accounts', []));
});

afterAll(async () => await close());

const itemsOf = (standIn: RunningStandIn, count: number): IDataObject[] =>
	range(count).map(() => withAccount(standIn));

interface Job {
	credential?: Record<string, string>;
	options?: Values;
	node?: Partial<INode>;
}

/** A saved workflow that stops the streams of the given items. */
async function save(
	{ provider, credentialType, credentials }: RunningStandIn,
	items: IDataObject[],
	{ credential = credentials, options = {}, node = {} }: Job = {},
) {
	const id = await n8n.createCredential(credentialType, 'stand-in', credential);
	return await n8n.createWorkflow({
		...inARow(STOP, manualTrigger(GO), {
			...stopNode(STOP, { provider, ...byExpression, options }),
			credentials: { [credentialType]: { id, name: 'stand-in' } },
			...node,
		}),
		pinData: { [GO]: items.map((json) => ({ json })) },
	});
}

const statusesOf = (execution: Execution) => outputOf(execution, STOP).map(({ status }) => status);

describe('a credential whose fields are expressions belongs to the item', () => {
	test.each([
		{ provider: 'plivo', two: 'accounts' },
		{ provider: 'signalWire', two: 'spaces' },
	])('two $two of $provider in turn: each stop goes to its own', async ({ provider }) => {
		const standIns = [await start(provider, { account: 1 }), await start(provider, { account: 2 })];
		const [one = [], other = []] = standIns.map((standIn) => itemsOf(standIn, 3));
		const items = one.flatMap((item, i) => [item, other[i] ?? {}]);
		const [first] = standIns;
		if (!first) throw new Error('There are two.');

		const execution = await n8n.run(
			await save(first, items, { credential: credentialByItem(first) }),
			GO,
		);

		expect(statusesOf(execution)).toEqual(items.map(() => 'stopped'));
		for (const standIn of standIns) {
			expect(standIn.requests).toHaveLength(3);
			expect(running(standIn)).toBe(0);
			standIn.expectOnContract();
		}
	});

	test('another webhook is answered while many items are stopped', async () => {
		const vobiz = await start('vobiz');
		const path = 'beside-4f1c2d';
		await n8n.activate(
			await n8n.createWorkflow(
				inARow('beside', webhook('Webhook', { path, responseMode: 'lastNode' })),
			),
		);
		const ask = async () => {
			const since = performance.now();
			await n8n.postToWebhook(path, { contentType: 'application/json', body: '{}' });
			return performance.now() - since;
		};
		const quiet: number[] = [];
		for (const _ of range(30)) quiet.push(await ask());

		const saved = await save(vobiz, itemsOf(vobiz, MANY), { credential: credentialByItem(vobiz) });
		const since = performance.now();
		const run = { ended: false, execution: n8n.run(saved, GO, 600) };
		void run.execution.finally(() => (run.ended = true)).catch(() => undefined);
		const busy: number[] = [];
		while (!run.ended) busy.push(await ask());
		const execution = await run.execution;
		const wholeRun = performance.now() - since;
		const slowest = Math.max(...busy);

		expect(statusesOf(execution).filter((status) => status === 'stopped')).toHaveLength(MANY);
		say(
			`    another webhook: alone ${middle(quiet).toFixed(0)} ms, beside ${MANY} items (${seconds(since)}) ` +
				`${middle(busy).toFixed(0)} ms, at most ${slowest.toFixed(0)} ms, ${busy.length} times`,
		);
		expect(busy.length).toBeGreaterThan(5);
		// On two cores it takes about twice as long; a node that blocks n8n would hold it up for the whole run.
		expect(middle(busy)).toBeLessThan(6 * middle(quiet));
		expect(slowest).toBeLessThan(wholeRun / 2);
	});
});

const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

describe("n8n's own retries keep stopped what the execution has stopped", () => {
	/** Three streams, the second of which is refused with a 503 for as long as `isDown` says. */
	const threeOf = async (provider: string, isDown: (requests: number) => boolean) => {
		const standIn = await start(provider);
		const items = itemsOf(standIn, 3);
		let seen = 0;
		standIn.fault = ({ path, method }) => {
			if (method === 'GET' || !path.includes(shown(items[1]?.stream))) return undefined;
			seen += 1;
			return isDown(seen) ? { status: 503 } : undefined;
		};
		return { standIn, items };
	};
	const options = { maxRetries: 0, whenNothingToStop: 'failIfNotFound' };

	test.each(['signalWire', 'plivo', 'vobiz'])('Retry On Fail (%s)', async (provider) => {
		const { standIn, items } = await threeOf(provider, (requests) => requests <= 1);
		const retry = { retryOnFail: true, maxTries: 2, waitBetweenTries: 100 };

		const execution = await n8n.run(await save(standIn, items, { options, node: retry }), GO);

		expect(execution.status).toBe('success');
		expect(statusesOf(execution)).toEqual(['alreadyStopped', 'stopped', 'alreadyStopped']);
		expect(running(standIn)).toBe(0);
	});

	test.each(['signalWire', 'plivo', 'vobiz'])(
		'Retry in the list of executions (%s)',
		async (provider) => {
			let down = true;
			const { standIn, items } = await threeOf(provider, () => down);
			const failed = await n8n.run(await save(standIn, items, { options }), GO);
			expect(failed.status).toBe('error');
			down = false;

			await n8n.rest('POST', `/executions/${failed.id}/retry`, { loadWorkflow: false });
			const execution = await n8n.waitForExecution(String(Number(failed.id) + 1));

			expect(execution.mode).toBe('retry');
			expect(execution.status).toBe('success');
			expect(statusesOf(execution)).toEqual(['alreadyStopped', 'stopped', 'alreadyStopped']);
			expect(running(standIn)).toBe(0);
		},
	);
});

test('a model is told over an MCP Server Trigger what the tool does, and stops a stream with it', async () => {
	const standIn = await start('vobiz');
	const [{ item, stream }] = lives(standIn, 1) as [ReturnType<typeof lives>[number]];
	const id = await n8n.createCredential(standIn.credentialType, 'stand-in', standIn.credentials);
	const path = 'mcp-4f1c2d';
	await n8n.activate(
		await n8n.createWorkflow(
			workflow({
				name: 'mcp',
				rows: [
					[
						{
							name: 'MCP',
							type: '@n8n/n8n-nodes-langchain.mcpTrigger',
							typeVersion: 2,
							parameters: { path },
							webhookId: path,
						},
						{
							...stopNode('Stop', {
								provider: standIn.provider,
								operation: 'stopStream',
								callId: item.call,
								stream: "={{ $fromAI('stream', 'the id of the stream') }}",
							}),
							type: `${NODE_TYPE}Tool`,
							credentials: { [standIn.credentialType]: { id, name: 'stand-in' } },
						},
					],
				],
				flows: [['Stop', 'MCP', 0, 'ai_tool']],
			}),
		),
	);
	let session: string | null = null;
	const ask = async (method: string, params: object): Promise<IDataObject> => {
		// n8n needs a moment after publishing before it listens.
		const response = await until(`An answer to ${method}`, 15, async () => {
			const answer = await fetch(`${n8n.url}/mcp/${path}`, {
				method: 'POST',
				headers: {
					'content-type': 'application/json',
					accept: 'application/json, text/event-stream',
					...(session !== null && { 'mcp-session-id': session }),
				},
				body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
			});
			return answer.status === 404 ? undefined : answer;
		});
		session ??= response.headers.get('mcp-session-id');
		const text = await response.text();
		const line =
			text
				.split('\n')
				.find((one) => one.startsWith('data:'))
				?.slice(5) ?? text;
		return (JSON.parse(line) as { result: IDataObject }).result;
	};
	await ask('initialize', {
		protocolVersion: '2025-03-26',
		capabilities: {},
		clientInfo: { name: 'example', version: '1' },
	});

	const { tools } = (await ask('tools/list', {})) as unknown as { tools: IDataObject[] };
	const [tool] = tools;
	expect(tools).toHaveLength(1);
	expect(tool?.description).toBe(new StopAudioStream().description.description);

	const answer = await ask('tools/call', { name: tool?.name, arguments: { stream: stream.id } });

	expect(JSON.stringify(answer)).toContain('stopped');
	expect(stream.running).toBe(false);
});

test('a provider by expression is published only with a credential for each, a placeholder among them', async () => {
	const provider = '={{ $json.body.provider }}';
	const standIns = [await start('plivo'), await start('vobiz'), await start('signalWire')];
	const credentials: INode['credentials'] = {};
	const publish = async (path: string) => {
		const node = {
			...stopNode(STOP, { provider, ...byExpression }),
			credentials: { ...credentials },
		};
		return await n8n.activate(
			await n8n.createWorkflow(inARow(path, webhook('Webhook', { path }), node)),
		);
	};
	for (const { credentialType, credentials: data } of standIns) {
		await expect(publish(`before-${credentialType}`)).rejects.toThrow(/redential/);
		const id = await n8n.createCredential(credentialType, 'stand-in', data);
		credentials[credentialType] = { id, name: 'stand-in' };
	}
	await publish('with-all-three');
});
