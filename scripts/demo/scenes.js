'use strict';

const { setTimeout: sleep } = require('node:timers/promises');
const { outputOf } = require('../../test/e2e/n8n');
const { STOP_ALL, STOP_STREAM, WAIT_SECONDS } = require('./workflow');

/** The body of a form, as a provider sends it. */
const asForm = ({ contentType, body }) => ({
	contentType,
	body: new URLSearchParams(body).toString(),
});

/** The field of the event that holds a value. */
const sourceOf = (event, value) =>
	Object.keys(event.body).find((field) => event.body[field] === value) ?? 'not in the event';

/**
 * Sends one event of the provider to n8n, waits until its workflow has ended, and holds what came out
 * against the stand-in's own truth.
 * @returns what the table shows, with `differs`: everything that is not as it should be
 */
async function playScene({ provider, standIn, n8n, workflow, paths, runs }, scene) {
	const { title, event, streams, expected, hangUp = false, waits = false } = scene;
	const differs = [];
	const before = standIn.requests.length;
	const { status } = await n8n.postToWebhook(
		hangUp ? paths.hangUp : paths.streamStarted,
		asForm(event),
	);
	if (status !== 200) differs.push(`the webhook answered ${status}`);
	if (waits) {
		await sleep((WAIT_SECONDS * 1000) / 2);
		if (!streams.every(({ running }) => running)) {
			differs.push('the stream went down before the Wait node let go');
		}
	}
	const execution = (await n8n.waitForExecutions(workflow.id, runs)).at(-1);
	const [item = {}] = outputOf(execution, hangUp ? STOP_ALL : STOP_STREAM);
	const received = standIn.requests.slice(before);
	const running = streams.filter((stream) => standIn.stream(stream.id).running).length;

	if (execution.status !== 'success') {
		const { error } = execution.data.resultData;
		differs.push(
			`the execution ended with '${execution.status}': ${error?.message ?? 'no reason'}`,
		);
	}
	if (!expected.includes(item.status)) {
		differs.push(`the status is '${item.status}' and not '${expected.join("' or '")}'`);
	}
	if (running > 0) differs.push(`${running} of its streams still run`);
	if (received.length !== 1) differs.push(`${received.length} requests arrived and not one`);
	for (const { offContract } of received) if (offContract !== null) differs.push(offContract);

	const ids = [item.callId, ...(item.stream === undefined ? [] : [item.stream])];
	const from = ids.map((id) => sourceOf(event, id));
	if (from.includes('not in the event')) differs.push('an id does not come from the event');
	return {
		provider: provider.label,
		title,
		call: item.callId ?? '',
		stream: item.stream ?? (hangUp ? `all ${streams.length}` : ''),
		from: from.join(', '),
		received: received.map(({ method, path }) => `${method} ${path}`).join(' + '),
		status: item.status ?? execution.status,
		stillRuns: running === 0 ? 'no' : `${running} of ${streams.length}`,
		differs,
	};
}

/** The row of an event that a provider gives no way to act on; the note under the table says why. */
const notPlayed = ({ label }, title) => ({
	provider: label,
	title,
	call: '',
	stream: '',
	from: '',
	received: '',
	status: 'not played *',
	stillRuns: '',
	differs: [],
});

/**
 * What happens at one provider, in order: the timeout, the same event once more, a hang-up while the
 * call still streams, a hang-up after its end.
 */
async function playProvider({ provider, standIn, n8n, workflow, paths }) {
	const rows = [];
	const play = async (scene) =>
		rows.push(
			await playScene({ provider, standIn, n8n, workflow, paths, runs: rows.length + 1 }, scene),
		);

	const call = standIn.addCall();
	const stream = standIn.startStream(call.id);
	const started = standIn.callback(provider.streamStarted, stream);
	const timeout = { event: started, streams: [stream] };
	await play({
		...timeout,
		title: `${provider.streamStarted}, then ${WAIT_SECONDS} s`,
		expected: ['stopped'],
		waits: true,
	});
	await play({ ...timeout, title: 'the same event again', expected: provider.repeated });
	if (provider.hangUp === undefined) return [...rows, notPlayed(provider, provider.callEnded)];

	const twoLegs = standIn.addCall();
	const streams = [standIn.startStream(twoLegs.id), standIn.startStream(twoLegs.id)];
	await play({
		title: `${provider.hangUp}, streams still run`,
		event: standIn.callback(provider.hangUp, twoLegs),
		streams,
		expected: ['stopped'],
		hangUp: true,
	});

	const over = standIn.addCall();
	const ended = [standIn.startStream(over.id)];
	standIn.endCall(over.id);
	await play({
		title: `${provider.hangUp}, after the end`,
		event: standIn.callback(provider.hangUp, over),
		streams: ended,
		expected: provider.afterTheEnd,
		hangUp: true,
	});
	return rows;
}

module.exports = { playProvider };
