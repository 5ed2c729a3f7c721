// Providers are data and pure functions: what each way builds, and how it reads answers in every documented form.

import { providers } from '../../nodes/StopAudioStream/providers/index';
import {
	fieldNames,
	waysToOneStream,
	wayToAllStreams,
	type Account,
	type Answer,
	type DocumentSpec,
	type Ids,
	type Look,
	type OwnReading,
	type Provider,
	type Way,
} from '../../nodes/StopAudioStream/providers/provider';
import { withQuery } from '../../nodes/StopAudioStream/providers/urls';
import { providerOf } from '../lib/fakeSender.cts';
import { refused } from '../lib/readEvent.cts';

const account: Account = {
	origin: 'https://api.example.com',
	id: 'MA example/1',
	token: 'example-token',
	signingKey: '',
};
const [plivo, signalWire, vobiz] = ['plivo', 'signalWire', 'vobiz'].map(providerOf) as [
	Provider,
	Provider,
	Provider,
];

/** A provider's way to one stream, by its choice. */
function wayOf(provider: Provider, streamBy?: string): Way {
	const way = waysToOneStream(provider).find(({ choice }) => choice?.streamBy === streamBy);
	if (!way) throw new Error(`${provider.name} has no way '${streamBy}'`);
	return way;
}

/** A provider's way to all streams of a call. */
function allOf(provider: Provider): Way {
	const way = wayToAllStreams(provider);
	if (!way) throw new Error(`${provider.name} has no way to all streams`);
	return way;
}

const bySid = wayOf(signalWire, 'sid');
const byName = wayOf(signalWire, 'name');
const byControlId = wayOf(signalWire, 'controlId');
const byConferenceSid = wayOf(signalWire, 'conferenceSid');

const DOCUMENT: DocumentSpec = {
	url: 'https://a.example/x',
	method: 'POST',
	nameParameter: 'STREAMNAME',
};
/** One of everything that a way may need. */
const one: Ids = { callId: 'c', conferenceSid: 'k', stream: 's', document: DOCUMENT };
const named = (stream: string | undefined, document: Partial<DocumentSpec> = {}): Ids => ({
	callId: 'c',
	stream,
	document: { ...DOCUMENT, ...document },
});

const answer = (statusCode: number, body: unknown): Answer => ({ statusCode, headers: {}, body });

/** Every way of every provider, those that an event leads to too. */
const ways = providers.flatMap((provider) =>
	provider.ways
		.flatMap((way) => [way, ...(way.inConference ? [way.inConference] : [])])
		.map((way) => ({
			provider,
			way,
			title: `${provider.name}, ${way.operation}, ${way.choice?.streamBy ?? '-'}, ${way.on.noun}`,
		})),
);

describe('every provider', () => {
	it.each(providers)(
		'$name is whole and says in its own words what the screen shows',
		(provider) => {
			const { credential, name, endsCall, signature } = provider;
			expect(name).toMatch(/^[a-z][A-Za-z]+$/);
			expect(credential.type).toMatch(/Api$/);
			expect(endsCall.flatMap(({ words }) => words).length).toBeGreaterThan(0);
			expect(signature.missingHint).toMatch(/\.$/);
			for (const { on, stream, notice, inEvents, document } of provider.ways) {
				for (const list of [inEvents.place, inEvents.call, inEvents.conference, inEvents.stream]) {
					expect(new Set(list).size).toBe(list.length);
				}
				const texts = [on.field, ...(stream ? [stream] : []), ...(document ? [document.url] : [])];
				for (const text of texts) {
					expect([text.label, text.placeholder, text.description]).toEqual([
						expect.stringMatching(/^[A-Z][\w ]+$/i),
						expect.stringMatching(/^e\.g\. /),
						expect.stringMatching(/\.$/),
					]);
				}
				expect(notice).toMatch(/what happens to the calls?\./);
			}
			// A way is named only where there are several.
			const toOne = waysToOneStream(provider);
			expect(toOne.map(({ choice }) => choice !== undefined)).toEqual(
				toOne.map(() => toOne.length > 1),
			);
		},
	);

	it('has a name and a credential of its own', () => {
		expect(new Set(providers.map(({ name }) => name.toLowerCase())).size).toBe(providers.length);
		expect(new Set(providers.map(({ credential }) => credential.type)).size).toBe(providers.length);
	});

	it('has the stream in its request exactly where it has a field for one', () => {
		for (const { way, title } of ways) {
			const request = JSON.stringify(way.build(account, { ...one, stream: 'the-stream' }));
			expect([title, request.includes('the-stream')]).toEqual([title, way.stream !== undefined]);
		}
	});
});

