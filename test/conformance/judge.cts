import type { IDataObject } from 'n8n-workflow';
import { CAUSES, FIELDS, STATUSES, type Expected } from './types.cts';

/** Text as it is, and what is no text as JSON. */
export const textOf = (value: unknown): string =>
	typeof value === 'string' ? value : JSON.stringify(value ?? null);

/** One output item: the interface's vocabulary, and what the row expects of it. */
export function judgeItem(json: IDataObject, expected: Expected = {}) {
	const { runs: _runs, callUp: _callUp, ...fields } = expected;
	const wanted = {
		...fields,
		...(expected.failure !== undefined && { status: 'failed', stopped: false }),
	};
	const present = Object.entries(wanted).filter(([, value]) => value !== undefined);
	const absent = Object.entries(wanted).flatMap(([name, value]) =>
		value === undefined ? [name] : [],
	);
	expect(json).toEqual(expect.objectContaining(Object.fromEntries(present)));
	const allowed: readonly string[] = FIELDS.filter((name) => !absent.includes(name));
	expect(Object.keys(json).filter((name) => !allowed.includes(name))).toEqual([]);
	expect(json.stopped).toBe(['stopped', 'alreadyStopped'].includes(textOf(json.status)));
	if (json.status !== 'failed') {
		expect(STATUSES).toContain(json.status);
		expect(['failure', 'error', 'message'].filter((name) => name in json)).toEqual([]);
		return;
	}
	expect(CAUSES).toContain(json.failure);
	// What happened, then what to do. The provider's own words, in quotes, are its own affair.
	const sentences = `${textOf(json.error)} ${textOf(json.message)}`.replace(/“[^”]*”/g, '');
	expect(sentences).not.toMatch(/undefined|null|\{|\b(error|problem|failure|mistake)\b/i);
	expect(sentences).not.toMatch(/\[object|NaN|could not finish this item/);
	expect(textOf(json.error).length).toBeLessThan(600);
	expect(json.message).toMatch(/\.$|: \S+$/);
}
