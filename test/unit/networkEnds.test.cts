// What an exception of n8n's request helper says of a request: surely not delivered, perhaps delivered, or broken.
// The shapes of n8n 2.41 itself are tried in test/engine/network.test.cts.

import { networkEnd } from '../../nodes/StopAudioStream/sending/networkEnds';
import { networkError } from '../lib/fakeRun.cts';

const endOf = (thrown: unknown, seconds = 10) =>
	networkEnd(thrown, { host: 'api.example', seconds });

/** One of the errors of an `AggregateError`, as Node makes them for each address that it tried. */
const part = (code: string, syscall?: string) =>
	Object.assign(new Error(code), { code, ...(syscall && { syscall }) });

/** What Node throws after it tried several addresses: a code, and no system call of its own. */
const aggregate = (code: string, parts: unknown[]) =>
	Object.assign(new AggregateError(parts, ''), { code });

describe('a request was surely not delivered', () => {
	test.each([
		['connect', 'ECONNREFUSED'],
		['connect', 'ECONNRESET'],
		['connect', 'ETIMEDOUT'],
		['getaddrinfo', 'ENOTFOUND'],
		['getaddrinfo', 'EAI_AGAIN'],
	])('when the system call %s failed (%s)', (syscall, code) => {
		expect(endOf(networkError(code, syscall))).toEqual({ kind: 'notReached', code });
	});

	test('when each address that was tried failed at connecting', () => {
		const parts = [part('ECONNREFUSED', 'connect'), part('ENETUNREACH', 'connect')];
		const thrown = aggregate('ECONNREFUSED', parts);
		const end = { kind: 'notReached', code: 'ECONNREFUSED' };
		expect(endOf(thrown)).toEqual(end);
		expect(endOf(new Error('wrapped', { cause: thrown }))).toEqual(end);
	});

	test.each([
		['none', undefined],
		['one of its own', 'of its own'],
		['a number', 61],
		['a list', ['ECONNREFUSED']],
	])('when the system call failed and the code is %s', (_title, code) => {
		const bare = Object.assign(new Error('connect'), { syscall: 'connect', code });
		expect(endOf(bare)).toEqual({ kind: 'notReached', code: 'no connection' });
	});

	test.each([
		'Proxy connection ended before receiving CONNECT response',
		'No header received from proxy CONNECT response',
	])('when a proxy made no tunnel: %s', (message) => {
		const end = { kind: 'notReached', code: message };
		expect(endOf(new Error('outside', { cause: new Error(message) }))).toEqual(end);
	});

	test.each([
		...['CERT_UNTRUSTED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN'],
		...['UNABLE_TO_GET_ISSUER_CERT', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
		'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
	])('when the CA of the certificate is unknown: %s', (code) => {
		const end = { kind: 'untrustedCertificate', host: 'api.example', code };
		expect(endOf(networkError(code))).toEqual(end);
	});

	test.each([
		...['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_SIGNATURE_FAILURE', 'INVALID_CA'],
		...['INVALID_PURPOSE', 'ERR_TLS_CERT_ALTNAME_INVALID', 'UNABLE_TO_GET_CRL'],
	])('when the certificate is not valid: %s', (code) => {
		const end = { kind: 'invalidCertificate', host: 'api.example', code };
		expect(endOf(networkError(code))).toEqual(end);
	});

	test.each(['SsrfBlockedIpError', 'SsrfBlockedHostnameError'])(
		"when n8n's SSRF protection blocked it: %s",
		(name) => {
			const cause = Object.assign(new Error('blocked'), { name });
			const end = { kind: 'blocked', host: 'api.example' };
			expect(endOf(new Error('outside', { cause }))).toEqual(end);
		},
	);
});

describe('a request may have been delivered', () => {
	test.each([
		['read', 'EHOSTUNREACH'],
		['write', 'EPIPE'],
		['read', 'ETIMEDOUT'],
		['read', 'ECONNREFUSED'],
	])('when the connection stood: %s %s', (syscall, code) => {
		expect(endOf(networkError(code, syscall))).toEqual({ kind: 'connectionLost', code });
	});

	test.each([
		...['ECONNREFUSED', 'EAI_AGAIN', 'ECONNRESET', 'HPE_INVALID_HEADER', 'ERR_NETWORK'],
		...['ERR_BAD_RESPONSE', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_SSL_WRONG_VERSION_NUMBER'],
		'ERR_TLS_HANDSHAKE_TIMEOUT',
	])('when the system call cannot be seen: %s', (code) => {
		expect(endOf(networkError(code))).toEqual({ kind: 'connectionLost', code });
	});

	test.each([
		['one of them stood', [part('ECONNREFUSED', 'connect'), part('ECONNRESET', 'read')]],
		['one of them does not say', [part('ECONNREFUSED', 'connect'), part('ECONNREFUSED')]],
		['one of them is no error', [part('ECONNREFUSED', 'connect'), 'connect']],
		['none of them is told', []],
	])('when several addresses were tried, and %s', (_title, parts) => {
		const end = { kind: 'connectionLost', code: 'ECONNREFUSED' };
		expect(endOf(aggregate('ECONNREFUSED', parts))).toEqual(end);
	});

	test.each(['ECONNABORTED', 'ESOCKETTIMEDOUT', 'ETIMEDOUT'])(
		'when the answer did not come in time: %s',
		(code) => {
			expect(endOf(networkError(code), 0.5)).toEqual({ kind: 'noAnswer', seconds: 0.5 });
		},
	);
});

describe('an exception without a code of the network is broken', () => {
	test.each([
		...['ERR_INVALID_URL', 'NOT_AN_HPE_CODE', 'EOF', 'xECONNRESET', 'ECONNRESETx'],
		...['ERR_OSSL_X509_CERT_ALREADY_IN_HASH_TABLE', 'MY_CERT_HAS_EXPIRED', 'ERR_BAD_RESPONSES'],
	])('such as the code %s', (code) => {
		const reason = 'The service refused the connection';
		expect(endOf(networkError(code))).toEqual({ kind: 'broken', reason });
	});

	test.each([
		['a text', 'a text', 'a text'],
		['nothing', undefined, 'undefined'],
		['an error of n8n', new Error('Domain not allowed'), 'Domain not allowed'],
	])('such as %s', (_title, thrown, reason) => {
		expect(endOf(thrown)).toEqual({ kind: 'broken', reason });
	});
});

describe('the code of an exception', () => {
	test("stands in 'httpCode' in n8n's own errors, beside a code of another kind", () => {
		const end = { kind: 'connectionLost', code: 'ECONNRESET' };
		for (const code of [500, 'of its own']) {
			const thrown = Object.assign(new Error('x'), { code, httpCode: 'ECONNRESET' });
			expect(endOf(thrown)).toEqual(end);
		}
	});

	test('is the outermost that says something of the network', () => {
		const cause = part('EPIPE');
		const thrown = Object.assign(new Error('outside', { cause }), { code: 'ERR_OTHER' });
		expect(endOf(thrown)).toEqual({ kind: 'connectionLost', code: 'EPIPE' });
		const outer = Object.assign(new Error('outside', { cause }), { code: 'ECONNRESET' });
		expect(endOf(outer)).toEqual({ kind: 'connectionLost', code: 'ECONNRESET' });
	});

	test('may stand further out than the system call', () => {
		const ends = [
			['connect', 'notReached'],
			['read', 'connectionLost'],
		] as const;
		for (const [syscall, kind] of ends) {
			const cause = part('ETIMEDOUT', syscall);
			const thrown = Object.assign(new Error('outside', { cause }), { code: 'ETIMEDOUT' });
			expect(endOf(thrown)).toEqual({ kind, code: 'ETIMEDOUT' });
		}
	});

	test('is looked for six errors deep, so that a ring of causes ends', () => {
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
