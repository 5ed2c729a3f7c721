import { isRecord } from '../words/values';
import { callStreamWays, eventWords } from './plivoAndVobiz';
import type { Provider } from './provider';
import { header, withNonce, writeUrls, type Scheme } from './signature';

/**
 * V3 and V2 as Vobiz documents them (www.vobiz.ai/docs/concepts/validating-callbacks, 2026-11-21):
 * HMAC-SHA256 of `baseURL + "." + nonce` ("query stripped", user and password too), V2 "no
 * separator"; "-MA-" with the parent account's token. Neither the body nor the query is signed: a
 * signature proves only that Vobiz once called this URL. V1 is not accepted.
 */
const signedByVobiz: Scheme = (event) =>
	(
		[
			['v3', '.'],
			['v2', ''],
		] as const
	).map(([version, separator]) => {
		const nonce = header(event, `x-vobiz-signature-${version}-nonce`);
		return {
			algorithm: 'sha256',
			encoding: 'base64',
			signatures: withNonce(nonce, [
				header(event, `x-vobiz-signature-${version}`),
				header(event, `x-vobiz-signature-ma-${version}`),
			]),
			texts: writeUrls(event).map((url) => url + separator + nonce),
		};
	});

/** Vobiz's audio streams: www.vobiz.ai/docs/audio-streams (read 2026-11). */
export const vobiz: Provider = {
	name: 'vobiz',
	displayName: 'Vobiz',
	credential: {
		type: 'vobizXAuthApi',
		displayName: 'Vobiz X-Auth API',
		url: { name: 'baseUrl', label: 'Base URL', example: 'https://api.vobiz.ai' },
		id: { name: 'authId', label: 'Auth ID' },
		token: { name: 'authToken', label: 'Auth Token' },
		headers: { id: 'X-Auth-ID', token: 'X-Auth-Token' },
	},
	// "Wrong case or missing slash returns 401, not 404": vobiz-ai/Agent-Skills, vobiz-plivo-migration.
	credentialHint:
		"Check 'Auth ID' and 'Auth Token' in the credential. Vobiz gives the same answer to a wrong path, so check 'Base URL' too, and that the call belongs to this Auth ID.",
	// 204 in today's documents, 200 with a message (and `streams_stopped` for all) in older ones; 404
	// "Stream not found" for unknown and ended alike, "No active stream found" in older ones. The gateway's
	// `{"message": "Not Found"}` means a wrong path and is none of these.
	ways: callStreamWays({
		base: '/api/v1',
		notices: {
			one: '<b>Vobiz: the call goes on.</b> <b>But</b> if this stream is all that keeps it alive, the call may end.',
			all: '<b>Vobiz: every stream of the call stops, and the call goes on.</b> <b>But</b> if a stream is all that keeps it alive, the call may end.',
		},
	}),
	// The trigger node of Vobiz's own n8n package says `event: call.ended` (vobiz-ai/Vobiz-n8n-nodes).
	events: {
		...eventWords,
		callEnded: [...eventWords.callEnded, { field: 'event', words: ['call.ended'] }],
	},
	signature: {
		scheme: signedByVobiz,
		keyField: { name: 'token', label: 'Auth Token' },
		keyHint: "it must be that of the call's own account (main account or sub-account)",
		// "Signature headers come only when the callback URL has a user and password":
		// www.vobiz.ai/docs/concepts/validating-callbacks (read 2026-11).
		signsHint:
			"Vobiz signs only callbacks whose URL holds a user and password: enter the callback at Vobiz as https://user:password@…, and set the Webhook node's Authentication to Basic Auth. If no signature comes even so, rely on Basic Auth alone. The older signature V1 is not accepted.",
		limits:
			"Vobiz signs the URL and not the body: its signature proves only that Vobiz once called this URL. The lock is the Webhook node's Basic Auth.",
	},
	// 429 carries `error.details.retryAfter` in seconds (www.vobiz.ai/docs/errors), and Vobiz's own SDK
	// reads `X-RateLimit-Reset` as a Unix time in seconds (Vobiz-Node-SDK, requestWithRetries.ts).
	retryAfter({ body, headers }, now) {
		const details = isRecord(body) && isRecord(body.error) && body.error.details;
		if (isRecord(details) && typeof details.retryAfter === 'number') {
			return details.retryAfter * 1_000;
		}
		const wait = Number(headers['x-ratelimit-reset']) * 1_000 - now;
		// Nobody documents the unit. If the wait would be longer than a day, the value is no time in seconds.
		return wait < 86_400_000 ? wait : undefined;
	},
};
