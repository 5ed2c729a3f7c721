import { say } from '../../lib/processes.cts';
import type { Call, Stream } from '../../lib/stand-ins/index.cts';
import { type Values } from '../../../examples/src/workflows.cts';
import { cameTo, describeCells, spoil, type Cell } from './cells.cts';
import {
	prepareRecipe,
	publish,
	publishRecipe,
	type Nodes,
	type Published,
	type Stage,
} from './stage.cts';
import { isUp, received, streaming } from './streams.cts';

const RECIPE = 'ai-agent';
const START = 'What the Customer Wrote';
const TOOL = 'Stop Audio Stream';

/** What n8n's editor writes into a field that the model is to fill in. */
const byModel = (key: string): string =>
	`={{ /*n8n-auto-generated-fromAI-override*/ $fromAI('${key}', \`\`, 'string') }}`;

/**
 * n8n's AI Agent: the one that is added today, with the tool as it comes and set to continue, and the
 * one that older workflows hold. To that one n8n 2.41 passes on nothing at all of a tool that throws;
 * set to continue, the tool tells it what happened.
 */
const AGENTS: ReadonlyArray<{
	typeVersion: number;
	how: string;
	onError?: 'continueRegularOutput';
}> = [
	{ typeVersion: 3, how: 'as it comes' },
	{ typeVersion: 3, how: 'set to continue', onError: 'continueRegularOutput' },
	{ typeVersion: 2.2, how: 'set to continue', onError: 'continueRegularOutput' },
];

interface Play {
	stage: Stage;
	published: Published;
	/** Asks as the customer of a call does, and gives back the answer. */
	ask: (of: { call: Call; stream: Stream }, wrote?: string) => ReturnType<Published['ask']>;
}

async function open(stage: Stage): Promise<Play> {
	const published = await publishRecipe(RECIPE, stage, (nodes) => {
		const wait = nodes['Wait 70 Seconds'];
		if (!wait) throw new Error('The recipe has no wait');
		wait.parameters.amount = 0.2;
	});
	return {
		stage,
		published,
		ask: async ({ call, stream }, wrote = 'Please stop listening.') =>
			await published.ask(START, { CallSid: call.id, StreamSid: stream.id, wrote }),
	};
}

const STOPS_AND_SAYS = [{ use: {} }, { say: 'The stream has stopped.' }];

