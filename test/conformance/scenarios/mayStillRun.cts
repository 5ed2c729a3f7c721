import type { IDataObject } from 'n8n-workflow';
import type { Case } from '../case.cts';
import { row, rows, titled, type Row } from '../scenario.cts';
import type { Expected } from '../types.cts';

/** A stop that found nothing on a live call: whether a stream still runs there is read, and decides. */

const MODES = ['failIfLive', 'succeed', 'failIfNotFound', 'fail'] as const;
type Mode = (typeof MODES)[number];

/** What the read of the live call's streams gives. */
const LISTS = {
	'a stream runs': (c: Case) => c.answerList([c.ended(), c.show()]),
	'a stream runs, and there are more pages': (c: Case) => c.answerList([c.show()], 45),
	'all have ended': (c: Case) => listNone(c, [c.ended()]),
	'there is none': (c: Case) => listNone(c, []),
	'all of this page have ended, and there are more': (c: Case) => c.answerList([c.ended()], 21),
	'it is not readable': (c: Case) => c.answerList({ status: 500, body: '' }),
	'it comes with 202': (c: Case) =>
		c.answerList({ status: 202, body: { api_id: 'x', objects: [], total: 0 } }),
	"it is the provider's own 404": (c: Case) => c.answerList(c.column.answers.notFound),
	'it is of another form': (c: Case) =>
		c.answerList({ status: 200, body: { api_id: 'x', objects: [{ id: 1 }], total: 1 } }),
};
type List = keyof typeof LISTS;

/** The list shows what is true, if all streams are to stop. */
function listNone(c: Case, streams: IDataObject[]) {
	if (c.all) c.endStream();
	c.answerList(streams);
}

const RUNS: readonly List[] = ['a stream runs', 'a stream runs, and there are more pages'];
const NONE: readonly List[] = ['all have ended', 'there is none'];

/** What the list makes of a stop, by what is to stop and by the option; `says` is what the sentence begins with. */
function decided(c: Case, list: List, mode: Mode): Expected {
	const isNone = NONE.includes(list);
	const status = c.all && isNone ? 'alreadyStopped' : 'notFound';
	const fails = {
		// A list that tells nothing leaves one stream open; all streams were asked for, and the provider knows of none.
		failIfLive: RUNS.includes(list) || (!isNone && !c.all),
		succeed: false,
		failIfNotFound: status === 'notFound',
		fail: true,
	}[mode];
	const sentence = expect.stringMatching(sentenceOf(c, list));
	return {
		callState: 'live',
		attempts: 1,
		...(fails ? { failure: 'nothingToStop', error: sentence } : { status, message: sentence }),
	};
}

function sentenceOf(c: Case, list: List): string {
	const name = c.profile.displayName;
	if (RUNS.includes(list)) {
		return c.all
			? `^The call is live and a stream \\(${c.stream.id}\\) still runs there, but ${name} says`
			: `^The call is live, and ${name} does not know this stream on it; another stream \\(${c.stream.id}\\) still runs there`;
	}
	if (NONE.includes(list)) {
		return c.all
			? `^Nothing was running: the call is live, and ${name} lists no running stream on it`
			: `^The call is live, no stream runs on it, and ${name} does not know this stream`;
	}
	return c.all
		? `^The call is live, but ${name} says that it does not know the call`
		: `^The call is live, ${name} does not know this stream on it, and its list of streams could not be read`;
}

/** What is said of a live call where the provider shows no streams. To a stop by name, it has answered of the call. */
export const unsure = (c: Case): string =>
	c.column.byDocument
		? `The call is live, but ${c.profile.displayName} says that it does not know the call`
		: `The ${c.noun} is live, and ${c.profile.displayName} finds no such stream on it`;

