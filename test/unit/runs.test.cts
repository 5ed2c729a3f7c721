// Whole runs in faked time: how long the node waits and when it gives up, which sentence tells of it, and what a
// cancelled execution says of its items.

import type { IHttpRequestOptions } from 'n8n-workflow';
import { networkError, type Fate, type Fates } from '../lib/fakeSender.cts';
import { credentialOf, runInFakeTime, type FakeRun } from '../lib/fakeRun.cts';

beforeEach(() => jest.useFakeTimers({ now: 0 }));
afterEach(() => {
	jest.useRealTimers();
	jest.restoreAllMocks();
});

const notFound: Fate = { statusCode: 404, body: { api_id: 'x', error: 'not found' } };
const streamRuns: Fate = { body: { stream_id: 's', status: 'in-progress' } };
const live: Fate = { body: { call_uuid: 'c' } };
const busy = (seconds: number, statusCode = 503): Fate => ({
	statusCode,
	headers: { 'retry-after': String(seconds) },
});
/** Every stop gets the next of `stops`, the last one for good, and a read what is said for the end of its URL. */
const answers = (stops: Fate[], reads: Record<string, Fate> = {}): Fates => {
	let sent = 0;
	return ({ method, url }: IHttpRequestOptions) => {
		if (method === 'GET')
			return Object.entries(reads).find(([end]) => url.endsWith(end))?.[1] ?? 500;
		sent += 1;
		return stops[Math.min(sent, stops.length) - 1] ?? 500;
	};
};
const behind = { onError: 'continueRegularOutput' } as const;
const retrying = { maxRetries: 10 };
const oneByOne = { maxConcurrency: 1, timeout: 60_000 };
const streams = (...names: string[]) => ({
	parameters: { stream: '=stream' },
	items: names.map((stream) => ({ stream })),
});

/** Runs it, and goes on behind failures; `s` are the seconds at which requests left. */
const runOf = async ({ parameters, ...run }: FakeRun, during?: () => Promise<void>) => {
	const found = await runInFakeTime(
		{ node: { onError: 'continueRegularOutput' }, ...run, parameters },
		during,
	);
	return {
		...found,
		s: found.sentAt.map((at) => at / 1_000),
		tookS: Math.round(found.took / 1_000),
	};
};

describe('a stop that is sent again', () => {
	test('waits twice as long each time, up to 30 s, and ends within two minutes', async () => {
		jest.spyOn(Math, 'random').mockReturnValue(1);
		const { s, items, tookS } = await runOf({
			fates: [503],
			parameters: { options: { maxRetries: ' 10 ' } },
		});
		expect(s).toEqual([0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5, 61.5, 91.5]);
		expect(items).toMatchObject([{ failure: 'unavailable', statusCode: 503, attempts: 9 }]);
		expect(tookS).toBe(92);
	});

	test.each<[title: string, fates: Fate[], seconds: number[], tookS: number, statusCode: number]>([
		['a 503, and then succeeds', [busy(7), 204], [0, 7], 7, 204],
		['a 429, and then succeeds', [busy(7, 429), 204], [0, 7], 7, 204],
		[
			'503s, while an attempt has a second left',
			[busy(30), busy(30), busy(30), busy(29)],
			[0, 30, 60, 90],
			90,
			503,
		],
		['503s, for two minutes at most', [busy(30)], [0, 30, 60, 90], 90, 503],
		['429s, for two minutes at most', [busy(29, 429)], [0, 29, 58, 87, 116], 119, 429],
	])('waits as long as it is told by %s', async (_title, fates, seconds, took, statusCode) => {
		const { s, items, tookS } = await runOf({ fates, parameters: { options: retrying } });
		expect([s, tookS]).toEqual([seconds, took]);
		expect(items).toMatchObject([{ attempts: seconds.length, statusCode }]);
	});

	test.each([
		['in the body', { body: { error: { details: { retryAfter: 7 } } } }, [0, 7]],
		['as a time in a header', { headers: { 'x-ratelimit-reset': '7' } }, [0, 7]],
	])('waits as long as Vobiz says %s of its 429', async (_title, answer, seconds) => {
		const fates = [{ statusCode: 429, ...answer }, 204];
		const { s } = await runOf({ fates, parameters: { provider: 'vobiz', options: retrying } });
		expect(s).toEqual(seconds);
	});

	test('is not called unreached where an attempt before may have arrived', async () => {
		const fates = ['read ECONNRESET', 'connect ECONNREFUSED'];
		const { items } = await runOf({ fates, parameters: { options: { maxRetries: 1 } } });
		expect(items).toMatchObject([
			{ attempts: 2, error: 'The connection to Plivo broke before it answered (ECONNREFUSED)' },
		]);
	});

	test('is no failure where an attempt before may have stopped the stream', async () => {
		const fates = answers(['read ECONNRESET', notFound, notFound], { '/Stream/s/': streamRuns });
		const { items } = await runOf({
			fates,
			parameters: { options: { maxRetries: 1, whenNothingToStop: 'fail' } },
		});
		expect(items).toMatchObject([{ status: 'notFound', attempts: 3 }]);
	});
});

