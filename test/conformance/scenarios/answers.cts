import { row, rows, type Row } from '../scenario.cts';
import type { IDataObject } from 'n8n-workflow';
import type { FailureCause } from '../../../nodes/StopAudioStream/words/vocabulary';
import { ownForms } from '../forms.cts';
import type { Form, Given } from '../types.cts';

/** What the provider answers, or what something on the way answers in its place. */

const HTML = '<html><body><h1>Nothing to see</h1></body></html>';
const WORDS = 'The example says why';

/** An answer's body, or one of the provider's own forms of a refusal. */
type Body = Form | Given['body'];

const ERROR = { error: 'Not Found' };
/** What is not among these. */
const except = (these: object, all: Record<string, IDataObject>): Record<string, Given['body']> =>
	Object.fromEntries(Object.entries(all).filter(([name]) => !(name in these)));
const hasFormLike = (forms: Readonly<Record<string, Form>>, answer: object) =>
	Object.values(forms).some(
		(form) => Object.keys(form(WORDS)).join() === Object.keys(answer).join(),
	);
const body = (form: Body) => (typeof form === 'function' ? form(WORDS) : form);

/** Every own form × this status: a failure of this cause, with the provider's words. */
const refused = (
	name: string,
	status: number,
	failure: FailureCause,
	options: { maxRetries?: number } = {},
) =>
	rows<Body>({
		name,
		options,
		variants: (column, profile) => ({
			...ownForms(column, profile),
			HTML,
			text: 'Plain example',
			nothing: '',
		}),
		arrange: (c, form) => c.answer({ status, body: body(form) }),
		expected: (_c, form) => ({
			failure,
			statusCode: status,
			attempts: 1,
			runs: true,
			error: typeof form === 'function' ? expect.stringContaining(WORDS) : expect.any(String),
		}),
	});

