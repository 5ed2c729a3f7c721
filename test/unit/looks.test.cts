// What is read after a stop: Confirm Stop, and the looks into a stop that found nothing. No network, faked time.

import type { SendEnd } from '../../nodes/StopAudioStream/outcome/verdicts';
import {
	waysToOneStream,
	wayToAllStreams,
	type Ids,
	type Way,
} from '../../nodes/StopAudioStream/providers/provider';
import {
	confirmedStatus,
	Looks,
	LookTime,
	notConfirmed,
	type Asked,
	type Confirmation,
} from '../../nodes/StopAudioStream/sending/looks';
import {
	RequestSender,
	type Sending,
	type SendOptions,
	type Sent,
} from '../../nodes/StopAudioStream/sending/requestSender';
import { DATA, fakeSender, providerOf, type Fate } from '../lib/fakeSender.cts';

const NOW = Date.parse('2026-01-31T10:00:00Z');
const account = {
	origin: 'https://api.example',
	id: 'MAEXAMPLE',
	token: 'example-token',
	signingKey: '',
};
const options: SendOptions = { timeout: 10_000, maxRetries: 3, maxConcurrency: 10 };

const UP = { stream_id: 's', status: 'initiated', end_time: null };
const DOWN = { stream_id: 's', status: 'initiated', end_time: '2026-01-31 10:00:00+00:00' };
const FIRST = { ...DOWN, stream_id: 'first' };
const page = (total: number, ...objects: object[]) => ({ meta: { total_count: total }, objects });

const wait = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms));
const answer = (statusCode: number, body: unknown): SendEnd => ({
	kind: 'answer',
	answer: { statusCode, headers: {}, body },
});
const NO_CALL = answer(404, { api_id: 'a', error: 'not found' });

beforeEach(() => jest.useFakeTimers({ now: NOW }));
afterEach(() => jest.useRealTimers());

/** One read, as it came to the sender. */
interface Read {
	at: number;
	sending: Sending;
	options: SendOptions;
}

/** How reads end: the end itself, or a body that comes with a 200; how long each takes. */
interface FakeReads {
	ends: Array<SendEnd | object> | ((url: string) => SendEnd | object);
	takes?: number;
	/** How long each waits for its turn. */
	waits?: number;
	signal?: AbortSignal;
}

const NEVER = new AbortController().signal;

const isEnd = (end: SendEnd | object): end is SendEnd => 'kind' in end;

/** Nothing of n8n is asked for. */
const NO_CONTEXT: ConstructorParameters<typeof RequestSender>[0] = Object.create({ helpers: {} });

/** A sender that only notes what it is asked to send, behind the one of the node. */
class FakeSender extends RequestSender {
	readonly reads: Read[] = [];

	constructor(private readonly fake: FakeReads) {
		const { sender } = fakeSender([]);
		super(NO_CONTEXT, fake.signal ?? NEVER, sender.provider, account, DATA);
	}

	override async send(sending: Sending, given: SendOptions): Promise<Sent> {
		const { ends, takes = 0, waits = 0 } = this.fake;
		const { url } = sending.request;
		const end =
			typeof ends === 'function'
				? ends(url)
				: (ends[Math.min(this.reads.length, ends.length - 1)] ?? NO_CALL);
		const read = { at: NaN, sending, options: given };
		this.reads.push(read);
		const { until = Infinity } = sending;
		const sent = { effectBefore: false };
		if (performance.now() + waits >= until) {
			await wait(until - performance.now());
			return { ...sent, end: { kind: 'outOfTime' }, attempts: 0 };
		}
		if (waits > 0) await wait(waits);
		read.at = Date.now() - NOW;
		sending.onLeave?.();
		if (takes > 0) await wait(takes);
		return { ...sent, end: isEnd(end) ? end : answer(200, end), attempts: 1 };
	}
}

const plivo = providerOf('plivo');
const [one] = plivo.ways;
const all = wayToAllStreams(plivo) ?? one;
const ids: Ids = { callId: 'c', stream: 's' };
const asked: Asked = { way: one, ids, options };
const STREAM = 'https://api.example/v1/Account/MAEXAMPLE/Call/c/Stream/s/';
const CALL = 'https://api.example/v1/Account/MAEXAMPLE/Call/c/';
const LIVE = `${CALL}?status=live`;

