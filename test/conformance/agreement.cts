import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sourceDigest } from '../lib/figures.cts';
import { readJson, ROOT } from '../lib/install.cts';
import type { Table } from './table.cts';

/** What n8n's engine made of each row, kept for the light engine to be held to. */

const FILE = path.join(ROOT, 'reports/conformance.json');

interface Kept {
	/** Of the sources that made them. */
	source: string;
	outcomes: ReturnType<Table['outcomes']>;
}

export function keepOutcomes(table: Table) {
	const kept: Kept = { source: sourceDigest(), outcomes: table.outcomes() };
	mkdirSync(path.dirname(FILE), { recursive: true });
	writeFileSync(FILE, JSON.stringify(kept, null, '\t'));
}

export function keptOutcomes(): Kept['outcomes'] {
	const kept = existsSync(FILE) ? (readJson(FILE) as Kept) : undefined;
	if (kept?.source === sourceDigest()) return kept.outcomes;
	throw new Error("Run 'npm test' first: it keeps what the rows come to in n8n's engine.");
}
