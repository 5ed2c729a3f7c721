// What comes out for one item, the one error of an execution that stops, and the hints on the canvas.

import {
	NodeApiError,
	NodeOperationError,
	type IExecuteFunctions,
	type INode,
	type NodeExecutionHint,
} from 'n8n-workflow';

import {
	hintAtNotFound,
	nodeError,
	toJson,
	type ItemResult,
} from '../../nodes/StopAudioStream/outcome/results';
import type { Failure } from '../../nodes/StopAudioStream/words/sentences';
import type { FailureCause } from '../../nodes/StopAudioStream/words/vocabulary';
import { providerOf } from '../lib/fakeSender.cts';

/** What of n8n the results need. */
function contextOf(node: Partial<INode> = {}, { cancelled = false } = {}) {
	const hints: NodeExecutionHint[] = [];
	const context: Pick<
		IExecuteFunctions,
		'getNode' | 'getExecutionCancelSignal' | 'addExecutionHints'
	> = {
		getNode: () => ({
			id: 'stop',
			name: 'Stop Audio Stream',
			type: 'n8n-nodes-stop-audio-stream.stopAudioStream',
			typeVersion: 1,
			position: [0, 0],
			parameters: {},
			...node,
		}),
		getExecutionCancelSignal: () =>
			cancelled ? AbortSignal.abort() : new AbortController().signal,
		addExecutionHints: (...added) => void hints.push(...added),
	};
	return { context, hints };
}

const about = { provider: 'plivo', operation: 'stopStream', callId: 'c', stream: 's' };
const failureOf = (cause: FailureCause): Failure => ({
	cause,
	what: 'It did not work',
	todo: 'Do something.',
});

describe("an item's output", () => {
	const { context } = contextOf();

	test.each([
		['stopped', true],
		['alreadyStopped', true],
		['notFound', false],
		['accepted', false],
		['preview', false],
	] as const)('says with %s that the stream is stopped: %s', (status, stopped) => {
		const facts = { statusCode: 204, attempts: 1 };
		const json = toJson(context, { about, status, facts });
		expect(json).toEqual({ ...about, status, stopped, ...facts });
		// As people read it.
		expect(Object.keys(json)).toEqual([
			...Object.keys(about),
			'status',
			'stopped',
			...Object.keys(facts),
		]);
	});

	test('says what is known of the call, behind what became of the stream', () => {
		const json = toJson(context, {
			about,
			status: 'alreadyStopped',
			callState: 'ended',
			facts: { attempts: 1 },
		});
		expect(json).toEqual({
			...about,
			status: 'alreadyStopped',
			stopped: true,
			callState: 'ended',
			attempts: 1,
		});
	});

	test('of a failure has what is known, the cause and both sentences', () => {
		const result: ItemResult = {
			about,
			// Whatever it was before: a failure is the last word.
			status: 'alreadyStopped',
			failure: failureOf('unavailable'),
			callState: 'live',
			facts: { statusCode: 503, attempts: 4 },
		};
		expect(toJson(context, result)).toEqual({
			...about,
			status: 'failed',
			stopped: false,
			failure: 'unavailable',
			error: 'It did not work',
			message: 'Do something.',
			callState: 'live',
			statusCode: 503,
			attempts: 4,
		});
	});

	test("of a failure has two fields on n8n's error output, and nothing else", () => {
		const { context: ofErrors } = contextOf({ onError: 'continueErrorOutput' });
		const result = { about, failure: failureOf('input'), facts: { attempts: 1 } };
		expect(toJson(ofErrors, result)).toEqual({
			error: 'It did not work',
			message: 'Do something.',
		});
		const worked = toJson(ofErrors, { about, status: 'stopped', facts: {} });
		expect(worked).toEqual({ ...about, status: 'stopped', stopped: true });
	});
});

