import type { IDataObject } from 'n8n-workflow';
import { webhookItem, type Callback } from '../lib/callbacks.cts';
import type { StandIn } from '../lib/stand-ins/index.cts';
import type { Case } from './case.cts';
import { textOf } from './judge.cts';
import type { Signed, Target } from './types.cts';

/** Events with the provider's signature, as n8n's Webhook node hands them over. */

type Signing = Parameters<StandIn['signedCallback']>[3];

/** What comes from the webhook's address, and must not be shown. */
export const HIDDEN_PATH = 'example-lock-of-the-webhook';
const HIDDEN_QUERY = 'example-lock-in-the-query';
const SHOWN = 'https://hooks.example.com:8443';
export const URL_OF = `${SHOWN}/webhook/${HIDDEN_PATH}/4f2a`;

/** How the provider signs. */
export function signedBy({ profile }: Case): Signed {
	if (profile.signed) return profile.signed;
	throw new Error(`${profile.displayName} signs no events`);
}

/** A callback of the provider's about a target, signed as the provider does it or as told. */
export function callback(
	c: Case,
	target: Target = c.target,
	signing: Signing & { kind?: string } = {},
	addressOf = (address: string) => address,
): Callback {
	const { kinds, userInfo } = signedBy(c);
	const { kind = c.all ? kinds.call : kinds.stream, ...how } = signing;
	const of = c.all || kind === kinds.call ? target.call : target.stream;
	const subject = c.standIn.stream(of.id) ?? c.standIn.call(of.id);
	if (!subject) throw new Error(`There is no call or stream '${of.id}'`);
	const address = addressOf(`${URL_OF.replace('://', `://${userInfo}`)}?lock=${HIDDEN_QUERY}`);
	const { url, method, headers, text } = c.standIn.signedCallback(kind, subject, address, how);
	const [user = '', password = ''] = userInfo.replace('@', '').split(':');
	c.secrets.push(HIDDEN_PATH, HIDDEN_QUERY, ...(userInfo ? [password, `${user}:`] : []));
	return {
		address: url.replace('://', `://${userInfo}`),
		...(method === 'POST' && { form: text }),
		headers,
	};
}

/** A callback as n8n's Webhook node hands it over. */
export function itemOf(one: Callback) {
	const item = webhookItem(one, URL_OF);
	if (!item) throw new Error('n8n knows no such webhook');
	return item as { headers: IDataObject; query: IDataObject; body: IDataObject } & IDataObject;
}

/** An event of the provider's as n8n's Webhook node hands it over. */
export const signed = (...how: Parameters<typeof callback>) => itemOf(callback(...how));

export const withHeaders = (
	item: ReturnType<typeof signed>,
	change: (name: string, value: string) => string | undefined,
) => ({
	...item,
	headers: Object.fromEntries(
		Object.entries(item.headers).flatMap(([name, value]) => {
			const changed = /signature/.test(name) ? change(name, textOf(value)) : textOf(value);
			return changed === undefined ? [] : [[name, changed]];
		}),
	),
});
