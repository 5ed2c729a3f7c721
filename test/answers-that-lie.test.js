'use strict';

const { createServer } = require('node:http');
const { createServer: createRawServer } = require('node:net');
const { gzipSync } = require('node:zlib');
const { runNode } = require('./support/engine');
const { start } = require('./support/opened');
const { count, pairs, stopAt } = require('./support/stops');

const PROVIDERS = ['plivo', 'signalWire', 'vobiz'];
const regular = { onError: 'continueRegularOutput' };

/** Nothing of the node's own doing may be in what a person reads, and every sentence is one. */
function expectPlainFailure(item) {
	expect(item).toMatchObject({ status: 'failed', stopped: false });
	expect(item.error.length).toBeLessThan(600);
	expect(item.error + item.message).not.toMatch(
		/undefined|\[object|NaN|could not finish this item/,
	);
}

/** Three items, the middle one answered by `fault`: the others are stopped, whatever it is. */
async function middleOne(provider, fault, run = {}) {
	const standIn = await start(provider);
	const three = pairs(standIn, 3);
	standIn.fault = ({ path }) => (path.includes(three[1].call.id) ? fault : undefined);
	const { items } = await stopAt(standIn, three, { node: regular, ...run });
	expect(items.map(({ callId }) => callId)).toEqual(three.map(({ call }) => call.id));
	expect([items[0].status, items[2].status]).toEqual(['stopped', 'stopped']);
	expect(three[1].stream.running).toBe(true);
	return items[1];
}

const json = (body) => ({ status: 200, body: JSON.stringify(body) });
const nested = (depth) => '['.repeat(depth) + ']'.repeat(depth);
const MB10 = 10 * 1_024 * 1_024;

describe.each(PROVIDERS)(
	'%s: a 200 that stopped nothing is a failure of its item alone',
	(provider) => {
		test.each([
			['10 MB of text', { status: 200, body: 'x'.repeat(MB10) }],
			['10 MB of JSON', { status: 200, body: JSON.stringify({ filler: 'x'.repeat(MB10) }) }],
			[
				'a compressed 10 MB',
				{
					status: 200,
					body: gzipSync('x'.repeat(MB10)),
					headers: { 'Content-Encoding': 'gzip' },
				},
			],
			['HTML', { status: 200, body: '<!doctype html><title>Sign in</title>' }],
			['nothing at all', { status: 200, body: '' }],
			['blanks', { status: 200, body: ' \r\n ' }],
			['bytes that are no text', { status: 200, body: Buffer.from([0, 255, 254, 128, 0, 13, 10]) }],
			['half of a JSON text', { status: 200, body: '{"status": "stop' }],
			[
				'an image, it says',
				{
					status: 200,
					body: '{"status": "running"}',
					headers: { 'Content-Type': 'image/png' },
				},
			],
			[
				'a type that nobody knows',
				{
					status: 200,
					body: 'ok',
					headers: { 'Content-Type': 'x/y; charset=none' },
				},
			],
			['null', json(null)],
			['a number', json(204)],
			['a text', json('stopped')],
			['a list', json([{ status: 'stopped' }])],
			['true', json(true)],
			['error as a text', json({ error: 'it runs on' })],
			['error as an object', json({ error: { code: 'RUNS', message: 'it runs on' } })],
			['error as a list', json({ error: ['it runs on', 'and on'] })],
			['error, deep inside', json({ error: { error: { error: [{ message: 'it runs on' }] } } })],
			['error as null', json({ error: null })],
			['errors as a list', json({ errors: [{ code: '1', message: 'it runs on' }] })],
			[
				'prototype names',
				{
					status: 200,
					body: '{"__proto__": {"status": "stopped", "message": "stopped"}, "constructor": {"prototype": {"stopped": true}}, "toString": "stopped"}',
				},
			],
			['a stream that runs, it says', json({ status: 'running' })],
			['a status that is no text', json({ status: { stopped: true } })],
			['a hundred thousand brackets', { status: 200, body: nested(100_000) }],
			[
				'an error in a hundred thousand brackets',
				{
					status: 200,
					body: `{"error": ${nested(100_000)}}`,
				},
			],
		])('%s', async (_, fault) => {
			expectPlainFailure(await middleOne(provider, fault));
			expect({}.status).toBeUndefined();
			expect({}.stopped).toBeUndefined();
		});

		test.each([
			['junk for gzip', 'gzip', 'not compressed at all'],
			['junk for brotli', 'br', 'not compressed at all'],
			['junk for deflate', 'deflate', 'not compressed at all'],
			[
				'half of a compressed text',
				'gzip',
				gzipSync('{"status":"stopped"}'.repeat(99)).subarray(0, 40),
			],
		])('%s', async (_, encoding, body) => {
			const fault = { status: 200, body, headers: { 'Content-Encoding': encoding } };
			expectPlainFailure(await middleOne(provider, fault));
		});

		test('an answer that is cut off', async () => {
			const standIn = await start(provider);
			const three = pairs(standIn, 3);
			standIn.fault = ({ path }) =>
				path.includes(three[1].call.id)
					? { status: 200, body: '{"status": "stopped"}', truncate: true }
					: undefined;
			const { items } = await stopAt(standIn, three, {
				node: regular,
				options: { maxRetries: 1 },
			});
			expect(count(items.map(({ status }) => status))).toEqual({ stopped: 2, failed: 1 });
			expectPlainFailure(items[1]);
			expect(items[1].attempts).toBe(2);
		});

		test('a body that is nested without end, asked for as the provider response', async () => {
			for (const body of [nested(100_000), `{"message": "on", "more": ${nested(100_000)}}`]) {
				const standIn = await start(provider);
				const three = pairs(standIn, 3);
				standIn.fault = ({ path }) =>
					path.includes(three[1].call.id) ? { status: 200, body } : undefined;
				const { items } = await stopAt(standIn, three, {
					node: regular,
					options: { includeResponse: true },
				});
				expect([items[0].status, items[2].status]).toEqual(['stopped', 'stopped']);
				expect(JSON.stringify(items[1]).length).toBeLessThan(10_000);
			}
		});

		test('bytes that trickle in, one in 100 ms: it ends at the timeout, and its connection too', async () => {
			const closedAfter = [];
			const server = createServer((request, response) => {
				const began = Date.now();
				response.writeHead(200, { 'Content-Type': 'application/json' });
				const trickle = setInterval(() => response.write(' '), 100);
				response.on('close', () => {
					clearInterval(trickle);
					closedAfter.push(Date.now() - began);
				});
			});
			await new Promise((done) => server.listen(0, '127.0.0.1', done));
			const standIn = await start(provider);
			const address = provider === 'signalWire' ? 'spaceUrl' : 'baseUrl';
			const credentials = {
				...standIn.credentials,
				[address]: `http://127.0.0.1:${server.address().port}`,
			};
			const { items } = await stopAt({ ...standIn, credentials }, pairs(standIn, 1), {
				node: regular,
				options: { timeout: 600, maxRetries: 1 },
			});
			expect(items[0]).toMatchObject({ failure: 'unavailable', attempts: 2 });
			expect(items[0].error).toMatch(/gave no answer within 0\.6 s$/);
			// Not one that trickles on behind the node's back.
			await new Promise((done) => setTimeout(done, 200));
			expect(closedAfter).toHaveLength(2);
			server.closeAllConnections();
			await new Promise((done) => server.close(done));
		});
	},
);

describe('SignalWire: a 200 with a status other than stopped', () => {
	test.each([
		['in-progress', 'accepted', false],
		['queued', 'accepted', false],
		['stopped', 'stopped', true],
		['failed', 'failed', false],
		['STOPPED', 'failed', false],
		[true, 'failed', false],
	])('%s is %s', async (status, outcome, stopped) => {
		const item = await middleOne('signalWire', json({ sid: 'x', status }));
		expect(item).toMatchObject({ status: outcome, stopped });
	});
});

describe.each(PROVIDERS)('%s: a refusal is never a success, whatever its body says', (provider) => {
	const friendly = {
		api_id: 'x',
		status: 'stopped',
		message: 'Stream stopped successfully',
		streams_stopped: 1,
		stopped: true,
	};
	test.each([301, 307, 400, 401, 403, 404, 409, 422, 429, 500, 503])('%d', async (status) => {
		const fault = { status, body: friendly, headers: { Location: '/' } };
		const item = await middleOne(provider, fault, { options: { maxRetries: 0 } });
		expectPlainFailure(item);
		expect(item.statusCode).toBe(status);
	});
});

describe.each(PROVIDERS)('%s: a secret that the provider echoes', (provider) => {
	test.each(['continueRegularOutput', 'continueErrorOutput', 'stopWorkflow'])(
		'is in nothing that comes out (%s)',
		async (onError) => {
			const standIn = await start(provider);
			const { authId, authToken, projectId, apiToken } = standIn.credentials;
			const token = authToken ?? apiToken;
			const forms = [token, Buffer.from(`${authId ?? projectId}:${token}`).toString('base64')];
			const said = forms.join(' / ');
			const header = { 'X-Echo': said, 'X-Ratelimit-Reset': said, 'WWW-Authenticate': said };
			const faults = [
				{ status: 400, body: { api_id: said, error: said, code: 1, message: said } },
				{ status: 401, body: { error: { code: said, message: `bad token ${said}` } } },
				{ status: 404, body: said },
				{ status: 500, body: `${'long '.repeat(57)}${said}` },
				{ status: 429, body: { [token]: said, errors: [said] } },
				{ status: 200, body: { status: said, message: { deep: [said] } } },
				{
					status: 200,
					body: { sid: said, status: 'stopped', message: said, x: { [said]: [said] } },
				},
				{ status: 302, body: said, headers: { Location: `http://other.example/?${said}` } },
				{ reset: 'before' },
			];
			const all = pairs(standIn, faults.length + 2);
			standIn.fault = ({ path }) => {
				const at = all.findIndex(({ call }) => path.includes(call.id));
				const fault = faults[at];
				return fault && { ...fault, headers: { ...header, ...fault.headers } };
			};
			// Someone mapped the token into the wrong field.
			all[faults.length] = { call: { id: token }, stream: { id: token } };
			const run = await stopAt(standIn, all, {
				node: { onError },
				options: { includeResponse: true, maxRetries: 0 },
			});
			const { error } = run;
			const shown = [
				...Object.values(error ?? {}),
				error?.message,
				error?.description,
				error?.stack,
				error?.context,
				error?.cause,
				error?.cause?.stack,
				error?.messages,
				run.hints,
				run.outputs,
				run.runData,
			];
			const seen = new Set();
			const text = JSON.stringify(shown, (_, value) => {
				if (typeof value !== 'object' || value === null) return value;
				if (seen.has(value)) return undefined;
				seen.add(value);
				// Errors keep what they say in properties that JSON leaves out.
				return value instanceof Error
					? { ...value, message: value.message, stack: value.stack }
					: value;
			});
			// The wrong field is in the input, which n8n itself keeps beside the error output.
			const own =
				onError === 'continueErrorOutput'
					? text.replaceAll(`"call":"${token}"`, '').replaceAll(`"stream":"${token}"`, '')
					: text;
			expect(own).toContain(onError === 'stopWorkflow' ? 'Streams of this run' : '***');
			for (const form of forms) expect(own).not.toContain(form);
			// Nor the beginning of one, where a sentence was cut to length.
			expect(own).not.toContain(token.slice(0, 12));
		},
	);
});

test('a secret in the status line and in broken headers is in nothing that comes out', async () => {
	const plivo = await start('plivo');
	const { authToken } = plivo.credentials;
	const answers = [
		`HTTP/1.1 400 ${authToken}\r\nContent-Length: 0\r\n\r\n`,
		`HTTP/1.1 200 OK\r\n${authToken}\r\n\r\n`,
		`${authToken}\r\n\r\n`,
		`HTTP/1.1 302 Found\r\nLocation: ${authToken}\r\nContent-Length: 0\r\n\r\n`,
	];
	const server = createRawServer();
	let n = 0;
	server.on('connection', (socket) => {
		socket.on('error', () => undefined);
		socket.once('data', () => {
			socket.end(answers[n % answers.length]);
			n += 1;
		});
	});
	await new Promise((done) => server.listen(0, '127.0.0.1', done));
	const baseUrl = `http://127.0.0.1:${server.address().port}`;
	const standIn = { ...plivo, credentials: { ...plivo.credentials, baseUrl } };
	for (const onError of ['continueRegularOutput', 'stopWorkflow']) {
		n = 0;
		const run = await stopAt(standIn, pairs(plivo, answers.length), {
			node: { onError },
			options: { includeResponse: true, maxRetries: 0 },
		});
		if (onError === 'continueRegularOutput') {
			expect(run.items.map(({ status }) => status)).toEqual(answers.map(() => 'failed'));
		}
		const { message, description, stack, context } = run.error ?? {};
		const shown = JSON.stringify([run.outputs, run.runData, message, description, stack, context]);
		expect(shown).not.toContain(authToken);
	}
	await new Promise((done) => server.close(done));
});

test('an item that is answered with 10 MB does not hold up the others', async () => {
	const plivo = await start('plivo');
	const vobiz = await start('vobiz');
	plivo.fault = () => ({ status: 500, body: { error: 'no \n'.repeat(MB10 / 4) } });
	const items = [plivo, vobiz, vobiz, vobiz].map((standIn) => {
		const [{ call, stream }] = pairs(standIn, 1);
		return { provider: standIn.provider, call: call.id, stream: stream.id };
	});
	const run = await runNode({
		parameters: {
			provider: '={{ $json.provider }}',
			callId: '={{ $json.call }}',
			stream: '={{ $json.stream }}',
			options: { maxRetries: 0 },
		},
		items,
		credentials: { plivoBasicApi: plivo.credentials, vobizXAuthApi: vobiz.credentials },
		node: regular,
	});
	expect(run.items.map(({ status }) => status)).toEqual([
		'failed',
		'stopped',
		'stopped',
		'stopped',
	]);
	expectPlainFailure(run.items[0]);
});
