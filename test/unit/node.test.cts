// The node as n8n sees it: what it is called, what goes in and comes out, and which credential it asks for. Its
// fields are in screen.test.cts, and what it does in the conformance table.

import { existsSync } from 'node:fs';
import path from 'node:path';
import { runInNewContext } from 'node:vm';

import { NodeHelpers, type INodeParameters } from 'n8n-workflow';

import { providers } from '../../nodes/StopAudioStream/providers/index';
import { StopAudioStream } from '../../nodes/StopAudioStream/StopAudioStream.node.ts';
import { ROOT } from '../lib/install.cts';

const { description } = new StopAudioStream();
const credentials = description.credentials ?? [];

describe('the node', () => {
	test('has the name and the version that saved workflows hold', () => {
		expect(description.name).toBe('stopAudioStream');
		expect(description.version).toEqual([1]);
	});

	test('is called the same in the list of nodes and on the canvas', () => {
		expect(description.displayName).toBe('Stop Audio Stream');
		expect(description.defaults.name).toBe('Stop Audio Stream');
	});

	test('is an action with one input and one output', () => {
		expect(description.group).toEqual(['output']);
		expect(description.inputs).toEqual(['main']);
		expect(description.outputs).toEqual(['main']);
	});

	test('has an icon for a light screen and one for a dark one', () => {
		const { icon } = description;
		if (typeof icon !== 'object') throw new Error('There is one icon for both.');
		const { light, dark } = icon;
		for (const each of [light, dark]) {
			expect(each).toMatch(/^file:/);
			const file = path.join(ROOT, 'nodes/StopAudioStream', each.replace('file:', ''));
			expect(existsSync(file)).toBe(true);
		}
		expect(light).not.toBe(dark);
	});

	test('shows under its name what it does, and where', () => {
		const [, code = ''] = /^=\{\{(.*)\}\}$/.exec(description.subtitle ?? '') ?? [];
		const $parameter = { provider: 'vobiz', operation: 'stopAllStreams' };
		expect(runInNewContext(code, { $parameter })).toBe('Vobiz: Stop All Streams');
	});

	test('can be a tool of a language model, which is told each provider, what it needs and what comes back', () => {
		// n8n 2.41 hands nothing but the description to a model at run time; the nodes panel shows it too.
		const { usableAsTool, description: told } = description;
		expect(usableAsTool).toBe(true);
		expect(told.length).toBeLessThanOrEqual(200);
		for (const { displayName } of providers) expect(told).toContain(displayName);
		for (const part of ["Needs the call's ID", 'Safe to repeat', "'stopped'", "'status'"]) {
			expect(told).toContain(part);
		}
	});
});

describe('the credential that is asked for', () => {
	/** What n8n shows where 'Provider' has this value, and other fields these. */
	const shown = (provider: string, others: INodeParameters = {}) =>
		credentials.filter((each) =>
			NodeHelpers.displayParameter({ provider, ...others }, each, { typeVersion: 1 }, null),
		);

	test.each(providers)('for $displayName is its own, and no other', ({ name, credential }) => {
		expect(shown(name).map((each) => [each.name, each.displayName])).toEqual([
			[credential.type, credential.displayName],
		]);
	});

	test('where an expression gives the provider is any of them', () => {
		expect(shown('={{ $json.provider }}')).toHaveLength(providers.length);
	});

	test('is not asked for if nothing is to be signed', () => {
		for (const { name } of providers) {
			for (const requireSignature of [true, false]) {
				expect(shown(name, { requireSignature })).toHaveLength(requireSignature ? 1 : 0);
			}
		}
	});

	test('must be there', () => {
		expect(credentials.filter(({ required }) => !required)).toEqual([]);
	});

	test('does not make the field of the provider one that n8n hides', () => {
		// n8n's editor hides a field whose every value is among those that show a credential.
		expect(credentials.filter(({ displayOptions }) => displayOptions?.show)).toEqual([]);
	});
});
