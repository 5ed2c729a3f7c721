import { isRecord, reasonOf } from '../words/values';
import type { SendEnd } from '../outcome/verdicts';

/** System calls before there is a connection: if one fails, the request was not delivered. */
const BEFORE_CONNECTION = ['connect', 'getaddrinfo'];

/** Codes of Node for a certificate that it refuses, before anything is sent. */
const CERTIFICATE =
	/^(CERT_|DEPTH_ZERO_SELF_SIGNED_CERT|ERR_TLS_CERT_|INVALID_(CA|PURPOSE)|SELF_SIGNED_CERT|UNABLE_TO_)/;

/** Those that say that the certificate's CA is unknown: only then does it help to trust that CA. */
const UNKNOWN_CA =
	/^(CERT_UNTRUSTED|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER_CERT|VERIFY_LEAF))/;

/** Names of what n8n's SSRF protection throws, before a connection or instead of one. */
const SSRF_PROTECTION = /^SsrfBlocked(Hostname|Ip)Error$/;

/**
 * What n8n's proxy agent says if, before there is a tunnel, the proxy ends the connection or its answer is not HTTP.
 * If a proxy refuses the tunnel with a status, the agent passes that off as the provider's answer.
 */
const NO_TUNNEL = /\bCONNECT response\b/;

/** n8n's request library waited for the answer as long as it was told to. */
const TIMED_OUT = ['ECONNABORTED', 'ESOCKETTIMEDOUT'];

/** Codes of Node, of its HTTP parser (`HPE_…`) and of n8n's request library for a connection that went wrong. */
const NETWORK_CODE =
	/^(E[A-Z]{3,}|EAI_[A-Z]+|HPE_\w+|ERR_(BAD_RESPONSE|STREAM_PREMATURE_CLOSE|NETWORK|SSL_\w+|TLS_\w+))$/;

/** How many exceptions of a chain are looked at: n8n wraps the library's, which wraps Node's. */
const MAX_DEPTH = 6;

/**
 * What an exception of n8n's request helper says about the request. Only the system call shows that it was not
 * delivered: a code such as `EHOSTUNREACH` can also come on an open connection. If the exception names no system
 * call, the request may have been delivered.
 */
export function networkEnd(
	thrown: unknown,
	{ host, seconds }: { host: string; seconds: number },
): SendEnd {
	const chain = causesOf(thrown);
	if (chain.some(({ name }) => SSRF_PROTECTION.test(String(name))))
		return { kind: 'blocked', host };
	const certificate = chain.map(codeOf).find((code) => code && CERTIFICATE.test(code));
	if (certificate) {
		const kind = UNKNOWN_CA.test(certificate) ? 'untrustedCertificate' : 'invalidCertificate';
		return { kind, host, code: certificate };
	}
	const tunnel = chain.map(({ message }) => String(message)).find((text) => NO_TUNNEL.test(text));
	if (tunnel) return { kind: 'notReached', code: tunnel };
	const before = chain.find(failedBeforeConnection);
	if (before) return { kind: 'notReached', code: codeOf(before) ?? 'no connection' };
	const code = chain.map(codeOf).find(Boolean);
	if (code === undefined) return { kind: 'broken', reason: reasonOf(thrown) };
	const isTimeout = TIMED_OUT.includes(code) || (code === 'ETIMEDOUT' && !chain.some(hasSyscall));
	return isTimeout ? { kind: 'noAnswer', seconds } : { kind: 'connectionLost', code };
}

/** The exception and what caused it, outermost first. */
function causesOf(thrown: unknown) {
	const chain: Array<Record<string, unknown>> = [];
	for (let at = thrown; isRecord(at) && chain.length < MAX_DEPTH; at = at.cause) chain.push(at);
	return chain;
}

/** n8n puts the code of an exception into `httpCode`. */
const codeOf = ({ code, httpCode }: Record<string, unknown>): string | undefined =>
	[code, httpCode].find(
		(each): each is string =>
			typeof each === 'string' && (NETWORK_CODE.test(each) || CERTIFICATE.test(each)),
	);

const hasSyscall = ({ syscall }: Record<string, unknown>) => typeof syscall === 'string';

/**
 * An `AggregateError` (several addresses were tried) has no system call of its own: each of its parts must name one.
 */
function failedBeforeConnection({ syscall, errors }: Record<string, unknown>): boolean {
	if (typeof syscall === 'string') return BEFORE_CONNECTION.includes(syscall);
	return (
		Array.isArray(errors) &&
		errors.length > 0 &&
		errors.every((each) => isRecord(each) && BEFORE_CONNECTION.includes(String(each.syscall)))
	);
}
