import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import { idText, streamText } from './ids';
import { idsFromEvent } from './incomingEvent';
import { messages, Refusal } from './messages';
import { isRecord } from './outcome';
import { wholeNumbers } from './properties';
import { providers } from './providers';
import type { DocumentSpec, Provider, StreamIdSpec, Target } from './providers/provider';
import { pathSegment } from './providers/requests';
import type { SendOptions } from './requestSender';

/** What one item asks for. */
export interface ItemRequest {
	provider: Provider;
	target: Target;
	options: ItemOptions;
	/** Whether the ids come from the node's fields, and not from an event. */
	idsFromFields: boolean;
}

export interface ItemOptions extends SendOptions {
	confirm: boolean;
	includeResponse: boolean;
	preview: boolean;
	whenNothingToStop: (typeof WHEN_NOTHING)[number];
}

const OPERATIONS = ['stopStream', 'stopAllStreams'] as const;
const SOURCES = ['fields', 'event'] as const;
const WHEN_NOTHING = ['succeed', 'failIfNotFound', 'fail'] as const;
const METHODS = ['POST', 'GET'] as const;

export type ReadField = (name: string, fallback: unknown) => unknown;

/**
 * Reads the fields of the node, item after item. A field that holds no expression is the same for every
 * item and is read once: for a thousand items, reading is what costs most.
 */
export function fieldReader(context: IExecuteFunctions): (itemIndex: number) => ReadField {
	const { parameters } = context.getNode();
	const once = new Map<string, unknown>();
	return (itemIndex) => (name, fallback) => {
		if (once.has(name)) return once.get(name);
		const value: unknown = context.getNodeParameter(name, itemIndex, fallback);
		if (!holdsExpression(parameters[name])) once.set(name, value);
		return value;
	};
}

const holdsExpression = (value: unknown): boolean =>
	typeof value === 'string'
		? value.startsWith('=')
		: isRecord(value) && Object.values(value).some(holdsExpression);

/**
 * Reads and checks what one item asks for; throws a {@link Refusal} that names the field. `known` collects
 * what was read so far, so that an item that is refused still tells which call it meant.
 */
export function readItem(field: ReadField, json: IDataObject, known: IDataObject): ItemRequest {
	const provider = oneOf('Provider', providers, field('provider', ''), ({ name }) => name);
	known.provider = provider.name;
	const operation = oneOf('Operation', OPERATIONS, field('operation', 'stopStream'));
	known.operation = operation;
	const all = operation === 'stopAllStreams';
	if (all && !provider.stopAll) {
		throw new Refusal(messages.noStopAll, { provider: provider.displayName });
	}
	const streamId = all ? provider.streamIds[0] : streamIdSpec(provider, field);
	const streamBy = all ? undefined : streamId.streamBy;
	if (streamBy) known.streamBy = streamBy;

	const source = oneOf('Call and Stream From', SOURCES, field('source', 'fields'));
	const { callId, stream } =
		source === 'event'
			? idsFromEvent(json, provider, streamId, all ? undefined : (field('stream', '') ?? ''))
			: {
					callId: idText(field('callId', ''), provider.callId.label),
					stream: all ? '' : streamText(field('stream', ''), streamId),
				};
	known.callId = callId;
	if (stream) known.stream = stream;
	// Checked here and not only where a URL is built: a control ID and its call go into no URL at all.
	pathSegment(callId, provider.callId.label, provider.displayName);
	if (!all && !streamId.byDocument) pathSegment(stream, streamId.label, provider.displayName);

	return {
		provider,
		target: {
			operation,
			callId,
			...(streamBy && { streamBy }),
			...(stream && { stream }),
			...(!all && streamId.byDocument && { document: readDocument(field) }),
		},
		options: readOptions(field),
		idsFromFields: source === 'fields',
	};
}

