'use strict';

const { writeFileSync } = require('node:fs');
const path = require('node:path');
const { run, step, temporaryFolder } = require('../scripts/lib/processes');
const { startN8n } = require('../test/e2e/n8n');
const { nodeBinary } = require('../test/e2e/n8n/install');
const { accountUrl, genericCredential } = require('../test/support/httpRequest');
const { forkStandIn, startStandIn } = require('../test/stand-ins');
const { httpRequest, measured, onEvent, stopAudioStream } = require('./workflows');

const ANSWER_MS = 100;
/** The longest that one event may take. */
const EVENT_MS = 30_000;
/** What Plivo documents, and what its stand-in enforces here. */
const PLIVO_LIMIT = { requests: 300, perMs: 5_000 };
/** The HTTP Request node's own numbers, once a user adds its option 'Batching'. */
const DEFAULT_BATCHING = { batching: { batch: { batchSize: 50, batchInterval: 1_000 } } };

/**
 * Everything that is measured with: a real n8n with a workflow for each contestant, and stand-ins in
 * processes of their own, one for each contestant, so that nobody pays for another's rate limit.
 * @param {{tarball: string, opened: Array<() => unknown>}} options `opened` collects what ends it all
 */
async function openLab({ tarball, opened }) {
	const n8n = await startN8n({
		tarball,
		env: { N8N_CUSTOM_EXTENSIONS: path.join(__dirname, 'probe') },
	});
	opened.push(n8n.stop);
	const folder = temporaryFolder('bench');

	const credentialFor = async (standIn, ours) => {
		const { type, data } = ours
			? { type: standIn.credentialType, data: (credentials) => credentials }
			: genericCredential(standIn);
		const name = `${standIn.url}, ${type}`;
		return { type, name, id: await n8n.createCredential(type, name, data(standIn.credentials)) };
	};

	const publish = async ({ path: address, workflow }) => {
		await n8n.activate(await n8n.createWorkflow(workflow));
		return async (contentType, body) => {
			const { status, text } = await n8n.postToWebhook(address, { contentType, body });
			if (status !== 200) throw new Error(`A webhook answered ${status}: ${text}`);
			return text;
		};
	};

	/** One of our node's or the HTTP Request node's ways to stop the streams of a stand-in. */
	const nodeFor = async (standIn, { ours, ...settings }) => {
		const credential = await credentialFor(standIn, ours);
		return ours
			? stopAudioStream(standIn.provider, credential, settings)
			: httpRequest(accountUrl(standIn), credential, settings);
	};

	/** A workflow that stops `count` streams at once and gives back the figures of its node. */
	const contestant = async (provider, settings) => {
		const rateLimit = provider === 'plivo' ? { rateLimit: PLIVO_LIMIT } : {};
		const standIn = await forkStandIn(provider, { delayMs: ANSWER_MS, ...rateLimit });
		opened.push(standIn.close);
		const post = await publish(
			measured(`${provider} ${JSON.stringify(settings)}`, await nodeFor(standIn, settings)),
		);
		return async (count) => {
			await standIn.reset();
			const seeded = await standIn.seed(count);
			const streams = seeded.map(({ call, stream }) => ({
				CallUUID: call.id,
				StreamID: stream.id,
			}));
			const figures = JSON.parse(await post('application/json', JSON.stringify({ streams })));
			const { byStatus } = await standIn.requests();
			return { ...figures, stillUp: await standIn.running(), limited: byStatus[429] ?? 0 };
		};
	};

	/** A workflow that one event starts; gives back the ms from the event to the end of its stream. */
	const eventContestant = async (standIn, ours) => {
		const post = await publish(
			onEvent(
				ours ? 'event, ours' : 'event, HTTP Request',
				await nodeFor(standIn, { ours, fromEvent: true }),
			),
		);
		return async () => {
			const call = standIn.addCall();
			const stream = standIn.startStream(call.id);
			const { contentType, body } = standIn.callback('StartStream', stream);
			const arrived = new Promise((resolve, reject) => {
				standIn.fault = () => void resolve(performance.now());
				setTimeout(reject, EVENT_MS, new Error(`No stop arrived within ${EVENT_MS} ms.`)).unref();
			});
			const since = performance.now();
			await post(contentType, new URLSearchParams(body).toString());
			const ms = (await arrived) - since;
			if (standIn.stream(stream.id).running) throw new Error('A stop arrived and stopped nothing.');
			return ms;
		};
	};

	/** The stops of a stand-in without n8n: what the machine allows at best. */
	const floorContestant = async (way) => {
		const standIn = await forkStandIn('vobiz', { delayMs: ANSWER_MS });
		opened.push(standIn.close);
		const job = path.join(folder, `${way}.json`);
		const { authId, authToken } = standIn.credentials;
		return async (count) => {
			await standIn.reset();
			const seeded = await standIn.seed(count);
			const urls = seeded.map(
				({ call, stream }) => `${accountUrl(standIn)}/Call/${call.id}/Stream/${stream.id}/`,
			);
			const headers = { 'X-Auth-ID': authId, 'X-Auth-Token': authToken };
			writeFileSync(job, JSON.stringify({ urls, headers, underWay: 50, way }));
			return JSON.parse(await run(nodeBinary(), [path.join(__dirname, 'floor.js'), job]));
		};
	};

	return await step('preparing the workflows and the stand-ins', async () => {
		// In this process: it does nothing else while an event is measured, and sees a stop arrive at once.
		const events = await startStandIn('vobiz');
		opened.push(() => events.close());
		return {
			n8n,
			vobiz: {
				ours: await contestant('vobiz', { ours: true }),
				http: await contestant('vobiz', { ours: false }),
				oneByOne: await contestant('vobiz', { ours: true, options: { maxConcurrency: 1 } }),
				fetch: await floorContestant('fetch'),
				keptConnections: await floorContestant('keptConnections'),
				newConnections: await floorContestant('newConnections'),
			},
			plivo: {
				ours: await contestant('plivo', { ours: true }),
				http: await contestant('plivo', { ours: false }),
				batched: await contestant('plivo', { ours: false, options: DEFAULT_BATCHING }),
			},
			event: {
				ours: await eventContestant(events, true),
				http: await eventContestant(events, false),
			},
		};
	});
}

module.exports = { openLab };
