import type { IDataObject } from 'n8n-workflow';
import { FORGED, UNSIGNED, unsigned, WRONG_KEY, type Forgery } from '../../lib/forgeries.cts';
import type { Case } from '../case.cts';
import { textOf } from '../judge.cts';
import { row, rows, type Row } from '../scenario.cts';
import { callback, HIDDEN_PATH, itemOf, signed, signedBy, URL_OF } from '../signedEvents.cts';

/** Who sent the event: with Verify Signature, only an event that the provider signed is obeyed. */

const verifying = { needs: ['signedEvents'], options: { verifySignature: true } } as const;
const byEvent = (c: Case) => ({ source: 'event', ...c.document() });

const forged = (c: Case, { forge }: Forgery): IDataObject =>
	itemOf(
		forge(({ key, address, ofAnotherCall = false } = {}) =>
			callback(c, ofAnotherCall ? c.add() : c.target, { key }, address),
		),
	);

const untrusted = {
	failure: 'untrusted',
	attempts: undefined,
	statusCode: undefined,
	request: undefined,
	runs: true,
} as const;

type Forge = (c: Case) => IDataObject;

/** The forgeries that a signature shows, with the fields or without; the nonce is a matter of the schemes. */
const forgeries = (shows?: 'fields'): Record<string, Forge> =>
	Object.fromEntries(
		Object.entries({ ...UNSIGNED, ...FORGED })
			.filter(([, forgery]) => forgery.shows === shows)
			.map(([name, forgery]) => [name, (c: Case) => forged(c, forgery)]),
	);

/** What no provider sends, but a node in between may hand on. */
const NO_EVENT: Record<string, Forge> = {
	'no headers at all': (c) => ({ ...signed(c), headers: {} }),
	'only the body, as a node in between hands on': (c) => ({ body: signed(c).body }),
};

const EMPTY = "'Signed Event' is empty$";
const NO_ITEM = "'Signed Event' needs the item of a Webhook node, and was given something else$";

