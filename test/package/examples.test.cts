import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
	CHECKS,
	fileOf,
	FOLDER,
	RECIPES,
	withCanvases,
	WORKFLOWS,
} from '../../examples/src/index.cts';
import { NODE_TYPE, type Workflow, type WorkflowNode } from '../../examples/src/workflows.cts';
import { stopItems } from '../../nodes/StopAudioStream/stopItems';
import { credentialOf, fakeRun } from '../lib/fakeRun.cts';
import { ROOT } from '../lib/install.cts';

// What can be said of the recipes without an n8n.

const README = readFileSync(path.join(FOLDER, 'README.md'), 'utf8');
const HOW = "Write them again with 'npm run docs:examples'.";

const textOf = (name: string): string => readFileSync(path.join(FOLDER, `${name}.json`), 'utf8');

const isOurs = ({ type }: WorkflowNode): boolean =>
	type === NODE_TYPE || type === `${NODE_TYPE}Tool`;
const isNote = ({ type }: WorkflowNode): boolean => type === 'n8n-nodes-base.stickyNote';
const isWebhook = ({ type }: WorkflowNode): boolean => type === 'n8n-nodes-base.webhook';
const isTable = ({ type }: WorkflowNode): boolean => type === 'n8n-nodes-base.dataTable';

/** The values of a node's options, without looking at their types. */
const optionsOf = ({ parameters: { options } }: WorkflowNode): Record<string, unknown> =>
	typeof options === 'object' && options !== null && !Array.isArray(options) ? { ...options } : {};

/** *Check Event*: without a signature, only behind a webhook that asks for a password. */
const isGuard = (node: WorkflowNode, hook: WorkflowNode): boolean =>
	isOurs(node) &&
	node.parameters.operation === 'checkEvent' &&
	(node.parameters.requireSignature !== false || hook.parameters.authentication !== undefined);

const checksSender = (node: WorkflowNode, hook: WorkflowNode): boolean => {
	const { verifySignature, signedEvent } = optionsOf(node);
	const isSigned = typeof signedEvent === 'string' && signedEvent !== '';
	return isGuard(node, hook) || verifySignature === true || isSigned;
};

/** The outputs of an IF node that a run can take which one trigger began: it may ask which one that was. */
function canTake(node: WorkflowNode | undefined, output: number, trigger: string): boolean {
	const [, asked] =
		/"=\{\{ \$\('([^']+)'\)\.isExecuted \}\}"/.exec(JSON.stringify(node?.parameters)) ?? [];
	return asked === undefined || (output === 0) === (asked === trigger);
}

/** Every way from a trigger forwards, as lists of nodes. */
function waysFrom({ nodes, connections }: Workflow, start: WorkflowNode): WorkflowNode[][] {
	const byName = new Map(nodes.map((node) => [node.name, node]));
	const walk = (way: WorkflowNode[]): WorkflowNode[][] => {
		const last = way.at(-1);
		const next = Object.values(connections[last?.name ?? ''] ?? {})
			.flatMap((outputs) => outputs.filter((_, output) => canTake(last, output, start.name)))
			.flat()
			.map((end) => byName.get(end?.node ?? ''))
			.filter((node) => node !== undefined)
			.filter((node) => !way.includes(node));
		return [way, ...next.flatMap((node) => walk([...way, node]))];
	};
	return walk([start]);
}

test('the files of examples/ are the workflows that examples/src/ makes, and the README shows each canvas', () => {
	const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'));
	expect(files.sort()).toEqual([...WORKFLOWS.keys()].map((name) => `${name}.json`).sort());
	const old = [...WORKFLOWS].filter(([name, recipe]) => textOf(name) !== fileOf(recipe));
	if (old.length > 0) {
		throw new Error(`These files are older: ${old.map(([name]) => name).join(', ')}. ${HOW}`);
	}
	expect(README).toBe(withCanvases(README));
});

test('there are at most 24 recipes', () => {
	expect(RECIPES.size).toBeLessThanOrEqual(24);
});

