// n8n's own HTTP Request node beside ours, in a real n8n, against the same stand-ins: each line of the
// README's comparison is one of these tests. What HTTP Request does is asserted as well, so that a line
// that a newer n8n makes untrue is seen.

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { IDataObject, INode, INodeParameters } from 'n8n-workflow';

import {
	HTTP_REQUEST,
	HTTP_VERSION,
	accountUrl,
	genericCredential,
	httpStop,
} from '../../lib/httpRequest.cts';
import { listenOn } from '../../lib/listenOn.cts';
import { outputOf, type RunningN8n } from '../../lib/n8n/index.cts';
import { startWithStandIns } from '../../lib/n8n/withStandIns.cts';
import { say } from '../../lib/processes.cts';
import {
	secretsIn,
	startStandIn,
	type Fault,
	type LoggedRequest,
} from '../../lib/stand-ins/index.cts';
import { byExpression, type RunningStandIn } from '../../lib/stops.cts';
import {
	inARow,
	manualTrigger,
	stopNode,
	type Unplaced,
} from '../../../examples/src/workflows.cts';

const GO = 'Go';
const NODE = 'Node';
const WRONG_TOKEN = 'example-of-a-wrong-token';

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

/** Another host, which says yes to whatever arrives there. */
async function startOtherHost() {
	const requests: Array<{ method: string | undefined; headers: IncomingHttpHeaders }> = [];
	const server = createServer(({ method, headers }, response) => {
		requests.push({ method, headers });
		response.setHeader('Content-Type', 'application/json').end('{}');
	});
	return { ...(await listenOn(server, 'localhost')), requests };
}

let n8n: RunningN8n;
let plivo: RunningStandIn;
let vobiz: RunningStandIn;
let otherHost: Awaited<ReturnType<typeof startOtherHost>>;
let close = (): Promise<void> => Promise.resolve();

/** A stream of a call of its own. */
interface Streaming extends IDataObject {
	call: string;
	stream: string;
}

/** What the two nodes are set to do. */
interface Job {
	/** How many streams run, each on a call of its own. */
	streams?: number;
	/** What comes in, when it is not call and stream. */
	items?: (streaming: Streaming[]) => IDataObject[];
	/** What the stand-in does to a request. */
	fault?: (request: LoggedRequest) => Fault | undefined;
	/** Settings of the node: `onError`, `retryOnFail`, … */
	node?: Partial<INode>;
	/** The node's own options. */
	options?: INodeParameters;
	source?: 'fields' | 'event';
	/** Where HTTP Request finds the ids. */
	ids?: [string, string];
	wrongToken?: boolean;
}

/** A node, and the credential that it is to have. */
type Node = Unplaced & { credential: { type: string; data: Record<string, string> } };

type Where = Pick<RunningStandIn, 'provider' | 'credentialType' | 'url' | 'credentials'>;
type MakeNode = (where: Where, job: Job) => Node;

const whereIs = ({ provider, credentialType, url }: RunningStandIn) => ({
	provider,
	credentialType,
	url,
});

beforeAll(async () => {
	const started = await startWithStandIns('e2e', ['plivo', 'vobiz']);
	({ n8n, close } = started);
	plivo = started.standInOf('plivo');
	vobiz = started.standInOf('vobiz');
	otherHost = await startOtherHost();
	started.closing(otherHost.close);
});

afterAll(async () => await close());

/** HTTP Request as its users set it up for this job. */
const httpRequest: MakeNode = (where, { ids = ['$json.call', '$json.stream'], options = {} }) => {
	const credential = genericCredential(where);
	return { ...httpStop(NODE, accountUrl(where), credential.type, { ids, options }), credential };
};

/** Ours, for the same job. */
const stopAudioStream: MakeNode = (
	{ provider, credentialType, credentials },
	{ source = 'fields', options = {} },
) => ({
	...stopNode(NODE, {
		provider,
		operation: 'stopStream',
		source,
		...(source === 'fields' && byExpression),
		options,
	}),
	credential: { type: credentialType, data: credentials },
});

