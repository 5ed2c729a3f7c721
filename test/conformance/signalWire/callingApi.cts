import type { IDataObject } from 'n8n-workflow';
import type { SignalWireStandIn } from '../../lib/stand-ins/index.cts';
import type { Case } from '../case.cts';
import { scenariosFor, titled, type Row } from '../scenario.cts';
import { callPath, only } from './columns.cts';

const { row, rows } = scenariosFor<SignalWireStandIn>();
const columns = only('Control ID');

/** SWML's event of the first stream, when it has ended. */
function finished(c: Case<SignalWireStandIn>, kind: string): IDataObject {
	const event = c.event(kind);
	return { ...event, params: { ...(event.params as IDataObject), state: 'finished' } };
}

type Codes = Parameters<SignalWireStandIn['refuseCommand']>;

/** The codes of the Calling API, and the events of SWML and Relay, which name streams by control ID. */
export const callingApi: Array<Row<SignalWireStandIn>> = [
	rows<Codes>({
		name: 'a code that names the end counts in any entry',
		columns,
		variants: () => ({
			alone: ['cannot_update_completed'],
			second: ['invalid_parameter', 'cannot_update_completed'],
		}),
		arrange(c, codes) {
			c.standIn.endCall(c.call.id);
			c.answer(c.standIn.refuseCommand(...codes));
		},
		expected: () => ({ status: 'alreadyStopped', statusCode: 422, attempts: 1 }),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	rows<Codes>({
		name: 'an end that another entry contradicts, and "not in progress", ask the call: an end is alreadyStopped',
		columns,
		variants: () => ({
			'contradicted by "try again"': ['cannot_update_completed', 'call_update_failed'],
			'contradicted by "no such kind"': ['invalid_call_id_passed', 'cannot_update_completed'],
			'not in progress': ['cannot_redirect_not_in_progress'],
			'not in progress, beside "try again"': [
				'call_update_failed',
				'cannot_redirect_not_in_progress',
			],
		}),
		arrange(c, codes) {
			c.standIn.endCall(c.call.id);
			c.answer(c.standIn.refuseCommand(...codes));
		},
		expected: () => ({ status: 'alreadyStopped', callState: 'ended', statusCode: 422 }),
		check: (c) => expect(c.reads()).toEqual([callPath(c.standIn, c.call)]),
	}),
	rows<'live' | 'unknown' | 'unreadable'>({
		name: '"not in progress" stays rejected where the call shows no end, and is never notFound',
		columns,
		variants: () => ({ live: 'live', 'not shown': 'unknown', 'not readable': 'unreadable' }),
		arrange(c, state) {
			if (state === 'unknown') c.targets = [c.ghost()];
			c.answer(c.standIn.refuseCommand('cannot_redirect_not_in_progress'));
			if (state === 'unreadable') c.answerRead({ status: 500, body: '' });
		},
		expected: (_c, state) => ({
			failure: 'rejected',
			statusCode: 422,
			attempts: 1,
			callState: state === 'live' ? 'live' : undefined,
		}),
		check: (c) => expect(c.reads()).toHaveLength(1),
	}),
	row({
		name: '"try again" is sent again, and then stops the stream',
		columns,
		slow: true,
		options: { maxRetries: 1 },
		arrange: (c) => c.answer(c.standIn.refuseCommand('call_update_failed'), 1),
		expected: (c) => ({ ...c.says('stop'), attempts: 2, runs: false }),
	}),
	row({
		name: '"try again" to the last attempt is unavailable',
		columns,
		arrange: (c) => c.answer(c.standIn.refuseCommand('call_update_failed')),
		expected: () => ({ failure: 'unavailable', statusCode: 422, attempts: 1, runs: true }),
	}),
	row({
		name: 'a cXML call has no control IDs: the sentence says to choose Stream SID',
		columns,
		arrange(c) {
			c.targets = [c.add({}, { runs: 'cXML' })];
		},
		expected: () => ({
			failure: 'rejected',
			statusCode: 422,
			message: expect.stringContaining("Set 'Identify Stream By' to 'Stream SID'"),
			runs: true,
		}),
	}),
	row({
		name: 'a cXML call that is over is alreadyStopped, whatever its kind',
		columns,
		arrange(c) {
			c.standIn.endCall(c.call.id);
			c.answer(c.standIn.refuseCommand('invalid_call_id_passed'));
		},
		expected: () => ({ status: 'alreadyStopped', callState: 'ended', statusCode: 422 }),
	}),
	row({
		name: 'a refusal without a code has the call read: an end is alreadyStopped',
		columns,
		arrange(c) {
			c.standIn.endCall(c.call.id);
			c.answer({ status: 422, body: { error: 'Unprocessable' } });
		},
		expected: () => ({ status: 'alreadyStopped', callState: 'ended', statusCode: 422 }),
	}),
	row({
		name: 'a SWML call that is not where calls are read stays notFound without a call state',
		columns,
		arrange(c) {
			const target = c.add({}, { runs: 'SWML' });
			c.targets = [target];
			c.standIn.endCall(target.call.id);
		},
		expected: () => ({ status: 'notFound', callState: undefined, runs: false }),
		check: (c) => expect(c.reads()).toHaveLength(1),
	}),
	rows<'query of the address' | 'query, beside a body'>({
		name: 'a SWML event without call_id takes the call from the query of its address',
		columns,
		parameters: { source: 'event' },
		variants: () => ({
			'query of the address': 'query of the address',
			'query, beside a body': 'query, beside a body',
		}),
		arrange(c, place) {
			const event = c.event('calling.call.stream without call_id');
			const query = { call_id: c.call.id };
			c.items = [place === 'query of the address' ? { ...event, query } : { body: event, query }];
		},
		expected: (c) => ({ ...c.says('stop'), callId: c.call.id, runs: false }),
	}),
	row({
		name: 'a SWML event without call_id anywhere is refused in words',
		columns,
		parameters: { source: 'event' },
		arrange(c) {
			c.items = [{ body: c.event('calling.call.stream without call_id'), query: {} }];
		},
		expected: () => ({
			failure: 'input',
			error: 'The incoming event holds no SignalWire call ID',
			attempts: undefined,
			runs: true,
		}),
	}),

	// Events that say that the stream has ended: SWML's own, and none of play, record or collect.
	rows<'Incoming Event' | 'beside fields'>({
		name: 'an end of the stream without call_id counts: its call stands in the query',
		columns,
		variants: () => titled(['Incoming Event', 'beside fields'] as const),
		parameters: (_c, source) =>
			source === 'Incoming Event'
				? { source: 'event' }
				: { callId: '={{ $json.callId }}', stream: '={{ $json.stream }}' },
		arrange(c, source) {
			const event = finished(c, 'calling.call.stream without call_id');
			const fields = source === 'Incoming Event' ? {} : c.fields(c.target);
			c.items = [{ ...fields, body: event, query: { call_id: c.call.id } }];
			c.endStream();
			c.answer(c.column.answers.notFound);
		},
		expected: (c) => ({
			status: 'alreadyStopped',
			callId: c.call.id,
			callState: undefined,
			attempts: 1,
		}),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	row({
		name: 'an end of the stream without call_id counts for the call in the query alone',
		columns,
		parameters: { callId: '={{ $json.callId }}', stream: '={{ $json.stream }}' },
		arrange(c) {
			const event = finished(c, 'calling.call.stream without call_id');
			c.items = [{ ...c.fields(c.target), body: event, query: { call_id: 'another' } }];
			c.endStream();
			c.answer(c.column.answers.notFound);
		},
		expected: () => ({ status: 'notFound', callState: 'live' }),
		check: (c) => expect(c.reads()).toHaveLength(1),
	}),
	rows<(event: IDataObject) => IDataObject>({
		name: 'a `finished` that is of no stream proves nothing, and the call is read',
		columns,
		variants: () => ({
			'of play': (event) => ({ ...event, event_type: 'calling.call.play' }),
			'of record': (event) => ({ ...event, event_type: 'calling.call.record' }),
			'of collect': (event) => ({ ...event, event_type: 'calling.call.collect' }),
			'outside of params': ({ params }) => ({ ...(params as IDataObject) }),
			'another control ID': ({ params, ...event }) => ({
				...event,
				params: { ...(params as IDataObject), control_id: 'another' },
			}),
		}),
		parameters: { callId: '={{ $json.callId }}', stream: '={{ $json.stream }}' },
		arrange(c, change) {
			const body = change(finished(c, 'calling.call.stream'));
			c.items = [{ ...c.fields(c.target), body }];
			c.endStream();
			c.answer(c.column.answers.notFound);
		},
		expected: () => ({ status: 'notFound', callState: 'live' }),
		check: (c) => expect(c.reads()).toHaveLength(1),
	}),
	row({
		name: 'an end of the stream counts in an event that says no type',
		columns,
		parameters: { source: 'event' },
		arrange(c) {
			const { params } = finished(c, 'calling.call.stream');
			c.items = [{ body: { params } }];
			c.endStream();
			c.answer(c.column.answers.notFound);
		},
		expected: () => ({ status: 'alreadyStopped', callState: undefined }),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	row({
		name: 'an end of the stream counts beside a 404 that is a list with a code',
		columns,
		parameters: { source: 'event' },
		arrange(c) {
			const notFound = {
				type: 'rest_api_error',
				code: 'not_found',
				message: 'There is no such call',
			};
			c.items = [{ body: finished(c, 'calling.call.stream') }];
			c.endStream();
			c.answer({ status: 404, body: { errors: [notFound] } });
		},
		expected: () => ({ status: 'alreadyStopped', callState: undefined }),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	row({
		name: 'an event of play names a call and no stream, whatever its control_id',
		columns,
		parameters: { source: 'event' },
		arrange(c) {
			c.items = [
				{ body: { ...finished(c, 'calling.call.stream'), event_type: 'calling.call.play' } },
			];
		},
		expected: (c) => ({
			failure: 'input',
			error: 'The incoming event names a call and no stream',
			callId: c.call.id,
			stream: undefined,
			attempts: undefined,
			runs: true,
		}),
	}),
];
