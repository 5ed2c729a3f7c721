import type {
	IAuthenticate,
	ICredentialTestRequest,
	ICredentialType,
	Icon,
	INodeProperties,
} from 'n8n-workflow';

import { authenticateWith, testWith } from '../nodes/StopAudioStream/providers/account';
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

	authenticate: IAuthenticate = authenticateWith(vobiz.credential);

	test: ICredentialTestRequest = testWith(vobiz, { url: '/api/v1/auth/me' });
}
