import { writeAddresses } from './addresses';
import type { SignatureVerdict } from './verify';
import { byName, verify, withNonce } from './verify';
import type { Fields } from './webhookEvent';
import { header } from './webhookEvent';

/**
 * V3, as `validateV3Signature` of Plivo's Node SDK 4.79.0 has it (dist/utils/v3Security.js,
 * 2026-11-21): the address without user and password, `?` and the decoded query as `name=value`
 * with `&`, `.` where fields follow a query, the form's names and values, `.` and the nonce. Names
 * are sorted, and the values of one name too, so their order is not signed. A form without a query
 * still has the `?`. A GET is the same text without a form, so the method need not be known.
 * The headers may hold several signatures, "-MA-" those with the main account's token.
 */
export const verifyPlivo = (item: unknown, authToken: string): SignatureVerdict =>
	verify(item, authToken, (event, form) => {
		if (event.query === undefined) return 'query';
		const write = (fields: Fields, join: (name: string, value: string) => string): string[] =>
			byName(fields).flatMap(([name, values]) => [...values].sort().map((one) => join(name, one)));
		const nonce = header(event, 'x-plivo-signature-v3-nonce');
		const query = write(event.query, (name, value) => `${name}=${value}`).join('&');
		const fields = write(form, (name, value) => name + value).join('');
		const hasForm = form.length > 0;
		const rest = `${query !== '' || hasForm ? '?' : ''}${query}${query !== '' && hasForm ? '.' : ''}${fields}.${nonce}`;
		return [
			{
				algorithm: 'sha256',
				signatures: withNonce(
					nonce,
					['x-plivo-signature-v3', 'x-plivo-signature-ma-v3'].flatMap((name) =>
						header(event, name)
							.split(',')
							.map((signature) => signature.trim()),
					),
				),
				texts: writeAddresses(event).map((address) => address + rest),
			},
		];
	});
