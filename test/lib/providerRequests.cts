// Requests as somebody else's client sends them, byte for byte: nothing here is the node's own code.

import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { listenOn, readingServer, type Listening } from './listenOn.cts';
import { opened } from './opened.cts';
import { basic, FORM, JSON_TYPE } from './stand-ins/events.cts';
import type { ProviderName } from './stand-ins/index.cts';

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
function identity({ provider, credentials }: Account): Record<string, string> {
	const { authId = '', authToken = '', projectId = '', apiToken = '' } = credentials;
	if (provider === 'vobiz') return { 'X-Auth-ID': authId, 'X-Auth-Token': authToken };
	const isPlivo = provider === 'plivo';
	return { Authorization: basic(isPlivo ? authId : projectId, isPlivo ? authToken : apiToken) };
}

/** Sends exactly this path, where `fetch` would tidy it up. */
export async function send(
	account: Account,
	method: string,
	path: string,
	{ body, headers = identity(account) }: RequestOptions = {},
): Promise<Answered> {
	const isForm = body instanceof URLSearchParams;
	const text = isForm ? body.toString() : JSON.stringify(body);
	const type = body && {
		'Content-Type': isForm ? FORM : JSON_TYPE,
		'Content-Length': Buffer.byteLength(text),
	};
	const outgoing = httpRequest(account.url, { method, path, headers: { ...type, ...headers } });
	outgoing.end(text);
	const response = await new Promise<IncomingMessage>((resolve, reject) => {
		outgoing.once('response', resolve).once('error', reject);
	});
	const answer = await textOf(response);
	return {
		status: response.statusCode ?? NaN,
		headers: response.headers,
		text: answer,
		json: answer.startsWith('{') ? (JSON.parse(answer) as Record<string, unknown>) : {},
	};
}

export const form = (fields: Record<string, string>): { body: URLSearchParams } => ({
	body: new URLSearchParams(fields),
});

/** How a provider's paths look. */
interface Paths {
	account(account: Account): string;
	call(account: Account, call: string): string;
	stream(account: Account, call: string, stream: string): string;
	stop(account: Account, call: string, stream: string, options?: RequestOptions): Promise<Answered>;
}

function telephonyPaths(prefix: string): Paths {
	const account: Paths['account'] = ({ credentials }) => `${prefix}/Account/${credentials.authId}/`;
	const call: Paths['call'] = (s, id) => `${account(s)}Call/${id}/`;
	// Without an id, the path of all streams.
	const stream: Paths['stream'] = (s, of, id) => `${call(s, of)}Stream/${id && `${id}/`}`;
	return {
		account,
		call,
		stream,
		stop: (s, of, id, options) => send(s, 'DELETE', stream(s, of, id), options),
	};
}

const project: Paths['account'] = ({ credentials }) =>
	`/api/laml/2010-04-01/Accounts/${credentials.projectId}`;
const streamOf: Paths['stream'] = (s, of, id) => `${project(s)}/Calls/${of}/Streams/${id}`;

/** Provider → how its paths look. */
export const paths: Record<ProviderName, Paths> = {
	plivo: telephonyPaths('/v1'),
	vobiz: telephonyPaths('/api/v1'),
	signalWire: {
		account: project,
		call: (s, id) => `${project(s)}/Calls/${id}`,
		stream: streamOf,
		stop: (s, of, id, options) =>
			send(s, 'POST', streamOf(s, of, id), { ...form({ Status: 'stopped' }), ...options }),
	},
};

/** A command to SignalWire's Calling API. */
export const command = (account: Account, id: string, controlId: string, more: object = {}) =>
	send(account, 'POST', '/api/calling/calls', {
		body: { id, command: 'calling.stream.stop', params: { control_id: controlId }, ...more },
	});

/** A request that a server of a test got. */
export interface Seen {
	method: string;
	body: string;
}

/** What a server of a test answers to a path. */
export interface Page {
	status?: number;
	headers?: Record<string, string>;
	text?: string;
	stallMs?: number;
}

/** A server that answers with these pages, 200 to any other path, and tells what it was asked. */
export async function listen(
	pages: Record<string, Page> = {},
): Promise<Listening & { seen: Seen[] }> {
	const seen: Seen[] = [];
	const server = readingServer(({ method = '', url = '' }, body, response) => {
		seen.push({ method, body });
		const page = pages[url.split('?')[0] ?? ''] ?? {};
		const answer = () => {
			response.writeHead(page.status ?? 200, { 'Content-Type': 'text/xml', ...page.headers });
			response.end(page.text ?? '');
		};
		setTimeout(answer, page.stallMs ?? 0).unref();
	});
	return { ...opened(await listenOn(server)), seen };
}
