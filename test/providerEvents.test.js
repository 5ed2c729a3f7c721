'use strict';

// 'Incoming Event': the ids in each provider's own callbacks, and what the node does with them.

const { runNode } = require('./support/engine');
const { read, refusal } = require('./support/readEvent');
const { startStandIn } = require('./stand-ins');
const { providers } = require('../dist/nodes/StopAudioStream/providers');

const VOBIZ_NEWER =
	'docs.vobiz.ai/xml/stream, newer events; taken to have the fields of StopStream';
const PLIVO_PLAYBACK =
	'docs.plivo.com/docs/voice/xml/audiostream, playback; taken to have the fields of StopStream';

/**
 * Every callback that the providers' documents name. `kind` is the stand-in's; where the documents name
 * further events with the same fields, `as` is the event and `source` says where it is named.
 */
const CALLBACKS = [
	['plivo', 'StartStream'],
	['plivo', 'StopStream'],
	['plivo', 'DroppedStream'],
	['plivo', 'DegradedStream'],
	['plivo', 'StopStream', { as: 'PlayedStream', source: PLIVO_PLAYBACK }],
	['plivo', 'StopStream', { as: 'ClearedAudio', source: PLIVO_PLAYBACK }],
	['plivo', 'Hangup'],
	['plivo', 'ws-start'],
	['vobiz', 'StartStream'],
	['vobiz', 'StopStream'],
	['vobiz', 'PlayedStream'],
	['vobiz', 'StopStream', { as: 'ClearedAudio', source: VOBIZ_NEWER }],
	['vobiz', 'StopStream', { as: 'DegradedStream', source: VOBIZ_NEWER }],
	['vobiz', 'StopStream', { as: 'DroppedStream', source: VOBIZ_NEWER }],
	['vobiz', 'Hangup'],
	['vobiz', 'ws-start'],
	['vobiz', 'ws-start', { generation: 'old' }],
	['signalWire', 'stream-started'],
	['signalWire', 'stream-stopped'],
	['signalWire', 'stream-error'],
	['signalWire', 'call-completed'],
	['signalWire', 'ws-start'],
	['signalWire', 'calling.call.stream'],
].map(([provider, kind, { as, source, generation } = {}]) => ({
	provider,
	kind,
	as,
	source,
	generation,
	title: [provider, as ?? kind, generation && `(${generation} documents)`]
		.filter(Boolean)
		.join(' '),
}));

/** Which id of the stream an event holds, and the choices under which it is found. */
const BY_SID = { signalWire: [{ streamBy: 'sid' }], plivo: [{}], vobiz: [{}] };
const FOUND = {
	'stream-started': [{ streamBy: 'sid' }, { streamBy: 'name' }],
	'stream-stopped': [{ streamBy: 'sid' }, { streamBy: 'name' }],
	'stream-error': [{ streamBy: 'sid' }, { streamBy: 'name' }],
	'calling.call.stream': [{ streamBy: 'controlId' }],
	'call-completed': [],
	Hangup: [],
};
const WAYS = ['sid', 'name', 'controlId'].map((streamBy) => ({ streamBy }));
const cxmlUrl = 'https://hooks.example.com/stop';

/** How an event arrives: through a Webhook node, or as the item itself. */
const ARRIVALS = {
	'POST body': (body, secrets) => ({ ...secrets, params: {}, query: {}, body }),
	'GET query': (query, secrets) => ({ ...secrets, params: {}, query, body: {} }),
	item: (json) => json,
};

const open = [];
const rows = [];

async function start(provider, options) {
	const standIn = await startStandIn(provider, options);
	open.push(standIn);
	return standIn;
}

afterAll(async () => {
	await Promise.all(open.map((one) => one.close()));
	const header = ['provider', 'event', 'call', 'stream', 'arrives as', 'source of the payload'];
	const widths = header.map((title, i) =>
		Math.max(title.length, ...rows.map((row) => row[i].length)),
	);
	const line = (cells) =>
		cells
			.map((cell, i) => cell.padEnd(widths[i]))
			.join('  ')
			.trimEnd();
	process.stdout.write(
		`\nIds found in the providers' own events\n${[header, ...rows].map(line).join('\n')}\n\n`,
	);
});