/** Runs streams of new calls through one of the two nodes. */
async function run(makeNode: MakeNode, standIn: RunningStandIn, job: Job = {}) {
	const {
		streams = 1,
		items = (all: Streaming[]): IDataObject[] => all,
		fault,
		node: settings,
	} = job;
	standIn.reset();
	otherHost.requests.length = 0;
	standIn.fault = fault ?? (() => undefined);
	const streaming = Array.from({ length: streams }, (): Streaming => {
		const call = standIn.addCall();
		return { call: call.id, stream: standIn.startStream(call.id).id };
	});

	const credentials = { ...standIn.credentials, ...(job.wrongToken && { authToken: WRONG_TOKEN }) };
	const { credential, ...node } = makeNode({ ...whereIs(standIn), credentials }, job);
	const id = await n8n.createCredential(credential.type, 'stand-in', credential.data);
	const workflow = await n8n.createWorkflow({
		...inARow(NODE, manualTrigger(GO), {
			...node,
			credentials: { [credential.type]: { id, name: 'stand-in' } },
			...settings,
		}),
		pinData: { [GO]: items(streaming).map((json) => ({ json })) },
	});
	const execution = await n8n.run(workflow, GO);
	if (makeNode === stopAudioStream) {
		standIn.expectOnContract();
		// Nothing that n8n keeps of the execution holds a secret, in whatever form.
		expect(secretsIn(JSON.stringify(execution), standIn.secrets)).toEqual([]);
	}
	return {
		status: execution.status,
		message: execution.data.resultData.error?.message,
		items: outputOf(execution, NODE, 0),
		failed: outputOf(execution, NODE, 1),
		requests: standIn.requests,
		running: standIn.streams().filter(({ running }) => running).length,
		elsewhere: [...otherHost.requests],
		streaming,
	};
}

/** The same job for both, one after the other. */
const sideBySide = async (standIn: RunningStandIn, job?: Job) => ({
	http: await run(httpRequest, standIn, job),
	ours: await run(stopAudioStream, standIn, job),
});

const CONTINUE: Partial<INode> = { onError: 'continueErrorOutput' };
const statusesOf = (items: IDataObject[]) => items.map(({ status }) => status);

test('HTTP Request is compared in the version that n8n gives to a new node', async () => {
	const file = await fetch(`${n8n.url}/types/nodes.json`, { headers: n8n.headers });
	const types: Array<{ name: string; defaultVersion?: number }> = JSON.parse(await file.text());
	const versions = types.filter(({ name }) => name === HTTP_REQUEST);
	expect(versions.map(({ defaultVersion }) => defaultVersion)).toContain(HTTP_VERSION);
});

test('an ended stream, a wrong URL and a wrong token are told apart', async () => {
	const unknown = '11111111-1111-4111-8111-111111111111';
	let elsewhere = '';
	const answers = await sideBySide(plivo, {
		streams: 3,
		node: CONTINUE,
		items: ([ended, other, last]) => {
			if (!ended || !other || !last) throw new Error('There are three streams.');
			plivo.dropStream(ended.stream);
			elsewhere = last.call;
			return [ended, { call: unknown, stream: other.stream }, last];
		},
		fault: ({ path }) =>
			path.includes(elsewhere) ? { status: 404, body: '<html>404</html>' } : undefined,
	});
	const wrongToken = await sideBySide(plivo, { node: CONTINUE, wrongToken: true });

	const errors = [...answers.http.failed, ...wrongToken.http.failed];
	expect([...answers.http.items, ...wrongToken.http.items]).toEqual([]);
	expect(errors).toMatchObject([
		{ details: { httpCode: '400', description: 'No active stream found' } },
		{ details: { httpCode: '404' } },
		{ details: { httpCode: '404' } },
		{ details: { httpCode: '401' } },
	]);

	expect(statusesOf(answers.ours.items)).toEqual(['alreadyStopped', 'notFound']);
	expect([...answers.ours.failed, ...wrongToken.ours.failed]).toEqual([
		expect.objectContaining({ error: 'Plivo answered 404 in a form that is not its own' }),
		expect.objectContaining({
			error: expect.stringContaining('Plivo rejected this credential (401)'),
		}),
	]);
});

