// The documents and their tables, each between its marks `<!-- name -->` and `<!-- /name -->`.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { FIGURES, figuresTable } from './figures.cts';
import { ROOT } from './install.cts';
import { optionsTable, troubleshootingTable } from './sourceTables.cts';

const MAKERS: Record<string, () => string> = {
	troubleshooting: troubleshootingTable,
	options: optionsTable,
	...Object.fromEntries(FIGURES.map((name) => [name, () => figuresTable(name)])),
};

/** The names of the tables. */
export const TABLES = Object.keys(MAKERS);

/** A page with the tables between its marks brought up to date. */
export const withTables = (page: string): string =>
	page.replace(
		/(<!-- ([\w-]+) -->\n)[^]*?(<!-- \/\2 -->)/g,
		(whole: string, begin: string, name: string, end: string) => {
			const make = MAKERS[name];
			return make ? `${begin}${make()}\n${end}` : whole;
		},
	);

/** The documents that may hold tables, from the repository's root. */
export const documents = (): string[] => [
	'README.md',
	...readdirSync(path.join(ROOT, 'docs'))
		.filter((file) => file.endsWith('.md'))
		.map((file) => `docs/${file}`),
];
