'use strict';

// What only n8n's real engine shows: pairing, its error modes, cancelling, credentials, the screen's rules.

const { subscribe, unsubscribe } = require('node:diagnostics_channel');
const { createServer } = require('node:http');
const dns = require('node:dns');
const { setTimeout: delay } = require('node:timers/promises');
const {
	loadPackage,
	NODE_TYPE,
	runNode,
	testCredential,
	workflowPackage,
} = require('./support/engine');
const { opened, start } = require('./support/opened');
const { providers } = require('./stand-ins');

const { NodeHelpers } = workflowPackage;

/** A call with one stream, as an input item names it. */
function addStream(standIn) {
	const call = standIn.addCall();
	const stream = standIn.startStream(call.id);
	return { provider: standIn.provider, call: call.id, stream: stream.id };
}

const addStreams = (standIn, count) => Array.from({ length: count }, () => addStream(standIn));

const running = (standIn) => standIn.streams().filter((stream) => stream.running).length;

const credentialsOf = (...standIns) =>
	Object.fromEntries(
		standIns.map(({ credentialType, credentials }) => [credentialType, credentials]),
	);

const byExpression = { callId: '={{ $json.call }}', stream: '={{ $json.stream }}' };

/** Runs the node with a stand-in's provider and credential. */
const runAt = (standIn, { parameters, ...run }) =>
	runNode({
		parameters: { provider: standIn.provider, ...byExpression, ...parameters },
		credentials: credentialsOf(standIn),
		...run,
	});

const pairs = (items) => items.map(({ pairedItem }) => pairedItem.item);
const range = (count) => Array.from({ length: count }, (_, i) => i);

describe('items', () => {
	it('come out one for one, in order and paired, whatever becomes of each and however late it is answered', async () => {
		const standIn = await start('plivo');
		const items = range(50).map((i) => {
			if (i % 5 === 1) return { call: '', stream: 'some-stream' };
			const item = addStream(standIn);
			if (i % 5 === 2) standIn.endCall(item.call);
			if (i % 5 === 3) return { ...item, call: 'no-such-call' };
			return item;
		});
		standIn.fault = (_request, n) => ({ delayMs: (n * 37) % 90 });

		const { outputs, items: json } = await runAt(standIn, {
			items,
			node: { onError: 'continueRegularOutput' },
		});

		expect(pairs(outputs[0])).toEqual(range(50));
		expect(json.map(({ status }) => status)).toEqual(
			range(50).map((i) => ['stopped', 'failed', 'notFound', 'notFound', 'stopped'][i % 5]),
		);
		expect(json.map(({ callId }) => callId ?? '')).toEqual(items.map(({ call }) => call));
		expect(running(standIn)).toBe(10);
		standIn.expectOnContract();
	});

	it('are read each with its own values, also in options', async () => {
		const standIn = await start('plivo');
		const [first, second] = addStreams(standIn, 2);
		const { items } = await runAt(standIn, {
			items: [
				{ ...first, dry: true },
				{ ...second, dry: 'FALSE' },
			],
			parameters: { options: { preview: '={{ $json.dry }}' } },
		});
		expect(items.map(({ status }) => status)).toEqual(['preview', 'stopped']);
		expect(items[0].request.url).toContain(first.stream);
		expect(standIn.stream(first.stream).running).toBe(true);
	});

	it('fail alone when an expression of theirs cannot be read', async () => {
		const standIn = await start('plivo');
		const items = addStreams(standIn, 2);
		const { items: json } = await runAt(standIn, {
			items,
			parameters: { stream: "={{ $itemIndex === 0 ? $('Not There').item.json.x : $json.stream }}" },
			node: { onError: 'continueRegularOutput' },
		});
		expect(json[0]).toMatchObject({ status: 'failed', failure: 'input' });
		expect(json[0].error).toMatch(/^A field of this item could not be read: /);
		expect(json[1]).toMatchObject({ status: 'stopped' });
	});

	it('are left as they came, files and all', async () => {
		const standIn = await start('vobiz');
		const file = { data: 'QQ==', mimeType: 'text/plain', fileName: 'a.txt' };
		const input = addStreams(standIn, 3).map((json) => ({
			json: freeze({ ...json, deep: { list: [1, { two: 2 }] } }),
			binary: { data: freeze(file) },
		}));
		const before = structuredClone(input);
		const { items } = await runAt(standIn, { input });
		expect(items.map(({ status }) => status)).toEqual(['stopped', 'stopped', 'stopped']);
		expect(input.map(({ json, binary }) => ({ json, binary }))).toEqual(before);
	});

	it('may be none at all', async () => {
		const standIn = await start('vobiz');
		const { items, error, status } = await runAt(standIn, { items: [] });
		expect({ items, error, status }).toEqual({ items: [], error: undefined, status: 'success' });
		expect(standIn.requests).toEqual([]);
	});
});

