import type { IDataObject } from 'n8n-workflow';

import type {
	Call,
	LoggedRequest,
	PlivoStandIn,
	ProviderName,
	SignalWireStandIn,
	Stream,
	VobizStandIn,
} from '../../lib/stand-ins/index.cts';
import type { RunningStandIn } from '../../lib/stops.cts';
import { pick, randomOf, type Met } from './faults.cts';

export const PROVIDERS = ['plivo', 'signalWire', 'vobiz'] as const;

/** One account of each provider. */
export interface Accounts {
	plivo: PlivoStandIn;
	signalWire: SignalWireStandIn;
	vobiz: VobizStandIn;
}

type StreamBy = 'sid' | 'name' | 'controlId' | 'conferenceSid';

/** How the item's stop names its stream: SignalWire's four ways, one stream or all of a call elsewhere. */
export type Way = StreamBy | 'id' | 'all';

/** The settings of one execution: those of the node that take no expression, and the options. */
export interface Settings {
	operation: 'stopStream' | 'stopAllStreams';
	source: 'fields' | 'event';
	streamBy: StreamBy;
	onError: 'continueRegularOutput' | 'continueErrorOutput';
	options: {
		timeout: number;
		maxRetries: number;
		maxConcurrency: number;
		whenNothingToStop: 'failIfLive' | 'succeed' | 'failIfNotFound' | 'fail';
		confirm: boolean;
		includeResponse: boolean;
	};
}

/** For one attempt, in ms: short, since many a fault is that no answer comes, and longer than a busy machine pauses. */
export const TIMEOUT = 6_000;

export function planExecution(seed: string, n: number): Settings {
	const random = randomOf(`${seed} execution ${n}`);
	const operation = random() < 0.3 ? 'stopAllStreams' : 'stopStream';
	const source = random() < 0.25 ? 'event' : 'fields';
	return {
		operation,
		source,
		streamBy:
			source === 'event'
				? 'sid'
				: pick(random, ['sid', 'sid', 'name', 'controlId', 'conferenceSid']),
		onError: random() < 0.7 ? 'continueRegularOutput' : 'continueErrorOutput',
		options: {
			timeout: TIMEOUT,
			maxRetries: pick(random, [0, 1, 2, 3, 3, 5]),
			maxConcurrency: pick(random, [2, 4, 8]),
			whenNothingToStop: pick(random, ['failIfLive', 'succeed', 'failIfNotFound', 'fail']),
			confirm: random() < 0.15,
			includeResponse: random() < 0.5,
		},
	};
}

/** What call and stream are like when the stop comes. */
export type Situation =
	| 'stream runs'
	| 'stream ended, its call goes on'
	| 'stream ended, as an event in the item says'
	| 'call ended'
	| 'call ended, as an event in the item says'
	| 'call ended, its record is not written yet'
	| 'wrong stream id'
	| 'wrong call id'
	| 'stream went on under a new id'
	| 'stream is not up yet'
	| 'conference ended';

/** Out of a hundred. */
const SHARES: ReadonlyArray<readonly [Situation, number]> = [
	['stream runs', 52],
	['stream ended, its call goes on', 7],
	['stream ended, as an event in the item says', 6],
	['call ended', 7],
	['call ended, as an event in the item says', 6],
	['call ended, its record is not written yet', 4],
	['wrong stream id', 5],
	['wrong call id', 4],
	['stream went on under a new id', 5],
	['stream is not up yet', 4],
];

const STREAM_ENDED = [
	['StopStream', 'DroppedStream'],
	['stream-stopped', 'stream-error'],
] as const;
/** The events in the item that speak of an end: those of Plivo and Vobiz, and those of SignalWire. */
const TOLD: Partial<Record<Situation, ReadonlyArray<readonly string[]>>> = {
	'call ended, as an event in the item says': [
		['Hangup'],
		['call-completed', 'calling.call.state'],
	],
	'stream ended, as an event in the item says': STREAM_ENDED,
	'stream went on under a new id': [['DroppedStream'], ['stream-error']],
	// They name the right stream, and prove nothing about the wrong one.
	'wrong stream id': STREAM_ENDED,
};

/** Longer than any run. */
const NEVER_MS = 24 * 3_600_000;
const NOBODY = '99999999-9999-4999-8999-';

/** A request of the node, and what was done to it. */
export interface Sent {
	request: LoggedRequest;
	met: Met | undefined;
}

/** One stop as it must arrive. */
export interface Expected {
	method: string;
	path: string;
	/** By name, of a form or of JSON; `undefined` for none. */
	body?: Record<string, unknown>;
}

