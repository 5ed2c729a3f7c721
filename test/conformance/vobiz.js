'use strict';

const { startStandIn } = require('../stand-ins');

/** Vobiz, as docs.vobiz.ai (`new`) and the older www.docs.vobiz.ai (`old`) describe it. */

const notFound = { status: 'notFound', statusCode: 404 };
const nothingRuns = { status: 'alreadyStopped', statusCode: 404 };

const telephony = (message) => ({ api_id: 'example-api-id', error: message });
const platform = (message) => ({
	status: 'error',
	error: { code: 'EXAMPLE_CODE', message, details: {} },
	timestamp: '2026-01-31T10:00:00.000Z',
	requestId: 'example-request-id',
});

const path = ({ credentials }, call, stream) =>
	`/api/v1/Account/${credentials.authId}/Call/${encodeURIComponent(call)}/Stream/` +
	(stream === undefined ? '' : `${encodeURIComponent(stream)}/`);

/** A stream that has not ended: docs.vobiz.ai/audio-streams/stream-object. */
const show = ({ call, stream }) => ({
	stream_id: stream.id,
	call_uuid: call.id,
	status: 'in-progress',
	start_time: stream.startTime,
	end_time: null,
});

const common = {
	request: (standIn, { call, stream }) => ({
		method: 'DELETE',
		path: path(standIn, call.id, stream?.id),
		body: '',
	}),
	read: (standIn, { call, stream }) => path(standIn, call.id, stream?.id),
	answers: {
		alreadyStopped: { status: 404, body: telephony('No active stream found') },
		notFound: { status: 404, body: telephony('Stream not found') },
	},
};

const oneStream = (generation, stop, nothing) => ({
	...common,
	title: `one stream, ${generation}`,
	standIn: { generation },
	parameters: { operation: 'stopStream' },
	labels: { call: 'Call UUID', stream: 'Stream ID' },
	event: 'StartStream',
	running: show,
	// "404 … if the stream_id is unknown, already stopped, or belongs to a different call"
	says: {
		stop,
		again: nothing,
		unknownStream: nothing,
		unknownCall: nothing,
		endedCall: nothing,
		noContent: { status: 'stopped', statusCode: 204 },
	},
});

const allStreams = (generation, stop, nothing) => ({
	...common,
	title: `all streams, ${generation}`,
	standIn: { generation },
	parameters: { operation: 'stopAllStreams' },
	labels: { call: 'Call UUID' },
	event: 'Hangup',
	request: (standIn, { call }) => common.request(standIn, { call }),
	read: (standIn, { call }) => common.read(standIn, { call }),
	running: (target, { total = 2, offset = 0 } = {}) => ({
		page: offset / 20 + 1,
		per_page: 20,
		total,
		objects: [{ ...show(target), status: 'completed' }, show(target)],
	}),
	says: {
		stop,
		again: nothing,
		unknownCall: nothing,
		endedCall: nothing,
		noContent: { status: 'stopped', statusCode: 204 },
	},
	cannot: { oneStream: 'all streams of a call are stopped, so no stream is named' },
});

const all = ({ parameters }) => parameters.operation === 'stopAllStreams';

module.exports = {
	provider: 'vobiz',
	displayName: 'Vobiz',
	credentialName: 'Vobiz X-Auth API',
	start: (options) => startStandIn('vobiz', options),
	address: { field: 'baseUrl', label: 'Base URL' },
	account: { field: 'authId', label: 'Auth ID' },
	token: 'authToken',
	own: { 'the telephony form': telephony, 'the platform form': platform },
	// "wrong case or missing slash returns 401": the token is not the only suspect.
	suspects: ["'Auth ID'", "'Auth Token'", 'path', "'Base URL'"],
	ways: [
		oneStream('new', { status: 'stopped', statusCode: 204 }, notFound),
		oneStream('old', { status: 'stopped', statusCode: 200 }, nothingRuns),
		// "204 even if the call currently has no active streams"
		allStreams(
			'new',
			{ status: 'stopped', statusCode: 204 },
			{ status: 'stopped', statusCode: 204 },
		),
		allStreams('old', { status: 'stopped', statusCode: 200 }, nothingRuns),
	],
	cannot: {
		scopes: 'an Auth Token has no scopes; a 403 is in the table as such',
		byDocument: 'no document takes part in a stop',
	},
	scenarios: [
		{
			name: 'an older answer that counts no stopped stream is alreadyStopped',
			ways: all,
			arrange(c) {
				c.standIn.endCall(c.call.id);
				c.answer({
					status: 200,
					body: { message: 'All streams stopped successfully', streams_stopped: 0 },
				});
			},
			expected: () => ({ status: 'alreadyStopped', statusCode: 200 }),
		},
		{
			name: 'Confirm Stop reads a stream or a list in each form that was ever documented',
			ways: all,
			variants: () => ({ page: 'page', meta: 'meta' }),
			options: { confirm: true },
			arrange(c, listShape) {
				c.standIn.listShape = listShape;
			},
			expected: (c) => ({ ...c.way.says.stop, confirmed: true }),
		},
		{
			name: 'Confirm Stop takes one ended stream in place of a list for no proof about the others',
			ways: all,
			options: { confirm: true },
			arrange(c) {
				c.standIn.listShape = 'single';
			},
			expected: (c) => ({ ...c.way.says.stop, confirmed: false }),
		},
		{
			name: 'a refusal that is in either of its forms is told in its own words',
			variants: () => ({ telephony: 'telephony', platform: 'platform' }),
			arrange(c, errorShape) {
				c.standIn.errorShape = errorShape;
				c.credentials.authToken = 'example-wrong-token';
			},
			expected: () => ({
				failure: 'credentials',
				statusCode: 401,
				error: expect.stringContaining('“Invalid authentication credentials”'),
			}),
		},
	],
};
