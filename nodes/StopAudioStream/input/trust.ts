import type { IDataObject } from 'n8n-workflow';

import type { Account, Provider } from '../providers/provider';
import { OPTIONS, REQUIRE_SIGNATURE } from '../words/fields';
import { messages, refusal } from '../words/sentences';
import { isRecord, jsonOrAsIs } from '../words/values';
import { readSaid, signedPlacesIn, type SaidOfStop } from './events';
import type { StopRequest } from './readItem';
import { verifySignature, type RawBody } from './signature';

/**
 * Refuses a stop whose event the provider did not sign, and then one whose event was refused. With 'Signed Event',
 * only that event can say that the call or the stream has ended. `isProven`: the provider signed what the event says.
 */
export function trusted(
	request: StopRequest,
	account: Account,
): SaidOfStop & { isProven: boolean } {
	const { provider, way, ids, said, proof, refused } = request;
	if (!proof) return { callEnded: false, ...said, isProven: false };
	const { event, isOther } = proof;
	if (isOther && isEmpty(event)) throw refusal('untrusted', messages.signedEventEmpty);
	const { label: field } = isOther ? OPTIONS.signedEvent : OPTIONS.verifySignature;
	verifySignature(event, { provider, account, field }, { kind: 'notAsked' });
	// Only now: what is wrong with an event matters only if the provider sent it.
	if (refused) throw refused;
	const isProven = provider.signature.limits === undefined;
	if (!isOther || !isRecord(event)) return { callEnded: false, ...said, isProven };
	const signed = readSaid(signedPlacesIn(event), { provider, way, ids, isProof: true });
	if (!signed) {
		const place = (way.fallback ?? way).on.noun;
		throw refusal('untrusted', messages.signedEventOtherCall, { place });
	}
	return { ...signed, isProven };
}

/** Returns what the provider signed of an item: the item, or its raw body as JSON. Refuses what it did not sign. */
export function signedItem(
	item: IDataObject,
	signer: { provider: Provider; account: Account },
	raw: RawBody,
): Record<string, unknown> {
	const field = REQUIRE_SIGNATURE.label;
	const { rawIsSigned } = verifySignature(item, { ...signer, field }, raw);
	if (!rawIsSigned || raw.kind !== 'raw') return item;
	const body = jsonOrAsIs(raw.text);
	// Text that is no JSON could begin with the end of a longer query: the signature covers both as one text.
	const isJson = body !== raw.text;
	if (!isJson || JSON.stringify(item.body) !== JSON.stringify(body)) {
		throw refusal('untrusted', messages.otherRawBody, { provider: signer.provider.displayName });
	}
	return { body, query: item.query };
}

const isEmpty = (event: unknown): boolean =>
	event === undefined || event === null || (typeof event === 'string' && event.trim() === '');
