import type { IDataObject } from 'n8n-workflow';
import type { Execution } from '../../lib/n8n/index.cts';
import { say } from '../../lib/processes.cts';
import { RECIPES } from '../../../examples/src/index.cts';
import {
	providers,
	type AnyStandIn,
	type Call,
	type LoggedRequest,
	type Stream,
} from '../../lib/stand-ins/index.cts';
import { asColumns } from '../../lib/table.cts';
import { describeAiAgent, playAgent } from './aiAgent.cts';
import { describeDocumentServer, playDocuments } from './documentServer.cts';
import { describeIncomingEvents } from './incomingEvents.cts';
import {
	fillIn,
	itemsOf,
	openStage,
	outputOf,
	prepareRecipe,
	publish,
	publishRecipe,
	WEBHOOK_SECRETS,
	type Nodes,
	type Published,
	type Stage,
	type StandIns,
} from './stage.cts';
import { callUp, isUp, received, streaming, twoStreams } from './streams.cts';

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

type Name = keyof StandIns;

// n8n keeps a wait of more than 65 seconds in its database, and a shorter one in memory.
const KEPT_MINUTES = 1.1;
const SHORT_MINUTES = 0.03;

const waiting =
	(minutes: number) =>
	(nodes: Nodes): void =>
		fillIn(nodes['Keep the Ids'], { minutes });

/** How each provider says that a stream began, and that something else happened to it. */
const STREAM_EVENTS: Record<Name, { started: string; other: string }> = {
	signalWire: { started: 'stream-started', other: 'stream-stopped' },
	plivo: { started: 'StartStream', other: 'DegradedStream' },
	vobiz: { started: 'StartStream', other: 'PlayedStream' },
};

const FORGED = { key: 'example-of-a-wrong-key' };

let stage: Stage;
const opened: Stage[] = [];
/** SignalWire's table of streams, as the hang-up recipe keeps it. */
let tableKeeper: Published;
/** One line for each recipe: what went into its node, and what became of the streams. */
const lines: Array<{ recipe: string; items: number; down: number; of: number; more?: string }> = [];

/** The time limits that n8n keeps in its database, begun first so that their minute runs beside the rest. */
const kept: Array<{
	name: Name;
	published: Published;
	call: Call;
	stream: Stream;
	sent: number;
}> = [];

const names: readonly Name[] = providers;

beforeAll(async () => {
	stage = await openStage();
	opened.push(stage);
	tableKeeper = await publishRecipe('hang-up-signalwire', stage);
	await tableKeeper.run('Set Up Once');
	for (const name of names) {
		const standIn = stage.standIns[name];
		const published = await publishRecipe(
			`timeout-${name.toLowerCase()}`,
			stage,
			waiting(KEPT_MINUTES),
		);
		const { call, stream } = streaming(standIn);
		const sent = Date.now();
		await published.start('Stream Status', standIn, STREAM_EVENTS[name].started, stream);
		await published.isWaiting();
		kept.push({ name, published, call, stream, sent });
	}
});

afterAll(async () => {
	for (const one of opened) await one.close();
	const rows = lines.map(({ recipe, items, down, of, more = '' }) => [
		recipe,
		`items in: ${items}`,
		`streams down: ${down} of ${of}`,
		more,
	]);
	say(`\n${asColumns(rows, '    ')}\n`);
});

afterEach(() => {
	stage.teamChat.told.length = 0;
	for (const name of names) stage.standIns[name].fault = () => undefined;
	for (const name of names) {
		const standIn: AnyStandIn = stage.standIns[name];
		const off = standIn.offContract();
		// What one test did wrong is no fault of the next.
		for (const request of off) standIn.requests.splice(standIn.requests.indexOf(request), 1);
		expect(
			off.map(({ method, path, offContract }) => `${method} ${path}: ${String(offContract)}`),
		).toEqual([]);
	}
});

const note = (
	recipe: string,
	items: number,
	standIn: AnyStandIn,
	streams: readonly Stream[],
	more?: string,
): void => {
	const down = streams.filter((stream) => !isUp(standIn, stream)).length;
	lines.push({ recipe, items, down, of: streams.length, ...(more && { more }) });
};

/** Whether a request does something, and does not only read. */
const changes = ({ method }: LoggedRequest): boolean => method !== 'GET';

