// Check Event as somebody meets it who wants to break it: who is let through, what is said, and what must not come out.

import { createHmac } from 'node:crypto';
import type { IDataObject, INodeExecutionData, INodeParameters } from 'n8n-workflow';

import { stopItems } from '../../nodes/StopAudioStream/stopItems';
import { webhookItem } from '../lib/callbacks.cts';
import { providerOf } from '../lib/providerOf.cts';
import { fakeRun } from '../lib/fakeRun.cts';
import { FORGED, UNSIGNED, WRONG_KEY, type Sign } from '../lib/forgeries.cts';
import type { Engine, NodeOutput, NodeRun } from '../lib/nodeRun.cts';
import { start } from '../lib/opened.cts';
import { type SignalWireStandIn, type Stream } from '../lib/stand-ins/index.cts';
import { signalWireJsonSignature } from '../lib/stand-ins/signatures.cts';
import { credentialsOf, live, pairs, type RunningStandIn } from '../lib/lives.cts';
import { received } from '../lib/webhookItems.cts';
import { judgeFailure } from './judge.cts';

const URL_OF = 'https://hooks.example.com:8443/webhook/example-lock/4f2a';
const LOCKED = URL_OF.replace('://', '://exampleUser:examplePassword@');

type How = Parameters<RunningStandIn['signedCallback']>[3];

/** The event with which a provider says that a stream began, and what it calls a call and a stream. */
const EVENTS = {
	signalWire: { started: 'stream-started', call: 'CallSid', stream: 'StreamSid' },
	plivo: { started: 'StartStream', call: 'CallUUID', stream: 'StreamID' },
	vobiz: { started: 'StartStream', call: 'CallUUID', stream: 'StreamID' },
};
const SIGNING = ['signalWire', 'plivo', 'vobiz'] as const;

const kindOf = ({ provider }: RunningStandIn): string =>
	SIGNING.filter((one) => one === provider).map((one) => EVENTS[one].started)[0] ?? '';

/** A form about a stream, as n8n's Webhook node hands it over. */
const form = (
	standIn: RunningStandIn,
	stream: Stream,
	how: How = {},
	address = LOCKED,
): INodeExecutionData & { json: { headers: IDataObject; body: IDataObject } } => {
	const item = received(standIn.signedCallback(kindOf(standIn), stream, address, how));
	const { headers, body } = item.json;
	return {
		...item,
		json: { ...item.json, headers: headers as IDataObject, body: body as IDataObject },
	};
};

/** The item with its headers changed, or without those that give back nothing. */
const withHeaders = (
	item: ReturnType<typeof form>,
	change: (name: string, value: unknown) => unknown,
): INodeExecutionData => ({
	...item,
	json: {
		...item.json,
		headers: Object.fromEntries(
			Object.entries(item.json.headers)
				.map(([name, value]) => [name, change(name, value)])
				.filter(([, value]) => value !== undefined),
		) as IDataObject,
	},
});

const unsigned = (item: ReturnType<typeof form>): INodeExecutionData =>
	withHeaders(item, (name, value) => (/signature/.test(name) ? undefined : value));

const CONTINUE = { onError: 'continueRegularOutput' } as const;
const off = { parameters: { requireSignature: false } };

/** What a failure of Check Event holds. */
const failed = (
	standIn: RunningStandIn,
	failure: string,
	error: RegExp,
	{ message = /\.$/, ...ids }: { message?: RegExp; callId?: string; stream?: string } = {},
) => ({
	failure,
	error: expect.stringMatching(error),
	message: expect.stringMatching(message),
	provider: standIn.provider,
	operation: 'checkEvent',
	...ids,
});

/** No failure of an event says anything about streams. */
const ABOUT_STREAMS = /running|in this run|stopped nothing|lost the stream/;

const judgeFailures = ({ items }: NodeOutput): void => {
	expect(items).not.toEqual([]);
	for (const item of items) {
		expect(Object.keys(item)).toEqual(expect.not.arrayContaining(['status']));
		expect(Object.keys(item)).toEqual(expect.not.arrayContaining(['stopped']));
		expect(JSON.stringify([item.error, item.message])).not.toMatch(ABOUT_STREAMS);
		if (item.failure !== undefined) judgeFailure(item);
	}
};

