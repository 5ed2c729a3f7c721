import type { IExecuteFunctions } from 'n8n-workflow';

import { isRecord } from '../words/values';
import type { ReadField } from './values';

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
