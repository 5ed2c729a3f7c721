import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { providers as nodeProviders } from '../../nodes/StopAudioStream/providers/index';
import type { Ids, Provider, Way } from '../../nodes/StopAudioStream/providers/provider';
import { planOf, play, reportOf } from '../lib/check/play.cts';
import { formOf, type Entry, type Report, type Shown, type Step } from '../lib/check/report.cts';
import { startStandIn, type AnyStandIn, type ProviderName } from '../lib/stand-ins/index.cts';

// Captures are what providers answered, from reports of 'Check My Account': docs/check-my-account.md. Each is read
// by the node's own readers, and has to be of a form that is documented here and that a stand-in gives.

const FOLDER = path.resolve(__dirname, '../captures');

/** A capture, as its file holds it. */
interface Capture {
	provider: ProviderName;
	/** Whose answers they are. */
	from: string;
	/** When the check ran, as YYYY-MM-DD. */
	on: string;
	entries: Entry[];
}

const captures = readdirSync(FOLDER)
	.filter((file) => file.endsWith('.json'))
	.map((file): [string, Capture] => [
		file,
		JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Capture,
	]);

/** A value such as the report shows it, with something of that type and length in place of what is not shown. */
function valueOf(shown: Shown): Shown {
	if (Array.isArray(shown)) return shown.map(valueOf);
	if (typeof shown === 'object' && shown !== null) {
		return Object.fromEntries(Object.entries(shown).map(([key, one]) => [key, valueOf(one)]));
	}
	const [, kind = '', size = ''] =
		/^<(text|number|boolean|time|list|object|call|stream|not)\b(?: (?:of )?(\d+))?.*>$/.exec(
			String(shown),
		) ?? [];
	switch (kind) {
		case 'text':
			return 'x'.repeat(Number(size));
		case 'number':
			return Number('1'.repeat(Math.min(Number(size), 15)));
		case 'boolean':
			return false;
		case 'time':
			return '2026-01-31T10:00:00.000Z';
		case 'list':
			return [];
		case 'object':
			return {};
		case 'not':
			return 'not documented';
		default:
			return shown;
	}
}

const nodeOf = (name: string): Provider => {
	const found = nodeProviders.find((one) => one.name === name);
	if (!found) throw new Error(`The node has no '${name}'`);
	return found;
};

/** The way of the node that a step goes. */
function wayOf(provider: Provider, asks: string): Way | undefined {
	const streamBy: Record<string, string> = {
		stopByControlId: 'controlId',
		stopByName: 'name',
		stopConferenceStream: 'conferenceSid',
	};
	return provider.ways.find(({ operation, choice }) =>
		asks === 'stopAllStreams'
			? operation === 'stopAllStreams'
			: operation === 'stopStream' && (!choice || choice.streamBy === (streamBy[asks] ?? 'sid')),
	);
}

/** What the node may have made of its reading of one answer, once it had looked into it. */
function statusesAfter(way: Way, entry: Entry): string[] {
	const { status = 0, body = '' } = entry;
	// These mean the same everywhere, and never reach a provider's reader.
	if ([401, 403, 408, 429].includes(status) || status >= 500) return ['failed'];
	const answer = { statusCode: status, headers: {}, body: valueOf(body) };
	const reading = way.read(answer, idsIn(entry));
	if (!reading) return ['failed'];
	if ('status' in reading) {
		if (reading.status === 'notFound') return ['notFound', 'alreadyStopped'];
		return reading.status === 'accepted' ? ['accepted', 'stopped'] : [reading.status];
	}
	return 'asks' in reading && reading.asks === 'call' ? ['failed', 'alreadyStopped'] : ['failed'];
}

/** The ids that an answer names, as the report calls them. */
function idsIn({ body }: Entry): Ids {
	const text = JSON.stringify(body ?? '');
	const [call] = /<call \d+>/.exec(text) ?? [];
	const [stream] = /<stream \d+>/.exec(text) ?? [];
	return { callId: call ?? '<call 1>', stream: stream ?? '<stream 1>', conferenceSid: 'room' };
}

/** What the node's looks at a call and at streams make of an answer. */
function lookedAt(provider: Provider, entry: Entry): unknown[] {
	const answer = { statusCode: entry.status ?? 0, headers: {}, body: valueOf(entry.body ?? '') };
	const ids = idsIn(entry);
	const one = wayOf(provider, 'stopStream');
	const streams = wayOf(provider, entry.asks === 'listStreams' ? 'stopAllStreams' : 'stopStream');
	if (entry.asks === 'readStream' || entry.asks === 'listStreams') {
		return [streams?.streams?.read(answer, ids, 0)?.kind];
	}
	return (one?.looks ?? []).map((look) => look.read(answer, ids));
}

/** How a stand-in can be set, to give each form that it knows. */
const SETTINGS: Record<ProviderName, ReadonlyArray<Record<string, unknown>>> = {
	plivo: [{}, { generation: 'old' }, { notFoundShape: 'error alone' }, { notFoundShape: 'empty' }],
	vobiz: [
		{},
		{ generation: 'old' },
		{ errorShape: 'telephony' },
		{ errorShape: 'platform' },
		{ errorShape: 'captured' },
		{ stopsAllOfUnknownCall: false },
	],
	signalWire: [
		{},
		{ errorShape: 'errors' },
		{ errorShape: 'strings' },
		{ runs: 'cXML' },
		{ runs: 'SWML' },
	],
};

