import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';
import type { Execution } from '../../lib/n8n/index.cts';
import type {
	AnyStandIn,
	Call,
	LoggedRequest,
	Stream,
	StreamDetails,
} from '../../lib/stand-ins/index.cts';
import {
	fillIn,
	itemsOf,
	LOGIN,
	publishRecipe,
	type Published,
	type Stage,
	type StandIns,
} from './stage.cts';
import { callUp, isUp, received, streaming } from './streams.cts';

type Name = keyof StandIns;
type Fault = NonNullable<ReturnType<AnyStandIn['fault']>>;

/** What the stream of a voice agent does: it holds the call. */
const HOLDING: StreamDetails = { keepsCallAlive: true, bidirectional: true };

const isTransfer = ({ method, path }: LoggedRequest): boolean =>
	method === 'POST' && !/\/Streams?\//.test(path);
const isStop = ({ method, path }: LoggedRequest): boolean =>
	method !== 'GET' && /\/Streams?\//.test(path);
const isList = ({ method, path }: LoggedRequest): boolean =>
	method === 'GET' && /\/Stream\/(\?|$)/.test(path);

/** One published hand-over, and what one asks of it. */
interface HandOver {
	stage: Stage;
	name: Name;
	standIn: AnyStandIn;
	published: Published;
	/** The address of the document that the caller hears. */
	document: string;
}

/** What the answer said, what became of the caller, and what stays in *Executions*. */
interface Outcome {
	status: number;
	result: unknown;
	body: IDataObject;
	execution: Execution;
}

/** Imports the recipe of one carrier, fills it in and publishes it. */
export async function publishHandOver(stage: Stage, name: Name): Promise<HandOver> {
	const id = randomUUID();
	const address = new URL(`${stage.n8n.url}/webhook/${id}`);
	if (name === 'vobiz') Object.assign(address, { username: LOGIN.user, password: LOGIN.password });
	const published = await publishRecipe(`hand-over-${name.toLowerCase()}`, stage, (nodes) => {
		const hook = nodes["Caller's Document"];
		const wait = nodes.Wait;
		if (!hook || !wait) throw new Error('There is no such node');
		// The editor makes it up when the workflow is imported, and the user copies the address.
		hook.webhookId = id;
		wait.parameters.amount = 1;
		fillIn(nodes['Fill In'], { document: address.href });
	});
	// n8n needs a moment after publishing before it listens.
	await published.postUntilThere(`${stage.n8n.url}/webhook/${id}`, {});
	return { stage, name, standIn: stage.standIns[name], published, document: address.href };
}

const posted = ({ name }: HandOver, call: { id: string }, stream?: Stream): object =>
	name === 'signalWire'
		? { CallSid: call.id, ...(stream && { StreamSid: stream.id }) }
		: { CallUUID: call.id, ...(stream && { StreamID: stream.id }) };

/** The runs of a workflow that began with 'Hand Over' for this call, once all have ended; oldest first. */
async function runsOf({ stage, published }: HandOver, call: { id: string }): Promise<Execution[]> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId: published.saved.id }));
	for (const end = Date.now() + 60_000; ;) {
		const { results } = (await stage.n8n.rest('GET', `/executions?limit=100&filter=${filter}`)) as {
			results: Array<{ id: string; status: string }>;
		};
		const open = results.filter(({ status }) => ['new', 'running', 'waiting'].includes(status));
		if (open.length === 0) {
			const all = await Promise.all(results.map(async ({ id }) => await stage.n8n.execution(id)));
			return all
				.filter(({ data }) => data.resultData.runData['Hand Over'])
				.filter(({ data }) => JSON.stringify(data.resultData.runData['Hand Over']).includes(call.id))
				.sort((one, other) => Number(one.id) - Number(other.id));
		}
		if (Date.now() > end) throw new Error('The executions do not end');
		await sleep(200);
	}
}

