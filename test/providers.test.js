'use strict';

// Providers are data and pure functions: what each builds, and how it reads answers in every documented form.

const { providers } = require('../dist/nodes/StopAudioStream/providers');

const account = { origin: 'https://api.example.com', id: 'MA example/1', token: 'example-token' };
const of = (name) => providers.find((provider) => provider.name === name);
const [plivo, signalWire, vobiz] = ['plivo', 'signalWire', 'vobiz'].map(of);
const one = { operation: 'stopStream', callId: 'c', stream: 's' };
const all = { operation: 'stopAllStreams', callId: 'c' };
const bySid = { ...one, streamBy: 'sid' };
const byControlId = { ...one, streamBy: 'controlId' };

/** A target by name; `document` in parts. */
const byName = (stream, document) => ({
	...one,
	stream,
	streamBy: 'name',
	document: {
		url: 'https://a.example/x',
		method: 'POST',
		nameParameter: 'STREAMNAME',
		...document,
	},
});

const refusal = (act) => {
	try {
		return act();
	} catch (refused) {
		return refused.message;
	}
};

describe('every provider', () => {
	it.each(providers)(
		'$name is whole and says in its own words what the screen shows',
		(provider) => {
			const { callId, callIdInEvents, credential, name, streamIds, stopAll } = provider;
			expect(name).toMatch(/^[a-z][A-Za-z]+$/);
			expect(credential.type).toMatch(/Api$/);
			expect(new Set(callIdInEvents).size).toBe(callIdInEvents.length);
			for (const text of [callId, ...streamIds]) {
				expect([text.label, text.placeholder, text.description]).toEqual([
					expect.stringMatching(/^[A-Z][\w ]+$/),
					expect.stringMatching(/^e\.g\. /),
					expect.stringMatching(/\.$/),
				]);
			}
			for (const { notice } of [...streamIds, ...(stopAll ? [stopAll] : [])]) {
				expect(notice).toContain('what happens to the call');
			}
			// The first way is the default, and a way is named only where there are several.
			expect(streamIds.map(({ streamBy }) => Boolean(streamBy))).toEqual(
				streamIds.map(() => streamIds.length > 1),
			);
		},
	);

	it('has a name and a credential of its own', () => {
		expect(new Set(providers.map(({ name }) => name.toLowerCase())).size).toBe(providers.length);
		expect(new Set(providers.map(({ credential }) => credential.type)).size).toBe(providers.length);
	});
});

describe('what saved workflows and credentials hold', () => {
	const KEPT = {
		plivo: {
			displayName: 'Plivo',
			type: 'plivoBasicApi',
			credential: 'Plivo Basic API',
			fields: { baseUrl: 'Base URL', authId: 'Auth ID', authToken: 'Auth Token' },
			ways: { undefined: 'Stream ID' },
			call: 'Call UUID',
		},
		signalWire: {
			displayName: 'SignalWire',
			type: 'signalWireBasicApi',
			credential: 'SignalWire Basic API',
			fields: { spaceUrl: 'Space URL', projectId: 'Project ID', apiToken: 'API Token' },
			ways: { sid: 'Stream SID', name: 'Stream Name', controlId: 'Control ID' },
			call: 'Call SID',
		},
		vobiz: {
			displayName: 'Vobiz',
			type: 'vobizXAuthApi',
			credential: 'Vobiz X-Auth API',
			fields: { baseUrl: 'Base URL', authId: 'Auth ID', authToken: 'Auth Token' },
			headers: { id: 'X-Auth-ID', token: 'X-Auth-Token' },
			ways: { undefined: 'Stream ID' },
			call: 'Call UUID',
		},
	};

	it('keeps its name, and the screen its labels', () => {
		const held = providers.map(({ name, displayName, credential, streamIds, callId }) => {
			const { type, displayName: title, address, id, token, headers } = credential;
			const fields = [address, id, token].map((field) => [field.name, field.label]);
			const ways = streamIds.map(({ streamBy, label }) => [streamBy, label]);
			return [
				name,
				{
					...{ displayName, type, credential: title, headers, call: callId.label },
					fields: Object.fromEntries(fields),
					ways: Object.fromEntries(ways),
				},
			];
		});
		expect(Object.fromEntries(held)).toEqual(KEPT);
	});

	it.each([
		['plivo', 'https://api.plivo.com', undefined],
		['signalWire', 'example.signalwire.com', 'signalwire.com'],
		['vobiz', 'https://api.vobiz.ai', undefined],
	])('shows an address of %s, and completes a bare name where there is a domain', (...row) => {
		const [name, example, domain] = row;
		expect(of(name).credential.address).toMatchObject({ example });
		expect(of(name).credential.address.domain).toBe(domain);
	});
});

