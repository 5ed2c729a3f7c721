import type { IDataObject } from 'n8n-workflow';
import type { SignalWireStandIn } from '../../lib/stand-ins/index.cts';
import type { Case } from '../case.cts';
import { scenariosFor, type Row } from '../scenario.cts';
import { signed } from '../signedEvents.cts';
import { byConferenceSid, callPath, compat, conferencePath, only } from './columns.cts';

const { row, rows } = scenariosFor<SignalWireStandIn>();
const bySid = only('Stream SID');
const inRooms = only('Conference Stream SID');

type SignalWireCase = Case<SignalWireStandIn>;

/** A room with a stream of its own, and a leg that its events name. */
function room(c: SignalWireCase) {
	const target = byConferenceSid.add?.(c.standIn);
	if (!target?.conference) throw new Error('A room needs a conference');
	return { ...target, conference: target.conference };
}

const events = { source: 'event' };

/** An event of a room's stream, changed. */
const eventOf = (c: SignalWireCase, stream: { id: string }, changes: IDataObject = {}) => ({
	body: { ...c.event('stream-started', stream), ...changes },
});

const notFound = { status: 404, body: compat('The requested resource was not found') };

/** An event of a room's stream that neither the room nor the call knows any longer. */
function unknownToBoth(c: SignalWireCase, changes?: IDataObject) {
	const target = room(c);
	c.targets = [c.ghost(target)];
	c.items = [eventOf(c, target.stream, changes)];
	c.answer(notFound);
	return target;
}

