'use strict';

// Three hundred events of an application of the user's own, each with several streams to stop.

const { setTimeout: sleep } = require('node:timers/promises');
const { outputOf, until } = require('../e2e/n8n');
const { NODE } = require('../examples/files');

const STOP = 'Stop Audio Stream';
const EVENTS = 300;
const STREAMS_EACH_PROVIDER = 2;
/** All events come within three seconds: far more than the workers do at once, so jobs wait. */
const EVERY_MS = 10;
const ANSWER_SECONDS = 300;
const ENDED_SECONDS = 300;

/** Webhook → Split Out → Stop Audio Stream, with the provider of each item from the event. */
const workflowFor = (path, standIns, credentialIds) => ({
	name: path,
	nodes: [
		{
			id: 'event',
			name: 'Event',
			type: 'n8n-nodes-base.webhook',
			typeVersion: 2,
			position: [0, 0],
			webhookId: path,
			parameters: {
				httpMethod: 'POST',
				path,
				responseMode: 'lastNode',
				responseData: 'allEntries',
				options: {},
			},
		},
		{
			id: 'streams',
			name: 'Streams',
			type: 'n8n-nodes-base.splitOut',
			typeVersion: 1,
			position: [220, 0],
			parameters: { fieldToSplitOut: 'body.streams', options: {} },
		},
		{
			id: 'stop',
			name: STOP,
			type: NODE,
			typeVersion: 1,
			position: [440, 0],
			onError: 'continueRegularOutput',
			parameters: {
				provider: '={{ $json.provider }}',
				operation: 'stopStream',
				source: 'fields',
				callId: '={{ $json.call }}',
				stream: '={{ $json.stream }}',
				options: {},
			},
			credentials: Object.fromEntries(
				standIns.map(({ credentialType: type }) => [
					type,
					{ id: credentialIds[type], name: 'stand-in' },
				]),
			),
		},
	],
	connections: {
		Event: { main: [[{ node: 'Streams', type: 'main', index: 0 }]] },
		Streams: { main: [[{ node: STOP, type: 'main', index: 0 }]] },
	},
});

/** The events, with calls and streams that run at the stand-ins. */
const makeEvents = (standIns) =>
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

/**
 * Sends every event once, and calls `onAnswers` with how many were answered, at each answer.
 * @returns what each caller got: `code` is 'none' where no answer came
 */
async function sendAll({ url, events, isDown, onAnswers = () => undefined }) {
	let answered = 0;
	const send = async (event) => {
		await sleep(event.number * EVERY_MS);
		const since = Date.now();
		const answer = { event, code: 'none', items: [], untrue: [] };
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
			answer.untrue = answer.items.filter((item) => item.stopped && !isDown(item));
		} catch (reason) {
			answer.reason = reason.message;
		}
		answer.seconds = (Date.now() - since) / 1000;
		answered += 1;
		onAnswers(answered);
		return answer;
	};
	return await Promise.all(events.map(send));
}

/** Every execution of a workflow as n8n lists them, oldest first. */
async function listExecutions(n8n, workflowId) {
	const filter = encodeURIComponent(JSON.stringify({ workflowId }));
	const found = new Map();
	for (let cursor; ;) {
		const next = cursor ? `&cursor=${encodeURIComponent(cursor)}` : '';
		const page = await n8n.rest('GET', `/executions?limit=100&filter=${filter}${next}`);
		for (const execution of page.results) found.set(execution.id, execution);
		if (!page.nextCursor) break;
		cursor = page.nextCursor;
	}
	return [...found.values()].sort((one, other) => Number(one.id) - Number(other.id));
}

const isUnderWay = ({ status }) => ['new', 'running', 'waiting'].includes(status);

/**
 * Waits until a workflow has `count` executions and none is under way.
 * @param {number} after how many of them are known already, and are left out
 */
async function endedExecutions(n8n, workflowId, count, after) {
	let listed = [];
	await until(`The end of ${count} executions`, ENDED_SECONDS, async () => {
		listed = await listExecutions(n8n, workflowId);
		if (listed.length >= count && !listed.some(isUnderWay)) return true;
		await sleep(2000);
		return undefined;
	});
	const ended = [];
	for (const { id } of listed.slice(after)) ended.push(await n8n.execution(id));
	return ended;
}

/** What an execution said of its streams. */
const itemsOf = (execution) => outputOf(execution, STOP);

/** The event that an execution was about; one that was cut off may not have kept it. */
const eventOf = (execution) => outputOf(execution, 'Event')[0]?.body;

module.exports = {
	EVENTS,
	endedExecutions,
	eventOf,
	itemsOf,
	makeEvents,
	sendAll,
	workflowFor,
};
