// Whose event is obeyed, and what an event that was verified proves.

import type { IDataObject } from 'n8n-workflow';

import { readSignedEvent } from '../../nodes/StopAudioStream/input/events';
import type { ItemRequest } from '../../nodes/StopAudioStream/input/readItem';
import { trustedEnd } from '../../nodes/StopAudioStream/input/trust';
import type { Account } from '../../nodes/StopAudioStream/providers/provider';
import {
	plivoSignature,
	signalWireSignature,
	vobizSignature,
	webhookItem,
} from '../lib/callbacks.cts';
import { providerOf } from '../lib/fakeSender.cts';
import { readWith, refused } from '../lib/readEvent.cts';

const WEBHOOK = 'https://n8n.example.com/webhook/7c9f';
const SHOWN = 'https://n8n.example.com/…7c9f';
const KEY = 'key-of-the-account';
const NONCE = '12345678901234567890';
const account: Account = {
	origin: 'https://api.example',
	id: 'MAEXAMPLE',
	token: KEY,
	signingKey: KEY,
};
type Form = Array<[string, string]>;

/** The item of a Webhook node for a form that the provider signed. */
function signedItem(provider: string, form: Form, key = KEY): IDataObject {
	const callback = { address: WEBHOOK, form: new URLSearchParams(form).toString() };
	const headers: Record<string, Record<string, string>> = {
		plivo: {
			'X-Plivo-Signature-V3': plivoSignature(callback, key, NONCE),
			'X-Plivo-Signature-V3-Nonce': NONCE,
		},
		signalWire: { 'X-SignalWire-Signature': signalWireSignature(callback, key) },
		vobiz: {
			'X-Vobiz-Signature-V3': vobizSignature(WEBHOOK, key, NONCE),
			'X-Vobiz-Signature-V3-Nonce': NONCE,
		},
	};
	const item = webhookItem({ ...callback, headers: headers[provider] ?? {} }, WEBHOOK);
	if (!item) throw new Error('n8n would know no such webhook');
	return JSON.parse(JSON.stringify(item)) as IDataObject;
}

const CALL = { plivo: 'CallUUID', vobiz: 'CallUUID', signalWire: 'CallSid' };
const STREAM = { plivo: 'StreamID', vobiz: 'StreamID', signalWire: 'StreamSid' };
type Name = keyof typeof CALL;
const NAMES = ['plivo', 'vobiz', 'signalWire'] as const;
const formOf = (name: Name, ...more: Form): Form => [
	[CALL[name], 'c'],
	[STREAM[name], 's'],
	...more,
];

const readEventItem = (provider: string, json: IDataObject, options: IDataObject) =>
	readWith({ provider, source: 'event', stream: '', options }, json);

/** What is refused, in one sentence behind its cause. */
const why = (item: ItemRequest, of: Partial<Account> = {}) => {
	const { cause, what, todo } = refused(() => trustedEnd(item, { ...account, ...of })).failure;
	return `${cause}: ${what}. ${todo}`;
};

describe('without a proof', () => {
	test('what the event says is taken', () => {
		const item = readEventItem('plivo', { CallUUID: 'c', StreamID: 's', Event: 'Hangup' }, {});
		expect(trustedEnd(item, account)).toBe(true);
		expect(trustedEnd({ ...item, callEnded: false }, account)).toBe(false);
	});
});