describe('a stream that is not found and shown as running', () => {
	test('is stopped once more after 500 ms', async () => {
		const fates = answers([notFound, 204], { '/Stream/s/': streamRuns });
		const { items, s } = await runOf({ fates });
		expect(items).toMatchObject([{ status: 'stopped', attempts: 2 }]);
		expect(s).toEqual([0, 0, 0.5]);
	});

	test('is a failure where it is not found twice', async () => {
		const { items } = await runOf({ fates: answers([notFound], { '/Stream/s/': streamRuns }) });
		expect(items).toMatchObject([
			{
				failure: 'rejected',
				error: 'Plivo lists the stream as running, but twice found nothing to stop: “not found”',
				message: expect.stringMatching(
					/^The stream may still be running\. Look at the call at Plivo,/,
				),
			},
		]);
	});

	test('is found by the list too, under its id in another case', async () => {
		const fates = answers([notFound], {
			live: live,
			'&offset=0': { body: { stream_id: 'S', status: 'in-progress' } },
		});
		expect((await runOf({ fates })).items).toMatchObject([{ failure: 'rejected', attempts: 2 }]);
	});
});

test('all streams of a call: one that still runs is named', async () => {
	const fates = answers([notFound], {
		live: live,
		'&offset=0': { body: { stream_id: 's9', status: 'in-progress' } },
	});
	const { items } = await runOf({ fates, parameters: { operation: 'stopAllStreams' } });
	expect(items).toMatchObject([
		{ failure: 'nothingToStop', error: expect.stringContaining('(s9) still runs') },
	]);
});

test('the reads of a run end within a minute, and an item whose reads found no time says so', async () => {
	const run = streams('s', 's2', 's3');
	const fates = answers([notFound], { '/Stream/s/': 'never', '/Stream/s2/': 'never' });
	const { items, tookS } = await runOf({
		...run,
		fates,
		parameters: { ...run.parameters, options: oneByOne },
	});
	expect(tookS).toBeLessThanOrEqual(60);
	expect(items.map(({ status }) => status)).toEqual(['notFound', 'notFound', 'notFound']);
	expect(items[2]?.message).toBe(
		'Plivo does not know this call or stream, and there was no time left to look into it: “not found”.',
	);
});

describe('Confirm Stop', () => {
	const confirming = { options: { confirm: true, ...oneByOne } };

	test('reads after pauses that grow, and no longer than ten seconds', async () => {
		const { items, s, tookS } = await runOf({
			parameters: confirming,
			fates: answers([204], { '/': streamRuns }),
		});
		expect(s).toEqual([0, 0, 0.25, 0.75, 1.75, 3.75, 7.75]);
		expect(tookS).toBe(10);
		expect(items).toMatchObject([
			{
				status: 'stopped',
				confirmed: false,
				confirmReason: 'Plivo did not show the end within 10 s',
			},
		]);
	});

	test('says so where other stops of the account left it no time', async () => {
		const run = streams('s', 's2', 's3', 's4');
		const fates = answers([204, 'never']);
		const { items } = await runOf({
			...run,
			fates,
			parameters: { ...run.parameters, ...confirming },
		});
		expect(items[0]).toMatchObject({
			confirmReason: 'Plivo was not read: other stops of the account came first',
		});
	});
});

