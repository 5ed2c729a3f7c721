import type { Column, Expected, Profile, Target } from '../../conformance/types.cts';
import { StandIn } from '../../lib/stand-ins/index.cts';
import type { RunningStandIn } from '../../lib/stops.cts';
import { examplephone } from './stand-in.cts';

/** Examplephone's lines in the conformance table. */

const own = (message: string) => ({ code: 'not_found', message });
const unknownCall: Expected = { status: 'notFound', statusCode: 404, callState: 'notFound' };
const ended: Expected = { status: 'alreadyStopped', statusCode: 409 };
const stopped: Expected = { status: 'stopped', statusCode: 200 };
const noContent: Expected = { status: 'stopped', statusCode: 204 };

const callPath = ({ credentials }: RunningStandIn, { call }: Target) =>
	`/v2/accounts/${credentials.accountId}/calls/${encodeURIComponent(call.id)}`;

const common = {
	streamEndings: [
		{ title: 'type=stream.ended', kind: 'stream.ended', says: { type: 'stream.ended' } },
	],
	looks: (standIn: RunningStandIn, target: Target) => [callPath(standIn, target)],
	answers: {
		alreadyStopped: { status: 409, body: { code: 'stream_ended', message: 'It has ended' } },
		notFound: { status: 404, body: own('There is no such stream') },
	},
};

const oneStream: Column = {
	...common,
	names: { id: ['call', 'call_number'], stream: ['stream', 'stream_number'] },
	title: 'one stream',
	parameters: { operation: 'stopStream' },
	labels: { id: 'Call Number', stream: 'Stream Number' },
	event: 'stream.started',
	request: (standIn, target) => ({
		method: 'POST',
		path: `${callPath(standIn, target)}/streams/${encodeURIComponent(target.stream.id)}/stop`,
		body: '',
	}),
	says: {
		stop: stopped,
		again: ended,
		unknownStream: { ...unknownCall, callState: 'live' },
		unknownCall,
		endedCall: ended,
		noContent,
	},
};

/** The column of the way that comes with one object in the provider's file. */
export const allStreams: Column = {
	...common,
	names: { id: ['call', 'call_number'] },
	title: 'all streams',
	parameters: { operation: 'stopAllStreams' },
	labels: { id: 'Call Number' },
	event: 'call.ended',
	request: (standIn, target) => ({
		method: 'POST',
		path: `${callPath(standIn, target)}/streams/stop`,
		body: '',
	}),
	says: {
		stop: stopped,
		again: { status: 'alreadyStopped', statusCode: 200 },
		unknownCall,
		endedCall: { status: 'alreadyStopped', statusCode: 200 },
		noContent,
	},
	cannot: {
		oneStream: 'all streams of a call are stopped, so no stream is named',
		streamEnds: 'the end of one stream says nothing of all',
	},
};

export const profile: Profile = {
	provider: 'examplephone',
	displayName: 'Examplephone',
	credentialName: 'Examplephone API',
	start: async (options) => await StandIn.start(examplephone, options),
	address: { field: 'baseUrl', label: 'Base URL' },
	account: { field: 'accountId', label: 'Account ID' },
	token: 'apiKey',
	own: { 'its own form': own },
	endings: [
		{ title: 'type=call.ended', kind: 'call.ended', says: { type: 'call.ended' } },
		{ title: 'call_status=completed', kind: 'call.ended', says: { call_status: 'completed' } },
	],
	suspects: ["'Base URL'", "'Account ID'", "'API Key'"],
	columns: [oneStream],
	cannot: {
		stopAll: 'there is no request for all streams of a call',
		confirm: 'a stream cannot be read',
		recordOfCall: 'a call is shown at one place, live or over',
		scopes: 'a key has no scopes; a 403 is in the table as such',
		byDocument: 'no document takes part in a stop',
		signedEvents: 'it signs no events',
		bodySigned: 'it signs no events',
	},
	scenarios: [],
};
