// What the screen shows for each way, as n8n itself decides it, and that its options are those that are read.

import {
	NodeHelpers,
	type INodeParameters,
	type INodeProperties,
	type INodePropertyOptions,
} from 'n8n-workflow';

import { providers } from '../../nodes/StopAudioStream/providers/index';
import { waysToOneStream } from '../../nodes/StopAudioStream/providers/provider';
import { properties } from '../../nodes/StopAudioStream/screen/properties';
import { OPTIONS, type OptionSpec } from '../../nodes/StopAudioStream/words/fields';

const SHOWN: INodeParameters = {
	provider: 'signalWire',
	operation: 'stopStream',
	source: 'fields',
	streamBy: 'sid',
};

const isShown = (property: INodeProperties, values: INodeParameters) =>
	NodeHelpers.displayParameter({ ...SHOWN, ...values }, property, { typeVersion: 1 }, null);

/** The fields on screen, as `name: label`; no notices. */
const fieldsFor = (values: INodeParameters) =>
	properties
		.filter((property) => property.type !== 'notice' && isShown(property, values))
		.map(({ name, displayName }) => `${name}: ${displayName}`)
		.slice(3, -1);

const noticesFor = (values: INodeParameters) =>
	properties
		.filter((property) => property.type === 'notice' && isShown(property, values))
		.map(({ displayName }) => displayName);

const fieldNamed = (name: string) => {
	const field = properties.find((property) => property.name === name);
	if (!field) throw new Error(`The screen has no field '${name}'.`);
	return field;
};

const optionFields = (fieldNamed('options').options ?? []).flatMap((option) =>
	'type' in option ? [option] : [],
);

/** The options that can be added. */
const optionsFor = (values: INodeParameters) =>
	optionFields
		.filter((option) =>
			NodeHelpers.displayParameterPath(
				{ ...SHOWN, ...values, options: {} },
				option,
				'options',
				{ typeVersion: 1 },
				null,
			),
		)
		.map(({ name }) => name);

describe('the fields', () => {
	const identify = 'streamBy: Identify Stream By';
	test.each<[INodeParameters, string[]]>([
		[{}, [identify, 'callId: Call SID', 'stream: Stream SID']],
		[
			{ streamBy: 'name' },
			[identify, 'callId: Call SID', 'stream: Stream Name', 'cxmlUrl: cXML URL'],
		],
		[{ streamBy: 'controlId' }, [identify, 'callId: Call SID', 'stream: Control ID']],
		[
			{ streamBy: 'conferenceSid' },
			[identify, 'conferenceSid: Conference SID', 'stream: Stream SID'],
		],
		[{ source: 'event' }, [identify, 'stream: Stream SID']],
		[{ source: 'event', streamBy: 'name' }, [identify, 'stream: Stream Name', 'cxmlUrl: cXML URL']],
		[{ provider: 'plivo' }, ['callId: Call UUID', 'stream: Stream ID']],
		[{ provider: 'vobiz' }, ['callId: Call UUID', 'stream: Stream ID']],
		[{ provider: 'plivo', source: 'event' }, ['stream: Stream ID']],
		[{ provider: 'vobiz', operation: 'stopAllStreams' }, ['callId: Call UUID']],
		[{ provider: 'plivo', operation: 'stopAllStreams', source: 'event' }, []],
		// An item that is refused still tells which call it meant.
		[{ operation: 'stopAllStreams' }, ['callId: Call SID']],
	])('for %j', (values, fields) => {
		expect(fieldsFor(values)).toEqual(fields);
	});

	test('for a provider without a choice of how to name the stream need none', () => {
		const { streamBy: _none, ...shown } = SHOWN;
		const call = properties.filter(
			(property) =>
				property.name === 'callId' &&
				NodeHelpers.displayParameter(
					{ ...shown, provider: 'plivo' },
					property,
					{ typeVersion: 1 },
					null,
				),
		);
		expect(call.map(({ displayName }) => displayName)).toEqual(['Call UUID']);
	});

	test('for ids and addresses are texts that begin empty', () => {
		const texts = properties.filter(({ name }) =>
			['callId', 'conferenceSid', 'stream', 'cxmlUrl'].includes(name),
		);
		expect(texts.length).toBeGreaterThan(4);
		for (const { type, default: begin } of texts) expect([type, begin]).toEqual(['string', '']);
	});

	test('beside them are lists to choose from, and a collection of options', () => {
		for (const name of ['provider', 'operation', 'source', 'streamBy']) {
			expect(fieldNamed(name).type).toBe('options');
		}
		expect(fieldNamed('options').type).toBe('collection');
	});

	test("that decide what the screen shows take no expression, but for 'provider'", () => {
		const fixed = properties.filter(({ noDataExpression }) => noDataExpression === true);
		expect(fixed.map(({ name }) => name)).toEqual(['operation', 'source', 'streamBy']);
	});

	test('begin with the same three, and end with the options', () => {
		const all = properties.filter(({ type }) => type !== 'notice').map(({ name }) => name);
		expect(all.slice(0, 3)).toEqual(['provider', 'operation', 'source']);
		expect(all.at(-1)).toBe('options');
	});

	test('that are demanded are those without which nothing can be stopped', () => {
		const demanded = (values: INodeParameters) =>
			properties
				.filter((property) => property.required === true && isShown(property, values))
				.map(({ name }) => name);
		expect(demanded({})).toEqual(['provider', 'callId', 'stream']);
		expect(demanded({ streamBy: 'name' })).toEqual(['provider', 'callId', 'cxmlUrl']);
		expect(demanded({ streamBy: 'conferenceSid' })).toEqual([
			'provider',
			'conferenceSid',
			'stream',
		]);
		expect(demanded({ source: 'event' })).toEqual(['provider']);
		expect(demanded({ provider: 'plivo', operation: 'stopAllStreams' })).toEqual([
			'provider',
			'callId',
		]);
	});

	test('say with an event that empty means: take it from there', () => {
		for (const property of properties.filter(({ name }) => name === 'stream')) {
			const fromEvent = property.displayOptions?.show?.source?.includes('event') === true;
			expect(property.description?.endsWith(' Empty means: take it from the event.')).toBe(
				fromEvent,
			);
			expect(property.placeholder).toMatch(/^e\.g\. /);
		}
	});

	test("name 'provider' last of their conditions: n8n shows a field as soon as it meets an expression", () => {
		const conditions = properties.flatMap(({ displayOptions }) => {
			const names = Object.keys(displayOptions?.show ?? {});
			return names.includes('provider') ? [names.at(-1)] : [];
		});
		expect(conditions.length).toBeGreaterThan(5);
		expect(new Set(conditions)).toEqual(new Set(['provider']));
	});
});

