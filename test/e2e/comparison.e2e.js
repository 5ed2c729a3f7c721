'use strict';

// n8n's own HTTP Request node beside ours, in a real n8n, against the same stand-ins: each line of the
// README's comparison is one of these tests. What HTTP Request does is asserted as well, so that a line
// that a newer n8n makes untrue is seen.

const { createServer } = require('node:http');
const { pack } = require('../../scripts/lib/package');
const { removeFolder, say, temporaryFolder } = require('../../scripts/lib/processes');
const { startStandIn } = require('../stand-ins');
const { accountUrl, genericCredential } = require('../support/httpRequest');
const { installN8n, outputOf, startN8n } = require('./n8n');

const HTTP_REQUEST = 'n8n-nodes-base.httpRequest';
// The version that n8n gives to a new node: the README names it.
const HTTP_VERSION = 4.5;
const GO = 'Go';
const NODE = 'Node';
const WRONG_TOKEN = 'example-of-a-wrong-token';

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

/** Another host, which says yes to whatever arrives there. */
async function startOtherHost() {
	const requests = [];
	const server = createServer(({ method, headers }, response) => {
		requests.push({ method, headers });
		response.setHeader('Content-Type', 'application/json').end('{}');
	});
	await new Promise((resolve) => server.listen(0, 'localhost', resolve));
	return {
		url: `http://localhost:${server.address().port}`,
		requests,
		close: () => {
			server.closeAllConnections();
			return new Promise((resolve) => server.close(resolve));
		},
	};
}

let n8n;
let folder;
let plivo;
let vobiz;
let otherHost;

beforeAll(async () => {
	await installN8n();
	folder = temporaryFolder('e2e');
	plivo = await startStandIn('plivo');
	vobiz = await startStandIn('vobiz');
	otherHost = await startOtherHost();
	n8n = await startN8n({ tarball: await pack(folder) });
});

afterAll(async () => {
	await n8n?.stop();
	for (const server of [plivo, vobiz, otherHost]) await server?.close();
	if (folder) removeFolder(folder);
});

/** HTTP Request as its users set it up for this job. */
function httpRequest(standIn, { ids, options = {} }) {
	const credential = genericCredential(standIn);
	const [call, stream] = ids ?? ['$json.call', '$json.stream'];
	return {
		type: HTTP_REQUEST,
		typeVersion: HTTP_VERSION,
		parameters: {
			method: 'DELETE',
			url: `=${accountUrl(standIn)}/Call/{{ ${call} }}/Stream/{{ ${stream} }}/`,
			authentication: 'genericCredentialType',
			genericAuthType: credential.type,
			options,
		},
		credential,
	};
}

/** Ours, for the same job. */
function stopAudioStream({ provider, credentialType }, { source = 'fields', options = {} }) {
	const fromFields = { callId: '={{ $json.call }}', stream: '={{ $json.stream }}' };
	return {
		type: 'n8n-nodes-stop-audio-stream.stopAudioStream',
		typeVersion: 1,
		parameters: {
			provider,
			operation: 'stopStream',
			source,
			...(source === 'fields' && fromFields),
			options,
		},
		credential: { type: credentialType, data: (credentials) => credentials },
	};
}

/**
 * Runs streams of new calls through one of the two nodes.
 *
 * @param {typeof httpRequest} makeNode
 * @param {object} standIn
 * @param {object} [job]
 * @param {number} [job.streams] how many run, each on a call of its own
 * @param {(streaming: object[]) => object[]} [job.items] what comes in, when it is not call and stream
 * @param {Function} [job.fault] what the stand-in does to a request
 * @param {object} [job.node] settings of the node: `onError`, `retryOnFail`, …
 * @param {object} [job.options] the node's own options
 * @param {boolean} [job.wrongToken]
 */
