// Which events speak of the very call, conference and stream that are to stop, and what they say of them.

import type { IDataObject } from 'n8n-workflow';

import { placesIn, readCheckedEvent, readSaid } from '../../nodes/StopAudioStream/input/events';
import type { Ids, Way } from '../../nodes/StopAudioStream/providers/provider';
import { providerOf } from '../lib/providerOf.cts';

const provider = providerOf('signalWire');
const [way] = provider.ways;
const CALL = { callId: 'c', stream: 's' };
const ROOM = { conferenceSid: 'r', stream: 's' };
const BOTH = { ...CALL, ...ROOM };
const [bySid, inRoom] = ['sid', 'conferenceSid'].map((streamBy) =>
	provider.ways.find(({ choice }) => choice?.streamBy === streamBy),
);
const ROOM_NAMED = { ConferenceSid: 'r' };
const BOTH_NAMED = { ...ROOM_NAMED, CallSid: 'c' };
const said = (ids: Ids, body: Record<string, string>, query?: Record<string, string>) =>
	readSaid(placesIn({ body, ...(query && { query }) }), { provider, way, ids });

test.each<[title: string, ids: Ids, event: Record<string, string>, isAbout: boolean]>([
	['the call', CALL, { CallSid: 'c' }, true],
	['the call, in another case', CALL, { CallSid: 'C' }, true],
	['another call', CALL, { CallSid: 'd' }, false],
	['the call in a room, for a stop on the call', CALL, { CallSid: 'c', ConferenceSid: 'r' }, true],
	['the room', ROOM, { ConferenceSid: 'r' }, true],
	['the room and a call, for a stop in the room', ROOM, { ConferenceSid: 'r', CallSid: 'd' }, true],
	['a call, for a stop in a room', ROOM, { CallSid: 'c' }, false],
	['both', BOTH, { ConferenceSid: 'r', CallSid: 'c' }, true],
	['the room alone, for a stop of both', BOTH, { ConferenceSid: 'r' }, true],
	['the call alone, for a stop of both', BOTH, { CallSid: 'c' }, true],
	['the room and another call', BOTH, { ConferenceSid: 'r', CallSid: 'd' }, false],
	['the call and another room', BOTH, { ConferenceSid: 'q', CallSid: 'c' }, false],
	['nothing', BOTH, {}, false],
])('an event that names %s: about the stop or not', (_title, ids, event, isAbout) => {
	expect(said(ids, event) !== undefined).toBe(isAbout);
});

test.each<[title: string, way: Way | undefined, ids: Ids, event: IDataObject, proves: boolean]>([
	['the call', bySid, CALL, { CallSid: 'c' }, true],
	['the call in a room, for a stop on the call', bySid, CALL, BOTH_NAMED, true],
	['another call', bySid, CALL, { CallSid: 'd' }, false],
	['both', bySid?.inConference, BOTH, BOTH_NAMED, true],
	['the call alone, for a stop in the room', bySid?.inConference, BOTH, { CallSid: 'c' }, true],
	['the room alone, if the stop may go to the call', bySid?.inConference, BOTH, ROOM_NAMED, false],
	['the room alone, if the stop cannot go to the call', inRoom, BOTH, ROOM_NAMED, true],
	['another room', inRoom, BOTH, { ConferenceSid: 'q' }, false],
	['nothing', inRoom, BOTH, {}, false],
])('an event that names %s is proof of a stop or not', (_title, of, ids, body, proves) => {
	const said = of && readSaid(placesIn({ body }), { provider, way: of, ids, isProof: true });
	expect(said !== undefined).toBe(proves);
});

test.each<[title: string, ids: Ids, event: Record<string, string>, callEnded: boolean]>([
	['the call', CALL, { CallSid: 'c' }, true],
	['both', BOTH, { ConferenceSid: 'r', CallSid: 'c' }, true],
	['the room alone', BOTH, { ConferenceSid: 'r' }, false],
	['the call in a room, for a stop on the call', CALL, { CallSid: 'c', ConferenceSid: 'r' }, false],
])('the end of a call in an event that names %s counts or not', (_title, ids, event, callEnded) => {
	expect(said(ids, { ...event, CallStatus: 'completed' })).toMatchObject({ callEnded });
	expect(said(ids, { ...event, CallStatus: 'ringing' })).toMatchObject({ callEnded: false });
});

test('the end of a stream counts for the stream that the event names', () => {
	const ended = (StreamSid: string) =>
		said(CALL, { CallSid: 'c', StreamSid, StreamEvent: 'stream-stopped' })?.streamEnded;
	expect(ended('S')).toEqual({ mayResume: false });
	expect([ended('t'), ended('')]).toEqual([undefined, undefined]);
});

test('an event of a room is not about a call that stands in the query', () => {
	const item = { body: { ConferenceSid: 'r' }, query: { CallSid: 'c' } };
	expect(readCheckedEvent(item, provider, true).ids).toEqual({ conferenceSid: 'r' });
});
