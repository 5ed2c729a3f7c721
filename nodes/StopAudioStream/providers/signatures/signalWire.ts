import type { Encode, Spelling } from './addresses';
import { asComponent, asUri, escape, SPELLINGS, unique, writePaths } from './addresses';
import type { SignatureVerdict } from './verify';
import { byName, verify } from './verify';
import type { WebhookEvent } from './webhookEvent';
import { header } from './webhookEvent';

/** None, or what came in `authorization`, as it stands in an address. */
const writeUsers = (event: WebhookEvent): string[] => {
	const [, encoded = ''] = /^Basic +(\S+)$/i.exec(header(event, 'authorization')) ?? [];
	const decoded = Buffer.from(encoded, 'base64').toString();
	const colon = decoded.indexOf(':');
	if (colon === -1) return [''];
	const [user, password] = [decoded.slice(0, colon), decoded.slice(colon + 1)];
	return unique([
		'',
		...[asUri, asComponent].map((encode) => {
			const part: Encode = (text) => escape(encode(text), /@/g);
			return `${part(user)}:${part(password)}@`;
		}),
	]);
};

/**
 * As `validateRequest` of SignalWire's SDK 3.2.0 has it (lib/webhooks/webhooks.js, 2026-11-21): the
 * address with its query, then the form's names, sorted, with their values in the order in which
 * they came. "Check signature of the url with and without the port number since signature
 * generation on the back end is inconsistent". An address may hold user and password; n8n has them
 * in `authorization`. The query is signed as it was written, and n8n hands it over decoded: it is
 * written again in each spelling, with blanks as `%20` or `+`. At most 72 texts, mostly four.
 */
export const verifySignalWire = (item: unknown, signingKey: string): SignatureVerdict =>
	verify(item, signingKey, (event, form) => {
		if (event.query === undefined) return 'query';
		const pairs = event.query.flatMap(([name, values]) =>
			values.map((one) => [name, one] as const),
		);
		const writeQueries = ({ query }: Spelling): string[] => {
			if (pairs.length === 0) return [''];
			const text = pairs
				.map(([name, value]) => `${escape(query(name), /[&+=]/g)}=${escape(query(value), /[&+]/g)}`)
				.join('&');
			return [`?${text}`, `?${text.replace(/%20/g, '+')}`];
		};
		const bare = event.host.replace(/:\d+$/, '');
		const withPort =
			bare === event.host ? `${bare}:${event.scheme === 'https' ? 443 : 80}` : event.host;
		const fields = byName(form).map(([name, values]) => values.map((one) => name + one).join(''));
		const rests = unique(
			SPELLINGS.flatMap((spelling) =>
				writePaths(event, spelling.path).flatMap((path) =>
					writeQueries(spelling).map((query) => path + query + fields.join('')),
				),
			),
		);
		const signature =
			header(event, 'x-signalwire-signature') || header(event, 'x-twilio-signature');
		return [
			{
				algorithm: 'sha1',
				signatures: signature === '' ? [] : [signature],
				texts: writeUsers(event).flatMap((user) =>
					[bare, withPort].flatMap((host) =>
						rests.map((rest) => `${event.scheme}://${user}${host}${rest}`),
					),
				),
			},
		];
	});