async function run(makeNode, standIn, job = {}) {
	const { streams = 1, items = (all) => all, fault = () => undefined, node: settings } = job;
	standIn.reset();
	otherHost.requests.length = 0;
	standIn.fault = fault;
	const streaming = Array.from({ length: streams }, () => {
		const call = standIn.addCall();
		return { call: call.id, stream: standIn.startStream(call.id).id };
	});

	const { credential, ...node } = makeNode(standIn, job);
	const data = { ...standIn.credentials, ...(job.wrongToken && { authToken: WRONG_TOKEN }) };
	const id = await n8n.createCredential(credential.type, 'stand-in', credential.data(data));
	const workflow = await n8n.createWorkflow({
		name: NODE,
		nodes: [
			{
				id: 'go',
				name: GO,
				type: 'n8n-nodes-base.manualTrigger',
				typeVersion: 1,
				position: [0, 0],
				parameters: {},
			},
			{
				id: 'node',
				name: NODE,
				position: [220, 0],
				...node,
				credentials: { [credential.type]: { id, name: 'stand-in' } },
				...settings,
			},
		],
		connections: { [GO]: { main: [[{ node: NODE, type: 'main', index: 0 }]] } },
		pinData: { [GO]: items(streaming).map((json) => ({ json })) },
	});
	const execution = await n8n.run(workflow, GO);
	if (makeNode === stopAudioStream) standIn.expectOnContract();
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
const sideBySide = async (standIn, job) => ({
	http: await run(httpRequest, standIn, job),
	ours: await run(stopAudioStream, standIn, job),
});

const CONTINUE = { onError: 'continueErrorOutput' };
const statusesOf = (items) => items.map(({ status }) => status);

test('HTTP Request is compared in the version that n8n gives to a new node', async () => {
	const file = await fetch(`${n8n.url}/types/nodes.json`, { headers: n8n.headers });
	const versions = (await file.json()).filter(({ name }) => name === HTTP_REQUEST);
	expect(versions.map(({ defaultVersion }) => defaultVersion)).toContain(HTTP_VERSION);
});

test('an ended stream, a wrong address and a wrong token are told apart', async () => {
	const unknown = '11111111-1111-4111-8111-111111111111';
	let elsewhere;
	const answers = await sideBySide(plivo, {
		streams: 3,
		node: CONTINUE,
		items: ([ended, { stream }, last]) => {
			plivo.calls.stopStream(plivo.stream(ended.stream));
			elsewhere = last.call;
			return [ended, { call: unknown, stream }, last];
		},
		fault: ({ path }) =>
			path.includes(elsewhere) ? { status: 404, body: '<html>404</html>' } : undefined,
	});
	const wrongToken = await sideBySide(plivo, { node: CONTINUE, wrongToken: true });

	const errors = [...answers.http.failed, ...wrongToken.http.failed];
	expect([...answers.http.items, ...wrongToken.http.items]).toEqual([]);
	expect(errors.map(({ details }) => details.httpCode)).toEqual(['400', '404', '404', '401']);
	expect(errors[0].details.description).toBe('No active stream found');

	expect(statusesOf(answers.ours.items)).toEqual(['alreadyStopped', 'notFound']);
	expect([...answers.ours.failed, ...wrongToken.ours.failed]).toEqual([
		expect.objectContaining({ error: 'Plivo answered 404 in a form that is not its own' }),
		expect.objectContaining({
			error: expect.stringContaining('Plivo did not let this credential in (401)'),
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

	const [{ call, stream }] = ours.streaming;
	expect(ours.running).toBe(0);
	expect(ours.items).toEqual([
		expect.objectContaining({ callId: call, stream, status: 'stopped', stopped: true }),
	]);
});

test('nothing is sent before the time in Retry-After', async () => {
	const seconds = 6;
	const tooEarly = ({ requests }) =>
		requests.filter(({ at }) => at - requests[0].at < seconds * 1_000).length;
	const job = {
		streams: 3,
		fault: ({ at }) =>
			at - plivo.requests[0].at < seconds * 1_000
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
	const job = () => {
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
	const limited = async (makeNode, job) => {
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
	const redirect = (status) => ({
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

test('an id cannot change the address', async () => {
	const ids = ['#', '.', '..', '?', 'a/b'];
	const { http, ours } = await sideBySide(plivo, {
		streams: ids.length,
		node: CONTINUE,
		items: (streaming) =>
			streaming.map(({ call }, index) => {
				plivo.startStream(call);
				return { call, stream: ids[index] };
			}),
	});
	/** Id → what arrived behind the call's own id. */
	const arrived = ({ requests, streaming }) =>
		Object.fromEntries(
			streaming.map(({ call }, index) => {
				const found = requests.find(({ path }) => path.includes(call));
				return [ids[index], found?.path.split(call)[1]];
			}),
		);

	expect(arrived(http)).toEqual({
		'#': '/Stream/',
		'.': '/Stream/',
		'..': '/',
		'?': '/Stream/?/',
		'a/b': '/Stream/a/b/',
	});
	// Behind '#' and '.' is left what stops all streams of a call: two calls have none of their two.
	expect(http.running).toBe(6);
	expect(http.items).toEqual([{}, {}]);

	expect(arrived(ours)).toEqual({
		'#': '/Stream/%23/',
		'.': undefined,
		'..': undefined,
		'?': '/Stream/%3F/',
		'a/b': '/Stream/a%2Fb/',
	});
	expect(ours.running).toBe(10);
	expect(ours.failed.map(({ error }) => error)).toEqual(
		Array(2).fill("'Stream ID' holds only dots"),
	);
});

test('the ids are found in each form of event', async () => {
	const { http, ours } = await sideBySide(plivo, {
		streams: 2,
		node: CONTINUE,
		source: 'event',
		ids: ['$json.body.CallUUID', '$json.body.StreamID'],
		items: (streaming) =>
			['StartStream', 'ws-start'].map((kind, index) => ({
				body: plivo.callback(kind, plivo.stream(streaming[index].stream)).body,
			})),
	});

	expect(http.requests.map(({ path }) => path)).toContainEqual(
		expect.stringMatching(/\/Call\/\/Stream\/\/$/),
	);
	expect(http.running).toBe(1);

	expect(statusesOf(ours.items)).toEqual(['stopped', 'stopped']);
	expect(ours.running).toBe(0);
});