describe('what the documents of a provider name', () => {
	const ofCallStreams = ['CallUUID', 'call_uuid', 'callUuid', 'callId'];
	it.each([
		['plivo', ofCallStreams, [['StreamID', 'stream_id', 'streamId']]],
		['vobiz', ofCallStreams, [['StreamID', 'stream_id', 'streamId']]],
		[
			'signalWire',
			['CallSid', 'call_sid', 'callSid', 'call_id'],
			[['StreamSid', 'stream_sid', 'streamSid'], ['StreamName'], ['control_id']],
		],
	])('are these ids in the events of %s', (name, callIds, streamIds) => {
		expect(of(name).callIdInEvents).toEqual(callIds);
		expect(of(name).streamIds.map(({ inEvents }) => inEvents)).toEqual(streamIds);
	});

	it('is a limit of requests, or none', () => {
		expect(plivo.rateLimit).toEqual({ requests: 300, windowMs: 5_000 });
		expect(signalWire.rateLimit).toEqual({ requests: 13_800, windowMs: 10_000 });
		expect(vobiz.rateLimit).toBeUndefined();
	});

	it('is one request for all streams of a call, but not for SignalWire', () => {
		expect(providers.filter(({ stopAll }) => stopAll)).toEqual([plivo, vobiz]);
	});

	it('is that only a name of SignalWire stands for a document', () => {
		const byDocument = providers.flatMap(({ streamIds }) =>
			streamIds.filter((way) => way.byDocument).map(({ streamBy }) => streamBy),
		);
		expect(byDocument).toEqual(['name']);
	});
});

describe('ids in a path', () => {
	const hostile = [
		'a/b',
		'a?b',
		'a#b',
		'a%2Fb',
		'a b',
		'..a',
		'é',
		'通话',
		'a\\b',
		'str_1',
		'%2e%2e',
	];
	const targets = [
		['plivo', one, ['v1', 'Account', 'account', 'Call', 'c', 'Stream', 's', '']],
		['vobiz', one, ['api', 'v1', 'Account', 'account', 'Call', 'c', 'Stream', 's', '']],
		[
			'signalWire',
			bySid,
			['api', 'laml', '2010-04-01', 'Accounts', 'account', 'Calls', 'c', 'Streams', 's'],
		],
	];

	it.each(targets)('stay one segment each, whatever is in them (%s)', (name, target, segments) => {
		for (const id of hostile) {
			const { url } = of(name).buildStop(account, { ...target, callId: id, stream: `${id}2` });
			const path = new URL(url).pathname.split('/').slice(1).map(decodeURIComponent);
			const ids = { account: account.id, c: id, s: `${id}2` };
			expect(path).toEqual(segments.map((part) => ids[part] ?? part));
			expect(new URL(url).origin).toBe(account.origin);
			expect([new URL(url).search, new URL(url).hash]).toEqual(['', '']);
		}
	});

	it.each(targets)('are refused where they cannot be one (%s)', (name, target) => {
		for (const id of ['', '.', '..', '....', 'cut \ud83d off', '\udc00']) {
			const why = expect.stringMatching(/ is empty$| holds only dots$| holds half of a character$/);
			expect(refusal(() => of(name).buildStop(account, { ...target, callId: id }))).toEqual(why);
			expect(refusal(() => of(name).buildStop(account, { ...target, stream: id }))).toEqual(why);
		}
	});
});