function freeze(value) {
	Object.values(value).forEach((each) => typeof each === 'object' && freeze(each));
	return Object.freeze(value);
}

describe('where the node stops at a failure', () => {
	it.each([
		['input', { call: ' ', stream: 's' }, "'Call SID' is empty"],
		['input', { call: '..', stream: 's' }, "'Call SID' holds only dots"],
	])('every item is tried first, then the first failure is told: %s', async (cause, bad, what) => {
		const standIn = await start('signalWire');
		const items = [addStream(standIn), bad, addStream(standIn), { ...bad, call: '' }];
		const { error, status } = await runAt(standIn, { items });

		expect(status).toBe('error');
		expect(running(standIn)).toBe(0);
		expect(error.name).toBe('NodeOperationError');
		expect(error.message).toBe(what);
		expect(error.description).toMatch(
			/ Streams of this run that are not known to be stopped: 2 of 4\.$/,
		);
		expect(error.context).toMatchObject({ itemIndex: 1, failure: cause });
	});

	it("an answer's failure carries the provider's status and sentence", async () => {
		const standIn = await start('vobiz');
		const items = addStreams(standIn, 3);
		standIn.fault = ({ path }) =>
			path.includes(items[1].stream)
				? { status: 422, body: { api_id: 'example', error: 'Stream is being moved' } }
				: undefined;
		const { error } = await runAt(standIn, { items });

		expect(running(standIn)).toBe(1);
		expect(error.name).toBe('NodeApiError');
		expect(error.message).toBe('Vobiz refused the request (422): “Stream is being moved”');
		expect(error.description).toBe(
			"Check 'Call UUID' and the other fields of this node against what Vobiz says. " +
				'Streams of this run that are not known to be stopped: 1 of 3.',
		);
		expect(error.httpCode).toBe('422');
		expect(error.context).toMatchObject({ itemIndex: 1, failure: 'rejected' });
	});

	it('a message stays ours also where n8n knows a code in it', async () => {
		const standIn = await start('plivo');
		standIn.fault = () => ({ reset: 'before' });
		const { error } = await runAt(standIn, {
			items: [addStream(standIn)],
			parameters: { options: { maxRetries: 0 } },
		});
		expect(error.message).toBe('The connection to Plivo broke before it answered (ECONNRESET)');
		expect(error.context.failure).toBe('unavailable');
	});

	it('a whole batch of preview items is no failure', async () => {
		const standIn = await start('plivo');
		const { items, error } = await runAt(standIn, {
			items: addStreams(standIn, 2),
			parameters: { options: { preview: true } },
		});
		expect(error).toBeUndefined();
		expect(items.map(({ status, stopped }) => [status, stopped])).toEqual([
			['preview', false],
			['preview', false],
		]);
		expect(standIn.requests).toEqual([]);
	});
});

describe("n8n's continue modes", () => {
	const mixed = async () => {
		const standIn = await start('plivo');
		const [good, , late] = addStreams(standIn, 3);
		const input = [good, { call: '', stream: 'x', lead: 'Ann' }, late];
		standIn.fault = ({ path }) =>
			path.includes(late.stream) ? { status: 403, body: { error: 'No access' } } : undefined;
		return { standIn, input };
	};

	it('keep a failed item in its place on the regular output, with what is known', async () => {
		const { standIn, input } = await mixed();
		const { outputs, error } = await runAt(standIn, {
			items: input,
			node: { onError: 'continueRegularOutput' },
		});
		expect(error).toBeUndefined();
		expect(pairs(outputs[0])).toEqual([0, 1, 2]);
		expect(outputs[0][0].json).toEqual({
			provider: 'plivo',
			operation: 'stopStream',
			callId: input[0].call,
			stream: input[0].stream,
			status: 'stopped',
			stopped: true,
			statusCode: 204,
			attempts: 1,
		});
		expect(outputs[0][1].json).toEqual({
			provider: 'plivo',
			operation: 'stopStream',
			callId: '',
			stream: 'x',
			status: 'failed',
			stopped: false,
			failure: 'input',
			error: "'Call UUID' is empty",
			message: "Fill in 'Call UUID', or check the expression that fills it.",
		});
		expect(outputs[0][2].json).toEqual({
			provider: 'plivo',
			operation: 'stopStream',
			callId: input[2].call,
			stream: input[2].stream,
			status: 'failed',
			stopped: false,
			failure: 'credentials',
			error: 'Plivo did not let this credential in (403): “No access”',
			message:
				"Check 'Auth ID' and 'Auth Token' in the credential, and that the call belongs to that account or subaccount.",
			statusCode: 403,
			attempts: 1,
		});
	});

	it("send a failed item to the error output with both sentences and the input's own fields", async () => {
		const { standIn, input } = await mixed();
		const { outputs, error } = await runAt(standIn, {
			items: input,
			node: { onError: 'continueErrorOutput' },
		});
		expect(error).toBeUndefined();
		expect(pairs(outputs[0])).toEqual([0]);
		expect(outputs[1].map(({ json }) => json)).toEqual([
			{
				...input[1],
				error: "'Call UUID' is empty",
				message: "Fill in 'Call UUID', or check the expression that fills it.",
			},
			{
				...input[2],
				error: 'Plivo did not let this credential in (403): “No access”',
				message: expect.stringContaining("'Auth Token'"),
			},
		]);
	});

	it("never take a success for a failure, whatever the provider's body holds", async () => {
		const standIn = await start('vobiz', { generation: 'old' });
		const item = addStream(standIn);
		const { outputs } = await runAt(standIn, {
			items: [item],
			parameters: { options: { includeResponse: true } },
			node: { onError: 'continueErrorOutput' },
		});
		expect(outputs[0][0].json).toMatchObject({
			status: 'stopped',
			response: { message: 'Stream stopped successfully' },
		});
		expect(outputs[1]).toEqual([]);
	});
});

