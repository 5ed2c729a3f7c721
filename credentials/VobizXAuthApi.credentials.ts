import type {
	IAuthenticate,
	ICredentialTestRequest,
	ICredentialType,
	Icon,
	INodeProperties,
} from 'n8n-workflow';

import { authenticate, testRules } from '../nodes/StopAudioStream/providers/account';
import { vobiz } from '../nodes/StopAudioStream/providers/vobiz';

export class VobizXAuthApi implements ICredentialType {
	name = 'vobizXAuthApi';

	displayName = 'Vobiz X-Auth API';

	icon: Icon = { light: 'file:vobiz.svg', dark: 'file:vobiz.dark.svg' };

	documentationUrl = 'https://github.com/stop-audio-stream/n8n-nodes-stop-audio-stream#credentials';

	// The credential is only ever sent to its own host, so there is nothing left to restrict.
	hideDomainRestrictionFields = true;

	properties: INodeProperties[] = [
		{
			displayName: 'Auth ID',
			name: 'authId',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. MA_XXXXXX',
			description: 'In the Vobiz console under API credentials',
		},
		{
			displayName: 'Auth Token',
			name: 'authToken',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			description: 'In the Vobiz console under API credentials, beside the Auth ID',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			required: true,
			default: 'https://api.vobiz.ai',
			description:
				'Change it only for a gateway of your own. It must start with https, unless it is on the same machine.',
		},
	];

	// A function, and no expressions: it can refuse a URL in words, and costs nothing per request.
	authenticate: IAuthenticate = async (credentials, request) =>
		authenticate(vobiz.credential, credentials, request);

	test: ICredentialTestRequest = {
		request: {
			baseURL: '={{$credentials.baseUrl}}',
			url: '/api/v1/auth/me',
			disableFollowRedirect: true,
			timeout: 10_000,
		},
		rules: testRules(vobiz),
	};
}
