import type { IDataObject } from 'n8n-workflow';
import { messages } from '../../nodes/StopAudioStream/words/sentences';
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
	expect(textOf(json.error).length).toBeLessThan(600);
	judgeFailure(json);
}

/** What happened, then what to do: both are filled in from one and the same sentence of the node. */
export function judgeFailure({ error, message }: IDataObject) {
	judgeSentence(`${textOf(error)}. ${textOf(message)}`);
}

/** What an outcome that is neither a stop nor a preview says of itself: what happened. */
function judgeMessage(message: string) {
	expect(message.length).toBeLessThan(600);
	judgeSentence(message, WHAT);
}

/** What stands on the canvas beside the items. */
export const judgeHint = (hint: string) => judgeSentence(hint.replace(/^\d+ of \d+ items: /, ''));

const one = (names: readonly string[]) => `(?:${names.join('|')})`;
/** Any name: the table also runs for a provider that only a copy of the sources has. */
const provider = '[A-Z]\\w+';
const noun = one(['call', 'conference']);
const label = "'[^']+'";

/** What each name in a sentence may stand for; any words, where it is not here. */
const FILLED: Readonly<Record<string, string>> = {
	ended: one(['call', 'conference', 'stream']),
	field: "[^']+",
	fields: `${label}(?: and ${label})?`,
	names: "'\\w+'(?:, '\\w+')*",
	noun,
	nouns: `this ${noun}(?: or stream)?`,
	// Another provider, or another name in the event.
	other: one([`${provider}(?: or ${provider})*`, "(?<=')\\w+(?=')"]),
	place: noun,
	// A credential's values are its provider's, and are called by its own name.
	provider: `${provider}(?:(?: \\S+)? API)?`,
	quote: '(?:: “.+”)?',
	running: '(?: \\(.+\\))?',
	seconds: '[\\d.]+',
	status: '\\d{3}',
	streamField: label,
	value: '.*',
};

type Sentence = (typeof messages)[keyof typeof messages];

/** All that the node's sentences can say; `partOf`: the part of a sentence that is said. */
const allThatSay = (partOf: (sentence: Sentence) => string): RegExp[] =>
	Object.values(messages).map((sentence) => {
		const pattern = partOf(sentence)
			.replace(/[.*+?^$()[\]|\\]/g, '\\$&')
			.replace(/\{(\w+)\}/g, (_, name: string) => FILLED[name] ?? '.+');
		return new RegExp(`^${pattern}$`, 's');
	});

const WHOLE = allThatSay(({ what, todo }) => `${what}. ${todo}`);
const WHAT = allThatSay(({ what }) => `${what}.`);

/** Every sentence that the node says is one of its own, with all names filled in. */
function judgeSentence(words: string, own = WHOLE) {
	const isOwn = own.some((pattern) => pattern.test(words));
	expect({ words, isOwn }).toEqual({ words, isOwn: true });
	// The provider's own words, in quotes, are its own affair.
	const ours = words.replace(/“[^”]*”/g, '“”');
	expect(ours).not.toMatch(/undefined|null|\{|\b(error|problem|failure|mistake)\b/i);
	expect(ours).not.toMatch(/\[object|NaN|could not finish this item/);
}
