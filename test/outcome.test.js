'use strict';

// What an answer means, and what it means that there is none: the cause that code acts on, and the
// sentence that people read.

const { messages, say } = require('../dist/nodes/StopAudioStream/messages');
const {
	fieldNames,
	providerWords,
	readAnswer,
	readEnd,
} = require('../dist/nodes/StopAudioStream/outcome');
const { providers } = require('../dist/nodes/StopAudioStream/providers');

const [plivo, signalWire] = ['plivo', 'signalWire'].map((name) =>
	providers.find((provider) => provider.name === name),
);
const account = { origin: 'https://api.example.com', id: 'id', token: 'example-token' };
const one = { operation: 'stopStream', callId: 'c', stream: 's' };
const bySid = { ...one, streamBy: 'sid' };
const byName = { ...one, streamBy: 'name', document: { url: 'https://a.example', method: 'POST' } };

const answer = (statusCode, body = '', headers = {}) => ({ statusCode, headers, body });
const end = (statusCode, body, more) => ({
	kind: 'answer',
	answer: answer(statusCode, body),
	...more,
});
const failure = (cause, sentence, values) => ({ failure: { cause, ...say(sentence, values) } });
const said = { error: 'Words of it' };
const quote = ': “Words of it”';

describe('an answer', () => {
	const read = (statusCode, body) => readAnswer(plivo, one, account, answer(statusCode, body));
	const names = { provider: 'Plivo', callField: 'Call UUID', streamField: 'Stream ID', quote };

	test.each([
		[401, 'credentials', messages.refused],
		[403, 'credentials', messages.refused],
		[408, 'unavailable', messages.unavailable],
		[429, 'rateLimit', messages.rateLimited],
		[500, 'unavailable', messages.unavailable],
		[501, 'unavailable', messages.unavailable],
		[599, 'unavailable', messages.unavailable],
		[300, 'rejected', messages.redirected],
		[302, 'rejected', messages.redirected],
		[399, 'rejected', messages.redirected],
		[400, 'rejected', messages.rejected],
		[402, 'rejected', messages.rejected],
		[409, 'rejected', messages.rejected],
		[499, 'rejected', messages.rejected],
		[404, 'rejected', messages.unknownPath],
		[200, 'unreadable', messages.unreadable],
		[299, 'unreadable', messages.unreadable],
		[199, 'unreadable', messages.unreadable],
	])('%d without words of the stop: %s', (status, cause, sentence) => {
		const values = { ...names, status, hint: plivo.credentialHint };
		expect(read(status, said)).toEqual(failure(cause, sentence, values));
	});

	test.each([100, 199, 300, 399, 401, 403, 408, 429, 500, 599])(
		'%d is no success, whatever the provider would make of it',
		(status) => {
			const trusting = { ...plivo, readStop: () => ({ status: 'stopped' }) };
			const reading = readAnswer(trusting, one, account, answer(status));
			expect(reading).toHaveProperty('failure');
			expect(readAnswer(trusting, one, account, answer(200))).toEqual({ status: 'stopped' });
		},
	);

	test('is read by the provider with what was asked for, and for which account', () => {
		const readStop = jest.fn(() => ({ status: 'notFound' }));
		const given = answer(404, said);
		expect(readAnswer({ ...plivo, readStop }, one, account, given)).toEqual({ status: 'notFound' });
		expect(readStop.mock.calls).toEqual([[given, one, account]]);
	});

	describe('that one more read settles', () => {
		const body = { code: 21220, message: 'Words of it' };
		const reading = readAnswer(signalWire, bySid, account, answer(400, body));
		const refused = failure('rejected', messages.rejected, {
			...{ provider: 'SignalWire', callField: 'Call SID', status: 400, quote },
		});

		test('is what that read shows', () => {
			expect(reading.ask).toMatchObject({ method: 'GET' });
			const { read } = reading;
			expect(read(answer(200, { status: 'completed' }))).toEqual({ status: 'alreadyStopped' });
		});

		test('stays what it was where that read shows nothing, or does not work', () => {
			expect(reading.read(answer(200, { status: 'in-progress' }))).toEqual(refused);
			expect(reading.read(undefined)).toEqual(refused);
		});
	});
});

