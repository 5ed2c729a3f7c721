import { startStandIn, type SignalWireStandIn } from '../lib/stand-ins/index.cts';
import { scenariosFor } from './scenario.cts';
import { byName } from './signalWire/byName.cts';
import { callingApi } from './signalWire/callingApi.cts';
import { callState } from './signalWire/callState.cts';
import {
	byConferenceSid,
	byControlId,
	byName as byNameColumn,
	bySid,
	compatShapes,
	only,
} from './signalWire/columns.cts';
import { conferences } from './signalWire/conferences.cts';
import { queries } from './signalWire/queries.cts';
import type { Profile } from './types.cts';

const { row, rows } = scenariosFor<SignalWireStandIn>();

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
	endings: [
		...['completed', 'busy', 'failed', 'no-answer', 'canceled'].map((status) => ({
			title: `CallStatus=${status}`,
			kind: 'call-completed',
			says: { CallStatus: status },
		})),
		{
			title: 'call_state=ended',
			kind: 'calling.call.state',
			within: 'params',
			says: { call_state: 'ended' },
		},
	],
	signed: {
		kinds: { stream: 'stream-started', call: 'call-completed' },
		key: 'signingSecret',
		keyLabel: 'Signing Key',
		userInfo: '',
	},
	suspects: ["'Project ID'", "'API Token'", "'Space URL'", 'Voice'],
	columns: [bySid, byNameColumn, byControlId, byConferenceSid],
	cannot: {
		stopAll: 'SignalWire has no way to list or stop all streams of a call',
		confirm: 'SignalWire has no way to read a stream',
		recordOfCall: 'SignalWire shows a call at one place, live or over',
	},
	scenarios: [
		...byName,
		...callState,
		...callingApi,
		...conferences,
		...queries,
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
		row({
			name: 'Verify Signature without a Signing Key in the credential: credentials, and nothing is sent',
			options: { verifySignature: true },
			parameters: (c) => ({ source: 'event', ...c.document() }),
			arrange(c) {
				c.credentials.signingSecret = ' ';
				c.items = [
					{
						...(c.column.idField && { ConferenceSid: 'x' }),
						headers: {},
						params: {},
						query: {},
						body: {
							...c.event(c.column.event),
							control_id: c.stream.controlId,
							call_id: c.call.id,
						},
						webhookUrl: 'https://hooks.example.com/webhook/x',
					},
				];
			},
			expected: () => ({
				failure: 'credentials',
				error: "'Signing Key' is empty in the credential",
				attempts: undefined,
				runs: true,
			}),
			check: (c) => expect(c.standIn.requests).toEqual([]),
		}),
		row({
			name: 'an event in JSON is untrusted in words that say why, and that Check Event can check it',
			columns: only('Control ID'),
			options: { verifySignature: true },
			parameters: { source: 'event' },
			arrange(c) {
				const headers = { 'content-type': 'application/json', 'x-signalwire-signature': 'x' };
				const webhookUrl = 'https://hooks.example.com/webhook/x';
				const body = { control_id: c.stream.controlId, call_id: c.call.id };
				c.items = [{ headers, params: {}, query: {}, body, webhookUrl }];
			},
			expected: () => ({
				failure: 'untrusted',
				attempts: undefined,
				error:
					"The event's body is not a form, and n8n passes it on parsed, not as the text that SignalWire signed",
				message: expect.stringMatching(/'Check Event'.*'Raw Body'/),
				runs: true,
			}),
		}),
		rows({
			name: 'a 200 that shows the stream as not yet stopped is only accepted',
			columns: only('Stream SID'),
			variants: () => ({ queued: 'queued', 'in-progress': 'in-progress' }),
			arrange: (c, status) => c.answer({ status: 200, body: { sid: c.stream.id, status } }),
			expected: () => ({ status: 'accepted', stopped: false, runs: true }),
		}),
		rows({
			name: 'a 200 with a status that nobody documents is unreadable',
			columns: only('Stream SID'),
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
