// How users set n8n's own HTTP Request node up for this job: the credential that fits a provider, and
// where its API begins.

import type { RunningStandIn } from './stops.cts';

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
