// How users set n8n's own HTTP Request node up for this job: the credential that fits a provider, and
// where its API begins.

import type { INodeParameters } from 'n8n-workflow';
import type { RunningStandIn } from './stops.cts';
import type { Unplaced } from '../../examples/src/workflows.cts';

export const HTTP_REQUEST = 'n8n-nodes-base.httpRequest';
/** The version that n8n gives to a new HTTP Request node. */
export const HTTP_VERSION = 4.5;

type Credentials = Record<string, string>;

const FORMS: Record<string, { api: string; type: string; data: (of: Credentials) => Credentials }> =
	{
		plivo: {
			api: '/v1',
			type: 'httpBasicAuth',
			data: ({ authId = '', authToken = '' }) => ({ user: authId, password: authToken }),
		},
		vobiz: {
			api: '/api/v1',
			type: 'httpCustomAuth',
			data: ({ authId, authToken }) => ({
				json: JSON.stringify({ headers: { 'X-Auth-ID': authId, 'X-Auth-Token': authToken } }),
			}),
		},
	};

function formOf({ provider }: Pick<RunningStandIn, 'provider'>) {
	const form = FORMS[provider];
	if (!form) throw new Error(`HTTP Request is not set up for ${provider}.`);
	return form;
}

/** HTTP Request's credential for what a stand-in takes: its type, and its fields. */
export const genericCredential = (standIn: { provider: string; credentials: Credentials }) => {
	const { type, data } = formOf(standIn);
	return { type, data: data(standIn.credentials) };
};

/** Where an account's resources begin. */
export const accountUrl = (standIn: {
	provider: string;
	url: string;
	credentials: Credentials;
}): string => `${standIn.url}${formOf(standIn).api}/Account/${standIn.credentials.authId}`;

/** HTTP Request where it stops the stream of an item; `ids` are the expressions for call and stream. */
export const httpStop = (
	name: string,
	account: string,
	credentialType: string,
	{
		ids: [call, stream],
		options,
	}: { ids: readonly [call: string, stream: string]; options: INodeParameters },
): Unplaced => ({
	name,
	type: HTTP_REQUEST,
	typeVersion: HTTP_VERSION,
	parameters: {
		method: 'DELETE',
		url: `=${account}/Call/{{ ${call} }}/Stream/{{ ${stream} }}/`,
		authentication: 'genericCredentialType',
		genericAuthType: credentialType,
		options,
	},
});
