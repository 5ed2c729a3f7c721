import {
	NodeConnectionTypes,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
} from 'n8n-workflow';

import { providers } from './providers';
import { properties } from './screen/properties';
import { stopItems } from './stopItems';
import { FIELDS, REQUIRE_SIGNATURE } from './words/fields';

const names = providers.map(({ name }) => name);

/** The subtitle on the canvas in words, such as 'Plivo: Stop All Streams'; an expression shows as it is. */
const subtitle = (): string => {
	const operations = properties.find(({ name }) => name === FIELDS.operation.name)?.options ?? [];
	const words = Object.fromEntries([
		...providers.map(({ name, displayName }) => [name, displayName]),
		...operations.flatMap((one) => ('value' in one ? [[one.value, one.name]] : [])),
	]);
	return `={{ [$parameter["provider"], $parameter["operation"]].map((value) => (${JSON.stringify(words)})[value] ?? value).join(": ") }}`;
};

export class StopAudioStream implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Stop Audio Stream',
		name: 'stopAudioStream',
		icon: { light: 'file:stopAudioStream.svg', dark: 'file:stopAudioStream.dark.svg' },
		group: ['output'],
		version: [1],
		subtitle: subtitle(),
		// A language model reads this too: n8n hands nothing else to it at run time.
		description:
			"Stop the audio stream of a live phone call at SignalWire, Plivo or Vobiz. Needs the call's ID and the stream's ID, or stops all streams. Safe to repeat. Returns 'stopped' and 'status'.",
		defaults: { name: 'Stop Audio Stream' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: true,
		credentials: providers.map(({ name, credential }) => ({
			name: credential.type,
			// If 'Provider' is an expression, n8n shows all credentials; without this, each would be called 'Credential'.
			displayName: credential.displayName,
			required: true,
			// Not `show: [name]`: if each value of a field shows a credential, n8n's editor takes the field for a
			// choice of authentication, and hides it. Nobody would see 'Provider'. If 'Require Signature' of 'Check
			// Event' is off, no credential is read.
			displayOptions: {
				hide: {
					provider: names.filter((other) => other !== name),
					[REQUIRE_SIGNATURE.name]: [false],
				},
			},
		})),
		properties,
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await stopItems(this);
	}
}
