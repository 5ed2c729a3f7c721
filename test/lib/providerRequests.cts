import { once } from 'node:events';
import {
	createServer,
	type IncomingHttpHeaders,
	type IncomingMessage,
	request as httpRequest,
	type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { opened } from './opened.cts';
import type { Call, ProviderName, StandIn, Stream, StreamDetails } from './stand-ins/index.cts';

/** Requests as somebody else's client sends them: nothing here is the node's own code. */

/** What is needed to speak to a stand-in, forked or not. */
export interface Account {
	url: string;
	provider: string;
	credentials: Record<string, string>;
}

/** An answer as it came. */
export interface Answered {
	status: number;
	headers: IncomingHttpHeaders;
	text: string;
	/** The text's JSON object, or an empty one where it is none. */
	json: Record<string, unknown>;
}

interface RequestOptions {
	body?: object;
	headers?: Record<string, string>;
}

/** The headers that say who asks. */
export function signed({ provider, credentials }: Account): Record<string, string> {
	const { authId = '', authToken = '', projectId = '', apiToken = '' } = credentials;
	if (provider === 'vobiz') return { 'X-Auth-ID': authId, 'X-Auth-Token': authToken };
	const pair = provider === 'plivo' ? [authId, authToken] : [projectId, apiToken];
	return { Authorization: `Basic ${Buffer.from(pair.join(':')).toString('base64')}` };
}

/** Sends exactly this path, where `fetch` would tidy it up. */
export async function send(
	account: Account,
	method: string,
	path: string,
	{ body, headers = signed(account) }: RequestOptions = {},
): Promise<Answered> {
	const isForm = body instanceof URLSearchParams;
	const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
	const text = body === undefined ? undefined : isForm ? body.toString() : JSON.stringify(body);
	const outgoing = httpRequest(account.url, {
		method,
		path,
		headers: {
			...(text !== undefined && {
				'Content-Type': type,
				'Content-Length': Buffer.byteLength(text),
			}),
			...headers,
		},
	});
	outgoing.end(text);
	const response = await new Promise<IncomingMessage>((resolve, reject) => {
		outgoing.once('response', resolve).once('error', reject);
	});
	const answer = await textOf(response);
	return {
		status: response.statusCode ?? NaN,
		headers: response.headers,
		text: answer,
		json: objectIn(answer),
	};
}

function objectIn(text: string): Record<string, unknown> {
	try {
		const json: Record<string, unknown> = Object(JSON.parse(text));
		return json;
	} catch {
		return {};
	}
}

export const form = (fields: Record<string, string>): { body: URLSearchParams } => ({
	body: new URLSearchParams(fields),
});

/** How a provider's paths look. */
export interface Paths {
	account(account: Account): string;
	call(account: Account, call: string): string;
	streams(account: Account, call: string): string;
	stream(account: Account, call: string, stream: string): string;
	test(account: Account): string;
	stop(account: Account, call: string, stream: string, options?: RequestOptions): Promise<Answered>;
	/** The status of a stop that finds no such stream on a call that is up. */
	unknownStream: number;
}

function telephonyPaths(prefix: string, test: Paths['test'], unknownStream: number): Paths {
	const account: Paths['account'] = ({ credentials }) => `${prefix}/Account/${credentials.authId}`;
	const call: Paths['call'] = (s, id) => `${account(s)}/Call/${id}/`;
	const stream: Paths['stream'] = (s, of, id) => `${call(s, of)}Stream/${id}/`;
	return {
		account,
		call,
		stream,
		streams: (s, of) => `${call(s, of)}Stream/`,
		test,
		stop: (s, of, id) => send(s, 'DELETE', stream(s, of, id)),
		unknownStream,
	};
}

const projectPath: Paths['account'] = ({ credentials }) =>
	`/api/laml/2010-04-01/Accounts/${credentials.projectId}`;

/** Provider → how its paths look. */
export const paths: Record<ProviderName, Paths> = {
	plivo: telephonyPaths('/v1', ({ credentials }) => `/v1/Account/${credentials.authId}/`, 400),
	vobiz: telephonyPaths('/api/v1', () => '/api/v1/auth/me', 404),
	signalWire: {
		account: projectPath,
		call: (s, id) => `${projectPath(s)}/Calls/${id}`,
		streams: (s, of) => `${projectPath(s)}/Calls/${of}/Streams`,
		stream: (s, of, id) => `${projectPath(s)}/Calls/${of}/Streams/${id}`,
		test: (s) => `${projectPath(s)}/Calls?PageSize=1`,
		stop: (s, of, id, options) =>
			send(s, 'POST', `${projectPath(s)}/Calls/${of}/Streams/${id}`, {
				...form({ Status: 'stopped' }),
				...options,
			}),
		unknownStream: 404,
	},
};

/** A call with a stream. */
export function withStream(
	standIn: StandIn,
	details?: StreamDetails,
): { call: Call; stream: Stream } {
	const call = standIn.addCall();
	return { call, stream: standIn.startStream(call.id, details) };
}

/** A request that a server of a test got. */
export interface Seen {
	method: string;
	url: string;
	headers: IncomingHttpHeaders;
	body: string;
}

/** What a server of a test answers to a path. */
export interface Page {
	status?: number;
	headers?: Record<string, string>;
	xml?: string;
	stallMs?: number;
}

/** A server, as a webhook's, until the end of the test: path → what it answers; it keeps the requests. */
export async function listen(
	pages: Record<string, Page> = {},
): Promise<{ url: string; seen: Seen[] }> {
	const seen: Seen[] = [];
	const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
		const body = await textOf(request);
		const { method = '', url = '', headers } = request;
		seen.push({ method, url, headers, body });
		const page = pages[url.split('?')[0] ?? ''] ?? {};
		if (page.stallMs) await new Promise((resolve) => setTimeout(resolve, page.stallMs));
		response.writeHead(page.status ?? 200, { 'Content-Type': 'text/xml', ...page.headers });
		response.end(page.xml ?? '');
	};
	const server = createServer((request, response) => void answer(request, response));
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	opened({
		close: () => {
			server.closeAllConnections();
			return new Promise((resolve) => server.close(resolve));
		},
	});
	const { port } = server.address() as AddressInfo;
	return { url: `http://127.0.0.1:${port}`, seen };
}
