// Whole runs in faked time: how long the node waits, when it gives up, and which sentence tells of it.

import type { IDataObject, IHttpRequestOptions, INodeParameters } from 'n8n-workflow';
import {
	credentialOf,
	networkError,
	runInFakeTime,
	type FakeRun,
	type Fate,
	type Fates,
} from '../lib/fakeRun.cts';

beforeEach(() => {
	jest.useFakeTimers({ now: 0 });
	jest.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
	jest.useRealTimers();
	jest.restoreAllMocks();
});

/** One run; `options` are the node's, and each of `streams` is one item's. */
interface Asked extends FakeRun {
	options?: INodeParameters;
	streams?: string[];
	/** When the execution is cancelled, in ms. */
	cancelAfter?: number;
}

/** What comes of it: the items, when requests left, and when the run ended, in s. */
interface Found {
	items: IDataObject[];
	sentAt?: number[];
	took?: number;
}

async function runOf({ streams = ['s'], options, cancelAfter, parameters, ...run }: Asked) {
	const controller = new AbortController();
	if (cancelAfter === 0) controller.abort();
	const { items, sentAt, took, hints } = await runInFakeTime(
		{
			items: streams.map((stream) => ({ stream })),
			signal: controller.signal,
			...run,
			node: { onError: 'continueRegularOutput', ...run.node },
			parameters: { stream: '=stream', ...(options && { options }), ...parameters },
		},
		async () => {
			if (cancelAfter === undefined) return;
			await jest.advanceTimersByTimeAsync(cancelAfter);
			controller.abort();
		},
	);
	return { items, hints, sentAt: sentAt.map((at) => at / 1_000), took: Math.round(took / 1_000) };
}

const notFound: Fate = { statusCode: 404, body: { api_id: 'x', error: 'not found' } };
const shownAs = (id: string, endTime: '' | null = null) => ({
	stream_id: id,
	status: 'initiated',
	end_time: endTime,
});
const shown = (id: string, endTime?: ''): Fate => ({ body: shownAs(id, endTime) });
const runs = { '/Stream/s/': shown('s') };
const live = { live: { body: { call_uuid: 'c' } } };
const listed = (id: string) => ({ ...live, '&offset=0': shown(id, '') });
const noneListed = { ...live, '&offset=0': { body: { api_id: 'x', objects: [] } } };
const busy = (seconds: number, statusCode = 503): Fate => ({
	statusCode,
	headers: { 'retry-after': String(seconds) },
});

/** Each stop gets the next of `stops`, the last one for good, and a read what is said for the end of its URL. */
function answers(stops: Fate[], reads: Record<string, Fate> = {}): Fates {
	let sent = 0;
	const answerTo = (url: string) => Object.entries(reads).find(([end]) => url.endsWith(end))?.[1];
	return ({ method, url }: IHttpRequestOptions) => {
		if (method === 'GET') return answerTo(url) ?? 500;
		sent += 1;
		return stops[Math.min(sent, stops.length) - 1] ?? 500;
	};
}

const retrying = { maxRetries: 10 };
const once = { maxRetries: 1 };
const oneByOne = { maxConcurrency: 1, timeout: 60_000 };
const confirm = { confirm: true, ...oneByOne };
const unconfirmed = (confirmReason: string) => ({ confirmed: false, confirmReason });
const cancelled = {
	failure: 'unavailable',
	error: 'The execution was canceled before Plivo confirmed this stop',
};
const cancelledRead = unconfirmed(
	'The execution was canceled before Plivo showed that the stop took effect',
);
const noTime = {
	status: 'notFound',
	message:
		'Plivo does not know this call or stream, and there was no time left to look into it: “not found”.',
};
const waitTooLong = 'Plivo asks to wait 60 s before the next request';
const still = 'Plivo lists the stream as running, but twice found nothing to stop: “not found”';

