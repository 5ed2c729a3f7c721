import type { Execution } from '../../lib/n8n/index.cts';
import type { Call, LoggedRequest, Stream } from '../../lib/stand-ins/index.cts';
import { describeCells, type Cell } from './cells.cts';
import {
	fillIn,
	outputOf,
	publishRecipe,
	type Nodes,
	type Published,
	type Stage,
} from './stage.cts';
import { isUp, streaming } from './streams.cts';

type WithLists = 'plivo' | 'vobiz';

interface Incident {
	stage: Stage;
	standIn: Stage['standIns'][WithLists];
	/** It only counts. */
	counts: Published;
	published: Published;
}

interface Outcome {
	execution: Execution;
	/** What is left: the figures, and a line for each. */
	figures: unknown;
	left: unknown[];
}

const isStop = ({ method, path }: LoggedRequest): boolean =>
	method !== 'GET' && /\/Stream\//.test(path);
const isListOfCalls = ({ method, path }: LoggedRequest): boolean =>
	method === 'GET' && path.includes('status=live') && path.includes('/Call/?');
const isListOf =
	({ id }: Call) =>
	({ method, path }: LoggedRequest): boolean =>
		method === 'GET' && path.includes(`/${id}/Stream/`);

/** Ends what earlier tests left up, and begins so many calls, each with a stream. */
function callsWithStreams({ standIn }: Incident, count: number) {
	for (const call of standIn.calls.calls.keys()) standIn.endCall(call);
	return Array.from({ length: count }, () => streaming(standIn));
}

async function stopEverything({ published }: Incident): Promise<Outcome> {
	const execution = await published.run('By Hand');
	const [figures, ...left] = outputOf(execution, 'What Is Left');
	return { execution, figures, left };
}

const up = ({ standIn }: Incident, streams: readonly Stream[]): Stream[] =>
	streams.filter((stream) => isUp(standIn, stream));

const expectAllOff = (
	on: Incident,
	{ execution, left }: Outcome,
	streams: readonly Stream[],
): void => {
	expect(execution.status).toBe('success');
	expect(left).toEqual([]);
	expect(up(on, streams)).toEqual([]);
};

const expectRed = ({ execution: { status, data } }: Outcome): void => {
	expect([status, data.resultData.lastNodeExecuted]).toEqual(['error', 'Not Everything Is Off']);
};

const tells = (on: Incident, { execution, figures }: Outcome, streams: readonly Stream[]): string =>
	`streams up: ${String(up(on, streams).length)} of ${String(streams.length)}, says ${JSON.stringify(figures)}, execution: ${execution.status}`;

const BOTH = ['plivo', 'vobiz'] as const;

