import type { IDataObject } from 'n8n-workflow';

import { providers } from '../providers';
import {
	waysToOneStream,
	wayToAllStreams,
	type Ids,
	type Provider,
	type Way,
} from '../providers/provider';
import { pathSegment } from '../providers/urls';
import { FIELDS, OPTIONS, REQUIRE_SIGNATURE } from '../words/fields';
import { messages, orRefusal, Refusal, refusal, type About } from '../words/sentences';
import type { Operation } from '../words/vocabulary';
import { isRecord, jsonOrAsIs } from '../words/values';
import { placesIn, readEvent, readSaid, type SaidOfStop } from './events';
import {
	choice,
	idText,
	isOn,
	oneOf,
	streamText,
	unknownChoice,
	wholeNumber,
	yesOrNo,
	type Parameters,
} from './parameters';

/** A stop that an item asks for. */
export interface StopRequest {
	kind: 'stop';
	provider: Provider;
	way: Way;
	ids: Ids;
	/** What was set under 'Options'; times are in ms. */
	options: ReturnType<typeof readOptions>;
	/** The ids come from fields, and not from an event. */
	idsFromFields: boolean;
	/** What the incoming item says about this very call and stream. */
	said?: SaidOfStop;
	/** The event that the provider must have signed, if one must be; `isOther` if it is not the item itself. */
	proof?: { event: unknown; isOther: boolean };
	/** What is wrong with that event, to be said only once it is known who sent it. */
	refused?: Refusal;
}

/** An event that an item holds, to be checked. */
export interface CheckRequest {
	kind: 'check';
	provider: Provider;
	requireSignature: boolean;
	includeEvent: boolean;
}

const OPERATIONS: readonly Operation[] = ['stopStream', 'stopAllStreams', 'checkEvent'];
const SOURCES = ['fields', 'event'] as const;

/** Reads and checks what one item asks for. What was read so far stays known if the rest is refused. */
export class ItemReader {
	readonly ids: Ids = {};

	private provider?: Provider;

	private operation?: Operation;

	private way?: Way;

	/** `isTool`: whether the node is an AI agent's tool. */
	constructor(
		private readonly parameters: Parameters,
		private readonly json: IDataObject,
		private readonly isTool: boolean,
	) {}

	get about(): About {
		const { provider, operation, way, ids } = this;
		const { callId, stream, conferenceSid } = ids;
		return {
			provider: provider?.name,
			operation,
			callId,
			stream,
			streamBy: way?.choice?.streamBy,
			conferenceSid: conferenceSid || undefined,
		};
	}

	/** Refuses with a sentence that names the field. */
	read(): StopRequest | CheckRequest {
		const { parameters } = this;
		const { name, label } = FIELDS.operation;
		const operation = orRefusal(() =>
			oneOf(label, OPERATIONS, parameters.read(name, 'stopStream')),
		);
		// Set before the provider may be refused, so that a failed *Check Event* is reported as a check and not as a stop.
		if (!(operation instanceof Refusal)) this.operation = operation;
		this.provider = this.readProvider();
		if (operation instanceof Refusal) throw operation;
		if (operation === 'checkEvent') return this.readCheck(this.provider);
		this.way = this.chosenWay(this.provider, operation);
		const source = oneOf(
			FIELDS.source.label,
			SOURCES,
			parameters.read(FIELDS.source.name, 'fields'),
		);
		return source === 'fields'
			? this.readFromFields(this.provider, this.way)
			: this.readFromEvent(this.provider, this.way);
	}

	private readProvider(): Provider {
		const { name, label } = FIELDS.provider;
		const value = this.parameters.read(name, '');
		const named = oneOf(label, providers, value, (provider) => provider.name);
		if (named.name === value || this.parameters.isExpression(name)) return named;
		// If n8n does not know a fixed value by its exact spelling, it drops every field that depends on it.
		const names = providers.map((provider) => provider.name);
		throw unknownChoice(label, names, value);
	}

	private readCheck(provider: Provider): CheckRequest {
		const { name, label } = REQUIRE_SIGNATURE;
		return {
			kind: 'check',
			provider,
			requireSignature: yesOrNo(label, this.parameters.read(name, true)),
			includeEvent: isOn(OPTIONS.includeEvent, this.optionValues()),
		};
	}

	/**
	 * The way that 'Operation' and 'Identify Stream By' choose; `undefined` if the provider cannot stop all streams.
	 */
	private chosenWay(provider: Provider, operation: Operation): Way | undefined {
		if (operation === 'stopAllStreams') return wayToAllStreams(provider);
		const [usual] = provider.ways;
		if (!usual.choice) return usual;
		const { name, label } = FIELDS.streamBy;
		const chosen = this.parameters.read(name, usual.choice.streamBy);
		return oneOf(label, waysToOneStream(provider), chosen, (way) => way.choice?.streamBy ?? '');
	}