describe('the end of a send', () => {
	const plain = (of) => readEnd(plivo, one, account, of);
	const document = (of) => readEnd(signalWire, byName, account, of);
	const provider = 'Plivo';
	const maybe = (cause, reason) =>
		failure(cause, messages.maybeTaken, { provider: 'SignalWire', reason });

	test.each([
		[
			'without an answer in time',
			{ kind: 'noAnswer', seconds: 7 },
			...['unavailable', messages.noAnswer, 'no answer within 7 s'],
		],
		[
			'with a connection that broke',
			{ kind: 'connectionLost', code: 'ECONNRESET' },
			...['unavailable', messages.connectionLost, 'the connection broke, ECONNRESET'],
		],
		[
			'with an answer that cannot be read',
			{ kind: 'broken', reason: 'incorrect header check' },
			...['unreadable', messages.broken, 'incorrect header check'],
		],
	])('%s: by name it may have been taken', (_title, of, cause, sentence, reason) => {
		expect(plain(of)).toEqual(failure(cause, sentence, { provider, ...of }));
		expect(document(of)).toEqual(maybe(cause, reason));
	});

	test('without a connection: surely not taken, by name neither', () => {
		const of = { kind: 'notReached', code: 'ENOTFOUND' };
		for (const [read, name] of [
			[plain, 'Plivo'],
			[document, 'SignalWire'],
		]) {
			expect(read(of)).toEqual(
				failure('unavailable', messages.notReached, { provider: name, code: 'ENOTFOUND' }),
			);
		}
	});

	test('unsent, since the account is asked to wait for long: in whole seconds, rounded up', () => {
		expect(plain({ kind: 'refused', refusedForMs: 44_001 })).toEqual(
			failure('rateLimit', messages.rateLimitedLong, { provider, seconds: 45 }),
		);
	});

	test('by a cancelled execution', () => {
		expect(plain({ kind: 'cancelled' })).toEqual(
			failure('unavailable', messages.cancelled, { provider }),
		);
	});

	test('with an answer that is the stop itself', () => {
		expect(plain(end(204))).toEqual({ status: 'stopped' });
		expect(document(end(200, { sid: 'c' }))).toEqual({ status: 'accepted' });
	});

	test.each([
		[429, 'rateLimit'],
		[408, 'unavailable'],
		[500, 'unavailable'],
		[503, 'unavailable'],
	])('with %d that asks for more than 30 s: says how long', (status, cause) => {
		const longest = plain(end(status, said, { retryAfterMs: 30_000 }));
		expect(longest.failure.what).not.toContain('asks to wait');
		expect(plain(end(status, said, { retryAfterMs: 30_001 }))).toEqual(
			failure(cause, messages.rateLimitedLong, { provider, seconds: 31, quote }),
		);
		expect(plain(end(status, said)).failure.what).not.toContain('asks to wait');
	});

	test.each([400, 404, 499])('with %d, whatever wait it asks for, is what %d means', (status) => {
		expect(plain(end(status, said, { retryAfterMs: 90_000 }))).toEqual(plain(end(status, said)));
	});

	test.each([408, 500, 503])('by name with %d: it may have been taken', (status) => {
		expect(document(end(status, said))).toEqual(maybe('unavailable', `${status}${quote}`));
		const long = end(status, said, { retryAfterMs: 90_000 });
		expect(document(long)).toEqual(maybe('unavailable', `${status}${quote}`));
	});

	test.each([400, 429, 499])('by name with %d: it was not taken', (status) => {
		expect(document(end(status, said)).failure.what).not.toContain('may or may not');
	});
});

describe('the fields that sentences name', () => {
	test.each([
		['sid', 'Stream SID'],
		['name', 'Stream Name'],
		['controlId', 'Control ID'],
	])('by %s of SignalWire', (streamBy, streamField) => {
		expect(fieldNames(signalWire, { ...one, streamBy })).toEqual({
			provider: 'SignalWire',
			callField: 'Call SID',
			streamField,
		});
	});

	test('of a provider that has one way, and for all streams of a call', () => {
		const names = { provider: 'Plivo', callField: 'Call UUID', streamField: 'Stream ID' };
		expect(fieldNames(plivo, one)).toEqual(names);
		expect(fieldNames(plivo, { ...one, streamBy: 'sid' })).toEqual(names);
	});
});

describe("the provider's own words", () => {
	test.each([
		['plain text', 'plain text'],
		[{ message: 'of a message' }, 'of a message'],
		[{ error: 'of an error' }, 'of an error'],
		[{ error: { message: 'of one inside' } }, 'of one inside'],
		[{ errors: [{ message: 'of the first' }, { message: 'of the second' }] }, 'of the first'],
		[{ errors: ['of a list'] }, 'of a list'],
		[{ message: 'first', error: 'second', errors: ['third'] }, 'first'],
		[{ error: 'second', errors: ['third'] }, 'second'],
		[' two\r\n\tlines\u0000\u0007 and  blanks ', 'two lines and blanks'],
	])('in %j', (body, words) => {
		expect(providerWords(body)).toBe(words);
	});

	test.each([
		[''],
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
		expect(providerWords(body)).toBeUndefined();
	});

	test('are kept where a tag comes later in them', () => {
		expect(providerWords('use <Stop>')).toBe('use <Stop>');
	});

	test('are cut behind 300 characters', () => {
		expect(providerWords('x'.repeat(300))).toBe('x'.repeat(300));
		expect(providerWords('x'.repeat(301))).toBe(`${'x'.repeat(300)}…`);
		expect(providerWords(`${'x'.repeat(300)}   `)).toBe('x'.repeat(300));
	});
});
