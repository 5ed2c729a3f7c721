import { isRecord } from '../outcome';
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

const NAME = 'Vobiz';
const BASE = '/api/v1';

/** Vobiz's audio streams: docs.vobiz.ai/audio-streams (read 2026-11). */
export const vobiz: Provider = {
	name: 'vobiz',
	displayName: NAME,
	credential: {
		type: 'vobizXAuthApi',
		displayName: 'Vobiz X-Auth API',
		address: { name: 'baseUrl', label: 'Base URL', example: 'https://api.vobiz.ai' },
		id: { name: 'authId', label: 'Auth ID' },
		token: { name: 'authToken', label: 'Auth Token' },
		headers: { id: 'X-Auth-ID', token: 'X-Auth-Token' },
	},
	// "Wrong case or missing slash returns 401, not 404": vobiz-ai/Agent-Skills, vobiz-plivo-migration.
	credentialHint:
		"Check 'Auth ID' and 'Auth Token' in the credential. Vobiz gives the same answer to a wrong path, so check 'Base URL' too, and that the call belongs to this Auth ID.",
	callId: callUuid,
	streamIds: [
		{
			...streamId,
			notice:
				'<b>Vobiz: what happens to the call.</b> The call goes on, unless this stream is all that keeps it alive: then the call may end.',
		},
	],
	callIdInEvents,
	stopAll: {
		notice:
			'<b>Vobiz: what happens to the call.</b> Every stream of the call stops. The call goes on, unless a stream is all that keeps it alive: then the call may end.',
	},
	buildStop: (account, target) => buildDelete(NAME, BASE, account, target),
	// 204 in today's documents, 200 with a message (and `streams_stopped` for all) in older ones; 404
	// "Stream not found" for unknown and ended alike, "No active stream found" in older ones.
	readStop: readDelete,
	confirm: {
		buildRead: (account, target, offset) => buildRead(NAME, BASE, account, target, offset),
		readState,
	},
	// 429 carries `error.details.retryAfter` in seconds (docs.vobiz.ai/errors), and Vobiz's own SDK
	// reads `X-RateLimit-Reset` as a Unix time in seconds (Vobiz-Node-SDK, requestWithRetries.ts).
	retryAfter({ body, headers }, now) {
		const details = isRecord(body) && isRecord(body.error) && body.error.details;
		if (isRecord(details) && typeof details.retryAfter === 'number') {
			return details.retryAfter * 1_000;
		}
		const wait = Number(headers['x-ratelimit-reset']) * 1_000 - now;
		// Nobody documents the unit: what would be more than a day off is no time in seconds.
		return wait > 0 && wait < 86_400_000 ? wait : undefined;
	},
};