/** One item of an execution: what it is about, and what the stand-in saw of it. */
export interface Item {
	name: string;
	provider: ProviderName;
	standIn: RunningStandIn;
	settings: Settings;
	way: Way;
	situation: Situation;
	/** What comes in. */
	json: IDataObject;
	/** The ids that it names. */
	callId: string;
	conferenceId: string | undefined;
	stream: string | undefined;
	/** The call, where the id is right. */
	call: Call | undefined;
	/** The streams that it names, which may be none. */
	named(): Stream[];
	/** The stops that it may lead to: the second for a conference's stream whose conference does not know it. */
	expected: Expected[];
	stops: Sent[];
	reads: Sent[];
	/** What came out, with `inErrorOutput` where that was n8n's error output. */
	out: (IDataObject & { inErrorOutput?: boolean }) | undefined;
}

/** Weighed by the shares, from those that can be with this way. */
function situationFor(
	random: () => number,
	way: Way,
	provider: ProviderName,
	isConference: boolean,
): Situation {
	let left = random() * 100;
	const found = SHARES.find(([, share]) => (left -= share) < 0)?.[0] ?? 'stream runs';
	const isSignalWire = provider === 'signalWire';
	if (isConference) {
		if (found === 'call ended' || found === 'call ended, as an event in the item says') {
			return 'conference ended';
		}
		const isOfStream = found.startsWith('stream ended') || found === 'wrong stream id';
		return isOfStream ? found : 'stream runs';
	}
	if (way === 'all' && found === 'wrong stream id') return 'stream runs';
	// SignalWire shows a call at once, whether it is up or over.
	if (isSignalWire && found === 'call ended, its record is not written yet') return 'call ended';
	// Its streams cannot be read, so that nothing tells one that is not up yet from one that is no more.
	if (isSignalWire && found === 'stream is not up yet') return 'stream runs';
	return found;
}

/** What goes to the provider, word for word as the provider's documents have it. */
function stopsOf(
	standIn: RunningStandIn,
	way: Way,
	{ callId, conferenceId, stream = '' }: Pick<Item, 'callId' | 'conferenceId' | 'stream'>,
	cxmlUrl: string,
): Expected[] {
	const { authId, projectId }: Record<string, string> = standIn.credentials;
	const laml = `/api/laml/2010-04-01/Accounts/${projectId}`;
	const stopped = { Status: 'stopped' };
	const ofCall = {
		method: 'POST',
		path: `${laml}/Calls/${callId}/Streams/${stream}`,
		body: stopped,
	};
	const ofConference = {
		method: 'POST',
		path: `${laml}/Conferences/${conferenceId}/Streams/${stream}`,
		body: stopped,
	};
	switch (way) {
		case 'id':
		case 'all': {
			const api = standIn.provider === 'plivo' ? '/v1' : '/api/v1';
			const streams = `${api}/Account/${authId}/Call/${callId}/Stream/`;
			return [{ method: 'DELETE', path: way === 'all' ? streams : `${streams}${stream}/` }];
		}
		case 'sid':
			return conferenceId === undefined ? [ofCall] : [ofConference, ofCall];
		case 'conferenceSid':
			return [ofConference];
		case 'name': {
			const Url = `${cxmlUrl}?STREAMNAME=${encodeURIComponent(stream)}`;
			return [{ method: 'POST', path: `${laml}/Calls/${callId}`, body: { Url, Method: 'POST' } }];
		}
		case 'controlId': {
			const body = { id: callId, command: 'calling.stream.stop', params: { control_id: stream } };
			return [{ method: 'POST', path: '/api/calling/calls', body }];
		}
	}
}

