// What the node's screen shows and asks for, by n8n's own rules.

import {
	NodeHelpers,
	type IDataObject,
	type INode,
	type INodeProperties,
	type INodeTypeDescription,
} from 'n8n-workflow';
import { providers } from '../../nodes/StopAudioStream/providers/index';
import { StopAudioStream } from '../../nodes/StopAudioStream/StopAudioStream.node.ts';
import { savedNode, toolForm } from '../lib/nodeRun.cts';

const { description } = new StopAudioStream();
const tool = toolForm(description);

const property = (name: string) => description.properties.find((one) => one.name === name);
const options = (property('options')?.options ?? []) as INodeProperties[];

/** The choices of a field that are offered with these parameters. */
const offered = (
	name: string,
	parameters: INode['parameters'],
	form: INodeTypeDescription = description,
) =>
	(property(name)?.options ?? []).flatMap((option) =>
		'value' in option && NodeHelpers.displayParameter(parameters, option, null, form)
			? [option.value]
			: [],
	);

/** A saved node, its parameters filled up with the defaults of what n8n shows. */
function filledUp(parameters: INode['parameters'], form: INodeTypeDescription): INode {
	const node = savedNode({ parameters });
	const values =
		NodeHelpers.getNodeParameters(form.properties, parameters, true, false, node, form) ?? {};
	return { ...node, parameters: values };
}

/** The fields that n8n shows, as `name: label`, and the credentials that it asks for. */
function shown(parameters: INode['parameters'], form: INodeTypeDescription = description) {
	const node = filledUp(parameters, form);
	const values = node.parameters;
	const isShown = (part: Parameters<typeof NodeHelpers.displayParameter>[1]) =>
		NodeHelpers.displayParameter(values, part, node, form);
	const fields = form.properties.filter(isShown);
	const chosen = values.options as IDataObject as INode['parameters'];
	return {
		fields: fields
			.filter(({ type }) => type !== 'notice')
			.map(({ name, displayName }) => `${name}: ${displayName}`),
		notices: fields.filter(({ type }) => type === 'notice').map(({ name }) => name),
		options: options
			.filter((option) => NodeHelpers.displayParameter(chosen, option, node, form, values))
			.map(({ name }) => name),
		credentials: (form.credentials ?? []).filter(isShown).map(({ name }) => name),
	};
}

/** What n8n asks for before it runs the node. */
function missing(parameters: INode['parameters']): string[] {
	const node = filledUp(parameters, description);
	const issues = NodeHelpers.getNodeParametersIssues(description.properties, node, description);
	return Object.values(issues?.parameters ?? {}).flat();
}

const always = ['provider: Provider', 'operation: Operation', 'source: Call and Stream From'];
const forAll = [
	'whenNothingToStop',
	'includeResponse',
	'maxConcurrency',
	'maxRetries',
	'preview',
	'timeout',
];
const forDocuments = ['cxmlFallbackUrl', 'cxmlMethod', 'nameParameter'];

