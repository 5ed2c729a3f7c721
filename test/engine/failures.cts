// How a failure reaches n8n: what the conformance table says of one item, here of a whole output. In either engine.

import { live, lives, pairs } from '../lib/lives.cts';
import type { Engine } from '../lib/nodeRun.cts';
import { start } from '../lib/opened.cts';
import { judgeFailure } from '../conformance/judge.cts';
import { stopsIn } from '../lib/stopsIn.cts';

const CREDENTIAL = {
	error: 'Plivo rejected this credential (403): “No access”',
	message:
		"Check 'Auth ID' and 'Auth Token' in the credential, and that the call belongs to that account or subaccount. " +
		'If the account has an IP whitelist (Plivo: Account → IP Whitelisting), it must hold the IP address that n8n calls from.',
};
const EMPTY = {
	error: "'Call UUID' is empty",
	message: "Fill in 'Call UUID', or check the expression that fills it.",
};

/** n8n's own word for why a node failed. */
const causeOf = (error: unknown): unknown =>
	typeof error === 'object' && error !== null && 'failure' in error
		? (error.failure as { cause?: unknown } | undefined)?.cause
		: undefined;

export function failures(engine: Engine): void {
	const { stopItems, stopLives } = stopsIn(async (run) => await engine.run(run));

	describe('where the node stops at a failure', () => {
		it('a message stays ours also where n8n knows a code in it', async () => {
			const standIn = await start('plivo');
			standIn.fault = () => ({ reset: 'before' });
			const { error } = await stopLives(standIn, lives(standIn, 1), { options: { maxRetries: 0 } });
			expect(error?.message).toBe('The connection to Plivo broke before it answered (ECONNRESET)');
			expect(error).not.toMatchObject({ httpCode: 'undefined' });
			expect(error?.context.failure).toBe('unavailable');
		});

		it("a provider's word 'canceled' does not make n8n list the execution as canceled", async () => {
			const standIn = await start('plivo');
			standIn.fault = () => ({
				status: 422,
				body: { api_id: 'x', error: 'The call was canceled' },
			});
			const { error } = await stopLives(standIn, lives(standIn, 1));
			expect(error?.message).toBe('Plivo refused the request (422): “The call was cancelled”');
		});

		it('what was never sent is an error of the node, and what was is one of the API', async () => {
			const standIn = await start('plivo');
			const { error: unsent } = await stopLives(standIn, lives(standIn, 1), { credentials: {} });
			expect([unsent?.name, unsent?.context.failure]).toEqual([
				'NodeOperationError',
				'credentials',
			]);
			standIn.fault = () => ({ status: 401 });
			const { error: sent } = await stopLives(standIn, lives(standIn, 1));
			expect([sent?.name, sent?.context.failure]).toEqual(['NodeApiError', 'credentials']);
		});

		it('a Check Event that fails speaks of its own event alone', async () => {
			const standIn = await start('plivo');
			const { error } = await stopItems(standIn, [{ body: {} }], {
				parameters: { operation: 'checkEvent', requireSignature: false },
			});
			expect(error?.name).toBe('NodeOperationError');
			judgeFailure({ error: error?.message, message: error?.description ?? '' });
		});

		it('n8n gets its own word for the cause, where it has one', async () => {
			const causes: Array<[fault: object, ours: string, n8ns: string | undefined]> = [
				[{ status: 403 }, 'credentials', 'credential-invalid'],
				[{ status: 429, headers: { 'Retry-After': '99' } }, 'rateLimit', 'rate-limited'],
				[{ status: 503 }, 'unavailable', 'temporarily-unavailable'],
				[{ status: 422, body: { api_id: 'x', error: 'no' } }, 'rejected', undefined],
				[{ status: 200, body: 'ok' }, 'unreadable', undefined],
			];
			for (const [fault, ours, n8ns] of causes) {
				const standIn = await start('plivo');
				standIn.fault = () => fault;
				const { error } = await stopLives(standIn, lives(standIn, 1), {
					options: { maxRetries: 0 },
				});
				expect([ours, error?.context.failure, causeOf(error)]).toEqual([ours, ours, n8ns]);
			}
			const standIn = await start('plivo');
			const { error } = await stopItems(standIn, [{ call: '', stream: '' }]);
			expect([error?.context.failure, causeOf(error)]).toEqual(['input', 'configuration-invalid']);
		});
	});

	describe('an error workflow, which sees the error alone', () => {
		it('is told of a conference, and of no call where there is none', async () => {
			const standIn = await start('signalWire');
			standIn.fault = () => ({ status: 503 });
			const { error } = await stopItems(standIn, [{}], {
				parameters: { streamBy: 'conferenceSid', conferenceSid: 'room-1', stream: 'stream-1' },
				options: { maxRetries: 0 },
			});
			expect(error?.context).toMatchObject({ conferenceSid: 'room-1', stream: 'stream-1' });
			expect(error?.context).not.toHaveProperty('callId');
			expect(error?.description).toContain('This is about conference room-1, stream stream-1.');
		});

		it('is told of an id that would break a line in one line', async () => {
			const standIn = await start('plivo');
			standIn.fault = () => ({ status: 503 });
			const { error } = await stopItems(standIn, [{ call: 'a\nb\u0007c', stream: 's' }], {
				options: { maxRetries: 0 },
			});
			expect(error?.description).toContain('This is about call a b c, stream s.');
		});
	});

	describe("n8n's continue modes", () => {
		const mixed = async () => {
			const standIn = await start('plivo');
			const [good, late] = [live(standIn), live(standIn)];
			const input = [good.item, { call: '', stream: 'x', lead: 'Ann' }, late.item];
			standIn.fault = ({ path }) =>
				path.includes(late.stream.id) ? { status: 403, body: { error: 'No access' } } : undefined;
			return { standIn, input, good: good.item, late: late.item };
		};

		it('keep a failed item in its place on the regular output, with what is known and no more', async () => {
			const { standIn, input, good, late } = await mixed();
			const { outputs, error } = await stopItems(standIn, input, {
				node: { onError: 'continueRegularOutput' },
			});
			expect(error).toBeUndefined();
			expect(pairs(outputs[0])).toEqual([0, 1, 2]);
			const about = { provider: 'plivo', operation: 'stopStream' };
			expect(outputs[0]?.map(({ json }) => json)).toEqual([
				{
					...about,
					callId: good.call,
					stream: good.stream,
					status: 'stopped',
					stopped: true,
					statusCode: 204,
					attempts: 1,
				},
				{
					...about,
					callId: '',
					stream: 'x',
					status: 'failed',
					stopped: false,
					failure: 'input',
					...EMPTY,
				},
				{
					...about,
					callId: late.call,
					stream: late.stream,
					status: 'failed',
					stopped: false,
					failure: 'credentials',
					...CREDENTIAL,
					statusCode: 403,
					attempts: 1,
				},
			]);
		});

		it("send a failed item to the error output with both sentences and the input's own fields", async () => {
			const { standIn, input, late } = await mixed();
			const { outputs, error } = await stopItems(standIn, input, {
				node: { onError: 'continueErrorOutput' },
			});
			expect(error).toBeUndefined();
			expect(pairs(outputs[0])).toEqual([0]);
			expect(outputs[1]?.map(({ json }) => json)).toEqual([
				{ ...input[1], ...EMPTY, message: `${EMPTY.message} This is about stream x.` },
				{
					...input[2],
					...CREDENTIAL,
					message: `${CREDENTIAL.message} This is about call ${late.call}, stream ${late.stream}.`,
				},
			]);
		});

		it("never take a success for a failure, whatever the provider's body holds", async () => {
			const standIn = await start('vobiz', { generation: 'old' });
			const { outputs } = await stopLives(standIn, [live(standIn)], {
				options: { includeResponse: true },
				node: { onError: 'continueErrorOutput' },
			});
			expect(outputs[0]).toMatchObject([
				{ json: { status: 'stopped', response: { message: 'Stream stopped successfully' } } },
			]);
			expect(outputs[1]).toEqual([]);
		});
	});
}