const CELLS: ReadonlyArray<Cell<Incident>> = [
	...(['calls', 'objects'] as const).map((shape): Cell<Incident> => ({
		name: `25 calls, in a list of ${shape}, and one more during the first round`,
		at: BOTH,
		...(shape === 'calls' && { allWell: true }),
		play: async (on) => {
			const started = callsWithStreams(on, 25);
			const streams = started.map(({ stream }) => stream);
			on.standIn.liveListShape = shape;
			try {
				const counted = await on.counts.run('By Hand');
				expect(outputOf(counted, 'How Many')).toMatchObject([{ live_calls: 25 }]);
				expect(up(on, streams)).toHaveLength(25);
				let late: Stream | undefined;
				on.standIn.fault = (request) => {
					if (isStop(request) && !late) {
						late = streaming(on.standIn).stream;
						streams.push(late);
					}
					return undefined;
				};
				const outcome = await stopEverything(on);
				expectAllOff(on, outcome, streams);
				expect(streams).toHaveLength(26);
				expect(outcome.figures).toMatchObject({ calls_seen: 26, streams_left: 0, not_known: 0 });
				return tells(on, outcome, streams);
			} finally {
				on.standIn.liveListShape = 'calls';
			}
		},
	})),
	{
		name: 'no call is live',
		at: ['vobiz', 'plivo'],
		play: async (on) => {
			callsWithStreams(on, 0);
			const outcome = await stopEverything(on);
			expectAllOff(on, outcome, []);
			expect(outcome.figures).toMatchObject({ calls_seen: 0, calls_live: 0 });
			return tells(on, outcome, []);
		},
	},
	{
		name: 'calls end before their stop, and before their streams are read',
		at: BOTH,
		play: async (on) => {
			const [first, second, third] = callsWithStreams(on, 3);
			if (!first || !second || !third) throw new Error('no calls');
			on.standIn.fault = (request) => {
				if (isStop(request) && request.path.includes(first.call.id))
					on.standIn.endCall(first.call.id);
				return undefined;
			};
			const streams = [first.stream, second.stream, third.stream];
			const outcome = await stopEverything(on);
			expectAllOff(on, outcome, streams);
			return tells(on, outcome, streams);
		},
	},
	{
		name: 'a stop is refused',
		at: ['vobiz', 'plivo'],
		play: async (on) => {
			const [first, second] = callsWithStreams(on, 2);
			if (!first || !second) throw new Error('no calls');
			on.standIn.fault = (request) =>
				isStop(request) && request.path.includes(first.call.id)
					? { status: 403, body: { error: 'no' } }
					: undefined;
			const streams = [first.stream, second.stream];
			const outcome = await stopEverything(on);
			expectRed(outcome);
			expect(up(on, streams)).toEqual([expect.objectContaining({ id: first.stream.id })]);
			expect(outcome.left).toEqual([
				{ call_uuid: first.call.id, stream_id: first.stream.id, result: 'still runs' },
			]);
			return tells(on, outcome, streams);
		},
	},
	{
		name: 'the provider answers 503 to the first stops of a call',
		at: BOTH,
		play: async (on) => {
			const [first] = callsWithStreams(on, 1);
			if (!first) throw new Error('no call');
			let left = 6;
			on.standIn.fault = (request) => {
				if (!isStop(request) || left === 0) return undefined;
				left -= 1;
				return { status: 503, body: 'Service Unavailable' };
			};
			const outcome = await stopEverything(on);
			expectAllOff(on, outcome, [first.stream]);
			return tells(on, outcome, [first.stream]);
		},
	},
	{
		name: 'the list of live calls is not answered, and then it is',
		at: ['vobiz', 'plivo'],
		play: async (on) => {
			const [first] = callsWithStreams(on, 1);
			if (!first) throw new Error('no call');
			let left = 4;
			on.standIn.fault = (request) => {
				if (!isListOfCalls(request) || left === 0) return undefined;
				left -= 1;
				return left % 2 === 0 ? { status: 429, body: { error: 'slow down' } } : { reset: 'before' };
			};
			const outcome = await stopEverything(on);
			expectAllOff(on, outcome, [first.stream]);
			return tells(on, outcome, [first.stream]);
		},
	},
	{
		name: 'the list of live calls is never answered',
		at: BOTH,
		play: async (on) => {
			const [first] = callsWithStreams(on, 1);
			if (!first) throw new Error('no call');
			on.standIn.fault = (request) =>
				isListOfCalls(request) ? { status: 503, body: 'Service Unavailable' } : undefined;
			const outcome = await stopEverything(on);
			expectRed(outcome);
			expect(outcome.left).toEqual([
				expect.objectContaining({
					result: expect.stringContaining('list of live calls could not be read') as string,
				}),
			]);
			expect(up(on, [first.stream])).toHaveLength(1);
			return tells(on, outcome, [first.stream]);
		},
	},
	{
		name: 'the streams of a call cannot be read, at the end',
		at: ['vobiz', 'plivo'],
		play: async (on) => {
			const [first, second] = callsWithStreams(on, 2);
			if (!first || !second) throw new Error('no calls');
			on.standIn.fault = (request) => {
				if (isListOf(first.call)(request)) return { status: 503, body: 'Service Unavailable' };
				// A gateway says so, and not the provider: the call may be live.
				return isListOf(second.call)(request)
					? { status: 404, body: { message: 'Not Found' } }
					: undefined;
			};
			const outcome = await stopEverything(on);
			expectRed(outcome);
			const notRead = [
				[first, 503],
				[second, 404],
			] as const;
			expect(outcome.left).toHaveLength(notRead.length);
			for (const [{ call }, status] of notRead) {
				expect(outcome.left).toContainEqual(
					expect.objectContaining({
						call_uuid: call.id,
						result: `its streams could not be read: status ${String(status)}`,
					}),
				);
			}
			return tells(on, outcome, [first.stream, second.stream]);
		},
	},
	{
		name: 'the stream server is not shut, and each stopped stream starts anew',
		at: BOTH,
		play: async (on) => {
			const [first] = callsWithStreams(on, 1);
			if (!first) throw new Error('no call');
			const streams = [first.stream];
			on.standIn.fault = (request) => {
				// Before each look at the list, a stream is there again.
				if (isListOf(first.call)(request) && up(on, streams).length === 0) {
					streams.push(on.standIn.startStream(first.call.id));
				}
				return undefined;
			};
			const outcome = await stopEverything(on);
			expectRed(outcome);
			expect(outcome.left).toMatchObject([{ call_uuid: first.call.id, result: 'still runs' }]);
			return tells(on, outcome, streams);
		},
	},
];

/** Fewer rounds, with less between them. */
const inShort = (nodes: Nodes): void => {
	const { Pause: pause, 'Next Round': rounds } = nodes;
	if (!pause || typeof rounds?.parameters.jsCode !== 'string') throw new Error('no such nodes');
	pause.parameters.amount = 1;
	expect(rounds.parameters.jsCode).toContain('$runIndex < 5');
	rounds.parameters.jsCode = rounds.parameters.jsCode.replaceAll('$runIndex < 5', '$runIndex < 3');
};

/** What can happen when everything is to go off. They stop what runs on any call, so they come last. */
export const describeEverythingOff = (getStage: () => Stage, whole: boolean): void =>
	describeCells('Everything off', whole, CELLS, async (name) => {
		if (name === 'signalWire') throw new Error('SignalWire lists no streams');
		const stage = getStage();
		const recipe = `everything-off-${name}`;
		const counts = await publishRecipe(recipe, stage);
		const published = await publishRecipe(recipe, stage, (nodes) => {
			inShort(nodes);
			fillIn(nodes['Fill In'], { what: 'stop' });
		});
		return { stage, standIn: stage.standIns[name], counts, published };
	});
