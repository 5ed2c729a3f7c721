// 'Incoming Event': the ids in each provider's own callbacks, and what the node does with them.

import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { wayToAllStreams } from '../../nodes/StopAudioStream/providers/provider';
import { runNode } from '../lib/engine.cts';
import { providerOf } from '../lib/providerOf.cts';
import { start } from '../lib/opened.cts';
import { providers, type ProviderName, type Stream } from '../lib/stand-ins/index.cts';
import { credentialsOf, type RunningStandIn } from '../lib/stops.cts';

const STREAM_IDS = ['sid', 'name', 'controlId'] as const;
/** Which id of a stream an event holds, by the choice under which it is found. */
type StreamIds = Partial<Record<(typeof STREAM_IDS)[number], keyof Stream>>;

/** A callback that the providers' documents name; `kind` is the stand-in's. */
interface Callback {
	provider: ProviderName;
	kind: string;
	generation?: 'old';
	/** The stream that it names; none for an event about a call alone. */
	holds: StreamIds;
	/** It names no call: that one is in the query of its address. */
	withoutCall?: true;
}

const ID: StreamIds = { sid: 'id' };
const SID_AND_NAME: StreamIds = { sid: 'id', name: 'name' };
const CONTROL_ID: StreamIds = { controlId: 'controlId' };

const CALLBACKS: Callback[] = [
	{ provider: 'plivo', kind: 'StartStream', holds: ID },
	{ provider: 'plivo', kind: 'StopStream', holds: ID },
	{ provider: 'plivo', kind: 'DroppedStream', holds: ID },
	{ provider: 'plivo', kind: 'DegradedStream', holds: ID },
	{ provider: 'plivo', kind: 'PlayedStream', holds: ID },
	{ provider: 'plivo', kind: 'ClearedAudio', holds: ID },
	{ provider: 'plivo', kind: 'Hangup', holds: {} },
	{ provider: 'plivo', kind: 'Dial', holds: {} },
	{ provider: 'plivo', kind: 'ws-start', holds: ID },
	{ provider: 'vobiz', kind: 'StartStream', holds: ID },
	{ provider: 'vobiz', kind: 'StopStream', holds: ID },
	{ provider: 'vobiz', kind: 'PlayedStream', holds: ID },
	{ provider: 'vobiz', kind: 'ClearedAudio', holds: ID },
	{ provider: 'vobiz', kind: 'DegradedStream', holds: ID },
	{ provider: 'vobiz', kind: 'DroppedStream', holds: ID },
	{ provider: 'vobiz', kind: 'Hangup', holds: {} },
	{ provider: 'vobiz', kind: 'StartApp', holds: {} },
	{ provider: 'vobiz', kind: 'Dial', holds: {} },
	{ provider: 'vobiz', kind: 'call.ended', holds: {} },
	{ provider: 'vobiz', kind: 'ws-start', holds: ID },
	{ provider: 'vobiz', kind: 'ws-start', generation: 'old', holds: ID },
	{ provider: 'signalWire', kind: 'stream-started', holds: SID_AND_NAME },
	{ provider: 'signalWire', kind: 'stream-stopped', holds: SID_AND_NAME },
	{ provider: 'signalWire', kind: 'stream-error', holds: SID_AND_NAME },
	{ provider: 'signalWire', kind: 'call-completed', holds: {} },
	{ provider: 'signalWire', kind: 'call-status', holds: {} },
	{ provider: 'signalWire', kind: 'ws-start', holds: ID },
	{ provider: 'signalWire', kind: 'calling.call.stream', holds: CONTROL_ID },
	{
		provider: 'signalWire',
		kind: 'calling.call.stream without call_id',
		holds: CONTROL_ID,
		withoutCall: true,
	},
	{ provider: 'signalWire', kind: 'calling.call.state', holds: {} },
];

const cxmlUrl = 'https://hooks.example.com/stop';

/** The node's ways to stop one stream of a call, which a preview reads an event by. */
const waysOf = (provider: string) =>
	providerOf(provider)
		.ways.filter(({ operation, on }) => operation === 'stopStream' && on.id === 'callId')
		.map(({ choice, document }) => ({
			id: STREAM_IDS.find((name) => name === choice?.streamBy) ?? 'sid',
			parameters: {
				...(choice && { streamBy: choice.streamBy }),
				...(document && { cxmlUrl }),
			},
		}));

/** How an event arrives: through a Webhook node, or as the item itself. */
const ARRIVALS: Record<string, (event: IDataObject, query: IDataObject) => IDataObject> = {
	'POST body': (body, query) => ({ params: {}, query, body }),
	'GET query': (event, query) => ({ params: {}, query: { ...event, ...query }, body: {} }),
	item: (event, query) => ({ ...event, ...(Object.keys(query).length > 0 && { query }) }),
};

