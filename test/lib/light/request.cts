// A request over a real socket, answered and failing as n8n's request helper has it: n8n sends with axios, which
// gives an error the code of Node's own and keeps it as the cause.

import { request as sendRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createInflate, createUnzip } from 'node:zlib';
import type { IHttpRequestOptions, IN8nHttpFullResponse } from 'n8n-workflow';

const DECODERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
	gzip: createUnzip,
	deflate: createInflate,
	br: createBrotliDecompress,
};

/** An error as axios makes it. */
const failure = (code: string | undefined, message: string, cause?: unknown) =>
	Object.assign(new Error(message, { cause }), { code });

/** Sends a request of the only kind that the node sends: whatever comes back is its answer, as text. */
export async function request(
	options: IHttpRequestOptions,
	signal: AbortSignal | undefined,
): Promise<IN8nHttpFullResponse> {
	const { url, allowedDomains, encoding, returnFullResponse } = options;
	const { ignoreHttpStatusErrors, disableFollowRedirect } = options;
	if (encoding !== 'text' || !returnFullResponse || ignoreHttpStatusErrors !== true) {
		throw new Error('The light engine gives every answer whole, as text.');
	}
	if (!disableFollowRedirect) throw new Error('The light engine follows no redirect.');
	if (allowedDomains !== new URL(url).hostname) throw new Error('Domain not allowed');
	const { method, headers, body, auth, timeout = 0 } = options;
	const sent = sendRequest(url, {
		method,
		headers: headers as Record<string, string>,
		auth: auth && `${auth.username}:${auth.password}`,
		agent: false,
	});
	sent.setTimeout(timeout, () =>
		sent.destroy(failure('ECONNABORTED', `timeout of ${timeout}ms exceeded`)),
	);
	const abort = () => sent.destroy(failure('ERR_CANCELED', 'canceled'));
	signal?.addEventListener('abort', abort);
	try {
		const answer = answerTo(sent);
		sent.end(typeof body === 'object' ? JSON.stringify(body) : body);
		const response = await answer;
		return {
			statusCode: response.statusCode ?? 0,
			statusMessage: response.statusMessage,
			headers: { ...response.headers },
			body: await textOf(response),
		};
	} finally {
		signal?.removeEventListener('abort', abort);
	}
}

const answerTo = async (sent: ClientRequest): Promise<IncomingMessage> =>
	await new Promise((resolve, reject) => {
		sent.on('response', resolve);
		sent.on('error', (error: NodeJS.ErrnoException) => {
			reject(failure(error.code, error.message, error));
		});
	});

async function textOf(response: IncomingMessage): Promise<string> {
	const { statusCode, headers } = response;
	const decoder = statusCode === 204 ? undefined : DECODERS[headers['content-encoding'] ?? ''];
	try {
		const bytes = decoder
			? await pipeline(response, decoder(), async (decoded) => await buffer(decoded))
			: await buffer(response);
		return new TextDecoder().decode(bytes);
	} catch (thrown) {
		const { code, message } = thrown as NodeJS.ErrnoException;
		throw response.complete
			? failure(code, message, thrown)
			: failure('ERR_BAD_RESPONSE', 'stream has been aborted');
	}
}
