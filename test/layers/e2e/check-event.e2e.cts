// Check Event behind a real Webhook node: forms, GETs and JSON with n8n's raw body, true and forged.

import type { IDataObject, IWorkflowSettings } from 'n8n-workflow';

import { WRONG_KEY } from '../../lib/forgeries.cts';
import { until, type RunningN8n } from '../../lib/n8n/index.cts';
import { startWithStandIns } from '../../lib/n8n/withStandIns.cts';
import {
	providers,
	secretsIn,
	type ProviderName,
	type SignedEvent,
} from '../../lib/stand-ins/index.cts';
import { signalWireJsonSignature } from '../../lib/stand-ins/signatures.cts';
import { live, type Live, type RunningStandIn } from '../../lib/stops.cts';
import { chain, stopNode, webhook, workflow } from '../../../examples/src/workflows.cts';

/** Where the provider calls: nothing of it is the server's own address. */
const PUBLIC = 'https://hooks.example.com:8443/calls';
const LOGIN = { user: 'exampleLockUser', password: 'exampleOfAWebhookPassword' };

type How = Parameters<RunningStandIn['signedCallback']>[3];

const KINDS: Record<ProviderName, { began: string; callEnded: string }> = {
	signalWire: { began: 'stream-started', callEnded: 'call-completed' },
	plivo: { began: 'StartStream', callEnded: 'Hangup' },
	vobiz: { began: 'StartStream', callEnded: 'Hangup' },
};

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

