import type { Fault } from '../../lib/stand-ins/index.cts';
import type { Case } from '../case.cts';
import { row, rows, type Row } from '../scenario.cts';
import type { Expected } from '../types.cts';

/** What becomes of a stop when the way to the provider, or back, breaks. */

/** A document may have been taken although no answer came, and is not sent again. */
const unknownEffect = (c: Case, usual: string): Expected => ({
	failure: 'unavailable',
	statusCode: undefined,
	error: expect.stringMatching(
		c.column.byDocument
			? `^It is not known whether ${c.profile.displayName} acted on the request`
			: usual,
	),
});

export const network: readonly Row[] = [
	row({
		name: 'a provider that nobody listens for is not reached',
		unreached: true,
		arrange(c) {
			c.credentials[c.profile.address.field] = c.deadAddress;
		},
		expected: (c) => ({
			failure: 'unavailable',
			statusCode: undefined,
			attempts: 1,
			error: `${c.profile.displayName} could not be reached (ECONNREFUSED)`,
			runs: true,
		}),
	}),
	row({
		name: 'a connection that is reset before the effect',
		arrange: (c) => c.answer({ reset: 'before' }),
		expected: (c) => ({ ...unknownEffect(c, 'broke before it answered'), runs: true }),
	}),
	row({
		name: 'a connection that is reset after the effect is not called a stop',
		arrange: (c) => c.answer({ reset: 'after' }),
		expected: (c) => ({ ...unknownEffect(c, 'broke before it answered'), runs: false }),
	}),
	row({
		name: 'no answer in time, before the effect',
		slow: true,
		options: { timeout: 3_000 },
		arrange: (c) => c.answer({ reset: 'before', delayMs: 10_000 }),
		expected: (c) => ({ ...unknownEffect(c, 'gave no answer within 3 s'), runs: true }),
	}),
	row({
		name: 'no answer in time, after the effect, is not called a stop',
		slow: true,
		options: { timeout: 3_000 },
		arrange: (c) => c.answer({ stallMs: 10_000 }),
		expected: (c) => ({ ...unknownEffect(c, 'gave no answer within 3 s'), runs: false }),
	}),
	row({
		name: 'an answer that is cut off is not called a stop',
		arrange: (c) => c.answer({ truncate: true }),
		expected: (c) => ({ ...unknownEffect(c, 'broke before it answered'), runs: false }),
	}),
	row({
		name: 'an answer that claims to be compressed and is not',
		arrange: (c) =>
			c.answer({ status: 200, body: 'no gzip', headers: { 'Content-Encoding': 'gzip' } }),
		expected: () => ({ failure: expect.stringMatching(/^(unreadable|unavailable)$/), runs: true }),
	}),
	rows<Fault>({
		name: 'a lost attempt is sent again, and the next one stops the stream',
		slow: true,
		needs: ['repeat'],
		variants: () => ({
			'reset before the effect': { reset: 'before' },
			'503 in HTML': { status: 503, body: '<html>later</html>' },
			500: { status: 500, body: '' },
		}),
		options: { maxRetries: 1 },
		arrange: (c, fault) => c.answer(fault, 1),
		expected: (c) => ({ ...c.says('stop'), attempts: 2, runs: false }),
	}),
	row({
		name: 'what was surely not delivered is sent again, a document too',
		slow: true,
		unreached: true,
		options: { maxRetries: 1 },
		arrange(c) {
			c.credentials[c.profile.address.field] = c.deadAddress;
		},
		expected: (c) => ({
			failure: 'unavailable',
			attempts: 2,
			error: `${c.profile.displayName} could not be reached (ECONNREFUSED)`,
			runs: true,
		}),
	}),
	row({
		name: 'no more attempts than Max Retries allows',
		slow: true,
		needs: ['repeat'],
		options: { maxRetries: 1 },
		arrange: (c) => c.answer({ status: 503, body: '' }),
		expected: () => ({ failure: 'unavailable', statusCode: 503, attempts: 2, runs: true }),
	}),
	row({
		name: 'a 429 is waited out and sent again',
		slow: true,
		options: { maxRetries: 1 },
		arrange: (c) => c.answer({ status: 429, body: '', headers: { 'Retry-After': '0' } }, 1),
		expected: (c) => ({ ...c.says('stop'), attempts: 2, runs: false }),
	}),
	rows<number>({
		name: 'a Retry-After that is longer than the node waits is told at once',
		variants: () => ({ 429: 429, 503: 503 }),
		options: { maxRetries: 3 },
		arrange: (c, status) => c.answer({ status, body: '', headers: { 'Retry-After': '60' } }),
		expected: (c, status) => ({
			failure: status === 429 ? 'rateLimit' : 'unavailable',
			statusCode: status,
			attempts: 1,
			error: expect.stringMatching(
				status === 503 && c.column.byDocument
					? `^It is not known whether ${c.profile.displayName} acted on the request`
					: `^${c.profile.displayName} asks to wait 60 s before the next request$`,
			),
			runs: true,
		}),
	}),
	rows<Fault>({
		name: 'what an attempt of unknown effect may have done is no news to complain of',
		slow: true,
		needs: ['repeat'],
		variants: () => ({
			'reset after the effect': { reset: 'after' },
			'no answer': { stallMs: 8_000 },
			'503 after the effect': { status: 503, afterEffect: true },
			'an answer that is cut off': { truncate: true },
		}),
		options: { maxRetries: 1, timeout: 4_000, whenNothingToStop: 'fail' },
		arrange: (c, fault) => c.answer(fault, 1),
		expected: (c) => ({ ...c.says('again'), attempts: 2, runs: false }),
	}),
	rows<Fault>({
		name: 'a document that may have been taken is not sent again',
		lacks: 'repeat',
		variants: () => ({
			'reset before the effect': { reset: 'before' },
			'no answer': { reset: 'before', delayMs: 8_000 },
			408: { status: 408, body: '' },
			500: { status: 500, body: '' },
			503: { status: 503, body: '<html>later</html>' },
			'an answer that cannot be read': {
				status: 200,
				body: 'not compressed at all',
				headers: { 'Content-Encoding': 'gzip' },
			},
		}),
		options: { maxRetries: 3, timeout: 2_000 },
		arrange: (c, fault) => c.answer(fault, 1),
		expected: (c) => ({
			failure: expect.stringMatching(/^(unavailable|unreadable)$/),
			attempts: 1,
			error: expect.stringMatching(
				`^It is not known whether ${c.profile.displayName} acted on the request`,
			),
			message: expect.stringContaining("'cXML URL'"),
			runs: true,
		}),
	}),
];