describe('the choices', () => {
	const optionsOf = (name: string): INodePropertyOptions[] =>
		(fieldNamed(name).options ?? []).flatMap((option) => ('value' in option ? [option] : []));
	const choices = (name: string) => optionsOf(name).map(({ value }) => value);

	test('are every provider, every way, and both sources', () => {
		expect(choices('provider')).toEqual(providers.map(({ name }) => name));
		expect(choices('operation')).toEqual(['stopStream', 'stopAllStreams']);
		expect(choices('source')).toEqual(['fields', 'event']);
		expect(choices('streamBy')).toEqual(['sid', 'name', 'controlId', 'conferenceSid']);
	});

	test('are named as the sentences name them', () => {
		const labels = (name: string) => optionsOf(name).map((option) => option.name);
		expect(labels('operation')).toEqual(['Stop Stream', 'Stop All Streams']);
		expect(labels('source')).toEqual(['Fields Below', 'Incoming Event']);
		expect(labels('provider')).toEqual(providers.map(({ displayName }) => displayName));
	});

	test("are in n8n's list of actions, by what they do", () => {
		expect(optionsOf('operation').map(({ action }) => action)).toEqual([
			'Stop a stream of a call',
			'Stop all streams of a call',
		]);
	});

	test.each([
		['signalWire', ['stopStream']],
		['plivo', ['stopStream', 'stopAllStreams']],
		['vobiz', ['stopStream', 'stopAllStreams']],
	])('of what to stop are those that the provider has: %s', (provider, operations) => {
		const field = fieldNamed('operation');
		const offered = optionsOf('operation').filter(({ displayOptions }) =>
			isShown({ ...field, displayOptions }, { provider }),
		);
		expect(offered.map(({ value }) => value)).toEqual(operations);
	});

	test('of the provider say what an expression may give', () => {
		expect(fieldNamed('provider').description).toMatch(/\S.*: plivo, signalWire, vobiz\.$/);
	});

	test('have the defaults that saved workflows hold', () => {
		const defaults = ['provider', 'operation', 'source', 'streamBy', 'options'].map(
			(name) => fieldNamed(name).default,
		);
		expect(defaults).toEqual(['signalWire', 'stopStream', 'fields', 'sid', {}]);
	});

	test('that take over a call are in no AI tool form', () => {
		const notInTools = { '@tool': [true] };
		expect(fieldNamed('source').displayOptions?.hide).toEqual(notInTools);
		expect(fieldNamed('cxmlUrl').displayOptions?.hide).toEqual(notInTools);
		const hidden = optionsOf('streamBy').flatMap(({ value, displayOptions }) =>
			displayOptions?.hide ? [value] : [],
		);
		expect(hidden).toEqual(['name']);
	});
});

