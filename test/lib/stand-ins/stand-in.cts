import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import type { Document } from 'openapi-backend';
import {
	type Call,
	type CallDetails,
	Calls,
	type CallStatus,
	type Conference,
	type Stream,
	type StreamDetails,
} from './calls.cts';
import { Contract, type RawRequest, type Reading } from './contract.cts';
import { Deliveries, type SentEvent } from './deliver.cts';
import type { DocumentRun } from './documents.cts';
import { basic, type Fields, FORM, type ProviderEvent } from './events.cts';
import { CallFlow, type FlowRules } from './flow.cts';
import type { Signable, Signing } from './signatures.cts';

/** What an answer carries; an object goes out as JSON. */
export type AnswerBody = string | Buffer | object;

/** An answer of a provider. */
export interface Answer {
	status: number;
	headers?: Record<string, string>;
	body?: AnswerBody;
}

/** What a test may do to one request. */
export interface Fault {
	/** `status` or `body` answer in the provider's place, and nothing happens to the stream … */
	status?: number;
	body?: AnswerBody;
	/** … unless this is set. */
	afterEffect?: boolean;
	/** Alone they join the provider's own answer. */
	headers?: Record<string, string>;
	/** Waits before the request is handled. */
	delayMs?: number;
	/** Waits between the effect and the answer. */
	stallMs?: number;
	/** Destroys the connection before or after the effect. */
	reset?: 'before' | 'after';
	/** Cuts the answer off in the middle. */
	truncate?: boolean;
}

/** One request as it arrived. */
export interface LoggedRequest extends RawRequest {
	at: number;
	/** Null when no answer went out. */
	answeredAt: number | null;
	status: number | null;
	/** Why it breaks the contract, or null. */
	offContract: string | null;
}

/** How a stand-in is started. */
export interface Options {
	delayMs: number;
	/** Where newer and older documents differ, which of them counts. */
	generation: 'new' | 'old';
	rateLimit?: { requests: number; perMs: number; retryAfter?: boolean };
	/** Which account it is: the node remembers one by its host, port and id, and ports come again. */
	account: number;
}

/** What each stand-in has beside the methods, some of it for tests to set. */
export interface Exposed {
	/** What a user types into this package's credential. */
	credentials: Record<string, string>;
	/** Every secret of the account, those too that no credential holds. */
	secrets: string[];
}

/** A provider's own behaviour. */
export interface Behaviour<E extends Exposed = Exposed> {
	exposed: E;
	authenticate(request: LoggedRequest, reading: Reading): Answer | undefined;
	refuse: {
		unknownPath(request: LoggedRequest): Answer;
		wrongMethod(request: LoggedRequest): Answer;
		unauthorized(request: LoggedRequest): Answer;
		invalid(request: LoggedRequest, why: string): Answer;
		tooManyRequests(request: LoggedRequest, seconds: number): Answer;
	};
	operations: Record<string, (reading: Reading, request: LoggedRequest) => Answer>;
	callbacks: Record<string, ProviderEvent>;
	/** A page of the provider that is no part of its API. */
	page?(request: RawRequest): Answer | undefined;
	isLimited?(request: LoggedRequest): boolean;
	/** The headers that say who sent an event; `isForm` is false for JSON, `text` is the body as it is sent. */
	sign?(
		event: Signable & { isForm: boolean; text: string },
		signing: Signing,
	): Record<string, string>;
	/** How documents run; without it the provider has none. */
	flow?: Omit<FlowRules, 'headersOf'>;
	close?(): Promise<void>;
}

/** A provider: what `StandIn.start` needs of it. */
export interface Provider<E extends Exposed = Exposed> {
	name: string;
	credentialType: string;
	/** Its OpenAPI description, or the path of the file. */
	contract: string | Document;
	newStreamId(): string;
	behave(standIn: StandIn): Behaviour<E>;
}

/** The payload of an event. */
export interface EventPayload {
	contentType: string;
	body: Fields;
	source: string;
}

