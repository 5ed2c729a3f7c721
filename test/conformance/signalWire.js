'use strict';

const { startStandIn } = require('../stand-ins');

/**
 * SignalWire: the Compatibility API by Stream SID and, through a cXML document, by name; the Calling
 * API by control ID.
 */

const account = ({ credentials }) => `/api/laml/2010-04-01/Accounts/${credentials.projectId}`;
const callPath = (standIn, call) => `${account(standIn)}/Calls/${encodeURIComponent(call.id)}`;
const form = (fields) => new URLSearchParams(fields).toString();

/** Stops the stream that `STREAMNAME` names, and keeps the call. */
const KEEP_CALL =
	'<Response><Stop><Stream name="{{STREAMNAME}}"/></Stop><Pause length="600"/></Response>';
/** The same, and then there is no instruction left. */
const RUNS_OUT =
	'<Response><Stop><Stream name="{{STREAMNAME}}"/></Stop><Say>Goodbye</Say></Response>';
const stopOf = (name) =>
	`<Response><Stop><Stream name="${name}"/></Stop><Pause length="600"/></Response>`;

const compat = (message, code = 20404) => ({
	code,
	message,
	more_info: 'https://developer.signalwire.com/example',
	status: 404,
});
const compatShapes = {
	'{code, message}': compat,
	'{errors: [{code, message}]}': (message) => ({
		errors: [{ code: '20404', message, more_info: 'https://developer.signalwire.com/example' }],
	}),
	'{errors: ["…"]}': (message) => ({ errors: [message] }),
};
const callingShapes = {
	'{errors: [{type, code, message}]}': (message) => ({
		errors: [{ type: 'validation_error', code: 'example', message, attribute: null, url: '' }],
	}),
	'{error: "…"}': (message) => ({ error: message }),
};

const bySid = {
	title: 'Stream SID',
	parameters: { operation: 'stopStream', streamBy: 'sid' },
	streamBy: 'sid',
	labels: { call: 'Call SID', stream: 'Stream SID' },
	event: 'stream-started',
	request: (standIn, { call, stream }) => ({
		method: 'POST',
		path: `${callPath(standIn, call)}/Streams/${encodeURIComponent(stream.id)}`,
		body: 'Status=stopped',
	}),
	answers: {
		alreadyStopped: { status: 400, body: compat('This call has already ended', 10000) },
		notFound: { status: 404, body: compat('The requested resource was not found') },
	},
	says: {
		stop: { status: 'stopped', statusCode: 200 },
		again: { status: 'notFound', statusCode: 404 },
		unknownStream: { status: 'notFound', statusCode: 404 },
		unknownCall: { status: 'notFound', statusCode: 404 },
		endedCall: { status: 'notFound', statusCode: 404 },
		noContent: { status: 'accepted', statusCode: 204 },
	},
	cannot: { byDocument: 'no document takes part in a stop by Stream SID' },
};

const byName = {
	...bySid,
	title: 'Stream Name',
	parameters: { operation: 'stopStream', streamBy: 'name' },
	streamBy: 'name',
	labels: { call: 'Call SID', stream: 'Stream Name' },
	byDocument: true,
	details: (name) => ({ name }),
	fields: (c, { call, stream }) => ({
		callId: call.id,
		stream: stream.name,
		cxmlUrl: (c.cxmlUrl ??= c.standIn.bin(KEEP_CALL)),
	}),
	request: (standIn, { call, stream }, { cxmlUrl }) => ({
		method: 'POST',
		path: callPath(standIn, call),
		body: form({ Url: `${cxmlUrl}?STREAMNAME=${encodeURIComponent(stream.name)}`, Method: 'POST' }),
	}),
	// The answer speaks of the call: SignalWire fetches the document after it.
	says: {
		stop: { status: 'accepted', statusCode: 200 },
		again: { status: 'accepted', statusCode: 200 },
		unknownStream: { status: 'accepted', statusCode: 200 },
		unknownCall: { status: 'notFound', statusCode: 404 },
		endedCall: { status: 'alreadyStopped', statusCode: 400 },
		noContent: { status: 'accepted', statusCode: 204 },
	},
	cannot: {
		repeat: 'SignalWire would fetch and run the document a second time',
		strictStream: 'a name may be empty, where the document names the stream, and may be of dots',
	},
};

