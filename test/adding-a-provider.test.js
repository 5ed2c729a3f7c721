'use strict';

// What CONTRIBUTING.md says a new provider takes, done with one that does not exist: its file, its
// credential and one line in the registry, and then the whole conformance table runs for it.

const { cpSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');
const { removeFolder } = require('../scripts/lib/processes');
const { conformance } = require('./conformance/suite');
const { loadPackage, testCredential } = require('./support/engine');
const { buildCopy, copyOfPackage } = require('./support/copyOfPackage');
const profile = require('./adding-a-provider/profile');

const folder = copyOfPackage('new-provider');

function edit(file, change) {
	const where = path.join(folder, file);
	const before = readFileSync(where, 'utf8');
	const after = change(before);
	expect(after).not.toBe(before);
	writeFileSync(where, after);
}

beforeAll(async () => {
	// The sources end in .txt, because from where they are kept their imports lead nowhere.
	const add = (file, to) =>
		cpSync(path.join(__dirname, 'adding-a-provider', file), path.join(folder, to));
	add('examplephone.ts.txt', 'nodes/StopAudioStream/providers/examplephone.ts');
	add('ExamplephoneApi.credentials.ts.txt', 'credentials/ExamplephoneApi.credentials.ts');
	add('examplephone.svg', 'credentials/examplephone.svg');
	add('examplephone.dark.svg', 'credentials/examplephone.dark.svg');
	edit('nodes/StopAudioStream/providers/index.ts', (text) =>
		text
			.replace('import', "import { examplephone } from './examplephone';\nimport")
			.replace('[plivo, ', '[examplephone, plivo, '),
	);
	// How n8n finds a credential type.
	edit('package.json', (text) => {
		const manifest = JSON.parse(text);
		manifest.n8n.credentials.push('dist/credentials/ExamplephoneApi.credentials.js');
		return JSON.stringify(manifest);
	});
	await buildCopy(folder);
}, 120_000);

afterAll(() => removeFolder(folder));

conformance({ ...profile, folder });

test('the screen offers the new provider, its credential, and its name in an expression', async () => {
	const { node } = await loadPackage(folder);
	const { properties, credentials } = node.description;
	const { description, options } = properties.find(({ name }) => name === 'provider');
	expect(options).toContainEqual({ name: 'Examplephone', value: 'examplephone' });
	expect(description).toContain('examplephone');
	expect(credentials.map(({ name }) => name)).toContain('examplephoneApi');
});

test('the credential of the new provider passes its test, and a wrong one is refused in words', async () => {
	const standIn = await profile.start();
	try {
		const { credentialType, credentials } = standIn;
		expect(await testCredential(credentialType, credentials, folder)).toEqual({ ok: true });
		const wrong = { ...credentials, apiKey: 'example-wrong-key' };
		expect(await testCredential(credentialType, wrong, folder)).toMatchObject({
			status: 401,
			message: expect.stringContaining("'API Key'"),
		});
	} finally {
		await standIn.close();
	}
});