describe('what happens to the call', () => {
	const ways = providers.flatMap((provider) =>
		waysToOneStream(provider).map((way) => ({ provider: provider.name, way })),
	);

	test.each(ways)('stands beside each way of $provider, and no other text', ({ provider, way }) => {
		const streamBy = way.choice?.streamBy ?? 'sid';
		expect(noticesFor({ provider, streamBy })).toEqual([way.notice]);
	});

	test('stands beside all streams, where SignalWire says that it has no such way', () => {
		const [notice] = noticesFor({ provider: 'vobiz', operation: 'stopAllStreams' });
		expect(notice).toContain('Every stream of the call stops');
		expect(noticesFor({ operation: 'stopAllStreams' })).toEqual([
			"SignalWire has no way to stop all streams of a call. Set 'Operation' to 'Stop Stream' and name the stream.",
		]);
	});

	test('stands in notices that each have a name of their own, and no value', () => {
		const notices = properties.filter(({ type }) => type === 'notice');
		expect(new Set(notices.map(({ name }) => name)).size).toBe(notices.length);
		for (const { name, default: value } of notices) {
			expect(name).toMatch(/^[A-Za-z]+Notice$/);
			expect(value).toBe('');
		}
	});

	test('and with an event, who may have sent it', () => {
		const [notice] = noticesFor({ source: 'event' });
		expect(notice).toMatch(
			/^<b>Anyone who knows the webhook's address can send such an event\.<\/b>/,
		);
	});
});

describe('the options', () => {
	const COMMON = [
		'whenNothingToStop',
		'includeResponse',
		'maxConcurrency',
		'maxRetries',
		'preview',
		'timeout',
	];

	test.each<[INodeParameters, string[]]>([
		[{}, []],
		[{ streamBy: 'name' }, ['cxmlFallbackUrl', 'cxmlMethod', 'nameParameter']],
		[{ streamBy: 'name', operation: 'stopAllStreams' }, []],
		[{ source: 'event' }, ['signedEvent', 'verifySignature']],
		[{ provider: 'plivo' }, ['confirm']],
		[{ provider: 'plivo', streamBy: 'name' }, ['confirm']],
		[{ provider: 'vobiz', source: 'event' }, ['confirm', 'signedEvent', 'verifySignature']],
	])('that can be added for %j', (values, more) => {
		expect(optionsFor(values).sort()).toEqual([...COMMON, ...more].sort());
	});

	test('are in the order of the alphabet', () => {
		const labels = optionFields.map(({ displayName }) => displayName);
		expect(labels).toEqual([...labels].sort((a, b) => a.localeCompare(b)));
	});

	test('are those of the table and those of a document, once each', () => {
		const specs: OptionSpec[] = [
			...Object.values(OPTIONS),
			...providers.flatMap(({ ways }) =>
				ways.flatMap(({ document }) => Object.values(document?.options ?? {})),
			),
		];
		expect(optionFields.map(({ name }) => name).sort()).toEqual(
			specs.map(({ name }) => name).sort(),
		);
		const TYPES = { yesNo: 'boolean', wholeNumber: 'number', choice: 'options', text: 'string' };
		for (const spec of specs) {
			const field = optionFields.find(({ name }) => name === spec.name);
			expect(field).toMatchObject({
				displayName: spec.label,
				// Whoever adds an option of yes or no wants it on.
				default: spec.kind === 'yesNo' ? true : spec.default,
				type: TYPES[spec.kind],
			});
			// What a signature does not prove stands behind what the option is for.
			const isWhole = spec.name !== OPTIONS.verifySignature.name;
			expect(field?.description?.slice(0, isWhole ? undefined : spec.description.length)).toBe(
				spec.description,
			);
			if (spec.kind === 'wholeNumber') {
				expect(field?.typeOptions).toEqual({ minValue: spec.min, maxValue: spec.max });
			}
			if (spec.kind === 'choice') expect(field?.options).toEqual(spec.choices);
			expect(field?.placeholder).toBe(spec.placeholder);
		}
		for (const [name, spec] of Object.entries(OPTIONS)) expect(spec.name).toBe(name);
	});

	test("say what Vobiz's signature does not prove", () => {
		const field = optionFields.find(({ name }) => name === 'verifySignature');
		expect(field?.description).toMatch(
			/^Whether to obey only an event that the provider signed\. Vobiz signs the address and not the body/,
		);
	});
});
