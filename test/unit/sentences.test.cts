// How a sentence is made: its placeholders, what is quoted in it, and what a refusal carries.

import {
	failed,
	leftOver,
	quoted,
	quoteOf,
	Refusal,
	refusal,
	say,
} from '../../nodes/StopAudioStream/words/sentences';
import { isRecord, reasonOf, textOf } from '../../nodes/StopAudioStream/words/values';

describe('a sentence', () => {
	test('is filled wherever a name stands, and with numbers too', () => {
		const sentence = { what: '{a} and {b}, {a}', todo: 'Wait {b} s.' } as const;
		expect(say(sentence, { a: 'one', b: 2 })).toEqual({
			what: 'one and 2, one',
			todo: 'Wait 2 s.',
		});
	});

	test('without a name needs no values', () => {
		const sentence = { what: 'It is so', todo: 'Do nothing.' } as const;
		expect(say(sentence)).toEqual(sentence);
	});

	test('does not fill what a value holds, and takes no pattern from it', () => {
		const sentence = { what: '{a} {b}', todo: '' } as const;
		expect(say(sentence, { a: '{b} $& $1', b: 'x' }).what).toBe('{b} $& $1 x');
	});
});

describe('a failure and a refusal', () => {
	const sentence = { what: "'{field}' is so", todo: "Change '{field}'." } as const;
	const failure = { cause: 'input', what: "'X' is so", todo: "Change 'X'." };

	test('carry the cause and both sentences', () => {
		expect(failed('input', sentence, { field: 'X' })).toEqual({ failure });
		const refused = refusal('input', sentence, { field: 'X' });
		expect(refused).toBeInstanceOf(Refusal);
		expect(refused).toBeInstanceOf(Error);
		expect(refused.failure).toEqual(failure);
		expect(refused.message).toBe("'X' is so");
	});
});

test('how much of a run is left is said in numbers', () => {
	expect(leftOver(2, 5)).toBe('2 of 5 streams in this run may still be running.');
	expect(leftOver(1, 1)).toBe('');
});

describe("the provider's own words", () => {
	test.each<[unknown, string]>([
		['plain text', 'plain text'],
		[{ message: 'of a message' }, 'of a message'],
		[{ error: 'of an error' }, 'of an error'],
		[{ error: { message: 'of one inside' } }, 'of one inside'],
		[{ errors: [{ message: 'of the first' }, { message: 'of the second' }] }, 'of the first'],
		[{ errors: ['of a list'] }, 'of a list'],
		[{ message: 'first', error: 'second', errors: ['third'] }, 'first'],
		[{ error: 'second', errors: ['third'] }, 'second'],
		[{ message: '', error: 'behind an empty one' }, 'behind an empty one'],
		[{ message: '<p>', errors: ['behind one that is HTML'] }, 'behind one that is HTML'],
		[' two\r\n\tlines\u0000\u0007 and  blanks ', 'two lines and blanks'],
		['a\u0085b', 'a b'],
	])('in %j', (body, words) => {
		expect(quoteOf(body)).toBe(`: “${words}”`);
	});

	test.each([
		[''],
		[' \n '],
		['<html><body>502</body></html>'],
		[' \n<!doctype html>'],
		[{}],
		[[]],
		[null],
		[undefined],
		[204],
		[{ message: 5, error: true }],
		[{ message: '<b>x</b>' }],
		[{ message: '' }],
	])('are none in %j', (body) => {
		expect(quoteOf(body)).toBe('');
	});

	test('are kept where a tag comes later in them', () => {
		expect(quoteOf('use <Stop>')).toBe(': “use <Stop>”');
	});

	test('are cut behind 300 characters', () => {
		expect(quoteOf('x'.repeat(300))).toBe(`: “${'x'.repeat(300)}”`);
		expect(quoteOf('x'.repeat(301))).toBe(`: “${'x'.repeat(300)}…”`);
		expect(quoteOf(`${'x'.repeat(300)}   `)).toBe(`: “${'x'.repeat(300)}”`);
	});

	test('are quoted in one way, whoever says them', () => {
		expect(quoted('a\nb')).toBe(': “a b”');
		expect(quoted('<b>')).toBe(': “<b>”');
		expect(quoted('')).toBe('');
		expect(quoted(undefined)).toBe('');
		expect(quoted(' \t')).toBe('');
	});
});

describe('what a thrown value says', () => {
	test.each<[unknown, string]>([
		[new Error('its message'), 'its message'],
		[new TypeError('of any kind'), 'of any kind'],
		['a text', 'a text'],
		[5, '5'],
		[undefined, 'undefined'],
		[null, 'null'],
	])('%p', (thrown, reason) => {
		expect(reasonOf(thrown)).toBe(reason);
	});
});

test.each<[unknown, boolean]>([
	[{}, true],
	[{ a: 1 }, true],
	[Object.create(null), true],
	[[], false],
	[null, false],
	[undefined, false],
	['text', false],
	[5, false],
])('%p is a record: %s', (value, is) => {
	expect(isRecord(value)).toBe(is);
});

test('text is taken as it is, and nothing else turns into text', () => {
	expect(textOf(' text ')).toBe(' text ');
	for (const value of ['', undefined, null, 5, true, ['text'], { toString: () => 'text' }]) {
		expect(textOf(value)).toBe('');
	}
});
