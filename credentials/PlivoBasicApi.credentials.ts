import type {
	IAuthenticate,
	ICredentialTestRequest,
	ICredentialType,
	Icon,
	INodeProperties,
} from 'n8n-workflow';

import { authenticateWith, idInTest, testWith } from '../nodes/StopAudioStream/providers/account';
import { plivo } from '../nodes/StopAudioStream/providers/plivo';

export class PlivoBasicApi implements ICredentialType {
	name = 'plivoBasicApi';

	displayName = 'Plivo Basic API';

	icon: Icon = { light: 'file:plivo.svg', dark: 'file:plivo.dark.svg' };

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
			placeholder: 'e.g. MAXXXXXXXXXXXXXXXXXX',
			description: 'On the overview page of the Plivo console',
		},
		{
			displayName: 'Auth Token',
			name: 'authToken',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			description: 'On the overview page of the Plivo console, beside the Auth ID',
		},
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			required: true,
			default: 'https://api.plivo.com',
			description:
				'Change it only for a gateway of your own. It must start with https, unless it is on the same machine.',
		},
	];

	authenticate: IAuthenticate = authenticateWith(plivo.credential);

	test: ICredentialTestRequest = testWith(plivo, {
		url: `=/v1/Account/${idInTest(plivo.credential)}/`,
	});
}
