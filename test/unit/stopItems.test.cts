// A run of the node: every item is tried, what a stop that found nothing leaves open is looked into, and nothing
// of a run remains. No network, and faked time.

import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type INodeParameters,
} from 'n8n-workflow';

import { stopItems } from '../../nodes/StopAudioStream/stopItems';
import { credentialOf, fakeRun, runInFakeTime, type FakeRun } from '../lib/fakeRun.cts';
import { networkError, type Fate } from '../lib/fakeSender.cts';

const NOW = Date.parse('2026-01-31T10:00:00Z');

beforeEach(() => {
	jest.useFakeTimers({ now: NOW });
	jest.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
	jest.useRealTimers();
	jest.restoreAllMocks();
});

const run = runInFakeTime;
/** One item in 'Continue' mode. */
async function one(of: FakeRun, during?: () => Promise<void>) {
	const node = { onError: 'continueRegularOutput', ...of.node } as const;
	const result = await run({ ...of, node }, during);
	return { ...result, item: result.items[0] ?? {} };
}

const json = (statusCode: number, body: unknown): Fate => ({
	statusCode,
	body: JSON.stringify(body),
});
const NOT_FOUND = json(404, { api_id: 'a', error: 'not found' });
const ABOUT = { provider: 'plivo', operation: 'stopStream', callId: 'c', stream: 's' };

/** Fates by `METHOD path`; the rest is not found. */
const routes =
	(said: Record<string, Fate | Fate[]>, otherwise: Fate = NOT_FOUND) =>
	({ method = 'GET', url }: { method?: string; url: string }): Fate => {
		const key = `${method} ${url.replace(/https:\/\/[^/]*/, '')}`;
		const fate = said[key];
		if (Array.isArray(fate)) return (fate.length > 1 ? fate.shift() : fate[0]) ?? otherwise;
		return fate ?? otherwise;
	};

const CALL = '/v1/Account/MAEXAMPLE/Call/c/';
const STREAM = `${CALL}Stream/s/`;

