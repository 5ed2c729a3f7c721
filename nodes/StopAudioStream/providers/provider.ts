import type { IDataObject } from 'n8n-workflow';

import type { Answer, OwnReading } from '../outcome';

/** What a provider is: data and pure functions. It builds requests and reads answers; it sends nothing. */
export interface Provider {
	/** The value of the 'Provider' parameter that saved workflows hold. */
	name: string;
	displayName: string;
	credential: CredentialSpec;
	/** What to check when the provider answers 401 or 403, beyond the token. */
	credentialHint: string;
	callId: FieldText;
	/** The ways to say which stream; the first is the default. */
	streamIds: readonly [StreamIdSpec, ...StreamIdSpec[]];
	/** What the names of a call are in the provider's own events, most usual first. */
	callIdInEvents: readonly string[];
	/** Whether all streams of a call can be stopped with one request, and what happens to the call then. */
	stopAll?: { notice: string };
	/** The documented rate limit; without one, the sender finds out by itself. */
	rateLimit?: RateLimit;
	/** The request that stops what `target` names. */
	buildStop(account: Account, target: Target): ProviderRequest;
	/**
	 * Reads an answer to {@link buildStop}: 2xx, and 4xx other than 401, 403, 408 and 429, which mean
	 * the same everywhere and never reach it. `undefined` where the provider has no words of its own for it.
	 */
	readStop(answer: Answer, target: Target, account: Account): OwnReading | undefined;
	/** Reads whether streams have ended, where the provider can tell. */
	confirm?: {
		/** `offset`: how many streams of the list were already read. */
		buildRead(account: Account, target: Target, offset: number): ProviderRequest;
		/** `undefined` where the answer does not say. */
		readState(answer: Answer, target: Target, offset: number): StreamState | undefined;
	};
	/** How long the answer asks to wait, in ms, where the provider says it outside of `Retry-After`. */
	retryAfter?(answer: Answer, now: number): number | undefined;
}

export type Operation = 'stopStream' | 'stopAllStreams';
export type StreamBy = 'sid' | 'name' | 'controlId';

/** What the user asked for, for one item: checked, trimmed, complete. */
export interface Target {
	operation: Operation;
	streamBy?: StreamBy;
	callId: string;
	/** Not there for all streams, and where a document names the stream by itself. */
	stream?: string;
	/** Only for a stream that a document stops. */
	document?: DocumentSpec;
}

/** The cXML document that stops a stream by its name; `method` is how it and its fallback are fetched. */
export interface DocumentSpec {
	url: string;
	fallbackUrl?: string;
	method: 'GET' | 'POST';
	nameParameter: string;
}

/** One HTTP request without its authentication: a form, a JSON body, or neither. */
export interface ProviderRequest {
	method: 'GET' | 'POST' | 'DELETE';
	url: string;
	form?: Record<string, string>;
	json?: IDataObject;
}

/** A label and its helpers, in the provider's own words. */
export interface FieldText {
	label: string;
	placeholder: string;
	description: string;
}

export interface StreamIdSpec extends FieldText {
	/** The value of the 'Identify Stream By' parameter, for a provider with several ways. */
	streamBy?: StreamBy;
	/** What this way is for, beside its choice. */
	summary?: string;
	/** What happens to the call when this stream stops. */
	notice: string;
	/** What the provider's own events call it. */
	inEvents: readonly string[];
	/** Stopped by a cXML document: the name may be left out and is taken as it is, and a repeat runs the document again. */
	byDocument?: true;
}

export interface RateLimit {
	requests: number;
	windowMs: number;
}

/** Where a credential's values are, and how they are sent. Field names are what saved credentials hold. */
export interface CredentialSpec {
	type: string;
	displayName: string;
	address: {
		name: string;
		label: string;
		example: string;
		/** Completes a bare name. */ domain?: string;
	};
	id: { name: string; label: string };
	token: { name: string; label: string };
	/** The headers that carry id and token; HTTP Basic without them. */
	headers?: { id: string; token: string };
}

/** A credential that was read and checked. `origin` is scheme, host and port, without a slash. */
export interface Account {
	origin: string;
	id: string;
	token: string;
}

/** Whether all streams that were asked for have ended; `nextOffset` where more of a list is to be read. */
export interface StreamState {
	ended: boolean;
	nextOffset?: number;
}
