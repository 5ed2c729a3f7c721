'use strict';

// n8n in queue mode: a main and two workers, each with the packed package in a user folder of its own.

const path = require('node:path');
const { removeFolder, step, tail, temporaryFolder } = require('../../scripts/lib/processes');
const { pack } = require('../../scripts/lib/package');
const { LOOPBACK, freePort, installN8n, makeHome, startN8n, until } = require('../e2e/n8n');
const { CONNECTION, ensureServices, startPostgres, startRedis } = require('./services');

const START_SECONDS = 240;
const WORKERS = 2;

/** The settings that main and workers share; the encryption key is the same for all of our homes. */
const queueSettings = (redis, postgres) => ({
	EXECUTIONS_MODE: 'queue',
	QUEUE_BULL_REDIS_HOST: LOOPBACK,
	QUEUE_BULL_REDIS_PORT: String(redis.port),
	DB_TYPE: 'postgresdb',
	DB_POSTGRESDB_HOST: CONNECTION.host,
	DB_POSTGRESDB_PORT: String(postgres.port),
	DB_POSTGRESDB_DATABASE: CONNECTION.database,
	DB_POSTGRESDB_USER: CONNECTION.user,
});

/** Starts a worker process in its home and waits until it takes jobs. */
async function startWorker(home, number) {
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
	let exitCode;
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
		throw new Error(`${reason.message} The last lines of its log:\n${tail(log)}`);
	}
	return {
		stop: server.stop,
		/** Ends it as the system does when memory runs out: it has no time to put anything right. */
		kill: async () => {
			process.kill(await server.pid, 'SIGKILL');
			await server.exited;
		},
	};
}

/** Starts Redis, Postgres, a main and its workers. `stop()` ends all of them. */
async function startCluster() {
	await ensureServices();
	await installN8n();
	const endings = [];
	const stop = async () => {
		while (endings.length > 0) await endings.pop()();
	};
	try {
		const folder = temporaryFolder('queue');
		endings.push(() => removeFolder(folder));
		const tarball = await pack(folder);
		const [redis, postgres] = await step('starting Redis and Postgres', async () => {
			const started = [];
			for (const startService of [startRedis, startPostgres]) {
				const service = await startService();
				endings.push(() => service.stop());
				started.push(service);
			}
			return started;
		});
		const env = queueSettings(redis, postgres);
		const n8n = await startN8n({ tarball, env });
		endings.push(n8n.stop);

		const workers = [];
		const startOne = async (number) => {
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
				await workers[number].kill();
				workers[number] = undefined;
			},
			/** Starts a new worker for each that was killed, as what looks after them does. */
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

module.exports = { WORKERS, startCluster };
