'use strict';

const { setTimeout: sleep } = require('node:timers/promises');

const EVENTS = 200;
const SIZES = [10, 100, 10_000];
const CONTESTANTS = ['ours', 'http', 'fetch', 'keptConnections', 'newConnections'];
/** One at a time, 1,000 stops take a minute and three quarters of nothing but waiting; these stand for them. */
const ONE_BY_ONE = 100;

/** The value below which `share` of the values lie. */
const percentile = (values, share) => {
	const sorted = [...values].sort((one, other) => one - other);
	return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];
};

/** Contestants take turns in going first, so that whatever else the machine does hits all alike. */
const inTurn = (names, round) => (round % 2 === 0 ? names : [...names].reverse());

/** Puts the name of its contestant before each figure. */
const named = (prefix, figures) =>
	Object.fromEntries(Object.entries(figures).map(([key, value]) => [`${prefix}.${key}`, value]));

/** 1,000 Vobiz stops: no limit is published, and each answer takes 100 ms. */
async function vobizStops({ vobiz }, round) {
	const found = {};
	for (const name of inTurn(CONTESTANTS, round)) {
		Object.assign(found, named(`vobiz.${name}`, await vobiz[name](1_000)));
	}
	const { ms } = await vobiz.oneByOne(ONE_BY_ONE);
	return { ...found, 'vobiz.oneByOne.ms': (ms * 1_000) / ONE_BY_ONE };
}

/** 1,000 Plivo stops, where 300 in 5 seconds are let in. */
async function plivoStops({ plivo }, round) {
	const found = {};
	for (const name of inTurn(['ours', 'http', 'batched'], round)) {
		Object.assign(found, named(`plivo.${name}`, await plivo[name](1_000)));
	}
	return found;
}

/** One event of the provider, and the time until its stream is down. */
async function oneEvent({ event }, round) {
	const times = { ours: [], http: [] };
	for (let count = 0; count < EVENTS; count += 1) {
		for (const name of inTurn(['ours', 'http'], round + count)) {
			times[name].push(await event[name]());
			// n8n saves the execution behind it; the next event is not to wait for that.
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

/** From ten stops to ten thousand in one run: what one costs in CPU time and memory. */
async function sizes({ vobiz }, round) {
	const found = {};
	for (const count of SIZES) {
		for (const name of inTurn(['ours', 'http'], round)) {
			Object.assign(found, named(`stops${count}.${name}`, await vobiz[name](count)));
		}
	}
	return found;
}

/** What an n8n that has run for a while has behind it: compiled code, a credential in its cache. */
async function warmUp({ vobiz, plivo, event }) {
	for (const contestant of [vobiz.ours, vobiz.http]) await contestant(300);
	for (const contestant of [plivo.ours, plivo.http]) await contestant(10);
	for (let count = 0; count < 20; count += 1) {
		await event.ours();
		await event.http();
	}
}

module.exports = { oneEvent, percentile, plivoStops, sizes, vobizStops, warmUp };
