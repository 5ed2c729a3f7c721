import { createServer, type RequestListener, type Server } from 'node:http';
import { inspect } from 'node:util';
import type { IDataObject, INodeParameters, NodeParameterValueType } from 'n8n-workflow';
import type { CallState } from '../../nodes/StopAudioStream/words/vocabulary';
import { listenOn, readingServer, type Listening } from '../lib/listenOn.cts';
import { NODE_TYPE, type Engine, type NodeOutput } from '../lib/nodeRun.cts';
import type { CallDetails, Fault, LoggedRequest, StreamDetails } from '../lib/stand-ins/index.cts';
import type { RunningStandIn } from '../lib/stops.cts';
import { judgeHint, judgeItem, textOf } from './judge.cts';
import type { Bound } from './scenario.cts';
import type { Column, Expected, Profile, Says, Target, Wanted } from './types.cts';

/** No retry where it is not the point, and short waits. */
const FAST = { maxRetries: 0, timeout: 20_000 };

/** The fields of the node that an item may fill. */
const FILLED = ['callId', 'conferenceSid', 'stream', 'cxmlUrl'];

type When = (request: LoggedRequest) => boolean;

/** What reached another machine, as it were. */
export interface Reached {
	method: string;
	path: string;
	query: URLSearchParams;
	body: string;
}

/** How many rows have begun. */
let accounts = 0;

/** One row on a stand-in and an account of its own, so that no limit or pause of one row reaches another. */
export class Case<S extends RunningStandIn = RunningStandIn> {
	/** Whether all streams of a call stop. */
	readonly all: boolean;
	/** The provider's other side. */
	readonly standIn: S;
	/** What the credential holds; a scenario may spoil it. */
	readonly credentials: Record<string, string | number>;
	/** What must not be in anything that comes out. */
	readonly secrets: string[];
	/** The first call with its stream. */
	readonly target: Target;
	/** What each item is about. A scenario that gives `items` of its own keeps one target for each. */
	targets: Target[];
	/** The input; without it, the fields that a person would fill in for each target. */
	items: IDataObject[] | undefined;
	/** The document that stops a stream by its name, for a column that needs one. */
	cxmlUrl: string | undefined;

	/** What happens as soon as something is read. */
	onRead: () => void = () => undefined;

	readonly #bystander: { running: boolean };
	readonly #open: Array<{ close(): Promise<unknown> }>;
	readonly #faults: Array<{ when: When; take(): Fault }> = [];
	#requestsBefore = 0;

	private constructor(
		readonly engine: Engine,
		standIn: S,
		readonly profile: Profile<S>,
		readonly column: Column<S>,
		readonly bound: Bound<S>,
	) {
		this.all = column.parameters.operation === 'stopAllStreams';
		this.#open = [standIn];
		this.standIn = standIn;
		this.credentials = { ...standIn.credentials };
		this.secrets = [...standIn.secrets];
		standIn.fault = (request) => {
			if (request.method === 'GET') this.onRead();
			return this.#faults.find(({ when }) => when(request))?.take();
		};
		this.target = this.add();
		this.targets = [this.target];
		// What no row may touch: another stream of the call, or another call where all of one stops.
		const { call, conference } = this.target;
		this.#bystander = conference
			? standIn.startConferenceStream(conference.id)
			: standIn.startStream(this.all ? standIn.addCall().id : call.id);
	}

	static async start<S extends RunningStandIn>(
		engine: Engine,
		profile: Profile<S>,
		column: Column<S>,
		bound: Bound<S>,
	) {
		accounts += 1;
		const standIn = await profile.start({ ...column.standIn, account: accounts });
		return new Case(engine, standIn, profile, column, bound);
	}

	get call() {
		return this.target.call;
	}

	get stream() {
		return this.target.stream;
	}

	/** A further call with a stream. */
	add(streamDetails?: StreamDetails, callDetails?: CallDetails): Target {
		const { column, standIn } = this;
		if (column.add) return column.add(standIn, streamDetails, callDetails);
		const call = standIn.addCall(callDetails);
		return { call, stream: standIn.startStream(call.id, streamDetails) };
	}

