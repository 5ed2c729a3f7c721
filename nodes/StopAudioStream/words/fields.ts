/** The node's own fields: the names that saved workflows hold, and the labels on screen. */
export const FIELDS = {
	provider: { name: 'provider', label: 'Provider' },
	operation: { name: 'operation', label: 'Operation' },
	source: { name: 'source', label: 'Call and Stream From' },
	streamBy: { name: 'streamBy', label: 'Identify Stream By' },
	options: { name: 'options', label: 'Options' },
} as const;

/** Where an option shows: everywhere, where the provider's streams can be read, or with 'Incoming Event'. */
type ShownFor = 'always' | 'confirm' | 'events';

interface OptionText {
	/** The name that saved workflows hold. */
	name: string;
	label: string;
	description: string;
	placeholder?: string;
	shownFor: ShownFor;
}

/** One entry under 'Options'. The screen is made from it, and each item's value is held to it. */
export type OptionSpec = OptionText &
	(
		| { kind: 'yesNo'; default: false }
		| { kind: 'wholeNumber'; default: number; min: number; max: number }
		| { kind: 'choice'; default: string; choices: readonly Choice[] }
		| { kind: 'text'; default: string }
	);

/** An option of one kind. */
export type OptionOf<Kind extends OptionSpec['kind']> = Extract<OptionSpec, { kind: Kind }>;

interface Choice {
	name: string;
	value: string;
	description?: string;
}

/** The options that belong to no provider; a way may bring more of its own. */
export const OPTIONS = {
	confirm: {
		name: 'confirm',
		label: 'Confirm Stop',
		kind: 'yesNo',
		default: false,
		description:
			'Whether to read the stream after the stop, for up to 10 seconds, until it shows that it ended',
		shownFor: 'confirm',
	},
	whenNothingToStop: {
		name: 'whenNothingToStop',
		label: 'If Nothing Is Left to Stop',
		kind: 'choice',
		default: 'succeed',
		choices: [
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
		shownFor: 'always',
	},
	includeResponse: {
		name: 'includeResponse',
		label: 'Include Provider Response',
		kind: 'yesNo',
		default: false,
		description: "Whether to put the provider's answer into the output as it came",
		shownFor: 'always',
	},
	maxConcurrency: {
		name: 'maxConcurrency',
		label: 'Max Concurrency',
		kind: 'wholeNumber',
		min: 1,
		max: 1_000,
		default: 100,
		description:
			"How many requests may be under way at once for one account, those of other executions counted. With a low number, this node waits until they leave a gap. The provider's rate limit is kept in any case.",
		shownFor: 'always',
	},
	maxRetries: {
		name: 'maxRetries',
		label: 'Max Retries',
		kind: 'wholeNumber',
		min: 0,
		max: 10,
		default: 3,
		description:
			'How often a request is sent again when the provider is busy, limits requests or does not answer',
		shownFor: 'always',
	},
	preview: {
		name: 'preview',
		label: 'Preview Only',
		kind: 'yesNo',
		default: false,
		description: 'Whether to show the request that would go out, and send nothing',
		shownFor: 'always',
	},
	signedEvent: {
		name: 'signedEvent',
		label: 'Signed Event',
		kind: 'text',
		default: '',
		placeholder: "e.g. {{ $('Call Status').item.json }}",
		description:
			'The item of the Webhook node that started this, where that is not the incoming item itself. It must be signed by the provider and name the same call.',
		shownFor: 'events',
	},
	timeout: {
		name: 'timeout',
		label: 'Timeout',
		kind: 'wholeNumber',
		min: 1,
		max: 120_000,
		default: 10_000,
		description: 'How long to wait for one answer, in milliseconds',
		shownFor: 'always',
	},
	verifySignature: {
		name: 'verifySignature',
		label: 'Verify Signature',
		kind: 'yesNo',
		default: false,
		description: 'Whether to obey only an event that the provider signed',
		shownFor: 'events',
	},
} as const satisfies Record<string, OptionSpec>;