describe('a refusal of an id', () => {
	const refused = (name, target) => {
		try {
			return of(name).buildStop(account, target);
		} catch ({ message, todo }) {
			return `${message}. ${todo}`;
		}
	};

	it.each([
		['plivo', one, { callId: '..' }, "'Call UUID' holds only dots", 'as Plivo gave it'],
		['plivo', one, { stream: '..' }, "'Stream ID' holds only dots", 'as Plivo gave it'],
		['plivo', one, { stream: undefined }, "'Stream ID' is empty", "Fill in 'Stream ID'"],
		['vobiz', one, { callId: '..' }, "'Call UUID' holds only dots", 'as Vobiz gave it'],
		['vobiz', one, { stream: '\ud83d' }, "'Stream ID' holds half", 'as Vobiz gave it'],
		['signalWire', bySid, { callId: '..' }, "'Call SID' holds only", 'as SignalWire gave it'],
		['signalWire', bySid, { stream: '..' }, "'Stream SID' holds only", 'as SignalWire gave it'],
		['signalWire', bySid, { stream: undefined }, "'Stream SID' is empty", 'Fill in'],
		['signalWire', byName('\ud83d'), {}, "'Stream Name' holds half", 'as SignalWire gave it'],
		[
			'signalWire',
			byName('n', { nameParameter: '\ud83d' }),
			{},
			"'Stream Name Parameter' holds half",
			'as SignalWire gave it',
		],
	])('of %s names the field and the provider: %j %j', (name, target, change, what, todo) => {
		const sentences = refused(name, { ...target, ...change });
		expect(sentences).toContain(what);
		expect(sentences).toContain(todo);
	});

	it('is none for dots beside something else', () => {
		for (const id of ['a..', '..a', 'a.b']) {
			expect(plivo.buildStop(account, { ...one, stream: id }).url).toMatch(`/Stream/${id}/`);
		}
	});
});

describe('Plivo and Vobiz', () => {
	it('end every path with a slash and send no body', () => {
		for (const provider of [plivo, vobiz]) {
			for (const target of [one, all]) {
				const request = provider.buildStop(account, target);
				expect(Object.keys(request).sort()).toEqual(['method', 'url']);
				expect(request).toEqual({ method: 'DELETE', url: expect.stringMatching(/[^/]\/$/) });
			}
			expect(provider.buildStop(account, all).url).toMatch(/\/Call\/c\/Stream\/$/);
		}
	});

	const words = (error) => ({ api_id: 'a', error });
	const platform = (code, message) => ({ status: 'error', error: { code, message } });
	it.each([
		[204, '', 'stopped'],
		[200, { message: 'Stream stopped successfully', stream_id: 's' }, 'stopped'],
		[200, { message: 'All streams stopped successfully', streams_stopped: 2 }, 'stopped'],
		[200, { message: 'All streams stopped successfully', streams_stopped: 0 }, 'alreadyStopped'],
		[202, { message: 'Stream stopped successfully' }, 'accepted'],
		[200, { message: 'Could not stop the stream', status: 'error' }, undefined],
		[200, { message: 'Not all streams stopped successfully' }, undefined],
		[200, { message: 'Stream stopped successfully before' }, undefined],
		[200, { message: 'Stream stopped successfully', error: 'no' }, undefined],
		[400, words('No active stream found'), 'alreadyStopped'],
		[404, words('No active stream found'), 'alreadyStopped'],
		[404, words(' no active STREAM found. '), 'alreadyStopped'],
		[404, platform('NOT_FOUND', 'No active stream found'), 'alreadyStopped'],
		[404, words('Stream not found'), 'notFound'],
		[404, words('Call not found'), 'notFound'],
		[404, platform('NOT_FOUND', 'Stream not found'), 'notFound'],
		[400, words('No active stream found for this account yet'), undefined],
		[400, words('Say whether no active stream found'), undefined],
		[400, words('service_url is not valid'), undefined],
		[422, words('No active stream found'), undefined],
		[200, '', undefined],
		[200, null, undefined],
		[200, 'OK', undefined],
		[200, [], undefined],
		[200, {}, undefined],
		[200, { message: 5 }, undefined],
		[200, { message: 'no', error: 'it did not' }, undefined],
		[404, '<html>Not found</html>', undefined],
		[404, { message: 'no route' }, undefined],
		[404, { error: 'Not Found' }, undefined],
		[404, { api_id: 'a', error: { text: 'x' } }, undefined],
		[404, { status: 'error', error: { code: 5, message: 'x' } }, undefined],
		[404, { status: 'error', error: { code: 'NOT_FOUND', message: 5 } }, undefined],
		[404, { status: 'ok', error: { code: 'NOT_FOUND', message: 'x' } }, undefined],
	])('read %i %j as %s', (statusCode, body, status) => {
		for (const { readStop } of [plivo, vobiz]) {
			const reading = readStop({ statusCode, headers: {}, body }, one, account);
			expect(reading?.status).toBe(status);
		}
	});

	const readState = (body, offset = 0, statusCode = 200, target = all) =>
		plivo.confirm.readState({ statusCode, headers: {}, body }, target, offset);
	const readOne = (body) => readState(body, 0, 200, one);
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
		expect(readOne(stream)).toEqual({ ended });
	});

	it.each([
		['another stream', { ...down, stream_id: 'other' }],
		['a list', { objects: [down] }],
		['an object without the stream', { status: 'failed', message: 'could not read' }],
	])('take %s for no answer about this stream', (_title, body) => {
		expect(readOne(body)).toBeUndefined();
	});

	it.each([
		['an empty list', { page: 1, per_page: 20, total: 0, objects: [] }],
		['an empty page where there should be streams', { objects: [], total: 5 }],
		['one ended stream in place of a list', down],
	])('take %s for no proof that all streams ended', (_title, body) => {
		expect(readState(body)).toBeUndefined();
	});

	it.each([
		['Plivo, one page', { meta: { total_count: 2, next: null }, objects: [down, down] }, true],
		['Plivo, one that runs', { meta: { total_count: 2, next: null }, objects: [down, up] }, false],
		['Plivo, an older count', { meta: { count: 2 }, objects: [down, down] }, true],
		['Vobiz, one page', { page: 1, per_page: 20, total: 1, objects: [down] }, true],
		['Vobiz, older: one that runs', up, false],
		['without a count', { objects: [down] }, true],
	])('read a list: %s', (_title, body, ended) => {
		expect(readState(body)).toEqual({ ended });
	});

	it('go on with the next page while the list has more', () => {
		const page = { objects: [down, down] };
		expect(readState({ ...page, total: 5 })).toEqual({ ended: true, nextOffset: 2 });
		expect(readState({ ...page, total: 5 }, 2)).toEqual({ ended: true, nextOffset: 4 });
		expect(readState({ objects: [down], total: 5 }, 4)).toEqual({ ended: true });
		expect(readState({ ...page, meta: { next: '/v1/…' } })).toEqual({ ended: true, nextOffset: 2 });
		// A list that says it has more and gives nothing would be read for ever.
		expect(readState({ objects: [], total: 5 }, 4)).toBeUndefined();
		expect(readState({ objects: [], meta: { next: null } }, 4)).toEqual({ ended: true });
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
		if (statusCode !== 200) expect(readState(body, 0, statusCode, one)).toBeUndefined();
	});

	it('ask for the list page by page, and for one stream without a page', () => {
		for (const provider of [plivo, vobiz]) {
			const { buildRead } = provider.confirm;
			const { url } = provider.buildStop(account, all);
			expect(buildRead(account, all, 40)).toEqual({
				method: 'GET',
				url: `${url}?limit=20&offset=40`,
			});
			expect(buildRead(account, one, 0)).toEqual({
				method: 'GET',
				url: provider.buildStop(account, one).url,
			});
		}
	});
});

