import type {
	IAuthenticate,
	ICredentialTestRequest,
	ICredentialType,
	Icon,
	INodeProperties,
} from 'n8n-workflow';

import { authenticateWith, idInTest, testWith } from '../nodes/StopAudioStream/providers/account';
import { signalWire } from '../nodes/StopAudioStream/providers/signalWire';

export class SignalWireBasicApi implements ICredentialType {
	name = 'signalWireBasicApi';

	displayName = 'SignalWire Basic API';

	icon: Icon = { light: 'file:signalWire.svg', dark: 'file:signalWire.dark.svg' };

	documentationUrl = 'https://github.com/stop-audio-stream/n8n-nodes-stop-audio-stream#credentials';

	// The credential is only ever sent to its own host, so there is nothing left to restrict.
	hideDomainRestrictionFields = true;

	properties: INodeProperties[] = [
		{
			displayName: 'Space URL',
			name: 'spaceUrl',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. example.signalwire.com',
			description: 'The URL of your SignalWire space, or just its name',
		},
		{
			displayName: 'Project ID',
			name: 'projectId',
			type: 'string',
			required: true,
			default: '',
			placeholder: 'e.g. b08dacad-2b58-4c5b-ae34-9b3e0ba9a2f0',
			description: "In your space's dashboard under API Credentials",
		},
		{
			displayName: 'API Token',
			name: 'apiToken',
			type: 'string',
			typeOptions: { password: true },
			required: true,
			default: '',
			description: "In your space's dashboard under API Credentials. It needs the scope Voice.",
		},
		{
			displayName: 'Signing Key',
			name: 'signingSecret',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description:
				"Only for 'Verify Signature' and 'Check Event': in your space's dashboard under API Credentials. It is not the API Token, and is never sent anywhere.",
		},
	];

	authenticate: IAuthenticate = authenticateWith(signalWire.credential);

	test: ICredentialTestRequest = testWith(signalWire, {
		// The list of calls and not the account: a token with only the scope Voice must pass.
		url: `=/api/laml/2010-04-01/Accounts/${idInTest(signalWire.credential)}/Calls`,
		qs: { PageSize: 1 },
	});
}
