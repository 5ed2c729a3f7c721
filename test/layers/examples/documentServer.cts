import { DOMParser, onWarningStopParsing, type Element } from '@xmldom/xmldom';
import type { Stream } from '../../lib/stand-ins/index.cts';
import {
	chain,
	splitOut,
	stopNode,
	webhook,
	workflow,
	type Workflow,
} from '../../../examples/src/workflows.cts';
import { fillIn, publish, publishRecipe, type Stage } from './stage.cts';
import { callUp, isUp, streaming } from './streams.cts';

const RECIPE = 'document-server-signalwire';
const ASKED = 'SignalWire Asks';

const NAMES = [
	'transcript',
	`Tom & "Jerry" <live>'s`,
	'日本語 🎧 café',
	']]> &amp; <!-- {{ $json }} ${1} %20+#?/',
	' \t\n\r a ',
];

/** A workflow that stops streams by name through a document, one for each item that it is sent. */
const stopperByName = (credentialId: string): Workflow =>
	workflow({
		name: 'Stop by name',
		rows: [
			[
				webhook('Go', { responseMode: 'lastNode', allEntries: true }),
				splitOut('Split', 'body.streams'),
				{
					...stopNode('Stop', {
						provider: 'signalWire',
						operation: 'stopStream',
						source: 'fields',
						streamBy: 'name',
						callId: '={{ $json.call }}',
						stream: '={{ $json.name }}',
						cxmlUrl: '={{ $json.document }}',
						options: { cxmlMethod: '={{ $json.method }}' },
					}),
					credentials: { signalWireBasicApi: { id: credentialId, name: 'stand-in' } },
				},
			],
		],
		flows: chain('Go', 'Split', 'Stop'),
	});

type Query = Record<string, string>;

function withQuery(address: string, query: Query): string {
	const entries = Object.entries(query).map((pair) => pair.map(encodeURIComponent).join('='));
	return entries.length > 0 ? `${address}?${entries.join('&')}` : address;
}

/** The recipe's server and the workflow that sends SignalWire to it. */
async function openServer(stage: Stage) {
	const server = await publishRecipe(RECIPE, stage);
	const bare = await publishRecipe(RECIPE, stage, (nodes) => {
		fillIn(nodes['Fill In'], { back: 'https://your-xml.example.com/back' });
	});
	const stopper = await publish(stage, stopperByName(stage.credentials.signalWireBasicApi ?? ''));
	const { signalWire } = stage.standIns;
	const address = server.webhookUrl(ASKED);
	/** Stops each of these streams by its name, and waits until SignalWire ran the documents. */
	const stop = async (streams: readonly Stream[], query: Query = {}, method = 'POST') => {
		const { length } = signalWire.documents;
		const { status, text } = await stopper.ask('Go', {
			streams: streams.map(({ callId, name }) => ({
				call: callId,
				name,
				document: withQuery(address, query),
				method,
			})),
		});
		await signalWire.settled();
		const items = JSON.parse(text) as Array<{ stream: string; status: string }>;
		return { status, items, runs: signalWire.documents.slice(length) };
	};
	return { address, stop, bare };
}

const elementsOf = (node: Element): Element[] =>
	[...node.childNodes].filter((child): child is Element => child.nodeType === 1);