describe("n8n's settings of a node", () => {
	it.each([
		['plivo', 'alreadyStopped'],
		['vobiz', 'notFound'],
		['signalWire', 'notFound'],
	])(
		'Retry On Fail runs all items again, which does no harm (%s)',
		async (provider, secondTime) => {
			const standIn = await start(provider);
			const items = addStreams(standIn, 3);
			let fell = false;
			standIn.fault = ({ path }) => {
				if (fell || !path.includes(items[1].stream)) return undefined;
				fell = true;
				return { status: 503 };
			};
			const { items: json, error } = await runAt(standIn, {
				items,
				parameters: { options: { maxRetries: 0 } },
				node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
			});
			expect(error).toBeUndefined();
			expect(json.map(({ status }) => status)).toEqual([secondTime, 'stopped', secondTime]);
			expect(standIn.requests).toHaveLength(6);
			expect(running(standIn)).toBe(0);
		},
	);

	it('Execute Once takes the first item alone', async () => {
		const standIn = await start('plivo');
		const items = addStreams(standIn, 3);
		const { items: json } = await runAt(standIn, { items, node: { executeOnce: true } });
		expect(json).toHaveLength(1);
		expect(standIn.streams().map((stream) => stream.running)).toEqual([false, true, true]);
	});
});

describe('a cancelled execution', () => {
	/**
	 * Cancels when so many requests have come in and a little later, watches for what is still sent, and
	 * counts what was sent too late. The time counts at which a request leaves: on a busy machine, one that
	 * left in time may arrive later.
	 */
	async function cancelled(standIn, { atRequest, thenMs = 0, ...run }) {
		const sent = [];
		const note = ({ request }) => {
			if (`http://${request.getHeader('host')}` === standIn.url) sent.push(Date.now());
		};
		subscribe('http.client.request.start', note);
		const { fault } = standIn;
		const seen = new Promise((resolve) => {
			standIn.fault = (request, n) => {
				if (n === atRequest) resolve();
				return fault(request, n);
			};
		});
		let cancelledAt;
		const result = await runAt(standIn, {
			...run,
			onStart: async (cancel) => {
				await seen;
				await delay(thenMs);
				cancelledAt = Date.now();
				cancel();
			},
		});
		const tookMs = Date.now() - cancelledAt;
		await delay(400);
		unsubscribe('http.client.request.start', note);
		const late = sent.filter((at) => at > cancelledAt + 100).length;
		return { ...result, sent: sent.length, late, tookMs };
	}

	it.each(providers)(
		'stops sending within 100 ms: 200 items, two at a time (%s)',
		async (provider) => {
			const standIn = await start(provider, { delayMs: 60 });
			const { sent, late, status } = await cancelled(standIn, {
				atRequest: 7,
				items: addStreams(standIn, 200),
				parameters: { options: { maxConcurrency: 2 } },
			});
			expect(status).toBe('canceled');
			expect(late).toBe(0);
			expect(sent).toBeLessThan(12);
			expect(standIn.mostAtOnce).toBe(2);
		},
	);

	it.each([
		['the pause after a 503', { status: 503, headers: { 'Retry-After': '9' } }],
		['the pause after a 429', { status: 429, headers: { 'Retry-After': '9' } }],
	])('ends at once in %s', async (_title, fault) => {
		const standIn = await start('vobiz');
		standIn.fault = () => fault;
		const { sent, late, status, tookMs } = await cancelled(standIn, {
			atRequest: 5,
			thenMs: 300,
			items: addStreams(standIn, 5),
			parameters: { options: { maxRetries: 10 } },
		});
		expect({ sent, late, status }).toEqual({ sent: 5, late: 0, status: 'canceled' });
		expect(tookMs).toBeLessThan(5_000);
	});

	it('is told from one whose item or provider only quotes the word', async () => {
		const standIn = await start('plivo');
		standIn.fault = () => ({ status: 400, body: { api_id: 'a', error: 'the call was canceled' } });
		const quoting = await runAt(standIn, { items: addStreams(standIn, 1) });
		expect(quoting.status).toBe('error');
		expect(quoting.error.message).toBe('Plivo refused the request (400): “the call was cancelled”');
		const named = await runAt(standIn, {
			items: addStreams(standIn, 1),
			parameters: { provider: 'canceled' },
		});
		expect(named.status).toBe('error');
	});

	it('gives up a request that the provider does not answer', async () => {
		const standIn = await start('plivo', { delayMs: 20_000 });
		const { sent, late, status, tookMs } = await cancelled(standIn, {
			atRequest: 2,
			items: addStreams(standIn, 2),
		});
		expect({ sent, late, status }).toEqual({ sent: 2, late: 0, status: 'canceled' });
		expect(tookMs).toBeLessThan(5_000);
	});
});

