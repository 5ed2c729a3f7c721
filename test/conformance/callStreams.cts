import type { Column, Profile, Target, Wanted } from './types.cts';
import type { RunningStandIn } from '../lib/stops.cts';

/** `Event` at `status_callback_url`: a reconnect may follow a stream that dropped. */
const streamEndings: Column['streamEndings'] = [
	{ title: 'Event=StopStream', kind: 'StopStream', says: { Event: 'StopStream' } },
	{
		title: 'Event=DroppedStream',
		kind: 'DroppedStream',
		says: { Event: 'DroppedStream' },
		mayResume: true,
	},
];

/** The REST resource that Plivo has and Vobiz took over: `…/Account/{auth_id}/Call/{call_uuid}/Stream/`. */
export function callStreams(base: string) {
	const path = ({ credentials }: RunningStandIn, call: string, stream?: string) =>
		`${base}/Account/${credentials.authId}/Call/${encodeURIComponent(call)}/Stream/` +
		(stream === undefined ? '' : `${encodeURIComponent(stream)}/`);
	/** The list of a call's streams. */
	const listOf = (standIn: RunningStandIn, call: string) =>
		`${path(standIn, call)}?limit=20&offset=0`;
	/** The record of a call that is over, then the call while it is live. */
	const ofCall = ({ credentials }: RunningStandIn, call: string) => {
		const at = `${base}/Account/${credentials.authId}/Call/${encodeURIComponent(call)}/`;
		return [at, `${at}?status=live`];
	};
	const remove = (to: string): Wanted => ({ method: 'DELETE', path: to, body: '' });
	const one = {
		parameters: { operation: 'stopStream' },
		labels: { id: 'Call UUID', stream: 'Stream ID' },
		names: { id: ['CallUUID', 'call_uuid'], stream: ['StreamID', 'stream_id'] },
		event: 'StartStream',
		streamEndings,
		request: (standIn: RunningStandIn, { call, stream }: Target) =>
			remove(path(standIn, call.id, stream.id)),
		read: (standIn: RunningStandIn, { call, stream }: Target) => path(standIn, call.id, stream.id),
		looks: (standIn: RunningStandIn, { call, stream }: Target) => [
			path(standIn, call.id, stream.id),
			...ofCall(standIn, call.id),
		],
		list: (standIn: RunningStandIn, { call }: Target) => listOf(standIn, call.id),
	} as const satisfies Partial<Column>;
	const all = {
		parameters: { operation: 'stopAllStreams' },
		labels: { id: 'Call UUID' },
		names: { id: ['CallUUID', 'call_uuid'] },
		event: 'Hangup',
		streamEndings,
		request: (standIn: RunningStandIn, { call }: Target) => remove(path(standIn, call.id)),
		read: (standIn: RunningStandIn, { call }: Target) => listOf(standIn, call.id),
		looks: (standIn: RunningStandIn, { call }: Target) => ofCall(standIn, call.id),
		list: (standIn: RunningStandIn, { call }: Target) => listOf(standIn, call.id),
		cannot: {
			oneStream: 'all streams of a call are stopped, so no stream is named',
			streamEnds: 'the end of one stream proves nothing about the others of its call',
		},
	} as const satisfies Partial<Column>;
	return { one, all };
}

const statuses = ['completed', 'busy', 'failed', 'no-answer', 'timeout', 'cancel', 'canceled'];

/** `Event=Hangup` at `hangup_url`, and the `CallStatus` of a call that is over. */
export const endings: Profile['endings'] = [
	{ title: 'Event=Hangup', kind: 'Hangup', says: { Event: 'Hangup', CallStatus: '' } },
	...statuses.map((status) => ({
		title: `CallStatus=${status}`,
		kind: 'Hangup',
		says: { Event: '', CallStatus: status },
	})),
];

/** What both call the fields of a credential, and how they sign the events of a stream and of a call. */
export const account = {
	address: { field: 'baseUrl', label: 'Base URL' },
	account: { field: 'authId', label: 'Auth ID' },
	token: 'authToken',
} as const satisfies Partial<Profile>;
export const signed = {
	kinds: { stream: 'StartStream', call: 'Hangup' },
	key: 'authToken',
	keyLabel: 'Auth Token',
} as const;

/** What Plivo and Vobiz both lack. */
export const cannot: Profile['cannot'] = {
	scopes: 'an Auth Token has no scopes; a 403 is in the table as such',
	byDocument: 'no document takes part in a stop',
};
