// Which credentials are read and sent, and how one node serves items of several providers.

import type { IDataObject } from 'n8n-workflow';
import { runNode } from '../lib/engine.cts';
import type { CredentialsData } from '../lib/nodeRun.cts';
import { start } from '../lib/opened.cts';
import { providerOf } from '../lib/providerOf.cts';
import { basic } from '../lib/stand-ins/events.cts';
import { providers, type Options } from '../lib/stand-ins/index.cts';
import {
	byExpression,
	credentialByItem,
	credentialsOf,
	live,
	lives,
	range,
	running,
	stopItems,
	stopLives,
	withAccount,
	type RunningStandIn,
} from '../lib/stops.cts';

/** The fields of a provider's credential, as the node describes them. */
const spec = (provider: string) => providerOf(provider).credential;

/** The headers that carry a credential. */
function signatureOf({ provider, credentials }: RunningStandIn): Record<string, string> {
	const { id: idField, token: tokenField, headers } = spec(provider);
	const [id, token] = [credentials[idField.name] ?? '', credentials[tokenField.name] ?? ''];
	return headers
		? { [headers.id.toLowerCase()]: id, [headers.token.toLowerCase()]: token }
		: { authorization: basic(id, token) };
}

describe('credentials', () => {
	it.each(providers)(
		'sign each request once, and are read for each item, one after another (%s)',
		async (provider) => {
			const standIn = await start(provider);
			const run = await stopLives(standIn, lives(standIn, 5));
			expect(run.credentialReads).toEqual(range(5).map(() => standIn.credentialType));
			expect(run.mostReadsAtOnce).toBe(1);
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

	it('are not read where nothing needs them', async () => {
		const standIn = await start('plivo');
		const { credentialReads, error } = await stopItems(standIn, [{ call: '', stream: '' }]);
		expect(error?.message).toBe("'Call UUID' is empty");
		expect(credentialReads).toEqual([]);
	});
});

describe('a credential whose fields are expressions belongs to the item', () => {
	/** The stand-ins of two accounts of one provider. */
	const startTwo = async (
		provider: string,
		options: Partial<Options> = {},
	): Promise<[RunningStandIn, RunningStandIn]> => [
		await start(provider, { ...options, account: 1 }),
		await start(provider, { ...options, account: 2 }),
	];
	const byItem = (standIn: RunningStandIn): CredentialsData => ({
		[standIn.credentialType]: credentialByItem(standIn),
	});
	const regular = { node: { onError: 'continueRegularOutput' } } as const;

	it.each(providers)('two accounts in turn: each stop goes to its own (%s)', async (provider) => {
		const [one, other] = await startTwo(provider);
		const items = range(6).map((i) => withAccount(i % 2 === 0 ? one : other));
		const run = await stopItems(one, items, { credentials: byItem(one) });
		expect(run.items.map(({ status }) => status)).toEqual(range(6).map(() => 'stopped'));
		for (const standIn of [one, other]) {
			expect(standIn.requests).toHaveLength(3);
			for (const { headers } of standIn.requests) {
				expect(headers).toMatchObject(signatureOf(standIn));
			}
			standIn.expectOnContract();
		}
		expect(run.credentialReads).toHaveLength(6);
		expect(run.mostReadsAtOnce).toBe(1);
	});

	it.each(providers)(
		'an item without an account fails alone, be it the first (%s)',
		async (provider) => {
			const standIn = await start(provider);
			const { id, token, url } = spec(provider);
			const items = [
				...[id, token, url].map(({ name }) => withAccount(standIn, { [name]: undefined })),
				withAccount(standIn),
				withAccount(standIn, { [id.name]: null }),
				withAccount(standIn),
			];
			const run = await stopItems(standIn, items, { credentials: byItem(standIn), ...regular });
			const empty = (label: string) => ({
				status: 'failed',
				failure: 'credentials',
				error: `'${label}' is empty`,
			});
			expect(run.items).toMatchObject([
				...[id, token, url].map(({ label }) => empty(label)),
				{ status: 'stopped' },
				empty(id.label),
				{ status: 'stopped' },
			]);
			// An address that is not there is not replaced by the vendor's own.
			expect(standIn.requests).toHaveLength(2);
			expect(running(standIn)).toBe(4);
		},
	);

	it.each(providers)(
		'a token that is wrong for one item is no other item’s (%s)',
		async (provider) => {
			const standIn = await start(provider);
			const items = [
				withAccount(standIn),
				withAccount(standIn, { [spec(provider).token.name]: 'example-wrong-token' }),
				withAccount(standIn),
			];
			const run = await stopItems(standIn, items, { credentials: byItem(standIn), ...regular });
			expect(run.items).toMatchObject([
				{ status: 'stopped' },
				{ failure: 'credentials', statusCode: 401 },
				{ status: 'stopped' },
			]);
			expect(JSON.stringify(run.items)).not.toContain('example-wrong-token');
		},
	);

	it('a credential that n8n cannot resolve for one item fails that item, in n8n’s own words', async () => {
		const standIn = await start('plivo');
		const items = [{ ...live(standIn).item, bad: true }, live(standIn).item];
		const authId = `={{ $json.bad ? $('Nowhere').item.json.x : '${standIn.credentials.authId}' }}`;
		const run = await stopItems(standIn, items, {
			credentials: { plivoBasicApi: { ...standIn.credentials, authId } },
			...regular,
		});
		expect(run.items).toMatchObject([
			{
				failure: 'credentials',
				error: expect.stringMatching(
					/^n8n could not read the Plivo Basic API credential for Plivo: “.*\[Error resolving credentials\]”$/,
				),
			},
			{ status: 'stopped' },
		]);
	});

	it('500 items of one account keep one limit, and another account has its own', async () => {
		const [one, other] = await startTwo('vobiz', { delayMs: 20 });
		const items = range(500).map((i) => withAccount(i % 10 === 0 ? other : one));
		const run = await stopItems(one, items, {
			credentials: byItem(one),
			options: { maxConcurrency: 2 },
		});
		expect(run.error).toBeUndefined();
		expect([one, other].map(({ requests }) => requests.length)).toEqual([450, 50]);
		expect(one.mostAtOnce).toBe(2);
		expect(other.mostAtOnce).toBeLessThanOrEqual(2);
		expect(run.mostReadsAtOnce).toBe(1);
	}, 60_000);

	it('a fault of one account never holds up another', async () => {
		const [limited, other] = await startTwo('plivo');
		limited.fault = () => ({ status: 429, headers: { 'Retry-After': '99' } });
		const items = range(10).map((i) => withAccount(i % 2 === 0 ? limited : other));
		const run = await stopItems(limited, items, { credentials: byItem(limited), ...regular });
		expect(run.items.map(({ status }) => status)).toEqual(
			range(10).map((i) => (i % 2 === 0 ? 'failed' : 'stopped')),
		);
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
			range(3)
				.flatMap(() => standIns.map(({ credentialType }) => credentialType))
				.sort(),
		);
		expect(result.mostReadsAtOnce).toBe(1);
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
		expect(credentialReads).toEqual(range(3).map(() => 'vobizXAuthApi'));
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
