import { isRecord } from '../../words/values';

/** Names in the order in which they came, each with its values in order. */
export type Fields = ReadonlyArray<readonly [name: string, values: readonly string[]]>;

export interface WebhookEvent {
	readonly headers: Readonly<Record<string, unknown>>;
	readonly scheme: string;
	/** With the port, where the address has one. */
	readonly host: string;
	/** The segments of the path; those that a caller fills in are decoded. */
	readonly path: ReadonlyArray<{ text: string; parameter: boolean }>;
	readonly query: Fields | undefined;
	/** Undefined where the body is something else than a form. */
	readonly form: Fields | undefined;
}

// Half of a character has no UTF-8 of its own: the HMAC would take it for U+FFFD. No parser of n8n makes one.
const isText = (value: unknown): value is string =>
	typeof value === 'string' && !/\p{Surrogate}/u.test(value);

const readFields = (part: unknown = {}): Fields | undefined => {
	if (!isRecord(part)) return undefined;
	const fields: Array<[string, string[]]> = [];
	for (const [name, value] of Object.entries(part)) {
		const values: unknown[] = Array.isArray(value) ? value : [value];
		// A name that came twice has two values. A list of one comes from `a[]=` or from JSON, and an
		// empty one would add a name to the event and nothing to the signed text.
		if (Array.isArray(value) && values.length < 2) return undefined;
		if (!isText(name) || !values.every(isText)) return undefined;
		fields.push([name, values]);
	}
	return fields;
};

const readForm = (body: unknown, contentType: unknown): Fields | undefined => {
	const fields = readFields(body);
	const isForm =
		typeof contentType === 'string' &&
		contentType.split(';')[0]?.trim().toLowerCase() === 'application/x-www-form-urlencoded';
	return fields?.length === 0 || isForm ? fields : undefined;
};

export const readEvent = (item: unknown): WebhookEvent | undefined => {
	if (!isRecord(item) || !isRecord(item.headers) || !isText(item.webhookUrl)) return undefined;
	const address = /^(https?):\/\/(?:[^/?#]*@)?([^/?#@\s]+)\/([^?#]*)$/.exec(item.webhookUrl);
	const params = isRecord(item.params) ? item.params : {};
	if (address === null || !Object.values(params).every(isText)) return undefined;
	const [, scheme = '', host = '', path = ''] = address;
	return {
		headers: item.headers,
		scheme,
		host,
		path: path
			.replace(/\/$/, '')
			.split('/')
			.map((text) => {
				const value = text.startsWith(':') ? params[text.slice(1)] : undefined;
				return typeof value === 'string'
					? { text: value, parameter: true }
					: { text, parameter: false };
			}),
		query: readFields(item.query),
		form: readForm(item.body, item.headers['content-type']),
	};
};

export const header = ({ headers }: WebhookEvent, name: string): string => {
	const value = headers[name];
	return typeof value === 'string' ? value : '';
};
