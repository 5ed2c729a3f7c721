// Nodes that lie: each must be caught by the judge of the chaos runs, and the true node must not.

import type { IDataObject, IExecuteFunctions, INodeType } from 'n8n-workflow';

import { loadPackage } from '../../lib/engine.cts';
import { executeIn } from '../../lib/execute.cts';
import { listen } from '../../lib/opened.cts';
import { KIND_NAMES, type KindName } from './faults.cts';
import { TIMEOUT, type Settings } from './plan.cts';
import { playChaos, type Play } from './play.cts';

/** One stream by fields and by event, and all of a call, in a mode in which each item says all of itself. */
const PLAIN: Partial<Settings> = {
	streamBy: 'sid',
	onError: 'continueRegularOutput',
	options: {
		timeout: TIMEOUT,
		maxRetries: 2,
		maxConcurrency: 8,
		whenNothingToStop: 'failIfLive',
		confirm: false,
		includeResponse: false,
	},
};
const PLAY: Omit<Play, 'kinds'> = {
	seed: 'lies',
	executions: 3,
	items: 60,
	accounts: 3,
	settings: [
		{ ...PLAIN, operation: 'stopStream', source: 'fields' },
		{ ...PLAIN, operation: 'stopStream', source: 'event' },
		{ ...PLAIN, operation: 'stopAllStreams', source: 'fields' },
	],
};

/** What a node that lies makes of an item's output. */
type Lie = (json: IDataObject, place: number) => IDataObject;

/** The true node, run in another way. */
async function trueNode(
	run: (context: IExecuteFunctions, node: INodeType) => ReturnType<typeof executeIn>,
): Promise<INodeType> {
	const { node } = await loadPackage();
	return {
		description: node.description,
		async execute(this: IExecuteFunctions) {
			return await run(this, node);
		},
	};
}

/** The true node, whose output a lie changes. */
const lying = async (lie: Lie) =>
	await trueNode(async (context, node) =>
		(await executeIn(context, node)).map((items) =>
			items.map((item, place) => ({ ...item, json: lie(item.json, place) })),
		),
	);

/** The true node, in a context of which something is changed. */
const within = async (change: (context: IExecuteFunctions) => Partial<IExecuteFunctions>) =>
	await trueNode(async (context, node) => {
		const changed = Object.create(context) as IExecuteFunctions;
		return await executeIn(Object.assign(changed, change(context)), node);
	});

/** The true node, which sends to where `reroute` says. */
const rerouted = async (reroute: (url: string) => string) =>
	await within((context) => {
		const { helpers } = context;
		const send = helpers.httpRequestWithAuthentication.bind(context);
		return {
			helpers: {
				...helpers,
				httpRequestWithAuthentication: async (type, options, more): Promise<unknown> =>
					await send(type, { ...options, url: reroute(options.url) }, more),
			},
		};
	});

/** One URL in ten, always the same ones. */
const isTenth = (url: string) => Buffer.from(url).reduce((sum, byte) => sum + byte, 0) % 10 === 0;

const wrongWith = async (nodeType?: INodeType, kinds: Play['kinds'] = []) =>
	(await playChaos({ ...PLAY, kinds, ...(nodeType && { nodeType }) })).wrong;

test('the true node is believed, with faults and without', async () => {
	expect(await wrongWith()).toEqual([]);
	expect(await wrongWith(undefined, KIND_NAMES)).toEqual([]);
}, 180_000);