describe('credentials', () => {
	it.each(providers)(
		'sign each request once, and are read once in an execution (%s)',
		async (provider) => {
			const standIn = await start(provider);
			const { credentialReads } = await runAt(standIn, { items: addStreams(standIn, 5) });
			const { credentials, requests } = standIn;
			expect(credentialReads).toEqual([standIn.credentialType]);
			expect(requests).toHaveLength(5);
			for (const { headers } of requests) {
				const { authorization, 'x-auth-id': id, 'x-auth-token': token } = headers;
				const pair = provider === 'plivo' ? ['authId', 'authToken'] : ['projectId', 'apiToken'];
				expect({ authorization, id, token }).toEqual(
					provider === 'vobiz'
						? { authorization: undefined, id: credentials.authId, token: credentials.authToken }
						: { authorization: basic(...pair.map((name) => credentials[name])) },
				);
			}
			standIn.expectOnContract();
		},
	);

	it.each(providers)('that the provider refuses are sent once (%s)', async (provider) => {
		const standIn = await start(provider);
		const item = addStream(standIn);
		const secret = provider === 'signalWire' ? 'apiToken' : 'authToken';
		const { error } = await runNode({
			parameters: { provider, ...byExpression },
			items: [item],
			credentials: {
				[standIn.credentialType]: { ...standIn.credentials, [secret]: 'example-wrong-token' },
			},
		});
		expect(standIn.requests).toHaveLength(1);
		expect(error.httpCode).toBe('401');
		expect(error.context.failure).toBe('credentials');
	});

	it('are not read where nothing needs them', async () => {
		const standIn = await start('plivo');
		const { credentialReads, error } = await runAt(standIn, { items: [{ call: '', stream: '' }] });
		expect(error.message).toBe("'Call UUID' is empty");
		expect(credentialReads).toEqual([]);
	});

	const basic = (id, token) => `Basic ${Buffer.from(`${id}:${token}`).toString('base64')}`;
});