const RUNS: Record<string, [asked: Asked, found: Found]> = {
	'the wait before the next attempt doubles, up to 30 s, and an item ends within two minutes': [
		{ fates: [503], options: { maxRetries: ' 10 ' } },
		{
			items: [{ failure: 'unavailable', statusCode: 503, attempts: 9 }],
			...{ sentAt: [0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5], took: 92 },
		},
	],
	'the wait that a 503 asks for is kept': [
		{ fates: [busy(7.25), 204], options: retrying },
		{ items: [{ status: 'stopped', attempts: 2 }], sentAt: [0, 7.25] },
	],
	'the wait that a 429 asks for is kept': [
		{ fates: [busy(7, 429), 204], options: retrying },
		{ items: [{ status: 'stopped', attempts: 2 }], sentAt: [0, 7] },
	],
	'an item does not wait for an attempt that would have less than a second': [
		{ fates: [busy(30), busy(30), busy(30), busy(29)], options: retrying },
		{ items: [{ statusCode: 503, attempts: 4 }], sentAt: [0, 30, 60, 90], took: 90 },
	],
	'an item does not wait beyond its two minutes': [
		{ fates: [busy(30)], options: retrying },
		{ items: [{ statusCode: 503, attempts: 4 }], sentAt: [0, 30, 60, 90], took: 90 },
	],
	'an account that limits requests is waited for, until an item’s two minutes are over': [
		{ fates: [busy(29, 429)], options: retrying },
		{ items: [{ statusCode: 429, attempts: 5 }], sentAt: [0, 29, 58, 87, 116], took: 119 },
	],
	'Vobiz says in the body how long to wait': [
		{
			parameters: { provider: 'vobiz' },
			fates: [{ statusCode: 429, body: { error: { details: { retryAfter: 7 } } } }, 204],
		},
		{ items: [{ status: 'stopped' }], sentAt: [0, 7] },
	],
	'Vobiz says in a header until when to wait': [
		{
			parameters: { provider: 'vobiz' },
			fates: [
				{
					statusCode: 429,
					headers: { date: 'Thu, 01 Jan 1970 00:00:05 GMT', 'x-ratelimit-reset': '12' },
					body: { error: { details: { limit: 1 } } },
				},
				204,
			],
		},
		{ items: [{ status: 'stopped' }], sentAt: [0, 7] },
	],
	'a time that is more than a day off is none, and the node waits its own time': [
		{
			parameters: { provider: 'vobiz' },
			fates: [{ statusCode: 429, headers: { 'x-ratelimit-reset': '86400' } }, 204],
		},
		{ items: [{ status: 'stopped' }], sentAt: [0, 1] },
	],
	'what an account was told to wait holds for its other stops, which are not sent': [
		{ fates: [busy(60, 429)], streams: ['s', 's2'], options: oneByOne },
		{
			items: [
				{ error: waitTooLong, attempts: 1 },
				{ failure: 'rateLimit', error: waitTooLong, attempts: 0 },
			],
			sentAt: [0],
		},
	],
	'a stop is not called unreached if an attempt before may have arrived': [
		{ fates: ['read ECONNRESET', 'connect ECONNREFUSED'], options: once },
		{
			items: [
				{ attempts: 2, error: 'The connection to Plivo broke before it answered (ECONNREFUSED)' },
			],
		},
	],
	'a read that shows the stream as running refutes an attempt before it that may have stopped it': [
		{
			fates: answers(['read ECONNRESET', notFound], runs),
			options: { ...once, whenNothingToStop: 'succeed' },
		},
		{ items: [{ failure: 'rejected', error: still, attempts: 3 }] },
	],
	'a stop does not fail if an attempt after that read may have stopped the stream': [
		{
			fates: answers([notFound, 'read ECONNRESET', notFound], runs),
			options: { ...once, whenNothingToStop: 'fail' },
		},
		{ items: [{ status: 'notFound', attempts: 3 }] },
	],
	'a stream that is not found and shown as running is stopped once more after 500 ms': [
		{ fates: answers([notFound, 204], runs) },
		{ items: [{ status: 'stopped', attempts: 2 }], sentAt: [0, 0, 0.5] },
	],
	'a stream that is shown as running and not found twice is a failure': [
		{ fates: answers([notFound], runs) },
		{ items: [{ failure: 'rejected', error: still, attempts: 2 }] },
	],
	'a stream that the list shows under its id in another case is that stream': [
		{ fates: answers([notFound], listed('S')) },
		{ items: [{ failure: 'rejected', error: still, attempts: 2 }] },
	],
	'a stream that the list shows as running is stopped once more, wherever it stands there': [
		{
			fates: answers([notFound, 204], {
				...live,
				'&offset=0': { body: { objects: ['s9', 's', 's8'].map((id) => shownAs(id)) } },
			}),
		},
		{ items: [{ status: 'stopped', attempts: 2 }] },
	],
	'all streams of a call: a page that is one running stream counts': [
		{ fates: answers([notFound], listed('s9')), parameters: { operation: 'stopAllStreams' } },
		{ items: [{ failure: 'nothingToStop', error: expect.stringContaining('(s9) still runs') }] },
	],
	'the reads of a run end within a minute, and an item says so if they found no time': [
		{
			fates: answers([notFound], { '/Stream/s/': 'never' }),
			...{ streams: ['s', 's2', 's3'], options: oneByOne },
		},
		{ items: [noTime, noTime, noTime], took: 60 },
	],
	'Confirm Stop reads after pauses that grow, for ten seconds': [
		{ fates: answers([204], runs), options: confirm },
		{
			items: [
				{
					status: 'stopped',
					...unconfirmed('Plivo did not show within 10 s that the stop took effect'),
				},
			],
			...{ sentAt: [0, 0, 0.25, 0.75, 1.75, 3.75, 7.75], took: 10 },
		},
	],
	'Confirm Stop says what it was answered if nothing could be read of it': [
		{ fates: answers([204], { '/Stream/s/': 404 }), options: confirm },
		{ items: [unconfirmed('What still runs could not be read: Plivo answered 404')] },
	],
	'Confirm Stop says so if a read was not answered': [
		{
			fates: answers([204], { '/Stream/s/': 'read ECONNRESET' }),
			options: { ...confirm, maxRetries: 0 },
		},
		{ items: [unconfirmed('What still runs could not be read: Plivo gave no answer')] },
	],
	'an empty list confirms nothing if the live call gives no answer': [
		{
			fates: answers([204], { ...noneListed, live: 'read ECONNRESET' }),
			options: { ...confirm, maxRetries: 0 },
			parameters: { operation: 'stopAllStreams' },
		},
		{
			items: [
				unconfirmed('Plivo lists no stream of this call, and no read shows the call as live'),
			],
		},
	],
	'a refusal has no call state if there was no time to read the call': [
		{
			fates: answers([{ statusCode: 422, body: { api_id: 'x', error: 'Not now' } }], {
				'/Call/c/': 'never',
			}),
			options: { timeout: 100_000 },
		},
		{ items: [expect.not.objectContaining({ callState: expect.anything() })], took: 60 },
	],
	'a list that gives no answer leaves it open whether the stream runs': [
		{ fates: answers([notFound], { ...live, '&offset=0': 'read ECONNRESET' }) },
		{
			items: [
				{
					failure: 'nothingToStop',
					error: expect.stringContaining('its list of streams could not be read'),
				},
			],
		},
	],
	'Confirm Stop ends ten seconds after its first read left, even if that is not answered': [
		{
			fates: answers([204], { '/Stream/s/': 'never' }),
			options: { confirm: true, timeout: 60_000 },
		},
		{
			items: [unconfirmed('Plivo did not show within 10 s that the stop took effect')],
			took: 10,
		},
	],
	'Confirm Stop waits within its ten seconds alone, whatever a read asks for': [
		{ fates: answers([204], { '/Stream/s/': busy(8) }), options: { confirm: true } },
		{
			items: [unconfirmed('What still runs could not be read: Plivo answered 503')],
			sentAt: [0, 0, 8],
		},
	],
	'an id that is empty comes out as none': [
		{
			parameters: {
				provider: 'signalWire',
				streamBy: 'conferenceSid',
				conferenceSid: '',
				stream: 's',
			},
		},
		{ items: [expect.not.objectContaining({ conferenceSid: expect.anything() })] },
	],
	'Confirm Stop says so if other stops left it no time': [
		{ fates: answers([204, 'never']), streams: ['s', 's2'], options: confirm },
		{
			items: [
				unconfirmed('What still runs was not read: other stops of the account came first'),
				{ failure: 'unavailable' },
			],
		},
	],
	'where n8n keeps nothing with the execution, the run alone remembers': [
		{ fates: answers([204, notFound]), streams: ['s', 's'], options: oneByOne },
		{
			items: [
				{ status: 'stopped' },
				{
					status: 'alreadyStopped',
					message: 'Nothing was running: an earlier stop in this execution had already done this.',
				},
			],
		},
	],
	'options that are no object are refused: ignored, they could hold a Preview Only': [
		{ parameters: { options: 5 } },
		{
			items: [
				{
					failure: 'input',
					error: "A field of this item could not be read: 'Options' is not an object",
				},
			],
			sentAt: [],
		},
	],
	'nothing is sent in an execution that is cancelled': [
		{ fates: [204], cancelAfter: 0 },
		{ items: [cancelled], sentAt: [] },
	],
	'a cancelled execution ends a pause, an attempt and a wait for a turn': [
		{
			...{ fates: [busy(20), 'never'], cancelAfter: 5_000 },
			...{ streams: ['s', 's2', 's3'], options: oneByOne },
		},
		{ items: [cancelled, cancelled, cancelled], sentAt: [0, 0], took: 5 },
	],
	'a cancelled execution sends no stop once more': [
		{ fates: answers([notFound, 204], runs), cancelAfter: 100 },
		{ items: [{ status: 'notFound', attempts: 1 }] },
	],
	'a cancelled execution ends the pauses of Confirm Stop': [
		{ fates: answers([204], runs), options: confirm, cancelAfter: 100 },
		{ items: [cancelledRead], took: 0 },
	],
	'a cancelled execution ends the reads of Confirm Stop': [
		{ fates: answers([204], { '/Stream/s/': 'never' }), options: confirm, cancelAfter: 100 },
		{ items: [cancelledRead], took: 0 },
	],
};

