// Every sentence that a person reads: each can be seen, and each says what happened and what to do.

import type { ICredentialDataDecryptedObject, INodeParameters, IDataObject } from 'n8n-workflow';

import { authenticate, readAccount } from '../../nodes/StopAudioStream/input/account';
import { nothingToStop, readEnd, type SendEnd } from '../../nodes/StopAudioStream/outcome/verdicts';
import { trustedEnd } from '../../nodes/StopAudioStream/input/trust';
import { providers } from '../../nodes/StopAudioStream/providers/index';
import { waysToOneStream, type Provider } from '../../nodes/StopAudioStream/providers/provider';
import { messages, type Sentence } from '../../nodes/StopAudioStream/words/sentences';
import { vobizSignature } from '../lib/stand-ins/signatures.cts';
import { runInFakeTime, type FakeRun } from '../lib/fakeRun.cts';
import { providerOf } from '../lib/fakeSender.cts';
import { readWith, refused, type Fields } from '../lib/readEvent.cts';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

const [plivo, signalWire] = ['plivo', 'signalWire'].map(providerOf) as [Provider, Provider];
const [one] = plivo.ways;
const [bySid, byName] = waysToOneStream(signalWire);
const account = { origin: 'https://api.example', id: 'id', token: 'example-token', signingKey: '' };
const credential: ICredentialDataDecryptedObject = {
	authId: 'MAEXAMPLE',
	authToken: 'example-token',
	baseUrl: 'https://api.plivo.com',
};

type Said = Sentence | Promise<Sentence>;

/** The refusal of an item with these fields. */
const item = (fields: Fields, json: IDataObject = {}, isTool = false): Sentence =>
	refused(() =>
		readWith({ provider: 'plivo', callId: 'c', stream: 's', ...fields }, json, { isTool }),
	).failure;

/** The refusal of an event at Plivo. */
const event = (json: IDataObject, fields: Fields = {}) =>
	item({ source: 'event', stream: '', ...fields }, json);

/** The refusal of an event that must be signed first, at Plivo. */
const keptOf = (json: IDataObject, fields: Fields): Sentence => {
	const read = readWith({ provider: 'plivo', source: 'event', stream: '', ...fields }, json);
	if (!read.refused) throw new Error('Was not refused');
	return read.refused.failure;
};

/** The refusal of a Plivo credential with these values. */
const ofCredential = (values: ICredentialDataDecryptedObject) =>
	refused(() => readAccount(plivo.credential, { ...credential, ...values })).failure;

/** What a node that verifies says of an event. */
const untrusted = (
	json: IDataObject,
	options: IDataObject = { verifySignature: true },
	provider = 'plivo',
) => {
	const names = provider === 'signalWire' ? ['CallSid', 'StreamSid'] : ['CallUUID', 'StreamID'];
	const ids = Object.fromEntries(names.map((name) => [name, 'c']));
	const fields = { provider, source: 'event', options };
	const read = readWith(fields, { body: ids, ...ids, ...json });
	return refused(() => trustedEnd(read, account)).failure;
};
const webhook = {
	webhookUrl: 'https://n8n.example.com/webhook/7c9f',
	headers: { 'content-type': 'application/x-www-form-urlencoded' },
};
const signed = {
	...webhook,
	headers: {
		...webhook.headers,
		'x-plivo-signature-v3': 'x',
		'x-plivo-signature-v3-nonce': '1',
	},
};

/** The failure that the end of a send means. */
function failureOf(end: SendEnd, way = one, provider = plivo): Sentence {
	const reading = readEnd(provider, way, end);
	if (!('failure' in reading)) throw new Error('Did not fail');
	return reading.failure;
}

/** The failure that an answer means. */
const answered = (
	statusCode: number,
	body: unknown = { error: 'Words of the provider' },
	more: { retryAfterMs?: number; own?: { advice: string } } = {},
) => failureOf({ kind: 'answer', answer: { statusCode, headers: {}, body }, ...more });

/** The failure that comes out of a run for its one item. */
async function inRun(run: FakeRun): Promise<Sentence> {
	const node = { onError: 'continueRegularOutput' } as const;
	const { items } = await runInFakeTime({ ...run, node });
	const { error, message } = items[0] ?? {};
	if (typeof error !== 'string' || typeof message !== 'string') throw new Error('Did not fail');
	return { what: error, todo: message };
}

