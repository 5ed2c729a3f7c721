import type { IDataObject } from 'n8n-workflow';

import type { OptionOf } from '../words/fields';
import type { Status } from '../words/vocabulary';
import type { Scheme } from './signature';

/**
 * What a provider is: data and pure functions. It builds requests and reads answers; it sends nothing,
 * waits for nothing and words no failure.
 */
export interface Provider {
	/** The value of the 'Provider' parameter that saved workflows hold. */
	name: string;
	displayName: string;
	credential: CredentialSpec;
	/** What to check when the provider answers 401 or 403, beyond the token. */
	credentialHint: string;
	/** What else gives a 403. */
	forbiddenHint?: string;
	/** The ways to stop something; the first is the default. */
	ways: readonly [Way, ...Way[]];
	/** How the provider's own events say that the call is over. */
	endsCall: readonly EndWords[];
	/** How the provider proves that an event is its own. */
	signature: Signature;
	/** The documented rate limit; without one, the sender finds out by itself. */
	rateLimit?: RateLimit;
	/** How long the answer asks to wait, in ms, where the provider says it outside of `Retry-After`. */
	retryAfter?(answer: Answer, now: number): number | undefined;
}

export type Operation = 'stopStream' | 'stopAllStreams';

/** One way to stop something at one provider: all that is true of it, in one place. */
export interface Way {
	operation: Operation;
	/** Its choice under 'Identify Stream By', for a provider with several ways to name one stream. */
	choice?: { streamBy: string; label: string; summary: string; notInTools?: true };
	/** What the stream runs on, and the field that names it. */
	on: { noun: 'call' | 'conference'; id: 'callId' | 'conferenceSid'; field: FieldText };
	/** The field that names the stream; not there where all streams stop. */
	stream?: FieldText & {
		/** A name is taken as it is, since blanks may belong to it, and may be left out. */
		isName?: true;
	};
	/** The cXML document that stops the stream. A document is never run twice. */
	document?: DocumentFields;
	/** What these are called in the provider's events, most usual first. */
	inEvents: EventNames;
	/** What happens to the call, beside the choice. */
	notice: string;
	/** The request that stops what `ids` name. */
	build(account: Account, ids: Ids): ProviderRequest;
	/**
	 * Reads an answer to {@link build}: 2xx, and 4xx other than 401, 403, 408 and 429, which mean the same
	 * everywhere and never reach it. `undefined` where the provider has no words of its own for it.
	 */
	read(answer: Answer, ids: Ids): OwnReading | undefined;
	/** The way to take where the event names a conference. */
	inConference?: Way;
	/** The way to try once where the provider's own answer to this one is "not found". */
	elseTry?: Way;
	/** Reads whether the streams have ended, where the provider can tell. */
	streams?: StreamsLook;
	/** Reads that tell what a "not found" leaves open; the first that tells ends it. */
	looks: readonly Look[];
}

/** What names a stream: checked, trimmed, complete. */
export interface Ids {
	callId?: string;
	conferenceSid?: string;
	stream?: string;
	document?: DocumentSpec;
}

/** What a provider makes of its own answer. */
export type OwnReading =
	| { status: Status }
	/** Only the call itself tells: an end is `alreadyStopped`, anything else stays a refusal. */
	| { asks: 'call' }
	/** The provider asks to send the request again. */
	| { asks: 'again' }
	/** A refusal with something of its own to do about it. */
	| { advice: string };

/** One read of the call or the conference; `undefined` where the answer tells nothing. */
export interface Look {
	build(account: Account, ids: Ids): ProviderRequest;
	read(answer: Answer, ids: Ids): 'ended' | 'live' | 'notFound' | undefined;
	/** An end counts only where this shows one too. */
	andAlso?: Look;
}