export function describeDocumentServer(getStage: () => Stage): void {
	describe('the cXML that stops a stream by name', () => {
		let server: Awaited<ReturnType<typeof openServer>>;

		beforeAll(async () => {
			server = await openServer(getStage());
		});

		const read = async (query: Query, address = server.address) => {
			const response = await fetch(withQuery(address, query));
			const { documentElement } = new DOMParser({ onError: onWarningStopParsing }).parseFromString(
				await response.text(),
				'text/xml',
			);
			if (!documentElement) throw new Error('no document');
			const verbs = elementsOf(documentElement);
			return { response, verbs, names: verbs.map(({ tagName }) => tagName) };
		};

		test('stops streams by whatever name they have, and their calls stay up', async () => {
			const { signalWire } = getStage().standIns;
			const started = NAMES.map((name) => streaming(signalWire, { name }));
			const streams = started.map(({ stream }) => stream);

			for (const [method, some] of [
				['POST', streams.slice(0, -1)],
				['GET', streams.slice(-1)],
			] as const) {
				const { status, items, runs } = await server.stop(some, {}, method);
				expect(status).toBe(200);
				expect(items.map((item) => [item.stream, item.status])).toEqual(
					some.map(({ name }) => [name, 'accepted']),
				);
				const ran = runs.map(({ error, verbs }) => String(error ?? verbs));
				// The recipe's own cXML, and the one with which the call goes on.
				expect(ran.sort()).toEqual([...some.map(() => 'Dial'), ...some.map(() => 'Stop,Redirect')]);
			}
			expect(streams.map((stream) => isUp(signalWire, stream))).toEqual(NAMES.map(() => false));
			expect(started.map(({ call }) => callUp(signalWire, call))).toEqual(NAMES.map(() => true));
		});

		test('says something, and the call goes on', async () => {
			const { signalWire } = getStage().standIns;
			const { call, stream } = streaming(signalWire);
			const text = `One moment & "please" <wait>`;

			const { runs } = await server.stop([stream], { text });

			expect(runs.map(({ verbs }) => verbs)).toEqual([['Stop', 'Say', 'Redirect'], ['Dial']]);
			expect(isUp(signalWire, stream)).toBe(false);
			expect(callUp(signalWire, call)).toBe(true);
			const { verbs } = await read({ text, STREAMNAME: 'a' });
			expect(verbs[1]?.textContent).toBe(text);
		});

		test('goes on at the URL that was asked for', async () => {
			const { signalWire } = getStage().standIns;
			const { call, stream } = streaming(signalWire);
			const next = `${signalWire.bin('<Response><Say>{{WHO}}</Say><Dial>+15550100009</Dial></Response>')}?WHO=a&then=b`;

			const { runs } = await server.stop([stream], { url: next });

			expect(runs.map(({ verbs }) => verbs)).toEqual([
				['Stop', 'Redirect'],
				['Say', 'Dial'],
			]);
			expect(runs[1]?.url).toBe(next);
			expect(isUp(signalWire, stream)).toBe(false);
			expect(callUp(signalWire, call)).toBe(true);
		});

		test('answers as XML, with the pause that was asked for', async () => {
			const { response, verbs, names } = await read({ STREAMNAME: 'a', seconds: '90' });
			expect(response.headers.get('content-type')).toBe('text/xml; charset=utf-8');
			expect(names).toEqual(['Stop', 'Pause', 'Redirect']);
			expect(verbs[1]?.getAttribute('length')).toBe('90');
		});

		test('leaves out what XML cannot hold, and goes on with the call whatever it is asked', async () => {
			const { verbs } = await read({ STREAMNAME: 'a\u0000b\u001bc\ufffe' });
			expect(verbs[0]?.getElementsByTagName('Stream')[0]?.getAttribute('name')).toBe('abc');

			const queries: Query[] = [
				{},
				{ STREAMNAME: '' },
				{ STREAMNAME: 'a', url: 'javascript:alert(1)' },
				{ STREAMNAME: 'a', seconds: '0' },
			];
			for (const query of queries) {
				const { names, verbs: held } = await read(query);
				expect(names.at(-1)).toBe('Redirect');
				expect(held.at(-1)?.textContent).toBe(`${getStage().documents.url}/back`);
			}
		});

		test('without a URL to go on with, asks the caller to wait, and its execution fails', async () => {
			const { bare } = server;
			await bare.postUntilThere(bare.webhookUrl(ASKED), {});
			bare.expectRun();
			const { names, verbs } = await read({ STREAMNAME: 'a' }, bare.webhookUrl(ASKED));
			bare.expectRun();
			const held = Array.from({ length: 30 }, () => ['Say', 'Pause']).flat();
			expect(names).toEqual(['Stop', ...held, 'Say']);
			expect(verbs.at(-1)?.textContent).toMatch(/call again/);
			expect((await bare.lastExecution()).status).toBe('error');
		});
	});
}
