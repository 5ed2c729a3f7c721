// What n8n's request helper makes of a network in which something is in the way: a certificate that is refused, a
// proxy, n8n's own SSRF protection. Real sockets on loopback.

import { createServer as createHttpsServer } from 'node:https';
import { createRequire } from 'node:module';
import { createServer as createTcpServer } from 'node:net';
import tls from 'node:tls';

import { runNode } from '../lib/engine.cts';
import { makeCertificate, type Certificate } from '../lib/certificates.cts';
import { listenOn } from '../lib/listenOn.cts';
import { listen, opened } from '../lib/opened.cts';

const NOT_DELIVERED = 'The request was not delivered, and the stream may still be running.';

/** Stops one Plivo stream at an address; what came out of it. */
async function stopAt(baseUrl: string, maxRetries = 1) {
	const { items } = await runNode({
		parameters: { provider: 'plivo', callId: 'c', stream: 's', options: { maxRetries } },
		credentials: { plivoBasicApi: { authId: 'MAEXAMPLE', authToken: 'example-token', baseUrl } },
		node: { onError: 'continueRegularOutput' },
	});
	return items[0];
}

describe('a certificate', () => {
	const ca = makeCertificate();
	let seen: string[];

	/** A server on loopback with a certificate, and what it answers to a stop. */
	async function stopBehind(certificate: Certificate) {
		seen = [];
		const server = createHttpsServer(makeCertificate(certificate), ({ method }, response) => {
			seen.push(`${method}`);
			response.writeHead(204).end();
		});
		let connections = 0;
		server.on('connection', () => {
			connections += 1;
		});
		const { port } = opened(await listenOn(server));
		const host = `127.0.0.1:${port}`;
		const item = await stopAt(`https://${host}`);
		return { host, item, connections };
	}

	/** Lets n8n trust the CA of the tests, as NODE_EXTRA_CA_CERTS does at the start of a process. */
	beforeEach(() => {
		const { createSecureContext } = tls;
		jest
			.spyOn(tls, 'createSecureContext')
			.mockImplementation((options) => createSecureContext({ ca: ca.cert, ...options }));
	});
	afterEach(() => jest.restoreAllMocks());

	test('of a CA that n8n trusts lets the stop through', async () => {
		const { item } = await stopBehind({ host: '127.0.0.1', ca });
		expect(item).toMatchObject({ status: 'stopped' });
		expect(seen).toEqual(['DELETE']);
	});

	test.each<[string, Certificate, string]>([
		['that signed itself', { host: '127.0.0.1' }, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
		[
			'of a CA that n8n does not know',
			{ host: '127.0.0.1', ca: makeCertificate() },
			'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
		],
	])('%s is not trusted, and NODE_EXTRA_CA_CERTS is named', async (_title, certificate, code) => {
		const { host, item, connections } = await stopBehind(certificate);
		expect(item).toMatchObject({
			failure: 'unavailable',
			error: `n8n does not trust the certificate of ${host} (${code})`,
			attempts: 1,
		});
		expect(item?.message).toMatch(new RegExp(`^${NOT_DELIVERED} .*NODE_EXTRA_CA_CERTS`));
		expect([connections, seen]).toEqual([1, []]);
	});

	test.each<[string, Certificate, string]>([
		[
			'that has expired',
			{ host: '127.0.0.1', until: new Date('2021-01-01'), ca },
			'CERT_HAS_EXPIRED',
		],
		['made for another host', { host: 'other.example', ca }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
	])('%s is not valid, which no CA would mend', async (_title, certificate, code) => {
		const { host, item, connections } = await stopBehind(certificate);
		expect(item).toMatchObject({
			failure: 'unavailable',
			error: `The certificate of ${host} is not valid (${code})`,
			attempts: 1,
		});
		expect(item?.message).toMatch(new RegExp(`^${NOT_DELIVERED}`));
		expect(item?.message).not.toContain('NODE_EXTRA_CA_CERTS');
		expect([connections, seen]).toEqual([1, []]);
	});
});

describe('a proxy', () => {
	afterEach(() => {
		delete process.env.HTTPS_PROXY;
		delete process.env.HTTP_PROXY;
	});

	/** Stops a stream through a proxy that answers everything with the same text; what it was asked for. */
	async function stopThrough(answer: string, address: string) {
		const asked: string[] = [];
		const proxy = createTcpServer((socket) => {
			socket.on('error', () => undefined);
			socket.once('data', (data) => {
				asked.push(data.toString().split(' ')[0] ?? '');
				socket.end(answer);
			});
		});
		process.env.HTTPS_PROXY = process.env.HTTP_PROXY = opened(await listenOn(proxy)).url;
		return { item: await stopAt(address), asked };
	}

	const LOGIN =
		'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n';

	test.each([
		['https://127.0.0.1:9', 'CONNECT'],
		['http://127.0.0.1:9', 'DELETE'],
	])('that asks for a login is named, and asked once: %s', async (address, method) => {
		const { item, asked } = await stopThrough(LOGIN, address);
		expect(item).toMatchObject({
			failure: 'unavailable',
			statusCode: 407,
			attempts: 1,
			error: 'A proxy on the way to Plivo asks for a login (407)',
		});
		expect(item?.message).toMatch(new RegExp(`^${NOT_DELIVERED} .*HTTPS_PROXY.*NO_PROXY`));
		expect(asked).toEqual([method]);
	});

	test('that ends the connection has delivered nothing, and is asked again', async () => {
		const { item, asked } = await stopThrough('', 'https://127.0.0.1:9');
		expect(item).toMatchObject({
			failure: 'unavailable',
			attempts: 2,
			error:
				'Plivo could not be reached (Proxy connection ended before receiving CONNECT response)',
			message: expect.stringContaining('HTTPS_PROXY'),
		});
		expect(asked).toEqual(['CONNECT', 'CONNECT']);
	});

	// n8n's proxy agent gives out the refusal of a tunnel as an answer of the provider, so nothing tells the two apart.
	test.each([
		['a web page', 'Content-Type: text/html\r\n\r\n<html>No</html>'],
		['nothing', 'Content-Length: 0\r\n\r\n'],
	])(
		'that refuses the tunnel comes out as the answer of the provider, and is named: %s',
		async (_what, rest) => {
			const { item } = await stopThrough(
				`HTTP/1.1 403 Forbidden\r\n${rest}`,
				'https://127.0.0.1:9',
			);
			expect(item).toMatchObject({
				failure: 'credentials',
				statusCode: 403,
				message: expect.stringMatching(/proxy.*HTTPS_PROXY.*NO_PROXY/),
			});
		},
	);
});

describe("n8n's SSRF protection", () => {
	interface Settings {
		enabled: boolean;
	}
	interface Services {
		get(service: unknown): Settings;
	}
	const ofN8n = createRequire(require.resolve('n8n-core'));
	const { Container } = ofN8n('@n8n/di') as { Container: Services };
	const { SsrfProtectionConfig } = ofN8n('@n8n/config') as { SsrfProtectionConfig: unknown };
	const settings = Container.get(SsrfProtectionConfig);
	afterEach(() => {
		settings.enabled = false;
	});

	test('delivers nothing to an address that it blocks, and is named with the way to allow it', async () => {
		const requests: string[] = [];
		const { port, url } = await listen(({ method }, response) => {
			requests.push(`${method}`);
			response.writeHead(204).end();
		});
		expect(await stopAt(url)).toMatchObject({ status: 'stopped' });
		settings.enabled = true;
		const item = await stopAt(url);
		expect(item).toMatchObject({
			failure: 'unavailable',
			error: `n8n's SSRF protection blocked the request to 127.0.0.1:${port}`,
			attempts: 1,
		});
		expect(item?.message).toMatch(new RegExp(`^${NOT_DELIVERED} .*N8N_SSRF_ALLOWED_IP_RANGES`));
		expect(requests).toEqual(['DELETE']);
	});
});
