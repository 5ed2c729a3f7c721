import path from 'node:path';
import { FOLDER, RECIPES } from '../../../examples/src/index.cts';
import { manualTrigger, node, NODE_TYPE, workflow } from '../../../examples/src/workflows.cts';
import type { Call, Stream } from '../../lib/stand-ins/index.cts';
import { until, type NewNode, type RunningN8n, type SavedWorkflow } from '../../lib/n8n/index.cts';
import { startWithStandIns } from '../../lib/n8n/withStandIns.cts';
import { say } from '../../lib/processes.cts';
import { live, type RunningStandIn } from '../../lib/stops.cts';
import { findChromium } from './chromium.cts';
import { NOT_TESTED, TESTED, openEditor, type Editor } from './editor.cts';

/** Smaller text cannot be read without zooming in. */
const READABLE_PX = 8.5;
const WRONG = 'example-of-a-wrong-token';
const ALWAYS = ['Provider', 'Operation', 'Call and Stream From'];

/** An event of Plivo and what a node can be put behind; the agent's tool is as n8n adds it. */
const CANVAS = workflow({
	name: 'in the editor',
	rows: [
		[manualTrigger('Start'), node('Event', 'n8n-nodes-base.noOp', 1, {})],
		[node('Agent', '@n8n/n8n-nodes-langchain.agent', 3, {})],
		[node('Tool', `${NODE_TYPE}Tool`, 1, {})],
	],
	flows: [
		['Start', 'Event'],
		['Tool', 'Agent', 0, 'ai_tool'],
	],
	samples: {
		Event: { Event: 'StartStream', CallUUID: 'example-call', StreamID: 'example-stream' },
	},
});

// What the screen must show, in the words that people know from each provider.
type ProviderName = 'signalWire' | 'plivo' | 'vobiz';

interface Screen {
	name: ProviderName;
	label: string;
	credential: string;
	operations: string[];
	stop: string[];
	notice: RegExp;
	noticeForAll?: RegExp;
	check: string;
}

const PROVIDERS: Screen[] = [
	{
		name: 'signalWire',
		label: 'SignalWire',
		credential: 'SignalWire Basic API',
		operations: ['Stop Stream', 'Check Event'],
		stop: ['Identify Stream By', 'Call SID', 'Stream SID'],
		notice: /^SignalWire: the call goes on\./,
		check: "Check 'Space URL', 'Project ID' and 'API Token' in the credential",
	},
	{
		name: 'plivo',
		label: 'Plivo',
		credential: 'Plivo Basic API',
		operations: ['Stop Stream', 'Stop All Streams', 'Check Event'],
		stop: ['Call UUID', 'Stream ID'],
		notice: /^Plivo: the call goes on\./,
		noticeForAll: /^Plivo: every stream of the call stops/,
		check: "Check 'Auth ID' and 'Auth Token' in the credential",
	},
	{
		name: 'vobiz',
		label: 'Vobiz',
		credential: 'Vobiz X-Auth API',
		operations: ['Stop Stream', 'Stop All Streams', 'Check Event'],
		stop: ['Call UUID', 'Stream ID'],
		notice: /^Vobiz: the call goes on\./,
		noticeForAll: /^Vobiz: every stream of the call stops/,
		check: "Check 'Auth ID' and 'Auth Token' in the credential",
	},
];

// A first run installs 2.2 GB of n8n.
jest.setTimeout(20 * 60_000);

