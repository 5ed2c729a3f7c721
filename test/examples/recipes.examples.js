'use strict';

const { say } = require('../../scripts/lib/processes');
const { providers } = require('../stand-ins');
const { describeAiAgent, playAgent } = require('./aiAgent');
const { describeDocumentServer, playDocuments } = require('./documentServer');
const { recipeNames } = require('./files');
const { describeIncomingEvents } = require('./incomingEvents');
const { itemsOf, openStage, outputOf, prepareRecipe, publishRecipe } = require('./stage');
const { isUp, received, streaming, twoStreams } = require('./streams');

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

// n8n keeps a wait of more than 65 seconds in its database, and a shorter one in memory.
const KEPT_MINUTES = 1.1;
const SHORT_MINUTES = 0.03;

const shorten = (minutes) => (nodes) => {
	nodes.Wait.parameters.amount = minutes;
};

/** How each provider says that a stream began, and that something else happened to it. */
const STREAM_EVENTS = {
	signalWire: { started: 'stream-started', other: 'stream-stopped' },
	plivo: { started: 'StartStream', other: 'DegradedStream' },
	vobiz: { started: 'StartStream', other: 'PlayedStream' },
};

let stage;
/** One line for each recipe: what went into its node, and what became of the streams. */
const lines = [];

/** The timeouts that n8n keeps in its database, begun first so that their minute runs beside the rest. */
const kept = [];

beforeAll(async () => {
	stage = await openStage();
	for (const [provider, standIn] of Object.entries(stage.standIns)) {
		const workflow = await publishRecipe(
			`timeout-${provider.toLowerCase()}`,
			stage,
			shorten(KEPT_MINUTES),
		);
		const { call, stream } = streaming(standIn);
		const event = standIn.callback(STREAM_EVENTS[provider].started, stream);
		const sent = Date.now();
		await workflow.start('Stream Status', event);
		await workflow.isWaiting();
		kept.push({ provider, standIn, workflow, call, stream, sent });
	}
});

afterAll(async () => {
	await stage?.close();
	const width = Math.max(...lines.map(({ recipe }) => recipe.length), 0);
	const asLine = ({ recipe, items, down, of, note }) =>
		`    ${recipe.padEnd(width)}  items in: ${items}  streams down: ${down} of ${of}${note ? `  ${note}` : ''}`;
	say(['', ...lines.map(asLine), ''].join('\n'));
});

afterEach(() => {
	for (const standIn of Object.values(stage.standIns)) {
		standIn.fault = () => undefined;
		standIn.expectOnContract();
	}
});

const note = (recipe, items, streams, more) =>
	lines.push({
		recipe,
		items,
		down: streams.filter(({ running }) => !running).length,
		of: streams.length,
		note: more,
	});

const timeout = (provider) => async (recipe) => {
	const standIn = stage.standIns[provider];
	const { started, other } = STREAM_EVENTS[provider];
	const workflow = await publishRecipe(recipe, stage, shorten(SHORT_MINUTES));
	const stays = streaming(standIn);
	const goes = streaming(standIn);

	const ignored = await workflow.send('Stream Status', standIn.callback(other, stays.stream));
	const execution = await workflow.send('Stream Status', standIn.callback(started, goes.stream));

	expect(itemsOf(ignored, 'Stop the Stream')).toEqual([]);
	expect(itemsOf(execution, 'Stop the Stream')).toEqual([
		expect.objectContaining({ callId: goes.call.id, stream: goes.stream.id, status: 'stopped' }),
	]);
	expect(received(standIn, goes.call)).toHaveLength(1);
	expect(isUp(standIn, goes.stream)).toBe(false);
	expect(isUp(standIn, stays.stream)).toBe(true);
	expect(standIn.call(goes.call.id).up).toBe(true);
	note(recipe, 1, [goes.stream]);
};