test('a web page is not taken for a stop', async () => {
	const { http, ours } = await sideBySide(plivo, {
		fault: () => ({ status: 200, body: '<html>Please sign in</html>' }),
	});

	expect(http).toMatchObject({ status: 'success', running: 1 });
	expect(http.items).toEqual([{ data: '<html>Please sign in</html>' }]);

	expect(ours).toMatchObject({ status: 'error', running: 1 });
	expect(ours.message).toMatch(
		'Plivo answered 200, but not in a form that says the stream stopped',
	);
});

test('an item says which stream it was about', async () => {
	const { http, ours } = await sideBySide(plivo);

	expect(http.running).toBe(0);
	expect(http.items).toEqual([{}]);

	expect(ours.running).toBe(0);
	expect(ours.items).toEqual(
		ours.streaming.map(({ call, stream }): unknown =>
			expect.objectContaining({ callId: call, stream, status: 'stopped', stopped: true }),
		),
	);
});

test('nothing is sent before the time in Retry-After', async () => {
	const seconds = 6;
	const isEarly = ({ at }: LoggedRequest, [first]: LoggedRequest[]) =>
		at - (first?.at ?? at) < seconds * 1_000;
	const tooEarly = ({ requests }: { requests: LoggedRequest[] }) =>
		requests.filter((request) => isEarly(request, requests)).length;
	const job: Job = {
		streams: 3,
		fault: (request) =>
			isEarly(request, plivo.requests)
				? {
						status: 429,
						headers: { 'Retry-After': String(seconds) },
						body: { error: 'Too many requests' },
					}
				: undefined,
	};

	const http = await run(httpRequest, plivo, { ...job, node: { retryOnFail: true } });
	expect(tooEarly(http)).toBe(9);
	expect(http).toMatchObject({ status: 'error', running: 3 });

	// One after the other: that the second and third wait too is because of what the first was told.
	const ours = await run(stopAudioStream, plivo, { ...job, options: { maxConcurrency: 1 } });
	expect(tooEarly(ours)).toBe(1);
	expect(ours).toMatchObject({ status: 'success', running: 0 });
	expect(ours.requests).toHaveLength(4);
});

test('of many stops, only the one that met a busy provider is sent again', async () => {
	const job = (): Job => {
		let busy = 1;
		return {
			streams: 3,
			fault: () => (busy-- > 0 ? { status: 503, body: { error: 'busy' } } : undefined),
		};
	};

	const once = await run(httpRequest, plivo, job());
	expect(once).toMatchObject({ status: 'error', running: 1 });
	const again = await run(httpRequest, plivo, { ...job(), node: { retryOnFail: true } });
	expect(again.requests).toHaveLength(9);
	expect(again).toMatchObject({ status: 'error', running: 0 });

	const ours = await run(stopAudioStream, plivo, job());
	expect(ours.requests).toHaveLength(4);
	expect(ours).toMatchObject({ status: 'success', running: 0 });
	expect(statusesOf(ours.items)).toEqual(['stopped', 'stopped', 'stopped']);
});

test('more stops than the account allows are all done', async () => {
	const limited = async (makeNode: MakeNode, job?: Job) => {
		const standIn = await startStandIn('plivo', { rateLimit: { requests: 30, perMs: 5_000 } });
		try {
			return await run(makeNode, standIn, { streams: 60, node: CONTINUE, ...job });
		} finally {
			await standIn.close();
		}
	};

	const http = await limited(httpRequest);
	// All 30 that are too many, unless a busy machine takes so long that a second window begins.
	expect(http.running).toBeGreaterThan(0);
	expect(http.failed).toHaveLength(http.running);
	expect(http.requests).toHaveLength(60);
	say(`    60 stops, 30 in 5 s allowed: HTTP Request leaves ${http.running} running`);
	const batch = { batchSize: 30, batchInterval: 6_000 };
	const byHand = await limited(httpRequest, { options: { batching: { batch } } });
	expect(byHand).toMatchObject({ running: 0, failed: [] });

	const ours = await limited(stopAudioStream);
	expect(ours).toMatchObject({ running: 0, failed: [] });
	expect(ours.items).toHaveLength(60);
});

