// What an answer means, and what it means that there is none: the cause that code acts on, and the sentence that
// people read.

import {
	hintFor,
	MAX_WAIT_MS,
	meaningOf,
	nothingToStop,
	notFoundSentence,
	readEnd,
	showsCoping,
	VERDICTS,
	type Meaning,
	type SendEnd,
} from '../../nodes/StopAudioStream/outcome/verdicts';
import type { OwnReading, Provider, Way } from '../../nodes/StopAudioStream/providers/provider';
import { messages } from '../../nodes/StopAudioStream/words/sentences';
import type { FailureCause } from '../../nodes/StopAudioStream/words/vocabulary';
import { providerOf } from '../lib/fakeSender.cts';

const [plivo, signalWire] = ['plivo', 'signalWire'].map(providerOf) as [Provider, Provider];
const [one, all] = plivo.ways as readonly [Way, Way];
const [bySid, byName, , byConferenceSid] = signalWire.ways as readonly [Way, Way, Way, Way];

const said = { error: 'Words of it' };
const quote = ': “Words of it”';

/** An answer at the end of a send. */
const answered = (
	statusCode: number,
	{
		body = said,
		retryAfterMs,
		own,
	}: { body?: unknown; retryAfterMs?: number; own?: OwnReading } = {},
): SendEnd => ({
	kind: 'answer',
	answer: { statusCode, headers: {}, body },
	retryAfterMs,
	own,
});

const failure = (cause: FailureCause, what: string, todo: string) => ({
	failure: { cause, what, todo },
});

const STILL = 'The stream may still be running.';
const TWICE = 'Run the item again; stopping twice does no harm.';

describe('the table of verdicts', () => {
	const ROWS: Array<[Meaning, boolean, string, FailureCause]> = [
		['ownWords', false, 'never', 'rejected'],
		['refused', false, 'never', 'credentials'],
		['limited', false, 'always', 'rateLimit'],
		['proxyLogin', false, 'never', 'unavailable'],
		['unavailable', true, 'ifRepeatable', 'unavailable'],
		['unsupported', true, 'never', 'unavailable'],
		['redirected', false, 'never', 'rejected'],
		['noAnswer', true, 'ifRepeatable', 'unavailable'],
		['connectionLost', true, 'ifRepeatable', 'unavailable'],
		['notReached', false, 'always', 'unavailable'],
		['untrustedCertificate', false, 'never', 'unavailable'],
		['invalidCertificate', false, 'never', 'unavailable'],
		['blocked', false, 'never', 'unavailable'],
		['outOfTime', false, 'never', 'unavailable'],
		['waitTooLong', false, 'never', 'rateLimit'],
		['broken', true, 'never', 'unreadable'],
		['cancelled', true, 'never', 'unavailable'],
	];

	test.each(ROWS)('%s: may have acted %s, sent again %s, %s', (...row) => {
		const [meaning, mayHaveActed, sendAgain, cause] = row;
		expect(VERDICTS[meaning]).toEqual({ mayHaveActed, sendAgain, cause });
	});

	test('has no other rows', () => {
		expect(Object.keys(VERDICTS).sort()).toEqual(ROWS.map(([meaning]) => meaning).sort());
	});

	test('never sends again what surely acted, and fails with no cause of the input', () => {
		for (const { mayHaveActed, sendAgain, cause } of Object.values(VERDICTS)) {
			if (mayHaveActed) expect(sendAgain).not.toBe('always');
			expect(cause).not.toBe('input');
		}
	});
});

describe('a status', () => {
	test.each<[number, Meaning, boolean]>([
		[199, 'ownWords', true],
		[200, 'ownWords', true],
		[204, 'ownWords', true],
		[299, 'ownWords', true],
		[300, 'redirected', true],
		[302, 'redirected', true],
		[399, 'redirected', true],
		[400, 'ownWords', true],
		[401, 'refused', true],
		[402, 'ownWords', true],
		[403, 'refused', true],
		[404, 'ownWords', true],
		[407, 'proxyLogin', false],
		[408, 'unavailable', false],
		[409, 'ownWords', true],
		[428, 'ownWords', true],
		[429, 'limited', false],
		[430, 'ownWords', true],
		[499, 'ownWords', true],
		[500, 'unavailable', false],
		[501, 'unsupported', false],
		[502, 'unavailable', false],
		[503, 'unavailable', false],
		[504, 'unavailable', false],
		[505, 'unsupported', false],
		[599, 'unsupported', false],
	])('%d means %s; the provider copes: %s', (status, meaning, copes) => {
		expect(meaningOf(answered(status))).toBe(meaning);
		expect(showsCoping(answered(status))).toBe(copes);
	});

	test("with the provider's wish to be asked again is no refusal, and shows no coping", () => {
		const end = answered(422, { own: { asks: 'again' } });
		expect(meaningOf(end)).toBe('unavailable');
		expect(showsCoping(end)).toBe(false);
		expect(meaningOf(answered(422, { own: { asks: 'call' } }))).toBe('ownWords');
		expect(meaningOf(answered(422, { own: { status: 'stopped' } }))).toBe('ownWords');
	});

	test.each<SendEnd>([
		{ kind: 'noAnswer', seconds: 1 },
		{ kind: 'connectionLost', code: 'EPIPE' },
		{ kind: 'notReached', code: 'ENOTFOUND' },
		{ kind: 'outOfTime' },
		{ kind: 'waitTooLong', forMs: 40_000 },
		{ kind: 'broken', reason: 'x' },
		{ kind: 'cancelled' },
	])('that never came shows no coping: $kind', (end) => {
		expect(meaningOf(end)).toBe(end.kind);
		expect(showsCoping(end)).toBe(false);
	});
});

