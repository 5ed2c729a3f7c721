// A credential's test, as n8n's "Retry" button runs it.

import dns from 'node:dns';
import type { ICredentialDataDecryptedObject } from 'n8n-workflow';
import { testCredential } from '../lib/engine.cts';
import { listen, start } from '../lib/opened.cts';
import { providerOf } from '../lib/providerOf.cts';
import { providers } from '../lib/stand-ins/index.cts';
import type { RunningStandIn } from '../lib/stops.cts';

const testAt = async (standIn: RunningStandIn, data?: ICredentialDataDecryptedObject) =>
	await testCredential(standIn.credentialType, { ...standIn.credentials, ...data });
/** How the node describes the provider of a stand-in. */
const specOf = ({ provider }: RunningStandIn) => providerOf(provider);
const addressOf = (standIn: RunningStandIn) => specOf(standIn).credential.url.name;
const secretOf = (standIn: RunningStandIn) => specOf(standIn).credential.token.name;

/** Names that were looked up: every request to another machine begins with that. */
function watchNames(): unknown[] {
	const names: unknown[] = [];
	jest.spyOn(dns, 'lookup').mockImplementation(((
		name: string,
		_options: unknown,
		callback: (error: Error) => void,
	) => {
		names.push(name);
		callback(Object.assign(new Error('no network in this test'), { code: 'ENOTFOUND' }));
	}) as typeof dns.lookup);
	return names;
}
afterEach(() => jest.restoreAllMocks());

describe("a credential's test", () => {
	it.each(providers)(
		'passes with the right values, blanks around them or not (%s)',
		async (provider) => {
			const standIn = await start(provider);
			expect(await testAt(standIn)).toEqual({ ok: true });
			const padded = Object.fromEntries(
				Object.entries(standIn.credentials).map(([name, value]) => [name, `\u200b ${value}\n`]),
			);
			expect(await testAt(standIn, padded)).toEqual({ ok: true });
			standIn.expectOnContract();
			expect(standIn.requests.every(({ method }) => method === 'GET')).toBe(true);
		},
	);

	it.each(['plivo', 'signalWire'])('takes an id that is a number (%s)', async (provider) => {
		const standIn = await start(provider);
		await testAt(standIn, { [specOf(standIn).credential.id.name]: 2600 });
		expect(standIn.requests[0]?.path).toContain('/2600/');
	});

	it.each(providers)(
		'takes a loopback address in each form in which people paste it (%s)',
		async (provider) => {
			const standIn = await start(provider);
			const { url } = standIn;
			const forms = ['', '/', '/dashboard?x=1#y', '/v1', '/v1/', '/api/v1', '/api/laml/2010-04-01'];
			for (const form of [...forms.map((form) => url + form), `  ${url}/  `]) {
				expect([form, await testAt(standIn, { [addressOf(standIn)]: form })]).toEqual([
					form,
					{ ok: true },
				]);
			}
			standIn.expectOnContract();
		},
	);

	it.each([
		['signalWire', ' example ', 'example.signalwire.com'],
		['plivo', 'api.plivo.com/v1', 'api.plivo.com'],
		['vobiz', 'https://api.vobiz.ai/api/v1/', 'api.vobiz.ai'],
	])('of %s with the address %p goes to %s', async (provider, address, host) => {
		const standIn = await start(provider);
		const names = watchNames();
		const { ok } = await testAt(standIn, { [addressOf(standIn)]: address });
		expect(ok).toBe(false);
		expect(names).toEqual([host]);
	});

	it.each(
		providers.flatMap((provider) => [
			[provider, 'http://api.example.com', 'does not start with https://'],
			[provider, '   ', 'is empty'],
		]),
	)('of %s refuses the address %p before anything is sent', async (provider, address, why) => {
		const standIn = await start(provider);
		const names = watchNames();
		const { ok, message } = await testAt(standIn, { [addressOf(standIn)]: address });
		const { label } = specOf(standIn).credential.url;
		expect({ ok, names, requests: standIn.requests }).toEqual({
			ok: false,
			names: [],
			requests: [],
		});
		expect(message).toContain(`'${label}' ${why}`);
	});

	it('passes with a SignalWire token whose only scope is Voice, and names the scope without it', async () => {
		const standIn = await start('signalWire');
		expect([...standIn.scopes]).toEqual(['Voice']);
		expect(await testAt(standIn)).toEqual({ ok: true });
		standIn.scopes.clear();
		expect((await testAt(standIn)).message).toContain('the scope Voice');
	});

	// Each provider's own words stand behind the status; n8n finds them by it, one rule for each.
	it.each(
		[401, 403].flatMap((status) => [
			[status, 'plivo', "'Auth ID' and 'Auth Token'"] as const,
			[status, 'signalWire', "'Space URL', 'Project ID' and 'API Token'"] as const,
			[status, 'vobiz', "'Auth ID' and 'Auth Token'"] as const,
		]),
	)('that is refused with %d says what to check (%s)', async (status, provider, fields) => {
		const standIn = await start(provider);
		standIn.fault = () => ({ status, body: { error: 'No access' } });
		const { ok, message } = await testAt(standIn);
		expect(ok).toBe(false);
		expect(message).toMatch(new RegExp(`^${specOf(standIn).displayName} [^(]*\\(${status}\\)\\. `));
		expect(message).toContain(fields);
	});

	it.each(providers)('with a wrong token is refused (%s)', async (provider) => {
		const standIn = await start(provider);
		const tested = await testAt(standIn, { [secretOf(standIn)]: 'example-wrong-token' });
		expect(tested).toMatchObject({ ok: false, status: 401 });
	});

	it.each(
		providers.flatMap((provider) =>
			[301, 302, 307, 308].map((status) => [provider, status] as const),
		),
	)(
		'of %s does not follow a redirect (%i): the other host gets nothing',
		async (provider, status) => {
			const standIn = await start(provider);
			let seen = 0;
			const other = await listen((_request, response) => {
				seen += 1;
				response.end('{}');
			});
			standIn.fault = () => ({ status, headers: { Location: `${other.url}/` } });
			const { ok } = await testAt(standIn);
			expect({ ok, seen }).toEqual({ ok: false, seen: 0 });
			expect(standIn.requests).toHaveLength(1);
		},
	);
});
