import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { accountUrl, genericCredential } from '../test/lib/httpRequest.cts';
import { MODULES, nodeBinary, startN8n, type RunningN8n } from '../test/lib/n8n/index.cts';
import { npm, run, step, temporaryFolder } from '../test/lib/processes.cts';
import { forkStandIn, startStandIn } from '../test/lib/stand-ins/index.cts';
import type { Pair } from '../test/lib/stops.cts';
import type { Job } from './floor.cts';
import { transpiled } from './transpiled.cts';
import {
	helperAlone,
	httpRequest,
	measured,
	onEvent,
	stopAudioStream,
	type Published,
	type SavedCredential,
} from './workflows.cts';

const PACKAGE = 'n8n-nodes-stop-audio-stream';
const ANSWER_MS = 100;
/** Longest time that one event may take, in ms. */
const EVENT_MS = 30_000;
/** As many under way as our node has by default. */
const UNDER_WAY = 100;

type Fork = Awaited<ReturnType<typeof forkStandIn>>;
type AccountOf = Pick<Fork, 'provider' | 'url' | 'credentialType'> & {
	credentials: Record<string, string>;
};

/** What one run took: `cpuMs` of n8n, or of the process that did without it. */
export interface Figures {
	ms: number;
	cpuMs: number;
}

/** Stops so many streams of a stand-in of its own, and leaves none up. */
export type Contestant = (count: number) => Promise<Figures>;

/** Everything that is measured. */
export interface Lab {
	n8n: RunningN8n;
	stops: Record<Who | 'fetch', Contestant>;
	/** Time from one event to the end of its stream, in ms. */
	event: Record<'ours' | 'http', () => Promise<number>>;
	/** Time that the package takes to load, in ms, in a new process of n8n's own Node. */
	loadTime(): Promise<number>;
	/** What npm makes of it. */
	tarball: { bytes: number; files: number };
}

/** `byExpression`: our node with a credential whose fields are expressions. */
type Who = 'ours' | 'byExpression' | 'helper' | 'http';

/**
 * A real n8n with a workflow for each contestant, and stand-ins in processes of their own, one for each
 * contestant, so that none pays for another's rate limit. `opened` collects what ends it all.
 */