test('a redirect takes no credential to another host', async () => {
	const redirect = (status: number): Job => ({
		fault: ({ path }) => ({ status, headers: { Location: otherHost.url + path }, body: '' }),
	});

	for (const status of [302, 307]) {
		const { http, ours } = await sideBySide(vobiz, redirect(status));
		const headers = { 'x-auth-token': vobiz.credentials.authToken };
		expect(http.elsewhere).toMatchObject([{ method: 'DELETE', headers }]);
		expect(http).toMatchObject({ status: 'success', running: 1 });
		expect(ours).toMatchObject({ status: 'error', running: 1, elsewhere: [] });
	}

	const { http, ours } = await sideBySide(plivo, redirect(302));
	expect(http.elsewhere.map(({ headers }) => headers.authorization)).toEqual([undefined]);
	expect(http).toMatchObject({ status: 'success', running: 1 });
	expect(ours).toMatchObject({ status: 'error', running: 1, elsewhere: [] });
	const older = await run(httpRequest, plivo, { ...redirect(302), node: { typeVersion: 4.3 } });
	expect(older.elsewhere.map(({ headers }) => headers.authorization)).toEqual([
		expect.stringMatching(/^Basic /),
	]);
});

test('an id cannot change the URL', async () => {
	const ids = ['#', '.', '..', '?', 'a/b'];
	const { http, ours } = await sideBySide(plivo, {
		streams: ids.length,
		node: CONTINUE,
		items: (streaming) =>
			streaming.map(({ call }, index) => {
				plivo.startStream(call);
				return { call, stream: ids[index] ?? '' };
			}),
	});
	/** Id → what arrived behind the call's own id. */
	const arrived = ({ requests, streaming }: Awaited<ReturnType<typeof run>>) =>
		Object.fromEntries(
			streaming.map(({ call }, index) => {
				const found = requests.find(({ path }) => path.includes(call));
				return [ids[index] ?? '', found?.path.split(call)[1]];
			}),
		);

	expect(arrived(http)).toEqual({
		'#': '/Stream/',
		'.': '/Stream/',
		'..': '/',
		'?': '/Stream/?/',
		'a/b': '/Stream/a/b/',
	});
	// Behind '#' and '.' is left what stops all streams of a call, and behind '..' what hangs it up: three
	// calls have none of their two.
	expect(http.running).toBe(4);
	expect(http.items).toEqual([{}, {}, {}]);

	expect(arrived(ours)).toEqual({
		'#': '/Stream/%23/',
		'.': undefined,
		'..': undefined,
		'?': '/Stream/%3F/',
		'a/b': '/Stream/a%2Fb/',
	});
	expect(ours.running).toBe(10);
	// The other ids name no stream of their calls, where another one runs: the node says so too.
	const refused = ours.failed.filter(({ error }) => error === "'Stream ID' holds only dots");
	expect(refused).toHaveLength(2);
});

test('the ids are found in each form of event', async () => {
	const { http, ours } = await sideBySide(plivo, {
		streams: 2,
		node: CONTINUE,
		source: 'event',
		ids: ['$json.body.CallUUID', '$json.body.StreamID'],
		items: (streaming) =>
			['StartStream', 'ws-start'].map((kind, index) => {
				const stream = plivo.stream(streaming[index]?.stream ?? '');
				if (!stream) throw new Error('There are two streams.');
				return { body: JSON.parse(JSON.stringify(plivo.callback(kind, stream).body)) };
			}),
	});

	expect(http.requests.map(({ path }) => path)).toContainEqual(
		expect.stringMatching(/\/Call\/\/Stream\/\/$/),
	);
	expect(http.running).toBe(1);

	expect(statusesOf(ours.items)).toEqual(['stopped', 'stopped']);
	expect(ours.running).toBe(0);
});
