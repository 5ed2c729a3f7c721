import type { IDataObject } from 'n8n-workflow';
import type { NodeOutput } from '../../lib/nodeRun.cts';
import type { Fault } from '../../lib/stand-ins/index.cts';
import type { Case } from '../case.cts';
import {
	besideFields,
	eventOf,
	fromEvent,
	fromFields,
	given,
	renamed,
	saying,
} from '../events.cts';
import { textOf } from '../judge.cts';
import { firstForm } from '../forms.cts';
import { row, rows, titled, type Row } from '../scenario.cts';
import type { Column, Ending, Expected, Target } from '../types.cts';

/** What an event says of the very stream that is to stop: that it began, or that it ended. */

/** How the event comes: as the incoming event, or beside the fields of a person who maps. */
type Source = 'Incoming Event' | 'beside fields';
const SOURCES: readonly Source[] = ['Incoming Event', 'beside fields'];
const parametersFor = (c: Case, source: Source) =>
	source === 'Incoming Event' ? fromEvent(c) : fromFields(c);

/** Each word that ends the stream for good, with each source. */
const wordsAndSources = ({ streamEndings }: Column) =>
	titled(
		streamEndings
			.filter(({ mayResume }) => !mayResume)
			.flatMap((ending) => SOURCES.map((source) => ({ ending, source }))),
		({ ending, source }) => `${ending.title}, ${source}`,
	);

/** The first word that ends the stream for good. */
function firstStreamEnd({ column }: Case): Ending {
	const [ending] = column.streamEndings.filter(({ mayResume }) => !mayResume);
	if (ending) return ending;
	throw new Error(`No event ends a stream of '${column.title}'`);
}

/** The word that a reconnect may follow. */
function droppedStream({ column }: Case): Ending {
	const dropped = column.streamEndings.find(({ mayResume }) => mayResume);
	if (dropped) return dropped;
	throw new Error(`A stream of '${column.title}' does not come back`);
}
const mayComeBack = ({ streamEndings }: Column) => streamEndings.some(({ mayResume }) => mayResume);

/** The item: the event alone, or the fields and the event. */
function bring(c: Case, source: Source, event: IDataObject) {
	if (source === 'Incoming Event') c.items = [{ body: event }];
	else besideFields(c, { body: event });
}

/** An event about a stream that the provider never showed: the first stream's, with other ids. */
const aboutGhost = (c: Case, ending: Ending, { call, stream }: Target) =>
	renamed(renamed(eventOf(c, ending, c.stream), c.stream.id, stream.id), c.target.call.id, call.id);

const overByItsEvent = {
	expected: (): Expected => ({
		status: 'alreadyStopped',
		message: 'Nothing was running: the event says that this stream has ended.',
		callState: undefined,
		attempts: 1,
	}),
	check(c: Case, { run }: { run: NodeOutput }) {
		expect([c.reads(), run.hints]).toEqual([[], []]);
	},
};

/** What the reads show of a stream that has ended, where an event did not say it. */
const readAsEnded = ({ column }: Case): Expected =>
	column.list
		? { status: 'alreadyStopped', callState: undefined }
		: { status: 'notFound', callState: 'live' };

