import type { IDataObject } from 'n8n-workflow';
import type { Case } from '../case.cts';
import { fromEvent } from '../events.cts';
import { textOf } from '../judge.cts';
import { row, rows, titled, type Row } from '../scenario.cts';
import type { Column } from '../types.cts';

/** The ids that an event holds: under which names, how often, and what surely is none. */

/** An event that holds nothing but the ids, each under its first name. */
function plainEvent(c: Case, target = c.target): Record<string, IDataObject[string]> {
	const { id, stream } = c.column.names;
	return {
		[id[0]]: c.idOf(target),
		...(stream && { [stream[0]]: c.fields(target).stream }),
	};
}

/** The name under which an event holds the stream. */
function streamName({ column }: Case): string {
	const [name] = column.names.stream ?? [];
	if (name === undefined) throw new Error(`'${column.title}' has no stream`);
	return name;
}

const refused = { failure: 'input', attempts: undefined, runs: true } as const;
const nothingSent = (c: Case) => expect(c.standIn.requests).toEqual([]);

/** Compared as it is written. */
const byWord = ({ labels: { stream } }: Column) =>
	stream === 'Control ID' || stream === 'Stream Name';

/** Where an event's fields stand. */
const PLACES: Record<string, (event: IDataObject) => IDataObject> = {
	body: (event) => ({ body: event, query: {} }),
	query: (event) => ({ body: {}, query: event }),
	'the item itself': (event) => event,
	'start, inside the body': (event) => ({ body: { event: 'start', start: event } }),
};

