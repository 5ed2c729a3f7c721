// What a provider echoes in bodies, headers and status lines, and what stands beside an event: no secret comes out of
// the node.

import { createServer } from 'node:net';
import { inspect } from 'node:util';
import type { IDataObject } from 'n8n-workflow';
import { providers, type Fault } from '../lib/stand-ins/index.cts';
import { formsOf, secretsIn } from '../lib/stand-ins/secrets.cts';
import { runNode, type NodeRunResult } from '../lib/engine.cts';
import { providerOf } from '../lib/providerOf.cts';
import { listenOn } from '../lib/listenOn.cts';
import { opened, start } from '../lib/opened.cts';
import { credentialsOf, lives, stopItems, stopLives } from '../lib/stops.cts';

const WHOLE = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity } as const;

/** Everything that comes out of a run, what errors hide included. */
const shown = (run: NodeRunResult) =>
	JSON.stringify(run) + inspect(run, { ...WHOLE, showHidden: true });

/** The node looks for what URLs, headers, forms and JSON make of a secret, and not for these. */
const UNUSUAL = /hex|reversed|HTML/;

const MODES = ['continueRegularOutput', 'continueErrorOutput', 'stopWorkflow'] as const;

describe.each(providers)('%s: a secret that the provider echoes', (provider) => {
	test.each(MODES)('is in nothing that comes out, in no form (%s)', async (onError) => {
		const standIn = await start(provider);
		const { credential } = providerOf(provider);
		const token = standIn.credentials[credential.token.name] ?? '';
		const id = standIn.credentials[credential.id.name] ?? '';
		const said = [token, Buffer.from(`${id}:${token}`).toString('base64')].join(' / ');
		const headers = { 'X-Echo': said, 'X-Ratelimit-Reset': said, 'WWW-Authenticate': said };
		const faults: Fault[] = [
			{ status: 400, body: { api_id: said, error: said, code: 1, message: said } },
			{ status: 401, body: { error: { code: said, message: `bad token ${said}` } } },
			{ status: 404, body: said },
			{ status: 500, body: `${'long '.repeat(57)}${said}` },
			{ status: 429, body: { [token]: said, errors: [said] } },
			{ status: 200, body: { status: said, message: { deep: [said] } } },
			{ status: 200, body: { sid: said, status: 'stopped', message: said, x: { [said]: [said] } } },
			{ status: 302, body: said, headers: { Location: `http://other.example/?${said}` } },
			{ reset: 'before' },
			// Each form on its own, so that none is found in the place of another.
			...formsOf(token, id)
				.filter(({ form }) => !UNUSUAL.test(form))
				.map(({ text }) => ({ status: 422, body: { error: text, message: text, [text]: text } })),
		];
		const all = lives(standIn, faults.length + 1);
		standIn.fault = ({ path }) => {
			const at = all.findIndex(({ call }) => path.includes(call.id));
			const fault = faults[at];
			return fault && { ...fault, headers: { ...headers, ...fault.headers } };
		};
		const run = await stopItems(
			standIn,
			// Someone mapped the token into the wrong field, where n8n itself would keep the input.
			[
				...all.map(({ item }) => item),
				...(onError === 'continueErrorOutput' ? [] : [{ call: token, stream: token }]),
			],
			{ node: { onError }, options: { includeResponse: true, maxRetries: 0 } },
		);
		const text = shown(run);
		expect(text).toContain(onError === 'stopWorkflow' ? 'streams in this run' : '***');
		expect(secretsIn(text, standIn.secrets, id)).toEqual([]);
	});
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
	let n = 0;
	const server = createServer((socket) => {
		socket.on('error', () => undefined);
		socket.once('data', () => {
			socket.end(answers[n % answers.length] ?? '');
			n += 1;
		});
	});
	const { url: baseUrl } = opened(await listenOn(server));
	for (const onError of MODES) {
		n = 0;
		const run = await stopLives(plivo, lives(plivo, answers.length), {
			credentials: { plivoBasicApi: { ...plivo.credentials, baseUrl } },
			node: { onError },
			options: { includeResponse: true, maxRetries: 0 },
		});
		if (onError === 'continueRegularOutput') {
			expect(run.items.map(({ status }) => status)).toEqual(answers.map(() => 'failed'));
		}
		expect(secretsIn(shown(run), plivo.secrets)).toEqual([]);
	}
});

const webhook = (body: IDataObject) => ({
	headers: { authorization: 'Bearer example-secret-of-the-webhook', 'x-token': 'example-secret' },
	params: {},
	query: { token: 'example-secret-in-the-query' },
	body,
});

test.each(['continueRegularOutput', 'stopWorkflow'] as const)(
	'no other part of an event gets into the output, the messages or the request with onError %s',
	async (onError) => {
		const standIn = await start('plivo');
		const stream = standIn.startStream(standIn.addCall().id);
		const result = await runNode({
			parameters: { provider: 'plivo', source: 'event', options: { includeResponse: true } },
			items: [
				webhook(standIn.callback('StopStream', stream).body as IDataObject),
				webhook({ CallUUID: 'c', note: 'example-secret-in-the-body' }),
				webhook({ note: 'example-secret-in-the-body' }),
			],
			credentials: credentialsOf(standIn),
			node: { onError },
		});
		const { message, description, context, stack } = result.error ?? {};
		const shown = [result.outputs, result.hints, message, description, context, stack];
		expect(JSON.stringify(shown)).not.toContain('example-secret');
		expect(JSON.stringify(standIn.requests)).not.toContain('example-secret');
	},
);
