'use strict';

const { randomUUID } = require('node:crypto');
const http = require('node:http');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { step, tail } = require('../../../scripts/lib/processes');
const { LOOPBACK, freePort, makeHome } = require('./home');

// 8 s on an idle machine; its first start writes a database of some hundred small steps, and a busy
// disk has been seen to take more than 90 s for it.
const START_SECONDS = 180;
const RUNNING = ['new', 'running', 'waiting'];

/** The person who owns the throw-away n8n. */
const OWNER = {
	email: 'owner@example.com',
	firstName: 'Example',
	lastName: 'Owner',
	password: 'Example-password-1',
};

/** Asks until the answer is there; throws with `what` when the time is up. */
async function until(what, seconds, ask) {
	for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
		const answer = await ask();
		if (answer !== undefined) return answer;
		await sleep(100);
	}
	throw new Error(`${what} did not happen within ${seconds} s.`);
}

/** Posts over a connection of its own: a kept one may be closed by n8n in the very moment of its use. */
const post = (url, contentType, body) =>
	new Promise((resolve, reject) => {
		const headers = { 'content-type': contentType };
		const request = http.request(url, { method: 'POST', agent: false, headers });
		request.once('error', reject);
		request.once('response', async (response) => {
			try {
				const chunks = await response.toArray();
				resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() });
			} catch (reason) {
				reject(reason);
			}
		});
		request.end(body);
	});

/** Starts the server process and waits until it says that it is ready. */
async function startServer(home, { url, port }) {
	const log = path.join(home.userFolder, 'n8n.log');
	const server = home.start(['start'], {
		log,
		env: {
			N8N_PORT: String(port),
			N8N_RUNNERS_BROKER_PORT: String(await freePort()),
			WEBHOOK_URL: `${url}/`,
		},
	});
	let exitCode;
	server.exited.then((code) => (exitCode = code));
	try {
		await until("n8n's start", START_SECONDS, async () => {
			if (exitCode !== undefined) throw new Error(`n8n ended with exit code ${exitCode}.`);
			const ready = await fetch(`${url}/healthz/readiness`).catch(() => undefined);
			return ready?.ok ? true : undefined;
		});
	} catch (reason) {
		await server.stop();
		throw new Error(`${reason.message} The last lines of its log:\n${tail(log)}`);
	}
	return { server, log };
}

/** Signs in and gives back a function that calls n8n's own REST API, and the headers it sends. */
async function signIn(url) {
	// n8n ties a session to the browser that made it.
	const headers = { 'content-type': 'application/json', 'browser-id': randomUUID() };
	const call = async (method, address, body) => {
		const response = await fetch(`${url}/rest${address}`, {
			method,
			headers,
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const text = await response.text();
		if (!response.ok) {
			throw new Error(`n8n answered ${response.status} to ${method} ${address}: ${text}`);
		}
		return { response, data: JSON.parse(text).data };
	};
	await call('POST', '/owner/setup', OWNER);
	const { response } = await call('POST', '/login', {
		emailOrLdapLoginId: OWNER.email,
		password: OWNER.password,
	});
	headers.cookie = response.headers
		.getSetCookie()
		.map((cookie) => cookie.split(';')[0])
		.join('; ');
	const rest = async (method, address, body) => (await call(method, address, body)).data;
	return { rest, headers };
}

/**
 * Starts a real n8n on the loopback address, with our package installed from its tarball, and signs
 * its owner in. `stop()` ends it and removes its folder; should this process die first, it ends too.
 * @param {{tarball: string, port?: number, env?: NodeJS.ProcessEnv}} options
 */
async function startN8n({ tarball, port: wanted, env }) {
	// The project's own tools may have been installed only after this file was loaded.
	const { parse } = require('flatted');
	const port = await freePort(wanted);
	const url = `http://${LOOPBACK}:${port}`;
	const home = await makeHome({ tarball, env });
	const { server, log } = await step('starting n8n', () =>
		startServer(home, { url, port }).catch((reason) => {
			home.remove();
			throw reason;
		}),
	);
	const stop = async () => {
		await server.stop();
		home.remove();
	};

	let session;
	try {
		session = await signIn(url);
	} catch (reason) {
		await stop();
		throw reason;
	}

	const { rest, headers } = session;

	/** One execution, with `data` as n8n keeps it while it runs. */
	const execution = async (id) => {
		const found = await rest('GET', `/executions/${id}`);
		return { ...found, data: parse(found.data) };
	};

	/** Waits for an execution to end. */
	const waitForExecution = (id, seconds = 60) =>
		until(`The end of execution ${id}`, seconds, async () => {
			const found = await rest('GET', `/executions/${id}`);
			return RUNNING.includes(found.status) ? undefined : await execution(id);
		});

	return {
		...home,
		url,
		owner: OWNER,
		log,
		pid: await server.pid,
		rest,
		headers,
		stop,
		createCredential: async (type, name, data) =>
			(await rest('POST', '/credentials', { name, type, data })).id,
		/** n8n's own test of a credential: `{status: 'OK'}` or `{status: 'Error', message}`. */
		testCredential: (type, data) =>
			rest('POST', '/credentials/test', {
				credentials: { id: '', name: 'test', type, data },
			}),
		createWorkflow: (workflow) =>
			rest('POST', '/workflows', { settings: {}, connections: {}, ...workflow }),
		/** Publishes a workflow, so that its triggers listen. */
		activate: ({ id, versionId }) => rest('POST', `/workflows/${id}/activate`, { versionId }),
		/** Runs a workflow from one of its triggers, as the editor's button does. */
		run: async (workflow, trigger) => {
			const { executionId } = await rest('POST', `/workflows/${workflow.id}/run`, {
				workflowData: workflow,
				triggerToStartFrom: { name: trigger },
			});
			return await waitForExecution(executionId);
		},
		execution,
		waitForExecution,
		/** Waits until a workflow has run `count` times and gives back its executions, oldest first. */
		waitForExecutions: async (workflowId, count, seconds = 60) => {
			const filter = encodeURIComponent(JSON.stringify({ workflowId }));
			const found = await until(`The end of ${count} executions`, seconds, async () => {
				const { results } = await rest('GET', `/executions?limit=100&filter=${filter}`);
				const ended = results.filter(({ status }) => !RUNNING.includes(status));
				return ended.length >= count ? ended : undefined;
			});
			const oldestFirst = found.sort((one, other) => Number(one.id) - Number(other.id));
			return await Promise.all(oldestFirst.map(({ id }) => execution(id)));
		},
		/**
		 * Posts to a published webhook; n8n needs a moment after publishing before it listens.
		 * @returns the answer's `status` and `text`
		 */
		postToWebhook: (webhookPath, { contentType, body }) =>
			until(`An answer of webhook '${webhookPath}'`, 15, async () => {
				const answer = await post(`${url}/webhook/${webhookPath}`, contentType, body);
				return answer.status === 404 ? undefined : answer;
			}),
	};
}

/** What a node gave to its first output (or another one) in an execution, as plain JSON. */
const outputOf = (execution, nodeName, output = 0) =>
	(execution.data.resultData.runData[nodeName] ?? []).flatMap((run) =>
		(run.data?.main?.[output] ?? []).map(({ json }) => json),
	);

module.exports = { outputOf, startN8n, until };
