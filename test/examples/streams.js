'use strict';

/** Whether a stream runs, as its provider's stand-in knows it. */
const isUp = (standIn, stream) => standIn.stream(stream.id).running;

/** A call with one stream that runs. */
function streaming(standIn, details) {
	const call = standIn.addCall();
	return { call, stream: standIn.startStream(call.id, details) };
}

/** A call with two streams that run: one request for one stream is not enough. */
function twoStreams(standIn) {
	const call = standIn.addCall();
	return { call, streams: [standIn.startStream(call.id), standIn.startStream(call.id)] };
}

/** What the stand-in received about a call or a stream. */
const received = (standIn, { id }) =>
	standIn.requests.filter(({ path, body }) => path.includes(id) || body.includes(id));

module.exports = { isUp, received, streaming, twoStreams };
