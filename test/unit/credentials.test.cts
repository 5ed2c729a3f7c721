// The three credentials: the form that people fill in, what is added to a request, and what n8n's test of a
// credential asks and says. Its expressions are worked out by themselves: JavaScript that sees `$credentials`.

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';

import type {
	ICredentialDataDecryptedObject,
	ICredentialType,
	IHttpRequestOptions,
} from 'n8n-workflow';

import { PlivoBasicApi } from '../../credentials/PlivoBasicApi.credentials';
import { SignalWireBasicApi } from '../../credentials/SignalWireBasicApi.credentials';
import { VobizXAuthApi } from '../../credentials/VobizXAuthApi.credentials';
import { testWith } from '../../nodes/StopAudioStream/providers/account';
import { homepage } from '../../package.json';
import { ROOT } from '../lib/install.cts';
import { providerOf } from '../lib/providerOf.cts';

interface Case {
	title: string;
	provider: string;
	credential: ICredentialType;
	/** As it is pasted: with blanks around each value. */
	entered: Record<string, string>;
	origin: string;
	/** What a request carries then. */
	carried: Partial<IHttpRequestOptions>;
}

const [ID, TOKEN] = ['exämple/id', 'example-token'];
const inAuth = { auth: { username: ID, password: TOKEN } };

const plivo: Case = {
	title: 'Plivo Basic API',
	provider: 'plivo',
	credential: new PlivoBasicApi(),
	entered: { authId: ` ${ID} `, authToken: `${TOKEN}\n`, baseUrl: ' https://api.plivo.com/v1/ ' },
	origin: 'https://api.plivo.com',
	carried: inAuth,
};
const signalWire: Case = {
	title: 'SignalWire Basic API',
	provider: 'signalWire',
	credential: new SignalWireBasicApi(),
	entered: {
		spaceUrl: ' example ',
		projectId: ` ${ID} `,
		apiToken: ` ${TOKEN}`,
		signingSecret: 'PSK_example',
	},
	origin: 'https://example.signalwire.com',
	carried: inAuth,
};
const vobiz: Case = {
	title: 'Vobiz X-Auth API',
	provider: 'vobiz',
	credential: new VobizXAuthApi(),
	entered: { authId: ` ${ID} `, authToken: ` ${TOKEN} `, baseUrl: 'api.vobiz.ai' },
	origin: 'https://api.vobiz.ai',
	carried: { headers: { Accept: 'text/x-example', 'X-Auth-ID': ID, 'X-Auth-Token': TOKEN } },
};
const cases = [plivo, signalWire, vobiz];

/** A request with the credential's own function. */
async function sign(
	{ credential: { authenticate }, entered }: Case,
	request: IHttpRequestOptions,
): Promise<IHttpRequestOptions> {
	if (typeof authenticate !== 'function') throw new Error('The credential adds nothing.');
	return await authenticate(entered, request);
}

/** A text of n8n with its expressions worked out. */
function workedOut(text: string, $credentials: ICredentialDataDecryptedObject): string {
	if (!text.startsWith('=')) return text;
	return text
		.slice(1)
		.replace(/\{\{(.*?)\}\}/g, (_all, code: string) =>
			String(runInNewContext(code, { $credentials, encodeURIComponent })),
		);
}

/** The request of the credential's test, as it is sent. */
async function testRequest(of: Case): Promise<IHttpRequestOptions> {
	const { request } = of.credential.test ?? {};
	if (!request) throw new Error('The credential has no test.');
	const { url = '', baseURL = '', skipSslCertificateValidation: _insecure, ...rest } = request;
	return await sign(of, {
		...rest,
		headers: { Accept: 'text/x-example' },
		url: workedOut(url, of.entered),
		...(baseURL && { baseURL: workedOut(baseURL, of.entered) }),
	});
}

