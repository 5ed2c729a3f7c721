// n8n's HTTP Request node hands a credential its request in another form than everything else does.

import type { IHttpRequestOptions } from 'n8n-workflow';
import { authenticate } from '../../nodes/StopAudioStream/providers/account';
import { plivo } from '../../nodes/StopAudioStream/providers/plivo';
import { vobiz } from '../../nodes/StopAudioStream/providers/vobiz';

const DATA = {
	authId: 'MAEXAMPLE',
	authToken: 'example-token',
	baseUrl: 'https://api.example.com',
};

/** As the HTTP Request node hands it over: the address is `uri`, and there is no `url`. */
const inHttpRequest = (uri: string): IHttpRequestOptions => {
	const request = { uri, url: '', method: 'POST' as const, headers: {} };
	Reflect.deleteProperty(request, 'url');
	return request;
};

const ADDRESS = 'https://api.example.com/v1/Account/MAEXAMPLE/Call/1/?status=live';

test.each([
	['uri', inHttpRequest(ADDRESS)],
	['url', { url: ADDRESS }],
])('the address is taken from `%s`', (_name, request) => {
	expect(authenticate(plivo.credential, DATA, request)).toMatchObject({
		url: ADDRESS,
		uri: undefined,
		auth: { username: 'MAEXAMPLE', password: 'example-token' },
	});
	expect(authenticate(vobiz.credential, DATA, request)).toMatchObject({
		url: ADDRESS,
		headers: { 'X-Auth-ID': 'MAEXAMPLE', 'X-Auth-Token': 'example-token' },
	});
});

test.each([
	['uri', inHttpRequest('https://other.example/v1/')],
	['url', { url: 'https://other.example/v1/' }],
])('another host is refused, named as `%s`', (_name, request) => {
	expect(() => authenticate(plivo.credential, DATA, request)).toThrow(
		/only sent to https:\/\/api\.example\.com/,
	);
});
