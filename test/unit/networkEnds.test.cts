// What a connection that went wrong says of the request: surely not delivered, perhaps delivered, or broken.

import { networkEnd } from '../../nodes/StopAudioStream/sending/networkEnds';
import { networkError } from '../lib/fakeSender.cts';

const endOf = (thrown: unknown) => networkEnd(thrown, 10);

/** One of the errors of an `AggregateError`, as Node makes them for each address that it tried. */
const part = (code: string, syscall?: string) =>
	Object.assign(new Error(code), { code, ...(syscall && { syscall }) });

/** What Node throws where it tried several addresses: a code, and no system call of its own. */
const aggregate = (code: string, parts: unknown[]) =>
	Object.assign(new AggregateError(parts, ''), { code });

describe('a request was surely not delivered', () => {
	test.each([
		['connect', 'ECONNREFUSED'],
		['connect', 'EHOSTUNREACH'],
		['connect', 'ENETUNREACH'],
		['connect', 'EADDRNOTAVAIL'],
		['connect', 'EHOSTDOWN'],
		['connect', 'ENETDOWN'],
		['connect', 'EMFILE'],
		['connect', 'ECONNRESET'],
		['getaddrinfo', 'ENOTFOUND'],
		['getaddrinfo', 'EAI_AGAIN'],
	])('where the system call %s failed (%s)', (syscall, code) => {
		expect(endOf(networkError(code, syscall))).toEqual({ kind: 'notReached', code });
	});

	test('where connecting timed out, which is no missing answer', () => {
		const end = { kind: 'notReached', code: 'ETIMEDOUT' };
		expect(endOf(networkError('ETIMEDOUT', 'connect'))).toEqual(end);
	});

	test.each([
		'CERT_HAS_EXPIRED',
		'CERT_NOT_YET_VALID',
		'DEPTH_ZERO_SELF_SIGNED_CERT',
		'SELF_SIGNED_CERT_IN_CHAIN',
		'ERR_TLS_CERT_ALTNAME_INVALID',
		'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
		'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
	])("where the other side's certificate was refused: %s", (code) => {
		expect(endOf(networkError(code))).toEqual({ kind: 'notReached', code });
	});

	test('where each address that was tried failed at connecting', () => {
		const parts = [part('ECONNREFUSED', 'connect'), part('ENETUNREACH', 'connect')];
		expect(endOf(aggregate('ECONNREFUSED', parts))).toEqual({
			kind: 'notReached',
			code: 'ECONNREFUSED',
		});
		expect(endOf(new Error('wrapped', { cause: aggregate('ETIMEDOUT', parts) }))).toEqual({
			kind: 'notReached',
			code: 'ETIMEDOUT',
		});
	});

	test.each([[undefined], ['of its own'], [61], [['ECONNREFUSED']], [{ toString: 1 }]])(
		'also where nothing but the system call is told, and no code that is known: %j',
		(code) => {
			const bare = Object.assign(new Error('connect'), { syscall: 'connect', code });
			expect(endOf(bare)).toEqual({ kind: 'notReached', code: 'no connection' });
		},
	);
});