describe('what saved workflows and credentials hold', () => {
	const KEPT = {
		plivo: {
			displayName: 'Plivo',
			type: 'plivoBasicApi',
			credential: 'Plivo Basic API',
			fields: { baseUrl: 'Base URL', authId: 'Auth ID', authToken: 'Auth Token' },
			ways: [
				['stopStream', undefined, 'Call UUID', 'Stream ID'],
				['stopAllStreams', undefined, 'Call UUID', undefined],
			],
		},
		signalWire: {
			displayName: 'SignalWire',
			type: 'signalWireBasicApi',
			credential: 'SignalWire Basic API',
			fields: {
				spaceUrl: 'Space URL',
				projectId: 'Project ID',
				apiToken: 'API Token',
				signingSecret: 'Signing Key',
			},
			ways: [
				['stopStream', 'sid', 'Call SID', 'Stream SID'],
				['stopStream', 'name', 'Call SID', 'Stream Name'],
				['stopStream', 'controlId', 'Call SID', 'Control ID'],
				['stopStream', 'conferenceSid', 'Conference SID', 'Stream SID'],
			],
		},
		vobiz: {
			displayName: 'Vobiz',
			type: 'vobizXAuthApi',
			credential: 'Vobiz X-Auth API',
			fields: { baseUrl: 'Base URL', authId: 'Auth ID', authToken: 'Auth Token' },
			headers: { id: 'X-Auth-ID', token: 'X-Auth-Token' },
			ways: [
				['stopStream', undefined, 'Call UUID', 'Stream ID'],
				['stopAllStreams', undefined, 'Call UUID', undefined],
			],
		},
	};

	it('keeps its name, and the screen its labels', () => {
		const held = providers.map(({ name, displayName, credential, ways: own }) => {
			const { type, displayName: title, address, id, token, signingKey, headers } = credential;
			const fields = [address, id, token, ...(signingKey ? [signingKey] : [])];
			return [
				name,
				{
					...{ displayName, type, credential: title, headers },
					fields: Object.fromEntries(fields.map((field) => [field.name, field.label])),
					ways: own.map(({ operation, choice, on, stream }) => [
						operation,
						choice?.streamBy,
						on.field.label,
						stream?.label,
					]),
				},
			];
		});
		expect(Object.fromEntries(held)).toEqual(KEPT);
	});

	it.each([
		['plivo', 'https://api.plivo.com', undefined],
		['signalWire', 'example.signalwire.com', 'signalwire.com'],
		['vobiz', 'https://api.vobiz.ai', undefined],
	])(
		'shows an address of %s, and completes a bare name where there is a domain',
		(name, example, domain) => {
			const { address } = providerOf(name).credential;
			expect(address).toMatchObject({ example });
			expect(address.domain).toBe(domain);
		},
	);

	it('keeps the default of each provider: its first way', () => {
		expect(providers.map(({ ways: [first] }) => first.choice?.streamBy)).toEqual([
			undefined,
			'sid',
			undefined,
		]);
	});
});

describe('what the documents of a provider name', () => {
	const ofCallStreams = {
		place: ['CallUUID', 'call_uuid', 'callUuid', 'callId'],
		call: ['CallUUID', 'call_uuid', 'callUuid', 'callId'],
		conference: [],
		stream: ['StreamID', 'stream_id', 'streamId'],
	};
	const call = ['CallSid', 'call_sid', 'callSid', 'call_id'];
	const conference = ['ConferenceSid', 'conference_sid', 'conferenceSid'];
	const stream = ['StreamSid', 'stream_sid', 'streamSid'];

	it.each<[string, Way, object]>([
		['plivo', wayOf(plivo), ofCallStreams],
		['vobiz', wayOf(vobiz), ofCallStreams],
		['all of plivo', allOf(plivo), { ...ofCallStreams, stream: [] }],
		['all of vobiz', allOf(vobiz), { ...ofCallStreams, stream: [] }],
		['by SID', bySid, { place: call, call, conference, stream }],
		['by name', byName, { place: call, call, conference: [], stream: ['StreamName'] }],
		[
			'by control ID',
			byControlId,
			{
				place: ['control_id'],
				call,
				callInQuery: ['call_id'],
				conference: [],
				stream: ['control_id'],
			},
		],
		['by conference', byConferenceSid, { place: conference, call, conference, stream }],
	])('are these ids in the events: %s', (_title, way, inEvents) => {
		expect(way.inEvents).toEqual(inEvents);
	});

	it('is a limit of requests, or none', () => {
		expect(plivo.rateLimit).toEqual({ requests: 300, windowMs: 5_000 });
		expect(signalWire.rateLimit).toEqual({ requests: 13_800, windowMs: 10_000 });
		expect(vobiz.rateLimit).toBeUndefined();
	});

	it('is one request for all streams of a call, but not for SignalWire', () => {
		expect(providers.filter(wayToAllStreams)).toEqual([plivo, vobiz]);
	});

	it('is that only a name of SignalWire stands for a document, which no AI tool may choose', () => {
		const withDocument = ways.filter(({ way }) => way.document);
		expect(withDocument.map(({ way }) => way)).toEqual([byName]);
		const notInTools = ways.filter(({ way }) => way.choice?.notInTools);
		expect(notInTools.map(({ way }) => way)).toEqual([byName]);
	});

	it('is that streams can be read at Plivo and Vobiz, and calls everywhere', () => {
		const readable = ways.filter(({ way }) => way.streams).map(({ provider }) => provider.name);
		expect([...new Set(readable)]).toEqual(['plivo', 'vobiz']);
		expect(ways.filter(({ way }) => way.looks.length === 0)).toEqual([]);
	});
});

