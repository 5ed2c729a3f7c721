// What was measured stands in docs/*.json, each file with the day, the versions and a digest of the
// sources it was measured on. Tables in the documents are made of these files, and of nothing else.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ROOT } from './install.cts';
import { asMarkdown } from './table.cts';

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
	/** What to say of each aim that was missed. */
	missed: string[];
	series: Record<string, number[]>;
}

export interface SoakFigures {
	runs: number;
	seconds: number;
	/** The heap after a collection, in bytes, by how many runs were done. */
	heap: Array<{ runs: number; bytes: number }>;
	/** What the heap changed by for each of the last half of the runs. */
	bytesPerRun: number;
	/** Listeners on the cancel signal of the one execution that half of the runs belong to. */
	listeners: number;
}

export interface MutationFigures {
	/** One part of the sources each: how many changes the tests noticed, unit tests and the table's rows, and how many they missed. */
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
 * Writes figures down if this run was asked to (`WRITE_FIGURES=1`), and says so: a check that runs
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
const setting = ({ date, n8n, node }: Measured) => `${date}, n8n ${n8n}, Node ${node}`;

/** The line under a table: when, with what and by which command it was measured. */
const ranOn = (measured: Measured, command: string, more = '') =>
	`Run on ${setting(measured)}${more}: \`npm run ${command}\`.`;

const TABLES: { [Name in FiguresName]: (recorded: Recorded<Name>) => string[] } = {
	chaos: ({ measured, figures }) => [
		asMarkdown([
			['What', 'Figure'],
			[
				'stops',
				`${number(figures.items)} in ${figures.executions} executions, in ${Object.keys(figures.situations).length} states of stream and call`,
			],
			[
				'faults',
				`${number(sum(Object.values(figures.faults)))} of ${Object.keys(figures.faults).length} kinds`,
			],
			[
				'requests',
				`${number(figures.requests)} to stop, ${number(figures.retries)} of them retries; ${number(figures.reads)} to read`,
			],
			['**outcomes that disagree with what was true**', `**${figures.disagreements}**`],
			['outcomes that no node could have told better', list(figures.apart)],
			['**secrets found**', `**${figures.secretsFound}**`],
		]),
		ranOn(measured, 'test:chaos'),
	],

	pacing: ({ measured, figures: { stops, runs } }) => {
		const ofLeast = runs.map((run) => run.ofLeast.toFixed(2)).sort();
		const limited = runs.map((run) => run.limited);
		return [
			`${number(stops)} Vobiz stops took ${ofLeast[0]} to ${ofLeast.at(-1)} of the least time, and met at most ${Math.max(...limited)} answers 429: ${runs.map(({ work }) => work).join('; ')}. ${ranOn(measured, 'test:chaos')}`,
		];
	},

	'ended-calls': ({ measured, figures }) => [
		asMarkdown([
			['Provider', 'Ids from', 'Reads', 'Time', 'Outcomes', 'A hang-up meanwhile'],
			...figures.runs.map((run) => [
				run.provider,
				run.from,
				number(run.reads),
				seconds(run.seconds),
				list(run.outcomes),
				`${run.hangUpMs.toFixed(0)} ms (slowest ${run.slowestMs.toFixed(0)} ms, alone ${run.aloneMs.toFixed(0)} ms)`,
			]),
		]),
		ranOn(measured, 'test:chaos'),
	],

	queue: ({ measured, figures: { redis, postgres, runs } }) => {
		const row = (name: string, figure: (round: QueueRound) => string) => [
			name,
			...runs.flatMap(({ first, again }) => [figure(first), figure(again)]),
		];
		return [
			asMarkdown([
				['', ...runs.flatMap(({ title }) => [title, 'the same events again'])],
				row('callers got', (round) => list(round.callers)),
				row('streams, as reported', (round) => list(round.outcomes)),
				row('reported stopped and not down', (round) => String(round.untrue)),
				row('streams left up', (round) => String(round.leftUp)),
				row('requests off contract', (round) => String(round.offContract)),
			]),
			ranOn(
				measured,
				'test:queue',
				`, a main and two workers, Redis ${redis}, Postgres ${postgres}`,
			),
		];
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
			`Run on ${measured.date} with the packed tarball, on n8n-core ${exact(runs.map(({ core }) => core))} and Node ${exact(runs.map(({ exactNode }) => exactNode))}: \`npm run test:compat\`.`,
		];
	},

	bench: ({ measured, figures: { machine, missed, rounds, rows } }) => [
		asMarkdown([
			['Work', 'Stop Audio Stream', 'Compared with', 'Ratio', 'Aim', ''],
			...rows.map(({ work, ours, theirs, ratio, aim, verdict }) => [
				...[work, ours, theirs, ratio, aim, verdict],
			]),
		]),
		missed.length === 0 ? 'Every aim is met.' : missed.map((line) => `- ${line}`).join('\n'),
		`Medians of ${rounds} rounds, and in brackets the range; smaller is better. ${setting(measured)}, ${machine}. All values: [bench.json](bench.json).`,
	],

	mutation: ({ measured, figures: { groups } }) => {
		const noticed = sum(groups.map((one) => one.noticed));
		const all = noticed + sum(groups.map((one) => one.missed));
		const parts = groups.map(
			(one) => `${one.group} ${number(one.noticed)} of ${number(one.noticed + one.missed)}`,
		);
		return [
			`**${((100 * noticed) / all).toFixed(1)} %**, ${number(noticed)} of ${number(all)} changes, were noticed: ${parts.join(', ')}. ${ranOn(measured, 'test:mutation')}`,
		];
	},

	soak: ({ measured, figures: { runs, seconds: took, bytesPerRun, listeners } }) => [
		`${number(runs)} runs of the node in one process, half of them in one execution, took ${seconds(took)}. For each of the last ${number(runs / 2)}, the heap changed by ${bytesPerRun.toFixed(0)} bytes after collection. Listeners left on the cancel signal: ${listeners}. ${ranOn(measured, 'test:soak')}`,
	],
};

/** Every name of figures. */
export const FIGURES = Object.keys(TABLES) as FiguresName[];

/** The table of a file of figures; a release waits for one that nobody has measured. */
export function figuresTable<Name extends FiguresName>(
	name: Name,
	recorded = readFigures(name),
): string {
	return recorded ? TABLES[name](recorded).join('\n\n') : '**Not measured yet.**';
}

/** The names of figures that were measured on other sources than today's. */
export function staleFigures(): FiguresName[] {
	const today = sourceDigest();
	return FIGURES.filter((name) => readFigures(name)?.measured.source !== today);
}
