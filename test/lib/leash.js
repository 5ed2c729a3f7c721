// @ts-check
'use strict';

// Runs one command for a script and ends it with everything it started as soon as that script is
// gone, however it went: the closed channel is the sign, and even a SIGKILL cannot hold it back.
// Without this, an n8n or a compiler would go on running after Ctrl-C or a throw.
// JavaScript, because it starts before every command: a compiler in front of it would cost 0.2 s each time.

const { spawn } = require('node:child_process');
const { constants } = require('node:os');

const GRACE_MS = 10_000;
const [command = '', ...args] = process.argv.slice(2);

// A process group of its own, so that one signal reaches the command's children too.
const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], detached: true });

/** @param {NodeJS.Signals} signal */
const signalGroup = (signal) => {
	if (child.pid === undefined) return;
	try {
		process.kill(-child.pid, signal);
	} catch (reason) {
		if (!(reason instanceof Error && 'code' in reason && reason.code === 'ESRCH')) throw reason;
	}
};

let ending = false;
const end = () => {
	if (ending || child.pid === undefined) return;
	ending = true;
	signalGroup('SIGTERM');
	setTimeout(() => signalGroup('SIGKILL'), GRACE_MS).unref();
};

child.once('error', (reason) => {
	process.stderr.write(`'${command}' did not start: ${reason.message}\n`);
	process.exit(127);
});
child.once('spawn', () => process.connected && process.send?.({ pid: child.pid }));
child.once('exit', (code, signal) => {
	signalGroup('SIGKILL');
	// As a shell says it.
	process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
});

process.once('disconnect', end);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, end);
