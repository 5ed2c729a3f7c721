import type { Fault } from '../../lib/stand-ins/index.cts';
import type { Case } from '../case.cts';
import { firstForm } from '../forms.cts';
import { row, rows, titled, type Row } from '../scenario.cts';
import type { Column, Expected } from '../types.cts';
import { inUpperCase } from './ids.cts';

/** What this execution stopped stays stopped: here within one run, one stop after the other. */

const isProved = ({ says }: Column) => says.stop.status === 'stopped';

const endedBefore = (c: Case): Expected => ({
	status: 'alreadyStopped',
	message: 'Nothing was running: an earlier stop in this execution had already done this.',
	callState: undefined,
	attempts: 1,
	[c.idField]: expect.any(String),
});

/** Two items name the same stream, and the second stop gets this answer. */
function stopTwice(c: Case, second: Fault) {
	c.targets = [c.target, c.target];
	let stops = 0;
	c.standIn.fault = ({ method }) => {
		if (method === 'GET') return undefined;
		stops += 1;
		return stops > 1 ? second : undefined;
	};
}

export const memory: readonly Row[] = [
	rows<'succeed' | 'failIfLive' | 'failIfNotFound' | 'fail'>({
		name: 'a second item of what this run has stopped is alreadyStopped, in whatever case, and nothing is read',
		columns: isProved,
		variants: () => titled(['succeed', 'failIfLive', 'failIfNotFound', 'fail'] as const),
		options: (_c, whenNothingToStop) => ({ whenNothingToStop, maxConcurrency: 1 }),
		arrange(c) {
			const upper = inUpperCase(c.target);
			c.targets = [c.target, c.target, c.target];
			c.items = [c.target, c.target, upper].map((target) => c.fields(target));
			c.answerFor(upper, c.column.answers.notFound);
			let stops = 0;
			const { path } = c.request(c.target);
			const { fault } = c.standIn;
			c.standIn.fault = (request, n) => {
				if (request.method !== 'GET' && request.path === path) stops += 1;
				return stops > 1 ? { ...c.column.answers.notFound } : fault(request, n);
			};
		},
		expected: (c) => [{ ...c.says('stop'), runs: false }, endedBefore(c), endedBefore(c)],
		check: (c, { run }) => expect([c.reads(), run.hints]).toEqual([[], []]),
	}),
	row({
		name: 'a refusal of a stream that this run has stopped is alreadyStopped too',
		needs: ['oneStream'],
		columns: isProved,
		options: { maxConcurrency: 1 },
		arrange(c) {
			stopTwice(c, { status: 422, body: firstForm(c)('Not running') });
		},
		expected: (c) => [{ ...c.says('stop'), runs: false }, endedBefore(c)],
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	row({
		name: 'a refusal after all streams of the call were stopped stays rejected: a new one may have begun',
		lacks: 'oneStream',
		options: { maxConcurrency: 1 },
		arrange(c) {
			stopTwice(c, { status: 422, body: firstForm(c)('Not now') });
		},
		expected: (c) => [
			{ ...c.says('stop'), runs: false },
			{ failure: 'rejected', attempts: 1 },
		],
	}),
	row({
		name: 'a stop whose answer was lost may be why the next item finds nothing, which is then no failure',
		needs: ['repeat'],
		options: { maxConcurrency: 1, whenNothingToStop: 'fail' },
		arrange(c) {
			c.targets = [c.target, c.target];
			c.answer({ reset: 'after' }, 1);
		},
		expected: (c) => [
			{ failure: 'unavailable', runs: false },
			{ ...c.says('again'), attempts: 1 },
		],
	}),
	row({
		name: 'a stop whose answer was lost does not hide a stream that a read shows as running',
		lacks: 'oneStream',
		options: { maxConcurrency: 1 },
		arrange(c) {
			c.targets = [c.target, c.target];
			c.answer({ reset: 'before' }, 1);
			c.answer(c.column.answers.notFound);
		},
		expected: (c) => [
			{ failure: 'unavailable', runs: true },
			{ ...c.missed, runs: true },
		],
	}),
	row({
		name: 'an item is alreadyStopped if another of its run stops the stream while it reads',
		needs: ['oneStream'],
		columns: isProved,
		options: { whenNothingToStop: 'failIfNotFound' },
		arrange(c) {
			c.targets = [c.target, c.target];
			c.answer({ stallMs: 100 }, 1);
			c.answer(c.column.answers.notFound);
			c.answerRead({ delayMs: 300 });
		},
		expected: (c) => [{ ...c.says('stop'), runs: false }, { status: 'alreadyStopped' }],
	}),
	row({
		name: 'an order that was only taken proves nothing to a second item',
		columns: (column) => !isProved(column),
		options: { maxConcurrency: 1 },
		arrange(c) {
			stopTwice(c, c.column.answers.notFound);
		},
		expected: (c) => [
			{ ...c.says('stop'), runs: false },
			{ status: 'notFound', callState: 'live', runs: false },
		],
		check: (c) => expect(c.reads()).toEqual(c.looks()),
	}),
	row({
		name: 'what this run stopped says nothing of another stream, or of another call',
		columns: isProved,
		options: { maxConcurrency: 1, whenNothingToStop: 'succeed' },
		arrange(c) {
			const other = c.add();
			c.targets = [c.target, c.ghost(c.all ? other : c.target)];
			const [, ghost = other] = c.targets;
			c.answerFor(ghost, c.column.answers.notFound);
		},
		expected: (c) => [
			{ ...c.says('stop'), runs: false },
			{ status: 'notFound', callState: 'live' },
		],
	}),
];
