import type { Call, Stream } from './calls.cts';
import { startStandIn } from './index.cts';
import type { Exposed, Options, StandIn } from './stand-in.cts';

/** Runs a stand-in by itself, for `forkStandIn`. */

/** What arrived, in figures. `mostInWindow` is the most in any span of `windowMs`, wherever it begins. */
export interface Summary {
	total: number;
	byStatus: Record<string, number>;
	offContract: string[];
	windowMs: number;
	mostInWindow: number;
	mostAtOnce: number;
}

/** A stream that was added, with its call. */
export interface SeededStream {
	call: Call;
	stream: Stream;
}

/** What the parent of a forked stand-in may ask. */
export interface Questions {
	about: () => Pick<StandIn & Exposed, 'url' | 'provider' | 'credentialType' | 'credentials'>;
	seed: (calls: number, streamsEach?: number) => SeededStream[];
	running: () => number;
	requests: (windowMs?: number) => Summary;
	reset: () => void;
	close: () => Promise<void>;
}

export type Question = keyof Questions;

/** One of them, as it is sent. */
interface Asked {
	id: number;
	method: Question;
	args: number[];
}

/** The answer to one of them. */
export interface Answered {
	id: number;
	result?: unknown;
	error?: string;
}

/** What arrived, in figures; of a part of the requests too. */
export function summarize(
	{ requests, mostAtOnce }: Pick<StandIn, 'requests' | 'mostAtOnce'>,
	windowMs: number,
): Summary {
	const byStatus: Record<string, number> = {};
	for (const { status } of requests) byStatus[`${status}`] = (byStatus[`${status}`] ?? 0) + 1;
	const arrivals = requests.map(({ at }) => at);
	let mostInWindow = 0;
	let first = 0;
	for (const [last, at] of arrivals.entries()) {
		while (at - (arrivals[first] ?? at) >= windowMs) first += 1;
		mostInWindow = Math.max(mostInWindow, last - first + 1);
	}
	const offContract = requests.flatMap(({ offContract: why }) => (why === null ? [] : [why]));
	return { total: requests.length, byStatus, offContract, windowMs, mostInWindow, mostAtOnce };
}

function seed(standIn: StandIn, calls: number, streamsEach = 1): SeededStream[] {
	return Array.from({ length: calls }, () => standIn.addCall()).flatMap((call) =>
		Array.from({ length: streamsEach }, () => ({ call, stream: standIn.startStream(call.id) })),
	);
}

function answersOf(standIn: StandIn & Exposed): Questions {
	const { url, provider, credentialType, credentials } = standIn;
	return {
		about: () => ({ url, provider, credentialType, credentials }),
		seed: (calls, streamsEach) => seed(standIn, calls, streamsEach),
		running: () => standIn.streams().filter(({ running }) => running).length,
		requests: (windowMs) =>
			summarize(standIn, windowMs ?? standIn.options.rateLimit?.perMs ?? 1000),
		reset: () => standIn.reset(),
		close: () => standIn.close(),
	};
}

function answerParent(provider: string, send: (answer: Answered) => void): void {
	const options: Partial<Options> = JSON.parse(process.env.STAND_IN_OPTIONS ?? '{}');
	const starting = startStandIn(provider, options);
	// The answer to the first message tells it.
	starting.catch(() => undefined);
	const reply = async ({ id, method, args }: Asked): Promise<void> => {
		try {
			const answer: (...numbers: number[]) => unknown = answersOf(await starting)[method];
			send({ id, result: await answer(...args) });
		} catch (error) {
			send({ id, error: error instanceof Error ? error.message : String(error) });
		}
	};
	process.once('disconnect', () => process.exit(0));
	process.on('message', (asked: Asked) => void reply(asked));
}

if (require.main === module && process.send) {
	answerParent(process.argv[2] ?? '', process.send.bind(process));
}
