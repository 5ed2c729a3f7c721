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

const names = providers.map(({ name }) => name);

export class StopAudioStream implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Stop Audio Stream',
		name: 'stopAudioStream',
		icon: { light: 'file:stopAudioStream.svg', dark: 'file:stopAudioStream.dark.svg' },
		group: ['output'],
		version: [1],
		subtitle: '={{ $parameter["provider"] + ": " + $parameter["operation"] }}',
		description: 'Stop the audio stream of a live phone call',
		defaults: { name: 'Stop Audio Stream' },
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		usableAsTool: {
			replacements: {
				// What a language model reads.
				description:
					"Stop the audio stream of a live phone call at SignalWire, Plivo or Vobiz. Needs the call's ID and, unless all streams are to stop, the stream's ID. Safe to repeat. Returns 'stopped' (true when nothing is streaming any more) and 'status'.",
			},
		},
		credentials: providers.map(({ name, credential }) => ({
			name: credential.type,
			// Where 'Provider' is an expression, n8n shows all of them, each as 'Credential' without this.
			displayName: credential.displayName,
			required: true,
			// Not `show: [name]`: n8n's editor takes a field whose every value shows a credential for a choice of
			// authentication, and hides it. Nobody would see 'Provider'.
			displayOptions: { hide: { provider: names.filter((other) => other !== name) } },
		})),
		properties,
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		return await stopItems(this);
	}
}