export async function openLab({
	tarball,
	opened,
}: {
	tarball: string;
	opened: Array<() => unknown>;
}): Promise<Lab> {
	const folder = temporaryFolder('bench');
	const nodes = path.join(folder, 'nodes');
	mkdirSync(nodes);
	for (const node of ['Probe', 'HelperAlone']) {
		transpiled(path.join(__dirname, `probe/${node}.node.cts`), nodes);
	}
	const n8n = await startN8n({
		tarball,
		env: { N8N_CUSTOM_EXTENSIONS: nodes },
	});
	opened.push(() => n8n.stop());

	const credentialFor = async (standIn: AccountOf, who: Who): Promise<SavedCredential> => {
		const { type, data } =
			who === 'http'
				? genericCredential(standIn)
				: { type: standIn.credentialType, data: { ...standIn.credentials } };
		if (who === 'byExpression') {
			for (const [field, value] of Object.entries(data)) data[field] = `={{ '${value}' }}`;
		}
		const name = `${standIn.url}, ${type}`;
		return { type, name, id: await n8n.createCredential(type, name, data) };
	};

	const publish = async ({ path: address, workflow }: Published) => {
		await n8n.activate(await n8n.createWorkflow(workflow));
		return async (contentType: string, body: string) => {
			const { status, text } = await n8n.postToWebhook(address, { contentType, body });
			if (status !== 200) throw new Error(`A webhook answered ${status}: ${text}`);
			return text;
		};
	};

	/** One node's way to stop the streams of a stand-in. */
	const nodeFor = async (standIn: AccountOf, who: Who, fromEvent = false) => {
		const credential = await credentialFor(standIn, who);
		if (who === 'helper') return helperAlone(accountUrl(standIn), credential);
		return who === 'http'
			? httpRequest(accountUrl(standIn), credential, fromEvent)
			: stopAudioStream(standIn.provider, credential, fromEvent);
	};

	/** A stand-in of its own for a contestant; `stop` has it stop so many of its streams. */
	const contestant = async (
		stop: (standIn: Fork) => Promise<(pairs: Pair[]) => Promise<Figures>>,
	): Promise<Contestant> => {
		const standIn = await forkStandIn('vobiz', { delayMs: ANSWER_MS });
		opened.push(() => standIn.close());
		const stopAll = await stop(standIn);
		return async (count) => {
			await standIn.reset();
			const figures = await stopAll(await standIn.seed(count));
			const left = await standIn.running();
			if (left > 0) throw new Error(`${left} of ${count} streams were left up.`);
			return figures;
		};
	};

	/** A workflow that stops streams at once and returns the figures of its node. */
	const inN8n = async (who: Who): Promise<Contestant> =>
		await contestant(async (standIn) => {
			const post = await publish(measured(who, await nodeFor(standIn, who)));
			return async (pairs) => {
				const streams = pairs.map(({ call, stream }) => ({
					CallUUID: call.id,
					StreamID: stream.id,
				}));
				return JSON.parse(await post('application/json', JSON.stringify({ streams }))) as Figures;
			};
		});

	/** The stops without n8n: what the machine allows at best. */
	const bareFetch = async (): Promise<Contestant> =>
		await contestant(async (standIn) => {
			const script = transpiled(path.join(__dirname, 'floor.cts'), folder);
			const file = path.join(folder, 'job.json');
			const { authId = '', authToken = '' } = standIn.credentials;
			const headers = { 'X-Auth-ID': authId, 'X-Auth-Token': authToken };
			return async (pairs) => {
				const urls = pairs.map(
					({ call, stream }) => `${accountUrl(standIn)}/Call/${call.id}/Stream/${stream.id}/`,
				);
				const job: Job = { urls, headers, underWay: UNDER_WAY };
				writeFileSync(file, JSON.stringify(job));
				return JSON.parse(await run(nodeBinary(), [script, file])) as Figures;
			};
		});

	/** A workflow that one event starts; returns the ms from the event to the end of its stream. */
	const eventContestant = async (
		standIn: Awaited<ReturnType<typeof startStandIn>>,
		who: 'ours' | 'http',
	) => {
		const node = await nodeFor(standIn, who, true);
		const post = await publish(onEvent(`event, ${who}`, node));
		return async () => {
			const call = standIn.addCall();
			const stream = standIn.startStream(call.id);
			const { contentType, body } = standIn.callback('StartStream', stream);
			const arrived = new Promise<number>((resolve, reject) => {
				standIn.fault = () => {
					resolve(performance.now());
					return undefined;
				};
				setTimeout(reject, EVENT_MS, new Error(`No stop arrived within ${EVENT_MS} ms.`)).unref();
			});
			const fields = Object.entries(body).map(([name, value]): [string, string] => [
				name,
				String(value),
			]);
			const since = performance.now();
			await post(contentType, new URLSearchParams(fields).toString());
			const ms = (await arrived) - since;
			if (stream.running) throw new Error('A stop arrived and stopped nothing.');
			return ms;
		};
	};

	return await step('preparing the workflows and the stand-ins', async () => {
		// In this process: it does nothing else while an event is measured, and sees a stop arrive at once.
		const events = await startStandIn('vobiz');
		opened.push(() => events.close());
		return {
			n8n,
			stops: {
				ours: await inN8n('ours'),
				byExpression: await inN8n('byExpression'),
				helper: await inN8n('helper'),
				http: await inN8n('http'),
				fetch: await bareFetch(),
			},
			event: {
				ours: await eventContestant(events, 'ours'),
				http: await eventContestant(events, 'http'),
			},
			...(await packageFigures(n8n, folder)),
		};
	});
}

/** The package as n8n has it installed: what npm makes of it, and how to measure its load time. */
async function packageFigures(
	n8n: RunningN8n,
	folder: string,
): Promise<Pick<Lab, 'loadTime' | 'tarball'>> {
	const installed = path.join(n8n.userFolder, '.n8n/nodes/node_modules', PACKAGE);
	const declared = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as {
		n8n: { credentials: string[]; nodes: string[] };
	};
	const files = [...declared.n8n.credentials, ...declared.n8n.nodes].map((file) =>
		path.join(installed, file),
	);
	const packed = await npm(['pack', '--dry-run', '--json', '--ignore-scripts', installed], {
		cwd: folder,
	});
	const [tarball] = JSON.parse(packed.slice(packed.indexOf('[\n'))) as Array<{
		size: number;
		entryCount: number;
	}>;
	if (!tarball) throw new Error('npm did not name the tarball.');
	const script = transpiled(path.join(__dirname, 'load.cts'), folder);
	return {
		tarball: { bytes: tarball.size, files: tarball.entryCount },
		loadTime: async () =>
			Number(await run(nodeBinary(), [script, MODULES, ...files], { env: { NODE_PATH: MODULES } })),
	};
}
