import { runInNewContext } from 'node:vm';
import { codeOf } from '../lib/check/code.cts';
import { planOf, play, reportOf, type Play } from '../lib/check/play.cts';
import {
	asMarkdown,
	report,
	type Entry,
	type Report,
	type Rule,
	type Seen,
	type Step,
	type Verdict,
} from '../lib/check/report.cts';
import { start } from '../lib/opened.cts';
import {
	providers,
	secretsIn,
	startStandIn,
	type AnyStandIn,
	type Options,
	type PlivoStandIn,
	type ProviderName,
	type SignalWireStandIn,
	type VobizStandIn,
} from '../lib/stand-ins/index.cts';

// The report of 'Check My Account', on what the stand-ins answer.

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A place in an answer. */
type Place = ReadonlyArray<string | number>;

const isObject = (value: unknown): value is { [key: string]: Json } =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every value of an answer, of lists the first. */
function placesIn(value: Json, at: Place = []): Place[] {
	if (Array.isArray(value)) {
		return value[0] === undefined ? [at] : [at, ...placesIn(value[0], [...at, 0])];
	}
	if (!isObject(value)) return [at];
	return [at, ...Object.entries(value).flatMap(([key, one]) => placesIn(one, [...at, key]))];
}

function valueAt(value: Json, [first, ...rest]: Place): Json | undefined {
	if (first === undefined) return value;
	if (Array.isArray(value)) return valueAt(value[Number(first)] ?? null, rest);
	return isObject(value) ? valueAt(value[first] ?? null, rest) : undefined;
}

/** The same with another value at a place. */
function withAt(value: Json, [first, ...rest]: Place, other: Json): Json {
	if (first === undefined) return other;
	if (Array.isArray(value)) {
		return value.map((one, i) => (i === first ? withAt(one, rest, other) : one));
	}
	return isObject(value) ? { ...value, [first]: withAt(value[first] ?? null, rest, other) } : value;
}

/** The body in the output of a step. */
function bodyOf(step: Step, seen: Seen): Json | undefined {
	const [output] = seen.outputs[step.name] ?? [];
	if (output?.statusCode === undefined) return undefined;
	if (step.by === 'node') return JSON.parse(JSON.stringify(output.response ?? '')) as Json;
	return output.data === '' ? '' : (JSON.parse(String(output.data)) as Json);
}

/** What was seen, with another body in one step. */
const withBody = (seen: Seen, step: Step, body: Json): Seen => ({
	...seen,
	outputs: {
		...seen.outputs,
		[step.name]: (seen.outputs[step.name] ?? []).map((output) =>
			step.by === 'node'
				? { ...output, response: body }
				: { ...output, data: JSON.stringify(body) },
		),
	},
});

const entryOf = (of: Report, { name }: Step): Entry => {
	const entry = of.entries.find(({ step }) => step === name);
	if (!entry) throw new Error(`The report has no '${name}'`);
	return entry;
};

/** A value of a type that no document has there. */
function ofAnotherType(value: Json | undefined): Json {
	if (typeof value === 'string') return 4711;
	return typeof value === 'number' || typeof value === 'boolean' ? 'a text' : true;
}

/** The words that a document names second, where a form has such words. */
function secondWords(
	rule: Rule,
	at: Place = [],
): Array<{ at: Place; word: string | number | boolean }> {
	if (typeof rule === 'string') return [];
	if ('words' in rule) {
		const [word] = rule.others ?? [];
		return word === undefined ? [] : [{ at, word }];
	}
	if ('any' in rule) return [];
	if ('list' in rule) return secondWords(rule.list, [...at, 0]);
	return Object.entries({ ...rule.keys, ...rule.optional }).flatMap(([key, one]) =>
		secondWords(one, [...at, key]),
	);
}

const verdicts = (of: Report, wanted: Verdict): string[] =>
	of.entries.filter(({ verdict }) => verdict === wanted).map(({ step }) => step);

/** Every stand-in once: what it answers does not change. */
const stages = new Map<ProviderName, { standIn: AnyStandIn; seen: Seen }>();

beforeAll(async () => {
	for (const name of providers) {
		const standIn = (await startStandIn(name)) as AnyStandIn;
		stages.set(name, { standIn, seen: await play(standIn, { branches: true }) });
		standIn.expectOnContract();
	}
});

afterAll(async () => {
	for (const { standIn } of stages.values()) await standIn.close();
});