const hangUp = (provider) => async (recipe) => {
	const standIn = stage.standIns[provider];
	const workflow = await publishRecipe(recipe, stage);
	const stays = twoStreams(standIn);
	const goes = twoStreams(standIn);

	// Another event comes to the same address where somebody gives it for both.
	const ignored = await workflow.send(
		'Call Ended',
		standIn.callback('StartStream', stays.streams[0]),
	);
	const execution = await workflow.send('Call Ended', standIn.callback('Hangup', goes.call));

	expect(itemsOf(ignored, 'Stop All Streams')).toEqual([]);
	expect(itemsOf(execution, 'Stop All Streams')).toEqual([
		expect.objectContaining({ callId: goes.call.id, status: 'stopped', stopped: true }),
	]);
	expect(goes.streams.map((stream) => isUp(standIn, stream))).toEqual([false, false]);
	expect(stays.streams.map((stream) => isUp(standIn, stream))).toEqual([true, true]);
	note(recipe, 1, goes.streams);

	// After the end of the call, as it mostly arrives: nothing is left, and that is fine.
	const over = twoStreams(standIn);
	standIn.endCall(over.call.id);
	const late = await workflow.send('Call Ended', standIn.callback('Hangup', over.call));
	expect(late.status).toBe('success');
	expect(itemsOf(late, 'Stop All Streams')).toHaveLength(1);
};

