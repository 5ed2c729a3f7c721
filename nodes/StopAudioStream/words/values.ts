export const isRecord = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text as it is; `''` for anything else: what came from outside may not even turn into text. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Whether a body is HTML: proxies and web servers send it, and no provider does. */
export const isWebPage = (body: unknown): boolean => /^\s*</.test(textOf(body));

/** What a text holds as JSON; what is no text, or no JSON, as it is. */
export function jsonOrAsIs(value: unknown): unknown {
	// Every 204 is empty, and parsing that costs an exception.
	if (typeof value !== 'string' || value === '') return value;
	try {
		return JSON.parse(value);
	} catch {
		return value;
	}
}

/** What a thrown value says, without a full stop, since it ends one of our sentences. */
export const reasonOf = (thrown: unknown): string =>
	(thrown instanceof Error ? thrown.message : String(thrown)).replace(/\.$/, '');

/** A space or a character of no width: a copy from a web page brings them around an id. */
export const SPACE = /[\s\p{Cf}]/u;

/** The text without the {@link SPACE}s around it. */
export function trimmed(text: string): string {
	let [start, end] = [0, text.length];
	while (start < end && SPACE.test(text.charAt(start))) start += 1;
	while (end > start && SPACE.test(text.charAt(end - 1))) end -= 1;
	return text.slice(start, end);
}

/** Whether two ids mean the same: some bridges write them in lower case, .NET and SQL Server in upper case. */
export const isSameId = (one: unknown, other: unknown): boolean =>
	typeof one === 'string' && typeof other === 'string' && one.toLowerCase() === other.toLowerCase();

/**
 * The part of a text that JavaScript writes if an expression gives no value; `undefined` if there is none. Such a
 * text is neither an id nor a name.
 */
export const noValueIn = (text: string): string | undefined =>
	['undefined', 'null', 'NaN'].find((each) => each === text.trim()) ??
	['[object Object]'].find((each) => text.includes(each));