describe('Check Event behind a real Webhook node', () => {
	let n8n: RunningN8n;
	let standInOf: (provider: string) => RunningStandIn;
	let close = (): Promise<void> => Promise.resolve();
	let loginId: string;

	beforeAll(async () => {
		({ n8n, standInOf, close } = await startWithStandIns('check-event', providers, {
			WEBHOOK_URL: `${PUBLIC}/`,
		}));
		loginId = await n8n.createCredential('httpBasicAuth', 'lock', LOGIN);
	});

	afterAll(async () => await close());

	interface Hook {
		rawBody?: boolean;
		requireSignature?: boolean;
		settings?: IWorkflowSettings;
	}

	/** Publishes a webhook that answers with what Check Event says, and gives back its path. */
	const publish = async (
		standIn: RunningStandIn,
		title: string,
		{ rawBody = false, requireSignature, settings = {} }: Hook,
	): Promise<string> => {
		const path = `lock-${standIn.provider}-${title}`;
		const hook = webhook('Event', {
			methods: ['GET', 'POST'],
			lock: 'basicAuth',
			path,
			responseMode: 'lastNode',
		});
		const check = stopNode(
			'Check',
			{
				provider: standIn.provider,
				operation: 'checkEvent',
				...(requireSignature !== undefined && { requireSignature }),
				options: { includeEvent: true },
			},
			'continueRegularOutput',
		);
		const credentialId =
			requireSignature === false
				? undefined
				: await n8n.createCredential(standIn.credentialType, path, { ...standIn.credentials });
		const plan = workflow({
			name: path,
			rows: [
				[
					{
						...hook,
						parameters: { ...hook.parameters, options: { rawBody } },
						webhookId: path,
						credentials: { httpBasicAuth: { id: loginId, name: 'lock' } },
					},
					{
						...check,
						...(credentialId !== undefined && {
							credentials: { [standIn.credentialType]: { id: credentialId, name: path } },
						}),
					},
				],
			],
			// GET comes out of the first output, POST out of the second.
			flows: [...chain('Event', 'Check'), ['Event', 'Check', 1]],
		});
		const saved = await n8n.createWorkflow({
			...plan,
			settings: { ...plan.settings, ...settings },
		});
		await n8n.activate(saved);
		return path;
	};

	/** Sends an event to the server itself, and gives back what the webhook answered. */
	const send = async (path: string, { url, method, headers, text }: SignedEvent) =>
		await until('An answer of the webhook', 30, async () => {
			const answer = await fetch(`${n8n.url}/webhook/${path}${new URL(url).search}`, {
				method,
				headers: { ...headers, connection: 'close' },
				...(method === 'POST' && { body: text }),
			});
			if (answer.status === 404) return undefined;
			const said = await answer.text();
			expect(answer.status).toBe(200);
			expect(secretsIn(said, [LOGIN.password, LOGIN.user, path, WRONG_KEY])).toEqual([]);
			return JSON.parse(said) as IDataObject;
		});

	const addressOf = (path: string, query = '') =>
		`${PUBLIC}/webhook/${path}${query}`.replace('://', `://${LOGIN.user}:${LOGIN.password}@`);

	describe.each(providers)('%s', (provider) => {
		const { began, callEnded } = KINDS[provider];
		let standIn: RunningStandIn;
		let path: string;
		let target: Live;

		beforeAll(async () => {
			standIn = standInOf(provider);
			path = await publish(standIn, 'signed', {});
			target = live(standIn);
		});

		afterEach(() => expect(standIn.requests).toEqual([]));

		const sign = (how: How = {}, kind = began, address = addressOf(path)) =>
			standIn.signedCallback(kind, target.stream, address, how);

		const about = { provider, operation: 'checkEvent' };
		const ids = () => ({ callId: target.call.id, stream: target.stream.id });

		test.each(['POST', 'GET'] as const)('a signed %s is let through', async (method) => {
			const event = sign({ method });
			const expected = { event: 'streamStarted', signed: true, ...about, ...ids() };
			expect(await send(path, event)).toEqual({ ...expected, fields: event.body });
			expect(await send(path, sign({ method }, callEnded))).toMatchObject({
				event: 'callEnded',
				signed: true,
				callId: target.call.id,
			});
		});

		const untrusted = () => ({ failure: 'untrusted', ...about, ...ids() });

		test.each(['POST', 'GET'] as const)('a forged %s is not let through', async (method) => {
			for (const event of [
				sign({ method, key: WRONG_KEY }),
				sign({ method }, began, addressOf('lock-of-another-webhook')),
			]) {
				expect(await send(path, event)).toEqual({
					...untrusted(),
					error: expect.stringMatching(
						/^The signature does not match this event and the URL https:\/\/hooks\.example\.com:8443\/…gned/,
					),
					message: expect.stringContaining('WEBHOOK_URL'),
				});
			}
		});

		test('an event without a signature is not let through', async () => {
			const event = sign();
			const headers = Object.entries(event.headers).filter(([name]) => !/signature/i.test(name));
			expect(await send(path, { ...event, headers: Object.fromEntries(headers) })).toMatchObject(
				untrusted(),
			);
		});

		test('where no signature is required, it needs no credential, and says that nobody signed', async () => {
			const open = await publish(standIn, 'open', { requireSignature: false });
			expect(await send(open, sign({ key: WRONG_KEY }))).toMatchObject({
				event: 'streamStarted',
				signed: false,
				...ids(),
			});
		});
	});

	describe('JSON of SignalWire', () => {
		let standIn: RunningStandIn;
		let target: Live;

		beforeAll(async () => {
			standIn = standInOf('signalWire');
			target = live(standIn);
		});

		afterEach(() => expect(standIn.requests).toEqual([]));

		const sign = (path: string, how: How = {}, kind = 'calling.call.stream', query = '') =>
			standIn.signedCallback(kind, target.stream, addressOf(path, query), {
				json: ['SHA-1'],
				...how,
			});

		/** The event as it was signed, with another text in its place, or signed anew. */
		const withText = (path: string, text: string, signedText?: string): SignedEvent => {
			const event = sign(path);
			const address = `${PUBLIC}/webhook/${path}`;
			const key = String(standIn.credentials.signingSecret);
			return {
				...event,
				text,
				headers: {
					...event.headers,
					...(signedText !== undefined && {
						'X-SignalWire-Signature': signalWireJsonSignature(address, signedText, key),
					}),
				},
			};
		};

		const ids = () => ({ callId: target.call.id, stream: target.stream.controlId });

		describe.each([
			['beside the item', 'separate'],
			['in the item', 'combined'],
		] as const)('where n8n keeps files %s', (_where, binaryMode) => {
			let path: string;

			beforeAll(async () => {
				path = await publish(standIn, binaryMode, { rawBody: true, settings: { binaryMode } });
			});

			test('is let through where the Webhook node hands over its raw body', async () => {
				const pretty = JSON.stringify(sign(path).body, null, 2);
				for (const event of [
					sign(path),
					sign(path, { json: ['SHA-256'] }),
					withText(path, pretty, pretty),
					withText(path, `\uFEFF${pretty}`, pretty),
				]) {
					expect(await send(path, event)).toEqual({
						event: 'streamStarted',
						signed: true,
						provider: 'signalWire',
						operation: 'checkEvent',
						...ids(),
						fields: sign(path).body,
					});
				}
			});

			test('takes a call that stands in the query of its URL', async () => {
				const kind = 'calling.call.stream without call_id';
				const event = sign(path, {}, kind, `?call_id=${target.call.id}`);
				expect(await send(path, event)).toMatchObject({ event: 'streamStarted', ...ids() });
			});

			test('a form is checked as a form there', async () => {
				const event = sign(path, {}, 'stream-stopped');
				expect(await send(path, event)).toMatchObject({
					event: 'streamEnded',
					signed: true,
					stream: target.stream.id,
				});
			});

			test('is not let through where another key, URL or text was signed', async () => {
				const { text } = sign(path);
				for (const event of [
					sign(path, { key: WRONG_KEY }),
					{ ...sign('another-path'), text },
					withText(path, text.replace(target.call.id, 'another-call')),
					withText(path, `${text} `),
				]) {
					expect(await send(path, event)).toMatchObject({
						failure: 'untrusted',
						error: expect.stringMatching(/^The signature does not match this event/),
					});
				}
				expect(await send(path, sign(path, { json: [] }))).toMatchObject({
					failure: 'untrusted',
					error: 'The event carries no SignalWire signature',
					...ids(),
				});
			});
		});

		test("is refused without the raw body, and the sentence says to switch 'Raw Body' on", async () => {
			const path = await publish(standIn, 'parsed', {});
			expect(await send(path, sign(path))).toMatchObject({
				failure: 'untrusted',
				message: expect.stringContaining("Switch on 'Raw Body' in the options of the Webhook node"),
				...ids(),
			});
		});
	});
});