export const trust: readonly Row[] = [
	rows<'POST' | 'GET'>({
		...verifying,
		name: 'an event with the provider’s signature is obeyed',
		variants: () => ({ POST: 'POST', GET: 'GET' }),
		parameters: byEvent,
		arrange(c, method) {
			c.items = [signed(c, c.target, { method })];
		},
		expected: (c) => ({ ...c.says('stop'), runs: false }),
	}),
	rows<Forge>({
		...verifying,
		name: 'an event whose signature is not the provider’s is untrusted, and nothing is sent',
		variants: ({ cannot }, profile) => ({
			...forgeries(),
			...NO_EVENT,
			...(!{ ...profile.cannot, ...cannot }.bodySigned && forgeries('fields')),
		}),
		parameters: byEvent,
		arrange(c, forge) {
			c.items = [forge(c)];
		},
		expected: () => untrusted,
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	rows<Forge>({
		...verifying,
		name: 'NOT PROTECTED, the body is not signed: this passes, and its stream stops',
		lacks: 'bodySigned',
		needs: ['signedEvents'],
		variants: () => forgeries('fields'),
		parameters: byEvent,
		arrange(c, forge) {
			c.items = [forge(c)];
		},
		expected: (c) => ({ ...c.says('stop'), runs: false }),
	}),
	row({
		...verifying,
		name: 'ids that stand beside the body and the query of a signed event are not believed',
		parameters: byEvent,
		arrange(c) {
			const item = signed(c, c.target, { change: () => ({ note: 'no ids at all' }) });
			c.items = [{ ...c.event(c.column.event), ...item }];
		},
		expected: (c) => ({
			failure: 'input',
			error: `The signed event holds no ${c.profile.displayName} ${c.noun} ID`,
			attempts: undefined,
			runs: true,
		}),
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	row({
		...verifying,
		name: 'what is wrong with an event is told only if the provider signed it',
		parameters: byEvent,
		arrange(c) {
			c.items = [
				signed(c, c.target, { change: () => ({ note: 'no ids at all' }), key: WRONG_KEY }),
			];
		},
		expected: () => untrusted,
	}),
	row({
		...verifying,
		name: 'a path of four characters or fewer is not shown at all',
		parameters: byEvent,
		arrange(c) {
			c.items = [
				{
					...signed(c, c.target, { key: WRONG_KEY }),
					webhookUrl: 'https://hooks.example.com/4f2a',
				},
			];
		},
		expected: () => ({
			...untrusted,
			error: expect.stringMatching(/ https:\/\/hooks\.example\.com\/…( with its query)?$/),
		}),
	}),
	row({
		...verifying,
		name: 'a user and a password in the URL of the webhook are no part of what was signed',
		parameters: byEvent,
		arrange(c) {
			const item = signed(c);
			const webhookUrl = textOf(item.webhookUrl).replace('://', '://user:example-hidden@');
			c.secrets.push('example-hidden');
			c.items = [{ ...item, webhookUrl }];
		},
		expected: (c) => ({ ...c.says('stop'), runs: false }),
	}),
	row({
		...verifying,
		name: 'Verify Signature by an expression that yields nothing is refused, and never off',
		options: { verifySignature: '={{ $json.nothing }}' },
		parameters: byEvent,
		arrange(c) {
			c.items = [signed(c)];
		},
		expected: () => ({
			failure: 'input',
			error: expect.stringMatching(/^'Verify Signature' has no option/),
			attempts: undefined,
			runs: true,
		}),
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	row({
		...verifying,
		name: 'what is untrusted is not previewed either',
		options: { verifySignature: true, preview: true },
		parameters: byEvent,
		arrange(c) {
			c.items = [signed(c, c.target, { key: WRONG_KEY })];
		},
		expected: () => untrusted,
	}),
	row({
		...verifying,
		name: 'an untrusted item does not hold up the others',
		parameters: byEvent,
		arrange(c) {
			c.targets = [c.target, c.add(), c.add()];
			c.items = c.targets.map((target, i) => signed(c, target, i === 1 ? { key: WRONG_KEY } : {}));
		},
		expected: (c) => [
			{ ...c.says('stop'), runs: false },
			untrusted,
			{ ...c.says('stop'), runs: false },
		],
	}),
	row({
		...verifying,
		name: 'the sentence shows of the address scheme, host, port and its last four characters',
		parameters: byEvent,
		arrange(c) {
			c.items = [signed(c, c.target, { key: WRONG_KEY })];
		},
		expected: (c) => ({
			...untrusted,
			error: expect.stringMatching(/ https:\/\/hooks\.example\.com:8443\/…4f2a( with its query)?$/),
			message: expect.stringContaining(`'${signedBy(c).keyLabel}'`),
		}),
		check(c, { run }) {
			const [{ error, message } = {}] = run.items;
			expect(message).toContain('WEBHOOK_URL');
			// Only a query that is signed can be the cause.
			const isSigned = c.profile.cannot.bodySigned === undefined;
			expect(textOf(error).endsWith(' with its query')).toBe(isSigned);
			expect(textOf(message).includes('take the query out')).toBe(isSigned);
			expect(message).not.toMatch(/someone else/);
		},
	}),
	row({
		...verifying,
		name: 'a secret in the address that was compared is masked in the sentence',
		parameters: byEvent,
		arrange(c) {
			const token = encodeURIComponent(c.credentials[c.profile.token] ?? '');
			c.secrets.push(token);
			c.items = [{ ...signed(c), webhookUrl: `https://${token}.example.com/webhook/x` }];
		},
		expected: () => ({ ...untrusted, error: expect.stringContaining('***') }),
	}),
	row({
		name: 'an event in JSON is untrusted, and nothing is sent',
		lacks: 'signedEvents',
		options: { verifySignature: true },
		parameters: byEvent,
		arrange(c) {
			c.items = [
				{
					headers: { 'content-type': 'application/json', 'x-signalwire-signature': 'x' },
					params: {},
					query: {},
					body: { ...c.event(c.column.event), control_id: c.stream.controlId, call_id: c.call.id },
					webhookUrl: URL_OF,
				},
			];
			c.secrets.push(HIDDEN_PATH);
		},
		expected: () => untrusted,
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	row({
		...verifying,
		name: 'an event whose body is no form is untrusted: n8n hands it over parsed, not as it was signed',
		parameters: byEvent,
		arrange(c) {
			const item = signed(c);
			c.items = [{ ...item, headers: { ...item.headers, 'content-type': 'application/json' } }];
		},
		expected: (c) => ({
			...untrusted,
			// Only of SignalWire does the node know how such a body is signed.
			error: `The event's body is not a form, and n8n passes it on parsed, not as the text that ${c.profile.displayName} ${c.profile.provider === 'signalWire' ? 'signed' : 'sent'}`,
			message: expect.not.stringContaining('document'),
		}),
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	row({
		name: 'a Signed Event whose body is no form is untrusted for the same reason',
		needs: ['signedEvents', 'onCall'],
		options: { signedEvent: '={{ $json.proof }}' },
		parameters: byEvent,
		arrange(c) {
			const proof = signed(c);
			c.items = [
				{
					...c.event(c.column.event),
					proof: { ...proof, headers: { ...proof.headers, 'content-type': 'application/json' } },
				},
			];
		},
		expected: () => ({
			...untrusted,
			error: expect.stringMatching(/^The event's body is not a form, and n8n passes it on parsed/),
		}),
	}),
	row({
		name: 'without Verify Signature, and without Signed Event, any event is obeyed',
		needs: ['signedEvents'],
		parameters: byEvent,
		arrange(c) {
			c.items = [itemOf(unsigned(callback(c)))];
		},
		expected: (c) => ({ ...c.says('stop'), runs: false }),
	}),
	row({
		...verifying,
		name: 'an end that was not signed counts for nothing: the words stand in body or query, or they do not count',
		needs: ['signedEvents', 'onCall'],
		parameters: byEvent,
		arrange(c) {
			const item = signed(c);
			c.items = [{ ...item, CallStatus: 'completed', CallUUID: c.call.id, CallSid: c.call.id }];
			c.end();
			c.answer(c.column.answers.notFound);
		},
		expected: () => ({ status: 'alreadyStopped', statusCode: 404 }),
		// An event about the call alone, as all streams have it, is a hang-up itself.
		check: (c) => expect(c.reads()).toHaveLength(c.all ? 0 : 1),
	}),
	rows<(c: Case) => IDataObject | string>({
		name: 'Signed Event proves what started the workflow, for the call of the item',
		needs: ['signedEvents', 'onCall'],
		variants: () => ({
			'an event of its stream': (c) => signed(c),
			'an event of its call': (c) => signed(c, c.target, { kind: signedBy(c).kinds.call }),
			'an event as JSON text': (c) => JSON.stringify(signed(c)),
		}),
		options: { signedEvent: '={{ $json.proof }}' },
		parameters: byEvent,
		arrange(c, proofOf) {
			c.items = [{ ...c.event(c.column.event), proof: proofOf(c) }];
		},
		expected: (c) => ({ ...c.says('stop'), runs: false }),
	}),
	rows<[error: string, proofOf: (c: Case) => unknown]>({
		name: 'a Signed Event that proves nothing for this call is untrusted, and never off',
		needs: ['signedEvents', 'onCall'],
		variants: () => ({
			'nothing, by an expression': [EMPTY, () => undefined],
			null: [EMPTY, () => null],
			'empty text': [EMPTY, () => ''],
			'blank text': [EMPTY, () => ' \n'],
			'other text': [NO_ITEM, () => 'yes'],
			'an empty item': [NO_ITEM, () => ({})],
			'the event of another call': [
				"The event in 'Signed Event' does not name this call",
				(c) => signed(c, c.add()),
			],
			'a wrong key': [
				'The signature does not match this event',
				(c) => signed(c, c.target, { key: WRONG_KEY }),
			],
			'no signature': ['The event carries no ', (c) => itemOf(unsigned(callback(c)))],
		}),
		options: { signedEvent: '={{ $json.proof }}' },
		parameters: byEvent,
		arrange(c, [, proofOf]) {
			c.items = [{ ...c.event(c.column.event), proof: proofOf(c) as IDataObject }];
		},
		expected: (_c, [error]) => ({ ...untrusted, error: expect.stringMatching(`^${error}`) }),
		check: (c) => expect(c.standIn.requests).toEqual([]),
	}),
	row({
		name: 'a Signed Event says that the call is over, and no other part of the item does',
		needs: ['signedEvents', 'onCall', 'oneStream'],
		options: { signedEvent: '={{ $json.proof }}' },
		parameters: (c) => ({ ...byEvent(c), stream: '={{ $json.stream }}' }),
		arrange(c) {
			const { kinds } = signedBy(c);
			const second = c.add();
			c.targets = [c.target, second];
			c.items = [
				// The item's own words say so, and the signed event does not.
				{
					body: c.event(kinds.call, c.call),
					stream: c.fields(c.target).stream,
					proof: signed(c),
				},
				{
					body: c.event(c.column.event, second.stream),
					stream: c.fields(second).stream,
					proof: signed(c, second, { kind: kinds.call }),
				},
			];
			for (const target of c.targets) c.end(target);
			c.answer(c.column.answers.notFound);
		},
		expected: () => [
			{ status: 'alreadyStopped' },
			{ status: 'alreadyStopped', callState: 'ended' },
		],
		check: (c) => expect(c.reads()).toEqual(c.looks(c.target).slice(0, 1)),
	}),
];
