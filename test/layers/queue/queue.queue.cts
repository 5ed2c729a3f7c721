// n8n's queue mode: 300 webhook executions on two workers, while a worker is killed or Redis is
// stopped, and then the same 300 events again. The stand-ins know which streams really run.

import { setTimeout as sleep } from 'node:timers/promises';

import { recordFigures, type QueueFigures } from '../../lib/figures.cts';
import { outputOf, versions, type SavedWorkflow } from '../../lib/n8n/index.cts';
import { say } from '../../lib/processes.cts';
import { providers, startStandIn } from '../../lib/stand-ins/index.cts';
import type { RunningStandIn } from '../../lib/stops.cts';
import { WORKERS, startCluster, type Cluster } from './cluster.cts';
import {
	ERROR_WORKFLOW,
	EVENTS,
	endedExecutions,
	makeEvents,
	workflowFor,
	type Event,
} from './events.cts';
import { RATE_LIMITS, Truth, playRound, type Played, type Published } from './rounds.cts';
import { roundFigures, roundText } from './table.cts';

const DELAY_MS = 50;
const REDIS_STOPPED_MS = 5_000;
// A worker's hold on a job lasts 60 s; n8n looks every 30 s for jobs that nobody holds, and gives them
// 30 s more.
const KILLED_JOB_SECONDS = 180;

// 2 cores that are busy with something else take several times as long as they do when quiet.
jest.setTimeout(20 * 60_000);

let cluster: Cluster;
/** What is to be ended, the last first. */
const opened: Array<() => unknown> = [];
let errorWorkflow: SavedWorkflow;
let truth: Truth;
const standIns: RunningStandIn[] = [];
const credentialIds: Record<string, string> = {};
const runs: QueueFigures['runs'] = [];

beforeAll(async () => {
	for (const name of providers) {
		const rateLimit = RATE_LIMITS[name];
		const standIn = await startStandIn(name, {
			delayMs: DELAY_MS,
			...(rateLimit && { rateLimit }),
		});
		opened.push(() => standIn.close());
		standIns.push(standIn);
	}
	truth = new Truth(standIns);
	cluster = await startCluster();
	opened.push(() => cluster.stop());
	const { n8n } = cluster;
	for (const { credentialType: type, credentials } of standIns) {
		credentialIds[type] = await n8n.createCredential(type, 'stand-in', { ...credentials });
	}
	errorWorkflow = await n8n.createWorkflow(ERROR_WORKFLOW);
	await n8n.activate(errorWorkflow);
});

afterAll(async () => {
	for (const end of opened.reverse()) await end();
});

/** Publishes the workflow under an address of its own. */
async function publish(path: string): Promise<Published> {
	const { n8n } = cluster;
	const workflow = await n8n.createWorkflow(
		workflowFor(path, { standIns, credentialIds, errorWorkflow: errorWorkflow.id }),
	);
	await n8n.activate(workflow);
	const url = `${n8n.url}/webhook/${path}`;
	// n8n needs a moment before it listens. A GET, which the webhook does not take, starts nothing.
	for (const end = Date.now() + 60_000; Date.now() < end;) {
		const text = await (await fetch(url)).text();
		if (text.includes('POST')) return { id: workflow.id, url };
		await sleep(200);
	}
	throw new Error(`n8n does not listen at ${url}.`);
}

/** No request off contract or with a wrong credential, and no more 429 than the workers may cause. */
function expectWellBehaved({ requests }: Played): void {
	for (const { provider, workers, offContract, byStatus, mostInWindow } of requests) {
		expect({ provider, offContract, 401: byStatus[401] }).toEqual({ provider, offContract: [] });
		const allowed = RATE_LIMITS[provider]?.requests ?? Infinity;
		// Each keeps the limit for itself and knows nothing of the other.
		expect(mostInWindow).toBeLessThanOrEqual(workers * allowed);
		if (mostInWindow <= allowed) expect(byStatus[429] ?? 0).toBe(0);
	}
}

/** What must hold after every run, whatever was done to n8n in its first round. */
function expectNothingLost(events: Event[], first: Played, again: Played): void {
	expect([...first.wrong, ...again.wrong]).toEqual([]);
	expect(again.statuses).toEqual({ success: EVENTS });
	expect(again.codes).toEqual({ 200: EVENTS });
	expect(again.outcomes.failed ?? 0).toBe(0);
	expect(truth.streamsUp(events)).toBe(0);
	for (const round of [first, again]) expectWellBehaved(round);
}

