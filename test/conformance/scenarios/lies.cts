import { gzipSync } from 'node:zlib';
import type { Fault } from '../../lib/stand-ins/index.cts';
import { rows, type Row } from '../scenario.cts';
import type { Column, Profile } from '../types.cts';

/** Answers that say nothing of a stop, or say it without meaning it. */

const json = (body: unknown): Fault => ({ status: 200, body: JSON.stringify(body) });
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const encoded = (encoding: string, body: string | Buffer): Fault => ({
	status: 200,
	body,
	headers: { 'Content-Encoding': encoding },
});
const DEEP = 100_000;
const MB10 = 10 * 1_024 * 1_024;

const ODD: Record<string, Fault> = {
	blanks: { status: 200, body: ' \r\n ' },
	'bytes that are no text': { status: 200, body: Buffer.from([0, 255, 254, 128, 0, 13, 10]) },
	'half of a JSON text': { status: 200, body: '{"status": "stop' },
	'an image, it says': {
		status: 200,
		body: '{"status": "running"}',
		headers: { 'Content-Type': 'image/png' },
	},
	'a type that nobody knows': {
		status: 200,
		body: 'ok',
		headers: { 'Content-Type': 'x/y; charset=none' },
	},
	'a number': json(204),
	'a list': json([{ status: 'stopped' }]),
	true: json(true),
	'error as a text': json({ error: 'it runs on' }),
	'error as an object': json({ error: { code: 'RUNS', message: 'it runs on' } }),
	'error as a list': json({ error: ['it runs on', 'and on'] }),
	'error, deep inside': json({ error: { error: { error: [{ message: 'it runs on' }] } } }),
	'error as null': json({ error: null }),
	'errors as a list': json({ errors: [{ code: '1', message: 'it runs on' }] }),
	'prototype names': {
		status: 200,
		body: '{"__proto__": {"status": "stopped", "message": "stopped"}, "constructor": {"prototype": {"stopped": true}}, "toString": "stopped"}',
	},
	'a stream that runs, it says': json({ status: 'running' }),
	'a status that is no text': json({ status: { stopped: true } }),
	'a hundred thousand brackets': { status: 200, body: nested(DEEP) },
	'an error in a hundred thousand brackets': { status: 200, body: `{"error": ${nested(DEEP)}}` },
};

/** What takes time enough to be tried once for each provider. */
const BIG: Record<string, Fault> = {
	'10 MB of text': { status: 200, body: 'x'.repeat(MB10) },
	'10 MB of JSON': json({ filler: 'x'.repeat(MB10) }),
	'a compressed 10 MB': encoded('gzip', gzipSync('x'.repeat(MB10), { level: 1 })),
};

const isFirst = (column: Column, profile: Profile) => column === profile.columns[0];

const FRIENDLY = {
	api_id: 'x',
	status: 'stopped',
	message: 'Stream stopped successfully',
	streams_stopped: 1,
	stopped: true,
};

export const lies: readonly Row[] = [
	rows<Fault>({
		name: 'a 200 that says nothing of a stop is unreadable',
		variants: (column, profile) => ({ ...ODD, ...(isFirst(column, profile) && BIG) }),
		arrange: (c, fault) => c.answer(fault),
		expected: () => ({ failure: 'unreadable', statusCode: 200, runs: true }),
		check() {
			expect(Object.prototype).not.toHaveProperty('status');
			expect(Object.prototype).not.toHaveProperty('stopped');
		},
	}),
	rows<Fault>({
		name: 'an answer that cannot be unpacked is no stop',
		variants: () => ({
			'junk for gzip': encoded('gzip', 'not compressed at all'),
			'junk for brotli': encoded('br', 'not compressed at all'),
			'junk for deflate': encoded('deflate', 'not compressed at all'),
			'half of a compressed text': encoded(
				'gzip',
				gzipSync('{"status":"stopped"}'.repeat(99)).subarray(0, 40),
			),
		}),
		arrange: (c, fault) => c.answer(fault),
		expected: () => ({ failure: expect.stringMatching(/^(unreadable|unavailable)$/), runs: true }),
	}),
	rows<string>({
		name: 'a body without end is not put into the output',
		variants: () => ({
			brackets: nested(DEEP),
			'brackets in an object': `{"message": "on", "more": ${nested(DEEP)}}`,
		}),
		options: { includeResponse: true },
		arrange: (c, body) => c.answer({ status: 200, body }),
		expected: () => ({ failure: expect.any(String), runs: true }),
		check: (_c, { run }) => expect(JSON.stringify(run.items).length).toBeLessThan(10_000),
	}),
	rows<undefined, { opened: number; closed: number }>({
		name: 'bytes that trickle in: it ends at the timeout, and its connection too',
		// Not beside the others that wait: a busy process would not get to it in its time.
		variants: (column, profile) => (isFirst(column, profile) ? { '': undefined } : {}),
		unreached: true,
		options: { timeout: 1_000 },
		async arrange(c) {
			const connections = { opened: 0, closed: 0 };
			const { url } = await c.listen((_request, response) => {
				connections.opened += 1;
				response.writeHead(200, { 'Content-Type': 'application/json' });
				const trickle = setInterval(() => response.write(' '), 100);
				response.on('close', () => {
					clearInterval(trickle);
					connections.closed += 1;
				});
			});
			c.credentials[c.profile.address.field] = url;
			return connections;
		},
		expected: () => ({
			failure: 'unavailable',
			attempts: 1,
			error: expect.stringMatching(/gave no answer within 1 s$/),
			runs: true,
		}),
		async check(_c, { made: connections }) {
			// Not one that trickles on behind the node's back: that would not end by itself.
			for (let n = 0; connections.closed < connections.opened && n < 100; n += 1) {
				await new Promise((resolve) => setTimeout(resolve, 20));
			}
			// On a busy machine a second's time may be up before it has arrived.
			expect(connections.opened).toBeGreaterThan(0);
			expect(connections.closed).toBe(connections.opened);
		},
	}),
	rows({
		name: 'a refusal is never a success, whatever its body says',
		variants: () =>
			Object.fromEntries(
				[301, 307, 400, 401, 403, 404, 409, 422, 429, 500, 503].map((status) => [status, status]),
			),
		arrange: (c, status) => c.answer({ status, body: FRIENDLY, headers: { Location: '/' } }),
		expected: (_c, status) => ({ failure: expect.any(String), statusCode: status, runs: true }),
	}),
];
