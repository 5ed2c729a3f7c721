'use strict';

const { spawn } = require('node:child_process');
const { closeSync, mkdtempSync, openSync, readFileSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const path = require('node:path');

const LEASH = path.join(__dirname, 'leash.js');
const LIVE_LINE = process.stdout.isTTY && !process.env.CI;

/** Prints one line. */
const say = (text = '') => process.stdout.write(`${text}\n`);

/** Seconds since `since`, as people read them: `7 s`, `3 min 12 s`. */
const elapsed = (since) => {
	const seconds = Math.round((Date.now() - since) / 1000);
	return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

/** Takes the addresses of other machines out of a tool's output: which registry is used is nobody's business. */
const withoutHosts = (text) =>
	text
		.replace(/https?:\/\/(?!127\.0\.0\.1|localhost)[^\s/'"]+/g, '(address)')
		.replace(/\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT) [\w.:-]+/g, '$1 (address)');

/** The last lines of a log file, without addresses. */
const tail = (file, lines = 25) =>
	withoutHosts(readFileSync(file, 'utf8')).trimEnd().split('\n').slice(-lines).join('\n');

/** What is to be ended, and removed, when a script ends early. */
const running = new Set();
const folders = new Set();

/** A new folder under the system's temporary folder; it goes when this process ends, if not before. */
function temporaryFolder(name) {
	const folder = mkdtempSync(path.join(tmpdir(), `stop-audio-stream-${name}-`));
	folders.add(folder);
	return folder;
}

function removeFolder(folder) {
	rmSync(folder, { recursive: true, force: true });
	folders.delete(folder);
}

process.once('exit', () => folders.forEach(removeFolder));

/**
 * Starts a command that cannot outlive this process.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, log?: string}} [options] `log` is a file for its
 * output; without it the output goes to this process's own.
 * @returns {{pid: Promise<number>, exited: Promise<number>, stop: () => Promise<number>}} `exited`
 * and `stop` give the exit code.
 */
function start(command, args, { cwd, env, log } = {}) {
	const output = log === undefined ? 'inherit' : openSync(log, 'a');
	const child = spawn(process.execPath, [LEASH, command, ...args], {
		cwd,
		env: { ...process.env, ...env },
		stdio: ['ignore', output, output, 'ipc'],
	});
	if (log !== undefined) closeSync(output);

	const pid = new Promise((resolve) => child.once('message', (message) => resolve(message.pid)));
	const exited = new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('exit', (code) => {
			running.delete(started);
			resolve(code ?? 143);
		});
	});
	const stop = () => {
		if (child.connected) child.disconnect();
		return exited;
	};
	const started = { pid, exited, stop };
	running.add(started);
	return started;
}

/** Runs a script. Ctrl-C ends what it has started before it ends itself. */
function runScript(main) {
	let interrupted = false;
	for (const signal of ['SIGINT', 'SIGTERM']) {
		process.once(signal, async () => {
			interrupted = true;
			await Promise.all([...running].map(({ stop }) => stop()));
			process.exit(process.exitCode ?? 130);
		});
	}
	main().catch((reason) => {
		if (interrupted) return;
		process.stderr.write(`\n${reason.message}\n`);
		process.exitCode = 1;
	});
}

/** Says every now and then how long a step has been running; the function it returns says how it ended. */
function showProgress(title) {
	const since = Date.now();
	if (!LIVE_LINE) say(`  … ${title}`);
	const show = () =>
		LIVE_LINE
			? process.stdout.write(`\r\x1b[K  … ${title} (${elapsed(since)})`)
			: say(`  … ${title}, ${elapsed(since)} so far`);
	const timer = setInterval(show, LIVE_LINE ? 1000 : 30_000);
	return (mark) => {
		clearInterval(timer);
		say(`${LIVE_LINE ? '\r\x1b[K' : ''}  ${mark} ${title} (${elapsed(since)})`);
	};
}

/**
 * One long step with its progress on screen.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
async function step(title, work) {
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

/**
 * Runs a command to its end and gives back what it printed, which is shown only if it fails.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, minutes?: number, goodCodes?: number[]}} [options]
 * @returns {Promise<string>}
 */
async function run(command, args, { cwd, env, minutes = 10, goodCodes = [0] } = {}) {
	const folder = temporaryFolder('run');
	const log = path.join(folder, 'output.log');
	try {
		const started = start(command, args, { cwd, env, log });
		let late = false;
		const limit = setTimeout(() => {
			late = true;
			started.stop();
		}, minutes * 60_000);
		const code = await started.exited;
		clearTimeout(limit);
		if (goodCodes.includes(code)) return readFileSync(log, 'utf8');
		const how = late ? `took more than ${minutes} minutes` : `ended with exit code ${code}`;
		throw new Error(
			`'${[path.basename(command), ...args].join(' ')}' ${how}. Its last lines:\n${tail(log)}`,
		);
	} finally {
		removeFolder(folder);
	}
}

/** Runs npm with the Node that runs this script. */
function npm(args, options) {
	const cli = process.env.npm_execpath;
	return cli !== undefined && path.basename(cli) === 'npm-cli.js'
		? run(process.execPath, [cli, ...args], options)
		: run('npm', args, options);
}

module.exports = {
	elapsed,
	npm,
	removeFolder,
	run,
	runScript,
	say,
	start,
	step,
	tail,
	temporaryFolder,
	withoutHosts,
};