const cells: ReadonlyArray<Cell<Play>> = [
	{
		name: 'all goes well, though the customer and the model name another call',
		at: ['signalWire'],
		allWell: true,
		play: async ({ stage, published, ask }) => {
			const { signalWire } = stage.standIns;
			const { chatModel } = stage;
			const own = streaming(signalWire);
			const other = streaming(signalWire);
			const attack = {
				CallSid: other.call.id,
				callId: other.call.id,
				stream: other.stream.id,
				cxmlUrl: 'https://attacker.example/document',
			};
			expect((await published.ask(START, { wrote: 'Stop.' }, {})).status).toBe(403);
			chatModel.play({ use: attack }, { say: 'The stream has stopped.' });
			const answer = await ask(own, `My call is ${other.call.id}, my stream ${other.stream.id}.`);

			expect(answer).toMatchObject({
				status: 200,
				body: { output: 'The stream has stopped.', status: 'stopped', stopped: true },
			});
			expect(JSON.parse(chatModel.toolMessages()[0] ?? '')).toMatchObject([
				{ callId: own.call.id, stream: own.stream.id, status: 'stopped', stopped: true },
			]);
			expect([isUp(signalWire, own.stream), isUp(signalWire, other.stream)]).toEqual([false, true]);
			expect(received(signalWire, other.call)).toEqual([]);
			// The model is asked for nothing, and never sees the ids before it has used the tool.
			const [first] = chatModel.requests;
			expect(first?.tools.map((tool) => tool.function.parameters.properties)).toEqual([{}]);
			expect(JSON.stringify(first?.messages)).not.toContain(own.call.id);
			expect((await published.lastExecution()).status).toBe('success');
			return `${cameTo(signalWire, own.call, own.stream)}; answer stopped; success`;
		},
	},
	{
		name: 'two customers in the same moment',
		at: ['signalWire'],
		play: async ({ stage, ask }) => {
			const { signalWire } = stage.standIns;
			const both = [streaming(signalWire), streaming(signalWire)];
			const bystander = streaming(signalWire);
			stage.chatModel.play(...STOPS_AND_SAYS);
			const answers = await Promise.all(both.map(async (one) => await ask(one)));
			expect(answers.map(({ body }) => body.status)).toEqual(['stopped', 'stopped']);
			expect(both.map(({ stream }) => isUp(signalWire, stream))).toEqual([false, false]);
			expect(isUp(signalWire, bystander.stream)).toBe(true);
			return 'each its own stream; success twice';
		},
	},
	{
		name: 'nothing is to be stopped',
		at: ['signalWire'],
		play: async ({ stage, published, ask }) => {
			const { signalWire } = stage.standIns;
			const own = streaming(signalWire);
			stage.chatModel.play({ say: 'Hello.' });
			const { body } = await ask(own, 'Hello!');
			expect(body).toEqual({ output: 'Hello.', status: 'not asked', stopped: false });
			expect((await published.lastExecution()).status).toBe('success');
			expect(received(signalWire, own.call)).toEqual([]);
			return `${cameTo(signalWire, own.call, own.stream)}; answer not asked; success`;
		},
	},
	{
		name: 'the call is over',
		at: ['signalWire'],
		play: async ({ stage, published, ask }) => {
			const { signalWire } = stage.standIns;
			const own = streaming(signalWire);
			signalWire.endCall(own.call.id);
			stage.chatModel.play(...STOPS_AND_SAYS);
			expect((await ask(own)).body).toMatchObject({ status: 'alreadyStopped', stopped: true });
			expect((await published.lastExecution()).status).toBe('success');
			return `${cameTo(signalWire, own.call, own.stream)}; answer alreadyStopped; success`;
		},
	},
	{
		name: '503: the answer says so whatever the model says, and the stop is tried again',
		at: ['signalWire'],
		play: async ({ stage, published, ask }) => {
			const { signalWire } = stage.standIns;
			const own = streaming(signalWire);
			spoil(signalWire, own.call, { status: 503 }, { times: 2 });
			stage.chatModel.play(...STOPS_AND_SAYS);
			expect((await ask(own)).body).toMatchObject({ status: 'failed', stopped: false });
			expect((await published.lastExecution()).status).toBe('success');
			expect(isUp(signalWire, own.stream)).toBe(false);
			return `${cameTo(signalWire, own.call, own.stream)}; answer failed; success a little later`;
		},
	},
	{
		name: 'the credential is refused: it fails at once, and names call and stream',
		at: ['signalWire'],
		play: async ({ stage, published, ask }) => {
			const { signalWire } = stage.standIns;
			const own = streaming(signalWire);
			spoil(signalWire, own.call, { status: 401, body: { code: 20003, status: 401 } });
			stage.chatModel.play(...STOPS_AND_SAYS);
			expect((await ask(own)).body).toMatchObject({ status: 'failed', stopped: false });
			const { status, data } = await published.lastExecution();
			expect(status).toBe('error');
			for (const part of [own.call.id, own.stream.id, 'SignalWire', '401']) {
				expect(data.resultData.error?.message).toContain(part);
			}
			return `${cameTo(signalWire, own.call, own.stream)}; answer failed; failed`;
		},
	},
	{
		name: 'the model does not work: to be safe, the stream stops',
		at: ['signalWire'],
		play: async ({ stage, published, ask }) => {
			const { signalWire } = stage.standIns;
			const own = streaming(signalWire);
			stage.chatModel.play();
			expect(await ask(own)).toMatchObject({
				status: 200,
				body: {
					output: expect.stringContaining('The model did not answer') as string,
					status: 'stopped',
					stopped: true,
				},
			});
			expect((await published.lastExecution()).status).toBe('success');
			expect(isUp(signalWire, own.stream)).toBe(false);
			return `${cameTo(signalWire, own.call, own.stream)}; answer stopped; success`;
		},
	},
];

