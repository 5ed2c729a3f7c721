import type {
	AnyStandIn,
	Call,
	LoggedRequest,
	Stream,
	StreamDetails,
} from '../../lib/stand-ins/index.cts';

/** Whether a stream runs, as its provider's stand-in knows it. */
export const isUp = (standIn: AnyStandIn, { id }: Stream): boolean =>
	standIn.stream(id)?.running ?? false;

/** Whether a call is up. */
export const callUp = (standIn: AnyStandIn, { id }: Call): boolean => standIn.call(id)?.up ?? false;

/** A call with one stream that runs. */
export function streaming(
	standIn: AnyStandIn,
	details?: StreamDetails,
): { call: Call; stream: Stream } {
	const call = standIn.addCall();
	return { call, stream: standIn.startStream(call.id, details) };
}

/** A call with two streams that run: one request for one stream is not enough. */
export function twoStreams(standIn: AnyStandIn): { call: Call; streams: Stream[] } {
	const call = standIn.addCall();
	return { call, streams: [standIn.startStream(call.id), standIn.startStream(call.id)] };
}

/** What the stand-in received about a call or a stream. */
export const received = (standIn: AnyStandIn, { id }: { id: string }): LoggedRequest[] =>
	standIn.requests.filter(({ path, body }) => path.includes(id) || body.includes(id));
