import { callStreamWays, endsCall } from './plivoAndVobiz';
import type { Provider } from './provider';
import { verifyPlivo } from './signatures/plivo';

const NAME = 'Plivo';

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
	// "Geo" and account permissions, and the account's IP whitelist: docs.plivo.com, account → IP whitelisting.
	forbiddenHint:
		'Where the account has an IP whitelist (Plivo: Account → IP Whitelisting), it must hold the address that n8n calls from.',
	ways: callStreamWays({
		displayName: NAME,
		base: '/v1',
		notices: {
			one: '<b>Plivo: what happens to the call.</b> The call goes on. A stream that was started with keepCallAlive holds the call at that point of its XML: when it stops, Plivo goes on with the next element, and ends the call where there is none.',
			all: '<b>Plivo: what happens to the call.</b> Every stream of the call stops, and the call goes on. Where a stream with keepCallAlive held the call, Plivo goes on with the next element of its XML, and ends the call where there is none.',
		},
		// plivo-go takes a 404 whose body is just `{}` for Plivo's own (baseclient.go, read 2026-11).
		isOwn404: (body) => Object.keys(body).length === 0,
	}),
	endsCall,
	signature: {
		verify: verifyPlivo,
		keyField: { name: 'token', label: 'Auth Token' },
		keyHint: 'it must be of the account, main account or subaccount, that the call belongs to',
		missingHint:
			"Plivo signs each callback: put this node right behind the Webhook node, or give that node's item in 'Signed Event'.",
	},
	// "300 requests / 5 s per account" for all Call APIs but "make call": docs.plivo.com/docs/voice/concepts/account-limits
	rateLimit: { requests: 300, windowMs: 5_000 },
};