describe('an answer', () => {
	test.each<[number, FailureCause, string, string]>([
		[401, 'credentials', 'Plivo rejected this credential (401)', plivo.credentialHint],
		[
			403,
			'credentials',
			'Plivo rejected this credential (403)',
			`${plivo.credentialHint} ${plivo.forbiddenHint}`,
		],
		[408, 'unavailable', 'Plivo could not handle the request (408)', `${STILL} ${TWICE}`],
		[
			429,
			'rateLimit',
			'Plivo is limiting requests (429)',
			'The last request stopped nothing. Run the item again later.',
		],
		[500, 'unavailable', 'Plivo could not handle the request (500)', `${STILL} ${TWICE}`],
		[501, 'unavailable', 'Plivo could not handle the request (501)', `${STILL} ${TWICE}`],
		[599, 'unavailable', 'Plivo could not handle the request (599)', `${STILL} ${TWICE}`],
		...[400, 402, 409, 499].map((status): [number, FailureCause, string, string] => [
			status,
			'rejected',
			`Plivo refused the request (${status})`,
			"Check 'Call UUID' and 'Stream ID' against what Plivo says.",
		]),
		[
			404,
			'rejected',
			'Plivo answered 404 in a form that is not its own',
			'Check the address in the credential: the request may have reached another server. The stream may still be running.',
		],
		...[199, 200, 299].map((status): [number, FailureCause, string, string] => [
			status,
			'unreadable',
			`Plivo answered ${status}, but not in a form that says the stream stopped`,
			`${STILL} Check the address in the credential, and look at the call at Plivo.`,
		]),
	])('%d without words of the stop: %s', (status, cause, what, todo) => {
		expect(readEnd(plivo, one, answered(status))).toEqual(failure(cause, what + quote, todo));
		const bare = answered(status, { body: '' });
		expect(readEnd(plivo, one, bare)).toEqual(failure(cause, what, todo));
	});

	test.each([300, 302, 399])('%d: a redirect, which nobody follows', (status) => {
		expect(readEnd(plivo, one, answered(status))).toEqual(
			failure(
				'rejected',
				`Plivo answered with a redirect (${status}), which the node does not follow`,
				'Check the address in the credential: it should be the address of Plivo itself. A credential is never carried to another address.',
			),
		);
	});

	test.each([300, 399, 401, 403, 408, 429, 500, 501, 599])(
		'%d is no success, whatever the provider would make of it',
		(status) => {
			const own = { status: 'stopped' } as const;
			expect(readEnd(plivo, one, answered(status, { own }))).toHaveProperty('failure');
			expect(readEnd(plivo, one, answered(status, { own: { asks: 'call' } }))).not.toHaveProperty(
				'asksCall',
			);
		},
	);

	test.each(['stopped', 'alreadyStopped', 'notFound', 'accepted'] as const)(
		'that the provider reads as %s is that',
		(status) => {
			expect(readEnd(plivo, one, answered(404, { own: { status } }))).toEqual({ status });
		},
	);

	test('that only the call itself settles says so, and what it is else', () => {
		const end = answered(400, { own: { asks: 'call' } });
		expect(readEnd(signalWire, bySid, end)).toEqual({
			...failure(
				'rejected',
				`SignalWire refused the request (400)${quote}`,
				"Check 'Call SID' and 'Stream SID' against what SignalWire says.",
			),
			asksCall: true,
		});
	});

	test('with an advice of the provider says it', () => {
		const end = answered(422, { own: { advice: 'Do something else.' } });
		expect(readEnd(signalWire, bySid, end)).toEqual(
			failure('rejected', `SignalWire refused the request (422)${quote}`, 'Do something else.'),
		);
	});

	test('that asks to be sent again, in the end is unavailable', () => {
		const end = answered(422, { own: { asks: 'again' } });
		expect(readEnd(signalWire, bySid, end)).toEqual(
			failure(
				'unavailable',
				`SignalWire could not handle the request (422)${quote}`,
				`${STILL} ${TWICE}`,
			),
		);
	});

	test.each<[number, FailureCause]>([
		[429, 'rateLimit'],
		[408, 'unavailable'],
		[500, 'unavailable'],
		[503, 'unavailable'],
	])('%d that asks for more than 30 s says how long, rounded up', (status, cause) => {
		expect(MAX_WAIT_MS).toBe(30_000);
		const longest = readEnd(plivo, one, answered(status, { retryAfterMs: 30_000 }));
		expect(longest).toEqual(readEnd(plivo, one, answered(status)));
		expect(readEnd(plivo, one, answered(status, { retryAfterMs: 30_001 }))).toEqual(
			failure(
				cause,
				`Plivo asks to wait 31 s before the next request${quote}`,
				'The node waits at most 30 s. Run the item again after that time.',
			),
		);
	});

	test.each([400, 404, 499, 501])('%d, whatever wait it asks for, is what %d means', (status) => {
		const long = answered(status, { retryAfterMs: 90_000 });
		expect(readEnd(plivo, one, long)).toEqual(readEnd(plivo, one, answered(status)));
	});
});

