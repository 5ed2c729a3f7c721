'use strict';

const { StandIn } = require('../stand-ins/stand-in');
const standIn = require('./stand-in');

/** Examplephone's lines in the conformance table. */

const own = (message) => ({ code: 'not_found', message });
const known = { status: 'notFound', statusCode: 404 };
const ended = { status: 'alreadyStopped', statusCode: 409 };

module.exports = {
	provider: 'examplephone',
	displayName: 'Examplephone',
	credentialName: 'Examplephone API',
	start: (options) => StandIn.start(standIn, options),
	address: { field: 'baseUrl', label: 'Base URL' },
	account: { field: 'accountId', label: 'Account ID' },
	token: 'apiKey',
	own: { 'its own form': own },
	suspects: ["'Account ID'", "'API Key'"],
	ways: [
		{
			title: 'one stream',
			parameters: { operation: 'stopStream' },
			labels: { call: 'Call Number', stream: 'Stream Number' },
			event: 'stream.started',
			request: ({ credentials }, { call, stream }) => ({
				method: 'POST',
				path:
					`/v2/accounts/${credentials.accountId}/calls/${encodeURIComponent(call.id)}` +
					`/streams/${encodeURIComponent(stream.id)}/stop`,
				body: '',
			}),
			says: {
				stop: { status: 'stopped', statusCode: 200 },
				again: ended,
				unknownStream: known,
				unknownCall: known,
				endedCall: ended,
				noContent: { status: 'stopped', statusCode: 204 },
			},
			answers: {
				alreadyStopped: { status: 409, body: { code: 'stream_ended', message: 'It has ended' } },
				notFound: { status: 404, body: own('There is no such stream') },
			},
		},
	],
	cannot: {
		stopAll: 'there is no request for all streams of a call',
		confirm: 'a stream cannot be read',
		scopes: 'a key has no scopes; a 403 is in the table as such',
		byDocument: 'no document takes part in a stop',
	},
	scenarios: [],
};
