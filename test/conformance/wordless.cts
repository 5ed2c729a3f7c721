import type { IDataObject } from 'n8n-workflow';
import { row, rows, titled, type Row } from './scenario.cts';
import { morePages } from './scenarios/confirm.cts';
import type { Given } from './types.cts';

/** Plivo and Vobiz: a success that says nothing, as the vendors' own SDKs expect it. */

const WORDLESS: Record<string, Given['body']> = {
	'an empty object': {},
	'api_id alone': { api_id: 'example-api-id' },
	'api_id and another sentence': { api_id: 'example-api-id', message: 'ok' },
	'api_id and the stream': { api_id: 'example-api-id', stream_id: 'example-stream' },
};

export const wordless: readonly Row[] = [
	rows<{ status: number; body: Given['body'] }>({
		name: 'a success without the documented words is accepted, and said to be no proof',
		variants: () =>
			Object.fromEntries(
				[200, 201, 202].flatMap((status) =>
					Object.entries(WORDLESS).map(([title, body]) => [
						`${status}, ${title}`,
						{ status, body },
					]),
				),
			),
		arrange: (c, { status, body }) => c.answer({ status, body, afterEffect: true }),
		expected: (c, { status }) => ({
			status: 'accepted',
			statusCode: status,
			attempts: 1,
			message: `${c.profile.displayName} accepted the request, but does not say that the stream has stopped.`,
			runs: false,
		}),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	rows<Given['body']>({
		name: 'a success that holds a refusal, or is of another form, is still unreadable',
		variants: () => ({
			'a refusal beside api_id': { api_id: 'example-api-id', error: 'No access' },
			'a refusal that is empty': { api_id: 'example-api-id', error: '' },
			'a refusal that is null': { error: null },
			'another sentence alone': { message: 'ok' },
			'api_id that is no text': { api_id: 7 },
			'a list': '[]',
		}),
		arrange: (c, body) => c.answer({ status: 200, body }),
		expected: () => ({ failure: 'unreadable', statusCode: 200, runs: true }),
	}),
	rows<string | undefined>({
		name: '"streams_stopped": 0 says that nothing was running, in whatever words',
		variants: () => ({ none: undefined, others: 'No active streams to stop' }),
		columns: ({ parameters }) => parameters.operation === 'stopAllStreams',
		arrange(c, message) {
			c.endStream();
			c.answer({ status: 200, body: { message, streams_stopped: 0 } });
		},
		expected: () => ({ status: 'alreadyStopped', statusCode: 200, runs: false }),
	}),
	rows<[status: number, error: string]>({
		name: '"No active stream found" with another status than 400 or 404, or among other words, is a refusal',
		variants: () => ({
			422: [422, 'No active stream found'],
			'words before it': [400, 'Busy: no active stream found'],
			'words behind it': [400, 'No active stream found: busy'],
		}),
		arrange: (c, [status, error]) => c.answer({ status, body: { api_id: 'x', error } }),
		expected: (_c, [statusCode]) => ({ failure: 'rejected', statusCode, attempts: 1, runs: true }),
	}),
	rows<{ streams: number; meta?: IDataObject }>({
		name: 'a list without a count has more pages if it names a next one, or if its page is full',
		options: { confirm: true },
		columns: ({ parameters }) => parameters.operation === 'stopAllStreams',
		variants: () => ({
			'a next one': { streams: 1, meta: { next: '/next' } },
			'a full page': { streams: 20 },
			'a full page, and a count that is text': { streams: 20, meta: { total_count: '25' } },
		}),
		arrange(c, { streams, meta }) {
			const objects = Array.from({ length: streams }, () => ({
				stream_id: c.stream.id,
				status: 'completed',
				end_time: '2026-01-31 10:00:00',
			}));
			c.answerRead({ status: 200, body: { objects, meta } });
		},
		expected: (c) => ({
			...c.says('stop'),
			...morePages(c),
		}),
	}),
	row({
		name: 'a stream that is listed as in progress runs, whatever end it shows',
		columns: ({ parameters }) => parameters.operation === 'stopAllStreams',
		arrange(c) {
			c.answer(c.column.answers.notFound);
			c.answerList([
				{ stream_id: c.stream.id, status: 'in-progress', end_time: '2026-01-31 10:00' },
			]);
		},
		expected: (c) => c.missed,
		check: (c, { run }) => expect(run.items[0]?.error).toContain(`(${c.stream.id}) still runs`),
	}),
	rows<string>({
		name: 'a stream whose status says that it has ended has ended, whatever end it shows',
		needs: ['confirm', 'oneStream'],
		variants: () => titled(['completed', 'failed', 'stopped', 'COMPLETED']),
		options: { confirm: true },
		arrange(c, status) {
			c.answerRead({ status: 200, body: { stream_id: c.stream.id, status, end_time: null } });
		},
		expected: (c) => ({ ...c.says('stop'), confirmed: true }),
	}),
	row({
		name: 'Confirm Stop settles a success without a word: it has stopped',
		options: { confirm: true },
		arrange: (c) => c.answer({ status: 200, body: {}, afterEffect: true }),
		expected: () => ({ status: 'stopped', statusCode: 200, confirmed: true, runs: false }),
		check: (c) => expect(c.reads()).toEqual([c.read()]),
	}),
	row({
		name: 'Confirm Stop settles a success without a word by an empty list on a live call',
		options: { confirm: true },
		columns: ({ parameters }) => parameters.operation === 'stopAllStreams',
		arrange(c) {
			c.answer({ status: 200, body: {}, afterEffect: true });
			c.answerList([]);
		},
		expected: () => ({ status: 'stopped', confirmed: true, runs: false }),
		check: (c) => expect(c.reads()).toEqual([c.read(), c.looks().at(-1)]),
	}),
	row({
		name: 'Confirm Stop leaves a success without a word accepted if it cannot be read',
		options: { confirm: true },
		arrange(c) {
			c.answer({ status: 200, body: {}, afterEffect: true });
			c.answerRead({ status: 500, body: '' });
		},
		expected: () => ({ status: 'accepted', confirmed: false, runs: false }),
	}),
	row({
		name: 'a success without a word is not kept: a second item is looked into',
		options: { maxConcurrency: 1 },
		arrange(c) {
			c.targets = [c.target, c.target];
			c.answer({ status: 200, body: {}, afterEffect: true }, 1);
			c.answer(c.column.answers.notFound);
		},
		expected: () => [
			{ status: 'accepted', runs: false },
			{ status: 'alreadyStopped', message: expect.not.stringContaining('this execution') },
		],
		check: (c) => expect(c.reads().length).toBeGreaterThan(0),
	}),
];
