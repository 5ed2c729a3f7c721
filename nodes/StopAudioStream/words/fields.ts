/** The node's own fields: the names that saved workflows hold, and the labels on screen. */
export const FIELDS = {
	provider: { name: 'provider', label: 'Provider' },
	operation: { name: 'operation', label: 'Operation' },
	source: { name: 'source', label: 'Call and Stream From' },
	streamBy: { name: 'streamBy', label: 'Identify Stream By' },
	options: { name: 'options', label: 'Options' },
} as const;

/** One entry under 'Options', as n8n's screen wants it; each item's value is held to it too. */
export type OptionSpec = {
	/** The name that saved workflows hold. */
	name: string;
	label: string;
	description: string;
	placeholder?: string;
	/**
	 * Absent: every stop. `confirm`: a stop at a provider whose streams can be read. `events`: a stop of what an event
	 * names. `checks`: *Check Event*.
	 */
	shownFor?: 'confirm' | 'events' | 'checks';
} &
	// On when it is added: nobody adds 'Preview Only' to leave it off.
	(
		| { type: 'boolean'; default: true }
		| { type: 'number'; default: number; typeOptions: { minValue: number; maxValue: number } }
		| {
				type: 'options';
				default: string;
				options: ReadonlyArray<{ name: string; value: string; description?: string }>;
		  }
		| { type: 'string'; default: string }
	);

/** An option of one type. */
export type OptionOf<Type extends OptionSpec['type']> = Extract<OptionSpec, { type: Type }>;

/** A field of *Check Event*, not an option: it always shows, so that nobody overlooks that it is off. */
export const REQUIRE_SIGNATURE = {
	name: 'requireSignature',
	label: 'Require Signature',
	description: 'Whether to let through only events that the provider signed',
} as const;

/** The options that belong to no provider; a way may bring more of its own. */
export const OPTIONS = {
	confirm: {
		name: 'confirm',
		label: 'Confirm Stop',
		type: 'boolean',
		default: true,
		description:
			'Whether to read the stream after the stop, for up to 10 seconds, until it shows that it ended',
		shownFor: 'confirm',
	},
	whenNothingToStop: {
		name: 'whenNothingToStop',
		label: 'If Nothing Is Left to Stop',
		type: 'options',
		default: 'failIfLive',
		options: [
			{
				name: 'Fail If a Stream May Still Run',
				value: 'failIfLive',
				description:
					"Fail if the call is live and a stream runs on it. A stop of one stream also fails if the call's list of streams cannot be read. SignalWire has no list of streams, so the item does not fail there.",
			},
			{
				name: 'Succeed',
				value: 'succeed',
				description: 'Accept a stream that has already ended, or that the provider does not know',
			},
			{
				name: 'Fail If Not Found',
				value: 'failIfNotFound',
				description: 'Fail if the provider does not know the call or the stream',
			},
			{
				name: 'Fail',
				value: 'fail',
				description: 'Fail also if the stream has already ended',
			},
		],
		description: 'What to do if the stop finds no such stream running',
	},
	includeEvent: {
		name: 'includeEvent',
		label: 'Include Event Fields',
		type: 'boolean',
		default: true,
		description:
			"Whether to put the event's own fields into the output, without the webhook's headers",
		shownFor: 'checks',
	},
	includeResponse: {
		name: 'includeResponse',
		label: 'Include Provider Response',
		type: 'boolean',
		default: true,
		description: "Whether to put the provider's answer into the output as it came",
	},
	maxConcurrency: {
		name: 'maxConcurrency',
		label: 'Max Concurrency',
		type: 'number',
		default: 100,
		typeOptions: { minValue: 1, maxValue: 1_000 },
		description:
			"How many requests to one account may be under way at once, including those of other executions. With a low number, this node waits until fewer are under way. The node keeps to the provider's rate limit in any case.",
	},
	maxRetries: {
		name: 'maxRetries',
		label: 'Max Retries',
		type: 'number',
		default: 3,
		typeOptions: { minValue: 0, maxValue: 10 },
		description:
			'How often to send a request again if the provider is busy, limits requests or does not answer',
	},
	preview: {
		name: 'preview',
		label: 'Preview Only',
		type: 'boolean',
		default: true,
		description: 'Whether to show the request that would go out, and send nothing',
	},
	signedEvent: {
		name: 'signedEvent',
		label: 'Signed Event',
		type: 'string',
		default: '',
		placeholder: "e.g. {{ $('Call Status').item.json }}",
		description:
			'The item of the Webhook node that started this workflow, if that is not the incoming item itself. The provider must have signed it, and it must name the same call.',
		shownFor: 'events',
	},
	timeout: {
		name: 'timeout',
		label: 'Timeout',
		type: 'number',
		default: 10_000,
		typeOptions: { minValue: 1, maxValue: 120_000 },
		description: 'How long to wait for one answer, in milliseconds',
	},
	verifySignature: {
		name: 'verifySignature',
		label: 'Verify Signature',
		type: 'boolean',
		default: true,
		description: 'Whether to obey only events that the provider signed',
		shownFor: 'events',
	},
} as const satisfies Record<string, OptionSpec>;
