import type { Profile, Target, Wanted, Way } from './types.cts';
import type { StandIn } from '../lib/stand-ins/index.cts';

/** The REST resource that Plivo has and Vobiz took over: `…/Account/{auth_id}/Call/{call_uuid}/Stream/`. */
export function callStreams(base: string) {
	const path = ({ credentials }: StandIn, call: string, stream?: string) =>
		`${base}/Account/${credentials.authId}/Call/${encodeURIComponent(call)}/Stream/` +
		(stream === undefined ? '' : `${encodeURIComponent(stream)}/`);
	const remove = (to: string): Wanted => ({ method: 'DELETE', path: to, body: '' });
	const one = {
		parameters: { operation: 'stopStream' },
		labels: { call: 'Call UUID', stream: 'Stream ID' },
		event: 'StartStream',
		request: (standIn: StandIn, { call, stream }: Target) =>
			remove(path(standIn, call.id, stream.id)),
		read: (standIn: StandIn, { call, stream }: Target) => path(standIn, call.id, stream.id),
	} as const satisfies Partial<Way>;
	const all = {
		parameters: { operation: 'stopAllStreams' },
		labels: { call: 'Call UUID' },
		event: 'Hangup',
		request: (standIn: StandIn, { call }: Target) => remove(path(standIn, call.id)),
		read: (standIn: StandIn, { call }: Target) => path(standIn, call.id),
		cannot: { oneStream: 'all streams of a call are stopped, so no stream is named' },
	} as const satisfies Partial<Way>;
	return { one, all };
}

/** What Plivo and Vobiz both lack. */
export const cannot: Profile['cannot'] = {
	scopes: 'an Auth Token has no scopes; a 403 is in the table as such',
	byDocument: 'no document takes part in a stop',
};