/** Recipe → what a person would see who imports and uses it. */
const plays = {
	'timeout-signalwire': timeout('signalWire'),
	'timeout-plivo': timeout('plivo'),
	'timeout-vobiz': timeout('vobiz'),
	'hang-up-plivo': hangUp('plivo'),
	'hang-up-vobiz': hangUp('vobiz'),

	'hang-up-signalwire': async (recipe) => {
		const standIn = stage.standIns.signalWire;
		const workflow = await publishRecipe(recipe, stage);
		await workflow.run('Set Up Once');
		const stays = streaming(standIn);
		const goes = twoStreams(standIn);
		const ended = standIn.startStream(goes.call.id);

		const streams = [stays.stream, ...goes.streams, ended];
		for (const stream of streams) {
			const { status } = await workflow.send(
				'Stream Status',
				standIn.callback('stream-started', stream),
			);
			expect(status).toBe('success');
		}
		await workflow.send('Stream Status', standIn.callback('stream-stopped', ended));

		// SignalWire's hang-up, here of one leg: the other one still streams.
		const hangUpEvent = standIn.callback('call-completed', goes.call);
		expect(JSON.stringify(hangUpEvent.body)).not.toContain(goes.streams[0].id);
		const execution = await workflow.send('Call Status', hangUpEvent);

		const items = itemsOf(execution, 'Stop Each Stream');
		expect(items.map(({ stream, status }) => [stream, status]).sort()).toEqual(
			goes.streams.map(({ id }) => [id, 'stopped']).sort(),
		);
		expect(goes.streams.map((stream) => isUp(standIn, stream))).toEqual([false, false]);
		expect(isUp(standIn, stays.stream)).toBe(true);
		note(recipe, items.length, goes.streams);

		const again = await workflow.send('Call Status', hangUpEvent);
		expect(outputOf(again, 'Get the Streams of the Call')).toEqual([]);
		const ringing = { ...hangUpEvent, body: { ...hangUpEvent.body, CallStatus: 'ringing' } };
		const ignored = await workflow.send('Call Status', ringing);
		expect(ignored.data.resultData.runData['Get the Streams of the Call']).toBeUndefined();
	},

	'before-transfer': async (recipe) => {
		const standIn = stage.standIns.plivo;
		const workflow = await publishRecipe(recipe, stage);
		const { call, streams } = twoStreams(standIn);
		const stays = twoStreams(standIn);

		const stranger = await workflow.ask(
			'Before the Transfer',
			{ CallUUID: call.id },
			{ headers: {} },
		);
		expect(stranger.status).toBe(403);
		expect(streams.every((stream) => isUp(standIn, stream))).toBe(true);

		const answer = await workflow.ask('Before the Transfer', { CallUUID: call.id });
		expect(answer).toMatchObject({
			status: 200,
			body: { status: 'stopped', stopped: true, confirmed: true },
		});
		expect(streams.map((stream) => isUp(standIn, stream))).toEqual([false, false]);
		note(recipe, 1, streams);

		standIn.fault = ({ method }) => (method === 'DELETE' ? { status: 401, body: {} } : undefined);
		const refused = await workflow.ask('Before the Transfer', { CallUUID: stays.call.id });
		expect(refused).toMatchObject({ status: 502, body: { status: 'failed', stopped: false } });
		expect(stays.streams.map((stream) => isUp(standIn, stream))).toEqual([true, true]);
	},

	'nightly-sweep': async (recipe) => {
		const { n8n, standIns } = stage;
		const workflow = await publishRecipe(recipe, stage);
		const { id: table } = outputOf(await workflow.run('Set Up Once'), 'Create the Table')[0];
		const { id: project } = await n8n.rest('GET', '/projects/personal');
		const address = `/projects/${project}/data-tables/${table}`;
		const rows = Object.entries(standIns).flatMap(([provider, standIn]) =>
			[1, 2].map(() => {
				const { call, stream } = streaming(standIn);
				return { provider, call: call.id, stream: stream.id };
			}),
		);
		const [gone, stuck] = rows.filter(({ provider }) => provider === 'plivo');
		standIns.plivo.endCall(gone.call);
		standIns.plivo.fault = ({ path }) =>
			path.includes(stuck.call) ? { status: 403, body: { error: 'not now' } } : undefined;
		await n8n.rest('POST', `${address}/insert`, { data: rows, returnType: 'count' });

		const execution = await workflow.run('Every Night');

		const items = itemsOf(execution, 'Stop Each Stream');
		expect(items.map(({ callId }) => callId)).toEqual(rows.map(({ call }) => call));
		expect(
			outputOf(execution, 'Count per Provider')
				.map(({ provider, status, count_status: count }) => `${provider} ${status} ${count}`)
				.sort(),
		).toEqual(['plivo failed 1', 'plivo notFound 1', 'signalWire stopped 2', 'vobiz stopped 2']);
		const { data: left } = await n8n.rest('GET', `${address}/rows`);
		expect(left.map(({ stream }) => stream)).toEqual([stuck.stream]);
		note(
			recipe,
			items.length,
			rows.map(({ provider, stream }) => standIns[provider].stream(stream)),
		);
	},

	'mixed-carriers': async (recipe) => {
		const { standIns } = stage;
		const workflow = await publishRecipe(recipe, stage);
		const started = Object.fromEntries(
			Object.entries(standIns).map(([name, standIn]) => [name, streaming(standIn)]),
		);
		const { signalWire, plivo, vobiz } = started;
		const streams = [
			{ provider: 'plivo', CallUUID: plivo.call.id, StreamID: plivo.stream.id },
			{ provider: 'signalWire', CallSid: signalWire.call.id, StreamSid: signalWire.stream.id },
			{ provider: 'vobiz', CallUUID: vobiz.call.id },
			{ provider: 'Vobiz', CallUUID: vobiz.call.id, StreamID: vobiz.stream.id },
		];

		expect((await workflow.ask('Streams to Stop', { streams }, { headers: {} })).status).toBe(403);
		const { status, body } = await workflow.ask('Streams to Stop', { streams });

		expect(status).toBe(200);
		expect(body).toMatchObject([
			{ provider: 'plivo', status: 'stopped' },
			{ provider: 'signalWire', status: 'stopped' },
			{ provider: 'vobiz', status: 'failed', failure: 'input' },
			{ provider: 'vobiz', status: 'stopped' },
		]);
		for (const [name, { stream }] of Object.entries(started)) {
			expect(isUp(standIns[name], stream)).toBe(false);
		}
		note(
			recipe,
			body.length,
			Object.values(started).map(({ stream }) => stream),
		);
	},

	'failures-to-team': async (recipe) => {
		const {
			standIns: { plivo },
			teamChat,
		} = stage;
		const workflow = await publishRecipe(recipe, stage, (nodes) => {
			expect(nodes['Tell the Team'].parameters.url).toMatch(/^https:\/\/hooks\.example\.com\//);
			nodes['Tell the Team'].parameters.url = teamChat.url;
		});
		const works = twoStreams(plivo);
		const fails = twoStreams(plivo);
		plivo.fault = ({ path }) =>
			path.includes(fails.call.id) ? { status: 401, body: { error: 'no longer' } } : undefined;

		const fine = await workflow.send('Call Ended', plivo.callback('Hangup', works.call));
		expect(fine.status).toBe('success');
		expect(teamChat.told).toEqual([]);
		const execution = await workflow.send('Call Ended', plivo.callback('Hangup', fails.call));

		const [{ error, message }] = outputOf(execution, 'Stop All Streams', 1);
		expect(teamChat.told).toEqual([
			{ text: `A stream of call ${fails.call.id} may still run. ${error}. ${message}` },
		]);
		expect(error).toContain('401');
		for (const secret of plivo.secrets) expect(teamChat.told[0].text).not.toContain(secret);
		expect(fails.streams.every((stream) => isUp(plivo, stream))).toBe(true);
		note(recipe, 2, [...works.streams, ...fails.streams], `told the team: 1`);
	},

	'ai-agent': async (recipe) => {
		const streams = await playAgent(recipe, stage);
		note(recipe, streams.length, streams);
	},

	'document-server-signalwire': async (recipe) => {
		const streams = await playDocuments(recipe, stage);
		note(recipe, streams.length, streams, 'calls still up: all');
	},
};

describe('every recipe, imported into a real n8n as it is', () => {
	test('no recipe is run that is not there', () => {
		expect(Object.keys(plays).sort()).toEqual(recipeNames);
	});

	test.each(recipeNames)('%s', async (recipe) => {
		if (plays[recipe] === undefined) throw new Error(`Nobody runs examples/${recipe}.json`);
		await plays[recipe](recipe);
	});
});

const SHOWN_AS = {
	plivoBasicApi: 'Plivo Basic API',
	signalWireBasicApi: 'SignalWire Basic API',
	vobizXAuthApi: 'Vobiz X-Auth API',
};

test('n8n publishes the node with a provider by expression only with all three credentials', async () => {
	const { n8n, standIns } = stage;
	const whole = prepareRecipe('mixed-carriers', stage);
	for (const { credentialType } of Object.values(standIns)) {
		const workflow = prepareRecipe('mixed-carriers', stage);
		const ours = workflow.nodes.find(({ name }) => name === 'Stop Each Stream');
		delete ours.credentials[credentialType];
		const created = await n8n.createWorkflow(workflow);

		const refusal = await n8n.activate(created).then(
			() => undefined,
			({ message }) => message,
		);

		const [, sentence] = /answered 400 .*?"message":("(?:[^"\\]|\\.)*")/.exec(refusal) ?? [];
		const shown = JSON.parse(sentence ?? '""');
		expect(shown).toContain('Node "Stop Each Stream"');
		expect(shown).toContain(`Missing required credential: ${SHOWN_AS[credentialType]}`);
		say(`    without ${credentialType}: ${shown.replaceAll(/\s+/g, ' ')}`);
	}
	expect(await n8n.activate(await n8n.createWorkflow(whole))).toMatchObject({ active: true });
});

describeIncomingEvents(() => stage, providers);
describeAiAgent(() => stage);
describeDocumentServer(() => stage);

describe('a wait that n8n keeps in its database', () => {
	test.each(providers)(
		'%s: goes on with the event as it came, and the stream stops',
		async (provider) => {
			const { standIn, workflow, call, stream, sent } = kept.find(
				(one) => one.provider === provider,
			);

			const execution = await workflow.lastExecution(2 * KEPT_MINUTES * 60);

			expect(execution.status).toBe('success');
			expect(itemsOf(execution, 'Stop the Stream')).toEqual([
				expect.objectContaining({ callId: call.id, stream: stream.id, status: 'stopped' }),
			]);
			expect(isUp(standIn, stream)).toBe(false);
			const [stopped] = received(standIn, call);
			const seconds = Math.round((stopped.at - sent) / 1000);
			expect(seconds).toBeGreaterThanOrEqual(Math.floor(KEPT_MINUTES * 60));
			say(`    ${provider}: stopped ${seconds} s after its start event`);
		},
	);
});
