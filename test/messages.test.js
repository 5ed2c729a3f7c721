'use strict';

// Every sentence that a person reads: each can be seen, each says what happened and what to do, and the
// README's troubleshooting table quotes them all.

const { readdirSync, readFileSync } = require('node:fs');
const path = require('node:path');
const ts = require('typescript');
const { ROOT, loadPackage, runNode } = require('./support/engine');
const { startStandIn } = require('./stand-ins');

const dist = (file) => require(`../dist/nodes/StopAudioStream/${file}`);
const { messages } = dist('messages');
const { authenticate, readAccount } = dist('account');
const { readEnd } = dist('outcome');
const { providers } = dist('providers');
const { readItem } = dist('readItem');

const [plivo, signalWire, vobiz] = ['plivo', 'signalWire', 'vobiz'].map((name) =>
	providers.find((provider) => provider.name === name),
);

/** The refusal of an item with these fields. */
function refusedItem(fields, json = {}) {
	const all = { provider: 'plivo', callId: 'c', stream: 's', ...fields };
	return refusal(() => readItem((name, fallback) => all[name] ?? fallback, json, {}));
}

/** The refusal of a Plivo credential with these values. */
const refusedAccount = (values) =>
	refusal(() => readAccount(plivo.credential, { ...credential, ...values }));
const credential = {
	authId: 'MAEXAMPLE',
	authToken: 'example-token',
	baseUrl: 'https://api.plivo.com',
};

function refusal(act) {
	try {
		act();
	} catch (refused) {
		return { what: refused.message, todo: refused.todo };
	}
	throw new Error('Was not refused');
}

const account = { origin: 'https://api.example.com', id: 'id', token: 'example-token' };
const stopStream = { operation: 'stopStream', callId: 'c', stream: 's' };
const byName = { ...stopStream, streamBy: 'name', document: {} };

/** The failure that the end of a send means. */
const failureOf = (provider, end, target = stopStream) =>
	readEnd(provider, target, account, end).failure;
/** The failure that an answer means. */
const answered = (statusCode, body, more) =>
	failureOf(plivo, { kind: 'answer', answer: { statusCode, headers: {}, body }, ...more });
const said = { error: 'Words of the provider' };

/** The failure that comes out of the engine for one item. */
async function failureInEngine({ provider = 'plivo', ...run }) {
	const standIn = await startStandIn(provider);
	try {
		const ids = { callId: standIn.addCall().id, stream: 'ended' };
		const { items } = await runNode({
			parameters: { provider, ...ids, options: { whenNothingToStop: 'fail' }, ...run.parameters },
			credentials: run.credentials ?? { [standIn.credentialType]: standIn.credentials },
			node: { onError: 'continueRegularOutput' },
			nodeType: run.nodeType,
		});
		return { what: items[0].error, todo: items[0].message };
	} finally {
		await standIn.close();
	}
}

/** The node on an n8n in which something breaks that never should. */
async function brokenNode() {
	const { node } = await loadPackage();
	const broken = {
		getExecutionCancelSignal: {
			value() {
				throw new Error('something unforeseen');
			},
		},
	};
	return {
		description: node.description,
		execute() {
			return node.execute.call(Object.create(this, broken));
		},
	};
}

/** For each sentence, one way in which the code comes to say it. */
const SEEN = {
	empty: () => refusedItem({ callId: ' ' }),
	notText: () => refusedItem({ callId: 5 }),
	onlyDots: () => refusedItem({ stream: '..' }),
	brokenText: () => refusedItem({ stream: 'cut off \ud83d' }),
	unknownChoice: () => refusedItem({ provider: 'twilio' }),
	notInRange: () => refusedItem({ options: { timeout: 'soon' } }),
	unreadableField: () =>
		failureInEngine({ parameters: { callId: "={{ $('Nowhere').item.json.x }}" } }),
	noStopAll: () => refusedItem({ provider: 'signalWire', operation: 'stopAllStreams' }),
	notWebAddress: () =>
		refusedItem({ provider: 'signalWire', streamBy: 'name', cxmlUrl: 'ftp://a' }),
	addressUnreadable: () => refusedAccount({ baseUrl: 'https://' }),
	addressWithPassword: () => refusedAccount({ baseUrl: 'https://a:example@b.example' }),
	addressNotHttps: () => refusedAccount({ baseUrl: 'http://b.example' }),
	otherHost: () =>
		refusal(() => authenticate(plivo.credential, credential, { url: 'https://other.example/' })),
	eventWithoutCall: () => refusedItem({ source: 'event', stream: '' }),
	eventWithoutStream: () =>
		refusedItem({ provider: 'signalWire', source: 'event', stream: '' }, { CallSid: 'c' }),
	eventWithoutStreamStopAll: () => refusedItem({ source: 'event', stream: '' }, { CallUUID: 'c' }),
	eventNotText: () => refusedItem({ source: 'event', stream: '' }, { CallUUID: 7 }),
	eventDisagrees: () => refusedItem({ source: 'event' }, { CallUUID: 'c', callId: 'd' }),
	noCredential: () => failureInEngine({ credentials: {} }),
	refused: () => answered(401, said),
	rateLimited: () => answered(429, said),
	rateLimitedLong: () => answered(429, said, { retryAfterMs: 90_000 }),
	unavailable: () => answered(503, said),
	noAnswer: () => failureOf(plivo, { kind: 'noAnswer', seconds: 10 }),
	connectionLost: () => failureOf(plivo, { kind: 'connectionLost', code: 'ECONNRESET' }),
	notReached: () => failureOf(plivo, { kind: 'notReached', code: 'ECONNREFUSED' }),
	maybeTaken: () => failureOf(signalWire, { kind: 'noAnswer', seconds: 10 }, byName),
	cancelled: () => failureOf(plivo, { kind: 'cancelled' }),
	redirected: () => answered(302, ''),
	rejected: () => answered(422, said),
	unknownPath: () => answered(404, { message: 'Words of a proxy' }),
	unreadable: () => answered(200, { error: 'Words of the provider' }),
	broken: () => failureOf(plivo, { kind: 'broken', reason: 'it was cut off' }),
	nothingRunning: () => failureInEngine({ provider: 'plivo' }),
	notFound: () => failureInEngine({ provider: 'vobiz' }),
	internal: async () => await failureInEngine({ nodeType: await brokenNode() }),
};

