import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const LEASH = path.join(__dirname, 'leash.js');
const LIVE_LINE = process.stdout.isTTY && !process.env.CI;

/** A running command. `exited` and `stop` give its exit code, `pid` the number of its process. */
export interface Started {
	pid: Promise<number>;
	exited: Promise<number>;
	stop: () => Promise<number>;
}

/** Where and how a command runs. */
export interface Place {
	cwd?: string;
	env?: NodeJS.ProcessEnv;
}

/** Prints one line. */
export const say = (text = ''): void => {
	process.stdout.write(`${text}\n`);
};

/** Seconds since `since`, as people read them: `7 s`, `3 min 12 s`. */
export const elapsed = (since: number): string => {
	const seconds = Math.round((Date.now() - since) / 1000);
	return seconds < 60
		? `${String(seconds)} s`
		: `${String(Math.floor(seconds / 60))} min ${String(seconds % 60)} s`;
};

/** Takes the addresses of other machines out of a tool's output: which registry is used is nobody's business. */
export const withoutHosts = (text: string): string =>
	text
		.replace(/https?:\/\/(?!127\.0\.0\.1|localhost)[^\s/'"]+/g, '(address)')
		.replace(/\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT) [\w.:-]+/g, '$1 (address)');

/** The last lines of a log file, without addresses. */
export const tail = (file: string, lines = 25): string =>
	withoutHosts(readFileSync(file, 'utf8')).trimEnd().split('\n').slice(-lines).join('\n');

/** What a thrown value says. */
export const messageOf = (reason: unknown): string =>
	reason instanceof Error ? reason.message : String(reason);

/** What is to be ended, and removed, when a script ends early. */
const running = new Set<Started>();
const folders = new Set<string>();

/** A new folder under the system's temporary folder; it goes when this process ends, if not before. */
export function temporaryFolder(name: string): string {
	const folder = mkdtempSync(path.join(tmpdir(), `stop-audio-stream-${name}-`));
	folders.add(folder);
	return folder;
}

/** Removes a folder with all that is in it. */
export function removeFolder(folder: string): void {
	rmSync(folder, { recursive: true, force: true });
	folders.delete(folder);
}

process.once('exit', () => {
	folders.forEach(removeFolder);
});

const pidOf = async (child: ChildProcess): Promise<number> =>
	await new Promise((resolve) => {
		child.once('message', (message) => {
			if (typeof message === 'object' && 'pid' in message) resolve(Number(message.pid));
		});
	});

/**
 * Starts a command that cannot outlive this process. Its output goes to the file `log`, or without one to
 * this process's own.
 */
export function start(
	command: string,
	args: readonly string[],
	{ cwd, env, log }: Place & { log?: string } = {},
): Started {
	const output = log === undefined ? 'inherit' : openSync(log, 'a');
	const child = spawn(process.execPath, [LEASH, command, ...args], {
		cwd,
		env: { ...process.env, ...env },
		stdio: ['ignore', output, output, 'ipc'],
	});
	if (typeof output === 'number') closeSync(output);

	const exited = new Promise<number>((resolve, reject) => {
		child.once('error', reject);
		child.once('exit', (code) => {
			running.delete(started);
			resolve(code ?? 143);
		});
	});
	const stop = async (): Promise<number> => {
		if (child.connected) child.disconnect();
		return await exited;
	};
	const started: Started = { pid: pidOf(child), exited, stop };
	running.add(started);
	return started;
}

/** Runs a script. Ctrl-C ends what it has started before it ends itself. */
export function runScript(main: () => Promise<void>): void {
	let interrupted = false;
	const endAll = async (): Promise<void> => {
		await Promise.all([...running].map(async ({ stop }) => await stop()));
		process.exit(process.exitCode ?? 130);
	};
	for (const signal of ['SIGINT', 'SIGTERM'] as const) {
		process.once(signal, () => {
			interrupted = true;
			void endAll();
		});
	}
	main().catch((reason: unknown) => {
		if (interrupted) return;
		process.stderr.write(`\n${messageOf(reason)}\n`);
		process.exitCode = 1;
	});
}

/** Says every now and then how long a step has been running; the function it returns says how it ended. */
function showProgress(title: string): (mark: string) => void {
	const since = Date.now();
	if (!LIVE_LINE) say(`  … ${title}`);
	const show = (): void => {
		if (LIVE_LINE) process.stdout.write(`\r\x1b[K  … ${title} (${elapsed(since)})`);
		else say(`  … ${title}, ${elapsed(since)} so far`);
	};
	const timer = setInterval(show, LIVE_LINE ? 1000 : 30_000);
	return (mark) => {
		clearInterval(timer);
		say(`${LIVE_LINE ? '\r\x1b[K' : ''}  ${mark} ${title} (${elapsed(since)})`);
	};
}

/** One long step with its progress on screen. */
export async function step<T>(title: string, work: () => Promise<T>): Promise<T> {
	const done = showProgress(title);
	try {
		const result = await work();
		done('✓');
		return result;
	} catch (reason) {
		done('✗');
		throw reason;
	}
}

/** How a command is run to its end. */
export interface RunOptions extends Place {
	minutes?: number;
	goodCodes?: readonly number[];
}

/** Runs a command to its end and gives back what it printed, which is shown only if it fails. */
export async function run(
	command: string,
	args: readonly string[],
	{ cwd, env, minutes = 10, goodCodes = [0] }: RunOptions = {},
): Promise<string> {
	const folder = temporaryFolder('run');
	const log = path.join(folder, 'output.log');
	try {
		const started = start(command, args, { cwd, env, log });
		const time = { isUp: false };
		const limit = setTimeout(() => {
			time.isUp = true;
			void started.stop();
		}, minutes * 60_000);
		const code = await started.exited;
		clearTimeout(limit);
		if (goodCodes.includes(code)) return readFileSync(log, 'utf8');
		const how = time.isUp
			? `took more than ${String(minutes)} minutes`
			: `ended with exit code ${String(code)}`;
		throw new Error(
			`'${[path.basename(command), ...args].join(' ')}' ${how}. Its last lines:\n${tail(log)}`,
		);
	} finally {
		removeFolder(folder);
	}
}

/** Runs npm with the Node that runs this script. */
export async function npm(args: readonly string[], options?: RunOptions): Promise<string> {
	const cli = process.env.npm_execpath;
	return cli !== undefined && path.basename(cli) === 'npm-cli.js'
		? await run(process.execPath, [cli, ...args], options)
		: await run('npm', args, options);
}
