// What an item asks for: its fields and options, what is refused, and what is known of an item that is refused.

import type { IDataObject } from 'n8n-workflow';

import { fieldReader } from '../../nodes/StopAudioStream/input/values';
import {
	choice,
	idText,
	oneOf,
	type OptionValues,
	streamText,
	wholeNumber,
	yesOrNo,
} from '../../nodes/StopAudioStream/input/values';
import { OPTIONS } from '../../nodes/StopAudioStream/words/fields';
import { readWith, refused, type Fields } from '../lib/readEvent.cts';

const IDS = { callId: 'c', stream: 's' };
const plivo = (fields: Fields = {}, json: IDataObject = {}) =>
	readWith({ provider: 'plivo', ...IDS, ...fields }, json);
const signalWire = (fields: Fields = {}, json: IDataObject = {}) =>
	readWith({ provider: 'signalWire', ...IDS, ...fields }, json);
const cxmlUrl = 'https://a.example/stop';

/** The two sentences of a refusal, in one. */
const why = (act: () => unknown) => {
	const { what, todo, cause } = refused(act).failure;
	expect(cause).toBe('input');
	return `${what}. ${todo}`;
};
const hidden = Object.create(null) as object;

describe('an item with nothing but its ids', () => {
	test('stops one stream, with every option as it is shown', () => {
		const { provider, way, ids, options, idsFromFields, callEnded, proof } = plivo();
		expect([provider.name, way.operation, ids]).toEqual(['plivo', 'stopStream', IDS]);
		expect(options).toEqual({
			confirm: false,
			includeResponse: false,
			preview: false,
			whenNothingToStop: 'succeed',
			maxConcurrency: 100,
			maxRetries: 3,
			timeout: 10_000,
		});
		expect([idsFromFields, callEnded, proof]).toEqual([true, false, undefined]);
	});

	test('at SignalWire names the stream by its SID', () => {
		expect(signalWire().way.choice?.streamBy).toBe('sid');
		expect(signalWire().ids.document).toBeUndefined();
	});
});

describe('the provider', () => {
	test.each(['plivo', ' PLIVO ', 'Plivo\n'])('may be written as %j', (provider) => {
		expect(plivo({ provider }).provider.name).toBe('plivo');
	});

	test.each([
		['twilio', 'twilio'],
		['', ''],
		[undefined, ''],
		[null, ''],
		[5, '5'],
		['plivo2', 'plivo2'],
		['x'.repeat(200), 'x'.repeat(100)],
	])('is refused where there is none of that name: %j', (provider, shown) => {
		expect(why(() => readWith({ provider, ...IDS }))).toBe(
			`'Provider' has no option “${shown}”. Use one of: plivo, signalWire, vobiz.`,
		);
	});
});

describe('the operation', () => {
	test('names all streams of a call, where the provider has a way', () => {
		const { way, ids } = plivo({ operation: 'stopAllStreams' });
		expect(way.operation).toBe('stopAllStreams');
		expect(ids).toEqual({ callId: 'c' });
		expect(why(() => signalWire({ operation: 'stopAllStreams' }))).toBe(
			"SignalWire has no way to stop all streams of a call. Set 'Operation' to 'Stop Stream' and name the stream.",
		);
	});

	test('is refused where there is none of that name', () => {
		expect(why(() => plivo({ operation: 'pause' }))).toBe(
			"'Operation' has no option “pause”. Use one of: stopStream, stopAllStreams.",
		);
		expect(why(() => plivo({ source: 'somewhere' }))).toBe(
			"'Call and Stream From' has no option “somewhere”. Use one of: fields, event.",
		);
		expect(why(() => signalWire({ streamBy: 'color' }))).toBe(
			"'Identify Stream By' has no option “color”. Use one of: sid, name, controlId, conferenceSid.",
		);
	});

	test('asks nobody to identify a stream where there is one way', () => {
		expect(plivo({ streamBy: 'color' }).way.choice).toBeUndefined();
	});
});