test.each(Object.entries(RUNS))('%s', async (_title, [asked, found]) => {
	expect(await runOf(asked)).toMatchObject(found);
});

const type = 'plivoBasicApi';
const data = { baseUrl: 'https://a.example', authId: 'i', authToken: 'example-token' };
const noId = { ...data, authId: 'undefined' };
const blocked = Object.assign(new Error('blocked'), { name: 'SsrfBlockedIpError' });
const byName = { provider: 'signalWire', streamBy: 'name', cxmlUrl: 'https://a.example/' };
const document = {
	parameters: { ...byName, stream: 's' },
	credentials: credentialOf('signalWire'),
};
const overrides = {
	getNode: () => ({
		...{ onError: 'continueRegularOutput', type: 'x', parameters: {} },
		get credentials(): never {
			throw new Error('a 1.5 example.');
		},
	}),
};

test.each<[what: string, fate: Fate]>([
	['a stop that worked', 204],
	['a refusal', 422],
	['a path that nobody knows', 404],
	['a web page', { body: '<html>' }],
	['a wrong token', 401],
	['a proxy that asks for a login', 407],
	['a redirect', 302],
	['what the server does not support', 501],
	['a certificate that is not trusted', networkError('UNABLE_TO_VERIFY_LEAF_SIGNATURE')],
	['a certificate that has expired', networkError('CERT_HAS_EXPIRED')],
	['what n8n does not let out', blocked],
	['an answer that cannot be decoded', new Error('example')],
])('however many retries are allowed, it is not sent again: %s', async (_what, fate) => {
	const { items } = await runOf({ fates: answers([fate]), options: retrying });
	expect(items).toMatchObject([{ attempts: 1 }]);
});