describe("the node in n8n's editor", () => {
	let n8n: RunningN8n;
	let editor: Editor;
	let standInOf: (provider: string) => RunningStandIn;
	let standIns: RunningStandIn[] = [];
	let close = (): Promise<void> => Promise.resolve();

	beforeAll(async () => {
		// What is missing is said before the long part begins.
		findChromium();
		const started = await startWithStandIns(
			'browser',
			PROVIDERS.map(({ name }) => name),
		);
		({ n8n, standIns, standInOf, close } = started);
		for (const { name, label } of PROVIDERS) {
			const standIn = standInOf(name);
			const { credentialType, credentials } = standIn;
			await n8n.createCredential(credentialType, `${label} account`, { ...credentials });
			await n8n.createCredential(credentialType, `${label} with a wrong token`, {
				...credentials,
				[tokenOf(standIn)]: WRONG,
			});
		}
		editor = await openEditor(n8n);
		started.closing(() => editor.close());
	});

	afterAll(async () => await close());

	afterEach(() => {
		for (const standIn of standIns) standIn.expectOnContract();
	});

	const tokenOf = ({ credentials }: RunningStandIn) =>
		Object.keys(credentials).find((name) => /token/i.test(name)) ?? '';

	test('the owner signs in', async () => {
		await editor.signIn();
		expect(new URL(editor.page.url()).pathname).toMatch(/^\/home\//);
	});

	test("searching 'stop audio' in the nodes panel finds the node, its tool beside an agent, and three actions", async () => {
		const { id } = await n8n.createWorkflow(CANVAS);
		await editor.openWorkflow(id);
		await editor.selectNode('Start');
		expect(await editor.searchNodes('stop audio')).toEqual([
			'Stop Audio Stream',
			'Stop Audio Stream Tool',
		]);
		expect(await editor.actions('Stop Audio Stream')).toEqual([
			'Stop a stream of a call',
			'Stop all streams of a call',
			'Check an event of a call',
		]);
		await editor.pickAction('Stop a stream of a call');
		expect(await editor.choices('Provider')).toEqual(['Plivo', 'SignalWire', 'Vobiz']);
	});

	// One node, and each provider picked in turn.
	describe.each(PROVIDERS)('$label', (provider) => {
		const { name, label, credential, operations, stop, notice, noticeForAll, check } = provider;
		let standIn: RunningStandIn;
		let call: Call;
		let stream: Stream;

		beforeAll(async () => {
			standIn = standInOf(name);
			call = standIn.addCall();
			stream = standIn.startStream(call.id);
			await editor.choose('Provider', label);
		});

		test('the open node shows only its fields, in its own words', async () => {
			expect(await editor.fields()).toEqual([credential, ...ALWAYS, ...stop, 'Options']);
		});

		test('only its operations are offered', async () => {
			const offered = await editor.choices('Operation');
			// n8n adds this one to every node that has a credential.
			expect(offered.filter((choice) => choice !== 'Custom API Call')).toEqual(operations);
		});

		test('one notice says what happens to the call', async () => {
			expect(await editor.notices()).toEqual([expect.stringMatching(notice)]);
		});

		if (noticeForAll) {
			test('for all streams it asks for the call alone, and says what happens to it', async () => {
				await editor.choose('Operation', 'Stop All Streams');
				expect(await editor.fields()).toEqual([credential, ...ALWAYS, 'Call UUID', 'Options']);
				expect(await editor.notices()).toEqual([expect.stringMatching(noticeForAll)]);
				await editor.choose('Operation', 'Stop Stream');
			});
		}

		test('Check Event asks for nothing but a signature, and for its credential only then', async () => {
			await editor.choose('Operation', 'Check Event');
			const fields = ['Provider', 'Operation', 'Require Signature', 'Options'];
			expect(await editor.fields()).toEqual([credential, ...fields]);
			expect(await editor.notices()).toEqual([]);
			expect(await editor.addableOptions()).toEqual(['Include Event Fields']);
			await editor.toggle('Require Signature');
			expect(await editor.fields()).toEqual(fields);
		});

		test('what Check Event cannot read is said in the output pane', async () => {
			await editor.run();
			const { what, todo } = await editor.failure();
			expect(what).toBe(`The incoming event holds no ${label} call ID`);
			expect(todo).toMatch(/^The node looked for 'Call/);
			expect(todo).not.toContain('running');
		});

		test('behind Check Event without a signature, a stop asks for its credential again', async () => {
			await editor.choose('Operation', 'Stop Stream');
			expect(await editor.fields()).toEqual([credential, ...ALWAYS, ...stop, 'Options']);
		});

		test('only its credential is offered', async () => {
			expect((await editor.credentials()).sort()).toEqual([
				`${label} account`,
				`${label} with a wrong token`,
			]);
		});

		test('a credential with a wrong token says that it was not let in, and what to check', async () => {
			expect(await editor.newCredential()).toBe(credential);
			await editor.fillCredential({ ...standIn.credentials, [tokenOf(standIn)]: WRONG });
			await editor.saveCredential();

			const text = await editor.credentialTest();

			expect(text).toContain(NOT_TESTED);
			expect(text).toContain(`${label} rejected this credential (401)`);
			expect(text).toContain(check);
		});

		test('with the right token the connection is tested successfully', async () => {
			await editor.fillCredential({
				[tokenOf(standIn)]: String(standIn.credentials[tokenOf(standIn)]),
			});
			// Once it is right, n8n closes the form.
			await editor.saveCredential();
			await editor.editCredential();

			const text = await editor.credentialTest();

			expect(text).toContain(TESTED);
			expect(text).not.toContain(NOT_TESTED);
			await editor.closeCredential();
		});

		test('a run with a wrong token shows what happened and what to do, and stops nothing', async () => {
			await editor.chooseCredential(`${label} with a wrong token`);
			await editor.fill(stop.at(-2) ?? '', call.id);
			await editor.fill(stop.at(-1) ?? '', stream.id);
			await editor.run();

			const { what, todo } = await editor.failure();

			expect(what).toContain(`${label} rejected this credential (401)`);
			expect(todo).toContain(check);
			expect(stream.running).toBe(true);
			say(`    ${label}, wrong token: ${what} | ${todo}`);
		});

		test('a run stops the stream, and the output pane says so in its first columns', async () => {
			await editor.chooseCredential(`${label} account`);
			await editor.run();

			const output = await editor.output();

			expect(Object.entries(output).slice(0, 2)).toEqual([
				['status', 'stopped'],
				['stopped', 'true'],
			]);
			expect(output).toMatchObject({ provider: name, callId: call.id, stream: stream.id });
			expect(stream.running).toBe(false);
			say(`    ${label}: typed in, executed, stopped`);
		});
	});

	test('a run that finds nothing to stop says why in a column of its own', async () => {
		await editor.run();

		expect(Object.entries(await editor.output()).slice(0, 3)).toEqual([
			['status', 'alreadyStopped'],
			['stopped', 'true'],
			[
				'message',
				'Nothing was running: Vobiz shows that the stream has ended: “Stream not found”.',
			],
		]);
	});

	test("an earlier call's Stream ID on a live call fails the run, and the stream that still runs is named", async () => {
		const { call, stream } = live(standInOf('vobiz'));
		await editor.fill('Call UUID', call.id);
		await editor.run();

		const { what, todo } = await editor.failure();

		expect(what).toContain(
			`The call is live, and Vobiz does not know this stream on it; another stream (${stream.id}) still runs there: “Stream not found”`,
		);
		expect(todo).toContain("'Stream ID' is wrong, or names a stream that has ended.");
		expect(stream.running).toBe(true);
	});

	test('SignalWire asks for a cXML URL where the stream is stopped by name, and names cXML verbs as text', async () => {
		await editor.choose('Provider', 'SignalWire');
		await editor.choose('Identify Stream By', 'Stream Name');
		expect(await editor.fields()).toEqual([
			'SignalWire Basic API',
			...ALWAYS,
			...['Identify Stream By', 'Call SID', 'Stream Name', 'cXML URL', 'Options'],
		]);
		// A browser would take the names of cXML's verbs for tags.
		expect(await editor.notices()).toEqual([
			expect.stringContaining('put <Pause>, <Redirect> or <Dial> after <Stop>'),
		]);
	});

	test('a provider that is an expression asks for each credential by its name', async () => {
		await editor.useExpression('Provider');
		expect((await editor.fields()).slice(0, 4)).toEqual([
			...['Plivo Basic API', 'SignalWire Basic API', 'Vobiz X-Auth API'],
			'Provider',
		]);
	});

	test("the action 'Stop all streams of a call' says so where the provider cannot", async () => {
		await editor.closeNode();
		await editor.selectNode('Event');
		await editor.searchNodes('stop audio');
		await editor.actions('Stop Audio Stream');
		await editor.pickAction('Stop all streams of a call');
		await editor.choose('Provider', 'SignalWire');
		expect(await editor.notices()).toEqual([
			"SignalWire has no way to stop all streams of a call. Set 'Operation' to 'Stop Stream' and name the stream.",
		]);
		await editor.choose('Provider', 'Plivo');
		expect(await editor.fields()).toEqual(['Plivo Basic API', ...ALWAYS, 'Call UUID', 'Options']);
	});

	test("'Preview Only' is on when it is added: a run sends nothing, and the output pane says preview", async () => {
		const plivo = standInOf('plivo');
		const { call, stream } = live(plivo);
		const before = plivo.requests.length;
		await editor.chooseCredential('Plivo account');
		await editor.fill('Call UUID', call.id);
		await editor.addOption('Preview Only');
		await editor.run();

		expect(Object.entries(await editor.output()).slice(0, 2)).toEqual([
			['status', 'preview'],
			['stopped', 'false'],
		]);
		expect(plivo.requests).toHaveLength(before);
		expect(stream.running).toBe(true);
	});

	test('a Stream ID that is left beside an event of another stream is refused, and the sentence says what to clear', async () => {
		await editor.choose('Operation', 'Stop Stream');
		await editor.fill('Stream ID', 'example-left-over');
		await editor.choose('Call and Stream From', 'Incoming Event');
		expect(await editor.notices()).toContainEqual(
			expect.stringMatching(/^Anyone who knows the webhook's URL can send such an event\./),
		);
		await editor.run();

		const { what, todo } = await editor.failure();

		expect(what).toContain("'Stream ID' is filled in, and the incoming event names another stream");
		expect(todo).toContain(
			"Clear 'Stream ID' to take the stream from the event, or set 'Call and Stream From' to 'Fields Below'.",
		);
	});

	test("the form of an AI agent's tool has no Check Event, and warns that the call is not the model's to choose", async () => {
		await editor.closeNode();
		await editor.openNode('Tool');
		expect(await editor.notices()).toContain(
			'Take the call from the trigger, as in {{ $json.callId }}, and do not let the model fill it in: it could stop the stream of another caller.',
		);
		const offered = await editor.choices('Operation');
		expect(offered.slice(0, 2)).toEqual(['Stop Stream', 'Stop All Streams']);
		expect(offered).not.toContain('Check Event');
		await editor.closeNode();
	});

	describe("a recipe that is imported by the editor's menu", () => {
		// A laptop's screen.
		beforeAll(async () => await editor.page.setViewportSize({ width: 1440, height: 900 }));

		test.each([...RECIPES])(
			'%s comes without its settings, and its notes can be read with all of it on the screen',
			async (name, made) => {
				const id = await editor.importFile(path.join(FOLDER, `${name}.json`));
				const saved = await until('the saved workflow', 60, async () => {
					const found = await n8n.rest('GET', `/workflows/${id}`).catch(() => undefined);
					return found as SavedWorkflow | undefined;
				});
				const namesOf = (nodes: readonly NewNode[]) => nodes.map((node) => node.name).sort();
				expect(namesOf(saved.nodes)).toEqual(namesOf(made.nodes));
				expect(Object.keys(saved.pinData ?? {})).toEqual(Object.keys(made.pinData ?? {}));
				// What the file says of executions is lost: the notes ask for it.
				expect(saved.settings).not.toHaveProperty('saveDataSuccessExecution');

				const notes = await editor.notesAtFitToView();
				expect(notes.map(({ isWhole }) => isWhole)).toEqual([true, true]);
				const smallest = Math.min(...notes.map(({ smallestPx }) => smallestPx));
				expect(smallest).toBeGreaterThan(READABLE_PX);
				say(`    ${name}: ${smallest.toFixed(1)} px`);
			},
		);
	});

	test('no token was ever to be read on the screen', () => {
		const tokens = [...standIns.values()].map((standIn) =>
			String(standIn.credentials[tokenOf(standIn)]),
		);
		const all = editor.seen.join('\n');
		// What was typed into fields that hide nothing is there, so a token would be too.
		for (const { label, stop } of PROVIDERS) {
			expect(all).toContain(`${label} rejected this credential`);
			expect(all).toContain(stop.at(-1) ?? 'a label');
		}
		expect(all).toContain(standInOf('plivo').credentials.authId);
		for (const token of [...tokens, WRONG]) expect(all).not.toContain(token);
	});
});
