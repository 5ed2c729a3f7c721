'use strict';

// 'Incoming Event': the names that ids have in events, where they may stand, and what is refused.

const { providers } = require('../dist/nodes/StopAudioStream/providers');
const { read, refusal } = require('./support/readEvent');

const cxmlUrl = 'https://hooks.example.com/stop';

describe('names in events', () => {
	const names = providers.flatMap(({ name, callIdInEvents, streamIds }) =>
		streamIds.flatMap(({ streamBy, inEvents }) =>
			callIdInEvents.flatMap((call) =>
				inEvents.map((stream) => ({ provider: name, streamBy, call, stream })),
			),
		),
	);

	it.each(names)('of $provider: $call and $stream', ({ provider, streamBy, call, stream }) => {
		const event = { [call]: ' c ', [stream]: 's' };
		for (const item of [{ body: event }, { query: event }, event]) {
			expect(read(provider, item, { streamBy, cxmlUrl })).toMatchObject({
				callId: 'c',
				stream: 's',
			});
		}
		for (const inside of ['start', 'params']) {
			for (const item of [{ body: { [inside]: event } }, { [inside]: event }]) {
				const target = read(provider, item, { streamBy, cxmlUrl });
				expect(target).toMatchObject({ callId: 'c', stream: 's' });
			}
		}
	});

	it('of one provider mean nothing to another', () => {
		const plivo = { body: { CallUUID: 'c', StreamID: 's' } };
		expect(refusal('signalWire', plivo)).toContain('holds no call that SignalWire names');
		const signalWire = { body: { CallSid: 'c', StreamSid: 's' } };
		expect(refusal('plivo', signalWire)).toContain('holds no call that Plivo names');
		expect(refusal('vobiz', signalWire)).toContain('holds no call that Vobiz names');
	});
});

describe('both ids come from the same place', () => {
	it('the body goes before the query, and the query before the item', () => {
		const place = (id) => ({ CallUUID: `call ${id}`, StreamID: `stream ${id}` });
		const item = { body: place(1), query: place(2), ...place(3), start: place(4) };
		expect(read('plivo', item)).toMatchObject({ callId: 'call 1', stream: 'stream 1' });
		delete item.body;
		expect(read('plivo', item)).toMatchObject({ callId: 'call 2', stream: 'stream 2' });
		delete item.query;
		expect(read('plivo', item)).toMatchObject({ callId: 'call 3', stream: 'stream 3' });
	});

	it('a stream of another place never joins the call', () => {
		const item = { body: { CallUUID: 'a' }, query: { StreamID: 'of another call' } };
		expect(refusal('plivo', item)).toContain('a call and no stream');
		const nested = { body: { CallUUID: 'a', start: { StreamID: 'of another call' } } };
		expect(refusal('plivo', nested)).toContain('a call and no stream');
	});

	it('the call alone is enough where all of its streams are to stop', () => {
		for (const event of [{ CallUUID: 'c' }, { CallUUID: 'c', StreamID: 's' }]) {
			expect(read('plivo', { body: event }, { operation: 'stopAllStreams' })).toEqual({
				operation: 'stopAllStreams',
				callId: 'c',
			});
		}
	});

	it('a name without a value counts for nothing', () => {
		const event = { CallUUID: '', call_uuid: null, callUuid: undefined, callId: 'c' };
		expect(read('plivo', { body: { ...event, StreamID: null, streamId: 's' } })).toMatchObject({
			callId: 'c',
			stream: 's',
		});
	});

	it('a place without a call is passed over', () => {
		const item = {
			body: { StreamID: 's', CallUUID: '  ' },
			query: { CallUUID: 'c', StreamID: 't' },
		};
		expect(read('plivo', item)).toMatchObject({ callId: 'c', stream: 't' });
	});
});

