// What was measured stands in docs/*.json, each file with the day, the versions and a digest of the
// sources it was measured on. Tables in the documents are made of these files, and of nothing else.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { asMarkdown } from './table.cts';

const ROOT = path.join(__dirname, '../..');

/** When, with what and on which sources something was measured. */
export interface Measured {
	/** The day, in UTC. */
	date: string;
	n8n: string;
	node: string;
	/** What {@link sourceDigest} gave. */
	source: string;
	/** Where chance had a part in the plan: with the same seed the plan is the same. */
	seed?: string;
}

/** Counts by name, such as outcomes. */
export type Counts = Record<string, number>;

export interface ChaosFigures {
	executions: number;
	items: number;
	/** What each item's call and stream were like when the stop came. */
	situations: Counts;
	/** How often each kind of fault was met. */
	faults: Counts;
	outcomes: Counts;
	requests: number;
	retries: number;
	reads: number;
	disagreements: number;
	/** Outcomes that no node could have told better, by why. */
	apart: Counts;
	secretsFound: number;
	seconds: number;
}

export interface PacingFigures {
	stops: number;
	runs: Array<{
		work: string;
		seconds: number;
		ofLeast: number;
		requests: number;
		limited: number;
	}>;
}

export interface EndedCallsFigures {
	runs: Array<{
		provider: string;
		from: string;
		stops: number;
		requests: number;
		reads: number;
		seconds: number;
		outcomes: Counts;
		/** How long hang-ups of the same account took meanwhile: the middle one, and the slowest. */
		hangUpMs: number;
		slowestMs: number;
		/** And before, when there was nothing else. */
		aloneMs: number;
	}>;
}

/** What came of sending all events once. */
export interface QueueRound {
	executions: Counts;
	callers: Counts;
	outcomes: Counts;
	untrue: number;
	leftUp: number;
	requests: number;
	limited: number;
	offContract: number;
	seconds: number;
}

export interface QueueFigures {
	redis: string;
	postgres: string;
	runs: Array<{
		title: string;
		events: number;
		streams: number;
		first: QueueRound;
		again: QueueRound;
		untold: number;
		toSendAgain: number;
		killedEndedAfter?: number[];
		errorWorkflow?: number;
	}>;
}

export interface CompatFigures {
	runs: Array<{
		n8n: string;
		/** The exact version of that n8n's engine. */
		core: string;
		node: string;
		/** The exact version of Node. */
		exactNode: string;
		/** All scenarios, or what concerns the engine. */
		checks: 'all' | 'engine';
		passed: number;
	}>;
}

export interface BenchFigures {
	machine: string;
	rounds: number;
	rows: Array<{
		work: string;
		ours: string;
		theirs: string;
		ratio: string;
		aim: string;
		verdict: string;
	}>;
	/** What is to be said of each aim that was missed. */
	missed: string[];
	series: Record<string, number[]>;
}

export interface SoakFigures {
	runs: number;
	seconds: number;
	/** The heap after a collection, in bytes, by how many runs were done. */
	heap: Array<{ runs: number; bytes: number }>;
	/** What the heap grew by for each of the last half of the runs. */
	bytesPerRun: number;
	/** Listeners on the cancel signal of the one execution that half of the runs belong to. */
	listeners: number;
}

export interface MutationFigures {
	/** One part of the sources each: how many changes its unit tests noticed, and how many they missed. */
	groups: Array<{ group: string; noticed: number; missed: number }>;
}

/** What each file of figures holds, by its name. */
export interface AllFigures {
	chaos: ChaosFigures;
	pacing: PacingFigures;
	'ended-calls': EndedCallsFigures;
	queue: QueueFigures;
	compat: CompatFigures;
	bench: BenchFigures;
	soak: SoakFigures;
	mutation: MutationFigures;
}

export type FiguresName = keyof AllFigures;

/** One file of figures as it stands in docs/. */
type Recorded<Name extends FiguresName = FiguresName> = {
	measured: Measured;
	figures: AllFigures[Name];
};

/** A digest of what was measured: every file of the node and its credentials. */
export function sourceDigest(root = ROOT): string {
	const hash = createHash('sha256');
	for (const folder of ['credentials', 'nodes']) {
		const files = readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
			.filter((entry) => entry.isFile())
			.map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
			.sort();
		for (const file of files) {
			const bytes = readFileSync(path.join(root, file));
			// With their lengths, so that no byte can move from one file to the next.
			hash.update(`${file}\n${bytes.length}\n`).update(bytes);
		}
	}
	return hash.digest('hex');
}

const fileOf = (name: FiguresName) => path.join(ROOT, 'docs', `${name}.json`);

