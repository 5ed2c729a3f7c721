// Every sentence that a person reads has the shape that n8n's guide asks for, and is said somewhere.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { readEnd, type SendEnd } from '../../nodes/StopAudioStream/outcome/verdicts';
import { providers } from '../../nodes/StopAudioStream/providers/index';
import { messages, type Sentence } from '../../nodes/StopAudioStream/words/sentences';
import { ROOT } from '../lib/install.cts';

const entries: Array<[string, Sentence]> = Object.entries(messages);

const NODE = path.join(ROOT, 'nodes/StopAudioStream');
const sources = readdirSync(NODE, { recursive: true, encoding: 'utf8' })
	.filter((file) => file.endsWith('.ts'))
	.map((file) => readFileSync(path.join(NODE, file), 'utf8'))
	.join('\n');

describe('every sentence', () => {
	test.each(entries)('the sentence %s is said by the node', (key) => {
		expect(sources).toMatch(new RegExp(`\\bmessages\\.${key}\\b`));
	});

	test.each(entries)('the sentence %s says what happened, then what to do', (_key, sentence) => {
		expect(Object.keys(sentence)).toEqual(['what', 'todo']);
		// On screen, what happened is a headline, and what to do is whole sentences.
		expect(sentence.what).toMatch(/^(?:'?\{\w+\}|[A-Z'n]).*[^.!?]$/);
		expect(sentence.todo).toMatch(/^(?:(?:[A-Z']|\{\w+\}).*(?:\.|: \{\w+\})|\{hint\})$/);
		for (const text of [sentence.what, sentence.todo]) {
			expect(text).not.toMatch(/\b(please|sorry|oops|invalid|illegal)\b/i);
			// A field is named as the screen shows it, in single quotes.
			expect(text).not.toMatch(/["`]|\b(callId|streamBy|cxmlUrl|baseUrl|whenNothingToStop)\b/);
		}
	});

	test.each(providers.map((provider) => [provider.displayName, provider] as const))(
		'%s has a hint for a credential that it rejects',
		(_name, provider) => {
			const { url, id, token } = provider.credential;
			const end: SendEnd = { kind: 'answer', answer: { statusCode: 401, headers: {}, body: '' } };
			const reading = readEnd(provider, provider.ways[0], end);
			if (reading.kind !== 'failure') throw new Error('Did not fail');
			const { todo } = reading.failure;
			expect(todo).toBe(provider.credentialHint);
			expect(todo).toMatch(/^Check .*\.$/);
			for (const { label } of [id, token]) expect(todo).toContain(`'${label}'`);
			// Plivo's address is never the reason of a 401.
			if (provider.name !== 'plivo') expect(todo).toContain(`'${url.label}'`);
		},
	);
});
