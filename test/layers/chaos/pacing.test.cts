// Runs that take half a minute each: how near to a limit that nobody published the node comes, and what it
// costs to find it. They wait nearly all of the time, so all of them run at once, each with its own account.

import { coreVersion } from '../../lib/engine.cts';
import { recordFigures, type PacingFigures } from '../../lib/figures.cts';
import { opened } from '../../lib/opened.cts';
import { forkStandIn } from '../../lib/stand-ins/index.cts';
import { count, print, stopAt, type Addressed, type Pair } from '../../lib/stops.cts';

const STOPS = 500;
const LIMIT = { requests: 20, perMs: 1_000 };
/** In CI other tests run beside it, and a busy machine sends late. */
const MOST_OF_LEAST = process.env.CI ? 2 : 1.5;
/** 500 stops at 20 a second. */
const LEAST_MS = (STOPS / LIMIT.requests) * LIMIT.perMs;

type Stops = (account: Addressed, seeded: Pair[]) => Promise<unknown[]>;

const inOneExecution: Stops = async (account, seeded) =>
	(await stopAt(account, seeded)).items.map(({ status }) => status);

/** As webhooks start them. */
const inOneEach: Stops = async (account, seeded) => {
	const all = await Promise.all(seeded.map((pair) => stopAt(account, [pair])));
	return all.map(({ items }) => items[0]?.status);
};

const WAYS: Array<{ work: string; retryAfter: boolean; delayMs?: number; stops?: Stops }> = [
	{ work: 'with Retry-After', retryAfter: true },
	{ work: 'without Retry-After', retryAfter: false },
	{ work: 'with Retry-After, answers after 150 ms', retryAfter: true, delayMs: 150 },
	{
		work: 'one in each of 500 executions, with Retry-After',
		retryAfter: true,
		stops: inOneEach,
	},
];

describe('500 Vobiz stops against an undisclosed limit of 20 a second', () => {
	let found: Array<{ run: PacingFigures['runs'][number]; left: number; statuses: unknown[] }> = [];

	beforeAll(async () => {
		found = await Promise.all(
			WAYS.map(async ({ work, retryAfter, delayMs = 0, stops = inOneExecution }, i) => {
				const vobiz = opened(
					await forkStandIn('vobiz', {
						rateLimit: { ...LIMIT, retryAfter },
						delayMs,
						account: i + 1,
					}),
				);
				const seeded = await vobiz.seed(STOPS);
				const began = Date.now();
				const statuses = await stops(vobiz, seeded);
				const took = Date.now() - began;
				const { byStatus, total } = await vobiz.requests();
				const run = {
					work,
					seconds: took / 1_000,
					ofLeast: took / LEAST_MS,
					requests: total,
					limited: byStatus[429] ?? 0,
				};
				return { run, left: await vobiz.running(), statuses };
			}),
		);
	}, 180_000);

	test.each(WAYS)(
		`$work: all stopped, in at most ${MOST_OF_LEAST} of the least time, with at most 100 answers 429`,
		({ work }) => {
			const one = found.find(({ run }) => run.work === work);
			print(`500 Vobiz stops, ${JSON.stringify(one?.run)}`);
			expect(one?.left).toBe(0);
			expect(count(one?.statuses ?? [])).toEqual({ stopped: STOPS });
			expect(one?.run.limited).toBeLessThanOrEqual(100);
			expect(one?.run.ofLeast).toBeLessThanOrEqual(MOST_OF_LEAST);
		},
	);

	test('the figures of all are there to be written down', () => {
		const runs = found.map(({ run }) => run);
		expect(runs).toHaveLength(WAYS.length);
		recordFigures(
			'pacing',
			{ n8n: coreVersion, node: process.versions.node },
			{ stops: STOPS, runs },
		);
	});
});
