import { messages, refusal } from '../words/sentences';
import type { FailureCause } from '../words/vocabulary';

/**
 * One segment of a URL's path. Empty and dot-only values are refused and the rest is encoded, so that an id never
 * changes the shape of the URL: `..` would stop something other than what the user named.
 */
export function pathSegment(
	value: string | undefined,
	field: string,
	cause: FailureCause = 'input',
): string {
	if (!value) throw refusal(cause, messages.empty, { field });
	if (/^\.+$/.test(value)) throw refusal(cause, messages.onlyDots, { field });
	return encode(value, field, cause);
}

/** Percent-encodes text; half of a surrogate pair, as a cut-off value leaves it, is refused. */
export function encode(value: string, field: string, cause: FailureCause = 'input'): string {
	// With the `u` flag this finds a surrogate only if the other half of the pair is missing.
	if (/\p{Surrogate}/u.test(value)) {
		throw refusal(cause, messages.brokenText, { field });
	}
	return encodeURIComponent(value);
}

/**
 * Puts the query parameter `part` (`name=value`, encoded) into a URL, in place of any of that name.
 * The rest stays as it is to the letter, fragment included: to SignalWire, `#rt=3000` says how long to wait.
 */
export function withQuery(url: string, name: string, part: string): string {
	const [beforeFragment, fragment] = cutAt('#', url);
	const [path, query] = cutAt('?', beforeFragment);
	const parts = query.slice(1) === '' ? [] : query.slice(1).split('&');
	const others = parts.filter((each) => queryName(each) !== name);
	return `${path}?${[...others, part].join('&')}${fragment}`;
}

/** What stands before the first `mark`, and the rest from there on. */
function cutAt(mark: string, text: string): [before: string, rest: string] {
	const at = text.indexOf(mark);
	return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at)];
}

const queryName = (part: string) => new URLSearchParams(`&${part}`).keys().next().value;
