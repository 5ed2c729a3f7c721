// Three hundred events of an application of the user's own, each with several streams to stop.

import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';

import { outputOf, until, type Execution } from '../../lib/n8n/index.cts';
import { byExpression, type RunningStandIn } from '../../lib/stops.cts';
import {
	inARow,
	splitOut,
	stopNode,
	webhook,
	type Workflow,
} from '../../../examples/src/workflows.cts';
import type { Cluster } from './cluster.cts';

const STOP = 'Stop Audio Stream';
export const EVENTS = 300;
const STREAMS_EACH_PROVIDER = 2;
/** All events come within three seconds: far more than the workers do at once, so jobs wait. */
const EVERY_MS = 10;
const ANSWER_SECONDS = 300;
const ENDED_SECONDS = 300;

/** A stream as events and outputs name it. */
export interface Named {
	provider: string;
	call: string;
	stream: string;
}

export interface Event {
	number: number;
	streams: Named[];
}

/** What the node gave back for one stream. */
export interface Told extends IDataObject {
	provider: string;
	stream: string;
	status: string;
	stopped: boolean;
}

/** Webhook → Split Out → Stop Audio Stream, with the provider of each item from the event. */
export const workflowFor = (
	path: string,
	{
		standIns,
		credentialIds,
		errorWorkflow,
	}: { standIns: RunningStandIn[]; credentialIds: Record<string, string>; errorWorkflow: string },
): Workflow => {
	const workflow = inARow(
		path,
		webhook('Event', { path, responseMode: 'lastNode', allEntries: true }),
		splitOut('Streams', 'body.streams'),
		{
			...stopNode(
				STOP,
				{
					provider: '={{ $json.provider }}',
					operation: 'stopStream',
					source: 'fields',
					...byExpression,
				},
				'continueRegularOutput',
			),
			credentials: Object.fromEntries(
				standIns.map(({ credentialType: type }) => [
					type,
					{ id: credentialIds[type] ?? '', name: 'stand-in' },
				]),
			),
		},
	);
	return { ...workflow, settings: { ...workflow.settings, errorWorkflow } };
};

/** What n8n starts when an execution of another workflow fails. */
export const ERROR_WORKFLOW: Workflow = inARow('told of failed executions', {
	name: 'Told',
	type: 'n8n-nodes-base.errorTrigger',
	typeVersion: 1,
	parameters: {},
});

/** The events, with calls and streams that run at the stand-ins. */
export const makeEvents = (standIns: RunningStandIn[]): Event[] =>
	Array.from({ length: EVENTS }, (_, number) => ({
		number,
		streams: standIns.flatMap((standIn) => {
			const call = standIn.addCall();
			return Array.from({ length: STREAMS_EACH_PROVIDER }, () => {
				const { id } = standIn.startStream(call.id);
				return { provider: standIn.provider, call: call.id, stream: id };
			});
		}),
	}));

/** What a caller got: `code` is 'none' where no answer came. */
export interface Answered {
	event: Event;
	code: number | 'none';
	items: Told[];
	/** What was called stopped and was up. */
	untrue: Told[];
	seconds: number;
}

/** Sends every event once, and calls `onAnswers` with how many were answered, at each answer. */
export async function sendAll({
	url,
	events,
	isUp,
	onAnswers,
}: {
	url: string;
	events: Event[];
	isUp: (one: Told) => boolean;
	onAnswers: (answered: number) => void;
}): Promise<Answered[]> {
	let answered = 0;
	const send = async (event: Event): Promise<Answered> => {
		await sleep(event.number * EVERY_MS);
		const since = Date.now();
		const answer: Answered = { event, code: 'none', items: [], untrue: [], seconds: 0 };
		try {
			const response = await fetch(url, {
				method: 'POST',
				headers: { 'content-type': 'application/json' },
				body: JSON.stringify(event),
				signal: AbortSignal.timeout(ANSWER_SECONDS * 1000),
			});
			const text = await response.text();
			answer.code = response.status;
			if (response.ok) answer.items = JSON.parse(text);
			// Compared at once: what stops only later was not down when the caller was told so.
			answer.untrue = answer.items.filter((item) => item.stopped && isUp(item));
		} catch {
			answer.code = 'none';
		}
		answer.seconds = (Date.now() - since) / 1000;
		answered += 1;
		onAnswers(answered);
		return answer;
	};
	return await Promise.all(events.map(send));
}

const UNDER_WAY = ['new', 'running', 'waiting'];

/**
 * The executions of a workflow with their statuses, oldest first. From the database, since n8n's own
 * list gives at most a hundred, and goes on by id where jobs started in another order.
 */
const listExecutions = ({ postgres }: Cluster, workflowId: string) =>
	postgres.query<{ id: number; status: string }>(
		`SELECT id, status FROM execution_entity WHERE "workflowId" = '${workflowId}' ORDER BY id`,
	);

/**
 * Waits until a workflow has `count` executions more than those in `known`, and none is under way.
 * What is new is added to `known`.
 */
export async function endedExecutions(
	cluster: Cluster,
	workflowId: string,
	count: number,
	known: Set<number>,
): Promise<Execution[]> {
	const ids = await until(`The end of ${count} executions`, ENDED_SECONDS, async () => {
		const fresh = (await listExecutions(cluster, workflowId)).filter(({ id }) => !known.has(id));
		const ended = fresh.filter(({ status }) => !UNDER_WAY.includes(status));
		if (ended.length >= count && ended.length === fresh.length) return fresh.map(({ id }) => id);
		await sleep(1000);
		return undefined;
	});
	const executions: Execution[] = [];
	for (const id of ids) {
		known.add(id);
		executions.push(await cluster.n8n.execution(String(id)));
	}
	return executions;
}

const isTold = (json: IDataObject): json is Told =>
	typeof json.provider === 'string' &&
	typeof json.stream === 'string' &&
	typeof json.status === 'string' &&
	typeof json.stopped === 'boolean';

/** What an execution said of its streams. */
export const itemsOf = (execution: Execution): Told[] => outputOf(execution, STOP).filter(isTold);

/** The streams of the event that an execution was about; one that was cut off may not have kept it. */
export function streamsIn(execution: Execution): Named[] {
	const body = outputOf(execution, 'Event')[0]?.body;
	const streams =
		typeof body === 'object' && body !== null && 'streams' in body ? body.streams : [];
	return Array.isArray(streams) ? (streams as Named[]) : [];
}