describe('the end of a send', () => {
	const maybe = (cause: FailureCause, reason: string) =>
		failure(
			cause,
			`It is not known whether SignalWire acted on the request (${reason})`,
			"It was not sent again after that, because SignalWire would run the document of 'cXML URL' a second time. Look at the call, then run the item again if its stream is still there.",
		);

	test.each<[SendEnd, FailureCause, string, string, string]>([
		[
			{ kind: 'noAnswer', seconds: 7 },
			'unavailable',
			'Plivo gave no answer within 7 s',
			`${STILL} Run the item again, or raise 'Timeout'; stopping twice does no harm.`,
			'no answer within 7 s',
		],
		[
			{ kind: 'connectionLost', code: 'ECONNRESET' },
			'unavailable',
			'The connection to Plivo broke before it answered (ECONNRESET)',
			`${STILL} ${TWICE}`,
			'the connection broke, ECONNRESET',
		],
		[
			{ kind: 'broken', reason: 'incorrect header check' },
			'unreadable',
			'The request to Plivo ended without an answer that can be read: incorrect header check',
			`${STILL} Check the address in the credential and the network of n8n, then run the item again; stopping twice does no harm.`,
			'incorrect header check',
		],
	])('%j: a document may have run', (end, cause, what, todo, reason) => {
		expect(readEnd(plivo, one, end)).toEqual(failure(cause, what, todo));
		expect(readEnd(signalWire, byName, end)).toEqual(maybe(cause, reason));
	});

	test.each<[SendEnd, string]>([
		[{ kind: 'notReached', code: 'ENOTFOUND' }, 'ENOTFOUND'],
		[{ kind: 'outOfTime' }, 'no time left'],
	])('%j: surely not delivered, and no document either', (end, code) => {
		for (const [provider, way] of [
			[plivo, one],
			[signalWire, byName],
		] as const) {
			expect(readEnd(provider, way, end)).toEqual(
				failure(
					'unavailable',
					`${provider.displayName} could not be reached (${code})`,
					'The request was not delivered, so the stream is still running. Check the address in the credential and the network of n8n, its HTTPS_PROXY included, then run the item again.',
				),
			);
		}
	});

	test('unsent, since the account is asked to wait for long: in whole seconds, rounded up', () => {
		expect(readEnd(plivo, one, { kind: 'waitTooLong', forMs: 44_001 })).toEqual(
			failure(
				'rateLimit',
				'Plivo asks to wait 45 s before the next request',
				'The node waits at most 30 s. Run the item again after that time.',
			),
		);
	});

	test('by a cancelled execution', () => {
		for (const way of [bySid, byName]) {
			expect(readEnd(signalWire, way, { kind: 'cancelled' })).toEqual(
				failure(
					'unavailable',
					'The execution was canceled before SignalWire confirmed this stop',
					`${STILL} Look at the call, then run the item again if its stream is still there.`,
				),
			);
		}
	});

	test.each([408, 500, 501, 503])('by name with %d: the document may have run', (status) => {
		const expected = maybe('unavailable', `${status}${quote}`);
		expect(readEnd(signalWire, byName, answered(status))).toEqual(expected);
		const long = answered(status, { retryAfterMs: 90_000 });
		expect(readEnd(signalWire, byName, long)).toEqual(expected);
	});

	test.each([302, 400, 401, 403, 404, 429, 499])('by name with %d: it did not', (status) => {
		const reading = readEnd(signalWire, byName, answered(status));
		expect(JSON.stringify(reading)).not.toContain('It is not known');
	});
});