describe('the form of a credential', () => {
	test.each([
		{ of: plivo, name: 'plivoBasicApi' },
		{ of: signalWire, name: 'signalWireBasicApi' },
		{ of: vobiz, name: 'vobizXAuthApi' },
	])("of $of.title has the type's name that saved workflows hold", ({ of, name }) => {
		expect(of.credential.name).toBe(name);
		expect(of.credential.displayName).toBe(of.title);
	});

	test.each([
		{
			of: plivo,
			fields: [
				['authId', 'Auth ID', ''],
				['authToken', 'Auth Token', ''],
				['baseUrl', 'Base URL', 'https://api.plivo.com'],
			],
		},
		{
			of: signalWire,
			fields: [
				['spaceUrl', 'Space URL', ''],
				['projectId', 'Project ID', ''],
				['apiToken', 'API Token', ''],
				['signingSecret', 'Signing Key', ''],
			],
		},
		{
			of: vobiz,
			fields: [
				['authId', 'Auth ID', ''],
				['authToken', 'Auth Token', ''],
				['baseUrl', 'Base URL', 'https://api.vobiz.ai'],
			],
		},
	])('of $of.title asks for these texts, empty but for the usual address', ({ of, fields }) => {
		const { properties } = of.credential;
		expect(properties.map((field) => [field.name, field.displayName, field.default])).toEqual(
			fields,
		);
		expect(properties.filter(({ type }) => type !== 'string')).toEqual([]);
	});

	test.each([
		{ of: plivo, secrets: ['authToken'] },
		{ of: signalWire, secrets: ['apiToken', 'signingSecret'] },
		{ of: vobiz, secrets: ['authToken'] },
	])('of $of.title hides what is secret, and nothing else', ({ of, secrets }) => {
		const hidden = of.credential.properties.filter(({ typeOptions }) => typeOptions?.password);
		expect(hidden.map(({ name }) => name)).toEqual(secrets);
	});

	test.each(cases)('of $title needs every value but a Signing Key', (of) => {
		const optional = of.credential.properties.filter(({ required }) => !required);
		expect(optional.map(({ name }) => name)).toEqual(of === signalWire ? ['signingSecret'] : []);
	});

	test.each(cases)('of $title offers no list of domains: it goes to its own address', (of) => {
		expect(of.credential.hideDomainRestrictionFields).toBe(true);
	});

	test.each(cases)('of $title has an icon for a light screen and one for a dark one', (of) => {
		const { icon } = of.credential;
		if (typeof icon !== 'object') throw new Error('There is one icon for both.');
		const { light, dark } = icon;
		for (const each of [light, dark]) {
			expect(each).toMatch(/^file:/);
			expect(existsSync(path.join(ROOT, 'credentials', each.replace('file:', '')))).toBe(true);
		}
		expect(light).not.toBe(dark);
	});

	test.each(cases)('of $title leads to the part about credentials on the project page', (of) => {
		const [page, part = ''] = of.credential.documentationUrl?.split('#') ?? [];
		expect(page).toBe(homepage.split('#')[0]);
		const headings = readFileSync(path.join(ROOT, 'README.md'), 'utf8').match(/^## .*$/gm) ?? [];
		expect(headings.map((heading) => heading.slice(3).toLowerCase())).toContain(part);
	});
});

describe('a request with a credential', () => {
	test.each(cases)('of $title to its own address carries id and token', async (of) => {
		const request = { url: `${of.origin}/x?y=1`, headers: { Accept: 'text/x-example' } };
		const signed = await sign(of, request);
		expect(signed).toMatchObject({ url: `${of.origin}/x?y=1`, ...of.carried });
	});

	test.each(cases)('of $title to any other address is refused', async (of) => {
		for (const url of [
			'https://other.example/x',
			`${of.origin.replace('https', 'http')}/x`,
			`${of.origin}:8443/x`,
			`${of.origin}.other.example/x`,
			`${of.origin}@other.example/x`,
			'//other.example/x',
			'\\\\other.example\\x',
		]) {
			const request = { url, headers: {} };
			await expect(sign(of, request)).rejects.toThrow(
				`This credential is only sent to ${of.origin}`,
			);
			expect(JSON.stringify(request)).not.toContain(TOKEN);
		}
	});

	test.each(cases)('of $title whose values are not right names the field', async (of) => {
		for (const { name, displayName, required } of of.credential.properties) {
			const left = { ...of, entered: { ...of.entered, [name]: ' ' } };
			const signed = sign(left, { url: `${of.origin}/x` });
			if (required) await expect(signed).rejects.toThrow(`'${displayName}' is empty`);
			else await expect(signed).resolves.toMatchObject(of.carried);
		}
	});

	test('of SignalWire never carries the Signing Key', async () => {
		const request = { url: `${signalWire.origin}/x`, headers: {} };
		expect(JSON.stringify(await sign(signalWire, request))).not.toContain('PSK_example');
	});
});

describe("a credential's test", () => {
	test.each([
		{ of: plivo, asked: '/v1/Account/ex%C3%A4mple%2Fid/' },
		{ of: signalWire, asked: '/api/laml/2010-04-01/Accounts/ex%C3%A4mple%2Fid/Calls' },
		{ of: vobiz, asked: '/api/v1/auth/me' },
	])('of $of.title asks what every valid token may read, signed', async ({ of, asked }) => {
		const request = await testRequest(of);
		expect(request).toMatchObject({ url: of.origin + asked, ...of.carried });
		expect(request.method ?? 'GET').toBe('GET');
		expect(request.body).toBeUndefined();
	});

	test('of SignalWire asks for one call and not for a page of them', async () => {
		expect((await testRequest(signalWire)).qs).toEqual({ PageSize: 1 });
	});

	test.each(cases)('of $title names the address as it was entered', ({ credential }) => {
		const base = credential.test?.request.baseURL ?? '';
		const entered = { baseUrl: 'https://a.example', spaceUrl: 'https://a.example' };
		expect(workedOut(base, entered)).toBe('https://a.example');
	});

	test.each(cases)('of $title follows no redirect, and waits for 10 s at most', async (of) => {
		const { disableFollowRedirect, timeout } = await testRequest(of);
		expect(disableFollowRedirect).toBe(true);
		expect(timeout).toBe(10_000);
	});

	test.each(cases)('of $title says what the node says, and of no other status', (of) => {
		const { rules } = testWith(providerOf(of.provider), { url: '/' });
		expect(of.credential.test?.rules).toEqual(rules);
	});
});
