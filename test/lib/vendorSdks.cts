// The vendors' own SDKs: they ask a stand-in as they would ask the provider, and check who signed an event.

import { createRequire } from 'node:module';
import type { ParsedUrlQuery } from 'node:querystring';
import { basic, FORM } from './stand-ins/events.cts';
import type { PlivoStandIn, SignalWireStandIn } from './stand-ins/index.cts';

const load = createRequire(__filename);

// Jest gives each test file an `Array` of its own, and Node's querystring makes lists of another:
// the SDKs ask `instanceof Array`, and must get the answer that they get outside Jest.
Object.defineProperty(Array, Symbol.hasInstance, { value: Array.isArray });

interface AxiosConfig {
	url: string;
	method: string;
	data?: unknown;
}

/** What is used of Plivo's own copy of axios. */
interface Axios {
	getAdapter(name: 'http'): (config: AxiosConfig) => Promise<unknown>;
	defaults: { adapter: unknown };
}

/** What is used of Plivo's SDK, whose own types name `stream` otherwise. */
interface PlivoCalls {
	stream(call: string, serviceUrl: string, options: object): Promise<{ streamId: string }>;
	getStream(call: string, stream: string): Promise<object>;
	getAllStream(call: string): Promise<object>;
	stopStream(call: string, stream: string): Promise<object>;
	stopAllStream(call: string): Promise<object>;
	get(call: string): Promise<object>;
	getLiveCall(call: string): Promise<object>;
	listLiveCalls(): Promise<Array<{ id: string }>>;
	transfer(call: string, to: { legs: 'aleg'; alegUrl?: string }): Promise<object>;
	hangup(call: string): Promise<object>;
}

const plivo = load('plivo') as {
	Client: new (authId: string, authToken: string) => { calls: PlivoCalls };
	validateV3Signature: (
		method: 'GET' | 'POST',
		address: string,
		nonce: string,
		authToken: string,
		signatures: string,
		fields: ParsedUrlQuery,
	) => boolean;
};

/** Whether Plivo's SDK takes an event for signed. */
export const isSignedByPlivo = plivo.validateV3Signature;

/** Plivo's SDK, of which the host is fixed: its requests go to the stand-in all the same. */
export function plivoSdk({ url, credentials }: PlivoStandIn): PlivoCalls {
	const axios = createRequire(load.resolve('plivo'))('axios') as Axios;
	const send = axios.getAdapter('http');
	axios.defaults.adapter = ({ data, ...config }: AxiosConfig) =>
		send({
			...config,
			url: config.url.replace('https://api.plivo.com', url),
			// It sends `{}` with a DELETE, where Plivo's documents have no body.
			...(config.method !== 'delete' && { data }),
		});
	return new plivo.Client(credentials.authId, credentials.authToken).calls;
}

/** What is used of SignalWire's SDK, which has no types that this import style finds. */
interface RestClient {
	calls: {
		(sid: string): {
			fetch(): Promise<object>;
			update(fields: Record<string, string>): Promise<object>;
			streams: {
				(sid: string): { update(fields: { status: 'stopped' }): Promise<object> };
				create(fields: { url: string; name?: string }): Promise<{ sid: string; name: string }>;
			};
		};
		list(of: { status: string; pageSize: number }): Promise<Array<{ sid: string }>>;
	};
	conferences(sid: string): { fetch(): Promise<object> };
}

interface SdkRequest {
	method: string;
	uri: string;
	username: string;
	password: string;
	params?: Record<string, string>;
	data?: Record<string, string>;
}

interface SignalWireModule {
	RestClient: {
		new (project: string, token: string, options: object): RestClient;
		validateRequest(
			key: string,
			signature: string,
			address: string,
			fields: ParsedUrlQuery,
			suppressWarning: true,
		): boolean;
	};
}

const signalWire = load('@signalwire/compatibility-api') as SignalWireModule;

/** SignalWire's SDK. It leaves `/api/laml` out and adds `.json`, which the documents do not. */
export function signalWireSdk({ url, credentials }: SignalWireStandIn): RestClient {
	const httpClient = {
		async request({ method, uri, username, password, params, data }: SdkRequest) {
			const { pathname, search } = new URL(uri);
			const path = pathname.replace(/^\/2010/, '/api/laml/2010').replace(/\.json$/, '');
			const query = new URLSearchParams(params).toString();
			const response = await fetch(`${url}${path}${query === '' ? search : `?${query}`}`, {
				method,
				headers: {
					Authorization: basic(username, password),
					...(data && { 'Content-Type': FORM }),
				},
				...(data && { body: new URLSearchParams(data).toString() }),
			});
			return { statusCode: response.status, body: await response.text() };
		},
	};
	const { projectId, apiToken } = credentials;
	const options = { signalwireSpaceUrl: 'example.signalwire.com', httpClient };
	return new signalWire.RestClient(projectId, apiToken, options);
}

/** Whether SignalWire's SDK takes a form for signed. */
export const isSignedBySignalWire = (
	key: string,
	signature: string,
	address: string,
	fields: ParsedUrlQuery,
): boolean => signalWire.RestClient.validateRequest(key, signature, address, fields, true);
