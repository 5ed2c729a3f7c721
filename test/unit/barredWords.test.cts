// What people read keeps to n8n's words, on the screen and in every message: some words are barred.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import ts from 'typescript';

import { ROOT } from '../lib/install.cts';

const BARRED = /\b(error|problem|failure|mistake)s?\b/i;

test('no text of the screen or of a message speaks of an error, a problem, a failure or a mistake', () => {
	const texts = ['nodes', 'credentials'].flatMap((folder) =>
		readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
			.filter((file) => file.endsWith('.ts'))
			.flatMap((file) => textsOf(path.join(ROOT, folder, file))),
	);
	expect(texts.length).toBeGreaterThan(100);
	expect(texts.filter((text) => BARRED.test(text))).toEqual([]);
});

/** The texts of several words in a source file. */
function textsOf(file: string): string[] {
	const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2022);
	const texts: string[] = [];
	const visit = (node: ts.Node) => {
		const isText = ts.isStringLiteralLike(node) || ts.isTemplateHead(node);
		if (isText || ts.isTemplateMiddleOrTemplateTail(node)) texts.push(node.text);
		ts.forEachChild(node, visit);
	};
	visit(tree);
	return texts.filter((text) => /\S \S/.test(text));
}