describe('ids', () => {
	test('lose the blanks around them', () => {
		expect(plivo({ callId: ' c\n', stream: '\ts ' }).ids).toEqual(IDS);
	});

	test.each([
		[
			{ callId: '' },
			"'Call UUID' is empty. Fill in 'Call UUID', or check the expression that fills it.",
		],
		[{ callId: '  ' }, "'Call UUID' is empty"],
		[{ callId: undefined }, "'Call UUID' is empty"],
		[{ callId: null }, "'Call UUID' is empty"],
		[{ stream: '' }, "'Stream ID' is empty"],
		[{ callId: 5 }, "'Call UUID' is not text. Give 'Call UUID' one value as text."],
		[{ stream: ['s'] }, "'Stream ID' is not text"],
		[{ stream: 42 }, "'Stream ID' is not text"],
		[{ callId: '..' }, "'Call UUID' holds only dots"],
		[{ stream: '\ud83d' }, "'Stream ID' contains a broken character"],
	])('that cannot be one are refused: %j', (fields, sentence) => {
		expect(why(() => plivo(fields))).toContain(sentence);
	});

	test('of a control ID, which is in no URL, are checked too', () => {
		const streamBy = 'controlId';
		expect(signalWire({ streamBy }).ids).toEqual(IDS);
		expect(why(() => signalWire({ streamBy, callId: '..' }))).toContain(
			"'Call SID' holds only dots",
		);
		expect(why(() => signalWire({ streamBy, stream: '' }))).toContain("'Control ID' is empty");
	});

	test("of a conference's stream are those of the conference", () => {
		const fields = { streamBy: 'conferenceSid', conferenceSid: ' k ' };
		const { ids, way } = signalWire(fields);
		expect(ids).toEqual({ conferenceSid: 'k', stream: 's' });
		expect(way.on.noun).toBe('conference');
		expect(why(() => signalWire({ ...fields, conferenceSid: '' }))).toContain(
			"'Conference SID' is empty",
		);
	});
});

describe('what was read of an item that is refused', () => {
	const knownOf = (fields: Fields, json: IDataObject = {}) => {
		const known: IDataObject = {};
		refused(() => readWith({ provider: 'plivo', ...IDS, ...fields }, json, { known }));
		return known;
	};
	const plivoStop = { provider: 'plivo', operation: 'stopStream' };

	test('is kept: the call, where the stream is no text', () => {
		expect(knownOf({ stream: 42 })).toStrictEqual({ ...plivoStop, callId: 'c' });
	});

	test('is kept: the call of an event that holds no stream', () => {
		const event = { body: { CallUUID: 'c', Event: 'Hangup' } };
		expect(knownOf({ source: 'event', stream: '' }, event)).toEqual({ ...plivoStop, callId: 'c' });
	});

	test('is kept: call and conference of an event that holds no stream', () => {
		const event = { CallSid: 'c', ConferenceSid: 'k' };
		const fields = { provider: 'signalWire', source: 'event', stream: '' };
		expect(knownOf(fields, event)).toEqual({
			provider: 'signalWire',
			operation: 'stopStream',
			streamBy: 'sid',
			callId: 'c',
			conferenceSid: 'k',
		});
	});

	test('is kept: both ids, where an option is not right', () => {
		expect(knownOf({ options: { timeout: 0 } })).toEqual({ ...plivoStop, ...IDS });
	});

	test('is kept: both ids, where the provider has no way to do it', () => {
		const fields = { provider: 'signalWire', operation: 'stopAllStreams' };
		expect(knownOf(fields)).toEqual({ ...fields, ...IDS });
	});

	test('is kept: both ids, where an AI agent may not do it', () => {
		const known: IDataObject = {};
		const fields = { provider: 'signalWire', streamBy: 'name', ...IDS };
		refused(() => readWith(fields, {}, { known, isTool: true }));
		expect(known).toEqual({ operation: 'stopStream', ...fields });
	});

	test('is kept as far as it goes', () => {
		expect(knownOf({ provider: 'twilio' })).toEqual({});
		expect(knownOf({ operation: 'pause' })).toEqual({ provider: 'plivo' });
		expect(knownOf({ callId: 5 })).toStrictEqual(plivoStop);
		// An id that is empty is shown as it is: it was the value of the field.
		expect(knownOf({ callId: ' ' })).toEqual({ ...plivoStop, callId: '', stream: 's' });
	});

	test('is the same for an item that is not refused', () => {
		const known: IDataObject = {};
		const fields = { provider: 'signalWire', ...IDS, streamBy: 'controlId' };
		readWith(fields, {}, { known });
		expect(known).toEqual({
			provider: 'signalWire',
			operation: 'stopStream',
			streamBy: 'controlId',
			...IDS,
		});
	});
});

