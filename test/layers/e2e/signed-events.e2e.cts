// Signed events as a provider sends them, through a real Webhook node: what no rebuilt item can prove.

import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';

import {
	outputOf,
	until,
	type Execution,
	type RunningN8n,
	type SavedWorkflow,
} from '../../lib/n8n/index.cts';
import { startWithStandIns } from '../../lib/n8n/withStandIns.cts';
import { say } from '../../lib/processes.cts';
import type { Callback } from '../../lib/callbacks.cts';
import { FORGED, UNSIGNED, WRONG_KEY, type Forgery, type Sign } from '../../lib/forgeries.cts';
import { Deliveries } from '../../lib/stand-ins/deliver.cts';
import { basic } from '../../lib/stand-ins/events.cts';
import { secretsIn, type ProviderName, type SignedEvent } from '../../lib/stand-ins/index.cts';
import { live, type Live, type RunningStandIn } from '../../lib/stops.cts';
import {
	chain,
	setNode,
	stopNode,
	webhook,
	workflow,
	type Unplaced,
	type Values,
} from '../../../examples/src/workflows.cts';

/** Where the provider calls: nothing of it is the server's own address, which is plain http on loopback. */
const PUBLIC = 'https://hooks.example.com:8443/calls';
const LOGIN = { user: 'exampleLockUser', password: 'exampleOfAWebhookPassword' };
/** Long enough for an execution that should not be there to show. */
const NOTHING_MS = 700;

const WEBHOOK = 'Event';
const STOP = 'Stop';
const GO_ON = 'Go On';
const ROW = 'Row';

/** What a form may hold beside the documented fields. */
const PLAIN: readonly [string, string][] = [
	['tag', 'one'],
	['tag', 'two'],
	['note', 'a blank and a +'],
	['a name', ''],
];
const BRACKETS: readonly [string, string][] = [
	['a[b]', 'c'],
	['a[d]', 'e'],
];
const PLAIN_QUERY = 'tag=one&tag=two&note=a%20blank';
const BRACKETS_QUERY = 'a[b]=c';

interface ProviderCase {
	name: ProviderName;
	label: string;
	/** The event about a stream, and the names of its ids. */
	kind: string;
	ids: { call: string; stream: string };
	/** What the credential calls the key that its events are signed with. */
	keyLabel: string;
	/** What the signature covers beside scheme, host and path; with `order`, the query as it was written. */
	covers: { fields: boolean; nonce: boolean; order: boolean };
}

const PROVIDERS: ProviderCase[] = [
	{
		name: 'signalWire',
		label: 'SignalWire',
		kind: 'stream-started',
		ids: { call: 'CallSid', stream: 'StreamSid' },
		keyLabel: 'Signing Key',
		covers: { fields: true, nonce: false, order: true },
	},
	{
		name: 'plivo',
		label: 'Plivo',
		kind: 'StartStream',
		ids: { call: 'CallUUID', stream: 'StreamID' },
		keyLabel: 'Auth Token',
		covers: { fields: true, nonce: true, order: false },
	},
	{
		name: 'vobiz',
		label: 'Vobiz',
		kind: 'StartStream',
		ids: { call: 'CallUUID', stream: 'StreamID' },
		keyLabel: 'Auth Token',
		covers: { fields: false, nonce: true, order: false },
	},
];

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

type Signing = Parameters<RunningStandIn['signedCallback']>[3];

/** A published workflow behind a locked webhook, and the path that only the provider should know. */
interface Locked {
	saved: SavedWorkflow;
	/** From the first `/` on, behind `webhook` or `webhook-test`; the parameters filled in. */
	path: string;
}

const params = ['acme ltd', 'room-7'].map(encodeURIComponent).join('/');

/** Refused for the signature that came: it names what was compared, and the two usual reasons. */
const wrongSignature = ({ keyLabel }: ProviderCase): IDataObject => ({
	error: expect.stringMatching(
		/^The signature does not match this event.* https:\/\/hooks\.example\.com:8443\/…om-7( with its query)?$/,
	),
	message: expect.stringMatching(new RegExp(`WEBHOOK_URL.*'${keyLabel}'`, 's')),
});

