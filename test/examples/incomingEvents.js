'use strict';

const { say } = require('../../scripts/lib/processes');
const { NODE } = require('./files');
const { publish } = require('./stage');
const { isUp, received } = require('./streams');

const SECRET = 'example-of-a-secret-in-an-event';

/** A webhook and the node behind it, with no field that holds an expression. */
const workflowFor = (standIn, credentialId, parameters) => ({
	name: `Incoming event, ${standIn.provider}`,
	nodes: [
		{
			id: 'event',
			name: 'Event',
			type: 'n8n-nodes-base.webhook',
			typeVersion: 2,
			position: [0, 0],
			parameters: {
				multipleMethods: true,
				httpMethod: ['GET', 'POST'],
				path: '',
				responseMode: 'lastNode',
				options: {},
			},
		},
		{
			id: 'stop',
			name: 'Stop',
			type: NODE,
			typeVersion: 1,
			position: [220, 0],
			parameters: {
				provider: standIn.provider,
				operation: 'stopStream',
				source: 'event',
				options: {},
				...parameters,
			},
			credentials: { [standIn.credentialType]: { id: credentialId, name: 'stand-in' } },
		},
	],
	connections: {
		Event: {
			main: Array.from({ length: 2 }, () => [{ node: 'Stop', type: 'main', index: 0 }]),
		},
	},
});

/** What the node is set to for an event: a hang-up holds no stream, a control ID is one of its own. */
function settingsFor({ provider }, kind, stream) {
	if (kind === 'Hangup') return { operation: 'stopAllStreams' };
	if (kind === 'call-completed') return { stream: stream.id };
	if (kind === 'calling.call.stream') return { streamBy: 'controlId' };
	return provider === 'signalWire' ? { streamBy: 'sid' } : {};
}

/** Every callback and stream message of each provider, as its stand-in sends it. */
function describeIncomingEvents(getStage, standInNames) {
	describe('the incoming event, through a published webhook', () => {
		test.each(standInNames)(
			'%s: every event that holds the call stops its stream',
			async (name) => {
				const { n8n, standIns, credentials } = getStage();
				const standIn = standIns[name];
				const rows = [];

				for (const kind of standIn.callbackKinds) {
					const call = standIn.addCall();
					const stream = standIn.startStream(call.id);
					const { contentType, body, source } = standIn.callback(kind, stream);
					const workflow = await publish(
						{ n8n },
						workflowFor(
							standIn,
							credentials[standIn.credentialType],
							settingsFor(standIn, kind, stream),
						),
					);

					const answer = await workflow.ask(
						'Event',
						{ ...body, AuthToken: SECRET },
						{
							contentType,
						},
					);

					expect([kind, answer.status]).toEqual([kind, 200]);
					expect(answer.body).toMatchObject({ provider: name, callId: call.id });
					expect(['stopped', 'accepted']).toContain(answer.body.status);
					expect(isUp(standIn, stream)).toBe(false);
					expect(received(standIn, call)).toHaveLength(1);
					expect(JSON.stringify(answer.body)).not.toContain(SECRET);
					const text = JSON.stringify(body);
					const found = [answer.body.callId, answer.body.stream].filter((id) => text.includes(id));
					rows.push(`${kind} → ${found.length === 2 ? 'call and stream' : 'call'} (${source})`);

					// Some let you choose GET: the same fields come in the query.
					if (!contentType.includes('form') || kind === 'call-completed') continue;
					const again = standIn.addCall();
					const other = standIn.startStream(again.id);
					const query = new URLSearchParams(standIn.callback(kind, other).body);
					const response = await fetch(`${workflow.webhookUrl('Event')}?${query}`);
					expect(await response.json()).toMatchObject({ callId: again.id, status: 'stopped' });
					expect(isUp(standIn, other)).toBe(false);
				}
				say(rows.map((row) => `    ${name}, event ${row}`).join('\n'));
			},
		);
	});
}

module.exports = { describeIncomingEvents };