describe('by name', () => {
	const byName = (fields: Fields = {}) => signalWire({ streamBy: 'name', cxmlUrl, ...fields });

	test('the document is what the fields say', () => {
		expect(byName().ids).toEqual({
			callId: 'c',
			stream: 's',
			document: { url: cxmlUrl, method: 'POST', nameParameter: 'STREAMNAME' },
		});
		const options = {
			cxmlFallbackUrl: ' HTTP://b.example/x ',
			cxmlMethod: 'get',
			nameParameter: ' name ',
		};
		expect(byName({ options }).ids.document).toEqual({
			url: cxmlUrl,
			fallbackUrl: 'HTTP://b.example/x',
			method: 'GET',
			nameParameter: 'name',
		});
	});

	test('a name keeps its blanks, and may be left out', () => {
		expect(byName({ stream: ' my name ' }).ids.stream).toBe(' my name ');
		expect(byName({ stream: '' }).ids.stream).toBeUndefined();
		expect(byName({ stream: undefined }).ids.stream).toBeUndefined();
		expect(byName({ stream: '..' }).ids.stream).toBe('..');
		expect(why(() => byName({ stream: 5 }))).toContain("'Stream Name' is not text");
	});

	test.each<[Fields, string]>([
		[{ cxmlUrl: '' }, "'cXML URL' is empty"],
		[{ cxmlUrl: undefined }, "'cXML URL' is empty"],
		[{ cxmlUrl: 5 }, "'cXML URL' is not text"],
		[
			{ cxmlUrl: 'ftp://a.example' },
			"'cXML URL' is not an address that starts with http:// or https://. Put the full address of the document into 'cXML URL'.",
		],
		[{ cxmlUrl: 'a.example/x' }, "'cXML URL' is not an address that starts"],
		[{ cxmlUrl: 'https:a.example' }, "'cXML URL' is not an address that starts"],
		[{ cxmlUrl: 'ftp://a.example/http://b' }, "'cXML URL' is not an address that starts"],
		[{ cxmlUrl: 'https://' }, "'cXML URL' is not an address that starts"],
		[
			{ cxmlUrl: 'https://user@a.example' },
			"'cXML URL' holds a user name or a password. Take the part before the @ out of 'cXML URL'.",
		],
		[{ cxmlUrl: 'https://:pass@a.example' }, "'cXML URL' holds a user name or a password"],
		[{ options: { cxmlFallbackUrl: 'b.example' } }, "'cXML Fallback URL' is not an address"],
		[
			{ options: { cxmlMethod: 'PUT' } },
			"'cXML Method' has no option “PUT”. Use one of: GET, POST.",
		],
		[{ options: { nameParameter: ' ' } }, "'Stream Name Parameter' is empty"],
	])('refuses %j', (fields, sentence) => {
		expect(why(() => byName(fields))).toContain(sentence);
	});

	test('is nothing that an AI agent may choose, whatever a parameter says', () => {
		const fields = { provider: 'signalWire', ...IDS, streamBy: 'name', cxmlUrl };
		expect(why(() => readWith(fields, {}, { isTool: true }))).toBe(
			"An AI agent may not stop a stream by 'Stream Name'. Set 'Identify Stream By' to another choice. A document that takes over a call is for a person to choose.",
		);
		const bySid = { ...fields, streamBy: 'sid' };
		expect(readWith(bySid, {}, { isTool: true }).way.choice?.streamBy).toBe('sid');
		const atPlivo = { provider: 'plivo', ...IDS };
		expect(readWith(atPlivo, {}, { isTool: true }).ids).toEqual(IDS);
	});
});