const found = (
	key:
		| 'nothingRunning'
		| 'notFound'
		| 'notFoundAllLive'
		| 'notFoundLive'
		| 'notFoundLiveUnsure'
		| 'notFoundUnknown',
) =>
	nothingToStop(plivo, one, {
		known: { noun: one.on.noun },
		sentence: messages[key],
		quote: ': “Words of the provider”',
	}).failure;

const NO_STREAM = { statusCode: 400, body: '{"api_id":"a","error":"No active stream found"}' };
const RUNNING = { statusCode: 200, body: '{"stream_id":"s","end_time":null}' };

/** For each sentence, one way in which the code comes to say it. */
const SEEN: Record<keyof typeof messages, () => Said> = {
	empty: () => item({ callId: ' ' }),
	notText: () => item({ callId: 5 }),
	onlyDots: () => item({ stream: '..' }),
	brokenText: () => item({ stream: 'cut off \ud83d' }),
	unknownChoice: () => item({ provider: 'twilio' }),
	notInRange: () => item({ options: { timeout: 'soon' } }),
	unreadableField: () => item({ options: 'none' }),
	noStopAll: () => item({ provider: 'signalWire', operation: 'stopAllStreams' }),
	notForTools: () => item({ provider: 'signalWire', streamBy: 'name' }, {}, true),
	notWebAddress: () => item({ provider: 'signalWire', streamBy: 'name', cxmlUrl: 'ftp://a' }),
	addressUnreadable: () => ofCredential({ baseUrl: 'https://' }),
	addressWithPassword: () => ofCredential({ baseUrl: 'https://a:example@b.example' }),
	addressNotHttps: () => ofCredential({ baseUrl: 'http://b.example' }),
	otherHost: () =>
		refused(() => authenticate(plivo.credential, credential, { url: 'https://other.example/' }))
			.failure,

	eventWithoutId: () => event({}),
	signedEventWithoutId: () => keptOf({ CallUUID: 'c' }, { options: { verifySignature: true } }),
	eventWithoutStream: () => event({ CallSid: 'c' }, { provider: 'signalWire' }),
	eventWithoutStreamStopAll: () => event({ CallUUID: 'c' }),
	eventNotText: () => event({ CallUUID: 7 }),
	eventDisagrees: () => event({ CallUUID: 'c', callId: 'd' }),

	notAWebhookItem: () => untrusted({}),
	signedEventEmpty: () => untrusted({}, { signedEvent: '' }),
	signedEventOtherCall: () => inRun(signedByVobiz()),
	noSignature: () => untrusted(webhook),
	notSignedInThisForm: () =>
		untrusted({ ...signed, headers: { 'content-type': 'application/json' } }),
	queryNotPlain: () => untrusted({ ...signed, query: { a: { b: 'c' } } }),
	wrongSignature: () => untrusted(signed),
	noSigningKey: () => untrusted(webhook, { verifySignature: true }, 'signalWire'),

	noCredential: () => inRun({ credentials: {} }),
	unreadableCredential: () =>
		inRun({ credentials: { plivoBasicApi: new Error('The vault could not be reached') } }),
	refused: () => answered(401),

	rateLimited: () => answered(429),
	waitTooLong: () => answered(429, undefined, { retryAfterMs: 90_000 }),
	unavailable: () => answered(503),
	noAnswer: () => failureOf({ kind: 'noAnswer', seconds: 10 }),
	connectionLost: () => failureOf({ kind: 'connectionLost', code: 'ECONNRESET' }),
	notReached: () => failureOf({ kind: 'notReached', code: 'ECONNREFUSED' }),
	proxyLogin: () => answered(407),
	untrustedCertificate: () =>
		failureOf({ kind: 'untrustedCertificate', host: 'api.example', code: 'CERT_UNTRUSTED' }),
	invalidCertificate: () =>
		failureOf({ kind: 'invalidCertificate', host: 'api.example', code: 'CERT_HAS_EXPIRED' }),
	blocked: () => failureOf({ kind: 'blocked', host: 'api.example' }),
	maybeActed: () => failureOf({ kind: 'noAnswer', seconds: 10 }, byName, signalWire),
	cancelled: () => failureOf({ kind: 'cancelled' }),
	redirected: () => answered(302, ''),
	rejected: () => answered(422),
	rejectedWith: () => answered(422, undefined, { own: { advice: 'Choose the other one.' } }),
	unknownPath: () => answered(404, { message: 'Words of a proxy' }),
	unreadable: () => answered(200),
	broken: () => failureOf({ kind: 'broken', reason: 'it was cut off' }),
	stillListed: () => inRun({ fates: ({ method }) => (method === 'DELETE' ? NO_STREAM : RUNNING) }),

	nothingRunning: () => found('nothingRunning'),
	notFound: () => found('notFound'),
	notFoundAllLive: () => found('notFoundAllLive'),
	notFoundLive: () => found('notFoundLive'),
	notFoundLiveUnsure: () => found('notFoundLiveUnsure'),
	notFoundUnknown: () => found('notFoundUnknown'),
	internal: () =>
		inRun({
			overrides: {
				getCredentials: async () => await Promise.resolve(BROKEN),
			},
		}),
};

