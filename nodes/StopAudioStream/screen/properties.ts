import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';

import { providers } from '../providers';
import { waysToOneStream, wayToAllStreams, type Provider, type Way } from '../providers/provider';
import { FIELDS, OPTIONS, REQUIRE_SIGNATURE, type OptionSpec } from '../words/fields';
import { messages, say } from '../words/sentences';

/**
 * Every field that the user sees, in the order of the screen. Labels and texts come from the ways. A field may be
 * defined several times under one saved name, each time with the texts of the ways that show it. If 'Provider' is an
 * expression, n8n shows all of these, bound to the same value.
 *
 * 'provider' is always the last condition. n8n reads conditions in order, and shows the field as soon as it meets an
 * expression. If 'provider' came first, n8n would show (and demand) the cXML URL for every stream and the call for
 * events, and such a workflow would not start.
 */

/** Hidden in the AI tool's form: a model must not choose what a call does next. */
const notInTools = { '@tool': [true] };
const oneStream = { operation: ['stopStream'] };
const stops = { operation: ['stopStream', 'stopAllStreams'] };
const checks = { operation: ['checkEvent'] };
// Not ['fields']: in the AI tool's form there is no 'source'.
const fromFields = { source: [{ _cnd: { not: 'event' } }] };
const fromEvent = { source: ['event'] };

const names = (some: readonly Provider[]) => some.map(({ name }) => name);
const withStopAll = providers.filter(wayToAllStreams);
const withConfirm = providers.filter(({ ways }) => ways.some(({ streams }) => streams));

/** Each way beside the provider it belongs to. */
const shown = providers.flatMap((provider) => provider.ways.map((way) => ({ provider, way })));
type Shown = (typeof shown)[number];
const withDocument = shown.flatMap(({ provider, way }) =>
	way.document ? [{ provider, way, document: way.document }] : [],
);

/** Groups ways that have the same field, as one object, so that they share one definition. */
const byField = <Field>(fieldOf: (way: Way) => Field | undefined) =>
	[...new Set(shown.flatMap(({ way }) => fieldOf(way) ?? []))].map((field) => ({
		field,
		entries: shown.filter(({ way }) => fieldOf(way) === field),
	}));

const providersOf = (entries: readonly Shown[]) => [
	...new Set(entries.map(({ provider }) => provider.name)),
];

/** The choices under 'Identify Stream By' that show a field, if its provider has several. */
const choicesOf = (entries: readonly Shown[]) =>
	entries.flatMap(({ way }) => (way.choice ? [way.choice.streamBy] : []));

/** When a field that these ways need shows. */
const forWays = (entries: readonly Shown[]) => {
	const streamBy = choicesOf(entries);
	return { ...oneStream, ...(streamBy.length > 0 && { streamBy }), provider: providersOf(entries) };
};

const onConference = choicesOf(shown.filter(({ way }) => way.on.noun === 'conference'));

/** When the field of the call, or of the conference, shows, if its provider has several choices. */
function forPlace(on: Way['on'], choices: string[]): IDisplayOptions['show'] {
	if (choices.length === 0) return {};
	if (on.noun === 'conference') return { ...oneStream, streamBy: choices };
	// Said that way round because 'Stop All Streams' has no choice, and needs the call too.
	return { streamBy: onConference.map((choice) => ({ _cnd: { not: choice } })) };
}

const placeFields: INodeProperties[] = byField(({ on }) => on).map(({ field: on, entries }) => ({
	displayName: on.field.label,
	name: on.id,
	type: 'string',
	default: '',
	required: true,
	placeholder: on.field.placeholder,
	description: on.field.description,
	displayOptions: {
		show: {
			...stops,
			...fromFields,
			...forPlace(on, choicesOf(entries)),
			provider: providersOf(entries),
		},
	},
}));

const streamFields = byField(({ stream }) => stream).flatMap(
	({ field: { label, placeholder, description, ifEmpty }, entries }): INodeProperties[] => {
		const show = forWays(entries);
		const field = {
			displayName: label,
			name: 'stream',
			type: 'string',
			default: '',
			placeholder,
		} as const;
		return [
			{
				...field,
				...(ifEmpty === undefined && { required: true }),
				description: [description, ifEmpty].join(' ').trim(),
				displayOptions: { show: { ...fromFields, ...show } },
			},
			{
				...field,
				description: `${description} Leave it empty to take it from the event.`,
				displayOptions: { show: { ...fromEvent, ...show } },
			},
		];
	},
);

const notice = (
	name: string,
	text: string,
	show: IDisplayOptions['show'],
	hide?: IDisplayOptions['hide'],
): INodeProperties => ({
	displayName: text,
	name,
	type: 'notice',
	default: '',
	displayOptions: { show, ...(hide && { hide }) },
});

/** What happens to the call, beside each choice. */
const notices: INodeProperties[] = providers.flatMap((provider) => [
	...waysToOneStream(provider).map((way) =>
		notice(
			`${provider.name}${way.choice?.streamBy ?? ''}Notice`,
			way.notice,
			forWays([{ provider, way }]),
		),
	),
	notice(
		`${provider.name}AllNotice`,
		wayToAllStreams(provider)?.notice ?? cannotStopAll(provider),
		{ operation: ['stopAllStreams'], provider: [provider.name] },
	),
]);

