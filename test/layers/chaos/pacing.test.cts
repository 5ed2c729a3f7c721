// The runs of the pacing that take half a minute each: how near to a limit that nobody published the node
// comes, and what it costs to find it.

import { coreVersion } from '../../lib/engine.cts';
import { recordFigures, type PacingFigures } from '../../lib/figures.cts';
import { opened } from '../../lib/opened.cts';
import { forkStandIn } from '../../lib/stand-ins/index.cts';
import { count, print, stopAt } from '../../lib/stops.cts';

const STOPS = 500;
const LIMIT = { requests: 20, perMs: 1_000 };
/** 500 stops at 20 a second. */
const LEAST_MS = (STOPS / LIMIT.requests) * LIMIT.perMs;

type Fork = Awaited<ReturnType<typeof forkStandIn>>;

const runs: PacingFigures['runs'] = [];

/** Notes what one run took. */
async function measured(work: string, vobiz: Fork, began: number): Promise<void> {
	const took = Date.now() - began;
	const { byStatus, total } = await vobiz.requests();
	const run = {
		work,
		seconds: took / 1_000,
		ofLeast: took / LEAST_MS,
		requests: total,
		limited: byStatus[429] ?? 0,
	};
	runs.push(run);
	print(
		`500 Vobiz stops, ${work}: ${run.seconds.toFixed(1)} s (${run.ofLeast.toFixed(2)} of the least), ` +
			`${run.requests} requests, ${run.limited} answers 429`,
	);
	expect(await vobiz.running()).toBe(0);
	expect(run.limited).toBeLessThanOrEqual(100);
}

describe('500 Vobiz stops against an undisclosed limit of 20 a second', () => {
	const WAYS: Array<[string, { retryAfter: boolean }, number]> = [
		['with Retry-After', { retryAfter: true }, 0],
		['without Retry-After', { retryAfter: false }, 0],
		['with Retry-After, answers after 150 ms', { retryAfter: true }, 150],
	];
	test.each(WAYS)(
		'%s: all stopped, in at most 1.5 of the least time, with at most 100 answers 429',
		async (name, { retryAfter }, delayMs) => {
			const vobiz = opened(
				await forkStandIn('vobiz', { rateLimit: { ...LIMIT, retryAfter }, delayMs }),
			);
			const seeded = await vobiz.seed(STOPS);
			const began = Date.now();
			const { items } = await stopAt(vobiz, seeded);
			await measured(name, vobiz, began);
			expect(count(items.map(({ status }) => status))).toEqual({ stopped: STOPS });
			expect(runs.at(-1)?.ofLeast).toBeLessThanOrEqual(1.5);
		},
		90_000,
	);

	test('in 500 executions of one item, as webhooks start them: all stopped', async () => {
		const vobiz = opened(await forkStandIn('vobiz', { rateLimit: { ...LIMIT, retryAfter: true } }));
		const seeded = await vobiz.seed(STOPS);
		const began = Date.now();
		const all = await Promise.all(seeded.map((pair) => stopAt(vobiz, [pair])));
		await measured('one in each of 500 executions, with Retry-After', vobiz, began);
		expect(count(all.map(({ items }) => items[0]?.status))).toEqual({ stopped: STOPS });
	}, 90_000);

	test('the figures of all four are there to be written down', () => {
		expect(runs).toHaveLength(4);
		recordFigures(
			'pacing',
			{ n8n: coreVersion, node: process.versions.node },
			{ stops: STOPS, runs },
		);
	});
});
