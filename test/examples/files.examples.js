'use strict';

const { existsSync, readFileSync, readdirSync } = require('node:fs');
const path = require('node:path');
const {
	FOLDER,
	isNote,
	isOurs,
	isWebhook,
	readRecipe,
	recipeNames,
	recipeText,
} = require('./files');

const README = readFileSync(path.join(FOLDER, 'README.md'), 'utf8');
const ID_FIELDS = ['callId', 'stream', 'cxmlUrl'];

describe.each(recipeNames)('%s', (recipe) => {
	const { name, nodes, connections } = readRecipe(recipe);
	const notes = nodes.filter(isNote).map(({ parameters }) => parameters.content);

	test('holds our node, or serves it', () => {
		const says = notes.join('\n');
		expect(nodes.some(isOurs) || says.includes('**Stop Audio Stream**')).toBe(true);
		expect(name).not.toBe('');
	});

	test('holds no credential, no secret and nothing that belongs to one n8n', () => {
		for (const node of nodes) expect(node).not.toHaveProperty('credentials');
		expect(Object.keys(readRecipe(recipe)).sort()).toEqual([
			'connections',
			'name',
			'nodes',
			'settings',
		]);
		// Tokens, keys and ids are long runs of letters and digits; the longest word of ours is shorter.
		expect(recipeText(recipe).match(/[A-Za-z0-9+/_-]{36,}/g) ?? []).toEqual([]);
		expect(recipeText(recipe)).not.toMatch(/127\.0\.0\.1|localhost/);
	});

	test('maps no id where the event holds it', () => {
		for (const { parameters } of nodes.filter(isOurs)) {
			if (parameters.source !== 'event') continue;
			for (const field of ID_FIELDS) expect(parameters).not.toHaveProperty(field);
		}
	});

	test('guards every webhook: a header, or an address that n8n makes up at import', () => {
		for (const node of nodes.filter(isWebhook)) {
			expect(node.parameters.path).toBe('');
			expect(node).not.toHaveProperty('webhookId');
		}
		const webhooks = nodes.filter(isWebhook);
		if (webhooks.length === 0) {
			expect(notes.join('\n')).toContain('### Why it needs no protection');
		} else if (webhooks.every(({ parameters }) => parameters.authentication === 'headerAuth')) {
			expect(notes.join('\n')).toContain('### Why the webhook asks for a header');
		} else {
			expect(notes.join('\n')).toMatch(/### Why nobody can guess the address(es)?\n/);
		}
	});

	test('explains what starts it, what to fill in and what happens to the call', () => {
		for (const part of [
			/### What starts it\n\S/,
			/### What happens to the calls?\n\S/,
			/### What to fill in\n\S/,
		]) {
			expect(notes.join('\n')).toMatch(part);
		}
		// A name in bold in a list of steps is a node on the canvas, or a field or choice of n8n's.
		const names = nodes.map((node) => node.name);
		for (const [, step] of notes.join('\n').matchAll(/^\d\. \*\*([^*]+)\*\*:/gm)) {
			expect(names).toContain(step);
		}
	});

	test('connects nodes that are there, under names that are there once', () => {
		const names = nodes.map((node) => node.name);
		expect(new Set(names).size).toBe(names.length);
		const ends = Object.entries(connections).flatMap(([from, outputs]) => [
			from,
			...Object.values(outputs)
				.flat(2)
				.map(({ node }) => node),
		]);
		for (const end of ends) expect(names).toContain(end);
	});

	test('has its row and its picture in the README', () => {
		expect(README).toContain(`](${recipe}.json)`);
		expect(README).toContain(`(../docs/pictures/canvas-${recipe}.png)`);
	});
});

test('the README names no recipe that is not there', () => {
	const named = [...README.matchAll(/\]\(([\w-]+\.json)\)/g)].map(([, file]) => file);
	for (const file of named) expect(existsSync(path.join(FOLDER, file))).toBe(true);
	expect(new Set(named).size).toBe(
		readdirSync(FOLDER).filter((file) => file.endsWith('.json')).length,
	);
});
