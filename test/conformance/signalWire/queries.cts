import { webhookItem } from '../../lib/callbacks.cts';
import type { SignalWireStandIn } from '../../lib/stand-ins/index.cts';
import { signalWireSignature } from '../../lib/stand-ins/signatures.cts';
import type { Case } from '../case.cts';
import { textOf } from '../judge.cts';
import { scenariosFor, type Row } from '../scenario.cts';
import { only } from './columns.cts';

const { rows } = scenariosFor<SignalWireStandIn>();

const URL_OF = 'https://hooks.example.com/webhook/x';

/** A callback whose URL has a query, as somebody typed it; of a GET, the event's fields stand around it. */
interface Asked {
	query: string;
	isGet?: true;
}

/** The event as n8n's Webhook node hands it over, signed over the URL as it was written. */
function signedWith(c: Case<SignalWireStandIn>, { query, isGet }: Asked) {
	const fields = Object.entries(c.event('stream-started')).map(([name, value]) => [
		name,
		textOf(value),
	]);
	const form = new URLSearchParams(fields).toString();
	const [before = '', after = ''] = query.split('…');
	const asked = isGet ? `${before}${form}${after}` : query;
	const address = asked === '' ? URL_OF : `${URL_OF}?${asked}`;
	const callback = { address, ...(!isGet && { form }) };
	const headers = {
		'X-SignalWire-Signature': signalWireSignature(callback, textOf(c.credentials.signingSecret)),
	};
	return webhookItem({ ...callback, headers }, URL_OF) ?? {};
}

/** It is what the node gets. */
const arrive = (c: Case<SignalWireStandIn>, asked: Asked) => {
	c.items = [{ ...signedWith(c, asked) }];
};

const verifying = {
	columns: only('Stream SID'),
	options: { verifySignature: true },
	parameters: { source: 'event' },
};

/** n8n hands a query over parsed, and SignalWire signs it as it was written. */
export const queries: Array<Row<SignalWireStandIn>> = [
	rows<Asked>({
		...verifying,
		name: 'a true signature over a query that can be written again is obeyed',
		variants: () => ({
			'no query': { query: '' },
			'escapes in upper case': { query: 'u=a%2Fb' },
			'escapes in lower case': { query: 'u=a%2fb' },
			'escapes in lower case, and a space': { query: 'u=a%2fb+c' },
			'one name twice, side by side': { query: 'tag=a&tag=b' },
			'a GET': { query: '…', isGet: true },
			'a GET with a field in front': { query: 'tag=a&…', isGet: true },
		}),
		arrange: arrive,
		expected: (c) => ({ ...c.says('stop'), runs: false }),
	}),
	rows<Asked>({
		...verifying,
		name: 'a true signature over a query that cannot be written again: the query is named as a cause, and nobody is accused',
		variants: () => ({
			'a name without =': { query: 'flag' },
			'an & at the end': { query: 'a=b&' },
			'escapes in mixed case': { query: 'u=a%2fb%2Fc' },
			'an escape that needs none': { query: 'u=%61' },
			'one name twice, apart': { query: 'tag=a&…&tag=a', isGet: true },
		}),
		arrange: arrive,
		expected: () => ({
			failure: 'untrusted',
			attempts: undefined,
			error:
				'The signature does not match this event and the URL https://hooks.example.com/…ok/x with its query',
			message: expect.stringMatching(/^Nothing was sent\. n8n hands the query over parsed/),
			runs: true,
		}),
		check(c, { run }) {
			expect(run.items[0]?.message).not.toMatch(/someone else|somebody else|did not send/);
			expect(c.standIn.requests).toEqual([]);
		},
	}),
	rows<Asked>({
		...verifying,
		name: 'a query that n8n takes apart is refused in words that say what to write in its place',
		variants: () => ({
			'of a form': { query: 'a[b]=c' },
			'of a GET': { query: 'a[b]=c&…', isGet: true },
		}),
		arrange: arrive,
		expected: () => ({
			failure: 'untrusted',
			attempts: undefined,
			error: 'The query string of this callback cannot be rebuilt the way SignalWire signed it',
			message: expect.stringContaining('a[b]'),
			runs: true,
		}),
	}),
	rows<Asked>({
		...verifying,
		name: 'a wrong signature over a URL without a query does not blame a query',
		variants: () => ({ '': { query: '' } }),
		arrange(c, asked) {
			const item = signedWith(c, asked);
			c.credentials.signingSecret = 'example-of-another-key';
			c.items = [{ ...item }];
		},
		expected: () => ({
			failure: 'untrusted',
			message: expect.not.stringContaining('query'),
			runs: true,
		}),
	}),
];
