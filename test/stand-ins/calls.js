'use strict';

const { randomUUID } = require('node:crypto');

/**
 * @typedef {{ id: string, up: boolean, status: string, from: string, to: string,
 *   direction: string, startTime: string, endTime: string | null }} Call
 * @typedef {{ id: string, callId: string, name: string, controlId: string, keepsCallAlive: boolean,
 *   running: boolean, startTime: string, endTime: string | null }} Stream
 */

/** The calls and streams of one stand-in: the truth that tests compare with. */
class Calls {
	/** @param {() => string} newStreamId how this provider's stream ids look */
	constructor(newStreamId) {
		this.newStreamId = newStreamId;
		/** @type {Map<string, Call>} */
		this.calls = new Map();
		/** @type {Map<string, Stream>} */
		this.streams = new Map();
		/** @type {Map<string, Stream[]>} */
		this.streamsByCall = new Map();
	}

	clear() {
		this.calls.clear();
		this.streams.clear();
		this.streamsByCall.clear();
	}

	/** @returns {Call} */
	addCall(details = {}) {
		const call = {
			id: randomUUID(),
			up: true,
			status: 'in-progress',
			from: '+15550100001',
			to: '+15550100002',
			direction: 'inbound',
			startTime: new Date().toISOString(),
			endTime: null,
			...details,
		};
		if (this.calls.has(call.id)) throw new Error(`A call '${call.id}' is already there`);
		this.calls.set(call.id, call);
		this.streamsByCall.set(call.id, []);
		return call;
	}

	/** @returns {Stream} */
	startStream(callId, details = {}) {
		const call = this.calls.get(callId);
		if (!call?.up) throw new Error(`No call '${callId}' is up`);
		const id = details.id ?? this.newStreamId();
		const stream = {
			id,
			callId,
			// SignalWire: "StreamName … Defaults to the StreamSid."
			name: id,
			controlId: randomUUID(),
			keepsCallAlive: false,
			running: true,
			startTime: new Date().toISOString(),
			endTime: null,
			...details,
		};
		if (this.streams.has(id)) throw new Error(`A stream '${id}' is already there`);
		if (this.runningOf(callId).some(({ name }) => name === stream.name)) {
			throw new Error(`A stream named '${stream.name}' already runs on this call`);
		}
		this.streams.set(id, stream);
		this.streamsByCall.get(callId).push(stream);
		return stream;
	}

	/** Every stream that the call had, in the order of their start. */
	streamsOf(callId) {
		return this.streamsByCall.get(callId) ?? [];
	}

	runningOf(callId) {
		return this.streamsOf(callId).filter(({ running }) => running);
	}

	/** Stops one stream. A call that only this stream kept alive ends with it. */
	stopStream(stream) {
		if (!stream.running) return;
		stream.running = false;
		stream.endTime = new Date().toISOString();
		if (stream.keepsCallAlive) this.endCall(stream.callId);
	}

	/** Ends what a call is running, for another document to take over: its streams stop, it stays up. */
	cutOff(callId) {
		for (const stream of this.runningOf(callId)) {
			if (!stream.keepsCallAlive) continue;
			stream.keepsCallAlive = false;
			this.stopStream(stream);
		}
	}

	/** Ends a call and its streams, as a caller who hangs up. */
	endCall(callId, status = 'completed') {
		const call = this.calls.get(callId);
		if (!call) throw new Error(`No call '${callId}'`);
		if (!call.up) return;
		call.up = false;
		call.status = status;
		call.endTime = new Date().toISOString();
		for (const stream of this.runningOf(callId)) this.stopStream(stream);
	}
}

module.exports = { Calls };
