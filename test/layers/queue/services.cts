// Redis and Postgres for n8n's queue mode, on the loopback address and in temporary folders.

import { accessSync, chmodSync, constants, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';

import { LOOPBACK, freePort, until } from '../../lib/n8n/index.cts';
import { run, start, tail, temporaryFolder, type Started } from '../../lib/processes.cts';

const READY_SECONDS = 120;
const DEBIAN_POSTGRES = '/usr/lib/postgresql';
/** Program → the Debian package that brings it. */
const PROGRAMS = {
	'redis-server': 'redis-server',
	postgres: 'postgresql',
	initdb: 'postgresql',
	pg_isready: 'postgresql',
	psql: 'postgresql',
} as const;
type Program = keyof typeof PROGRAMS;

/** How to reach Postgres, but for its port. */
export const CONNECTION = { host: LOOPBACK, user: 'n8n', database: 'postgres' };
const AS_POSTGRES = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'];

const isRoot = () => process.getuid?.() === 0;

function isExecutable(file: string): boolean {
	try {
		accessSync(file, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

/** Where a program is. Debian keeps Postgres' own off the PATH, in a folder for each version. */
function findProgram(name: string): string | undefined {
	const versions = existsSync(DEBIAN_POSTGRES) ? readdirSync(DEBIAN_POSTGRES) : [];
	const folders = [
		...(process.env.PATH ?? '').split(path.delimiter),
		...versions.sort().map((version) => path.join(DEBIAN_POSTGRES, version, 'bin')),
	];
	return folders.map((folder) => path.join(folder, name)).find(isExecutable);
}

function program(name: Program): string {
	const found = findProgram(name);
	if (found === undefined) throw new Error(`There is no '${name}' any more.`);
	return found;
}

/** Says what is missing, and how it is installed. */
export function checkServices(): void {
	const missing = [
		...new Set(
			Object.entries(PROGRAMS)
				.filter(([name]) => findProgram(name) === undefined)
				.map(([, debianPackage]) => debianPackage),
		),
	];
	if (missing.length === 0) return;
	throw new Error(
		`Queue mode needs ${missing.join(' and ')}, which this machine lacks. On Debian and Ubuntu: ` +
			`'sudo apt-get install -y --no-install-recommends ${missing.join(' ')}'. Elsewhere, put ` +
			`${Object.keys(PROGRAMS).join(', ')} on the PATH.`,
	);
}

/** `Redis server v=7.0.15 …` and `postgres (PostgreSQL) 15.18 …` → their numbers. */
async function versionOf(name: Program): Promise<string> {
	const said = await run(program(name), ['--version']);
	const [version] = /\d+(\.\d+)+/.exec(said) ?? [];
	if (version === undefined) throw new Error(`'${name} --version' names none: ${said}`);
	return version;
}

/** Waits until a server is ready; should it end or be late, its log is told. */
async function ready(
	what: string,
	server: Started,
	log: string,
	ask: () => Promise<boolean>,
): Promise<void> {
	let code: number | undefined;
	void server.exited.then((exitCode) => (code = exitCode));
	try {
		await until(`${what}'s start`, READY_SECONDS, async () => {
			if (code !== undefined) throw new Error(`${what} ended with exit code ${code}.`);
			return (await ask()) ? true : undefined;
		});
	} catch (reason) {
		await server.stop();
		const message = reason instanceof Error ? reason.message : String(reason);
		throw new Error(`${message} The last lines of its log:\n${tail(log)}`);
	}
}

const answersPing = (port: number) =>
	new Promise<boolean>((resolve) => {
		const socket = connect(port, LOOPBACK, () => socket.write('PING\r\n'));
		const end = (answer: boolean) => {
			socket.destroy();
			resolve(answer);
		};
		socket.setTimeout(1000, () => end(false));
		socket.once('error', () => end(false));
		socket.once('data', (data) => end(data.toString().startsWith('+PONG')));
	});

/** A Redis that can be away for a while. */
export interface Redis {
	port: number;
	version: string;
	stop(): Promise<unknown>;
	/** Brings it back on the same port with the queue that it had. */
	startAgain(): Promise<void>;
}

/** Starts a Redis that keeps its data over a restart. */
export async function startRedis(): Promise<Redis> {
	const folder = temporaryFolder('redis');
	const log = path.join(folder, 'redis.log');
	const port = await freePort();
	const begin = async () => {
		const server = start(
			program('redis-server'),
			[
				...['--port', String(port), '--bind', LOOPBACK, '--dir', folder],
				// Without its data on disk, a Redis that is stopped loses the queue for good.
				...['--appendonly', 'yes', '--save', ''],
			],
			{ log },
		);
		await ready('Redis', server, log, () => answersPing(port));
		return server;
	};
	let server = await begin();
	return {
		port,
		version: await versionOf('redis-server'),
		startAgain: async () => {
			server = await begin();
		},
		stop: () => server.stop(),
	};
}

/** Opens the closed folders of this run as far as another user needs to get through them. */
function letThrough(folder: string): void {
	for (let at = folder; path.basename(at).startsWith('stop-audio-stream-'); at = path.dirname(at)) {
		chmodSync(at, 0o711);
	}
}

/** A Postgres that can be asked in SQL. */
export interface Postgres {
	port: number;
	version: string;
	/** The rows that a question in SQL gives. */
	query<Row>(sql: string): Promise<Row[]>;
	stop(): Promise<unknown>;
}

/** Starts an empty Postgres. It refuses to run as root: there it runs as the user `postgres`. */
export async function startPostgres(): Promise<Postgres> {
	const folder = temporaryFolder('postgres');
	const data = path.join(folder, 'data');
	const log = path.join(folder, 'postgres.log');
	const port = await freePort();
	mkdirSync(data, { mode: 0o700 });
	if (isRoot()) {
		await run('chown', ['postgres', data]);
		letThrough(folder);
	}
	/** The program and its arguments, run by whom Postgres lets. */
	const command = (name: Program, args: string[]): [string, string[]] => {
		const [first = '', ...rest] = isRoot()
			? [...AS_POSTGRES, program(name), ...args]
			: [program(name), ...args];
		return [first, rest];
	};

	await run(
		...command('initdb', [
			...['--pgdata', data, '--username', CONNECTION.user, '--auth', 'trust'],
			...['--encoding', 'UTF8', '--no-locale', '--no-sync'],
		]),
		{ cwd: '/' },
	);
	const server = start(
		...command('postgres', [
			...['-D', data, '-p', String(port), '-c', `listen_addresses=${LOOPBACK}`],
			// No socket file in a folder that all share, and no waiting for a disk that others use.
			...['-c', 'unix_socket_directories=', '-c', 'fsync=off', '-c', 'full_page_writes=off'],
		]),
		{ cwd: '/', log },
	);
	const isReady = () =>
		run(program('pg_isready'), ['-h', LOOPBACK, '-p', String(port)]).then(
			() => true,
			() => false,
		);
	await ready('Postgres', server, log, isReady);
	return {
		port,
		version: await versionOf('postgres'),
		query: async <Row,>(sql: string) => {
			const { host, user, database } = CONNECTION;
			const rows = `SELECT coalesce(json_agg(found), '[]') FROM (${sql}) AS found`;
			const where = ['-h', host, '-p', String(port), '-U', user, '-d', database];
			const found: Row[] = JSON.parse(await run(program('psql'), [...where, '-Atc', rows]));
			return found;
		},
		stop: server.stop,
	};
}
