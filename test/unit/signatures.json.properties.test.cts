/** What holds of every JSON event that SignalWire signed: what is believed is what was signed, to the letter. */
import { createHmac } from 'node:crypto';

import fc from 'fast-check';

import { readCheckedEvent } from '../../nodes/StopAudioStream/input/events';
import { signedItem } from '../../nodes/StopAudioStream/input/trust';
import { signalWire } from '../../nodes/StopAudioStream/providers/signalWire';
import { orRefusal, Refusal } from '../../nodes/StopAudioStream/words/sentences';
import { received } from '../lib/webhookItems.cts';

const RUNS = Number(process.env.PROPERTY_RUNS ?? 500);

const word = fc.oneof(
	fc.constantFrom('a', 'a b', 'a+b', '100%', '%41', 'é', '\u{1f600}', "it's (ok)!*~", '1:2@3,4'),
	fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
);
/** n8n's query parser regroups names with brackets and numbers, and drops one without letters. */
const name = fc.constantFrom('tenant', 'b', 'A', 'x y', 'é', 'a.b');

/** An event before anybody sends it. */
const event = fc.record({
	host: fc.constantFrom(
		'https://n8n.example.com',
		'http://localhost:5678',
		'https://x.example:8443',
	),
	room: word.filter((text) => !/[/\\]|^\.+$/.test(text)),
	query: fc.uniqueArray(
		fc.tuple(
			name,
			word.filter((text) => !text.includes(']=')),
		),
		{
			selector: ([one]) => one,
			maxLength: 3,
		},
	),
	callId: fc.uuid(),
	controlId: fc.constantFrom('s-1', 'my stream', 'Zoë'),
	extra: fc.jsonValue(),
	indent: fc.constantFrom(0, 2, '\t'),
	algorithm: fc.constantFrom('sha1', 'sha256'),
	key: fc.constantFrom('PSK_example', 'PSK_other'),
});
type Event = typeof event extends fc.Arbitrary<infer One> ? One : never;

const write = ({ host, room, query, callId, controlId, extra, indent }: Event) => {
	const written = query.map((pair) => pair.map(encodeURIComponent).join('='));
	const body = {
		extra,
		event_type: 'calling.call.stream',
		params: { call_id: callId, control_id: controlId, state: 'finished' },
	};
	return {
		url: `${host}/webhook/${encodeURIComponent(room)}${written.length > 0 ? `?${written.join('&')}` : ''}`,
		webhookUrl: `${host}/webhook/:room`,
		text: JSON.stringify(body, null, indent),
	};
};

interface Sent {
	/** What arrives, if it is not what was signed. */
	url?: string;
	text?: string;
	key?: string;
	body?: unknown;
}

/** What *Check Event* makes of an event that was signed as written, and arrives as `sent`. */
function checked(one: Event, sent: Sent = {}) {
	const { url, text, webhookUrl } = write(one);
	const signature = createHmac(one.algorithm, one.key)
		.update(url + text)
		.digest('hex');
	const header =
		one.algorithm === 'sha1' ? 'X-SignalWire-Signature' : 'X-SignalWire-SHA256-Signature';
	const arriving = {
		url: sent.url ?? url,
		text: sent.text ?? text,
		headers: { 'Content-Type': 'application/json', [header]: signature },
	};
	const isGiven = 'body' in sent;
	const { json } = received({ ...arriving, ...(isGiven && { text }) }, { webhookUrl });
	const item = isGiven ? { ...json, body: sent.body as typeof json.body } : json;
	const account = { origin: '', id: '', token: 't', signingKey: sent.key ?? one.key };
	const signed = orRefusal(() =>
		signedItem(item, { provider: signalWire, account }, { kind: 'raw', text: arriving.text }),
	);
	if (signed instanceof Refusal) return { refused: signed.failure.cause };
	const { kind, ids, fields } = readCheckedEvent(signed, signalWire, true);
	return { event: kind, ids, fields };
}

const untrusted = { refused: 'untrusted' };

describe('a JSON event that SignalWire signed', () => {
	it('a JSON event is let through as SignalWire signed it, whatever it holds', () => {
		fc.assert(
			fc.property(event, (one) => {
				expect(checked(one)).toEqual({
					event: 'streamEnded',
					ids: { callId: one.callId, stream: one.controlId },
					fields: JSON.parse(write(one).text) as unknown,
				});
			}),
			{ numRuns: RUNS },
		);
	});

	it('a JSON event is untrusted with any other text, be it one character', () => {
		fc.assert(
			fc.property(event, fc.nat(), fc.constantFrom(' ', '\n', '\t'), (one, at, space) => {
				const { text } = write(one);
				// JSON still, and for the most part the same JSON: between two tokens, or a digit within an id.
				const ends = [`${space}${text}`, `${text}${space}`, text.replace('{', `{${space}`)];
				const digit = text.replace(
					one.callId,
					one.callId.replace(/^./, (c) => (c === '0' ? '1' : '0')),
				);
				for (const other of [...ends, digit, `\uFEFF${text}${space}`]) {
					expect(checked(one, { text: other })).toEqual(untrusted);
				}
				const index = at % text.length;
				const cut = text.slice(0, index) + text.slice(index + 1);
				if (isJson(cut)) expect(checked(one, { text: cut })).toEqual(untrusted);
			}),
			{ numRuns: RUNS },
		);
	});

	it('a JSON event is untrusted at any other URL, and under any other key', () => {
		fc.assert(
			fc.property(event, word, (one, value) => {
				const { url } = write(one);
				const more = `${url}${url.includes('?') ? '&' : '?'}call_id=${encodeURIComponent(value)}`;
				expect(checked(one, { url: more })).toEqual(untrusted);
				if (one.query.length > 0) {
					expect(checked(one, { url: url.replace(/\?.*/, '') })).toEqual(untrusted);
				}
				expect(checked(one, { key: `${one.key}x` })).toEqual(untrusted);
			}),
			{ numRuns: RUNS },
		);
	});

	it('a JSON event is untrusted if the end of its query is moved into the text', () => {
		fc.assert(
			fc.property(event, fc.nat(), (one, n) => {
				fc.pre(one.query.length > 0);
				const { url, text } = write(one);
				// As text/plain, n8n hands it over as it came, so that body and text agree.
				const at = url.length - 1 - (n % (url.length - url.indexOf('?') - 1));
				const moved = url.slice(at) + text;
				expect(checked(one, { url: url.slice(0, at), text: moved, body: moved })).toEqual(
					untrusted,
				);
			}),
			{ numRuns: RUNS },
		);
	});

	it("a JSON event is untrusted beside any 'body' that says something else", () => {
		fc.assert(
			fc.property(event, fc.jsonValue(), (one, extra) => {
				const body = JSON.parse(write(one).text) as { extra: unknown };
				fc.pre(JSON.stringify(extra) !== JSON.stringify(body.extra));
				expect(checked(one, { body: { ...body, extra } })).toEqual(untrusted);
				expect(checked(one, { body: [body] })).toEqual(untrusted);
			}),
			{ numRuns: RUNS },
		);
	});
});

function isJson(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}
