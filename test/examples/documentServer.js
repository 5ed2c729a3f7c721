'use strict';

const { DOMParser, onWarningStopParsing } = require('@xmldom/xmldom');
const { NODE } = require('./files');
const { publish, publishRecipe } = require('./stage');
const { isUp, streaming } = require('./streams');

const RECIPE = 'document-server-signalwire';
const ASKED = 'SignalWire Asks';

const NAMES = [
	'transcript',
	`Tom & "Jerry" <live>'s`,
	'日本語 🎧 café',
	']]> &amp; <!-- {{ $json }} ${1} %20+#?/',
	' \t\n\r ',
];

/** A workflow that stops streams by name through a document, one for each item that it is sent. */
const stopperByName = (credentialId) => ({
	name: 'Stop by name',
	nodes: [
		{
			id: 'go',
			name: 'Go',
			type: 'n8n-nodes-base.webhook',
			typeVersion: 2,
			position: [0, 0],
			parameters: {
				httpMethod: 'POST',
				path: '',
				responseMode: 'lastNode',
				responseData: 'allEntries',
				options: {},
			},
		},
		{
			id: 'split',
			name: 'Split',
			type: 'n8n-nodes-base.splitOut',
			typeVersion: 1,
			position: [220, 0],
			parameters: { fieldToSplitOut: 'body.streams', options: {} },
		},
		{
			id: 'stop',
			name: 'Stop',
			type: NODE,
			typeVersion: 1,
			position: [440, 0],
			parameters: {
				provider: 'signalWire',
				operation: 'stopStream',
				source: 'fields',
				streamBy: 'name',
				callId: '={{ $json.call }}',
				stream: '={{ $json.name }}',
				cxmlUrl: '={{ $json.document }}',
				options: { cxmlMethod: '={{ $json.method }}' },
			},
			credentials: { signalWireBasicApi: { id: credentialId, name: 'stand-in' } },
		},
	],
	connections: {
		Go: { main: [[{ node: 'Split', type: 'main', index: 0 }]] },
		Split: { main: [[{ node: 'Stop', type: 'main', index: 0 }]] },
	},
});

const withQuery = (address, query) => {
	const entries = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join('='));
	return `${address}?${entries.join('&')}`;
};

/** The recipe's server and the workflow that sends SignalWire to it. */
async function openServer(stage) {
	const server = await publishRecipe(RECIPE, stage);
	const stopper = await publish(stage, stopperByName(stage.credentials.signalWireBasicApi));
	const { signalWire } = stage.standIns;
	const address = server.webhookUrl(ASKED);
	/**
	 * Stops each of these streams by its name, and waits until SignalWire ran the documents.
	 * @returns which verbs each call's document held
	 */
	const stop = async (streams, query = {}, method = 'POST') => {
		const { length } = signalWire.documents;
		const { status, body } = await stopper.ask('Go', {
			streams: streams.map(({ callId, name }) => ({
				call: callId,
				name,
				document: Object.keys(query).length > 0 ? withQuery(address, query) : address,
				method,
			})),
		});
		await signalWire.settled();
		return { status, body, runs: signalWire.documents.slice(length) };
	};
	return { address, stop };
}

/** The recipe: streams stop by whatever name they have, and their calls stay up. */
async function playDocuments(recipe, stage) {
	const { signalWire } = stage.standIns;
	const { stop } = await openServer(stage);
	const streams = NAMES.map((name) => streaming(signalWire, { name }).stream);

	for (const [method, some] of [
		['POST', streams.slice(0, -1)],
		['GET', streams.slice(-1)],
	]) {
		const { status, body, runs } = await stop(some, {}, method);
		expect(status).toBe(200);
		expect(body.map((item) => [item.stream, item.status])).toEqual(
			some.map(({ name }) => [name, 'accepted']),
		);
		expect(runs.map(({ error, verbs }) => error ?? verbs)).toEqual(
			some.map(() => ['Stop', 'Pause']),
		);
	}
	expect(streams.map((stream) => isUp(signalWire, stream))).toEqual(NAMES.map(() => false));
	expect(streams.map(({ callId }) => signalWire.call(callId).up)).toEqual(NAMES.map(() => true));
	return streams;
}

/** The other ways to go on, and what a document cannot say. */
function describeDocumentServer(getStage) {
	describe('the SignalWire document server', () => {
		let server;

		beforeAll(async () => {
			server = await openServer(getStage());
		});

		const read = async (query) => {
			const response = await fetch(withQuery(server.address, query));
			const xml = await response.text();
			const document = new DOMParser({ onError: onWarningStopParsing }).parseFromString(
				xml,
				'text/xml',
			);
			const verbs = [...document.documentElement.childNodes].filter((node) => node.tagName);
			return { response, verbs, names: verbs.map(({ tagName }) => tagName) };
		};

		test('says something, and the call goes on', async () => {
			const { signalWire } = getStage().standIns;
			const { call, stream } = streaming(signalWire);
			const text = `One moment & "please" <wait>`;

			const { runs } = await server.stop([stream], { then: 'say', text });

			expect(runs).toMatchObject([{ status: 200, verbs: ['Stop', 'Say', 'Pause'] }]);
			expect(isUp(signalWire, stream)).toBe(false);
			expect(signalWire.call(call.id).up).toBe(true);
			const { verbs } = await read({ then: 'say', text, STREAMNAME: 'a' });
			expect(verbs[1].textContent).toBe(text);
		});

		test('hands the call over to another document', async () => {
			const { signalWire } = getStage().standIns;
			const { call, stream } = streaming(signalWire);
			const next = `${signalWire.bin('<Response><Say>{{WHO}}</Say><Dial>+15550100009</Dial></Response>')}?WHO=a&then=b`;

			const { runs } = await server.stop([stream], { then: 'redirect', url: next });

			expect(runs.map(({ verbs }) => verbs)).toEqual([
				['Stop', 'Redirect'],
				['Say', 'Dial'],
			]);
			expect(runs[1].url).toBe(next);
			expect(isUp(signalWire, stream)).toBe(false);
			expect(signalWire.call(call.id).up).toBe(true);
		});

		test('answers as XML, with the pause that was asked for', async () => {
			const { response, verbs } = await read({ STREAMNAME: 'a', seconds: '90' });
			expect(response.headers.get('content-type')).toBe('text/xml; charset=utf-8');
			expect(verbs.at(-1).getAttribute('length')).toBe('90');
		});

		test('leaves out what XML cannot hold, and keeps the call open whatever it is asked', async () => {
			const { verbs } = await read({ STREAMNAME: 'a\u0000b\u001bc\ufffe', then: 'redirect' });
			const [stopped] = verbs[0].getElementsByTagName('Stream');
			expect(stopped.getAttribute('name')).toBe('abc');

			for (const query of [
				{},
				{ STREAMNAME: '' },
				{ STREAMNAME: 'a', then: 'redirect', url: 'javascript:alert(1)' },
				{ STREAMNAME: 'a', then: 'hangup' },
				{ STREAMNAME: 'a', seconds: '0' },
			]) {
				const { names, verbs: held } = await read(query);
				expect(names.at(-1)).toBe('Pause');
				expect(held.at(-1).getAttribute('length')).toBe('3600');
			}
		});
	});
}

module.exports = { describeDocumentServer, playDocuments };
