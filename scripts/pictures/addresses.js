'use strict';

// The providers' own addresses, answered by stand-ins on this machine: so that a picture shows what a person
// sees, and no port of ours. n8n reaches them through a proxy and a certificate made for this run.

const { readFileSync } = require('node:fs');
const http = require('node:http');
const https = require('node:https');
const net = require('node:net');
const path = require('node:path');
const { run } = require('../lib/processes');

const LOOPBACK = '127.0.0.1';

async function makeCertificate(folder, hosts) {
	const [key, certificate] = ['key.pem', 'certificate.pem'].map((name) => path.join(folder, name));
	await run('openssl', [
		...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'],
		...['-keyout', key, '-out', certificate, '-subj', '/CN=stand-ins'],
		...['-addext', `subjectAltName=${hosts.map((host) => `DNS:${host}`).join()}`],
	]);
	return { key, certificate };
}

const listen = (server) =>
	new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(0, LOOPBACK, () => resolve(server.address().port));
	});

/**
 * @param {{folder: string, standIns: Record<string, {url: string}>}} options `standIns` by host
 * @returns `env` for n8n, and `close`
 */
async function serveAddresses({ folder, standIns }) {
	const { key, certificate } = await makeCertificate(folder, Object.keys(standIns));
	const open = new Set();

	const provider = https.createServer(
		{ key: readFileSync(key), cert: readFileSync(certificate) },
		(incoming, response) => {
			const { method, url, headers } = incoming;
			const target = standIns[headers.host];
			const onward = http.request(new URL(url, target.url), { method, headers }, (answer) => {
				response.writeHead(answer.statusCode, answer.headers);
				answer.pipe(response);
			});
			onward.once('error', (reason) => response.destroy(reason));
			incoming.pipe(onward);
		},
	);
	const port = await listen(provider);

	const proxy = http.createServer((_, response) => response.writeHead(403).end());
	proxy.on('connect', ({ url }, socket) => {
		// Only the providers: the rest of the world is not there.
		if (!(url.split(':')[0] in standIns)) {
			socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
			return;
		}
		const onward = net.connect(port, LOOPBACK, () => {
			socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
			onward.pipe(socket).pipe(onward);
		});
		for (const [one, other] of [
			[socket, onward],
			[onward, socket],
		]) {
			open.add(one);
			one.once('close', () => open.delete(one));
			one.on('error', () => other.destroy());
		}
	});
	const address = `http://${LOOPBACK}:${await listen(proxy)}`;

	return {
		env: {
			HTTPS_PROXY: address,
			https_proxy: address,
			NO_PROXY: LOOPBACK,
			no_proxy: LOOPBACK,
			NODE_EXTRA_CA_CERTS: certificate,
		},
		close: () => {
			for (const socket of open) socket.destroy();
			proxy.close();
			provider.close();
		},
	};
}

module.exports = { serveAddresses };
