'use strict';

/** What the provider answers, or what something on the way answers in its place. */

const HTML = '<html><body><h1>Nothing to see</h1></body></html>';
const WORDS = 'The example says why';

/** The provider's own forms of a refusal, by way where these differ. */
const ownForms = (way, profile) => way.own ?? profile.own;
const withForeign = (foreign) => (way, profile) => ({ ...ownForms(way, profile), ...foreign });
const ERROR = { error: 'Not Found' };
const hasFormLike = (forms, answer) =>
	Object.values(forms).some(
		(form) => Object.keys(form(WORDS)).join() === Object.keys(answer).join(),
	);
const body = (form) => (typeof form === 'function' ? form(WORDS) : form);

/** Every status × every own form: a failure of this cause, with the provider's words. */
const refused = (status, failure) => ({
	variants: withForeign({ HTML, text: 'Plain example', nothing: '' }),
	arrange: (c, form) => c.answer({ status, body: body(form) }),
	expected: (_c, form) => ({
		failure,
		statusCode: status,
		attempts: 1,
		runs: true,
		error: typeof form === 'function' ? expect.stringContaining(WORDS) : expect.any(String),
	}),
});

module.exports = [
	{
		name: 'a wrong token: all that could be wrong is named, and it is sent once',
		options: { maxRetries: 3 },
		arrange(c) {
			c.credentials[c.profile.token] = 'example-wrong-token';
		},
		expected: (c) => ({
			failure: 'credentials',
			statusCode: 401,
			attempts: 1,
			error: expect.stringMatching(
				`^${c.profile.displayName} did not let this credential in \\(401\\)`,
			),
			runs: true,
		}),
		check(c, _variant, run) {
			const [{ message }] = run.items;
			for (const suspect of c.profile.suspects) expect(message).toContain(suspect);
		},
	},
	{
		name: 'a token without the scope',
		needs: ['scopes'],
		arrange: (c) => c.standIn.scopes.clear(),
		expected: () => ({
			failure: 'credentials',
			attempts: 1,
			message: expect.stringContaining('scope Voice'),
			runs: true,
		}),
	},
	{ name: '401 is never sent twice', options: { maxRetries: 3 }, ...refused(401, 'credentials') },
	{ name: '403 is never sent twice', options: { maxRetries: 3 }, ...refused(403, 'credentials') },
	{
		name: "a 404 in the provider's own form is notFound",
		variants: ownForms,
		arrange(c, form) {
			const words = c.way.own === undefined ? WORDS : 'Not Found';
			c.answer({ status: 404, body: form(words) });
		},
		expected: () => ({ status: 'notFound', statusCode: 404, runs: true }),
	},
	{
		name: 'a 404 in any other form is rejected, and no notFound',
		variants: (way, profile) => ({
			// Where it is no form of the provider's own.
			...(!hasFormLike(ownForms(way, profile), ERROR) && { 'an error without more': ERROR }),
			HTML,
			text: 'Not Found',
			nothing: '',
			'a gateway’s JSON': { message: 'no Route matched with those values', request_id: 'example' },
			'an empty object': {},
			null: 'null',
			'an empty list': [],
		}),
		arrange: (c, answer) => c.answer({ status: 404, body: answer }),
		expected: (c) => ({
			failure: 'rejected',
			statusCode: 404,
			error: expect.stringMatching(`^${c.profile.displayName} answered 404 in a form that is not`),
			runs: true,
		}),
	},
	{ name: '400 for another reason is rejected', ...refused(400, 'rejected') },
	{ name: '402 is rejected', ...refused(402, 'rejected') },
	{ name: '405 is rejected', ...refused(405, 'rejected') },
	{ name: '409 is rejected', ...refused(409, 'rejected') },
	{ name: '422 is rejected', options: { maxRetries: 3 }, ...refused(422, 'rejected') },
	{ name: '408 is unavailable', ...refused(408, 'unavailable') },
	{ name: '429 is rateLimit', ...refused(429, 'rateLimit') },
	{ name: '500 is unavailable, as JSON too', ...refused(500, 'unavailable') },
	{ name: '501 is unavailable', ...refused(501, 'unavailable') },
	{ name: '502 is unavailable, as HTML too', ...refused(502, 'unavailable') },
	{ name: '503 is unavailable', ...refused(503, 'unavailable') },
	{ name: '504 is unavailable', ...refused(504, 'unavailable') },
	{
		name: '200 with a body that is not JSON, or no object, is unreadable',
		variants: () => ({
			HTML,
			text: 'OK',
			nothing: '',
			null: 'null',
			list: [],
			string: '"stopped"',
		}),
		arrange: (c, answer) => c.answer({ status: 200, body: answer }),
		expected: () => ({ failure: 'unreadable', statusCode: 200, runs: true }),
	},
	{
		name: '200 with a refusal in it is unreadable',
		variants: ownForms,
		arrange: (c, form) => c.answer({ status: 200, body: form(WORDS) }),
		expected: () => ({
			failure: 'unreadable',
			statusCode: 200,
			error: expect.stringContaining(WORDS),
			runs: true,
		}),
	},
	{
		name: '204 without a body',
		arrange: (c) => c.answer({ status: 204, afterEffect: true }),
		expected: (c) => ({ ...c.way.says.noContent, runs: false }),
	},
	{
		name: 'a redirect to another machine is not followed, and nothing reaches it',
		variants: () => ({ 301: 301, 302: 302, 303: 303, 307: 307, 308: 308 }),
		options: { maxRetries: 3 },
		async arrange(c, status) {
			c.server = await c.serve();
			c.answer({ status, body: HTML, headers: { Location: `${c.server.url}/elsewhere` } });
		},
		expected: (_c, status) => ({
			failure: 'rejected',
			statusCode: status,
			attempts: 1,
			error: expect.stringContaining('redirect'),
			runs: true,
		}),
		check: (c) => expect(c.server.requests).toEqual([]),
	},
	{
		name: 'a redirect to the same machine is not followed either',
		variants: () => ({ 302: 302, 307: 307 }),
		arrange(c, status) {
			const { path } = c.request(c.target);
			c.answer({ status, headers: { Location: path } }, 1);
		},
		expected: (_c, status) => ({ failure: 'rejected', statusCode: status, runs: true }),
		check: (c) => expect(c.reads()).toEqual([]),
	},
];