const LIES: Array<[string, Lie, RegExp, KindName?]> = [
	[
		'reports a clean 204 as failed',
		(json) =>
			json.statusCode === 204 && json.status === 'stopped'
				? {
						...json,
						status: 'failed',
						stopped: false,
						failure: 'unavailable',
						error: 'x',
						message: 'y',
					}
				: json,
		/failed \(unavailable\) without a fault/,
	],
	[
		'reports status code 599',
		(json) => ({ ...json, statusCode: 599 }),
		/statusCode 599, and the provider's was/,
	],
	[
		'counts one attempt too many',
		(json) => ({ ...json, attempts: Number(json.attempts) + 1 }),
		/attempts, and \d stops arrived/,
	],
	[
		"says 'stopped' of what it did not find",
		(json) => (json.status === 'notFound' ? { ...json, status: 'stopped', stopped: true } : json),
		/stopped without a fault/,
	],
	[
		"says 'alreadyStopped' of a wrong id",
		(json) =>
			json.status === 'notFound' && json.callState === 'live'
				? { ...json, status: 'alreadyStopped', stopped: true }
				: json,
		/of an id that nobody knows, on a call that is up/,
	],
	[
		"says 'notFound' of what had ended",
		(json) =>
			json.status === 'alreadyStopped' ? { ...json, status: 'notFound', stopped: false } : json,
		/notFound, and it could be read that it had ended/,
	],
	[
		"says 'stopped: true' with any status",
		(json) => ({ ...json, stopped: true }),
		/with stopped: true/,
	],
	[
		'mixes up two calls',
		(json, place) => (place === 3 ? { ...json, callId: 'x' } : json),
		/another call/,
	],
	[
		'says that an ended call is live',
		(json) => (json.callState === 'ended' ? { ...json, callState: 'live' } : json),
		/a live call that had ended/,
	],
	[
		'does not fail where a stream may still run',
		(json) => (json.failure === 'nothingToStop' ? { ...json, status: 'notFound' } : json),
		/notFound, and a stream may still run/,
	],
	[
		'fails where nothing can run',
		(json) =>
			json.callState === 'notFound'
				? { ...json, status: 'failed', failure: 'nothingToStop' }
				: json,
		/complains of/,
	],
	[
		'takes the words of a refusal for the end of the call',
		(json) =>
			json.failure === 'rejected' ? { ...json, status: 'alreadyStopped', stopped: true } : json,
		/alreadyStopped after 'refusal as of an ended call'/,
		'refusal as of an ended call',
	],
	[
		"says 'stopped' of an empty success",
		(json) => (json.status === 'accepted' ? { ...json, status: 'stopped', stopped: true } : json),
		/stopped after 'empty success of all streams'/,
		'empty success of all streams',
	],
];

test.each(LIES.map(([name, ...about]) => [name, about] as const))(
	'a node that %s is caught',
	async (_name, [lie, complaint, kind]) => {
		const wrong = await wrongWith(await lying(lie), kind && [kind]);
		expect(wrong.filter((line) => complaint.test(line)).length).toBeGreaterThan(0);
	},
	60_000,
);

test('a node that sends the stops of one call in ten elsewhere is caught', async () => {
	const other = await listen((_request, response) => {
		response.writeHead(204).end();
	});
	const elsewhere = (url: string) =>
		isTenth(url) ? url.replace(new URL(url).origin, other.url) : url;
	const wrong = await wrongWith(await rerouted(elsewhere));
	expect(
		wrong.filter((line) => line.includes('no stop arrived, and it says')).length,
	).toBeGreaterThan(0);
}, 60_000);

test('a node that stops another call than the one it was asked to is caught', async () => {
	const before = new Map<string, string>();
	// What was sent before to the same account: another one would refuse it, and no stop would arrive.
	const mixedUp = (url: string) => {
		const { origin } = new URL(url);
		const earlier = before.get(origin) ?? url;
		before.set(origin, url);
		return isTenth(url) ? earlier : url;
	};
	const wrong = await wrongWith(await rerouted(mixedUp));
	expect(wrong.filter((line) => line.includes('stops arrived')).length).toBeGreaterThan(0);
}, 60_000);

test("a node that uses the first item's account for all is caught", async () => {
	const wrong = await wrongWith(
		await within((context) => ({
			getCredentials: async <T extends object>(type: string) =>
				await context.getCredentials<T>(type, 0),
		})),
	);
	expect(wrong.filter((line) => line.includes('is about no call of')).length).toBeGreaterThan(0);
}, 60_000);
