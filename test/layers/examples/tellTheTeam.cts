import { until, type Execution } from '../../lib/n8n/index.cts';
import type { AnyStandIn } from '../../lib/stand-ins/index.cts';
import { code, inARow, webhook, type Workflow } from '../../../examples/src/workflows.cts';
import { describeCells, spoil, type Cell } from './cells.cts';
import { prepareRecipe, publish, type Published, type Stage } from './stage.cts';
import { streaming } from './streams.cts';
import { withLimit } from './timeLimit.cts';

const WITHIN_SECONDS = 30;
const CHECKED = 'Call Events';
const FORGED = { key: 'example-of-a-wrong-key' };

interface Play {
	stage: Stage;
	tells: Published;
	/** A workflow whose failures this one tells. */
	told: (workflow: Workflow) => Promise<Published>;
	/** The one message that this makes the chat hear. */
	message: (cause: () => Promise<unknown>) => Promise<string>;
}

async function open(stage: Stage): Promise<Play> {
	const tells = await publish(stage, prepareRecipe('failures-to-team', stage));
	const { teamChat } = stage;
	return {
		stage,
		tells,
		told: async (workflow) =>
			await publish(stage, {
				...workflow,
				settings: { ...workflow.settings, errorWorkflow: tells.saved.id },
			}),
		message: async (cause) => {
			teamChat.told.length = 0;
			await cause();
			const [text = '', ...more] = await until('A message in the chat', WITHIN_SECONDS, () =>
				teamChat.told.length > 0 ? teamChat.told.splice(0) : undefined,
			);
			expect(more).toEqual([]);
			return text;
		},
	};
}

/** No id and no token of any of these. */
function expectSilence(text: string, ids: readonly string[], { standIns }: Stage): void {
	const secrets = Object.values<AnyStandIn>({ ...standIns }).flatMap((standIn) => standIn.secrets);
	for (const hidden of [...ids, ...secrets]) expect(text).not.toContain(hidden);
}

const cells: ReadonlyArray<Cell<Play>> = [
	{
		name: 'a stop of ours that failed: provider, call, stream, what happened, and where to look',
		at: ['signalWire'],
		allWell: true,
		play: async ({ stage, told, message }) => {
			const { signalWire } = stage.standIns;
			const made = prepareRecipe(
				'time-limit-signalwire',
				stage,
				withLimit(0.1, (nodes) => {
					// It fails in the stop itself, as a workflow of the user's own does.
					delete nodes['Stop Each Stream']?.onError;
				}),
			);
			const published = await told(made);
			await published.run('Stop Everything Now');
			const { call, stream } = streaming(signalWire);
			spoil(signalWire, call, { status: 401, body: { code: 20003, message: 'No', status: 401 } });
			const text = await message(async () => {
				await published.start(CHECKED, signalWire, 'stream-started', stream);
			});
			for (const part of [
				made.name,
				"'Stop Each Stream'",
				`SignalWire, call ${call.id}, stream ${stream.id}: `,
				'SignalWire rejected this credential (401)',
				`${stage.n8n.url}/workflow/${published.saved.id}/executions/`,
			]) {
				expect(text).toContain(part);
			}
			expectSilence(text, [], stage);
			return text;
		},
	},
	{
		name: "a recipe's own last word",
		at: ['plivo'],
		allWell: true,
		play: async ({ stage, told, message }) => {
			const { plivo } = stage.standIns;
			const published = await told(prepareRecipe('time-limit-plivo', stage, withLimit(0.1)));
			const { call } = streaming(plivo);
			spoil(plivo, call, { status: 401, body: { error: 'No' } });
			const text = await message(async () => {
				await published.start(CHECKED, plivo, 'Hangup', call);
			});
			for (const part of [
				"'A Stream May Still Run'",
				`call ${call.id} at Plivo may still run`,
				'401',
			]) {
				expect(text).toContain(part);
			}
			return text;
		},
	},
	{
		name: 'a forged event: nothing of it is told',
		at: ['plivo'],
		play: async ({ stage, told, message }) => {
			const { plivo } = stage.standIns;
			const published = await told(prepareRecipe('time-limit-plivo', stage, withLimit(0.1)));
			const { call, stream } = streaming(plivo);
			const text = await message(async () => {
				await published.start(CHECKED, plivo, 'StartStream', stream, FORGED);
			});
			expect(text).toContain("failed in 'Check Event'. Plivo: an event or its fields were refused");
			expectSilence(text, [call.id, stream.id], stage);
			return text;
		},
	},
	{
		name: 'another node failed over an event: its sentence, which quotes it, is not told',
		at: ['plivo'],
		play: async ({ stage, told, message }) => {
			const quoting = 'throw new Error(`no ${$input.first().json.body.CallUUID}`);';
			const published = await told(
				inARow('Of the user', webhook('Event'), code('Read It', quoting)),
			);
			const text = await message(async () => {
				expect(await published.ask('Event', { CallUUID: 'a-text-of-a-stranger' })).toMatchObject({
					status: 200,
				});
			});
			expect(text).toContain("Of the user failed in 'Read It'.");
			expect(text).toContain(`${stage.n8n.url}/workflow/`);
			expectSilence(text, ['a-text-of-a-stranger'], stage);
			return text;
		},
	},
	{
		name: 'the chat does not answer at first: it is told again',
		at: ['plivo'],
		play: async ({ stage, tells }) => {
			stage.teamChat.told.length = 0;
			stage.teamChat.refuses = 2;
			const execution = await tells.run('An Execution Failed');
			expect(execution.status).toBe('success');
			expect(stage.teamChat.told.splice(0)).toEqual([
				expect.stringContaining("Example Workflow failed in 'Node With Error'."),
			]);
			return 'heard once';
		},
	},
	{
		name: 'the chat refuses: the execution is a failed one',
		at: ['plivo'],
		play: async ({ stage, tells }) => {
			stage.teamChat.refuses = Infinity;
			const execution: Execution = await tells.run('An Execution Failed');
			stage.teamChat.refuses = 0;
			expect(execution.status).toBe('error');
			expect(stage.teamChat.told).toEqual([]);
			return 'failed, kept';
		},
	},
];

/** What can happen to the workflow that tells the team. */
export function describeTellTheTeam(stage: () => Stage): void {
	describeCells('Tell the team', false, cells, async () => await open(stage()));
}
