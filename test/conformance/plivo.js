'use strict';

const { startStandIn } = require('../stand-ins');

/** Plivo, as docs.plivo.com describes it; `old` is what is presumed where no page says it. */

const stopped = { status: 'stopped', statusCode: 204 };
const nothingRuns = { status: 'alreadyStopped', statusCode: 400 };
const unknown = { status: 'notFound', statusCode: 404 };

/** `{"api_id", "error": "…"}`, the one shape that Plivo documents. */
const own = (message) => ({ api_id: 'example-api-id', error: message });

const path = ({ credentials }, call, stream) =>
	`/v1/Account/${credentials.authId}/Call/${encodeURIComponent(call)}/Stream/` +
	(stream === undefined ? '' : `${encodeURIComponent(stream)}/`);

/** A stream that has not ended: "initiated" and null are in plivo-go's fixtures. */
const show = ({ call, stream }) => ({
	api_id: 'example-api-id',
	call_uuid: call.id,
	end_time: null,
	start_time: null,
	status: 'initiated',
	stream_id: stream.id,
});

const common = {
	request: (standIn, { call, stream }) => ({
		method: 'DELETE',
		path: path(standIn, call.id, stream?.id),
		body: '',
	}),
	read: (standIn, { call, stream }) => path(standIn, call.id, stream?.id),
	answers: {
		alreadyStopped: { status: 400, body: own('No active stream found') },
		notFound: { status: 404, body: own('Call not found') },
	},
};

const oneStream = (generation, ended) => ({
	...common,
	title: `one stream, ${generation}`,
	standIn: { generation },
	parameters: { operation: 'stopStream' },
	labels: { call: 'Call UUID', stream: 'Stream ID' },
	event: 'StartStream',
	running: show,
	says: {
		stop: stopped,
		again: nothingRuns,
		unknownStream: nothingRuns,
		unknownCall: unknown,
		endedCall: ended,
		noContent: stopped,
	},
});

const allStreams = (generation, none, ended) => ({
	...common,
	title: `all streams, ${generation}`,
	standIn: { generation },
	parameters: { operation: 'stopAllStreams' },
	labels: { call: 'Call UUID' },
	event: 'Hangup',
	request: (standIn, { call }) => common.request(standIn, { call }),
	read: (standIn, { call }) => common.read(standIn, { call }),
	running: (target, { total = 2, offset = 0 } = {}) => ({
		api_id: 'example-api-id',
		meta: { limit: 20, next: null, offset, previous: null, total_count: total },
		objects: [{ ...show(target), end_time: '2026-01-31 10:00:00+00:00' }, show(target)],
	}),
	says: { stop: stopped, again: none, unknownCall: unknown, endedCall: ended, noContent: stopped },
	cannot: { oneStream: 'all streams of a call are stopped, so no stream is named' },
});

module.exports = {
	provider: 'plivo',
	displayName: 'Plivo',
	credentialName: 'Plivo Basic API',
	start: (options) => startStandIn('plivo', options),
	address: { field: 'baseUrl', label: 'Base URL' },
	account: { field: 'authId', label: 'Auth ID' },
	token: 'authToken',
	own: { 'its own form': own },
	/** What a 401 and a 403 ask to check. */
	suspects: ["'Auth ID'", "'Auth Token'", 'account'],
	ways: [
		oneStream('new', unknown),
		oneStream('old', nothingRuns),
		allStreams('new', stopped, unknown),
		allStreams('old', nothingRuns, nothingRuns),
	],
	cannot: {
		scopes: 'an Auth Token has no scopes; a 403 is in the table as such',
		byDocument: 'no document takes part in a stop',
	},
	scenarios: [],
};