/** Makes the call and the streams of one item, and says what comes in for it. */
export function planItem(
	seed: string,
	name: string,
	settings: Settings,
	accounts: Accounts,
	cxmlUrl: string,
): Item {
	const random = randomOf(`${seed} item ${name}`);
	const all = settings.operation === 'stopAllStreams';
	const provider: ProviderName = all
		? pick(random, ['plivo', 'vobiz'] as const)
		: pick(random, PROVIDERS);
	const standIn: RunningStandIn = accounts[provider];
	const isSignalWire = provider === 'signalWire';
	const way: Way = all ? 'all' : isSignalWire ? settings.streamBy : 'id';
	const byEvent = settings.source === 'event';
	const isConference = isSignalWire && (way === 'conferenceSid' || (byEvent && random() < 0.15));
	const situation = situationFor(random, way, provider, isConference);
	const isTold = situation === 'call ended, as an event in the item says';
	// Where an event tells of the end, nothing else does.
	const isLate = isTold || situation === 'call ended, its record is not written yet';

	const { calls } = standIn;
	const call = calls.addCall(isLate ? { recordAfterMs: NEVER_MS } : {});
	const conference = isConference ? calls.addConference() : undefined;
	const details = {
		...(isSignalWire && { name: `stream ${name}` }),
		notUpYet: situation === 'stream is not up yet',
	};
	const streams = Array.from({ length: all ? 3 : 1 }, () =>
		conference
			? calls.startConferenceStream(conference.id, { ...details, callId: call.id })
			: calls.startStream(call.id, details),
	);
	const [stream] = streams;
	if (!stream) throw new Error('No stream was started.');
	const started = standIn.callback(isSignalWire ? 'stream-started' : 'StartStream', stream).body;
	switch (situation) {
		case 'stream ended, its call goes on':
		case 'stream ended, as an event in the item says':
			for (const one of streams) calls.stopStream(one, 'disconnected');
			break;
		case 'call ended':
		case 'call ended, as an event in the item says':
		case 'call ended, its record is not written yet':
			calls.endCall(call.id);
			break;
		case 'conference ended':
			if (conference) calls.endConference(conference.id);
			// SignalWire says of a conference's stream that it is over only where its call is over too.
			if (byEvent) calls.endCall(call.id);
			break;
		case 'stream went on under a new id':
			for (const one of streams) calls.reconnectStream(one.id);
			break;
	}

	const nobody = `${NOBODY}${randomDigits(random)}`;
	const callId = situation === 'wrong call id' ? nobody : call.id;
	const given =
		situation === 'wrong stream id'
			? nobody
			: way === 'name'
				? stream.name
				: way === 'controlId'
					? stream.controlId
					: stream.id;
	const ids = {
		callId,
		conferenceId: conference?.id,
		stream: all ? undefined : given,
	};
	const kinds = byEvent && situation === 'wrong stream id' ? undefined : TOLD[situation];
	const told = kinds && pick(random, kinds[isSignalWire ? 1 : 0] ?? []);
	const event = asWritten(
		random,
		told === undefined
			? { ...started, ...eventIds(provider, ids) }
			: standIn.callback(told, isTold ? call : stream).body,
		// An event's own call is sent to as it is written, and so is its stream where no field names it.
		byEvent ? [stream.id] : [call.id, stream.id, conference?.id ?? call.id],
	);
	return {
		...ids,
		name,
		provider,
		standIn,
		settings,
		way,
		situation,
		json: {
			provider,
			...(byEvent
				? { body: event, stream: all || JSON.stringify(event).includes(given) ? '' : given }
				: {
						call: callId,
						stream: given,
						conference: conference?.id,
						...(told !== undefined && { body: event }),
					}),
		},
		call: situation === 'wrong call id' ? undefined : call,
		named: () => {
			if (situation === 'wrong call id') return [];
			if (all) return calls.streamsOf(call.id);
			const among = conference ? streams : calls.streamsOf(call.id);
			return among.filter((one) =>
				way === 'name'
					? one.name === given
					: way === 'controlId'
						? one.controlId === given
						: one.id === given,
			);
		},
		expected: stopsOf(standIn, way, ids, cxmlUrl),
		stops: [],
		reads: [],
		out: undefined,
	};
}

const randomDigits = (random: () => number) =>
	String(Math.floor(random() * 1e12)).padStart(12, '0');

/** An event as it may arrive: with ids in another case, or with each parameter twice. */
function asWritten(
	random: () => number,
	event: Record<string, unknown>,
	ids: readonly string[],
): IDataObject {
	const text = JSON.stringify(event);
	const cased =
		random() < 0.5 ? ids.reduce((one, id) => one.replaceAll(id, id.toUpperCase()), text) : text;
	const isTwice = random() < 0.3;
	return JSON.parse(cased, (_, value: unknown) =>
		isTwice && typeof value === 'string' ? [value, value] : value,
	) as IDataObject;
}

/** An event of a stream names what the item is about, the wrong ids included. */
function eventIds(
	provider: ProviderName,
	{ callId, stream }: Pick<Item, 'callId' | 'stream'>,
): Record<string, string> {
	const [call, streamName] =
		provider === 'signalWire' ? ['CallSid', 'StreamSid'] : ['CallUUID', 'StreamID'];
	return { [call]: callId, ...(stream !== undefined && { [streamName]: stream }) };
}
