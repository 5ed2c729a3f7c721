import { ownForms } from '../forms.cts';
import { row, rows, type Row } from '../scenario.cts';
import type { Given } from '../types.cts';

/** The node's options, but for Confirm Stop. */

const WHEN = ['succeed', 'failIfLive', 'failIfNotFound', 'fail'];
// No call of these is shown as live: see the scenarios of what may still run.
const FAILS = {
	alreadyStopped: ['fail'],
	notFound: ['failIfNotFound', 'fail'],
};
type Nothing = keyof typeof FAILS;

/** The outcomes that mean nothing was left, each with an answer that means it. */
const nothingLeft = ({ alreadyStopped, notFound }: Partial<Record<Nothing, Given>>) => [
	...(alreadyStopped ? [{ status: 'alreadyStopped' as const, answer: alreadyStopped }] : []),
	...(notFound ? [{ status: 'notFound' as const, answer: notFound }] : []),
];

export const options: readonly Row[] = [
	row({
		name: 'Preview Only sends nothing and shows what the real stop then sends, without secrets',
		options: { preview: true, confirm: true },
		expected: () => ({
			status: 'preview',
			stopped: false,
			attempts: 0,
			statusCode: undefined,
			confirmed: undefined,
			runs: true,
		}),
		async check(c, { run }) {
			expect(c.standIn.requests).toEqual([]);
			const [{ request } = {}] = run.items;
			await c.run({ preview: false, confirm: false });
			expect(request).toEqual(c.stops().map((sent) => c.previewOf(sent))[0]);
		},
	}),
	row({
		name: 'Include Provider Response puts the answer into the output as it came',
		options: { includeResponse: true },
		arrange(c) {
			if (!c.all) c.targets = [c.ghost(c.target)];
			const { notFound } = c.column.answers;
			const body = {
				...(typeof notFound.body === 'object' && notFound.body),
				extra: { list: [1, null, 'ä'], deep: { a: true } },
			};
			c.answer({ ...notFound, body });
			return body;
		},
		expected: (c, _variant, body) => ({ ...c.missed, response: body }),
	}),
	row({
		name: 'without Include Provider Response the answer stays out of the output',
		expected: (c) => ({ ...c.says('stop'), response: undefined }),
	}),
	rows({
		name: 'a secret that the provider echoes is masked in sentence and response',
		variants: ownForms,
		options: { includeResponse: true },
		arrange(c, form) {
			const token = c.credentials[c.profile.token] ?? '';
			const pair = Buffer.from(`${c.credentials[c.profile.account.field]}:${token}`);
			const words = `Bad token ${token}, sent as Basic ${pair.toString('base64')}`;
			c.answer({ status: 422, body: { ...form(words), echo: [{ [token]: token }] } });
		},
		expected: () => ({
			failure: 'rejected',
			error: expect.stringContaining('Bad token ***, sent as Basic ***'),
			response: expect.objectContaining({ echo: [{ '***': '***' }] }),
		}),
	}),
	rows({
		name: 'If Nothing Is Left to Stop decides which outcomes are failures',
		variants: ({ answers }) =>
			Object.fromEntries(
				nothingLeft(answers).flatMap(({ status, answer }) =>
					WHEN.map((when) => [`${when}, ${status}`, { when, status, answer }]),
				),
			),
		options: (_c, { when }) => ({ whenNothingToStop: when }),
		arrange(c, { status, answer }) {
			if (status === 'notFound') c.targets = [c.ghost()];
			else c.end();
			c.answer(answer);
		},
		expected: (c, { when, status, answer }) => ({
			statusCode: answer.status,
			attempts: 1,
			...(status === 'notFound' && { callState: c.unknownCallState }),
			...(FAILS[status].includes(when)
				? {
						failure: 'nothingToStop' as const,
						error: expect.stringMatching(
							status === 'alreadyStopped'
								? `^Nothing was running: ${c.profile.displayName} (had nothing left to stop|shows that the \\w+ has ended)`
								: c.unknownCallState
									? `^${c.profile.displayName} shows no such ${c.noun} in this account`
									: `^${c.profile.displayName} does not know this call or stream`,
						),
					}
				: { status }),
		}),
	}),
	row({
		name: 'If Nothing Is Left to Stop does not concern a stop that had something to do',
		options: { whenNothingToStop: 'fail' },
		expected: (c) => ({ ...c.says('stop'), runs: false }),
	}),
];