/** A credential in which something breaks that never should. */
const BROKEN: ICredentialDataDecryptedObject = Object.create(null, {
	baseUrl: {
		get() {
			throw new Error('something unforeseen');
		},
	},
});

/** A run with a Signed Event of another call, as Vobiz signs it. */
function signedByVobiz(): FakeRun {
	const parameters: INodeParameters = {
		provider: 'vobiz',
		source: 'event',
		stream: '',
		options: '=options',
	};
	return {
		parameters,
		items: [
			{
				CallUUID: 'c',
				StreamID: 's',
				options: {
					signedEvent: {
						...webhook,
						headers: {
							...webhook.headers,
							'x-vobiz-signature-v2': VOBIZ_V2,
							'x-vobiz-signature-v2-nonce': '1',
						},
						body: { CallUUID: 'another' },
					},
				},
			},
		],
	};
}
/** HMAC-SHA256 of the webhook's address and the nonce, with 'example-token'. */
const VOBIZ_V2 = vobizSignature(webhook.webhookUrl, 'example-token', '1', 'V2');

/** A sentence as a pattern: each `{…}` stands for a text. */
const patternOf = (sentence: string) =>
	new RegExp(
		`^${sentence
			.split(/\{\w+\}/)
			.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
			.join('(.+)')}$`,
		's',
	);

const entries = Object.entries(messages) as Array<[keyof typeof messages, Sentence]>;

describe('every sentence', () => {
	it.each(entries)('%s can be seen, with all that belongs into it', async (key, sentence) => {
		const { what, todo } = await SEEN[key]();
		expect(what).toMatch(patternOf(sentence.what));
		expect(todo).toMatch(patternOf(sentence.todo));
		for (const text of [what, todo]) {
			expect(text).not.toMatch(/\{\w*\}|undefined|null|\[object| {2}|“”|''/);
		}
	});

	it.each(entries)('%s says what happened, then what to do', (_key, sentence) => {
		expect(Object.keys(sentence)).toEqual(['what', 'todo']);
		// On screen, what happened is a headline, and what to do is whole sentences.
		expect(sentence.what).toMatch(/^(?:'?\{\w+\}|[A-Z'n]).*[^.!?]$/);
		expect(sentence.todo).toMatch(/^(?:[A-Z'].*(?:\.|: \{\w+\}|\. \{hint\})|\{(hint|advice)\})$/);
		for (const text of [sentence.what, sentence.todo]) {
			expect(text).not.toMatch(/\b(please|sorry|oops|invalid|illegal)\b/i);
			// A field is named as the screen shows it, in single quotes.
			expect(text).not.toMatch(/["`]|\b(callId|streamBy|cxmlUrl|baseUrl|whenNothingToStop)\b/);
		}
	});

	it.each(providers)('$displayName has a hint for a credential that it rejects', (provider) => {
		const { address, id, token } = provider.credential;
		const [way] = provider.ways;
		const end: SendEnd = { kind: 'answer', answer: { statusCode: 401, headers: {}, body: '' } };
		const { todo } = failureOf(end, way, provider);
		expect(todo).toBe(provider.credentialHint);
		expect(todo).toMatch(/^Check .*\.$/);
		for (const { label } of [id, token]) expect(todo).toContain(`'${label}'`);
		if (provider !== plivo) expect(todo).toContain(`'${address.label}'`);
	});

	it('of a way names the fields of that way', () => {
		const { todo } = failureOf({ kind: 'cancelled' }, bySid, signalWire);
		expect(todo).toBe(messages.cancelled.todo);
		const end: SendEnd = { kind: 'answer', answer: { statusCode: 422, headers: {}, body: '' } };
		expect(failureOf(end, bySid, signalWire).todo).toContain("'Call SID' and 'Stream SID'");
	});
});
