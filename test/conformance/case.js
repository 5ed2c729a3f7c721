'use strict';

const { createServer } = require('node:http');
const { inspect } = require('node:util');
const { NODE_TYPE, runNode } = require('../support/engine');

/** No retry where it is not the point, and short waits. */
const FAST = { maxRetries: 0, timeout: 5_000 };

/** The fields of the node that an item may fill. */
const FILLED = ['callId', 'stream', 'cxmlUrl'];

/** One row on a stand-in of its own, so that no limit or pause of one row reaches another. */
class Case {
	/** What each item is about. A scenario that gives `items` of its own keeps one target for each. */
	targets;
	/** The input; without it, the fields that a person would fill in for each target. */
	items;
	/** What must not be in anything that comes out. */
	secrets;

	#open = [];
	#faults = [];
	#requestsBefore = 0;

	constructor(profile, way, scenario, variant) {
		Object.assign(this, { profile, way, scenario, variant });
		this.all = way.parameters.operation === 'stopAllStreams';
	}

	async start() {
		const standIn = await this.profile.start(this.way.standIn);
		this.#open.push(standIn);
		this.standIn = standIn;
		this.credentials = { ...standIn.credentials };
		this.secrets = [...standIn.secrets];
		standIn.fault = (request) => this.#faults.find(({ when }) => when(request))?.take();
		this.target = this.add();
		({ call: this.call, stream: this.stream } = this.target);
		this.targets = [this.target];
		// What no row may touch: another stream of the call, or another call where all of one stops.
		this.bystander = standIn.startStream(this.all ? standIn.addCall().id : this.call.id);
	}

	/** A further call with a stream. */
	add(streamDetails, callDetails) {
		const call = this.standIn.addCall(callDetails);
		return { call, stream: this.standIn.startStream(call.id, streamDetails) };
	}

	/** A stream that does not exist, on this call or on one that does not exist either. */
	ghost(call = { id: 'nobody', up: false }, stream = { id: 'nobody' }) {
		const { id, name = id, controlId = id } = stream;
		return { call, stream: { id, name, controlId, running: false } };
	}

	/** The values that a person would fill in for a target. */
	fields(target) {
		if (this.way.fields) return this.way.fields(this, target);
		const callId = target.call.id;
		return this.all ? { callId } : { callId, stream: target.stream.id };
	}

	/** The request that must arrive for a target, as the provider's documents have it. */
	request(target) {
		return this.way.request(this.standIn, target, this);
	}

	/** Has the stand-in do this to stops, or to so many of them. */
	answer(fault, times) {
		this.#fault(({ method }) => method !== 'GET', fault, times);
	}

	/** Has the stand-in do this to the stop of one target. */
	answerFor(target, fault) {
		const { method, path, body } = this.request(target);
		this.#fault((one) => one.method === method && one.path === path && one.body === body, fault);
	}

	/** Has the stand-in do this to reads, or to so many of them. */
	answerRead(fault, { times, when = () => true } = {}) {
		this.#fault((request) => request.method === 'GET' && when(request), fault, times);
	}

