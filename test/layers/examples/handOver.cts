import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';
import { listenOn, readingServer } from '../../lib/listenOn.cts';
import { until, type Execution } from '../../lib/n8n/index.cts';
import type { Call, LoggedRequest, Stream, StreamDetails } from '../../lib/stand-ins/index.cts';
import {
	fillIn,
	HEADER_AUTH,
	itemsOf,
	LOGIN,
	publishRecipe,
	type Published,
	type Stage,
} from './stage.cts';
import { cameTo, describeCells, type AnyOf, type Cell, type Name } from './cells.cts';
import { callUp, isUp, received, streaming } from './streams.cts';

type Fault = NonNullable<ReturnType<AnyOf['fault']>>;

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
	standIn: AnyOf;
	published: Published;
	/** The address of the document that the caller hears. */
	document: string;
	/** Executions that ended, by their ids. */
	ended: Map<string, Execution>;
}

/** What the answer said, what became of the caller, and what stays in *Executions*. */
interface Outcome {
	status: number;
	result: unknown;
	body: IDataObject;
	execution: Execution;
}

/** An address with the user and the password that stand in it apart. */
function withoutLogin(url: string): { username: string; password: string; address: URL } {
	const address = new URL(url);
	const { username, password } = address;
	Object.assign(address, { username: '', password: '' });
	return { username, password, address };
}

/** Hands requests on to a document's address, late. */
async function startDetour(to: string, delayMs: number) {
	const { username, password, address } = withoutLogin(to);
	const server = readingServer(async ({ headers }, body, response) => {
		await sleep(delayMs);
		const document = await fetch(address, {
			method: 'POST',
			headers: {
				'content-type': headers['content-type'] ?? '',
				...(username && { authorization: `Basic ${btoa(`${username}:${password}`)}` }),
			},
			body,
		});
		response.setHeader('content-type', 'text/xml');
		response.end(await document.text());
	});
	const { url, close } = await listenOn(server);
	return { url: `${url}/late`, close };
}

/** Imports the recipe of one carrier, fills it in and publishes it; `by` is a way round to its document. */
async function publishHandOver(
	stage: Stage,
	name: Name,
	{ by, wait = 1, streamName = '' }: { by?: string; wait?: number; streamName?: string } = {},
): Promise<HandOver> {
	const id = randomUUID();
	const plain = `${stage.n8n.url}/webhook/${id}`;
	const own = new URL(plain);
	if (name === 'vobiz') Object.assign(own, { username: LOGIN.user, password: LOGIN.password });
	const document = by ?? own.href;
	const published = await publishRecipe(`hand-over-${name.toLowerCase()}`, stage, (nodes) => {
		const hook = nodes["Caller's XML"];
		if (!hook || !nodes.Wait) throw new Error('There is no such node');
		// The editor makes it up when the workflow is imported, and the user copies the address.
		hook.webhookId = id;
		nodes.Wait.parameters.amount = wait;
		for (const short of ['Look Again', 'Let It Begin']) {
			const node = nodes[short];
			if (!node) throw new Error(`There is no '${short}'`);
			node.parameters.amount = 1;
		}
		fillIn(nodes['Fill In'], {
			xml_url: document,
			...(streamName && { stream_name: streamName }),
		});
	});
	// n8n needs a moment after publishing before it listens.
	await published.postUntilThere(plain, {});
	return { stage, name, standIn: stage.standIns[name], published, document, ended: new Map() };
}

const posted = ({ name }: HandOver, call: { id: string }, stream?: Stream): object =>
	name === 'signalWire'
		? { CallSid: call.id, ...(stream && { StreamSid: stream.id }) }
		: { CallUUID: call.id, ...(stream && { StreamID: stream.id }) };