describe('every item', () => {
	test('gives one back, in order and paired, whatever becomes of the others', async () => {
		const items = Array.from({ length: 25 }, (_, n) => ({ call: n === 7 ? '' : `c${n}` }));
		const { output, requests } = await run({
			parameters: { callId: '=call' },
			items,
			node: { onError: 'continueRegularOutput' },
		});
		expect(output.map(({ pairedItem }) => pairedItem)).toEqual(items.map((_, item) => ({ item })));
		expect(output.map(({ json: { callId } }) => callId)).toEqual(items.map(({ call }) => call));
		expect(output.filter(({ json: { stopped } }) => stopped !== true)).toHaveLength(1);
		expect(requests).toHaveLength(24);
	});

	test('that worked says so', async () => {
		const { item, paths } = await one({});
		expect(item).toEqual({
			...ABOUT,
			status: 'stopped',
			stopped: true,
			statusCode: 204,
			attempts: 1,
		});
		expect(paths).toEqual([`DELETE ${STREAM}`]);
	});

	test('may be of another provider, whose credential is read once', async () => {
		const credentials = { ...credentialOf('plivo'), ...credentialOf('vobiz') };
		const items = ['plivo', 'vobiz', 'plivo', 'VOBIZ'].map((provider) => ({ provider }));
		const parameters = { provider: '=provider' };
		const { items: out, credentialReads } = await run({ parameters, items, credentials });
		expect(out.map(({ provider }) => provider)).toEqual(['plivo', 'vobiz', 'plivo', 'vobiz']);
		expect(credentialReads.sort()).toEqual(['plivoBasicApi', 'vobizXAuthApi']);
	});

	test('is tried before an execution stops at the first failure', async () => {
		const items = [{ stream: 's1' }, { stream: 's2' }, { stream: 's3' }];
		const fates: Fate[] = [204, json(422, { api_id: 'a', error: 'Words of it' }), 204];
		const { context, requests } = fakeRun({ parameters: { stream: '=stream' }, items, fates });
		const failing = stopItems(context).catch((thrown: unknown) => thrown);
		await jest.advanceTimersByTimeAsync(1_000);
		const error = await failing;
		expect(requests).toHaveLength(3);
		expect(error).toBeInstanceOf(NodeApiError);
		expect(error).toMatchObject({
			message: 'Plivo refused the request (422): “Words of it”',
			httpCode: '422',
			context: { itemIndex: 1, failure: 'rejected' },
		});
		expect(error).toHaveProperty(
			'description',
			"Check 'Call UUID' and 'Stream ID' against what Plivo says. Streams of this run that are not known to be stopped: 1 of 3.",
		);
	});

	test('that worked is told nowhere else', async () => {
		expect((await one({})).hints).toEqual([]);
	});

	test('leaves others a turn: after each ten, what else there is to do goes on', async () => {
		jest.useRealTimers();
		const read = new Set<number>();
		const { context } = fakeRun({
			items: Array.from({ length: 25 }, () => ({})),
			overrides: {
				getNodeParameter(_name: string, itemIndex: number) {
					read.add(itemIndex);
					throw new Error('not here');
				},
			},
			node: { onError: 'continueRegularOutput' },
		});
		const running = stopItems(context);
		const readAtTurns = new Set<number>();
		while (read.size < 25) {
			readAtTurns.add(read.size);
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect([...readAtTurns]).toEqual([10, 20]);
		await running;
	});

	test('that is refused before anything is sent is an error of the node', async () => {
		const failing = run({ parameters: { callId: '' } });
		await expect(failing).rejects.toBeInstanceOf(NodeOperationError);
	});
});

describe('a refused item keeps the call it was about', () => {
	test.each<[string, INodeParameters, IDataObject, IDataObject]>([
		['a stream that is no text', { stream: 42 }, {}, { callId: 'c' }],
		[
			'an event with a call and no stream',
			{ source: 'event', stream: '' },
			{ body: { CallUUID: 'c7', Event: 'Hangup' } },
			{ callId: 'c7' },
		],
		['an option that is not right', { options: { timeout: 0 } }, {}, { callId: 'c', stream: 's' }],
		[
			'an operation that the provider does not have',
			{ provider: 'signalWire', operation: 'stopAllStreams' },
			{},
			{ callId: 'c', stream: 's' },
		],
	])('%s', async (_title, parameters, input, known) => {
		const { item, requests } = await one({ parameters, items: [input] });
		expect(item).toMatchObject({ ...known, status: 'failed', stopped: false, failure: 'input' });
		expect(item.provider).toBe(parameters.provider ?? 'plivo');
		expect(requests).toEqual([]);
	});
});

describe('a credential', () => {
	test('that is not selected is named, and where to select it', async () => {
		const { item } = await one({ credentials: {} });
		expect(item).toMatchObject({
			failure: 'credentials',
			error: 'No Plivo Basic API credential is selected for Plivo',
			message: "Select one in the node's credential field.",
			callId: 'c',
		});
	});

	test('is not selected either in a node that never had one', async () => {
		const { item } = await one({ node: { credentials: undefined } });
		expect(item.error).toBe('No Plivo Basic API credential is selected for Plivo');
	});

	test("that n8n cannot read is told in n8n's own words, and never as one that is not selected", async () => {
		const reason =
			'Credentials could not be decrypted. The likely reason is that a different "encryptionKey" was used';
		const { item, requests } = await one({ credentials: { plivoBasicApi: new Error(reason) } });
		expect(item).toMatchObject({
			failure: 'credentials',
			error: `n8n could not read the Plivo Basic API credential for Plivo: “${reason}”`,
			message:
				'Nothing was sent. Follow what n8n says. Check that the credential still exists, is shared with this workflow, and that n8n runs with the encryption key and the vault it was saved with.',
		});
		expect(JSON.stringify(item)).not.toContain('elect one');
		expect(requests).toEqual([]);
	});

	test("that cannot be parsed is told without the parser's words, which may quote a secret", async () => {
		const thrown = new SyntaxError('Unexpected token in "example-secret"');
		const { item } = await one({ credentials: { plivoBasicApi: thrown } });
		expect(item.error).toBe('n8n could not read the Plivo Basic API credential for Plivo');
		expect(JSON.stringify(item)).not.toContain('example-secret');
	});

	test('that is not right fails only the items that need it', async () => {
		const credentials = { ...credentialOf('plivo'), vobizXAuthApi: new Error('no vault') };
		const { items } = await one({
			parameters: { provider: '=provider' },
			items: [{ provider: 'vobiz' }, { provider: 'plivo' }, { provider: 'signalWire' }],
			credentials,
		});
		expect(items.map(({ status, failure }) => failure ?? status)).toEqual([
			'credentials',
			'stopped',
			'credentials',
		]);
	});
});

describe('nothing of a run remains', () => {
	test('no listener on the cancel signal, however often the execution runs the node', async () => {
		const { signal } = new AbortController();
		const listeners = () => getEventListeners(signal, 'abort').length;
		const during: number[] = [];
		for (let n = 0; n < 60; n += 1) {
			const fates: Fate[] = [
				async () => {
					// Until the node waits for this answer.
					await Promise.resolve();
					during.push(listeners());
					return { statusCode: 503, headers: {}, body: '' };
				},
				204,
			];
			const items = [{}, {}, {}];
			await run({ signal, items, fates, parameters: { options: { maxRetries: 5 } } });
			expect(listeners()).toBe(0);
		}
		// One, however many items wait.
		expect(during).toEqual(Array(60).fill(1));
	});

	test('no listener after a run that failed, and none after one that was refused', async () => {
		const { signal } = new AbortController();
		await expect(run({ signal, fates: [422] })).rejects.toThrow('Plivo refused the request (422)');
		await expect(run({ signal, parameters: { callId: '' } })).rejects.toThrow(
			"'Call UUID' is empty",
		);
		expect(getEventListeners(signal, 'abort')).toEqual([]);
	});

	test('no timer', async () => {
		await run({ fates: [503, 'never', 204], parameters: { options: { confirm: true } } });
		expect(jest.getTimerCount()).toBe(0);
	});

	test('not its context, and not its credential, while the execution goes on', async () => {
		jest.useRealTimers();
		setFlagsFromString('--expose-gc');
		const collect = runInNewContext('gc') as () => void;
		const { signal } = new AbortController();
		const credential = credentialOf('plivo');
		const runs: Array<WeakRef<object>> = [];
		const oneRun = async () => {
			const { context } = fakeRun({ signal, credentials: credential, fates: [204] });
			runs.push(new WeakRef(context));
			await stopItems(context);
		};
		for (let n = 0; n < 20; n += 1) await oneRun();
		await new Promise((resolve) => setTimeout(resolve, 20));
		collect();
		// The last one may still be on the stack.
		expect(runs.filter((each) => each.deref()).length).toBeLessThanOrEqual(1);
		expect(signal.aborted).toBe(false);
	});
});

describe('a preview', () => {
	test('shows the request, without its secrets, and sends nothing', async () => {
		const { item, requests } = await one({ parameters: { options: { preview: true } } });
		expect(item).toEqual({
			...ABOUT,
			status: 'preview',
			stopped: false,
			attempts: 0,
			request: {
				method: 'DELETE',
				url: expect.stringMatching(
					/^https:\/\/account-\d+\.example\/v1\/Account\/MAEXAMPLE\/Call\/c\/Stream\/s\/$/,
				),
				headers: { Accept: 'application/json' },
			},
		});
		expect(requests).toEqual([]);
	});

	test.each([
		['that names all', { CallUUID: 'c', StreamID: 's' }],
		['that names no stream', { CallUUID: 'c' }],
		['that names nothing', { other: 'x' }],
	])(
		'is refused for a JSON event with Verify Signature, as untrusted: one %s',
		async (_title, body) => {
			const { item, requests } = await one({
				parameters: {
					source: 'event',
					stream: '',
					options: { preview: true, verifySignature: true },
				},
				items: [
					{
						headers: { 'content-type': 'application/json' },
						params: {},
						query: {},
						body,
						webhookUrl: 'https://n8n.example.com/webhook/7c9f',
					},
				],
			});
			expect(item).toMatchObject({ status: 'failed', failure: 'untrusted' });
			expect(item.error).toContain('The body of the event is no form');
			expect(requests).toEqual([]);
		},
	);

	test('is refused where the event is not signed', async () => {
		const parameters = {
			source: 'event',
			stream: '',
			options: { preview: true, verifySignature: true },
		};
		const { item, requests } = await one({
			parameters,
			items: [{ body: { CallUUID: 'c', StreamID: 's' } }],
		});
		expect(item).toMatchObject({
			status: 'failed',
			failure: 'untrusted',
			callId: 'c',
			stream: 's',
		});
		expect(item).not.toHaveProperty('request');
		expect(requests).toEqual([]);
	});
});

describe('a stop that found nothing', () => {
	const NO_STREAM = json(400, { api_id: 'a', error: 'No active stream found' });
	const stopped = { [`DELETE ${STREAM}`]: NO_STREAM };
	const ended = json(200, { call_uuid: 'c', end_time: '2026-01-31 10:00:00' });
	const streamIs = (end_time: string | null) => json(200, { stream_id: 's', end_time });
	const LIVE = { [`GET ${CALL}?status=live`]: json(200, { call_uuid: 'c' }) };

	test.each<[string, Record<string, Fate>, IDataObject, number]>([
		[
			'of a stream that has ended',
			{ [`GET ${STREAM}`]: streamIs('2026-01-31 10:00:00') },
			{ status: 'alreadyStopped', stopped: true },
			2,
		],
		[
			'of a call that has ended',
			{ [`GET ${CALL}`]: ended },
			{ status: 'alreadyStopped', stopped: true, callState: 'ended' },
			3,
		],
		['with a wrong Stream ID', LIVE, { status: 'notFound', stopped: false, callState: 'live' }, 4],
		[
			'of a call that nobody knows',
			{},
			{ status: 'notFound', stopped: false, callState: 'notFound' },
			4,
		],
	])('%s', async (_title, said, expected, requests) => {
		const { item, sent } = await one({ fates: routes({ ...stopped, ...said }) });
		expect(item).toEqual({ ...ABOUT, ...expected, statusCode: 400, attempts: 1 });
		expect(sent).toHaveLength(requests);
	});

	test('of one stream, where the answer counts none, is looked into too', async () => {
		const none = json(200, { message: 'All streams stopped successfully', streams_stopped: 0 });
		const { item } = await one({ fates: routes({ ...LIVE, [`DELETE ${STREAM}`]: none }) });
		expect(item).toMatchObject({ status: 'notFound', stopped: false, callState: 'live' });
	});

	/** Neither of these can be turned into text. */
	const ODD = { toString: 1, valueOf: 1 };
	const laml = '/api/laml/2010-04-01/Accounts/MAEXAMPLE';

	test.each<[string, string, INodeParameters]>([
		['a stream', `GET ${STREAM}`, {}],
		['a call', `GET ${CALL}`, {}],
		['a live call', `GET ${CALL}?status=live`, {}],
		['a call of SignalWire', `GET ${laml}/Calls/c`, { provider: 'signalWire' }],
		[
			'a conference',
			`GET ${laml}/Conferences/k`,
			{ provider: 'signalWire', streamBy: 'conferenceSid', conferenceSid: 'k' },
		],
	])('is never a failure for what a read of %s answers', async (_title, read, parameters) => {
		const own404 = json(404, { code: 20404, message: 'not found', api_id: 'a', error: 'x' });
		for (const body of [
			{ status: ODD, sid: ODD, call_uuid: ODD, stream_id: ODD, end_time: ODD, message: ODD },
			{ stream_id: 's', status: ODD, end_time: ODD },
			{ sid: 'c', status: ODD },
			{ objects: [ODD], meta: ODD, total: ODD, error: ODD, code: ODD, errors: [ODD] },
			[ODD],
			null,
			5,
			'text',
		]) {
			for (const statusCode of [200, 404]) {
				const said = { [read]: json(statusCode, body) };
				const { item, sent } = await one({ parameters, fates: routes(said, own404) });
				expect(sent.map((line) => line.replace(/https:\/\/[^/]*/, ''))).toContain(read);
				// The stream itself may look as if it ran: then it is stopped once more, and refused again.
				if (item.failure !== undefined) expect(item.failure).toBe('rejected');
				else expect(item).toMatchObject({ status: 'notFound', stopped: false });
			}
		}
	});

	test('says nothing of the call where no read could tell', async () => {
		const { item, hints } = await one({ fates: routes(stopped, 503) });
		expect(item).toEqual({
			...ABOUT,
			status: 'notFound',
			stopped: false,
			statusCode: 400,
			attempts: 1,
		});
		expect(hints.map(({ message }) => message)).toEqual([
			'1 of 1 items: Plivo knows no such call or stream, and nothing more could be read. They have ended, or their ids are wrong.',
		]);
	});

	test('of a stream that is up is sent once more, after half a second', async () => {
		const fates = routes({
			[`DELETE ${STREAM}`]: [NO_STREAM, 204],
			[`GET ${STREAM}`]: streamIs(null),
		});
		const { item, paths, sentAt } = await one({ fates });
		expect(item).toEqual({
			...ABOUT,
			status: 'stopped',
			stopped: true,
			statusCode: 204,
			attempts: 2,
		});
		expect(paths).toEqual([`DELETE ${STREAM}`, `GET ${STREAM}`, `DELETE ${STREAM}`]);
		expect((sentAt[2] ?? NaN) - (sentAt[1] ?? NaN)).toBe(500);
	});

	test('twice, of a stream that is up, is a failure: the provider did not stop it', async () => {
		const fates = routes({ ...stopped, [`GET ${STREAM}`]: streamIs(null) });
		const { item } = await one({ fates });
		expect(item).toMatchObject({
			status: 'failed',
			failure: 'rejected',
			error:
				'Plivo lists the stream as running, and found nothing to stop, twice: “No active stream found”',
			attempts: 2,
		});
	});

	test('and then again, after an attempt that may have stopped it, is no failure', async () => {
		const fates = routes({
			[`DELETE ${STREAM}`]: [NO_STREAM, 503, NO_STREAM],
			[`GET ${STREAM}`]: streamIs(null),
		});
		const { item } = await one({ fates });
		expect(item).toMatchObject({ status: 'notFound', attempts: 3 });
	});

	test('after a hang-up event is what one request says: the call is over', async () => {
		const event = { body: { CallUUID: 'c', StreamID: 's', Event: 'Hangup' } };
		const parameters = { source: 'event', stream: '' };
		const { item, sent, hints } = await one({ parameters, items: [event], fates: routes({}) });
		expect(item).toEqual({
			...ABOUT,
			status: 'alreadyStopped',
			stopped: true,
			callState: 'ended',
			statusCode: 404,
			attempts: 1,
		});
		expect([sent.length, hints]).toEqual([1, []]);
	});

	test('beside an event of the same call, with mapped fields, is the same', async () => {
		const { item, sent } = await one({
			items: [{ body: { CallUUID: 'c', CallStatus: 'completed' } }],
			fates: routes({}),
		});
		expect(item).toMatchObject({ status: 'alreadyStopped', callState: 'ended' });
		expect(sent).toHaveLength(1);
	});

	test('is all that "Fail" is about: a stop that stopped something is no failure', async () => {
		for (const [fate, status] of [
			[204, 'stopped'],
			[json(202, { message: 'Stream stopped successfully' }), 'accepted'],
		] as const) {
			const parameters = { options: { whenNothingToStop: 'fail' } };
			const { item } = await one({ parameters, fates: [fate] });
			expect(item.status).toBe(status);
		}
	});

	test('is told on the canvas only where a person gave the ids', async () => {
		const byField = await one({ fates: routes(LIVE) });
		expect(byField.hints).toHaveLength(1);
		const parameters = { source: 'event', stream: '' };
		const items = [{ CallUUID: 'c', StreamID: 's' }];
		const byEvent = await one({ parameters, items, fates: routes(LIVE) });
		expect(byEvent.item).toMatchObject({ status: 'notFound', callState: 'live' });
		expect(byEvent.hints).toEqual([]);
	});

	test('reads a call once for all of its items', async () => {
		const items = Array.from({ length: 5 }, (_, n) => ({ stream: `s${n}` }));
		const { items: out, paths } = await one({
			parameters: { stream: '=stream' },
			items,
			fates: routes({ [`GET ${CALL}`]: ended }),
		});
		expect(out.map(({ status }) => status)).toEqual(Array(5).fill('alreadyStopped'));
		expect(paths.filter((path) => path === `GET ${CALL}`)).toHaveLength(1);
	});

	test.each<[string, Record<string, Fate>, string, string | undefined]>([
		['succeed', LIVE, 'notFound', undefined],
		[
			'failIfNotFound',
			LIVE,
			'failed',
			'The call is live, and Plivo knows no such stream on it: “not found”',
		],
		['failIfNotFound', {}, 'failed', 'Plivo shows no such call in this account: “not found”'],
		['failIfNotFound', { [`GET ${CALL}`]: ended }, 'alreadyStopped', undefined],
		[
			'fail',
			{ [`GET ${CALL}`]: ended },
			'failed',
			'Plivo had nothing left to stop on this call: “not found”',
		],
		['fail', LIVE, 'failed', 'The call is live, and Plivo knows no such stream on it: “not found”'],
	])('with %s: %j is %s', async (whenNothingToStop, said, status, error) => {
		const parameters = { options: { whenNothingToStop } };
		const { item } = await one({ parameters, fates: routes(said) });
		expect(item.status).toBe(status);
		expect(item.error).toBe(error);
		if (error) expect(item.failure).toBe('nothingToStop');
	});

	test.each(['fail', 'failIfNotFound'])(
		'is no failure after an attempt that may have stopped it (%s)',
		async (whenNothingToStop) => {
			const fates = routes({ [`DELETE ${STREAM}`]: [503, NOT_FOUND], [`GET ${CALL}`]: ended });
			const { item } = await one({ parameters: { options: { whenNothingToStop } }, fates });
			expect(item).toMatchObject({ status: 'alreadyStopped', attempts: 2 });
		},
	);

	test('cancelled while it is looked into, the outcome of the stop itself stands', async () => {
		const controller = new AbortController();
		const fates = routes({ ...stopped, [`GET ${STREAM}`]: 'never' });
		const { item, took } = await one({ fates, signal: controller.signal }, async () => {
			await jest.advanceTimersByTimeAsync(300);
			controller.abort();
		});
		expect(item).toMatchObject({ status: 'notFound', attempts: 1 });
		expect(took).toBe(300);
	});

	test('cancelled before it is sent once more, it stays what it was', async () => {
		const controller = new AbortController();
		const fates = routes({ ...stopped, [`GET ${STREAM}`]: streamIs(null) });
		const { item, sent, hints } = await one({ fates, signal: controller.signal }, async () => {
			await jest.advanceTimersByTimeAsync(300);
			controller.abort();
		});
		expect(item).toMatchObject({ status: 'notFound', attempts: 1 });
		expect(sent).toHaveLength(2);
		// There was time, and nothing was read.
		expect(hints.map(({ message }) => message)).toEqual([
			expect.stringContaining('and nothing more could be read'),
		]);
	});

	test('includes the answer to the stop, and not to a read, where it is asked for', async () => {
		const parameters = { options: { includeResponse: true } };
		const { item } = await one({ parameters, fates: routes({ [`GET ${CALL}`]: ended }) });
		expect(item.response).toEqual({ api_id: 'a', error: 'not found' });
	});
});

describe('SignalWire', () => {
	const laml = '/api/laml/2010-04-01/Accounts/MAEXAMPLE';
	const LEG = `${laml}/Calls/c`;
	const ROOM = `${laml}/Conferences/k`;
	const own404 = json(404, { code: 20404, message: 'not found' });
	const signalWire = { provider: 'signalWire' };
	const call = (status: string) => json(200, { sid: 'c', status });
	const room = (status: string) => json(200, { sid: 'k', status });

	test.each<[string, Fate, IDataObject]>([
		['ended', call('completed'), { status: 'alreadyStopped', callState: 'ended' }],
		['live', call('in-progress'), { failure: 'rejected', callState: 'live' }],
		['not known', own404, { failure: 'rejected', callState: 'notFound' }],
		['not readable', 500, { failure: 'rejected' }],
	])('a code with two meanings asks the call, which is %s', async (_title, said, expected) => {
		const fates = routes({
			[`POST ${LEG}/Streams/s`]: json(400, { code: 21220, message: 'not so' }),
			[`GET ${LEG}`]: said,
		});
		const { item, sent } = await one({ parameters: signalWire, fates });
		expect(item).toMatchObject({ ...expected, statusCode: 400, attempts: 1 });
		expect('callState' in item).toBe('callState' in expected);
		expect(sent).toHaveLength(2);
	});

	test('where an event ended the call, nobody is asked', async () => {
		const { item, sent } = await one({
			parameters: signalWire,
			items: [{ CallSid: 'c', CallStatus: 'completed' }],
			fates: [json(400, { code: 21220, message: 'not so' })],
		});
		expect(item).toMatchObject({ status: 'alreadyStopped', callState: 'ended' });
		expect(sent).toHaveLength(1);
	});

	describe("a conference's stream by event", () => {
		const event = { CallSid: 'c', ConferenceSid: 'k', StreamSid: 's' };
		const parameters = { ...signalWire, source: 'event', stream: '' };
		const fromEvent = async (said: Record<string, Fate>, more: IDataObject = {}) =>
			await one({ parameters, items: [{ ...event, ...more }], fates: routes(said, own404) });

		test('is stopped at the conference', async () => {
			const { item, paths } = await fromEvent({
				[`POST ${ROOM}/Streams/s`]: json(200, { status: 'stopped' }),
			});
			expect(item).toEqual({
				provider: 'signalWire',
				operation: 'stopStream',
				streamBy: 'sid',
				callId: 'c',
				conferenceSid: 'k',
				stream: 's',
				status: 'stopped',
				stopped: true,
				statusCode: 200,
				attempts: 1,
			});
			expect(paths).toEqual([`POST ${ROOM}/Streams/s`]);
		});

		test('where the conference does not know it, at the call', async () => {
			const { item, paths } = await fromEvent({
				[`POST ${LEG}/Streams/s`]: json(200, { status: 'stopped' }),
			});
			expect(item).toMatchObject({ status: 'stopped', attempts: 2 });
			expect(paths).toEqual([`POST ${ROOM}/Streams/s`, `POST ${LEG}/Streams/s`]);
		});

		test('is over only where both are', async () => {
			const roomOver = { [`GET ${ROOM}`]: room('completed') };
			const callOver = { [`GET ${LEG}`]: call('completed') };
			const both = await fromEvent({ ...roomOver, ...callOver });
			expect(both.item).toMatchObject({
				status: 'alreadyStopped',
				callState: 'ended',
				attempts: 2,
			});
			const roomLive = await fromEvent({ [`GET ${ROOM}`]: room('in-progress'), ...callOver });
			expect(roomLive.item).toMatchObject({ status: 'notFound', callState: 'live' });
			const callLive = await fromEvent({ ...roomOver, [`GET ${LEG}`]: call('in-progress') });
			expect(callLive.item).toMatchObject({ status: 'notFound', callState: 'live' });
		});

		test.each<[string, object]>([
			['21220 and clear words', { code: 21220, message: 'The call was completed' }],
			['10000 and clear words', { code: 10000, message: 'attempt to update a completed call' }],
			['21220 with two meanings', { code: 21220, message: 'not so' }],
			['10000 with two meanings', { code: 10000, message: 'not so' }],
		])(
			'is not stopped by what the call says of itself, while the room is live: %s',
			async (title, body) => {
				const said = {
					[`POST ${LEG}/Streams/s`]: json(400, body),
					[`GET ${LEG}`]: call('completed'),
				};
				const live = await fromEvent({ ...said, [`GET ${ROOM}`]: room('in-progress') });
				expect(live.item).toMatchObject({
					status: 'notFound',
					stopped: false,
					callState: 'live',
					attempts: 2,
				});
				const over = await fromEvent({ ...said, [`GET ${ROOM}`]: room('completed') });
				expect(over.item).toMatchObject({ status: 'alreadyStopped', callState: 'ended' });
				// What the stop's own answer said of the call is not asked again.
				const asked = over.paths.filter((path) => path === `GET ${LEG}`);
				expect(asked).toHaveLength(title.includes('clear words') ? 0 : 1);
				const unread = await fromEvent({ ...said, [`GET ${ROOM}`]: 500 });
				expect(unread.item).toMatchObject({ status: 'notFound', stopped: false });
				expect(unread.item).not.toHaveProperty('callState');
			},
		);

		test('is not looked for at a call that the event does not name', async () => {
			const items = [{ ConferenceSid: 'k', StreamSid: 's' }];
			const fates = routes({ [`GET ${ROOM}`]: room('completed') }, own404);
			const { item, paths } = await one({ parameters, items, fates });
			expect(item).toMatchObject({
				conferenceSid: 'k',
				status: 'alreadyStopped',
				callState: 'ended',
				attempts: 1,
			});
			expect(item).not.toHaveProperty('callId');
			expect(paths).toEqual([`POST ${ROOM}/Streams/s`, `GET ${ROOM}`]);
		});

		test('is not over by an event that ends the call: the room goes on', async () => {
			const end = { CallStatus: 'completed' };
			const { item } = await fromEvent({ [`GET ${ROOM}`]: room('in-progress') }, end);
			expect(item).toMatchObject({ status: 'notFound', callState: 'live' });
			const over = await fromEvent({ [`GET ${ROOM}`]: room('completed') }, end);
			expect(over.item).toMatchObject({ status: 'alreadyStopped', callState: 'ended' });
			expect(over.paths).not.toContain(`GET ${LEG}`);
		});
	});

	describe('a document', () => {
		const parameters = { ...signalWire, streamBy: 'name', cxmlUrl: 'https://a.example/stop' };
		test.each<[string, Fate]>([
			['a missing answer', 'never'],
			['a connection that broke', 'read EHOSTUNREACH'],
			['a code without a system call', 'EHOSTUNREACH'],
			['a 503', 503],
		])('is never run twice: after %s it is sent no more', async (_title, fate) => {
			const { item, sent } = await one({ parameters, fates: [fate, json(200, { sid: 'c' })] });
			expect(item).toMatchObject({ status: 'failed', attempts: 1 });
			expect(item.error).toContain('It is not known whether SignalWire acted on the request');
			expect(JSON.stringify(item)).not.toContain('is still running');
			expect(sent).toHaveLength(1);
		});

		test.each<[string, Fate]>([
			['a refused connection', 'connect ECONNREFUSED'],
			['a connect that timed out', 'connect ETIMEDOUT'],
			['a host that is not reached', 'connect EHOSTUNREACH'],
			[
				'no address that connects',
				Object.assign(
					new AggregateError([
						Object.assign(new Error('a'), { code: 'ECONNREFUSED', syscall: 'connect' }),
					]),
					{ code: 'ECONNREFUSED' },
				),
			],
		])('that was surely not delivered is sent again: %s', async (_title, fate) => {
			const { item } = await one({ parameters, fates: [fate, json(200, { sid: 'c' })] });
			expect(item).toMatchObject({ status: 'accepted', stopped: false, attempts: 2 });
		});
	});
});

describe("'still running' is said only of a stop that surely did not arrive", () => {
	const options = { maxRetries: 0 };
	test.each<[string, boolean, Fate]>([
		['connect ECONNREFUSED', true, networkError('ECONNREFUSED', 'connect')],
		['getaddrinfo ENOTFOUND', true, networkError('ENOTFOUND', 'getaddrinfo')],
		['read EHOSTUNREACH', false, networkError('EHOSTUNREACH', 'read')],
		['write ENETUNREACH', false, networkError('ENETUNREACH', 'write')],
		['EHOSTUNREACH', false, networkError('EHOSTUNREACH')],
		['no answer', false, 'never'],
	])('%s: %s', async (_title, isSure, fate) => {
		const { item } = await one({ parameters: { options }, fates: [fate] });
		const says = isSure
			? 'The request was not delivered, so the stream is still running.'
			: 'The stream may still be running.';
		expect(item.message).toContain(says);
	});
});

describe('Confirm Stop', () => {
	const parameters = { options: { confirm: true } };
	const streamIs = (end_time: string | null) => json(200, { stream_id: 's', end_time });
	const DOWN = streamIs('2026-01-31 10:00:00');
	const confirmed = async (stop: Fate, read: Fate) =>
		(
			await one({
				parameters,
				fates: routes({ [`DELETE ${STREAM}`]: stop, [`GET ${STREAM}`]: read }),
			})
		).item;

	test('reads until the end is shown, after a stop', async () => {
		expect(await confirmed(204, DOWN)).toEqual({
			...ABOUT,
			status: 'stopped',
			stopped: true,
			statusCode: 204,
			attempts: 1,
			confirmed: true,
		});
	});

	test('makes an accepted stop a proved one, and leaves it where nothing is shown', async () => {
		const accepted = json(202, { message: 'Stream stopped successfully' });
		expect(await confirmed(accepted, DOWN)).toMatchObject({ status: 'stopped', confirmed: true });
		expect(await confirmed(accepted, streamIs(null))).toMatchObject({
			status: 'accepted',
			stopped: false,
			confirmed: false,
			confirmReason: 'Plivo did not show the end within 10 s',
		});
	});

	test('reads nothing more after a stop that found nothing', async () => {
		const fates = routes({ [`GET ${STREAM}`]: DOWN });
		const shown = await one({ parameters, fates });
		expect(shown.item).toMatchObject({ status: 'alreadyStopped', confirmed: true });
		expect(shown.paths).toEqual([`DELETE ${STREAM}`, `GET ${STREAM}`]);
		const over = await one({
			parameters,
			fates: routes({ [`GET ${CALL}`]: json(200, { end_time: '2026-01-31 10:00:00' }) }),
		});
		expect(over.item).toMatchObject({ status: 'alreadyStopped', confirmed: true });
		const unknown = await one({ parameters, fates: routes({}) });
		expect(unknown.item).toMatchObject({
			status: 'notFound',
			confirmed: false,
			confirmReason: 'Plivo found nothing to stop, and no read showed an end',
		});
		const hangUp = await one({
			parameters,
			items: [{ CallUUID: 'c', Event: 'Hangup' }],
			fates: routes({}),
		});
		expect(hangUp.item).toMatchObject({ status: 'alreadyStopped', confirmed: false });
		expect(hangUp.sent).toHaveLength(1);
	});

	test('is nothing for a failure, and nothing where streams cannot be read', async () => {
		expect(await confirmed(422, DOWN)).not.toHaveProperty('confirmed');
		const { item } = await one({
			parameters: { ...parameters, provider: 'signalWire' },
			fates: [json(200, { status: 'stopped' })],
		});
		expect(item).toMatchObject({ status: 'stopped' });
		expect(item).not.toHaveProperty('confirmed');
	});
});

describe('a secret', () => {
	test('is masked in whatever is shown: answers, failures, ids', async () => {
		const echo = json(422, { api_id: 'a', error: 'the token example-token is wrong' });
		const parameters = { options: { includeResponse: true }, stream: 'example-token' };
		const { item } = await one({ parameters, fates: [echo] });
		expect(item).toMatchObject({
			stream: '***',
			error: 'Plivo refused the request (422): “the token *** is wrong”',
			response: { error: 'the token *** is wrong' },
		});
		expect(JSON.stringify(item)).not.toContain('example-token');
	});

	test('is masked in what n8n itself throws', async () => {
		const fates = [new Error('Header X has the value example-token')];
		const { item } = await one({ fates });
		expect(item).toMatchObject({ status: 'failed', attempts: 1 });
		expect(item.error).toContain('Header X has the value ***');
		expect(JSON.stringify(item)).not.toContain('example-token');
	});
});

describe('what nobody foresaw', () => {
	test('in a field fails its item alone, as something that could not be read', async () => {
		const { item } = await one({
			overrides: {
				getNodeParameter() {
					throw new Error('No path back to node');
				},
			},
		});
		expect(item).toMatchObject({
			failure: 'input',
			error: 'A field of this item could not be read: No path back to node',
		});
	});

	test('behind the fields is told as such', async () => {
		const { item } = await one({
			overrides: {
				get helpers(): never {
					throw new Error('something unforeseen');
				},
			},
		});
		expect(item.error).toContain('something unforeseen');
		expect(item.status).toBe('failed');
	});

	test('between two attempts fails its item alone', async () => {
		jest.spyOn(Math, 'random').mockImplementation(() => {
			throw new Error('no entropy');
		});
		const { items } = await one({
			items: [{ call: 'c1' }, { call: 'c2' }],
			parameters: { callId: '=call' },
			fates: [503, 204],
		});
		expect(items).toMatchObject([
			{
				callId: 'c1',
				failure: 'input',
				error: 'The node could not finish this item: no entropy',
			},
			{ callId: 'c2', status: 'stopped' },
		]);
	});

	test('in a credential’s own data is a matter of the credential', async () => {
		const data = Object.create(null, {
			baseUrl: {
				get() {
					throw new Error('half decrypted');
				},
			},
		}) as Record<string, string>;
		const { item } = await one({ credentials: { plivoBasicApi: data } });
		expect(item).toMatchObject({
			failure: 'credentials',
			error: 'The node could not finish this item: half decrypted',
		});
	});
});

describe('as the tool of an AI agent', () => {
	const parameters = {
		provider: 'signalWire',
		streamBy: 'name',
		cxmlUrl: 'https://a.example/stop',
	};
	const fates = [json(200, { sid: 'c' })];

	test('the node runs no document in a call', async () => {
		const type = 'n8n-nodes-stop-audio-stream.stopAudioStreamTool';
		const { item, requests } = await one({ parameters, fates, node: { type } });
		expect(item).toMatchObject({ status: 'failed', failure: 'input' });
		expect(item.error).toContain('Stream Name');
		expect(requests).toEqual([]);
	});

	test('and only there: in a workflow it does', async () => {
		const { item } = await one({ parameters, fates });
		expect(item.status).toBe('accepted');
	});
});

describe('two runs with one account', () => {
	test('do not wait for each other where a run waits for its own requests alone', async () => {
		const credentials = credentialOf('plivo');
		const slow = fakeRun({
			credentials,
			items: [{}, {}],
			fates: ['never', 204],
			parameters: { options: { maxConcurrency: 1, maxRetries: 0 } },
			node: { onError: 'continueRegularOutput' },
		});
		const running = stopItems(slow.context);
		await jest.advanceTimersByTimeAsync(1_500);
		const quick = fakeRun({ credentials });
		const asked = Date.now();
		const [output] = await stopItems(quick.context);
		expect(output).toMatchObject([{ json: { status: 'stopped' } }]);
		expect(quick.sentAt).toEqual([asked]);
		await jest.advanceTimersByTimeAsync(300_000);
		await running;
		expect(slow.requests).toHaveLength(2);
	});
});

describe('an execution that is cancelled', () => {
	test('says so of each stop that was not confirmed, and sends nothing more', async () => {
		const controller = new AbortController();
		const { items, requests } = await one(
			{
				fates: ['never'],
				items: [{}, {}],
				signal: controller.signal,
				parameters: { options: { maxConcurrency: 1 } },
			},
			async () => {
				await jest.advanceTimersByTimeAsync(100);
				controller.abort();
			},
		);
		expect(requests).toHaveLength(1);
		expect(items.map(({ error, attempts }) => [error, attempts])).toEqual([
			['The execution was canceled before Plivo confirmed this stop', 1],
			['The execution was canceled before Plivo confirmed this stop', 0],
		]);
	});

	test('is nothing that an n8n without a signal could tell of', async () => {
		const { item } = await one({ signal: null });
		expect(item.status).toBe('stopped');
	});
});