export const eventIds: readonly Row[] = [
	rows<(event: IDataObject) => IDataObject>({
		name: 'the ids are taken from each place in which an event may stand',
		variants: () => PLACES,
		parameters: fromEvent,
		arrange(c, place) {
			c.items = [place(plainEvent(c))];
		},
		expected: (c) => ({ ...c.says('stop'), [c.idField]: c.idOf(c.target), runs: false }),
	}),
	rows<IDataObject>({
		name: 'an item that holds no event is refused, and the sentence says for which names the node looked',
		variants: () => ({ nothing: {}, 'an empty webhook': { body: {}, query: {} } }),
		parameters: fromEvent,
		arrange(c, item) {
			c.items = [item];
		},
		expected: (c) => ({
			...refused,
			error: `The incoming event holds no ${c.profile.displayName} ${c.noun} ID`,
			message: expect.stringMatching(
				`^The node looked for (?=.*'${c.column.names.id[0]}').*'${c.column.names.id[1]}'.* in 'body'`,
			),
		}),
		check: nothingSent,
	}),
	row({
		name: 'an option that is refused does not hide which call the event is about',
		parameters: fromEvent,
		options: { timeout: 0 },
		arrange(c) {
			c.items = [plainEvent(c)];
		},
		expected: (c) => ({
			...refused,
			error: expect.stringMatching(/^'Timeout'/),
			[c.idField]: c.idOf(c.target),
		}),
		check: nothingSent,
	}),
	rows<{ place: string; give: (value: string) => string[] }>({
		name: 'a parameter that came twice with one value, or as a list of one, is that value',
		variants: () =>
			Object.fromEntries(
				['body', 'query'].flatMap((place) => [
					[`twice, ${place}`, { place, give: (value: string) => [value, value] }],
					[`a list of one, ${place}`, { place, give: (value: string) => [value] }],
					[`three times, ${place}`, { place, give: (value: string) => [value, value, value] }],
				]),
			),
		parameters: fromEvent,
		arrange(c, { place, give }) {
			const event = Object.entries(plainEvent(c)).map(([name, value]) => [
				name,
				give(textOf(value)),
			]);
			const inPlace = PLACES[place];
			if (inPlace) c.items = [inPlace(Object.fromEntries(event) as IDataObject)];
		},
		expected: (c) => ({ ...c.says('stop'), [c.idField]: c.idOf(c.target), runs: false }),
	}),
	row({
		name: 'an id that came twice, in upper and in lower case, is the first of the two',
		parameters: fromEvent,
		arrange(c) {
			const [name] = c.column.names.id;
			const id = c.idOf(c.target);
			c.items = [{ body: { ...plainEvent(c), [name]: [id, id.toUpperCase()] } }];
		},
		expected: (c) => ({ ...c.says('stop'), [c.idField]: c.idOf(c.target), runs: false }),
	}),
	rows<(id: string) => string[]>({
		name: 'an id that came twice with different values is refused in words that say so',
		variants: () => ({
			'two ids': (id) => [id, 'another'],
			'an id and nothing': (id) => [id, ''],
			'nothing and an id': (id) => ['', id],
			'the same twice, and another': (id) => [id, id, 'another'],
		}),
		parameters: fromEvent,
		arrange(c, give) {
			const [name] = c.column.names.id;
			c.items = [{ body: { ...plainEvent(c), [name]: give(c.idOf(c.target)) } }];
		},
		expected: (c) => ({
			...refused,
			error: `'${c.column.names.id[0]}' came twice in the incoming event, with different values`,
		}),
		check: nothingSent,
	}),
	rows<(stream: string) => string[]>({
		name: 'a stream that came twice with different values is refused, a word in another case too',
		needs: ['oneStream'],
		variants: (column) => ({
			'two streams': (stream) => [stream, 'another'],
			...(byWord(column) && {
				'in another case': (stream: string) => [stream, stream.toUpperCase()],
			}),
		}),
		parameters: fromEvent,
		arrange(c, give) {
			const event = plainEvent(c);
			const name = streamName(c);
			c.items = [{ body: { ...event, [name]: give(textOf(event[name])) } }];
		},
		expected: (c) => ({
			...refused,
			error: `'${streamName(c)}' came twice in the incoming event, with different values`,
		}),
		check: nothingSent,
	}),
	rows<unknown>({
		name: 'an id in an event that is no text is refused, and the advice leads on',
		variants: () => ({
			'a number': 42,
			'a list with a number': ['a', 42],
			'a list in a list': [['a']],
			'an object': { id: 'a' },
			true: true,
		}),
		parameters: fromEvent,
		arrange(c, value) {
			const [name] = c.column.names.id;
			c.items = [{ body: { ...plainEvent(c), [name]: value as IDataObject } }];
		},
		expected: (c) => ({
			...refused,
			error: `'${c.column.names.id[0]}' in the incoming event is not text`,
			message: expect.stringContaining('.toString()'),
		}),
		check: nothingSent,
	}),
	rows<string>({
		name: 'an id in an event that shows that a program had no value is refused in words that say so',
		variants: () =>
			titled([
				'undefined',
				'null',
				'NaN',
				'[object Object]',
				' undefined ',
				'call [object Object]',
			]),
		parameters: fromEvent,
		arrange(c, value) {
			const [name] = c.column.names.id;
			c.items = [{ body: { ...plainEvent(c), [name]: value } }];
		},
		expected: (c, value) => ({
			...refused,
			error: `'${c.column.names.id[0]}' in the incoming event holds “${
				value.includes('[object') ? '[object Object]' : value.trim()
			}”, which names nothing`,
		}),
		check: nothingSent,
	}),
	rows<string>({
		name: 'a stream in an event that shows that a program had no value is refused in words that say so',
		needs: ['oneStream'],
		variants: () => titled(['undefined', 'null', 'NaN', '[object Object]']),
		parameters: fromEvent,
		arrange(c, value) {
			c.items = [{ body: { ...plainEvent(c), [streamName(c)]: value } }];
		},
		expected: (c, value) => ({
			...refused,
			error: `'${streamName(c)}' in the incoming event holds “${value}”, which names nothing`,
		}),
		check: nothingSent,
	}),
	row({
		name: 'two names of an event that disagree are refused with both',
		parameters: fromEvent,
		arrange(c) {
			const [, other] = c.column.names.id;
			c.items = [{ body: { ...plainEvent(c), [other]: 'another' } }];
		},
		expected: (c) => ({
			...refused,
			error: `'${c.column.names.id[0]}' and '${c.column.names.id[1]}' in the incoming event disagree`,
		}),
		check: nothingSent,
	}),
	row({
		name: 'blanks and characters of no width around an event’s ids are ignored',
		parameters: fromEvent,
		arrange(c) {
			const event = plainEvent(c);
			const [name] = c.column.names.id;
			c.items = [{ body: { ...event, [name]: `\u200b\ufeff ${textOf(event[name])}\u2060\n` } }];
		},
		expected: (c) => ({ ...c.says('stop'), [c.idField]: c.idOf(c.target), runs: false }),
	}),

	// A stream that is filled in beside the event.
	row({
		name: 'an event that names another stream than the field is refused, and the sentence says what to do',
		needs: ['oneStream'],
		parameters: (c) => ({ ...fromEvent(c), stream: 'left-over' }),
		arrange(c) {
			c.items = [{ body: plainEvent(c) }];
		},
		expected: (c) => ({
			...refused,
			error: `'${c.column.labels.stream}' is filled in, and the incoming event names another stream`,
			message: `Clear '${c.column.labels.stream}' to take the stream from the event, or set 'Call and Stream From' to 'Fields Below'.`,
			[c.idField]: c.idOf(c.target),
			stream: 'left-over',
		}),
		check: nothingSent,
	}),
	row({
		name: 'by fields, an event that names another stream changes nothing',
		needs: ['oneStream'],
		parameters: (c) => ({
			[c.idField]: `={{ $json.${c.idField} }}`,
			stream: '={{ $json.stream }}',
			...c.document(),
		}),
		arrange(c) {
			const other = c.add();
			c.items = [{ ...c.fields(c.target), body: plainEvent(c, other) }];
			return other;
		},
		expected: (c) => ({ ...c.says('stop'), [c.idField]: c.idOf(c.target), runs: false }),
		check: (_c, { made: other }) => expect(other.stream.running).toBe(true),
	}),
	rows<'the same' | 'none in the event' | 'none in the field'>({
		name: 'a stream in the field and in the event: the same, or in one of the two, is that stream',
		needs: ['oneStream'],
		variants: () => titled(['the same', 'none in the event', 'none in the field'] as const),
		parameters: (c) => ({ ...fromEvent(c), stream: '={{ $json.filled }}' }),
		arrange(c, which) {
			const event = plainEvent(c);
			const { stream } = c.fields(c.target);
			const { [streamName(c)]: _stream, ...callAlone } = event;
			c.items = [
				{
					body: which === 'none in the event' ? callAlone : event,
					...(which !== 'none in the field' && { filled: stream }),
				},
			];
		},
		expected: (c) => ({
			...c.says('stop'),
			stream: c.fields(c.target).stream,
			runs: false,
		}),
	}),
];
