// A credential's test, as n8n's "Retry" button runs it.

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
const secretOf = (standIn: RunningStandIn) => specOf(standIn).credential.token.name;

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

	it('passes with a SignalWire token whose only scope is Voice, and names the scope without it', async () => {
		const standIn = await start('signalWire');
		expect([...standIn.scopes]).toEqual(['Voice']);
		expect(await testAt(standIn)).toEqual({ ok: true });
		standIn.scopes.clear();
		expect((await testAt(standIn)).message).toContain('the scope Voice');
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