describe('refused', () => {
	it('an event without a call, with the names that were looked for', () => {
		for (const item of [{}, { body: {} }, { body: 'CallUUID=c' }, { body: null, query: [] }]) {
			expect(refusal('vobiz', item)).toBe(
				"The incoming event holds no call that Vobiz names. Looked for 'CallUUID', 'call_uuid', 'callUuid', 'callId' in 'body', 'query', the item itself, and 'start' and 'params' inside them. Put this node behind the node that receives the event, or set 'Call and Stream From' to 'Fields Below'.",
			);
		}
	});

	it.each(['plivo', 'vobiz'])(
		"a call without a stream, as a hang-up, names 'Stop All Streams' (%s)",
		(provider) => {
			const item = { body: { CallUUID: 'c', Event: 'Hangup' } };
			expect(refusal(provider, item)).toBe(
				"The incoming event holds a call and no stream, as a hang-up does. Looked for 'StreamID', 'stream_id', 'streamId' beside the call. Set 'Operation' to 'Stop All Streams' to stop every stream of the call, or fill in 'Stream ID'.",
			);
		},
	);

	it.each([
		['sid', 'Stream SID', "'StreamSid', 'stream_sid', 'streamSid'"],
		['name', 'Stream Name', "'StreamName'"],
		['controlId', 'Control ID', "'control_id'"],
	])(
		'a SignalWire call without a stream names the field to fill in: by %s',
		(streamBy, field, names) => {
			expect(refusal('signalWire', { body: { CallSid: 'c' } }, { streamBy, cxmlUrl })).toBe(
				`The incoming event holds a call and no stream. Looked for ${names} beside the call. Fill in '${field}', or use an event that holds the stream.`,
			);
		},
	);

	it.each([[12345], [true], [['c']], [{ toString: 'c' }], [0], [false]])(
		'an id that is no text: %j',
		(value) => {
			expect(refusal('plivo', { body: { CallUUID: value, StreamID: 's' } })).toContain(
				"'CallUUID' in the incoming event is not text",
			);
			expect(refusal('plivo', { body: { CallUUID: 'c', StreamID: value } })).toContain(
				"'StreamID' in the incoming event is not text",
			);
		},
	);

	it('two names that disagree', () => {
		expect(refusal('plivo', { body: { CallUUID: 'a', callId: 'b', StreamID: 's' } })).toContain(
			"'CallUUID' and 'callId' in the incoming event disagree",
		);
		expect(refusal('vobiz', { StreamID: 's', stream_id: 't', CallUUID: 'c' })).toContain(
			"'StreamID' and 'stream_id' in the incoming event disagree",
		);
		const agree = { body: { CallUUID: 'a', callId: 'a', StreamID: 's', streamId: 's' } };
		expect(read('plivo', agree)).toMatchObject({ callId: 'a', stream: 's' });
	});

	it.each(['..', '.', '...'])('an id of dots: %s', (id) => {
		expect(refusal('plivo', { body: { CallUUID: id, StreamID: 's' } })).toContain('only dots');
		expect(refusal('plivo', { body: { CallUUID: 'c', StreamID: id } })).toContain('only dots');
	});

	it('what an object only inherits, and names of the language itself', () => {
		const inherited = Object.create({ CallUUID: 'c', StreamID: 's' });
		expect(refusal('plivo', { body: inherited })).toContain('holds no call');
		const hostile = JSON.parse(
			'{"__proto__": {"CallUUID": "c", "StreamID": "s"}, "constructor": {"prototype": {"CallUUID": "c"}}}',
		);
		expect(refusal('plivo', { body: hostile })).toContain('holds no call');
		expect({}.CallUUID).toBeUndefined();
	});

	it('events that are hidden deeper, however deep', () => {
		const event = { CallUUID: 'c', StreamID: 's' };
		for (const body of [
			{ start: { start: event } },
			{ params: { start: event } },
			{ data: event },
			{ body: event },
			[event],
		]) {
			expect(refusal('plivo', { body })).toContain('holds no call');
		}
		let deep = event;
		for (let i = 0; i < 10_000; i += 1) deep = { params: deep };
		expect(refusal('plivo', { body: deep })).toContain('holds no call');
	});
});
