'use strict';

// Thousands of stops through n8n's engine while the providers fail in every way they can, compared with
// what the stand-ins know to be true. `CHAOS_SEED` runs one of them again.

const { randomInt } = require('node:crypto');
const { startStandIn } = require('../stand-ins');
const { runNode } = require('../support/engine');
const { count, print } = require('../support/stops');
const { faultFor, pick, randomOf } = require('./faults');

const seed = process.env.CHAOS_SEED ?? (process.env.CI ? '20260131' : String(randomInt(1e9)));
const PROVIDERS = ['plivo', 'signalWire', 'vobiz'];
/** Each account of a provider is a stand-in: what one learns of its limit does not slow the others. */
const ACCOUNTS = 6;
const EXECUTIONS = 54;
const ITEMS = 100;
const TIMEOUT = 1_500;

const accounts = [];
/** What each item is about, and what happened to it: by its call. */
const byCall = new Map();
const faults = [];

beforeAll(async () => {
	print(`\nChaos seed ${seed}. The same again: CHAOS_SEED=${seed} npm run test:chaos`);
	for (let n = 0; n < ACCOUNTS; n += 1) {
		const standIns = {};
		for (const provider of PROVIDERS) {
			const standIn = await startStandIn(provider, { generation: n % 2 ? 'old' : 'new' });
			standIn.fault = (request) => meet(standIn, request);
			standIns[provider] = standIn;
		}
		accounts.push(standIns);
	}
}, 60_000);

afterAll(async () => {
	await Promise.all(accounts.flatMap((all) => Object.values(all).map((one) => one.close())));
});

/** Finds the item that a request belongs to, notes it there, and says what is done to it. */
function meet(standIn, request) {
	const [, inPath] = /\/Calls?\/([^/?]+)/.exec(request.path) ?? [];
	const item = byCall.get(inPath ?? JSON.parse(request.body).id);
	const sent = request.method === 'GET' ? item.reads : item.stops;
	sent.push(request);
	const place = `${seed} ${item.name} ${request.method} ${sent.length}`;
	const met = faultFor(place, { secret: secretsOf(standIn)[0], late: TIMEOUT + 400 });
	if (met) faults.push(met.kind);
	return met?.fault;
}

const secretsOf = ({ credentials: { authId, authToken, projectId, apiToken } }) => {
	const token = authToken ?? apiToken;
	return [token, Buffer.from(`${authId ?? projectId}:${token}`).toString('base64')];
};

/** The settings of one execution: those of the node that take no expression, and the options. */
function planExecution(n) {
	const random = randomOf(`${seed} execution ${n}`);
	return {
		standIns: accounts[n % ACCOUNTS],
		operation: random() < 0.3 ? 'stopAllStreams' : 'stopStream',
		streamBy: pick(random, ['sid', 'name', 'controlId']),
		onError: random() < 0.7 ? 'continueRegularOutput' : 'continueErrorOutput',
		options: {
			timeout: TIMEOUT,
			maxRetries: pick(random, [0, 1, 2, 3, 3, 5]),
			maxConcurrency: pick(random, [2, 4, 8]),
			whenNothingToStop: pick(random, ['succeed', 'failIfNotFound', 'fail', 'fail']),
			confirm: random() < 0.15,
			includeResponse: random() < 0.5,
		},
	};
}

function planItem(n, m, { standIns, operation, streamBy, options }) {
	const name = `${n}.${m}`;
	const random = randomOf(`${seed} item ${name}`);
	const all = operation === 'stopAllStreams';
	const standIn = standIns[pick(random, all ? ['plivo', 'vobiz'] : PROVIDERS)];
	const isSignalWire = standIn.provider === 'signalWire';
	const call = standIn.addCall();
	const streams = Array.from({ length: all ? 3 : 1 }, () =>
		standIn.startStream(call.id, isSignalWire ? { name: `stream ${name}` } : {}),
	);
	const wasRunning = random() > 0.05;
	if (!wasRunning) for (const stream of streams) standIn.calls.stopStream(stream);
	const [{ id, name: streamName, controlId }] = streams;
	const item = { name, standIn, streams, wasRunning, options, stops: [], reads: [] };
	item.byName = isSignalWire && streamBy === 'name';
	byCall.set(call.id, item);
	item.json = {
		provider: standIn.provider,
		call: call.id,
		stream: isSignalWire ? { sid: id, name: streamName, controlId }[streamBy] : id,
	};
	return item;
}

