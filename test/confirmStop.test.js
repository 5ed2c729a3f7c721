'use strict';

// Confirm Stop: what it reads and how long, and what it makes of it. No network, and faked time.

const { confirmStop } = require('../dist/nodes/StopAudioStream/confirmStop');
const { providers } = require('../dist/nodes/StopAudioStream/providers');

const of = (name) => providers.find((provider) => provider.name === name);
const NOW = Date.parse('2026-01-31T10:00:00Z');
const account = { origin: 'https://api.example', id: 'MAEXAMPLE', token: 'example-token' };
const one = { operation: 'stopStream', callId: 'c', stream: 's' };
const all = { operation: 'stopAllStreams', callId: 'c' };
const options = { timeout: 10_000, maxRetries: 3, maxConcurrency: 10 };

const UP = { stream_id: 's', status: 'initiated', end_time: null };
const DOWN = { stream_id: 's', status: 'initiated', end_time: '2026-01-31 10:00:00+00:00' };
const page = (total, ...objects) => ({ meta: { total_count: total }, objects });

afterEach(() => jest.useRealTimers());

/**
 * Confirms a stop with a sender that gives `bodies` one after the other, the last one again and again.
 * Says when each read left, in ms, and what was asked for.
 */
async function confirm(
	bodies,
	{ status = 'stopped', target = one, provider = 'plivo', takes = 0, cancelAt } = {},
) {
	jest.useFakeTimers({ now: NOW });
	const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
	const reads = [];
	const sender = {
		async send(request, given, rules) {
			const body = bodies[Math.min(reads.length, bodies.length - 1)];
			reads.push({ at: Date.now() - NOW, request, given, rules });
			if (takes > 0) await wait(takes);
			if (body?.kind) return { end: body };
			return { end: { kind: 'answer', answer: { statusCode: 200, headers: {}, body } } };
		},
		async pauseUntil(at) {
			await wait(at - performance.now());
			return cancelAt !== undefined && Date.now() - NOW >= cancelAt;
		},
	};
	let took;
	const confirming = confirmStop(sender, of(provider), { account, target, options }, status);
	const ended = confirming.finally(() => (took = Date.now() - NOW));
	await jest.advanceTimersByTimeAsync(60_000);
	return { ...(await ended), reads, took, times: reads.map(({ at }) => at) };
}

const unconfirmed = (confirmReason) => ({ confirmed: false, confirmReason });
const TOO_LATE = unconfirmed('Plivo did not show the end within 10 s');

describe('a read that shows the end', () => {
	test.each([
		['stopped', 'stopped'],
		['accepted', 'stopped'],
		['alreadyStopped', 'alreadyStopped'],
		['notFound', 'alreadyStopped'],
	])('makes %s a confirmed %s', async (status, proved) => {
		const ended = await confirm([DOWN], { status });
		expect(ended).toMatchObject({ status: proved, facts: { confirmed: true } });
		expect(ended.facts).toEqual({ confirmed: true });
		expect(ended.times).toEqual([0]);
	});

	test("asks for the stream, with the item's own options, until 10 s are over", async () => {
		const { reads } = await confirm([DOWN]);
		expect(reads).toEqual([
			{
				at: 0,
				request: {
					method: 'GET',
					url: 'https://api.example/v1/Account/MAEXAMPLE/Call/c/Stream/s/',
				},
				given: options,
				rules: { until: 10_000 },
			},
		]);
	});

	test('is waited for, with pauses that double', async () => {
		const { times, facts } = await confirm([UP, UP, UP, DOWN]);
		expect(times).toEqual([0, 250, 750, 1_750]);
		expect(facts).toEqual({ confirmed: true });
	});

	test('is waited for no longer than 10 s, and the stop stays what it was', async () => {
		for (const status of ['stopped', 'accepted', 'alreadyStopped']) {
			const { took, times, ...ended } = await confirm([UP], { status });
			expect(times).toEqual([0, 250, 750, 1_750, 3_750, 7_750]);
			expect(took).toBe(10_000);
			expect(ended).toMatchObject({ status, facts: TOO_LATE });
		}
	});

	test('is looked for on every page of the list', async () => {
		const { reads, facts } = await confirm([page(3, DOWN, DOWN), page(3, DOWN)], { target: all });
		expect(reads.map(({ request }) => new URL(request.url).search)).toEqual([
			'?limit=20&offset=0',
			'?limit=20&offset=2',
		]);
		expect(reads.map(({ at }) => at)).toEqual([0, 0]);
		expect(facts).toEqual({ confirmed: true });
	});

	test('is waited for on the page that shows a running stream', async () => {
		const pages = [page(2, DOWN), page(2, UP), page(2, DOWN)];
		const { reads, facts } = await confirm(pages, { target: all });
		expect(reads.map(({ request }) => new URL(request.url).searchParams.get('offset'))).toEqual([
			'0',
			'1',
			'1',
		]);
		expect(facts).toEqual({ confirmed: true });
	});
});

describe('a read that does not', () => {
	test('leaves notFound at one read, where the stream runs', async () => {
		const { times, ...ended } = await confirm([UP], { status: 'notFound' });
		expect(times).toEqual([0]);
		expect(ended).toMatchObject({
			status: 'notFound',
			facts: unconfirmed('Plivo still shows it as running'),
		});
	});

	test.each([
		[{ kind: 'noAnswer', seconds: 2 }, 'no answer'],
		[{ kind: 'notReached', code: 'ECONNREFUSED' }, 'no answer'],
		[
			{ kind: 'answer', answer: { statusCode: 404, headers: {}, body: { error: 'not found' } } },
			'it answered 404: “not found”',
		],
		[{ kind: 'answer', answer: { statusCode: 500, headers: {}, body: '' } }, 'it answered 500'],
	])('work leaves the stop unconfirmed and says why: %j', async (end, why) => {
		const { times, ...ended } = await confirm([end], { status: 'accepted' });
		expect(times).toEqual([0]);
		expect(ended).toMatchObject({
			status: 'accepted',
			facts: unconfirmed(`Plivo could not be read: ${why}`),
		});
	});

	test('come back before the 10 s are over is too late, and no read that went wrong', async () => {
		const lost = { kind: 'noAnswer', seconds: 10 };
		for (const takes of [9_995, 10_000, 10_500]) {
			expect(await confirm([lost], { takes })).toMatchObject({ facts: TOO_LATE });
		}
		expect((await confirm([lost], { takes: 9_994 })).facts).toEqual(
			unconfirmed('Plivo could not be read: no answer'),
		);
	});

	test('come before the execution is cancelled is not repeated', async () => {
		const { times, took, facts } = await confirm([UP], { cancelAt: 700 });
		expect(times).toEqual([0, 250]);
		expect(took).toBe(750);
		expect(facts.confirmReason).toMatch(/was not read any more: the execution was canceled$/);
	});
});

test('a provider that cannot be asked confirms nothing', async () => {
	const { reads, ...ended } = await confirm([DOWN], { provider: 'signalWire' });
	expect(reads).toEqual([]);
	expect(ended).toMatchObject({ status: 'stopped', facts: { confirmed: false } });
});
