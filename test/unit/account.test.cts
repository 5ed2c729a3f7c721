// A credential: the addresses that people paste, and what is refused before a secret is sent.

import type { ICredentialDataDecryptedObject, IHttpRequestOptions } from 'n8n-workflow';

import {
	authenticateWith,
	readAccount,
	testWith,
} from '../../nodes/StopAudioStream/providers/account';
import { providers } from '../../nodes/StopAudioStream/providers/index';
import type { CredentialSpec } from '../../nodes/StopAudioStream/providers/provider';
import { providerOf } from '../lib/providerOf.cts';
import { refused } from '../lib/readEvent.cts';

const specOf = (name: string) => providerOf(name).credential;

/** A credential of a provider with this address. */
const dataOf = (
	{ url, id, token }: CredentialSpec,
	value: string,
): ICredentialDataDecryptedObject => ({
	[url.name]: value,
	[id.name]: 'example-id',
	[token.name]: 'example-token',
});
const originOf = (provider: string, address: string) =>
	readAccount(specOf(provider), dataOf(specOf(provider), address)).origin;

describe('an address', () => {
	it.each([
		['example', 'https://example.signalwire.com'],
		['Example', 'https://example.signalwire.com'],
		['  example\n', 'https://example.signalwire.com'],
		['example/', 'https://example.signalwire.com'],
		['https://example', 'https://example.signalwire.com'],
		['2600', 'https://2600.signalwire.com'],
		['https://2600/dashboard', 'https://2600.signalwire.com'],
		['0x7f', 'https://0x7f.signalwire.com'],
		['2130706433:8443', 'https://2130706433.signalwire.com:8443'],
		['example.signalwire.com', 'https://example.signalwire.com'],
		['EXAMPLE.SIGNALWIRE.COM', 'https://example.signalwire.com'],
		['https://example.signalwire.com/dashboard?tab=1#x', 'https://example.signalwire.com'],
		['example.signalwire.com/api/laml/2010-04-01', 'https://example.signalwire.com'],
		['example.swire.io', 'https://example.swire.io'],
		['https://example.signalwire.com:8443/', 'https://example.signalwire.com:8443'],
		['example.signalwire.com/?next=https://b.example', 'https://example.signalwire.com'],
		['example.signalwire.com/https:/b', 'https://example.signalwire.com'],
		['https-example', 'https://https-example.signalwire.com'],
	])('of a SignalWire space: %p is %s', (address, origin) => {
		expect(originOf('signalWire', address)).toBe(origin);
	});

	it.each(['', '/', '/v1', '/v1/', '/api/v1', '/api/v1/', '/v1/Account/x/?y=1'])(
		'of Plivo and Vobiz is the same with %p behind it',
		(path) => {
			expect(originOf('plivo', `https://api.plivo.com${path}`)).toBe('https://api.plivo.com');
			expect(originOf('plivo', `api.plivo.com${path}`)).toBe('https://api.plivo.com');
			expect(originOf('vobiz', ` https://api.vobiz.ai${path} `)).toBe('https://api.vobiz.ai');
		},
	);

	it.each([
		'http://localhost',
		'http://localhost:8080',
		'http://127.0.0.1:8080',
		'http://127.1.2.3',
		'http://127.10.200.255',
		'http://[::1]:8080',
	])('may be plain http on the same machine: %s', (address) => {
		for (const { name } of providers) expect(originOf(name, `${address}/v1/`)).toBe(address);
	});

	it.each([
		'http://api.example.com',
		'HTTP://api.example.com',
		'http://localhost.example.com',
		'http://127.0.0.1.example.com',
		'http://0.0.0.0',
		'http://10.0.0.1',
		'http://192.168.1.1',
		'http://169.254.169.254',
		'http://[::]',
		'http://[::ffff:10.0.0.1]',
		'http://0x7f000001.example.com',
		'ftp://api.example.com',
		'file:///etc/hosts',
		'ws://localhost:80',
		'javascript://alert.example.com',
	])('is refused where it is not https, on another machine: %s', (address) => {
		for (const { name, credential } of providers) {
			expect(() => originOf(name, address)).toThrow(`'${credential.url.label}' `);
			expect(() => originOf(name, address)).toThrow(/does not start with https:|is not a URL/);
		}
	});

	it.each([
		'https://user:example@api.example.com',
		'https://user@api.example.com',
		'https://:example@api.example.com',
		'user:example@api.example.com',
		'https://api.plivo.com@other.example',
		'http://user@localhost',
	])('with a user or a password is refused: %s', (address) => {
		for (const { name } of providers) {
			expect(() => originOf(name, address)).toThrow(/holds a user name or a password$/);
		}
	});

	it.each([
		'https://',
		'https:///',
		'a b',
		'https://a b',
		'//',
		'https://[1',
		'::',
		'https://a:99999',
		// Half a scheme: the rest would be the path of a host named https.
		'https:/a.example',
		'http:a.example',
		'https/a.example',
		'http/a.example',
		'HTTPS\\a.example',
	])('that is none is refused: %p', (address) => {
		for (const { name } of providers) {
			expect(() => originOf(name, address)).toThrow(/is not a URL$/);
		}
	});

	it('of one name is taken with its scheme, as of a host in the own network', () => {
		expect(originOf('plivo', 'https://proxy:8443/v1')).toBe('https://proxy:8443');
	});

	it('that is a number with plain http is the name of a space, and not this machine', () => {
		expect(() => originOf('signalWire', 'http://0x7f000001')).toThrow(/does not start with https:/);
	});

	it('without a domain is one only where the provider has spaces', () => {
		expect(() => originOf('plivo', 'example')).toThrow("'Base URL' is not a URL");
		expect(() => originOf('vobiz', 'example')).toThrow("'Base URL' is not a URL");
	});
});