	private readFromFields(provider: Provider, chosen: Way | undefined): StopRequest {
		const { ids, json, parameters } = this;
		const { on, stream } = chosen ?? provider.ways[0];
		ids[on.id] = idText(parameters.read(on.id, ''), on.field.label);
		const text = stream && streamText(parameters.read('stream', ''), stream);
		if (text) ids.stream = text;
		const way = this.allowedWay(provider, chosen);
		const options = this.optionValues();
		const stopOptions = readOptions(options);
		this.checkIds(way);
		// If a person leaves the name empty, the cXML holds it. If an expression gives nothing, the cXML stops
		// nothing.
		if (stream?.kind === 'name' && parameters.isExpression('stream') && !text?.trim()) {
			throw refusal('input', messages.empty, { field: stream.label });
		}
		this.readDocument(way, options);
		const said = readSaid(placesIn(json), { provider, way, ids });
		return { kind: 'stop', provider, way, ids, options: stopOptions, idsFromFields: true, said };
	}

	private readFromEvent(provider: Provider, chosen: Way | undefined): StopRequest {
		const { ids, json, parameters } = this;
		const way = this.allowedWay(provider, chosen);
		const options = this.optionValues();
		const proof = this.readProof(options);
		const givenStream = way.stream && parameters.read('stream', '');
		const onlySigned = proof !== undefined && !proof.isOther;
		const read = orRefusal(() => {
			const found = readEvent(json, { provider, way, onlySigned, givenStream }, ids);
			this.checkIds(found.way);
			this.readDocument(found.way, options);
			return found;
		});
		const asked = {
			kind: 'stop',
			provider,
			ids,
			options: readOptions(options),
			idsFromFields: false,
			proof,
		} as const;
		if (!(read instanceof Refusal)) {
			const said = readSaid([read.place], { provider, way: read.way, ids });
			return { ...asked, way: read.way, said };
		}
		// If the event must be signed, its signature is checked first.
		if (proof) return { ...asked, way, refused: read };
		throw read;
	}

	private allowedWay(provider: Provider, way: Way | undefined): Way {
		if (!way) throw refusal('input', messages.noStopAll, { provider: provider.displayName });
		if (this.isTool && way.choice?.notInTools) {
			throw refusal('input', messages.notForTools, { choice: way.choice.label });
		}
		return way;
	}

	/**
	 * Refuses ids that are empty or hold only dots, before a credential is read. Building a URL checks them again,
	 * but a control ID and its call go into no URL.
	 */
	private checkIds({ on, stream }: Way) {
		pathSegment(this.ids[on.id], on.field.label);
		if (stream && stream.kind !== 'name') {
			pathSegment(this.ids.stream, stream.label);
		}
	}

	private readDocument({ document }: Way, values: Record<string, unknown>) {
		if (!document) return;
		const {
			fallbackUrl: fallbackSpec,
			method: methodSpec,
			nameParameter: nameSpec,
		} = document.options;
		const fallbackUrl = webUrl(values[fallbackSpec.name], fallbackSpec.label);
		const url = webUrl(this.parameters.read('cxmlUrl', ''), document.url.label);
		if (url === '') throw refusal('input', messages.empty, { field: document.url.label });
		const nameParameter = idText(values[nameSpec.name] ?? nameSpec.default, nameSpec.label);
		if (nameParameter === '') throw refusal('input', messages.empty, { field: nameSpec.label });
		const method = choice(methodSpec, values);
		this.ids.document = { url, ...(fallbackUrl && { fallbackUrl }), method, nameParameter };
	}

	/** What must be signed. 'Signed Event' counts as soon as it is added: left empty it is refused, and never off. */
	private readProof(options: Record<string, unknown>): StopRequest['proof'] {
		const verify = isOn(OPTIONS.verifySignature, options);
		const { name } = OPTIONS.signedEvent;
		if (Object.hasOwn(options, name)) return { event: jsonOrAsIs(options[name]), isOther: true };
		return verify ? { event: this.json, isOther: false } : undefined;
	}

	private optionValues(): Record<string, unknown> {
		const options = this.parameters.read(FIELDS.options.name, {});
		if (isRecord(options)) return options;
		// Ignored options could hold a 'Preview Only', and the node would send.
		throw refusal('input', messages.unreadableField, { reason: "'Options' is not an object" });
	}
}

/** A URL that the provider can fetch, as it was typed; `''` if there is none. */
function webUrl(value: unknown, label: string): string {
	const typed = idText(value, label);
	if (typed === '') return '';
	const url = URL.canParse(typed) ? new URL(typed) : undefined;
	if (!url || !/^https?:\/\//i.test(typed)) {
		throw refusal('input', messages.notWebUrl, { field: label });
	}
	// The provider would not send them, and a preview would show them.
	if (url.username || url.password) {
		throw refusal('input', messages.urlWithPassword, { field: label });
	}
	return typed;
}

const readOptions = (values: Record<string, unknown>) => ({
	confirm: isOn(OPTIONS.confirm, values),
	includeResponse: isOn(OPTIONS.includeResponse, values),
	preview: isOn(OPTIONS.preview, values),
	whenNothingToStop: choice(OPTIONS.whenNothingToStop, values),
	maxConcurrency: wholeNumber(OPTIONS.maxConcurrency, values),
	maxRetries: wholeNumber(OPTIONS.maxRetries, values),
	timeout: wholeNumber(OPTIONS.timeout, values),
});