describe.each(NAMES)('Verify Signature (%s)', (name) => {
	const options = { verifySignature: true };
	const end: [string, string] = ['CallStatus', 'completed'];

	test('lets the event of the provider itself by, with what it says of the call', () => {
		const item = readEventItem(name, signedItem(name, formOf(name)), options);
		expect(trustedEnd(item, account)).toBe(false);
		const over = readEventItem(name, signedItem(name, formOf(name, end)), options);
		expect(trustedEnd(over, account)).toBe(true);
	});

	test('refuses what another key signed, and says what was compared', () => {
		const { displayName, signature } = providerOf(name);
		const item = readEventItem(name, signedItem(name, formOf(name), 'another key'), options);
		expect(why(item)).toBe(
			`untrusted: The signature does not match this event, checked as sent to ${SHOWN}. Nothing was sent. If ${displayName} calls another address, n8n does not know its own: set n8n's WEBHOOK_URL to the address that ${displayName} calls. If the address is right, check '${signature.keyField.label}' in the credential: ${signature.keyHint}. If both are right, someone else sent this event.`,
		);
	});

	test('refuses what nobody signed', () => {
		const { displayName, signature } = providerOf(name);
		const { headers: _gone, ...unsigned } = signedItem(name, formOf(name));
		const item = readEventItem(
			name,
			{
				...unsigned,
				headers: { host: 'n8n.example.com', 'content-type': 'application/x-www-form-urlencoded' },
			},
			options,
		);
		expect(why(item)).toBe(
			`untrusted: The event carries no signature of ${displayName}. Nothing was sent. ${signature.missingHint} Otherwise ${displayName} did not send this event, or its headers were removed on the way.`,
		);
	});

	test('refuses what is no item of a Webhook node', () => {
		const item = readEventItem(name, { body: Object.fromEntries(formOf(name)) }, options);
		expect(why(item)).toBe(
			"untrusted: 'Verify Signature' found no item of a Webhook node. Nothing was sent. It needs 'headers', 'params', 'query', 'body' and 'webhookUrl' as n8n's Webhook node gives them. Put this node right behind the Webhook node, or give that node's whole item in 'Signed Event'.",
		);
		const row = { [CALL[name]]: 'c', [STREAM[name]]: 's' };
		const other = readEventItem(name, row, { signedEvent: { body: row } });
		expect(why(other)).toContain("'Signed Event' found no item of a Webhook node");
	});

	test('refuses JSON in words, and says what to do', () => {
		const json = {
			...signedItem(name, formOf(name)),
			headers: { 'content-type': 'application/json' },
		};
		expect(why(readEventItem(name, json, options))).toMatch(
			/^untrusted: The body of the event is no form, and \w+ documents no signature for any other\. Nothing was sent\. Where \w+ sends JSON, lock this webhook/,
		);
	});

	test('looks at the signature before it says what else is wrong with the event', () => {
		const noStream: Form = [[CALL[name], 'c']];
		const item = readEventItem(name, signedItem(name, noStream, 'another key'), options);
		expect(why(item)).toContain('untrusted: The signature does not match this event');
		const own = readEventItem(name, signedItem(name, noStream), options);
		expect(why(own)).toContain('input: The incoming event holds a call and no stream');
		const { headers: _gone, ...unsigned } = signedItem(name, []);
		const nothing = readEventItem(
			name,
			{ ...unsigned, body: '{}', headers: { 'content-type': 'application/json' } },
			options,
		);
		expect(why(nothing)).toMatch(/^untrusted: /);
	});

	test('names the key that is missing, as a matter of the credential', () => {
		const { displayName, signature } = providerOf(name);
		const { label } = signature.keyField;
		const item = readEventItem(name, signedItem(name, formOf(name)), options);
		expect(why(item, { token: '', signingKey: '' })).toBe(
			`credentials: '${label}' is empty in the credential. Fill in '${label}': ${displayName} signs its events with it, and 'Verify Signature' checks them. Nothing was sent.`,
		);
	});

	test('takes the key of this provider, and no other of the credential', () => {
		const item = readEventItem(name, signedItem(name, formOf(name)), options);
		const other = name === 'signalWire' ? { token: 'other' } : { signingKey: 'other' };
		expect(trustedEnd(item, { ...account, ...other })).toBe(false);
	});
});

test('a query that n8n took apart is refused in words', () => {
	const json = { ...signedItem('plivo', formOf('plivo')), query: { a: { b: 'c' } } };
	const item = readEventItem('plivo', json, { verifySignature: true });
	expect(why(item)).toMatch(
		/^untrusted: The query of the event's address cannot be written again as Plivo signed it\. Nothing was sent\./,
	);
});

describe.each(NAMES)('Signed Event (%s)', (name) => {
	/** An item of a table, and the event that started the run. */
	const row = { [CALL[name]]: 'c', [STREAM[name]]: 's' };
	const withEvent = (signedEvent: unknown, json: IDataObject = row) =>
		readEventItem(name, json, { signedEvent: signedEvent as IDataObject });

	test('proves it for the call that it is about', () => {
		const event = signedItem(name, [[CALL[name], 'c']]);
		expect(trustedEnd(withEvent(event), account)).toBe(false);
		expect(trustedEnd(withEvent(JSON.stringify(event)), account)).toBe(false);
	});

	test('proves nothing for another call', () => {
		const event = signedItem(name, [[CALL[name], 'another']]);
		expect(why(withEvent(event))).toBe(
			"untrusted: The event in 'Signed Event' is about another call. Nothing was sent. A signed event is proof only for its own call: use the item that belongs to this one (.item, and not .first()).",
		);
	});

	test('ends the call only where it says so itself', () => {
		const over = signedItem(name, [
			[CALL[name], 'c'],
			['CallStatus', 'completed'],
		]);
		expect(trustedEnd(withEvent(over), account)).toBe(true);
		const live = signedItem(name, [[CALL[name], 'c']]);
		expect(trustedEnd(withEvent(live, { ...row, CallStatus: 'completed' }), account)).toBe(false);
	});

	test('that is no item of a Webhook node is refused as that', () => {
		for (const event of ['no JSON', '5', [], 5, {}, true]) {
			expect(why(withEvent(event))).toContain(
				"untrusted: 'Signed Event' found no item of a Webhook node. Nothing was sent.",
			);
		}
	});

	test('that is empty is refused', () => {
		for (const event of ['', ' \n', null, 'null', undefined]) {
			expect(why(withEvent(event))).toBe(
				"untrusted: 'Signed Event' is empty. Nothing was sent. Its expression gave nothing for this item: check the name of the Webhook node in it, or remove 'Signed Event' from 'Options'.",
			);
		}
	});

	test('is checked before anything is read from it', () => {
		const event = signedItem(name, [[CALL[name], 'another']], 'another key');
		expect(why(withEvent(event))).toContain('The signature does not match this event');
	});
});

