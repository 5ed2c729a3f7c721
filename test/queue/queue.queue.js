'use strict';

// n8n's queue mode: 300 webhook executions on two workers, while a worker is killed or Redis is
// stopped, and then the same 300 events again. The stand-ins know which streams really run.

const { setTimeout: sleep } = require('node:timers/promises');
const { say } = require('../../scripts/lib/processes');
const { version: n8nVersion } = require('../e2e/n8n/node_modules/n8n/package.json');
const { providers, startStandIn } = require('../stand-ins');
const { summarize } = require('../stand-ins/serve');
const { count } = require('../support/stops');
const { WORKERS, startCluster } = require('./cluster');
const { endedExecutions, eventOf, itemsOf, makeEvents, sendAll, workflowFor } = require('./events');
const { EVENTS } = require('./events');

/** What the providers document; Vobiz documents none. */
const RATE_LIMITS = {
	plivo: { requests: 300, perMs: 5_000 },
	signalWire: { requests: 13_800, perMs: 10_000 },
};
const DELAY_MS = 50;
/** Mid-run: a third of the callers have their answer, and both workers have all they take at once. */
const MIDWAY = EVENTS / 3;
const REDIS_STOPPED_MS = 5_000;
/** n8n looks for jobs whose worker is gone every 30 s, and a worker's hold on a job lasts 60 s. */
const KILLED_JOB_SECONDS = 120;

// 2 cores that are busy with something else take several times as long as they do when quiet.
jest.setTimeout(20 * 60_000);

let cluster;
let standIns;
const byProvider = {};
const credentialIds = {};
/** The figures of each run, for the closing table. */
const figures = {};

beforeAll(async () => {
	standIns = [];
	for (const name of providers) {
		const rateLimit = RATE_LIMITS[name];
		byProvider[name] = await startStandIn(name, { delayMs: DELAY_MS, rateLimit });
		standIns.push(byProvider[name]);
	}
	cluster = await startCluster();
	for (const { credentialType: type, credentials } of standIns) {
		credentialIds[type] = await cluster.n8n.createCredential(type, 'stand-in', credentials);
	}
});

afterAll(async () => {
	if (cluster) say(closingTable());
	await cluster?.stop();
	for (const standIn of standIns) await standIn.close();
});

const streamOf = ({ provider, stream }) => byProvider[provider].stream(stream);
const isDown = (named) => !streamOf(named).running;
const streamsUp = (events) => events.flatMap(({ streams }) => streams).filter((s) => !isDown(s));

/** Publishes the workflow under an address of its own. */
async function publish(path) {
	const { n8n } = cluster;
	const workflow = await n8n.createWorkflow(workflowFor(path, standIns, credentialIds));
	await n8n.activate(workflow);
	const url = `${n8n.url}/webhook/${path}`;
	// n8n needs a moment before it listens; asked with a GET, which is not for it, it starts nothing.
	for (const end = Date.now() + 60_000; Date.now() < end;) {
		const text = await (await fetch(url)).text();
		if (text.includes('POST')) return { ...workflow, url };
		await sleep(200);
	}
	throw new Error(`n8n does not listen at ${url}.`);
}

/** What an execution claimed that is not so, or put in another order. */
function wrongIn(execution) {
	const items = itemsOf(execution);
	const { streams = [] } = eventOf(execution) ?? {};
	const ended = new Date(execution.stoppedAt).getTime();
	const wrong = items
		.filter((item) => item.stopped)
		.filter((item) => isDown(item) === false || Date.parse(streamOf(item).endTime) > ended)
		.map((item) => `${execution.id}: '${item.status}' for stream ${item.stream}, which was up`);
	const order = items.map(({ stream }) => stream).join();
	if (items.length > 0 && order !== streams.map(({ stream }) => stream).join()) {
		wrong.push(`${execution.id}: the items are not those of its event, in their order`);
	}
	return wrong;
}

/** Sends all events once and waits for the end of every execution that came of them. */
async function playRound({ workflow, events, known, midway }) {
	const since = Date.now();
	let disturbance;
	const answers = await sendAll({
		url: workflow.url,
		events,
		isDown,
		onAnswers: (answered) => {
			if (answered === MIDWAY && midway) disturbance = midway();
		},
	});
	await disturbance;
	const seconds = (Date.now() - since) / 1000;
	const executions = await endedExecutions(cluster.n8n, workflow.id, known + EVENTS, known);
	return {
		answers,
		executions,
		seconds,
		statuses: count(executions.map(({ status }) => status)),
		codes: count(answers.map(({ code }) => code)),
		outcomes: count(executions.flatMap(itemsOf).map(({ status }) => status)),
		untold: answers.filter(({ items }) => items.length === 0).length,
		wrong: [...executions.flatMap(wrongIn), ...answers.flatMap(({ untrue }) => untrue)],
		up: streamsUp(events).length,
	};
}