describe('a request may have been delivered', () => {
	test.each([
		['read', 'EHOSTUNREACH'],
		['write', 'EHOSTUNREACH'],
		['read', 'ENETUNREACH'],
		['write', 'ENETUNREACH'],
		['read', 'ECONNRESET'],
		['write', 'EPIPE'],
		['read', 'ETIMEDOUT'],
		['write', 'ETIMEDOUT'],
		['read', 'ECONNREFUSED'],
	])('where the connection stood: %s %s', (syscall, code) => {
		expect(endOf(networkError(code, syscall))).toEqual({ kind: 'connectionLost', code });
	});

	test.each([
		...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EMFILE'],
		...['ECONNRESET', 'EPIPE', 'EPROTO'],
		...['ERR_BAD_RESPONSE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_NETWORK'],
		...['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_TLS_HANDSHAKE_TIMEOUT'],
		...['HPE_INVALID_HEADER', 'HPE_INVALID_CONSTANT'],
	])('where the system call cannot be seen: %s', (code) => {
		expect(endOf(networkError(code))).toEqual({ kind: 'connectionLost', code });
	});

	test.each([
		['one of them stood', [part('ECONNREFUSED', 'connect'), part('ECONNRESET', 'read')]],
		['one of them does not say', [part('ECONNREFUSED', 'connect'), part('ECONNREFUSED')]],
		['one of them is no error', [part('ECONNREFUSED', 'connect'), 'connect']],
		['there is none of them', []],
	])('where several addresses were tried, and %s', (_title, parts) => {
		const end = { kind: 'connectionLost', code: 'ECONNREFUSED' };
		expect(endOf(aggregate('ECONNREFUSED', parts))).toEqual(end);
	});

	test.each(['ECONNABORTED', 'ESOCKETTIMEDOUT', 'ETIMEDOUT'])(
		'where the answer did not come in time: %s',
		(code) => {
			expect(endOf(networkError(code))).toEqual({ kind: 'noAnswer', seconds: 10 });
			expect(networkEnd(networkError(code), 0.5)).toEqual({ kind: 'noAnswer', seconds: 0.5 });
		},
	);

	test("where n8n's own exception names the code beside one of its own", () => {
		const thrown = Object.assign(new Error('x'), { code: 'of its own', httpCode: 'ECONNRESET' });
		expect(endOf(thrown)).toEqual({ kind: 'connectionLost', code: 'ECONNRESET' });
	});
});

describe('what n8n itself did not let out, or could not read, is broken', () => {
	test.each([
		'ERR_INVALID_URL',
		'NOT_AN_HPE_CODE',
		'EOF',
		'ERR_OSSL_X509_CERT_ALREADY_IN_HASH_TABLE',
		'MY_CERT_HAS_EXPIRED',
		'xECONNRESET',
		'ECONNRESETx',
		'ERR_BAD_RESPONSES',
	])('%s', (code) => {
		const reason = 'The service refused the connection';
		expect(endOf(networkError(code))).toEqual({ kind: 'broken', reason });
	});

	test.each([
		['a text', 'a text'],
		[undefined, 'undefined'],
		[null, 'null'],
		[5, '5'],
		[new Error('Domain not allowed'), 'Domain not allowed'],
	])('%p', (thrown, reason) => {
		expect(endOf(thrown)).toEqual({ kind: 'broken', reason });
	});
});

describe('where the code stands', () => {
	test("in n8n's own errors it is 'httpCode'", () => {
		const thrown = Object.assign(new Error('x'), { code: 500, httpCode: 'ECONNRESET' });
		expect(endOf(thrown)).toEqual({ kind: 'connectionLost', code: 'ECONNRESET' });
	});

	test('the first that says something of the network counts', () => {
		const cause = Object.assign(new Error('inside'), { code: 'EPIPE' });
		const thrown = Object.assign(new Error('outside', { cause }), { code: 'ERR_OTHER' });
		expect(endOf(thrown)).toEqual({ kind: 'connectionLost', code: 'EPIPE' });
		const outer = Object.assign(new Error('outside', { cause }), { code: 'ECONNRESET' });
		expect(endOf(outer)).toEqual({ kind: 'connectionLost', code: 'ECONNRESET' });
	});

	test('the system call may stand deeper than the code', () => {
		const cause = part('ECONNREFUSED', 'connect');
		const thrown = Object.assign(new Error('outside', { cause }), { code: 'ECONNREFUSED' });
		expect(endOf(thrown)).toEqual({ kind: 'notReached', code: 'ECONNREFUSED' });
		const read = Object.assign(new Error('x', { cause: part('ETIMEDOUT', 'read') }), {
			code: 'ETIMEDOUT',
		});
		expect(endOf(read)).toEqual({ kind: 'connectionLost', code: 'ETIMEDOUT' });
	});

	test('it is looked for six errors deep, so that a ring of causes ends', () => {
		const wrapped = (depth: number) => {
			let thrown: Error = part('EPIPE');
			for (let n = 0; n < depth; n += 1) thrown = new Error('outside', { cause: thrown });
			return thrown;
		};
		expect(endOf(wrapped(5))).toEqual({ kind: 'connectionLost', code: 'EPIPE' });
		expect(endOf(wrapped(6))).toEqual({ kind: 'broken', reason: 'outside' });
		const ring = new Error('round and round');
		ring.cause = ring;
		expect(endOf(ring)).toEqual({ kind: 'broken', reason: 'round and round' });
	});
});
