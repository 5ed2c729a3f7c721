import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { Options } from './stand-in.cts';
import type { Answered, Question, Questions, SeededStream, Summary } from './serve.cts';

/** A stand-in in a process of its own. */
export interface ForkedStandIn {
	url: string;
	provider: string;
	credentialType: string;
	credentials: Record<string, string>;
	/** Adds calls, each with so many streams. */
	seed(calls: number, streamsEach?: number): Promise<SeededStream[]>;
	/** How many streams run. */
	running(): Promise<number>;
	requests(windowMs?: number): Promise<Summary>;
	reset(): Promise<void>;
	/** Ends the process; throws what went wrong inside the stand-in. */
	close(): Promise<void>;
}

/** Starts a stand-in in a process of its own, so that a measurement does not share its event loop. */
export async function forkStandIn(
	provider: string,
	options: Partial<Options> = {},
): Promise<ForkedStandIn> {
	const child = fork(join(__dirname, 'serve.cts'), [provider], {
		env: { ...process.env, STAND_IN_OPTIONS: JSON.stringify(options) },
		// The parent's debugger or coverage flags are not the child's.
		execArgv: ['--require', require.resolve('tsx/cjs')],
	});
	const waiting = new Map<number, (answer: Answered) => void>();
	let asked = 0;
	const ended = new Promise<void>((resolve) => {
		child.once('exit', (code) => {
			for (const settle of waiting.values())
				settle({ id: 0, error: `The stand-in ended with ${code}` });
			waiting.clear();
			resolve();
		});
	});
	child.on('message', (answer: Answered) => {
		waiting.get(answer.id)?.(answer);
		waiting.delete(answer.id);
	});
	const ask = <Q extends Question>(
		method: Q,
		...args: Parameters<Questions[Q]>
	): Promise<Awaited<ReturnType<Questions[Q]>>> =>
		new Promise((resolve, reject) => {
			asked += 1;
			waiting.set(asked, ({ result, error }) => {
				if (error === undefined) resolve(result as Awaited<ReturnType<Questions[Q]>>);
				else reject(new Error(error));
			});
			child.send({ id: asked, method, args });
		});

	const end = async (): Promise<void> => {
		if (child.connected) child.disconnect();
		await ended;
	};
	const about = await ask('about').catch(async (error: unknown) => {
		await end();
		throw error;
	});
	return {
		...about,
		seed: (...args) => ask('seed', ...args),
		running: () => ask('running'),
		requests: (windowMs) => ask('requests', windowMs),
		reset: () => ask('reset'),
		close: async () => {
			try {
				if (child.connected) await ask('close');
			} finally {
				await end();
			}
		},
	};
}
