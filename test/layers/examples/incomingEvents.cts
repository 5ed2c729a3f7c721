import { say } from '../../lib/processes.cts';
import type { AnyStandIn, Call, Stream } from '../../lib/stand-ins/index.cts';
import {
	stopNode,
	webhook,
	workflow,
	type Values,
	type Workflow,
} from '../../../examples/src/workflows.cts';
import { publish, type Stage, type StandIns } from './stage.cts';
import { isUp, received, streaming } from './streams.cts';

const SECRET = 'example-of-a-secret-in-an-event';

/** A webhook and the node behind it, with no field that holds an expression. */
function workflowFor(standIn: AnyStandIn, credential: string, parameters: Values): Workflow {
	const made = workflow({
		name: `Incoming event, ${standIn.provider}`,
		rows: [
			[
				webhook('Event', { methods: ['GET', 'POST'], responseMode: 'lastNode' }),
				{
					...stopNode('Stop', {
						provider: standIn.provider,
						operation: 'stopStream',
						source: 'event',
						...parameters,
					}),
					credentials: { [standIn.credentialType]: { id: credential, name: 'stand-in' } },
				},
			],
		],
		flows: [
			['Event', 'Stop'],
			['Event', 'Stop', 1],
		],
	});
	return made;
}

/** What the node is set to for an event: a hang-up holds no stream, a control ID is one of its own. */
function settingsFor({ provider }: AnyStandIn, kind: string, stream: Stream): Values {
	if (kind.startsWith('calling.call.stream')) return { streamBy: 'controlId' };
	if (provider === 'signalWire') {
		const names = kind === 'ws-start' || kind.startsWith('stream-');
		return { streamBy: 'sid', ...(!names && { stream: stream.id }) };
	}
	const namesStream = kind === 'ws-start' || kind.endsWith('Stream') || kind === 'ClearedAudio';
	return namesStream ? {} : { operation: 'stopAllStreams' };
}

/** Every callback and stream message of each provider, as its stand-in sends it. */
export function describeIncomingEvents(
	getStage: () => Stage,
	names: ReadonlyArray<keyof StandIns>,
): void {
	describe('the incoming event, through a published webhook', () => {
		test.each(names)('%s: every event that holds the call stops its stream', async (name) => {
			const { n8n, standIns, credentials } = getStage();
			const standIn = standIns[name];
			const rows: string[] = [];

			for (const kind of standIn.callbackKinds) {
				const call: Call = standIn.addCall();
				const stream = standIn.startStream(call.id);
				const { contentType, body, source } = standIn.callback(kind, stream);
				// A second leg is the event's subject only in the callback of its Dial.
				if (kind === 'Dial') continue;
				const published = await publish(
					{ n8n },
					workflowFor(
						standIn,
						credentials[standIn.credentialType] ?? '',
						settingsFor(standIn, kind, stream),
					),
				);
				const query = kind === 'calling.call.stream without call_id' ? `?call_id=${call.id}` : '';
				const address = `${published.webhookUrl('Event')}${query}`;
				const isForm = contentType.includes('form');
				const answer = await published.postUntilThere(address, {
					method: 'POST',
					headers: { 'content-type': contentType },
					body: isForm
						? new URLSearchParams([
								...Object.entries(body).map(([field, value]): [string, string] => [
									field,
									String(value),
								]),
								['AuthToken', SECRET],
							]).toString()
						: JSON.stringify({ ...body, AuthToken: SECRET }),
				});
				const text = await answer.text();

				expect([kind, answer.status]).toEqual([kind, 200]);
				const item = JSON.parse(text) as { callId: string; stream?: string; status: string };
				expect(item).toMatchObject({ provider: name, callId: call.id });
				expect(['stopped', 'accepted']).toContain(item.status);
				expect(isUp(standIn, stream)).toBe(false);
				expect(received(standIn, call)).toHaveLength(1);
				expect(text).not.toContain(SECRET);
				const sent = JSON.stringify(body);
				const found = [item.callId, item.stream].filter((id) => id && sent.includes(id));
				rows.push(`${kind} → ${found.length === 2 ? 'call and stream' : 'call'} (${source})`);

				// Some let you choose GET: the same fields come in the query.
				if (!isForm || !sent.includes(stream.id)) continue;
				const again = streaming(standIn);
				const { body: fields } = standIn.callback(kind, again.stream);
				const get = new URL(address);
				for (const [field, value] of Object.entries(fields)) {
					get.searchParams.set(field, String(value));
				}
				const response = await fetch(get);
				expect(await response.json()).toMatchObject({ callId: again.call.id, status: 'stopped' });
				expect(isUp(standIn, again.stream)).toBe(false);
			}
			say(rows.map((row) => `    ${name}, event ${row}`).join('\n'));
		});
	});
}