	#fault(when, fault, times = Infinity) {
		let left = times;
		this.#faults.push({
			when: (request) => left > 0 && when(request),
			take() {
				left -= 1;
				return fault;
			},
		});
	}

	/** The stops that arrived in the last run. */
	stops() {
		return this.#arrived().filter(({ method }) => method !== 'GET');
	}

	/** The paths that were read in the last run. */
	reads() {
		return this.#arrived().flatMap(({ method, path }) => (method === 'GET' ? [path] : []));
	}

	#arrived() {
		return this.standIn.requests.slice(this.#requestsBefore);
	}

	/** Another machine, as it were, that notes what it gets; `documentFor` makes its answer. */
	async serve(documentFor = () => '') {
		const requests = [];
		const server = createServer(async (incoming, response) => {
			const { pathname: path, searchParams: query } = new URL(incoming.url, 'http://127.0.0.1');
			let body = '';
			for await (const chunk of incoming) body += chunk;
			const request = { method: incoming.method, path, query, body };
			requests.push(request);
			response.writeHead(200, { 'Content-Type': 'text/xml' }).end(documentFor(request));
		});
		await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
		const close = () => {
			server.closeAllConnections();
			return new Promise((resolve) => server.close(resolve));
		};
		this.#open.push({ close });
		return { url: `http://127.0.0.1:${server.address().port}`, requests, close };
	}

	/** An address that nobody listens at. */
	async deadAddress() {
		const { url, close } = await this.serve();
		await close();
		return url;
	}

	/** Runs the node as the scenario says; `options` are set above those. */
	async run(options) {
		const { scenario, variant, way, profile, standIn } = this;
		const valueOf = (given) => (typeof given === 'function' ? given(this, variant) : given);
		this.items ??= this.targets.map((target) => this.fields(target));
		const [first] = this.items;
		// One item is filled in as a person would; of several, each brings its own values.
		const valueIn = (name) => (this.items.length === 1 ? first[name] : `={{ $json.${name} }}`);
		const filled = FILLED.filter((name) => name in first);
		this.#requestsBefore = standIn.requests.length;
		return await runNode({
			parameters: {
				provider: profile.provider,
				source: 'fields',
				...way.parameters,
				...Object.fromEntries(filled.map((name) => [name, valueIn(name)])),
				options: { ...FAST, ...valueOf(scenario.options), ...options },
				...valueOf(scenario.parameters),
			},
			items: this.items,
			credentials: scenario.credentials ?? { [standIn.credentialType]: this.credentials },
			node: scenario.node ?? { onError: 'continueRegularOutput' },
			type: scenario.type ?? NODE_TYPE,
			folder: profile.folder,
		});
	}

	/** Whether what a target names still runs, by the stand-in's own truth. */
	runs({ call, stream }) {
		return this.all
			? this.standIn.streams().some((one) => one.callId === call.id && one.running)
			: stream.running;
	}

	/** What holds for every row, and what this one expects. */
	async judge(run) {
		const { scenario, standIn, targets, items } = this;
		const expected = [scenario.expected?.(this, this.variant) ?? []].flat();
		if (!scenario.node) {
			const [output = []] = run.outputs;
			// One item out for each item in, in order and paired.
			expect(output.map(({ pairedItem }) => pairedItem)).toEqual(
				items.map((_item, item) => ({ item })),
			);
			// Looked at before documents are waited for: what is called stopped is down already.
			const untrue = output.filter(({ json }, i) => json.stopped && this.runs(targets[i]));
			expect(untrue).toEqual([]);
			output.forEach(({ json }, i) => judgeItem(json, expected[i]));
			// Each attempt is a request that arrived, and no other arrived.
			if (!scenario.unreached) {
				const attempts = output.map(({ json }) => json.attempts ?? 0);
				expect(this.stops()).toHaveLength(attempts.reduce((sum, each) => sum + each, 0));
			}
		}
		await standIn.settled?.();
		targets.forEach((target, item) => {
			const truth = { item, runs: this.runs(target), callUp: target.call.up };
			const { runs = truth.runs, callUp = this.callsUp[item] } = expected[item] ?? {};
			expect(truth).toEqual({ item, runs, callUp });
		});
		if (this.all || this.call.up) expect(this.bystander.running).toBe(true);
		expect(standIn.offContract()).toEqual([]);
		this.#judgeSecrets(run);
	}

	/** No secret in whatever came out: outputs, hints, errors with their stacks and causes. */
	#judgeSecrets(run) {
		const all = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity };
		const everything = JSON.stringify(run) + inspect(run, { ...all, showHidden: true });
		const { token, account } = this.profile;
		const pair = `${this.credentials[account.field]}:${this.credentials[token]}`;
		const secrets = [
			...this.secrets,
			this.credentials[token],
			Buffer.from(pair).toString('base64'),
		];
		expect(secrets.filter((secret) => everything.includes(secret))).toEqual([]);
	}

	/** The first item's outcome, as the table shows it. */
	outcome({ items: [json = {}], error }) {
		if (error) return 'stops the run';
		return json.failure ? `✗ ${json.failure}` : String(json.status);
	}

	async close() {
		for (const one of this.#open) await one.close();
	}
}

/** What an output may hold, by the public interface. */
const FIELDS = new Set([
	'provider',
	'operation',
	'callId',
	'stream',
	'streamBy',
	'status',
	'stopped',
	'statusCode',
	'attempts',
	'confirmed',
	'confirmReason',
	'response',
	'request',
	'failure',
	'error',
	'message',
]);
const STATUSES = ['stopped', 'alreadyStopped', 'notFound', 'accepted', 'preview'];
const CAUSES = [
	'input',
	'credentials',
	'rateLimit',
	'unavailable',
	'rejected',
	'unreadable',
	'nothingToStop',
];

/** One output item: the interface's vocabulary, and what the row expects of it. */
function judgeItem(json, { runs: _runs, callUp: _callUp, ...expected } = {}) {
	const wanted = { ...expected, ...(expected.failure && { status: 'failed', stopped: false }) };
	const names = Object.keys(wanted);
	const present = names.filter((name) => wanted[name] !== undefined);
	const absent = names.filter((name) => wanted[name] === undefined);
	expect(json).toEqual(
		expect.objectContaining(Object.fromEntries(present.map((name) => [name, wanted[name]]))),
	);
	const odd = Object.keys(json).filter((name) => absent.includes(name) || !FIELDS.has(name));
	expect(odd).toEqual([]);
	expect(json.stopped).toBe(['stopped', 'alreadyStopped'].includes(json.status));
	if (json.status !== 'failed') {
		expect(STATUSES).toContain(json.status);
		expect(['failure', 'error', 'message'].filter((name) => name in json)).toEqual([]);
		return;
	}
	expect(CAUSES).toContain(json.failure);
	// What happened, then what to do. The provider's own words, in quotes, are its own affair.
	const sentences = `${json.error} ${json.message}`.replace(/“[^”]*”/g, '');
	expect(sentences).not.toMatch(/undefined|null|\{|\b(error|problem|failure|mistake)\b/i);
	expect(json.message).toMatch(/\.$|: \S+$/);
}

module.exports = { Case };
