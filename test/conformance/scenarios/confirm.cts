import type { Fault } from '../../lib/stand-ins/index.cts';
import type { Case } from '../case.cts';
import { row, rows, type Row } from '../scenario.cts';
import type { Column } from '../types.cts';

/** Confirm Stop: reads after the stop, none of which ever fails an item. */

const confirming = { options: { confirm: true }, needs: ['confirm'] } as const;
const allStreams = ({ parameters }: Column) => parameters.operation === 'stopAllStreams';
const PAGES = 45;

/** What is said of a list with more pages than the one that is read. */
export const morePages = (c: Case) => ({
	confirmed: false,
	confirmReason: `${c.profile.displayName} lists more streams of this call than one page shows`,
});

/** The stand-in shows the stream as running, `times` times. */
const showRunning = (c: Case, times?: number) =>
	c.answerRead({ status: 200, body: c.running() }, { times });

export const confirm: readonly Row[] = [
	row({
		...confirming,
		name: 'Confirm Stop reads until the end shows',
		arrange: (c) => showRunning(c, 1),
		expected: (c) => ({ ...c.says('stop'), confirmed: true, confirmReason: undefined }),
		check: (c) => expect(c.reads()).toHaveLength(2),
	}),
	row({
		...confirming,
		name: 'Confirm Stop reads again where a read is lost',
		slow: true,
		options: { confirm: true, maxRetries: 2 },
		arrange(c) {
			c.answerRead({ status: 503, body: '' }, { times: 1 });
			c.answerRead({ reset: 'before' }, { times: 1 });
		},
		expected: (c) => ({ ...c.says('stop'), confirmed: true, attempts: 1 }),
		check: (c) => expect(c.reads()).toHaveLength(3),
	}),
	row({
		...confirming,
		name: 'Confirm Stop reads once where the credential is refused',
		arrange: (c) => c.answerRead({ status: 401, body: '' }),
		expected: (c) => ({ ...c.says('stop'), confirmed: false, attempts: 1 }),
		check: (c) => expect(c.reads()).toHaveLength(1),
	}),
	row({
		...confirming,
		name: 'Confirm Stop says so where ten seconds show no end',
		slow: true,
		arrange: (c) => showRunning(c),
		expected: (c) => ({
			...c.says('stop'),
			confirmed: false,
			confirmReason: `${c.profile.displayName} did not show within 10 s that the stop took effect`,
		}),
		check(c) {
			// The pauses grow, each to twice the one before: ten seconds are a handful of reads.
			const times = c.standIn.requests.flatMap(({ method, at }) => (method === 'GET' ? [at] : []));
			const pauses = times.slice(1).map((at, i) => at - (times[i] ?? at));
			expect(pauses.filter((pause, i) => pause < 245 * 2 ** i)).toEqual([]);
			expect(times.length).toBeGreaterThan(1);
			expect(times.length).toBeLessThan(7);
		},
	}),
	row({
		...confirming,
		name: 'Confirm Stop says the same where the ten seconds end in the middle of a read',
		slow: true,
		options: { confirm: true, timeout: 20_000 },
		arrange(c) {
			showRunning(c, 1);
			c.answerRead({ stallMs: 20_000 });
		},
		expected: (c) => ({
			...c.says('stop'),
			confirmed: false,
			confirmReason: `${c.profile.displayName} did not show within 10 s that the stop took effect`,
		}),
	}),
	row({
		...confirming,
		name: 'Confirm Stop reads no more after a stop that found nothing, and says what a read had shown',
		arrange(c) {
			c.end();
			c.answer(c.column.answers.notFound);
		},
		expected: () => ({ status: 'alreadyStopped', statusCode: 404, confirmed: true }),
		check: (c) => expect(c.reads()).toHaveLength(1),
	}),
	row({
		...confirming,
		name: 'Confirm Stop after notFound says that no read had shown an end',
		arrange(c) {
			c.targets = [c.ghost()];
			c.answer(c.column.answers.notFound);
		},
		expected: (c) => ({
			status: 'notFound',
			confirmed: false,
			confirmReason: `${c.profile.displayName} found nothing to stop, and no read showed that anything had ended`,
		}),
		check: (c) => expect(c.reads()).toEqual(c.looks()),
	}),
	row({
		...confirming,
		name: 'Confirm Stop after an event that ended the call reads nothing either',
		parameters: { source: 'event', stream: '={{ $json.stream }}' },
		arrange(c) {
			c.items = [{ body: c.event('Hangup', c.call), stream: c.stream.id }];
			c.end();
			c.answer(c.column.answers.notFound);
		},
		expected: () => ({ status: 'alreadyStopped', callState: 'ended', confirmed: false }),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	rows<{ live?: Fault; confirmed: boolean }>({
		...confirming,
		name: 'a list without a stream is an end on a live call alone',
		columns: allStreams,
		variants: () => ({
			'a live call': { confirmed: true },
			'a call that is not shown': { live: { status: 404, body: {} }, confirmed: false },
			'a call that cannot be read': { live: { status: 500, body: '' }, confirmed: false },
			'another call': { live: { status: 200, body: { call_uuid: 'another' } }, confirmed: false },
		}),
		arrange(c, { live }) {
			c.answerRead(
				{ status: 200, body: { api_id: 'x', meta: { total_count: 0 }, objects: [] } },
				{ when: ({ path }) => path === c.read() },
			);
			if (live) c.answerRead(live);
		},
		expected: (c, { confirmed }) => ({
			...c.says('stop'),
			confirmed,
			confirmReason: confirmed
				? undefined
				: `${c.profile.displayName} lists no stream of this call, and no read shows the call as live`,
		}),
		check: (c) => expect(c.reads()).toEqual([c.read(), c.looks().at(-1)]),
	}),
	rows<Fault>({
		...confirming,
		name: 'a read that does not work never fails the item',
		variants: () => ({
			401: { status: 401, body: { error: 'Authentication example' } },
			404: { status: 404, body: '<html>Not Found</html>' },
			429: { status: 429, body: '' },
			500: { status: 500, body: '' },
			'200 in HTML': { status: 200, body: '<html>completed</html>' },
			'200 with another object': { status: 200, body: { hello: 'example' } },
			'a reset': { reset: 'before' },
			'an answer that is cut off': { truncate: true },
			'a redirect': { status: 302, headers: { Location: '/' } },
		}),
		arrange: (c, fault) => c.answerRead(fault),
		expected: (c) => ({
			...c.says('stop'),
			confirmed: false,
			confirmReason: expect.stringContaining('What still runs could not be read'),
			runs: false,
		}),
	}),
	row({
		...confirming,
		name: 'Confirm Stop reads the first page of the list, and says so if there are more',
		columns: allStreams,
		arrange(c) {
			for (let i = 1; i < PAGES; i += 1) c.standIn.startStream(c.call.id);
		},
		expected: (c) => ({ ...c.says('stop'), ...morePages(c), runs: false }),
		check: (c) => expect(c.reads()).toEqual([c.read()]),
	}),
	row({
		...confirming,
		name: 'Confirm Stop does not pass over a stream that runs on the last page',
		columns: allStreams,
		arrange(c) {
			for (let i = 1; i < PAGES; i += 1) c.standIn.startStream(c.call.id);
			const body = c.running({ total: 42, offset: 40 });
			c.answerRead({ status: 200, body }, { when: ({ path }) => path.endsWith('offset=40') });
		},
		expected: (c) => ({ ...c.says('stop'), ...morePages(c) }),
	}),
	row({
		name: 'Confirm Stop that arrives where nothing can be read changes nothing',
		lacks: 'confirm',
		options: { confirm: true },
		expected: (c) => ({ ...c.says('stop'), confirmed: undefined }),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
];