export const answers: readonly Row[] = [
	row({
		name: 'a wrong token: all that could be wrong is named, and it is sent once',
		options: { maxRetries: 3 },
		arrange(c) {
			c.credentials[c.profile.token] = 'example-wrong-token';
		},
		expected: (c) => ({
			failure: 'credentials',
			statusCode: 401,
			attempts: 1,
			error: expect.stringMatching(`^${c.profile.displayName} rejected this credential \\(401\\)`),
			runs: true,
		}),
		check(c, { run }) {
			for (const suspect of c.profile.suspects) expect(run.items[0]?.message).toContain(suspect);
		},
	}),
	row({
		name: 'a token without the scope',
		needs: ['scopes'],
		arrange: (c) => c.profile.withoutScope?.(c.standIn),
		expected: () => ({
			failure: 'credentials',
			attempts: 1,
			message: expect.stringContaining('scope Voice'),
			runs: true,
		}),
	}),
	refused('401 is never sent twice', 401, 'credentials', { maxRetries: 3 }),
	refused('403 is never sent twice', 403, 'credentials', { maxRetries: 3 }),
	rows<[status: number, body: string, quoted?: string]>({
		name: 'a 401 or 403 that does not look like the provider’s names a proxy beside the credential, and is sent once',
		options: { maxRetries: 3 },
		variants: () => ({
			'401, web page': [401, `\n ${HTML}`],
			'403, web page': [403, `\n ${HTML}`],
			'403, text': [403, 'Forbidden by example', ': “Forbidden by example”'],
			'403, nothing': [403, ''],
		}),
		arrange: (c, [status, given]) => c.answer({ status, body: given }),
		expected: (c, [status, , quoted = '']) => ({
			failure: 'credentials',
			statusCode: status,
			attempts: 1,
			error: `This credential was rejected (${status}), but the answer does not look like one from ${c.profile.displayName}${quoted}`,
			runs: true,
		}),
		check(c, { run }) {
			for (const suspect of [...c.profile.suspects, 'proxy', 'HTTPS_PROXY', 'NO_PROXY']) {
				expect(run.items[0]?.message).toContain(suspect);
			}
		},
	}),
	rows<[status: number, body: Body]>({
		name: 'a 401 or 403 that can be the provider’s own names no proxy',
		variants(column, profile) {
			const own = Object.entries(ownForms(column, profile));
			const at = (status: number): Record<string, [number, Body]> =>
				Object.fromEntries(own.map(([form, answer]) => [`${status}, ${form}`, [status, answer]]));
			return {
				...at(401),
				...at(403),
				'401, text': [401, 'Plain example, not <html>'],
				'401, nothing': [401, ''],
			};
		},
		arrange: (c, [status, form]) => c.answer({ status, body: body(form) }),
		expected: (_c, [status]) => ({
			failure: 'credentials',
			statusCode: status,
			message: expect.not.stringContaining('PROXY'),
			runs: true,
		}),
	}),
	rows<Given['body']>({
		name: 'a 407 is a proxy’s: nothing was delivered, and no id is blamed',
		options: { maxRetries: 3 },
		variants: () => ({
			nothing: '',
			HTML,
			JSON: { message: 'Proxy Authentication Required', code: 407 },
		}),
		arrange: (c, answer) =>
			c.answer({ status: 407, body: answer, headers: { 'Proxy-Authenticate': 'Basic' } }),
		expected: (c, answer) => ({
			failure: 'unavailable',
			statusCode: 407,
			attempts: 1,
			error:
				`A proxy on the way to ${c.profile.displayName} asks for a login (407)` +
				(typeof answer === 'object' ? ': “Proxy Authentication Required”' : ''),
			message: expect.stringMatching(/^The request was not delivered.*HTTPS_PROXY.*NO_PROXY/),
			runs: true,
		}),
		check(c, { run }) {
			expect(run.items[0]?.message).not.toContain(`'${c.column.labels.id}'`);
			expect(c.reads()).toEqual([]);
		},
	}),
	rows<Body>({
		name: "a 404 in the provider's own form is notFound",
		variants: (column, profile) => ({ ...ownForms(column, profile), ...profile.own404 }),
		arrange(c, answer) {
			// Of a stream that is not there, so that no read shows it as running.
			if (!c.all) c.targets = [c.ghost(c.target)];
			const words = c.column.own === undefined ? WORDS : 'Not Found';
			c.answer({ status: 404, body: typeof answer === 'function' ? answer(words) : answer });
		},
		options: { whenNothingToStop: 'succeed' },
		expected: () => ({ status: 'notFound', statusCode: 404, callState: 'live' }),
		check: (c) => expect(c.stream.running).toBe(true),
	}),
	rows<Given['body']>({
		name: 'a 404 in any other form is rejected, and no notFound',
		variants: (column, profile) => ({
			// Where it is no form of the provider's own.
			...except(profile.own404 ?? {}, {
				...(!hasFormLike(ownForms(column, profile), ERROR) && { 'an error without more': ERROR }),
				'an empty object': {},
			}),
			// Vobiz's gateway says this of a path that is wrong.
			'a gateway’s one sentence': { message: 'Not Found' },
			HTML,
			text: 'Not Found',
			nothing: '',
			'a gateway’s JSON': { message: 'no Route matched with those values', request_id: 'example' },
			null: 'null',
			'a web server’s JSON': { status: 404, error: 'Not Found' },
			'its code and words': { code: 404, message: 'Not Found' },
			'a longer code and words': { code: 404_404, message: 'Not Found' },
			'an empty list': '[]',
			'no refusal in a list': { errors: [] },
			'a refusal beside something else': { errors: [{ code: 'x', message: 'Not Found' }, {}] },
			'a list of nothing': { errors: [null] },
			'a message that is no text': { errors: [{ code: 'x', message: 7 }] },
			'a code and words, and no status': { error: { code: 'X', message: 'Not Found' } },
			'words without a code': { status: 'error', error: { message: 'Not Found' } },
			'words that are no text': { status: 'error', error: { code: 'X', message: 7 } },
			'an error that is no object': { status: 'error', error: null },
		}),
		arrange: (c, answer) => c.answer({ status: 404, body: answer }),
		expected: (c) => ({
			failure: 'rejected',
			statusCode: 404,
			error: expect.stringMatching(`^${c.profile.displayName} answered 404 in a form that is not`),
			runs: true,
		}),
	}),
	refused('400 for another reason is rejected', 400, 'rejected'),
	refused('402 is rejected', 402, 'rejected'),
	refused('405 is rejected', 405, 'rejected'),
	refused('409 is rejected', 409, 'rejected'),
	refused('422 is rejected', 422, 'rejected', { maxRetries: 3 }),
	refused('408 is unavailable', 408, 'unavailable'),
	refused('429 is rateLimit', 429, 'rateLimit'),
	refused('500 is unavailable, as JSON too', 500, 'unavailable'),
	refused('501 is unavailable', 501, 'unavailable'),
	refused('502 is unavailable, as HTML too', 502, 'unavailable'),
	refused('503 is unavailable', 503, 'unavailable'),
	refused('504 is unavailable', 504, 'unavailable'),
	rows<Given['body']>({
		name: '200 with a body that is not JSON, or no object, is unreadable',
		variants: () => ({
			HTML,
			text: 'OK',
			nothing: '',
			null: 'null',
			list: '[]',
			string: '"stopped"',
		}),
		arrange: (c, answer) => c.answer({ status: 200, body: answer }),
		expected: () => ({ failure: 'unreadable', statusCode: 200, runs: true }),
	}),
	rows({
		name: '200 with a refusal in it is unreadable',
		variants: ownForms,
		arrange: (c, form) => c.answer({ status: 200, body: form(WORDS) }),
		expected: () => ({
			failure: 'unreadable',
			statusCode: 200,
			error: expect.stringContaining(WORDS),
			runs: true,
		}),
	}),
	row({
		name: '204 without a body',
		arrange: (c) => c.answer({ status: 204, afterEffect: true }),
		expected: (c) => ({ ...c.says('noContent'), runs: false }),
	}),
	rows({
		name: 'a redirect to another machine is not followed, and nothing reaches it',
		variants: () => ({ 301: 301, 302: 302, 303: 303, 307: 307, 308: 308 }),
		options: { maxRetries: 3, confirm: true },
		async arrange(c, status) {
			const { url, requests } = await c.serve();
			// Another name of this machine is another host.
			const elsewhere = url.replace('127.0.0.1', 'localhost');
			c.answer({ status, body: HTML, headers: { Location: `${elsewhere}/elsewhere` } });
			return requests;
		},
		expected: (_c, status) => ({
			failure: 'rejected',
			statusCode: status,
			attempts: 1,
			error: expect.stringContaining('redirect'),
			runs: true,
		}),
		check: (_c, { made: reached }) => expect(reached).toEqual([]),
	}),
	rows({
		name: 'a redirect to the same machine is not followed either',
		variants: () => ({ 302: 302, 307: 307 }),
		arrange(c, status) {
			const { path } = c.request(c.target);
			c.answer({ status, headers: { Location: path } }, 1);
		},
		expected: (_c, status) => ({ failure: 'rejected', statusCode: status, runs: true }),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
];
