import { messages, Refusal } from './messages';
import type { StreamIdSpec } from './providers/provider';

/** A pasted id: text, without the blanks around it. */
export function idText(value: unknown, label: string): string {
	if (value === undefined || value === null) return '';
	if (typeof value !== 'string') throw new Refusal(messages.notText, { field: label });
	return value.trim();
}

/** A stream's id without the blanks around it; a stream's name as it is, since blanks may belong to it. */
export function streamText(value: unknown, { label, byDocument }: StreamIdSpec): string {
	const trimmed = idText(value, label);
	return byDocument && typeof value === 'string' ? value : trimmed;
}