export const mayStillRun: readonly Row[] = [
	rows<{ list: List; mode: Mode }>({
		name: 'the live call’s list of streams decides whether a stop that found nothing has missed',
		needs: ['confirm'],
		variants: () =>
			Object.fromEntries(
				(Object.keys(LISTS) as List[]).flatMap((list) =>
					MODES.map((mode) => [`${list}, ${mode}`, { list, mode }]),
				),
			),
		options: (_c, { mode }) => ({ whenNothingToStop: mode }),
		arrange(c, { list }) {
			if (!c.all) c.targets = [c.ghost(c.target)];
			c.answer(c.column.answers.notFound);
			LISTS[list](c);
		},
		expected: (c, { list, mode }) => decided(c, list, mode),
		// It is evidence, and so is read whatever the option says.
		check: (c) => expect(c.reads()).toEqual(c.looksOfLive()),
	}),
	row({
		name: 'without the option a stop that missed a stream fails if the provider can show it',
		arrange(c) {
			if (!c.all) c.targets = [c.ghost(c.target)];
			c.answer(c.column.answers.notFound);
		},
		expected: (c) => c.missed,
		check(c, { run }) {
			const [{ error = '' } = {}] = run.items;
			if (c.column.list) expect(error).toContain(`(${c.stream.id}) still runs`);
		},
	}),
	rows<Mode>({
		name: 'a provider that shows no streams cannot tell an ended one from a wrong id, and does not fail for it',
		lacks: 'confirm',
		variants: () => titled(MODES),
		options: (_c, whenNothingToStop) => ({ whenNothingToStop }),
		arrange(c) {
			c.targets = [c.ghost(c.target)];
			c.answer(c.column.answers.notFound);
		},
		expected: (c, mode) => ({
			callState: 'live',
			...(['failIfNotFound', 'fail'].includes(mode)
				? { failure: 'nothingToStop' }
				: { status: 'notFound', message: expect.stringContaining(unsure(c)) }),
		}),
		check: (c) => expect(c.reads()).toEqual(c.looks()),
	}),
	rows<{ list: List; confirmed: boolean }>({
		name: 'Confirm Stop takes a list that was read as evidence, and does not read it again',
		needs: ['confirm'],
		options: { confirm: true, whenNothingToStop: 'succeed' },
		variants: () =>
			titled(
				(Object.keys(LISTS) as List[]).map((list) => ({ list, confirmed: NONE.includes(list) })),
				({ list }) => list,
			),
		arrange(c, { list }) {
			if (!c.all) c.targets = [c.ghost(c.target)];
			c.answer(c.column.answers.notFound);
			LISTS[list](c);
		},
		expected: (c, { confirmed }) => ({
			callState: 'live',
			confirmed,
			confirmReason: confirmed
				? undefined
				: `${c.profile.displayName} found nothing to stop, and no read showed that anything had ended`,
		}),
		check: (c) => expect(c.reads()).toEqual(c.looksOfLive()),
	}),
	rows<Mode>({
		name: 'an earlier attempt of unknown effect may have stopped it: no failure, whatever still runs',
		needs: ['confirm', 'repeat'],
		slow: true,
		variants: () => titled(MODES),
		options: (_c, whenNothingToStop) => ({ whenNothingToStop, maxRetries: 1 }),
		arrange(c) {
			if (!c.all) c.targets = [c.ghost(c.target)];
			c.answer({ reset: 'after' }, 1);
			c.answer(c.column.answers.notFound);
			LISTS['a stream runs'](c);
		},
		expected: () => ({ status: 'notFound', callState: 'live', attempts: 2 }),
	}),
	row({
		name: 'a stream that the list alone shows as running, behind another, is stopped once more',
		needs: ['confirm', 'oneStream'],
		slow: true,
		arrange(c) {
			c.answer(c.column.answers.notFound, 1);
			c.answerRead({ status: 500, body: '' }, { times: 1 });
			c.answerList([{ ...c.show(), stream_id: 'another' }, c.show()]);
		},
		expected: (c) => ({ ...c.says('stop'), attempts: 2, runs: false }),
		check: (c) => expect(c.reads()).toEqual(c.looksOfLive()),
	}),
	row({
		name: 'a stream that the list alone shows as running, and that is not found twice, is rejected',
		needs: ['confirm', 'oneStream'],
		slow: true,
		arrange(c) {
			c.answer(c.column.answers.notFound);
			c.answerRead({ status: 500, body: '' }, { times: 1 });
		},
		expected: (c) => ({
			failure: 'rejected',
			callState: undefined,
			attempts: 2,
			error: expect.stringMatching(
				`^${c.profile.displayName} lists the stream as running, but twice found nothing to stop`,
			),
			runs: true,
		}),
	}),
];