/** Streams of a conference: an event that names one goes to the room, and nowhere else by guess. */
export const conferences: Array<Row<SignalWireStandIn>> = [
	row({
		name: "an event of a room's stream stops the stream in the room",
		columns: bySid,
		parameters: events,
		arrange(c) {
			const target = room(c);
			c.targets = [target];
			c.items = [eventOf(c, target.stream)];
			return target;
		},
		expected: (_c, _variant, { call, conference }) => ({
			status: 'stopped',
			callId: call.id,
			conferenceSid: conference.id,
			attempts: 1,
			runs: false,
		}),
		check(c, { made: { stream, conference } }) {
			expect(c.stops().map(({ path }) => path)).toEqual([
				`${conferencePath(c.standIn, conference)}/Streams/${stream.id}`,
			]);
			expect(c.stream.running).toBe(true);
		},
	}),
	row({
		name: 'an event that names a room and a stream of the call: on the room’s own 404, once to the call',
		columns: bySid,
		parameters: events,
		arrange(c) {
			const { conference } = room(c);
			c.items = [eventOf(c, c.stream, { ConferenceSid: conference.id })];
			return conference;
		},
		expected: (_c, _variant, conference) => ({
			status: 'stopped',
			conferenceSid: conference.id,
			attempts: 2,
			runs: false,
		}),
		check(c, { made: conference }) {
			expect(c.stops().map(({ path }) => path)).toEqual([
				`${conferencePath(c.standIn, conference)}/Streams/${c.stream.id}`,
				`${callPath(c.standIn, c.call)}/Streams/${c.stream.id}`,
			]);
			expect(c.reads()).toEqual([]);
		},
	}),
	rows({
		name: 'any other answer of the room does not send the stop to the call',
		columns: bySid,
		parameters: events,
		variants: () => ({
			'404 of another server': [
				{ status: 404, body: '<html>Not Found</html>' },
				'rejected',
			] as const,
			'422': [{ status: 422, body: { errors: ['Not now'] } }, 'rejected'] as const,
			'401': [{ status: 401, body: '' }, 'credentials'] as const,
			'500': [{ status: 500, body: '' }, 'unavailable'] as const,
		}),
		arrange(c, [answer]) {
			const { conference } = room(c);
			c.items = [eventOf(c, c.stream, { ConferenceSid: conference.id })];
			c.answer(answer, 1);
		},
		expected: (_c, [, failure]) => ({ failure, attempts: 1, runs: true }),
	}),
	rows<[endRoom: boolean, endCall: boolean]>({
		name: 'where an event names both, the stream has ended only if both are over',
		columns: bySid,
		parameters: events,
		variants: () => ({
			'both over': [true, true],
			'the room alone': [true, false],
			'the call alone': [false, true],
			neither: [false, false],
		}),
		arrange(c, [endRoom, endCall]) {
			const { call, conference } = unknownToBoth(c);
			if (endRoom) c.standIn.endConference(conference.id);
			if (endCall) c.standIn.endCall(call.id);
		},
		expected: (_c, [endRoom, endCall]) => ({
			status: endRoom && endCall ? 'alreadyStopped' : 'notFound',
			callState: endRoom && endCall ? 'ended' : 'live',
			...(endRoom && endCall && { message: expect.stringContaining('the conference has ended') }),
			attempts: 2,
		}),
	}),
	row({
		name: 'a Signed Event of the room alone is no proof of a stop that may go to a call',
		columns: bySid,
		options: { signedEvent: '={{ $json.proof }}' },
		parameters: events,
		arrange(c) {
			const target = room(c);
			c.targets = [target];
			const proof = signed(c, target, { change: ({ CallSid: _call, ...fields }) => fields });
			c.items = [{ ...eventOf(c, target.stream), proof }];
		},
		expected: () => ({
			failure: 'untrusted',
			attempts: undefined,
			error: "The event in 'Signed Event' does not name this call",
			runs: true,
		}),
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	row({
		name: 'where an event names both and the room is over, a call that cannot be read leaves it open',
		columns: bySid,
		parameters: events,
		arrange(c) {
			const { call, conference } = unknownToBoth(c);
			c.standIn.endConference(conference.id);
			c.answerRead(
				{ status: 500, body: '' },
				{ when: ({ path }) => path === callPath(c.standIn, call) },
			);
		},
		expected: () => ({ status: 'notFound', callState: undefined, attempts: 2 }),
	}),
	rows<boolean, { id: string }>({
		name: 'where the call refuses the stop because it is over, the room decides',
		columns: bySid,
		parameters: events,
		variants: () => ({ 'the room is over': true, 'the room goes on': false }),
		arrange(c, endRoom) {
			const { conference } = room(c);
			c.items = [eventOf(c, c.stream, { ConferenceSid: conference.id })];
			if (endRoom) c.standIn.endConference(conference.id);
			c.end();
			c.answer(notFound, 1);
			c.answer({ status: 422, body: compat('The call is not in progress') });
			return conference;
		},
		expected: (_c, endRoom) => ({
			status: endRoom ? 'alreadyStopped' : 'notFound',
			callState: endRoom ? 'ended' : 'live',
			attempts: 2,
		}),
		// The call is known to be over, and so is not read again.
		check: (c, { made: conference }) =>
			expect(c.reads()).toEqual([
				callPath(c.standIn, c.call),
				conferencePath(c.standIn, conference),
			]),
	}),
	row({
		name: "a call's end in an event of a room proves nothing about the room",
		columns: bySid,
		parameters: events,
		arrange(c) {
			unknownToBoth(c, { CallStatus: 'completed' });
		},
		expected: () => ({ status: 'notFound', callState: 'live', attempts: 2 }),
	}),
	row({
		name: "by Conference Stream SID, an event's room and stream are taken",
		columns: inRooms,
		parameters: events,
		arrange(c) {
			c.items = [eventOf(c, c.stream)];
		},
		expected: (c) => ({
			status: 'stopped',
			callId: c.call.id,
			conferenceSid: c.idOf(c.target),
			attempts: 1,
			runs: false,
		}),
	}),
	rows<IDataObject>({
		name: 'by Conference Stream SID, an event that names no room is refused, and never falls back to the call',
		columns: inRooms,
		parameters: events,
		variants: () => ({ none: {}, empty: { ConferenceSid: '' }, blank: { ConferenceSid: ' ' } }),
		arrange(c, changes) {
			const call = c.standIn.addCall();
			const stream = c.standIn.startStream(call.id);
			c.targets = [{ call, stream }];
			c.items = [eventOf(c, stream, changes)];
		},
		expected: () => ({
			failure: 'input',
			error: 'The incoming event holds no SignalWire conference ID',
			message: expect.not.stringContaining("'CallSid'"),
			attempts: undefined,
			runs: true,
		}),
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	rows({
		name: "an event that ends a room's stream: nothing is read, of the room and of the call",
		columns: bySid,
		parameters: events,
		variants: () => ({ 'stream-stopped': 'stream-stopped', 'stream-error': 'stream-error' }),
		arrange(c, kind) {
			const target = room(c);
			c.targets = [target];
			c.items = [{ body: c.event(kind, target.stream) }];
			c.endStream(target);
			c.answer(notFound);
			return target;
		},
		expected: (_c, _variant, { call, conference }) => ({
			status: 'alreadyStopped',
			callId: call.id,
			conferenceSid: conference.id,
			callState: undefined,
			attempts: 2,
		}),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	row({
		name: "an event that ends the call and a room's stream: the stream's end counts, nothing is said of the room",
		columns: bySid,
		parameters: events,
		arrange(c) {
			const target = room(c);
			c.targets = [target];
			c.items = [
				{ body: { ...c.event('stream-stopped', target.stream), CallStatus: 'completed' } },
			];
			c.endStream(target);
			c.answer(notFound);
		},
		expected: () => ({
			status: 'alreadyStopped',
			message: 'Nothing was running: the event says that this stream has ended.',
			callState: undefined,
			attempts: 2,
		}),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	rows<boolean, { id: string }>({
		name: "a refusal of a room's stream is alreadyStopped if the room is over, and is not sent to the call",
		columns: bySid,
		parameters: events,
		variants: () => ({ 'the room is over': true, 'the room goes on': false }),
		arrange(c, isOver) {
			const target = room(c);
			c.targets = [target];
			c.items = [eventOf(c, target.stream)];
			if (isOver) c.standIn.endConference(target.conference.id);
			c.answer({ status: 422, body: { errors: ['Not now'] } });
			return target.conference;
		},
		expected: (_c, isOver) =>
			isOver
				? { status: 'alreadyStopped', callState: 'ended', attempts: 1 }
				: { failure: 'rejected', callState: 'live', attempts: 1 },
		check: (c, { made: conference }) =>
			expect(c.reads()).toEqual([conferencePath(c.standIn, conference)]),
	}),
	row({
		name: 'a room that has not begun yet is live: a stream that is not found there is notFound',
		columns: inRooms,
		arrange(c) {
			c.targets = [c.ghost(c.target)];
			c.answerRead({ status: 200, body: { sid: c.idOf(c.target), status: 'init' } });
		},
		expected: () => ({ status: 'notFound', callState: 'live' }),
	}),
];