function stageOf(name: ProviderName): { standIn: AnyStandIn; seen: Seen } {
	const stage = stages.get(name);
	if (!stage) throw new Error(`There is no stage of ${name}`);
	return stage;
}

describe.each(providers)('what %s answers', (name) => {
	test('is as documented, in every step, and nothing is left', () => {
		const { standIn, seen } = stageOf(name);
		const said = reportOf(standIn, seen);
		expect(verdicts(said, 'new')).toEqual([]);
		expect(verdicts(said, 'not tried')).toEqual([]);
		// No document says what a control ID gets that no stream has.
		expect(verdicts(said, 'another documented form')).toEqual(
			name === 'signalWire' ? ['Stop an Unknown Control ID'] : [],
		);
		expect(said.own).toEqual({ started: name === 'signalWire' ? 4 : 2, mayStillRun: 0 });
	});

	test('is new where a field has what no document has', () => {
		const { standIn, seen } = stageOf(name);
		const changed: string[] = [];
		for (const step of planOf(standIn).steps) {
			const body = bodyOf(step, seen);
			if (body === undefined || body === '') continue;
			for (const place of placesIn(body)) {
				const value = valueAt(body, place);
				const others = [ofAnotherType(value)];
				if (isObject(value)) others.push({ ...value, of_their_own: 'x' });
				for (const other of others) {
					const said = reportOf(standIn, withBody(seen, step, withAt(body, place, other)));
					changed.push(`${step.name} ${place.join('.')}`);
					expect([step.name, place, other, entryOf(said, step).verdict]).toEqual([
						step.name,
						place,
						other,
						'new',
					]);
				}
			}
		}
		expect(changed.length).toBeGreaterThan(80);
	});

	test('is new where a documented word is another word', () => {
		const { standIn, seen } = stageOf(name);
		let changed = 0;
		for (const step of planOf(standIn).steps) {
			const body = bodyOf(step, seen);
			if (body === undefined || body === '') continue;
			const { body: shown } = entryOf(reportOf(standIn, seen), step);
			for (const place of placesIn(body)) {
				const value = valueAt(body, place);
				// What the report shows as it came is a documented word.
				const asItCame = valueAt(JSON.parse(JSON.stringify(shown)) as Json, place);
				if (typeof value !== 'string' || value === '' || asItCame !== value) continue;
				const said = reportOf(standIn, withBody(seen, step, withAt(body, place, 'of-their-own')));
				changed += 1;
				expect([step.name, place, entryOf(said, step).verdict]).toEqual([step.name, place, 'new']);
				expect(JSON.stringify(said)).not.toContain('of-their-own');
			}
		}
		expect(changed).toBeGreaterThan(8);
	});

	test('is another documented form where a field has the word that comes second', () => {
		const { standIn, seen } = stageOf(name);
		const changed: string[] = [];
		for (const step of planOf(standIn).steps) {
			const body = bodyOf(step, seen);
			const [form] = step.forms;
			if (body === undefined || !form || form.other) continue;
			for (const { at, word } of secondWords(form.body)) {
				const said = reportOf(standIn, withBody(seen, step, withAt(body, at, word)));
				changed.push(step.name);
				expect([step.name, at, entryOf(said, step).verdict]).toEqual([
					step.name,
					at,
					'another documented form',
				]);
			}
		}
		expect(changed.length).toBeGreaterThan(0);
	});

	test('gives each open point the worst of its steps', () => {
		const { standIn, seen } = stageOf(name);
		const plan = planOf(standIn);
		for (const point of plan.points) {
			const [first] = plan.steps.filter((step) => point.steps.includes(step.name));
			const of = (said: Report) => said.points.find(({ number }) => number === point.number);
			if (!first) {
				expect(of(reportOf(standIn, seen))).toMatchObject({
					verdict: 'not tried',
					reason: point.notTried,
				});
				continue;
			}
			const changed = reportOf(standIn, withBody(seen, first, { of_their_own: 1 }));
			expect(of(changed)).toMatchObject({ number: point.number, verdict: 'new' });
		}
	});

	test('says nothing of any value: no number, address, balance or token', () => {
		const { standIn, seen } = stageOf(name);
		const canaries = [
			'+15550177001',
			'owner@canary.example',
			'4711.4242',
			'example-canary-token-Kq8vNw3ZrT6yXb',
			...standIn.secrets,
		];
		const inEachField = (value: Json, canary: string): Json => {
			if (Array.isArray(value)) return value.map((one) => inEachField(one, canary));
			if (!isObject(value))
				return typeof value === 'number' ? Number.parseFloat(canary) || 7 : canary;
			return Object.fromEntries<Json>([
				...Object.entries(value).map(([key, one]): [string, Json] => [
					key,
					inEachField(one, canary),
				]),
				[canary, canary],
				['balance', canary],
				['email', { [canary]: [canary] }],
			]);
		};
		for (const canary of canaries) {
			const outputs: Seen['outputs'] = {};
			for (const step of planOf(standIn).steps) {
				const body = inEachField(bodyOf(step, seen) ?? {}, canary);
				outputs[step.name] = withBody(seen, step, body).outputs[step.name]?.map((output) => ({
					...output,
					headers: { date: canary, [canary]: canary },
					statusMessage: canary,
					error: canary,
					message: canary,
					status: canary,
					failure: canary,
				}));
			}
			const said = reportOf(standIn, {
				outputs,
				calls: { own: canary, ended: canary, unknown: canary },
				started: { 'Start Stream 1': canary, 'Start Stream 2': canary },
			});
			const text = `${JSON.stringify(said)}${asMarkdown(planOf(standIn), said)}`;
			expect([canary, secretsIn(text, [canary])]).toEqual([canary, []]);
			expect(text).not.toMatch(/15550177001|4711\.4242/);
			// The names of keys that look like names are there.
			expect(text).toContain('balance (not documented)');
		}
		// As it really came: the numbers of the call and the account.
		const text = JSON.stringify(reportOf(standIn, seen));
		expect(text).not.toMatch(/\+1555|[0-9a-f]{8}-[0-9a-f]{4}|https?:|wss:|MAEX|MA_EX|str_/);
	});

	test('counts what may still run, and says how long', () => {
		const { standIn, seen } = stageOf(name);
		const plan = planOf(standIn);
		const outputs = Object.fromEntries(
			Object.entries(seen.outputs).map(([step, items]) => [
				step,
				items?.map((item) => ({ ...item, stopped: false, status: 'failed' })),
			]),
		);
		const said = report(plan, { ...seen, outputs });
		expect(said.own.mayStillRun).toBe(said.own.started);
		expect(asMarkdown(plan, said)).toContain(plan.limit);
	});

	test.each([
		['no answer', { error: 'ECONNRESET' }],
		['a 503', { statusCode: 503, data: 'busy' }],
		['no id', { statusCode: 200, data: '{}' }],
	])('counts a start with %s: it may have started a stream', (_what, output) => {
		const { standIn, seen } = stageOf(name);
		const said = reportOf(standIn, {
			...seen,
			started: { ...seen.started, 'Start Stream 1': undefined },
			outputs: { ...seen.outputs, 'Start Stream 1': [output] },
		});
		expect(said.own).toEqual({ started: name === 'signalWire' ? 4 : 2, mayStillRun: 1 });
	});

	test('comes out of the Code node as it does here', () => {
		const { standIn, seen } = stageOf(name);
		const plan = planOf(standIn);
		const globals: Record<string, unknown> = { plan, seen };
		runInNewContext(
			`${codeOf('report')}\n${codeOf('streams')}\nresult = JSON.stringify([report(plan, seen), asMarkdown(plan, report(plan, seen))]);`,
			globals,
		);
		const said = reportOf(standIn, seen);
		expect(globals.result).toBe(JSON.stringify([said, asMarkdown(plan, said)]));
		expect(codeOf('report') + codeOf('streams')).not.toMatch(/\b(require|import|export)\b[ (]/);
	});
});

describe('the other forms that the documents name', () => {
	const other = async (
		name: ProviderName,
		set: (standIn: AnyStandIn) => void,
		options?: Partial<Options>,
		how?: Play,
	): Promise<Report> => {
		const standIn = (await start(name, options)) as AnyStandIn;
		set(standIn);
		const said = reportOf(standIn, await play(standIn, { branches: true, ...how }));
		standIn.expectOnContract();
		expect(verdicts(said, 'new')).toEqual([]);
		expect(said.own.mayStillRun).toBe(0);
		return said;
	};
	const nothing = (): void => undefined;

	test("Plivo's older answers to a stop that finds nothing", async () => {
		const said = await other('plivo', nothing, { generation: 'old' });
		expect(verdicts(said, 'another documented form')).toEqual([
			'Stop All Streams Again',
			'Stop All of the Ended Call',
			'Stop One of the Ended Call',
		]);
	});

	test.each(['error alone', 'empty'] as const)("Plivo's 404: %s", async (shape) => {
		const said = await other('plivo', (standIn) => {
			(standIn as PlivoStandIn).notFoundShape = shape;
		});
		expect(verdicts(said, 'another documented form')).toEqual(
			expect.arrayContaining(['Read the Record', 'Stop All of an Unknown Call']),
		);
	});

	test("Vobiz's older documents", async () => {
		const said = await other('vobiz', nothing, { generation: 'old' });
		expect(verdicts(said, 'another documented form')).toEqual(
			expect.arrayContaining([
				'Stop Stream 1',
				'Stop Stream 1 Again',
				'Stop All Streams',
				'Stop All Streams Again',
				'List the Streams',
			]),
		);
	});

	test.each(['telephony', 'platform', 'captured'] as const)(
		"Vobiz's refusals: %s",
		async (shape) => {
			const said = await other('vobiz', (standIn) => {
				(standIn as VobizStandIn).errorShape = shape;
			});
			expect(verdicts(said, 'another documented form').length).toBeGreaterThan(0);
		},
	);

	test('Vobiz refuses to stop all streams of a call that never existed', async () => {
		const said = await other('vobiz', (standIn) => {
			(standIn as VobizStandIn).stopsAllOfUnknownCall = false;
		});
		expect(said.points.find(({ number }) => number === '10')).toMatchObject({
			verdict: 'another documented form',
		});
	});

	test.each(['errors', 'strings'] as const)("SignalWire's refusals: %s", async (shape) => {
		const said = await other('signalWire', (standIn) => {
			(standIn as SignalWireStandIn).errorShape = shape;
		});
		expect(said.points.find(({ number }) => number === '1')).toMatchObject({
			verdict: 'another documented form',
		});
	});

	test('a call that cXML runs has no control ID', async () => {
		const said = await other('signalWire', nothing, {}, { runs: 'cXML' });
		expect(said.points.find(({ number }) => number === '4, second half')).toMatchObject({
			verdict: 'as documented',
		});
	});
});

describe.each(providers)('a call of %s that ends while the check runs', (name) => {
	test('proves nothing, and is nothing new: before each step', async () => {
		const standIn = (await start(name)) as AnyStandIn;
		const plan = planOf(standIn);
		const atStart = plan.steps.findIndex(({ name: step }) => step === 'Ask With a Wrong Token');
		for (const last of plan.steps.slice(atStart)) {
			const seen = await play(standIn, {
				before: ({ name: step }, call) => {
					if (step === last.name) standIn.endCall(call);
				},
			});
			const said = reportOf(standIn, seen);
			expect([last.name, verdicts(said, 'new')]).toEqual([last.name, []]);
			expect(said.own.mayStillRun).toBe(0);
			if (last.name.startsWith('By Name') || last.name.startsWith('Conference')) continue;
			if (last.name === 'List What Is Left') continue;
			expect(
				entryOf(said, plan.steps.find((step) => step.name === 'Read the Call Again') ?? last),
			).toMatchObject({
				verdict: 'not tried',
				reason: 'the call ended while the check ran',
			});
		}
		expect(standIn.truth().running).toEqual([]);
	});
});

describe.each(providers)('a credential that %s refuses', (name) => {
	test('is not tried, and the body of the 401 is', async () => {
		const standIn = (await start(name)) as AnyStandIn;
		const seen = await play(standIn);
		const [refused] = seen.outputs['Ask With a Wrong Token'] ?? [];
		const said = reportOf(standIn, {
			...seen,
			started: {},
			outputs: { 'Read the Call': [refused ?? {}], 'Ask With a Wrong Token': [refused ?? {}] },
		});
		expect(said.entries[0]).toMatchObject({
			step: 'Read the Call',
			verdict: 'not tried',
			reason: 'the credential was refused (401)',
		});
		expect(verdicts(said, 'as documented')).toEqual(['Ask With a Wrong Token']);
		expect(verdicts(said, 'new')).toEqual([]);
	});
});

test("Vobiz's gateway does not know the address", async () => {
	const standIn = await start('vobiz');
	const data = JSON.stringify({ message: 'Not Found' });
	const said = reportOf(standIn, {
		outputs: { 'Read the Call': [{ statusCode: 404, data }] },
		calls: {},
		started: {},
	});
	expect(said.entries[0]).toMatchObject({
		verdict: 'not tried',
		reason: 'the provider knows no such address: check the account and its URL',
		body: { message: 'Not Found' },
	});
});