/** Whom Check Event believes, in an engine. */
export function eventTrust(engine: Engine) {
	/** Runs Check Event; a run may go on behind an item that fails. */
	const check = async (
		standIn: RunningStandIn,
		input: INodeExecutionData[],
		{ parameters, options = {}, ...run }: Partial<NodeRun> & { options?: INodeParameters } = {},
	): Promise<NodeOutput> =>
		await engine.run({
			parameters: {
				provider: standIn.provider,
				operation: 'checkEvent',
				...(Object.keys(options).length > 0 && { options }),
				...parameters,
			},
			input,
			credentials: credentialsOf(standIn),
			node: CONTINUE,
			...run,
		});

	describe.each(SIGNING)('Check Event of %s', (provider) => {
		let standIn: RunningStandIn;
		let stream: Stream;
		let ids: { callId: string; stream: string };

		beforeEach(async () => {
			standIn = await start(provider);
			const { call, stream: started } = live(standIn);
			stream = started;
			ids = { callId: call.id, stream: started.id };
		});

		// Whatever the event says, whoever sent it.
		afterEach(() => expect(standIn.requests).toEqual([]));

		const passed = (signed = true) => ({
			event: 'streamStarted',
			signed,
			provider,
			operation: 'checkEvent',
			...ids,
		});
		const { displayName, signature } = providerOf(provider);

		it('lets a signed form and a signed GET through', async () => {
			const { items } = await check(standIn, [
				form(standIn, stream),
				form(standIn, stream, { method: 'GET' }),
			]);
			expect(items).toEqual([passed(), passed()]);
		});

		const sign: Sign = ({ key, address, ofAnotherCall = false } = {}) => {
			const about = ofAnotherCall ? live(standIn).stream : stream;
			const event = standIn.signedCallback(kindOf(standIn), about, address?.(LOCKED) ?? LOCKED, {
				key,
			});
			const { headers, text } = event;
			return { address: LOCKED, form: text, headers };
		};
		const forgeries = Object.entries(FORGED).filter(
			([, { shows }]) =>
				(shows !== 'nonce' || provider !== 'signalWire') &&
				(shows !== 'fields' || signature.limits === undefined),
		);

		it.each(forgeries)(
			'lets no event through whose signature does not match: %s',
			async (_which, { forge }) => {
				const json = webhookItem(forge(sign), URL_OF) as IDataObject;
				const result = await check(standIn, [{ json }]);
				expect(result.items).toEqual([
					failed(standIn, 'untrusted', /^The signature does not match this event and the URL /, {
						message: /WEBHOOK_URL/,
						...ids,
					}),
				]);
				judgeFailures(result);
			},
		);

		it.each(Object.entries(UNSIGNED))('lets no unsigned event through: %s', async (_which, one) => {
			const json = webhookItem(one.forge(sign), URL_OF) as IDataObject;
			const result = await check(standIn, [{ json }]);
			const error = new RegExp(`^The event carries no ${displayName} signature$`);
			expect(result.items).toEqual([failed(standIn, 'untrusted', error, ids)]);
			judgeFailures(result);
		});

		const HANDED_ON: Record<string, (item: ReturnType<typeof form>) => INodeExecutionData> = {
			'no headers': (item) => ({ ...item, json: { ...item.json, headers: {} } }),
			'the signature in the body': (item) => {
				const body = { ...item.json.body, ...item.json.headers };
				return { ...item, json: { ...item.json, body, headers: {} } };
			},
			'a list in place of a header': (item) =>
				withHeaders(item, (name, value) => (/signature/.test(name) ? [value] : value)),
		};

		it.each(Object.entries(HANDED_ON))(
			'lets nothing through that no provider sends: %s',
			async (_which, change) => {
				const result = await check(standIn, [change(form(standIn, stream))]);
				expect(result.items).toMatchObject([{ failure: 'untrusted', ...ids }]);
				judgeFailures(result);
			},
		);

		it.each([
			['the body alone', (item: ReturnType<typeof form>) => ({ body: item.json.body })],
			['the fields alone', (item: ReturnType<typeof form>) => item.json.body],
			[
				'no webhook URL',
				({ json: { webhookUrl: _none, ...json } }: ReturnType<typeof form>) => json,
			],
			['nothing', () => ({})],
		])('takes %s for no item of a Webhook node', async (_which, jsonOf) => {
			const result = await check(standIn, [{ json: jsonOf(form(standIn, stream)) }]);
			expect(result.items[0]).toMatchObject({
				failure: 'untrusted',
				error: "'Require Signature' needs the item of a Webhook node, and was given something else",
			});
			judgeFailures(result);
		});

		if (signature.limits === undefined) {
			it('lets a form through only with every field that was signed', async () => {
				const item = form(standIn, stream);
				const [first = ''] = Object.keys(item.json.body);
				const { [first]: _taken, ...fewer } = item.json.body;
				const result = await check(standIn, [{ json: { ...item.json, body: fewer } }]);
				expect(result.items).toMatchObject([{ failure: 'untrusted' }]);
				judgeFailures(result);
			});
		} else {
			it('NOT PROTECTED, the body is not signed: an event with other ids passes', async () => {
				const { body } = form(standIn, live(standIn).stream).json;
				const item = form(standIn, stream);
				const { items } = await check(standIn, [{ json: { ...item.json, body } }]);
				expect(items).toMatchObject([{ signed: true, callId: body.CallUUID }]);
			});
		}

		it('believes nothing that stands beside body and query', async () => {
			const item = form(standIn, stream, { change: () => ({ note: 'no ids at all' }) });
			const beside = form(standIn, stream).json.body;
			const result = await check(standIn, [{ json: { ...beside, ...item.json } }]);
			expect(result.items).toEqual([
				failed(standIn, 'input', /^The signed event holds no \w+ call ID$/),
			]);
			judgeFailures(result);
		});

		it('refuses JSON, and says what to do, where no raw body is handed over', async () => {
			const item = form(standIn, stream);
			const headers = { ...item.json.headers, 'content-type': 'application/json' };
			const result = await check(standIn, [{ json: { ...item.json, headers } }]);
			expect(result.items).toEqual([
				failed(standIn, 'untrusted', /^The event's body is not a form/, {
					message: /Basic Auth.*switch 'Require Signature' off/s,
					...ids,
				}),
			]);
			judgeFailures(result);
		});

		it('says that an event looks like another provider’s', async () => {
			const other = provider === 'signalWire' ? 'CallUUID' : 'CallSid';
			const result = await check(standIn, [{ json: { body: { [other]: 'c' }, query: {} } }], off);
			expect(result.items).toEqual([
				failed(standIn, 'input', /; it looks like an event from (SignalWire|Plivo or Vobiz)$/, {
					message: /'Provider'/,
				}),
			]);
			judgeFailures(result);
		});

		it('says that an event is signed by another provider', async () => {
			const sender = await start(provider === 'plivo' ? 'vobiz' : 'plivo');
			const item = form(sender, live(sender).stream);
			const result = await check(standIn, [item]);
			const error = `The event carries no ${providerOf(standIn.provider).displayName} signature, but one from ${providerOf(sender.provider).displayName}`;
			expect(result.items).toMatchObject([
				{ failure: 'untrusted', error, message: expect.stringContaining("'Provider'") },
			]);
			judgeFailures(result);
		});

		describe('the field Require Signature', () => {
			it.each([
				['off', false],
				['the text false', 'false'],
				['the text FALSE with spaces', ' FALSE\n'],
				['an expression that gives false', '={{ 1 === 2 }}'],
				['an expression that gives the text false', "={{ 'false' }}"],
			])('lets everything through, and reads no credential: %s', async (_which, value) => {
				const items = [unsigned(form(standIn, stream)), { json: form(standIn, stream).json.body }];
				const run = await check(standIn, items, {
					parameters: { requireSignature: value },
					credentials: {},
				});
				expect(run.items).toEqual([passed(false), passed(false)]);
				expect(run.credentialReads).toEqual([]);
			});

			it.each([
				['missing', undefined],
				['on', true],
				['the text true', 'true'],
				['an expression that gives true', '={{ 1 === 1 }}'],
			])('lets no unsigned event through: %s', async (_which, value) => {
				const { items, credentialReads } = await check(
					standIn,
					[unsigned(form(standIn, stream)), form(standIn, stream)],
					{ parameters: value === undefined ? {} : { requireSignature: value } },
				);
				expect(items).toMatchObject([{ failure: 'untrusted' }, passed()]);
				expect(credentialReads).toHaveLength(2);
			});

			it.each([
				['an expression that gives nothing', '={{ $json.none }}'],
				['an expression that gives null', '={{ null }}'],
				['an expression that gives an empty text', "={{ '' }}"],
				['an expression that gives 0', '={{ 0 }}'],
				['an expression that gives a list', '={{ [false] }}'],
				['an expression that gives a word', "={{ 'no' }}"],
				['an empty text', ''],
			])('is refused, and never off: %s', async (_which, value) => {
				const result = await check(standIn, [form(standIn, stream)], {
					parameters: { requireSignature: value },
				});
				expect(result.items).toEqual([
					failed(standIn, 'input', /^'Require Signature' has no option/),
				]);
				judgeFailures(result);
			});

			it('is each item’s own where an expression gives it', async () => {
				const items = [true, false, true, false].map((required, at) => {
					const item = form(standIn, stream);
					const changed = at < 2 ? unsigned(item) : item;
					return { ...changed, json: { ...changed.json, required } };
				});
				const { items: out, credentialReads } = await check(standIn, items, {
					parameters: { requireSignature: '={{ $json.required }}' },
				});
				expect(out).toMatchObject([
					{ failure: 'untrusted' },
					passed(false),
					passed(true),
					passed(false),
				]);
				expect(credentialReads).toHaveLength(2);
			});

			it('means nothing to a stop: its credential is read and its request goes out', async () => {
				const { items, credentialReads } = await check(standIn, [{ json: {} }], {
					parameters: { operation: 'stopStream', requireSignature: false, ...ids },
					options: { preview: true },
				});
				expect(items).toMatchObject([{ status: 'preview' }]);
				expect(credentialReads).toEqual([standIn.credentialType]);
			});
		});

		describe('its credential', () => {
			it('is asked for in words where none is selected, and the call is named', async () => {
				const result = await check(standIn, [form(standIn, stream)], { credentials: {} });
				expect(result.items).toEqual([
					failed(standIn, 'credentials', /^No .* credential is selected for /, ids),
				]);
				judgeFailures(result);
			});

			it('with a URL that is not https is refused before anything is checked', async () => {
				const { credential } = providerOf(provider);
				const result = await check(standIn, [form(standIn, stream)], {
					credentials: {
						[standIn.credentialType]: {
							...standIn.credentials,
							[credential.url.name]: 'http://api.example.com',
						},
					},
				});
				expect(result.items).toEqual([
					failed(standIn, 'credentials', /does not start with https:\/\/$/, ids),
				]);
				judgeFailures(result);
			});

			it.each(['', '   '])(
				'with the key %j proves nothing: anybody could sign with that',
				async (key) => {
					const { credential } = providerOf(provider);
					const name = (credential.signingKey ?? credential.token).name;
					const result = await check(standIn, [form(standIn, stream, { key })], {
						credentials: { [standIn.credentialType]: { ...standIn.credentials, [name]: key } },
					});
					expect(result.items).toMatchObject([{ failure: 'credentials', provider }]);
					judgeFailures(result);
				},
			);

			it('that cannot be read fails each item alone', async () => {
				const result = await check(standIn, [form(standIn, stream), form(standIn, stream)], {
					credentials: {},
					node: {
						...CONTINUE,
						credentials: { [standIn.credentialType]: { id: '1', name: 'gone' } },
					},
				});
				const one = failed(standIn, 'credentials', /^n8n could not read the /, ids);
				expect(result.items).toEqual([one, one]);
				judgeFailures(result);
			});

			it('is not shown, even where the event itself holds its key', async () => {
				const [secret = ''] = standIn.secrets;
				const item = form(standIn, stream, { further: [['note', `key ${secret}`]] });
				const { items } = await check(standIn, [item], { options: { includeEvent: true } });
				expect(items).toMatchObject([{ ...passed(), fields: { note: 'key ***' } }]);
			});
		});

		describe('where an item fails', () => {
			const three = () => [
				form(standIn, stream),
				form(standIn, stream, { key: WRONG_KEY }),
				unsigned(form(standIn, live(standIn).stream)),
			];

			it('goes on with the others, in order and paired', async () => {
				const run = await check(standIn, three());
				expect(run.items).toMatchObject([
					passed(),
					{ failure: 'untrusted', ...ids },
					{ failure: 'untrusted' },
				]);
				expect(pairs(run.outputs[0])).toEqual([0, 1, 2]);
				expect(run.hints).toEqual([]);
			});

			it('sends it to the error output, with two sentences', async () => {
				const run = await check(standIn, three(), { node: { onError: 'continueErrorOutput' } });
				expect(run.items).toEqual([passed()]);
				expect(run.outputs[1]).toHaveLength(2);
				expect(pairs(run.outputs[1] ?? [])).toEqual([1, 2]);
				expect(run.outputs[1]?.[0]?.json).toMatchObject({
					error: expect.stringMatching(/^The signature does not match/),
					message: expect.stringMatching(`call ${ids.callId}, stream ${ids.stream}\\.$`),
				});
				expect(JSON.stringify(run.outputs[1]?.map(({ json: { message } }) => message))).not.toMatch(
					ABOUT_STREAMS,
				);
			});

			it('stops with the first failure, which names its call and no streams that may be left', async () => {
				const { error } = await check(standIn, three(), { node: { onError: 'stopWorkflow' } });
				expect(error).toMatchObject({
					message: expect.stringMatching(/^The signature does not match/),
					context: { itemIndex: 1, failure: 'untrusted', provider, ...ids },
				});
				expect(error?.description).toContain(`This is about call ${ids.callId}`);
				expect(error?.description).not.toMatch(ABOUT_STREAMS);
			});
		});

		it('says nothing about streams where the provider is none that there is', async () => {
			const parameters = { provider: 'twilio', requireSignature: false };
			const input = [{ json: form(standIn, stream).json.body }, { json: {} }];
			const result = await check(standIn, input, { parameters });
			expect(result.items).toMatchObject([
				{ failure: 'input', error: "'Provider' has no option “twilio”" },
				{ failure: 'input' },
			]);
			judgeFailures(result);
			const { error } = await check(standIn, input, { parameters, node: {} });
			expect(error?.description).not.toMatch(ABOUT_STREAMS);
		});

		it('takes an id that came twice alike and one with spaces around it, and refuses what disagrees', async () => {
			const { call, stream: streamName } = EVENTS[provider];
			const at = (body: IDataObject) => ({ json: { body } });
			const { items } = await check(
				standIn,
				[
					at({ [call]: ['c', 'C'], [streamName]: ' s\n' }),
					at({ [call]: ['c', 'd'] }),
					at({ [call]: 7 }),
					at({ [call]: 'undefined' }),
					at({ [call]: '' }),
					at({ [call]: null, note: 'x' }),
				],
				off,
			);
			expect(items).toEqual([
				{
					event: 'other',
					signed: false,
					provider,
					operation: 'checkEvent',
					callId: 'c',
					stream: 's',
				},
				failed(standIn, 'input', /came twice in the incoming event/),
				failed(standIn, 'input', /is not text$/),
				failed(standIn, 'input', /holds “undefined”/),
				failed(standIn, 'input', /^The incoming event holds no \w+ call ID$/),
				failed(standIn, 'input', /^The incoming event holds no \w+ call ID$/),
			]);
		});

		it('shows the body of a POST, even if its URL alone names the call', async () => {
			const { call } = EVENTS[provider];
			const body = { note: 'of the provider' };
			const { items } = await check(standIn, [{ json: { query: { [call]: 'c' }, body } }], {
				...off,
				options: { includeEvent: true },
			});
			expect(items).toMatchObject([{ event: 'other', callId: 'c', fields: body }]);
		});

		it('says nothing about streams where the execution is cancelled', async () => {
			const { context } = fakeRun({
				parameters: { provider, operation: 'checkEvent' },
				items: [form(standIn, stream).json],
				credentials: credentialsOf(standIn),
				node: CONTINUE,
				signal: AbortSignal.abort(),
			});
			const [output = []] = await stopItems(context);
			expect(output.map(({ json: item }) => item)).toEqual([
				failed(
					standIn,
					'unavailable',
					/^The execution was canceled before this event was checked$/,
					ids,
				),
			]);
		});
	});

	describe('Check Event of JSON that SignalWire signed, with the raw body', () => {
		let standIn: SignalWireStandIn;
		let stream: Stream;
		let ids: { callId: string; stream: string };
		let text: string;

		beforeEach(async () => {
			standIn = await start('signalWire');
			const { call, stream: started } = live(standIn);
			stream = started;
			ids = { callId: call.id, stream: stream.controlId };
			text = JSON.stringify(standIn.callback('calling.call.stream', stream).body);
		});

		afterEach(() => expect(standIn.requests).toEqual([]));

		const passed = () => ({
			event: 'streamStarted',
			signed: true,
			provider: 'signalWire',
			operation: 'checkEvent',
			...ids,
		});

		interface Sent {
			url?: string;
			/** What is signed, if it is not what is sent. */
			signedText?: string;
			signedUrl?: string;
			sent?: string;
			algorithm?: 'sha1' | 'sha256';
			header?: string;
			signature?: string;
			rawBody?: boolean;
			headers?: Record<string, string>;
		}

		/** The item of a JSON event, signed and sent as it is said. */
		const json = ({
			url = URL_OF,
			sent = text,
			signedText = sent,
			signedUrl = url,
			algorithm = 'sha1',
			header = algorithm === 'sha1' ? 'X-SignalWire-Signature' : 'X-SignalWire-SHA256-Signature',
			signature = signalWireJsonSignature(
				signedUrl,
				signedText,
				standIn.credentials.signingSecret,
				algorithm,
			),
			rawBody = true,
			headers = {},
		}: Sent = {}): INodeExecutionData =>
			received(
				{
					url,
					text: sent,
					headers: { 'Content-Type': 'application/json', [header]: signature, ...headers },
				},
				{ rawBody },
			);

		const hmac = (signed: string) =>
			createHmac('sha1', standIn.credentials.signingSecret).update(signed);
		const hex = (signed: string) => hmac(signed).digest('hex');
		/** As SignalWire signs forms alone. */
		const base64 = (signed: string) => hmac(signed).digest('base64');

		const outcomes = ({ items }: NodeOutput) => items.map(({ failure, event }) => failure ?? event);

		it('lets it through with SHA-1 and with SHA-256, under each of the headers', async () => {
			const { items } = await check(standIn, [
				json(),
				json({ header: 'X-Twilio-Signature' }),
				json({ algorithm: 'sha256' }),
				json({ headers: { 'X-SignalWire-SHA256-Signature': 'example-of-a-wrong-one' } }),
			]);
			expect(items).toEqual([passed(), passed(), passed(), passed()]);
		});

		it('reads the text as it was signed: spaces, escapes, letters beyond ASCII, without a BOM', async () => {
			const pretty = JSON.stringify({ ...JSON.parse(text), note: 'Zoë \u{1f600}' }, null, '\t');
			const escaped = text.replaceAll('e', '\\u0065');
			const { items } = await check(standIn, [
				json({ sent: pretty }),
				json({ sent: escaped }),
				json({ sent: ` ${text}\r\n` }),
				json({ sent: `\uFEFF${text}`, signedText: text }),
			]);
			expect(items).toEqual([passed(), passed(), passed(), passed()]);
		});

		it('takes the URL with its query, with and without the port, and with user and password', async () => {
			const query = `${URL_OF}?tenant=a%20b&x=1`;
			const login = `Basic ${Buffer.from('exampleUser:examplePassword').toString('base64')}`;
			const { items } = await check(standIn, [
				json({ url: query }),
				json({ signedUrl: URL_OF.replace(':8443', '') }),
				json({ headers: { Authorization: login } }),
				json({ headers: { Authorization: login }, signature: hex(LOCKED + text) }),
			]);
			expect(items).toEqual([passed(), passed(), passed(), passed()]);
		});

		it('refuses a query that n8n takes apart, in words that say what to write in its place', async () => {
			const { items } = await check(standIn, [json({ url: `${URL_OF}?a[b]=c` })]);
			expect(items).toMatchObject([
				{
					failure: 'untrusted',
					error: 'The query string of this callback cannot be rebuilt the way SignalWire signed it',
				},
			]);
		});

		it('lets nothing through whose text, URL, query or key is another', async () => {
			const forged = [
				json({ signedText: text.replace(ids.callId, 'another-call') }),
				json({ signedText: `${text} ` }),
				json({ signedText: `\uFEFF${text}` }),
				json({ signedUrl: URL_OF.replace('4f2a', '5f2a') }),
				json({ url: `${URL_OF}?call_id=another`, signedUrl: URL_OF }),
				json({ url: URL_OF, signedUrl: `${URL_OF}?call_id=another` }),
				json({ signature: signalWireJsonSignature(URL_OF, text, WRONG_KEY) }),
				json({
					signature: signalWireJsonSignature(URL_OF, text, standIn.credentials.apiToken),
				}),
			];
			const result = await check(standIn, forged);
			expect(outcomes(result)).toEqual(forged.map(() => 'untrusted'));
			judgeFailures(result);
			expect(result.items[0]).toMatchObject({
				error: expect.stringMatching(/ https:\/\/hooks\.example\.com:8443\/…4f2a$/),
				...ids,
			});
		});

		it('lets nothing through under the scheme of forms, in capitals, or under the header of the other hash', async () => {
			const key = standIn.credentials.signingSecret;
			const sha1 = signalWireJsonSignature(URL_OF, text, key, 'sha1');
			const sha256 = signalWireJsonSignature(URL_OF, text, key, 'sha256');
			const forged = [
				json({ signature: base64(URL_OF + text) }),
				// A GET of this URL would be signed so.
				json({ signature: base64(URL_OF) }),
				json({ signature: sha1.toUpperCase() }),
				json({ signature: `${sha1},${sha1}` }),
				json({ signature: sha256 }),
				json({ algorithm: 'sha256', signature: sha1 }),
			];
			const result = await check(standIn, forged);
			expect(outcomes(result)).toEqual(forged.map(() => 'untrusted'));
			judgeFailures(result);
		});

		it('lets no form through that only has the JSON’s signature, nor JSON that has a form’s', async () => {
			const item = form(standIn, stream, {}, URL_OF);
			const body = new URLSearchParams(item.json.body as Record<string, string>).toString();
			const signedAsJson = signalWireJsonSignature(URL_OF, body, standIn.credentials.signingSecret);
			const asForm = withHeaders(item, (name, value) =>
				/signature/.test(name) ? signedAsJson : value,
			);
			const raw = { data: Buffer.from(body).toString('base64'), mimeType: 'application/json' };
			const result = await check(standIn, [
				{ ...asForm, binary: { data: raw } },
				{
					...withHeaders(item, (name, value) =>
						name === 'content-type' ? 'application/json' : value,
					),
					binary: { data: raw },
				},
			]);
			expect(outcomes(result)).toEqual(['untrusted', 'untrusted']);
		});

		it('checks a form by its fields, whatever file stands beside it', async () => {
			const item = form(standIn, stream, {}, URL_OF);
			const data = {
				data: Buffer.from('{"CallSid":"x"}').toString('base64'),
				mimeType: 'text/plain',
			};
			const { items } = await check(standIn, [{ ...item, binary: { data } }]);
			expect(items).toMatchObject([{ event: 'streamStarted', signed: true, stream: stream.id }]);
		});

		it('says that an event without a signature may have none', async () => {
			const { items } = await check(standIn, [json({ header: 'X-Other' })]);
			expect(items).toEqual([
				failed(standIn, 'untrusted', /^The event carries no SignalWire signature$/, {
					message: /Basic Auth and switch 'Require Signature' off/,
					...ids,
				}),
			]);
		});

		it('asks for the raw body where it is not there', async () => {
			const { items } = await check(standIn, [
				json({ rawBody: false }),
				{ ...json(), binary: {} },
				{ json: { ...json().json, _files: { data: 'no file' } } },
				{ json: { ...json().json, _files: 'none' } },
			]);
			const one = failed(
				standIn,
				'untrusted',
				/^The event's body is not a form, and the text that SignalWire signed is missing$/,
				{ message: /Switch on 'Raw Body' in the options of the Webhook node/, ...ids },
			);
			expect(items).toEqual([one, one, one, one]);
		});

		it('takes the raw body where n8n keeps files in the item itself', async () => {
			const { json: item, binary } = json();
			const { items } = await check(
				standIn,
				['_files', 'files'].map((name) => ({
					json: { ...item, [name]: { data: { ...binary?.data } } },
				})),
			);
			expect(items).toEqual([passed(), passed()]);
		});

		it('asks n8n for a raw body that it keeps on disk: by its name, or as the file in the item itself', async () => {
			const { json: item, binary } = json();
			const file = { mimeType: 'application/json', data: 'filesystem-v2', id: 'filesystem-v2:raw' };
			const asked: unknown[] = [];
			const run = fakeRun({
				parameters: { provider: 'signalWire', operation: 'checkEvent' },
				credentials: credentialsOf(standIn),
				items: [],
				node: CONTINUE,
				overrides: {
					getInputData: () => [
						{ json: item, binary: { data: file } },
						{ json: { ...item, _files: { data: file } } },
					],
					helpers: {
						async getBinaryDataBuffer(itemIndex: number, of: unknown) {
							asked.push([itemIndex, of]);
							return await Promise.resolve(Buffer.from(binary?.data?.data ?? '', 'base64'));
						},
					},
				},
			});
			const [output = []] = await stopItems(run.context);
			expect(output.map((one) => one.json)).toEqual([passed(), passed()]);
			expect(asked).toEqual([
				[0, 'data'],
				[1, file],
			]);
		});

		const BODIES: Record<string, (body: IDataObject) => unknown> = {
			'another call': (body) => ({
				...body,
				params: { ...(body.params as IDataObject), call_id: 'another' },
			}),
			'a field more': (body) => ({ ...body, CallSid: 'another' }),
			'a field less': ({ event_type: _none, ...body }) => body,
			text: () => text,
			'a list': (body) => [body],
			null: () => null,
		};

		it.each(Object.entries(BODIES))(
			"believes what was signed: a 'body' that says something else is untrusted: %s",
			async (_which, change) => {
				const { json: item, binary } = json();
				const body = change(item.body as IDataObject) as IDataObject;
				const result = await check(standIn, [{ json: { ...item, body }, binary }]);
				expect(result.items[0]).toMatchObject({
					failure: 'untrusted',
					error: "The event's 'body' differs from the text that SignalWire signed",
				});
				judgeFailures(result);
			},
		);

		it('reads ids and words from the signed text, and shows it', async () => {
			const { json: item, binary } = json();
			const { items } = await check(
				standIn,
				[{ json: { ...item, params: { call_id: 'p' }, CallSid: 'r', StreamSid: 's' }, binary }],
				{ options: { includeEvent: true } },
			);
			expect(items).toEqual([{ ...passed(), fields: JSON.parse(text) as IDataObject }]);
		});

		it('takes the call from the query that was signed, and from nowhere else', async () => {
			const sent = JSON.stringify(
				standIn.callback('calling.call.stream without call_id', stream).body,
			);
			const url = `${URL_OF}?call_id=${ids.callId}`;
			const at = json({ sent });
			const result = await check(standIn, [
				json({ sent, url }),
				json({ sent, url, signedUrl: URL_OF }),
				{ ...at, json: { ...at.json, query: { call_id: ids.callId } } },
				at,
			]);
			expect(outcomes(result)).toEqual(['streamStarted', 'untrusted', 'untrusted', 'input']);
			expect(result.items[3]?.error).toBe('The signed event holds no SignalWire call ID');
			expect(result.items[0]).toEqual(passed());
			judgeFailures(result);
		});

		it('refuses a text that begins with the end of its query: both are signed as one text', async () => {
			const { json: item } = json({ url: `${URL_OF}?call_id=${ids.callId}` });
			const moved = ids.callId.slice(-1) + text;
			const data = { data: Buffer.from(moved).toString('base64'), mimeType: 'text/plain' };
			const query = { call_id: ids.callId.slice(0, -1) };
			const result = await check(standIn, [
				{ json: { ...item, query, body: moved }, binary: { data } },
			]);
			expect(outcomes(result)).toEqual(['untrusted']);
		});

		it.each(['5', '"text"', '[1]', 'null', '[]'])(
			'finds no call in the signed JSON %s',
			async (sent) => {
				const { items } = await check(standIn, [json({ sent })]);
				expect(items).toMatchObject([{ failure: 'input' }]);
			},
		);

		it('is what Check Event alone takes: a stop points to it', async () => {
			const { items } = await check(standIn, [json()], {
				parameters: { operation: 'stopStream', streamBy: 'controlId', source: 'event' },
				options: { verifySignature: true },
			});
			expect(items).toMatchObject([
				{
					status: 'failed',
					failure: 'untrusted',
					message: expect.stringContaining("'Check Event'"),
				},
			]);
		});
	});
}