describe('what must be signed', () => {
	const event = { body: { CallUUID: 'c', StreamID: 's' } };
	const proofOf = (options: IDataObject, source = 'event') =>
		plivo({ source, ...(source === 'event' && { stream: '' }), options }, event).proof;

	test('is the item itself with Verify Signature, and nothing without', () => {
		expect(proofOf({})).toBeUndefined();
		expect(proofOf({ verifySignature: false })).toBeUndefined();
		expect(proofOf({ verifySignature: true })).toEqual({ event, isOther: false });
	});

	test.each([
		[{ body: { CallUUID: 'c' } }, { body: { CallUUID: 'c' } }],
		['{"body":{}}', { body: {} }],
		['not JSON', 'not JSON'],
		[['{"body":{}}'], ['{"body":{}}']],
		['', ''],
		[null, null],
		[undefined, undefined],
	])('is another event with Signed Event, never nothing: %j', (signedEvent, proved) => {
		for (const verifySignature of [true, false]) {
			const options = { signedEvent, verifySignature } as IDataObject;
			expect(proofOf(options)).toEqual({ event: proved, isOther: true });
		}
	});

	test('is nothing where the ids come from fields', () => {
		expect(proofOf({ verifySignature: true }, 'fields')).toBeUndefined();
		// Neither option is on the screen then.
		expect(proofOf({ verifySignature: '' }, 'fields')).toBeUndefined();
	});

	test('is looked at before what else is wrong with the event, which is kept until then', () => {
		const noStream = { body: { CallUUID: 'c' } };
		for (const options of [{ verifySignature: true }, { signedEvent: event }]) {
			const {
				ids,
				refused: kept,
				proof,
				callEnded,
			} = plivo({ source: 'event', stream: '', options }, noStream);
			expect(ids).toEqual({ callId: 'c' });
			expect(proof).toBeDefined();
			expect(callEnded).toBe(false);
			expect(kept?.failure).toMatchObject({
				cause: 'input',
				what: 'The incoming event holds a call and no stream, as a hang-up does',
			});
		}
		expect(why(() => plivo({ source: 'event', stream: '' }, noStream))).toContain('no stream');
		expect(plivo({ source: 'event', stream: '' }, event).refused).toBeUndefined();
	});

	test('does not hide what breaks by itself', () => {
		const broken = Object.defineProperty({}, 'body', {
			get() {
				throw new Error('something unforeseen');
			},
		});
		const fields = { source: 'event', stream: '', options: { verifySignature: true } };
		expect(() => plivo(fields, broken)).toThrow('something unforeseen');
	});
});

describe('where the ids come from', () => {
	test('is told, since ids that a person gave may be wrong', () => {
		expect(plivo().idsFromFields).toBe(true);
		const event = { CallUUID: 'c', StreamID: 's' };
		expect(plivo({ source: 'event', stream: '' }, event).idsFromFields).toBe(false);
	});

	test('is the event alone, where the field of the call still holds one', () => {
		const fields = { source: 'event', stream: '' };
		expect(why(() => plivo(fields, { StreamID: 's' }))).toContain('holds no call');
	});
});

describe('options', () => {
	/** Of an item with an event: there every option counts, and all but the signature's for one with fields too. */
	const optionsOf = (options: unknown) => {
		const body = { CallUUID: 'c', StreamID: 's' };
		return plivo({ source: 'event', stream: '', options }, { body }).options;
	};

	test('may be added or not', () => {
		const all = {
			confirm: true,
			includeResponse: 'TRUE',
			preview: ' true ',
			whenNothingToStop: 'FAIL',
			maxConcurrency: '7',
			maxRetries: 0,
			timeout: 120_000,
		};
		expect(optionsOf(all)).toEqual({
			confirm: true,
			includeResponse: true,
			preview: true,
			whenNothingToStop: 'fail',
			maxConcurrency: 7,
			maxRetries: 0,
			timeout: 120_000,
		});
	});

	test.each(['text', ['preview'], 5, true])('that are no object are refused: %j', (options) => {
		expect(why(() => optionsOf(options))).toBe(
			"A field of this item could not be read: 'Options' is not an object. Check the expressions in this node for this item.",
		);
	});

	test.each(['preview', 'confirm', 'includeResponse', 'verifySignature'])(
		'that are on or off are refused where an expression yields nothing: %s',
		(name) => {
			const label = Object.values(OPTIONS).find((option) => option.name === name)?.label;
			const values: Array<[unknown, string]> = [
				[undefined, ''],
				[null, ''],
				['', ''],
				['yes', 'yes'],
				[1, '1'],
				[{}, '[object Object]'],
			];
			for (const [value, shown] of values) {
				expect(why(() => optionsOf({ [name]: value }))).toBe(
					`'${label}' has no option “${shown}”. Use one of: true, false.`,
				);
			}
		},
	);

	test.each([
		['maxConcurrency', 'Max Concurrency', 1, 1_000],
		['maxRetries', 'Max Retries', 0, 10],
		['timeout', 'Timeout', 1, 120_000],
	])('that are numbers keep their bounds: %s', (name, label, min, max) => {
		for (const value of [min, max, String(max), ` ${min} `]) {
			expect(optionsOf({ [name]: value })).toHaveProperty(name, Number(value));
		}
		for (const value of [min - 1, max + 1, 1.5, NaN, Infinity, '', ' ', 'soon', true, [min], {}]) {
			expect(why(() => optionsOf({ [name]: value }))).toBe(
				`'${label}' is not a whole number from ${min} to ${max}. Change '${label}' under 'Options'.`,
			);
		}
	});

	test('that are chosen are refused where there is no such choice', () => {
		expect(why(() => optionsOf({ whenNothingToStop: 'never' }))).toBe(
			"'If Nothing Is Left to Stop' has no option “never”. Use one of: succeed, failIfNotFound, fail.",
		);
		expect(optionsOf({ whenNothingToStop: undefined }).whenNothingToStop).toBe('succeed');
		expect(optionsOf({ whenNothingToStop: 'failifnotfound' }).whenNothingToStop).toBe(
			'failIfNotFound',
		);
	});
});