const byControlId = {
	...bySid,
	title: 'Control ID',
	parameters: { operation: 'stopStream', streamBy: 'controlId' },
	streamBy: 'controlId',
	labels: { call: 'Call SID', stream: 'Control ID' },
	event: 'calling.call.stream',
	own: callingShapes,
	details: (controlId) => ({ controlId }),
	fields: (c, { call, stream }) => ({ callId: call.id, stream: stream.controlId }),
	request: (standIn, { call, stream }) => ({
		method: 'POST',
		path: '/api/calling/calls',
		body: JSON.stringify({
			id: call.id,
			command: 'calling.stream.stop',
			params: { control_id: stream.controlId },
		}),
	}),
	answers: { notFound: { status: 404, body: { error: 'Not Found' } } },
	// The answer is the call, and does not say what became of the stream.
	says: {
		stop: { status: 'accepted', statusCode: 200 },
		again: { status: 'accepted', statusCode: 200 },
		unknownStream: { status: 'accepted', statusCode: 200 },
		unknownCall: { status: 'notFound', statusCode: 404 },
		endedCall: { status: 'notFound', statusCode: 404 },
		noContent: { status: 'accepted', statusCode: 204 },
	},
	cannot: {
		alreadyStopped: 'the Calling API documents no answer that means alreadyStopped',
		byDocument: 'no document takes part in a stop by control ID',
	},
};

const only =
	(...titles) =>
	({ title }) =>
		titles.includes(title);
const named = only('Stream Name');
const compatWays = only('Stream SID', 'Stream Name');

const NAMES = [
	'a b & c',
	'a+b',
	`"double" and 'single'`,
	'<Stream name="x"/>',
	'100% {{STREAMNAME}}',
	'#1?x=2&STREAMNAME=other',
	' kept blanks ',
	'日本 🎧',
	'...',
];

/** A call that SignalWire does not redirect, as code and words say. */
const refuseUpdate = (c, code, message) => c.answer({ status: 400, body: compat(message, code) });
const NOT_IN_PROGRESS = 'The call cannot be redirected if it is not in-progress';

