'use strict';

// n8n's queue mode: 300 webhook executions on two workers, while a worker is killed or Redis is
// stopped, and then the same 300 events again. The stand-ins know which streams really run.

const { setTimeout: sleep } = require('node:timers/promises');
const { say } = require('../../scripts/lib/processes');
const { outputOf } = require('../e2e/n8n');
const { providers, startStandIn } = require('../stand-ins');
const { summarize } = require('../stand-ins/serve');
const { count } = require('../support/stops');
const { WORKERS, startCluster } = require('./cluster');
const {
	ERROR_WORKFLOW,
	EVENTS,
	endedExecutions,
	eventOf,
	itemsOf,
	makeEvents,
	sendAll,
	workflowFor,
} = require('./events');
const { asTable } = require('./table');

/** What the providers document; Vobiz documents none. */
const RATE_LIMITS = {
	plivo: { requests: 300, perMs: 5_000 },
	signalWire: { requests: 13_800, perMs: 10_000 },
};
const DELAY_MS = 50;
/** Mid-run: a third of the callers have their answer, and both workers have all they take at once. */
const MIDWAY = EVENTS / 3;
const REDIS_STOPPED_MS = 5_000;
// A worker's hold on a job lasts 60 s; n8n looks every 30 s for jobs that nobody holds, and gives them
// 30 s more.
const KILLED_JOB_SECONDS = 180;

// 2 cores that are busy with something else take several times as long as they do when quiet.
jest.setTimeout(20 * 60_000);

let cluster;
let errorWorkflow;
const standIns = [];
const byProvider = {};
const credentialIds = {};
const runs = [];

beforeAll(async () => {
	for (const name of providers) {
		const rateLimit = RATE_LIMITS[name];
		byProvider[name] = await startStandIn(name, { delayMs: DELAY_MS, rateLimit });
		standIns.push(byProvider[name]);
	}
	cluster = await startCluster();
	const { n8n } = cluster;
	for (const { credentialType: type, credentials } of standIns) {
		credentialIds[type] = await n8n.createCredential(type, 'stand-in', credentials);
	}
	errorWorkflow = await n8n.createWorkflow(ERROR_WORKFLOW);
	await n8n.activate(errorWorkflow);
});

afterAll(async () => {
	if (cluster) say(asTable(cluster, runs));
	await cluster?.stop();
	for (const standIn of standIns) await standIn.close();
});

const streamOf = ({ provider, stream }) => byProvider[provider].stream(stream);
const isUp = (named) => streamOf(named).running;
const streamsUp = (events) => events.flatMap(({ streams }) => streams).filter(isUp).length;