describe('a value', () => {
	test('that is chosen is found by its name', () => {
		const choices = [{ id: 'One' }, { id: 'Two' }];
		expect(oneOf('X', choices, ' tWO ', ({ id }) => id)).toBe(choices[1]);
		expect(oneOf('X', [1, 2], 2)).toBe(2);
		for (const value of [['One'], { text: 'One' }, null]) {
			refused(() => oneOf('X', ['One'], value));
		}
		// What has no text at all is refused in words all the same.
		expect(() => oneOf('X', ['One'], hidden)).toThrow();
	});

	test('that is left out has its default', () => {
		expect(wholeNumber(OPTIONS.timeout, {})).toBe(10_000);
		expect(choice(OPTIONS.whenNothingToStop, {})).toBe('succeed');
		expect(yesOrNo(OPTIONS.preview, {})).toBe(false);
		const inherited: OptionValues = Object.create({ preview: true });
		expect(yesOrNo(OPTIONS.preview, inherited)).toBe(false);
	});

	test('of an id is text, or nothing', () => {
		expect(idText(' a ', 'X')).toBe('a');
		expect([idText(undefined, 'X'), idText(null, 'X')]).toEqual(['', '']);
		const field = { label: 'X', placeholder: '', description: '' };
		expect(streamText(' a ', field)).toBe('a');
		expect(streamText(' a ', { ...field, isName: true })).toBe(' a ');
		expect(streamText(undefined, { ...field, isName: true })).toBe('');
	});
});

describe("n8n's parameters", () => {
	/** Counts how often each is read. */
	function reader(parameters: IDataObject) {
		const reads: string[] = [];
		const context = { getNode: () => ({ parameters }), getNodeParameter: () => undefined };
		Object.assign(context, {
			getNodeParameter(name: string, itemIndex: number, fallback: unknown) {
				reads.push(`${name} ${itemIndex}`);
				return parameters[name] ?? fallback;
			},
		});
		const whole: Parameters<typeof fieldReader>[0] = Object.create(context);
		return { reads, fieldsOf: fieldReader(whole) };
	}

	test('are read once where they hold no expression', () => {
		const { reads, fieldsOf } = reader({ a: 'text', b: '=' + '{{ 1 }}', c: { d: 'x', e: ['y'] } });
		for (const item of [0, 1, 2]) {
			const field = fieldsOf(item);
			expect([field('a', ''), field('c', {}), field('missing', 'fallback')]).toEqual([
				'text',
				{ d: 'x', e: ['y'] },
				'fallback',
			]);
			field('b', '');
		}
		expect(reads).toEqual(['a 0', 'c 0', 'missing 0', 'b 0', 'b 1', 'b 2']);
	});

	test('are read for each item where an expression is anywhere inside', () => {
		const { reads, fieldsOf } = reader({ options: { timeout: 5, preview: '={{ $json.p }}' } });
		fieldsOf(0)('options', {});
		fieldsOf(1)('options', {});
		expect(reads).toEqual(['options 0', 'options 1']);
		const deep = reader({ options: { a: { b: '={{ 1 }}' } } });
		deep.fieldsOf(0)('options', {});
		deep.fieldsOf(1)('options', {});
		expect(deep.reads).toHaveLength(2);
	});
});