/** What the providers saw in both rounds of a run. */
const requestFigures = () =>
	standIns.map((standIn) => ({
		provider: standIn.provider,
		...summarize(standIn, RATE_LIMITS[standIn.provider]?.perMs ?? 1000),
	}));

/** What must hold after every run, whatever was done to it. */
function expectNothingLost({ first, again, requests, events }) {
	expect(first.wrong).toEqual([]);
	expect(again.wrong).toEqual([]);
	expect(again.statuses).toEqual({ success: EVENTS });
	expect(again.codes).toEqual({ 200: EVENTS });
	expect(streamsUp(events)).toEqual([]);
	for (const { provider, offContract, byStatus, mostInWindow } of requests) {
		expect({ provider, offContract }).toEqual({ provider, offContract: [] });
		const { requests: allowed = Infinity } = RATE_LIMITS[provider] ?? {};
		// Each worker keeps the limit for itself, and knows nothing of the others.
		expect(mostInWindow).toBeLessThanOrEqual(WORKERS * allowed);
		expect(byStatus[401] ?? 0).toBe(0);
	}
	// Two streams under one worker's limit need no 429; more than the other worker's share is our doing.
	expect(tooMany(requests)).toBeLessThanOrEqual(EVENTS);
}

const tooMany = (requests) => requests.reduce((sum, { byStatus }) => sum + (byStatus[429] ?? 0), 0);

test('a worker is killed in the middle: its jobs end as failed, and sending all again stops the rest', async () => {
	for (const standIn of standIns) standIn.reset();
	const events = makeEvents(standIns);
	const workflow = await publish('queue-worker-killed');
	let killedAt;
	const midway = async () => {
		killedAt = Date.now();
		await cluster.killWorker(0);
	};

	const first = await playRound({ workflow, events, known: 0, midway });

	const cutOff = first.executions.filter(({ status }) => status !== 'success');
	const secondsToEnd = cutOff.map(({ stoppedAt }) => (Date.parse(stoppedAt) - killedAt) / 1000);
	const reasons = count(cutOff.map(({ data }) => data.resultData.error?.message));
	const run = { events, first, secondsToEnd, reasons };
	figures.killed = run;
	say(JSON.stringify({ reasons, secondsToEnd, codes: first.codes }));
	// Without a job under way at that moment this run would show nothing.
	expect(cutOff.length).toBeGreaterThan(0);
	expect(first.statuses.success + cutOff.length).toBe(EVENTS);
	expect(Math.max(...secondsToEnd)).toBeLessThan(KILLED_JOB_SECONDS);

	run.retried = await retry(cutOff[0]);
	say(JSON.stringify(run.retried));
	const known = EVENTS + (run.retried.made ? 1 : 0);
	run.again = await playRound({ workflow, events, known });
	run.requests = requestFigures();
	expectNothingLost(run);
});

/** n8n's own 'Retry' of an execution. */
async function retry({ id }) {
	try {
		const made = await cluster.n8n.rest('POST', `/executions/${id}/retry`, { loadWorkflow: false });
		return { made: true, status: made.status, id: made.executionId, keys: Object.keys(made) };
	} catch (reason) {
		return { made: false, reason: reason.message };
	}
}

test('Redis is stopped for 5 s in the middle: sending all again stops what is left', async () => {
	await cluster.startWorkerAgain(0);
	for (const standIn of standIns) standIn.reset();
	const events = makeEvents(standIns);
	const workflow = await publish('queue-redis-stopped');
	// Stopped and started, not frozen: every connection breaks, and what was told meanwhile is lost.
	const midway = async () => {
		await cluster.redis.stop();
		await sleep(REDIS_STOPPED_MS);
		await cluster.redis.startAgain();
	};

	const first = await playRound({ workflow, events, known: 0, midway });
	const run = { events, first };
	figures.redis = run;
	run.again = await playRound({ workflow, events, known: EVENTS });
	run.requests = requestFigures();
	expectNothingLost(run);
});

function closingTable() {
	return JSON.stringify(
		Object.fromEntries(
			Object.entries(figures).map(([name, { first, again, requests, ...rest }]) => [
				name,
				{
					first: { ...first, answers: undefined, executions: undefined },
					again: { ...again, answers: undefined, executions: undefined },
					requests,
					...rest,
					events: undefined,
				},
			]),
		),
		undefined,
		1,
	);
}
