// Whose event is obeyed, and what an event that was verified proves.

import type { IDataObject } from 'n8n-workflow';

import { readSignedEvent } from '../../nodes/StopAudioStream/input/events';
import type { ItemRequest } from '../../nodes/StopAudioStream/input/readItem';
import { trustedEnd } from '../../nodes/StopAudioStream/input/trust';
import type { Account } from '../../nodes/StopAudioStream/providers/provider';
import { SIGNERS, webhookItem } from '../lib/callbacks.cts';
import { providerOf } from '../lib/fakeSender.cts';
import { readWith, refused } from '../lib/readEvent.cts';

const WEBHOOK = 'https://n8n.example.com/webhook/7c9f';
const KEY = 'key-of-the-account';
const account: Account = {
	origin: 'https://api.example',
	id: 'MAEXAMPLE',
	token: KEY,
	signingKey: KEY,
};
const verifying = { verifySignature: true };

/** The item of a Webhook node for a form that the provider signed. */
function signedItem(provider: string, form: Record<string, string>, key = KEY): IDataObject {
	const callback = { address: WEBHOOK, form: new URLSearchParams(form).toString() };
	const headers = SIGNERS[provider]?.(callback, key, '12345') ?? {};
	return webhookItem({ ...callback, headers }, WEBHOOK) as IDataObject;
}

const readEvent = (provider: string, json: IDataObject, options: IDataObject) =>
	readWith({ provider, source: 'event', stream: '', options }, json);

/** Why an item is refused: the cause, and what happened. */
const why = (item: ItemRequest, of: Partial<Account> = {}) => {
	const { cause, what } = refused(() => trustedEnd(item, { ...account, ...of })).failure;
	return `${cause}: ${what}`;
};

test('what an event says is taken where no proof is asked for', () => {
	const event = { CallUUID: 'c', StreamID: 's', Event: 'Hangup' };
	expect(trustedEnd(readEvent('plivo', event, {}), account)).toBe(true);
	expect(trustedEnd(readEvent('plivo', { ...event, Event: '' }, {}), account)).toBe(false);
});

describe.each([
	['plivo', 'CallUUID', 'StreamID'],
	['vobiz', 'CallUUID', 'StreamID'],
	['signalWire', 'CallSid', 'StreamSid'],
])('the proof of an event of %s', (name, call, stream) => {
	const ids = { [call]: 'c', [stream]: 's' };
	const over = { ...ids, CallStatus: 'completed' };

	test('an event that is signed with the key of its own provider says whether the call is over', () => {
		const other = name === 'signalWire' ? { token: 'other' } : { signingKey: 'other' };
		const endOf = (form: Record<string, string>) =>
			trustedEnd(readEvent(name, signedItem(name, form), verifying), { ...account, ...other });
		expect([endOf(ids), endOf(over)]).toEqual([false, true]);
	});

	test('a key that is missing is a matter of the credential', () => {
		const { label } = providerOf(name).signature.keyField;
		const item = readEvent(name, signedItem(name, ids), verifying);
		expect(why(item, { token: '', signingKey: '' })).toBe(
			`credentials: '${label}' is empty in the credential`,
		);
	});

	test('what is wrong with an event is said only once it is known to be signed', () => {
		const said = (key?: string) =>
			why(readEvent(name, signedItem(name, { [call]: 'c' }, key), verifying));
		expect(said('another key')).toMatch(/^untrusted: The signature does not match/);
		expect(said()).toMatch(/^input: The incoming event holds a call and no stream/);
	});

	test('a Signed Event is checked before anything is read from it, and may be its JSON text', () => {
		const withEvent = (signedEvent: IDataObject | string) => readEvent(name, ids, { signedEvent });
		const own = signedItem(name, { [call]: 'c' });
		expect(trustedEnd(withEvent(own), account)).toBe(false);
		expect(trustedEnd(withEvent(JSON.stringify(own)), account)).toBe(false);
		const other = (key?: string) => withEvent(signedItem(name, { [call]: 'another' }, key));
		expect(why(other())).toBe("untrusted: The event in 'Signed Event' is about another call");
		expect(why(other('another key'))).toMatch(/^untrusted: The signature does not match/);
	});
});

test('a Signed Event about another conference is told as such', () => {
	const signedEvent = signedItem('signalWire', { ConferenceSid: 'other' });
	const item = readEvent('signalWire', { ConferenceSid: 'k', StreamSid: 's' }, { signedEvent });
	expect(why(item)).toBe("untrusted: The event in 'Signed Event' is about another conference");
});

describe('what a signed event is about', () => {
	const signalWire = providerOf('signalWire');
	const [bySid] = signalWire.ways;
	const conference = bySid.inConference ?? bySid;
	/** What the event is about, and whether it says that the call is over. */
	const about = (event: IDataObject, ids: object, way = bySid): string => {
		const { isAboutIt, callEnded } = readSignedEvent(event, signalWire, way, ids);
		return isAboutIt ? (callEnded ? 'over' : 'this') : 'other';
	};

	test('the ids and words of a signed event count in its body or query, nowhere else', () => {
		for (const place of ['body', 'query']) {
			const event = { [place]: { CallSid: ' c ', CallStatus: 'busy' } };
			expect(about(event, { callId: 'c' })).toBe('over');
		}
		for (const event of [
			{ CallSid: 'c' },
			{ params: { CallSid: 'c' } },
			{ body: { params: { call_id: 'c' } } },
			{ body: { CallSid: 'd' } },
			{ body: {} },
		]) {
			expect(about(event, { callId: 'c' })).toBe('other');
		}
	});

	test('an event about the end of a call is weighed by the call and the conference that are known', () => {
		const rows: Array<[string, object, IDataObject]> = [
			// Of an event that names no call, or of a call that nobody asked about, no word ends this one.
			['this', { conferenceSid: 'k' }, { ConferenceSid: 'k' }],
			['this', { conferenceSid: 'k' }, { ConferenceSid: 'k', CallSid: 'c' }],
			['this', { callId: 'c', conferenceSid: 'k' }, { ConferenceSid: 'k' }],
			['over', { callId: 'c', conferenceSid: 'k' }, { CallSid: 'c' }],
			['over', { callId: 'c', conferenceSid: 'k' }, { CallSid: 'c', ConferenceSid: ' k ' }],
			['other', { conferenceSid: 'k' }, { ConferenceSid: 'other' }],
			['other', { callId: 'c', conferenceSid: 'k' }, { CallSid: 'c', ConferenceSid: 'other' }],
			['other', { callId: 'c', conferenceSid: 'k' }, { CallSid: 'other', ConferenceSid: 'k' }],
			['other', { callId: 'c', conferenceSid: 'k' }, { CallSid: 'other' }],
			['other', { callId: 'c', conferenceSid: 'k' }, { ConferenceSid: 'other' }],
			['other', { callId: 'c', conferenceSid: 'k' }, {}],
			['other', {}, {}],
		];
		for (const [expected, ids, named] of rows) {
			const event = { body: { ...named, CallStatus: 'completed' } };
			expect([ids, named, about(event, ids, conference)]).toEqual([ids, named, expected]);
		}
	});

	test('an event is about its call where nobody asked about the conference that it names too', () => {
		expect(about({ body: { CallSid: 'c', ConferenceSid: 'k' } }, { callId: 'c' })).toBe('this');
	});
});
