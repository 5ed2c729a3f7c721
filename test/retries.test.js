'use strict';

const { createServer } = require('node:http');
const { startStandIn } = require('./stand-ins');
const { opened, start } = require('./support/opened');
const { pairs, stopAt } = require('./support/stops');

const PROVIDERS = ['plivo', 'signalWire', 'vobiz'];

describe('a cancelled execution', () => {
	test('stops sending within 100 ms, in the middle of many waits', async () => {
		const plivo = await start('plivo');
		plivo.fault = (_, n) =>
			n % 2 === 0 ? { status: 503, headers: { 'Retry-After': '20' } } : { stallMs: 20_000 };
		let cancel;
		const running = stopAt(plivo, pairs(plivo, 50), { onStart: (one) => (cancel = one) });
		while (plivo.requests.length < 50) await new Promise((done) => setTimeout(done, 5));
		cancel();
		const cancelledAt = Date.now();
		await running;
		expect(Date.now() - cancelledAt).toBeLessThan(5_000);
		await new Promise((done) => setTimeout(done, 500));
		for (const { at } of plivo.requests) expect(at).toBeLessThanOrEqual(cancelledAt + 100);
		expect(plivo.requests).toHaveLength(50);
	});
});

describe('over real connections', () => {
	const byName = (signalWire, name) => ({
		streamBy: 'name',
		cxmlUrl: signalWire.bin('<Response><Stop><Stream name="{{STREAMNAME}}"/></Stop></Response>'),
		stream: name,
	});

	test.each([
		['a connection that broke after the effect', { reset: 'after' }],
		['no answer in time', { stallMs: 3_000 }],
		['503', { status: 503 }],
		['an answer that was cut off', { truncate: true }],
		[
			'an answer that cannot be read',
			{ body: 'not compressed at all', headers: { 'Content-Encoding': 'gzip' } },
		],
	])(
		'by name: one request after %s, and the item says that SignalWire may have taken it',
		async (_, fault) => {
			const signalWire = await start('signalWire');
			signalWire.fault = () => fault;
			const [pair] = pairs(signalWire, 1);
			const run = await stopAt(signalWire, [pair], {
				parameters: byName(signalWire, pair.stream.name),
				options: { timeout: 1_000 },
				node: { onError: 'continueRegularOutput' },
			});
			expect(signalWire.requests).toHaveLength(1);
			expect(run.items[0]).toMatchObject({ status: 'failed', stopped: false, attempts: 1 });
			expect(run.items[0].error).toMatch(/^SignalWire may or may not have taken the request \(/);
		},
	);

	test('by name: sent again after a 429, and taken', async () => {
		const signalWire = await start('signalWire');
		signalWire.fault = (_, n) => (n === 1 ? { status: 429 } : undefined);
		const [pair] = pairs(signalWire, 1);
		const run = await stopAt(signalWire, [pair], {
			parameters: byName(signalWire, pair.stream.name),
		});
		expect(run.items[0]).toMatchObject({ status: 'accepted', attempts: 2 });
		await signalWire.settled();
		expect(pair.stream.running).toBe(false);
	});

	test('by name: sent again where nobody listened', async () => {
		const signalWire = await startStandIn('signalWire');
		const parameters = byName(signalWire, 'transcript');
		const [pair] = pairs(signalWire, 1);
		await signalWire.close();
		const run = await stopAt(signalWire, [pair], {
			parameters,
			options: { maxRetries: 2 },
			node: { onError: 'continueRegularOutput' },
		});
		expect(run.items[0]).toMatchObject({ failure: 'unavailable', attempts: 3 });
		expect(run.items[0].error).toBe('SignalWire could not be reached (ECONNREFUSED)');
	});

	test.each(PROVIDERS)('%s: 401 is sent once', async (provider) => {
		const standIn = await start(provider);
		standIn.fault = () => ({ status: 401, headers: { 'Retry-After': '1' } });
		const run = await stopAt(standIn, pairs(standIn, 1));
		expect(run.error.context.failure).toBe('credentials');
		expect(standIn.requests).toHaveLength(1);
	});

	describe.each(PROVIDERS)('%s', (provider) => {
		test.each([301, 302, 303, 307, 308])(
			'a redirect to another host with %d: nothing reaches it, no credential either',
			async (status) => {
				const reached = [];
				const other = createServer((request, response) => {
					reached.push(request.headers);
					response.writeHead(204).end();
				});
				await new Promise((done) => other.listen(0, '127.0.0.1', done));
				opened({ close: () => new Promise((done) => other.close(done)) });
				const standIn = await start(provider);
				const [pair] = pairs(standIn, 1);
				// Another name of this machine is another host.
				standIn.fault = ({ path }) => ({
					status,
					headers: { Location: `http://localhost:${other.address().port}${path}` },
				});
				const run = await stopAt(standIn, [pair], { options: { confirm: true } });
				expect(run.error.message).toContain(`answered with a redirect (${status})`);
				expect(reached).toEqual([]);
				expect(standIn.requests).toHaveLength(1);
				expect(pair.stream.running).toBe(true);
			},
		);

		test.each([
			['a connection that broke after the effect', { reset: 'after' }],
			['no answer in time', { stallMs: 1_500 }],
			['503 after the effect', { status: 503, afterEffect: true }],
			['an answer that was cut off', { truncate: true }],
		])("after %s, 'fail' does not complain of what the node itself has done", async (_, fault) => {
			const standIn = await start(provider);
			standIn.fault = (__, n) => (n === 1 ? fault : undefined);
			const [pair] = pairs(standIn, 1);
			const run = await stopAt(standIn, [pair], {
				options: { whenNothingToStop: 'fail', timeout: 700 },
			});
			expect(run.error).toBeUndefined();
			expect(['alreadyStopped', 'notFound']).toContain(run.items[0].status);
			expect(run.items[0].attempts).toBe(2);
			expect(pair.stream.running).toBe(false);
		});
	});

	test.each(['plivo', 'vobiz'])(
		'%s: the reads of Confirm Stop are sent again too',
		async (provider) => {
			const standIn = await start(provider);
			let reads = 0;
			standIn.fault = ({ method }) => {
				if (method !== 'GET') return undefined;
				reads += 1;
				return [{ status: 503 }, { reset: 'before' }, undefined][reads - 1];
			};
			const run = await stopAt(standIn, pairs(standIn, 1), { options: { confirm: true } });
			expect(run.items[0]).toMatchObject({ status: 'stopped', confirmed: true, attempts: 1 });
			expect(reads).toBe(3);
		},
	);

	test.each(['plivo', 'vobiz'])(
		'%s: a read of Confirm Stop that gets 401 is sent once',
		async (provider) => {
			const standIn = await start(provider);
			standIn.fault = ({ method }) => (method === 'GET' ? { status: 401 } : undefined);
			const run = await stopAt(standIn, pairs(standIn, 1), { options: { confirm: true } });
			expect(run.items[0]).toMatchObject({ status: 'stopped', confirmed: false });
			expect(standIn.requests).toHaveLength(2);
		},
	);

	test.each([429, 503])('a Retry-After of more than 30 s is told, with %d', async (status) => {
		const plivo = await start('plivo');
		plivo.fault = () => ({ status, headers: { 'Retry-After': '300' } });
		const run = await stopAt(plivo, pairs(plivo, 1));
		expect(run.error.message).toMatch(/^Plivo asks to wait 300 s before the next request/);
		expect(run.error.context.failure).toBe(status === 429 ? 'rateLimit' : 'unavailable');
		expect(plivo.requests).toHaveLength(1);
	});
});
