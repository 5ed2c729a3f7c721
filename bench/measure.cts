import { setTimeout as sleep } from 'node:timers/promises';

import type { Lab } from './lab.cts';

/** Figure → its values, one for each round. */
export type Series = Record<string, number[]>;

const LOADS = 15;
const EVENTS = 200;
const STOPS = 1_000;

/** The value below which `share` of the values lie. */
export function percentile(values: number[], share: number): number {
	const sorted = [...values].sort((one, other) => one - other);
	return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? NaN;
}

/** Contestants take turns in going first, so that whatever else the machine does hits all alike. */
const inTurn = <Name extends string>(names: readonly Name[], round: number): Name[] =>
	round % 2 === 0 ? [...names] : [...names].reverse();

/** 1,000 Vobiz stops: no limit is published, and each answer takes 100 ms. */
async function manyStops({ stops }: Lab, round: number): Promise<Record<string, number>> {
	const found: Record<string, number> = {};
	for (const name of inTurn(['ours', 'byExpression', 'helper', 'http', 'fetch'] as const, round)) {
		const { ms, cpuMs } = await stops[name](STOPS);
		found[`stops.${name}.ms`] = ms;
		found[`stops.${name}.cpuMs`] = cpuMs / STOPS;
	}
	return found;
}

/** One event of the provider, and the time until its stream is down. */
async function oneEvent({ event }: Lab, round: number): Promise<Record<string, number>> {
	const times: Record<'ours' | 'http', number[]> = { ours: [], http: [] };
	for (let count = 0; count < EVENTS; count += 1) {
		for (const name of inTurn(['ours', 'http'] as const, round + count)) {
			times[name].push(await event[name]());
			// n8n saves the execution afterwards; the next event must not wait for that.
			await sleep(20);
		}
	}
	return Object.fromEntries(
		Object.entries(times).flatMap(([name, values]) => [
			[`event.${name}.median`, percentile(values, 0.5)],
			[`event.${name}.p99`, percentile(values, 0.99)],
		]),
	);
}

/** Loads the package so often, each time in a process of its own: a single one is over before a busy core is free. */
async function loading(lab: Lab): Promise<Record<string, number>> {
	const times: number[] = [];
	while (times.length < LOADS) times.push(await lab.loadTime());
	return { 'load.ms': percentile(times, 0.5) };
}

/** What there is to measure, by its title. */
export const MEASUREMENTS = {
	'1,000 Vobiz stops': manyStops,
	'events, one at a time': oneEvent,
	'load time': loading,
};

/** What an n8n that has run for a while has behind it: compiled code, a credential in its cache. */
export async function warmUp({ stops, event }: Lab): Promise<void> {
	for (const name of ['ours', 'byExpression', 'helper', 'http'] as const) await stops[name](300);
	for (let count = 0; count < 20; count += 1) {
		await event.ours();
		await event.http();
	}
}