	/** A stream that does not exist, on this call or on one that does not exist either. */
	ghost(on?: Target, stream?: Target['stream']): Target {
		const { id, name, controlId } = stream ?? { id: 'nobody', name: 'nobody', controlId: 'nobody' };
		const { call, conference } = on ?? {
			call: { id: 'nobody', up: false },
			...(this.target.conference && { conference: { id: 'nobody' } }),
		};
		return {
			call,
			...(conference && { conference }),
			stream: { id, name, controlId, running: false },
		};
	}

	/** The field that names the call, or the conference. */
	get idField() {
		return this.column.idField ?? 'callId';
	}

	/** What the stream runs on. */
	get noun() {
		return this.target.conference ? 'conference' : 'call';
	}

	/** What is known of a call that the provider does not show. */
	get unknownCallState(): CallState | undefined {
		return this.column.cannot?.unknownCall === undefined ? 'notFound' : undefined;
	}

	/** What is read if a stop found nothing, in this order. */
	looks(target = this.targets[0] ?? this.target): string[] {
		return this.column.looks(this.standIn, target);
	}

	/** The same, and what is read last if the call is live: its list of streams. */
	looksOfLive(target = this.targets[0] ?? this.target): string[] {
		const list = this.column.list?.(this.standIn, target);
		return [...this.looks(target), ...(list === undefined ? [] : [list])];
	}

	/** What a stop comes to that missed the stream which runs on the live call, unless an option says otherwise. */
	get missed(): Expected {
		return {
			...(this.column.list ? { failure: 'nothingToStop' } : { status: 'notFound' }),
			callState: 'live',
		};
	}

	/** What that field holds for a target. */
	idOf({ call, conference }: Target): string {
		return (conference ?? call).id;
	}

	/** Ends what a target's stream runs on. */
	end(target = this.target) {
		const { column, standIn } = this;
		if (column.end) column.end(standIn, target);
		else standIn.endCall(target.call.id);
	}

	/** Ends a target's stream, by somebody else. */
	endStream({ stream: { id } } = this.target) {
		const stream = this.standIn.stream(id);
		if (!stream) throw new Error(`There is no stream '${id}'`);
		this.standIn.calls.stopStream(stream);
	}

	/** The values that a person would fill in for a target. */
	fields(target: Target): IDataObject {
		if (this.column.fields) return this.column.fields(this, target);
		const id = { [this.idField]: this.idOf(target) };
		return this.all ? id : { ...id, stream: target.stream.id };
	}

	/** What the provider's documents say of a situation. */
	says(situation: keyof Says): Expected {
		const said = this.column.says[situation];
		if (said) return said;
		throw new Error(`'${this.column.title}' does not say what happens: ${situation}`);
	}

	/** The field of the document that stops a stream, for a column that needs one. */
	document(): INodeParameters {
		if (!this.column.byDocument) return {};
		return { cxmlUrl: this.fields(this.target).cxmlUrl as string };
	}

	/** The path of what Confirm Stop reads. */
	read(): string {
		const path = this.column.read?.(this.standIn, this.target);
		if (path === undefined) throw new Error(`'${this.column.title}' has nothing to read`);
		return path;
	}

	/** The answer to such a read, for a stream that has not ended. */
	running(page?: { total?: number; offset?: number }): IDataObject {
		const body = this.column.running?.(this.target, page);
		if (!body) throw new Error(`'${this.column.title}' has nothing to read`);
		return body;
	}

	/** A stream that has not ended, as a read shows it. */
	show(target = this.target): IDataObject {
		const shown = this.column.show?.(target);
		if (!shown) throw new Error(`'${this.column.title}' has nothing to read`);
		return shown;
	}

	/** A stream that has ended, as a read shows it. */
	ended(target = this.target): IDataObject {
		return {
			...this.show(target),
			status: 'completed',
			start_time: '2026-01-31 09:00:00+00:00',
			end_time: '2026-01-31 10:00:00+00:00',
		};
	}

