// What people read keeps to n8n's words, on the screen and in every message: some words are barred.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import ts from 'typescript';

import { ROOT } from '../lib/install.cts';

const BARRED = /\b(error|problem|failure|mistake)s?\b/i;

test("what is on the screen or in a message keeps to n8n's words, wherever it stands", () => {
	const files = ['nodes', 'credentials'].flatMap((folder) =>
		readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
			.filter((file) => file.endsWith('.ts'))
			.map((file) => path.join(ROOT, folder, file)),
	);
	const texts = files.flatMap(textsOf);
	expect(texts.length).toBeGreaterThan(100);
	expect(texts.filter((text) => BARRED.test(text))).toEqual([]);
});

/** The texts of several words in a source file. */
function textsOf(file: string): string[] {
	const source = readFileSync(file, 'utf8');
	const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true);
	const texts: string[] = [];
	const visit = (node: ts.Node) => {
		if (
			ts.isStringLiteralLike(node) ||
			ts.isTemplateHead(node) ||
			ts.isTemplateMiddle(node) ||
			ts.isTemplateTail(node)
		) {
			texts.push(node.text);
		}
		ts.forEachChild(node, visit);
	};
	visit(tree);
	return texts.filter((text) => /\S \S/.test(text));
}
