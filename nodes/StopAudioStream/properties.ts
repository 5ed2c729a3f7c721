import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';

import { messages, say } from './messages';
import { providers } from './providers';
import type { FieldText, Provider, StreamIdSpec } from './providers/provider';

/**
 * Every field that the user sees, in the order of the screen. Labels and texts come from the providers: one
 * saved name may have several definitions, each shown for its providers. Where 'Provider' is an expression,
 * n8n shows them all, bound to the same value.
 *
 * 'provider' is always the last of the conditions. n8n reads them in order and shows the field as soon as it
 * meets an expression: in front, it would show (and demand) the cXML URL for every stream, and the call for
 * events, and such a workflow would not start.
 */

/** Fields that decide where a call goes on are not in the AI tool's form: a model must not choose that. */
const notInTools = { '@tool': [true] };
const oneStream = { operation: ['stopStream'] };
// Not ['fields']: in the AI tool's form there is no 'source'.
const fromFields = { source: [{ _cnd: { not: 'event' } }] };
const fromEvent = { source: ['event'] };

const names = (some: readonly Provider[]) => some.map(({ name }) => name);
const withWays = providers.filter(({ streamIds }) => streamIds.length > 1);
const withStopAll = providers.filter(({ stopAll }) => stopAll);
const withConfirm = providers.filter(({ confirm }) => confirm);

/** Each provider's ways to name a stream, with what the screen must show for it. */
const ways = providers.flatMap(({ name, streamIds }) =>
	streamIds.map((streamId) => ({
		provider: name,
		streamId,
		shownFor: streamId.streamBy ? { streamBy: [streamId.streamBy] } : {},
	})),
);
const documentWays = ways.filter(({ streamId }) => streamId.byDocument);

/** Groups what has the same text, so that providers with the same words share one definition. */
function byText<Entry extends { provider: string }>(
	entries: readonly Entry[],
	textOf: (entry: Entry) => FieldText,
): Array<{ text: FieldText; first: Entry; provider: string[] }> {
	const groups = new Map<string, { text: FieldText; first: Entry; provider: string[] }>();
	for (const entry of entries) {
		const text = textOf(entry);
		const group = groups.get(text.description) ?? { text, first: entry, provider: [] };
		group.provider.push(entry.provider);
		groups.set(text.description, group);
	}
	return [...groups.values()];
}

const callFields: INodeProperties[] = byText(
	providers.map(({ name, callId }) => ({ provider: name, callId })),
	({ callId }) => callId,
).map(({ text, provider }) => ({
	displayName: text.label,
	name: 'callId',
	type: 'string',
	default: '',
	required: true,
	placeholder: text.placeholder,
	description: text.description,
	displayOptions: { show: { ...fromFields, provider } },
}));

const streamFields: INodeProperties[] = byText(ways, ({ streamId }) => streamId).flatMap(
	({ text, first, provider }) => {
		const show = { ...oneStream, ...first.shownFor, provider };
		const field = {
			displayName: text.label,
			name: 'stream',
			type: 'string',
			default: '',
			placeholder: text.placeholder,
		} as const;
		return [
			{
				...field,
				...(!first.streamId.byDocument && { required: true }),
				description: text.description,
				displayOptions: { show: { ...fromFields, ...show } },
			},
			{
				...field,
				description: `${text.description} Empty means: take it from the event.`,
				displayOptions: { show: { ...fromEvent, ...show } },
			},
		];
	},
);

const notice = (name: string, text: string, show: IDisplayOptions['show']): INodeProperties => ({
	displayName: text,
	name,
	type: 'notice',
	default: '',
	displayOptions: { show },
});

/** What happens to the call, beside each choice. */
const notices: INodeProperties[] = [
	...ways.map(({ provider, streamId, shownFor }) =>
		notice(noticeName(provider, streamId), streamId.notice, {
			...oneStream,
			...shownFor,
			provider: [provider],
		}),
	),
	...providers.map((provider) =>
		notice(`${provider.name}AllNotice`, provider.stopAll?.notice ?? cannotStopAll(provider), {
			operation: ['stopAllStreams'],
			provider: [provider.name],
		}),
	),
];

/** The operation can be there all the same: from n8n's list of actions, or from another provider. */
function cannotStopAll({ displayName }: Provider): string {
	const { what, todo } = say(messages.noStopAll, { provider: displayName });
	return `${what}. ${todo}`;
}

function noticeName(provider: string, { streamBy }: StreamIdSpec): string {
	return `${provider}${streamBy ?? ''}Notice`;
}

/** In the options, a field of the node itself is named from its root. */
const showForDocuments: IDisplayOptions = {
	show: {
		'/operation': ['stopStream'],
		'/streamBy': documentWays.flatMap(({ streamId }) => streamId.streamBy ?? []),
		'/provider': documentWays.map(({ provider }) => provider),
	},
};

/** The options that are whole numbers. Each item's value is held to the same bounds and defaults. */
export const wholeNumbers = {
	maxConcurrency: {
		displayName: 'Max Concurrency',
		name: 'maxConcurrency',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 1_000 },
		default: 100,
		description:
			"How many requests may be under way at once for one account. The provider's rate limit is kept in any case.",
	},
	maxRetries: {
		displayName: 'Max Retries',
		name: 'maxRetries',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: 10 },
		default: 3,
		description:
			'How often a request is sent again when the provider is busy, limits requests or does not answer',
	},
	timeout: {
		displayName: 'Timeout',
		name: 'timeout',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 120_000 },
		default: 10_000,
		description: 'How long to wait for one answer, in milliseconds',
	},
} as const satisfies Record<string, INodeProperties>;

