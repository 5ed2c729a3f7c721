'use strict';

const { createServer } = require('node:http');
const { Calls } = require('./calls');
const { Contract } = require('./contract');

/**
 * An answer of a provider. `body`: an object goes out as JSON.
 * @typedef {{ status: number, headers?: Record<string, string>, body?: string | Buffer | object }} Answer
 *
 * What a test may do to one request:
 * - `status` or `body` answer in the provider's place, and nothing happens to the stream,
 *   unless `afterEffect` is set; `headers` alone join the provider's own answer
 * - `delayMs` waits before the request is handled, `stallMs` between the effect and the answer
 * - `reset` destroys the connection `before` or `after` the effect
 * - `truncate` cuts the answer off in the middle
 * @typedef {{ status?: number, headers?: Record<string, string>, body?: string | Buffer | object,
 *   afterEffect?: boolean, delayMs?: number, stallMs?: number, reset?: 'before' | 'after',
 *   truncate?: boolean }} Fault
 *
 * One request as it arrived. `path` is raw, with its query; `offContract` says why it breaks the
 * contract; `status` and `answeredAt` stay null when no answer went out.
 * @typedef {{ method: string, path: string, headers: import('node:http').IncomingHttpHeaders, body: string,
 *   at: number, answeredAt: number | null, status: number | null, offContract: string | null }} LoggedRequest
 */

/** A provider's API on a loopback address, with calls and streams behind it. */
class StandIn {
	/** @type {(request: LoggedRequest, n: number) => Fault | undefined} n counts from 1 */
	fault = () => undefined;
	/** @type {LoggedRequest[]} */
	requests = [];
	/** The most requests that were under way at one moment. */
	mostAtOnce = 0;

	#server;
	#contract;
	#behaviour;
	#open = 0;
	#pending = new Set();
	#window = { index: -1, count: 0 };
	#began = performance.now();

	constructor(provider, contract, options) {
		this.provider = provider.name;
		this.credentialType = provider.credentialType;
		this.options = { delayMs: 0, generation: 'new', ...options };
		this.calls = new Calls(provider.newStreamId);
		this.#contract = contract;
		this.#server = createServer((incoming, response) => {
			this.#open += 1;
			this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
			this.#receive(incoming, response)
				.catch((error) => response.destroy(error))
				.finally(() => (this.#open -= 1));
		});
		// An idle connection that the server drops just as the client uses it looks like a fault.
		this.#server.keepAliveTimeout = 60_000;
	}

	/** @returns {Promise<StandIn>} */
	static async start(provider, options) {
		const standIn = new StandIn(provider, await Contract.load(provider.contract), options);
		await new Promise((resolve, reject) => {
			standIn.#server.once('error', reject);
			standIn.#server.listen(
				{ port: standIn.options.port ?? 0, host: '127.0.0.1', backlog: 4096 },
				resolve,
			);
		});
		standIn.url = `http://127.0.0.1:${standIn.#server.address().port}`;
		standIn.#behaviour = provider.behave(standIn);
		Object.assign(standIn, standIn.#behaviour.exposed);
		return standIn;
	}

	addCall(details) {
		return this.calls.addCall(details);
	}

	startStream(callId, details) {
		return this.calls.startStream(callId, details);
	}

	call(id) {
		return this.calls.calls.get(id);
	}

	stream(id) {
		return this.calls.streams.get(id);
	}

	streams() {
		return [...this.calls.streams.values()];
	}

	endCall(id, status) {
		this.calls.endCall(id, status);
	}

	/** Forgets every request, call and stream. */
	reset() {
		this.requests = [];
		this.mostAtOnce = 0;
		this.calls.clear();
	}

	offContract() {
		return this.requests.filter(({ offContract }) => offContract !== null);
	}

	/** Throws when a request broke the contract, and lists each. */
	expectOnContract() {
		const off = this.offContract();
		if (off.length === 0) return;
		const lines = off.map(({ method, path, offContract }) => `${method} ${path}: ${offContract}`);
		throw new Error(
			`${off.length} requests break ${this.provider}'s contract:\n${lines.join('\n')}`,
		);
	}

