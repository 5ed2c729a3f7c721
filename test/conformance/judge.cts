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
	const allowed = FIELDS.filter((name) => !absent.includes(name));
	expect(Object.keys(json)).toEqual(allowed.filter((name) => name in json));
	expect(json.stopped).toBe(['stopped', 'alreadyStopped'].includes(textOf(json.status)));
	if (json.status !== 'failed') {
		expect(STATUSES).toContain(json.status);
		expect(['failure', 'error'].filter((name) => name in json)).toEqual([]);
		expect('message' in json).toBe(!['stopped', 'preview'].includes(textOf(json.status)));
		if ('message' in json) judgeMessage(textOf(json.message));
		return;
	}
	expect(CAUSES).toContain(json.failure);
	// What happened, then what to do.
	judgeWords(`${textOf(json.error)} ${textOf(json.message)}`);
	expect(textOf(json.error).length).toBeLessThan(600);
	expect(json.message).toMatch(/\.$|: \S+$/);
}

/** What an outcome that is neither a stop nor a preview says of itself: one sentence. */
function judgeMessage(message: string) {
	judgeWords(message);
	expect(message.length).toBeLessThan(600);
	expect(withoutQuotes(message)).toMatch(/^[A-Z](?:(?![.?!] ).)*\.$/);
}

/** The provider's own words, in quotes, are its own affair. */
const withoutQuotes = (words: string) => words.replace(/“[^”]*”/g, '“”');

function judgeWords(words: string) {
	const ours = withoutQuotes(words);
	expect(ours).not.toMatch(/undefined|null|\{|\b(error|problem|failure|mistake)\b/i);
	expect(ours).not.toMatch(/\[object|NaN|could not finish this item/);
}
