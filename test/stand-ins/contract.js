'use strict';

const { OpenAPIBackend } = require('openapi-backend');

/**
 * What the contract says of one request. `fault` is undefined when it keeps the contract, else the
 * part that does not, for the provider to answer as it would.
 * @typedef {{ operationId?: string, path: Record<string, string>, query: Record<string, string>,
 *   body?: Record<string, unknown>, broken?: { part: 'path' | 'method' | 'credentials' | 'query' | 'body', why: string } }} Reading
 */

/** Checks requests, as they arrived, against the OpenAPI description of a provider. */
class Contract {
	/** @param {OpenAPIBackend} api */
	constructor(api) {
		this.router = api.router;
		// The router builds this list anew for every request.
		const operations = api.router.getOperations();
		this.router.getOperations = () => operations;
		this.validator = api.validator;
		this.schemes = api.definition.components.securitySchemes;
	}

	/** @returns {Promise<Contract>} */
	static load(definition) {
		if (!loaded.has(definition)) {
			const api = new OpenAPIBackend({
				definition,
				strict: true,
				// A slash more or less is another path: Vobiz answers 401 to it.
				ignoreTrailingSlashes: false,
			});
			loaded.set(
				definition,
				api.init().then(() => new Contract(api)),
			);
		}
		return loaded.get(definition);
	}

	/** @returns {Reading} */
	read({ method, path: target, headers, body: text }) {
		const [path, search = ''] = splitOnce(target, '?');
		const query = valuesOf(new URLSearchParams(search));
		let operation;
		try {
			operation = this.router.matchOperation({ method, path, headers }, true);
		} catch (error) {
			const part = String(error.message).startsWith('405') ? 'method' : 'path';
			return { path: {}, query, broken: { part, why: `${method} ${path} is not in the contract` } };
		}
		const reading = { operationId: operation.operationId, query, path: {} };
		try {
			if (!ENCODED_PATH.test(path)) throw new URIError('not encoded');
			reading.path = pathValues(operation.path, path);
		} catch {
			reading.broken = { part: 'path', why: `${path} is not properly encoded` };
			return reading;
		}
		// The first reason counts, in the order in which a provider would look.
		reading.broken = this.#credentials(operation, headers);
		const { body, broken } = readBody(operation, headers, text);
		reading.body = body;
		reading.broken ??= broken;
		const { errors } = this.validator.validateRequest(
			{ method, path, headers, query, body },
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

	#credentials(operation, headers) {
		for (const requirement of operation.security) {
			for (const name of Object.keys(requirement)) {
				const scheme = this.schemes[name];
				const header = scheme.type === 'http' ? 'Authorization' : scheme.name;
				const value = headers[header.toLowerCase()];
				const fits =
					scheme.type === 'http' ? /^Basic [A-Za-z0-9+/]+=*$/.test(value ?? '') : Boolean(value);
				if (!fits) return { part: 'credentials', why: `the header ${header} is not as described` };
			}
		}
		return undefined;
	}
}

/** RFC 3986: slashes, unreserved characters, sub-delimiters, ':' and '@', and percent codes. */
const ENCODED_PATH = /^(?:[\w\-.~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})+$/;

/** One contract per description: compiling its schemas takes longer than most tests. */
const loaded = new Map();

function splitOnce(text, separator) {
	const at = text.indexOf(separator);
	return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function pathValues(template, path) {
	const names = template.split('/');
	const values = path.split('/');
	return Object.fromEntries(
		names.flatMap((name, i) =>
			name.startsWith('{') ? [[name.slice(1, -1), decodeURIComponent(values[i])]] : [],
		),
	);
}

/** Name → value; a name that came twice has a list, which no schema here allows. */
function valuesOf(params) {
	return Object.fromEntries(
		[...new Set(params.keys())].map((name) => {
			const values = params.getAll(name);
			return [name, values.length > 1 ? values : values[0]];
		}),
	);
}

function readBody(operation, headers, text) {
	const described = Object.keys(operation.requestBody?.content ?? {});
	if (text === '') return {};
	if (described.length === 0) {
		return { broken: { part: 'body', why: `${operation.operationId} takes no body` } };
	}
	const type = (headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
	if (!described.includes(type)) {
		return { broken: { part: 'body', why: `Content-Type is '${type}', not ${described}` } };
	}
	if (type !== 'application/json') return { body: valuesOf(new URLSearchParams(text)) };
	try {
		return { body: JSON.parse(text) };
	} catch {
		return { broken: { part: 'body', why: 'the body is not JSON' } };
	}
}

module.exports = { Contract };