const all = { operation: 'stopAllStreams' };
const unknown = { statusCode: 404, body: { code: 20404, message: 'not found' } };
const atSignalWire = {
	parameters: { provider: 'signalWire', streamBy: 'sid', stream: 's' },
	fates: ({ method }: IHttpRequestOptions): Fate =>
		method === 'GET' ? { body: { sid: 'c', status: 'in-progress' } } : unknown,
};
test.each<[type: string, says: RegExp, asked: Asked]>([
	['warning', /could not read whether it has ended/, { fates: answers([notFound]) }],
	['warning', /shows no such call/, { fates: answers([notFound], { '': notFound }) }],
	['warning', /no time left/, { fates: answers([notFound], { '/Stream/s/': 'never' }) }],
	['warning', /another stream still runs there/, { fates: answers([notFound], listed('s9')) }],
	['warning', /list of streams could not be read/, { fates: answers([notFound], live) }],
	['info', /no stream runs on it/, { fates: answers([notFound], noneListed) }],
	['warning', /still runs there/, { fates: answers([notFound], listed('s9')), parameters: all }],
	['warning', /may still be running/, { fates: answers([notFound], live), parameters: all }],
	['info', /The stream has ended, or/, atSignalWire],
])('a stop that found nothing leaves a hint, as %s: %s', async (type, says, asked) => {
	const options = { whenNothingToStop: 'succeed', ...oneByOne };
	const { hints } = await runOf({ ...asked, options });
	expect(hints).toMatchObject([{ type, message: expect.stringMatching(says) }]);
});

test.each<[what: string, asked: Asked]>([
	['a stop by id', {}],
	['a document', document],
])('what was surely not delivered is sent again: %s', async (_what, asked) => {
	const { items } = await runOf({ ...asked, fates: ['connect ECONNREFUSED'], options: once });
	expect(items).toMatchObject([{ failure: 'unavailable', attempts: 2 }]);
});

