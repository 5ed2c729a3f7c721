import type { Execution } from '../../lib/n8n/index.cts';
import { summarize, type Summary } from '../../lib/stand-ins/serve.cts';
import { count, type RunningStandIn } from '../../lib/stops.cts';
import type { Cluster } from './cluster.cts';
import {
	EVENTS,
	endedExecutions,
	itemsOf,
	sendAll,
	streamsIn,
	type Answered,
	type Event,
} from './events.cts';

/** What the providers document; Vobiz documents none. */
export const RATE_LIMITS: Record<string, { requests: number; perMs: number } | undefined> = {
	plivo: { requests: 300, perMs: 5_000 },
	signalWire: { requests: 13_800, perMs: 10_000 },
};

/** Mid-run: a third of the callers have their answer, and both workers have all they take at once. */
const MIDWAY = EVENTS / 3;

/** A published workflow. */
export interface Published {
	id: string;
	url: string;
}

/** What came of sending all events once. */
export interface Played {
	answers: Answered[];
	executions: Execution[];
	requests: Array<Summary & { provider: string; workers: number }>;
	seconds: number;
	statuses: Record<string, number>;
	codes: Record<string, number>;
	outcomes: Record<string, number>;
	/** What was said and is not so. */
	wrong: string[];
	leftUp: number;
	/** Streams that a caller was told of as stopped. */
	told: number;
	/** Events whose caller does not know of each of its streams that it is down. */
	toSendAgain: number;
}

/** The providers, and what they know to be true. */
export class Truth {
	constructor(readonly standIns: RunningStandIn[]) {}

	#stream({ provider, stream }: { provider: string; stream: string }) {
		const found = this.standIns.find((one) => one.provider === provider)?.stream(stream);
		if (!found) throw new Error(`${provider} has no stream '${stream}'.`);
		return found;
	}

	readonly isUp = (named: { provider: string; stream: string }) => this.#stream(named).running;

	streamsUp(events: Event[]): number {
		return events.flatMap(({ streams }) => streams).filter(this.isUp).length;
	}

	/** What an execution says that is not so: a stop that came later or never, another order, a loss. */
	wrongIn(execution: Execution): string[] {
		const items = itemsOf(execution);
		const ended = Date.parse(String(execution.stoppedAt));
		const wrong = items
			.filter(({ stopped }) => stopped)
			.filter((item) => this.isUp(item) || Date.parse(this.#stream(item).endTime ?? '') > ended)
			.map(({ status, stream }) => `${execution.id}: '${status}' for ${stream}, which was up`);
		const expected = execution.status === 'success' ? streamsIn(execution) : items;
		const names = (all: Array<{ stream: string }>) => all.map(({ stream }) => stream).join();
		if (names(items) !== names(expected)) {
			wrong.push(`${execution.id}: the items are not those of its event, in their order`);
		}
		return wrong;
	}
}

/** Sends all events once, and waits for the end of every execution that came of them. */
export async function playRound(
	cluster: Cluster,
	truth: Truth,
	{
		workflow,
		events,
		known,
		workers,
		midway,
	}: {
		workflow: Published;
		events: Event[];
		known: Set<number>;
		workers: number;
		/** What is done to n8n in the middle. */
		midway?: () => Promise<void>;
	},
): Promise<Played> {
	const before = truth.standIns.map(({ requests }) => requests.length);
	const since = Date.now();
	let done: Promise<void> | undefined;
	const answers = await sendAll({
		url: workflow.url,
		events,
		isUp: truth.isUp,
		onAnswers: (answered) => {
			if (answered === MIDWAY) done = midway?.();
		},
	});
	await done;
	const seconds = (Date.now() - since) / 1000;
	const executions = await endedExecutions(cluster, workflow.id, EVENTS, known);
	const requests = truth.standIns.map(({ provider, requests: all, mostAtOnce }, at) => ({
		provider,
		workers,
		...summarize(
			{ requests: all.slice(before[at]), mostAtOnce },
			RATE_LIMITS[provider]?.perMs ?? 1000,
		),
	}));
	const isKnownDown = ({ event, items }: Answered) =>
		items.filter(({ stopped }) => stopped).length >= event.streams.length;
	return {
		answers,
		executions,
		requests,
		seconds,
		statuses: count(executions.map(({ status }) => status)),
		codes: count(answers.map(({ code }) => code)),
		outcomes: count(executions.flatMap(itemsOf).map(({ status }) => status)),
		wrong: [
			...executions.flatMap((execution) => truth.wrongIn(execution)),
			...answers.flatMap(({ untrue }) =>
				untrue.map(({ stream }) => `a caller was told that ${stream} is down, and it was up`),
			),
		],
		leftUp: truth.streamsUp(events),
		told: answers.flatMap(({ items }) => items).filter(({ stopped }) => stopped).length,
		toSendAgain: answers.filter((answer) => !isKnownDown(answer)).length,
	};
}
