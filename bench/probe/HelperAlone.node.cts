// What any node pays for a stop: two fields read by expressions, and n8n's request helper, which reads the
// credential for each request, as it does for n8n's own nodes.
// It looks at no answer, and knows no limit, no second attempt and no words for what went wrong.

import type {
	IExecuteFunctions,
	IN8nHttpFullResponse,
	INodeExecutionData,
	INodeType,
	INodeTypeDescription,
} from 'n8n-workflow';

const CREDENTIAL = 'vobizXAuthApi';
/** As many as our own node has under way. */
const UNDER_WAY = 100;

export class HelperAlone implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Helper Alone',
		name: 'helperAlone',
		group: ['output'],
		version: 1,
		description: "Stops streams with n8n's request helper, and nothing around it",
		defaults: { name: 'Helper Alone' },
		inputs: ['main'],
		outputs: ['main'],
		credentials: [{ name: CREDENTIAL, required: true }],
		properties: [
			{ displayName: 'Account URL', name: 'accountUrl', type: 'string', default: '' },
			{ displayName: 'Call UUID', name: 'callId', type: 'string', default: '' },
			{ displayName: 'Stream ID', name: 'stream', type: 'string', default: '' },
		],
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const accountUrl = this.getNodeParameter('accountUrl', 0) as string;
		const output: INodeExecutionData[] = [];
		const items = this.getInputData().keys();
		const sendNext = async () => {
			for (const item of items) {
				const call = this.getNodeParameter('callId', item) as string;
				const stream = this.getNodeParameter('stream', item) as string;
				const options = {
					method: 'DELETE' as const,
					url: `${accountUrl}/Call/${call}/Stream/${stream}/`,
					headers: { Accept: 'application/json' },
					timeout: 10_000,
					encoding: 'text' as const,
					returnFullResponse: true,
					ignoreHttpStatusErrors: true,
					disableFollowRedirect: true,
				};
				const { statusCode } = (await this.helpers.httpRequestWithAuthentication.call(
					this,
					CREDENTIAL,
					options,
				)) as IN8nHttpFullResponse;
				output[item] = { json: { statusCode }, pairedItem: { item } };
			}
		};
		await Promise.all(Array.from({ length: UNDER_WAY }, sendNext));
		return [output];
	}
}