export const streamEnds: readonly Row[] = [
	rows({
		name: 'an event that ends this stream: one request, no read, no hint, nothing about the call',
		needs: ['streamEnds'],
		variants: wordsAndSources,
		parameters: (c, { source }) => parametersFor(c, source),
		arrange(c, { ending, source }) {
			bring(c, source, eventOf(c, ending, c.stream));
			c.endStream();
			c.answer(c.column.answers.notFound);
		},
		...overByItsEvent,
	}),
	row({
		name: 'an event that ends this stream counts beside the provider’s "No active stream found" too',
		needs: ['streamEnds', 'confirm'],
		parameters: fromEvent,
		arrange(c) {
			const { alreadyStopped } = c.column.answers;
			bring(c, 'Incoming Event', eventOf(c, firstStreamEnd(c), c.stream));
			c.endStream();
			if (alreadyStopped) c.answer(alreadyStopped);
		},
		...overByItsEvent,
	}),
	rows<(word: string) => unknown>({
		name: 'an event whose word came twice, or as a list of one, ends this stream',
		needs: ['streamEnds'],
		variants: () => ({ twice: (word) => [word, word], 'a list of one': (word) => [word] }),
		parameters: fromFields,
		arrange(c, change) {
			besideFields(c, { body: given(c, firstStreamEnd(c), change, c.stream) });
			c.endStream();
			c.answer(c.column.answers.notFound);
		},
		...overByItsEvent,
	}),
	rows<'fail' | 'failIfNotFound'>({
		name: 'an end of the stream that an event told is welcome, unless nothing may be',
		needs: ['streamEnds'],
		variants: () => ({ fail: 'fail', failIfNotFound: 'failIfNotFound' }),
		options: (_c, whenNothingToStop) => ({ whenNothingToStop }),
		parameters: fromFields,
		arrange(c) {
			besideFields(c, { body: eventOf(c, firstStreamEnd(c), c.stream) });
			c.endStream();
			c.answer(c.column.answers.notFound);
		},
		expected: (_c, whenNothingToStop) =>
			whenNothingToStop === 'fail'
				? {
						failure: 'nothingToStop',
						error: 'Nothing was running: the event says that this stream has ended',
					}
				: { status: 'alreadyStopped' },
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	row({
		name: 'the stop is sent all the same if an event says that the stream has ended',
		needs: ['streamEnds'],
		parameters: fromFields,
		arrange: (c) => besideFields(c, { body: eventOf(c, firstStreamEnd(c), c.stream) }),
		expected: (c) => ({ ...c.says('stop'), callState: undefined, attempts: 1, runs: false }),
	}),
	rows<Fault>({
		name: 'an end of the stream excuses no other answer than "not found"',
		needs: ['streamEnds'],
		variants: () => ({
			'401': { status: 401, body: '' },
			'404 of another server': { status: 404, body: '<html>Not Found</html>' },
			'500': { status: 500, body: '' },
			'200 that says nothing': { status: 200, body: '<html></html>' },
			'a reset': { reset: 'before' },
		}),
		parameters: fromFields,
		arrange(c, fault) {
			besideFields(c, { body: eventOf(c, firstStreamEnd(c), c.stream) });
			c.answer(fault);
		},
		expected: () => ({ failure: expect.any(String), callState: undefined, runs: true }),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	rows<(c: Case, ending: Ending) => IDataObject>({
		name: 'an event that does not say so of this very stream proves nothing, and it is read',
		needs: ['streamEnds'],
		variants: () => ({
			'another stream': (c, ending) => ({
				body: renamed(eventOf(c, ending, c.stream), textOf(c.fields(c.target).stream), 'another'),
			}),
			'the same stream of another call, or conference': (c, ending) => ({
				body: renamed(eventOf(c, ending, c.stream), c.idOf(c.target), 'another'),
			}),
			'an event that names no stream': (c, ending) => ({
				body: Object.fromEntries(
					Object.entries(eventOf(c, ending, c.stream)).filter(([, value]) => value !== c.stream.id),
				),
				...(ending.within && {
					body: {
						event_type: 'calling.call.stream',
						params: { call_id: c.call.id, ...ending.says },
					},
				}),
			}),
			'a stream that began': (c) => ({ body: c.event(c.column.event) }),
			'a word in another case': (c, ending) => ({
				body: eventOf(
					c,
					saying(ending, (word) => word.toUpperCase()),
					c.stream,
				),
			}),
			'a word that is no text': (c, ending) => ({
				body: given(c, ending, (word) => ({ word }), c.stream),
			}),
			'a word that came twice, once another': (c, ending) => ({
				body: given(c, ending, (word) => [word, 'another'], c.stream),
			}),
			'a word beside the place that holds the ids': (c, ending) => ({
				body: eventOf(
					c,
					saying(ending, () => ''),
					c.stream,
				),
				query: { ...ending.says },
			}),
		}),
		parameters: fromFields,
		arrange(c, eventFor) {
			besideFields(c, eventFor(c, firstStreamEnd(c)));
			c.endStream();
			c.answer(c.column.answers.notFound);
		},
		expected: (c) => ({ ...readAsEnded(c), attempts: 1 }),
		check: (c) => expect(c.reads()).toEqual(c.looks().slice(0, 1)),
	}),
	row({
		name: 'the end of one stream proves nothing to a stop that is not of this stream alone',
		lacks: 'streamEnds',
		parameters: fromFields,
		arrange(c) {
			besideFields(c, { body: eventOf(c, firstStreamEnd(c), c.stream) });
			c.answer(c.column.answers.notFound);
		},
		expected: (c) => ({ ...c.missed, attempts: 1 }),
		check: (c) => expect(c.reads()).toEqual(c.looksOfLive()),
	}),
	row({
		name: "if an event says both, the call's end counts",
		needs: ['streamEnds', 'onCall'],
		parameters: fromFields,
		arrange(c) {
			besideFields(c, { body: eventOf(c, bothEnd(c), c.stream) });
			c.end();
			c.answer(c.column.answers.notFound);
		},
		expected: () => ({
			status: 'alreadyStopped',
			message: 'Nothing was running: the event says that the call is over.',
			callState: 'ended',
			attempts: 1,
		}),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	row({
		name: "if an event of a room says both, the stream's end counts",
		needs: ['streamEnds'],
		lacks: 'onCall',
		parameters: fromFields,
		arrange(c) {
			besideFields(c, { body: eventOf(c, bothEnd(c), c.stream) });
			c.endStream();
			c.answer(c.column.answers.notFound);
		},
		...overByItsEvent,
	}),
	row({
		name: 'a refusal beside the end of the stream stays rejected on a live call',
		needs: ['streamEnds'],
		parameters: fromFields,
		arrange(c) {
			besideFields(c, { body: eventOf(c, firstStreamEnd(c), c.stream) });
			c.answer({ status: 422, body: firstForm(c)('Not now') });
		},
		expected: () => ({ failure: 'rejected', statusCode: 422, attempts: 1, runs: true }),
		check: (c) => expect(c.reads()).toHaveLength(1),
	}),
	row({
		name: 'a preview reads nothing, and the end of a stream is none of its call',
		needs: ['streamEnds'],
		options: { preview: true },
		parameters: fromEvent,
		arrange: (c) => bring(c, 'Incoming Event', eventOf(c, firstStreamEnd(c), c.stream)),
		expected: () => ({ status: 'preview', callState: undefined, attempts: 0, runs: true }),
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),

	// After a stream that dropped: a reconnect may follow.
	rows<{
		reads: (c: Case) => void;
		callState?: 'live' | 'ended' | 'notFound';
		count: number;
		confirmed?: true;
	}>({
		name: 'a stream that dropped, and that no read shows as running, has ended',
		needs: ['streamEnds'],
		options: { confirm: true },
		columns: mayComeBack,
		variants: () => ({
			'it is shown as ended': { reads: (c) => c.endStream(), count: 1, confirmed: true },
			'no stream runs on the live call': {
				reads: (c) => missing(c, () => c.answerList([c.ended()])),
				callState: 'live',
				count: 4,
				confirmed: true,
			},
			'the live call has no streams': {
				reads: (c) => missing(c, () => c.answerList([])),
				callState: 'live',
				count: 4,
				confirmed: true,
			},
			'the list of the live call cannot be read': {
				reads: (c) => missing(c, () => c.answerList({ status: 500, body: '' })),
				callState: 'live',
				count: 4,
			},
			'the list of the live call has more pages': {
				reads: (c) => missing(c, () => c.answerList([c.ended()], 21)),
				callState: 'live',
				count: 4,
			},
			'the call is over': {
				reads: (c) => missing(c, () => c.end()),
				callState: 'ended',
				count: 2,
				confirmed: true,
			},
			'the call is not shown': {
				reads(c) {
					c.targets = [c.ghost()];
				},
				callState: 'notFound',
				count: 3,
			},
			'nothing can be read': {
				reads(c) {
					c.endStream();
					c.answerRead({ status: 500, body: '' });
				},
				count: 3,
			},
		}),
		parameters: fromEvent,
		arrange(c, { reads }) {
			reads(c);
			c.answer(c.column.answers.notFound);
			const [target = c.target] = c.targets;
			bring(c, 'Incoming Event', aboutGhost(c, droppedStream(c), target));
		},
		expected: (_c, { callState, confirmed = false }) => ({
			status: 'alreadyStopped',
			callState,
			confirmed,
			attempts: 1,
		}),
		check: (c, { variant: { count } }) =>
			expect(c.reads()).toEqual(c.looksOfLive().slice(0, count)),
	}),
	rows<'succeed' | 'failIfLive' | 'failIfNotFound' | 'fail'>({
		name: 'a stream that dropped while another runs on the call: the other is named',
		needs: ['streamEnds'],
		columns: mayComeBack,
		variants: () => titled(['succeed', 'failIfLive', 'failIfNotFound', 'fail'] as const),
		options: (_c, whenNothingToStop) => ({ whenNothingToStop }),
		parameters: fromFields,
		arrange(c) {
			missing(c, () => c.answerList([c.ended(), c.show()]));
			const [target = c.target] = c.targets;
			c.items = [{ ...c.fields(target), body: aboutGhost(c, droppedStream(c), target) }];
			c.answer(c.column.answers.notFound);
		},
		expected(c, mode) {
			const named = expect.stringContaining(`another stream (${c.stream.id}) still runs`);
			return {
				callState: 'live',
				...(['failIfLive', 'fail'].includes(mode)
					? { failure: 'nothingToStop', error: named }
					: { status: 'alreadyStopped', message: named }),
			};
		},
		check: (c) => expect(c.reads()).toEqual(c.looksOfLive()),
	}),
	rows<Source>({
		name: 'a stream that dropped and is shown as running is stopped once more',
		needs: ['streamEnds'],
		columns: mayComeBack,
		slow: true,
		variants: () => titled(SOURCES),
		parameters: parametersFor,
		arrange(c, source) {
			bring(c, source, eventOf(c, droppedStream(c), c.stream));
			c.answer(c.column.answers.notFound, 1);
		},
		expected: (c) => ({ ...c.says('stop'), attempts: 2, runs: false }),
		check: (c) => expect(c.reads()).toEqual(c.looks().slice(0, 1)),
	}),
];

/** What is to stop is a stream of the live call that the provider does not show. */
function missing(c: Case, more: () => void) {
	c.targets = [c.ghost(c.target)];
	more();
}

/** A word for the end of the call in the event that ends the stream. */
function bothEnd(c: Case): Ending {
	const stream = firstStreamEnd(c);
	const call = c.profile.endings.find(({ within, says = {} }) => {
		const words = Object.entries(says).filter(([, word]) => word !== '');
		return within === stream.within && words.every(([name]) => !(name in (stream.says ?? {})));
	});
	if (!call) throw new Error(`No event of ${c.profile.displayName} ends both`);
	const words = Object.entries(call.says ?? {}).filter(([, word]) => word !== '');
	return { ...stream, says: { ...stream.says, ...Object.fromEntries(words) } };
}