describe('ids in a path', () => {
	/** Where the ids stand in the path of each way; `account` is the account's. */
	const PATHS: Record<string, string> = {
		'plivo, stopStream, -, call': '/v1/Account/{account}/Call/{callId}/Stream/{stream}/',
		'plivo, stopAllStreams, -, call': '/v1/Account/{account}/Call/{callId}/Stream/',
		'vobiz, stopStream, -, call': '/api/v1/Account/{account}/Call/{callId}/Stream/{stream}/',
		'vobiz, stopAllStreams, -, call': '/api/v1/Account/{account}/Call/{callId}/Stream/',
		'signalWire, stopStream, sid, call':
			'/api/laml/2010-04-01/Accounts/{account}/Calls/{callId}/Streams/{stream}',
		'signalWire, stopStream, sid, conference':
			'/api/laml/2010-04-01/Accounts/{account}/Conferences/{conferenceSid}/Streams/{stream}',
		'signalWire, stopStream, name, call': '/api/laml/2010-04-01/Accounts/{account}/Calls/{callId}',
		'signalWire, stopStream, controlId, call': '/api/calling/calls',
		'signalWire, stopStream, conferenceSid, conference':
			'/api/laml/2010-04-01/Accounts/{account}/Conferences/{conferenceSid}/Streams/{stream}',
	};
	const filled = (template: string, ids: Ids) =>
		template.replace(/\{(\w+)\}/g, (_, name: 'callId' | 'conferenceSid' | 'stream' | 'account') =>
			encodeURIComponent(name === 'account' ? account.id : (ids[name] ?? '')),
		);

	it('are in these of each way, and in no other', () => {
		expect(ways.map(({ title }) => title).sort()).toEqual(Object.keys(PATHS).sort());
	});

	/** Ids that would be another place, were they not encoded. Any text at all is for properties.test.cts. */
	const ODD_IDS = [
		'plain',
		'a/b',
		'../x',
		'..%2fx',
		'%2e%2e',
		'a\\b',
		'a?b=c&d',
		'a#b',
		'a b',
		'x@y.example:80',
		'ünï 👍',
		'\u0000',
		"'()*!~",
	];

	it.each(ways)('never change the shape of the URL: $title', ({ way, title }) => {
		for (const odd of ODD_IDS) {
			const ids = { ...one, callId: odd, conferenceSid: `${odd}k`, stream: `${odd}s` };
			const { url } = way.build(account, ids);
			expect(url).toBe(account.origin + filled(PATHS[title] ?? '', ids));
			// What goes out is what was built: no URL parser makes another of it.
			expect(new URL(url).href).toBe(url);
		}
	});

	it.each(ways)('are refused where they cannot be a segment: $title', ({ way, title }) => {
		const inPath = (['callId', 'conferenceSid', 'stream'] as const).filter((name) =>
			PATHS[title]?.includes(`{${name}}`),
		);
		for (const name of inPath) {
			for (const [id, why] of [
				['', ' is empty'],
				['.', ' holds only dots'],
				['..', ' holds only dots'],
				['....', ' holds only dots'],
				['cut \ud83d off', ' contains a broken character'],
				['\udc00', ' contains a broken character'],
			] as const) {
				const label = name === 'stream' ? way.stream?.label : way.on.field.label;
				const { message } = refused(() => way.build(account, { ...one, [name]: id }));
				expect(message).toBe(`'${label}'${why}`);
			}
			expect(() => way.build(account, { ...one, [name]: undefined })).toThrow(' is empty');
		}
	});
});

describe('a refusal of an id', () => {
	const broken = '\ud83d';
	it.each<[string, Way, Ids, string, string]>([
		['Plivo', wayOf(plivo), { callId: '..' }, "'Call UUID' holds only dots", 'as Plivo gave it'],
		['Plivo', wayOf(plivo), { stream: '..' }, "'Stream ID' holds only dots", 'as Plivo gave it'],
		['Plivo', wayOf(plivo), { stream: undefined }, "'Stream ID' is empty", "Fill in 'Stream ID'"],
		['Plivo', allOf(plivo), { callId: undefined }, "'Call UUID' is empty", "Fill in 'Call UUID'"],
		['Vobiz', wayOf(vobiz), { callId: '..' }, "'Call UUID' holds only dots", 'as Vobiz gave it'],
		[
			'Vobiz',
			wayOf(vobiz),
			{ stream: broken },
			"'Stream ID' contains a broken",
			'as Vobiz gave it',
		],
		['SignalWire', bySid, { callId: '..' }, "'Call SID' holds only", 'as SignalWire gave it'],
		['SignalWire', bySid, { stream: '..' }, "'Stream SID' holds only", 'as SignalWire gave it'],
		['SignalWire', bySid, { stream: undefined }, "'Stream SID' is empty", 'Fill in'],
		[
			'SignalWire',
			byConferenceSid,
			{ conferenceSid: '..' },
			"'Conference SID' holds only",
			'as SignalWire gave it',
		],
		[
			'SignalWire',
			byName,
			named(broken),
			"'Stream Name' contains a broken",
			'as SignalWire gave it',
		],
		[
			'SignalWire',
			byName,
			named('n', { nameParameter: broken }),
			"'Stream Name Parameter' contains a broken",
			'as SignalWire gave it',
		],
	])('of %s names the field and the provider: %j %j', (_title, way, change, what, todo) => {
		const { failure } = refused(() => way.build(account, { ...one, ...change }));
		expect(failure.what).toContain(what);
		expect(failure.todo).toContain(todo);
		expect(failure.cause).toBe('input');
	});

	it('is none for dots beside something else', () => {
		for (const id of ['a..', '..a', 'a.b']) {
			expect(wayOf(plivo).build(account, { ...one, stream: id }).url).toMatch(`/Stream/${id}/`);
		}
	});
});

