import type { SignalWireStandIn } from '../../lib/stand-ins/index.cts';
import type { Column } from '../types.cts';
import { KEEP_CALL } from './documents.cts';

/**
 * SignalWire: the Compatibility API by Stream SID and, through a cXML document, by name; the Calling
 * API by control ID.
 */

export type SignalWireColumn = Column<SignalWireStandIn>;

const account = ({ credentials }: SignalWireStandIn) =>
	`/api/laml/2010-04-01/Accounts/${credentials.projectId}`;
export const callPath = (standIn: SignalWireStandIn, call: { id: string }) =>
	`${account(standIn)}/Calls/${encodeURIComponent(call.id)}`;
export const conferencePath = (standIn: SignalWireStandIn, conference?: { id: string }) =>
	`${account(standIn)}/Conferences/${encodeURIComponent(String(conference?.id))}`;
const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();

export const compat = (message: string, code = 20404) => ({
	code,
	message,
	more_info: 'https://developer.signalwire.com/example',
	status: 404,
});
export const compatShapes = {
	'{code, message}': (message: string) => compat(message),
	'{errors: [{code, message}]}': (message: string) => ({
		errors: [{ code: '20404', message, more_info: 'https://developer.signalwire.com/example' }],
	}),
	'{errors: ["…"]}': (message: string) => ({ errors: [message] }),
};
const callingErrors = (message: string) => ({
	errors: [{ type: 'validation_error', code: 'example', message, attribute: null, url: '' }],
});
const callingShapes = {
	'{errors: [{type, code, message}]}': callingErrors,
	'{error: "…"}': (message: string) => ({ error: message }),
};

/** `StreamEvent` at the stream's `statusCallback`. */
const streamEndings: Column['streamEndings'] = ['stream-stopped', 'stream-error'].map((event) => ({
	title: `StreamEvent=${event}`,
	kind: event,
	says: { StreamEvent: event },
}));

export const bySid: SignalWireColumn = {
	title: 'Stream SID',
	parameters: { operation: 'stopStream', streamBy: 'sid' },
	labels: { id: 'Call SID', stream: 'Stream SID' },
	names: { id: ['CallSid', 'call_sid'], stream: ['StreamSid', 'stream_sid'] },
	event: 'stream-started',
	streamEndings,
	request: (standIn, { call, stream }) => ({
		method: 'POST',
		path: `${callPath(standIn, call)}/Streams/${encodeURIComponent(stream.id)}`,
		body: 'Status=stopped',
	}),
	looks: (standIn, { call }) => [callPath(standIn, call)],
	answers: {
		alreadyStopped: { status: 400, body: compat('This call has already ended', 10000) },
		notFound: { status: 404, body: compat('The requested resource was not found') },
	},
	says: {
		stop: { status: 'stopped', statusCode: 200 },
		// SignalWire shows no streams: on a live call, an ended one and a wrong SID look the same.
		again: { status: 'notFound', statusCode: 404, callState: 'live' },
		unknownStream: { status: 'notFound', statusCode: 404, callState: 'live' },
		unknownCall: { status: 'notFound', statusCode: 404, callState: 'notFound' },
		endedCall: { status: 'alreadyStopped', statusCode: 404, callState: 'ended' },
		noContent: { status: 'accepted', statusCode: 204 },
	},
	cannot: { byDocument: 'no document takes part in a stop by Stream SID' },
};

export const byName: SignalWireColumn = {
	...bySid,
	title: 'Stream Name',
	parameters: { operation: 'stopStream', streamBy: 'name' },
	labels: { id: 'Call SID', stream: 'Stream Name' },
	names: { id: ['CallSid', 'call_sid'], stream: ['StreamName'] },
	byDocument: true,
	details: (name) => ({ name }),
	fields: (c, { call, stream }) => ({
		callId: call.id,
		stream: stream.name,
		cxmlUrl: (c.cxmlUrl ??= c.standIn.bin(KEEP_CALL)),
	}),
	request: (standIn, { call, stream }, { cxmlUrl }) => ({
		method: 'POST',
		path: callPath(standIn, call),
		body: form({
			Url: `${String(cxmlUrl)}?STREAMNAME=${encodeURIComponent(stream.name)}`,
			Method: 'POST',
		}),
	}),
	// The answer speaks of the call: SignalWire fetches the document after it.
	says: {
		stop: { status: 'accepted', statusCode: 200 },
		again: { status: 'accepted', statusCode: 200 },
		unknownStream: { status: 'accepted', statusCode: 200 },
		unknownCall: { status: 'notFound', statusCode: 404, callState: 'notFound' },
		endedCall: { status: 'alreadyStopped', statusCode: 400, callState: 'ended' },
		noContent: { status: 'accepted', statusCode: 204 },
	},
	cannot: {
		repeat: 'SignalWire would fetch and run the document a second time',
		streamEnds: 'a 404 to a stop by name speaks of the call, and not of the stream',
		strictStream: 'a name may be empty, where the document names the stream, and may be of dots',
	},
};

