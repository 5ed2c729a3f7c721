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
import { describeAnswer } from './answer.cts';
import { describeDocumentServer, playDocuments } from './documentServer.cts';
import { describeEverythingOff } from './everythingOff.cts';
import { describeHandOver } from './handOver.cts';
import { describeIncomingEvents } from './incomingEvents.cts';
import { describePauseAndResume } from './pauseAndResume.cts';
import { describePrivatePart } from './privatePart.cts';
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
	type Stage,
	type StandIns,
} from './stage.cts';
import { isUp, streaming, twoStreams } from './streams.cts';
import { describeRestart, describeTimeLimit } from './timeLimit.cts';

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

type Name = keyof StandIns;

const SHORT_MINUTES = 0.03;

const waiting =
	(minutes: number) =>
	(nodes: Nodes): void =>
		fillIn(nodes['Keep the Ids'], { minutes });

const FORGED = { key: 'example-of-a-wrong-key' };

let stage: Stage;
const opened: Stage[] = [];
/** One line for each recipe: what went into its node, and what became of the streams. */
const lines: Array<{ recipe: string; items: number; down: number; of: number; more?: string }> = [];

const names: readonly Name[] = providers;

beforeAll(async () => {
	stage = await openStage();
	opened.push(stage);
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

/** Recipe → what a person would see who imports and uses it. */
const plays: Record<string, (recipe: string) => Promise<void>> = {
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

/** What can happen to these is a table of its own. */
const inTables = /^(answer|pause-and-resume|time-limit|private-part|hand-over|everything-off)-/;

const recipeNames = [...RECIPES.keys()].filter((name) => !inTables.test(name));

describe('every recipe, imported into a real n8n as it is', () => {
	test('no recipe is run that is not there, and each is', () => {
		expect(Object.keys(plays).sort()).toEqual([...recipeNames].sort());
	});

	test.each(recipeNames)('%s', async (recipe) => {
		await plays[recipe]?.(recipe);
	});
});

test('a recipe whose webhook gets a password keeps nothing of a run that went well', async () => {
	const { vobiz } = stage.standIns;
	const published = await publish(stage, prepareRecipe('time-limit-vobiz', stage));
	const { call, stream } = streaming(vobiz);
	expect(await published.post(published.event('Call Events', vobiz, 'Hangup', call))).toBe(200);
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

// The limits go on while others run, and only those that leave the table of the limits alone.
describeRestart(
	() => stage,
	() => {
		describeAnswer(() => stage, false);
		describePauseAndResume(() => stage, false);
		describePrivatePart(() => stage, false);
		describeHandOver(() => stage, false);
	},
);
describeTimeLimit(() => stage, false);
// It stops what runs on any call, also what another recipe waits to stop.
describeEverythingOff(() => stage, false);
