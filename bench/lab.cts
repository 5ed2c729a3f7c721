import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { INodeParameters } from 'n8n-workflow';

import { accountUrl, genericCredential } from '../test/lib/httpRequest.cts';
import { MODULES, nodeBinary, startN8n, type RunningN8n } from '../test/lib/n8n/index.cts';
import { npm, run, step, temporaryFolder } from '../test/lib/processes.cts';
import { forkStandIn, startStandIn } from '../test/lib/stand-ins/index.cts';
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
	type Settings,
} from './workflows.cts';

const PACKAGE = 'n8n-nodes-stop-audio-stream';
const ANSWER_MS = 100;
/** The longest that one event may take. */
const EVENT_MS = 30_000;
/** As many under way as our node has by default. */
const UNDER_WAY = 100;
/** What Plivo documents, and what its stand-in enforces here. */
const PLIVO_LIMIT = { requests: 300, perMs: 5_000 };
/** The HTTP Request node's own numbers, once a user adds its option 'Batching'. */
const DEFAULT_BATCHING = { batching: { batch: { batchSize: 50, batchInterval: 1_000 } } };

type Fork = Awaited<ReturnType<typeof forkStandIn>>;
type AccountOf = Pick<Fork, 'provider' | 'url' | 'credentialType'> & {
	credentials: Record<string, string>;
};

/** What one run took: `cpuMs` of n8n, or of the process that did without it. */
export interface Figures {
	ms: number;
	cpuMs: number;
	bytes: number;
	stillUp: number;
	/** Answers 429. */
	limited: number;
}

/** Stops so many streams of a stand-in of its own. */
export type Contestant = (count: number) => Promise<Figures>;

/** Everything that is measured. */
export interface Lab {
	n8n: RunningN8n;
	vobiz: Record<
		'ours' | 'helper' | 'http' | 'oneByOne' | 'fetch' | 'keptConnections' | 'newConnections',
		Contestant
	>;
	plivo: Record<'ours' | 'http' | 'batched', Contestant>;
	/** The ms from one event to the end of its stream. */
	event: Record<'ours' | 'http', () => Promise<number>>;
	/** The ms that the package takes to load, in a new process of n8n's own Node. */
	loadTime(): Promise<number>;
	/** What npm makes of it. */
	tarball: { bytes: number; files: number };
}

type Who = 'ours' | 'helper' | 'http';

/**
 * A real n8n with a workflow for each contestant, and stand-ins in processes of their own, one for each
 * contestant, so that nobody pays for another's rate limit. `opened` collects what ends it all.
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
		env: {
			N8N_CUSTOM_EXTENSIONS: nodes,
			// Ten thousand HTTP Requests can hold n8n up for longer than its five seconds; it then answers 503.
			DB_PING_TIMEOUT_MS: '60000',
		},
	});
	opened.push(() => n8n.stop());

	const credentialFor = async (standIn: AccountOf, who: Who): Promise<SavedCredential> => {
		const { type, data } =
			who === 'http'
				? genericCredential(standIn)
				: { type: standIn.credentialType, data: { ...standIn.credentials } };
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
	const nodeFor = async (standIn: AccountOf, who: Who, settings: Settings) => {
		const credential = await credentialFor(standIn, who);
		if (who === 'helper') return helperAlone(accountUrl(standIn), credential);
		return who === 'ours'
			? stopAudioStream(standIn.provider, credential, settings)
			: httpRequest(accountUrl(standIn), credential, settings);
	};

	const forked = async (provider: 'plivo' | 'vobiz'): Promise<Fork> => {
		const rateLimit = provider === 'plivo' ? { rateLimit: PLIVO_LIMIT } : {};
		const standIn = await forkStandIn(provider, { delayMs: ANSWER_MS, ...rateLimit });
		opened.push(() => standIn.close());
		return standIn;
	};

	/** A workflow that stops `count` streams at once and gives back the figures of its node. */
	const contestant = async (
		provider: 'plivo' | 'vobiz',
		who: Who,
		options: INodeParameters = {},
	): Promise<Contestant> => {
		const standIn = await forked(provider);
		const title = `${provider} ${who} ${JSON.stringify(options)}`;
		const post = await publish(measured(title, await nodeFor(standIn, who, { options })));
		return async (count) => {
			await standIn.reset();
			const seeded = await standIn.seed(count);
			const streams = seeded.map(({ call, stream }) => ({
				CallUUID: call.id,
				StreamID: stream.id,
			}));
			const figures = JSON.parse(
				await post('application/json', JSON.stringify({ streams })),
			) as Pick<Figures, 'ms' | 'cpuMs' | 'bytes'>;
			const { byStatus } = await standIn.requests();
			return { ...figures, stillUp: await standIn.running(), limited: byStatus[429] ?? 0 };
		};
	};

	/** A workflow that one event starts; gives back the ms from the event to the end of its stream. */
	const eventContestant = async (
		standIn: Awaited<ReturnType<typeof startStandIn>>,
		who: 'ours' | 'http',
	) => {
		const node = await nodeFor(standIn, who, { fromEvent: true });
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

	/** The stops of a stand-in without n8n: what the machine allows at best. */
	const floorContestant = async (way: Job['way']): Promise<Contestant> => {
		const standIn = await forked('vobiz');
		const script = transpiled(path.join(__dirname, 'floor.cts'), folder);
		const file = path.join(folder, `${way}.json`);
		const { authId = '', authToken = '' } = standIn.credentials;
		return async (count) => {
			await standIn.reset();
			const seeded = await standIn.seed(count);
			const urls = seeded.map(
				({ call, stream }) => `${accountUrl(standIn)}/Call/${call.id}/Stream/${stream.id}/`,
			);
			const headers = { 'X-Auth-ID': authId, 'X-Auth-Token': authToken };
			const job: Job = { urls, headers, underWay: UNDER_WAY, way };
			writeFileSync(file, JSON.stringify(job));
			const figures = JSON.parse(await run(nodeBinary(), [script, file])) as Pick<
				Figures,
				'ms' | 'cpuMs'
			>;
			return { ...figures, bytes: 0, stillUp: await standIn.running(), limited: 0 };
		};
	};

	return await step('preparing the workflows and the stand-ins', async () => {
		// In this process: it does nothing else while an event is measured, and sees a stop arrive at once.
		const events = await startStandIn('vobiz');
		opened.push(() => events.close());
		return {
			n8n,
			vobiz: {
				ours: await contestant('vobiz', 'ours'),
				helper: await contestant('vobiz', 'helper'),
				http: await contestant('vobiz', 'http'),
				oneByOne: await contestant('vobiz', 'ours', { maxConcurrency: 1 }),
				fetch: await floorContestant('fetch'),
				keptConnections: await floorContestant('keptConnections'),
				newConnections: await floorContestant('newConnections'),
			},
			plivo: {
				ours: await contestant('plivo', 'ours'),
				http: await contestant('plivo', 'http'),
				batched: await contestant('plivo', 'http', DEFAULT_BATCHING),
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
	if (!tarball) throw new Error('npm said nothing of the tarball.');
	const script = transpiled(path.join(__dirname, 'load.cts'), folder);
	return {
		tarball: { bytes: tarball.size, files: tarball.entryCount },
		loadTime: async () =>
			Number(await run(nodeBinary(), [script, MODULES, ...files], { env: { NODE_PATH: MODULES } })),
	};
}