describe('signed events through a real Webhook node', () => {
	let n8n: RunningN8n;
	let standInOf: (provider: string) => RunningStandIn;
	let close = (): Promise<void> => Promise.resolve();
	let loginId: string;
	const deliveries = new Deliveries();
	/** All that nothing may show that this node writes. */
	const hidden = [
		LOGIN.user,
		LOGIN.password,
		`${LOGIN.user}:${LOGIN.password}`,
		Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64'),
		WRONG_KEY,
	];

	beforeAll(async () => {
		const names = PROVIDERS.map(({ name }) => name);
		({ n8n, standInOf, close } = await startWithStandIns('signed-events', names, {
			WEBHOOK_URL: `${PUBLIC}/`,
		}));
		loginId = await n8n.createCredential('httpBasicAuth', 'lock', LOGIN);
	});

	afterAll(async () => await close());

	describe.each(PROVIDERS)('$name', (provider) => {
		const { name, label, kind, ids, covers } = provider;
		let standIn: RunningStandIn;
		let verifying: Locked;
		let proving: Locked;
		let target: Live;

		/** Publishes a webhook with Basic Auth and path parameters, and the nodes behind it. */
		const lock = async (
			title: string,
			webhookId: string,
			middle: readonly Unplaced[],
			stop: Unplaced,
		): Promise<Locked> => {
			const credentialId = await n8n.createCredential(standIn.credentialType, title, {
				...standIn.credentials,
			});
			const path = `lock-of-${title.replaceAll(' ', '-')}`;
			const names = [...middle.map((node) => node.name), STOP, GO_ON];
			const saved = await n8n.createWorkflow(
				workflow({
					name: title,
					rows: [
						[
							{
								...webhook(WEBHOOK, {
									methods: ['GET', 'POST'],
									lock: 'basicAuth',
									path: `${path}/:tenant/:room`,
								}),
								webhookId,
								credentials: { httpBasicAuth: { id: loginId, name: 'lock' } },
							},
							...middle,
							{
								...stop,
								credentials: { [standIn.credentialType]: { id: credentialId, name: title } },
							},
							setNode(GO_ON, { row: 'written' }),
						],
					],
					// GET comes out of the first output, POST out of the second.
					flows: [[WEBHOOK, names[0] ?? STOP], [WEBHOOK, names[0] ?? STOP, 1], ...chain(...names)],
				}),
			);
			await n8n.activate(saved);
			hidden.push(webhookId, path);
			return { saved, path: `/${webhookId}/${path}/${params}` };
		};

		const stopping = (options: Values, onError?: 'continueErrorOutput'): Unplaced =>
			stopNode(
				STOP,
				{ provider: name, operation: 'stopStream', source: 'event', options },
				onError,
			);

		beforeAll(async () => {
			standIn = standInOf(name);
			hidden.push(...standIn.secrets);
			verifying = await lock(
				`${name} verify`,
				`7c9f2b1e-${name}-4d6a-verify`,
				[],
				stopping({ verifySignature: true }, 'continueErrorOutput'),
			);
			proving = await lock(
				`${name} prove`,
				`e83a51d0-${name}-9b7c-prove`,
				// In place of a row of a table, which nothing signed.
				[
					setNode(ROW, {
						[ids.call]: '={{ $json.query.call }}',
						[ids.stream]: '={{ $json.query.stream }}',
					}),
				],
				stopping({ signedEvent: `={{ $('${WEBHOOK}').item.json }}` }),
			);
		});

		beforeEach(() => {
			standIn.reset();
			target = live(standIn);
		});

		afterEach(() => standIn.expectOnContract());

		/** An address of a webhook as it is typed at the provider. */
		const addressOf = (
			{ path }: Locked,
			{ query = '', base = PUBLIC, endpoint = 'webhook' } = {},
		): string =>
			`${base}/${endpoint}${path}${query === '' ? '' : `?${query}`}`.replace(
				'://',
				`://${LOGIN.user}:${LOGIN.password}@`,
			);

		const sign = (address: string, signing: Signing = {}, { stream } = target): SignedEvent =>
			standIn.signedCallback(kind, stream, address, signing);

		/** Sends an event to a webhook on the server's own address, whatever address was signed. */
		const deliver = async (
			{ path }: Locked,
			{ url, method, headers, text }: SignedEvent,
			endpoint = 'webhook',
		): Promise<number> =>
			await until('An answer of the webhook', 15, async () => {
				const { pathname, search } = new URL(url);
				const slash = pathname.endsWith('/') ? '/' : '';
				const { status, error } = await deliveries.send({
					kind,
					url: `${n8n.url}/${endpoint}${path}${slash}${search}`,
					method,
					headers,
					body: text,
				});
				if (status === null) throw new Error(error);
				return status === 404 ? undefined : status;
			});

		const executions = async ({ saved }: Locked, limit = 100): Promise<Array<{ id: string }>> => {
			const filter = encodeURIComponent(JSON.stringify({ workflowId: saved.id }));
			const { results } = (await n8n.rest(
				'GET',
				`/executions?limit=${String(limit)}&filter=${filter}`,
			)) as { results: Array<{ id: string }> };
			return results;
		};

		/** What the node itself wrote: n8n puts the item's own fields beside it on the error output. */
		const written = (execution: Execution): unknown => {
			const [event = {}] = [0, 1].flatMap((output) => outputOf(execution, WEBHOOK, output));
			const { resultData } = execution.data;
			const runs = (resultData.runData[STOP] ?? []).map(({ data, error, hints }) => ({
				error,
				hints,
				items: (data?.main ?? []).flatMap((items) =>
					(items ?? []).map(({ json, error: itemError }) => ({
						itemError,
						json: Object.fromEntries(
							Object.entries(json).filter(
								([field, value]) => JSON.stringify(event[field]) !== JSON.stringify(value),
							),
						),
					})),
				),
			}));
			return { error: resultData.error, runs };
		};

		/** Sends an event, and gives back the one execution that it started. */
		const send = async (
			locked: Locked,
			event: SignedEvent,
			endpoint?: string,
		): Promise<Execution> => {
			const before = (await executions(locked, 1))[0]?.id;
			await deliver(locked, event, endpoint);
			const id = await until('An execution', 15, async () => {
				const newest = (await executions(locked, 1))[0]?.id;
				return newest === before ? undefined : newest;
			});
			const execution = await n8n.waitForExecution(id);
			const wrote = JSON.stringify(written(execution));
			expect(wrote).toMatch(new RegExp(name, 'i'));
			expect(secretsIn(wrote, hidden)).toEqual([]);
			// They are there to be found: the item of the Webhook node holds them.
			expect(secretsIn(JSON.stringify(execution.data), hidden)).toContain('plain');
			return execution;
		};

		const wentOn = ({ data }: Execution): boolean => GO_ON in data.resultData.runData;
		/** The streams that are down: no other may go with the one that is meant. */
		const down = (): string[] =>
			standIn
				.streams()
				.filter((stream) => !stream.running)
				.map(({ id }) => id);

		const expectObeyed = (execution: Execution): void => {
			const { call, stream } = target;
			expect(outputOf(execution, STOP)).toEqual([
				expect.objectContaining({ callId: call.id, stream: stream.id, status: 'stopped' }),
			]);
			expect(execution.status).toBe('success');
			expect(wentOn(execution)).toBe(true);
			expect(standIn.requests).toHaveLength(1);
			expect(down()).toEqual([stream.id]);
		};

		const expectRefused = (execution: Execution, said: IDataObject): void => {
			expect(outputOf(execution, STOP, 0)).toEqual([]);
			expect(outputOf(execution, STOP, 1)).toEqual([expect.objectContaining(said)]);
			expect(wentOn(execution)).toBe(false);
			expect(standIn.requests).toEqual([]);
			expect(down()).toEqual([]);
		};

		const OBEYED: Record<string, () => SignedEvent> = {
			'a form': () => sign(addressOf(verifying)),
			'a form with doubled names, blanks and a[b]': () =>
				sign(addressOf(verifying), { further: [...PLAIN, ...BRACKETS] }),
			'a form whose address has a query with doubled names and blanks': () =>
				sign(addressOf(verifying, { query: PLAIN_QUERY })),
			'a GET': () => sign(addressOf(verifying), { method: 'GET' }),
			'a GET with doubled names and blanks': () =>
				sign(addressOf(verifying), { method: 'GET', further: PLAIN }),
			'a slash at the end of the address': () =>
				sign(addressOf({ ...verifying, path: `${verifying.path}/` })),
		};

		test.each(Object.entries(OBEYED))('an event is obeyed: %s', async (_which, event) => {
			expectObeyed(await send(verifying, event()));
		});

		const IN_QUERY: Record<string, () => SignedEvent> = {
			'a form whose address has it': () => sign(addressOf(verifying, { query: BRACKETS_QUERY })),
			'a GET that has it': () => sign(addressOf(verifying), { method: 'GET', further: BRACKETS }),
		};

		test.each(Object.entries(IN_QUERY))(
			covers.fields
				? 'a[b] in a query is refused in words: %s'
				: 'a[b] in the query, which is not signed, is obeyed: %s',
			async (_which, event) => {
				const execution = await send(verifying, event());
				if (!covers.fields) {
					expectObeyed(execution);
					return;
				}
				expectRefused(execution, {
					error: `The query string of this callback cannot be rebuilt the way ${label} signed it`,
					message: expect.stringContaining('a[b]'),
				});
			},
		);

		test(
			covers.order
				? 'doubled names that stand apart in a query, which n8n puts together, are refused'
				: 'doubled names that stand apart in a query are obeyed',
			async () => {
				const address = addressOf(verifying, { query: 'tag=one' });
				const event = sign(address, { method: 'GET', further: [['tag', 'two']] });
				const execution = await send(verifying, event);
				if (covers.order) expectRefused(execution, wrongSignature(provider));
				else expectObeyed(execution);
			},
		);

		/** What arrives of a forgery, in place of the provider's own event about the target. */
		const forge = ({ forge: forgeWith }: Forgery, method: 'POST' | 'GET'): SignedEvent => {
			const real = sign(addressOf(verifying), { method });
			const signWith: Sign = ({
				key,
				address = (same: string) => same,
				ofAnotherCall = false,
			} = {}) => {
				const of = ofAnotherCall ? live(standIn) : target;
				const { url, headers, text } = sign(address(addressOf(verifying)), { method, key }, of);
				return { address: url, headers, ...(method === 'POST' && { form: text }) };
			};
			const { address, form = '', headers }: Callback = forgeWith(signWith);
			return { ...real, url: address, text: form, headers };
		};

		type Row = [which: string, method: 'POST' | 'GET', forgery: Forgery];
		/** The forgeries that show here or do not; a GET has its fields in the address, and so differs in these. */
		const forgeries = (of: Record<string, Forgery>, shown = true): Row[] =>
			Object.entries(of)
				.filter(([, { shows }]) => shows !== 'nonce' || covers.nonce)
				.filter(([, { shows }]) => (shows !== 'fields' || covers.fields) === shown)
				.flatMap(([which, forgery]): Row[] => [
					[which, 'POST', forgery],
					...(forgery.shows === 'fields' ? [[which, 'GET', forgery] satisfies Row] : []),
				]);

		test.each(forgeries(FORGED))(
			'an event with %s stops nothing (%s)',
			async (_which, method, forgery) => {
				expectRefused(await send(verifying, forge(forgery, method)), wrongSignature(provider));
			},
		);

		test.each(forgeries(UNSIGNED))(
			'an event with %s stops nothing (%s)',
			async (_which, method, forgery) => {
				expectRefused(await send(verifying, forge(forgery, method)), {
					error: `The event carries no ${label} signature`,
				});
			},
		);

		const open = forgeries(FORGED, false);
		if (open.length > 0) {
			test.each(open)(
				'NOT PROTECTED, the fields are not signed: an event with %s stops its stream (%s)',
				async (_which, method, forgery) => {
					expectObeyed(await send(verifying, forge(forgery, method)));
				},
			);
		}

		test('a signed event without the right user and password starts no execution', async () => {
			const before = await executions(verifying);
			for (const login of [undefined, basic(LOGIN.user, 'x'), basic('x', LOGIN.password)]) {
				const event = sign(addressOf(verifying));
				delete event.headers.Authorization;
				if (login) event.headers.Authorization = login;
				expect(await deliver(verifying, event)).toBe(401);
			}
			await sleep(NOTHING_MS);
			expect(await executions(verifying)).toHaveLength(before.length);
			expect(standIn.requests).toEqual([]);
			expect(down()).toEqual([]);
		});

		describe('in a test run', () => {
			/** Has n8n listen for one event, as the editor's button does. */
			const listen = async (): Promise<void> => {
				expect(
					await n8n.rest('POST', `/workflows/${verifying.saved.id}/run`, {
						workflowData: verifying.saved,
						triggerToStartFrom: { name: WEBHOOK },
					}),
				).toEqual({ waitingForWebhook: true });
			};
			const sendInTest = async (signing: Signing, endpoint = 'webhook-test') => {
				await listen();
				const event = sign(addressOf(verifying, { endpoint }), signing);
				const execution = await send(verifying, event, 'webhook-test');
				expect(execution.mode).toBe('manual');
				return execution;
			};

			test('a signed form and a signed GET are obeyed in a test run', async () => {
				for (const method of ['POST', 'GET'] as const) {
					standIn.reset();
					target = live(standIn);
					expectObeyed(await sendInTest({ method }));
				}
			});

			test('an event with a wrong key, or signed for production, stops nothing in a test run', async () => {
				expectRefused(await sendInTest({ key: WRONG_KEY }), wrongSignature(provider));
				expectRefused(await sendInTest({}, 'webhook'), wrongSignature(provider));
			});
		});

		describe('Signed Event, with the ids from elsewhere', () => {
			const rowOf = ({ call, stream }: Live): string => `call=${call.id}&stream=${stream.id}`;
			const expectFailed = (execution: Execution, message: RegExp): void => {
				expect(execution.status).toBe('error');
				expect(execution.data.resultData.error?.message).toMatch(message);
				expect(wentOn(execution)).toBe(false);
				expect(standIn.requests).toEqual([]);
				expect(down()).toEqual([]);
			};

			test('a Signed Event of the same call is obeyed', async () => {
				const event = sign(addressOf(proving, { query: rowOf(target) }));
				expectObeyed(await send(proving, event));
			});

			test('a Signed Event with a wrong key stops nothing, and the execution fails', async () => {
				const event = sign(addressOf(proving, { query: rowOf(target) }), { key: WRONG_KEY });
				expectFailed(await send(proving, event), /^The signature does not match this event/);
			});

			test('a Signed Event of another call proves nothing for this one', async () => {
				const event = sign(addressOf(proving, { query: rowOf(target) }), {}, live(standIn));
				expectFailed(
					await send(proving, event),
					/^The event in 'Signed Event' does not name this call/,
				);
			});
		});
	});

	test("n8n's own log shows no user, password, token, key or webhook path", () => {
		const log = readFileSync(n8n.log, 'utf8');
		expect(log).toContain(PUBLIC);
		// n8n itself names the path of a webhook that is not there yet: publishing takes it a moment.
		const lines = log.split('\n').filter((line) => !line.includes('is not registered'));
		expect(lines.filter((line) => secretsIn(line, hidden).length > 0)).toEqual([]);
		say(`    ${String(deliveries.sent.length)} events delivered`);
	});
});
