import { writeAddresses } from './addresses';
import type { SignatureVerdict } from './verify';
import { verify, withNonce } from './verify';
import { header } from './webhookEvent';

/**
 * V3 and V2 as Vobiz documents them (www.vobiz.ai/docs/concepts/validating-callbacks, 2026-11-21):
 * HMAC-SHA256 of `baseURL + "." + nonce` ("query stripped", user and password too), V2 "no
 * separator"; "-MA-" with the parent account's token. Neither the body nor the query is signed: a
 * signature proves only that Vobiz once called this address. V1 is not accepted.
 */
export const verifyVobiz = (item: unknown, authToken: string): SignatureVerdict =>
	verify(item, authToken, (event) =>
		(
			[
				['v3', '.'],
				['v2', ''],
			] as const
		).map(([version, separator]) => {
			const nonce = header(event, `x-vobiz-signature-${version}-nonce`);
			return {
				algorithm: 'sha256',
				signatures: withNonce(nonce, [
					header(event, `x-vobiz-signature-${version}`),
					header(event, `x-vobiz-signature-ma-${version}`),
				]),
				texts: writeAddresses(event).map((address) => address + separator + nonce),
			};
		}),
	);