/** What can happen to the recipe; what a model gets to see of the tool, and what comes of what it asks for. */
export function describeAiAgent(getStage: () => Stage): void {
	describeCells('AI agent', false, cells, async () => await open(getStage()));

	describe.each(AGENTS)("a tool of n8n's AI Agent $typeVersion, $how", (agent) => {
		let published: Published;

		const useAgent = (nodes: Nodes, parameters: Values): void => {
			const [own, tool] = [nodes['AI Agent'], nodes[TOOL]];
			if (!own || !tool) throw new Error('The recipe has no agent and tool');
			own.typeVersion = agent.typeVersion;
			if (agent.onError) tool.onError = agent.onError;
			else delete tool.onError;
			Object.assign(tool.parameters, parameters);
		};

		beforeAll(async () => {
			published = await publish(
				getStage(),
				prepareRecipe(RECIPE, getStage(), (nodes) => {
					useAgent(nodes, { callId: byModel('Call_SID'), stream: byModel('Stream_SID') });
				}),
			);
		});

		/** Lets the model use the tool once, and gives back what it hears. */
		const useTool = async (use: Record<string, string>, of = published): Promise<string> => {
			const { chatModel } = getStage();
			chatModel.play({ use }, { say: 'Done.' });
			const answer = await of.ask(START, { wrote: 'Please stop.' });
			expect(answer).toMatchObject({ status: 200, body: { output: 'Done.' } });
			const messages = chatModel.toolMessages();
			expect(messages).toHaveLength(1);
			return messages[0] ?? '';
		};

		test('stops the stream of the call that the model names, and says so', async () => {
			const { chatModel, standIns } = getStage();
			const { call, stream } = streaming(standIns.signalWire);
			const use = { Call_SID: call.id, Stream_SID: stream.id };

			const first = await useTool(use);
			expect(first).toContain('"status":"stopped"');
			expect(first).toContain('"stopped":true');
			expect(isUp(standIns.signalWire, stream)).toBe(false);

			const tool = chatModel.requests[0]?.tools[0]?.function;
			expect(tool?.name).toBe('Stop_Audio_Stream');
			expect(Object.keys(tool?.parameters.properties ?? {})).toEqual(Object.keys(use));
			for (const part of [
				/^Stop the audio stream of the customer's live phone call/,
				/Safe to repeat/,
				/Returns 'stopped' .* and 'status'/,
			]) {
				expect(tool?.description).toMatch(part);
			}

			// As the description promises, a second use does no harm: the call is live, the stream gone.
			expect(await useTool(use)).toContain('"status":"notFound"');
			say(
				`    AI Agent ${String(agent.typeVersion)}, ${agent.how}: ${String(tool?.name)}: ${String(tool?.description)}`,
			);
		});

		const isOld = agent.typeVersion < 3;
		const ofSeveral = isOld
			? 'takes the call of the first of several items for all of them'
			: 'stops for each of several items the stream of its own call';
		test(ofSeveral, async () => {
			const { chatModel, standIns } = getStage();
			const { signalWire } = standIns;
			const recipe = prepareRecipe(RECIPE, getStage(), (nodes) => useAgent(nodes, {}));
			const { [START]: behind, ...others } = recipe.connections;
			const apart = 'Each Customer';
			const several = await publish(getStage(), {
				...recipe,
				nodes: [
					...recipe.nodes,
					{
						id: 'apart',
						name: apart,
						type: 'n8n-nodes-base.splitOut',
						typeVersion: 1,
						position: [0, 0],
						parameters: {
							fieldToSplitOut: 'body.customers',
							options: { destinationFieldName: 'body' },
						},
					},
				],
				connections: {
					...others,
					[START]: { main: [[{ node: apart, type: 'main', index: 0 }]] },
					[apart]: behind ?? {},
				},
			});
			const own = [streaming(signalWire), streaming(signalWire)];
			chatModel.play(...STOPS_AND_SAYS);

			await several.ask(START, {
				customers: own.map(({ call, stream }) => ({
					CallSid: call.id,
					StreamSid: stream.id,
					wrote: 'Please stop.',
				})),
			});

			const heard = chatModel.requests.flatMap(({ messages }) =>
				messages.flatMap(({ role, content }) => (role === 'tool' ? [content] : [])),
			);
			const meant = heard.map((one) => own.findIndex(({ call }) => one.includes(call.id)));
			expect(meant.sort()).toEqual(isOld ? [0, 0] : [0, 1]);
			expect(own.map(({ stream }) => isUp(signalWire, stream))).toEqual([false, isOld]);
		});

		test('tells the model what the tool does, where n8n sets its description by itself', async () => {
			const { chatModel } = getStage();
			const automatic = await publish(
				getStage(),
				prepareRecipe(RECIPE, getStage(), (nodes) => {
					useAgent(nodes, { descriptionType: 'auto', callId: byModel('Call_SID') });
					delete nodes[TOOL]?.parameters.toolDescription;
				}),
			);

			await useTool({ Call_SID: '' }, automatic);

			for (const part of [
				'SignalWire, Plivo or Vobiz',
				'Safe to repeat',
				"'stopped' and 'status'",
			]) {
				expect(chatModel.requests[0]?.tools[0]?.function.description).toContain(part);
			}
		});

		test('tells the model what happened and what to do, in one message without a secret', async () => {
			const { signalWire } = getStage().standIns;
			const { call, stream } = streaming(signalWire);
			signalWire.fault = ({ path }) =>
				path.includes(call.id)
					? { status: 401, body: { code: 20003, message: 'Authentication failed', status: 401 } }
					: undefined;

			const message = await useTool({ Call_SID: call.id, Stream_SID: stream.id });

			const sentence = 'SignalWire rejected this credential (401)';
			expect(message).toContain(sentence);
			expect(message).toContain("Check 'Space URL', 'Project ID' and 'API Token'");
			expect(message.split(sentence).length).toBe(2);
			for (const secret of signalWire.secrets) expect(message).not.toContain(secret);
			expect(isUp(signalWire, stream)).toBe(true);
			say(`    AI Agent ${String(agent.typeVersion)}, ${agent.how}, refused: ${message}`);
		});
	});
}
