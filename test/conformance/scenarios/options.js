'use strict';

/** The node's options, but for Confirm Stop. */

const WHEN = ['succeed', 'failIfNotFound', 'fail'];
const FAILS = {
	alreadyStopped: ['fail'],
	notFound: ['failIfNotFound', 'fail'],
};

module.exports = [
	{
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
		async check(c, _variant, run) {
			expect(c.standIn.requests).toEqual([]);
			const [{ request }] = run.items;
			expect(Object.keys(request.headers).map((name) => name.toLowerCase())).not.toContain(
				'authorization',
			);
			await c.run({ preview: false, confirm: false });
			const [sent] = c.stops();
			const { body = '' } = request;
			expect({
				method: sent.method,
				url: `${c.standIn.url}${sent.path}`,
				accept: sent.headers.accept,
				type: sent.headers['content-type'],
				body: sent.body,
			}).toEqual({
				method: request.method,
				url: request.url,
				accept: request.headers.Accept,
				type: request.headers['Content-Type'],
				body: typeof body === 'string' ? body : JSON.stringify(body),
			});
		},
	},
	{
		name: 'Include Provider Response puts the answer into the output as it came',
		options: { includeResponse: true },
		arrange(c) {
			const { notFound } = c.way.answers;
			c.sent = { ...notFound.body, extra: { list: [1, null, 'ä'], deep: { a: true } } };
			c.answer({ ...notFound, body: c.sent });
		},
		expected: (c) => ({ status: 'notFound', response: c.sent }),
	},
	{
		name: 'without Include Provider Response the answer stays out of the output',
		expected: (c) => ({ ...c.way.says.stop, response: undefined }),
	},
	{
		name: 'a secret that the provider echoes is masked in sentence and response',
		variants: (way, profile) => ({ ...(way.own ?? profile.own) }),
		options: { includeResponse: true },
		arrange(c, form) {
			const token = c.credentials[c.profile.token];
			const pair = Buffer.from(`${c.credentials[c.profile.account.field]}:${token}`);
			const words = `Bad token ${token}, sent as Basic ${pair.toString('base64')}`;
			c.answer({ status: 422, body: { ...form(words), echo: [{ [token]: token }] } });
		},
		expected: () => ({
			failure: 'rejected',
			error: expect.stringContaining('Bad token ***, sent as Basic ***'),
			response: expect.objectContaining({ echo: [{ '***': '***' }] }),
		}),
	},
	{
		name: 'If Nothing Is Left to Stop decides which outcomes are failures',
		variants: ({ answers }) =>
			Object.fromEntries(
				Object.entries(answers).flatMap(([status, answer]) =>
					WHEN.map((when) => [`${when}, ${status}`, { when, status, answer }]),
				),
			),
		options: (_c, { when }) => ({ whenNothingToStop: when }),
		arrange(c, { answer }) {
			c.standIn.endCall(c.call.id);
			c.answer(answer);
		},
		expected: (c, { when, status, answer }) => ({
			statusCode: answer.status,
			attempts: 1,
			...(FAILS[status].includes(when)
				? {
						failure: 'nothingToStop',
						message: expect.stringContaining("'If Nothing Is Left to Stop'"),
						error: expect.stringMatching(
							status === 'notFound'
								? `^${c.profile.displayName} does not know this call or stream`
								: `^${c.profile.displayName} had nothing left to stop on this call`,
						),
					}
				: { status }),
		}),
	},
	{
		name: 'If Nothing Is Left to Stop does not concern a stop that had something to do',
		options: { whenNothingToStop: 'fail' },
		expected: (c) => ({ ...c.way.says.stop, runs: false }),
	},
];
