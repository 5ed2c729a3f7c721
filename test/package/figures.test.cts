// The tables in the documents are made of docs/*.json, and of nothing else.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import {
	FIGURES,
	NOT_MEASURED,
	documents,
	figuresOn,
	readFigures,
	sourceDigest,
	staleFigures,
	withTables,
} from '../lib/figures.cts';
import { temporaryFolder } from '../lib/processes.cts';

const ROOT = path.join(__dirname, '../..');
const pages = documents().map((file) => ({
	file,
	text: readFileSync(path.join(ROOT, file), 'utf8'),
}));

test.each(pages.filter(({ text }) => figuresOn(text).length > 0))(
	"the tables of $file are what docs/*.json hold: else 'npm run docs:figures'",
	({ text }) => {
		expect(text).toBe(withTables(text));
	},
);

test('each table stands in one document, and was measured or says that it was not', () => {
	expect(pages.flatMap(({ text }) => figuresOn(text)).sort()).toEqual([...FIGURES].sort());
	for (const name of FIGURES) {
		const recorded = readFigures(name);
		if (!recorded) {
			const page = pages.find(({ text }) => figuresOn(text).includes(name));
			expect(page?.text).toContain(`<!-- ${name} -->\n\n${NOT_MEASURED}\n`);
			continue;
		}
		expect(recorded.measured).toEqual(
			expect.objectContaining({
				date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
				n8n: expect.stringMatching(/^\d+\.\d+\.\d+$/),
				node: expect.stringMatching(/^\d+\.\d+\.\d+$/),
				source: expect.stringMatching(/^[0-9a-f]{64}$/),
			}),
		);
	}
});

test('a figure that somebody types into a table is seen', () => {
	const page = pages.find(({ text }) => figuresOn(text).includes('chaos'))?.text ?? '';
	const [row = ''] = /^\| \*\*secrets found\*\*.*$/m.exec(page) ?? [];
	const lie = page.replace(row, row.replace(/\d+/, '7'));
	expect(lie).not.toBe(page);
	expect(withTables(lie)).toBe(page);
});

test('one changed byte of the sources is another digest', () => {
	const folder = temporaryFolder('digest');
	for (const name of ['nodes', 'credentials']) {
		cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
	}
	expect(sourceDigest(folder)).toBe(sourceDigest());
	const file = path.join(folder, 'credentials/PlivoBasicApi.credentials.ts');
	writeFileSync(file, readFileSync(file, 'utf8').replace('Plivo', 'plivo'));
	expect(sourceDigest(folder)).not.toBe(sourceDigest());
});

test('figures of other sources are named, for whoever measures before a release', () => {
	const stale = staleFigures();
	if (stale.length > 0) {
		process.stdout.write(
			`\n! Measured on other sources than today's: ${stale.join(', ')}. Measure them again before a release.\n\n`,
		);
	}
	const today = sourceDigest();
	expect(stale).toEqual(FIGURES.filter((name) => readFigures(name)?.measured.source !== today));
});
