import type { IDataObject, INodeParameters } from 'n8n-workflow';
import type { NodeOutput } from '../../lib/nodeRun.cts';
import type { Fault } from '../../lib/stand-ins/index.cts';
import type { Case } from '../case.cts';
import { besideFields, eventOf, firstEnding, fromFields, given, saying } from '../events.cts';
import { firstForm } from '../forms.cts';
import { row, rows, titled, type Row } from '../scenario.cts';
import { unsure } from './mayStillRun.cts';
import type { Column, Ending, Expected, Profile } from '../types.cts';

/** What becomes of a stop whose call, or whose stream, is over already: told by an event, or read. */

const byTitle = (_column: Column, { endings: all }: Profile) =>
	Object.fromEntries(all.map((ending) => [ending.title, ending]));

/** What the stop finds of a call that has ended, for certain: the provider's own "not found". */
function end(c: Case) {
	c.end();
	c.answer(c.column.answers.notFound);
}

/** Has the call's record be this. */
function answerRecord(c: Case, body: IDataObject) {
	const [record] = c.looks().slice(-2);
	c.answerRead({ status: 200, body }, { when: ({ path }) => path === record });
}

/** The call from the event, and beside it the stream, which an event about a call does not name. */
const eventAndStream = (c: Case): INodeParameters => ({
	source: 'event',
	...(!c.all && { stream: '={{ $json.stream }}' }),
	...c.document(),
});

/** What a stop comes to whose event says that the call is over: one request, no read and no hint. */
const overByItsEvent = {
	expected: (): Expected => ({
		status: 'alreadyStopped',
		statusCode: 404,
		callState: 'ended',
		attempts: 1,
	}),
	check(c: Case, { run }: { run: NodeOutput }) {
		expect([c.reads(), run.hints]).toEqual([[], []]);
	},
};

/** A call, a conference or a record that is over, in whatever form a provider shows it. */
const overAs = (id: string) => ({
	...{ sid: id, status: 'completed', call_uuid: id, end_time: '2026-01-31 10:00:00+00:00' },
	...{ api_id: 'x', objects: [], total: 0 },
});

