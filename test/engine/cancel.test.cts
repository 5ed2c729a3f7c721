// A cancelled execution: nothing is sent any more, and no wait is sat out.

import type { ClientRequest } from 'node:http';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { setTimeout as delay } from 'node:timers/promises';
import type { IDataObject } from 'n8n-workflow';
import { start } from '../lib/opened.cts';
import { providers } from '../lib/stand-ins/index.cts';
import { lives, stopItems, stopLives, type Run, type RunningStandIn } from '../lib/stops.cts';

/**
 * Cancels when so many requests have come in and a little later, watches for what is still sent, and
 * counts what was sent too late. The time counts at which a request leaves: on a busy machine, one that
 * left in time may arrive later.
 */
async function cancelled(
	standIn: RunningStandIn,
	items: IDataObject[],
	{ atRequest, thenMs = 0, ...run }: Run & { atRequest: number; thenMs?: number },
) {
	const sent: number[] = [];
	const note = (message: unknown) => {
		const { request } = message as { request: ClientRequest };
		if (`http://${String(request.getHeader('host'))}` === standIn.url) sent.push(Date.now());
	};
	subscribe('http.client.request.start', note);
	const { fault } = standIn;
	const seen = new Promise<void>((resolve) => {
		standIn.fault = (request, n) => {
			if (n === atRequest) resolve();
			return fault(request, n);
		};
	});
	let cancelledAt = NaN;
	const result = await stopItems(standIn, items, {
		...run,
		onStart: (cancel) =>
			void seen
				.then(() => delay(thenMs))
				.then(() => {
					cancelledAt = Date.now();
					cancel();
				}),
	});
	const tookMs = Date.now() - cancelledAt;
	await delay(400);
	unsubscribe('http.client.request.start', note);
	const late = sent.filter((at) => at > cancelledAt + 100).length;
	return { status: result.status, sent: sent.length, late, tookMs };
}

const itemsOf = (standIn: RunningStandIn, count: number) =>
	lives(standIn, count).map(({ item }) => item);

describe('a cancelled execution', () => {
	it.each(providers)(
		'stops sending within 100 ms: 200 items, two at a time (%s)',
		async (provider) => {
			const standIn = await start(provider, { delayMs: 60 });
			const { sent, late, status } = await cancelled(standIn, itemsOf(standIn, 200), {
				atRequest: 7,
				options: { maxConcurrency: 2 },
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
		// All five leave before the first answer: it would hold back the others.
		const standIn = await start('vobiz', { delayMs: 500 });
		standIn.fault = () => fault;
		const { tookMs, ...rest } = await cancelled(standIn, itemsOf(standIn, 5), {
			atRequest: 5,
			thenMs: 900,
			options: { maxRetries: 10 },
		});
		expect(rest).toEqual({ sent: 5, late: 0, status: 'canceled' });
		expect(tookMs).toBeLessThan(5_000);
	});

	it('ends at once where some wait for an answer and others for their next attempt', async () => {
		const standIn = await start('plivo');
		standIn.fault = (_request, n) =>
			n % 2 === 0 ? { status: 503, headers: { 'Retry-After': '20' } } : { stallMs: 20_000 };
		const { tookMs, ...rest } = await cancelled(standIn, itemsOf(standIn, 50), { atRequest: 50 });
		expect(rest).toEqual({ sent: 50, late: 0, status: 'canceled' });
		expect(tookMs).toBeLessThan(5_000);
	});

	it('is told from one whose item or provider only quotes the word', async () => {
		const standIn = await start('plivo');
		standIn.fault = () => ({ status: 400, body: { api_id: 'a', error: 'the call was canceled' } });
		const quoting = await stopLives(standIn, lives(standIn, 1));
		expect(quoting.status).toBe('error');
		expect(quoting.error?.message).toBe(
			'Plivo refused the request (400): “the call was cancelled”',
		);
		const named = await stopLives(standIn, lives(standIn, 1), {
			parameters: { provider: 'canceled' },
		});
		expect(named.status).toBe('error');
	});

	it('gives up a request that the provider does not answer', async () => {
		const standIn = await start('plivo', { delayMs: 20_000 });
		const { tookMs, ...rest } = await cancelled(standIn, itemsOf(standIn, 2), { atRequest: 2 });
		expect(rest).toEqual({ sent: 2, late: 0, status: 'canceled' });
		expect(tookMs).toBeLessThan(5_000);
	});
});
