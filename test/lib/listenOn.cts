// Servers on a free loopback port.

import {
	createServer,
	type IncomingMessage,
	type Server as HttpServer,
	type ServerResponse,
} from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { text } from 'node:stream/consumers';

/** Where a server listens, and what ends it with every connection. */
export interface Listening {
	port: number;
	url: string;
	close: () => Promise<void>;
}

/** Has a server of any kind listen; `url` is for one that speaks plain http. */
export async function listenOn(
	server: Server & Partial<Pick<HttpServer, 'closeAllConnections'>>,
	host = '127.0.0.1',
): Promise<Listening> {
	await new Promise<void>((resolve) => server.listen(0, host, resolve));
	const { port } = server.address() as AddressInfo;
	return {
		port,
		url: `http://${host}:${port}`,
		close: async () => {
			server.closeAllConnections?.();
			await new Promise((resolve) => server.close(resolve));
		},
	};
}

/** A server that reads each request whole before it is handled. */
export const readingServer = (
	handle: (incoming: IncomingMessage, body: string, response: ServerResponse) => unknown,
): HttpServer =>
	createServer((incoming, response) => {
		void text(incoming).then(
			(body) => handle(incoming, body, response),
			// The client went away.
			() => response.destroy(),
		);
	});
