/** Items of n8n's Webhook node, with the option 'Raw Body' too. */

import type { INodeExecutionData } from 'n8n-workflow';

import { webhookItem } from './callbacks.cts';

/** What arrives: a GET has no text. */
interface Arriving {
	url: string;
	headers: Readonly<Record<string, string>>;
	/** The body as it goes over the wire. */
	text: string;
}

const FORM = 'application/x-www-form-urlencoded';

/** n8n's own: a BOM is part of the raw body, and not of what is parsed. */
const parsed = (text: string): unknown => JSON.parse(text.replace(/^\uFEFF/, ''));

/**
 * The item that n8n's Webhook node hands over.
 * @param webhookUrl as n8n has it: without a query, and with `:name` for what a caller fills in
 * @param rawBody whether its option 'Raw Body' is on
 */
export function received(
	{ url, headers, text }: Arriving,
	{ webhookUrl = url.replace(/\/?(\?.*)?$/, ''), rawBody = false } = {},
): INodeExecutionData {
	const type = Object.entries(headers).find(([name]) => /^content-type$/i.test(name))?.[1] ?? '';
	const isForm = type.startsWith(FORM);
	const json = webhookItem({ address: url, headers, ...(isForm && { form: text }) }, webhookUrl);
	if (!json) throw new Error('n8n knows no such webhook');
	return {
		json: {
			...json,
			...(!isForm && text !== '' && { body: parsed(text) }),
		} as INodeExecutionData['json'],
		...(rawBody && {
			binary: {
				data: {
					data: Buffer.from(text).toString('base64'),
					mimeType: type === '' ? 'application/json' : (type.split(';')[0] ?? ''),
				},
			},
		}),
	};
}
