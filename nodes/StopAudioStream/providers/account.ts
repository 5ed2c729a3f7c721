import type {
	ICredentialDataDecryptedObject,
	ICredentialTestRequest,
	IDataObject,
	IHttpRequestOptions,
} from 'n8n-workflow';

import { messages, refusal, say } from '../words/sentences';
import { noValueIn, SPACE, trimmed } from '../words/values';
import { hintFor, type Account, type CredentialSpec, type Provider } from './provider';
import { pathSegment } from './urls';

/**
 * Reads a credential: spaces around values are dropped, and of the URL only its origin is kept.
 * Refuses with a sentence that names the field, before any secret is sent.
 */
export function readAccount(spec: CredentialSpec, data: ICredentialDataDecryptedObject): Account {
	const optional = ({ name }: { name: string }) => {
		const value = data[name];
		// An expression makes a number of an id that is all digits.
		const text = typeof value === 'number' ? String(value) : value;
		return typeof text === 'string' ? trimmed(text) : '';
	};
	const required = (field: { name: string; label: string }) => {
		const value = optional(field);
		if (value === '') throw refusal('credentials', messages.empty, { field: field.label });
		const noValue = noValueIn(value);
		if (noValue !== undefined) {
			throw refusal('credentials', messages.noValue, { field: field.label, value: noValue });
		}
		return value;
	};
	const origin = originOf(required(spec.url), spec.url);
	const id = required(spec.id);
	pathSegment(id, spec.id.label, 'credentials');
	return {
		origin,
		id,
		token: required(spec.token),
		signingKey: spec.signingKey ? optional(spec.signingKey) : '',
	};
}

/**
 * The origin of a URL as people paste it: `example`, `example.signalwire.com` and
 * `https://example.signalwire.com/dashboard` mean the same space.
 */
function originOf(pasted: string, field: CredentialSpec['url']): string {
	const named = { field: field.label, example: field.example };
	const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(pasted);
	const whole = hasScheme ? pasted : `https://${pasted}`;
	// `https:/example…` and the like: the rest would be read as the path of a host named https.
	if (!URL.canParse(whole) || (!hasScheme && /^https?[:/\\]/i.test(pasted))) {
		throw refusal('credentials', messages.urlUnreadable, named);
	}
	const url = new URL(whole);
	if (url.username || url.password) {
		throw refusal('credentials', messages.urlWithPassword, named);
	}
	// The name as it was typed, if it is all digits: `URL` turns 2600 into the host 0.0.10.40.
	const typed = whole.slice(whole.indexOf('://') + 3).split(/[:/?#]/, 1);
	const name = [url.hostname, ...typed].find((each) => /^[a-z0-9-]+$/i.test(each));
	const isBareName = name !== undefined && name !== 'localhost';
	if (isBareName && field.domain) url.hostname = `${name}.${field.domain}`;
	else if (isBareName && !hasScheme) {
		throw refusal('credentials', messages.urlUnreadable, named);
	}
	const loopback = isLoopback(url.hostname);
	if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback)) {
		throw refusal('credentials', messages.urlNotHttps, named);
	}
	return url.origin;
}

const isLoopback = (host: string) =>
	host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);

/** n8n's HTTP Request node names the URL `uri`, everything else `url`. */
const urlOf = (request: IHttpRequestOptions & { uri?: unknown }): string =>
	typeof request.uri === 'string' ? request.uri : request.url;

/**
 * A credential's `authenticate`: a function, and no expressions, since it can refuse a URL in words and costs nothing
 * per request. The request goes to the credential's own origin or not at all: a secret never travels to another host.
 */
export const authenticateWith =
	(spec: CredentialSpec) =>
	async (
		data: ICredentialDataDecryptedObject,
		request: IHttpRequestOptions,
	): Promise<IHttpRequestOptions> => {
		const { origin, id, token } = readAccount(spec, data);
		const url = new URL(urlOf(request), origin);
		if (url.origin !== origin) {
			throw refusal('credentials', messages.otherHost, { origin, field: spec.url.label });
		}
		// n8n's credential test passes `baseURL` as the user typed it; `url` is complete and replaces it.
		const whole = { ...request, baseURL: undefined, uri: undefined, url: url.href };
		return spec.headers
			? {
					...whole,
					headers: { ...request.headers, [spec.headers.id]: id, [spec.headers.token]: token },
				}
			: { ...whole, auth: { username: id, password: token } };
	};

/**
 * The id in the URL of a credential's test: n8n evaluates this expression, which drops what {@link readAccount} drops
 * and takes a number too.
 */
export const idInTest = ({ id }: CredentialSpec): string =>
	`{{encodeURIComponent(String($credentials.${id.name}).replace(/^${SPACE.source}+|${SPACE.source}+$/gu, ''))}}`;

/** A credential's test. If the provider rejects the credential, it says the same words as the node. */
export const testWith = (
	provider: Provider,
	request: { url: string; qs?: IDataObject },
): ICredentialTestRequest => ({
	request: {
		baseURL: `={{$credentials.${provider.credential.url.name}}}`,
		...request,
		disableFollowRedirect: true,
		timeout: 10_000,
	},
	rules: [401, 403].map((status) => {
		const { what, todo } = say(messages.refused, {
			provider: provider.displayName,
			status,
			quote: '',
			hint: hintFor(provider, status),
		});
		return { type: 'responseCode', properties: { value: status, message: `${what}. ${todo}` } };
	}),
});
