// The documents' tables of sentences and options are what the node itself says.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { providers } from '../../nodes/StopAudioStream/providers/index';
import { properties } from '../../nodes/StopAudioStream/screen/properties';
import { messages, type Sentence } from '../../nodes/StopAudioStream/words/sentences';
import { documents } from '../lib/figures.cts';
import {
	optionsTable,
	SOURCE_TABLES,
	troubleshootingTable,
	withSourceTables,
} from '../lib/sourceTables.cts';

const ROOT = path.join(__dirname, '../..');
const pages = documents().map((file) => ({
	file,
	text: readFileSync(path.join(ROOT, file), 'utf8'),
}));
const marks = (text: string) => SOURCE_TABLES.filter((name) => text.includes(`<!-- ${name} -->`));

test.each(pages.filter(({ text }) => marks(text).length > 0))(
	"the tables of $file are what the node says: else 'npm run docs:figures'",
	({ text }) => {
		expect(text).toBe(withSourceTables(text));
	},
);

test('each table stands in one document', () => {
	expect(pages.flatMap(({ text }) => marks(text)).sort()).toEqual([...SOURCE_TABLES].sort());
});

test('a page that says something else is made right, and the rest of it is left alone', () => {
	const page =
		'a\n<!-- options -->\n| a lie |\n<!-- /options -->\nb\n<!-- other -->\nc\n<!-- /other -->\n';
	expect(withSourceTables(page)).toBe(
		`a\n<!-- options -->\n${optionsTable()}\n\n<!-- /options -->\nb\n<!-- other -->\nc\n<!-- /other -->\n`,
	);
});

const cellsOf = (table: string) => table.split('\n').map((line) => line.slice(2, -2).split(' | '));

test('the troubleshooting table quotes every sentence word for word, and no other, once', () => {
	const [, , ...rows] = cellsOf(troubleshootingTable());
	const sentences: Sentence[] = Object.values(messages);
	const ofProviders = sentences.filter(({ todo }) => todo === '{hint}');
	expect(ofProviders).toEqual([messages.refused]);
	expect(rows).toHaveLength(sentences.length - 1 + providers.length);
	for (const { what, todo } of sentences.filter((each) => each !== messages.refused)) {
		expect(rows).toContainEqual([what, todo]);
	}
	for (const { displayName, credentialHint } of providers) {
		const row = rows.find(([what]) => what?.startsWith(`${displayName} rejected this credential`));
		expect(row?.[1]).toContain(credentialHint);
	}
	expect(new Set(rows.map(([what, todo]) => `${what} ${todo}`)).size).toBe(rows.length);
});

test('the options table has a row for each option of the screen, in its order', () => {
	const [head, , ...rows] = cellsOf(optionsTable());
	expect(head).toEqual(['Option', 'Default', 'Shows', 'What it does']);
	const { options = [] } = properties.find(({ name }) => name === 'options') ?? {};
	expect(rows.map(([label]) => label)).toEqual(
		options.map((option) => ('displayName' in option ? option.displayName : '')),
	);
	expect(rows).toContainEqual([
		'Timeout',
		'10,000',
		'always',
		'How long to wait for one answer, in milliseconds. 1 to 120,000.',
	]);
	expect(rows.find(([label]) => label === 'Confirm Stop')?.[2]).toBe('Plivo, Vobiz');
	expect(rows.find(([label]) => label === 'cXML Method')).toEqual([
		'cXML Method',
		'POST',
		'SignalWire, by *Stream Name*',
		'How SignalWire fetches the document and its fallback.',
	]);
	expect(rows.find(([label]) => label === 'Signed Event')?.slice(1, 3)).toEqual([
		'–',
		'with *Incoming Event*',
	]);
});
