// Which credentials are read and sent, and how one node serves items of several providers.

import type { IDataObject } from 'n8n-workflow';
import { providers as specs } from '../../nodes/StopAudioStream/providers/index';
import { runNode } from '../lib/engine.cts';
import { providers } from '../lib/stand-ins/index.cts';
import type { RunningStandIn } from '../lib/stops.cts';
import { start } from '../lib/opened.cts';
import { byExpression, credentialsOf, live, lives, range, running } from '../lib/stops.cts';
import { stopItems, stopLives } from '../lib/stops.cts';

const basic = (id: string, token: string) =>
	`Basic ${Buffer.from(`${id}:${token}`).toString('base64')}`;

/** The headers that carry a credential, as the node describes the provider. */
function signatureOf({ provider, credentials }: RunningStandIn): Record<string, string> {
	const spec = specs.find(({ name }) => name === provider)?.credential;
	if (!spec) throw new Error(`The node has no provider '${provider}'`);
	const [id, token] = [credentials[spec.id.name] ?? '', credentials[spec.token.name] ?? ''];
	return spec.headers
		? { [spec.headers.id.toLowerCase()]: id, [spec.headers.token.toLowerCase()]: token }
		: { authorization: basic(id, token) };
}

describe('credentials', () => {
	it.each(providers)(
		'sign each request once, and are read once in an execution (%s)',
		async (provider) => {
			const standIn = await start(provider);
			const { credentialReads } = await stopLives(standIn, lives(standIn, 5));
			expect(credentialReads).toEqual([standIn.credentialType]);
			expect(standIn.requests).toHaveLength(5);
			const signatures = standIn.requests.map(({ headers }) =>
				Object.fromEntries(
					Object.entries(headers).filter(([name]) => /^(authorization|x-auth-.*)$/.test(name)),
				),
			);
			expect(signatures).toEqual(range(5).map(() => signatureOf(standIn)));
			standIn.expectOnContract();
		},
	);

	it("that n8n cannot read are told in n8n's own words", async () => {
		const standIn = await start('plivo');
		const id = { id: 'gone', name: 'gone' };
		const { error } = await stopLives(standIn, lives(standIn, 1), {
			credentials: {},
			node: { credentials: { plivoBasicApi: id } },
		});
		expect(error?.message).toBe(
			'n8n could not read the Plivo Basic API credential for Plivo: “Credential of type plivoBasicApi does not exist.”',
		);
		expect(error?.context.failure).toBe('credentials');
		expect(standIn.requests).toEqual([]);
	});

	it('are not read where nothing needs them', async () => {
		const standIn = await start('plivo');
		const { credentialReads, error } = await stopItems(standIn, [{ call: '', stream: '' }]);
		expect(error?.message).toBe("'Call UUID' is empty");
		expect(credentialReads).toEqual([]);
	});
});

describe('providers by expression', () => {
	/** A provider's name as people may write it. */
	const written = (name: string, round: number) =>
		[
			` ${name} `,
			name.toUpperCase(),
			`${name}
`,
		][round % 3];
	const parameters = { provider: '={{ $json.provider }}', ...byExpression };
	const startAll = async () => await Promise.all(providers.map((provider) => start(provider)));
	/** Items of these providers in turn, with each one's name as people may write it. */
	const mixedItems = (standIns: RunningStandIn[], rounds: number): IDataObject[] =>
		range(rounds).flatMap((round) =>
			standIns.map((standIn) => ({
				...live(standIn).item,
				provider: written(standIn.provider, round),
			})),
		);

	it('serve items of all three in one run, each with its own credential', async () => {
		const standIns = await startAll();
		const result = await runNode({
			parameters,
			items: mixedItems(standIns, 3),
			credentials: credentialsOf(...standIns),
		});
		expect(result.error).toBeUndefined();
		expect(result.items.map(({ provider, status }) => [provider, status])).toEqual(
			range(3).flatMap(() => standIns.map(({ provider }) => [provider, 'stopped'])),
		);
		expect([...result.credentialReads].sort()).toEqual(
			standIns.map(({ credentialType }) => credentialType).sort(),
		);
		for (const standIn of standIns) standIn.expectOnContract();
	});

	it('read only the credentials of the providers that the items name', async () => {
		const standIns = await startAll();
		const vobiz = standIns.filter(({ provider }) => provider === 'vobiz');
		const { credentialReads } = await runNode({
			parameters,
			items: mixedItems(vobiz, 3),
			credentials: credentialsOf(...standIns),
		});
		expect(credentialReads).toEqual(['vobizXAuthApi']);
	});

	it.each([
		['plivo', 'No Plivo Basic API credential is selected for Plivo'],
		['signalWire', 'No SignalWire Basic API credential is selected for SignalWire'],
		['vobiz', 'No Vobiz X-Auth API credential is selected for Vobiz'],
	])('fail only their own items where a credential is missing (%s)', async (missing, sentence) => {
		const standIns = await startAll();
		const { items } = await runNode({
			parameters,
			items: mixedItems(standIns, 3),
			credentials: credentialsOf(...standIns.filter(({ provider }) => provider !== missing)),
			node: { onError: 'continueRegularOutput' },
		});
		expect(items).toHaveLength(3 * providers.length);
		for (const item of items) {
			expect(item).toMatchObject(
				item.provider === missing
					? {
							status: 'failed',
							failure: 'credentials',
							error: sentence,
							message: "Select one in the node's credential field.",
						}
					: { status: 'stopped' },
			);
		}
		expect(standIns.map(running)).toEqual(
			standIns.map(({ provider }) => (provider === missing ? 3 : 0)),
		);
	});

	it('that nobody knows are refused with the ones that can be used', async () => {
		const { items } = await runNode({
			parameters,
			items: [{ provider: 'twilio' }, {}],
			node: { onError: 'continueRegularOutput' },
		});
		expect(items).toMatchObject([
			{
				failure: 'input',
				error: "'Provider' has no option “twilio”",
				message: `Use one of: ${specs.map(({ name }) => name).join(', ')}.`,
			},
			{ status: 'failed', failure: 'input' },
		]);
	});

	it.each(['sid', 'name'])(
		'start with SignalWire set to identify streams by %s',
		async (streamBy) => {
			const standIn = await start('signalWire');
			const { items, error } = await runNode({
				parameters: { ...parameters, streamBy, cxmlUrl: 'https://hooks.example.com/stop' },
				items: [live(standIn).item],
				credentials: credentialsOf(standIn),
			});
			expect(error).toBeUndefined();
			expect(items).toMatchObject([{ streamBy }]);
		},
	);

	it('start with an incoming event, and with all streams of a call', async () => {
		const standIns = [await start('plivo'), await start('vobiz')];
		const items = standIns.map((standIn) => {
			const { provider, call, stream } = live(standIn).item;
			return { provider, body: { CallUUID: call, StreamID: stream } };
		});
		const credentials = credentialsOf(...standIns);
		const run = async (more: IDataObject) =>
			await runNode({ parameters: { provider: parameters.provider, ...more }, items, credentials });

		const byEvent = await run({ source: 'event' });
		expect(byEvent.error).toBeUndefined();
		expect(byEvent.items.map(({ status }) => status)).toEqual(['stopped', 'stopped']);
		const all = await run({ operation: 'stopAllStreams', callId: '={{ $json.body.CallUUID }}' });
		expect(all.error).toBeUndefined();
		expect(all.items.map(({ status }) => status)).toEqual(['stopped', 'stopped']);
	});
});