describe('Plivo and Vobiz', () => {
	const callStreams = [plivo, vobiz];

	it('end every path with a slash and send no body', () => {
		for (const provider of callStreams) {
			for (const way of provider.ways) {
				const request = way.build(account, one);
				expect(Object.keys(request).sort()).toEqual(['method', 'url']);
				expect(request).toEqual({ method: 'DELETE', url: expect.stringMatching(/[^/]\/$/) });
			}
			expect(allOf(provider).build(account, one).url).toMatch(/\/Call\/c\/Stream\/$/);
		}
	});

	const words = (error: string) => ({ api_id: 'a', error });
	const platform = (code: unknown, message: unknown) => ({
		status: 'error',
		error: { code, message },
	});
	/** What an answer to one stream means, and to all streams where that is something else. */
	const READINGS: Array<[number, unknown, string | undefined, string?]> = [
		[204, '', 'stopped'],
		[200, { message: 'Stream stopped successfully', stream_id: 's' }, 'stopped'],
		[200, { message: 'streams stopped successfully.' }, 'stopped'],
		[201, { message: 'All streams stopped successfully', streams_stopped: 2 }, 'stopped'],
		// To one stream it says that this one was not found; the call may have others.
		[
			200,
			{ message: 'All streams stopped successfully', streams_stopped: 0 },
			'notFound',
			'alreadyStopped',
		],
		[202, { message: 'Stream stopped successfully' }, 'accepted'],
		[
			202,
			{ message: 'All streams stopped successfully', streams_stopped: 0 },
			'notFound',
			'alreadyStopped',
		],
		[200, { message: 'Could not stop the stream', status: 'error' }, undefined],
		[200, { message: 'Not all streams stopped successfully' }, undefined],
		[200, { message: 'Stream stopped successfully before' }, undefined],
		[200, { message: 'Stream stopped successfully', error: 'no' }, undefined],
		[200, { message: 'Stream stopped successfully', error: undefined }, undefined],
		[400, words('No active stream found'), 'notFound', 'alreadyStopped'],
		[404, words('No active stream found'), 'notFound', 'alreadyStopped'],
		[404, words(' no active STREAM found. '), 'notFound', 'alreadyStopped'],
		[404, platform('NOT_FOUND', 'No active stream found'), 'notFound', 'alreadyStopped'],
		[404, words('Stream not found'), 'notFound'],
		[404, words('Call not found'), 'notFound'],
		[404, platform('NOT_FOUND', 'Stream not found'), 'notFound'],
		// The error alone is their own too.
		[404, { error: 'not found' }, 'notFound'],
		[404, { error: 'not found', path: '/x' }, undefined],
		[400, { error: 'No active stream found' }, 'notFound', 'alreadyStopped'],
		[400, words('No active stream found for this account yet'), undefined],
		[400, words('Say whether no active stream found'), undefined],
		[400, words('service_url is not valid'), undefined],
		[400, words('Stream not found'), undefined],
		[422, words('No active stream found'), undefined],
		[405, words('Stream not found'), undefined],
		[200, '', undefined],
		[200, null, undefined],
		[200, 'OK', undefined],
		[200, [], undefined],
		[200, {}, undefined],
		[200, { message: 5 }, undefined],
		[200, { message: 'no', error: 'it did not' }, undefined],
		[404, '<html>Not found</html>', undefined],
		[404, { message: 'no route' }, undefined],
		// The gateway's words for a wrong path.
		[404, { message: 'Not Found' }, undefined],
		[404, { api_id: 'a', error: { text: 'x' } }, undefined],
		[404, platform(5, 'x'), undefined],
		[404, platform('NOT_FOUND', 5), undefined],
		[404, { status: 'ok', error: { code: 'NOT_FOUND', message: 'x' } }, undefined],
		[404, { status: 'error', error: 'x' }, undefined],
	];

	it.each(READINGS)('read %i %j as %s', (statusCode, body, status, toAll = status) => {
		for (const provider of callStreams) {
			const own = (way: Way) => way.read(answer(statusCode, body), one);
			expect(own(wayOf(provider))).toEqual(status && { status });
			expect(own(allOf(provider))).toEqual(toAll && { status: toAll });
		}
	});

	it("read an empty object behind a 404 as Plivo's own, and not as Vobiz's", () => {
		expect(wayOf(plivo).read(answer(404, {}), one)).toEqual({ status: 'notFound' });
		expect(wayOf(vobiz).read(answer(404, {}), one)).toBeUndefined();
		expect(wayOf(plivo).read(answer(404, []), one)).toBeUndefined();
	});

	const stateOf = (way: Way, body: unknown, offset = 0, statusCode = 200) =>
		way.streams?.read(answer(statusCode, body), one, offset);
	const readState = (body: unknown, offset = 0, statusCode = 200) =>
		stateOf(allOf(plivo), body, offset, statusCode);
	const readOne = (body: unknown, statusCode = 200) => stateOf(wayOf(plivo), body, 0, statusCode);
	const up = { stream_id: 's', status: 'initiated', end_time: null };
	const down = { stream_id: 's', status: 'initiated', end_time: '2026-01-31 10:00:00+00:00' };

	it.each([
		[up, false],
		[down, true],
		[{ stream_id: 's', status: 'in-progress', end_time: null }, false],
		[{ stream_id: 's', status: 'completed', end_time: null }, true],
		[{ stream_id: 's', status: 'FAILED' }, true],
		[{ stream_id: 's', status: 'stopped' }, true],
		[{ stream_id: 's', status: 'in-progress', end_time: '0001-01-01T00:00:00Z' }, false],
		[{ stream_id: 's' }, false],
		[{ stream_id: 's', end_time: '2026-01-31 10:00:00+00:00' }, true],
		[{ stream_id: 's', end_time: '' }, false],
	])('read a stream %j: ended is %s', (stream, ended) => {
		expect(readOne(stream)).toEqual({ kind: ended ? 'ended' : 'running' });
	});

	it.each([
		['another stream', { ...down, stream_id: 'other' }],
		['a list', { objects: [down] }],
		['an object without the stream', { status: 'failed', message: 'could not read' }],
	])('take %s for no answer about this stream', (_title, body) => {
		expect(readOne(body)).toBeUndefined();
	});

	it.each([
		['an empty page where there should be streams', { objects: [], total: 5 }],
		['one ended stream in place of a list', down],
		['one object that is no stream', { status: 'initiated' }],
	])('take %s for no proof that all streams ended', (_title, body) => {
		expect(readState(body)).toBeUndefined();
	});

	it.each([
		['Vobiz', { page: 1, per_page: 20, total: 0, objects: [] }],
		['Plivo', { meta: { total_count: 0, next: null }, objects: [] }],
		['without a count', { objects: [] }],
	])('read an empty list as nothing listed, which proves nothing: %s', (_title, body) => {
		expect(readState(body)).toEqual({ kind: 'nothingListed' });
	});

	it.each([
		['Plivo, one page', { meta: { total_count: 2, next: null }, objects: [down, down] }, 'ended'],
		['Plivo, one runs', { meta: { total_count: 2, next: null }, objects: [down, up] }, 'running'],
		['Plivo, an older count', { meta: { count: 2 }, objects: [down, down] }, 'ended'],
		['Vobiz, one page', { page: 1, per_page: 20, total: 1, objects: [down] }, 'ended'],
		['Vobiz, older: one that runs', up, 'running'],
		['without a count', { objects: [down] }, 'ended'],
	])('read a list: %s', (_title, body, kind) => {
		const isPage = 'objects' in body && kind === 'ended';
		expect(readState(body)).toEqual({ kind, ...(isPage && { firstId: 's' }) });
	});

	it('go on with the next page while the list has more', () => {
		const page = { objects: [down, down] };
		const more = (nextOffset: number) => ({ kind: 'ended', nextOffset, firstId: 's' });
		expect(readState({ ...page, total: 5 })).toEqual(more(2));
		expect(readState({ ...page, total: 5 }, 2)).toEqual(more(4));
		expect(readState({ objects: [down], total: 5 }, 4)).toEqual({
			kind: 'ended',
			firstId: 's',
		});
		expect(readState({ ...page, meta: { next: '/v1/…' } })).toEqual(more(2));
		expect(readState({ objects: [up], total: 5 })).toEqual({ kind: 'running' });
		// A list that says it has more and gives nothing would be read for ever.
		expect(readState({ objects: [], total: 5 }, 4)).toBeUndefined();
		expect(readState({ objects: [], meta: { next: null } }, 4)).toBeUndefined();
	});

	it.each([
		[200, ''],
		[200, {}],
		[200, []],
		[200, { objects: 'none' }],
		[200, { objects: [5] }],
		[200, { objects: [{}] }],
		[200, null],
		[404, up],
		[404, down],
		[500, { objects: [down] }],
		[204, ''],
	])('do not claim to know from %i %j', (statusCode, body) => {
		expect(readState(body, 0, statusCode)).toBeUndefined();
		if (statusCode !== 200) expect(readOne(body, statusCode)).toBeUndefined();
	});

	it('ask for the list page by page, and for one stream without a page', () => {
		for (const provider of callStreams) {
			const [single, all] = [wayOf(provider), allOf(provider)];
			expect(all.streams?.build(account, one, 40)).toEqual({
				method: 'GET',
				url: `${all.build(account, one).url}?limit=20&offset=40`,
			});
			expect(single.streams?.build(account, one, 0)).toEqual({
				method: 'GET',
				url: single.build(account, one).url,
			});
		}
	});

	describe('look at the call', () => {
		const LOOKS = callStreams.flatMap((provider) =>
			provider.ways.map((way) => ({ provider, way, looks: way.looks })),
		);
		const lookAt = (look: Look | undefined, statusCode: number, body: unknown) =>
			look?.read(answer(statusCode, body), one);

		it.each(LOOKS)('by its record, then as a live call ($provider.name)', ({ way, looks }) => {
			const { url } = way.build(account, one);
			const call = url.slice(0, url.indexOf('Stream/'));
			expect(looks.map((look) => look.build(account, one))).toEqual([
				{ method: 'GET', url: call },
				{ method: 'GET', url: `${call}?status=live` },
			]);
		});

		it.each([
			[200, { call_uuid: 'c', end_time: '2026-01-31 10:00:00+00:00' }, 'ended'],
			[200, { end_time: '2026-01-31 10:00:00+00:00' }, 'ended'],
			[200, { call_uuid: 'other', end_time: '2026-01-31 10:00:00+00:00' }, undefined],
			[200, { call_uuid: 'c', end_time: '' }, undefined],
			[200, { call_uuid: 'c', end_time: null }, undefined],
			[200, { call_uuid: 'c' }, undefined],
			[404, words('not found'), undefined],
			[202, { call_uuid: 'c', end_time: '2026-01-31' }, undefined],
			[200, '', undefined],
		])('the record %i %j says %s', (statusCode, body, told) => {
			for (const { looks } of LOOKS) expect(lookAt(looks[0], statusCode, body)).toBe(told);
		});

		it.each([
			[200, { call_uuid: 'c', call_status: 'in-progress' }, 'live'],
			// A gateway may answer anything with 200: only what names the call speaks of it.
			[200, {}, undefined],
			[200, { call_status: 'in-progress' }, undefined],
			[200, { call_uuid: 'C' }, undefined],
			[200, { call_uuid: ['c'] }, undefined],
			[200, { call_uuid: 'other' }, undefined],
			[200, '', undefined],
			[202, { call_uuid: 'c' }, undefined],
			[404, words('not found'), 'notFound'],
			[404, { error: 'not found' }, 'notFound'],
			[404, { message: 'Not Found' }, undefined],
			[404, '<html></html>', undefined],
			[400, words('not found'), undefined],
		])('the live call %i %j says %s', (statusCode, body, told) => {
			for (const { looks } of LOOKS) expect(lookAt(looks[1], statusCode, body)).toBe(told);
		});
	});
});

