// A secret never shows, in whatever form a provider gives it back.

import { secretMask } from '../../nodes/StopAudioStream/outcome/secrets';

const maskWith = (token: string, id = 'example-id', signingKey = '') =>
	secretMask({ origin: 'https://a.example', id, token, signingKey });

type Nested = Nested[] | { in?: Nested };

describe('a secret is masked', () => {
	const token = 'example+secret/1=';
	const basic = Buffer.from(`example-id:${token}`).toString('base64');

	it.each([
		['as it is', token],
		['inside a sentence', `The token '${token}' is not known`],
		['twice', `${token} ${token}`],
		['percent-encoded', `https://a.example/?t=${encodeURIComponent(token)}`],
		['as the header it was sent with', `Authorization: Basic ${basic}`],
		['in base64 without padding', `Basic ${basic.replace(/=+$/, '')}.`],
		[
			'percent-encoded in small letters',
			encodeURIComponent(token).replace(/%../g, (hex) => hex.toLowerCase()),
		],
	])('%s', (_title, text) => {
		const masked = maskWith(token)(text);
		expect(masked).toContain('***');
		for (const form of [token, encodeURIComponent(token), basic]) {
			expect(masked).not.toContain(form);
		}
	});

	it.each([
		['as a form carries it', "two words ~'()", 'token=two+words+%7E%27%28%29&x=1', 'token=***&x=1'],
		['as JSON carries it', 'a "quoted" one', '{"token":"a \\"quoted\\" one"}', '{"token":"***"}'],
		['in base64 as addresses carry it', 'n??~~~', 't=bj8_fn5-', 't=***'],
		['in base64, percent-encoded', 'n??~~~', 't=bj8%2Ffn5%2B&x', 't=***&x'],
		['in base64 with padding, percent-encoded', 'n??~~', 't=bj8%2Ffn4%3D&x', 't=***&x'],
		['the same in small letters', 'n??~~~', 't=bj8%2ffn5%2b&x', 't=***&x'],
		['with its id, in base64 of that kind', 'n??~~~', 'x=OnNvbWU6bj8_fn5-', 'x=***'],
	])('%s', (_title, secret, text, masked) => {
		expect(maskWith(secret, ':some')(text)).toBe(masked);
	});

	it('in keys, lists and objects, however they are nested', () => {
		const shown = {
			a: [{ [token]: token }, [`x ${token}`]],
			b: { c: { d: basic } },
			n: 5,
			z: null,
		};
		expect(maskWith(token)(shown)).toEqual({
			a: [{ '***': '***' }, ['x ***']],
			b: { c: { d: '***' } },
			n: 5,
			z: null,
		});
	});

	it('as a number, if it is all digits', () => {
		expect(maskWith('12345678')({ a: 12345678, b: 1234567 })).toEqual({ a: '***', b: 1234567 });
	});

	it('by leaving out what is nested deeper than any answer is', () => {
		const list = (depth: number): Nested => (depth === 0 ? [] : [list(depth - 1)]);
		const object = (depth: number): Nested => (depth === 0 ? {} : { in: object(depth - 1) });
		const mask = maskWith(token);
		expect(mask(list(100))).toEqual(list(100));
		expect(mask(object(100))).toEqual(object(100));
		expect(JSON.stringify(mask(list(101)))).toBe(`${'['.repeat(101)}"***"${']'.repeat(101)}`);
		expect(JSON.stringify(mask(object(101)))).toContain('{"in":"***"}');
	});

	it('and what was given is left as it was', () => {
		const given = { text: token };
		maskWith(token)(given);
		expect(given).toEqual({ text: token });
	});

	it('only where it is the whole value, when it is so short that it is found everywhere', () => {
		expect(maskWith('abc')({ a: 'abc', b: 'abcdef' })).toEqual({ a: '***', b: 'abcdef' });
		expect(maskWith('abcd')('abcdef')).toBe('***ef');
	});

	it('and nothing else is', () => {
		const shown = { status: 'stopped', callId: 'example-id', list: [1, true, undefined, 'a.b*c'] };
		expect(maskWith('.*')(shown)).toEqual(shown);
	});

	it('and so is the Signing Key, in each form of its own', () => {
		const key = 'PSK+n??~~~/=';
		const mask = maskWith('example-token', 'example-id', key);
		for (const form of [
			key,
			encodeURIComponent(key),
			Buffer.from(key).toString('base64'),
			Buffer.from(key).toString('base64url'),
		]) {
			expect(mask(`key=${form}.`)).toBe('key=***.');
		}
		// It is sent with no id, so none is masked with it.
		const withId = Buffer.from(`example-id:${key}`).toString('base64');
		expect(mask(`x ${withId}`)).toBe(`x ${withId}`);
		expect(mask('example-token')).toBe('***');
	});

	it('and a credential without a Signing Key masks nothing for it', () => {
		expect(maskWith('example-token')({ a: '', b: 'text' })).toEqual({ a: '', b: 'text' });
	});
});