/** Asks for a hand-over, and waits until all that follows has happened. */
async function ask(on: HandOver, call: Call, stream?: Stream): Promise<Outcome> {
	const { status, body } = await on.published.ask('Hand Over', posted(on, call, stream));
	await on.standIn.settled();
	const execution = (await runsOf(on, call)).at(-1);
	if (!execution) throw new Error('It has not run');
	return { status, result: body.result, body, execution };
}

/** Fails those requests about a call for which `which` is true, the first `times` of them. */
function failing(
	{ standIn }: HandOver,
	call: Call,
	which: (request: LoggedRequest) => boolean,
	fault: Fault,
	times = Infinity,
): void {
	let left = times;
	standIn.fault = (request) => {
		if (!request.path.includes(call.id) || !which(request) || left === 0) return undefined;
		left -= 1;
		return fault;
	};
}

/** How often the caller was moved to the human, and what was heard there. */
const transfers = ({ standIn }: HandOver, call: Call): LoggedRequest[] =>
	received(standIn, call).filter(isTransfer);
const stops = ({ standIn }: HandOver, call: Call): LoggedRequest[] =>
	received(standIn, call).filter(isStop);
const heard = ({ standIn, document }: HandOver, since: number): string[][] =>
	standIn.documents
		.slice(since)
		.filter(({ url }) => url.split('?')[0] === document)
		.map(({ verbs, error }) => (error ? [error] : verbs));

const HEARS_HUMAN = (name: Name): string[] =>
	name === 'signalWire' ? ['Say', 'Dial'] : ['Speak', 'Dial'];

const errorBody = ({ provider }: AnyStandIn, status: number, words: string): object =>
	provider === 'signalWire' ? { code: 10000, message: words, status } : { error: words };

/** One thing that can happen, and what must then be true. */
export interface Cell {
	happens: string;
	/** Run with every change; the others by `npm run test:recipes`. */
	always?: true;
	only?: readonly Name[];
	play: (on: HandOver) => Promise<void>;
}

/** The human has the caller, and nothing streams any more. */
function expectHandedOver(on: HandOver, since: number, call: Call, streams: readonly Stream[]) {
	const { standIn, name } = on;
	expect(heard(on, since)).toEqual([HEARS_HUMAN(name)]);
	expect(callUp(standIn, call)).toBe(true);
	expect(streams.map((stream) => isUp(standIn, stream))).toEqual(streams.map(() => false));
}

/** The caller is where they were, with their stream. */
function expectUntouched(on: HandOver, since: number, call: Call, streams: readonly Stream[]) {
	const { standIn } = on;
	expect(heard(on, since)).toEqual([]);
	expect(stops(on, call)).toEqual([]);
	expect(callUp(standIn, call)).toBe(true);
	expect(streams.map((stream) => isUp(standIn, stream))).toEqual(streams.map(() => true));
}

const nextDocument = ({ standIn }: HandOver): number => standIn.documents.length;

const lastNode = ({ data }: Execution): unknown => data.resultData.lastNodeExecuted;

const words = 'example words of the provider';