const maybeActed = 'It is not known whether SignalWire acted on the request';
test.each<[failure: string, error: string, asked: Asked]>([
	[
		'unavailable',
		`${maybeActed}. SignalWire could not handle the request (503)`,
		{ ...document, fates: [503] },
	],
	[
		'unavailable',
		`${maybeActed}. SignalWire could not handle the request (501)`,
		{ ...document, fates: [501] },
	],
	[
		'unavailable',
		`${maybeActed}. SignalWire gave no answer within 10 s`,
		{ ...document, fates: ['never'] },
	],
	[
		'unavailable',
		`${maybeActed}. The connection to SignalWire broke before it answered (EPIPE)`,
		{ ...document, fates: ['write EPIPE'] },
	],
	[
		'unreadable',
		`${maybeActed}. The request to SignalWire ended without an answer that can be read: example`,
		{ ...document, fates: [new Error('example')] },
	],
	['rejected', 'Plivo refused the request (400)', { fates: [busy(60, 400)] }],
	[
		'unavailable',
		'Plivo could not handle the request (503)',
		{ fates: [busy(30)], options: { maxRetries: 0 } },
	],
	[
		'unreadable',
		'Plivo answered 103, but not in a form that says the stream stopped',
		{ fates: [103] },
	],
	[
		'unavailable',
		'The certificate of a.example is not valid (CERT_HAS_EXPIRED)',
		{ fates: [networkError('CERT_HAS_EXPIRED')] },
	],
	[
		'unavailable',
		'n8n does not trust the certificate of a.example (UNABLE_TO_VERIFY_LEAF_SIGNATURE)',
		{ fates: [networkError('UNABLE_TO_VERIFY_LEAF_SIGNATURE')] },
	],
	[
		'unavailable',
		'The execution was canceled before SignalWire confirmed this stop',
		{ ...document, fates: ['never'], cancelAfter: 5_000 },
	],
	['unavailable', "n8n's SSRF protection blocked the request to a.example", { fates: [blocked] }],
	[
		'credentials',
		"'Auth ID' holds “undefined”, which an expression gives when it finds no value",
		{ credentials: { [type]: noId } },
	],
	[
		'credentials',
		'n8n could not read the Plivo Basic API credential for Plivo',
		{ credentials: { [type]: new SyntaxError('example') } },
	],
	['input', 'The node could not finish this item: a 1.5 example', { overrides }],
	[
		'input',
		'A field of this item could not be read: a 1.5 example',
		{ overrides, parameters: { operation: 'checkEvent' } },
	],
])('an item fails as %s with the sentence: %s', async (failure, error, asked) => {
	const { items } = await runOf({ credentials: { [type]: data }, ...asked });
	expect(items).toMatchObject([{ failure, error }]);
});

test('what an earlier try of the execution stopped is found stopped, whatever else was kept', async () => {
	const kept: { stopped?: unknown } = {};
	const credentials = credentialOf('plivo');
	const again = async (fates: Fates, parameters: INodeParameters = {}) =>
		(await runOf({ fates, credentials, parameters, overrides: { getContext: () => kept } })).items;
	expect(await again([204])).toMatchObject([{ status: 'stopped' }]);
	expect(kept.stopped).toEqual([expect.stringMatching(/^[\w-]{12}$/)]);
	expect(await again([notFound])).toMatchObject([{ status: 'alreadyStopped' }]);
	kept.stopped = 'no list';
	expect(await again([notFound])).toMatchObject([{ status: 'notFound' }]);
	expect(await again([204], { operation: 'stopAllStreams' })).toMatchObject([
		{ status: 'stopped' },
	]);
	expect(await again([notFound])).toMatchObject([{ status: 'alreadyStopped' }]);
});

test('what a lost attempt may have done is kept, even if the queue refuses to send it again', async () => {
	const kept: { stopped?: unknown } = {};
	const { items } = await runOf({
		streams: ['s', 's2'],
		options: once,
		fates: ({ url }) => (url.endsWith('/s/') ? 'read ECONNRESET' : busy(60, 429)),
		overrides: { getContext: () => kept },
	});
	expect(items).toMatchObject([{ failure: 'rateLimit', attempts: 1 }, { failure: 'rateLimit' }]);
	expect(kept.stopped).toHaveLength(1);
});

test('what a lost attempt at the call may have done is found again by a stop in a room', async () => {
	const kept = {};
	const credentials = credentialOf('signalWire');
	const event = { CallSid: 'c', ConferenceSid: 'r', StreamSid: 's' };
	const again = async (toCall: Fate) =>
		(
			await runOf({
				parameters: { provider: 'signalWire', streamBy: 'sid', source: 'event', stream: '' },
				items: [event],
				credentials,
				options: { whenNothingToStop: 'fail', maxRetries: 0 },
				fates: ({ url }) => (url.includes('/Calls/c/Streams') ? toCall : unknown),
				overrides: { getContext: () => kept },
			})
		).items;
	expect(await again('read ECONNRESET')).toMatchObject([{ failure: 'unavailable' }]);
	expect(await again(unknown)).toMatchObject([{ status: 'notFound' }]);
});
