import type { IDataObject } from 'n8n-workflow';

import { providers } from '../providers';
import {
	waysToOneStream,
	wayToAllStreams,
	type DocumentFields,
	type DocumentSpec,
	type Ids,
	type Operation,
	type Provider,
	type Way,
} from '../providers/provider';
import { pathSegment } from '../providers/urls';
import { FIELDS, OPTIONS } from '../words/fields';
import { messages, Refusal, refusal } from '../words/sentences';
import { isRecord } from '../words/values';
import { readEvent, saysCallEnded } from './events';
import {
	choice,
	idText,
	oneOf,
	streamText,
	wholeNumber,
	yesOrNo,
	type OptionValues,
	type ReadField,
} from './values';

/** What one item asks for. */
export interface ItemRequest {
	provider: Provider;
	way: Way;
	ids: Ids;
	options: ItemOptions;
	/** Whether a person typed or mapped the ids, and no event brought them. */
	idsFromFields: boolean;
	/** Whether an event says that the call is over. */
	callEnded: boolean;
	/** The event that the provider must have signed, where one must be; `isOther` where it is not the item itself. */
	proof?: { event: unknown; isOther: boolean };
	/** What is wrong with that event, to be told once it is known who sent it. */
	refused?: Refusal;
}

/** What was set under 'Options'; times are in ms. */
export interface ItemOptions {
	confirm: boolean;
	includeResponse: boolean;
	preview: boolean;
	whenNothingToStop: (typeof OPTIONS.whenNothingToStop.choices)[number]['value'];
	maxConcurrency: number;
	maxRetries: number;
	timeout: number;
}

/** What an item is read from, beside its fields. */
export interface ItemSource {
	json: IDataObject;
	/** Whether the node is an AI agent's tool. */
	isTool: boolean;
}

const OPERATIONS: readonly Operation[] = ['stopStream', 'stopAllStreams'];
const SOURCES = ['fields', 'event'] as const;

/**
 * Reads and checks what one item asks for; refuses with a sentence that names the field. `known` collects
 * what was read so far, so that an item that is refused still tells which call it meant.
 */
export function readItem(field: ReadField, item: ItemSource, known: IDataObject): ItemRequest {
	const provider = oneOf(
		FIELDS.provider.label,
		providers,
		field(FIELDS.provider.name, ''),
		({ name }) => name,
	);
	known.provider = provider.name;
	const operation = oneOf(
		FIELDS.operation.label,
		OPERATIONS,
		field(FIELDS.operation.name, 'stopStream'),
	);
	known.operation = operation;
	const way = chosenWay(provider, operation, field);
	if (way?.choice) known.streamBy = way.choice.streamBy;
	const ids: Ids = {};
	try {
		return readAsked(field, item, { provider, way, ids });
	} finally {
		const { callId, conferenceSid, stream } = ids;
		if (callId !== undefined) known.callId = callId;
		if (stream) known.stream = stream;
		if (conferenceSid) known.conferenceSid = conferenceSid;
	}
}

/** The rest of what an item asks for; `ids` collects the ids on the way. */
function readAsked(
	field: ReadField,
	item: ItemSource,
	{ provider, way, ids }: { provider: Provider; way: Way | undefined; ids: Ids },
): ItemRequest {
	const source = oneOf(FIELDS.source.label, SOURCES, field(FIELDS.source.name, 'fields'));
	const idsFromFields = source === 'fields';
	if (idsFromFields) readFields(field, way ?? provider.ways[0], ids);
	if (!way) throw refusal('input', messages.noStopAll, { provider: provider.displayName });
	if (item.isTool && way.choice?.notInTools) {
		throw refusal('input', messages.notForTools, { choice: way.choice.label });
	}
	const optionValues = optionsOf(field);
	const options = readOptions(optionValues);
	const proof = idsFromFields ? undefined : proofOf(optionValues, item);
	const asked = { provider, way, ids, options, idsFromFields, proof };
	if (idsFromFields) {
		checkIds(provider, way, ids);
		readWaysDocument(field, optionValues, way, ids);
		const { callId } = ids;
		const callEnded = callId !== undefined && saysCallEnded(item.json, provider, way, callId);
		return { ...asked, callEnded };
	}
	const onlySigned = proof !== undefined && !proof.isOther;
	const givenStream = way.stream && field('stream', '');
	try {
		const wanted = { provider, way, onlySigned, givenStream };
		const callEnded = readEvent(item.json, wanted, ids);
		const inEvent = (ids.conferenceSid && way.inConference) || way;
		checkIds(provider, inEvent, ids);
		readWaysDocument(field, optionValues, way, ids);
		return { ...asked, way: inEvent, callEnded };
	} catch (thrown) {
		// An event that must be signed is refused for that first.
		const refused = thrown instanceof Refusal ? thrown : undefined;
		return refusedOr(thrown, proof && refused && { ...asked, callEnded: false, refused });
	}
}