describe('the wait that Vobiz asks for with a 429', () => {
	const wait = (body: unknown, headers: Record<string, unknown> = {}) =>
		vobiz.retryAfter?.({ statusCode: 429, headers, body }, 1_000_000);

	it.each<[unknown, Record<string, unknown>, number | undefined]>([
		[{ error: { details: { retryAfter: 3 } } }, {}, 3_000],
		[{ error: { details: { retryAfter: '3' } } }, {}, undefined],
		[{}, { 'x-ratelimit-reset': '1004' }, 4_000],
		[{ error: { details: {} } }, { 'x-ratelimit-reset': '1001' }, 1_000],
		[{ error: 'busy' }, {}, undefined],
		['', { 'x-ratelimit-reset': 'soon' }, undefined],
		['', { 'x-ratelimit-reset': '0' }, undefined],
		['', { 'x-ratelimit-reset': '1000' }, undefined],
		['', { 'x-ratelimit-reset': '87399' }, 86_399_000],
		['', { 'x-ratelimit-reset': '87400' }, undefined],
	])('is read from %j and %j', (body, headers, ms) => {
		expect(wait(body, headers)).toBe(ms);
	});

	it('is nothing that Plivo or SignalWire would say outside of Retry-After', () => {
		for (const provider of [plivo, signalWire]) expect(provider).not.toHaveProperty('retryAfter');
	});
});