describe('a credential', () => {
	it.each(providers)('of $displayName drops the blanks around each value', ({ credential }) => {
		const { url, id, token } = credential;
		const data = { [url.name]: ' https://a.example\n', [id.name]: ' i ', [token.name]: '\tt ' };
		expect(readAccount(credential, data)).toEqual({
			origin: 'https://a.example',
			id: 'i',
			token: 't',
			signingKey: '',
		});
	});

	it('of SignalWire may hold a Signing Key, which no other has', () => {
		for (const { name, credential } of providers) {
			const data = { ...dataOf(credential, 'https://a.example'), signingSecret: ' PSK_1 ' };
			const expected = name === 'signalWire' ? 'PSK_1' : '';
			expect(readAccount(credential, data).signingKey).toBe(expected);
			const number = { ...data, signingSecret: 5 };
			expect(readAccount(credential, number).signingKey).toBe(expected === '' ? '' : '5');
		}
	});

	it('is refused as a credential, with a sentence that shows an address that works', () => {
		const { failure } = refused(() => originOf('signalWire', 'https://'));
		expect(failure).toEqual({
			cause: 'credentials',
			what: "'Space URL' is not a URL",
			todo: "Put the URL into 'Space URL' as in this example: example.signalwire.com",
		});
	});

	it('is refused as a credential, whatever is wrong with it', () => {
		const refusals = [
			() => originOf('plivo', ''),
			() => originOf('plivo', 'example'),
			() => originOf('plivo', 'https://user@a.example'),
			() => originOf('plivo', 'http://a.example'),
		];
		for (const act of refusals) expect(refused(act).failure.cause).toBe('credentials');
	});

	it.each(providers)('of $displayName names the field that is empty', ({ credential }) => {
		const whole = dataOf(credential, 'https://a.example');
		for (const field of [credential.url, credential.id, credential.token]) {
			for (const value of ['', '  ', undefined, null, {}]) {
				const data: ICredentialDataDecryptedObject = Object.assign({}, whole, {
					[field.name]: value,
				});
				expect(() => readAccount(credential, data)).toThrow(`'${field.label}' is empty`);
			}
		}
	});

	it.each(providers)('of $displayName does not take dots for an id', ({ credential }) => {
		const data = { ...dataOf(credential, 'https://a.example'), [credential.id.name]: '..' };
		const { failure } = refused(() => readAccount(credential, data));
		expect(failure.cause).toBe('credentials');
		expect(failure.what).toBe(`'${credential.id.label}' holds only dots`);
	});

	it.each(providers)('of $displayName takes no id with a broken character', ({ credential }) => {
		const data = { ...dataOf(credential, 'https://a.example'), [credential.id.name]: 'a\ud83d' };
		const { failure } = refused(() => readAccount(credential, data));
		expect(failure.cause).toBe('credentials');
		expect(failure.what).toBe(`'${credential.id.label}' contains a broken character`);
	});

	it.each(providers)(
		'of $displayName is added to a request without touching it',
		async ({ credential }) => {
			const data = dataOf(credential, 'https://a.example/v1');
			const request = Object.freeze({ url: '/x?y=1', headers: Object.freeze({ Accept: 'b' }) });
			const signed = await authenticateWith(credential)(data, request);
			const { headers: names } = credential;
			expect(signed).toEqual({
				url: 'https://a.example/x?y=1',
				baseURL: undefined,
				...(names
					? { headers: { Accept: 'b', [names.id]: 'example-id', [names.token]: 'example-token' } }
					: {
							headers: { Accept: 'b' },
							auth: { username: 'example-id', password: 'example-token' },
						}),
			});
		},
	);

	/** As n8n's HTTP Request node hands a request over: the address is `uri`, and there is no `url`. */
	const inHttpRequest = (uri: string): IHttpRequestOptions => {
		const request = { uri, url: '', headers: {} };
		Reflect.deleteProperty(request, 'url');
		return request;
	};

	it.each(providers)(
		"of $displayName goes where n8n's HTTP Request node asks",
		async ({ credential }) => {
			const data = dataOf(credential, 'https://a.example');
			const authenticate = authenticateWith(credential);
			const request = inHttpRequest('https://a.example/x?y=1');
			const signed = await authenticate(data, request);
			expect(signed).toMatchObject({ url: 'https://a.example/x?y=1', uri: undefined });
			await expect(authenticate(data, inHttpRequest('https://b.example/x'))).rejects.toMatchObject({
				failure: {
					cause: 'credentials',
					what: 'This credential is only sent to https://a.example',
				},
			});
		},
	);
});

describe('what the test of a credential says', () => {
	it.each(providers)('of $displayName is what the node says, without a quote', (provider) => {
		const { displayName, credentialHint, forbiddenHint } = provider;
		const hint = forbiddenHint ? `${credentialHint} ${forbiddenHint}` : credentialHint;
		expect(testWith(provider, { url: '/' }).rules).toEqual([
			{
				type: 'responseCode',
				properties: {
					value: 401,
					message: `${displayName} rejected this credential (401). ${credentialHint}`,
				},
			},
			{
				type: 'responseCode',
				properties: {
					value: 403,
					message: `${displayName} rejected this credential (403). ${hint}`,
				},
			},
		]);
	});

	it("names Plivo's IP whitelist with a 403 alone", () => {
		const [of401, of403] = (testWith(providerOf('plivo'), { url: '/' }).rules ?? []).map(
			({ properties }) => properties.message,
		);
		expect(of401).not.toContain('whitelist');
		expect(of403).toContain('IP whitelist');
	});
});