describe("the providers' own events", () => {
	it.each(CALLBACKS)('$title', async ({ provider, kind, as, source, generation }) => {
		const standIn = await start(provider, { generation });
		const call = standIn.addCall();
		const stream = standIn.startStream(call.id, { name: 'transcript of Ann' });
		const event = standIn.callback(kind, stream);
		const body = as ? { ...event.body, Event: as } : event.body;

		const idOf = {
			undefined: stream.id,
			sid: stream.id,
			name: stream.name,
			controlId: stream.controlId,
		};
		const found = FOUND[kind] ?? BY_SID[provider];
		const arrivals = Object.entries(ARRIVALS).filter(
			([arrival]) => arrival !== 'GET query' || event.contentType.includes('form'),
		);
		for (const [, arrive] of arrivals) {
			const item = arrive(body, {});
			for (const way of provider === 'signalWire' ? WAYS : [{}]) {
				if (found.some(({ streamBy }) => streamBy === way.streamBy)) {
					const target = read(provider, item, { ...way, cxmlUrl });
					expect(target).toMatchObject({ callId: call.id, stream: idOf[way.streamBy] });
				} else {
					expect(refusal(provider, item, { ...way, cxmlUrl })).toContain('a call and no stream');
				}
				// Beside the event, the user may name the stream.
				const given = read(provider, item, { ...way, cxmlUrl, stream: 'mine' });
				expect(given).toMatchObject({ callId: call.id, stream: 'mine' });
			}
			if (provider !== 'signalWire') {
				const all = read(provider, item, { operation: 'stopAllStreams' });
				expect(all).toEqual({ operation: 'stopAllStreams', callId: call.id });
			}
		}
		rows.push([
			provider,
			`${as ?? kind}${generation ? ` (${generation})` : ''}`,
			nameOf(body, call.id),
			found
				.map(({ streamBy }) => nameOf(body, idOf[streamBy]) + (streamBy ? ` (${streamBy})` : ''))
				.join(', ') || 'none',
			arrivals.map(([arrival]) => arrival).join(', '),
			source ?? event.source,
		]);
	});

	/** The name under which an event holds a value. */
	function nameOf(body, value, path = '') {
		for (const [name, each] of Object.entries(body)) {
			if (each === value && name !== 'Unique-ID' && name !== 'segment_id') return path + name;
			const inner = each instanceof Object && nameOf(each, value, `${path}${name}.`);
			if (inner) return inner;
		}
		return undefined;
	}

	it('are all covered: there is a row for every kind that a stand-in sends', async () => {
		for (const { name } of providers) {
			const standIn = await start(name);
			const tested = CALLBACKS.filter(({ provider }) => provider === name).map(({ kind }) => kind);
			expect([...new Set(tested)].sort()).toEqual([...standIn.callbackKinds].sort());
		}
	});
});

describe('in the engine', () => {
	const credentialsOf = ({ credentialType, credentials }) => ({ [credentialType]: credentials });
	const webhook = (body) => ({
		headers: { authorization: 'Bearer example-secret-of-the-webhook', 'x-token': 'example-secret' },
		params: {},
		query: { token: 'example-secret-in-the-query' },
		body,
	});

	it.each(['plivo', 'vobiz'])('a hang-up stops every stream of the call (%s)', async (provider) => {
		const standIn = await start(provider);
		const call = standIn.addCall();
		const streams = [1, 2, 3].map(() => standIn.startStream(call.id));
		const other = standIn.addCall();
		const untouched = standIn.startStream(other.id);
		const { items, error } = await runNode({
			parameters: { provider, operation: 'stopAllStreams', source: 'event' },
			items: [webhook(standIn.callback('Hangup', call).body)],
			credentials: credentialsOf(standIn),
		});
		expect(error).toBeUndefined();
		expect(items).toEqual([
			{
				provider,
				operation: 'stopAllStreams',
				callId: call.id,
				status: 'stopped',
				stopped: true,
				statusCode: 204,
				attempts: 1,
			},
		]);
		expect(streams.some(({ running }) => running)).toBe(false);
		expect(untouched.running).toBe(true);
		standIn.expectOnContract();
	});

	it.each([
		['plivo', 'StartStream', {}],
		['vobiz', 'StartStream', {}],
		['signalWire', 'stream-started', {}],
		['signalWire', 'stream-started', { streamBy: 'name' }],
		['signalWire', 'calling.call.stream', { streamBy: 'controlId' }],
	])('the stream of an event stops, and nothing else: %s, %s, %j', async (provider, kind, way) => {
		const standIn = await start(provider);
		const call = standIn.addCall();
		const [stream, untouched] = [1, 2].map(() => standIn.startStream(call.id));
		const parameters = { provider, source: 'event', ...way };
		if (way.streamBy === 'name') {
			parameters.cxmlUrl = standIn.bin(
				'<Response><Stop><Stream name="{{STREAMNAME}}"/></Stop><Pause length="60"/></Response>',
			);
		}
		const { items, error } = await runNode({
			parameters,
			items: [webhook(standIn.callback(kind, stream).body)],
			credentials: credentialsOf(standIn),
		});
		expect(error).toBeUndefined();
		await standIn.settled?.();
		expect(items[0].status).toBe(way.streamBy ? 'accepted' : 'stopped');
		expect({ stopped: !stream.running, other: untouched.running }).toEqual({
			stopped: true,
			other: true,
		});
		standIn.expectOnContract();
	});

	it.each(['', '={{ $json.none }}', '={{ null }}'])(
		'the stream is taken from the event where the field gives none: %j',
		async (stream) => {
			const { items } = await runNode({
				parameters: {
					provider: 'signalWire',
					source: 'event',
					streamBy: 'name',
					stream,
					cxmlUrl: 'https://a.example/bin',
					options: { preview: true },
				},
				items: [{ CallSid: 'c', StreamName: 'transcript' }],
				credentials: credentialsOf(await start('signalWire')),
			});
			expect(items[0].request.body).toContain(encodeURIComponent('?STREAMNAME=transcript'));
		},
	);

	it.each(['continueRegularOutput', 'stopWorkflow'])(
		'nothing else of the event gets into the output, the messages or the request (%s)',
		async (onError) => {
			const standIn = await start('plivo');
			const stream = standIn.startStream(standIn.addCall().id);
			const result = await runNode({
				parameters: { provider: 'plivo', source: 'event', options: { includeResponse: true } },
				items: [
					webhook(standIn.callback('StopStream', stream).body),
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
});