/** The one way that a provider has to name a stream, or the one that 'Identify Stream By' says. */
function streamIdSpec({ streamIds }: Provider, field: ReadField): StreamIdSpec {
	const [usual] = streamIds;
	if (!usual.streamBy) return usual;
	const chosen = field('streamBy', usual.streamBy);
	return oneOf('Identify Stream By', streamIds, chosen, ({ streamBy }) => String(streamBy));
}

function readDocument(field: ReadField): DocumentSpec {
	const options = optionsOf(field);
	const fallbackUrl = webAddress(options.cxmlFallbackUrl, 'cXML Fallback URL');
	const url = webAddress(field('cxmlUrl', ''), 'cXML URL');
	if (url === '') throw new Refusal(messages.empty, { field: 'cXML URL' });
	const nameParameter = idText(options.nameParameter ?? 'STREAMNAME', 'Stream Name Parameter');
	if (nameParameter === '') throw new Refusal(messages.empty, { field: 'Stream Name Parameter' });
	return {
		url,
		...(fallbackUrl && { fallbackUrl }),
		method: oneOf('cXML Method', METHODS, options.cxmlMethod ?? 'POST'),
		nameParameter,
	};
}

/** An address that SignalWire can fetch, as it was typed; `''` where there is none. */
function webAddress(value: unknown, label: string): string {
	const address = idText(value, label);
	if (address === '') return '';
	const url = URL.canParse(address) ? new URL(address) : undefined;
	if (!url || !/^https?:\/\//i.test(address)) {
		throw new Refusal(messages.notWebAddress, { field: label });
	}
	// SignalWire sends no user and password, and they would be shown in previews.
	if (url.username || url.password) {
		throw new Refusal(messages.addressWithPassword, { field: label });
	}
	return address;
}

function readOptions(field: ReadField): ItemOptions {
	const options = optionsOf(field);
	return {
		confirm: yesOrNo('Confirm Stop', options, 'confirm'),
		includeResponse: yesOrNo('Include Provider Response', options, 'includeResponse'),
		preview: yesOrNo('Preview Only', options, 'preview'),
		whenNothingToStop: oneOf(
			'If Nothing Is Left to Stop',
			WHEN_NOTHING,
			options.whenNothingToStop ?? 'succeed',
		),
		maxConcurrency: wholeNumber(options, 'maxConcurrency'),
		maxRetries: wholeNumber(options, 'maxRetries'),
		timeout: wholeNumber(options, 'timeout'),
	};
}

function optionsOf(field: ReadField): Record<string, unknown> {
	const options = field('options', {});
	if (isRecord(options)) return options;
	// Left out, a 'Preview Only' that was meant would send.
	throw new Refusal(messages.unreadableField, { reason: "'Options' is not an object" });
}

/** Off where it was not set; an expression that yields nothing is refused, since 'Preview Only' would send. */
function yesOrNo(label: string, options: Record<string, unknown>, name: string): boolean {
	const value = Object.hasOwn(options, name) ? options[name] : false;
	return oneOf(label, ['true', 'false'], value) === 'true';
}

function wholeNumber(options: Record<string, unknown>, name: keyof typeof wholeNumbers): number {
	const { displayName: field, default: unset, typeOptions } = wholeNumbers[name];
	const { minValue: min, maxValue: max } = typeOptions;
	const value = options[name] ?? unset;
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
		throw new Refusal(messages.notInRange, { field, min, max });
	}
	return number;
}

/** The choice that a value names; a value from an expression may differ in case and have blanks around it. */
function oneOf<Choice>(
	label: string,
	choices: readonly Choice[],
	value: unknown,
	nameOf: (choice: Choice) => string = String,
): Choice {
	const name = typeof value === 'object' ? undefined : String(value).trim().toLowerCase();
	const found = choices.find((choice) => nameOf(choice).toLowerCase() === name);
	if (found !== undefined) return found;
	throw new Refusal(messages.unknownChoice, {
		field: label,
		value: String(value ?? '').slice(0, 100),
		choices: choices.map(nameOf).join(', '),
	});
}
