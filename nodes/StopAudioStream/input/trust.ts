import type { Account, Ids, Provider, Way } from '../providers/provider';
import { verifySignature } from '../providers/signature';
import { OPTIONS } from '../words/fields';
import { messages, refusal } from '../words/sentences';
import { isRecord } from '../words/values';
import { readSignedEvent } from './events';
import type { ItemRequest } from './readItem';

/**
 * Refuses an item whose event the provider did not sign, and then one whose event was refused. Gives back
 * whether the call is over: with 'Signed Event' only that event says so, and only of the item's own call.
 */
export function trustedEnd(
	{ provider, way, ids, callEnded, proof, refused }: ItemRequest,
	account: Account,
): boolean {
	if (!proof) return callEnded;
	const { event, isOther } = proof;
	if (isOther && isEmpty(event)) throw refusal('untrusted', messages.signedEventEmpty);
	verify(provider, proof, account);
	// Only now: what is wrong with an event matters only where the provider sent it.
	if (refused) throw refused;
	return isOther && isRecord(event) ? endOfSameCall(event, provider, way, ids) : callEnded;
}

const isEmpty = (event: unknown): boolean =>
	event === undefined || event === null || (typeof event === 'string' && event.trim() === '');

function verify(
	{ displayName, signature }: Provider,
	{ event, isOther }: NonNullable<ItemRequest['proof']>,
	account: Account,
) {
	const { scheme, keyField, keyHint, missingHint } = signature;
	const option = isOther ? OPTIONS.signedEvent : OPTIONS.verifySignature;
	const verdict = verifySignature(event, account[keyField.name], scheme);
	if (verdict.signed) return;
	const named = { provider: displayName };
	switch (verdict.why) {
		case 'noKey':
			throw refusal('credentials', messages.noSigningKey, { ...named, field: keyField.label });
		case 'noEvent':
			throw refusal('untrusted', messages.notAWebhookItem, { field: option.label });
		case 'noHeaders':
			throw refusal('untrusted', messages.noSignature, { ...named, hint: missingHint });
		case 'notForm':
			throw refusal('untrusted', messages.notSignedInThisForm, named);
		case 'query':
			throw refusal('untrusted', messages.queryNotPlain, named);
		case 'mismatch':
			throw refusal('untrusted', messages.wrongSignature, {
				...named,
				field: keyField.label,
				keyHint,
				address: verdict.shown,
			});
	}
}

function endOfSameCall(
	event: Record<string, unknown>,
	provider: Provider,
	way: Way,
	ids: Ids,
): boolean {
	const { isAboutIt, callEnded } = readSignedEvent(event, provider, way, ids);
	if (!isAboutIt) {
		throw refusal('untrusted', messages.signedEventOtherCall, { place: way.on.noun });
	}
	return callEnded;
}