export const byControlId: SignalWireColumn = {
	...bySid,
	title: 'Control ID',
	parameters: { operation: 'stopStream', streamBy: 'controlId' },
	labels: { id: 'Call SID', stream: 'Control ID' },
	names: { id: ['call_sid', 'call_id'], stream: ['control_id'] },
	event: 'calling.call.stream',
	streamEndings: [
		{
			title: 'state=finished',
			kind: 'calling.call.stream',
			within: 'params',
			says: { state: 'finished' },
		},
	],
	own: callingShapes,
	details: (controlId) => ({ controlId }),
	fields: (_c, { call, stream }) => ({ callId: call.id, stream: stream.controlId }),
	request: (_standIn, { call, stream }) => ({
		method: 'POST',
		path: '/api/calling/calls',
		body: JSON.stringify({
			id: call.id,
			command: 'calling.stream.stop',
			params: { control_id: stream.controlId },
		}),
	}),
	answers: {
		alreadyStopped: {
			status: 422,
			body: {
				errors: [
					{
						type: 'validation_error',
						code: 'cannot_update_completed',
						message: 'Completed calls cannot be updated.',
						attribute: null,
						url: '',
					},
				],
			},
		},
		notFound: { status: 404, body: callingErrors('Not Found') },
	},
	// The answer is the call, and does not say what became of the stream.
	says: {
		stop: { status: 'accepted', statusCode: 200 },
		again: { status: 'accepted', statusCode: 200 },
		unknownStream: { status: 'accepted', statusCode: 200 },
		// A call that SWML runs need not exist where it is read, so its 404 there tells nothing.
		unknownCall: { status: 'notFound', statusCode: 404 },
		endedCall: { status: 'alreadyStopped', statusCode: 404, callState: 'ended' },
		noContent: { status: 'accepted', statusCode: 204 },
	},
	cannot: {
		unknownCall: 'a call that SWML runs need not exist where calls are read',
		signedEvents:
			'its events are JSON, which n8n hands over parsed, not as the text that was signed',
		byDocument: 'no document takes part in a stop by control ID',
	},
};

/** Adds a room with a stream of its own, and the leg that its events name. */
export const byConferenceSid: SignalWireColumn = {
	...bySid,
	title: 'Conference Stream SID',
	parameters: { operation: 'stopStream', streamBy: 'conferenceSid' },
	idField: 'conferenceSid',
	labels: { id: 'Conference SID', stream: 'Stream SID' },
	names: { id: ['ConferenceSid', 'conference_sid'], stream: ['StreamSid', 'stream_sid'] },
	add(standIn, stream, place) {
		const conference = standIn.addConference(place?.id === undefined ? {} : { id: place.id });
		const call = standIn.addCall();
		return {
			call,
			conference,
			stream: standIn.startConferenceStream(conference.id, { callId: call.id, ...stream }),
		};
	},
	looks: (standIn, { conference }) => [conferencePath(standIn, conference)],
	end: (standIn, { conference }) => standIn.endConference(conference?.id ?? ''),
	fields: (_c, { conference, stream }) => ({ conferenceSid: conference?.id, stream: stream.id }),
	request: (standIn, { conference, stream }) => ({
		method: 'POST',
		path: `${conferencePath(standIn, conference)}/Streams/${encodeURIComponent(stream.id)}`,
		body: 'Status=stopped',
	}),
	cannot: {
		byDocument: 'no document takes part in a stop by Stream SID',
		onCall: 'the stream is a room’s: what becomes of a call proves nothing about it',
	},
};

/** Columns by their titles. */
export const only =
	(...titles: string[]) =>
	({ title }: SignalWireColumn) =>
		titles.includes(title);