describe('providers by expression', () => {
	const written = { plivo: ' Plivo ', signalWire: 'SIGNALWIRE', vobiz: 'VOBIZ\n' };
	const parameters = { provider: '={{ $json.provider }}', ...byExpression };
	const startAll = async () => await Promise.all(providers.map((provider) => start(provider)));
	const mixedItems = (standIns, count) =>
		range(count).map((i) => {
			const standIn = standIns[i % standIns.length];
			return { ...addStream(standIn), provider: written[standIn.provider] };
		});

	it('serve items of all three in one run, each with its own credential', async () => {
		const standIns = await startAll();
		const items = mixedItems(standIns, 9);
		const result = await runNode({
			parameters,
			items,
			credentials: credentialsOf(...standIns),
		});
		expect(result.error).toBeUndefined();
		expect(result.items.map(({ provider, status }) => [provider, status])).toEqual(
			items.map((_, i) => [standIns[i % 3].provider, 'stopped']),
		);
		expect([...result.credentialReads].sort()).toEqual(
			standIns.map(({ credentialType }) => credentialType).sort(),
		);
		standIns.forEach((standIn) => standIn.expectOnContract());
	});

	it('read only the credentials of the providers that the items name', async () => {
		const standIns = await startAll();
		const vobiz = standIns.find(({ provider }) => provider === 'vobiz');
		const { credentialReads } = await runNode({
			parameters,
			items: mixedItems([vobiz], 3),
			credentials: credentialsOf(...standIns),
		});
		expect(credentialReads).toEqual(['vobizXAuthApi']);
	});

	it.each([
		['plivo', 'No Plivo Basic API credential could be read for Plivo'],
		['signalWire', 'No SignalWire Basic API credential could be read for SignalWire'],
		['vobiz', 'No Vobiz X-Auth API credential could be read for Vobiz'],
	])('fail only their own items where a credential is missing (%s)', async (missing, sentence) => {
		const standIns = await startAll();
		const items = mixedItems(standIns, 9);
		const { items: json } = await runNode({
			parameters,
			items,
			credentials: credentialsOf(...standIns.filter(({ provider }) => provider !== missing)),
			node: { onError: 'continueRegularOutput' },
		});
		for (const { provider, status, ...rest } of json) {
			expect(status).toBe(provider === missing ? 'failed' : 'stopped');
			if (provider !== missing) continue;
			expect(rest).toMatchObject({ failure: 'credentials', error: sentence });
			expect(rest.message).toMatch(/^Select one in the node's credential field/);
		}
		expect(standIns.map(running)).toEqual(
			standIns.map(({ provider }) => (provider === missing ? 3 : 0)),
		);
	});

	it('that nobody knows are refused with the ones that can be used', async () => {
		const { items } = await runNode({
			parameters,
			items: [{ provider: 'twilio' }, {}],
			node: { onError: 'continueRegularOutput' },
		});
		expect(items[0]).toMatchObject({
			failure: 'input',
			error: "'Provider' does not know the value “twilio”",
			message: 'Use one of: plivo, signalWire, vobiz.',
		});
		expect(items[1]).toMatchObject({ status: 'failed', failure: 'input' });
	});

	it.each(['sid', 'name'])(
		'start with SignalWire set to identify streams by %s',
		async (streamBy) => {
			const standIn = await start('signalWire');
			const item = addStream(standIn);
			const { items, error } = await runNode({
				parameters: { ...parameters, streamBy, cxmlUrl: 'https://hooks.example.com/stop' },
				items: [item],
				credentials: credentialsOf(standIn),
			});
			expect(error).toBeUndefined();
			expect(items[0].streamBy).toBe(streamBy);
		},
	);

	it('start with an incoming event, and with all streams of a call', async () => {
		const standIns = (await startAll()).filter(({ provider }) => provider !== 'signalWire');
		const items = standIns.map((standIn) => {
			const { provider, call, stream } = addStream(standIn);
			return { provider, body: { CallUUID: call, StreamID: stream } };
		});
		const credentials = credentialsOf(...standIns);
		const run = (more) =>
			runNode({ parameters: { provider: parameters.provider, ...more }, items, credentials });

		const byEvent = await run({ source: 'event' });
		expect(byEvent.error).toBeUndefined();
		expect(byEvent.items.map(({ status }) => status)).toEqual(['stopped', 'stopped']);
		const all = await run({ operation: 'stopAllStreams', callId: '={{ $json.body.CallUUID }}' });
		expect(all.error).toBeUndefined();
		expect(all.items.map(({ status }) => status)).toEqual(['stopped', 'stopped']);
	});
});

describe('the screen', () => {
	let description;
	beforeAll(async () => {
		({ description } = (await loadPackage()).node);
	});

	const toolForm = () => ({ ...description, name: `${description.name}Tool` });

	/** The fields that n8n shows, as `name: label`, and the credentials that it asks for. */
	function shown(parameters, form = description) {
		const node = { name: 'x', type: NODE_TYPE, typeVersion: 1, position: [0, 0], parameters };
		const values = NodeHelpers.getNodeParameters(
			form.properties,
			parameters,
			true,
			false,
			node,
			form,
		);
		const isShown = (part) => NodeHelpers.displayParameter(values, part, node, form);
		const fields = form.properties.filter(isShown);
		const options = form.properties.find(({ name }) => name === 'options');
		return {
			fields: fields
				.filter(({ type }) => type !== 'notice')
				.map(({ name, displayName }) => `${name}: ${displayName}`),
			notices: fields.filter(({ type }) => type === 'notice').map(({ name }) => name),
			options: options.options
				.filter((option) =>
					NodeHelpers.displayParameter(values.options, option, node, form, values),
				)
				.map(({ name }) => name),
			credentials: form.credentials.filter(isShown).map(({ name }) => name),
		};
	}

	const always = ['provider: Provider', 'operation: Operation', 'source: Call and Stream From'];
	const forAll = [
		'whenNothingToStop',
		'includeResponse',
		'maxConcurrency',
		'maxRetries',
		'preview',
		'timeout',
	];
	const forDocuments = ['cxmlFallbackUrl', 'cxmlMethod', 'nameParameter'];

	it.each([
		['plivo', 'plivoBasicApi'],
		['vobiz', 'vobizXAuthApi'],
	])("speaks %s's language", (provider, credential) => {
		const one = shown({ provider });
		expect(one.fields).toEqual([
			...always,
			'callId: Call UUID',
			'stream: Stream ID',
			'options: Options',
		]);
		expect(one.notices).toEqual([`${provider}Notice`]);
		expect(one.credentials).toEqual([credential]);
		expect(one.options.sort()).toEqual([...forAll, 'confirm'].sort());

		const all = shown({ provider, operation: 'stopAllStreams' });
		expect(all.fields).toEqual([...always, 'callId: Call UUID', 'options: Options']);
		expect(all.notices).toEqual([`${provider}AllNotice`]);

		const event = shown({ provider, source: 'event' });
		expect(event.fields).toEqual([...always, 'stream: Stream ID', 'options: Options']);
		const allByEvent = shown({ provider, source: 'event', operation: 'stopAllStreams' });
		expect(allByEvent.fields).toEqual([...always, 'options: Options']);
	});

	it.each([
		['sid', ['stream: Stream SID'], forAll],
		['name', ['stream: Stream Name', 'cxmlUrl: cXML URL'], [...forAll, ...forDocuments]],
		['controlId', ['stream: Control ID'], forAll],
	])("speaks SignalWire's language, by %s", (streamBy, fields, options) => {
		const way = [...always, 'streamBy: Identify Stream By'];
		const typed = shown({ provider: 'signalWire', streamBy });
		expect(typed.fields).toEqual([...way, 'callId: Call SID', ...fields, 'options: Options']);
		expect(typed.notices).toEqual([`signalWire${streamBy}Notice`]);
		expect(typed.credentials).toEqual(['signalWireBasicApi']);
		expect(typed.options.sort()).toEqual([...options].sort());

		const event = shown({ provider: 'signalWire', streamBy, source: 'event' });
		expect(event.fields).toEqual([...way, ...fields, 'options: Options']);
	});

	it('does not offer Stop All Streams where the provider has none', () => {
		const operation = description.properties.find(({ name }) => name === 'operation');
		const offered = (provider) =>
			operation.options
				.filter((option) => NodeHelpers.displayParameter({ provider }, option, null, description))
				.map(({ value }) => value);
		expect(offered('signalWire')).toEqual(['stopStream']);
		expect(offered('plivo')).toEqual(['stopStream', 'stopAllStreams']);
		expect(offered('vobiz')).toEqual(['stopStream', 'stopAllStreams']);
	});

	it('shows the fields of every provider, and asks for every credential, where the provider is an expression', () => {
		const provider = '={{ $json.provider }}';
		const one = shown({ provider });
		expect(one.fields).toEqual([
			...always,
			'streamBy: Identify Stream By',
			'callId: Call UUID',
			'callId: Call SID',
			'stream: Stream ID',
			'stream: Stream SID',
			'options: Options',
		]);
		expect(one.credentials).toEqual(['plivoBasicApi', 'signalWireBasicApi', 'vobizXAuthApi']);
	});

	it.each([
		{},
		{ source: 'event' },
		{ operation: 'stopAllStreams' },
		{ operation: 'stopAllStreams', source: 'event' },
		{ streamBy: 'controlId' },
		{ streamBy: 'name', cxmlUrl: 'https://example.com/stop' },
	])(
		'demands nothing that another choice would need, where the provider is an expression: %j',
		(more) => {
			const node = {
				name: 'x',
				type: NODE_TYPE,
				typeVersion: 1,
				position: [0, 0],
				parameters: {
					provider: '={{ $json.provider }}',
					...(more.source !== 'event' && { callId: 'c' }),
					...(more.operation !== 'stopAllStreams' && more.source !== 'event' && { stream: 's' }),
					...more,
				},
			};
			const { properties } = description;
			node.parameters = NodeHelpers.getNodeParameters(
				properties,
				node.parameters,
				true,
				false,
				node,
				description,
			);
			expect(NodeHelpers.getNodeParametersIssues(properties, node, description)).toBeNull();
		},
	);

	it("leaves the AI agent's tool the call and the stream, and no document that takes over a call", () => {
		for (const provider of providers) {
			const { fields } = shown({ provider }, toolForm());
			const names = fields.map((field) => field.split(':')[0]);
			expect(names).toEqual(expect.arrayContaining(['provider', 'operation', 'callId', 'stream']));
			expect(names).not.toContain('source');
		}
		const byName = shown({ provider: 'signalWire', streamBy: 'name' }, toolForm());
		expect(byName.fields).not.toContain('cxmlUrl: cXML URL');
		const streamBy = description.properties.find(({ name }) => name === 'streamBy');
		const offered = (form) =>
			streamBy.options
				.filter((option) =>
					NodeHelpers.displayParameter({ provider: 'signalWire' }, option, null, form),
				)
				.map(({ value }) => value);
		expect(offered(description)).toEqual(['sid', 'name', 'controlId']);
		expect(offered(toolForm())).toEqual(['sid', 'controlId']);
	});

	it("words its texts as n8n's guide asks", () => {
		const all = description.properties.flatMap((property) => [
			property,
			...(property.options ?? []),
		]);
		for (const { type, placeholder, description: text } of all) {
			if (placeholder && type !== 'collection') expect(placeholder).toMatch(/^e\.g\. /);
			if (!text) continue;
			if (type === 'boolean') expect(text).toMatch(/^Whether /);
			// One sentence has no full stop at its end, several have.
			expect([text, text.endsWith('.')]).toEqual([text, /[.:?!] [A-Z]/.test(text)]);
			expect(text).not.toMatch(/\b(error|problem|failure|mistake)s?\b/i);
		}
	});
});

describe("the AI agent's tool", () => {
	/** The node as n8n hands it to an agent: its name with 'Tool' behind it. */
	async function runTool(standIn, run) {
		const { node } = await loadPackage();
		const description = { ...node.description, name: `${node.description.name}Tool` };
		return await runAt(standIn, {
			...run,
			type: `${NODE_TYPE}Tool`,
			nodeType: { description, execute: node.execute },
		});
	}

	it('stops a stream', async () => {
		const standIn = await start('signalWire');
		const { items, error } = await runTool(standIn, { items: [addStream(standIn)] });
		expect(error).toBeUndefined();
		expect(items[0]).toMatchObject({ status: 'stopped', stopped: true });
	});

	it("is described by the node's own text, which n8n shows to the model", async () => {
		const { node } = await loadPackage();
		const parameters = { descriptionType: 'auto', operation: 'stopStream' };
		const text = NodeHelpers.getToolDescriptionForNode({ parameters }, node);
		expect(text).toBe(node.description.description);
		for (const part of [
			/^Stop the audio stream/,
			/Needs the call's ID/,
			/Safe to repeat/,
			/Returns/,
		]) {
			expect(text).toMatch(part);
		}
	});

	it('tells in one message what happened and what to do, since n8n passes on nothing else', async () => {
		const standIn = await start('signalWire');
		const { error } = await runTool(standIn, { items: [{ call: '  ', stream: 's' }] });
		expect(error.message).toContain("'Call SID' is empty. Fill in 'Call SID'");
	});

	it('takes no document, even from a workflow that was written by hand', async () => {
		const standIn = await start('signalWire');
		const item = addStream(standIn);
		const byName = await runTool(standIn, {
			items: [item],
			parameters: { streamBy: 'name', cxmlUrl: 'https://evil.example/take-over' },
		});
		expect(byName.error.message).toContain("'cXML URL' is empty");
		expect(standIn.requests).toEqual([]);
	});
});

describe('hints on the canvas', () => {
	it('say how many of the calls or streams were not known', async () => {
		const standIn = await start('vobiz');
		const items = [...addStreams(standIn, 3), { call: 'gone', stream: 'gone' }];
		const { hints, error } = await runAt(standIn, { items });
		expect(error).toBeUndefined();
		expect(hints).toEqual([
			{
				message: expect.stringMatching(/^1 of 4 calls or streams are not known to the provider: /),
				type: 'warning',
				location: 'outputPane',
			},
		]);
	});

	it('are not given where all is well, nor for events, which often come after the end', async () => {
		const standIn = await start('vobiz');
		const fine = await runAt(standIn, { items: addStreams(standIn, 2) });
		expect(fine.hints).toEqual([]);
		const event = await runAt(standIn, {
			items: [{ body: { CallUUID: 'gone', StreamID: 'gone' } }],
			parameters: { source: 'event', stream: '' },
		});
		expect(event.items[0].status).toBe('notFound');
		expect(event.hints).toEqual([]);
	});

	it('are left out on an n8n that has none', async () => {
		const standIn = await start('vobiz');
		const { node } = await loadPackage();
		const nodeType = {
			description: node.description,
			async execute() {
				const older = Object.create(this, { addExecutionHints: { value: undefined } });
				return await node.execute.call(older);
			},
		};
		const { items, error } = await runAt(standIn, {
			items: [{ call: 'gone', stream: 'gone' }],
			nodeType,
		});
		expect(error).toBeUndefined();
		expect(items[0].status).toBe('notFound');
	});
});

describe("a credential's test", () => {
	const testAt = (standIn, data) =>
		testCredential(standIn.credentialType, { ...standIn.credentials, ...data });
	const addressOf = ({ provider }) => (provider === 'signalWire' ? 'spaceUrl' : 'baseUrl');
	const secretOf = ({ provider }) => (provider === 'signalWire' ? 'apiToken' : 'authToken');

	/** Names that were looked up: every request to another machine begins with that. */
	function watchNames() {
		const names = [];
		jest.spyOn(dns, 'lookup').mockImplementation((name, _options, callback) => {
			names.push(name);
			callback(Object.assign(new Error('no network in this test'), { code: 'ENOTFOUND' }));
		});
		return names;
	}
	afterEach(() => jest.restoreAllMocks());

	it.each(providers)(
		'passes with the right values, blanks around them or not (%s)',
		async (provider) => {
			const standIn = await start(provider);
			expect(await testAt(standIn)).toEqual({ ok: true });
			const padded = Object.fromEntries(
				Object.entries(standIn.credentials).map(([name, value]) => [name, ` ${value}\n`]),
			);
			expect(await testAt(standIn, padded)).toEqual({ ok: true });
			standIn.expectOnContract();
			expect(standIn.requests.every(({ method }) => method === 'GET')).toBe(true);
		},
	);

	it.each(providers)(
		'takes a loopback address in each form in which people paste it (%s)',
		async (provider) => {
			const standIn = await start(provider);
			const { url } = standIn;
			const forms = ['', '/', '/dashboard?x=1#y', '/v1', '/v1/', '/api/v1', '/api/laml/2010-04-01'];
			for (const form of [...forms.map((form) => url + form), `  ${url}/  `]) {
				expect([form, await testAt(standIn, { [addressOf(standIn)]: form })]).toEqual([
					form,
					{ ok: true },
				]);
			}
			standIn.expectOnContract();
		},
	);

	it.each([
		['signalWire', 'example', 'example.signalwire.com'],
		['signalWire', ' example ', 'example.signalwire.com'],
		['signalWire', 'example.signalwire.com', 'example.signalwire.com'],
		['signalWire', 'https://example.signalwire.com/dashboard', 'example.signalwire.com'],
		['signalWire', 'https://example.swire.io', 'example.swire.io'],
		['plivo', 'https://api.plivo.com', 'api.plivo.com'],
		['plivo', 'api.plivo.com/v1', 'api.plivo.com'],
		['vobiz', 'https://api.vobiz.ai/api/v1/', 'api.vobiz.ai'],
	])('of %s with the address %p goes to %s', async (provider, address, host) => {
		const standIn = await start(provider);
		const names = watchNames();
		const { ok } = await testAt(standIn, { [addressOf(standIn)]: address });
		expect(ok).toBe(false);
		expect(names).toEqual([host]);
	});

	it.each(
		providers.flatMap((provider) => [
			[provider, 'http://api.example.com', 'does not start with https://'],
			[provider, 'http://127.0.0.1.example.com', 'does not start with https://'],
			[provider, 'http://localhost.example.com', 'does not start with https://'],
			[provider, 'ftp://api.example.com', 'does not start with https://'],
			[provider, 'https://user:example@api.example.com', 'holds a user name or a password'],
			[provider, 'user@api.example.com', 'holds a user name or a password'],
			[provider, 'https://', 'is not an address'],
			[provider, '   ', 'is empty'],
		]),
	)('of %s refuses the address %p before anything is sent', async (provider, address, why) => {
		const standIn = await start(provider);
		const names = watchNames();
		const { ok, message } = await testAt(standIn, { [addressOf(standIn)]: address });
		const label = provider === 'signalWire' ? 'Space URL' : 'Base URL';
		expect({ ok, names, requests: standIn.requests }).toEqual({
			ok: false,
			names: [],
			requests: [],
		});
		expect(message).toContain(`'${label}' ${why}`);
	});

	it('passes with a SignalWire token whose only scope is Voice, and names the scope without it', async () => {
		const standIn = await start('signalWire');
		expect([...standIn.scopes]).toEqual(['Voice']);
		expect(await testAt(standIn)).toEqual({ ok: true });
		standIn.scopes.clear();
		expect((await testAt(standIn)).message).toContain('the scope Voice');
	});

	it.each([
		['plivo', "Plivo did not let this credential in (401). Check 'Auth ID' and 'Auth Token'"],
		['signalWire', "SignalWire did not let this credential in (401). Check 'Space URL', 'Project"],
		['vobiz', "Vobiz did not let this credential in (401). Check 'Auth ID' and 'Auth Token'"],
	])('with a wrong token says what to check (%s)', async (provider, sentence) => {
		const standIn = await start(provider);
		const { ok, message } = await testAt(standIn, { [secretOf(standIn)]: 'example-wrong-token' });
		expect(ok).toBe(false);
		expect(message).toContain(sentence);
	});

	it.each(
		providers.flatMap((provider) => [301, 302, 307, 308].map((status) => [provider, status])),
	)(
		'of %s does not follow a redirect (%i): the other host gets nothing',
		async (provider, status) => {
			const standIn = await start(provider);
			const other = createServer((_request, response) => {
				seen += 1;
				response.end('{}');
			});
			let seen = 0;
			await new Promise((resolve) => other.listen(0, '127.0.0.1', resolve));
			opened({ close: () => new Promise((resolve) => other.close(resolve)) });
			const location = `http://127.0.0.1:${other.address().port}/`;
			standIn.fault = () => ({ status, headers: { Location: location } });
			const { ok } = await testAt(standIn);
			expect({ ok, seen }).toEqual({ ok: false, seen: 0 });
			expect(standIn.requests).toHaveLength(1);
		},
	);
});