/** Reads, and the sender that they go through. */
function looksWith(fake: FakeReads, time = new LookTime()) {
	const signal = fake.signal ?? NEVER;
	const sender = new FakeSender({ ...fake, signal });
	return { sender, looks: new Looks(sender, signal, time), time };
}

const urlsOf = ({ reads }: FakeSender) => reads.map(({ sending }) => sending.request.url);

describe('Confirm Stop', () => {
	interface Confirmed {
		confirmation: Confirmation;
		reads: Read[];
		times: number[];
		took: number;
	}

	/** Confirms a stop; says when each read left, in ms, and what was asked for. */
	async function confirm(
		ends: Array<SendEnd | object>,
		{
			way = one,
			provider = 'Plivo',
			cancelAt = Infinity,
			...fake
		}: Partial<FakeReads> & {
			way?: Way;
			provider?: string;
			cancelAt?: number;
		} = {},
	): Promise<Confirmed> {
		const began = Date.now();
		const controller = new AbortController();
		const { sender, looks } = looksWith({ ...fake, ends, signal: controller.signal });
		let took = NaN;
		const confirming = looks
			.confirm({ way, ids, options }, provider)
			.finally(() => (took = Date.now() - began));
		if (cancelAt < Infinity) {
			await jest.advanceTimersByTimeAsync(cancelAt);
			controller.abort();
		}
		await jest.advanceTimersByTimeAsync(120_000);
		const confirmation = await confirming;
		const { reads } = sender;
		return { confirmation, reads, took, times: reads.map(({ at }) => at - (began - NOW)) };
	}

	const TOO_LATE = notConfirmed('Plivo did not show the end within 10 s');

	test.each([
		['stopped', 'stopped'],
		['accepted', 'stopped'],
		['alreadyStopped', 'alreadyStopped'],
		['notFound', 'notFound'],
	] as const)('that shows the end makes %s a confirmed %s', (status, proved) => {
		expect(confirmedStatus(status)).toBe(proved);
	});

	test("asks for the stream, with the item's own options", async () => {
		const { reads, confirmation, times } = await confirm([DOWN]);
		expect(confirmation).toEqual({ confirmed: true });
		expect(times).toEqual([0]);
		expect(reads.map(({ sending, options: given }) => ({ sending, given }))).toEqual([
			{
				sending: {
					request: { method: 'GET', url: STREAM },
					kind: 'read',
					repeatable: true,
					until: 60_000,
					onLeave: expect.any(Function),
				},
				given: options,
			},
		]);
	});

	test('waits for the end, with pauses that double', async () => {
		const { times, confirmation } = await confirm([UP, UP, UP, DOWN]);
		expect(times).toEqual([0, 250, 750, 1_750]);
		expect(confirmation).toEqual({ confirmed: true });
	});

	test('waits no longer than 10 s', async () => {
		const { took, times, confirmation, reads } = await confirm([UP]);
		expect(times).toEqual([0, 250, 750, 1_750, 3_750, 7_750]);
		expect(took).toBe(10_000);
		expect(confirmation).toEqual(TOO_LATE);
		// From the first that left, each read has the time that is left.
		expect(reads.slice(1).map(({ sending }) => sending.until)).toEqual(Array(5).fill(10_000));
	});

	test('has its 10 s from the first read that leaves, since reads wait behind stops', async () => {
		const { took, confirmation } = await confirm([UP], { waits: 20_000 });
		expect(took).toBe(30_000);
		expect(confirmation).toEqual(TOO_LATE);
		const never = await confirm([UP], { waits: 70_000 });
		expect(never.took).toBe(60_000);
		expect(never.confirmation).toEqual(
			notConfirmed('Plivo was not read: stops of the account came first'),
		);
	});

	test('is late and not failed where a further read has no time to leave', async () => {
		const { confirmation } = await confirm([UP, { kind: 'outOfTime' }]);
		expect(confirmation).toEqual(TOO_LATE);
	});

	test('looks on every page of the list', async () => {
		const pages = [page(3, FIRST, DOWN), page(3, DOWN)];
		const { reads, times, confirmation } = await confirm(pages, { way: all });
		expect(reads.map(({ sending }) => new URL(sending.request.url).search)).toEqual([
			'?limit=20&offset=0',
			'?limit=20&offset=2',
		]);
		expect(times).toEqual([0, 0]);
		expect(confirmation).toEqual({ confirmed: true });
	});

	test('waits on the page that shows a running stream', async () => {
		const pages = [page(2, FIRST), page(2, UP), page(2, DOWN)];
		const { reads, confirmation } = await confirm(pages, { way: all });
		const offsets = reads.map(({ sending }) =>
			new URL(sending.request.url).searchParams.get('offset'),
		);
		expect(offsets).toEqual(['0', '1', '1']);
		expect(confirmation).toEqual({ confirmed: true });
	});

	test('confirms nothing by a list that gives one page twice', async () => {
		const pages = [page(4, FIRST, DOWN)];
		const { reads, confirmation } = await confirm(pages, { way: all });
		expect(reads.map(({ sending }) => new URL(sending.request.url).search)).toEqual([
			'?limit=20&offset=0',
			'?limit=20&offset=2',
		]);
		// By its count, the second is the last page: what neither of them shows may still run.
		expect(confirmation).toEqual(notConfirmed('Plivo gives the same page of the list again'));
	});

	test('ends at an empty list, which proves nothing', async () => {
		const { times, confirmation } = await confirm([page(0)], { way: all });
		expect(times).toEqual([0]);
		expect(confirmation).toEqual(notConfirmed('Plivo lists no stream of this call'));
	});

	test.each<[SendEnd, string]>([
		[{ kind: 'noAnswer', seconds: 2 }, 'no answer'],
		[{ kind: 'notReached', code: 'ECONNREFUSED' }, 'no answer'],
		[answer(404, { error: 'not found' }), 'it answered 404: “not found”'],
		[answer(500, ''), 'it answered 500'],
	])('that does not work leaves the stop unconfirmed and says why: %j', async (end, why) => {
		const { times, confirmation } = await confirm([end]);
		expect(times).toEqual([0]);
		expect(confirmation).toEqual(notConfirmed(`Plivo could not be read: ${why}`));
	});

	test('that does not come back before the 10 s are over is too late, and no read that went wrong', async () => {
		const lost: SendEnd = { kind: 'noAnswer', seconds: 10 };
		for (const takes of [9_995, 10_000, 10_500]) {
			expect((await confirm([lost], { takes })).confirmation).toEqual(TOO_LATE);
		}
		expect((await confirm([lost], { takes: 9_994 })).confirmation).toEqual(
			notConfirmed('Plivo could not be read: no answer'),
		);
	});

	test('ends with the execution', async () => {
		const { times, took, confirmation } = await confirm([UP], { cancelAt: 700 });
		expect(times).toEqual([0, 250]);
		expect(took).toBe(700);
		expect(confirmation).toEqual(
			notConfirmed('Plivo was not read any more: the execution was canceled'),
		);
	});

	test('ends with the execution, also while a read is under way', async () => {
		const { times, confirmation } = await confirm([{ kind: 'cancelled' }]);
		expect(times).toEqual([0]);
		expect(confirmation).toEqual(
			notConfirmed('Plivo was not read any more: the execution was canceled'),
		);
	});

	test('reads nothing of a provider that cannot be asked', async () => {
		const [way] = providerOf('signalWire').ways;
		const { reads, confirmation } = await confirm([DOWN], { way, provider: 'SignalWire' });
		expect(reads).toEqual([]);
		expect(confirmation.confirmed).toBe(false);
	});
});