const byNameScenarios = [
	{
		name: 'a Bin stops a stream of any name, and the call stays up',
		ways: named,
		variants: () => Object.fromEntries(NAMES.map((name) => [JSON.stringify(name), name])),
		arrange(c, name) {
			c.targets = [c.add({ name })];
		},
		expected: () => ({ status: 'accepted', runs: false }),
	},
	{
		name: 'a static document names the stream by itself',
		ways: named,
		arrange(c) {
			const [{ stream }] = c.targets;
			c.items = [{ callId: c.call.id, stream: '', cxmlUrl: c.standIn.bin(stopOf(stream.name)) }];
		},
		expected: () => ({ status: 'accepted', stream: undefined, runs: false }),
		check(c) {
			expect(new URLSearchParams(c.stops()[0].body).get('Url')).toBe(c.items[0].cxmlUrl);
		},
	},
	{
		name: "a document on one's own server is fetched with the call's fields and the name",
		ways: named,
		variants: () => ({ POST: 'POST', GET: 'GET' }),
		options: (_c, cxmlMethod) => ({ cxmlMethod }),
		async arrange(c) {
			c.server = await c.serve(({ query }) => stopOf(query.get('STREAMNAME')));
			c.cxmlUrl = `${c.server.url}/stop`;
		},
		expected: () => ({ status: 'accepted', runs: false }),
		check(c, method) {
			const [fetched] = c.server.requests;
			expect(fetched.method).toBe(method);
			const fields = method === 'GET' ? fetched.query : new URLSearchParams(fetched.body);
			expect(fields.get('CallSid')).toBe(c.call.id);
		},
	},
	{
		name: 'the query and the fragment of the cXML URL are kept to the letter',
		ways: named,
		async arrange(c) {
			c.server = await c.serve(({ query }) => stopOf(query.get('STREAMNAME')));
			c.cxmlUrl = `${c.server.url}/s%20top?a=%7e+b%26&STREAMNAME=old&b=#rt=3000`;
		},
		expected: () => ({ status: 'accepted', runs: false }),
		check(c) {
			expect(new URLSearchParams(c.stops()[0].body).get('Url')).toBe(
				`${c.server.url}/s%20top?a=%7e+b%26&b=&STREAMNAME=${c.stream.name}#rt=3000`,
			);
		},
	},
	{
		name: "'Stream Name Parameter' says how the document gets the name",
		ways: named,
		options: { nameParameter: 'NAME' },
		arrange(c) {
			c.cxmlUrl = c.standIn.bin(KEEP_CALL.replace('STREAMNAME', 'NAME'));
		},
		expected: () => ({ status: 'accepted', runs: false }),
	},
	{
		name: 'a document without the stream leaves it running, and is not called a stop',
		ways: named,
		arrange(c) {
			c.cxmlUrl = c.standIn.bin('<Response><Pause length="600"/></Response>');
		},
		expected: () => ({ status: 'accepted', stopped: false, runs: true }),
	},
	{
		name: 'a document that runs out of instructions ends the call',
		ways: named,
		arrange(c) {
			c.cxmlUrl = c.standIn.bin(RUNS_OUT);
		},
		expected: () => ({ status: 'accepted', runs: false, callUp: false }),
	},
	{
		name: 'a document server that is down ends the call, and the stop is only accepted',
		ways: named,
		async arrange(c) {
			c.cxmlUrl = await c.deadAddress();
		},
		expected: () => ({ status: 'accepted', runs: false, callUp: false }),
	},
	{
		name: 'a document server that is down is replaced by the fallback, and the call stays up',
		ways: named,
		options: (c) => ({ cxmlFallbackUrl: c.standIn.bin(KEEP_CALL) }),
		async arrange(c) {
			c.cxmlUrl = await c.deadAddress();
		},
		expected: () => ({ status: 'accepted', runs: false }),
		check(c) {
			const sent = new URLSearchParams(c.stops()[0].body);
			expect(sent.get('FallbackUrl')).toMatch(`?STREAMNAME=${c.stream.name}`);
			expect(sent.get('FallbackMethod')).toBe('POST');
		},
	},
	{
		name: 'a cXML URL that SignalWire cannot fetch is refused before anything is sent',
		ways: named,
		arrange(c) {
			const urls = ['', '  ', 'ftp://example.com/x', 'example.com/x', 'javascript:x', 'http:x', 42];
			c.targets = [c.target, ...urls.map(() => c.add()), c.add()];
			c.items = c.targets.map((target, i) => ({
				...c.fields(target),
				...(i > 0 && i <= urls.length && { cxmlUrl: urls[i - 1] }),
			}));
			c.good = [0, urls.length + 1];
		},
		expected: (c) =>
			c.items.map((_item, i) =>
				c.good.includes(i)
					? { status: 'accepted', runs: false }
					: {
							failure: 'input',
							error: expect.stringContaining("'cXML URL'"),
							attempts: undefined,
							runs: true,
						},
			),
	},
	{
		name: 'a user or password in a document address is refused, and not shown',
		ways: named,
		variants: () => ({ 'cXML URL': 'cxmlUrl', 'cXML Fallback URL': 'cxmlFallbackUrl' }),
		options: (_c, field) =>
			field === 'cxmlFallbackUrl' && { [field]: 'https://user:example-hidden@example.com/' },
		arrange(c, field) {
			if (field === 'cxmlUrl') c.cxmlUrl = 'https://user:example-hidden@example.com/';
			c.secrets.push('example-hidden');
		},
		expected: () => ({
			failure: 'input',
			error: expect.stringMatching(/^'cXML .*URL' holds a user name or a password$/),
			runs: true,
		}),
	},
];