/** An event with the headers that a provider sends it with. */
export interface SignedEvent extends EventPayload {
	/** The address without user and password; of a GET with the fields in its query. */
	url: string;
	method: 'GET' | 'POST';
	headers: Record<string, string>;
	/** The body as it goes over the wire, '' for a GET. */
	text: string;
}

/** How one event is sent, and signed. */
export interface CallbackOptions extends Signing {
	method?: 'GET' | 'POST';
	further?: readonly [string, string][];
	change?: (body: Fields) => Fields;
}

/** What one may say of a call that dials in. */
export interface DialOptions extends CallDetails {
	/** How the answer address is asked; `POST` where nothing is said. */
	method?: 'GET' | 'POST';
	fallback?: { url: string; method?: 'GET' | 'POST' };
}

interface Wait {
	timer: NodeJS.Timeout;
	done(): void;
}

/** A provider's API on a loopback address, with calls and streams behind it. */
export class StandIn {
	/** Asked about each request; `n` counts from 1. */
	fault: (request: LoggedRequest, n: number) => Fault | undefined = () => undefined;
	requests: LoggedRequest[] = [];
	/** The most requests that were under way at one moment. */
	mostAtOnce = 0;
	/** What went wrong inside the stand-in or a fault: no provider's doing. `close` throws it. */
	readonly errors: unknown[] = [];

	readonly provider: string;
	readonly credentialType: string;
	readonly options: Options;
	readonly calls: Calls;
	url = '';

	readonly #server: Server;
	readonly #contract: Contract;
	readonly #deliveries = new Deliveries();
	#behaviour: Behaviour | undefined;
	#flow: CallFlow | undefined;
	#open = 0;
	readonly #pending = new Set<Wait>();
	#window = { index: -1, count: 0 };
	readonly #began = performance.now();

