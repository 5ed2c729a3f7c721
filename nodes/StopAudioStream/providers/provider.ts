import type { IDataObject } from 'n8n-workflow';

import type { OptionOf } from '../words/fields';
import type { messages } from '../words/sentences';
import { isSameId } from '../words/values';
import type { CallState, Noun, Operation, Status } from '../words/vocabulary';
import type { Scheme } from './signature';

/**
 * What a provider is: data and pure functions. It builds requests and reads answers; it sends nothing and waits for
 * nothing.
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
	/** The words of the provider's own events. They count only in the place that holds the ids. */
	events: {
		/** The names by which *Check Event* finds ids: the first that name a stream, or else a call. */
		names: readonly EventNames[];
		streamStarted: readonly EventWord[];
		streamEnded: readonly EventWord[];
		callEnded: readonly EventWord[];
	};
	/** How the provider signs its events, and what to say of one that is not signed. */
	signature: {
		/** What the provider may have signed of a form or a GET that n8n's Webhook node hands over. */
		scheme: Scheme;
		/** What it may have signed of any other body, if it signs such bodies. */
		rawScheme?: Scheme<string>;
		/** The credential's field that holds the key. */
		keyField: { name: 'token' | 'signingKey'; label: string };
		/** Which key is the right one. */
		keyHint: string;
		/** When the provider signs an event. */
		signsHint: string;
		/** An older signature that is not accepted: its header and its version. */
		older?: { header: string; version: string };
		/** What the signature does not prove, if it does not cover what the event says. */
		limits?: string;
	};
	/** The documented rate limit; without one, the sender finds out by itself. */
	rateLimit?: { requests: number; windowMs: number };
	/** How long the answer asks to wait, in ms, if the provider says it outside of `Retry-After`. */
	retryAfter?(answer: Answer, now: number): number | undefined;
}

/** One way to stop something at one provider: all that is true of it, in one place. */
export interface Way {
	operation: Exclude<Operation, 'checkEvent'>;
	/** Its choice under 'Identify Stream By', for a provider with several ways to name one stream. */
	choice?: { streamBy: string; label: string; summary: string; notInTools?: true };
	/** What the stream runs on, and the field that names it. */
	on: { noun: Noun; id: 'callId' | 'conferenceSid'; field: FieldText };
	/** The field that names the stream; absent for all streams of a call. */
	stream?: StreamField;
	/**
	 * For a *document*, a request that makes the call run cXML, which stops the stream: its fields and options. It is
	 * not sent again if it may have run.
	 */
	document?: {
		url: FieldText;
		/** Options that only cXML has, by what they are for. */
		options: {
			fallbackUrl: OptionOf<'string'>;
			method: OptionOf<'options'>;
			nameParameter: OptionOf<'string'>;
		};
	};
	/** What the provider's events call the call, the conference and the stream, the most usual first. */
	inEvents: EventNames;
	/** What happens to the call, as the screen says it beside the choice. */
	notice: string;
	/** The request that stops what `ids` name. */
	build(account: Account, ids: Ids): ProviderRequest;
	/**
	 * Reads an answer to {@link build}: 2xx, and 4xx other than 401, 403, 407, 408 and 429, which mean the same
	 * everywhere and never reach it. `undefined` if the provider has no words of its own for it.
	 */
	read(answer: Answer, ids: Ids): OwnReading | undefined;
	/** The way to take if the event names a conference. */
	inConference?: Way;
	/** The way to try once if the provider's own answer to this one is "not found". */
	fallback?: Way;
	/** Reads what was named: one stream, or the list of a call's streams. Absent if the provider has no such read. */
	streams?: StreamsRead;
	/** Reads the list of a live call's streams. */
	list?: StreamsRead;
	/**
	 * Reads that tell the state of the call or the conference. Only the first can show an end; the last can show that
	 * it is live.
	 */
	callReads: readonly [CallRead, ...CallRead[]];
}

