import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { DOMParser, type Element, onWarningStopParsing } from '@xmldom/xmldom';
import type { CallEnd } from './calls.cts';

/**
 * How a provider fetches the document of a call and what it does with it. For SignalWire:
 * developer.signalwire.com/guides/voice/compatibility-api/stop-stream-with-rest-api,
 * signalwire.com/docs/compatibility-api/guides/webhooks (connection overrides, common webhook errors),
 * …/cxml/voice/stream; the error numbers are those of …/rest-api/error-codes. For Plivo and Vobiz:
 * docs.plivo.com/docs/voice/xml/audiostream, www.vobiz.ai/docs/xml/stream.
 */

const MOST_REDIRECTS = 3;
const MOST_BYTES = 64 * 1024;

/** Verbs after which the document goes on at once. */
const INSTANT = {
	cXML: new Set(['Say', 'Play']),
	'Plivo XML': new Set(['Speak', 'Play', 'DTMF', 'PreAnswer']),
};
/** Verbs that occupy the call: it stays up, and the stand-in does not wait for their end. */
const HOLDS = {
	cXML: new Set(['Dial', 'Gather', 'Connect', 'Enqueue', 'Record']),
	'Plivo XML': new Set(['Dial', 'GetDigits', 'GetInput', 'Conference', 'MultiPartyCall', 'Record']),
};