/** A sentence as a pattern: each `{…}` stands for a text that is there. */
const patternOf = (sentence) =>
	new RegExp(
		`^${sentence
			.split(/\{\w+\}/)
			.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
			.join('(.+)')}$`,
		's',
	);

const BARRED = /\b(error|problem|failure|mistake)s?\b/i;

describe('every sentence', () => {
	it.each(Object.keys(messages))('%s can be seen, with all that belongs into it', async (key) => {
		expect(SEEN).toHaveProperty(key);
		const { what, todo } = await SEEN[key]();
		expect(what).toMatch(patternOf(messages[key].what));
		expect(todo).toMatch(patternOf(messages[key].todo));
		for (const sentence of [what, todo]) {
			expect(sentence).not.toMatch(/\{\w*\}|undefined|null|\[object| {2}|“”|''/);
		}
	});

	it.each(Object.entries(messages))('%s says what happened, then what to do', (_key, sentence) => {
		expect(Object.keys(sentence)).toEqual(['what', 'todo']);
		// On screen, what happened is a headline, and what to do is whole sentences.
		expect(sentence.what).toMatch(/^(?:'?\{\w+\}|[A-Z]).*[^.!?]$/);
		expect(sentence.todo).toMatch(/^(?:[A-Z'].*(?:\.|: \{\w+\})|\{hint\})$/);
		for (const text of Object.values(sentence)) {
			expect(text).not.toMatch(BARRED);
			expect(text).not.toMatch(/\b(please|sorry|oops|invalid|illegal)\b/i);
			// A field is named as the screen shows it, in single quotes.
			expect(text).not.toMatch(/["`]|\b(callId|streamBy|cxmlUrl|baseUrl|whenNothingToStop)\b/);
		}
	});

	it.each(providers)('$displayName has a hint for a credential that it refuses', (provider) => {
		const { address, id, token } = provider.credential;
		const { todo } = failureOf(provider, {
			kind: 'answer',
			answer: { statusCode: 401, headers: {}, body: '' },
		});
		expect(todo).toBe(provider.credentialHint);
		expect(todo).toMatch(/^Check .*\.$/);
		for (const { label } of [id, token]) expect(todo).toContain(`'${label}'`);
		if (provider !== plivo) expect(todo).toContain(`'${address.label}'`);
	});

	it("on the screen or in a message keeps to n8n's words, wherever it stands", () => {
		const files = readdirSync(path.join(ROOT, 'dist'), { recursive: true })
			.filter((file) => file.endsWith('.js'))
			.map((file) => path.join(ROOT, 'dist', file));
		const texts = files.flatMap((file) => textsOf(file));
		expect(texts.length).toBeGreaterThan(100);
		expect(texts.filter((text) => BARRED.test(text))).toEqual([]);
	});

	/** The texts of several words in a compiled file. */
	function textsOf(file) {
		const source = readFileSync(file, 'utf8');
		const tree = ts.createSourceFile(file, source, ts.ScriptTarget.ES2022, true);
		const found = [];
		const visit = (node) => {
			const isText = ts.isStringLiteralLike(node) || ts.isTemplateHead(node);
			if (isText || ts.isTemplateMiddle(node) || ts.isTemplateTail(node)) found.push(node.text);
			ts.forEachChild(node, visit);
		};
		visit(tree);
		return found.filter((text) => /\S \S/.test(text));
	}
});

describe("the README's troubleshooting table", () => {
	const row = (what, todo) => `| ${what} | ${todo} |`;

	it('quotes every sentence word for word, and no other', () => {
		const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
		const [, table = ''] =
			/<!-- troubleshooting -->\n(.*)\n<!-- \/troubleshooting -->/s.exec(readme) ?? [];
		const [header, line, ...rows] = table.split('\n').filter((each) => each !== '');
		expect(header).toBe('| What you see | What to do |');
		expect(line).toMatch(/^\|[-| ]+\|$/);

		// What to check in a credential is each provider's own: one row for each.
		const expected = Object.values(messages).flatMap(({ what, todo }) =>
			todo === '{hint}'
				? providers.map(({ displayName, credentialHint }) =>
						row(what.replace('{provider}', displayName), credentialHint),
					)
				: [row(what, todo)],
		);
		expect(expected.every((each) => each.split('|').length === 4)).toBe(true);
		expect({
			missing: expected.filter((each) => !rows.includes(each)),
			unknown: rows.filter((each) => !expected.includes(each)),
			twice: rows.filter((each, i) => rows.indexOf(each) !== i),
		}).toEqual({ missing: [], unknown: [], twice: [] });
	});
});
