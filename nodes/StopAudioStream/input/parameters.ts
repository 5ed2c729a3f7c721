import type { IExecuteFunctions } from 'n8n-workflow';

import type { StreamField } from '../providers/provider';
import type { OptionOf } from '../words/fields';
import { messages, refusal } from '../words/sentences';
import { isRecord, noValueIn, trimmed } from '../words/values';

/** The node's parameters for one item. */
export interface Parameters {
	read(name: string, fallback: unknown): unknown;
	/** Whether an expression gives the value, and not a person. */
	isExpression(name: string): boolean;
}

/**
 * Reads the parameters of the node, item after item. A parameter that holds no expression is the same for every
 * item and is read once: for a thousand items, reading is what costs most.
 */
export function parameterReader(
	context: Pick<IExecuteFunctions, 'getNode' | 'getNodeParameter'>,
): (itemIndex: number) => Parameters {
	const { parameters } = context.getNode();
	const isExpression = (name: string) => holdsExpression(parameters[name]);
	const once = new Map<string, unknown>();
	return (itemIndex) => ({
		isExpression,
		read(name, fallback) {
			if (once.has(name)) return once.get(name);
			const value: unknown = context.getNodeParameter(name, itemIndex, fallback);
			if (!isExpression(name)) once.set(name, value);
			return value;
		},
	});
}

const holdsExpression = (value: unknown): boolean =>
	typeof value === 'string'
		? value.startsWith('=')
		: isRecord(value) && Object.values(value).some(holdsExpression);

/** A pasted id: text, without the spaces around it. */
export function idText(value: unknown, label: string): string {
	return trimmed(plainText(value, label));
}

/** A stream's id without the spaces around it; a stream's name as it is, since spaces may belong to it. */
export function streamText(value: unknown, { label, kind }: StreamField): string {
	const text = plainText(value, label);
	return kind === 'name' ? text : trimmed(text);
}

function plainText(value: unknown, label: string): string {
	if (value === undefined || value === null) return '';
	if (typeof value !== 'string') throw refusal('input', messages.notText, { field: label });
	const noValue = noValueIn(value);
	if (noValue === undefined) return value;
	throw refusal('input', messages.noValue, { field: label, value: noValue });
}

/** The choice that a value names; a value from an expression may differ in case and have spaces around it. */
export function oneOf<Chosen>(
	label: string,
	choices: readonly Chosen[],
	value: unknown,
	nameOf: (choice: Chosen) => string = String,
): Chosen {
	const name = typeof value === 'object' ? undefined : trimmed(String(value)).toLowerCase();
	const found = choices.find((choice) => nameOf(choice).toLowerCase() === name);
	if (found !== undefined) return found;
	throw unknownChoice(label, choices.map(nameOf), value);
}

export const unknownChoice = (label: string, choices: readonly string[], value: unknown) =>
	refusal('input', messages.unknownChoice, {
		field: label,
		value: String(value ?? '').slice(0, 100),
		choices: choices.join(', '),
	});

/** Yes or no. Refuses an expression that gives nothing: if that counted as no, 'Preview Only' would send. */
export const yesOrNo = (label: string, value: unknown): boolean =>
	oneOf(label, [true, false], value);

/** Off if it was not added. */
export const isOn = (
	{ name, label }: OptionOf<'boolean'>,
	options: Record<string, unknown>,
): boolean => Object.hasOwn(options, name) && yesOrNo(label, options[name]);

/** The number within its bounds; its default if it was not set. */
export function wholeNumber(spec: OptionOf<'number'>, options: Record<string, unknown>): number {
	const { name, label, typeOptions } = spec;
	const { minValue: min, maxValue: max } = typeOptions;
	const value = options[name] ?? spec.default;
	const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
	if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
		throw refusal('input', messages.notInRange, { field: label, min, max });
	}
	return number;
}

/** The value of one of the choices; the default if it was not set. */
export function choice<Spec extends OptionOf<'options'>>(
	spec: Spec,
	options: Record<string, unknown>,
): Spec['options'][number]['value'] {
	const { name, label } = spec;
	const values: ReadonlyArray<Spec['options'][number]['value']> = spec.options.map(
		({ value }) => value,
	);
	return oneOf(label, values, options[name] ?? spec.default);
}