/** The forms that a provider's stand-in gives in each step, by their places in the plan. */
const given = new Map<ProviderName, Set<string>>();
/** The first report of each stand-in, as it is set from the start. */
const usual = new Map<ProviderName, Report>();

const keyOf = (step: Step, entry: Entry): string | undefined => {
	if (entry.status === undefined) return undefined;
	const place = formOf(step, entry.status, valueOf(entry.body ?? ''));
	return place === undefined ? undefined : `${step.name} ${place}`;
};

beforeAll(async () => {
	for (const provider of new Set(captures.map(([, capture]) => capture.provider))) {
		const forms = new Set<string>();
		for (const { generation, runs, ...settings } of SETTINGS[provider]) {
			const standIn = (await startStandIn(
				provider,
				generation === 'old' ? { generation } : {},
			)) as AnyStandIn;
			Object.assign(standIn, settings);
			const isOne = runs === 'cXML' || runs === 'SWML';
			const said = reportOf(
				standIn,
				await play(standIn, { branches: true, ...(isOne && { runs }) }),
			);
			await standIn.close();
			if (!usual.has(provider)) usual.set(provider, said);
			for (const step of planOf({ provider }).steps) {
				const entry = said.entries.find((one) => one.step === step.name);
				const key = entry && keyOf(step, entry);
				if (key !== undefined) forms.add(key);
			}
		}
		given.set(provider, forms);
	}
}, 120_000);

test('there is a capture of each provider', () => {
	expect([...new Set(captures.map(([, { provider }]) => provider))].sort()).toEqual(
		nodeProviders.map(({ name }) => name).sort(),
	);
});

describe.each(captures)('%s', (_file, capture) => {
	const { provider, entries } = capture;
	const plan = planOf(capture);
	const node = nodeOf(provider);
	const answered = entries.filter(({ status }) => status !== undefined);

	test('says whose answers they are, and holds nothing but the report', () => {
		expect(Object.keys(capture).sort()).toEqual(['entries', 'from', 'on', 'provider']);
		expect(capture.from).not.toBe('');
		expect(capture.on).toMatch(/^\d{4}-\d\d-\d\d$/);
		expect(JSON.stringify(capture)).not.toMatch(/\+\d{7}|[0-9a-f]{8}-[0-9a-f]{4}-|https?:|wss:|@/);
		for (const { step } of entries) expect(plan.steps.map(({ name }) => name)).toContain(step);
	});

	// A step whose call ended, or whose credential was refused, proves nothing of its own forms.
	test.each(
		answered
			.filter(({ verdict }) => verdict !== 'not tried')
			.map((entry): [string, Entry] => [entry.step, entry]),
	)('%s: of a form that is documented here, and that a stand-in gives', (name, entry) => {
		const step = plan.steps.find((one) => one.name === name);
		const key = step && keyOf(step, entry);
		if (key === undefined) {
			throw new Error(
				'No form of test/lib/check/plans.cts fits. Add what is new there, and teach it to the node and the stand-in.',
			);
		}
		expect([...(given.get(provider) ?? [])]).toContain(key);
	});

	test.each(
		answered.filter(({ by }) => by === 'node').map((entry): [string, Entry] => [entry.step, entry]),
	)('%s: the node reads it as it did then', (_step, entry) => {
		const way = wayOf(node, entry.asks);
		if (!way) throw new Error(`The node has no way for '${entry.asks}'`);
		expect(statusesAfter(way, entry)).toContain(entry.node?.status);
	});

	test.each(
		answered
			.filter(
				({ asks, verdict }) =>
					asks.startsWith('read') || (asks === 'listStreams' && verdict !== 'not tried'),
			)
			.map((entry): [string, Entry] => [entry.step, entry]),
	)('%s: the node sees in it what it saw then', (_step, entry) => {
		const seen = lookedAt(node, entry);
		if (entry.verdict === 'not tried' || entry.step === 'Ask With a Wrong Token') {
			expect(seen).not.toContain('live');
			return;
		}
		const wanted: Record<string, string> = {
			'Read Stream 1': 'running',
			'Read Stream 1 Again': 'ended',
			'List the Streams': 'running',
			'List What Is Left': 'ended',
			'Read the Record': 'notFound',
		};
		expect(seen).toContain(wanted[entry.step] ?? 'live');
	});
});

test.each(captures.filter(([, { from }]) => from.startsWith('a stand-in')))(
	'%s is what the stand-in answers today',
	(_file, capture) => {
		expect(capture.entries).toEqual(usual.get(capture.provider)?.entries);
	},
);

test('an answer that nobody has seen before turns a capture red', () => {
	const [, capture] = captures[0] ?? [];
	const [entry] = capture?.entries ?? [];
	const step = capture && planOf(capture).steps.find(({ name }) => name === entry?.step);
	if (!entry || !step) throw new Error('There is no capture');
	expect(keyOf(step, entry)).toBeDefined();
	expect(keyOf(step, { ...entry, body: { of_their_own: '<not documented>' } })).toBeUndefined();
	expect(keyOf(step, { ...entry, status: 299 })).toBeUndefined();
});