/** What names a stream: checked, trimmed, complete. */
export interface Ids {
	callId?: string;
	conferenceSid?: string;
	stream?: string;
	/** The cXML that stops a stream by its name; `method` is how it and its fallback are fetched. */
	document?: { url: string; fallbackUrl?: string; method: string; nameParameter: string };
}

/** What a provider makes of its own answer. */
export type OwnReading =
	| { kind: 'outcome'; status: Status }
	/**
	 * A refusal in the provider's own form. `mayBeOver`: the call may be over, which would be why; `sentence`: if
	 * there is more to say than about any refusal.
	 */
	| { kind: 'refusal'; mayBeOver: boolean; sentence?: typeof messages.noControlId }
	/** The provider asks to send the request again. */
	| { kind: 'sendAgain' };

/** One read of the call or the conference; `undefined` if the answer tells nothing. */
export interface CallRead {
	build(account: Account, ids: Ids): ProviderRequest;
	read(answer: Answer, ids: Ids): CallState | undefined;
	/** An end counts only if this shows one too. */
	alsoEnded?: CallRead;
}

/** Reads a stream, or the first page of a call's streams; `undefined` if the answer does not say. */
export interface StreamsRead {
	build(account: Account, ids: Ids): ProviderRequest;
	read(answer: Answer, ids: Ids): StreamsState | undefined;
}

/** What a read shows of all streams that were asked for. */
export type StreamsState =
	/** `id`: which one, in a list. */
	| { kind: 'running'; id?: string }
	| { kind: 'ended' }
	/** The list is complete and holds no stream at all. */
	| { kind: 'noneListed' }
	/** None of this page runs, and the list has more pages. */
	| { kind: 'morePages' };

/** A provider's answer. `body` is parsed if it is JSON, and text if it is not; empty is `''`. */
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

/**
 * The field of a stream. An id is compared without regard to case, a control ID as it was written. A name is
 * compared and sent as it is, since spaces may belong to it.
 */
export interface StreamField extends FieldText {
	kind: 'id' | 'controlId' | 'name';
	/** When the field may be empty; without it, the field is required. */
	ifEmpty?: string;
}

/** Whether two texts name one stream. */
export const isSameStream = (
	{ kind }: Pick<StreamField, 'kind'>,
	one: string,
	other: string,
): boolean => (kind === 'id' ? isSameId(one, other) : one === other);

/** What a provider's events call their ids. */
export interface EventNames {
	/** A place in the item counts if it holds one of these. */
	place: readonly string[];
	call: readonly string[];
	/** The names of a call in the item's query, if the place names none. */
	callInQuery?: readonly string[];
	/** Empty if the events never name one. */
	conference: readonly string[];
	stream: readonly string[];
	/** Only in an event of this type, or of none. */
	eventType?: string;
}

/** A field of an event, and the values with which it says that a stream began or ended, or that a call ended. */
export interface EventWord {
	field: string;
	words: readonly string[];
	/** Only inside this part of the event. */
	within?: 'params';
	/** Only in an event of this type, or of none. */
	eventType?: string;
	/** The provider may open the stream again by itself. */
	mayResume?: true;
}

/** Where a credential's values are, and how they are sent. Field names are what saved credentials hold. */
export interface CredentialSpec {
	type: string;
	displayName: string;
	/** `domain` completes a bare name. */
	url: { name: string; label: string; example: string; domain?: string };
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
	/** Empty if the credential has none. */
	signingKey: string;
}

/** The ways to name one stream; more than one if there is a choice. */
export const waysToOneStream = ({ ways }: Provider): Way[] =>
	ways.filter(({ operation }) => operation === 'stopStream');

/** The way to stop all streams of a call; `undefined` if the provider has none. */
export const wayToAllStreams = ({ ways }: Provider): Way | undefined =>
	ways.find(({ operation }) => operation === 'stopAllStreams');

/** The names that sentences about a way use, as the screen shows them. `noun`: what is spoken of. */
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

/** What to check after a 401 or 403, in a credential's test too. */
export const hintFor = ({ credentialHint, forbiddenHint }: Provider, status: number): string =>
	status === 403 && forbiddenHint ? `${credentialHint} ${forbiddenHint}` : credentialHint;
