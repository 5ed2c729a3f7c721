import os from 'node:os';

import type { BenchFigures } from '../test/lib/figures.cts';
import { percentile, type Series } from './measure.cts';

type Show = (value: number) => string;

const UNITS = {
	s: (ms: number) => `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`,
	ms: (ms: number) => `${ms.toFixed(ms < 10 ? 2 : 1)} ms`,
	kB: (bytes: number) => `${(bytes / 1e3).toFixed(1)} kB`,
} satisfies Record<string, Show>;

/** One side of a row: the middle of all rounds, and how far they lie apart. */
interface Side {
	label: string;
	median: number;
	min: number;
	max: number;
	show: Show;
}

type Row = BenchFigures['rows'][number] & {
	/** What to say if the aim is missed. */
	missed?: string;
};

/** A figure for people: the median, and in brackets the range of the rounds. */
function shown({ label, median, min, max, show }: Side): string {
	const range = min === max ? '' : ` (${show(min)} – ${show(max)})`;
	return `${label ? `${label}: ` : ''}${show(median)}${range}`;
}

/** Ours beside what it is compared with, and whether the aim for their ratio is met. */
function compare(
	work: string,
	ours: Side,
	theirs: Side,
	aim: { atMost: number; reason: string },
): Row {
	const ratio = ours.median / theirs.median;
	const met = ratio <= aim.atMost;
	const overlap = ours.min <= theirs.max && theirs.min <= ours.max;
	return {
		work,
		ours: shown(ours),
		theirs: shown(theirs),
		ratio: ratio.toFixed(2),
		aim: `≤ ${aim.atMost.toFixed(2)}`,
		verdict: met ? 'met' : 'missed',
		...(!met && {
			missed: `${work}: ${ratio.toFixed(2)} of ${theirs.label}, since ${aim.reason}${overlap ? "; the rounds' ranges overlap" : ''}`,
		}),
	};
}

/** Ours beside what nobody holds it to. */
const beside = (work: string, ours: Side, theirs: Side): Row => ({
	work,
	ours: shown(ours),
	theirs: shown(theirs),
	ratio: (ours.median / theirs.median).toFixed(2),
	aim: '',
	verdict: '',
});

/** Ours beside a fixed number that it must not exceed. */
function bound(work: string, ours: Side, limit: number, reason: string): Row {
	const met = ours.median <= limit;
	return {
		work,
		ours: shown(ours),
		theirs: '',
		ratio: '',
		aim: `≤ ${ours.show(limit)}`,
		verdict: met ? 'met' : 'missed',
		...(!met && { missed: `${work}: ${ours.show(ours.median)}, since ${reason}` }),
	};
}

/** Every row of the table, from the figures of all rounds. */
function rowsOf(series: Series, tarball: { bytes: number; files: number }): Row[] {
	const figure = (name: string, show: Show, label = ''): Side => {
		const values = series[name];
		if (!values) throw new Error(`The rounds have no figure '${name}'.`);
		const [median, min, max] = [percentile(values, 0.5), Math.min(...values), Math.max(...values)];
		return { label, show, median, min, max };
	};
	const stops = '1,000 Vobiz stops, answers after 100 ms';
	const cpu = 'CPU time for one stop, 1,000 in one run';
	return [
		compare(
			stops,
			figure('stops.ours.ms', UNITS.s),
			figure('stops.http.ms', UNITS.s, 'HTTP Request, all at once'),
			{
				atMost: 0.6,
				reason: 'the CPU time that n8n itself takes for each request sets the pace of both',
			},
		),
		beside(
			stops,
			figure('stops.ours.ms', UNITS.s),
			figure('stops.fetch.ms', UNITS.s, 'bare fetch without n8n, 100 under way'),
		),
		...(['median', 'p99'] as const).map((part) =>
			compare(
				`One event → its stream is down, ${part === 'p99' ? '99th percentile' : part} of 200`,
				figure(`event.ours.${part}`, UNITS.ms),
				figure(`event.http.${part}`, UNITS.ms, 'HTTP Request'),
				{
					atMost: 1,
					reason: 'nearly all of it is n8n starting the execution, which is the same for both',
				},
			),
		),
		compare(
			cpu,
			figure('stops.ours.cpuMs', UNITS.ms),
			figure(
				'stops.helper.cpuMs',
				UNITS.ms,
				"n8n's request helper alone, as n8n's own nodes use it",
			),
			{
				atMost: 1,
				reason:
					"n8n reads the credential and evaluates the expressions for both, and the node's own code takes some 0.3 ms of each stop (a profile of 2026-11-30)",
			},
		),
		beside(
			`${cpu}, a credential by expression`,
			figure('stops.byExpression.cpuMs', UNITS.ms),
			figure('stops.helper.cpuMs', UNITS.ms, 'the same helper, a credential without one'),
		),
		bound(
			'Load time of the package',
			figure('load.ms', UNITS.ms),
			10,
			'Node reads and compiles each of its files by itself',
		),
		bound(
			`Size of the tarball, ${tarball.files} files`,
			{ label: '', show: UNITS.kB, median: tarball.bytes, min: tarball.bytes, max: tarball.bytes },
			60_000,
			'it holds more than its node needs',
		),
	];
}

/** One block of lines for each row: a table of these would be wider than a screen. */
const asText = (rows: Row[]) =>
	rows
		.map(({ work, ours, theirs, ratio, aim, verdict }) =>
			[
				work,
				`    ${[ours, theirs].filter(Boolean).join('  |  ')}`,
				`    ${[ratio && `ratio ${ratio}`, aim && `aim ${aim}`, verdict].filter(Boolean).join(', ')}`,
			]
				.join('\n')
				.trimEnd(),
		)
		.join('\n');

/** The machine, as far as it matters to the figures. */
function machine(): string {
	const [cpu] = os.cpus();
	const memory = Math.round(os.totalmem() / 1e9);
	return `${cpu?.model.trim()}, ${os.cpus().length} cores, ${memory} GB, ${os.type()} ${os.arch()}`;
}

/** The figures for the documents, and what the screen shows. */
export function report(
	series: Series,
	rounds: number,
	tarball: { bytes: number; files: number },
): { figures: BenchFigures; text: string } {
	const rows = rowsOf(series, tarball);
	const missed = rows.flatMap((row) => row.missed ?? []);
	return {
		figures: {
			machine: machine(),
			rounds,
			rows: rows.map(({ missed: _missed, ...row }) => row),
			missed,
			series,
		},
		text: `${asText(rows)}\n\n${missed.length === 0 ? 'Every aim is met.' : missed.join('\n')}`,
	};
}