export const properties: INodeProperties[] = [
	{
		displayName: 'Provider',
		name: 'provider',
		type: 'options',
		required: true,
		default: 'signalWire',
		options: providers.map(({ name, displayName }) => ({ name: displayName, value: name })),
		description: `The telephony provider that carries the call. An expression may give it for each item: ${names(providers).join(', ')}.`,
	},
	{
		displayName: 'Operation',
		name: 'operation',
		type: 'options',
		noDataExpression: true,
		default: 'stopStream',
		options: [
			{
				name: 'Stop Stream',
				value: 'stopStream',
				action: 'Stop a stream of a call',
				description: 'Stop one audio stream of a live call',
			},
			{
				name: 'Stop All Streams',
				value: 'stopAllStreams',
				action: 'Stop all streams of a call',
				description: 'Stop every audio stream of a live call',
				displayOptions: { show: { provider: names(withStopAll) } },
			},
		],
	},
	{
		displayName: 'Call and Stream From',
		name: 'source',
		type: 'options',
		noDataExpression: true,
		default: 'fields',
		options: [
			{
				name: 'Fields Below',
				value: 'fields',
				description: 'Type or map the call and the stream',
			},
			{
				name: 'Incoming Event',
				value: 'event',
				description:
					"Find them in the provider's own event, as a Webhook node or the stream itself hands it over",
			},
		],
		displayOptions: { hide: notInTools },
	},
	...withWays.map(({ name, streamIds }): INodeProperties => ({
		displayName: 'Identify Stream By',
		name: 'streamBy',
		type: 'options',
		noDataExpression: true,
		default: String(streamIds[0].streamBy),
		options: streamIds.map(({ streamBy = '', label, summary, byDocument }) => ({
			name: label,
			value: streamBy,
			description: summary,
			...(byDocument && { displayOptions: { hide: notInTools } }),
		})),
		displayOptions: { show: { ...oneStream, provider: [name] } },
	})),
	...callFields,
	...streamFields,
	...documentWays.map(({ provider, shownFor }): INodeProperties => ({
		displayName: 'cXML URL',
		name: 'cxmlUrl',
		type: 'string',
		default: '',
		required: true,
		placeholder: 'e.g. https://example.signalwire.com/laml-bins/…',
		description:
			'The document that stops the stream: a cXML Bin of your space, or an address on your own server. SignalWire runs it in place of what the call is doing now.',
		displayOptions: { show: { ...oneStream, ...shownFor, provider: [provider] }, hide: notInTools },
	})),
	...notices,
	{
		displayName: 'Options',
		name: 'options',
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		options: [
			{
				displayName: 'Confirm Stop',
				name: 'confirm',
				type: 'boolean',
				default: false,
				description:
					'Whether to read the stream after the stop, for up to 10 seconds, until it shows that it ended',
				displayOptions: { show: { '/provider': names(withConfirm) } },
			},
			{
				displayName: 'cXML Fallback URL',
				name: 'cxmlFallbackUrl',
				type: 'string',
				default: '',
				placeholder: 'e.g. https://example.com/stop-stream',
				description:
					"The document that SignalWire runs where the one at 'cXML URL' cannot be fetched",
				displayOptions: showForDocuments,
			},
			{
				displayName: 'cXML Method',
				name: 'cxmlMethod',
				type: 'options',
				default: 'POST',
				options: [
					{ name: 'GET', value: 'GET' },
					{ name: 'POST', value: 'POST' },
				],
				description: 'How SignalWire fetches the document and its fallback',
				displayOptions: showForDocuments,
			},
			{
				displayName: 'If Nothing Is Left to Stop',
				name: 'whenNothingToStop',
				type: 'options',
				default: 'succeed',
				options: [
					{
						name: 'Succeed',
						value: 'succeed',
						description: 'A stream that has already ended, or is not known, is fine',
					},
					{
						name: 'Fail If Not Found',
						value: 'failIfNotFound',
						description: 'Fail where the provider does not know the call or the stream',
					},
					{
						name: 'Fail',
						value: 'fail',
						description: 'Fail also where the stream has already ended',
					},
				],
				description: 'What to do where no stream was running any more',
			},
			{
				displayName: 'Include Provider Response',
				name: 'includeResponse',
				type: 'boolean',
				default: false,
				description: "Whether to put the provider's answer into the output as it came",
			},
			wholeNumbers.maxConcurrency,
			wholeNumbers.maxRetries,
			{
				displayName: 'Preview Only',
				name: 'preview',
				type: 'boolean',
				default: false,
				description: 'Whether to show the request that would go out, and send nothing',
			},
			{
				displayName: 'Stream Name Parameter',
				name: 'nameParameter',
				type: 'string',
				default: 'STREAMNAME',
				description: "The parameter of 'cXML URL' that carries the stream's name",
				displayOptions: showForDocuments,
			},
			wholeNumbers.timeout,
		],
	},
];