describe('the wait that Vobiz asks for with a 429', () => {
	const wait = (body, headers = {}) =>
		vobiz.retryAfter({ statusCode: 429, headers, body }, 1_000_000);

	it.each([
		[{ error: { details: { retryAfter: 3 } } }, {}, 3_000],
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
});

describe('SignalWire by SID', () => {
	it('sends the one documented form field', () => {
		expect(signalWire.buildStop({ ...account, id: 'p' }, bySid)).toEqual({
			method: 'POST',
			url: 'https://api.example.com/api/laml/2010-04-01/Accounts/p/Calls/c/Streams/s',
			form: { Status: 'stopped' },
		});
	});

	const compat = (code, message = 'words') => ({ code, message, status: 400 });
	const listed = (code, message = 'words') => ({ errors: [{ code, message }] });
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
		[404, compat(20404, 5), undefined],
		[400, compat(21220, 'The call was completed'), 'alreadyStopped'],
		[422, compat(10000, 'An attempt was made to update a completed call'), 'alreadyStopped'],
		[400, compat(21220, 'The call has already ended'), 'alreadyStopped'],
		[400, listed('10000', 'attempt to update a completed call'), 'alreadyStopped'],
		[400, compat(21220, ' Call is completed. '), 'alreadyStopped'],
		[400, compat(20001, 'attempt to update a completed call'), undefined],
	])('reads %i %j as %s', (statusCode, body, status) => {
		const reading = signalWire.readStop({ statusCode, headers: {}, body }, bySid, account);
		expect(reading).toEqual(status && { status });
	});

	it.each([
		[200, { status: 'completed' }, 'alreadyStopped'],
		[200, { status: 'canceled' }, 'alreadyStopped'],
		[200, { status: 'failed' }, 'alreadyStopped'],
		[200, { status: 'busy' }, 'alreadyStopped'],
		[200, { status: 'no-answer' }, 'alreadyStopped'],
		[200, { sid: 'C', status: 'completed' }, 'alreadyStopped'],
		[200, { sid: 'other', status: 'completed' }, undefined],
		[200, { status: 'in-progress' }, undefined],
		[200, { status: 'ringing' }, undefined],
		[200, {}, undefined],
		[200, '', undefined],
		[404, { status: 'completed' }, undefined],
	])('asks for the call where a code has two meanings: %i %j is %s', (statusCode, body, status) => {
		for (const code of [21220, '10000']) {
			const answer = {
				statusCode: 400,
				headers: {},
				body: compat(code, 'An argument is not right'),
			};
			const { ask, read } = signalWire.readStop(answer, bySid, { ...account, id: 'p' });
			expect(ask).toEqual({
				method: 'GET',
				url: 'https://api.example.com/api/laml/2010-04-01/Accounts/p/Calls/c',
			});
			expect(read({ statusCode, headers: {}, body })?.status).toBe(status);
		}
	});
});