describe.each([...WORKFLOWS])('the file of %s', (_name, made) => {
	const { nodes, connections } = made;

	test('holds no credential, no secret and nothing that belongs to one n8n', () => {
		for (const node of nodes) expect(node).not.toHaveProperty('credentials');
		const { pinData = {}, ...file } = made;
		expect(Object.keys(file).sort()).toEqual(['connections', 'name', 'nodes', 'settings']);
		for (const id of JSON.stringify(pinData).match(/[\w-]*sample[\w-]*/g) ?? []) {
			expect(id).toMatch(/^sample/);
		}
		// Tokens, keys and ids are long runs of letters and digits; the longest word of ours is shorter.
		expect(fileOf(made).match(/[A-Za-z0-9+/_-]{36,}/g) ?? []).toEqual([]);
		expect(fileOf(made)).not.toMatch(/127\.0\.0\.1|localhost/);
	});

	test('connects nodes that are there, under names that are there once', () => {
		const names = nodes.map((node) => node.name);
		expect(new Set(names).size).toBe(names.length);
		const ends = Object.entries(connections).flatMap(([from, outputs]) => [
			from,
			...Object.values(outputs)
				.flat(2)
				.map((end) => end?.node),
		]);
		for (const end of ends) expect(names).toContain(end);
	});
});

test.each([...WORKFLOWS])(
	"%s has one Manual Trigger at most: n8n's editor imports no second one",
	(_name, { nodes }) => {
		const manual = nodes.filter(({ type }) => type === 'n8n-nodes-base.manualTrigger');
		expect(manual.length).toBeLessThanOrEqual(1);
	},
);

describe.each([...CHECKS])('%s', (_name, { nodes }) => {
	test('has at most 10 nodes beside its notes, and no code of more than 60 lines', () => {
		expect(nodes.filter((node) => !isNote(node)).length).toBeLessThanOrEqual(10);
		const codes = nodes.flatMap(({ parameters: { jsCode } }) =>
			typeof jsCode === 'string' ? [jsCode] : [],
		);
		expect(codes.length).toBeGreaterThan(1);
		for (const code of codes) expect(code.split('\n').length).toBeLessThanOrEqual(60);
	});
});

