import {
	buildDelete,
	buildRead,
	callIdInEvents,
	callUuid,
	readDelete,
	readState,
	streamId,
} from './callStreams';
import type { Provider } from './provider';

const NAME = 'Plivo';
const BASE = '/v1';

/** Plivo's audio streams: docs.plivo.com/docs/voice/api/stream (read 2026-11). */
export const plivo: Provider = {
	name: 'plivo',
	displayName: NAME,
	credential: {
		type: 'plivoBasicApi',
		displayName: 'Plivo Basic API',
		address: { name: 'baseUrl', label: 'Base URL', example: 'https://api.plivo.com' },
		id: { name: 'authId', label: 'Auth ID' },
		token: { name: 'authToken', label: 'Auth Token' },
	},
	credentialHint:
		"Check 'Auth ID' and 'Auth Token' in the credential, and that the call belongs to that account or subaccount.",
	callId: callUuid,
	streamIds: [
		{
			...streamId,
			notice:
				'<b>Plivo: what happens to the call.</b> The call goes on. A stream that was started with keepCallAlive holds the call at that point of its XML: when it stops, Plivo goes on with the next element, and ends the call where there is none.',
		},
	],
	callIdInEvents,
	stopAll: {
		notice:
			'<b>Plivo: what happens to the call.</b> Every stream of the call stops, and the call goes on. Where a stream with keepCallAlive held the call, Plivo goes on with the next element of its XML, and ends the call where there is none.',
	},
	// "300 requests / 5 s per account" for all Call APIs but "make call": docs.plivo.com/docs/voice/concepts/account-limits
	rateLimit: { requests: 300, windowMs: 5_000 },
	buildStop: (account, target) => buildDelete(NAME, BASE, account, target),
	// One stream: 204, or 400 "No active stream found". All streams: no page was found that says what
	// Plivo answers where none runs, so 204 and that 400 are both taken.
	readStop: readDelete,
	confirm: {
		buildRead: (account, target, offset) => buildRead(NAME, BASE, account, target, offset),
		readState,
	},
};
