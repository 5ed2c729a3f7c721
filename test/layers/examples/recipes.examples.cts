import { say } from '../../lib/processes.cts';
import { RECIPES } from '../../../examples/src/index.cts';
import { providers, type AnyStandIn, type Stream } from '../../lib/stand-ins/index.cts';
import { asColumns } from '../../lib/table.cts';
import { describeAiAgent } from './aiAgent.cts';
import { describeAnswer } from './answer.cts';
import { describeDocumentServer, playDocuments } from './documentServer.cts';
import { describeEverythingOff } from './everythingOff.cts';
import { describeHandOver } from './handOver.cts';
import { describeIncomingEvents } from './incomingEvents.cts';
import { describePauseAndResume } from './pauseAndResume.cts';
import { describePrivatePart } from './privatePart.cts';
import { openStage, prepareRecipe, publish, type Stage, type StandIns } from './stage.cts';
import { isUp, streaming } from './streams.cts';
import { describeSwml } from './swml.cts';
import { describeTellTheTeam } from './tellTheTeam.cts';
import { describeRestart, describeTimeLimit } from './timeLimit.cts';

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

type Name = keyof StandIns;

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

/** Recipe → what a person would see who imports and uses it. */
const plays: Record<string, (recipe: string) => Promise<void>> = {
	'document-server-signalwire': async (recipe) => {
		const streams = await playDocuments(stage);
		note(recipe, streams.length, stage.standIns.signalWire, streams, 'calls still up: all');
	},
};

/** What can happen to these is a table of its own. */
const inTables =
	/^(answer|pause-and-resume|time-limit|private-part|hand-over|everything-off|swml|ai-agent|failures-to-team)/;

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

// The limits go on while others run, and only those that leave the table of the limits alone.
describeRestart(
	() => stage,
	() => {
		describeAnswer(() => stage, false);
		describePauseAndResume(() => stage, false);
		describeIncomingEvents(() => stage, names);
		describeAiAgent(() => stage);
		describeDocumentServer(() => stage);
		describeSwml(() => stage);
		describePrivatePart(() => stage, false);
		describeHandOver(() => stage, false);
	},
);
describeTimeLimit(() => stage, false);
describeTellTheTeam(() => stage);
// It stops what runs on any call, also what another recipe waits to stop.
describeEverythingOff(() => stage, false);