describe('a cancelled execution', () => {
	const cancelled = {
		failure: 'unavailable',
		error: 'The execution was canceled before Plivo confirmed this stop',
	};
	/** Runs it, and cancels it so many ms after its start. */
	const cancel = async (afterMs: number, run: FakeRun) => {
		const controller = new AbortController();
		if (afterMs === 0) controller.abort();
		return await runOf({ ...run, signal: controller.signal }, async () => {
			await jest.advanceTimersByTimeAsync(afterMs);
			controller.abort();
		});
	};

	test.each([
		['before it sends', 0, ['never'], []],
		['in a pause, an answer and the queue', 5_000, [busy(20), 'never'], [0, 0]],
	])('fails its stops %s, and sends no more', async (_title, afterMs, stops, seconds) => {
		const run = streams('s', 's2', 's3');
		const { items, s, tookS } = await cancel(afterMs, {
			...run,
			fates: answers(stops),
			parameters: { ...run.parameters, options: { maxConcurrency: 1 } },
		});
		expect(items).toMatchObject([cancelled, cancelled, cancelled]);
		expect([s, tookS]).toEqual([seconds, afterMs / 1_000]);
	});

	test('leaves a stop as it is that is about to be sent once more', async () => {
		const fates = answers([notFound, 204], { '/Stream/s/': streamRuns });
		const { items } = await cancel(100, { fates });
		expect(items).toMatchObject([{ status: 'notFound', attempts: 1 }]);
	});

	test.each([
		['a pause', streamRuns],
		['a read', 'never'],
	])('leaves a stop unconfirmed in %s of Confirm Stop', async (_title, fate) => {
		const fates = answers([204], { '/': fate });
		const { items } = await cancel(100, { fates, parameters: { options: { confirm: true } } });
		expect(items).toMatchObject([
			{ confirmed: false, confirmReason: 'The execution was canceled before Plivo showed the end' },
		]);
	});
});

test('what an account was told to wait holds for its other stops, which are not sent', async () => {
	const run = streams('s', 's2');
	const { items, s } = await runOf({
		...run,
		fates: [busy(60, 429)],
		parameters: { ...run.parameters, options: { maxConcurrency: 1 } },
	});
	const error = 'Plivo asks to wait 60 s before the next request';
	expect(items).toMatchObject([
		{ error, attempts: 1 },
		{ failure: 'rateLimit', error, attempts: 0 },
	]);
	expect(s).toEqual([0]);
});

describe('an item fails with a sentence', () => {
	const type = 'plivoBasicApi';
	const data = { baseUrl: 'https://a.example', authId: 'i', authToken: 'example-token' };
	const blocked = Object.assign(new Error('blocked'), { name: 'SsrfBlockedIpError' });
	const byName = { provider: 'signalWire', streamBy: 'name', cxmlUrl: 'https://a.example/' };
	const tool = { type: 'x.stopAudioStreamTool' };
	const unforeseen = {
		getNode: () => ({
			...{ ...behind, type: 'x', parameters: {} },
			get credentials(): never {
				throw new Error('example');
			},
		}),
	};
	test.each<[error: string, run: FakeRun]>([
		[
			'Plivo answered 103, but not in a form that says the stream stopped',
			{ fates: [{ statusCode: 103 }] },
		],
		[
			'The certificate of a.example is not valid (CERT_HAS_EXPIRED)',
			{ fates: [networkError('CERT_HAS_EXPIRED')] },
		],
		["n8n's SSRF protection blocked the request to a.example", { fates: [blocked] }],
		[
			"'Auth ID' holds “undefined”, which an expression gives when it finds no value",
			{ credentials: { [type]: { ...data, authId: 'undefined' } } },
		],
		[
			'n8n could not read the Plivo Basic API credential for Plivo',
			{ credentials: { [type]: new SyntaxError('example') } },
		],
		["An AI agent may not stop a stream by 'Stream Name'", { parameters: byName, node: tool }],
		[
			"'Stream Name Parameter' is empty",
			{ parameters: { ...byName, options: { nameParameter: ' ' } } },
		],
		[
			"A field of this item could not be read: 'Options' is not an object",
			{ parameters: { options: 5 } },
		],
		[
			"'Timeout' is not a whole number from 1 to 120000",
			{ parameters: { options: { timeout: ' ' } } },
		],
		['The node could not finish this item: example', { overrides: unforeseen }],
		[
			'A field of this item could not be read: example',
			{ overrides: unforeseen, parameters: { operation: 'checkEvent' } },
		],
	])('%s', async (error, { node, ...run }) => {
		const credentials = { [type]: data };
		const { items } = await runOf({ credentials, ...run, node: { ...behind, ...node } });
		expect(items).toMatchObject([{ failure: expect.any(String), error }]);
	});
});

test('what an earlier try of the execution stopped is found stopped, and what else was kept does no harm', async () => {
	const kept: { stopped?: unknown } = { stopped: [5] };
	const credentials = credentialOf('plivo');
	const again = async (fates: Fates) =>
		(await runOf({ fates, credentials, overrides: { getContext: () => kept } })).items;
	expect(await again([204])).toMatchObject([{ status: 'stopped' }]);
	expect(kept.stopped).toEqual([expect.any(String)]);
	expect(await again([notFound])).toMatchObject([{ status: 'alreadyStopped' }]);
	kept.stopped = 'no list';
	expect(await again([notFound])).toMatchObject([{ status: 'notFound' }]);
});
