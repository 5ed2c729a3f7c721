/** What several recipes share: the providers' words, the locks, and the sentences about them. */

import type { IDataObject } from 'n8n-workflow';
import type { Note } from './canvas.cts';

export type CarrierName = 'signalWire' | 'plivo' | 'vobiz';

/** One provider, as the recipes speak of it. */
export interface Carrier {
	name: CarrierName;
	shown: string;
	/** The last part of a recipe's file name. */
	file: string;
	credential: string;
	credentialShown: string;
	/** The call's id: in the provider's callbacks, and in the items of the recipes. */
	callField: string;
	call: 'call_sid' | 'call_uuid';
	/** How the field is called on screen. */
	callShown: string;
	/** How the provider calls the XML that says what a call does. */
	xmlShown: string;
	/** What the recipes with requests of their own ask for in 'Fill In'. */
	account: Record<string, string>;
	accountStep: string;
}

const PLIVO_FAMILY = {
	callField: 'CallUUID',
	call: 'call_uuid',
	callShown: 'Call UUID',
	xmlShown: 'answer XML',
} as const;

export const CARRIERS: Record<CarrierName, Carrier> = {
	signalWire: {
		name: 'signalWire',
		shown: 'SignalWire',
		file: 'signalwire',
		credential: 'signalWireBasicApi',
		credentialShown: 'SignalWire Basic API',
		callField: 'CallSid',
		call: 'call_sid',
		callShown: 'Call SID',
		xmlShown: 'cXML',
		account: { space_url: 'https://example.signalwire.com', project_id: 'your-project-id' },
		accountStep: '`space_url`, the URL of your space with `https://`; `project_id`',
	},
	plivo: {
		name: 'plivo',
		shown: 'Plivo',
		file: 'plivo',
		credential: 'plivoBasicApi',
		credentialShown: 'Plivo Basic API',
		...PLIVO_FAMILY,
		account: { api_url: 'https://api.plivo.com/v1', auth_id: 'your-auth-id' },
		accountStep: '`auth_id`',
	},
	vobiz: {
		name: 'vobiz',
		shown: 'Vobiz',
		file: 'vobiz',
		credential: 'vobizXAuthApi',
		credentialShown: 'Vobiz X-Auth API',
		...PLIVO_FAMILY,
		account: { api_url: 'https://api.vobiz.ai/api/v1', auth_id: 'your-auth-id' },
		accountStep: '`auth_id`',
	},
};

export const ALL_CARRIERS = Object.values(CARRIERS);

/** A field of the one 'Fill In' node, from anywhere behind it. */
export const filledIn = (field: string): string => `$('Fill In').first().json.${field}`;

const encoded = (expression: string): string => `{{ encodeURIComponent(${expression}) }}`;

/** The URL of the call that 'Fill In' names. The secret stays in the credential. */
export function callAddress(carrier: Carrier, call = filledIn(carrier.call)): string {
	return carrier.name === 'signalWire'
		? `={{ ${filledIn('space_url')} }}/api/laml/2010-04-01/Accounts/${encoded(filledIn('project_id'))}/Calls/${encoded(call)}`
		: `={{ ${filledIn('api_url')} }}/Account/${encoded(filledIn('auth_id'))}/Call/${encoded(call)}/`;
}

/** True if the item's id is one: dots or slashes would point a request at another URL. */
export const isId = (expression: string): string => `/^[\\w-]+$/.test(${expression} ?? '')`;

/** True if it is a phone number that somebody filled in. */
export const isPhone = (expression: string): string => `/^\\+?\\d{5,}$/.test(${expression} ?? '')`;

/** True if it is a URL that somebody filled in: one that cannot be fetched drops the caller. */
export const isOwnUrl = (expression: string): string =>
	`/^https?:\\/\\/\\S+$/.test(${expression} ?? '') && !${expression}.includes('example.com')`;

/** Text inside XML: an `&` that is left as it is makes a provider drop the call. */
export const escaped = (expression: string): string =>
	`${expression}.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')`;

export const xml = (expression: string): string => `{{ ${escaped(expression)} }}`;

/** What the check of a signature needs, and what it looks like when it is set up wrongly. */
export const signatureNote = (carrier: Carrier): string =>
	`If every event is refused (*untrusted*), n8n knows itself under another URL than ${carrier.shown} called: set \`WEBHOOK_URL\`.`;

const SIGNING_KEY: Record<CarrierName, string> = {
	signalWire: ' with its **Signing Key** (not the API Token): signatures are checked with it',
	plivo: '; its Auth Token checks the signatures too',
	vobiz: '',
};

