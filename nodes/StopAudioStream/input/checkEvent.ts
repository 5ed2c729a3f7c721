import type { IDataObject } from 'n8n-workflow';

import type { Account, Ids, Provider } from '../providers/provider';
import { REQUIRE_SIGNATURE } from '../words/fields';
import { messages, orRefusal, Refusal, refusal } from '../words/sentences';
import type { EventKind } from '../words/vocabulary';
import { readCheckedEvent, type CheckedEvent } from './events';
import { verifySignature, type RawBody } from './signature';

/**
 * Reads an item as a provider's event. With `proof`, the provider must have signed it. The ids of an event are known
 * even if it is refused.
 */
export function checkEvent(
	json: IDataObject,
	provider: Provider,
	proof?: { account: Account; raw: RawBody },
): {
	ids: Ids;
	outcome:
		| { kind: 'event'; event: EventKind; signed: boolean; fields: IDataObject }
		| { kind: 'refused'; refusal: Refusal };
} {
	const asItCame = orRefusal(() => readCheckedEvent(json, provider, proof !== undefined));
	const checked = proof
		? orRefusal(() => signedEvent(json, provider, { ...proof, asItCame }))
		: asItCame;
	if (checked instanceof Refusal) {
		const ids = asItCame instanceof Refusal ? {} : asItCame.ids;
		return { ids, outcome: { kind: 'refused', refusal: checked } };
	}
	const { ids, kind: event, fields } = checked;
	return { ids, outcome: { kind: 'event', event, signed: proof !== undefined, fields } };
}

/** The event, read from what the provider signed. */
function signedEvent(
	json: IDataObject,
	provider: Provider,
	{ account, raw, asItCame }: { account: Account; raw: RawBody; asItCame: CheckedEvent | Refusal },
): CheckedEvent | Refusal {
	const signer = { provider, account, field: REQUIRE_SIGNATURE.label };
	const { rawIsSigned } = verifySignature(json, signer, raw);
	if (!rawIsSigned || raw.kind !== 'raw') return asItCame;
	const body = parsed(raw.text);
	if (JSON.stringify(json.body) !== JSON.stringify(body)) {
		throw refusal('untrusted', messages.otherRawBody, { provider: provider.displayName });
	}
	return readCheckedEvent({ body, query: json.query }, provider, true);
}

function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}