/** The runs that began with 'Hand Over' for this call, once there are so many and all have ended; oldest first. */
async function runsOf(
	on: HandOver,
	call: { id: string },
	count: number,
	seconds = 60,
): Promise<Execution[]> {
	const { n8n } = on.stage;
	const filter = encodeURIComponent(JSON.stringify({ workflowId: on.published.saved.id }));
	for (const end = Date.now() + seconds * 1000; ;) {
		const { results } = (await n8n.rest('GET', `/executions?limit=100&filter=${filter}`)) as {
			results: Array<{ id: string; status: string }>;
		};
		if (!results.some(({ status }) => ['new', 'running', 'waiting'].includes(status))) {
			for (const { id } of results) {
				if (on.ended.has(id)) continue;
				const execution = await n8n.execution(id);
				// One that ended just now may not be there as a whole.
				if (Object.keys(execution.data.resultData.runData).length > 0) on.ended.set(id, execution);
			}
			const found = [...on.ended.values()]
				.filter(({ data }) =>
					JSON.stringify(data.resultData.runData['Hand Over'] ?? '').includes(`"${call.id}"`),
				)
				.sort((one, other) => Number(one.id) - Number(other.id));
			if (found.length >= count) return found;
		}
		if (Date.now() > end) throw new Error('The executions do not end');
		await sleep(200);
	}
}

/** Whether n8n has put an execution aside, in its database. */
async function waitingOf({ stage, published }: HandOver): Promise<boolean> {
	const filter = encodeURIComponent(JSON.stringify({ workflowId: published.saved.id }));
	const { results } = (await stage.n8n.rest('GET', `/executions?limit=100&filter=${filter}`)) as {
		results: Array<{ status: string }>;
	};
	return results.some(({ status }) => status === 'waiting');
}

