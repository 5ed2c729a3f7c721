import os from 'node:os';

import type { BenchFigures } from '../test/lib/figures.cts';
import { percentile, type Series } from './measure.cts';

/** 1,000 stops at 300 in 5 seconds: three waits, and the answer to the last ones, in ms. */
const LEAST_PLIVO_MS = 15_100;

type Show = (value: number) => string;

const UNITS = {
	s: (ms: number) => `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`,
	ms: (ms: number) => `${ms.toFixed(ms < 10 ? 2 : 1)} ms`,
	MB: (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`,
	kB: (bytes: number) => `${(bytes / 1e3).toFixed(1)} kB`,
	count: String,
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
	/** What is to be said where the aim is missed. */
	missed?: string;
};

/** A figure for people: the median, and in brackets the range of the rounds. */
function shown({ label, median, min, max, show }: Side): string {
	const range = min === max ? '' : ` (${show(min)} – ${show(max)})`;
	return `${label ? `${label}: ` : ''}${show(median)}${range}`;
}

const verdictOf = (met: boolean | undefined) => (met === undefined ? '' : met ? 'met' : 'missed');

/** Ours beside what it is compared with, and whether the aim for their ratio is met. */
function compare(
	work: string,
	ours: Side,
	theirs: Side,
	aim?: { atMost: number; reason: string },
): Row {
	const ratio = ours.median / theirs.median;
	const met = aim && ratio <= aim.atMost;
	const overlap = ours.min <= theirs.max && theirs.min <= ours.max;
	return {
		work,
		ours: shown(ours),
		theirs: shown(theirs),
		ratio: ratio.toFixed(2),
		aim: aim ? `≤ ${aim.atMost.toFixed(2)}` : '',
		verdict: verdictOf(met),
		...(aim &&
			!met && {
				missed: `${work}: ${ratio.toFixed(2)} of ${theirs.label}, since ${aim.reason}${overlap ? "; the rounds' ranges overlap" : ''}`,
			}),
	};
}

/** Ours beside a fixed number that it must not exceed. */
function bound(work: string, ours: Side, limit: number, reason: string, theirs?: Side): Row {
	const met = ours.median <= limit;
	return {
		work,
		ours: shown(ours),
		theirs: theirs ? shown(theirs) : '',
		ratio: '',
		aim: `≤ ${ours.show(limit)}`,
		verdict: verdictOf(met),
		...(!met && { missed: `${work}: ${ours.show(ours.median)}, since ${reason}` }),
	};
}

/** Every row of the table, from the figures of all rounds. */
function rowsOf(series: Series, tarball: { bytes: number; files: number }): Row[] {
	const figure = (name: string, show: Show, { label = '', scale = 1 } = {}): Side => {
		const values = series[name]?.map((value) => value * scale);
		if (!values) throw new Error(`The rounds have no figure '${name}'.`);
		return {
			label,
			show,
			median: percentile(values, 0.5),
			min: Math.min(...values),
			max: Math.max(...values),
		};
	};
	const fixed = (value: number, show: Show, label = ''): Side => ({
		label,
		show,
		median: value,
		min: value,
		max: value,
	});
	const stops = (count: number, who: string, kind: string) =>
		count === 1_000 ? `vobiz.${who}.${kind}` : `stops${count}.${who}.${kind}`;
	const each = (count: number, who: string, kind: string, show: Show, label = '') =>
		figure(stops(count, who, kind), show, { label, scale: 1 / count });

	const vobiz = '1,000 Vobiz stops, answers after 100 ms';
	const plivo = '1,000 Plivo stops, 300 in 5 s let in';
	const event = 'One event → its stream is down';
	return [
		compare(
			vobiz,
			figure('vobiz.ours.ms', UNITS.s),
			figure('vobiz.http.ms', UNITS.s, { label: 'HTTP Request, all at once' }),
			{
				atMost: 0.7,
				reason: 'the CPU time that n8n itself takes for each request sets the pace of both',
			},
		),
		compare(
			vobiz,
			figure('vobiz.ours.ms', UNITS.s),
			figure('vobiz.fetch.ms', UNITS.s, { label: 'bare fetch without n8n, 100 under way' }),
			{
				atMost: 1.3,
				reason:
					"n8n's helper opens a connection for each request, and fields are read by expressions",
			},
		),
		compare(
			vobiz,
			figure('vobiz.ours.ms', UNITS.s),
			figure('vobiz.oneByOne.ms', UNITS.s, { label: 'Max Concurrency 1 (100 stops, times 10)' }),
		),
		compare(
			plivo,
			figure('plivo.ours.ms', UNITS.s),
			fixed(LEAST_PLIVO_MS, UNITS.s, 'least possible'),
			{
				atMost: 1.1,
				reason:
					'a place in the limit counts as free only 5 s after its answer, so that no 429 is caused',
			},
		),
		compare(
			plivo,
			figure('plivo.ours.ms', UNITS.s),
			figure('plivo.batched.ms', UNITS.s, { label: 'HTTP Request, its default batching' }),
		),
		bound(
			'Of these, streams left running',
			figure('plivo.ours.stillUp', UNITS.count),
			0,
			'some stops were answered 429 more often than they are sent again',
			figure('plivo.http.stillUp', UNITS.count, { label: 'HTTP Request, all at once' }),
		),
		bound(
			'Of these, answers 429',
			figure('plivo.ours.limited', UNITS.count),
			0,
			'requests arrived later than they were sent, and so in another window',
			figure('plivo.http.limited', UNITS.count, { label: 'HTTP Request, all at once' }),
		),
		...['median', 'p99'].map((part) =>
			compare(
				`${event}, ${part === 'p99' ? '99th percentile' : part} of 200`,
				figure(`event.ours.${part}`, UNITS.ms),
				figure(`event.http.${part}`, UNITS.ms, { label: 'HTTP Request' }),
				{
					atMost: 1,
					reason: 'nearly all of it is n8n starting the execution, which is the same for both',
				},
			),
		),
		compare(
			'CPU time for one stop, 1,000 in one run',
			each(1_000, 'ours', 'cpuMs', UNITS.ms),
			each(1_000, 'helper', 'cpuMs', UNITS.ms, "n8n's request helper alone"),
			{ atMost: 1.15, reason: 'the node does more around a request than it should cost' },
		),
		...[1_000, 10_000].map((count) =>
			compare(
				`CPU time for one stop, ${count.toLocaleString('en')} in one run`,
				each(count, 'ours', 'cpuMs', UNITS.ms),
				each(count, 'http', 'cpuMs', UNITS.ms, 'HTTP Request'),
				{ atMost: 1, reason: 'the node does more for each stop than it saves' },
			),
		),
		compare(
			'Time for one stop, 10,000 in one run',
			each(10_000, 'ours', 'ms', UNITS.ms),
			each(1_000, 'ours', 'ms', UNITS.ms, '1,000 in one run'),
			{ atMost: 1.1, reason: 'a larger heap takes longer to collect' },
		),
		...[10, 100, 1_000, 10_000].map((count) =>
			compare(
				`Growth of n8n's heap, ${count.toLocaleString('en')} stops in one run`,
				figure(stops(count, 'ours', 'bytes'), UNITS.MB),
				figure(stops(count, 'http', 'bytes'), UNITS.MB, { label: 'HTTP Request' }),
			),
		),
		compare(
			"Growth of n8n's heap for one stop, 10,000 in one run",
			each(10_000, 'ours', 'bytes', UNITS.kB),
			each(1_000, 'ours', 'bytes', UNITS.kB, '1,000 in one run'),
			{ atMost: 1.1, reason: 'garbage is collected later in a longer run' },
		),
		bound(
			'Load time of the package',
			figure('load.ms', UNITS.ms),
			10,
			'Node reads and compiles each of its files by itself',
		),
		bound(
			`Size of the tarball, ${tarball.files} files`,
			fixed(tarball.bytes, UNITS.kB),
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
	// What a connection of its own costs each request, with nothing else around it: n8n's helper offers no
	// way to share one.
	const cpu = (way: string) => percentile(series[`vobiz.${way}.cpuMs`] ?? [], 0.5) / 1_000;
	const connection = UNITS.ms(Math.max(0, cpu('newConnections') - cpu('keptConnections')));
	return {
		figures: {
			machine: machine(),
			rounds,
			rows: rows.map(({ missed: _missed, ...row }) => row),
			missed,
			connection,
			series,
		},
		text: `${asText(rows)}\n\n${missed.length === 0 ? 'Every aim is met.' : missed.join('\n')}\n\nA connection for each request costs ${connection} of CPU time here, without TLS.`,
	};
}