/** Publishes the workflow under an address of its own. */
async function publish(path) {
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

/** What an execution says that is not so: a stop that came later or never, another order, a loss. */
function wrongIn(execution) {
	const items = itemsOf(execution);
	const ended = Date.parse(execution.stoppedAt);
	const wrong = items
		.filter((item) => item.stopped)
		.filter((item) => isUp(item) || Date.parse(streamOf(item).endTime) > ended)
		.map(({ status, stream }) => `${execution.id}: '${status}' for ${stream}, which was up`);
	const expected = execution.status === 'success' ? eventOf(execution).streams : items;
	const names = (all) => all.map(({ stream }) => stream).join();
	if (names(items) !== names(expected)) {
		wrong.push(`${execution.id}: the items are not those of its event, in their order`);
	}
	return wrong;
}

/**
 * Sends all events once and waits for the end of every execution that came of them.
 * @param {() => Promise<void>} [round.midway] what is done to n8n in the middle
 */
async function playRound({ workflow, events, known, workers, midway }) {
	const before = standIns.map(({ requests }) => requests.length);
	const since = Date.now();
	let done;
	const answers = await sendAll({
		url: workflow.url,
		events,
		isUp,
		onAnswers: (answered) => {
			if (answered === MIDWAY) done = midway?.();
		},
	});
	await done;
	const seconds = (Date.now() - since) / 1000;
	const executions = await endedExecutions(cluster, workflow.id, EVENTS, known);
	const requests = standIns.map(({ provider, requests: all, mostAtOnce }, at) => ({
		provider,
		workers,
		...summarize(
			{ requests: all.slice(before[at]), mostAtOnce },
			RATE_LIMITS[provider]?.perMs ?? 1000,
		),
	}));
	return {
		answers,
		executions,
		requests,
		seconds,
		statuses: count(executions.map(({ status }) => status)),
		codes: count(answers.map(({ code }) => code)),
		outcomes: count(executions.flatMap(itemsOf).map(({ status }) => status)),
		wrong: [...executions.flatMap(wrongIn), ...answers.flatMap(({ untrue }) => untrue)],
		leftUp: streamsUp(events),
		told: answers.flatMap(({ items }) => items).filter(({ stopped }) => stopped).length,
		/** Events whose caller does not know of each of its streams that it is down. */
		toSendAgain: answers.filter(
			({ event, items }) => items.filter(({ stopped }) => stopped).length < event.streams.length,
		).length,
	};
}

/** No request off contract or with a wrong credential, and no more 429 than the workers may cause. */
function expectWellBehaved({ requests }) {
	for (const { provider, workers, offContract, byStatus, mostInWindow } of requests) {
		expect({ provider, offContract, 401: byStatus[401] }).toEqual({ provider, offContract: [] });
		const { requests: allowed } = RATE_LIMITS[provider] ?? { requests: Infinity };
		// Each keeps the limit for itself and knows nothing of the other.
		expect(mostInWindow).toBeLessThanOrEqual(workers * allowed);
		if (mostInWindow <= allowed) expect(byStatus[429] ?? 0).toBe(0);
	}
}

/** What must hold after every run, whatever was done to n8n in its first round. */
function expectNothingLost({ events, first, again }) {
	expect([...first.wrong, ...again.wrong]).toEqual([]);
	expect(again.statuses).toEqual({ success: EVENTS });
	expect(again.codes).toEqual({ 200: EVENTS });
	expect(again.outcomes.failed ?? 0).toBe(0);
	expect(streamsUp(events)).toBe(0);
	for (const round of [first, again]) expectWellBehaved(round);
}

test('a worker is killed: its jobs end as failed, none is run again, and sending all again stops the rest', async () => {
	const events = makeEvents(standIns);
	const workflow = await publish('queue-worker-killed');
	const run = { title: 'worker killed', events };
	runs.push(run);
	const known = new Set();
	let killedAt;

	run.first = await playRound({
		workflow,
		events,
		known,
		workers: WORKERS,
		midway: async () => {
			killedAt = Date.now();
			await cluster.killWorker(0);
		},
	});

	const killed = run.first.executions.filter(({ status }) => status !== 'success');
	run.secondsToEnd = killed.map(({ stoppedAt }) => (Date.parse(stoppedAt) - killedAt) / 1000);
	// Without a job under way at that moment this run would show nothing.
	expect(killed.length).toBeGreaterThan(0);
	expect(run.first.statuses).toEqual({ success: EVENTS - killed.length, error: killed.length });
	expect(run.first.codes).toEqual({ 200: EVENTS - killed.length, 500: killed.length });
	expect(Math.max(...run.secondsToEnd)).toBeLessThan(KILLED_JOB_SECONDS);
	for (const { data } of killed) {
		expect(data.resultData.error.message).toMatch(/^This execution failed to be processed/);
	}

	// The error workflow is told of each by its id, and not what it was about.
	const told = await endedExecutions(cluster, errorWorkflow.id, killed.length, new Set());
	const ids = told.map((execution) => outputOf(execution, 'Told')[0].execution.id);
	expect(ids.sort()).toEqual(killed.map(({ id }) => id).sort());
	expect(JSON.stringify(told.map(({ data }) => data))).not.toContain('"streams"');
	run.toldOf = told.length;

	// n8n's own retry has nothing to run: what the event held is gone from the execution.
	const [{ id }] = killed;
	const retried = await cluster.n8n.rest('POST', `/executions/${id}/retry`, {});
	expect(retried).toMatchObject({ retryOf: String(id), status: 'error' });
	expect(streamsUp(events)).toBe(run.first.leftUp);
	known.add(Number(retried.id));

	run.again = await playRound({ workflow, events, known, workers: WORKERS - 1 });
	expectNothingLost(run);
});

test('Redis is stopped for 5 s: sending all again stops what is left', async () => {
	await cluster.replaceKilledWorkers();
	for (const standIn of standIns) standIn.reset();
	const events = makeEvents(standIns);
	const workflow = await publish('queue-redis-stopped');
	const run = { title: 'Redis stopped 5 s', events };
	runs.push(run);
	const known = new Set();

	run.first = await playRound({
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
	run.again = await playRound({ workflow, events, known, workers: WORKERS });
	expectNothingLost(run);
});