	/** Has the stand-in answer this to what is read last of a live call: a page of its streams, or anything else. */
	answerList(given: readonly IDataObject[] | Fault, total?: number) {
		const { column, standIn, target, targets } = this;
		const path = column.list?.(standIn, targets[0] ?? target);
		if (path === undefined) throw new Error(`'${column.title}' has no list`);
		const fault = 'length' in given ? { status: 200, body: column.page?.(given, total) } : given;
		this.answerRead(fault, { when: (request) => request.path === path });
	}

	/** The provider's event about the first stream, as a webhook's body holds it. */
	event(kind: string, of: { id: string } = this.stream): IDataObject {
		const subject = this.standIn.stream(of.id) ?? this.standIn.call(of.id);
		if (!subject) throw new Error(`There is no call or stream '${of.id}'`);
		return this.standIn.callback(kind, subject).body as IDataObject;
	}

	/** What Preview Only shows for a request that arrived. */
	previewOf({ method, path, headers, body }: LoggedRequest): IDataObject {
		const type = headers['content-type'];
		return {
			method,
			url: this.standIn.url + path,
			headers: { Accept: headers.accept, ...(type && { 'Content-Type': type }) },
			...(body && { body: type === 'application/json' ? (JSON.parse(body) as IDataObject) : body }),
		};
	}

	/** The request that must arrive for a target, as the provider's documents have it. */
	request(target: Target): Wanted {
		return this.column.request(this.standIn, target, this);
	}

	/** Has the stand-in do this to stops, or to so many of them. */
	answer(fault: Fault, times?: number) {
		this.#fault(({ method }) => method !== 'GET', fault, times);
	}

	/** Has the stand-in do this to the stop of one target. */
	answerFor(target: Target, fault: Fault) {
		const { method, path, body } = this.request(target);
		this.#fault((one) => one.method === method && one.path === path && one.body === body, fault);
	}

	/** Has the stand-in do this to reads, or to so many of them. */
	answerRead(fault: Fault, { times, when = () => true }: { times?: number; when?: When } = {}) {
		this.#fault((request) => request.method === 'GET' && when(request), fault, times);
	}

	#fault(when: When, fault: Fault, times = Infinity) {
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
	stops(): LoggedRequest[] {
		return this.#arrived().filter(({ method }) => method !== 'GET');
	}

	/** The paths that were read in the last run. */
	reads(): string[] {
		return this.#arrived().flatMap(({ method, path }) => (method === 'GET' ? [path] : []));
	}

	#arrived() {
		return this.standIn.requests.slice(this.#requestsBefore);
	}

	/** Another machine, as it were, that notes what it gets; `documentFor` makes its answer. */
	async serve(documentFor: (request: Reached) => string = () => '') {
		const requests: Reached[] = [];
		const server = readingServer(({ method = '', url: target = '/' }, body, response) => {
			const { pathname: path, searchParams: query } = new URL(target, 'http://127.0.0.1');
			const request = { method, path, query, body };
			requests.push(request);
			response.writeHead(200, { 'Content-Type': 'text/xml' }).end(documentFor(request));
		});
		const { url } = await this.#listenOn(server);
		return { url, requests };
	}

	/** A server of any kind in the provider's place, until the end of the case. */
	async listen(listener: RequestListener): Promise<Listening> {
		return await this.#listenOn(createServer(listener));
	}