/** What the node makes of these items: nothing is sent. */
const read = async (standIn: RunningStandIn, items: IDataObject[], parameters: INodeParameters) =>
	(
		await runNode({
			parameters: {
				provider: standIn.provider,
				source: 'event',
				options: { preview: true },
				...parameters,
			},
			items,
			credentials: credentialsOf(standIn),
			node: { onError: 'continueRegularOutput' },
		})
	).items;

/** The name under which an event holds a value. */
function nameOf(event: unknown, value: unknown, path = ''): string | undefined {
	if (typeof event !== 'object' || event === null) return undefined;
	for (const [name, each] of Object.entries(event)) {
		if (each === value && name !== 'Unique-ID' && name !== 'segment_id') return path + name;
		const inner = nameOf(each, value, `${path}${name}.`);
		if (inner) return inner;
	}
	return undefined;
}

test.each(CALLBACKS.map((one) => [one.kind, one.generation ?? 'new', one.provider, one] as const))(
	"the ids of the event '%s' (%s) of %s are found however it arrives",
	async (kind, _generation, provider, { generation, holds, withoutCall }) => {
		const standIn = await start(provider, generation && { generation });
		const call = standIn.addCall();
		const stream = standIn.startStream(call.id, { name: 'transcript of Ann' });
		const event = standIn.callback(kind, stream);
		const body = event.body as IDataObject;
		if (!withoutCall) expect(nameOf(body, call.id)).toEqual(expect.any(String));

		const query: IDataObject = withoutCall ? { call_id: call.id } : {};
		const items = Object.entries(ARRIVALS)
			.filter(([arrival]) => arrival !== 'GET query' || event.contentType.includes('form'))
			.map(([, arrive]) => arrive(body, query));
		const ways = waysOf(provider);
		expect(ways).not.toEqual([]);
		for (const { id: by, parameters } of ways) {
			const id = holds[by];
			const found = await read(standIn, items, parameters);
			expect(found).toHaveLength(items.length);
			for (const item of found) {
				expect(item).toMatchObject(
					id
						? { status: 'preview', callId: call.id, stream: stream[id] }
						: { status: 'failed', failure: 'input' },
				);
			}
			// Beside an event that names none, the user may name the stream.
			if (withoutCall && by !== 'controlId') continue;
			for (const item of await read(standIn, items, { ...parameters, stream: 'mine' })) {
				expect(item).toMatchObject(
					id
						? { status: 'failed', failure: 'input', callId: call.id }
						: { status: 'preview', callId: call.id, stream: 'mine' },
				);
			}
		}
		if (!wayToAllStreams(providerOf(provider))) return;
		for (const item of await read(standIn, items, { operation: 'stopAllStreams' })) {
			expect(item).toMatchObject({ status: 'preview', callId: call.id });
		}
	},
);

test.each(providers)(
	'every event that the stand-in of %s sends has its row above',
	async (provider) => {
		const { callbackKinds } = await start(provider);
		const tested = CALLBACKS.filter((one) => one.provider === provider).map(({ kind }) => kind);
		expect(tested).toEqual(expect.arrayContaining(callbackKinds));
	},
);

test.each([
	['is empty', ''],
	['yields nothing', '={{ $json.none }}'],
	['yields null', '={{ null }}'],
])('the stream is taken from the event where the field %s', async (_what, stream) => {
	const standIn = await start('signalWire');
	const [item] = await read(standIn, [{ CallSid: 'c', StreamName: 'transcript' }], {
		streamBy: 'name',
		stream,
		cxmlUrl: 'https://a.example/bin',
	});
	expect(item?.request).toMatchObject({
		body: expect.stringContaining(encodeURIComponent('?STREAMNAME=transcript')),
	});
});

const webhook = (body: IDataObject) => ({
	headers: { authorization: 'Bearer example-secret-of-the-webhook', 'x-token': 'example-secret' },
	params: {},
	query: { token: 'example-secret-in-the-query' },
	body,
});

test.each(['continueRegularOutput', 'stopWorkflow'] as const)(
	'no other part of an event gets into the output, the messages or the request with onError %s',
	async (onError) => {
		const standIn = await start('plivo');
		const stream = standIn.startStream(standIn.addCall().id);
		const result = await runNode({
			parameters: { provider: 'plivo', source: 'event', options: { includeResponse: true } },
			items: [
				webhook(standIn.callback('StopStream', stream).body as IDataObject),
				webhook({ CallUUID: 'c', note: 'example-secret-in-the-body' }),
				webhook({ note: 'example-secret-in-the-body' }),
			],
			credentials: credentialsOf(standIn),
			node: { onError },
		});
		const { message, description, context, stack } = result.error ?? {};
		const shown = [result.outputs, result.hints, message, description, context, stack];
		expect(JSON.stringify(shown)).not.toContain('example-secret');
		expect(JSON.stringify(standIn.requests)).not.toContain('example-secret');
	},
);