describe('what a signed event is about', () => {
	const signalWire = providerOf('signalWire');
	const [bySid] = signalWire.ways;
	const conference = bySid.inConference ?? bySid;
	const about = (event: IDataObject, ids: object, way = bySid) =>
		readSignedEvent(event, signalWire, way, ids);

	test('stands in its body or query, nowhere else', () => {
		for (const place of ['body', 'query']) {
			const event = { [place]: { CallSid: ' c ', CallStatus: 'busy' } };
			expect(about(event, { callId: 'c' })).toEqual({ isAboutIt: true, callEnded: true });
		}
		for (const event of [
			{ CallSid: 'c' },
			{ params: { CallSid: 'c' } },
			{ body: { params: { call_id: 'c' } } },
			{ body: { CallSid: 'd' } },
			{ body: {} },
		]) {
			expect(about(event, { callId: 'c' })).toEqual({ isAboutIt: false, callEnded: false });
		}
	});

	test('is the conference where no call is known, of which no end word proves anything', () => {
		const event = { body: { ConferenceSid: 'k', CallStatus: 'completed' } };
		expect(about(event, { conferenceSid: 'k' }, conference)).toEqual({
			isAboutIt: true,
			callEnded: false,
		});
		expect(about(event, { conferenceSid: 'other' }, conference).isAboutIt).toBe(false);
	});

	test('is what both name, where call and conference are known', () => {
		const ids = { callId: 'c', conferenceSid: 'k' };
		const end = { CallStatus: 'completed' };
		const aboutBoth = (body: IDataObject) => about({ body: { ...body, ...end } }, ids, conference);
		const yes = { isAboutIt: true, callEnded: true };
		const no = { isAboutIt: false, callEnded: false };
		expect(aboutBoth({ CallSid: 'c' })).toEqual(yes);
		expect(aboutBoth({ CallSid: 'c', ConferenceSid: ' k ' })).toEqual(yes);
		// Of an event that names no call, no word ends this one.
		expect(aboutBoth({ ConferenceSid: 'k' })).toEqual({ isAboutIt: true, callEnded: false });
		expect(aboutBoth({ CallSid: 'c', ConferenceSid: 'other' })).toEqual(no);
		expect(aboutBoth({ CallSid: 'other', ConferenceSid: 'k' })).toEqual(no);
		expect(aboutBoth({ CallSid: 'other' })).toEqual(no);
		expect(aboutBoth({ ConferenceSid: 'other' })).toEqual(no);
		expect(aboutBoth({})).toEqual(no);
	});

	test("of the conference's stream is any call of it, where none is known", () => {
		const event = { body: { CallSid: 'c', ConferenceSid: 'k', CallStatus: 'completed' } };
		expect(about(event, { conferenceSid: 'k' }, conference)).toEqual({
			isAboutIt: true,
			callEnded: false,
		});
	});

	test('is its call, where nobody asked about the conference that it names too', () => {
		const event = { body: { CallSid: 'c', ConferenceSid: 'k' } };
		expect(about(event, { callId: 'c' }).isAboutIt).toBe(true);
	});

	test('of another conference is told as such', () => {
		const event = signedItem('signalWire', [['ConferenceSid', 'other']]);
		const json = { ConferenceSid: 'k', StreamSid: 's' };
		const item = readEventItem('signalWire', json, { signedEvent: event });
		expect(why(item)).toBe(
			"untrusted: The event in 'Signed Event' is about another conference. Nothing was sent. A signed event is proof only for its own conference: use the item that belongs to this one (.item, and not .first()).",
		);
	});

	test('is no one where nothing is known', () => {
		expect(about({ body: {} }, {}).isAboutIt).toBe(false);
		expect(about({ body: {} }, {}, conference).isAboutIt).toBe(false);
	});
});
