import type { IDataObject } from 'n8n-workflow';
import { startStandIn, type PlivoStandIn } from '../lib/stand-ins/index.cts';
import { account, callStreams, cannot, endings, signed as signedBy } from './callStreams.cts';
import { scenariosFor } from './scenario.cts';
import type { Column, Expected, Profile, Target } from './types.cts';
import { signed, withHeaders } from './signedEvents.cts';
import { wordless } from './wordless.cts';

const { row, rows } = scenariosFor<PlivoStandIn>();

/** Plivo, as docs.plivo.com describes it; `old` is what is presumed where no page says it. */

type Generation = 'new' | 'old';

const stopped: Expected = { status: 'stopped', statusCode: 204 };
const nothingRuns: Expected = { status: 'alreadyStopped', statusCode: 400 };
/** The call's own record says it, where no stream was named. */
const callOver: Expected = { status: 'alreadyStopped', statusCode: 404, callState: 'ended' };
const unknownCall: Expected = { status: 'notFound', statusCode: 404, callState: 'notFound' };

/** `{"api_id", "error": "…"}`, the one shape that Plivo documents. */
const own = (message: string) => ({ api_id: 'example-api-id', error: message });

/** A stream that has not ended: "initiated" and null are in plivo-go's fixtures. */
const show = ({ call, stream }: Target) => ({
	api_id: 'example-api-id',
	call_uuid: call.id,
	end_time: null,
	start_time: null,
	status: 'initiated',
	stream_id: stream.id,
});

const page = (objects: readonly IDataObject[], total = objects.length, offset = 0) => ({
	api_id: 'example-api-id',
	meta: { limit: 20, next: null, offset, previous: null, total_count: total },
	objects: [...objects],
});

const paths = callStreams('/v1');
const answers = {
	alreadyStopped: { status: 400, body: own('No active stream found') },
	notFound: { status: 404, body: own('Call not found') },
};

const oneStream = (generation: Generation, endedCall: Expected): Column<PlivoStandIn> => ({
	...paths.one,
	title: `one stream, ${generation}`,
	standIn: { generation },
	answers,
	running: show,
	show,
	page,
	says: {
		stop: stopped,
		again: nothingRuns,
		// To a wrong id on a live call Plivo says the same as to a stream that has ended.
		unknownStream: { failure: 'nothingToStop', statusCode: 400, callState: 'live' },
		unknownCall,
		endedCall,
		noContent: stopped,
	},
});

const allStreams = (
	generation: Generation,
	again: Expected,
	endedCall: Expected,
): Column<PlivoStandIn> => ({
	...paths.all,
	title: `all streams, ${generation}`,
	standIn: { generation },
	answers,
	running: (target, { total = 2, offset = 0 } = {}) =>
		page([{ ...show(target), end_time: '2026-01-31 10:00:00+00:00' }, show(target)], total, offset),
	show,
	page,
	says: { stop: stopped, again, unknownCall, endedCall, noContent: stopped },
});

export const plivo: Profile<PlivoStandIn> = {
	provider: 'plivo',
	displayName: 'Plivo',
	credentialName: 'Plivo Basic API',
	start: async (options) => await startStandIn('plivo', options),
	...account,
	own: { 'its own form': own },
	own404: { 'an error without more': { error: 'not found' }, 'an empty object': {} },
	endings,
	signed: {
		...signedBy,
		userInfo: '',
	},
	suspects: ["'Auth ID'", "'Auth Token'", 'account'],
	columns: [
		// The record of the stream outlives its call.
		oneStream('new', { status: 'alreadyStopped', statusCode: 404 }),
		oneStream('old', nothingRuns),
		allStreams('new', stopped, callOver),
		allStreams('old', nothingRuns, nothingRuns),
	],
	cannot,
	scenarios: [
		...wordless,
		rows<IDataObject>({
			name: 'an event that carries the signature V2 alone is told so: it does not cover the body',
			options: { verifySignature: true },
			parameters: { source: 'event' },
			variants: () => ({
				'with its nonce': { 'x-plivo-signature-v2-nonce': 'example' },
				'without its nonce': {},
				'beside the oldest': { 'x-plivo-signature': 'x' },
				'beside an empty V3': {
					'x-plivo-signature-v3': '',
					'x-plivo-signature-v3-nonce': 'example',
				},
			}),
			arrange(c, more) {
				const item = signed(c);
				const bare = withHeaders(item, () => undefined);
				c.items = [{ ...bare, headers: { ...bare.headers, 'x-plivo-signature-v2': 'x', ...more } }];
			},
			expected: () => ({
				failure: 'untrusted',
				attempts: undefined,
				error:
					"The event carries only Plivo's signature V2, which does not cover the body and is not accepted",
				runs: true,
			}),
			check: (c) => expect(c.standIn.requests).toEqual([]),
		}),
		row({
			name: 'a 403 names the IP whitelist too',
			arrange(c) {
				c.standIn.ipBlocked = true;
			},
			expected: () => ({
				failure: 'credentials',
				statusCode: 403,
				attempts: 1,
				message: expect.stringContaining('IP whitelist'),
				runs: true,
			}),
		}),
		rows<'error alone' | 'empty'>({
			name: "Plivo's own 404 in each form that its SDKs take",
			variants: () => ({ 'error alone': 'error alone', 'an empty object': 'empty' }),
			arrange(c, shape) {
				c.standIn.notFoundShape = shape;
				c.targets = [c.ghost()];
			},
			expected: (c) => c.says('unknownCall'),
		}),
	],
};
