import { randomUUID } from 'node:crypto';

/** How far a call is, in the words of the three providers together. */
export type CallStatus =
	| 'queued'
	| 'ringing'
	| 'in-progress'
	| 'completed'
	| 'busy'
	| 'failed'
	| 'no-answer'
	| 'canceled'
	| 'cancel'
	| 'timeout';

/** Why a call is over. */
export type CallEnd =
	| 'hung up'
	| 'hung up by the API'
	| 'the stream that alone kept it alive ended'
	| 'its document ran out of verbs'
	| 'its document hung up'
	| 'its document could not be had';

/** Why a stream no longer runs. */
export type StreamEnd =
	| 'stopped'
	| 'its call ended'
	| 'its conference ended'
	| 'its time limit'
	| 'disconnected'
	| 'another document took over';

/** Where a provider is told to send its events. */
export interface Callback {
	url: string;
	method: 'GET' | 'POST';
}

/** A call. */
export interface Call {
	id: string;
	up: boolean;
	status: CallStatus;
	from: string;
	to: string;
	direction: 'inbound' | 'outbound';
	startTime: string;
	endTime: string | null;
	endedBecause: CallEnd | null;
	/** SignalWire: a SWML call need not exist in the Compatibility API, nor a cXML call in the Calling API. */
	runs: 'cXML' | 'SWML' | 'either';
	/** How long after the end of the call its record, and those of its streams, cannot be read. */
	recordAfterMs: number;
}

/** One stream, of a call or of a conference. */
export interface Stream {
	id: string;
	/** The call. For a conference's stream the leg that its events name, '' where they name none. */
	callId: string;
	/** The conference, where the stream is one's own. */
	conferenceId: string | null;
	name: string;
	controlId: string;
	/** Whether the call ends with it, unless verbs follow or another document takes over. */
	keepsCallAlive: boolean;
	/** Whether audio flows: false before it is up and after its end. */
	running: boolean;
	state: 'starting' | 'running' | 'ended';
	startTime: string;
	/** When audio began to flow. */
	upTime: string | null;
	endTime: string | null;
	endedBecause: StreamEnd | null;
	serviceUrl: string;
	bidirectional: boolean;
	statusCallback: Callback | null;
}

/** SignalWire: a room with streams of its own. */
export interface Conference {
	id: string;
	name: string;
	status: 'init' | 'in-progress' | 'completed';
	startTime: string;
	endTime: string | null;
}

/** What one may say of a new call. */
export type CallDetails = Partial<Omit<Call, 'up' | 'endTime' | 'endedBecause'>>;

/** What one may say of a new stream. */
export interface StreamDetails extends Partial<
	Omit<Stream, 'callId' | 'conferenceId' | 'running' | 'state' | 'endTime' | 'endedBecause'>
> {
	/** Nothing flows, and nothing can be stopped, until `comeUp` is called. */
	notUpYet?: boolean;
	/** Ends by itself after so long: `streamTimeout`. */
	timeoutMs?: number;
	/** For a conference's stream: the leg that its events name. */
	callId?: string;
	/** What the call does once a stream that held its document ended. */
	then?: () => void;
}

/** The calls, streams and conferences of one stand-in: the truth that tests compare with. */
export class Calls {
	readonly calls = new Map<string, Call>();
	readonly streams = new Map<string, Stream>();
	readonly streamsByCall = new Map<string, Stream[]>();
	readonly conferences = new Map<string, Conference>();

	readonly #newStreamId: () => string;
	readonly #timers = new Set<NodeJS.Timeout>();
	readonly #details = new Map<string, StreamDetails>();

	/** @param newStreamId how this provider's stream ids look */
	constructor(newStreamId: () => string) {
		this.#newStreamId = newStreamId;
	}

	clear(): void {
		this.stopTimers();
		this.calls.clear();
		this.streams.clear();
		this.streamsByCall.clear();
		this.conferences.clear();
		this.#details.clear();
	}

	stopTimers(): void {
		for (const timer of this.#timers) clearTimeout(timer);
		this.#timers.clear();
	}

	addCall(details: CallDetails = {}): Call {
		const call: Call = {
			id: randomUUID(),
			up: true,
			status: 'in-progress',
			from: '+15550100001',
			to: '+15550100002',
			direction: 'inbound',
			startTime: new Date().toISOString(),
			endTime: null,
			endedBecause: null,
			runs: 'either',
			recordAfterMs: 0,
			...details,
		};
		if (this.calls.has(call.id)) throw new Error(`A call '${call.id}' is already there`);
		this.calls.set(call.id, call);
		this.streamsByCall.set(call.id, []);
		return call;
	}

	addConference(details: Partial<Omit<Conference, 'endTime'>> = {}): Conference {
		const conference: Conference = {
			id: randomUUID(),
			name: 'example room',
			status: 'in-progress',
			startTime: new Date().toISOString(),
			endTime: null,
			...details,
		};
		this.conferences.set(conference.id, conference);
		return conference;
	}

	startStream(callId: string, details: StreamDetails = {}): Stream {
		const call = this.calls.get(callId);
		if (!call?.up) throw new Error(`No call '${callId}' is up`);
		const stream = this.#newStream({ ...details, callId }, null);
		this.streamsByCall.get(callId)?.push(stream);
		if (!details.notUpYet) this.comeUp(stream.id);
		return stream;
	}

	/** Starts a conference's own stream; `callId` is the leg that its events name. */
	startConferenceStream(conferenceId: string, details: StreamDetails = {}): Stream {
		const conference = this.conferences.get(conferenceId);
		if (!conference || conference.status === 'completed') {
			throw new Error(`No conference '${conferenceId}' is up`);
		}
		const stream = this.#newStream(details, conferenceId);
		if (!details.notUpYet) this.comeUp(stream.id);
		return stream;
	}

	#newStream(details: StreamDetails, conferenceId: string | null): Stream {
		const { notUpYet: _notYet, timeoutMs: _timeout, then: _then, ...given } = details;
		const id = details.id ?? this.#newStreamId();
		const stream: Stream = {
			id,
			callId: '',
			conferenceId,
			// SignalWire: "StreamName … Defaults to the StreamSid."
			name: id,
			controlId: randomUUID(),
			keepsCallAlive: false,
			running: false,
			state: 'starting',
			startTime: new Date().toISOString(),
			upTime: null,
			endTime: null,
			endedBecause: null,
			serviceUrl: 'wss://audio.example.com/stream',
			bidirectional: details.keepsCallAlive ?? false,
			statusCallback: null,
			...given,
		};
		if (this.streams.has(id)) throw new Error(`A stream '${id}' is already there`);
		const others = conferenceId
			? this.#ofConference(conferenceId)
			: this.streamsOf(stream.callId).filter(({ state }) => state !== 'ended');
		if (others.some(({ name }) => name === stream.name)) {
			throw new Error(`A stream named '${stream.name}' already runs on this call`);
		}
		this.streams.set(id, stream);
		this.#details.set(id, details);
		return stream;
	}

