import type { IDataObject } from 'n8n-workflow';

import type { Account, Ids, Provider, Way, WebhookEvent } from '../providers/provider';
import { messages, refusal } from '../words/sentences';
import { isRecord } from '../words/values';
import { readSignedEvent } from './events';
import type { ItemRequest } from './readItem';

/**
 * Refuses an item whose event the provider did not sign. Gives back whether the call is over: with 'Signed Event'
 * only that event says so, and only of the item's own call.
 */
export function trustedEnd(
	{ provider, way, ids, callEnded, proof }: ItemRequest,
	account: Account,
): boolean {
	if (!proof) return callEnded;
	const event = webhookEventOf(proof.event);
	if (!event) {
		throw refusal(
			'untrusted',
			proof.other && !isRecord(proof.event) ? messages.signedEventEmpty : messages.notAWebhookItem,
		);
	}
	verify(provider, event, account);
	return proof.other ? endOfSameCall(proof.event as IDataObject, provider, way, ids) : callEnded;
}

function webhookEventOf(item: unknown): WebhookEvent | undefined {
	if (!isRecord(item)) return undefined;
	const { headers, params, query, body, webhookUrl } = item;
	if (!isRecord(headers) || typeof webhookUrl !== 'string') return undefined;
	return {
		headers,
		params: isRecord(params) ? params : {},
		query: isRecord(query) ? query : {},
		body,
		webhookUrl,
	};
}

function verify({ displayName, signature }: Provider, event: WebhookEvent, account: Account) {
	const { keyField, keyHint, missingHint } = signature;
	const key = account[keyField.name];
	if (key === '') {
		throw refusal('credentials', messages.noSigningKey, {
			field: keyField.label,
			provider: displayName,
		});
	}
	const verdict = signature.verify(event, key);
	if (verdict.signed) return;
	switch (verdict.why) {
		case 'missing':
			throw refusal('untrusted', messages.noSignature, {
				provider: displayName,
				hint: missingHint,
			});
		case 'json':
			throw refusal('untrusted', messages.signatureOfJson, { provider: displayName });
		case 'query':
			throw refusal('untrusted', messages.queryNotPlain, { provider: displayName });
		case 'wrong':
			throw refusal('untrusted', messages.wrongSignature, {
				provider: displayName,
				keyHint,
				address: verdict.address,
			});
	}
}

function endOfSameCall(event: IDataObject, provider: Provider, way: Way, ids: Ids): boolean {
	const { isAboutIt, callEnded } = readSignedEvent(event, provider, way, ids);
	if (!isAboutIt) throw refusal('untrusted', messages.signedEventOtherCall);
	return callEnded;
}