const LITERAL = /<!\[CDATA\[[\s\S]*?\]\]>|<!--[\s\S]*?-->/g;
/** What the parser lets pass though XML does not: a bare ampersand, a control character. */
const LENIENT = /&(?!#\d+;|#x[\dA-Fa-f]+;|\w+;)|[\u0000-\u0008\u000b\u000c\u000e-\u001f]/;

/** Which verbs a provider's documents have. */
export type Dialect = 'cXML' | 'Plivo XML';

/** Where a document is. */
export interface Source {
	url: string;
	method: string;
}

/** One fetch of a document, and what it did. */
export interface DocumentRun extends Source {
	status: number | null;
	verbs: string[];
	/** The names of the streams that it stopped. */
	stopped: string[];
	/** The ids of the streams that it started; not there where it started none. */
	started?: string[];
	error?: string;
}

/** A stream as a document orders it: the attributes of its element, and its address. */
export interface StreamOrder {
	url: string;
	attributes: Record<string, string>;
	/** `<Connect><Stream>`: both directions, and the document waits for its end. */
	connect: boolean;
}

/** What a document does to its call. */
export interface Handle {
	dialect: Dialect;
	log: DocumentRun[];
	signal: AbortSignal;
	/** Whether the call is up and no later document took over. */
	isCurrent(): boolean;
	/** What goes to the document's server, and the headers that say who asks. */
	fieldsOf(): Record<string, string>;
	headersOf(url: URL, method: string, fields: Record<string, string>): Record<string, string>;
	/** The document is there, and takes over from the one before. */
	takeOver(): void;
	stop(name: string): boolean;
	/** Starts a stream; with `then`, the document waits for its end where the stream holds it. */
	start(order: StreamOrder, then: () => void): { id: string; holds: boolean };
	/** Goes on with another document. */
	goOn(source: Source): void;
	/** Goes on with this document after so many seconds, unless another took over. */
	later(seconds: number, then: () => void): void;
	hangUp(because: CallEnd): void;
	/** The document cannot be had or read, and there is no other. */
	failed(): void;
}

class DocumentError extends Error {}

/**
 * Runs the document at `first` on a call, from top to bottom, and those it redirects to.
 * @param fallback tried once, when the first cannot be had
 */
export async function runDocument(handle: Handle, first: Source, fallback?: Source): Promise<void> {
	let next: Source | undefined = first;
	let spare = fallback;
	while (next) {
		const run: DocumentRun = {
			url: next.url,
			method: next.method,
			status: null,
			verbs: [],
			stopped: [],
		};
		handle.log.push(run);
		try {
			const text = await fetchDocument(next, handle, run);
			// A document is read whole before any of it runs.
			const verbs = childrenOf(parse(text));
			if (!handle.isCurrent()) return;
			handle.takeOver();
			next = execute(verbs, handle, run);
			spare = undefined;
		} catch (error) {
			if (!(error instanceof DocumentError)) throw error;
			run.error = error.message;
			next = spare;
			spare = undefined;
			if (!next && handle.isCurrent()) handle.failed();
		}
	}
}

/** Runs verbs one after another; gives back the document to go on with. */
function execute(verbs: readonly Element[], handle: Handle, run: DocumentRun): Source | undefined {
	const { dialect } = handle;
	for (const [i, verb] of verbs.entries()) {
		run.verbs.push(verb.nodeName);
		const goOn = (): void => {
			const rest = verbs.slice(i + 1);
			if (rest.length === 0) {
				handle.hangUp('the stream that alone kept it alive ended');
				return;
			}
			const next = execute(rest, handle, run);
			if (next) handle.goOn(next);
		};
		const orders = streamsIn(verb, dialect);
		if (orders) {
			for (const order of orders) {
				const { id, holds } = handle.start(order, goOn);
				(run.started ??= []).push(id);
				if (holds) return undefined;
			}
		} else if (verb.nodeName === 'Stop' && dialect === 'cXML') {
			for (const noun of childrenOf(verb)) {
				const name = noun.getAttribute('name') ?? '';
				if (noun.nodeName === 'Stream' && handle.stop(name)) run.stopped.push(name);
			}
		} else if (verb.nodeName === 'Redirect') {
			return {
				url: new URL((verb.textContent ?? '').trim(), run.url).href,
				method: (verb.getAttribute('method') ?? 'POST').toUpperCase(),
			};
		} else if (verb.nodeName === 'Wait' || verb.nodeName === 'Pause') {
			// "length: seconds, 1 by default", at all three.
			handle.later(Number(verb.getAttribute('length') ?? 1), goOn);
			return undefined;
		} else if (HOLDS[dialect].has(verb.nodeName)) {
			return undefined;
		} else if (verb.nodeName === 'Hangup') {
			handle.hangUp('its document hung up');
			return undefined;
		} else if (!INSTANT[dialect].has(verb.nodeName)) {
			throw new DocumentError(`12100 the stand-in does not know <${verb.nodeName}>`);
		}
	}
	// "In case there is no instruction, Signalwire will disconnect the call."
	handle.hangUp('its document ran out of verbs');
	return undefined;
}

/** The streams that a verb starts, if it is one that starts any. */
function streamsIn(verb: Element, dialect: Dialect): StreamOrder[] | undefined {
	if (dialect === 'Plivo XML') {
		return verb.nodeName === 'Stream'
			? [orderOf(verb, (verb.textContent ?? '').trim())]
			: undefined;
	}
	const nouns = childrenOf(verb).filter(({ nodeName }) => nodeName === 'Stream');
	const connect = verb.nodeName === 'Connect';
	if ((!connect && verb.nodeName !== 'Start') || nouns.length === 0) return undefined;
	return nouns.map((noun) => ({ ...orderOf(noun, noun.getAttribute('url') ?? ''), connect }));
}

function orderOf(element: Element, url: string): StreamOrder {
	const attributes = Object.fromEntries(
		[...element.attributes].map(({ name, value }) => [name, value]),
	);
	return { url: checkedAddress(url), attributes, connect: false };
}

function checkedAddress(url: string): string {
	if (!/^wss?:\/\//.test(url)) {
		throw new DocumentError(`31922 '${url}' is no address of a WebSocket`);
	}
	return url;
}

function childrenOf(node: Element): Element[] {
	return [...node.childNodes].filter((child): child is Element => child.nodeType === 1);
}

function parse(xml: string): Element {
	let root: Element | null;
	try {
		if (LENIENT.test(xml.replace(LITERAL, ''))) throw new Error('not well-formed');
		root = new DOMParser({ onError: onWarningStopParsing }).parseFromString(
			xml,
			'text/xml',
		).documentElement;
	} catch {
		throw new DocumentError('12100 the document does not parse');
	}
	if (root?.nodeName !== 'Response') {
		throw new DocumentError('12100 the document is not a <Response>');
	}
	return root;
}

/** Fetches a document with the call's fields, as a form (POST) or a query (GET). */
async function fetchDocument(
	{ url, method }: Source,
	call: Handle,
	run: DocumentRun,
): Promise<string> {
	const fields = call.fieldsOf();
	let target = new URL(url);
	let verb = method;
	const overrides = new URLSearchParams(target.hash.slice(1));
	const limit = (name: string, most: number, usual: number): number => {
		const given = Number(overrides.get(name));
		return given > 0 ? Math.min(Math.max(given, 100), most) : usual;
	};
	const limits = {
		connect: limit('ot', 10_000, 2_000),
		read: limit('rt', 15_000, 5_000),
		total: limit('tt', 15_000, 15_000),
	};
	for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
		const headers = call.headersOf(target, verb, fields);
		const response = await request(target, verb, fields, headers, limits, call);
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
		const type = (response.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
		if (!/^(?:application|text)\/(?:[\w.-]+\+)?xml$/.test(type)) {
			throw new DocumentError(`12300 the Content-Type '${type}' is not XML`);
		}
		return response.body;
	}
	throw new DocumentError('11215 redirected too many times');
}

interface Fetched {
	status: number;
	headers: IncomingHttpHeaders;
	body: string;
}

/** Whether an address is on this machine: the stand-ins call no other. */
export function isLoopback(url: URL): boolean {
	return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
}

function request(
	target: URL,
	method: string,
	fields: Record<string, string>,
	headers: Record<string, string>,
	limits: { connect: number; read: number; total: number },
	{ signal }: Handle,
): Promise<Fetched> {
	const form = new URLSearchParams(fields);
	const url = new URL(target);
	// The fragment holds instructions for SignalWire; it never goes to the server.
	url.hash = '';
	if (method === 'GET') for (const [name, value] of form) url.searchParams.append(name, value);
	const body = method === 'GET' ? '' : form.toString();
	return new Promise((resolve, reject) => {
		if (!isLoopback(url)) {
			reject(new DocumentError('11210 the stand-in calls no other machine'));
			return;
		}
		const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
		const outgoing = send(url, {
			method,
			signal,
			agent: false,
			headers:
				method === 'GET'
					? headers
					: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
		});
		const giveUp = (message: string): void => {
			outgoing.destroy(new DocumentError(message));
		};
		const total = setTimeout(() => giveUp('11200 it took too long'), limits.total);
		let step = setTimeout(() => giveUp('11200 no connection in time'), limits.connect);
		const waitOn = (): void => {
			clearTimeout(step);
			step = setTimeout(() => giveUp('11200 no answer in time'), limits.read);
		};
		outgoing.on('socket', (socket) => socket.once('connect', waitOn));
		outgoing.on('close', () => {
			clearTimeout(total);
			clearTimeout(step);
		});
		const failed = (error: NodeJS.ErrnoException): void =>
			reject(
				error instanceof DocumentError
					? error
					: new DocumentError(`${error.code === 'ENOTFOUND' ? 11210 : 11200} ${error.code}`),
			);
		outgoing.on('error', failed);
		outgoing.on('response', (response) => {
			const chunks: Buffer[] = [];
			let size = 0;
			response.on('error', failed);
			response.on('data', (chunk: Buffer) => {
				waitOn();
				chunks.push(chunk);
				size += chunk.length;
				if (size > MOST_BYTES) {
					response.destroy(new DocumentError('11750 the document is over 64 kB'));
				}
			});
			response.on('end', () =>
				resolve({
					status: response.statusCode ?? 0,
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
export function renderBin(template: string, values: Record<string, string>): string {
	return template.replace(/\{\{\s*([\w.-]+)\s*\}\}/g, (_match, name: string) =>
		(Object.hasOwn(values, name) ? (values[name] ?? '') : '').replace(
			/[&<>"']/g,
			(character) => `&#${character.codePointAt(0)};`,
		),
	);
}
