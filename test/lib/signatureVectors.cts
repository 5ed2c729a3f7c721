// Signatures that the vendors publish with their own SDKs: whoever checks theirs must take these.

import type { ProviderName } from './stand-ins/index.cts';

/** A callback with a signature by value. */
export interface Vector {
	provider: ProviderName;
	source: string;
	key: string;
	address: string;
	/** The body as it was sent, and whether it is a form; a callback without is a GET. */
	form?: string;
	json?: string;
	headers: Record<string, string>;
}

const PLIVO_FIELDS = new URLSearchParams({
	Direction: 'outbound',
	From: '19792014278',
	ALegUUID: '3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36',
	CallStatus: 'in-progress',
	BillRate: '0.002',
	ParentAuthID: 'MANWVLYTK4ZWU1YTY4QA',
	To: 'sip:PlivoSignature382029104058171078704104@phone-qa.voice.plivodev.com',
	ALegRequestUUID: '3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36',
	CallUUID: '3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36',
	RequestUUID: '3e82ae9d-2c78-4d85-b1a4-6eae7dbafb36',
	'SIP-H-To': '<sip:PlivoSignature382029104058171078704104@52.9.11.55;transport=udp>;tag=1',
	SessionStart: '2020-04-08 11:34:33.238707',
	Event: 'StartApp',
}).toString();

/** One of the four of plivo-go 273a836, utils_test.go, which plivo-ruby 52737a8 has too: spec/signature_spec.rb. */
const plivo = (name: string, address: string, signature: string, form?: string): Vector => ({
	provider: 'plivo',
	source: `plivo-go, TestValidateSignatureV3${name}`,
	key: 'Y2Q2ZDgxZmY5YWRiOTI5YmQ1Njg0MTAxZWIyOTc4',
	address: `https://plivobin.non-prod.plivops.com/api/v1/validate_signature03.xml${address}`,
	...(form !== undefined && { form }),
	headers: {
		'X-Plivo-Signature-V3': signature,
		'X-Plivo-Signature-V3-Nonce': '31627761595286130198',
	},
});

export const VECTORS: readonly Vector[] = [
	plivo('Pass1', '/?a=b&c=d', 'k7Pusd4OxCIjR5IfA9iedDNu/h/gbdYqdzG/MiYtd1c=', PLIVO_FIELDS),
	plivo('Pass2', `/?a=b&c=d&${PLIVO_FIELDS}`, 'UBq8jAtd32wR8EK9VgxbBn4n5rpI/l1H9iN4WfSEHFQ='),
	plivo('Pass3', '', 'iAjE5QqI37mbkYe4w3jTMudqEzbDufdqi7sYwTu64e0=', PLIVO_FIELDS),
	plivo('Pass4', `?${PLIVO_FIELDS}`, 'i/MQsaQSAd6fiKhOh2qeeeLHZ9faldADSb3/7+Akfbc='),
	// signalwire-python 8253718, tests/unit/security/test_webhook_validator.py.
	{
		provider: 'signalWire',
		source: 'signalwire-python, vector A',
		key: 'PSKtest1234567890abcdef',
		address: 'https://example.ngrok.io/webhook',
		json: '{"event":"call.state","params":{"call_id":"abc-123","state":"answered"}}',
		headers: { 'X-SignalWire-Signature': 'c3c08c1fefaf9ee198a100d5906765a6f394bf0f' },
	},
	{
		provider: 'signalWire',
		source: 'signalwire-python, vector B',
		key: '12345',
		address: 'https://mycompany.com/myapp.php?foo=1&bar=2',
		form: 'CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212',
		headers: { 'X-SignalWire-Signature': 'RSOYDt4T1cUTdK1PDd93/VVr8B8=' },
	},
];
