import type { INodeParameters } from 'n8n-workflow';
import type { SignalWireStandIn } from '../../lib/stand-ins/index.cts';
import { NODE_TYPE } from '../../lib/nodeRun.cts';
import type { Case } from '../case.cts';
import { scenariosFor, type Row } from '../scenario.cts';
import type { Expected } from '../types.cts';
import { KEEP_CALL, RUNS_OUT, stopOf } from './documents.cts';
import { only } from './columns.cts';

const { row, rows } = scenariosFor<SignalWireStandIn>();
const named = only('Stream Name');

/** The parameters of the update that was sent. */
const sentBy = (c: Case<SignalWireStandIn>) => new URLSearchParams(c.stops()[0]?.body);

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

/** What a document does that stops a stream by its name. */
export const byName: Array<Row<SignalWireStandIn>> = [
	rows({
		name: 'a Bin stops a stream of any name, and the call stays up',
		columns: named,
		variants: () => Object.fromEntries(NAMES.map((name) => [JSON.stringify(name), name])),
		arrange(c, name) {
			c.targets = [c.add({ name })];
		},
		expected: () => ({ status: 'accepted', runs: false }),
	}),
	row({
		name: 'a static document names the stream by itself',
		columns: named,
		arrange(c) {
			const cxmlUrl = c.standIn.bin(stopOf(c.stream.name));
			c.items = [{ callId: c.call.id, stream: '', cxmlUrl }];
			return cxmlUrl;
		},
		expected: () => ({ status: 'accepted', stream: undefined, runs: false }),
		check: (c, { made: cxmlUrl }) => expect(sentBy(c).get('Url')).toBe(cxmlUrl),
	}),
	rows({
		name: "a document on one's own server is fetched with the call's fields and the name",
		columns: named,
		variants: () => ({ POST: 'POST', GET: 'GET' }),
		options: (_c, cxmlMethod) => ({ cxmlMethod }),
		async arrange(c) {
			const { url, requests } = await c.serve(({ query }) => stopOf(query.get('STREAMNAME')));
			c.cxmlUrl = `${url}/stop`;
			return requests;
		},
		expected: () => ({ status: 'accepted', runs: false }),
		check(c, { variant: method, made: fetched }) {
			const fields = fetched.map(({ query, body }) =>
				(method === 'GET' ? query : new URLSearchParams(body)).get('CallSid'),
			);
			expect(fetched).toMatchObject([{ method }]);
			expect(fields).toEqual([c.call.id]);
		},
	}),
	row({
		name: 'the query and the fragment of the cXML URL are kept to the letter',
		columns: named,
		async arrange(c) {
			const { url } = await c.serve(({ query }) => stopOf(query.get('STREAMNAME')));
			c.cxmlUrl = `${url}/s%20top?a=%7e+b%26&STREAMNAME=old&b=#rt=3000`;
			return url;
		},
		expected: () => ({ status: 'accepted', runs: false }),
		check: (c, { made: url }) =>
			expect(sentBy(c).get('Url')).toBe(
				`${url}/s%20top?a=%7e+b%26&b=&STREAMNAME=${c.stream.name}#rt=3000`,
			),
	}),
	row({
		name: 'a cXML URL that ends with a question mark gets the name as its only parameter',
		columns: named,
		async arrange(c) {
			const { url } = await c.serve(({ query }) => stopOf(query.get('STREAMNAME')));
			c.cxmlUrl = `${url}/stop?`;
			return url;
		},
		expected: () => ({ status: 'accepted', runs: false }),
		check: (c, { made: url }) =>
			expect(sentBy(c).get('Url')).toBe(`${url}/stop?STREAMNAME=${c.stream.name}`),
	}),
	row({
		name: 'spaces around a name belong to it in an event too',
		columns: named,
		parameters: (c) => ({ source: 'event', ...c.document() }),
		arrange(c) {
			const target = c.add({ name: ' a name ' });
			c.targets = [target];
			c.items = [{ body: c.event('stream-started', target.stream) }];
		},
		expected: () => ({ status: 'accepted', stream: ' a name ', runs: false }),
	}),
	row({
		name: "'Stream Name Parameter' says how the document gets the name",
		columns: named,
		options: { nameParameter: 'NAME' },
		arrange(c) {
			c.cxmlUrl = c.standIn.bin(KEEP_CALL.replace('STREAMNAME', 'NAME'));
		},
		expected: () => ({ status: 'accepted', runs: false }),
	}),
	row({
		name: "an empty 'Stream Name Parameter' is refused",
		columns: named,
		options: { nameParameter: ' ' },
		expected: () => ({
			failure: 'input',
			error: "'Stream Name Parameter' is empty",
			attempts: undefined,
			runs: true,
		}),
	}),
	rows<INodeParameters>({
		name: "an AI agent's tool refuses a stop by name: a model must not choose what takes over a call",
		columns: named,
		variants: () => ({
			'with a document': {},
			'without one': { cxmlUrl: '={{ null }}' },
			'in another spelling': { streamBy: 'NAME' },
		}),
		parameters: (_c, given) => given,
		node: { onError: 'stopWorkflow' },
		type: `${NODE_TYPE}Tool`,
		expected: () => ({ runs: true }),
		check(c, { run: { error } }) {
			expect(error).toMatchObject({
				message: expect.stringMatching(/^An AI agent may not stop a stream by 'Stream Name'\. /),
				context: { failure: 'input' },
			});
			expect(c.standIn.requests).toEqual([]);
		},
	}),
	row({
		name: 'a document without the stream leaves it running, and is not called a stop',
		columns: named,
		arrange(c) {
			c.cxmlUrl = c.standIn.bin('<Response><Pause length="600"/></Response>');
		},
		expected: () => ({ status: 'accepted', stopped: false, runs: true }),
	}),
	row({
		name: 'a document that runs out of instructions ends the call',
		columns: named,
		arrange(c) {
			c.cxmlUrl = c.standIn.bin(RUNS_OUT);
		},
		expected: () => ({ status: 'accepted', runs: false, callUp: false }),
	}),
	row({
		name: 'a document server that is down ends the call, and the stop is only accepted',
		columns: named,
		arrange(c) {
			c.cxmlUrl = c.deadAddress;
		},
		expected: () => ({ status: 'accepted', runs: false, callUp: false }),
	}),
	row({
		name: 'a document server that is down is replaced by the fallback, and the call stays up',
		columns: named,
		options: (c) => ({ cxmlFallbackUrl: c.standIn.bin(KEEP_CALL) }),
		arrange(c) {
			c.cxmlUrl = c.deadAddress;
		},
		expected: () => ({ status: 'accepted', runs: false }),
		check(c) {
			const sent = sentBy(c);
			expect(sent.get('FallbackUrl')).toMatch(`?STREAMNAME=${c.stream.name}`);
			expect(sent.get('FallbackMethod')).toBe('POST');
		},
	}),
	row({
		name: 'a cXML URL that SignalWire cannot fetch is refused before anything is sent',
		columns: named,
		arrange(c) {
			const urls = [
				...['', '  ', 'ftp://example.com/x', 'example.com/x', 'javascript:x', 'http:x', 42],
				...[
					'ftp://example.com/http://x',
					'https://user@example.com/',
					'https://:word@example.com/',
				],
			];
			c.targets = [c.target, ...urls.map(() => c.add()), c.add()];
			c.items = c.targets.map((target, i) => ({
				...c.fields(target),
				...(i > 0 && i <= urls.length && { cxmlUrl: urls[i - 1] }),
			}));
			return [0, urls.length + 1];
		},
		expected: (c, _variant, good) =>
			c.targets.map((_target, i): Expected =>
				good.includes(i)
					? { status: 'accepted', runs: false }
					: {
							failure: 'input',
							error: expect.stringContaining("'cXML URL'"),
							attempts: undefined,
							runs: true,
						},
			),
	}),
	rows({
		name: 'a user or password in a document address is refused, and not shown',
		columns: named,
		variants: () => ({ 'cXML URL': 'cxmlUrl', 'cXML Fallback URL': 'cxmlFallbackUrl' }),
		options: (_c, field): INodeParameters =>
			field === 'cxmlUrl' ? {} : { [field]: 'https://user:example-hidden@example.com/' },
		arrange(c, field) {
			if (field === 'cxmlUrl') c.cxmlUrl = 'https://user:example-hidden@example.com/';
			c.secrets.push('example-hidden');
		},
		expected: () => ({
			failure: 'input',
			error: expect.stringMatching(/^'cXML .*URL' holds a user name or a password$/),
			runs: true,
		}),
	}),
];
