'use strict';

// Redis and Postgres for n8n's queue mode, on the loopback address and in temporary folders.

const { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync } = require('node:fs');
const { connect } = require('node:net');
const path = require('node:path');
const { run, start, step, tail, temporaryFolder } = require('../../scripts/lib/processes');
const { LOOPBACK, freePort, until } = require('../e2e/n8n');

const READY_SECONDS = 120;
const DEBIAN_POSTGRES = '/usr/lib/postgresql';
/** Program → the Debian package that brings it. */
const PROGRAMS = {
	'redis-server': 'redis-server',
	postgres: 'postgresql',
	initdb: 'postgresql',
	pg_isready: 'postgresql',
	psql: 'postgresql',
};

/** How to reach Postgres, but for its port. */
const CONNECTION = { host: LOOPBACK, user: 'n8n', database: 'postgres' };
const AS_POSTGRES = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];

const isRoot = () => process.getuid() === 0;

/** Where a program is. Debian keeps Postgres' own off the PATH, in a folder for each version. */
function findProgram(name) {
	const versions = existsSync(DEBIAN_POSTGRES) ? readdirSync(DEBIAN_POSTGRES) : [];
	const folders = [
		...process.env.PATH.split(path.delimiter),
		...versions.sort().map((version) => path.join(DEBIAN_POSTGRES, version, 'bin')),
	];
	return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

function isExecutable(file) {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

const missingPackages = () => [
	...new Set(
		Object.entries(PROGRAMS)
			.filter(([program]) => findProgram(program) === undefined)
			.map(([, name]) => name),
	),
];

/** Installs what is missing where that can be done, and otherwise names it. */
async function ensureServices() {
	const missing = missingPackages();
	if (missing.length === 0) return;
	const install = ['install', '-y', '--no-install-recommends', ...missing];
	if (isRoot() && findProgram('apt-get')) {
		await step(`Queue mode needs ${missing.join(' and ')}: 'apt-get ${install.join(' ')}'`, () =>
			run('apt-get', install, { env: { DEBIAN_FRONTEND: 'noninteractive' } }),
		);
	}
	const still = missingPackages();
	if (still.length === 0) return;
	throw new Error(
		`Queue mode needs ${still.join(' and ')}, which this machine lacks. On Debian and Ubuntu: ` +
			`'sudo apt-get install -y --no-install-recommends ${still.join(' ')}'. Elsewhere, put ` +
			`${Object.keys(PROGRAMS).join(', ')} on the PATH.`,
	);
}

/** `Redis server v=7.0.15 …` and `postgres (PostgreSQL) 15.18 …` → their numbers. */
async function versionOf(program) {
	const [version] = /\d+(\.\d+)+/.exec(await run(findProgram(program), ['--version']));
	return version;
}

/** Waits until a server is ready; should it end or be late, its log is told. */
async function ready(what, server, log, ask) {
	let code;
	void server.exited.then((exitCode) => (code = exitCode));
	try {
		await until(`${what}'s start`, READY_SECONDS, async () => {
			if (code !== undefined) throw new Error(`${what} ended with exit code ${code}.`);
			return (await ask()) ? true : undefined;
		});
	} catch (reason) {
		await server.stop();
		throw new Error(`${reason.message} The last lines of its log:\n${tail(log)}`);
	}
}

const answersPing = (port) =>
	new Promise((resolve) => {
		const socket = connect(port, LOOPBACK, () => socket.write('PING\r\n'));
		const end = (answer) => {
			socket.destroy();
			resolve(answer);
		};
		socket.setTimeout(1000, () => end(false));
		socket.once('error', () => end(false));
		socket.once('data', (data) => end(data.toString().startsWith('+PONG')));
	});

/**
 * Starts a Redis that keeps its data over a restart: `stop()` ends it, `startAgain()` brings it back
 * on the same port with the queue that it had.
 */
async function startRedis() {
	const folder = temporaryFolder('redis');
	const log = path.join(folder, 'redis.log');
	const port = await freePort();
	let server;
	const startAgain = async () => {
		server = start(
			findProgram('redis-server'),
			[
				...['--port', String(port), '--bind', LOOPBACK, '--dir', folder],
				// Without its data on disk, a Redis that is stopped loses the queue for good.
				...['--appendonly', 'yes', '--save', ''],
			],
			{ log },
		);
		await ready('Redis', server, log, () => answersPing(port));
	};
	await startAgain();
	return {
		port,
		version: await versionOf('redis-server'),
		startAgain,
		stop: () => server.stop(),
	};
}

/** Opens the closed folders of this run as far as another user needs to get through them. */
function letThrough(folder) {
	for (let at = folder; /^stop-audio-stream-/.test(path.basename(at)); at = path.dirname(at)) {
		chmodSync(at, 0o711);
	}
}

/** Starts an empty Postgres. It refuses to run as root: there it runs as the user `postgres`. */
async function startPostgres() {
	const folder = temporaryFolder('postgres');
	const data = path.join(folder, 'data');
	const log = path.join(folder, 'postgres.log');
	const port = await freePort();
	mkdirSync(data, { mode: 0o700 });
	const prefix = isRoot() ? AS_POSTGRES : [];
	if (isRoot()) {
		await run('chown', ['postgres', data]);
		letThrough(folder);
	}
	const command = (program, args) => [...prefix, findProgram(program), ...args];

	const [initdb, ...initArgs] = command('initdb', [
		...['--pgdata', data, '--username', CONNECTION.user, '--auth', 'trust'],
		...['--encoding', 'UTF8', '--no-locale', '--no-sync'],
	]);
	await run(initdb, initArgs, { cwd: '/' });
	const [postgres, ...args] = command('postgres', [
		...['-D', data, '-p', String(port), '-c', `listen_addresses=${LOOPBACK}`],
		// No socket file in a folder that all share, and no waiting for a disk that others use.
		...['-c', 'unix_socket_directories=', '-c', 'fsync=off', '-c', 'full_page_writes=off'],
	]);
	const server = start(postgres, args, { cwd: '/', log });
	const isReady = () =>
		run(findProgram('pg_isready'), ['-h', LOOPBACK, '-p', String(port)]).then(
			() => true,
			() => false,
		);
	await ready('Postgres', server, log, isReady);
	return {
		port,
		version: await versionOf('postgres'),
		/** The rows that a question in SQL gives. */
		query: async (sql) => {
			const { host, user, database } = CONNECTION;
			const rows = `SELECT coalesce(json_agg(found), '[]') FROM (${sql}) AS found`;
			const where = ['-h', host, '-p', String(port), '-U', user, '-d', database];
			return JSON.parse(await run(findProgram('psql'), [...where, '-Atc', rows]));
		},
		stop: server.stop,
	};
}

module.exports = { CONNECTION, ensureServices, startPostgres, startRedis };