describe('a stop that found nothing', () => {
	const ENDED = { call_uuid: 'c', end_time: '2026-01-31 10:00:00' };
	const none = answer(500, '');
	/** What each address says; anything else is answered with a 500. */
	const at = (said: Record<string, SendEnd | object>) => (url: string) => said[url] ?? none;

	test.each<[string, Record<string, SendEnd | object>, object, string[]]>([
		['ended, as the stream says', { [STREAM]: DOWN }, { stream: 'ended' }, [STREAM]],
		['running, as the stream says', { [STREAM]: UP }, { stream: 'running' }, [STREAM]],
		['of a call that ended', { [CALL]: ENDED }, { call: 'ended', noun: 'call' }, [STREAM, CALL]],
		[
			'of a call that is live',
			{ [STREAM]: NO_CALL, [LIVE]: { call_uuid: 'c' } },
			{ call: 'live', noun: 'call' },
			[STREAM, CALL, LIVE],
		],
		[
			'of a call that nobody knows',
			{ [STREAM]: NO_CALL, [CALL]: NO_CALL, [LIVE]: NO_CALL },
			{ call: 'notFound', noun: 'call' },
			[STREAM, CALL, LIVE],
		],
		['of which nothing can be read', {}, { outOfTime: false }, [STREAM, CALL, LIVE]],
	])('%s: the first read that tells ends it', async (_title, said, finding, urls) => {
		const { looks, sender } = looksWith({ ends: at(said) });
		expect(await looks.lookInto(asked, false)).toEqual(finding);
		expect(urlsOf(sender)).toEqual(urls);
	});

	test('is looked into no further, where there was no time for the first read', async () => {
		const { looks, sender } = looksWith({ ends: at({ [STREAM]: { kind: 'outOfTime' } }) });
		expect(await looks.lookInto(asked, false)).toEqual({ outOfTime: true });
		expect(urlsOf(sender)).toEqual([STREAM]);
	});

	test('of all streams: the list is not read', async () => {
		const { looks, sender } = looksWith({ ends: at({ [CALL]: ENDED }) });
		expect(await looks.lookInto({ ...asked, way: all, ids: { callId: 'c' } }, false)).toEqual({
			call: 'ended',
			noun: 'call',
		});
		expect(urlsOf(sender)).toEqual([CALL]);
	});

	test('reads are sent once, never again, and have 60 s together', async () => {
		const { looks, sender } = looksWith({ ends: at({}) });
		await looks.lookInto(asked, false);
		for (const { sending, options: given } of sender.reads) {
			expect(sending).toMatchObject({
				request: { method: 'GET' },
				kind: 'read',
				repeatable: false,
				until: 60_000,
			});
			expect(given).toEqual({ ...options, maxRetries: 0 });
		}
	});

	test('one read of a call serves all of its items, also those that ask while it is under way', async () => {
		const { looks, sender } = looksWith({ ends: at({ [CALL]: ENDED }), takes: 100 });
		const items = [1, 2, 3].map(
			async (n) => await looks.lookInto({ ...asked, ids: { callId: 'c', stream: `s${n}` } }, false),
		);
		await jest.advanceTimersByTimeAsync(1_000);
		expect(await Promise.all(items)).toEqual(Array(3).fill({ call: 'ended', noun: 'call' }));
		const later = looks.lookInto({ ...asked, ids: { callId: 'c', stream: 's4' } }, false);
		await jest.advanceTimersByTimeAsync(1_000);
		expect(await later).toEqual({ call: 'ended', noun: 'call' });
		expect(urlsOf(sender).filter((url) => url === CALL)).toHaveLength(1);
		const other = looks.callOf({ ...asked, ids: { callId: 'd', stream: 's' } });
		await jest.advanceTimersByTimeAsync(1_000);
		expect(await other).toEqual({ outOfTime: false });
		expect(urlsOf(sender).filter((url) => !url.includes('/Call/c/'))).toHaveLength(2);
	});

	test('what an event said of the call does not replace the read', async () => {
		const { looks } = looksWith({ ends: at({ [LIVE]: { call_uuid: 'c' } }) });
		expect(await looks.lookInto({ ...asked, way: all }, true)).toEqual({
			call: 'live',
			noun: 'call',
		});
	});

	describe('in a conference', () => {
		const [bySid] = waysToOneStream(providerOf('signalWire'));
		const way = bySid?.inConference ?? one;
		const both: Asked = { way, ids: { callId: 'c', conferenceSid: 'k', stream: 's' }, options };
		const laml = 'https://api.example/api/laml/2010-04-01/Accounts/MAEXAMPLE';
		const ROOM = `${laml}/Conferences/k`;
		const LEG = `${laml}/Calls/c`;

		const room = (status: string) => ({ sid: 'k', status });
		const leg = (status: string) => ({ sid: 'c', status });
		const endedRoom = { call: 'ended', noun: 'conference' };
		const liveRoom = { call: 'live', noun: 'conference' };

		test.each<[string, object, object | SendEnd, boolean, object, string[]]>([
			['live', room('in-progress'), none, false, liveRoom, [ROOM]],
			['over, its call too', room('completed'), leg('completed'), false, endedRoom, [ROOM, LEG]],
			[
				'over, its call not',
				room('completed'),
				leg('in-progress'),
				false,
				// Of the two, it is the call that is live.
				{ call: 'live', noun: 'call' },
				[ROOM, LEG],
			],
			['over, its call unread', room('completed'), none, false, { outOfTime: false }, [ROOM, LEG]],
			[
				'over, and there was no time for its call',
				room('completed'),
				{ kind: 'outOfTime' },
				false,
				{ outOfTime: true },
				[ROOM, LEG],
			],
			['over, and an event said so of the call', room('completed'), none, true, endedRoom, [ROOM]],
			['live, although an event ended the call', room('in-progress'), none, true, liveRoom, [ROOM]],
		])('that is %s', async (_title, saysRoom, saysLeg, callEnded, state, urls) => {
			const { looks, sender } = looksWith({ ends: at({ [ROOM]: saysRoom, [LEG]: saysLeg }) });
			expect(await looks.callOf(both, callEnded)).toEqual(state);
			expect(urlsOf(sender)).toEqual(urls);
		});

		test('that is over proves nothing of its call, unless an event did', async () => {
			const said = { [ROOM]: room('completed'), [LEG]: leg('in-progress') };
			const { looks } = looksWith({ ends: at(said) });
			expect(await looks.callOf(both)).toEqual({ call: 'live', noun: 'call' });
		});

		test('that is over, where no call is named: there is none to look at', async () => {
			const { looks, sender } = looksWith({ ends: at({ [ROOM]: room('completed') }) });
			const alone: Asked = { ...both, ids: { conferenceSid: 'k', stream: 's' } };
			expect(await looks.callOf(alone)).toEqual(endedRoom);
			expect(urlsOf(sender)).toEqual([ROOM]);
		});
	});

	describe('the 60 s that the reads of a run have', () => {
		test('begin with the first that leaves', async () => {
			const time = new LookTime();
			expect(time.deadline()).toBe(60_000 + performance.now());
			const began = performance.now();
			await jest.advanceTimersByTimeAsync(5_000);
			expect(time.deadline() - began).toBe(60_000);
			time.note();
			expect(time.deadline() - began).toBe(65_000);
			await jest.advanceTimersByTimeAsync(5_000);
			time.note();
			expect(time.deadline() - began).toBe(65_000);
		});

		test('are over for what was not read by then', async () => {
			const { looks, sender, time } = looksWith({ ends: at({}), takes: 30_000 });
			const finding = looks.lookInto(asked, false);
			await jest.advanceTimersByTimeAsync(120_000);
			expect(await finding).toEqual({ outOfTime: true });
			// The third had no time any more.
			expect(sender.reads.map(({ at: left }) => left)).toEqual([0, 30_000, NaN]);
			expect(time.deadline()).toBeLessThanOrEqual(performance.now());
		});

		test('are not over for a read that fails just before', async () => {
			const early = looksWith({ ends: at({}), takes: 19_998 });
			const finding = early.looks.lookInto(asked, false);
			await jest.advanceTimersByTimeAsync(59_994);
			expect(await finding).toEqual({ outOfTime: false });
		});

		test('run anew for a read that waited for its turn while the first left', async () => {
			const time = new LookTime();
			const began = performance.now();
			const fast = looksWith({ ends: at({}), waits: 30_000 }, time);
			const slow = looksWith({ ends: at({ [CALL]: ENDED }), waits: 70_000 }, time);
			const first = fast.looks.callOf(asked);
			const second = slow.looks.callOf(asked);
			await jest.advanceTimersByTimeAsync(200_000);
			// The fast one was read, and nothing told; the slow one was not read even then.
			expect([await first, await second]).toEqual([{ outOfTime: false }, { outOfTime: true }]);
			const untils = slow.sender.reads.map(({ sending }) => (sending.until ?? NaN) - began);
			expect(untils.slice(0, 2)).toEqual([60_000, 90_000]);
		});
	});

	test('cancelled while it reads, nothing is told', async () => {
		const controller = new AbortController();
		const fates: Fate[] = ['never'];
		const { sender, requests, signal } = fakeSender(fates, { signal: controller.signal });
		const looks = new Looks(sender, signal, new LookTime());
		const finding = looks.lookInto(asked, false);
		await jest.advanceTimersByTimeAsync(100);
		controller.abort();
		expect(await finding).toEqual({ outOfTime: false });
		expect(requests).toHaveLength(1);
	});

	test('is looked into by the node’s own sender with one request for each read, also after a 503', async () => {
		const { sender, requests } = fakeSender([503]);
		const looks = new Looks(sender, NEVER, new LookTime());
		expect(await looks.lookInto(asked, false)).toEqual({ outOfTime: false });
		expect(requests.map(({ options: { method } }) => method)).toEqual(['GET', 'GET', 'GET']);
	});
});
