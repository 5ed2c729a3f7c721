'use strict';

const http = require('node:http');
const https = require('node:https');
const { DOMParser, onWarningStopParsing } = require('@xmldom/xmldom');

/**
 * How SignalWire fetches a cXML document and what it does with it:
 * developer.signalwire.com/guides/voice/compatibility-api/stop-stream-with-rest-api,
 * signalwire.com/docs/compatibility-api/guides/webhooks (connection overrides, common webhook errors),
 * …/cxml/voice/stream. The error numbers are those of …/rest-api/error-codes.
 */

const MOST_REDIRECTS = 3;
const MOST_BYTES = 64 * 1024;

/** Verbs after which the document goes on at once. */
const INSTANT = new Set(['Say', 'Play']);
/** Verbs that occupy the call: it stays up, and the stand-in does not wait for their end. */
const HOLDS = new Set(['Pause', 'Dial', 'Gather', 'Connect', 'Enqueue', 'Record']);

const LITERAL = /<!\[CDATA\[[\s\S]*?\]\]>|<!--[\s\S]*?-->/g;
/** What the parser lets pass though XML does not: a bare ampersand, a control character. */
const LENIENT = /&(?!#\d+;|#x[\dA-Fa-f]+;|\w+;)|[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

class DocumentError extends Error {}

/**
 * One fetch of a document, and what it did.
 * @typedef {{ url: string, method: string, status: number | null, verbs: string[], stopped: string[],
 *   error?: string }} DocumentRun
 */

/**
 * Runs the document at `url` on a call, from top to bottom, and those it redirects to.
 * @param {{ log: DocumentRun[], isCurrent: () => boolean, fieldsOf: () => Record<string, string>,
 *   signal: AbortSignal, takeOver: () => void, stop: (name: string) => boolean, hangUp: () => void }} call
 * @param {{ url: string, method: string }} first
 * @param {{ url: string, method: string } | undefined} fallback tried once, when the first cannot be had
 */
async function runDocument(call, first, fallback) {
	let next = first;
	let spare = fallback;
	while (next) {
		const run = { url: next.url, method: next.method, status: null, verbs: [], stopped: [] };
		call.log.push(run);
		try {
			const document = parse(await fetchDocument(next, call, run));
			if (!call.isCurrent()) return;
			call.takeOver();
			next = execute(document, call, run);
			spare = undefined;
		} catch (error) {
			run.error = error.message;
			next = spare;
			spare = undefined;
			// "In case there is no instruction, Signalwire will disconnect the call."
			if (!next && call.isCurrent()) call.hangUp();
		}
	}
}

/** @returns {{ url: string, method: string } | undefined} the document to go on with */
function execute(document, call, run) {
	for (const verb of elementsOf(document.documentElement)) {
		run.verbs.push(verb.nodeName);
		if (verb.nodeName === 'Stop') {
			for (const noun of elementsOf(verb)) {
				const name = noun.getAttribute('name') ?? '';
				if (noun.nodeName === 'Stream' && call.stop(name)) run.stopped.push(name);
			}
		} else if (verb.nodeName === 'Redirect') {
			return {
				url: new URL(verb.textContent.trim(), run.url).href,
				method: (verb.getAttribute('method') || 'POST').toUpperCase(),
			};
		} else if (HOLDS.has(verb.nodeName)) {
			return undefined;
		} else if (verb.nodeName === 'Hangup') {
			break;
		} else if (!INSTANT.has(verb.nodeName)) {
			throw new DocumentError(`12100 the stand-in does not know <${verb.nodeName}>`);
		}
	}
	call.hangUp();
	return undefined;
}

function elementsOf(node) {
	return [...node.childNodes].filter(({ nodeType }) => nodeType === 1);
}

function parse(xml) {
	let document;
	try {
		if (LENIENT.test(xml.replace(LITERAL, ''))) throw new Error('not well-formed');
		document = new DOMParser({ onError: onWarningStopParsing }).parseFromString(xml, 'text/xml');
	} catch {
		throw new DocumentError('12100 the document does not parse');
	}
	if (document.documentElement.nodeName !== 'Response') {
		throw new DocumentError('12100 the document is not a <Response>');
	}
	return document;
}

/** Fetches a document with the call's fields, as a form (POST) or a query (GET). */
async function fetchDocument({ url, method }, call, run) {
	const fields = call.fieldsOf();
	let target = new URL(url);
	let verb = method;
	const overrides = new URLSearchParams(target.hash.slice(1));
	const limit = (name, most, usual) => {
		const given = Number(overrides.get(name));
		return given > 0 ? Math.min(Math.max(given, 100), most) : usual;
	};
	const limits = {
		connect: limit('ot', 10_000, 2_000),
		read: limit('rt', 15_000, 5_000),
		total: limit('tt', 15_000, 15_000),
	};
	for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
		const response = await request(target, verb, fields, limits, call.signal);
		run.status = response.status;
		const { location } = response.headers;
		if (response.status >= 300 && response.status < 400 && location) {
			target = new URL(location, target);
			if (response.status <= 303) verb = 'GET';
			continue;
		}
		if (response.status < 200 || response.status >= 300) {
			throw new DocumentError(`11217 the server answered ${response.status}`);
		}
		const type = (response.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
		if (!/^(?:application|text)\/(?:[\w.-]+\+)?xml$/.test(type)) {
			throw new DocumentError(`12300 the Content-Type '${type}' is not XML`);
		}
		return response.body;
	}
	throw new DocumentError('11215 redirected too many times');
}

function request(target, method, fields, limits, signal) {
	const form = new URLSearchParams(fields);
	const url = new URL(target);
	// The fragment holds instructions for SignalWire; it never goes to the server.
	url.hash = '';
	if (method === 'GET') for (const [name, value] of form) url.searchParams.append(name, value);
	const body = method === 'GET' ? '' : form.toString();
	return new Promise((resolve, reject) => {
		const client = url.protocol === 'https:' ? https : http;
		const outgoing = client.request(url, {
			method,
			signal,
			agent: false,
			headers: method === 'GET' ? {} : { 'Content-Type': 'application/x-www-form-urlencoded' },
		});
		const giveUp = (message) => outgoing.destroy(new DocumentError(message));
		const total = setTimeout(() => giveUp('11200 it took too long'), limits.total);
		let step = setTimeout(() => giveUp('11200 no connection in time'), limits.connect);
		const waitOn = () => {
			clearTimeout(step);
			step = setTimeout(() => giveUp('11200 no answer in time'), limits.read);
		};
		outgoing.on('socket', (socket) => socket.once('connect', waitOn));
		outgoing.on('close', () => {
			clearTimeout(total);
			clearTimeout(step);
		});
		const failed = (error) =>
			reject(
				error instanceof DocumentError
					? error
					: new DocumentError(`${error.code === 'ENOTFOUND' ? 11210 : 11200} ${error.code}`),
			);
		outgoing.on('error', failed);
		outgoing.on('response', (response) => {
			const chunks = [];
			let size = 0;
			response.on('error', failed);
			response.on('data', (chunk) => {
				waitOn();
				chunks.push(chunk);
				size += chunk.length;
				if (size > MOST_BYTES)
					response.destroy(new DocumentError('11750 the document is over 64 kB'));
			});
			response.on('end', () =>
				resolve({
					status: response.statusCode,
					headers: response.headers,
					body: new TextDecoder().decode(Buffer.concat(chunks)),
				}),
			);
		});
		outgoing.end(body);
	});
}

/**
 * Fills an XML bin: `{{VAR}}` from the payload or the query, HTML-escaped as Mustache does;
 * a variable that nobody declared renders empty.
 */
function renderBin(template, values) {
	return template.replace(/\{\{\s*([\w.-]+)\s*\}\}/g, (_match, name) =>
		(Object.hasOwn(values, name) ? values[name] : '').replace(
			/[&<>"']/g,
			(character) => `&#${character.codePointAt(0)};`,
		),
	);
}

module.exports = { runDocument, renderBin };
