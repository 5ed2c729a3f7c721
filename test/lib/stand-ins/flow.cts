import { setMaxListeners } from 'node:events';
import type { Call, Calls, StreamDetails } from './calls.cts';
import {
	type Dialect,
	type DocumentRun,
	type Handle,
	runDocument,
	type Source,
	type StreamOrder,
} from './documents.cts';

/** What is a provider's own in running documents. */
export interface FlowRules {
	dialect: Dialect;
	/** What goes with the request for a document. */
	fieldsOf(call: Call): Record<string, string>;
	headersOf(url: URL, method: string, fields: Record<string, string>): Record<string, string>;
	streamOf(order: StreamOrder): StreamDetails;
	/** Vobiz: a transfer ends every stream of the leg, not only the one that held its document. */
	takesAllStreams?: boolean;
	/** Vobiz: "answers the call and drops it about a second later". */
	dropAfterMs?: number;
}

/** What one may say of a document that a call is to run. */
export interface OrderOptions {
	fallback?: Source;
	/** False where the call's own document led there, as the action of a menu does. */
	isTransfer?: boolean;
}

/** Runs documents on calls, after the answers that ordered them. */
export class CallFlow {
	readonly documents: DocumentRun[] = [];
	readonly #calls: Calls;
	readonly #rules: FlowRules;
	readonly #failed: (error: unknown) => void;
	readonly #work = new Set<Promise<void>>();
	/** Call id → number of its document: a later one takes over from an earlier one. */
	readonly #current = new Map<string, number>();
	readonly #closing = new AbortController();
	readonly #timers = new Set<NodeJS.Timeout>();

	constructor(calls: Calls, rules: FlowRules, failed: (error: unknown) => void) {
		this.#calls = calls;
		this.#rules = rules;
		this.#failed = failed;
		setMaxListeners(0, this.#closing.signal);
	}

	/** Fetches and runs a document, and does not wait for it. `isTransfer`: nobody on the call asked for it. */
	order(call: Call, source: Source, { fallback, isTransfer = true }: OrderOptions = {}): void {
		const number = (this.#current.get(call.id) ?? 0) + 1;
		this.#current.set(call.id, number);
		const isCurrent = (): boolean => call.up && this.#current.get(call.id) === number;
		const handle = this.#handle(call, isCurrent, isTransfer);
		const run = async (): Promise<void> => {
			// The answer goes out first: it means taken, not done.
			await new Promise(setImmediate);
			await runDocument(handle, source, fallback);
		};
		const done: Promise<void> = run()
			.catch(this.#failed)
			.finally(() => this.#work.delete(done));
		this.#work.add(done);
	}

	#handle(call: Call, isCurrent: () => boolean, isTransfer: boolean): Handle {
		const rules = this.#rules;
		const calls = this.#calls;
		return {
			dialect: rules.dialect,
			log: this.documents,
			signal: this.#closing.signal,
			isCurrent,
			fieldsOf: () => rules.fieldsOf(call),
			headersOf: (url, method, fields) => rules.headersOf(url, method, fields),
			takeOver: () => {
				calls.cutOff(call.id, isTransfer && rules.takesAllStreams);
				calls.answerCall(call.id);
			},
			stop: (name) => {
				const stream = calls.runningOf(call.id).find((one) => one.name === name);
				if (stream) calls.stopStream(stream);
				return Boolean(stream);
			},
			start: (order, then) => {
				const details = rules.streamOf(order);
				const holds = details.keepsCallAlive ?? false;
				const { id } = calls.startStream(call.id, holds ? { ...details, then } : details);
				return { id, holds };
			},
			goOn: (source) => this.order(call, source),
			later: (seconds, then) => {
				this.#later(seconds * 1000, () => {
					if (isCurrent()) then();
				});
			},
			hangUp: (because) => calls.endCall(call.id, 'completed', because),
			failed: () => {
				const end = (): void =>
					calls.endCall(call.id, 'completed', 'its document could not be had');
				if (!rules.dropAfterMs) {
					end();
					return;
				}
				calls.answerCall(call.id);
				this.#later(rules.dropAfterMs, () => {
					if (isCurrent()) end();
				});
			},
		};
	}

	/** What waits for hours, as a long pause does, keeps no process up. */
	#later(ms: number, then: () => void): void {
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			then();
		}, ms).unref();
		this.#timers.add(timer);
	}

	/** Resolves when every document that was ordered has run. */
	async settled(): Promise<void> {
		while (this.#work.size > 0) await Promise.all(this.#work);
	}

	async close(): Promise<void> {
		for (const timer of this.#timers) clearTimeout(timer);
		this.#closing.abort();
		await this.settled();
	}
}