describe.each([...RECIPES])('%s', (name, recipe) => {
	const { nodes, settings } = recipe;
	const notes = nodes
		.filter(isNote)
		.map(({ parameters: { content } }) => (typeof content === 'string' ? content : ''));
	const text = notes.join('\n');
	const webhooks = nodes.filter(isWebhook);

	test('says in its first line when it is not for you', () => {
		expect(notes[0]).toMatch(/^(#+ )?\*\*Not for you if .+\*\*\n/);
	});

	test('explains what starts it, what to fill in, what happens to the call, and the lock', () => {
		for (const part of [
			'What starts it',
			'What (does it do|it does|happens to the calls?)',
			'The lock',
		]) {
			expect(text).toMatch(new RegExp(`^#+ ${part}\\n+#* ?\\S`, 'm'));
		}
		// A name in bold at the start of a step is a node on the canvas.
		const names = nodes.map((node) => node.name);
		for (const [, step = ''] of text.matchAll(/^(?:#+ )?\d\. (\*\*[^:\n]+\*\*):/gm)) {
			for (const [, one] of step.matchAll(/\*\*([^*]+)\*\*/g)) expect(names).toContain(one);
		}
	});

	const steps = [...(notes[1] ?? '').matchAll(/^(?:#+ )?(\d)\. (.+)$/gm)];
	const isPublished = nodes.some(({ type }) =>
		/\.(webhook|scheduleTrigger|errorTrigger)$/.test(type),
	);

	test('lists what to fill in as numbered steps', () => {
		expect(steps.length).toBeGreaterThan(2);
		expect(steps.map(([, number]) => Number(number))).toEqual(steps.map((_, i) => i + 1));
	});

	test('says how to try it without a call', () => {
		expect(text).toContain('Try it without a call');
	});

	test('sets first what the import drops, and asks for an error workflow, unless it is run by hand', () => {
		const [first] = steps.map(([, , step]) => step);
		expect(first?.includes('**Save successful production executions** → *Do not save*')).toBe(
			isPublished,
		);
		expect(steps.some(([, , step]) => step?.includes('**Error workflow**'))).toBe(isPublished);
		expect(text).not.toMatch(/saves no successful/);
	});

	test("asks for SignalWire's Signing Key if it checks SignalWire's signatures", () => {
		const checks = nodes.some(
			({ type, parameters }) =>
				type === NODE_TYPE &&
				parameters.provider === 'signalWire' &&
				parameters.operation === 'checkEvent' &&
				parameters.requireSignature !== false,
		);
		expect(steps.some(([, , step]) => step?.includes('**Signing Key**'))).toBe(checks);
	});

	test('holds our node, or serves it', () => {
		expect(nodes.some(isOurs) || /stream/i.test(text)).toBe(true);
	});

	test('leaves the address of every webhook to n8n', () => {
		for (const node of webhooks) {
			expect(node.parameters.path).toBe('');
			expect(node).not.toHaveProperty('webhookId');
		}
	});

	test('checks the sender wherever a webhook leads to a stop or to a table', () => {
		for (const hook of webhooks) {
			const { authentication } = hook.parameters;
			for (const way of waysFrom(recipe, hook)) {
				const last = way.at(-1);
				if (!last || !(isOurs(last) || isTable(last))) continue;
				// An application of the user's own, and events that nobody signs.
				if (authentication === 'headerAuth' || name === 'swml-signalwire') {
					expect(authentication).toBeDefined();
					continue;
				}
				// A read of the table alone gives nothing away.
				if (isTable(last) && last.parameters.operation === 'get') continue;
				const guarded = way.some((node) => checksSender(node, hook));
				expect([last.name, guarded]).toEqual([last.name, true]);
			}
		}
	});

	test('keeps no successful execution where a password or a token comes with the webhook', () => {
		const getsSecret =
			webhooks.some(({ parameters }) => parameters.authentication !== undefined) ||
			(name.endsWith('-vobiz') && webhooks.length > 0);
		expect(settings.saveDataSuccessExecution).toBe(getsSecret ? 'none' : undefined);
		expect(/^#+ What n8n keeps$/m.test(text)).toBe(getsSecret);
	});

	test('hands no webhook item on to the outside', () => {
		const outside = (node: WorkflowNode): boolean => node.type === 'n8n-nodes-base.httpRequest';
		const writesAnew = (node: WorkflowNode): boolean =>
			isOurs(node) ||
			['set', 'code', 'splitOut'].some((kind) => node.type === `n8n-nodes-base.${kind}`);
		for (const hook of webhooks) {
			for (const way of waysFrom(recipe, hook)) {
				if (!way.some(outside)) continue;
				expect(way.slice(0, way.findIndex(outside)).some(writesAnew)).toBe(true);
			}
		}
	});

	test('has its place in the README', () => {
		expect(README).toContain(`](${name}.json)`);
	});
});

/** The recipes whose *Check Event* is tried on an event that is pinned to the webhook before it. */
const SAMPLES = [...RECIPES].flatMap(([name, { nodes, pinData = {} }]) => {
	const { provider, requireSignature } =
		nodes.find(({ parameters }) => parameters.operation === 'checkEvent')?.parameters ?? {};
	const [[pinned] = []] = Object.values(pinData);
	if (!pinned || typeof provider !== 'string') return [];
	return [{ name, parameters: { provider, operation: 'checkEvent' }, requireSignature, pinned }];
});

test.each(SAMPLES)(
	"what is pinned in $name is what Check Event reads, and only the sender's signature is missing",
	async ({ parameters, requireSignature, pinned }) => {
		const [[type, account] = ['', {}]] = Object.entries(credentialOf(parameters.provider));
		const credentials = { [type]: { ...account, signingSecret: 'example' } };
		const check = async (isRequired: boolean) =>
			await stopItems(
				fakeRun({
					parameters: { ...parameters, requireSignature: isRequired },
					items: [pinned.json],
					credentials,
				}).context,
			);
		const [[read] = []] = await check(false);
		expect(read?.json.event).toMatch(/^(streamStarted|other)$/);
		if (requireSignature === false) return;
		await expect(check(true)).rejects.toThrow(/^The event carries no \w+ signature$/);
	},
);

test('the README names no recipe that is not there', () => {
	const named = [...README.matchAll(/\]\(([\w-]+\.json)\)/g)].map(([, file]) => file ?? '');
	for (const file of named) expect(existsSync(path.join(FOLDER, file))).toBe(true);
	expect(new Set(named).size).toBe(RECIPES.size);
});

test('no document carries a password, but those whose own webhook is locked', () => {
	for (const [name, { nodes }] of RECIPES) {
		const answers = nodes.filter(({ type }) => type === 'n8n-nodes-base.respondToWebhook');
		const handsOn = answers.some((node) => JSON.stringify(node.parameters).includes('login'));
		const locked = nodes.some(({ parameters }) => parameters.authentication === 'basicAuth');
		expect([name, handsOn && !locked]).toEqual([name, false]);
	}
});

test('each recipe is run in a real n8n by a test', () => {
	const folder = path.join(ROOT, 'test/layers/examples');
	const tests = readdirSync(folder).map((file) => readFileSync(path.join(folder, file), 'utf8'));
	const run = new Set(tests.join('\n').match(/(?<=['`])[a-z-]+(?=-\$\{|['`])/g));
	const isRun = (name: string): boolean => run.has(name) || run.has(name.replace(/-[a-z]+$/, ''));
	expect([...WORKFLOWS.keys()].filter((name) => !isRun(name))).toEqual([]);
});