/** What can happen to a hand-over. */
export const HAND_OVER_CELLS: readonly Cell[] = [
	{
		happens: "a voice agent's call is handed over",
		always: true,
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			const also = on.name === 'signalWire' ? [] : [on.standIn.startStream(call.id)];

			const { status, result, execution } = await ask(on, call, stream);

			expect([status, result, execution.status]).toEqual([200, 'transferred', 'success']);
			expectHandedOver(on, since, call, [stream, ...also]);
			// A stream that was stopped first would have ended this call.
			expect(transfers(on, call)[0]?.at).toBeLessThanOrEqual(stops(on, call)[0]?.at ?? 0);
		},
	},
	{
		happens: 'a call with a transcription is handed over',
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn);
			const { status, result, execution } = await ask(on, call, stream);
			expect([status, result, execution.status]).toEqual([200, 'transferred', 'success']);
			expectHandedOver(on, since, call, [stream]);
		},
	},
	{
		happens: 'a call that never had a stream is handed over, and nothing is called proved',
		play: async (on) => {
			const since = nextDocument(on);
			const call = on.standIn.addCall();
			const { status, result, execution } = await ask(on, call);
			expect([status, result]).toEqual([200, 'transferred']);
			// SignalWire cannot be asked which streams there are.
			expect(execution.status).toBe(on.name === 'signalWire' ? 'error' : 'success');
			expectHandedOver(on, since, call, []);
			expect(stops(on, call)).toEqual([]);
		},
	},
	{
		happens: 'the call was over before',
		always: true,
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			on.standIn.endCall(call.id);
			const { status, result, body, execution } = await ask(on, call, stream);
			expect([status, result, execution.status]).toEqual([200, 'over', 'success']);
			expect(body.message).toContain('is over');
			expect([heard(on, since), stops(on, call)]).toEqual([[], []]);
		},
	},
	{
		happens: 'the caller hangs up between the transfer and the stop',
		play: async (on) => {
			const { call, stream } = streaming(on.standIn);
			on.standIn.fault = (request) => {
				if (isStop(request)) on.standIn.endCall(call.id);
				return undefined;
			};
			const { status, result, execution } = await ask(on, call, stream);
			expect([status, result, execution.status]).toEqual([200, 'transferred', 'success']);
			expect(isUp(on.standIn, stream)).toBe(false);
		},
	},
	...[
		{ answers: '404', status: 404, always: undefined },
		{ answers: '429 once', status: 429, always: true as const },
	].map(
		({ answers, status: code, always }): Cell => ({
			happens: `the provider answers ${answers} to the transfer`,
			always,
			play: async (on) => {
				const since = nextDocument(on);
				const { call, stream } = streaming(on.standIn, HOLDING);
				failing(on, call, isTransfer, { status: code, body: errorBody(on.standIn, code, words) }, 1);
				const { status, result, execution } = await ask(on, call, stream);
				if (code === 404) {
					// The provider knows no such live call, and its word counts.
					expect([status, result, execution.status]).toEqual([200, 'over', 'success']);
					expectUntouched(on, since, call, [stream]);
				} else {
					expect([status, result, execution.status]).toEqual([200, 'transferred', 'success']);
					expectHandedOver(on, since, call, [stream]);
				}
			},
		}),
	),
	{
		happens: 'the provider answers 429 for as long as anybody waits',
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { status: 429, body: errorBody(on.standIn, 429, words) });
			const { status, result, body, execution } = await ask(on, call, stream);
			expect([status, result, execution.status]).toEqual([502, 'refused', 'error']);
			expect(body).toMatchObject({ provider_status: '429', provider_said: words });
			expectUntouched(on, since, call, [stream]);
		},
	},
	{
		happens: 'the provider answers 503 for as long as anybody waits, and then works',
		always: true,
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { status: 503, body: 'Service Unavailable' });
			const { status, result, body, execution } = await ask(on, call, stream);
			expect([status, result, execution.status]).toEqual([504, 'not known', 'error']);
			expect(body.provider_status).toBe('503');
			expect(lastNode(execution)).toBe('Not Handed Over');
			expect(transfers(on, call)).toHaveLength(3);
			expectUntouched(on, since, call, [stream]);

			on.standIn.fault = () => undefined;
			expect(await ask(on, call, stream)).toMatchObject({ status: 200, result: 'transferred' });
			expectHandedOver(on, since, call, [stream]);
		},
	},
	{
		happens: 'the provider breaks the connection before it acts',
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { reset: 'before' });
			const { status, result, execution } = await ask(on, call, stream);
			expect([status, result, execution.status]).toEqual([504, 'not known', 'error']);
			expectUntouched(on, since, call, [stream]);
		},
	},
	{
		happens: 'the provider takes the transfer, and its answer is lost',
		always: true,
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { reset: 'after' });
			const { status, result, execution } = await ask(on, call, stream);
			// A second transfer would throw the human off the line.
			expect(transfers(on, call)).toHaveLength(1);
			expect([status, result, execution.status]).toEqual([200, 'transferred', 'success']);
			expectHandedOver(on, since, call, [stream]);
		},
	},
	{
		happens: 'the provider answers after more than the 5 seconds that somebody waits',
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { stallMs: 8_000 });
			const { status, result, execution } = await ask(on, call, stream);
			expect(transfers(on, call)).toHaveLength(1);
			expect([status, result, execution.status]).toEqual([200, 'transferred', 'success']);
			expectHandedOver(on, since, call, [stream]);
		},
	},
	{
		happens: 'the provider refuses the transfer, and takes it later',
		always: true,
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { status: 403, body: errorBody(on.standIn, 403, words) });
			const { status, result, body, execution } = await ask(on, call, stream);
			expect([status, result, execution.status]).toEqual([502, 'refused', 'error']);
			expect(body).toMatchObject({ provider_status: '403', provider_said: words });
			expect(JSON.stringify(execution.data.resultData.error)).toContain(words);
			expectUntouched(on, since, call, [stream]);

			on.standIn.fault = () => undefined;
			expect(await ask(on, call, stream)).toMatchObject({ status: 200, result: 'transferred' });
			expectHandedOver(on, since, call, [stream]);
		},
	},
	{
		happens: 'the same request comes twice, and once more when the human talks',
		always: true,
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			const all = await Promise.all(
				[1, 2].map(async () => await on.published.ask('Hand Over', posted(on, call, stream))),
			);
			await on.standIn.settled();
			expect(all.map(({ status }) => status)).toEqual([200, 200]);
			expect(all.map(({ body }) => body.result).sort()).toEqual(['already', 'transferred']);
			expect(await ask(on, call, stream)).toMatchObject({ status: 200, result: 'already' });
			expect(transfers(on, call)).toHaveLength(1);
			expectHandedOver(on, since, call, [stream]);
			for (const { status } of await runsOf(on, call)) expect(status).toBe('success');
		},
	},
	{
		happens: 'nobody takes the call, and the agent to whom the caller came back hands it over again',
		play: async (on) => {
			const { call, stream } = streaming(on.standIn, HOLDING);
			expect(await ask(on, call, stream)).toMatchObject({ result: 'transferred' });
			const text = await (await fetch(on.document.replace(/\/\/.*@/, '//'), {
				method: 'POST',
				headers: { authorization: `Basic ${btoa(`${LOGIN.user}:${LOGIN.password}`)}` },
			})).text();
			expect(text).toMatch(/<\/Dial>\s*<(Say|Speak)>[^<]+<\/\1>\s*<Redirect method="POST">[^<]+\/back</);
			const again = on.standIn.startStream(call.id, HOLDING);
			expect(await ask(on, call, again)).toMatchObject({ status: 200, result: 'transferred' });
			expect(transfers(on, call)).toHaveLength(2);
			expect(isUp(on.standIn, again)).toBe(false);
		},
	},
	{
		happens: 'somebody asks without the key, or with dots in place of an id',
		always: true,
		play: async (on) => {
			const { call, stream } = streaming(on.standIn, HOLDING);
			const before = on.standIn.requests.length;
			expect((await on.published.ask('Hand Over', posted(on, call, stream), {})).status).toBe(403);
			const dots = await on.published.ask('Hand Over', posted(on, { id: '..' }, stream));
			expect([dots.status, dots.body.result]).toEqual([400, 'not handed over']);
			expect(on.standIn.requests.slice(before)).toEqual([]);
			expect([isUp(on.standIn, stream), callUp(on.standIn, call)]).toEqual([true, true]);
			expect((await runsOf(on, { id: '".."' })).at(-1)?.status).toBe('error');
		},
	},
	{
		happens: 'the stop is refused',
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn);
			failing(on, call, isStop, { status: 401, body: errorBody(on.standIn, 401, words) });
			on.standIn.startStream(on.standIn.addCall().id);
			const { status, result, execution } = await ask(on, call, stream);
			expect([status, result]).toEqual([200, 'transferred']);
			expect(heard(on, since)).toEqual([HEARS_HUMAN(on.name)]);
			expect(callUp(on.standIn, call)).toBe(true);
			if (on.name === 'vobiz') {
				// Its transfer ends the streams; only that could not be confirmed.
				expect(isUp(on.standIn, stream)).toBe(false);
			} else expect(isUp(on.standIn, stream)).toBe(true);
			// No later try would be let in either.
			expect([execution.status, lastNode(execution)]).toEqual(['error', 'A Stream May Still Run']);
			expect(execution.data.resultData.runData.Wait).toBeUndefined();
		},
	},
	{
		happens: 'the provider answers 503 to the first stops',
		always: true,
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn);
			// The node sends a stop four times by itself.
			failing(on, call, isStop, { status: 503, body: 'Service Unavailable' }, 6);
			const { status, result, execution } = await ask(on, call, stream);
			expect([status, result, execution.status]).toEqual([200, 'transferred', 'success']);
			expect(execution.data.resultData.runData.Wait).toHaveLength(1);
			expectHandedOver(on, since, call, [stream]);
		},
	},
	{
		happens: 'the streams of the call cannot be listed',
		only: ['plivo', 'vobiz'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn);
			failing(on, call, isList, { status: 503, body: 'Service Unavailable' }, 2);
			const { status, result, execution } = await ask(on, call, stream);
			expect([status, result, execution.status]).toEqual([200, 'transferred', 'success']);
			expect(itemsOf(execution, 'Stop All Streams')).toHaveLength(1);
			expectHandedOver(on, since, call, [stream]);
		},
	},
	{
		happens: 'SignalWire says 10000 to a call that is over, and 21220 to one that still rings',
		only: ['signalWire'],
		play: async (on) => {
			const { signalWire } = on.stage.standIns;
			const { call, stream } = streaming(signalWire, HOLDING);
			signalWire.endCall(call.id);
			const usual = signalWire.endedCall;
			signalWire.endedCall = { code: 10000, status: 422 };
			const over = await ask(on, call, stream);
			signalWire.endedCall = usual;
			expect([over.status, over.result, over.execution.status]).toEqual([200, 'over', 'success']);

			const ringing = signalWire.addCall({ status: 'ringing' });
			const refused = await ask(on, ringing);
			expect([refused.status, refused.result]).toEqual([502, 'refused']);
			expect(refused.execution.status).toBe('error');
			expect(callUp(signalWire, ringing)).toBe(true);
		},
	},
	{
		happens: 'somebody who is not the provider asks for the document',
		play: async (on) => {
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { status: 503, body: 'Service Unavailable' });
			const answer = on.published.ask('Hand Over', posted(on, call, stream));
			// Whoever guessed the address sees the document, and proves nothing by it.
			for (let guess = 1; guess < 60; guess += 1) {
				const forged = await fetch(`${on.document.replace(/\/\/.*@/, '//')}?hand_over=${String(guess)}`, {
					method: 'POST',
				});
				expect(forged.status).toBe(on.name === 'vobiz' ? 401 : 200);
			}
			expect((await answer).body.result).toBe('not known');
			expect([isUp(on.standIn, stream), callUp(on.standIn, call)]).toEqual([true, true]);
		},
	},
];

/** The cells of one carrier. */
export const cellsFor = (name: Name, all: boolean): Cell[] =>
	HAND_OVER_CELLS.filter(({ always, only }) => (all || always) && (only?.includes(name) ?? true));

/** Runs the cells, for each carrier. */
export function describeHandOver(getStage: () => Stage, { all }: { all: boolean }): void {
	describe.each(['plivo', 'signalWire', 'vobiz'] as const)('hand-over, %s', (name) => {
		let on: HandOver;
		beforeAll(async () => {
			on = await publishHandOver(getStage(), name);
		});
		afterEach(() => {
			on.standIn.fault = () => undefined;
			on.standIn.expectOnContract();
		});
		test.each(cellsFor(name, all))('$happens', async ({ play }) => {
			await play(on);
		});
	});
}
