import type { Fault, SignalWireStandIn } from '../../lib/stand-ins/index.cts';
import type { Case } from '../case.cts';
import { scenariosFor, titled, type Row } from '../scenario.cts';
import { callPath, compat, only } from './columns.cts';

const { rows } = scenariosFor<SignalWireStandIn>();
const compatColumns = only('Stream SID', 'Stream Name');

/** A call that SignalWire does not redirect, as code and words say. */
const refuseUpdate = (c: Case<SignalWireStandIn>, code: number, message: string) =>
	c.answer({ status: 400, body: compat(message, code) });
const NOT_IN_PROGRESS = 'The call cannot be redirected if it is not in-progress';

/** Refusals that leave it open whether the call has ended, so that the call is read. */
export const callState: Array<Row<SignalWireStandIn>> = [
	rows<string>({
		name: '10000 that says in words that the call is completed is alreadyStopped',
		columns: compatColumns,
		variants: () =>
			titled([
				' An attempt was made to update a completed call. ',
				'attempt to update a completed call',
			]),
		arrange(c, words) {
			c.standIn.endCall(c.call.id);
			refuseUpdate(c, 10000, words);
		},
		expected: () => ({ status: 'alreadyStopped', statusCode: 400 }),
		check: (c) => expect(c.reads()).toEqual([]),
	}),
	rows({
		name: '21220 or 10000 is alreadyStopped where one read of the call shows that it ended',
		columns: compatColumns,
		variants: () => ({ 21220: 21220, 10000: 10000 }),
		arrange(c, code) {
			c.standIn.endCall(c.call.id);
			refuseUpdate(c, code, code === 21220 ? NOT_IN_PROGRESS : 'Invalid argument');
		},
		expected: () => ({ status: 'alreadyStopped', statusCode: 400 }),
		check: (c) => expect(c.reads()).toEqual([callPath(c.standIn, c.call)]),
	}),
	rows<string>({
		name: '10000 whose words only hold those of a completed call proves nothing, and the call is read',
		columns: compatColumns,
		variants: () =>
			titled([
				'Invalid argument: attempt to update a completed call',
				'attempt to update a completed call was not made',
			]),
		arrange: (c, words) => refuseUpdate(c, 10000, words),
		expected: () => ({ failure: 'rejected', statusCode: 400, runs: true }),
		check: (c) => expect(c.reads()).toHaveLength(1),
	}),
	rows({
		name: '21220 or 10000 is rejected where the call is read as in progress',
		columns: compatColumns,
		variants: () => ({ 21220: 21220, 10000: 10000 }),
		arrange: (c, code) =>
			refuseUpdate(c, code, code === 21220 ? NOT_IN_PROGRESS : 'Invalid argument'),
		expected: () => ({ failure: 'rejected', statusCode: 400, runs: true }),
		check: (c) => expect(c.reads()).toHaveLength(1),
	}),
	rows<string>({
		name: 'a call of every status but an end is live',
		columns: compatColumns,
		variants: () => titled(['queued', 'initiated', 'ringing', 'in-progress']),
		arrange(c, status) {
			c.answer(c.column.answers.notFound);
			c.answerRead({ status: 200, body: { sid: c.call.id, status } });
		},
		expected: () => ({ status: 'notFound', callState: 'live', runs: true }),
	}),
	rows({
		name: '21220 is rejected where the call cannot be read',
		columns: compatColumns,
		variants: (): Record<string, Fault> => ({
			500: { status: 500, body: compat('Internal', 20504) },
			'404 in HTML': { status: 404, body: '<html>Not Found</html>' },
			'its own 404, which is no notFound of the stream': { status: 404, body: compat('Not found') },
			'a reset': { reset: 'before' },
			'200 in HTML': { status: 200, body: '<html>completed</html>' },
		}),
		arrange(c, readAnswer) {
			refuseUpdate(c, 21220, NOT_IN_PROGRESS);
			c.answerRead(readAnswer);
		},
		expected: () => ({
			failure: 'rejected',
			statusCode: 400,
			error: expect.stringContaining(NOT_IN_PROGRESS),
			runs: true,
		}),
	}),
];
