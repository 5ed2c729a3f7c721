'use strict';

// How users set n8n's own HTTP Request node up for this job: the credential that fits a provider, and
// where its API begins.

const FORMS = {
	plivo: {
		api: '/v1',
		type: 'httpBasicAuth',
		data: ({ authId, authToken }) => ({ user: authId, password: authToken }),
	},
	vobiz: {
		api: '/api/v1',
		type: 'httpCustomAuth',
		data: ({ authId, authToken }) => ({
			json: JSON.stringify({ headers: { 'X-Auth-ID': authId, 'X-Auth-Token': authToken } }),
		}),
	},
};

/** The type of the credential, and `data`, which makes its fields of a stand-in's credentials. */
const genericCredential = ({ provider }) => {
	const { type, data } = FORMS[provider];
	return { type, data };
};

const accountUrl = ({ provider, url, credentials }) =>
	`${url}${FORMS[provider].api}/Account/${credentials.authId}`;

module.exports = { accountUrl, genericCredential };