	/** The kinds of payload that `callback` can make. */
	get callbackKinds() {
		return Object.keys(this.#behaviour.callbacks);
	}

	/**
	 * The payload that the provider sends for an event, with the documented fields only.
	 * @param {string} kind one of `callbackKinds`
	 * @param {object} subject the stream; where the event is about a call, the call or its stream
	 * @returns {{ contentType: string, body: object, source: string }}
	 */
	callback(kind, subject) {
		const event = this.#behaviour.callbacks[kind];
		if (!event) throw new Error(`${this.provider} has no '${kind}', only ${this.callbackKinds}`);
		if (event.of === 'stream' && !subject.callId) throw new Error(`'${kind}' is about a stream`);
		const call = this.call(subject.callId ?? subject.id);
		return {
			contentType: event.contentType,
			body: event.of === 'stream' ? event.body(subject, call) : event.body(call),
			source: event.source,
		};
	}

	/** Ends every connection and every wait. */
	async close() {
		const closed = new Promise((resolve) => this.#server.close(resolve));
		this.#server.closeAllConnections();
		for (const wait of this.#pending) {
			clearTimeout(wait.timer);
			wait.done();
		}
		await this.#behaviour.close?.();
		await closed;
	}

	#wait(ms) {
		return new Promise((resolve) => {
			const wait = {
				done: () => {
					this.#pending.delete(wait);
					resolve();
				},
			};
			wait.timer = setTimeout(wait.done, ms);
			this.#pending.add(wait);
		});
	}

	async #receive(incoming, response) {
		const at = Date.now();
		const chunks = [];
		for await (const chunk of incoming) chunks.push(chunk);
		const raw = {
			method: incoming.method,
			path: incoming.url,
			headers: incoming.headers,
			body: Buffer.concat(chunks).toString(),
		};
		const page = this.#behaviour.page?.(raw);
		if (page) {
			send(response, page);
			return;
		}
		const reading = this.#contract.read(raw);
		const request = { ...raw, at, answeredAt: null, status: null, offContract: null };
		request.offContract = reading.broken?.why ?? null;
		const n = this.requests.push(request);
		const answered = (status) => {
			request.status = status;
			request.answeredAt = Date.now();
		};

		const tooMany = this.#countTooMany(request);
		const fault = this.fault(request, n) ?? {};
		const delayMs = fault.delayMs ?? this.options.delayMs;
		if (delayMs > 0) await this.#wait(delayMs);
		if (fault.reset === 'before') {
			response.socket?.resetAndDestroy();
			return;
		}
		const replaced = fault.status !== undefined || fault.body !== undefined;
		let answer = { status: fault.status ?? 200 };
		if (!replaced || fault.afterEffect) answer = tooMany ?? this.#handle(request, reading);
		if (replaced) {
			answer = { status: fault.status ?? answer.status, body: fault.body, headers: fault.headers };
		} else if (fault.headers) {
			answer = { ...answer, headers: { ...answer.headers, ...fault.headers } };
		}
		if (fault.stallMs > 0) await this.#wait(fault.stallMs);
		if (fault.reset === 'after') {
			response.socket?.resetAndDestroy();
		} else if (fault.truncate) {
			truncate(response, answer);
		} else if (!response.destroyed) {
			answered(answer.status);
			send(response, answer);
		}
	}

	#handle(request, reading) {
		const { refuse, operations, authenticate } = this.#behaviour;
		const part = reading.broken?.part;
		if (part === 'path') return refuse.unknownPath(request);
		if (part === 'method') return refuse.wrongMethod(request);
		if (part === 'credentials') return refuse.unauthorized(request);
		const refusal = authenticate(request, reading);
		if (refusal) return refusal;
		if (part) return refuse.invalid(request, reading.broken.why);
		return operations[reading.operationId](reading, request);
	}

	/** Counts the request into the fixed window of its arrival. */
	#countTooMany(request) {
		const limit = this.options.rateLimit;
		const { isLimited = () => true, refuse } = this.#behaviour;
		if (!limit || !isLimited(request)) return undefined;
		const elapsed = performance.now() - this.#began;
		const index = Math.floor(elapsed / limit.perMs);
		if (index !== this.#window.index) this.#window = { index, count: 0 };
		this.#window.count += 1;
		if (this.#window.count <= limit.requests) return undefined;
		const seconds = Math.ceil(((index + 1) * limit.perMs - elapsed) / 1000);
		const answer = refuse.tooManyRequests(request, seconds);
		if (limit.retryAfter) answer.headers = { ...answer.headers, 'Retry-After': String(seconds) };
		return answer;
	}
}

/** @param {Answer} answer */
function encode({ body, headers }) {
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

function send(response, answer) {
	const { bytes, headers } = encode(answer);
	if (answer.status === 204) {
		response.writeHead(204, headers).end();
		return;
	}
	response.writeHead(answer.status, { 'Content-Length': String(bytes.length), ...headers });
	response.end(bytes);
}

/** Cuts an answer off: in its body, or in its head where it has no body. */
function truncate(response, answer) {
	const { bytes, headers } = encode(answer);
	const { socket } = response;
	if (bytes.length === 0) {
		socket?.write(`HTTP/1.1 ${answer.status} `, () => socket.destroy());
		return;
	}
	response.writeHead(answer.status, { ...headers, 'Content-Length': String(bytes.length) });
	response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => socket?.destroy());
}

module.exports = { StandIn };