export const endings: readonly Row[] = [
	rows<Ending>({
		name: 'an event that ends the call: one request, no read, no hint',
		needs: ['onCall'],
		variants: byTitle,
		parameters: eventAndStream,
		arrange(c, ending) {
			c.items = [{ body: eventOf(c, ending), stream: c.fields(c.target).stream }];
			end(c);
		},
		...overByItsEvent,
	}),
	row({
		name: 'an event whose id came twice, in upper and in lower case, ends the call',
		needs: ['onCall'],
		parameters: eventAndStream,
		arrange(c) {
			const ending = firstEnding(c);
			const event = given(c, { ...ending, says: { [c.column.names.id[0]]: c.call.id } }, (id) => [
				id,
				id.toUpperCase(),
			]);
			c.items = [{ query: { ...event, ...ending.says }, stream: c.fields(c.target).stream }];
			end(c);
		},
		...overByItsEvent,
	}),
	rows<{ ending: Ending; give: (word: string) => string[] }>({
		name: 'an event whose word came twice, or as a list of one, ends the call',
		needs: ['onCall'],
		// Of Plivo and Vobiz, these are a word of `Event` and one of `CallStatus`.
		variants: (_column, { endings: [first, second] }) =>
			Object.fromEntries(
				[first, second].flatMap((ending) =>
					ending
						? [
								[`${ending.title}, twice`, { ending, give: (word: string) => [word, word] }],
								[`${ending.title}, a list of one`, { ending, give: (word: string) => [word] }],
							]
						: [],
				),
			),
		parameters: eventAndStream,
		arrange(c, { ending, give }) {
			c.items = [{ query: given(c, ending, give), stream: c.fields(c.target).stream }];
			end(c);
		},
		...overByItsEvent,
	}),
	rows<Ending>({
		name: 'an event that ends the call counts beside fields that name the same call',
		needs: ['onCall'],
		variants: byTitle,
		parameters: fromFields,
		arrange(c, ending) {
			besideFields(c, { body: eventOf(c, ending) });
			end(c);
		},
		...overByItsEvent,
	}),
	rows<(c: Case, ending: Ending) => IDataObject>({
		name: 'an event that does not say so of this very call proves nothing, and the call is read',
		needs: ['onCall'],
		variants: () => ({
			'a call that goes on': (c, ending) => ({
				body: eventOf(
					c,
					saying(ending, () => 'in-progress'),
				),
			}),
			'another call': (c, ending) => ({ body: eventOf(c, ending, c.add().call) }),
			'a word beside the place that holds the call': (c, ending) => ({
				body: eventOf(
					c,
					saying(ending, () => ''),
				),
				query: { ...ending.says },
			}),
			'a word in another case': (c, ending) => ({
				body: eventOf(
					c,
					saying(ending, (word) => word.toUpperCase()),
				),
			}),
			'a word that is no text': (c, ending) => ({ body: given(c, ending, (word) => ({ word })) }),
			'a word that came twice, once another': (c, ending) => ({
				body: given(c, ending, (word) => [word, 'in-progress']),
			}),
			'a word that came twice, once in another case': (c, ending) => ({
				body: given(c, ending, (word) => [word, word.toUpperCase()]),
			}),
		}),
		parameters: fromFields,
		arrange(c, eventFor) {
			besideFields(c, eventFor(c, firstEnding(c)));
			end(c);
		},
		expected: () => ({ status: 'alreadyStopped', statusCode: 404, attempts: 1 }),
		check: (c) => expect(c.reads()).toEqual(c.looks().slice(0, 1)),
	}),
	row({
		name: 'the stop is sent all the same where an event says that the call is over',
		needs: ['onCall'],
		parameters: fromFields,
		arrange(c) {
			besideFields(c, { body: eventOf(c, firstEnding(c)) });
		},
		expected: (c) => ({ ...c.says('stop'), callState: 'ended', runs: false }),
		check: (c) => expect(c.stops()).toHaveLength(1),
	}),
	row({
		name: "a call's end proves nothing about a room's stream, and the room is read",
		lacks: 'onCall',
		parameters: fromFields,
		arrange(c) {
			c.targets = [c.ghost(c.target)];
			const body = { ...eventOf(c, firstEnding(c)), ConferenceSid: c.idOf(c.target) };
			c.items = [{ ...c.fields(c.ghost(c.target)), body }];
		},
		expected: () => ({ status: 'notFound', callState: 'live' }),
		check: (c) => expect(c.reads()).toEqual(c.looks()),
	}),
	row({
		name: 'a stop that found nothing is looked into: each read once, in order, to the one that tells',
		arrange(c) {
			if (!c.all) c.targets = [c.ghost(c.target)];
			c.answer(c.column.answers.notFound);
		},
		expected: (c) => ({ ...c.missed, statusCode: 404, attempts: 1 }),
		check(c) {
			expect(c.reads()).toEqual(c.looksOfLive());
			expect(c.stream.running).toBe(true);
		},
	}),
	row({
		name: 'a call that the provider does not show is notFound, and so is its state where that can be told',
		arrange(c) {
			c.targets = [c.ghost()];
			c.answer(c.column.answers.notFound);
		},
		expected: (c) => ({
			status: 'notFound',
			callState: c.unknownCallState,
			statusCode: 404,
			attempts: 1,
		}),
		check: (c) => expect(c.reads()).toEqual(c.looks()),
	}),
	row({
		name: 'a stream that is shown as ended is alreadyStopped, and no more is read',
		needs: ['confirm', 'oneStream'],
		arrange(c) {
			c.endStream();
			c.answer(c.column.answers.notFound);
		},
		expected: () => ({ status: 'alreadyStopped', callState: undefined, runs: false }),
		check: (c) => expect(c.reads()).toEqual(c.looks().slice(0, 1)),
	}),
	row({
		name: "a call's record with its end is alreadyStopped where the stream itself could not be read",
		needs: ['recordOfCall', 'oneStream'],
		arrange(c) {
			end(c);
			c.answerRead({ status: 500, body: '' }, { times: 1 });
		},
		expected: () => ({ status: 'alreadyStopped', callState: 'ended' }),
		check: (c) => expect(c.reads()).toEqual(c.looks().slice(0, 2)),
	}),
	row({
		name: 'a record without an end proves none',
		needs: ['recordOfCall'],
		arrange(c) {
			if (!c.all) c.targets = [c.ghost(c.target)];
			c.answer(c.column.answers.notFound);
			answerRecord(c, { api_id: 'x', call_uuid: c.call.id, end_time: null });
		},
		expected: (c) => c.missed,
		check: (c) => expect(c.reads()).toEqual(c.looksOfLive()),
	}),
	row({
		name: 'a record that names no call is that of the call it was asked for',
		needs: ['recordOfCall'],
		arrange(c) {
			end(c);
			answerRecord(c, { api_id: 'x', end_time: '2026-01-31 10:00:00+00:00' });
			c.answerRead({ status: 500, body: '' });
		},
		expected: () => ({ status: 'alreadyStopped', callState: 'ended' }),
	}),
	row({
		name: 'a record of another call proves nothing for this one',
		needs: ['recordOfCall'],
		arrange(c) {
			if (!c.all) c.targets = [c.ghost(c.target)];
			c.answer(c.column.answers.notFound);
			answerRecord(c, { call_uuid: 'another', end_time: '2026-01-31 10:00:00+00:00' });
		},
		expected: (c) => c.missed,
	}),
	row({
		name: 'a record that is not written yet: the provider shows no such call',
		needs: ['recordOfCall'],
		arrange(c) {
			c.targets = [c.add({}, { recordAfterMs: 60_000 })];
			for (const target of c.targets) c.end(target);
			c.answer(c.column.answers.notFound);
		},
		expected: () => ({ status: 'notFound', callState: 'notFound', runs: false }),
		check: (c) => expect(c.reads()).toEqual(c.looks()),
	}),
	row({
		name: 'a stream that is not up yet when the stop comes is stopped once more after 500 ms',
		needs: ['confirm', 'oneStream'],
		slow: true,
		arrange(c) {
			const target = c.add({ notUpYet: true });
			c.targets = [target];
			c.onRead = () => c.standIn.comeUp(target.stream.id);
		},
		expected: (c) => ({ ...c.says('stop'), attempts: 2, runs: false }),
		check(c) {
			const [first, second] = c.stops();
			expect(Number(second?.at) - Number(first?.at)).toBeGreaterThanOrEqual(495);
			expect(c.reads()).toEqual(c.looks().slice(0, 1));
		},
	}),
	row({
		name: 'a stream that is listed as running and not found twice is rejected',
		needs: ['confirm', 'oneStream'],
		slow: true,
		arrange: (c) => c.answer(c.column.answers.notFound),
		expected: (c) => ({
			failure: 'rejected',
			attempts: 2,
			error: expect.stringMatching(
				`^${c.profile.displayName} lists the stream as running, but twice found nothing to stop`,
			),
			runs: true,
		}),
		check: (c) => expect(c.reads()).toEqual(c.looks().slice(0, 1)),
	}),
	rows<(c: Case) => Fault>({
		name: 'reads that do not work are sent once each and never fail the item',
		variants: () => ({
			401: () => ({ status: 401, body: { error: 'Authentication example' } }),
			403: () => ({ status: 403, body: '' }),
			'404 of another server': () => ({ status: 404, body: '<html>Not Found</html>' }),
			'422 in its own form': (c) => ({ status: 422, body: firstForm(c)('Not now') }),
			500: () => ({ status: 500, body: '' }),
			'200 in HTML': () => ({ status: 200, body: '<html>completed</html>' }),
			'200 that says nothing': () => ({ status: 200, body: {} }),
			'200, null': () => ({ status: 200, body: 'null' }),
			'200 of another call': () => ({ status: 200, body: overAs('another') }),
			'202 that shows an end': (c) => ({ status: 202, body: overAs(c.idOf(c.target)) }),
			'202 that shows it live': (c) => ({
				status: 202,
				body: { sid: c.idOf(c.target), status: 'in-progress', call_uuid: c.idOf(c.target) },
			}),
			'a reset': () => ({ reset: 'before' }),
			'an answer that is cut off': () => ({ truncate: true }),
			'a redirect': () => ({ status: 302, headers: { Location: '/' } }),
		}),
		options: { maxRetries: 3 },
		arrange(c, fault) {
			c.targets = [c.ghost()];
			c.answer(c.column.answers.notFound);
			c.answerRead(fault(c));
		},
		expected: () => ({
			status: 'notFound',
			statusCode: 404,
			attempts: 1,
			callState: undefined,
		}),
		check: (c) => expect(c.reads()).toEqual(c.looks().slice(0, c.reads().length)),
	}),
	row({
		name: 'one read of a call serves all its items',
		needs: ['oneStream'],
		arrange(c) {
			c.targets = ['one', 'two', 'three'].map((id) =>
				c.ghost(c.target, { id, name: id, controlId: id, running: false }),
			);
			c.answer(c.column.answers.notFound);
		},
		expected: (c) => c.targets.map(() => c.missed),
		check(c) {
			const reads = c.reads();
			expect([...reads].sort()).toEqual(
				[...new Set(c.targets.flatMap((one) => c.looksOfLive(one)))].sort(),
			);
		},
	}),
	rows<'fail' | 'failIfNotFound'>({
		name: 'If Nothing Is Left to Stop says what is known of the call',
		variants: () => ({ fail: 'fail', failIfNotFound: 'failIfNotFound' }),
		options: (_c, whenNothingToStop) => ({ whenNothingToStop }),
		arrange(c) {
			if (!c.all) c.targets = [c.ghost(c.target)];
			c.answer(c.column.answers.notFound);
		},
		expected: (c) => ({
			failure: 'nothingToStop',
			callState: 'live',
			error: expect.stringMatching(
				`^The ${c.noun} is live(,| and a stream \\(\\S+\\) still runs there,) (and|but) ${c.profile.displayName} `,
			),
			message: expect.stringContaining(`'${c.column.labels.stream ?? c.column.labels.id}'`),
		}),
	}),
	row({
		name: 'failIfNotFound welcomes a stop whose call is read as ended',
		options: { whenNothingToStop: 'failIfNotFound' },
		arrange: end,
		expected: () => ({ status: 'alreadyStopped', statusCode: 404 }),
	}),
	row({
		name: 'a preview reads nothing, and says what an event told',
		needs: ['onCall'],
		options: { preview: true },
		parameters: fromFields,
		arrange(c) {
			besideFields(c, { body: eventOf(c, firstEnding(c)) });
			end(c);
		},
		expected: () => ({ status: 'preview', callState: 'ended', attempts: 0 }),
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	row({
		name: 'a hint speaks of calls that the provider does not show, in these words',
		arrange(c) {
			c.targets = [c.target, c.ghost(), c.ghost()];
		},
		expected: (c) => [c.says('stop'), c.says('unknownCall'), c.says('unknownCall')],
		check(c, { run }) {
			const { status, callState } = c.says('unknownCall');
			const { id, stream } = c.column.labels;
			const name = c.profile.displayName;
			const fields = stream === undefined ? `'${id}'` : `'${id}' and '${stream}'`;
			const nouns = stream === undefined ? `this ${c.noun}` : `this ${c.noun} or stream`;
			const says = callState
				? `${name} shows no such ${c.noun} in this account. Its id is wrong, it ended a moment ago, or it belongs to another project or subaccount. Check ${fields} and the credential.`
				: `${name} does not know ${nouns}. The node could not read whether it has ended. Check ${fields}: either it has ended, or an id is wrong.`;
			expect(run.hints).toEqual(
				status === 'notFound'
					? [{ message: `2 of 3 items: ${says}`, type: 'warning', location: 'outputPane' }]
					: [],
			);
		},
	}),
	rows<string>({
		name: 'a URL or braces in place of an id: the hint says that the id may be wrong',
		variants: () => titled(['wss://voice.example.com/stream', '{CallUUID}', '{{call_uuid}}']),
		arrange(c, id) {
			const { call, conference, stream } = c.ghost();
			c.targets = [{ call: { ...call, id }, ...(conference && { conference: { id } }), stream }];
			c.answer(c.column.answers.notFound);
		},
		expected: () => ({ status: 'notFound', attempts: 1 }),
		check(_c, { run }) {
			expect(run.hints).toMatchObject([{ message: expect.stringMatching(/id is wrong/) }]);
		},
	}),
	row({
		name: 'a hint warns of a stream that is not on a live call, or says that nobody can know',
		needs: ['oneStream'],
		options: { whenNothingToStop: 'succeed' },
		arrange(c) {
			c.document();
			const others = [c.target, c.add(), c.add()];
			c.targets = [...others.slice(1).map((one) => c.ghost(one)), c.target];
			for (const one of c.targets.slice(0, -1)) c.answerFor(one, c.column.answers.notFound);
		},
		expected: (c) => [
			{ status: 'notFound', callState: 'live' },
			{ status: 'notFound', callState: 'live' },
			c.says('stop'),
		],
		check(c, { run }) {
			const { id, stream } = c.column.labels;
			const name = c.profile.displayName;
			const [says, todo, type] = c.column.list
				? [
						`The call is live, and ${name} does not know this stream on it; another stream still runs there`,
						`'${stream}' is wrong, or names a stream that has ended. Check '${id}' and '${stream}'`,
						'warning',
					]
				: c.column.byDocument
					? [
							unsure(c),
							`Streams may still be running there. Check '${id}' and '${stream}', then run the item again`,
							'warning',
						]
					: [
							unsure(c),
							`The stream has ended, or '${stream}' is wrong; ${name} does not say which`,
							'info',
						];
			// One sentence for all items that it holds for, whatever the provider says of each.
			expect(run.hints).toEqual([
				{
					message: `2 of 3 items: ${says}. ${todo}.`,
					type,
					location: 'outputPane',
				},
			]);
		},
	}),
	row({
		name: 'a hang-up is no news: no hint where every call has ended',
		arrange(c) {
			c.targets = [c.target, c.add()];
			for (const target of c.targets) c.end(target);
			c.answer(c.column.answers.notFound);
		},
		expected: (c) => c.targets.map(() => ({ status: 'alreadyStopped' as const })),
		check: (_c, { run }) => expect(run.hints).toEqual([]),
	}),
	row({
		name: 'an item that is refused for its stream still says which call it meant',
		needs: ['oneStream', 'strictStream'],
		arrange(c) {
			c.items = [{ ...c.fields(c.target), stream: 42 }];
		},
		expected: (c) => ({
			failure: 'input',
			[c.idField]: c.idOf(c.target),
			stream: undefined,
			attempts: undefined,
			runs: true,
		}),
	}),
	row({
		name: 'an event with a call and no stream is refused, and still says which call it meant',
		needs: ['oneStream', 'strictStream', 'onCall'],
		parameters: (c) => ({ source: 'event', ...c.document() }),
		arrange(c) {
			c.items = [{ body: eventOf(c, firstEnding(c)) }];
		},
		expected: (c) => ({
			failure: 'input',
			callId: c.call.id,
			stream: undefined,
			attempts: undefined,
			runs: true,
		}),
	}),
];