/** Reads a stream, or a page of a call's streams. */
export interface StreamsLook {
	/** `offset`: how many streams of the list were already read. */
	build(account: Account, ids: Ids, offset: number): ProviderRequest;
	/** `undefined` where the answer does not say. */
	read(answer: Answer, ids: Ids, offset: number): StreamsState | undefined;
}

/** Whether all streams that were asked for have ended; `nextOffset` where more of a list is to be read. */
export type StreamsState =
	| { kind: 'running' }
	/** `firstId`: the first stream of a page of a list, by which one that comes again is known. */
	| { kind: 'ended'; nextOffset?: number; firstId?: string }
	/** The list holds no stream at all, which proves nothing. */
	| { kind: 'nothingListed' };

/** A provider's answer. `body` is parsed where it is JSON, and text where it is not; empty is `''`. */
export interface Answer {
	statusCode: number;
	headers: Record<string, unknown>;
	body: unknown;
}

/** Whether a provider refused. Only 2xx and 4xx come to a way: see {@link Way.read}. */
export const isRefusal = ({ statusCode }: Answer): boolean => statusCode >= 400;

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

/** The fields and options of a cXML document. */
export interface DocumentFields {
	url: FieldText;
	/** Options that only a document has, by what they are for. */
	options: {
		fallbackUrl: OptionOf<'text'>;
		method: OptionOf<'choice'>;
		nameParameter: OptionOf<'text'>;
	};
}

/** The cXML document that stops a stream by its name; `method` is how it and its fallback are fetched. */
export interface DocumentSpec {
	url: string;
	fallbackUrl?: string;
	method: string;
	nameParameter: string;
}

export interface EventNames {
	/** A place in the item counts where it holds one of these. */
	place: readonly string[];
	call: readonly string[];
	/** Where the place names no call: the names of one in the item's query. */
	callInQuery?: readonly string[];
	/** Empty where the events never name one. */
	conference: readonly string[];
	stream: readonly string[];
}

/** A field of an event, and the values with which it says that the call is over. */
export interface EndWords {
	field: string;
	words: readonly string[];
	/** Only inside this part of the event. */
	within?: 'params';
}

/** How a provider signs its events, and what to say where one is not signed. */
export interface Signature {
	/** What the provider may have signed of an event that n8n's Webhook node hands over. */
	scheme: Scheme;
	/** The credential's field that holds the key. */
	keyField: { name: 'token' | 'signingKey'; label: string };
	/** What makes a key the wrong one. */
	keyHint: string;
	/** What to do where the event carries no signature. */
	missingHint: string;
	/** What the signature does not prove, beside the option. */
	limits?: string;
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
	/** A key that only checks signatures, and is never sent. */
	signingKey?: { name: string; label: string };
	/** The headers that carry id and token; HTTP Basic without them. */
	headers?: { id: string; token: string };
}

/** A credential that was read and checked. `origin` is scheme, host and port, without a slash. */
export interface Account {
	origin: string;
	id: string;
	token: string;
	/** Empty where the credential has none. */
	signingKey: string;
}

/** The ways to name one stream; more than one where there is a choice. */
export const waysToOneStream = ({ ways }: Provider): Way[] =>
	ways.filter(({ operation }) => operation === 'stopStream');

/** The way to stop all streams of a call; `undefined` where the provider has none. */
export const wayToAllStreams = ({ ways }: Provider): Way | undefined =>
	ways.find(({ operation }) => operation === 'stopAllStreams');

/**
 * The names that sentences about a way use, as the screen shows them. `noun`: what is spoken of, where that is not what the way's stream runs on.
 */
export function fieldNames({ displayName }: Provider, { on, stream }: Way, noun = on.noun) {
	const labels = [on.field.label, ...(stream ? [stream.label] : [])];
	return {
		provider: displayName,
		place: noun,
		nouns: stream ? `this ${on.noun} or stream` : `this ${on.noun}`,
		fields: labels.map((label) => `'${label}'`).join(' and '),
		streamField: `'${(stream ?? on.field).label}'`,
	};
}