describe('what to check', () => {
	test('after a 401 or 403, where the provider has more to say of a 403', () => {
		const { credentialHint, forbiddenHint } = plivo;
		expect(hintFor(plivo, 401)).toBe(credentialHint);
		expect(hintFor(plivo, 403)).toBe(`${credentialHint} ${forbiddenHint}`);
		expect(hintFor(signalWire, 403)).toBe(signalWire.credentialHint);
	});
});

describe('a stop that found nothing', () => {
	test.each<[string, Way, 'live' | 'notFound' | 'ended' | undefined, keyof typeof messages]>([
		['of a call that nobody knows', one, 'notFound', 'notFoundUnknown'],
		['where nothing could be read', one, undefined, 'notFound'],
		['of a call that is live', one, 'live', 'notFoundLive'],
		['of all streams of a call that is live', all, 'live', 'notFoundAllLive'],
		['of all streams of a call that nobody knows', all, 'notFound', 'notFoundUnknown'],
		['of all streams, where nothing could be read', all, undefined, 'notFound'],
		['where streams cannot be read', bySid, 'live', 'notFoundLiveUnsure'],
		['in a conference', byConferenceSid, 'live', 'notFoundLiveUnsure'],
		['in a conference that nobody knows', byConferenceSid, 'notFound', 'notFoundUnknown'],
	])('%s', (_title, way, state, key) => {
		expect(notFoundSentence(way, { callState: state, noun: way.on.noun })).toBe(messages[key]);
	});

	test.each<
		[string, Provider, Way, Parameters<typeof nothingToStop>[2]['sentence'], string, string]
	>([
		[
			'already stopped',
			plivo,
			one,
			messages.nothingRunning,
			'Plivo had nothing left to stop on this call',
			"The stream had already ended. Set 'If Nothing Is Left to Stop' to 'Succeed' where that is fine.",
		],
		[
			'not found',
			plivo,
			one,
			messages.notFound,
			'Plivo does not know this call or stream',
			"It could not be read whether it has ended. Check 'Call UUID' and 'Stream ID', or set 'If Nothing Is Left to Stop' to 'Succeed' where that is fine.",
		],
		[
			'not found, all streams',
			plivo,
			all,
			messages.notFound,
			'Plivo does not know this call',
			"It could not be read whether it has ended. Check 'Call UUID', or set 'If Nothing Is Left to Stop' to 'Succeed' where that is fine.",
		],
		[
			'not found on a live call',
			plivo,
			one,
			messages.notFoundLive,
			'The call is live, and Plivo knows no such stream on it',
			"Another stream may still be running there. Check 'Call UUID' and 'Stream ID'.",
		],
		[
			'all streams of a live call, which the provider says it does not know',
			plivo,
			all,
			messages.notFoundAllLive,
			'The call is live, and Plivo says that it does not know it',
			"Streams may still be running there. Check 'Call UUID', then run the item again.",
		],
		[
			'not found in a live conference',
			signalWire,
			byConferenceSid,
			messages.notFoundLiveUnsure,
			'The conference is live, and SignalWire finds no such stream on it',
			"The stream has ended, or 'Stream SID' is wrong; SignalWire does not say which.",
		],
		[
			'in no call of this account',
			signalWire,
			bySid,
			messages.notFoundUnknown,
			'SignalWire shows no such call in this account',
			"It ended a moment ago, or belongs to another project or subaccount. Check 'Call SID' and 'Stream SID' and the credential.",
		],
	])('as a failure: %s', (_title, provider, way, sentence, what, todo) => {
		const known = { noun: way.on.noun };
		expect(nothingToStop(provider, way, { known, sentence, quote })).toEqual(
			failure('nothingToStop', what + quote, todo),
		);
	});

	test('speaks of the call, where it is the call and not the conference that is live', () => {
		const known = { callState: 'live', noun: 'call' } as const;
		const sentence = notFoundSentence(byConferenceSid, known);
		const found = nothingToStop(signalWire, byConferenceSid, { known, sentence, quote });
		expect(found.failure.what).toBe(
			`The call is live, and SignalWire finds no such stream on it${quote}`,
		);
	});
});