	async #listenOn(server: Server): Promise<Listening> {
		const listening = await listenOn(server);
		this.#open.push(listening);
		return listening;
	}

	/**
	 * An address that nobody listens at: no test may open this port, and the system gives it to none. One that was
	 * just closed could be another test's by now.
	 */
	readonly deadAddress = 'http://127.0.0.1:2';

	/** Runs the node as the scenario says; `options` are set above those. */
	async run(options?: INodeParameters): Promise<NodeOutput> {
		const { bound, column, profile, standIn } = this;
		const { settings } = bound;
		this.items ??= this.targets.map((target) => this.fields(target));
		const [first = {}] = this.items;
		const one = this.items.length === 1;
		// One item is filled in as a person would; of several, each brings its own values.
		const filled = FILLED.filter((name) => name in first).map((name) => [
			name,
			one ? (first[name] as NodeParameterValueType) : `={{ $json.${name} }}`,
		]);
		this.#requestsBefore = standIn.requests.length;
		return await this.engine.run({
			parameters: {
				provider: profile.provider,
				source: 'fields',
				...column.parameters,
				...Object.fromEntries(filled),
				options: { ...FAST, ...bound.options(this), ...options },
				...bound.parameters(this),
			},
			items: this.items,
			credentials: settings.credentials ?? { [standIn.credentialType]: this.credentials },
			node: settings.node ?? { onError: 'continueRegularOutput' },
			type: settings.type ?? NODE_TYPE,
		});
	}

	/** Whether what a target names still runs, by the stand-in's own truth. */
	runs({ call, stream }: Target): boolean {
		return this.all
			? this.standIn.streams().some((one) => one.callId === call.id && one.running)
			: stream.running;
	}

	/** What holds for every row, and what this one expects. `callsUp`: which calls were up before the run. */
	async judge(run: NodeOutput, expected: Expected[], callsUp: boolean[]) {
		const { bound, standIn, targets, items = [] } = this;
		if (!bound.settings.node) {
			const output = run.outputs[0] ?? [];
			// One item out for each item in, in order and paired.
			expect(output.map(({ pairedItem }) => pairedItem)).toEqual(
				items.map((_item, item) => ({ item })),
			);
			// Looked at before documents are waited for: what is called stopped is down already.
			const untrue = targets.filter((target, i) => output[i]?.json.stopped && this.runs(target));
			expect(untrue).toEqual([]);
			output.forEach(({ json }, i) => judgeItem(json, expected[i]));
			if (this.all) expect(output.filter(({ json }) => 'stream' in json)).toEqual([]);
			// Each attempt is a request that arrived, and no other arrived.
			if (!bound.settings.unreached) {
				const attempts = output.map(({ json }) => Number(json.attempts ?? 0));
				expect(this.stops()).toHaveLength(attempts.reduce((sum, each) => sum + each, 0));
			}
		}
		for (const { message, type } of run.hints) {
			judgeHint(message);
			expect(['info', 'warning']).toContain(type);
		}
		await standIn.settled();
		targets.forEach((target, item) => {
			const truth = { item, runs: this.runs(target), callUp: target.call.up };
			const { runs = truth.runs, callUp = callsUp[item] } = expected[item] ?? {};
			expect(truth).toEqual({ item, runs, callUp });
		});
		if (this.all || this.#isUp()) expect(this.#bystander.running).toBe(true);
		expect(standIn.offContract()).toEqual([]);
		this.#judgeSecrets(run);
	}

	/** Whether what the first stream runs on is still there. */
	#isUp() {
		const { call, conference } = this.target;
		if (!conference) return call.up;
		return this.standIn.calls.conferences.get(conference.id)?.status !== 'completed';
	}

	/** No secret in whatever came out: outputs, hints, errors with their stacks and causes. */
	#judgeSecrets(run: NodeOutput) {
		const all = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity };
		const everything = JSON.stringify(run) + inspect(run, { ...all, showHidden: true });
		const { token, account } = this.profile;
		const secret = String(this.credentials[token]);
		const pair = `${this.credentials[account.field]}:${secret}`;
		const secrets = [...this.secrets, secret, Buffer.from(pair).toString('base64')];
		expect(secrets.filter((each) => everything.includes(each))).toEqual([]);
	}

	/** The first item's outcome, as the table shows it. */
	outcome({ items: [json = {}], error }: NodeOutput): string {
		if (error) return 'stops the run';
		return json.failure ? `✗ ${textOf(json.failure)}` : textOf(json.status);
	}

	async close() {
		for (const one of this.#open) await one.close();
	}
}