/** Asks for a hand-over, and waits until all that follows has happened. */
async function ask(on: HandOver, call: Call, stream?: Stream, count = 1): Promise<Outcome> {
	const { status, body } = await on.published.ask('Hand Over', posted(on, call, stream));
	await on.standIn.settled();
	const execution = (await runsOf(on, call, count)).at(-1);
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

const WORDS = 'example words of the provider';
const errorBody = ({ provider }: AnyOf, status: number): object =>
	provider === 'signalWire' ? { code: 20000, message: WORDS, status } : { error: WORDS };

/** From here on, what the callers of one carrier hear. */
const nextDocument = ({ standIn }: HandOver): number => standIn.documents.length;

const EVERYWHERE = ['plivo', 'signalWire', 'vobiz'] as const;
const PLIVO_FAMILY = ['vobiz', 'plivo'] as const;

/** What came of it, for the table: the answer, what the caller heard, the call and its streams, and the execution. */
const tells = (
	on: HandOver,
	since: number,
	call: Call,
	{ status, result, execution }: Outcome,
	...streams: readonly Stream[]
): string =>
	[
		`answer ${String(status)} ${String(result)}`,
		`heard: ${heard(on, since).flat().join(' ') || 'nothing new'}`,
		cameTo(on.standIn, call, ...streams),
		`execution: ${execution.status}`,
	].join(', ');

/** The human has the caller, and nothing streams any more. */
function expectHandedOver(
	on: HandOver,
	since: number,
	call: Call,
	outcome: Outcome,
	streams: readonly Stream[],
	status = 'success',
): void {
	const { standIn, name } = on;
	expect(outcome).toMatchObject({ status: 200, result: 'transferred' });
	expect(outcome.execution.status).toBe(status);
	expect(heard(on, since)).toEqual([HEARS_HUMAN(name)]);
	expect(callUp(standIn, call)).toBe(true);
	expect(streams.map((stream) => isUp(standIn, stream))).toEqual(streams.map(() => false));
}

/** The caller is where they were, with their stream. */
function expectUntouched(
	on: HandOver,
	since: number,
	call: Call,
	streams: readonly Stream[],
): void {
	const { standIn } = on;
	expect(heard(on, since)).toEqual([]);
	expect(stops(on, call)).toEqual([]);
	expect(callUp(standIn, call)).toBe(true);
	expect(streams.map((stream) => isUp(standIn, stream))).toEqual(streams.map(() => true));
}

/** That, and the answer says so, and the execution is a failed one. */
function expectNotHandedOver(
	on: HandOver,
	since: number,
	call: Call,
	{ status, result, body, execution: { status: ending, data } }: Outcome,
	streams: readonly Stream[],
	expected: { status: 502 | 504; said?: number },
): void {
	expect([status, result]).toEqual(expected.status === 502 ? [502, 'refused'] : [504, 'not known']);
	expect(body.provider_status).toBe(String(expected.said ?? ''));
	expect([ending, data.resultData.lastNodeExecuted]).toEqual(['error', 'Not Handed Over']);
	expectUntouched(on, since, call, streams);
}

/** No password, key or token in what the nodes behind the webhook gave out. */
function expectNoSecret({ data }: Execution, standIn: AnyOf): void {
	for (const [name, runs] of Object.entries(data.resultData.runData)) {
		// What the user types into 'Fill In' is the user's.
		if (name === 'Hand Over' || name === 'Fill In') continue;
		const text = JSON.stringify(runs.map((run) => run.data?.main));
		for (const secret of [HEADER_AUTH.value, ...standIn.secrets])
			expect(text).not.toContain(secret);
	}
}

const CELLS: ReadonlyArray<Cell<HandOver>> = [
	{
		name: "a voice agent's call is handed over",
		at: EVERYWHERE,
		allWell: true,
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			const streams =
				on.name === 'signalWire' ? [stream] : [stream, on.standIn.startStream(call.id)];
			const outcome = await ask(on, call, stream);
			expectHandedOver(on, since, call, outcome, streams);
			expectNoSecret(outcome.execution, on.standIn);
			return tells(on, since, call, outcome, ...streams);
		},
	},
	{
		name: 'a call with a transcription is handed over',
		at: ['signalWire', 'vobiz', 'plivo'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn);
			const outcome = await ask(on, call, stream);
			expectHandedOver(on, since, call, outcome, [stream]);
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: 'the document of the human comes late',
		at: ['vobiz', 'signalWire', 'plivo'],
		play: async ({ stage, name, document }) => {
			// A stop before it would end the call, since the stream still holds it.
			const slow = await startDetour(document, 2_000);
			try {
				const on = await publishHandOver(stage, name, { by: slow.url });
				const since = nextDocument(on);
				const { call, stream } = streaming(on.standIn, HOLDING);
				const outcome = await ask(on, call, stream);
				expectHandedOver(on, since, call, outcome, [stream]);
				return tells(on, since, call, outcome, stream);
			} finally {
				await slow.close();
			}
		},
	},
	{
		name: 'a call that never had a stream is handed over, and nothing is called proved',
		at: ['plivo', 'signalWire', 'vobiz'],
		play: async (on) => {
			const since = nextDocument(on);
			const call = on.standIn.addCall();
			const outcome = await ask(on, call);
			// SignalWire cannot be asked which streams there are.
			const status = on.name === 'signalWire' ? 'error' : 'success';
			expectHandedOver(on, since, call, outcome, [], status);
			expect(stops(on, call)).toEqual([]);
			if (on.name === 'signalWire') expect(outcome.body.message).toMatch(/no stop is sent/);
			return tells(on, since, call, outcome);
		},
	},
	{
		name: 'the call was over before',
		at: ['signalWire', 'vobiz', 'plivo'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			on.standIn.endCall(call.id);
			const outcome = await ask(on, call, stream);
			expect(outcome).toMatchObject({ status: 200, result: 'over' });
			expect(outcome.execution.status).toBe('success');
			expect([heard(on, since), stops(on, call)]).toEqual([[], []]);
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: 'the caller hangs up between the transfer and the stop',
		at: ['vobiz', 'plivo', 'signalWire'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn);
			on.standIn.fault = (request) => {
				if (isStop(request)) on.standIn.endCall(call.id);
				return undefined;
			};
			const outcome = await ask(on, call, stream);
			expect(outcome).toMatchObject({ status: 200, result: 'transferred' });
			expect(outcome.execution.status).toBe('success');
			expect(isUp(on.standIn, stream)).toBe(false);
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: 'the provider answers 404',
		at: ['plivo', 'signalWire', 'vobiz'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { status: 404, body: errorBody(on.standIn, 404) });
			const outcome = await ask(on, call, stream);
			// It knows no such live call, and its word counts.
			expect(outcome).toMatchObject({
				status: 200,
				result: 'over',
				body: { provider_said: WORDS },
			});
			expectUntouched(on, since, call, [stream]);
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: 'the provider answers 429 once',
		at: ['vobiz', 'plivo', 'signalWire'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { status: 429, body: errorBody(on.standIn, 429) }, 1);
			const outcome = await ask(on, call, stream);
			expectHandedOver(on, since, call, outcome, [stream]);
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: 'the provider answers 429 for as long as anybody waits',
		at: ['signalWire', 'plivo', 'vobiz'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { status: 429, body: errorBody(on.standIn, 429) });
			const outcome = await ask(on, call, stream);
			expectNotHandedOver(on, since, call, outcome, [stream], { status: 502, said: 429 });
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: 'the provider answers 503 for as long as anybody waits, and takes it when asked again',
		at: ['plivo', 'signalWire', 'vobiz'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { status: 503, body: 'Service Unavailable' });
			const outcome = await ask(on, call, stream);
			expectNotHandedOver(on, since, call, outcome, [stream], { status: 504, said: 503 });
			expect(transfers(on, call)).toHaveLength(3);
			const told = tells(on, since, call, outcome, stream);

			on.standIn.fault = () => undefined;
			expectHandedOver(on, since, call, await ask(on, call, stream, 2), [stream]);
			return told;
		},
	},
	{
		name: 'the provider breaks the connection before it acts',
		at: ['vobiz', 'plivo', 'signalWire'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { reset: 'before' });
			const outcome = await ask(on, call, stream);
			expectNotHandedOver(on, since, call, outcome, [stream], { status: 504 });
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: 'the provider takes the transfer, and its answer is lost: at the first try, and at the last',
		at: ['signalWire', 'vobiz', 'plivo'],
		play: async (on) => {
			const told = [];
			for (const nth of [1, 3]) {
				const since = nextDocument(on);
				const { call, stream } = streaming(on.standIn, HOLDING);
				on.standIn.fault = (request) => {
					if (!request.path.includes(call.id) || !isTransfer(request)) return undefined;
					return transfers(on, call).length < nth
						? { status: 503, body: 'Service Unavailable' }
						: { reset: 'after' };
				};
				const outcome = await ask(on, call, stream);
				// One more transfer would throw the human off the line.
				expect(transfers(on, call)).toHaveLength(nth);
				expectHandedOver(on, since, call, outcome, [stream]);
				told.push(tells(on, since, call, outcome, stream));
			}
			return told.join('; ');
		},
	},
	{
		name: 'the provider takes the transfer, and answers after more than the 5 seconds that somebody waits',
		at: ['plivo', 'signalWire', 'vobiz'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { stallMs: 8_000 });
			const outcome = await ask(on, call, stream);
			expect(transfers(on, call)).toHaveLength(1);
			expectHandedOver(on, since, call, outcome, [stream]);
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: 'the provider refuses the transfer, and takes it when asked again',
		at: ['vobiz', 'signalWire', 'plivo'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { status: 403, body: errorBody(on.standIn, 403) });
			const outcome = await ask(on, call, stream);
			expectNotHandedOver(on, since, call, outcome, [stream], { status: 502, said: 403 });
			expect(outcome.body.provider_said).toBe(WORDS);
			expect(JSON.stringify(outcome.execution.data.resultData.error)).toContain(WORDS);
			const told = tells(on, since, call, outcome, stream);

			on.standIn.fault = () => undefined;
			expectHandedOver(on, since, call, await ask(on, call, stream, 2), [stream]);
			return told;
		},
	},
	{
		name: 'the same request comes three times, two of them in the same moment',
		at: ['signalWire', 'plivo', 'vobiz'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			const both = await Promise.all(
				[1, 2].map(async () => await on.published.ask('Hand Over', posted(on, call, stream))),
			);
			expect(both.map(({ status, body }) => [status, body.result]).sort()).toEqual([
				[200, 'already'],
				[200, 'transferred'],
			]);
			await runsOf(on, call, 2);
			const third = await ask(on, call, stream, 3);
			expect(third).toMatchObject({ status: 200, result: 'already' });
			expect(transfers(on, call)).toHaveLength(1);
			expect(heard(on, since)).toEqual([HEARS_HUMAN(on.name)]);
			expect([isUp(on.standIn, stream), callUp(on.standIn, call)]).toEqual([false, true]);
			for (const { status } of await runsOf(on, call, 3)) expect(status).toBe('success');
			return tells(on, since, call, third, stream);
		},
	},
	{
		name: 'nobody takes the call, and the agent to whom the caller comes back hands it over again',
		at: ['plivo', 'signalWire', 'vobiz'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			expectHandedOver(on, since, call, await ask(on, call, stream), [stream]);
			const [ran] = on.standIn.documents.slice(since);
			if (!ran) throw new Error('The caller heard nothing');
			const { username, password, address } = withoutLogin(ran.url);
			const document = await fetch(address, {
				method: 'POST',
				headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` },
			});
			const [, after = ''] =
				/<\/Dial>\s*<(?:Say|Speak)>[^<]+<\/(?:Say|Speak)>\s*<Redirect method="POST">(http[^<]+)<\/Redirect>\s*<\/Response>/.exec(
					await document.text(),
				) ?? [];
			on.standIn.goOn(call, after.replaceAll('&amp;', '&'));
			await on.standIn.settled();
			expect(on.standIn.documents.slice(since + 1).map(({ url, verbs }) => [url, verbs])).toEqual([
				[`${ran.url}&done=1`, ['Redirect']],
				[`${on.stage.documents.url}/back`, ['Dial']],
			]);

			const next = nextDocument(on);
			const again = on.standIn.startStream(call.id, HOLDING);
			// The agent posts what it posted before.
			const outcome = await ask(on, call, stream, 2);
			expectHandedOver(on, next, call, outcome, [again]);
			return tells(on, next, call, outcome, again);
		},
	},
	{
		name: 'somebody asks without the key, or with dots in place of an id',
		at: ['vobiz', 'plivo', 'signalWire'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			const before = on.standIn.requests.length;
			expect((await on.published.ask('Hand Over', posted(on, call, stream), {})).status).toBe(403);
			const dots = { ...call, id: '..' };
			const outcome = await ask(on, dots, stream);
			expect(outcome).toMatchObject({ status: 400, result: 'not handed over' });
			expect(outcome.execution.status).toBe('error');
			expect(on.standIn.requests.slice(before)).toEqual([]);
			expectUntouched(on, since, call, [stream]);
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: 'whoever guessed the address asks for the document, with the number of a hand-over',
		at: ['plivo', 'signalWire', 'vobiz'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn, HOLDING);
			failing(on, call, isTransfer, { reset: 'before' });
			const answer = ask(on, call, stream);
			const sent = await until('A transfer', 30, () => transfers(on, call)[0]);
			const [, ticket = ''] = /hand_over(?:=|%3D)(\d+)/.exec(sent.body) ?? [];
			expect(ticket).not.toBe('');
			const { address } = withoutLogin(on.document);
			const forged = await fetch(`${address.href}?hand_over=${ticket}`, {
				method: 'POST',
				headers: { 'content-type': 'application/x-www-form-urlencoded' },
				body: new URLSearchParams({ CallUUID: call.id, CallSid: call.id }).toString(),
			});
			expect(forged.status).toBe(on.name === 'vobiz' ? 401 : 200);
			const outcome = await answer;
			expectNotHandedOver(on, since, call, outcome, [stream], { status: 504 });
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: 'the stop is not let in, and is when asked again',
		at: ['signalWire', 'plivo', 'vobiz'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn);
			failing(on, call, isStop, { status: 401, body: errorBody(on.standIn, 401) });
			const outcome = await ask(on, call, stream);
			expect(outcome).toMatchObject({ status: 200, result: 'transferred' });
			expect(heard(on, since)).toEqual([HEARS_HUMAN(on.name)]);
			expect(callUp(on.standIn, call)).toBe(true);
			// Vobiz's transfer ends the streams; only that could not be confirmed.
			expect(isUp(on.standIn, stream)).toBe(on.name !== 'vobiz');
			const { status, data } = outcome.execution;
			expect([status, data.resultData.lastNodeExecuted]).toEqual([
				'error',
				'A Stream May Still Run',
			]);
			expect(JSON.stringify(data.resultData.error)).toContain(call.id);
			// No later try would be let in either.
			expect(data.resultData.runData.Wait).toBeUndefined();
			const told = tells(on, since, call, outcome, stream);

			on.standIn.fault = () => undefined;
			const again = await ask(on, call, stream, 2);
			expect(again).toMatchObject({ status: 200, result: 'already' });
			expect(again.execution.status).toBe('success');
			expect(transfers(on, call)).toHaveLength(1);
			expect([isUp(on.standIn, stream), callUp(on.standIn, call)]).toEqual([false, true]);
			return told;
		},
	},
	{
		name: 'the provider answers 503 to the first stops',
		at: ['plivo', 'signalWire', 'vobiz'],
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn);
			// The node sends a stop four times by itself.
			failing(on, call, isStop, { status: 503, body: 'Service Unavailable' }, 6);
			const outcome = await ask(on, call, stream);
			expectHandedOver(on, since, call, outcome, [stream]);
			expect(outcome.execution.data.resultData.runData.Wait).toHaveLength(1);
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: 'the streams of the call can neither be listed nor stopped at once: the posted one is stopped later',
		at: PLIVO_FAMILY,
		play: async (on) => {
			const since = nextDocument(on);
			const { call, stream } = streaming(on.standIn);
			// The list twice, and then the stop of all streams, which the node sends four times by itself.
			failing(
				on,
				call,
				(request) => isList(request) || isStop(request),
				{ status: 503, body: 'Service Unavailable' },
				6,
			);
			const outcome = await ask(on, call, stream);
			expectHandedOver(on, since, call, outcome, [stream]);
			expect(itemsOf(outcome.execution, 'Stop All Streams')).toHaveLength(1);
			expect(itemsOf(outcome.execution, 'Stop Each Stream')).toMatchObject([{ stream: stream.id }]);
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: "a wrong Stream SID is posted: the human's cXML stops the stream by its name",
		at: ['signalWire'],
		play: async ({ stage, name, standIn }) => {
			const streamName = 'Tom & "Jerry"';
			const on = await publishHandOver(stage, name, { streamName });
			const since = nextDocument(on);
			const { call, stream } = streaming(standIn, { name: streamName });
			const outcome = await ask(on, call, { ...stream, id: 'another-stream' });
			expect(outcome).toMatchObject({ status: 200, result: 'transferred' });
			expect(heard(on, since)).toEqual([['Stop', ...HEARS_HUMAN(name)]]);
			expect([isUp(standIn, stream), callUp(standIn, call)]).toEqual([false, true]);
			return tells(on, since, call, outcome, stream);
		},
	},
	{
		name: '10000 to a call that is over, and 21220 to one that still rings',
		at: ['signalWire'],
		play: async (on) => {
			const { signalWire } = on.stage.standIns;
			const since = nextDocument(on);
			const { call, stream } = streaming(signalWire, HOLDING);
			signalWire.endCall(call.id);
			const usual = signalWire.endedCall;
			signalWire.endedCall = { code: 10000, status: 422 };
			const over = await ask(on, call, stream);
			signalWire.endedCall = usual;
			expect(over).toMatchObject({ status: 200, result: 'over' });
			expect(over.execution.status).toBe('success');

			const ringing = signalWire.addCall({ status: 'ringing' });
			const refused = await ask(on, ringing);
			expectNotHandedOver(on, since, ringing, refused, [], { status: 502, said: 400 });
			return tells(on, since, call, over, stream);
		},
	},
];

/** What can happen to a hand-over. */
export const describeHandOver = (getStage: () => Stage, whole: boolean): void =>
	describeCells(
		'Hand-over to a human',
		whole,
		CELLS,
		async (name) => await publishHandOver(getStage(), name),
	);

/** n8n keeps a wait of more than 65 seconds in its database. */
const KEPT_SECONDS = 67;

/** Restarts n8n while a stop is under way, and while stops are to be sent again. */
export function describeHandOverRestart(getStage: () => Stage): void {
	test('Hand-over to a human: n8n restarts before the stop is answered, and whoever asks again stops the stream', async () => {
		const begun = await Promise.all(
			EVERYWHERE.map(async (name) => {
				const on = await publishHandOver(getStage(), name);
				const since = nextDocument(on);
				const { call, stream } = streaming(on.standIn);
				failing(on, call, isStop, { stallMs: 120_000 });
				const answer = on.published.ask('Hand Over', posted(on, call, stream));
				const lost = answer.then(
					({ status, body }) => ({ status, body }),
					() => undefined,
				);
				await until(`The stop at ${name}`, 60, () => stops(on, call)[0]);
				return { on, since, call, stream, lost };
			}),
		);
		await getStage().n8n.restart();
		for (const { on, since, call, stream, lost } of begun) {
			on.standIn.fault = () => undefined;
			// Nobody is told that the stream is down.
			expect([undefined, 'transferred']).toContain((await lost)?.body.result);
			expect(heard(on, since)).toEqual([HEARS_HUMAN(on.name)]);
			expect(callUp(on.standIn, call)).toBe(true);
			const again = await ask(on, call, stream);
			expect(again).toMatchObject({ status: 200, result: 'already' });
			expect(again.execution.status).toBe('success');
			expect(transfers(on, call)).toHaveLength(1);
			expect([isUp(on.standIn, stream), callUp(on.standIn, call)]).toEqual([false, true]);
		}
	});

	test('Hand-over to a human: a stop that is to be sent again survives a restart of n8n', async () => {
		const begun = await Promise.all(
			EVERYWHERE.map(async (name) => {
				const on = await publishHandOver(getStage(), name, { wait: KEPT_SECONDS });
				const { call, stream } = streaming(on.standIn);
				// The node sends a stop four times by itself.
				failing(on, call, isStop, { status: 503, body: 'Service Unavailable' }, 4);
				const { body } = await on.published.ask('Hand Over', posted(on, call, stream));
				expect(body.result).toBe('transferred');
				return { on, call, stream };
			}),
		);
		for (const { on } of begun) {
			await until(`The wait at ${on.name}`, 60, async () => (await waitingOf(on)) || undefined);
		}
		await getStage().n8n.restart();
		for (const { on, call, stream } of begun) {
			const [execution] = await runsOf(on, call, 1, 3 * KEPT_SECONDS);
			expect(execution?.status).toBe('success');
			expect([isUp(on.standIn, stream), callUp(on.standIn, call)]).toEqual([false, true]);
		}
	});
}
