// n8n in queue mode: a main and two workers, each with the packed package in a user folder of its own.

import path from 'node:path';

import {
	LOOPBACK,
	freePort,
	installN8n,
	makeHome,
	startN8n,
	until,
	type Home,
	type RunningN8n,
} from '../../lib/n8n/index.cts';
import { pack } from '../../lib/package.cts';
import { removeFolder, step, tail, temporaryFolder } from '../../lib/processes.cts';
import {
	CONNECTION,
	checkServices,
	startPostgres,
	startRedis,
	type Postgres,
	type Redis,
} from './services.cts';

const START_SECONDS = 240;
export const WORKERS = 2;

/** The settings that main and workers share; the encryption key is the same for all of our homes. */
const queueSettings = (redis: Redis, postgres: Postgres) => ({
	EXECUTIONS_MODE: 'queue',
	QUEUE_BULL_REDIS_HOST: LOOPBACK,
	QUEUE_BULL_REDIS_PORT: String(redis.port),
	DB_TYPE: 'postgresdb',
	DB_POSTGRESDB_HOST: CONNECTION.host,
	DB_POSTGRESDB_PORT: String(postgres.port),
	DB_POSTGRESDB_DATABASE: CONNECTION.database,
	DB_POSTGRESDB_USER: CONNECTION.user,
});

interface Worker {
	stop(): Promise<unknown>;
	/** Ends it as the system does when memory runs out: it has no time to put anything right. */
	kill(): Promise<void>;
}

/** Starts a worker process in its home and waits until it takes jobs. */
async function startWorker(home: Home, number: number): Promise<Worker> {
	const log = path.join(home.userFolder, 'worker.log');
	const port = await freePort();
	const server = home.start(['worker'], {
		log,
		env: {
			QUEUE_HEALTH_CHECK_ACTIVE: 'true',
			QUEUE_HEALTH_CHECK_PORT: String(port),
			N8N_WORKER_SERVER_ADDRESS: LOOPBACK,
			N8N_RUNNERS_BROKER_PORT: String(await freePort()),
		},
	});
	let exitCode: number | undefined;
	void server.exited.then((code) => (exitCode = code));
	try {
		await until(`The start of worker ${number}`, START_SECONDS, async () => {
			if (exitCode !== undefined) throw new Error(`Worker ${number} ended with ${exitCode}.`);
			const answer = await fetch(`http://${LOOPBACK}:${port}/healthz/readiness`).catch(
				() => undefined,
			);
			return answer?.ok ? true : undefined;
		});
	} catch (reason) {
		await server.stop();
		const message = reason instanceof Error ? reason.message : String(reason);
		throw new Error(`${message} The last lines of its log:\n${tail(log)}`);
	}
	return {
		stop: server.stop,
		kill: async () => {
			process.kill(await server.pid, 'SIGKILL');
			await server.exited;
		},
	};
}

/** n8n in queue mode with what it needs; `stop()` ends all of it. */
export interface Cluster {
	n8n: RunningN8n;
	redis: Redis;
	postgres: Postgres;
	killWorker(number: number): Promise<void>;
	/** Starts a new worker for each that was killed, as what looks after them does. */
	replaceKilledWorkers(): Promise<void>;
	stop(): Promise<void>;
}

/** Starts Redis, Postgres, a main and its workers. */
export async function startCluster(): Promise<Cluster> {
	checkServices();
	await installN8n();
	const endings: Array<() => unknown> = [];
	const stop = async () => {
		for (let end = endings.pop(); end; end = endings.pop()) await end();
	};
	try {
		const folder = temporaryFolder('queue');
		endings.push(() => removeFolder(folder));
		const tarball = await pack(folder);
		const { redis, postgres } = await step('starting Redis and Postgres', async () => {
			const redis = await startRedis();
			endings.push(() => redis.stop());
			const postgres = await startPostgres();
			endings.push(() => postgres.stop());
			return { redis, postgres };
		});
		const env = queueSettings(redis, postgres);
		const n8n = await startN8n({ tarball, env });
		endings.push(n8n.stop);

		const workers: Array<Worker | undefined> = [];
		const startOne = async (number: number) => {
			const home = await makeHome({ tarball, env });
			endings.push(home.remove);
			workers[number] = await startWorker(home, number);
			endings.push(() => workers[number]?.stop());
		};
		await step('starting two workers', async () => {
			for (let number = 0; number < WORKERS; number += 1) await startOne(number);
		});
		return {
			n8n,
			redis,
			postgres,
			killWorker: async (number) => {
				await workers[number]?.kill();
				workers[number] = undefined;
			},
			replaceKilledWorkers: async () => {
				for (const [number, worker] of workers.entries()) {
					if (!worker) await step('starting a new worker', () => startOne(number));
				}
			},
			stop,
		};
	} catch (reason) {
		await stop();
		throw reason;
	}
}