/** The figures of the last run that was written down, if there is one. */
export function readFigures<Name extends FiguresName>(name: Name): Recorded<Name> | undefined {
	const file = fileOf(name);
	if (!existsSync(file)) return undefined;
	return JSON.parse(readFileSync(file, 'utf8')) as Recorded<Name>;
}

/** Of the sources as they were when the run began: somebody may work on them meanwhile. */
const atStart = sourceDigest();

/**
 * Writes figures down where this run was asked to (`WRITE_FIGURES=1`), and says so: a check that runs
 * everywhere must not change the documents.
 */
export function recordFigures<Name extends FiguresName>(
	name: Name,
	versions: Pick<Measured, 'n8n' | 'node' | 'seed'>,
	figures: AllFigures[Name],
): Measured {
	const measured: Measured = {
		date: new Date().toISOString().slice(0, 10),
		...versions,
		source: atStart,
	};
	if (process.env.WRITE_FIGURES) {
		writeFileSync(fileOf(name), `${JSON.stringify({ measured, figures }, null, '\t')}\n`);
		process.stdout.write(
			`Written to docs/${name}.json; 'npm run docs:figures' makes the tables.\n`,
		);
	}
	return measured;
}

const number = (value: number) => value.toLocaleString('en');
const seconds = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} s`;

/** `{ success: 291, error: 9 }` → `291 success, 9 error` */
export const list = (counts: Counts) =>
	Object.entries(counts)
		.map(([name, count]) => `${number(count)} ${name}`)
		.join(', ');

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

/** When and with what, as people read it. */
export const setting = ({ date, n8n, node }: Measured) => `${date}, n8n ${n8n}, Node ${node}`;

const TABLES: { [Name in FiguresName]: (recorded: Recorded<Name>) => string } = {
	chaos: ({ measured, figures }) =>
		[
			asMarkdown([
				['What', 'Figure'],
				['stops', `${number(figures.items)} in ${figures.executions} executions`],
				['what the stops met', list(figures.situations)],
				[
					'faults',
					`${number(sum(Object.values(figures.faults)))} of ${Object.keys(figures.faults).length} kinds`,
				],
				[
					'requests to stop',
					`${number(figures.requests)}, of these ${number(figures.retries)} sent again`,
				],
				['requests to read', number(figures.reads)],
				['outcomes', list(figures.outcomes)],
				['**outcomes that disagree with what was true**', `**${figures.disagreements}**`],
				...Object.entries(figures.apart).map(([why, count]) => [
					`counted apart: ${why}`,
					number(count),
				]),
				['**secrets found**', `**${figures.secretsFound}**`],
			]),
			'',
			`Run on ${setting(measured)}: \`npm run test:chaos\`.`,
		].join('\n'),

	pacing: ({ measured, figures }) =>
		[
			asMarkdown([
				[
					`${number(figures.stops)} Vobiz stops`,
					'Time',
					'Of the least time',
					'Requests',
					'Answers 429',
				],
				...figures.runs.map((run) => [
					run.work,
					seconds(run.seconds),
					run.ofLeast.toFixed(2),
					number(run.requests),
					number(run.limited),
				]),
			]),
			'',
			`Run on ${setting(measured)}: \`npm run test:chaos\`.`,
		].join('\n'),

	'ended-calls': ({ measured, figures }) =>
		[
			asMarkdown([
				[
					'Provider',
					'Ids from',
					'Stops of ended calls',
					'Requests to stop',
					'Reads',
					'Time',
					'Outcomes',
					'A hang-up meanwhile (slowest, alone)',
				],
				...figures.runs.map((run) => [
					run.provider,
					run.from,
					number(run.stops),
					number(run.requests),
					number(run.reads),
					seconds(run.seconds),
					list(run.outcomes),
					`${run.hangUpMs.toFixed(0)} ms (${run.slowestMs.toFixed(0)} ms, ${run.aloneMs.toFixed(0)} ms)`,
				]),
			]),
			'',
			`Run on ${setting(measured)}: \`npm run test:chaos\`.`,
		].join('\n'),

	queue: ({ measured, figures }) => {
		const rounds = figures.runs.flatMap(({ title, first, again }) => [
			{ title: `${title}, sent first`, round: first },
			{ title: `${title}, sent again`, round: again },
		]);
		const row = (name: string, figure: (round: QueueRound) => string) => [
			name,
			...rounds.map(({ round }) => figure(round)),
		];
		return [
			asMarkdown([
				['', ...rounds.map(({ title }) => title)],
				row('executions', (round) => list(round.executions)),
				row('callers got', (round) => list(round.callers)),
				row('streams, as reported', (round) => list(round.outcomes)),
				row('reported stopped and not down', (round) => String(round.untrue)),
				row('streams left up', (round) => String(round.leftUp)),
				row('requests to the providers', (round) => number(round.requests)),
				row('answers 429', (round) => String(round.limited)),
				row('requests off contract', (round) => String(round.offContract)),
				row('time until all were answered', (round) => seconds(round.seconds)),
			]),
			'',
			...figures.runs.map(
				({ title, events, streams, toSendAgain, killedEndedAfter = [], errorWorkflow }) =>
					`- ${title}: ${events} events with ${number(streams)} streams; ${toSendAgain} events to send again` +
					(killedEndedAfter.length > 0
						? `; killed jobs ended after ${Math.min(...killedEndedAfter).toFixed(0)} to ${Math.max(...killedEndedAfter).toFixed(0)} s`
						: '') +
					(errorWorkflow === undefined ? '' : `; error workflow started ${errorWorkflow} times`),
			),
			'',
			`Run on ${setting(measured)}, a main and two workers, Redis ${figures.redis}, Postgres ${figures.postgres}: \`npm run test:queue\`.`,
		].join('\n');
	},

	compat: ({ measured, figures: { runs } }) => {
		const nodes = [...new Set(runs.map(({ node }) => node))];
		const versions = [...new Set(runs.map(({ n8n }) => n8n))];
		const cell = (n8n: string, node: string) => {
			const run = runs.find((one) => one.n8n === n8n && one.node === node);
			if (!run) return 'not run';
			return run.checks === 'all' ? 'every scenario passes' : "the engine's checks pass";
		};
		const exact = (values: string[]) => [...new Set(values)].join(', ');
		return [
			asMarkdown([
				['n8n', ...nodes.map((node) => `Node ${node}`)],
				...versions.map((n8n) => [n8n, ...nodes.map((node) => cell(n8n, node))]),
			]),
			'',
			`Run on ${measured.date} with the packed tarball, on n8n-core ${exact(runs.map(({ core }) => core))} and Node ${exact(runs.map(({ exactNode }) => exactNode))}: \`npm run test:compat\`.`,
		].join('\n');
	},

	bench: ({ measured, figures }) =>
		[
			asMarkdown([
				['Work', 'Stop Audio Stream', 'Compared with', 'Ratio', 'Aim', ''],
				...figures.rows.map(({ work, ours, theirs, ratio, aim, verdict }) => [
					work,
					ours,
					theirs,
					ratio,
					aim,
					verdict,
				]),
			]),
			'',
			figures.missed.length === 0
				? 'Every aim is met.'
				: figures.missed.map((line) => `- ${line}`).join('\n'),
			'',
			`Medians of ${figures.rounds} rounds, and in brackets the range; smaller is better. ${setting(measured)}, ${figures.machine}. All values: [bench.json](bench.json).`,
		].join('\n'),

	mutation: ({ measured, figures: { groups } }) => {
		const share = (noticed: number, missed: number) =>
			`${((100 * noticed) / (noticed + missed)).toFixed(1)} %`;
		const noticed = sum(groups.map((one) => one.noticed));
		const missed = sum(groups.map((one) => one.missed));
		return [
			asMarkdown([
				['Part of the sources', 'Changes', 'Noticed', 'Share'],
				...groups.map((one) => [
					one.group,
					number(one.noticed + one.missed),
					number(one.noticed),
					share(one.noticed, one.missed),
				]),
				['**all**', number(noticed + missed), number(noticed), `**${share(noticed, missed)}**`],
			]),
			'',
			`Run on ${setting(measured)}: \`npm run test:mutation\`.`,
		].join('\n');
	},

	soak: ({ measured, figures }) =>
		[
			asMarkdown([
				['What', 'Figure'],
				[
					'runs of the node in one process',
					`${number(figures.runs)} in ${seconds(figures.seconds)}`,
				],
				[
					`growth of the heap for each of the last ${number(figures.runs / 2)} runs, after collection`,
					`${figures.bytesPerRun.toFixed(0)} bytes`,
				],
				[
					'listeners left on the cancel signal of the one execution that half of the runs belong to',
					String(figures.listeners),
				],
			]),
			'',
			`Run on ${setting(measured)}: \`npm run test:soak\`.`,
		].join('\n'),
};

/** Every name of figures. */
export const FIGURES = Object.keys(TABLES) as FiguresName[];

/** The table of a file of figures; a release waits for one that nobody has measured. */
export function figuresTable<Name extends FiguresName>(
	name: Name,
	recorded = readFigures(name),
): string {
	return recorded ? TABLES[name](recorded) : '**Not measured yet.**';
}

/** The names of figures that were measured on other sources than today's. */
export function staleFigures(): FiguresName[] {
	const today = sourceDigest();
	return FIGURES.filter((name) => readFigures(name)?.measured.source !== today);
}