/** The step that selects the provider's credential; `signed`: signatures are checked with it. */
export const credentialStep = (
	carrier: Carrier,
	nodes: readonly string[],
	{ signed = false } = {},
): string =>
	`${nodes.map((one) => `**${one}**`).join(', ')}: open ${nodes.length > 1 ? 'each' : 'it'} and select your ${carrier.credentialShown} credential${signed ? SIGNING_KEY[carrier.name] : ''}.`;

/** How to lock a webhook whose URL is typed at the provider. */
export const basicAuthNote = (...webhooks: string[]): string =>
	`${webhooks.map((one) => `**${one}**`).join(' and ')} ask${webhooks.length > 1 ? '' : 's'} for a user and a password: select a **Basic Auth** credential (letters and digits only), and give the URL as \`https://user:password@…\`. Without them n8n answers 401 and nothing runs.`;

export const HEADER_AUTH =
	'select a Header Auth credential (*Name*: for example `X-Api-Key`; *Value*: long and random)';

export const headerAuthNote = (name: string): string =>
	`Whoever can call **${name}** decides over live calls. Your own application can send a header, so the webhook takes only requests that carry the one of your **Header Auth** credential.`;

/** What n8n keeps of a run whose webhook got a password or a token. */
export const keepsNote = (what: string): string =>
	`### What n8n keeps\nThe webhook's item holds ${what}. Step 1 keeps it out of successful executions. **Failed and waiting executions still hold it.**`;

const SECRET_HEADERS: Record<CarrierName, string> = {
	signalWire: 'the password',
	plivo: 'the password',
	vobiz: 'the password, and headers in which Vobiz sends account tokens in plain text',
};

export const keepsCallbackNote = (carrier: Carrier): string =>
	keepsNote(SECRET_HEADERS[carrier.name]);

/** What happens to a call whose stream is stopped by its id. */
export const GOES_ON: Record<CarrierName, string> = {
	signalWire:
		'The call goes on. If the stream is all that keeps it alive (`<Connect><Stream>` at the end of the cXML), the call may end.',
	plivo:
		'The call goes on. A stream with `keepCallAlive` holds the call: when it stops, Plivo goes on with the next element, and hangs up if there is none.',
	vobiz:
		'The call goes on. A stream with `keepCallAlive` holds the call: when it stops, Vobiz goes on with the next element, and hangs up if there is none.',
};

/** Said whenever a note promises that the call goes on. */
export const STREAM_SERVER_DECIDES =
	'**The stream server decides too**: agents of Pipecat and Dograh hang the call up when their socket closes, unless `auto_hang_up` is off.';

/** n8n's editor drops a file's settings when it imports it. */
export const SAVE_NO_SUCCESS =
	'Menu ⋯ → Settings → **Save successful production executions** → *Do not save*. The import does not set it, and executions hold what the webhook received.';

const ERROR_WORKFLOW =
	'Menu ⋯ → Settings → **Error workflow**: choose *Tell the team*, or your own. Until then, failed runs show under **Executions** only.';

/** How to try a recipe that takes a provider's events, without a call. */
export const tryNote = (hook: string, says: string, isSigned: boolean): string =>
	`### Try it without a call\n**${hook}** holds a pinned sample. Open **Check Event** and press *Execute step*: ${
		isSigned
			? `it says that the sample carries no signature, so the lock works. With *Require Signature* off it says \`${says}\`; switch it on again.`
			: `it says \`${says}\`.`
	}`;

/** An event as the Webhook node hands it over, to be tried in the editor. */
export const sampleEvent = (
	body: IDataObject,
	type = 'application/x-www-form-urlencoded',
): IDataObject => ({
	headers: { 'content-type': type },
	params: {},
	query: {},
	body,
	webhookUrl: 'https://n8n.example.com/webhook/sample',
	executionMode: 'production',
});

/** The two notes of a canvas. `not` becomes the first line that anybody reads. */
export const notes = (not: string, about: readonly string[], before: readonly string[]): Note[] => [
	{ name: 'About This Recipe', text: [`**Not for you ${not}**`, ...about].join('\n') },
	{ name: 'Before You Publish', text: before.join('\n') },
];

/** The steps under 'What to fill in'. */
export const steps = (...list: readonly string[]): string =>
	// The empty line ends the list: without it, what follows would belong to the last step.
	['### What to fill in', ...list.map((step, i) => `${i + 1}. ${step}`), ''].join('\n');

/** The steps of a recipe that is published: what it receives is not kept, and somebody hears of its failures. */
export const stepsToPublish = (...list: readonly string[]): string =>
	steps(SAVE_NO_SUCCESS, ...list, ERROR_WORKFLOW);