const compat = (code: unknown, message: unknown = 'words') => ({ code, message, status: 400 });
const listed = (code: unknown, message: unknown = 'words') => ({ errors: [{ code, message }] });

describe.each<[string, Way, string]>([
	['by SID', bySid, 'Calls/c'],
	['of a conference', byConferenceSid, 'Conferences/k'],
])('SignalWire %s', (_title, way, place) => {
	it('sends the one documented form field', () => {
		expect(way.build({ ...account, id: 'p' }, one)).toEqual({
			method: 'POST',
			url: `https://api.example.com/api/laml/2010-04-01/Accounts/p/${place}/Streams/s`,
			form: { Status: 'stopped' },
		});
	});

	it.each([
		[200, { sid: 's', status: 'stopped' }, 'stopped'],
		[200, { sid: 's', status: 'queued' }, 'accepted'],
		[200, { sid: 's', status: 'in-progress' }, 'accepted'],
		[200, { sid: 's', status: 'something else' }, undefined],
		[200, { sid: 's' }, undefined],
		[200, { code: 20404, message: 'no', status: 'stopped' }, undefined],
		[200, '', undefined],
		[204, '', 'accepted'],
		[404, compat(20404), 'notFound'],
		[404, listed('20404'), 'notFound'],
		[404, { errors: ['The requested resource was not found'] }, 'notFound'],
		[404, { error: 'Not Found' }, undefined],
		[404, '<html></html>', undefined],
		[404, { message: 'no route' }, undefined],
		[404, { errors: [] }, undefined],
		[404, { errors: [null] }, undefined],
		[404, { errors: ['x', null] }, undefined],
		[404, compat(20404, 5), undefined],
		[404, compat(null), undefined],
		[400, compat(21220, 'The call was completed'), 'alreadyStopped'],
		[422, compat(10000, 'An attempt was made to update a completed call'), 'alreadyStopped'],
		[400, compat(21220, 'The call has already ended'), 'alreadyStopped'],
		[400, listed('10000', 'attempt to update a completed call'), 'alreadyStopped'],
		[400, compat(21220, ' Call is completed. '), 'alreadyStopped'],
		[400, compat(20001, 'attempt to update a completed call'), undefined],
	])('reads %i %j as %s', (statusCode, body, status) => {
		expect(way.read(answer(statusCode, body), one)).toEqual(status && { status });
	});

	it.each([21220, '21220', 10000, '10000'])('asks the call where %p has two meanings', (code) => {
		for (const body of [compat(code, 'An argument is not right'), listed(code)]) {
			expect(way.read(answer(400, body), one)).toEqual({ asks: 'call' });
		}
	});

	it('takes an entry that names the end, wherever it stands', () => {
		const errors = [
			{ code: '10000', message: 'not this' },
			{ code: '21220', message: 'The call has ended' },
		];
		expect(way.read(answer(400, { errors }), one)).toEqual({ status: 'alreadyStopped' });
	});
});

