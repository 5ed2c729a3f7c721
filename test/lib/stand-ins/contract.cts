import type { IncomingHttpHeaders } from 'node:http';
import { type Document, OpenAPIBackend, type Operation } from 'openapi-backend';

/** A request as it arrived: `path` is raw, with its query. */
export interface RawRequest {
	method: string;
	path: string;
	headers: IncomingHttpHeaders;
	body: string;
}

/** The part of a request that does not keep the contract, for the provider to answer as it would. */
export interface Broken {
	part: 'path' | 'method' | 'credentials' | 'query' | 'body';
	why: string;
}

/** What the contract says of one request; `broken` is undefined when the request keeps it. */
export interface Reading {
	operationId: string;
	path: Record<string, string>;
	query: Record<string, string | string[]>;
	body: Record<string, unknown>;
	broken?: Broken;
}

type Scheme = { type: string; name?: string };

/** Checks requests, as they arrived, against the OpenAPI description of a provider. */
export class Contract {
	readonly #api: OpenAPIBackend;
	readonly #schemes: Record<string, Scheme> = {};

	constructor(api: OpenAPIBackend) {
		this.#api = api;
		// The router builds this list anew for every request.
		const operations = api.router.getOperations();
		api.router.getOperations = () => operations;
		for (const [name, scheme] of Object.entries(api.definition.components?.securitySchemes ?? {})) {
			if ('type' in scheme) {
				this.#schemes[name] =
					scheme.type === 'apiKey' ? { type: 'apiKey', name: scheme.name } : { type: scheme.type };
			}
		}
	}

	/** @param definition the description, or the path of its file */
	static load(definition: string | Document): Promise<Contract> {
		let contract = loaded.get(definition);
		if (!contract) {
			const api = new OpenAPIBackend({
				definition,
				strict: true,
				// A slash more or less is another path: Vobiz answers 401 to it.
				ignoreTrailingSlashes: false,
			});
			contract = api.init().then(() => new Contract(api));
			loaded.set(definition, contract);
		}
		return contract;
	}

	read({ method, path: target, headers, body: text }: RawRequest): Reading {
		const [path, search] = splitOnce(target, '?');
		const reading: Reading = {
			operationId: '',
			query: valuesOf(new URLSearchParams(search)),
			path: {},
			body: {},
		};
		const request = { method, path, headers: plain(headers) };
		let operation: Operation;
		try {
			operation = this.#api.router.matchOperation(request, true);
		} catch (error) {
			const part = String(error).includes('405') ? 'method' : 'path';
			return { ...reading, broken: { part, why: `${method} ${path} is not in the contract` } };
		}
		reading.operationId = operation.operationId ?? '';
		try {
			if (!ENCODED_PATH.test(path)) throw new URIError('not encoded');
			reading.path = pathValues(operation.path, path);
		} catch {
			return {
				...reading,
				broken: { part: 'path', why: `${path} is not properly encoded` },
			};
		}
		// The first reason counts, in the order in which a provider would look.
		reading.broken = this.#credentials(operation, headers);
		const { body, broken } = readBody(operation, headers, text);
		reading.body = body ?? {};
		reading.broken ??= broken;
		const { errors } = this.#api.validator.validateRequest(
			{ ...request, query: reading.query, body },
			operation,
		);
		const first = errors?.[0];
		if (first) {
			const [, place = ''] = first.instancePath.split('/');
			const part = place === 'path' || place === 'query' ? place : 'body';
			const why = `${first.instancePath || '/'} ${first.message} ${JSON.stringify(first.params)}`;
			reading.broken ??= { part, why };
		}
		return reading;
	}

	#credentials(operation: Operation, headers: IncomingHttpHeaders): Broken | undefined {
		for (const requirement of operation.security ?? []) {
			for (const name of Object.keys(requirement)) {
				const scheme = this.#schemes[name];
				const header = scheme?.name ?? 'Authorization';
				const value = headers[header.toLowerCase()];
				const fits =
					scheme?.type === 'http' ? /^Basic [A-Za-z0-9+/]+=*$/.test(String(value)) : Boolean(value);
				if (!fits) return { part: 'credentials', why: `the header ${header} is not as described` };
			}
		}
		return undefined;
	}
}

/** RFC 3986: slashes, unreserved characters, sub-delimiters, ':' and '@', and percent codes. */
const ENCODED_PATH = /^(?:[\w\-.~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})+$/;

/** One contract per description: compiling its schemas takes longer than most tests. */
const loaded = new Map<string | Document, Promise<Contract>>();

function plain(headers: IncomingHttpHeaders): Record<string, string | string[]> {
	const result: Record<string, string | string[]> = {};
	for (const [name, value] of Object.entries(headers))
		if (value !== undefined) result[name] = value;
	return result;
}

function splitOnce(text: string, separator: string): [string, string] {
	const at = text.indexOf(separator);
	return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function pathValues(template: string, path: string): Record<string, string> {
	const values = path.split('/');
	return Object.fromEntries(
		template
			.split('/')
			.flatMap((name, i) =>
				name.startsWith('{') ? [[name.slice(1, -1), decodeURIComponent(values[i] ?? '')]] : [],
			),
	);
}

/** Name → value; a name that came twice has a list, which no schema here allows. */
function valuesOf(params: URLSearchParams): Record<string, string | string[]> {
	return Object.fromEntries(
		[...new Set(params.keys())].map((name) => {
			const values = params.getAll(name);
			return [name, values.length > 1 ? values : (values[0] ?? '')];
		}),
	);
}

function readBody(
	{ operationId, requestBody }: Operation,
	headers: IncomingHttpHeaders,
	text: string,
): { body?: Record<string, unknown>; broken?: Broken } {
	const described = Object.keys(requestBody && 'content' in requestBody ? requestBody.content : {});
	if (text === '') return {};
	if (described.length === 0) {
		return { broken: { part: 'body', why: `${operationId} takes no body` } };
	}
	const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
	if (!described.includes(type)) {
		return {
			broken: { part: 'body', why: `Content-Type is '${type}', not ${described.join(', ')}` },
		};
	}
	if (type !== 'application/json') return { body: valuesOf(new URLSearchParams(text)) };
	try {
		const body: unknown = JSON.parse(text);
		// The schema refuses what is no object.
		return { body: Object(body) };
	} catch {
		return { broken: { part: 'body', why: 'the body is not JSON' } };
	}
}