/** For 'Stop All Streams' selected all the same: in n8n's list of actions, or before the provider was changed. */
function cannotStopAll({ displayName }: Provider): string {
	const { what, todo } = say(messages.noStopAll, { provider: displayName });
	return `${what}. ${todo}`;
}

/** A warning beside 'Incoming Event', until 'Verify Signature' is on or 'Signed Event' is filled in. */
const eventNotice = notice(
	'eventNotice',
	"<b>Anyone who knows the webhook's URL can send such an event.</b> Lock the webhook, or switch on 'Verify Signature' under 'Options'.",
	{ ...stops, ...fromEvent },
	// From the root: n8n 1.85 would look for a field of this whole name, and not load the node.
	{ '/options.verifySignature': [true], '/options.signedEvent': [{ _cnd: { exists: true } }] },
);

/** In the AI tool's form, one click hands any field to the model. */
const toolNotice = notice(
	'toolNotice',
	'<b>Take the call from the trigger</b>, as in {{ $json.callId }}, and do not let the model fill it in: it could stop the stream of another caller.',
	notInTools,
);

/** Inside the options, a name with a slash is a field of the node itself. */
const showForDocuments: IDisplayOptions = {
	show: {
		'/operation': ['stopStream'],
		'/streamBy': choicesOf(withDocument),
		'/provider': providersOf(withDocument),
	},
};

const forStops = { '/operation': stops.operation };
const SHOWN_FOR: Record<NonNullable<OptionSpec['shownFor']> | 'stops', IDisplayOptions> = {
	stops: { show: forStops },
	confirm: { show: { ...forStops, '/provider': names(withConfirm) } },
	events: { show: { ...forStops, '/source': ['event'] } },
	checks: { show: { '/operation': checks.operation } },
};

const optionField = (
	{ shownFor, label, ...field }: OptionSpec,
	displayOptions = SHOWN_FOR[shownFor ?? 'stops'],
) => ({ displayName: label, ...field, displayOptions }) as INodeProperties;

/** Not `localeCompare`: its first use loads the rules of all languages, which takes n8n longer than this package. */
function byLabel({ displayName: one }: INodeProperties, { displayName: other }: INodeProperties) {
	return one.toLowerCase() < other.toLowerCase() ? -1 : 1;
}

/** What the field is for, and what each provider's signature does not prove. */
const withLimits = (description: string) =>
	[
		`${description.replace(/\.$/, '')}.`,
		...providers.flatMap(({ signature }) => signature.limits ?? []),
	].join(' ');

const optionFields = [
	...Object.values<OptionSpec>(OPTIONS).map((spec) =>
		optionField(
			spec.shownFor === 'events' ? { ...spec, description: withLimits(spec.description) } : spec,
		),
	),
	...withDocument.flatMap(({ document }) =>
		Object.values(document.options).map((spec) => optionField(spec, showForDocuments)),
	),
].sort(byLabel);

export const properties: INodeProperties[] = [
	{
		displayName: FIELDS.provider.label,
		name: FIELDS.provider.name,
		type: 'options',
		required: true,
		default: 'plivo',
		options: providers.map(({ name, displayName }) => ({ name: displayName, value: name })),
		description: `The telephony provider that carries the call. An expression may give it for each item: ${names(providers).join(', ')}.`,
	},
	{
		displayName: FIELDS.operation.label,
		name: FIELDS.operation.name,
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
			{
				name: 'Check Event',
				value: 'checkEvent',
				action: 'Check an event of a call',
				description: "Tell what a provider's event says and who sent it, and send nothing",
				displayOptions: { hide: notInTools },
			},
		],
	},
	toolNotice,
	{
		displayName: REQUIRE_SIGNATURE.label,
		name: REQUIRE_SIGNATURE.name,
		type: 'boolean',
		default: true,
		description: withLimits(REQUIRE_SIGNATURE.description),
		displayOptions: { show: checks },
	},
	{
		displayName: FIELDS.source.label,
		name: FIELDS.source.name,
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
					"Find them in the provider's own event, from a Webhook node or from the stream itself",
			},
		],
		displayOptions: { hide: { ...notInTools, ...checks } },
	},
	eventNotice,
	...providers.flatMap((provider): INodeProperties[] => {
		const choices = waysToOneStream(provider).flatMap(({ choice }) => choice ?? []);
		if (choices.length === 0) return [];
		const [byDefault] = choices.map(({ streamBy }) => streamBy);
		return [
			{
				displayName: FIELDS.streamBy.label,
				name: FIELDS.streamBy.name,
				type: 'options',
				noDataExpression: true,
				default: byDefault,
				options: choices.map(({ streamBy, label, summary, notInTools: hidden }) => ({
					name: label,
					value: streamBy,
					description: summary,
					...(hidden && { displayOptions: { hide: notInTools } }),
				})),
				displayOptions: { show: { ...oneStream, provider: [provider.name] } },
			},
		];
	}),
	...placeFields,
	...streamFields,
	...withDocument.map((entry): INodeProperties => ({
		displayName: entry.document.url.label,
		name: 'cxmlUrl',
		type: 'string',
		default: '',
		required: true,
		placeholder: entry.document.url.placeholder,
		description: entry.document.url.description,
		displayOptions: { show: forWays([entry]), hide: notInTools },
	})),
	...notices,
	{
		displayName: FIELDS.options.label,
		name: FIELDS.options.name,
		type: 'collection',
		placeholder: 'Add Option',
		default: {},
		options: optionFields,
	},
];