const callStateScenarios = [
	{
		name: '10000 that says in words that the call is completed is alreadyStopped',
		ways: compatWays,
		arrange(c) {
			c.standIn.endCall(c.call.id);
			refuseUpdate(c, 10000, 'An attempt was made to update a completed call');
		},
		expected: () => ({ status: 'alreadyStopped', statusCode: 400 }),
		check: (c) => expect(c.reads()).toEqual([]),
	},
	{
		name: '21220 or 10000 is alreadyStopped where one read of the call shows that it ended',
		ways: compatWays,
		variants: () => ({ 21220: 21220, 10000: 10000 }),
		arrange(c, code) {
			c.standIn.endCall(c.call.id);
			refuseUpdate(c, code, code === 21220 ? NOT_IN_PROGRESS : 'Invalid argument');
		},
		expected: () => ({ status: 'alreadyStopped', statusCode: 400 }),
		check: (c) => expect(c.reads()).toEqual([callPath(c.standIn, c.call)]),
	},
	{
		name: '21220 or 10000 is rejected where the call is read as in progress',
		ways: compatWays,
		variants: () => ({ 21220: 21220, 10000: 10000 }),
		arrange: (c, code) =>
			refuseUpdate(c, code, code === 21220 ? NOT_IN_PROGRESS : 'Invalid argument'),
		expected: () => ({ failure: 'rejected', statusCode: 400, runs: true }),
		check: (c) => expect(c.reads()).toHaveLength(1),
	},
	{
		name: '21220 is rejected where the call cannot be read',
		ways: compatWays,
		variants: () => ({
			500: { status: 500, body: compat('Internal', 20504) },
			'404 in HTML': { status: 404, body: '<html>Not Found</html>' },
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
	},
];

module.exports = {
	provider: 'signalWire',
	displayName: 'SignalWire',
	credentialName: 'SignalWire Basic API',
	start: (options) => startStandIn('signalWire', options),
	address: { field: 'spaceUrl', label: 'Space URL' },
	account: { field: 'projectId', label: 'Project ID' },
	token: 'apiToken',
	own: compatShapes,
	suspects: ["'Project ID'", "'API Token'", "'Space URL'", 'Voice'],
	ways: [bySid, byName, byControlId],
	cannot: {
		stopAll: 'SignalWire has no way to list or stop all streams of a call',
		confirm: 'SignalWire has no way to read a stream',
	},
	scenarios: [
		...byNameScenarios,
		...callStateScenarios,
		{
			name: 'an unknown call is notFound in each form of SignalWire’s refusals',
			variants: () => ({
				'{code, message}': { errorShape: 'compat' },
				'{errors: [{…}]}': { errorShape: 'errors', callingErrorShape: 'errors' },
				'{errors: ["…"]}, {error}': { errorShape: 'strings', callingErrorShape: 'error' },
			}),
			arrange(c, shapes) {
				Object.assign(c.standIn, shapes);
				c.items = [{ ...c.fields(c.target), callId: 'nobody' }];
			},
			expected: () => ({ status: 'notFound', statusCode: 404, runs: true }),
		},
		{
			name: 'a 200 that shows the stream as not yet stopped is only accepted',
			ways: only('Stream SID'),
			variants: () => ({ queued: 'queued', 'in-progress': 'in-progress' }),
			arrange: (c, status) => c.answer({ status: 200, body: { sid: c.stream.id, status } }),
			expected: () => ({ status: 'accepted', stopped: false, runs: true }),
		},
		{
			name: 'a 200 with a status that nobody documents is unreadable',
			ways: only('Stream SID'),
			variants: () => ({ failed: 'failed', none: undefined, null: null, list: ['stopped'] }),
			arrange: (c, status) => c.answer({ status: 200, body: { sid: c.stream.id, status } }),
			expected: () => ({ failure: 'unreadable', statusCode: 200, runs: true }),
		},
	],
};
