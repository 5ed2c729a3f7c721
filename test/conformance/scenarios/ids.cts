import type { IDataObject } from 'n8n-workflow';
import type { Case } from '../case.cts';
import { eventOf, firstEnding, fromEvent, fromFields } from '../events.cts';
import { textOf } from '../judge.cts';
import { firstForm } from '../forms.cts';
import { row, rows, type Row } from '../scenario.cts';
import { signed, signedBy } from '../signedEvents.cts';
import type { Column, Given, Target } from '../types.cts';

/** Ids of calls, conferences and streams mean the same in upper and in lower case, and are sent as they were given. */

/** A target's ids as .NET and SQL Server write them. A control ID and a name are people's words. */
export const inUpperCase = ({ call, conference, stream }: Target): Target => ({
	call: { ...call, id: call.id.toUpperCase() },
	...(conference && { conference: { id: conference.id.toUpperCase() } }),
	stream: { ...stream, id: stream.id.toUpperCase(), running: stream.running },
});

/** The item names the first target in upper case, and the provider does not find it by that. */
function askInUpperCase(
	c: Case,
	more: IDataObject = {},
	answer: Given = c.column.answers.notFound,
): Target {
	const upper = inUpperCase(c.target);
	c.items = [{ ...c.fields(upper), ...more }];
	c.answerFor(upper, answer);
	return upper;
}

/** What every provider shows of a call, or a conference, under the id that it has itself. */
const shown = (c: Case, isOver: boolean) => ({
	sid: c.idOf(c.target),
	status: isOver ? 'completed' : 'in-progress',
	call_uuid: c.call.id,
	...(isOver && { end_time: '2026-01-31 10:00:00+00:00' }),
});

/** Has the read that shows an end, or a live call, answer under the provider's own spelling. */
function showCall(c: Case, upper: Target, isOver: boolean) {
	const paths = c.looks(upper);
	const path = isOver && c.profile.cannot.recordOfCall === undefined ? paths.at(-2) : paths.at(-1);
	c.answerRead(
		{ status: 200, body: shown(c, isOver) },
		{ when: (request) => request.path === path },
	);
}

/** Its id is compared, and not written by a person. */
const byStreamId = ({ labels: { stream } }: Column) =>
	stream === 'Stream ID' || stream === 'Stream SID';
const byWord = ({ labels: { stream } }: Column) =>
	stream === 'Control ID' || stream === 'Stream Name';
