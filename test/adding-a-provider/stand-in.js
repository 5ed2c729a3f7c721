'use strict';

const { randomUUID } = require('node:crypto');
const { basic, json } = require('../stand-ins/shapes');

/** Examplephone, which does not exist. */
module.exports = {
	name: 'examplephone',
	credentialType: 'examplephoneApi',
	contract: require('./examplephone.openapi.json'),
	newStreamId: randomUUID,
	behave,
};

function behave({ calls, url }) {
	const credentials = {
		accountId: 'EXAMPLE-ACCOUNT',
		apiKey: 'example-examplephone-key-000000000000',
		baseUrl: url,
	};
	const authorization = basic(credentials.accountId, credentials.apiKey);
	const refuse = (status, code, message) => ({ status, body: { code, message } });
	const unauthorized = () => refuse(401, 'unauthorized', 'This key is not known');
	const notFound = () => refuse(404, 'not_found', 'There is no such stream');

	return {
		exposed: { credentials, secrets: [credentials.apiKey] },
		authenticate: (request, { path }) =>
			request.headers.authorization === authorization && path.account === credentials.accountId
				? undefined
				: unauthorized(),
		refuse: {
			unknownPath: notFound,
			wrongMethod: () => refuse(405, 'method', 'Not this way'),
			unauthorized,
			invalid: (_request, why) => refuse(400, 'invalid', why),
			tooManyRequests: () => refuse(429, 'limited', 'Too many requests'),
		},
		operations: {
			readAccount: () => ({ status: 200, body: { id: credentials.accountId } }),
			stopStream({ path }) {
				const stream = calls.streams.get(path.stream);
				if (stream?.callId !== path.call) return notFound();
				if (!stream.running) return refuse(409, 'stream_ended', 'This stream has ended');
				calls.stopStream(stream);
				return { status: 200, body: { id: stream.id, state: 'ended' } };
			},
		},
		callbacks: {
			'stream.started': json('stream', 'made up', (stream, call) => ({
				type: 'stream.started',
				call: call.id,
				stream: stream.id,
			})),
		},
	};
}
