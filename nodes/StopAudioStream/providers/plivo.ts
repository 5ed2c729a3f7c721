import { callStreamWays, eventWords } from './plivoAndVobiz';
import type { Provider } from './provider';
import { sortByName, header, withNonce, writeUrls, type Fields, type Scheme } from './signature';

/**
 * V3, as `validateV3Signature` of Plivo's Node SDK 4.79.0 has it (dist/utils/v3Security.js, 2026-11-21): the URL
 * without user and password, `?` and the decoded query as `name=value` with `&`, `.` if fields follow a query, the
 * form's names and values, `.` and the nonce. Names are sorted, and the values of one name too, so their order is not
 * signed. A form without a query still has the `?`. A GET is the same text without a form, so the method need not be
 * known. The headers may hold several signatures, "-MA-" those with the main account's token.
 */
const signedByPlivo: Scheme = (event, form) => {
	if (event.query === undefined) return 'query';
	const write = (fields: Fields, join: (name: string, value: string) => string): string[] =>
		sortByName(fields).flatMap(([name, values]) =>
			[...values].sort().map((one) => join(name, one)),
		);
	const nonce = header(event, 'x-plivo-signature-v3-nonce');
	const query = write(event.query, (name, value) => `${name}=${value}`).join('&');
	const fields = write(form, (name, value) => name + value).join('');
	const hasForm = form.length > 0;
	const rest = `${query !== '' || hasForm ? '?' : ''}${query}${query !== '' && hasForm ? '.' : ''}${fields}.${nonce}`;
	return [
		{
			algorithm: 'sha256',
			encoding: 'base64',
			signatures: withNonce(
				nonce,
				['x-plivo-signature-v3', 'x-plivo-signature-ma-v3'].flatMap((name) =>
					header(event, name)
						.split(',')
						.map((signature) => signature.trim()),
				),
			),
			texts: writeUrls(event).map((url) => url + rest),
		},
	];
};

/** Plivo's audio streams: docs.plivo.com/docs/voice/api/stream (read 2026-11). */
export const plivo: Provider = {
	name: 'plivo',
	displayName: 'Plivo',
	credential: {
		type: 'plivoBasicApi',
		displayName: 'Plivo Basic API',
		url: { name: 'baseUrl', label: 'Base URL', example: 'https://api.plivo.com' },
		id: { name: 'authId', label: 'Auth ID' },
		token: { name: 'authToken', label: 'Auth Token' },
	},
	credentialHint:
		"Check 'Auth ID' and 'Auth Token' in the credential, and that the call belongs to that account or subaccount.",
	// "Geo" and account permissions, and the account's IP whitelist: docs.plivo.com, account → IP whitelisting.
	forbiddenHint:
		'If the account has an IP whitelist (Plivo: Account → IP Whitelisting), it must hold the IP address that n8n calls from.',
	ways: callStreamWays({
		base: '/v1',
		notices: {
			one: "<b>Plivo: the call goes on.</b> <b>But</b> a stream that was started with keepCallAlive holds the call at that stream's element in the answer XML: when it stops, Plivo goes on with the next element of the answer XML, and ends the call if there is none.",
			all: '<b>Plivo: every stream of the call stops, and the call goes on.</b> <b>But</b> if a stream with keepCallAlive held the call, Plivo goes on with the next element of the answer XML, and ends the call if there is none.',
		},
		// plivo-go takes a 404 whose body is just `{}` for Plivo's own (baseclient.go, read 2026-11).
		isOwn404: (body) => Object.keys(body).length === 0,
	}),
	events: eventWords,
	signature: {
		scheme: signedByPlivo,
		keyField: { name: 'token', label: 'Auth Token' },
		keyHint: "it must be that of the call's own account (main account or subaccount)",
		signsHint: 'Plivo signs each callback.',
		// V2 signs the URL and a nonce alone (Plivo's Node SDK 4.79.0, dist/utils/security.js).
		older: { header: 'x-plivo-signature-v2', version: 'V2' },
	},
	// "300 requests / 5 s per account" for all Call APIs but "make call": docs.plivo.com/docs/voice/concepts/account-limits
	rateLimit: { requests: 300, windowMs: 5_000 },
};