describe('the one error of an execution that stops', () => {
	const results: ItemResult[] = [
		{ about, status: 'stopped', facts: {} },
		{ about, status: 'alreadyStopped', facts: {} },
		{ about, status: 'accepted', facts: {} },
		{ about, status: 'notFound', facts: {} },
		{ about, failure: failureOf('unavailable'), facts: { attempts: 1, statusCode: 503 } },
	];
	const errorOf = (failure: Failure, facts: ItemResult['facts'], { context } = contextOf()) =>
		nodeError(context, results, { itemIndex: 4, failure, facts });

	test('says what happened, what to do, and how many streams are left', () => {
		const error = errorOf(failureOf('unavailable'), { attempts: 1, statusCode: 503 });
		expect(error.message).toBe('It did not work');
		expect(error.description).toBe(
			'Do something. Streams of this run that are not known to be stopped: 3 of 5.',
		);
		expect(error.context).toMatchObject({ itemIndex: 4, failure: 'unavailable' });
		// What n8n lists under the details of it.
		expect(error.messages).toEqual(['It did not work']);
	});

	test.each<[FailureCause, ItemResult['facts'], boolean, string | null]>([
		['unavailable', { attempts: 1, statusCode: 503 }, true, '503'],
		['unavailable', { attempts: 1 }, true, null],
		['rateLimit', { attempts: 0 }, true, null],
		['input', { attempts: 1, statusCode: 400 }, false, null],
		['credentials', {}, false, null],
		['untrusted', {}, false, null],
	])("with %s and %j is the provider's: %s", (cause, facts, isApi, httpCode) => {
		const error = errorOf(failureOf(cause), facts);
		expect(error).toBeInstanceOf(isApi ? NodeApiError : NodeOperationError);
		if (error instanceof NodeApiError) expect(error.httpCode).toBe(httpCode);
	});

	test('keeps its words, where n8n would put its own in their place', () => {
		const failure = {
			...failureOf('unavailable'),
			what: 'Plivo could not be reached (ECONNREFUSED)',
		};
		const error = errorOf(failure, { attempts: 1 });
		expect(error.message).toBe('Plivo could not be reached (ECONNREFUSED)');
	});

	test("as an AI agent's tool holds both sentences in its message", () => {
		const tool = contextOf({ type: 'n8n-nodes-stop-audio-stream.stopAudioStreamTool' });
		const error = errorOf(failureOf('rejected'), { attempts: 1, statusCode: 422 }, tool);
		expect(error.message).toBe(
			'It did not work. Do something. Streams of this run that are not known to be stopped: 3 of 5.',
		);
	});

	test("says 'canceled' as n8n does only where the execution was", () => {
		const failure = { ...failureOf('rejected'), what: 'The call was canceled, canceled' };
		expect(errorOf(failure, { attempts: 1 }).message).toBe('The call was cancelled, cancelled');
		const cancelled = contextOf({}, { cancelled: true });
		expect(errorOf(failure, { attempts: 1 }, cancelled).message).toBe(failure.what);
	});

	test('works on an n8n that has no cancel signal', () => {
		const { context } = contextOf();
		const { getNode } = context;
		const old: typeof context = Object.create({ getNode });
		const none: typeof context = { ...context, getExecutionCancelSignal: () => undefined };
		const failure = { ...failureOf('rejected'), what: 'It was canceled' };
		for (const each of [old, none]) {
			const error = nodeError(each, results, { itemIndex: 0, failure, facts: {} });
			expect(error.message).toBe('It was cancelled');
		}
	});

	test.each<[FailureCause, string | undefined]>([
		['input', 'configuration-invalid'],
		['credentials', 'credential-invalid'],
		['rateLimit', 'rate-limited'],
		['unavailable', 'temporarily-unavailable'],
		['untrusted', undefined],
		['rejected', undefined],
		['unreadable', undefined],
		['nothingToStop', undefined],
	])("names n8n's own cause for %s: %s", (cause, n8nCause) => {
		const error = errorOf(failureOf(cause), { attempts: 1 });
		expect(error).toMatchObject(n8nCause ? { failure: { cause: n8nCause } } : {});
		if (!n8nCause) expect(JSON.stringify(error)).not.toMatch(/"cause":"(rate|temp|cred|conf)/);
		expect(error.context.failure).toBe(cause);
	});
});

describe('a hint on the canvas', () => {
	const plivo = providerOf('plivo');
	const signalWire = providerOf('signalWire');
	const [one] = plivo.ways;
	const all = plivo.ways[1] ?? one;
	const [bySid] = signalWire.ways;
	const conference = bySid.inConference ?? bySid;
	type Found = NonNullable<ItemResult['notFound']>;

	const notFound = (
		provider: typeof plivo,
		way: typeof one,
		callState?: ItemResult['callState'],
		{ outOfTime = false, noun = way.on.noun }: Partial<Found> = {},
	): Found => ({ provider, way, outOfTime, callState, noun });

	/** The hints for these items, and one more that worked. */
	function hintsFor(...found: Found[]) {
		const { context, hints } = contextOf();
		hintAtNotFound(context, [
			{ about, status: 'stopped', facts: {} },
			...found.map((each): ItemResult => ({
				about,
				status: 'notFound',
				facts: {},
				notFound: each,
			})),
		]);
		return hints;
	}

	test('is none where nothing was looked for in vain', () => {
		expect(hintsFor()).toEqual([]);
	});

	test.each<[string, Found, 'info' | 'warning', string]>([
		[
			'a live call that has no such stream',
			notFound(plivo, one, 'live'),
			'warning',
			'the call is live, and Plivo does not know the stream on it. Another stream may still be running: check the ids.',
		],
		[
			'a live call of which all streams should stop',
			notFound(plivo, all, 'live'),
			'warning',
			'the call is live, and Plivo says that it does not know it. Streams may still be running there.',
		],
		[
			'a live call where streams cannot be read',
			notFound(signalWire, bySid, 'live'),
			'info',
			'the call is live; the stream has ended, or its Stream SID is wrong. SignalWire does not say which.',
		],
		[
			'a live conference',
			notFound(signalWire, conference, 'live'),
			'info',
			'the conference is live; the stream has ended, or its Stream SID is wrong. SignalWire does not say which.',
		],
		[
			'a live call whose conference is over',
			notFound(signalWire, conference, 'live', { noun: 'call' }),
			'info',
			'the call is live; the stream has ended, or its Stream SID is wrong. SignalWire does not say which.',
		],
		[
			'a call that is in no such account',
			notFound(plivo, one, 'notFound'),
			'warning',
			'Plivo shows no such call in this account: it ended a moment ago, or belongs to another project or subaccount.',
		],
		[
			'a call of which nothing could be read',
			notFound(plivo, one),
			'warning',
			'Plivo knows no such call or stream, and nothing more could be read. They have ended, or their ids are wrong.',
		],
		[
			'a call that there was no time to look into',
			notFound(plivo, one, undefined, { outOfTime: true }),
			'warning',
			'Plivo knows no such call or stream, and there was no time left to look into it. They have ended, or their ids are wrong.',
		],
	])('for %s', (_title, found, type, says) => {
		expect(hintsFor(found)).toEqual([
			{ message: `1 of 2 items: ${says}`, type, location: 'outputPane' },
		]);
	});

	test('counts the items that it is about, and there is one for each thing to say', () => {
		const hints = hintsFor(
			notFound(plivo, one, 'notFound'),
			notFound(plivo, one, 'live'),
			notFound(plivo, one, 'notFound'),
			notFound(plivo, one, undefined, { outOfTime: true }),
			notFound(plivo, one, undefined),
		);
		expect(hints.map(({ message }) => message.slice(0, 30))).toEqual([
			'2 of 6 items: Plivo shows no s',
			'1 of 6 items: the call is live',
			'1 of 6 items: Plivo knows no s',
			'1 of 6 items: Plivo knows no s',
		]);
	});

	test('is nothing that an n8n without hints would choke on', () => {
		const { context } = contextOf({});
		const { getNode, getExecutionCancelSignal } = context;
		const old: typeof context = Object.create({ getNode, getExecutionCancelSignal });
		const result: ItemResult = { about, facts: {}, notFound: notFound(plivo, one) };
		expect(() => hintAtNotFound(old, [result])).not.toThrow();
	});
});
