// The tables in the documents that are made of the node's own sources: its sentences and its options.

import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';

import { hintFor, type Provider } from '../../nodes/StopAudioStream/providers/provider';
import { providers } from '../../nodes/StopAudioStream/providers/index';
import { properties } from '../../nodes/StopAudioStream/screen/properties';
import { messages, type Sentence } from '../../nodes/StopAudioStream/words/sentences';
import { asMarkdown } from './table.cts';

/** Every sentence word for word. If it holds words of ours that differ by provider, it has a row for each. */
export function troubleshootingTable(): string {
	const sentences: Sentence[] = Object.values(messages);
	const rows = sentences.flatMap((sentence) =>
		/\{(hint|keyHint)\}/.test(sentence.todo)
			? providers.flatMap((provider) => ownWords(sentence, provider))
			: [sentence],
	);
	return asMarkdown([
		['What you see', 'What to do'],
		...rows.map(({ what, todo }) => [what, todo]),
	]);
}

/** The sentence as it is said of a provider: more than once if a 401 and a 403 differ, never if it cannot be. */
function ownWords(sentence: Sentence, provider: Provider): Sentence[] {
	const { displayName, signature } = provider;
	const { keyField, keyHint, limits, older, signsHint } = signature;
	if (sentence.what.includes('{status}')) {
		const [unknown, forbidden] = [hintFor(provider, 401), hintFor(provider, 403)];
		const rows =
			unknown === forbidden
				? [{ status: '401 or 403', hint: unknown }]
				: [
						{ status: '401', hint: unknown },
						{ status: '403', hint: forbidden },
					];
		return rows.map((row) => filled(sentence, { ...row, provider: displayName }));
	}
	if (sentence === messages.olderSignature && !older) return [];
	if (sentence === messages.wrongSignatureOrQuery && limits !== undefined) return [];
	return [
		filled(sentence, {
			provider: displayName,
			hint: signsHint,
			keyHint,
			field: keyField.label,
			version: older?.version ?? '',
		}),
	];
}

function filled({ what, todo }: Sentence, values: Record<string, string>): Sentence {
	const fill = (text: string) =>
		text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
	return { what: fill(what), todo: fill(todo) };
}

const isChoice = (option: object): option is INodePropertyOptions => 'value' in option;

const choicesOf = ({ options = [] }: INodeProperties) => options.filter(isChoice);

const fieldOf = (name: string) => {
	const field = properties.find((property) => property.name === name);
	if (!field) throw new Error(`The screen has no field '${name}'.`);
	return field;
};

/** The name on screen of a field's choice. */
const choiceName = (field: string, value: unknown) =>
	choicesOf(fieldOf(field)).find((choice) => choice.value === value)?.name ?? String(value);

/** When an option shows, in words. */
function shownWhen({ displayOptions }: INodeProperties): string {
	const { show = {} } = displayOptions ?? {};
	const of = (name: string) => (show[`/${name}`] ?? []).map((value) => choiceName(name, value));
	const parts = [
		...of('operation').filter((name) => name === choiceName('operation', 'checkEvent')),
		of('provider').join(', '),
		...of('streamBy').map((name) => `by *${name}*`),
		...of('source').map((name) => `with *${name}*`),
	].filter((part) => part !== '');
	return parts.length === 0 ? 'always' : parts.join(', ');
}

const number = (value: unknown) => Number(value).toLocaleString('en');

function defaultOf(option: INodeProperties): string {
	const { type, default: value } = option;
	// What holds if the option is not added; added, it is on.
	if (type === 'boolean') return 'off';
	if (type === 'number') return number(value);
	const choice = choicesOf(option).find((each) => each.value === value);
	return choice?.name ?? (typeof value === 'string' && value !== '' ? `\`${value}\`` : '–');
}

/** What an option does, as the screen says it, with its choices or its bounds. */
function whatOf(option: INodeProperties): string {
	const { description = '', typeOptions, type } = option;
	const bounds =
		type === 'number'
			? [`${number(typeOptions?.minValue)} to ${number(typeOptions?.maxValue)}`]
			: choicesOf(option).flatMap(({ name, description: says }) =>
					says
						? [`*${name}*: ${says.charAt(0).toLowerCase()}${says.slice(1).replace(/\.$/, '')}`]
						: [],
				);
	const text = description.endsWith('.') ? description : `${description}.`;
	return bounds.length === 0 ? text : `${text} ${bounds.join('. ')}.`;
}

/** The options in the order of the screen. */
export function optionsTable(): string {
	const { options = [] } = fieldOf('options');
	const rows = options.flatMap((option) =>
		'type' in option
			? [[option.displayName, defaultOf(option), shownWhen(option), whatOf(option)]]
			: [],
	);
	return asMarkdown([['Option', 'Default', 'Shows', 'What it does'], ...rows]);
}