describe('what SignalWire says of a call', () => {
	it.each([
		...['completed', 'canceled', 'failed', 'busy', 'no-answer'].map(
			(status): [number, unknown, string | undefined] => [200, { sid: 'c', status }, 'ended'],
		),
		...['queued', 'initiated', 'ringing', 'in-progress'].map(
			(status): [number, unknown, string | undefined] => [200, { sid: 'c', status }, 'live'],
		),
		[200, { sid: 'C', status: 'completed' }, 'ended'],
		[200, { sid: 'other', status: 'completed' }, undefined],
		[200, { status: 'completed' }, undefined],
		[200, { sid: 'c', status: 'something else' }, undefined],
		[200, {}, undefined],
		[200, '', undefined],
		[202, { sid: 'c', status: 'completed' }, undefined],
		[404, { sid: 'c', status: 'completed' }, undefined],
		[404, compat(20404), 'notFound'],
		[404, '<html></html>', undefined],
		[400, compat(20404), undefined],
	])('is read from %i %j: %s', (statusCode, body, told) => {
		for (const way of [bySid, byName]) {
			const [look] = way.looks;
			expect(look?.build({ ...account, id: 'p' }, one)).toEqual({
				method: 'GET',
				url: 'https://api.example.com/api/laml/2010-04-01/Accounts/p/Calls/c',
			});
			expect(look?.read(answer(statusCode, body), one)).toBe(told);
		}
		// A call that SWML or Relay runs need not exist there.
		const [look] = byControlId.looks;
		expect(look?.read(answer(statusCode, body), one)).toBe(told === 'notFound' ? undefined : told);
	});

	it.each([
		[200, { sid: 'K', status: 'completed' }, 'ended'],
		[200, { sid: 'k', status: 'in-progress' }, 'live'],
		[200, { sid: 'k', status: 'init' }, 'live'],
		[200, { sid: 'k', status: 'failed' }, undefined],
		[200, { sid: 'c', status: 'completed' }, undefined],
		[404, compat(20404), 'notFound'],
		[404, { message: 'Not Found' }, undefined],
	])('and of a conference: %i %j is %s', (statusCode, body, told) => {
		for (const way of [byConferenceSid, bySid.inConference]) {
			const [look] = way?.looks ?? [];
			expect(look?.build({ ...account, id: 'p' }, one)).toEqual({
				method: 'GET',
				url: 'https://api.example.com/api/laml/2010-04-01/Accounts/p/Conferences/k',
			});
			expect(look?.read(answer(statusCode, body), one)).toBe(told);
		}
	});

	it('is told by no answer where nobody asked for a call or a conference', () => {
		for (const look of [...bySid.looks, ...byConferenceSid.looks]) {
			expect(look.read(answer(200, { sid: 'c', status: 'completed' }), {})).toBeUndefined();
		}
	});

	it('an event that named both is over only where both are', () => {
		const [look] = bySid.inConference?.looks ?? [];
		expect(look?.andAlso).toBe(bySid.looks[0]);
		expect(byConferenceSid.looks[0]?.andAlso).toBeUndefined();
	});
});

describe('what a provider calls its fields', () => {
	const labels = ({ ways }: Provider) =>
		ways.map(({ choice, on, stream }) => [choice?.label, on.field.label, stream?.label]);

	it('is what saved workflows, documents and screen call them', () => {
		expect(labels(signalWire)).toEqual([
			['Stream SID', 'Call SID', 'Stream SID'],
			['Stream Name', 'Call SID', 'Stream Name'],
			['Control ID', 'Call SID', 'Control ID'],
			['Conference Stream SID', 'Conference SID', 'Stream SID'],
		]);
		for (const provider of [plivo, vobiz]) {
			expect(labels(provider)).toEqual([
				[undefined, 'Call UUID', 'Stream ID'],
				[undefined, 'Call UUID', undefined],
			]);
		}
	});

	it('is the same of the key in a credential, and behind it stands which key it is', () => {
		for (const { credential, signature } of [plivo, vobiz]) {
			expect(signature.keyField).toEqual({ name: 'token', label: credential.token.label });
			expect(signature.keyHint).toMatch(/^it must be of the account, main account or sub/);
		}
		expect(signalWire.signature.keyField.label).toBe(signalWire.credential.signingKey?.label);
		expect(signalWire.signature.keyHint).toBe("it is the project's Signing Key, not the API Token");
	});
});

describe('words that SignalWire quotes from the user', () => {
	it.each(['This is no value: the call was completed', 'The call was completed is no value'])(
		'are not taken for its own: %s',
		(message) => {
			expect(bySid.read(answer(400, { code: 21220, message }), one)).toEqual({ asks: 'call' });
		},
	);
});

describe('SignalWire by control ID', () => {
	it('sends the documented command', () => {
		expect(byControlId.build(account, one)).toEqual({
			method: 'POST',
			url: 'https://api.example.com/api/calling/calls',
			json: { id: 'c', command: 'calling.stream.stop', params: { control_id: 's' } },
		});
	});

	const read = (statusCode: number, body: unknown) =>
		byControlId.read(answer(statusCode, body), one);

	it('takes no answer for more than that the order was taken', () => {
		expect(read(200, { id: 'c', status: 'answered' })).toEqual({ status: 'accepted' });
		expect(read(200, { id: 'c', status: 'stopped' })).toEqual({ status: 'accepted' });
		expect(read(404, { error: 'Not Found' })).toEqual({ status: 'notFound' });
		expect(read(404, listed('not_found'))).toEqual({ status: 'notFound' });
		for (const body of ['Not Found', undefined, null, {}, { error: 404 }]) {
			expect(read(404, body)).toBeUndefined();
		}
		expect(read(400, { error: 'Bad Request' })).toBeUndefined();
		expect(read(204, '')).toEqual({ status: 'accepted' });
		// The documents answer with the call, so anything else is another server's.
		for (const body of ['', {}, { ok: true }, { status: 'error' }, { id: 5 }]) {
			expect(read(200, body)).toBeUndefined();
		}
	});

	const codes = (...of: string[]) => ({ errors: of.map((code) => ({ code, message: 'words' })) });
	const advice = {
		advice:
			"This call is run by cXML, and its streams have no control ID. Set 'Identify Stream By' to 'Stream SID'.",
	};
	it.each<[string, object, OwnReading | undefined]>([
		['an end', codes('cannot_update_completed'), { status: 'alreadyStopped' }],
		[
			'an end in any entry',
			codes('something_else', 'cannot_update_completed'),
			{ status: 'alreadyStopped' },
		],
		[
			'an end that another entry contradicts',
			codes('cannot_update_completed', 'call_update_failed'),
			{ asks: 'call' },
		],
		[
			'an end of a call of another kind',
			codes('invalid_call_id_passed', 'cannot_update_completed'),
			{ asks: 'call' },
		],
		['a call that is not in progress', codes('cannot_redirect_not_in_progress'), { asks: 'call' }],
		['a call that cXML runs', codes('invalid_call_id_passed'), advice],
		['a wish to be asked again', codes('call_update_failed'), { asks: 'again' }],
		[
			'a call that is not in progress, and a wish to be asked again',
			codes('call_update_failed', 'cannot_redirect_not_in_progress'),
			{ asks: 'call' },
		],
		['anything else', codes('invalid_parameter'), undefined],
		['an older code', codes('10000'), { asks: 'call' }],
		['an error alone', { error: 'Call is busy' }, undefined],
		['another form', { message: 'cannot_update_completed' }, undefined],
	])('reads %s', (_title, body, reading) => {
		expect(read(422, body)).toEqual(reading);
	});
});