/** Runs one execution and gives back its items, each with what came out for it. */
async function execute(n) {
	const plan = planExecution(n);
	const items = Array.from({ length: ITEMS }, (_, m) => planItem(n, m, plan));
	const { plivo, signalWire, vobiz } = plan.standIns;
	const { outputs, hints, error } = await runNode({
		parameters: {
			provider: '={{ $json.provider }}',
			operation: plan.operation,
			callId: '={{ $json.call }}',
			stream: '={{ $json.stream }}',
			streamBy: plan.streamBy,
			cxmlUrl: signalWire.bin('<Response><Stop><Stream name="{{STREAMNAME}}"/></Stop></Response>'),
			options: plan.options,
		},
		items: items.map(({ json }) => json),
		credentials: {
			plivoBasicApi: plivo.credentials,
			signalWireBasicApi: signalWire.credentials,
			vobizXAuthApi: vobiz.credentials,
		},
		node: { onError: plan.onError },
	});
	const shown = JSON.stringify([outputs, hints, error?.message, error?.stack]);
	const secrets = [plivo, signalWire, vobiz].flatMap(secretsOf);
	const wrong = [];
	if (error) wrong.push(`execution ${n} as a whole: ${error.message}`);
	const [done = [], failed = []] = outputs;
	for (const output of [done, failed]) {
		const places = output.map(({ pairedItem }) => pairedItem.item);
		if (places.some((place, at) => place < places[at - 1])) wrong.push(`${n}: not in order`);
	}
	if (done.length + failed.length !== ITEMS) {
		wrong.push(`execution ${n}: ${done.length + failed.length} items came out`);
	}
	for (const { json, pairedItem } of done) items[pairedItem.item].out = json;
	for (const { json, pairedItem } of failed) {
		items[pairedItem.item].out = { ...json, status: 'failed', inErrorOutput: true };
	}
	for (const item of items) {
		if (item.out?.stopped && isRunning(item)) wrong.push(`${item.name}: stopped, and it runs`);
	}
	return { items, wrong, secretsFound: secrets.filter((secret) => shown.includes(secret)).length };
}

const isRunning = ({ streams }) => streams.some(({ running }) => running);

/** Where what the node said of an item and what is true are not the same. */
function disagreements({ name, json, out, options, stops, reads, byName, wasRunning, ...item }) {
	const wrong = [];
	const { status } = out ?? {};
	if (!out) return [`${name}: nothing came out`];
	if (!out.inErrorOutput && out.callId !== json.call) wrong.push('another call');
	if (isRunning(item) && status !== 'failed') wrong.push(`${status}, and it runs`);
	const budget = 1 + options.maxRetries;
	if (stops.length > budget) wrong.push(`${stops.length} requests, ${budget} allowed`);
	if (out.attempts > budget) wrong.push(`${out.attempts} attempts, ${budget} allowed`);
	if (stops.length > (out.attempts ?? budget)) wrong.push('more requests than attempts');
	// 10 s with pauses that double hold six reads of a list of one page.
	if (reads.length > 6 * budget) wrong.push(`${reads.length} reads`);
	const again = stops.slice(0, -1);
	if (byName && again.some(({ status: answered }) => answered !== 429)) {
		wrong.push('a document ordered a second time');
	}
	const complaint =
		out.failure === 'nothingToStop' || /nothing left to stop|does not know this/.test(out.error);
	if (wasRunning && complaint) wrong.push('complains of its own stop');
	return wrong.map((what) => `${name} (${json.provider}): ${what}`);
}

test('5,400 stops among failing providers: what the node says is true', async () => {
	const began = Date.now();
	const lanes = Array.from({ length: ACCOUNTS }, async (_, lane) => {
		const runs = [];
		for (let n = lane; n < EXECUTIONS; n += ACCOUNTS) runs.push(await execute(n));
		return runs;
	});
	const runs = (await Promise.all(lanes)).flat();
	const seconds = (Date.now() - began) / 1_000;
	// Requests that the node gave up, and documents, have their effect until now.
	await new Promise((done) => setTimeout(done, TIMEOUT + 1_000));
	for (const { signalWire } of accounts) await signalWire.settled();

	const items = runs.flatMap((run) => run.items);
	const wrong = [...runs.flatMap((run) => run.wrong), ...items.flatMap(disagreements)];
	const secretsFound = runs.reduce((sum, run) => sum + run.secretsFound, 0);
	const requests = items.reduce((sum, { stops }) => sum + stops.length, 0);
	const reads = items.reduce((sum, one) => sum + one.reads.length, 0);
	const outcomes = count(items.map(({ out }) => out?.failure ?? out?.status));
	const rows = [
		['seed', seed],
		['items', `${items.length} in ${runs.length} executions, ${seconds.toFixed(0)} s`],
		...PROVIDERS.map((provider) => [
			`  ${provider}`,
			items.filter(({ json }) => json.provider === provider).length,
		]),
		['requests to stop', requests],
		[
			'  of these retries',
			items.reduce((sum, { stops }) => sum + Math.max(0, stops.length - 1), 0),
		],
		['requests to read', reads],
		['faults', faults.length],
		...Object.entries(count(faults)).map(([kind, times]) => [`  ${kind}`, times]),
		['outcomes', ''],
		...Object.entries(outcomes).map(([outcome, times]) => [`  ${outcome}`, times]),
		['streams still running', items.filter(isRunning).length],
		['disagreements', wrong.length],
		['secrets found', secretsFound],
	];
	print('');
	for (const [label, value] of rows) print(`${label.padEnd(34)} ${String(value).padStart(6)}`);
	print('');

	expect(items.length).toBeGreaterThanOrEqual(5_000);
	expect(Object.keys(count(faults)).length).toBe(18);
	expect(wrong).toEqual([]);
	expect(secretsFound).toBe(0);
	for (const all of accounts) for (const one of Object.values(all)) one.expectOnContract();
	// And the node does its work: most of what met a fault is down in the end.
	expect(items.filter(isRunning).length).toBeLessThan(items.length / 5);
}, 600_000);
