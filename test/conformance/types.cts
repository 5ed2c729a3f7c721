import type { IDataObject } from 'n8n-workflow';
import type { Ids } from '../../nodes/StopAudioStream/providers/provider';
import type {
	CallState,
	FailureCause,
	Operation,
	Status,
} from '../../nodes/StopAudioStream/words/vocabulary';
import type { CallDetails, Options, StreamDetails } from '../lib/stand-ins/index.cts';
import type { RunningStandIn } from '../lib/stops.cts';
import type { Case } from './case.cts';
import type { Row } from './scenario.cts';

/** What an output may hold, by the public interface and in its order: n8n's table shows the first and cuts off the rest. */
export const FIELDS = [
	'status',
	'stopped',
	'failure',
	'error',
	'message',
	'provider',
	'operation',
	'callId',
	'stream',
	'streamBy',
	'statusCode',
	'attempts',
	'conferenceSid',
	'callState',
	'confirmed',
	'confirmReason',
	'response',
	'request',
] as const;
export type Field = (typeof FIELDS)[number];

/** The node's interface in words: what `status` and `failure` may say. */
export const STATUSES: ReadonlyArray<Status | 'preview'> = [
	'stopped',
	'alreadyStopped',
	'notFound',
	'accepted',
	'preview',
];
export const CAUSES: readonly FailureCause[] = [
	'input',
	'untrusted',
	'credentials',
	'rateLimit',
	'unavailable',
	'rejected',
	'unreadable',
	'nothingToStop',
];

/** What is to stop, and what becomes of it by the stand-in's own truth. */
export interface Target {
	call: { id: string; up: boolean };
	/** The room whose stream it is, where it is a room's. */
	conference?: { id: string };
	stream: { id: string; name: string; controlId: string; running: boolean; startTime?: string };
}

/** A request that must arrive, to the letter. */
export interface Wanted {
	method: string;
	path: string;
	body: string;
}

/** An answer that a stand-in gives in the provider's place. */
export interface Given {
	status: number;
	body?: string | IDataObject;
}

/** One of the provider's own forms of a refusal, filled with a sentence. */
export type Form = (message: string) => IDataObject;
export type Forms = Readonly<Record<string, Form>>;

/** What an item becomes: fields of the output, where `undefined` means that it is not there. */
export interface Expected extends Partial<Record<Exclude<Field, 'status' | 'callState'>, unknown>> {
	status?: Status | 'preview';
	callState?: CallState;
	/** Whether what the item names still runs afterwards, by the stand-in's own truth. */
	runs?: boolean;
	/** Whether the call is up afterwards, where the stop changes that. */
	callUp?: boolean;
}

/** What a column may lack; a scenario names what it needs. */
export type Capability =
	| 'alreadyStopped'
	| 'bodySigned'
	| 'byDocument'
	| 'confirm'
	| 'oneStream'
	| 'repeat'
	| 'onCall'
	| 'recordOfCall'
	| 'scopes'
	| 'signedEvents'
	| 'stopAll'
	| 'streamEnds'
	| 'strictStream'
	| 'unknownCall';

/** What cannot be done, and why. */
export type Cannot = Readonly<Partial<Record<Capability, string>>>;

/** What a stop finds, where providers say different things. */
export interface Says {
	stop: Expected;
	again: Expected;
	/** Not where all streams of a call are stopped. */
	unknownStream?: Expected;
	unknownCall: Expected;
	endedCall: Expected;
	noContent: Expected;
}

/** One column of the table: a way to say what is to stop, as the provider's documents have it. */
export interface Column<S extends RunningStandIn = RunningStandIn> {
	title: string;
	/** The node's choices that make it this way. */
	parameters: { operation: Operation; streamBy?: string };
	/** Options of the stand-in. */
	standIn?: Partial<Options>;
	/** The field that names the call, or the conference; `callId` without it. */
	idField?: Exclude<keyof Ids, 'stream' | 'document'>;
	/** As the screen shows them. */
	labels: { id: string; stream?: string };
	/** A further call or conference with a stream; a call without it. */
	add?(standIn: S, stream?: StreamDetails, place?: CallDetails): Target;
	/** Ends what the stream runs on; the call without it. */
	end?(standIn: S, target: Target): void;
	/** The provider's event that names what is to stop. */
	event: string;
	/** Two names by which the provider's events hold the id, and one or two for the stream. */
	names: { id: readonly [string, string]; stream?: readonly [string, string?] };
	/** Events that say that the stream is over; they count if that alone is what stops. */
	streamEndings: readonly Ending[];
	/** The request that must arrive. */
	request(standIn: S, target: Target, c: Case<S>): Wanted;
	/** What is read if a stop found nothing, in this order. */
	looks(standIn: S, target: Target): string[];
	/** What is read last, if the call is live: its list of streams. */
	list?(standIn: S, target: Target): string;
	/** The path of what Confirm Stop reads. */
	read?(standIn: S, target: Target): string;
	/** The answer to such a read, for a stream that has not ended. */
	running?(target: Target, page?: { total?: number; offset?: number }): IDataObject;
	/** One stream that has not ended, as a read of it and a list show it. */
	show?(target: Target): IDataObject;
	/** A page of a call's list of streams. */
	page?(streams: readonly IDataObject[], total?: number): IDataObject;
	/** The values that a person fills in; call and stream id without it. */
	fields?(c: Case<S>, target: Target): IDataObject;
	/** Details of a stream that is named by this text; its id without it. */
	details?(text: string): { id?: string; name?: string; controlId?: string };
	says: Says;
	/** Outcome → an answer that means it. */
	answers: { alreadyStopped?: Given; notFound: Given };
	/** As the profile's, if this column differs. */
	own?: Forms;
	/** A document, which the provider fetches later, stops the stream. */
	byDocument?: true;
	cannot?: Cannot;
}

/** An event that says that the call, or the stream, is over. */
export interface Ending {
	title: string;
	/** The stand-in's event. */
	kind: string;
	/** What this one says in its place. */
	says?: Readonly<Record<string, string>>;
	/** Inside this part of the event. */
	within?: 'params';
	/** The provider may open the stream again. */
	mayResume?: true;
}

/** How a provider proves that an event is its own. */
export interface Signed {
	/** An event about the stream, and one about its call alone. */
	kinds: { stream: string; call: string };
	/** The credential's field that holds the key. */
	key: string;
	/** The field on screen. */
	keyLabel: string;
	/** How a webhook's address must be for events to be signed. */
	userInfo: string;
}

/** What the documents of one provider say, for its stand-in to play and the node to match. */
export interface Profile<S extends RunningStandIn = RunningStandIn> {
	/** The node's value. */
	provider: string;
	displayName: string;
	/** As the screen shows it. */
	credentialName: string;
	/** Where the provider is, in the credential. */
	address: { field: string; label: string };
	account: { field: string; label: string };
	/** The credential's field that holds the secret. */
	token: string;
	start(options?: Partial<Options>): Promise<S>;
	/** Its own forms of a refusal. */
	own: Forms;
	/** Bodies of a 404 that are its own, beside those forms. */
	own404?: Readonly<Record<string, IDataObject>>;
	/** Events that say that the call is over. */
	endings: readonly Ending[];
	/** How it signs events, where it does. */
	signed?: Signed;
	/** What a refused credential asks to check. */
	suspects: readonly string[];
	/** Takes the token's scope away, where tokens have scopes. */
	withoutScope?(standIn: S): void;
	columns: ReadonlyArray<Column<S>>;
	cannot: Cannot;
	/** Rows about this provider alone. */
	scenarios: ReadonlyArray<Row<S>>;
}
