import type { IDataObject } from 'n8n-workflow';
import { startStandIn, type VobizStandIn } from '../lib/stand-ins/index.cts';
import { account, callStreams, cannot, endings, signed } from './callStreams.cts';
import { scenariosFor } from './scenario.cts';
import type { Column, Expected, Profile, Target } from './types.cts';
import { wordless } from './wordless.cts';

/** Vobiz, as docs.vobiz.ai (`new`) and the older www.docs.vobiz.ai (`old`) describe it. */

type Generation = 'new' | 'old';

/** The two sentences of a stop that worked. */
const ONE = { message: 'Stream stopped successfully' };
const ALL = { message: 'All streams stopped successfully', streams_stopped: 2 };
type VobizColumn = Column<VobizStandIn>;

const { row, rows } = scenariosFor<VobizStandIn>();

const stopped204: Expected = { status: 'stopped', statusCode: 204 };
const stopped200: Expected = { status: 'stopped', statusCode: 200 };
const nothingRuns: Expected = { status: 'alreadyStopped', statusCode: 404 };
const unknownCall: Expected = { status: 'notFound', statusCode: 404, callState: 'notFound' };

const telephony = (message: string) => ({ api_id: 'example-api-id', error: message });
const platform = (message: string) => ({
	status: 'error',
	error: { code: 'EXAMPLE_CODE', message, details: {} },
	timestamp: '2026-01-31T10:00:00.000Z',
	requestId: 'example-request-id',
});

/** A stream that has not ended: docs.vobiz.ai/audio-streams/stream-object. */
const show = ({ call, stream }: Target) => ({
	stream_id: stream.id,
	call_uuid: call.id,
	status: 'in-progress',
	start_time: stream.startTime,
	end_time: null,
});

const page = (objects: readonly IDataObject[], total = objects.length, offset = 0) => ({
	page: offset / 20 + 1,
	per_page: 20,
	total,
	objects: [...objects],
});

const paths = callStreams('/api/v1');
const answers = {
	alreadyStopped: { status: 404, body: telephony('No active stream found') },
	notFound: { status: 404, body: telephony('Stream not found') },
};

const oneStream = (generation: Generation, stop: Expected): VobizColumn => ({
	...paths.one,
	title: `one stream, ${generation}`,
	standIn: { generation },
	answers,
	running: show,
	show,
	page,
	// "404 … if the stream_id is unknown, already stopped, or belongs to a different call"
	says: {
		stop,
		again: nothingRuns,
		unknownStream: { failure: 'nothingToStop', statusCode: 404, callState: 'live' },
		unknownCall,
		endedCall: nothingRuns,
		noContent: stopped204,
	},
});

const allStreams = (generation: Generation, stop: Expected, nothing: Expected): VobizColumn => ({
	...paths.all,
	title: `all streams, ${generation}`,
	standIn: { generation },
	answers,
	running: (target, { total = 2, offset = 0 } = {}) =>
		page([{ ...show(target), status: 'completed' }, show(target)], total, offset),
	show,
	page,
	says: {
		stop,
		again: nothing,
		unknownCall: nothing,
		endedCall: nothing,
		noContent: stopped204,
	},
});

const all = ({ parameters }: VobizColumn) => parameters.operation === 'stopAllStreams';

export const vobiz: Profile<VobizStandIn> = {
	provider: 'vobiz',
	displayName: 'Vobiz',
	credentialName: 'Vobiz X-Auth API',
	start: async (options) => await startStandIn('vobiz', options),
	...account,
	own: { 'the telephony form': telephony, 'the platform form': platform },
	// "wrong case or missing slash returns 401": the token is not the only suspect.
	own404: { 'an error without more': { error: 'Call not found' } },
	// Vobiz's own n8n trigger names a call that is over in its own words.
	endings: [...endings, { title: 'event=call.ended', kind: 'call.ended' }],
	signed: {
		...signed,
		userInfo: 'example-user:example-of-the-webhook@',
	},
	suspects: ["'Auth ID'", "'Auth Token'", 'path', "'Base URL'"],
	columns: [
		oneStream('new', stopped204),
		oneStream('old', stopped200),
		// "204 even if the call currently has no active streams"
		allStreams('new', stopped204, stopped204),
		allStreams('old', stopped200, nothingRuns),
	],
	cannot: { ...cannot, bodySigned: 'Vobiz does not sign the body of an event' },
	scenarios: [
		...wordless,
		rows<{ status: number; body?: object; outcome?: 'stopped' | 'accepted' }>({
			name: 'any 2xx with one of the two known sentences is a stop, an order at 202; any other is unreadable',
			variants: () => ({
				'200, one stream': { status: 200, body: ONE, outcome: 'stopped' },
				'200, all streams': { status: 200, body: ALL, outcome: 'stopped' },
				'201': { status: 201, body: ONE, outcome: 'stopped' },
				'202': { status: 202, body: ONE, outcome: 'accepted' },
				'200, empty': { status: 200 },
				'202, empty': { status: 202 },
				'200 with an error beside it': { status: 200, body: { ...ONE, error: 'no' } },
				'200 with another sentence': { status: 200, body: { message: 'Stream not stopped' } },
				'200 with more before the sentence': {
					status: 200,
					body: { message: 'Not one stream stopped successfully' },
				},
				'200 with more than the sentence': {
					status: 200,
					body: { message: 'Stream stopped successfully, or not' },
				},
			}),
			arrange: (c, { status, body }) => c.answer({ status, body: body ?? '', afterEffect: true }),
			expected: (_c, { status, outcome }) => ({
				...(outcome ? { status: outcome } : { failure: 'unreadable' as const }),
				statusCode: status,
				runs: false,
			}),
		}),
		row({
			name: 'an unknown id in the form of live captures is notFound',
			arrange(c) {
				c.standIn.errorShape = 'captured';
				c.targets = [c.ghost()];
				c.answer({ status: 404, body: { error: 'Stream not found' } });
			},
			expected: () => ({ status: 'notFound', statusCode: 404, callState: 'notFound' }),
		}),
		row({
			name: 'an older answer that counts no stopped stream is alreadyStopped',
			columns: all,
			arrange(c) {
				c.standIn.endCall(c.call.id);
				c.answer({
					status: 200,
					body: { message: 'All streams stopped successfully', streams_stopped: 0 },
				});
			},
			expected: () => ({ status: 'alreadyStopped', statusCode: 200 }),
		}),
		rows<'page' | 'meta'>({
			name: 'Confirm Stop reads a list in each form that was ever documented',
			columns: all,
			variants: () => ({ page: 'page', meta: 'meta' }),
			options: { confirm: true },
			arrange(c, listShape) {
				c.standIn.listShape = listShape;
			},
			expected: (c) => ({ ...c.says('stop'), confirmed: true }),
		}),
		row({
			name: 'Confirm Stop takes one ended stream in place of a list for no proof about the others',
			columns: all,
			options: { confirm: true },
			arrange(c) {
				c.standIn.listShape = 'single';
			},
			expected: (c) => ({ ...c.says('stop'), confirmed: false }),
		}),
		rows<'telephony' | 'platform'>({
			name: 'a refusal that is in either of its forms is told in its own words',
			variants: () => ({ telephony: 'telephony', platform: 'platform' }),
			arrange(c, errorShape) {
				c.standIn.errorShape = errorShape;
				c.credentials.authToken = 'example-wrong-token';
			},
			expected: () => ({
				failure: 'credentials',
				statusCode: 401,
				error: expect.stringContaining('“Invalid authentication credentials”'),
			}),
		}),
	],
};
