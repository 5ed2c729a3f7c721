import { setTimeout as sleep } from 'node:timers/promises';

import type { Contestant, Figures, Lab } from './lab.cts';

/** Figure → its values, one or more for each round. */
export type Series = Record<string, number[]>;

const LOADS = 15;
const EVENTS = 200;
const SIZES = [10, 100, 10_000];
/** One at a time, 1,000 stops take a minute and three quarters of nothing but waiting; these stand for them. */
const ONE_BY_ONE = 100;

/** The value below which `share` of the values lie. */
export function percentile(values: number[], share: number): number {
	const sorted = [...values].sort((one, other) => one - other);
	return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/** Contestants take turns in going first, so that whatever else the machine does hits all alike. */
const inTurn = <Name extends string>(names: readonly Name[], round: number): Name[] =>
	round % 2 === 0 ? [...names] : [...names].reverse();

function add(series: Series, name: string, value: number): void {
	(series[name] ??= []).push(value);
}

/** Runs one contestant; a stream that it leaves up is a defect of the measurement, unless that is what is measured. */
async function play(
	series: Series,
	name: string,
	contestant: Contestant,
	count: number,
	{ mayLeave = false } = {},
): Promise<Figures> {
	const figures = await contestant(count);
	if (figures.stillUp > 0 && !mayLeave) {
		throw new Error(`${name}: of ${count} streams ${figures.stillUp} were left up.`);
	}
	for (const [figure, value] of Object.entries({ ...figures }))
		add(series, `${name}.${figure}`, value);
	return figures;
}

/** 1,000 Vobiz stops: no limit is published, and each answer takes 100 ms. */
async function vobizStops({ vobiz }: Lab, round: number): Promise<Series> {
	const series: Series = {};
	const names = ['ours', 'helper', 'http', 'fetch', 'keptConnections', 'newConnections'] as const;
	for (const name of inTurn(names, round)) {
		await play(series, `vobiz.${name}`, vobiz[name], 1_000);
	}
	const { ms } = await play({}, 'vobiz.oneByOne', vobiz.oneByOne, ONE_BY_ONE);
	add(series, 'vobiz.oneByOne.ms', (ms * 1_000) / ONE_BY_ONE);
	return series;
}

/** 1,000 Plivo stops, where 300 in 5 seconds are let in. */
async function plivoStops({ plivo }: Lab, round: number): Promise<Series> {
	const series: Series = {};
	for (const name of inTurn(['ours', 'http', 'batched'] as const, round)) {
		await play(series, `plivo.${name}`, plivo[name], 1_000, { mayLeave: name === 'http' });
	}
	return series;
}

/** One event of the provider, and the time until its stream is down. */
async function oneEvent({ event }: Lab, round: number): Promise<Series> {
	const times: Record<'ours' | 'http', number[]> = { ours: [], http: [] };
	for (let count = 0; count < EVENTS; count += 1) {
		for (const name of inTurn(['ours', 'http'] as const, round + count)) {
			times[name].push(await event[name]());
			// n8n saves the execution behind it; the next event is not to wait for that.
			await sleep(20);
		}
	}
	return Object.fromEntries(
		Object.entries(times).flatMap(([name, values]) => [
			[`event.${name}.median`, [percentile(values, 0.5)]],
			[`event.${name}.p99`, [percentile(values, 0.99)]],
		]),
	);
}

/**
 * From ten stops to ten thousand in one run: what one costs in CPU time and memory. Each goes first once and
 * last once in every round: what runs behind ten thousand stops finds another heap than what runs before.
 */
async function sizes({ vobiz }: Lab): Promise<Series> {
	const series: Series = {};
	for (const count of SIZES) {
		for (const name of ['ours', 'http', 'http', 'ours'] as const) {
			await play(series, `stops${count}.${name}`, vobiz[name], count);
		}
	}
	return series;
}

/** Loads the package so often, each time in a process of its own: a single one is over before a busy core is free. */
async function loading(lab: Lab): Promise<Series> {
	const times: number[] = [];
	while (times.length < LOADS) times.push(await lab.loadTime());
	return { 'load.ms': [percentile(times, 0.5)] };
}

/** What there is to measure, with how often: the longest part is also the steadiest. */
export const MEASUREMENTS: Array<{
	title: string;
	every: number;
	measure: (lab: Lab, round: number) => Promise<Series>;
}> = [
	{ title: '1,000 Vobiz stops', every: 1, measure: vobizStops },
	{ title: '1,000 Plivo stops', every: 1, measure: plivoStops },
	{ title: 'events, one at a time', every: 1, measure: oneEvent },
	{ title: '10 to 10,000 Vobiz stops', every: 2, measure: sizes },
	{ title: 'load time', every: 1, measure: loading },
];

/** What an n8n that has run for a while has behind it: compiled code, a credential in its cache. */
export async function warmUp({ vobiz, plivo, event }: Lab): Promise<void> {
	for (const name of ['ours', 'helper', 'http'] as const) {
		await play({}, `warming up vobiz.${name}`, vobiz[name], 300);
	}
	// So few are let in: nothing may be left up here.
	for (const name of ['ours', 'http'] as const) {
		await play({}, `warming up plivo.${name}`, plivo[name], 10);
	}
	for (let count = 0; count < 20; count += 1) {
		await event.ours();
		await event.http();
	}
}