/** What about a call was changed, in its order: `stop`, `transfer`, `hang up`. */
const changed = (standIn: AnyStandIn, call: Call): string[] =>
	received(standIn, call)
		.filter(changes)
		.map(({ method, path, body }) => {
			if (/\/Streams?\//.test(path)) return 'stop';
			return method === 'DELETE' || body.includes('completed') ? 'hang up' : 'transfer';
		});

/** Makes every request fail that changes this call in one way. */
const refusing =
	(standIn: AnyStandIn, call: Call, what: 'stop' | 'call', status: number) =>
	({ method, path }: LoggedRequest) =>
		path.includes(call.id) && method !== 'GET' && /\/Streams?\//.test(path) === (what === 'stop')
			? {
					status,
					body: standIn.provider === 'signalWire' ? { code: 20404, status } : { error: 'no' },
				}
			: undefined;

/** No password, key or token in what the nodes behind the webhook gave out. */
function expectNoSecret(execution: Execution, standIn: AnyStandIn, from: readonly string[]): void {
	for (const name of from) {
		const text = JSON.stringify(execution.data.resultData.runData[name] ?? []);
		for (const secret of [...WEBHOOK_SECRETS, ...standIn.secrets])
			expect(text).not.toContain(secret);
	}
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The rows of SignalWire's table. */
async function rows(): Promise<IDataObject[]> {
	const { n8n } = stage;
	const { id: project } = (await n8n.rest('GET', '/projects/personal')) as { id: string };
	const found = (await n8n.rest('GET', `/projects/${project}/data-tables`)) as {
		data: Array<{ id: string; name: string }>;
	};
	const table = found.data.find(({ name }) => name === 'stop_audio_stream_signalwire');
	if (!table) throw new Error('There is no table');
	const { data } = (await n8n.rest(
		'GET',
		`/projects/${project}/data-tables/${table.id}/rows?take=250`,
	)) as { data: IDataObject[] };
	return data;
}

const rowsOf = async (call: Call): Promise<IDataObject[]> =>
	(await rows()).filter((row) => row.call_sid === call.id);

/** Lets the hang-up recipe remember streams, as SignalWire would report them. */
async function remember(...streams: readonly Stream[]): Promise<void> {
	for (const stream of streams) {
		const execution = await tableKeeper.send(
			'Stream Status',
			stage.standIns.signalWire,
			'stream-started',
			stream,
		);
		expect(execution.status).toBe('success');
	}
}

/** What was asked since then, but for the time limits that end in the middle of other tests. */
const pathsSince = (standIn: AnyStandIn, before: number): string[] =>
	standIn.requests
		.slice(before)
		.map(({ method, path }) => `${method} ${path}`)
		.filter((line) => !kept.some(({ call }) => line.includes(call.id)));

/** Whoever does not know the password, or does not sign, stops nothing. */
async function expectLocked(
	published: Published,
	nodeName: string,
	standIn: AnyStandIn,
	kind: string,
	subject: Call | Stream,
): Promise<string[]> {
	const before = standIn.requests.length;
	const found: string[] = [];
	if (published.isLocked(nodeName)) {
		const { headers, ...event } = published.event(nodeName, standIn, kind, subject);
		const { Authorization: login, ...without } = headers;
		expect(login).toBeDefined();
		expect(await published.sendInVain({ ...event, headers: without })).toBe(401);
		found.push('no password: 401');
	}
	const execution = await published.send(nodeName, standIn, kind, subject, FORGED);
	expect(pathsSince(standIn, before)).toEqual([]);
	expect(JSON.stringify(execution.data.resultData)).toMatch(/signature|untrusted/i);
	found.push('forged: 0 requests');
	return found;
}

const answering = (name: Name) => async (recipe: string) => {
	const standIn = stage.standIns[name];
	const { started } = STREAM_EVENTS[name];
	const status = await publishRecipe(
		`timeout-${name.toLowerCase()}`,
		stage,
		waiting(SHORT_MINUTES),
	);
	const server = 'wss://audio.example.com/stream?a=1&b="2"';
	const published = await publishRecipe(recipe, stage, (nodes) =>
		fillIn(nodes['Fill In'], {
			stream_server: server,
			stream_status: status.webhookUrl('Stream Status'),
		}),
	);
	const login = published.isLocked('Call Answered');
	const address = published.webhookUrl('Call Answered', { login });

	// n8n needs a moment after publishing before it listens.
	await published.postUntilThere(published.webhookUrl('Call Answered'), {});
	const call = await standIn.dial(address);
	await standIn.settled();

	const { error, verbs } = standIn.documents.at(-1) ?? {};
	expect(error ?? verbs).toEqual(name === 'signalWire' ? ['Start', 'Pause'] : ['Stream', 'Wait']);
	const [stream, ...others] = standIn.streams().filter(({ callId }) => callId === call.id);
	if (!stream) throw new Error('No stream was started');
	expect(others).toEqual([]);
	expect(stream).toMatchObject({ serviceUrl: server, keepsCallAlive: false });
	// What the document names is what the other recipe hears.
	expect(standIn.sent.filter(({ kind, status: code }) => kind === started && code === 200)).toEqual(
		expect.arrayContaining([
			expect.objectContaining({ body: expect.stringContaining(stream.id) as string }),
		]),
	);
	status.expectRun();
	const execution = await status.lastExecution();
	const stop = name === 'signalWire' ? 'Stop the Stream' : 'Stop All Streams';
	expect(itemsOf(execution, stop)).toMatchObject([{ callId: call.id, status: 'stopped' }]);
	expect(isUp(standIn, stream)).toBe(false);
	expect(callUp(standIn, call)).toBe(true);

	const xml = await (await fetch(published.webhookUrl('Call Answered'), { method: 'POST' })).text();
	if (login) expect(xml).toBe('Authorization is required!');
	else for (const secret of WEBHOOK_SECRETS) expect(xml).not.toContain(secret);
	note(recipe, 1, standIn, [stream], `the call answered, its stream started, reported and stopped`);
};

const timeLimit = (name: Name) => async (recipe: string) => {
	const standIn = stage.standIns[name];
	const { started, other } = STREAM_EVENTS[name];
	const stop = name === 'signalWire' ? 'Stop the Stream' : 'Stop All Streams';
	const published = await publishRecipe(recipe, stage, waiting(SHORT_MINUTES));
	const stays = streaming(standIn);
	const goes = streaming(standIn);

	const execution = await published.send('Stream Status', standIn, started, goes.stream);
	const ignored = published.event('Stream Status', standIn, other, stays.stream);
	expect(await published.sendInVain(ignored)).toBe(200);

	expect(itemsOf(execution, stop)).toMatchObject([{ callId: goes.call.id, status: 'stopped' }]);
	expect(isUp(standIn, goes.stream)).toBe(false);
	expect(callUp(standIn, goes.call)).toBe(true);
	expectNoSecret(execution, standIn, ['Check the Sender', 'Keep the Ids', 'Wait', stop]);
	const locks = await expectLocked(published, 'Stream Status', standIn, started, stays.stream);
	expect(isUp(standIn, stays.stream)).toBe(true);

	if (name === 'signalWire') {
		// A conference's stream is stopped as such, and the other streams of the leg go on.
		const { signalWire } = stage.standIns;
		const room = signalWire.addConference();
		const leg = streaming(signalWire);
		const rooms = signalWire.startConferenceStream(room.id, { callId: leg.call.id });
		const heard = await published.send('Stream Status', signalWire, started, rooms);
		expect(itemsOf(heard, stop)).toMatchObject([{ conferenceSid: room.id, status: 'stopped' }]);
		expect([isUp(signalWire, rooms), isUp(signalWire, leg.stream)]).toEqual([false, true]);
	} else {
		// A stream that reconnected meanwhile has a new id, and stops all the same.
		const again = streaming(standIn);
		await published.start('Stream Status', standIn, started, again.stream);
		const second = standIn.reconnectStream(again.stream.id);
		await published.lastExecution();
		if (!second) throw new Error('It did not reconnect');
		expect(isUp(standIn, second)).toBe(false);
	}
	note(recipe, 1, standIn, [goes.stream], locks.join(', '));
};

const hangUp = (name: 'plivo' | 'vobiz') => async (recipe: string) => {
	const standIn = stage.standIns[name];
	const published = await publishRecipe(recipe, stage);
	const stays = twoStreams(standIn);
	const goes = twoStreams(standIn);

	const execution = await published.send('Call Ended', standIn, 'Hangup', goes.call);
	const [other] = stays.streams;
	if (!other) throw new Error('no stream');
	const ignored = published.event('Call Ended', standIn, 'StartStream', other);
	expect(await published.sendInVain(ignored)).toBe(200);

	expect(itemsOf(execution, 'Stop All Streams')).toMatchObject([
		{ callId: goes.call.id, status: 'stopped', stopped: true },
	]);
	expect(goes.streams.map((stream) => isUp(standIn, stream))).toEqual([false, false]);
	expectNoSecret(execution, standIn, ['Keep the Call', 'Stop All Streams']);
	const locks = await expectLocked(published, 'Call Ended', standIn, 'Hangup', stays.call);
	expect(stays.streams.map((stream) => isUp(standIn, stream))).toEqual([true, true]);

	// After the end of the call, as it mostly arrives: nothing is left, and that is no alarm.
	const over = twoStreams(standIn);
	standIn.endCall(over.call.id, 'busy');
	const late = await published.send('Call Ended', standIn, 'Hangup', over.call);
	expect(late.status).toBe('success');
	const [item] = itemsOf(late, 'Stop All Streams');
	expect(item).toMatchObject({ stopped: true });
	if (item?.status === 'alreadyStopped') expect(item.callState).toBe('ended');

	if (name === 'vobiz') {
		// The second leg has an id of its own, and only the Dial speaks of its end.
		const { aLeg, bLeg } = standIn.addLegs();
		const first = standIn.startStream(aLeg.id);
		standIn.startStream(bLeg.id);
		const answered = published.event('Dial Callback', standIn, 'Dial', bLeg);
		expect(await published.sendInVain(answered)).toBe(200);
		standIn.endCall(bLeg.id);
		const heard = await published.send('Dial Callback', standIn, 'Dial', bLeg);
		expect(itemsOf(heard, 'Stop the Second Leg')).toMatchObject([
			{ callId: bLeg.id, stopped: true },
		]);
		expect([changed(standIn, bLeg), changed(standIn, aLeg)]).toEqual([['stop'], []]);
		expect(isUp(standIn, first)).toBe(true);
		expectNoSecret(heard, standIn, ['Keep the Second Leg', 'Stop the Second Leg']);
		await expectLocked(published, 'Dial Callback', standIn, 'Dial', bLeg);
	}
	note(recipe, 1, standIn, goes.streams, locks.join(', '));
};

const hangUpOverTable = async (recipe: string) => {
	const { signalWire } = stage.standIns;
	const published = tableKeeper;
	const stays = streaming(signalWire);
	const goes = twoStreams(signalWire);
	const ended = signalWire.startStream(goes.call.id);
	const room = signalWire.addConference();
	const rooms = signalWire.startConferenceStream(room.id, { callId: goes.call.id });
	await remember(stays.stream, ...goes.streams, ended, rooms);
	await published.send('Stream Status', signalWire, 'stream-stopped', ended);
	expect(await rowsOf(goes.call)).toHaveLength(3);

	signalWire.endCall(goes.call.id, 'no-answer');
	for (const stream of goes.streams) expect(isUp(signalWire, stream)).toBe(false);
	const again = twoStreams(signalWire);
	await remember(...again.streams);
	const execution = await published.send('Call Status', signalWire, 'call-completed', again.call);

	const items = itemsOf(execution, 'Stop Each Stream');
	expect(items.map(({ stream, status }) => [stream, status]).sort()).toEqual(
		again.streams.map(({ id }) => [id, 'stopped']).sort(),
	);
	expect(again.streams.map((stream) => isUp(signalWire, stream))).toEqual([false, false]);
	expect(isUp(signalWire, stays.stream)).toBe(true);
	expectNoSecret(execution, signalWire, [
		'Check the Hang-Up',
		'Remember the Hang-Up',
		'Get the Streams of the Call',
		'Stop Each Stream',
		'Forget Each Stream',
	]);

	// All end states, one request each and no look-up: the event says that the call is over.
	const before = received(signalWire, goes.call).length;
	const over = await published.send('Call Status', signalWire, 'call-status', goes.call);
	expect(itemsOf(over, 'Stop Each Stream')).toMatchObject([
		{ status: 'alreadyStopped', callState: 'ended' },
		{ status: 'alreadyStopped', callState: 'ended' },
	]);
	expect(received(signalWire, goes.call).length - before).toBe(2);
	// The room goes on, and stays in the table until somebody stops it.
	expect(isUp(signalWire, rooms)).toBe(true);
	const left = await rowsOf(goes.call);
	expect(left.map(({ event, stream_sid: id }) => [event, id]).sort()).toEqual([
		['call-ended', ''],
		['stream-started', rooms.id],
	]);

	// A start that arrives after the hang-up leaves no stream and no row of its own behind.
	const late = signalWire.startStream(again.call.id);
	await remember(late);
	expect(isUp(signalWire, late)).toBe(false);
	expect((await rowsOf(again.call)).map(({ event }) => event)).toEqual(['call-ended']);

	// Whoever does not sign writes no row and stops nothing.
	const strangers = streaming(signalWire);
	const locks = await expectLocked(
		published,
		'Stream Status',
		signalWire,
		'stream-started',
		strangers.stream,
	);
	expect(await rowsOf(strangers.call)).toEqual([]);
	locks.push(
		...(await expectLocked(published, 'Call Status', signalWire, 'call-completed', stays.call)),
	);
	expect((await rowsOf(stays.call)).map(({ event }) => event)).toEqual(['stream-started']);
	expect(isUp(signalWire, stays.stream)).toBe(true);
	note(recipe, 4, signalWire, [...goes.streams, ...again.streams, late], locks.join(', '));
};

/** What an application posts about a call and its stream. */
const posted = (name: Name, call: { id: string }, stream: Stream): object =>
	name === 'signalWire' ? { CallSid: call.id, StreamSid: stream.id } : { CallUUID: call.id };

const handOverFork = (name: Name) => async (recipe: string) => {
	const standIn = stage.standIns[name];
	const published = await publishRecipe(recipe, stage);
	const one = streaming(standIn);

	expect((await published.ask('Hand Over', posted(name, one.call, one.stream), {})).status).toBe(
		403,
	);
	const answer = await published.ask('Hand Over', posted(name, one.call, one.stream));
	await standIn.settled();

	expect(answer).toMatchObject({ status: 200, body: { result: 'transferred' } });
	expect(changed(standIn, one.call)).toEqual(['stop', 'transfer']);
	expect(isUp(standIn, one.stream)).toBe(false);
	expect(callUp(standIn, one.call)).toBe(true);
	expect(standIn.documents.at(-1)).toMatchObject({
		url: `${stage.documents.url}/human`,
		verbs: ['Dial'],
	});
	expectNoSecret(await published.lastExecution(), standIn, ['Fill In', 'Transfer', 'Answer']);

	// The stop is refused: nothing is transferred.
	const two = streaming(standIn);
	standIn.fault = refusing(standIn, two.call, 'stop', 403);
	const refused = await published.ask('Hand Over', posted(name, two.call, two.stream));
	expect(refused).toMatchObject({ status: 502 });
	expect(refused.body.result).toMatch(/^not transferred/);
	expect(changed(standIn, two.call)).toEqual(['stop']);
	expect([isUp(standIn, two.stream), callUp(standIn, two.call)]).toEqual([true, true]);

	// The transfer is refused: the stream is down all the same, and the caller is still there.
	const three = streaming(standIn);
	standIn.fault = refusing(standIn, three.call, 'call', 404);
	const still = await published.ask('Hand Over', posted(name, three.call, three.stream));
	expect(still).toMatchObject({
		status: 502,
		body: { result: expect.stringMatching(/refused/) as string },
	});
	expect([isUp(standIn, three.stream), callUp(standIn, three.call)]).toEqual([false, true]);
	note(recipe, 3, standIn, [one.stream, two.stream, three.stream], 'calls still up: all');
};

const handOverAgent = (name: Name) => async (recipe: string) => {
	const standIn = stage.standIns[name];
	const published = await publishRecipe(recipe, stage);
	const holding = { keepsCallAlive: true, bidirectional: true };
	const one = streaming(standIn, holding);

	expect((await published.ask('Hand Over', posted(name, one.call, one.stream), {})).status).toBe(
		403,
	);
	const answer = await published.ask('Hand Over', posted(name, one.call, one.stream));
	await standIn.settled();

	expect(answer.status).toBe(200);
	expect(['stopped', 'alreadyStopped', 'notFound']).toContain(answer.body.status);
	expect(changed(standIn, one.call)).toEqual(['transfer', 'stop']);
	// A stream that was stopped first would have ended this call.
	expect([isUp(standIn, one.stream), callUp(standIn, one.call)]).toEqual([false, true]);
	expect(standIn.documents.at(-1)).toMatchObject({ verbs: ['Dial'] });

	// A refused transfer stops nothing: the caller still has the agent.
	const two = streaming(standIn, holding);
	standIn.fault = refusing(standIn, two.call, 'call', 404);
	const refused = await published.ask('Hand Over', posted(name, two.call, two.stream));
	expect(refused).toMatchObject({
		status: 502,
		body: { result: expect.stringMatching(/refused/) as string },
	});
	expect(changed(standIn, two.call)).toEqual(['transfer']);
	expect([isUp(standIn, two.stream), callUp(standIn, two.call)]).toEqual([true, true]);

	// Dots in place of an id would point the request at the account.
	const before = standIn.requests.length;
	expect((await published.ask('Hand Over', posted(name, { id: '..' }, two.stream))).status).toBe(
		502,
	);
	expect(pathsSince(standIn, before)).toEqual([]);
	note(recipe, 3, standIn, [one.stream, two.stream], 'calls still up: all');
};

const privatePart = (name: Name) => async (recipe: string) => {
	const standIn = stage.standIns[name];
	const published = await publishRecipe(recipe, stage);
	const login = published.isLocked('Private Part Begins');
	const address = published.webhookUrl('Private Part Begins', { login });
	// n8n needs a moment after publishing before it listens.
	await published.postUntilThere(published.webhookUrl('Private Part Begins'), {});
	if (!login) published.expectRun();
	/** The provider asks for the document of the private part, as it would for a menu's action. */
	const begin = async (call: Call): Promise<Execution> => {
		standIn.runDocument(call, address);
		published.expectRun();
		await standIn.settled();
		const execution = await published.lastExecution();
		await standIn.settled();
		return execution;
	};
	if (!login) await published.lastExecution();
	stage.teamChat.told.length = 0;

	const one = streaming(standIn);
	if (name === 'signalWire') await remember(one.stream);
	const execution = await begin(one.call);
	const [hold, goOn] = standIn.documents.slice(-2);
	expect(hold?.error ?? hold?.verbs).toEqual(
		name === 'signalWire' ? ['Say', 'Pause'] : ['Speak', 'Wait'],
	);
	expect(goOn).toMatchObject({ url: `${stage.documents.url}/private-part`, verbs: ['Dial'] });
	expect(changed(standIn, one.call)).toEqual(['stop', 'transfer']);
	expect([isUp(standIn, one.stream), callUp(standIn, one.call)]).toEqual([false, true]);
	expect(stage.teamChat.told).toEqual([]);
	expectNoSecret(execution, standIn, ['Fill In', 'Judge', 'Go On']);

	// The stop is refused: a person is told, and the call does not go on.
	const two = streaming(standIn);
	if (name === 'signalWire') await remember(two.stream);
	standIn.fault = refusing(standIn, two.call, 'stop', 403);
	await begin(two.call);
	expect(stage.teamChat.told).toHaveLength(1);
	expect(stage.teamChat.told[0]).toContain(two.call.id);
	expect(stage.teamChat.told[0]).toContain('403');
	expect(changed(standIn, two.call)).toEqual(['stop']);
	expect(callUp(standIn, two.call)).toBe(true);
	standIn.fault = () => undefined;

	// The event is not the provider's: a person is told, nothing is stopped, and nothing goes on.
	const three = streaming(standIn);
	if (name === 'signalWire') await remember(three.stream);
	const before = standIn.requests.length;
	const forged = published.event(
		'Private Part Begins',
		standIn,
		name === 'signalWire' ? 'call-status' : 'Hangup',
		three.call,
		FORGED,
	);
	expect(await published.post(forged)).toBe(200);
	published.expectRun();
	const untrusted = await published.lastExecution();
	expect(stage.teamChat.told).toHaveLength(2);
	expect(stage.teamChat.told[1]).toContain(three.call.id);
	expect(pathsSince(standIn, before)).toEqual([]);
	expect(isUp(standIn, three.stream)).toBe(true);
	for (const text of stage.teamChat.told) {
		for (const secret of [...WEBHOOK_SECRETS, ...standIn.secrets])
			expect(text).not.toContain(secret);
	}
	expectNoSecret(untrusted, standIn, ['Fill In', 'Judge', 'Alert a Person']);

	if (name === 'signalWire') {
		// No stream is known: that proves nothing.
		const four = streaming(standIn);
		await begin(four.call);
		expect(stage.teamChat.told[2]).toMatch(/no stream of it is in the table/);
		expect(changed(standIn, four.call)).toEqual([]);
	}
	note(recipe, 3, standIn, [one.stream], `told a person: ${String(stage.teamChat.told.length)}`);
};

const sweeping = async (recipe: string) => {
	const { signalWire } = stage.standIns;
	const started = [1, 2, 3].map(() => streaming(signalWire));
	const [first, gone, stuck] = started;
	if (!first || !gone || !stuck) throw new Error('no streams');
	const room = signalWire.addConference();
	const leg = signalWire.addCall();
	const rooms = signalWire.startConferenceStream(room.id, { callId: leg.id });
	await remember(...started.map(({ stream }) => stream), rooms);
	const ours = new Set([...started.map(({ stream }) => stream.id), rooms.id]);
	const idle = await publishRecipe(recipe, stage);
	expect(outputOf(await idle.run('Every Hour'), 'Get What Is Old')).toEqual([]);

	signalWire.endCall(gone.call.id);
	signalWire.fault = refusing(signalWire, stuck.call, 'stop', 403);
	const published = await publishRecipe(recipe, stage, (nodes) =>
		fillIn(nodes['Fill In'], { hours: 0 }),
	);
	const execution = await published.run('Every Hour');

	const items = itemsOf(execution, 'Stop Each Stream').filter(({ stream }) =>
		ours.has(textOf(stream)),
	);
	expect(items.map(({ stream, status }) => [stream, status])).toEqual([
		[first.stream.id, 'stopped'],
		[gone.stream.id, 'alreadyStopped'],
		[stuck.stream.id, 'failed'],
		[rooms.id, 'stopped'],
	]);
	expect(isUp(signalWire, rooms)).toBe(false);
	const left = await rows();
	expect(left.filter(({ stream_sid: id }) => ours.has(textOf(id)))).toMatchObject([
		{ stream_sid: stuck.stream.id },
	]);
	expect(left.filter(({ event }) => event === 'call-ended')).toEqual([]);
	expect(outputOf(execution, 'What Stays')).toEqual(
		expect.arrayContaining([
			expect.objectContaining({ stream: stuck.stream.id, status: 'failed' }),
		]),
	);
	note(recipe, items.length, signalWire, [first.stream, gone.stream, stuck.stream, rooms]);
};

const everythingOff = (name: Name, how?: string) => async (recipe: string) => {
	const standIn = stage.standIns[name];
	const onTable = name === 'signalWire';
	// What earlier recipes left up belongs to the account too.
	for (const call of standIn.truth().up) standIn.endCall(call);
	const started = Array.from({ length: 25 }, () => streaming(standIn));
	const streams = started.map(({ stream }) => stream);
	if (onTable) {
		const sweep = await publishRecipe('sweep-signalwire', stage, (nodes) =>
			fillIn(nodes['Fill In'], { hours: 0 }),
		);
		await sweep.run('Every Hour');
		streams.splice(4);
		await remember(...streams);
	}
	const published = await publishRecipe(recipe, stage);

	const counted = outputOf(await published.run('1. Count First'), 'How Many');
	expect(counted).toEqual([onTable ? { streams: streams.length } : { live_calls: 25 }]);
	expect(streams.every((stream) => isUp(standIn, stream))).toBe(true);

	// One call comes while the first round is under way, and one does not let itself be stopped.
	let late: { call: Call; stream: Stream } | undefined;
	const stuck = started[1];
	if (!stuck) throw new Error('no stream');
	const refuse = refusing(standIn, stuck.call, 'stop', 403);
	standIn.fault = (request) => {
		if (!onTable && changes(request)) late ??= streaming(standIn);
		return refuse(request);
	};
	const execution = await published.run('2. Stop Everything');

	if (late) streams.push(late.stream);
	expect(streams.filter((stream) => isUp(standIn, stream))).toEqual([
		expect.objectContaining({ id: stuck.stream.id }),
	]);
	const [summary, ...rest] = outputOf(execution, 'What Is Left');
	expect(summary).toEqual(
		onTable
			? { streams: streams.length, not_proved: 1 }
			: { calls: streams.length, streams_left: 1, calls_not_read: 0 },
	);
	expect(rest).toMatchObject([
		onTable ? { stream: stuck.stream.id } : { stream_id: stuck.stream.id },
	]);
	note(recipe, streams.length, standIn, streams, `one refused, and named${how ? `; ${how}` : ''}`);
	for (const call of standIn.truth().up) standIn.endCall(call);
};

const everythingOffInBothForms = (name: 'plivo' | 'vobiz') => async (recipe: string) => {
	const standIn = stage.standIns[name];
	await everythingOff(name)(recipe);
	standIn.liveListShape = 'objects';
	try {
		await everythingOff(name, 'the list in pages')(recipe);
	} finally {
		standIn.liveListShape = 'calls';
	}
};

const stopAndHangUp = (name: Name) => async (recipe: string) => {
	const standIn = stage.standIns[name];
	const published = await publishRecipe(recipe, stage);
	const one = streaming(standIn);

	expect((await published.ask('End the Call', posted(name, one.call, one.stream), {})).status).toBe(
		403,
	);
	const answer = await published.ask('End the Call', posted(name, one.call, one.stream));
	expect(answer).toMatchObject({ status: 200, body: { stream: 'stopped' } });
	expect(changed(standIn, one.call)).toEqual(['stop', 'hang up']);
	expect([isUp(standIn, one.stream), callUp(standIn, one.call)]).toEqual([false, false]);

	// A stop that is refused does not keep the call from being ended.
	const two = streaming(standIn);
	standIn.fault = refusing(standIn, two.call, 'stop', 403);
	const second = await published.ask('End the Call', posted(name, two.call, two.stream));
	expect(second).toMatchObject({ status: 200, body: { stream: 'failed' } });
	expect(callUp(standIn, two.call)).toBe(false);

	const three = streaming(standIn);
	standIn.fault = refusing(standIn, three.call, 'call', 503);
	const third = await published.ask('End the Call', posted(name, three.call, three.stream));
	expect(third).toMatchObject({ status: 502, body: { result: 'the call was not ended' } });
	standIn.fault = () => undefined;

	const before = standIn.requests.length;
	expect((await published.ask('End the Call', posted(name, { id: '..' }, one.stream))).status).toBe(
		502,
	);
	expect(pathsSince(standIn, before)).toEqual([]);
	note(recipe, 4, standIn, [one.stream, two.stream, three.stream]);
};

/** Recipe → what a person would see who imports and uses it. */
const plays: Record<string, (recipe: string) => Promise<void>> = {
	'hang-up-signalwire': hangUpOverTable,
	'hang-up-plivo': hangUp('plivo'),
	'hang-up-vobiz': hangUp('vobiz'),
	'sweep-signalwire': sweeping,
	'everything-off-plivo': everythingOffInBothForms('plivo'),
	'everything-off-vobiz': everythingOffInBothForms('vobiz'),
	'everything-off-signalwire': everythingOff('signalWire'),
	...Object.fromEntries(
		names.flatMap((name) => {
			const file = name.toLowerCase();
			return [
				[`answer-${file}`, answering(name)],
				[`timeout-${file}`, timeLimit(name)],
				[`hand-over-transcription-${file}`, handOverFork(name)],
				[`hand-over-voice-agent-${file}`, handOverAgent(name)],
				[`private-part-${file}`, privatePart(name)],
				[`stop-and-hang-up-${file}`, stopAndHangUp(name)],
			] as const;
		}),
	),

	'swml-signalwire': async (recipe) => {
		const { signalWire } = stage.standIns;
		const published = await publishRecipe(recipe, stage, waiting(SHORT_MINUTES));
		const call = signalWire.addCall({ runs: 'SWML' });
		const stream = signalWire.startStream(call.id, { controlId: 'caller-audio' });

		const event = published.event('Stream Status', signalWire, 'calling.call.stream', stream);
		const { Authorization: login, ...without } = event.headers;
		expect(login).toBeDefined();
		expect(await published.sendInVain({ ...event, headers: without })).toBe(401);
		const execution = await published.send(
			'Stream Status',
			signalWire,
			'calling.call.stream',
			stream,
		);
		expect(itemsOf(execution, 'Stop by Control ID')).toMatchObject([
			{ callId: call.id, stream: 'caller-audio', status: 'accepted' },
		]);
		expect(isUp(signalWire, stream)).toBe(false);
		expectNoSecret(execution, signalWire, ['Keep the Ids', 'Wait', 'Stop by Control ID']);

		// Behind `connect`, the call is in the address alone.
		const other = signalWire.addCall({ runs: 'SWML' });
		const second = signalWire.startStream(other.id);
		const kind = 'calling.call.stream without call_id';
		const sent = published.event('Stream Status', signalWire, kind, second);
		expect(await published.post({ ...sent, url: `${sent.url}?call_id=${other.id}` })).toBe(200);
		published.expectRun();
		expect(itemsOf(await published.lastExecution(), 'Stop by Control ID')).toMatchObject([
			{ callId: other.id, stream: second.controlId },
		]);
		expect(isUp(signalWire, second)).toBe(false);
		note(recipe, 2, signalWire, [stream, second], 'no password: 401');
	},

	'mixed-carriers': async (recipe) => {
		const { standIns } = stage;
		const published = await publishRecipe(recipe, stage);
		const { signalWire, plivo, vobiz } = {
			signalWire: streaming(standIns.signalWire),
			plivo: streaming(standIns.plivo),
			vobiz: streaming(standIns.vobiz),
		};
		const room = standIns.signalWire.addConference();
		const rooms = standIns.signalWire.startConferenceStream(room.id, {
			callId: signalWire.call.id,
		});
		const streams = [
			{ provider: 'plivo', CallUUID: plivo.call.id, StreamID: plivo.stream.id },
			{ provider: 'signalWire', CallSid: signalWire.call.id, StreamSid: signalWire.stream.id },
			{ provider: 'vobiz', CallUUID: vobiz.call.id },
			{ provider: 'Vobiz', CallUUID: vobiz.call.id, StreamID: vobiz.stream.id },
			{
				provider: 'signalWire',
				CallSid: signalWire.call.id,
				ConferenceSid: room.id,
				StreamSid: rooms.id,
			},
		];

		expect((await published.ask('Streams to Stop', { streams }, {})).status).toBe(403);
		const { status, text } = await published.ask('Streams to Stop', { streams });

		expect(status).toBe(200);
		expect(JSON.parse(text)).toMatchObject([
			{ provider: 'plivo', status: 'stopped' },
			{ provider: 'signalWire', status: 'stopped' },
			{ provider: 'vobiz', status: 'failed', failure: 'input' },
			{ provider: 'vobiz', status: 'stopped' },
			{ provider: 'signalWire', conferenceSid: room.id, status: 'stopped' },
		]);
		expect([
			isUp(standIns.signalWire, signalWire.stream),
			isUp(standIns.plivo, plivo.stream),
			isUp(standIns.vobiz, vobiz.stream),
			isUp(standIns.signalWire, rooms),
		]).toEqual([false, false, false, false]);
		note(recipe, 5, standIns.signalWire, [signalWire.stream, rooms], 'and one each at the others');
	},

	'failures-to-team': async (recipe) => {
		const {
			standIns: { plivo },
			teamChat,
		} = stage;
		const published = await publishRecipe(recipe, stage);
		const works = twoStreams(plivo);
		const fails = twoStreams(plivo);
		plivo.fault = refusing(plivo, fails.call, 'stop', 401);

		const fine = await published.send('Call Ended', plivo, 'Hangup', works.call);
		expect(fine.status).toBe('success');
		plivo.endCall(works.call.id);
		await published.send('Call Ended', plivo, 'Hangup', works.call);
		expect(teamChat.told).toEqual([]);
		const execution = await published.send('Call Ended', plivo, 'Hangup', fails.call);

		const [failed] = outputOf(execution, 'Stop All Streams', 1);
		expect(failed).not.toHaveProperty('headers');
		expect(teamChat.told).toEqual([
			`A stream of call ${fails.call.id} may still run. ${textOf(failed?.error)}. ${textOf(failed?.message)}`,
		]);
		expect(teamChat.told[0]).toContain('401');
		await published.send('Call Ended', plivo, 'Hangup', works.call, FORGED);
		expect(teamChat.told).toHaveLength(2);
		for (const text of teamChat.told) {
			for (const secret of plivo.secrets) expect(text).not.toContain(secret);
		}
		expect(fails.streams.every((stream) => isUp(plivo, stream))).toBe(true);
		note(recipe, 4, plivo, [...works.streams, ...fails.streams], 'told the team: 2');
	},

	'ai-agent': async (recipe) => {
		const streams = await playAgent(stage);
		note(recipe, streams.length, stage.standIns.signalWire, streams);
	},

	'document-server-signalwire': async (recipe) => {
		const streams = await playDocuments(stage);
		note(recipe, streams.length, stage.standIns.signalWire, streams, 'calls still up: all');
	},
};

const recipeNames = [...RECIPES.keys()];

/** They stop what runs on any call, also what another recipe waits to stop: so they come last. */
const stopsAll = recipeNames.filter((name) => /^(everything-off|sweep)-/.test(name));

describe('every recipe, imported into a real n8n as it is', () => {
	test('no recipe is run that is not there, and each is', () => {
		expect(Object.keys(plays).sort()).toEqual([...recipeNames].sort());
	});

	test.each(recipeNames.filter((name) => !stopsAll.includes(name)))('%s', async (recipe) => {
		await plays[recipe]?.(recipe);
	});
});

test('a recipe whose webhook gets a password keeps nothing of a run that went well', async () => {
	const { vobiz } = stage.standIns;
	const published = await publish(stage, prepareRecipe('hang-up-vobiz', stage));
	const { call, stream } = streaming(vobiz);
	expect(await published.post(published.event('Call Ended', vobiz, 'Hangup', call))).toBe(200);
	for (const end = Date.now() + 30_000; isUp(vobiz, stream) && Date.now() < end;) {
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
	expect(isUp(vobiz, stream)).toBe(false);
	await new Promise((resolve) => setTimeout(resolve, 1000));
	expect(await published.executionCount()).toBe(0);
});

const SHOWN_AS: Record<Name, string> = {
	plivo: 'Plivo Basic API',
	signalWire: 'SignalWire Basic API',
	vobiz: 'Vobiz X-Auth API',
};

test('n8n publishes the node with a provider by expression only with all three credentials', async () => {
	const { n8n, standIns } = stage;
	for (const name of names) {
		const { credentialType } = standIns[name];
		const workflow = prepareRecipe('mixed-carriers', stage, (nodes) => {
			delete nodes['Stop Each Stream']?.credentials?.[credentialType];
		});
		const created = await n8n.createWorkflow(workflow);

		const refusal = await n8n.activate(created).then(
			() => '',
			(reason: unknown) => String(reason),
		);

		const [, sentence = '""'] = /answered 400 .*?"message":("(?:[^"\\]|\\.)*")/.exec(refusal) ?? [];
		const shown = String(JSON.parse(sentence));
		expect(shown).toContain('Node "Stop Each Stream"');
		expect(shown).toContain(`Missing required credential: ${SHOWN_AS[name]}`);
		say(`    without ${credentialType}: ${shown.replaceAll(/\s+/g, ' ')}`);
	}
	const whole = await n8n.createWorkflow(prepareRecipe('mixed-carriers', stage));
	expect(await n8n.activate(whole)).toMatchObject({ active: true });
});

describeIncomingEvents(() => stage, names);
describeAiAgent(() => stage);
describeDocumentServer(() => stage);

describe('a wait that n8n keeps in its database', () => {
	test.each(names)('%s: goes on with the ids as they came, and the stream stops', async (name) => {
		const one = kept.find((some) => some.name === name);
		if (!one) throw new Error('It was not begun');
		const standIn = stage.standIns[name];

		const execution = await one.published.lastExecution(2 * KEPT_MINUTES * 60);

		expect(execution.status).toBe('success');
		const stop = name === 'signalWire' ? 'Stop the Stream' : 'Stop All Streams';
		expect(itemsOf(execution, stop)).toMatchObject([{ callId: one.call.id, status: 'stopped' }]);
		expect(isUp(standIn, one.stream)).toBe(false);
		const [stopped] = received(standIn, one.call).filter(changes);
		const seconds = Math.round(((stopped?.at ?? 0) - one.sent) / 1000);
		expect(seconds).toBeGreaterThanOrEqual(Math.floor(KEPT_MINUTES * 60));
		say(`    ${name}: stopped ${String(seconds)} s after its start event`);
	});
});

describe('every recipe that stops what runs on any call', () => {
	test.each(stopsAll)('%s', async (recipe) => {
		await plays[recipe]?.(recipe);
	});
});