/** An item whose event was refused, where that waits; throws otherwise. */
function refusedOr(thrown: unknown, refusedItem: ItemRequest | undefined): ItemRequest {
	if (refusedItem) return refusedItem;
	throw thrown;
}

/** The way that 'Operation' and 'Identify Stream By' say; none where the provider cannot stop all streams. */
function chosenWay(provider: Provider, operation: Operation, field: ReadField): Way | undefined {
	if (operation === 'stopAllStreams') return wayToAllStreams(provider);
	const [usual] = provider.ways;
	if (!usual.choice) return usual;
	const chosen = field(FIELDS.streamBy.name, usual.choice.streamBy);
	return oneOf(
		FIELDS.streamBy.label,
		waysToOneStream(provider),
		chosen,
		({ choice: of }) => of?.streamBy ?? '',
	);
}

function readFields(field: ReadField, { on, stream }: Way, ids: Ids) {
	ids[on.id] = idText(field(on.id, ''), on.field.label);
	const text = stream && streamText(field('stream', ''), stream);
	if (text) ids.stream = text;
}

/** Checked here and not only where a URL is built: a control ID and its call go into no URL at all. */
function checkIds({ displayName }: Provider, { on, stream }: Way, ids: Ids) {
	pathSegment(ids[on.id], on.field.label, displayName);
	if (stream && !stream.isName) pathSegment(ids.stream, stream.label, displayName);
}

function readWaysDocument(field: ReadField, values: OptionValues, { document }: Way, ids: Ids) {
	if (document) ids.document = readDocument(field, values, document);
}

function readDocument(
	field: ReadField,
	values: OptionValues,
	{ url: urlField, options }: DocumentFields,
): DocumentSpec {
	const { fallbackUrl: fallbackSpec, method: methodSpec, nameParameter: nameSpec } = options;
	const fallbackUrl = webAddress(values[fallbackSpec.name], fallbackSpec.label);
	const url = webAddress(field('cxmlUrl', ''), urlField.label);
	if (url === '') throw refusal('input', messages.empty, { field: urlField.label });
	const nameParameter = idText(values[nameSpec.name] ?? nameSpec.default, nameSpec.label);
	if (nameParameter === '') throw refusal('input', messages.empty, { field: nameSpec.label });
	return {
		url,
		...(fallbackUrl && { fallbackUrl }),
		method: choice(methodSpec, values),
		nameParameter,
	};
}

/** An address that the provider can fetch, as it was typed; `''` where there is none. */
function webAddress(value: unknown, label: string): string {
	const address = idText(value, label);
	if (address === '') return '';
	const url = URL.canParse(address) ? new URL(address) : undefined;
	if (!url || !/^https?:\/\//i.test(address)) {
		throw refusal('input', messages.notWebAddress, { field: label });
	}
	// Nobody sends this user and password, and they would be shown in previews.
	if (url.username || url.password) {
		throw refusal('input', messages.addressWithPassword, { field: label });
	}
	return address;
}

function optionsOf(field: ReadField): OptionValues {
	const options = field(FIELDS.options.name, {});
	if (isRecord(options)) return options;
	// Left out, a 'Preview Only' that was meant would send.
	throw refusal('input', messages.unreadableField, { reason: "'Options' is not an object" });
}

const readOptions = (values: OptionValues): ItemOptions => ({
	confirm: yesOrNo(OPTIONS.confirm, values),
	includeResponse: yesOrNo(OPTIONS.includeResponse, values),
	preview: yesOrNo(OPTIONS.preview, values),
	whenNothingToStop: choice(OPTIONS.whenNothingToStop, values),
	maxConcurrency: wholeNumber(OPTIONS.maxConcurrency, values),
	maxRetries: wholeNumber(OPTIONS.maxRetries, values),
	timeout: wholeNumber(OPTIONS.timeout, values),
});

/** What must be signed. 'Signed Event' counts as soon as it was added: empty, it proves nothing, and is never off. */
function proofOf(values: OptionValues, item: ItemSource): ItemRequest['proof'] {
	const verify = yesOrNo(OPTIONS.verifySignature, values);
	const { name } = OPTIONS.signedEvent;
	if (Object.hasOwn(values, name)) return { event: parsedEvent(values[name]), isOther: true };
	return verify ? { event: item.json, isOther: false } : undefined;
}

/** An expression yields the item itself, or its JSON as text. */
function parsedEvent(value: unknown): unknown {
	if (typeof value !== 'string') return value;
	try {
		return JSON.parse(value);
	} catch {
		return value;
	}
}