	/** Audio begins to flow on a stream that was started and not up yet. */
	comeUp(id: string): void {
		const stream = this.#existing(id);
		if (stream.state !== 'starting') return;
		stream.state = 'running';
		stream.running = true;
		stream.upTime = new Date().toISOString();
		const { timeoutMs } = this.#details.get(id) ?? {};
		if (timeoutMs) this.#later(timeoutMs, () => this.stopStream(stream, 'its time limit'));
	}

	/** A stream that lost its connection goes on under a new id: Vobiz's `maxRetries`, Plivo. */
	reconnectStream(id: string, newId = this.#newStreamId()): Stream | undefined {
		const stream = this.#existing(id);
		if (!stream.running) return undefined;
		const details = this.#details.get(id) ?? {};
		this.#end(stream, 'disconnected');
		const { notUpYet: _notYet, ...same } = details;
		return this.startStream(stream.callId, {
			...same,
			id: newId,
			name: stream.name === stream.id ? newId : stream.name,
		});
	}

	/** Every stream that the call had, in the order of their start. */
	streamsOf(callId: string): Stream[] {
		return this.streamsByCall.get(callId) ?? [];
	}

	runningOf(callId: string): Stream[] {
		return this.streamsOf(callId).filter(({ running }) => running);
	}

	#ofConference(conferenceId: string): Stream[] {
		return [...this.streams.values()].filter(
			(stream) => stream.conferenceId === conferenceId && stream.state !== 'ended',
		);
	}

	/**
	 * Ends one stream. A call that only this stream kept alive goes on with its document, and ends
	 * with the stream where nothing follows.
	 */
	stopStream(stream: Stream, because: StreamEnd = 'stopped'): void {
		if (stream.state === 'ended') return;
		this.#end(stream, because);
		if (!stream.keepsCallAlive) return;
		const { then } = this.#details.get(stream.id) ?? {};
		if (then) then();
		else this.endCall(stream.callId, 'completed', 'the stream that alone kept it alive ended');
	}

	#end(stream: Stream, because: StreamEnd): void {
		stream.running = false;
		stream.state = 'ended';
		stream.endTime = new Date().toISOString();
		stream.endedBecause = because;
	}

	/**
	 * Another document takes over from what the call runs: the streams that held it end, the call
	 * stays up. With `all`, those beside the document end as well.
	 */
	cutOff(callId: string, all = false): void {
		for (const stream of this.streamsOf(callId)) {
			if (stream.state === 'ended' || !(all || stream.keepsCallAlive)) continue;
			this.#end(stream, 'another document took over');
		}
	}

	/** Somebody picks up. */
	answerCall(callId: string): void {
		const call = this.#call(callId);
		if (!call.up || call.status === 'in-progress') return;
		call.status = 'in-progress';
	}

	/** Ends a call and its streams, as a caller who hangs up. */
	endCall(callId: string, status: CallStatus = 'completed', because: CallEnd = 'hung up'): void {
		const call = this.#call(callId);
		if (!call.up) return;
		call.up = false;
		call.status = status;
		call.endTime = new Date().toISOString();
		call.endedBecause = because;
		for (const stream of this.streamsOf(callId)) {
			if (stream.state !== 'ended') this.#end(stream, 'its call ended');
		}
	}

	/** Ends a room and its streams; its legs are calls of their own. */
	endConference(id: string): void {
		const conference = this.conferences.get(id);
		if (!conference) throw new Error(`No conference '${id}'`);
		if (conference.status === 'completed') return;
		conference.status = 'completed';
		conference.endTime = new Date().toISOString();
		for (const stream of this.#ofConference(id)) this.#end(stream, 'its conference ended');
	}

	/** Whether the record of an ended call, and those of its streams, can be read by now. */
	hasRecord(call: Call): boolean {
		return call.endTime !== null && Date.now() >= Date.parse(call.endTime) + call.recordAfterMs;
	}

	#call(id: string): Call {
		const call = this.calls.get(id);
		if (!call) throw new Error(`No call '${id}'`);
		return call;
	}

	#existing(id: string): Stream {
		const stream = this.streams.get(id);
		if (!stream) throw new Error(`No stream '${id}'`);
		return stream;
	}

	#later(ms: number, then: () => void): void {
		const timer = setTimeout(() => {
			this.#timers.delete(timer);
			then();
		}, ms);
		this.#timers.add(timer);
	}
}
