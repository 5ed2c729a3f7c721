import type { IExecuteFunctions } from 'n8n-workflow';

import type { Way } from '../providers/provider';
import type { OptionOf } from '../words/fields';
import { messages, refusal } from '../words/sentences';
import { isRecord } from '../words/values';

/** Reads the value of one of the node's fields for one item. */
export type ReadField = (name: string, fallback: unknown) => unknown;

/**
 * Reads the fields of the node, item after item. A field that holds no expression is the same for every
 * item and is read once: for a thousand items, reading is what costs most.
 */
export function fieldReader(
	context: Pick<IExecuteFunctions, 'getNode' | 'getNodeParameter'>,
): (itemIndex: number) => ReadField {
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

/** The values of the collection 'Options'. */
export type OptionValues = Record<string, unknown>;

/** A pasted id: text, without the blanks around it. */
export function idText(value: unknown, label: string): string {
	if (value === undefined || value === null) return '';
	if (typeof value !== 'string') throw refusal('input', messages.notText, { field: label });
	return value.trim();
}

/** A stream's id without the blanks around it; a stream's name as it is, since blanks may belong to it. */
export function streamText(value: unknown, { label, isName }: NonNullable<Way['stream']>): string {
	const trimmed = idText(value, label);
	return isName && typeof value === 'string' ? value : trimmed;
}

/** The choice that a value names; a value from an expression may differ in case and have blanks around it. */
export function oneOf<Chosen>(
	label: string,
	choices: readonly Chosen[],
	value: unknown,
	nameOf: (choice: Chosen) => string = String,
): Chosen {
	const name = typeof value === 'object' ? undefined : String(value).trim().toLowerCase();
	const found = choices.find((choice) => nameOf(choice).toLowerCase() === name);
	if (found !== undefined) return found;
	throw refusal('input', messages.unknownChoice, {
		field: label,
		value: String(value ?? '').slice(0, 100),
		choices: choices.map(nameOf).join(', '),
	});
}

const YES_NO = [true, false];

/** Off where it was not set; an expression that yields nothing is refused, since 'Preview Only' would send. */
export function yesOrNo({ name, label }: OptionOf<'yesNo'>, options: OptionValues): boolean {
	return Object.hasOwn(options, name) && oneOf(label, YES_NO, options[name]);
}

/** The number within its bounds; its default where it was not set. */
export function wholeNumber(spec: OptionOf<'wholeNumber'>, options: OptionValues): number {
	const { name, label, min, max } = spec;
	const value = options[name] ?? spec.default;
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
		throw refusal('input', messages.notInRange, { field: label, min, max });
	}
	return number;
}

/** The value of one of the choices; the default where it was not set. */
export function choice<Spec extends OptionOf<'choice'>>(
	spec: Spec,
	options: OptionValues,
): Spec['choices'][number]['value'] {
	const { name, label, choices } = spec;
	const values: ReadonlyArray<Spec['choices'][number]['value']> = choices.map(({ value }) => value);
	return oneOf(label, values, options[name] ?? spec.default);
}