describe('words that SignalWire quotes from the user', () => {
	it.each(['This is no value: the call was completed', 'The call was completed is no value'])(
		'are not taken for its own: %s',
		(message) => {
			const answer = { statusCode: 400, headers: {}, body: { code: 21220, message } };
			expect(signalWire.readStop(answer, bySid, account)).toHaveProperty('ask');
		},
	);
});

describe('SignalWire by control ID', () => {
	it('sends the documented command', () => {
		expect(signalWire.buildStop(account, byControlId)).toEqual({
			method: 'POST',
			url: 'https://api.example.com/api/calling/calls',
			json: { id: 'c', command: 'calling.stream.stop', params: { control_id: 's' } },
		});
	});

	it('takes no answer for more than that the order was taken', () => {
		const read = (statusCode, body) =>
			signalWire.readStop({ statusCode, headers: {}, body }, byControlId, account)?.status;
		expect(read(200, { id: 'c', status: 'answered' })).toBe('accepted');
		expect(read(200, { id: 'c', status: 'stopped' })).toBe('accepted');
		expect(read(404, { error: 'Not Found' })).toBe('notFound');
		expect(read(404, { errors: [{ code: 'not_found', message: 'x' }] })).toBe('notFound');
		expect(read(404, 'Not Found')).toBeUndefined();
		expect(read(204, '')).toBe('accepted');
		// The documents answer with the call, so anything else is another server's.
		for (const body of ['', {}, { ok: true }, { status: 'error' }, { id: 5 }]) {
			expect(read(200, body)).toBeUndefined();
		}
	});
});

describe('SignalWire by name', () => {
	const form = (...target) => signalWire.buildStop(account, byName(...target)).form;

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
	])('puts the name into %s', (url, name, expected) => {
		expect(form(name, { url }).Url).toBe(expected);
		expect(new URL(expected).searchParams.getAll('STREAMNAME')).toEqual([name]);
	});

	it('leaves the address to the letter where there is no name', () => {
		const url = 'https://a.example/x?STREAMNAME=kept&b=%7e#rt=3000';
		expect(form(undefined, { url })).toEqual({ Url: url, Method: 'POST' });
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
		expect(signalWire.buildStop({ ...account, id: 'p' }, byName('n'))).toMatchObject({
			method: 'POST',
			url: 'https://api.example.com/api/laml/2010-04-01/Accounts/p/Calls/c',
		});
	});

	it.each([
		[{ sid: 'c', status: 'completed' }, { status: 'accepted' }],
		[{ status: 'stopped' }, undefined],
		[{ sid: 5 }, undefined],
		['OK', undefined],
	])('takes a 200 for no proof that the stream stopped: %j', (body, reading) => {
		const answer = { statusCode: 200, headers: {}, body };
		expect(signalWire.readStop(answer, byName('n'), account)).toEqual(reading);
	});
});
