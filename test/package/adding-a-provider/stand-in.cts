import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Call } from '../../lib/stand-ins/calls.cts';
import { basic, json } from '../../lib/stand-ins/events.cts';
import type { Answer, Behaviour, Provider, StandIn } from '../../lib/stand-ins/stand-in.cts';

/** Examplephone, which does not exist. */
export const examplephone: Provider = {
	name: 'examplephone',
	credentialType: 'examplephoneApi',
	contract: join(__dirname, 'examplephone.openapi.json'),
	newStreamId: randomUUID,
	behave,
};

function behave({ calls, url, options }: StandIn): Behaviour {
	const credentials = {
		accountId: `EXAMPLE-ACCOUNT-${options.account}`,
		apiKey: 'exphone/key+example=Jm4RtYc8Wd2KqZ',
		baseUrl: url,
	};
	const authorization = basic(credentials.accountId, credentials.apiKey);
	const refuse = (status: number, code: string, message: string): Answer => ({
		status,
		body: { code, message },
	});
	const unauthorized = () => refuse(401, 'unauthorized', 'This key is not known');
	const notFound = () => refuse(404, 'not_found', 'There is no such stream');
	const withCall = (id: string | undefined, then: (call: Call) => Answer): Answer => {
		const call = calls.calls.get(id ?? '');
		return call ? then(call) : notFound();
	};

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
			readCall: ({ path }) =>
				withCall(path.call, ({ id, up }) => ({
					status: 200,
					body: { sid: id, status: up ? 'in-progress' : 'completed' },
				})),
			stopStream({ path }) {
				const stream = calls.streams.get(path.stream ?? '');
				if (stream?.callId !== path.call) return notFound();
				if (!stream?.running) return refuse(409, 'stream_ended', 'This stream has ended');
				calls.stopStream(stream);
				return { status: 200, body: { id: stream.id, state: 'ended' } };
			},
			stopAllStreams: ({ path }) =>
				withCall(path.call, ({ id }) => {
					const running = calls.runningOf(id);
					for (const stream of running) calls.stopStream(stream);
					return { status: 200, body: { ended: running.length } };
				}),
		},
		callbacks: {
			'stream.started': json('stream', 'made up', ({ id, callId }) => ({
				type: 'stream.started',
				call: callId,
				stream: id,
			})),
			'stream.ended': json('stream', 'made up', ({ id, callId }) => ({
				type: 'stream.ended',
				call: callId,
				stream: id,
			})),
			'call.ended': json('call', 'made up', ({ id }) => ({ type: 'call.ended', call: id })),
		},
	};
}