export const ids: readonly Row[] = [
	row({
		name: 'ids are sent in the case in which they were given',
		arrange: (c) => askInUpperCase(c),
		expected: (c, _variant, upper) => ({
			[c.idField]: c.idOf(upper),
			...(!c.all && { stream: c.fields(upper).stream }),
			runs: true,
		}),
		check(c, { made: upper }) {
			const sent = c.stops().map(({ method, path, body }) => ({ method, path, body }));
			expect(sent).toEqual([c.request(upper)]);
		},
	}),
	rows<Given, Target>({
		name: 'a stream that is shown under its id in another case is that stream',
		needs: ['confirm', 'oneStream'],
		variants: ({ answers: { alreadyStopped, notFound } }) => ({
			'its own 404': notFound,
			...(alreadyStopped && { 'No active stream found': alreadyStopped }),
		}),
		arrange(c, answer) {
			const upper = askInUpperCase(c, {}, answer);
			c.endStream();
			c.answerRead({ status: 200, body: c.ended() }, { times: 1 });
			return upper;
		},
		expected: () => ({ status: 'alreadyStopped', callState: undefined, runs: false }),
		check: (c, { made: upper }) => expect(c.reads()).toEqual(c.looks(upper).slice(0, 1)),
	}),
	row({
		name: 'a stream that the list shows as running under its id in another case is that stream',
		needs: ['confirm', 'oneStream'],
		slow: true,
		arrange(c) {
			const upper = askInUpperCase(c);
			showCall(c, upper, false);
			c.targets = [upper];
			c.answerList([c.show()]);
			c.targets = [c.target];
			return upper;
		},
		expected: () => ({ failure: 'rejected', attempts: 2, runs: true }),
		check: (c, { made: upper }) => expect(c.reads()).toEqual(c.looksOfLive(upper)),
	}),
	row({
		name: 'a call, or a conference, that is shown as over under its id in another case is over',
		arrange(c) {
			const upper = askInUpperCase(c);
			c.end();
			showCall(c, upper, true);
		},
		expected: () => ({ status: 'alreadyStopped', callState: 'ended', attempts: 1 }),
	}),
	row({
		name: 'a call, or a conference, that is shown as live under its id in another case is live',
		options: { whenNothingToStop: 'succeed' },
		arrange(c) {
			const upper = askInUpperCase(c);
			showCall(c, upper, false);
		},
		expected: () => ({ status: 'notFound', callState: 'live', attempts: 1, runs: true }),
	}),
	row({
		name: 'a refusal of a call that is shown as over under its id in another case is alreadyStopped',
		columns: ({ byDocument }) => !byDocument,
		arrange(c) {
			const upper = inUpperCase(c.target);
			c.items = [c.fields(upper)];
			c.end();
			c.answer({ status: 422, body: firstForm(c)('Not live') });
			showCall(c, upper, true);
		},
		expected: () => ({ status: 'alreadyStopped', callState: 'ended', statusCode: 422 }),
	}),
	rows<Given>({
		name: 'Confirm Stop knows a stream by its id in another case',
		needs: ['confirm', 'oneStream'],
		options: { confirm: true },
		variants: () => ({
			204: { status: 204 },
			'a success without a word': { status: 200, body: {} },
		}),
		arrange(c, answer) {
			c.items = [c.fields(inUpperCase(c.target))];
			c.endStream();
			c.answer(answer);
			c.answerRead({ status: 200, body: c.ended() });
		},
		expected: () => ({ status: 'stopped', confirmed: true }),
		check: (c) => expect(c.reads()).toHaveLength(1),
	}),
	row({
		name: 'Confirm Stop knows a live call without a stream by its id in another case',
		needs: ['confirm'],
		columns: ({ parameters }) => parameters.operation === 'stopAllStreams',
		options: { confirm: true },
		arrange(c) {
			const upper = inUpperCase(c.target);
			c.targets = [upper];
			c.endStream();
			c.answer({ status: 204 });
			c.answerList([]);
			showCall(c, upper, false);
			return upper;
		},
		expected: () => ({ status: 'stopped', confirmed: true }),
		check: (c, { made: upper }) =>
			expect(c.reads()).toEqual([c.looksOfLive(upper).at(-1), c.looks(upper).at(-1)]),
	}),
	row({
		name: 'an event that ends the call counts for its id in another case',
		needs: ['onCall'],
		parameters: fromFields,
		arrange(c) {
			askInUpperCase(c, { body: eventOf(c, firstEnding(c)) });
			c.end();
		},
		expected: () => ({ status: 'alreadyStopped', callState: 'ended', attempts: 1 }),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	row({
		name: 'an event that ends the stream counts for its id in another case',
		needs: ['streamEnds'],
		parameters: fromFields,
		arrange(c) {
			const [ending] = c.column.streamEndings;
			if (ending) askInUpperCase(c, { body: eventOf(c, ending, c.stream) });
			c.endStream();
		},
		expected: () => ({ status: 'alreadyStopped', callState: undefined, attempts: 1 }),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	row({
		name: 'a Signed Event is about a call whose id comes in another case',
		needs: ['signedEvents', 'onCall'],
		options: { signedEvent: '={{ $json.proof }}' },
		parameters: fromEvent,
		arrange(c) {
			const upper = askInUpperCase(c);
			const { names } = c.column;
			c.items = [
				{
					[names.id[0]]: c.idOf(upper),
					...(names.stream && { [names.stream[0]]: c.fields(upper).stream }),
					proof: signed(c, c.target, { kind: signedBy(c).kinds.call }),
				},
			];
			c.end();
		},
		expected: () => ({ status: 'alreadyStopped', callState: 'ended', attempts: 1 }),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	row({
		name: 'an event that holds an id under two names, in upper and in lower case, holds one id',
		parameters: fromEvent,
		arrange(c) {
			const { id, stream } = c.column.names;
			c.items = [
				{
					[id[0]]: c.idOf(c.target),
					[id[1]]: c.idOf(c.target).toUpperCase(),
					...(stream && { [stream[0]]: c.fields(c.target).stream }),
				},
			];
		},
		expected: (c) => ({ ...c.says('stop'), [c.idField]: c.idOf(c.target), runs: false }),
	}),
	row({
		name: 'a stream that is filled in beside an event that names it in another case is sent as it is filled in',
		needs: ['oneStream'],
		columns: byStreamId,
		parameters: (c) => ({ ...fromEvent(c), stream: '={{ $json.filled }}' }),
		arrange(c) {
			const event = c.event(c.column.event);
			const upper = { ...c.target, stream: inUpperCase(c.target).stream };
			c.items = [{ body: event, filled: c.fields(upper).stream }];
			c.answer(c.column.answers.notFound);
			c.end();
			return upper;
		},
		expected: (_c, _variant, { stream }) => ({ status: 'alreadyStopped', stream: stream.id }),
		check: (c, { made: upper }) => expect(c.stops()[0]?.path).toBe(c.request(upper).path),
	}),
	row({
		name: 'a control ID or a name in another case is another, and an event that names it is refused beside it',
		needs: ['oneStream'],
		columns: byWord,
		parameters: (c) => ({ ...fromEvent(c), stream: '={{ $json.filled }}' }),
		arrange(c) {
			c.items = [
				{ body: c.event(c.column.event), filled: textOf(c.fields(c.target).stream).toUpperCase() },
			];
		},
		expected: (c) => ({
			failure: 'input',
			error: `'${c.column.labels.stream}' is filled in, and the incoming event names another stream`,
			attempts: undefined,
			runs: true,
		}),
	}),
	row({
		name: 'the end of a stream whose control ID is in another case proves nothing',
		needs: ['streamEnds'],
		columns: byWord,
		parameters: fromFields,
		arrange(c) {
			const [ending] = c.column.streamEndings;
			const target = {
				...c.target,
				stream: { ...c.stream, controlId: c.stream.controlId.toUpperCase(), running: false },
			};
			c.targets = [target];
			if (!ending) return;
			c.items = [{ ...c.fields(target), body: eventOf(c, ending, c.stream) }];
			c.answer(c.column.answers.notFound);
		},
		expected: () => ({ status: 'notFound', callState: 'live' }),
		check: (c) => expect(c.reads()).toEqual(c.looks()),
	}),
];