	private constructor(provider: Provider, contract: Contract, options: Partial<Options>) {
		this.provider = provider.name;
		this.credentialType = provider.credentialType;
		this.options = { delayMs: 0, generation: 'new', account: 0, ...options };
		this.calls = new Calls(() => provider.newStreamId());
		this.#contract = contract;
		this.#server = createServer((incoming, response) => {
			this.#open += 1;
			this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
			void this.#receive(incoming, response).finally(() => (this.#open -= 1));
		});
		// An idle connection that the server drops just as the client uses it looks like a fault.
		this.#server.keepAliveTimeout = 60_000;
	}

	static async start<E extends Exposed>(
		provider: Provider<E>,
		options: Partial<Options> = {},
	): Promise<StandIn & E> {
		const standIn = new StandIn(provider, await Contract.load(provider.contract), options);
		await new Promise<void>((resolve, reject) => {
			standIn.#server.once('error', reject);
			standIn.#server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve);
		});
		const { port } = standIn.#server.address() as AddressInfo;
		standIn.url = `http://127.0.0.1:${port}`;
		const behaviour = provider.behave(standIn);
		standIn.#behaviour = behaviour;
		if (behaviour.flow) {
			const rules = {
				...behaviour.flow,
				headersOf: (url: URL, method: string, fields: Record<string, string>) => {
					const to = written(url.href, method, Object.entries(fields));
					return behaviour.sign?.({ ...to, isForm: true, text: to.form }, {}) ?? {};
				},
			};
			standIn.#flow = new CallFlow(standIn.calls, rules, (error) => standIn.errors.push(error));
		}
		return exposing(standIn, behaviour.exposed);
	}

	addCall(details?: CallDetails): Call {
		return this.calls.addCall(details);
	}

	addConference(details?: Partial<Omit<Conference, 'endTime'>>): Conference {
		return this.calls.addConference(details);
	}

	startStream(callId: string, details?: StreamDetails): Stream {
		return this.calls.startStream(callId, details);
	}

	startConferenceStream(conferenceId: string, details?: StreamDetails): Stream {
		return this.calls.startConferenceStream(conferenceId, details);
	}

	/** A stream that was started and `notUpYet` comes up. */
	comeUp(streamId: string): void {
		this.calls.comeUp(streamId);
	}

	/** A stream loses its connection and goes on under a new id. */
	reconnectStream(streamId: string, newId?: string): Stream | undefined {
		return this.calls.reconnectStream(streamId, newId);
	}

	/** A stream loses its connection for good. */
	dropStream(streamId: string): void {
		const stream = this.stream(streamId);
		if (stream) this.calls.stopStream(stream, 'disconnected');
	}

	call(id: string): Call | undefined {
		return this.calls.calls.get(id);
	}

	stream(id: string): Stream | undefined {
		return this.calls.streams.get(id);
	}

	streams(): Stream[] {
		return [...this.calls.streams.values()];
	}

	endCall(id: string, status?: CallStatus): void {
		this.calls.endCall(id, status);
	}

	endConference(id: string): void {
		this.calls.endConference(id);
	}

	/** Forgets every request, call, stream and conference. */
	reset(): void {
		this.requests = [];
		this.mostAtOnce = 0;
		this.calls.clear();
	}

	offContract(): LoggedRequest[] {
		return this.requests.filter(({ offContract }) => offContract !== null);
	}

	/** Throws when a request broke the contract, and lists each; and when the stand-in itself failed. */
	expectOnContract(): void {
		this.#throwErrors();
		const off = this.offContract();
		if (off.length === 0) return;
		const lines = off.map(({ method, path, offContract }) => `${method} ${path}: ${offContract}`);
		throw new Error(
			`${off.length} requests break ${this.provider}'s contract:\n${lines.join('\n')}`,
		);
	}

	/** The kinds of payload that `callback` can make. */
	get callbackKinds(): string[] {
		return Object.keys(this.#own.callbacks);
	}

	/**
	 * The payload that the provider sends for an event, with the documented fields only.
	 * @param kind one of `callbackKinds`
	 * @param subject the stream; where the event is about a call, the call or its stream
	 */
	callback(kind: string, subject: Call | Stream): EventPayload {
		const event = this.#own.callbacks[kind];
		if (!event)
			throw new Error(`${this.provider} has no '${kind}', only ${this.callbackKinds.join(', ')}`);
		const { contentType, source } = event;
		const call = this.call('callId' in subject ? subject.callId : subject.id);
		if (event.of === 'stream') {
			if (!('callId' in subject)) throw new Error(`'${kind}' is about a stream`);
			return { contentType, source, body: event.body(subject, call) };
		}
		if (!call) throw new Error(`'${kind}' is about a call`);
		return { contentType, source, body: event.body(call) };
	}

	/**
	 * An event as it goes to an address: with its signature, and the Basic Auth that the address asks for.
	 * @param further fields of a form behind the documented ones
	 * @param change what makes another event of the payload, one that no kind stands for
	 */
	signedCallback(
		kind: string,
		subject: Call | Stream,
		address: string,
		{ method = 'POST', further = [], change = (body) => body, ...signing }: CallbackOptions = {},
	): SignedEvent {
		const payload = this.callback(kind, subject);
		const body = change(payload.body);
		const isForm = payload.contentType === FORM;
		const fields: [string, string][] = isForm
			? [
					...Object.entries(body).map(([name, value]): [string, string] => [name, String(value)]),
					...further,
				]
			: [];
		const to = written(address, method, fields);
		const target = new URL(to.address);
		const { username, password } = target;
		target.username = '';
		target.password = '';
		const sent = isForm ? to.form : JSON.stringify(body);
		const text = method === 'GET' ? '' : sent;
		return {
			...payload,
			body,
			url: target.href,
			method,
			headers: {
				...(method === 'POST' && { 'Content-Type': payload.contentType }),
				...(username !== '' && {
					Authorization: basic(decodeURIComponent(username), decodeURIComponent(password)),
				}),
				...this.#own.sign?.({ ...to, isForm, text }, signing),
			},
			text,
		};
	}

	/** Sends an event to a loopback address, and gives back what came of it. */
	async send(
		kind: string,
		subject: Call | Stream,
		address: string,
		options?: { method?: 'GET' | 'POST' } & Signing,
	): Promise<SentEvent> {
		const { url, method, headers, text } = this.signedCallback(kind, subject, address, options);
		return await this.#deliveries.send({ kind, url, method, headers, body: text });
	}

	/** Every document that was fetched for a call. */
	get documents(): DocumentRun[] {
		return this.#flow?.documents ?? [];
	}

	/** Resolves when every document that was ordered has run. */
	async settled(): Promise<void> {
		await this.#flow?.settled();
	}

	/** A caller dials in: the provider asks the answer address for the call's document and runs it. */
	async dial(answerUrl: string, options: DialOptions = {}): Promise<Call> {
		const { method = 'POST', fallback, ...details } = options;
		const call = this.addCall({ status: 'ringing', ...details });
		this.runDocument(call, answerUrl, method, fallback);
		await this.settled();
		return call;
	}

	/** Has a call run the document at an address, and does not wait for it. */
	runDocument(
		call: Call,
		url: string,
		method = 'POST',
		fallback?: { url: string; method?: string },
	): void {
		if (!this.#flow) throw new Error(`${this.provider} has no documents`);
		const spare = fallback && { method: 'POST', ...fallback };
		this.#flow.order(call, { url, method }, { fallback: spare });
	}

	/** A call's own document leads it to another one, as a menu's action does, and nothing is waited for. */
	goOn(call: Call, url: string, method = 'POST'): void {
		if (!this.#flow) throw new Error(`${this.provider} has no documents`);
		this.#flow.order(call, { url, method }, { isTransfer: false });
	}

	/** Ends every connection and every wait; throws what went wrong inside the stand-in. */
	async close(): Promise<void> {
		const closed = new Promise((resolve) => this.#server.close(resolve));
		this.calls.stopTimers();
		this.#server.closeAllConnections();
		for (const wait of this.#pending) {
			clearTimeout(wait.timer);
			wait.done();
		}
		await this.#flow?.close();
		await this.#behaviour?.close?.();
		await closed;
		this.#throwErrors();
	}

	get #own(): Behaviour {
		if (!this.#behaviour) throw new Error('The stand-in has not started');
		return this.#behaviour;
	}

	#throwErrors(): void {
		const errors = this.errors.splice(0);
		if (errors.length === 0) return;
		if (errors.length === 1) throw errors[0];
		throw new AggregateError(errors, `${errors.length} errors in ${this.provider}'s stand-in`);
	}

	#wait(ms: number): Promise<void> {
		return new Promise((resolve) => {
			const done = (): void => {
				this.#pending.delete(wait);
				resolve();
			};
			const wait: Wait = { done, timer: setTimeout(done, ms) };
			this.#pending.add(wait);
		});
	}

	async #receive(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
		const at = Date.now();
		let body: string;
		try {
			body = await textOf(incoming);
		} catch {
			// The client went away.
			response.destroy();
			return;
		}
		try {
			await this.#handleAll(incoming, body, at, response);
		} catch (error) {
			this.errors.push(error);
			response.destroy();
		}
	}

	async #handleAll(
		incoming: IncomingMessage,
		body: string,
		at: number,
		response: ServerResponse,
	): Promise<void> {
		const { method = '', url: path = '', headers } = incoming;
		const raw: RawRequest = { method, path, headers, body };
		const page = this.#own.page?.(raw);
		if (page) {
			send(response, page);
			return;
		}
		const reading = this.#contract.read(raw);
		const offContract = reading.broken?.why ?? null;
		const request: LoggedRequest = { ...raw, at, answeredAt: null, status: null, offContract };
		const n = this.requests.push(request);

		const tooMany = this.#countTooMany(request);
		const fault = this.fault(request, n) ?? {};
		const delayMs = fault.delayMs ?? this.options.delayMs;
		if (delayMs > 0) await this.#wait(delayMs);
		if (fault.reset === 'before') {
			response.socket?.resetAndDestroy();
			return;
		}
		const replaced = fault.status !== undefined || fault.body !== undefined;
		let answer: Answer = { status: fault.status ?? 200 };
		if (!replaced || fault.afterEffect) answer = tooMany ?? this.#handle(request, reading);
		if (replaced) {
			answer = { status: fault.status ?? answer.status, body: fault.body, headers: fault.headers };
		} else if (fault.headers) {
			answer = { ...answer, headers: { ...answer.headers, ...fault.headers } };
		}
		if (fault.stallMs) await this.#wait(fault.stallMs);
		if (fault.reset === 'after') {
			response.socket?.resetAndDestroy();
		} else if (fault.truncate) {
			truncate(response, answer);
		} else if (!response.destroyed) {
			request.status = answer.status;
			request.answeredAt = Date.now();
			send(response, answer);
		}
	}

	#handle(request: LoggedRequest, reading: Reading): Answer {
		const { refuse, operations } = this.#own;
		const { part, why = '' } = reading.broken ?? {};
		if (part === 'path') return refuse.unknownPath(request);
		if (part === 'method') return refuse.wrongMethod(request);
		if (part === 'credentials') return refuse.unauthorized(request);
		const refusal = this.#own.authenticate(request, reading);
		if (refusal) return refusal;
		if (part) return refuse.invalid(request, why);
		const operation = operations[reading.operationId];
		if (!operation) throw new Error(`The contract's '${reading.operationId}' does nothing`);
		return operation(reading, request);
	}

	/** Counts the request into the fixed window of its arrival. */
	#countTooMany(request: LoggedRequest): Answer | undefined {
		const limit = this.options.rateLimit;
		if (!limit || this.#own.isLimited?.(request) === false) return undefined;
		const elapsed = performance.now() - this.#began;
		const index = Math.floor(elapsed / limit.perMs);
		if (index !== this.#window.index) this.#window = { index, count: 0 };
		this.#window.count += 1;
		if (this.#window.count <= limit.requests) return undefined;
		const seconds = Math.ceil(((index + 1) * limit.perMs - elapsed) / 1000);
		const answer = this.#own.refuse.tooManyRequests(request, seconds);
		if (limit.retryAfter) answer.headers = { ...answer.headers, 'Retry-After': String(seconds) };
		return answer;
	}
}

/** An address and a form as they are written, with these fields in one of them. */
function written(
	address: string,
	method: string,
	fields: [string, string][],
): { address: string; form: string } {
	const url = new URL(address);
	url.hash = '';
	if (method !== 'GET') return { address: url.href, form: new URLSearchParams(fields).toString() };
	for (const [name, value] of fields) url.searchParams.append(name, value);
	return { address: url.href, form: '' };
}

/** Puts what a provider exposes on its stand-in, so that what a test sets there is what counts. */
function exposing<E extends Exposed>(standIn: StandIn, exposed: E): StandIn & E {
	for (const name of Object.keys(exposed)) {
		Object.defineProperty(standIn, name, {
			enumerable: true,
			get: () => Reflect.get(exposed, name),
			set: (value: unknown) => Reflect.set(exposed, name, value),
		});
	}
	return standIn as StandIn & E;
}

function encode({ body, headers = {} }: Answer): {
	bytes: Buffer;
	headers: Record<string, string>;
} {
	if (body === undefined) return { bytes: Buffer.alloc(0), headers };
	if (Buffer.isBuffer(body)) return { bytes: body, headers };
	const text = typeof body === 'string' ? body : JSON.stringify(body);
	const type =
		typeof body !== 'string' || /^\s*[[{]/.test(body)
			? 'application/json'
			: /^\s*</.test(body)
				? 'text/html; charset=utf-8'
				: 'text/plain; charset=utf-8';
	return { bytes: Buffer.from(text), headers: { 'Content-Type': type, ...headers } };
}

function send(response: ServerResponse, answer: Answer): void {
	const { bytes, headers } = encode(answer);
	if (answer.status === 204) {
		response.writeHead(204, headers).end();
		return;
	}
	response.writeHead(answer.status, { 'Content-Length': String(bytes.length), ...headers });
	response.end(bytes);
}

/** Cuts an answer off: in its body, or in its head where it has no body. */
function truncate(response: ServerResponse, answer: Answer): void {
	const { bytes, headers } = encode(answer);
	const { socket } = response;
	if (bytes.length === 0) {
		socket?.write(`HTTP/1.1 ${answer.status} `, () => socket.destroy());
		return;
	}
	response.writeHead(answer.status, { ...headers, 'Content-Length': String(bytes.length) });
	response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => socket?.destroy());
}
