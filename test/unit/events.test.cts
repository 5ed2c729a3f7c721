// 'Incoming Event': the names that ids have in events, where they may stand, what says that a call is over, and
// what is refused.

import type { IDataObject } from 'n8n-workflow';

import { saysCallEnded } from '../../nodes/StopAudioStream/input/events';
import { providers } from '../../nodes/StopAudioStream/providers/index';
import { waysToOneStream } from '../../nodes/StopAudioStream/providers/provider';
import { providerOf } from '../lib/fakeSender.cts';
import { read, readWith, refusal, refused, type Fields } from '../lib/readEvent.cts';

const cxmlUrl = 'https://hooks.example.com/stop';

/** An object as `JSON.parse` makes it, also with names that are hard to write down. */
const parsed = (json: string): IDataObject => JSON.parse(json) as IDataObject;

/** The ways whose events name the call and the stream in one place. */
const ways = providers.flatMap((provider) =>
	waysToOneStream(provider)
		.filter(({ on, inEvents }) => on.noun === 'call' && inEvents.place === inEvents.call)
		.map((way) => ({ provider, way, fields: { streamBy: way.choice?.streamBy, cxmlUrl } })),
);

describe('names in events', () => {
	const names = ways.flatMap(({ provider: { name }, way: { inEvents }, fields }) =>
		inEvents.call.flatMap((call) =>
			inEvents.stream.map((stream) => ({ provider: name, fields, call, stream })),
		),
	);

	it('are those of four ways', () => {
		expect(ways.map(({ fields }) => fields.streamBy)).toEqual([
			undefined,
			'sid',
			'name',
			undefined,
		]);
	});

	it.each(names)('of $provider: $call and $stream', ({ provider, fields, call, stream }) => {
		const event = { [call]: ' c ', [stream]: 's' };
		const nested = (['start', 'params'] as const).flatMap((inside) => [
			{ body: { [inside]: event } },
			{ query: { [inside]: event } },
			{ [inside]: event },
		]);
		for (const item of [{ body: event }, { query: event }, event, ...nested]) {
			expect(read(provider, item, fields)).toMatchObject({ callId: 'c', stream: 's' });
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
	it('the body goes before the query, the query before the item, and all before what is inside', () => {
		const place = (id: number) => ({ CallUUID: `call ${id}`, StreamID: `stream ${id}` });
		const ids = (id: number) => ({ callId: `call ${id}`, stream: `stream ${id}` });
		const inside = { start: place(4), params: place(5) };
		const whole = { body: place(1), query: place(2), ...place(3), ...inside };
		expect(read('plivo', whole)).toEqual(ids(1));
		expect(read('plivo', { query: place(2), ...place(3), ...inside })).toEqual(ids(2));
		expect(read('plivo', { ...place(3), ...inside })).toEqual(ids(3));
		expect(read('plivo', inside)).toEqual(ids(4));
		expect(read('plivo', { params: place(5), body: { params: place(6) } })).toEqual(ids(6));
	});

	it('a stream of another place never joins the call', () => {
		const item = { body: { CallUUID: 'a' }, query: { StreamID: 'of another call' } };
		expect(refusal('plivo', item)).toContain('a call and no stream');
		const nested = { body: { CallUUID: 'a', start: { StreamID: 'of another call' } } };
		expect(refusal('plivo', nested)).toContain('a call and no stream');
	});

	it('the call alone is enough where all of its streams are to stop', () => {
		for (const event of [{ CallUUID: 'c' }, { CallUUID: 'c', StreamID: 's' }]) {
			const { ids, way } = readWith(
				{ provider: 'plivo', source: 'event', operation: 'stopAllStreams' },
				{ body: event },
			);
			expect(way.operation).toBe('stopAllStreams');
			expect(ids).toEqual({ callId: 'c' });
		}
	});

	it('the call alone is enough where the stream is filled in', () => {
		const event = { body: { CallUUID: 'c' } };
		expect(read('plivo', event, { stream: ' s ' })).toEqual({ callId: 'c', stream: 's' });
		const both = { body: { CallUUID: 'c', StreamID: 'of the event' } };
		expect(read('plivo', both, { stream: 's' })).toEqual({ callId: 'c', stream: 's' });
	});

	it("a stream's name keeps its blanks, and ids lose theirs", () => {
		const event = { CallSid: ' c ', StreamName: ' my stream ' };
		expect(read('signalWire', { body: event }, { streamBy: 'name', cxmlUrl })).toMatchObject({
			callId: 'c',
			stream: ' my stream ',
		});
		expect(read('plivo', { CallUUID: 'c', StreamID: ' s\n' })).toMatchObject({ stream: 's' });
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

describe("a conference's stream at SignalWire", () => {
	const event = { CallSid: 'c', StreamSid: 's', ConferenceSid: 'k' };

	it.each(['ConferenceSid', 'conference_sid', 'conferenceSid'])(
		'is the stream of an event that names one by %s: the stop goes there',
		(name) => {
			const item = { body: { CallSid: 'c', StreamSid: 's', [name]: ' k ' } };
			const { ids, way } = readWith({ provider: 'signalWire', source: 'event' }, item);
			expect(ids).toEqual({ callId: 'c', stream: 's', conferenceSid: 'k' });
			expect(way.on.noun).toBe('conference');
			expect(way.elseTry?.on.noun).toBe('call');
		},
	);

	it('is none where the conference is empty', () => {
		const item = { body: { ...event, ConferenceSid: '' } };
		const { ids, way } = readWith({ provider: 'signalWire', source: 'event' }, item);
		expect(ids).toEqual({ callId: 'c', stream: 's' });
		expect(way.on.noun).toBe('call');
	});

	it('is none where the conference is blank, and has no call where that is blank', () => {
		const fields = { provider: 'signalWire', source: 'event' };
		const noConference = readWith(fields, { ...event, ConferenceSid: ' ' });
		expect(noConference.ids).toStrictEqual({ callId: 'c', stream: 's' });
		const noCall = readWith(fields, { ...event, CallSid: ' ' });
		expect(noCall.ids).toStrictEqual({ conferenceSid: 'k', stream: 's' });
	});

	it('needs no call in its events', () => {
		const item = { body: { StreamSid: 's', ConferenceSid: 'k' } };
		const { ids, way } = readWith({ provider: 'signalWire', source: 'event' }, item);
		expect(ids).toEqual({ stream: 's', conferenceSid: 'k' });
		expect(way.on.noun).toBe('conference');
		// By name, nothing of a conference can be stopped.
		expect(refusal('signalWire', item, { streamBy: 'name', cxmlUrl })).toContain('holds no call');
	});

	it('belongs to the call beside it, where an event in another place names one too', () => {
		const item = {
			body: { ConferenceSid: 'k', StreamSid: 't' },
			query: { CallSid: 'c', StreamSid: 's' },
		};
		expect(read('signalWire', item)).toEqual({ callId: 'c', stream: 's' });
	});

	it('without a stream is told as one of a conference', () => {
		expect(refusal('signalWire', { body: { ConferenceSid: 'k' } })).toBe(
			"The incoming event holds a conference and no stream. Looked for 'StreamSid', 'stream_sid', 'streamSid' beside the conference. Fill in 'Stream SID', or use an event that holds the stream.",
		);
	});

	it('is over by no word of an event that names no call', () => {
		const item = { ConferenceSid: 'k', StreamSid: 's', CallStatus: 'completed' };
		expect(readWith({ provider: 'signalWire', source: 'event' }, item).callEnded).toBe(false);
		const named = { ...item, CallSid: 'c' };
		expect(readWith({ provider: 'signalWire', source: 'event' }, named).callEnded).toBe(true);
	});

	it('by Conference Stream SID needs an event that names one, and never falls back to the call', () => {
		const fields = { streamBy: 'conferenceSid' };
		const { ids, way } = readWith({ provider: 'signalWire', source: 'event', ...fields }, event);
		expect(ids).toEqual({ callId: 'c', stream: 's', conferenceSid: 'k' });
		expect(way.elseTry).toBeUndefined();
		expect(read('signalWire', { ConferenceSid: 'k', StreamSid: 's' }, fields)).toEqual({
			conferenceSid: 'k',
			stream: 's',
		});
		expect(refusal('signalWire', { CallSid: 'c', StreamSid: 's' }, fields)).toBe(
			"The incoming event holds no conference that SignalWire names. Looked for 'ConferenceSid', 'conference_sid', 'conferenceSid' in 'body', 'query', the item itself, and 'start' and 'params' inside them. Put this node behind the node that receives the event, or set 'Call and Stream From' to 'Fields Below'.",
		);
	});
});

describe('a control ID of SignalWire', () => {
	const fields = { streamBy: 'controlId' };

	it('stands beside the call in the same place', () => {
		const event = { event_type: 'calling.call.stream', params: { call_id: 'c', control_id: 's' } };
		expect(read('signalWire', event, fields)).toEqual({ callId: 'c', stream: 's' });
		expect(read('signalWire', { body: event }, fields)).toEqual({ callId: 'c', stream: 's' });
	});

	it('takes the call from the query of its address, where its place names none', () => {
		const item = { body: { params: { control_id: 's' } }, query: { call_id: ' c ' } };
		expect(read('signalWire', item, fields)).toEqual({ callId: 'c', stream: 's' });
		const both = { body: { control_id: 's', call_id: 'own' }, query: { call_id: 'c' } };
		expect(read('signalWire', both, fields)).toEqual({ callId: 'own', stream: 's' });
	});

	it('takes no call from the query by another name, and no stream without a control ID', () => {
		const other = { body: { control_id: 's' }, query: { CallSid: 'c' } };
		expect(refusal('signalWire', other, fields)).toContain('holds no call that SignalWire names');
		const none = { body: {}, query: { call_id: 'c' } };
		expect(refusal('signalWire', none, fields)).toBe(
			"The incoming event holds a call and no stream. Looked for 'control_id' beside the call. Fill in 'Control ID', or use an event that holds the stream.",
		);
		expect(refusal('signalWire', { body: {}, query: {} }, fields)).toContain(
			"Looked for 'control_id', 'CallSid', 'call_sid', 'callSid', 'call_id' in",
		);
		expect(read('signalWire', none, { ...fields, stream: 's' })).toEqual({
			callId: 'c',
			stream: 's',
		});
		expect(
			refusal('signalWire', { body: { control_id: 's' }, query: 'call_id=c' }, fields),
		).toContain('holds no call');
	});
});

describe('an event that ends a call', () => {
	const ended = (provider: string, json: IDataObject, fields: Fields = {}) =>
		readWith({ provider, source: 'event', stream: 's', ...fields }, json).callEnded;

	const WORDS: Array<[string, string, string[], string[]]> = [
		['plivo', 'Event', ['Hangup'], ['hangup', 'StartApp', 'Answer']],
		['vobiz', 'Event', ['Hangup'], ['hangup', 'StartStream']],
		['vobiz', 'event', ['call.ended'], ['call.answered', 'Hangup']],
		...['plivo', 'vobiz'].map((provider): [string, string, string[], string[]] => [
			provider,
			'CallStatus',
			['completed', 'busy', 'failed', 'no-answer', 'timeout', 'cancel', 'canceled'],
			['in-progress', 'ringing', 'Completed', ''],
		]),
		[
			'signalWire',
			'CallStatus',
			['completed', 'busy', 'failed', 'no-answer', 'canceled'],
			['in-progress', 'ringing', 'queued', 'timeout', 'cancel'],
		],
	];

	it.each(WORDS)('of %s says so by %s', (provider, field, yes, no) => {
		const call = provider === 'signalWire' ? 'CallSid' : 'CallUUID';
		for (const word of yes) {
			for (const event of [
				{ body: { [call]: 'c', [field]: word } },
				{ [call]: 'c', [field]: word },
			]) {
				expect([word, ended(provider, event)]).toEqual([word, true]);
			}
		}
		for (const word of no) {
			expect([word, ended(provider, { [call]: 'c', [field]: word })]).toEqual([word, false]);
		}
	});

	it('is not Plivo’s, where only Vobiz has the word', () => {
		expect(ended('plivo', { CallUUID: 'c', event: 'call.ended' })).toBe(false);
	});

	it("of SignalWire's realtime events says so inside 'params', and nowhere else", () => {
		const fields = { streamBy: 'controlId' };
		const at = (place: IDataObject) => ended('signalWire', place, { ...fields, stream: '' });
		const words = { call_id: 'c', control_id: 's', call_state: 'ended' };
		expect(at({ params: words })).toBe(true);
		expect(at({ body: { params: words } })).toBe(true);
		expect(at({ body: words })).toBe(false);
		expect(at({ start: words })).toBe(false);
		expect(at({ params: { ...words, call_state: 'ending' } })).toBe(false);
	});

	it('counts only in the place that holds the id of the call', () => {
		expect(ended('plivo', { body: { CallUUID: 'c' }, query: { Event: 'Hangup' } })).toBe(false);
		expect(ended('plivo', { body: { CallUUID: 'c', start: { Event: 'Hangup' } } })).toBe(false);
		expect(ended('plivo', { body: { Event: 'Hangup' }, query: { CallUUID: 'c' } })).toBe(false);
	});

	it('counts as text alone', () => {
		for (const value of [['Hangup'], { Event: 'Hangup' }, 1, true, null]) {
			expect(ended('plivo', { CallUUID: 'c', Event: value })).toBe(false);
		}
		const inherits: IDataObject = Object.create({ Event: 'Hangup' });
		inherits.CallUUID = 'c';
		expect(ended('plivo', inherits)).toBe(false);
	});

	describe('beside the fields', () => {
		const beside = (provider: string, json: IDataObject, fields: Fields = {}) =>
			readWith({ provider, callId: 'c', stream: 's', ...fields }, json).callEnded;

		it('counts where its place names the same call', () => {
			const event = { CallUUID: ' c ', Event: 'Hangup' };
			for (const item of [{ body: event }, { query: event }, event, { start: event }]) {
				expect(beside('plivo', item)).toBe(true);
			}
			expect(beside('vobiz', { call_uuid: 'c', event: 'call.ended' })).toBe(true);
			expect(beside('signalWire', { params: { call_id: 'c', call_state: 'ended' } })).toBe(true);
			expect(beside('plivo', { callId: 'other', CallUUID: 'c', Event: 'Hangup' })).toBe(true);
		});

		it('counts for no other call, and not without one', () => {
			expect(beside('plivo', { CallUUID: 'other', Event: 'Hangup' })).toBe(false);
			expect(beside('plivo', { Event: 'Hangup' })).toBe(false);
			expect(beside('plivo', { body: { CallUUID: 'c' }, Event: 'Hangup' })).toBe(false);
			expect(beside('plivo', { CallUUID: 5, Event: 'Hangup' })).toBe(false);
		});

		it("counts in no place that names a conference: the event is of the conference's stream", () => {
			const event = { CallSid: 'c', CallStatus: 'completed' };
			expect(beside('signalWire', { body: event })).toBe(true);
			for (const name of ['ConferenceSid', 'conference_sid', 'conferenceSid']) {
				expect(beside('signalWire', { body: { ...event, [name]: 'k' } })).toBe(false);
			}
			expect(beside('signalWire', { body: { ...event, ConferenceSid: '' } })).toBe(true);
			expect(beside('signalWire', { body: event, ConferenceSid: 'k' })).toBe(true);
		});

		it("proves nothing for a conference's stream", () => {
			const fields = { streamBy: 'conferenceSid', conferenceSid: 'k', callId: 'c' };
			const event = { CallSid: 'c', ConferenceSid: 'k', CallStatus: 'completed' };
			expect(beside('signalWire', event, fields)).toBe(false);
			expect(beside('signalWire', { CallStatus: 'completed' }, fields)).toBe(false);
		});
	});

	it('is looked for in every place', () => {
		const plivo = providerOf('plivo');
		const [way] = plivo.ways;
		const item = {
			body: { CallUUID: 'c' },
			query: { CallUUID: 'other', Event: 'Hangup' },
			params: { callId: 'c', CallStatus: 'busy' },
		};
		expect(saysCallEnded(item, plivo, way, 'c')).toBe(true);
		expect(saysCallEnded({ ...item, params: {} }, plivo, way, 'c')).toBe(false);
	});
});

describe('where the event must be signed', () => {
	const options = { verifySignature: true };
	/** Why an event is refused, once its signature was verified: the two sentences, in one. */
	const kept = (provider: string, item: IDataObject, fields: Fields = {}) => {
		const read = readWith({ provider, source: 'event', options, ...fields }, item);
		if (!read.refused) throw new Error('Was not refused');
		expect(read.refused.failure.cause).toBe('input');
		const { what, todo } = read.refused.failure;
		return `${what}. ${todo}`;
	};

	it("only what the webhook's caller sent counts: body, then query", () => {
		const event = { CallUUID: 'c', StreamID: 's' };
		expect(read('plivo', { body: event }, { options })).toEqual({ callId: 'c', stream: 's' });
		expect(read('plivo', { query: event }, { options })).toEqual({ callId: 'c', stream: 's' });
		const other = { CallUUID: 'd', StreamID: 't' };
		expect(read('plivo', { query: other, body: event }, { options })).toMatchObject({
			callId: 'c',
		});
		for (const item of [event, { start: event }, { params: event }, { body: { start: event } }]) {
			expect(kept('plivo', item)).toBe(
				"The signed event holds no call that Plivo names. Looked for 'CallUUID', 'call_uuid', 'callUuid', 'callId' in 'body' and 'query', since only these come from the webhook's caller. Put this node right behind the Webhook node, or give the Webhook node's item in 'Signed Event'.",
			);
		}
	});

	it("words that end a call count there alone, so the item's own fields end none", () => {
		const event = { CallUUID: 'c', StreamID: 's' };
		const fields = { provider: 'plivo', source: 'event', options };
		const hangUp = { ...event, Event: 'Hangup' };
		expect(readWith(fields, { body: hangUp }).callEnded).toBe(true);
		expect(readWith(fields, { body: event, ...hangUp }).callEnded).toBe(false);
	});

	it('by another event, the ids are the item’s, wherever they stand', () => {
		const signedEvent = { body: { CallUUID: 'c' } };
		const item = { CallUUID: 'c', StreamID: 's' };
		expect(read('plivo', item, { options: { signedEvent } })).toEqual({ callId: 'c', stream: 's' });
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

	it('with the cause of an input that is not right', () => {
		for (const event of [{}, { CallUUID: 5 }, { CallUUID: 'c', callId: 'd' }]) {
			expect(refused(() => read('plivo', event)).failure.cause).toBe('input');
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
	])(
		'a SignalWire call without a stream names the field to fill in: by %s',
		(streamBy, field, names) => {
			expect(refusal('signalWire', { body: { CallSid: 'c' } }, { streamBy, cxmlUrl })).toBe(
				`The incoming event holds a call and no stream. Looked for ${names} beside the call. Fill in '${field}', or use an event that holds the stream.`,
			);
		},
	);

	it.each([[12345], [true], [['c']], [{ text: 'c' }], [0], [false]])(
		'an id that is no text: %j',
		(value) => {
			expect(refusal('plivo', { body: { CallUUID: value, StreamID: 's' } })).toBe(
				"'CallUUID' in the incoming event is not text. Check what sent the event, or set 'Call and Stream From' to 'Fields Below'.",
			);
			expect(refusal('plivo', { body: { CallUUID: 'c', StreamID: value } })).toContain(
				"'StreamID' in the incoming event is not text",
			);
		},
	);

	it('two names that disagree', () => {
		expect(refusal('plivo', { body: { CallUUID: 'a', callId: 'b', StreamID: 's' } })).toBe(
			"'CallUUID' and 'callId' in the incoming event disagree. Set 'Call and Stream From' to 'Fields Below' and choose the one you mean.",
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
		const inherited: IDataObject = Object.create({ CallUUID: 'c', StreamID: 's' });
		expect(refusal('plivo', { body: inherited })).toContain('holds no call');
		const hostile = parsed(
			'{"__proto__": {"CallUUID": "c", "StreamID": "s"}, "constructor": {"prototype": {"CallUUID": "c"}}}',
		);
		expect(refusal('plivo', { body: hostile })).toContain('holds no call');
		expect(Object.keys(Object.prototype)).toEqual([]);
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
		let deep: IDataObject = event;
		for (let i = 0; i < 10_000; i += 1) deep = { params: deep };
		expect(refusal('plivo', { body: deep })).toContain('holds no call');
	});
});