describe('SignalWire by name', () => {
	const form = (...of: Parameters<typeof named>) => byName.build(account, named(...of)).form;

	it.each([
		['https://a.example/x', 'n', 'https://a.example/x?STREAMNAME=n'],
		['https://a.example/x?y=1', 'n', 'https://a.example/x?y=1&STREAMNAME=n'],
		['https://a.example/x?STREAMNAME=old&y=1', 'n', 'https://a.example/x?y=1&STREAMNAME=n'],
		['https://a.example/x?y=1#rt=3000', 'n', 'https://a.example/x?y=1&STREAMNAME=n#rt=3000'],
		[
			'https://a.example/x#rt=3000',
			'a b&c=d#e',
			'https://a.example/x?STREAMNAME=a%20b%26c%3Dd%23e#rt=3000',
		],
		[
			'https://a.example/x?q=%7e+%C3%A9',
			'é+1',
			'https://a.example/x?q=%7e+%C3%A9&STREAMNAME=%C3%A9%2B1',
		],
		['https://a.example/x?', 'n', 'https://a.example/x?STREAMNAME=n'],
		['https://a.example', 'n', 'https://a.example?STREAMNAME=n'],
		['https://a.example/x#a?b#c', 'n', 'https://a.example/x?STREAMNAME=n#a?b#c'],
		['https://a.example/x?a?b=1', 'n', 'https://a.example/x?a?b=1&STREAMNAME=n'],
	])('puts the name into %s', (url, name, expected) => {
		expect(form(name, { url })?.Url).toBe(expected);
		expect(new URL(expected).searchParams.getAll('STREAMNAME')).toEqual([name]);
	});

	it('leaves the address to the letter where there is no name', () => {
		const url = 'https://a.example/x?STREAMNAME=kept&b=%7e#rt=3000';
		for (const name of [undefined, '']) {
			expect(form(name, { url })).toEqual({ Url: url, Method: 'POST' });
		}
	});

	it('gives name and method to the fallback too', () => {
		const fallbackUrl = 'https://b.example/y?z=1';
		expect(form('n', { fallbackUrl, method: 'GET', nameParameter: 'my name' })).toEqual({
			Url: 'https://a.example/x?my%20name=n',
			Method: 'GET',
			FallbackUrl: 'https://b.example/y?z=1&my%20name=n',
			FallbackMethod: 'GET',
		});
	});

	it('is a POST to the call', () => {
		expect(byName.build({ ...account, id: 'p' }, named('n'))).toMatchObject({
			method: 'POST',
			url: 'https://api.example.com/api/laml/2010-04-01/Accounts/p/Calls/c',
		});
	});

	it('replaces a parameter however its name is written, and no other', () => {
		const address = 'https://a.example/?a%20b=1&a+b=2&a%2520b=3&c=a b';
		expect(withQuery(address, 'a b', 'a%20b=n')).toBe('https://a.example/?a%2520b=3&c=a b&a%20b=n');
	});

	it.each<[unknown, OwnReading | undefined]>([
		[{ sid: 'c', status: 'completed' }, { status: 'accepted' }],
		[{ status: 'stopped' }, undefined],
		[{ sid: 5 }, undefined],
		[{ sid: 'c', code: 20404, message: 'no' }, undefined],
		['OK', undefined],
	])('takes a 200 for no proof that the stream stopped: %j', (body, reading) => {
		expect(byName.read(answer(200, body), named('n'))).toEqual(reading);
	});

	it('reads refusals as by SID', () => {
		expect(byName.read(answer(204, ''), one)).toEqual({ status: 'accepted' });
		expect(byName.read(answer(404, compat(20404)), one)).toEqual({ status: 'notFound' });
		expect(byName.read(answer(400, compat(21220)), one)).toEqual({ asks: 'call' });
	});
});

describe('the fields that sentences name', () => {
	it.each<[string, Provider, Way, object]>([
		[
			'by SID',
			signalWire,
			bySid,
			{
				provider: 'SignalWire',
				place: 'call',
				nouns: 'this call or stream',
				fields: "'Call SID' and 'Stream SID'",
				streamField: "'Stream SID'",
			},
		],
		['by name', signalWire, byName, { streamField: "'Stream Name'" }],
		['by control ID', signalWire, byControlId, { streamField: "'Control ID'" }],
		[
			'of a conference',
			signalWire,
			byConferenceSid,
			{
				place: 'conference',
				nouns: 'this conference or stream',
				fields: "'Conference SID' and 'Stream SID'",
			},
		],
		['of one stream', plivo, wayOf(plivo), { fields: "'Call UUID' and 'Stream ID'" }],
		[
			'of all streams',
			vobiz,
			allOf(vobiz),
			{
				provider: 'Vobiz',
				place: 'call',
				nouns: 'this call',
				fields: "'Call UUID'",
				streamField: "'Call UUID'",
			},
		],
	])('%s', (_title, provider, way, expected) => {
		expect(fieldNames(provider, way)).toMatchObject(expected);
	});
});