describe('the screen', () => {
	it.each([
		['plivo', 'plivoBasicApi'],
		['vobiz', 'vobizXAuthApi'],
	])("speaks %s's language", (provider, credential) => {
		const one = shown({ provider });
		expect(one.fields).toEqual([
			...always,
			'callId: Call UUID',
			'stream: Stream ID',
			'options: Options',
		]);
		expect(one.notices).toEqual([`${provider}Notice`]);
		expect(one.credentials).toEqual([credential]);
		expect(one.options.sort()).toEqual([...forAll, 'confirm'].sort());

		const all = shown({ provider, operation: 'stopAllStreams' });
		expect(all.fields).toEqual([...always, 'callId: Call UUID', 'options: Options']);
		expect(all.notices).toEqual([`${provider}AllNotice`]);

		const event = shown({ provider, source: 'event' });
		expect(event.fields).toEqual([...always, 'stream: Stream ID', 'options: Options']);
		const allByEvent = shown({ provider, source: 'event', operation: 'stopAllStreams' });
		expect(allByEvent.fields).toEqual([...always, 'options: Options']);
	});

	it.each([
		['sid', ['stream: Stream SID'], forAll],
		['name', ['stream: Stream Name', 'cxmlUrl: cXML URL'], [...forAll, ...forDocuments]],
		['controlId', ['stream: Control ID'], forAll],
	])("speaks SignalWire's language, by %s", (streamBy, fields, options) => {
		const way = [...always, 'streamBy: Identify Stream By'];
		const typed = shown({ provider: 'signalWire', streamBy });
		expect(typed.fields).toEqual([...way, 'callId: Call SID', ...fields, 'options: Options']);
		expect(typed.notices).toEqual([`signalWire${streamBy}Notice`]);
		expect(typed.credentials).toEqual(['signalWireBasicApi']);
		expect(typed.options.sort()).toEqual([...options].sort());

		const event = shown({ provider: 'signalWire', streamBy, source: 'event' });
		expect(event.fields).toEqual([...way, ...fields, 'options: Options']);
	});

	it('shows the fields of every provider, and asks for every credential, where the provider is an expression', () => {
		const one = shown({ provider: '={{ $json.provider }}' });
		const usual = providers.flatMap(({ ways: [{ on, stream }] }) => [
			`${on.id}: ${on.field.label}`,
			...(stream ? [`stream: ${stream.label}`] : []),
		]);
		const wanted = [...always, 'streamBy: Identify Stream By', ...usual, 'options: Options'];
		// Two providers that call a thing the same share one field.
		expect([...one.fields].sort()).toEqual([...new Set(wanted)].sort());
		expect(one.credentials).toEqual(providers.map(({ credential }) => credential.type));
	});

	it.each<[what: string, more: INode['parameters']]>([
		['one stream', {}],
		['one stream, from the event', { source: 'event' }],
		['all streams', { operation: 'stopAllStreams' }],
		['all streams, from the event', { operation: 'stopAllStreams', source: 'event' }],
		['by Control ID', { streamBy: 'controlId' }],
		['by name', { streamBy: 'name', cxmlUrl: 'https://example.com/stop' }],
	])(
		'demands nothing that another choice would need, where the provider is an expression: %s',
		(_what, more) => {
			const demanded = missing({
				provider: '={{ $json.provider }}',
				...(more.source !== 'event' && { callId: 'c' }),
				...(more.operation !== 'stopAllStreams' && more.source !== 'event' && { stream: 's' }),
				...more,
			});
			expect(demanded).toEqual([]);
		},
	);

	it.each<[what: string, parameters: INode['parameters'], demanded: string[]]>([
		['Plivo, one stream', { provider: 'plivo' }, ['Call UUID', 'Stream ID']],
		['Vobiz, one stream', { provider: 'vobiz' }, ['Call UUID', 'Stream ID']],
		['all streams', { provider: 'plivo', operation: 'stopAllStreams' }, ['Call UUID']],
		['from the event', { provider: 'plivo', source: 'event' }, []],
		['SignalWire, by SID', { provider: 'signalWire' }, ['Call SID', 'Stream SID']],
		[
			'SignalWire, of a conference',
			{ provider: 'signalWire', streamBy: 'conferenceSid' },
			['Conference SID', 'Stream SID'],
		],
		[
			'SignalWire, by Control ID',
			{ provider: 'signalWire', streamBy: 'controlId' },
			['Call SID', 'Control ID'],
		],
		[
			'SignalWire, by name, which the cXML may hold',
			{ provider: 'signalWire', streamBy: 'name' },
			['Call SID', 'cXML URL'],
		],
		[
			'SignalWire, by name, from the event',
			{ provider: 'signalWire', streamBy: 'name', source: 'event' },
			['cXML URL'],
		],
		[
			'SignalWire, all streams after a conference was chosen',
			{ provider: 'signalWire', streamBy: 'conferenceSid', operation: 'stopAllStreams' },
			['Call SID'],
		],
	])('demands what a stop needs: %s', (_what, parameters, demanded) => {
		const labels = missing(parameters).map((issue) => /"(.+)"/.exec(issue)?.[1]);
		expect(labels).toEqual(demanded);
	});

	it('names the provider in each notice of what happens to the call', () => {
		for (const { name, displayName } of providers) {
			const own = description.properties.filter(
				(one) => one.type === 'notice' && one.name.startsWith(name),
			);
			expect(own.length).toBeGreaterThan(1);
			for (const one of own) expect(one.displayName).toContain(displayName);
		}
		for (const name of ['eventNotice', 'toolNotice']) {
			expect(property(name)?.displayName).toMatch(/^<b>/);
		}
	});

	it('offers the options by their labels, each with what n8n saves when it is added, and its bounds', () => {
		const table = options.map(({ displayName, type, default: added, typeOptions = {} }) => [
			...[displayName, type, added, typeOptions.minValue, typeOptions.maxValue],
		]);
		expect(table).toEqual([
			['Confirm Stop', 'boolean', true, undefined, undefined],
			['cXML Fallback URL', 'string', '', undefined, undefined],
			['cXML Method', 'options', 'POST', undefined, undefined],
			['If Nothing Is Left to Stop', 'options', 'failIfLive', undefined, undefined],
			['Include Event Fields', 'boolean', true, undefined, undefined],
			['Include Provider Response', 'boolean', true, undefined, undefined],
			['Max Concurrency', 'number', 100, 1, 1_000],
			['Max Retries', 'number', 3, 0, 10],
			['Preview Only', 'boolean', true, undefined, undefined],
			['Signed Event', 'string', '', undefined, undefined],
			['Stream Name Parameter', 'string', 'STREAMNAME', undefined, undefined],
			['Timeout', 'number', 10_000, 1, 120_000],
			['Verify Signature', 'boolean', true, undefined, undefined],
		]);
	});

	it('offers these choices, under names that n8n lists', () => {
		const choices = (field?: INodeProperties) =>
			(field?.options ?? []).map((one) => ('value' in one ? [one.value, one.name] : []));
		expect(choices(property('provider'))).toEqual([
			['plivo', 'Plivo'],
			['signalWire', 'SignalWire'],
			['vobiz', 'Vobiz'],
		]);
		expect(choices(property('operation'))).toEqual([
			['stopStream', 'Stop Stream'],
			['stopAllStreams', 'Stop All Streams'],
			['checkEvent', 'Check Event'],
		]);
		expect(
			(property('operation')?.options ?? []).map((one) => 'action' in one && one.action),
		).toEqual([
			'Stop a stream of a call',
			'Stop all streams of a call',
			'Check an event of a call',
		]);
		expect(choices(property('source'))).toEqual([
			['fields', 'Fields Below'],
			['event', 'Incoming Event'],
		]);
		expect(choices(property('streamBy'))).toEqual([
			['sid', 'Stream SID'],
			['name', 'Stream Name'],
			['controlId', 'Control ID'],
			['conferenceSid', 'Conference Stream SID'],
		]);
		expect(choices(options.find(({ name }) => name === 'whenNothingToStop'))).toEqual([
			['failIfLive', 'Fail If a Stream May Still Run'],
			['succeed', 'Succeed'],
			['failIfNotFound', 'Fail If Not Found'],
			['fail', 'Fail'],
		]);
		for (const name of ['provider', 'operation', 'source', 'streamBy']) {
			expect(property(name)).toMatchObject({
				type: 'options',
				...(name !== 'provider' && { noDataExpression: true }),
			});
		}
		expect(property('provider')).toMatchObject({ required: true, default: 'plivo' });
		expect(offered('operation', { provider: 'plivo' }, tool)).not.toContain('checkEvent');
	});

	it("offers 'Check Event' no option that means nothing to it", () => {
		expect(shown({ provider: 'plivo', operation: 'checkEvent' }).options).toEqual(['includeEvent']);
	});

	it("says when 'Stream Name' may be empty: from fields if the cXML names the stream, from an event if that does", () => {
		const [typed, fromEvent] = description.properties
			.filter(({ displayName }) => displayName === 'Stream Name')
			.map(({ description: text }) => /\. (Leave it empty .*)$/.exec(text ?? '')?.[1]);
		expect([typed, fromEvent]).toEqual([
			'Leave it empty if the cXML names the stream itself.',
			'Leave it empty to take it from the event.',
		]);
	});

	it('says beside each field that asks for a signature, and nowhere else, what a signature does not prove', () => {
		const says = [...options, ...description.properties].filter((one) =>
			one.description?.includes('Vobiz signs the URL and not the body'),
		);
		expect(says.map(({ name }) => name)).toEqual([
			'signedEvent',
			'verifySignature',
			'requireSignature',
		]);
		for (const { description: text } of says)
			expect(text).toMatch(/^(Whether|The item) .*[a-z]\. Vobiz/);
	});

	it('depends on fields by names that n8n 1.85 finds too: another would keep it from loading the node', () => {
		const known = new Set(description.properties.map(({ name }) => name));
		const wanted = description.properties.flatMap(({ displayOptions = {} }) =>
			Object.values(displayOptions).flatMap((fields: object) => Object.keys(fields)),
		);
		expect(wanted.filter((name) => !known.has(name) && !/^[@/]/.test(name))).toEqual([]);
	});

	it.each(['stopStream', 'stopAllStreams'])(
		"warns beside 'Incoming Event' until 'Verify Signature' is on or 'Signed Event' is filled in: %s",
		(operation) => {
			const warns = (parameters: INode['parameters']) =>
				shown({ provider: 'plivo', operation, ...parameters }).notices.includes('eventNotice');
			const event = { source: 'event' };
			expect(warns(event)).toBe(true);
			expect(warns({ ...event, options: { verifySignature: false } })).toBe(true);
			expect(warns({ ...event, options: { signedEvent: '' } })).toBe(true);
			expect(warns({ ...event, options: { verifySignature: true } })).toBe(false);
			const signedEvent = "={{ $('Call Status').item.json }}";
			expect(warns({ ...event, options: { signedEvent } })).toBe(false);
			expect(warns({ source: 'fields' })).toBe(false);
		},
	);

	it("warns in the AI agent's tool alone that the model shall not choose the call", () => {
		const parameters = { provider: 'plivo' };
		expect(shown(parameters, tool).notices).toContain('toolNotice');
		expect(shown(parameters).notices).not.toContain('toolNotice');
	});

	it("leaves the AI agent's tool the call and the stream, and no document that takes over a call", () => {
		for (const { name } of providers) {
			const { fields } = shown({ provider: name }, tool);
			const names = fields.map((field) => field.split(':')[0]);
			expect(names).toEqual(expect.arrayContaining(['provider', 'operation', 'callId', 'stream']));
			expect(names).not.toContain('source');
		}
		const byName = shown({ provider: 'signalWire', streamBy: 'name' }, tool);
		expect(byName.fields).not.toContain('cxmlUrl: cXML URL');
		expect(offered('streamBy', { provider: 'signalWire' }, tool)).toEqual(
			offered('streamBy', { provider: 'signalWire' }).filter((one) => one !== 'name'),
		);
	});

	it("words its texts as n8n's guide asks", () => {
		const texts = description.properties.flatMap((one) => [one, ...(one.options ?? [])]);
		for (const one of texts) {
			if ('placeholder' in one && one.placeholder && one.type !== 'collection') {
				expect(one.placeholder).toMatch(/^e\.g\. /);
			}
			if (!('description' in one) || !one.description) continue;
			const { description: text } = one;
			if ('type' in one && one.type === 'boolean') expect(text).toMatch(/^Whether /);
			// One sentence has no full stop at its end, several have.
			expect([text, text.endsWith('.')]).toEqual([text, /[.:?!] [A-Z]/.test(text)]);
		}
	});
});
