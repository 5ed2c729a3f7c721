import type { Encode } from './addresses';
import { escape, unique, writePaths } from './addresses';
import type { SignatureVerdict } from './verify';
import { byName, verify } from './verify';
import type { Fields, WebhookEvent } from './webhookEvent';
import { header } from './webhookEvent';

/** As a browser sends it: `:`, `@`, `,` and the like stay. */
const asSent: Encode = encodeURI;
/** As JavaScript escapes a value. */
const asValue: Encode = encodeURIComponent;
/** As most other languages do: all but letters, digits and `-._~` is escaped. */
const asForm: Encode = (text) => escape(encodeURIComponent(text), /[!'()*]/g);

/** The ways to write the query: at most six, mostly one. */
const writeQueries = (query: Fields): string[] => {
	if (query.length === 0) return [''];
	const texts = [asSent, asValue, asForm].map((encode) =>
		query
			.flatMap(([name, values]) =>
				values.map(
					(value) => `${escape(encode(name), /[#&+=]/g)}=${escape(encode(value), /[#&+]/g)}`,
				),
			)
			.join('&'),
	);
	// A blank is written in two ways; a `+` that was one is `%2B` by now.
	return unique(texts.flatMap((text) => [`?${text}`, `?${text.replaceAll('%20', '+')}`]));
};

/** The ways to write user and password, which came in `authorization`: none, as typed, escaped. */
const writeUsers = (event: WebhookEvent): string[] => {
	const [, encoded = ''] = /^Basic +(\S+)$/i.exec(header(event, 'authorization')) ?? [];
	const decoded = Buffer.from(encoded, 'base64').toString();
	const colon = decoded.indexOf(':');
	if (colon === -1) return [''];
	const [user, password] = [decoded.slice(0, colon), decoded.slice(colon + 1)];
	return unique([
		'',
		...[asSent, asValue].map((encode) => {
			const write: Encode = (text) => escape(encode(text), /[/?#@]/g);
			return `${write(user)}:${write(password)}@`;
		}),
	]);
};

/** With and without the port. */
const writeHosts = ({ scheme, host }: WebhookEvent): string[] => {
	const bare = host.replace(/:\d+$/, '');
	return [bare, bare === host ? `${host}:${scheme === 'https' ? 443 : 80}` : host];
};

/**
 * As `validateRequest` of SignalWire's SDK 3.2.0 has it (lib/webhooks/webhooks.js, 2026-11-21): the
 * address with its query, then the form's names, sorted, with their values in the order in which
 * they came. "Check signature of the url with and without the port number since signature
 * generation on the back end is inconsistent". An address may hold user and password; n8n has them
 * in `authorization`. The query is signed as it was written, and n8n hands it over decoded, so it is
 * written again. At most 216 texts, nearly always four, or eight with user and password.
 */
export const verifySignalWire = (item: unknown, signingKey: string): SignatureVerdict =>
	verify(item, signingKey, (event, form) => {
		if (event.query === undefined) return 'query';
		const fields = byName(form).flatMap(([name, values]) => values.map((one) => name + one));
		let texts = [`${event.scheme}://`];
		for (const part of [
			writeUsers(event),
			writeHosts(event),
			writePaths(event),
			writeQueries(event.query),
			[fields.join('')],
		]) {
			texts = texts.flatMap((text) => part.map((next) => text + next));
		}
		const signature =
			header(event, 'x-signalwire-signature') || header(event, 'x-twilio-signature');
		return [{ algorithm: 'sha1', signatures: signature === '' ? [] : [signature], texts }];
	});
