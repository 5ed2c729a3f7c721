'use strict';

// The runs of the pacing that take half a minute each: how near to a limit that nobody published the node
// comes, and what it costs to find it.

const { forkStandIn } = require('../stand-ins');
const { count, print, stopAt } = require('../support/stops');

const STOPS = 500;
const LIMIT = { requests: 20, perMs: 1_000 };
/** 500 stops at 20 a second. */
const LEAST_MS = (STOPS / LIMIT.requests) * LIMIT.perMs;

let vobiz;
afterEach(async () => await vobiz?.close());

describe('500 Vobiz stops against an undisclosed limit of 20 a second', () => {
	test.each([
		['with Retry-After', { retryAfter: true }],
		['without Retry-After', { retryAfter: false }],
		['with Retry-After, answers after 150 ms', { retryAfter: true }, 150],
	])(
		'%s: all stopped, in at most 1.5 of the least time, with at most 100 answers 429',
		async (name, { retryAfter }, delayMs = 0) => {
			vobiz = await forkStandIn('vobiz', { rateLimit: { ...LIMIT, retryAfter }, delayMs });
			const seeded = await vobiz.seed(STOPS);
			const began = Date.now();
			const { items } = await stopAt(vobiz, seeded);
			const took = Date.now() - began;
			const { byStatus, total } = await vobiz.requests();
			print(
				`500 Vobiz stops, ${name}: ${(took / 1_000).toFixed(1)} s (${(took / LEAST_MS).toFixed(2)} of ` +
					`the least), ${total} requests, ${byStatus[429] ?? 0} answers 429`,
			);
			expect(count(items.map(({ status }) => status))).toEqual({ stopped: STOPS });
			expect(await vobiz.running()).toBe(0);
			expect(byStatus[429] ?? 0).toBeLessThanOrEqual(100);
			expect(took).toBeLessThanOrEqual(1.5 * LEAST_MS);
		},
		90_000,
	);

	test('in 500 executions of one item, as webhooks start them: all stopped', async () => {
		vobiz = await forkStandIn('vobiz', { rateLimit: { ...LIMIT, retryAfter: true } });
		const seeded = await vobiz.seed(STOPS);
		const began = Date.now();
		const runs = await Promise.all(seeded.map((pair) => stopAt(vobiz, [pair])));
		const took = Date.now() - began;
		const { byStatus, total } = await vobiz.requests();
		print(
			`500 executions of one Vobiz stop: ${(took / 1_000).toFixed(1)} s (${(took / LEAST_MS).toFixed(2)} of ` +
				`the least), ${total} requests, ${byStatus[429] ?? 0} answers 429`,
		);
		expect(count(runs.map(({ items }) => items[0]?.status))).toEqual({ stopped: STOPS });
		expect(await vobiz.running()).toBe(0);
		expect(byStatus[429] ?? 0).toBeLessThanOrEqual(100);
	}, 90_000);
});
