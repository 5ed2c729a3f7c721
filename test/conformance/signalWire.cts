import { startStandIn, type SignalWireStandIn } from '../lib/stand-ins/index.cts';
import { scenariosFor } from './scenario.cts';
import { byName } from './signalWire/byName.cts';
import { callState } from './signalWire/callState.cts';
import {
	byConferenceSid,
	byControlId,
	byName as byNameWay,
	bySid,
	compatShapes,
	only,
} from './signalWire/ways.cts';
import type { Profile } from './types.cts';

const { rows } = scenariosFor<SignalWireStandIn>();

export const signalWire: Profile<SignalWireStandIn> = {
	provider: 'signalWire',
	displayName: 'SignalWire',
	credentialName: 'SignalWire Basic API',
	start: async (options) => await startStandIn('signalWire', options),
	withoutScope: (standIn) => standIn.scopes.clear(),
	address: { field: 'spaceUrl', label: 'Space URL' },
	account: { field: 'projectId', label: 'Project ID' },
	token: 'apiToken',
	own: compatShapes,
	suspects: ["'Project ID'", "'API Token'", "'Space URL'", 'Voice'],
	ways: [bySid, byNameWay, byControlId, byConferenceSid],
	cannot: {
		stopAll: 'SignalWire has no way to list or stop all streams of a call',
		confirm: 'SignalWire has no way to read a stream',
	},
	scenarios: [
		...byName,
		...callState,
		rows({
			name: 'an unknown call is notFound in each form of SignalWire’s refusals',
			variants: (): Record<string, Partial<SignalWireStandIn>> => ({
				'{code, message}': { errorShape: 'compat' },
				'{errors: [{…}]}': { errorShape: 'errors', callingErrorShape: 'errors' },
				'{errors: ["…"]}, {error}': { errorShape: 'strings', callingErrorShape: 'error' },
			}),
			arrange(c, shapes) {
				Object.assign(c.standIn, shapes);
				c.items = [{ ...c.fields(c.target), [c.idField]: 'nobody' }];
			},
			expected: () => ({ status: 'notFound', statusCode: 404, runs: true }),
		}),
		rows({
			name: 'a 200 that shows the stream as not yet stopped is only accepted',
			ways: only('Stream SID'),
			variants: () => ({ queued: 'queued', 'in-progress': 'in-progress' }),
			arrange: (c, status) => c.answer({ status: 200, body: { sid: c.stream.id, status } }),
			expected: () => ({ status: 'accepted', stopped: false, runs: true }),
		}),
		rows({
			name: 'a 200 with a status that nobody documents is unreadable',
			ways: only('Stream SID'),
			variants: () => ({
				failed: 'failed',
				none: undefined,
				null: null,
				list: ['stopped'],
				STOPPED: 'STOPPED',
				true: true,
			}),
			arrange: (c, status) => c.answer({ status: 200, body: { sid: c.stream.id, status } }),
			expected: () => ({ failure: 'unreadable', statusCode: 200, runs: true }),
		}),
	],
};
