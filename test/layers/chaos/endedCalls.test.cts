// Stops that come after the hang-up: the most usual thing to happen, and the one that must cost
// least. Told by an event that the call is over, nothing is read; told by nobody, reads must hold nobody up.

import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';

import { coreVersion } from '../../lib/engine.cts';
import { recordFigures, type EndedCallsFigures } from '../../lib/figures.cts';
import { start } from '../../lib/opened.cts';
import { providers } from '../../lib/stand-ins/index.cts';
import { count, lives, middle, print, stopAt, type RunningStandIn } from '../../lib/stops.cts';

/** CI stops fewer: Plivo's limit alone makes 1,000 with their reads take most of a minute. */
const STOPS = process.env.CI ? 300 : 1_000;
/** What a provider takes to answer. */
const DELAY_MS = 20;
/** How much longer a hang-up may take where there are reads: what else the machine does is not the same twice. */
const MOST_MS = 500;

const runs: EndedCallsFigures['runs'] = [];

/** Calls that are over, with the event of each that says so. */
function endedCalls(
	standIn: RunningStandIn,
): Array<{ call: string; stream: string; body: IDataObject }> {
	const over = standIn.provider === 'signalWire' ? 'call-completed' : 'Hangup';
	return lives(standIn, STOPS).map(({ call, stream }) => {
		standIn.endCall(call.id);
		const body: IDataObject = JSON.parse(JSON.stringify(standIn.callback(over, call).body));
		return { call: call.id, stream: stream.id, body };
	});
}

/** How long one stop of a live call takes, from the start of its execution. */
async function hangUp(standIn: RunningStandIn): Promise<number> {
	const [pair] = lives(standIn, 1);
	if (!pair) throw new Error('There is no call.');
	const began = performance.now();
	const { items } = await stopAt(standIn, [pair]);
	expect(items[0]?.status).toBe('stopped');
	return performance.now() - began;
}

/** Stops all of them in one execution, with hang-ups of the same account meanwhile. */
async function sweep(standIn: RunningStandIn, from: 'event' | 'fields') {
	const alone: number[] = [];
	for (let n = 0; n < 5; n += 1) alone.push(await hangUp(standIn));
	const ended = endedCalls(standIn);
	const before = standIn.requests.length;
	const began = Date.now();
	const running = stopAt(
		standIn,
		ended.map(({ call, stream }) => ({ call: { id: call }, stream: { id: stream } })),
		from === 'event'
			? {
					parameters: { source: 'event' },
					input: ended.map(({ body, stream }) => ({ json: { body, stream } })),
				}
			: {},
	);
	const sweeping = { isOver: false };
	void running.then(() => (sweeping.isOver = true));
	// In the midst of it: stops first, and then whatever is read.
	const took: number[] = [];
	do {
		await sleep(100);
		took.push(await hangUp(standIn));
	} while (!sweeping.isOver);
	const { items } = await running;
	const seconds = (Date.now() - began) / 1_000;
	const own = new Set(ended.map(({ call }) => call));
	const requests = standIn.requests
		.slice(before)
		.filter(({ path, body }) =>
			[...`${path} ${body}`.matchAll(/[\w-]{36}/g)].some(([id]) => own.has(id)),
		);
	const reads = requests.filter(({ method }) => method === 'GET').length;
	const run = {
		provider: standIn.provider,
		from: from === 'event' ? 'the event that ends the call' : 'fields',
		stops: STOPS,
		requests: requests.length - reads,
		reads,
		seconds,
		outcomes: count(items.map(({ status }) => status)),
		hangUpMs: middle(took),
		slowestMs: Math.max(...took),
		aloneMs: middle(alone),
	};
	runs.push(run);
	print(JSON.stringify(run));
	standIn.expectOnContract();
	return { run, items };
}

describe.each(providers)('%s: stops of ended calls', (provider) => {
	let withoutReadsMs = NaN;

	test('by the event that ends the call: one request each, and nothing is read', async () => {
		const standIn = await start(provider, { delayMs: DELAY_MS });
		const { run, items } = await sweep(standIn, 'event');
		expect(run.outcomes).toEqual({ alreadyStopped: STOPS });
		expect(new Set(items.map(({ callState }) => callState))).toEqual(new Set(['ended']));
		expect(run).toMatchObject({ requests: STOPS, reads: 0 });
		withoutReadsMs = run.hangUpMs;
	}, 120_000);

	test('by fields, without an event: each is found out, and a hang-up waits no longer for it', async () => {
		const standIn = await start(provider, { delayMs: DELAY_MS });
		const { run } = await sweep(standIn, 'fields');
		expect(run.requests).toBe(STOPS);
		expect(Object.keys(run.outcomes).sort()).toEqual(
			run.outcomes.notFound ? ['alreadyStopped', 'notFound'] : ['alreadyStopped'],
		);
		expect(run.hangUpMs).toBeLessThanOrEqual(withoutReadsMs + MOST_MS);
	}, 180_000);
});

test('the figures of all are there to be written down', () => {
	expect(runs).toHaveLength(2 * providers.length);
	recordFigures('ended-calls', { n8n: coreVersion, node: process.versions.node }, { runs });
});
