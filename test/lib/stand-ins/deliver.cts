import { request as httpRequest } from 'node:http';
import { isLoopback } from './documents.cts';

/** One event, ready to be sent. */
export interface OutgoingEvent {
	kind: string;
	url: string;
	method: 'GET' | 'POST';
	headers: Record<string, string>;
	body: string;
}

/** One event that was sent, and what its receiver answered. */
export interface SentEvent extends OutgoingEvent {
	at: number;
	status: number | null;
	error?: string;
}

/** Sends events to loopback addresses, those of one address one after another. */
export class Deliveries {
	readonly sent: SentEvent[] = [];
	readonly #queues = new Map<string, Promise<void>>();

	/** Sends one event, once: providers send it up to three times, which tests need not sit through. */
	send(event: OutgoingEvent): Promise<SentEvent> {
		const sent: SentEvent = { ...event, at: Date.now(), status: null };
		const before = this.#queues.get(event.url) ?? Promise.resolve();
		const done = before.then(async () => {
			sent.at = Date.now();
			this.sent.push(sent);
			try {
				sent.status = await post(event);
			} catch (error) {
				sent.error = error instanceof Error ? error.message : String(error);
			}
		});
		this.#queues.set(event.url, done);
		return done.then(() => sent);
	}
}

function post({ url, method, headers, body }: OutgoingEvent): Promise<number> {
	const target = new URL(url);
	return new Promise((resolve, reject) => {
		if (!isLoopback(target)) {
			reject(new Error('not sent: the stand-in calls no other machine'));
			return;
		}
		const outgoing = httpRequest(target, { method, headers, agent: false, timeout: 15_000 });
		outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
		outgoing.on('error', reject);
		outgoing.on('response', (response) => {
			response.resume();
			response.on('end', () => resolve(response.statusCode ?? 0));
			response.on('error', reject);
		});
		outgoing.end(body);
	});
}