/** The figures of one run, on screen and for the documents. */
function tell(
	title: string,
	events: Event[],
	{ first, again }: { first: Played; again: Played },
	more: Pick<QueueFigures['runs'][number], 'killedEndedAfter' | 'errorWorkflow'> = {},
): void {
	const streams = events.flatMap((event) => event.streams).length;
	const run = {
		title,
		events: events.length,
		streams,
		first: roundFigures(first),
		again: roundFigures(again),
		untold: streams - first.leftUp - first.told,
		toSendAgain: first.toSendAgain,
		...more,
	};
	runs.push(run);
	say(`\n${title}: ${run.events} events, ${streams} streams`);
	say(`  sent first\n${roundText(run.first)}\n  sent again\n${roundText(run.again)}`);
	say(
		`  down and untold ${run.untold}, to send again ${run.toSendAgain} ${JSON.stringify(more)}\n`,
	);
}

test('a worker is killed: its jobs end as failed, none is run again, and sending all again stops the rest', async () => {
	const events = makeEvents(standIns);
	const workflow = await publish('queue-worker-killed');
	const known = new Set<number>();
	let killedAt = 0;

	const first = await playRound(cluster, truth, {
		workflow,
		events,
		known,
		workers: WORKERS,
		midway: async () => {
			killedAt = Date.now();
			await cluster.killWorker(0);
		},
	});

	const killed = first.executions.filter(({ status }) => status !== 'success');
	const killedEndedAfter = killed.map(
		({ stoppedAt }) => (Date.parse(String(stoppedAt)) - killedAt) / 1000,
	);
	// Without a job under way at that moment this run would show nothing.
	expect(killed.length).toBeGreaterThan(0);
	expect(first.statuses).toEqual({ success: EVENTS - killed.length, error: killed.length });
	expect(first.codes).toEqual({ 200: EVENTS - killed.length, 500: killed.length });
	expect(Math.max(...killedEndedAfter)).toBeLessThan(KILLED_JOB_SECONDS);
	for (const { data } of killed) {
		expect(data.resultData.error?.message).toMatch(/^This execution failed to be processed/);
	}

	// The error workflow is told of each by its id, and not what it was about.
	const told = await endedExecutions(cluster, errorWorkflow.id, killed.length, new Set());
	const ids = told.map((execution) => outputOf(execution, 'Told')[0]?.execution);
	expect(ids).toHaveLength(killed.length);
	for (const { id } of killed) expect(ids).toContainEqual(expect.objectContaining({ id }));
	expect(JSON.stringify(told.map(({ data }) => data))).not.toContain('"streams"');

	// n8n's own retry has nothing to run: what the event held is gone from the execution.
	const id = killed[0]?.id;
	const retried = (await cluster.n8n.rest('POST', `/executions/${id}/retry`, {})) as { id: string };
	expect(retried).toMatchObject({ retryOf: String(id), status: 'error' });
	expect(truth.streamsUp(events)).toBe(first.leftUp);
	known.add(Number(retried.id));

	const again = await playRound(cluster, truth, { workflow, events, known, workers: WORKERS - 1 });
	tell('worker killed', events, { first, again }, { killedEndedAfter, errorWorkflow: told.length });
	expectNothingLost(events, first, again);
});

test('Redis is stopped for 5 s: sending all again stops what is left', async () => {
	await cluster.replaceKilledWorkers();
	for (const standIn of standIns) standIn.reset();
	const events = makeEvents(standIns);
	const workflow = await publish('queue-redis-stopped');
	const known = new Set<number>();

	const first = await playRound(cluster, truth, {
		workflow,
		events,
		known,
		workers: WORKERS,
		// Stopped, not frozen: every connection breaks, and what was told meanwhile is lost.
		midway: async () => {
			await cluster.redis.stop();
			await sleep(REDIS_STOPPED_MS);
			await cluster.redis.startAgain();
		},
	});
	const again = await playRound(cluster, truth, { workflow, events, known, workers: WORKERS });
	tell('Redis stopped 5 s', events, { first, again });
	expectNothingLost(events, first, again);
});

test('the figures of both runs are there to be written down', async () => {
	expect(runs.map(({ title }) => title)).toEqual(['worker killed', 'Redis stopped 5 s']);
	recordFigures('queue', await versions(), {
		redis: cluster.redis.version,
		postgres: cluster.postgres.version,
		runs,
	});
});
