import type { Account } from './providers/provider';

const MASK = '***';

/** A shorter secret is masked only where it is the whole value: it would be found in every text. */
const MIN_PART = 4;

/** No provider nests its answers so deep; one that does is after the stack of whoever walks through it. */
const MAX_DEPTH = 100;

/**
 * Masks a credential's secret in whatever is about to be shown, in each form in which a provider may echo
 * it: plain, escaped, percent-encoded, or in base64, as the Basic header it was sent with.
 */
export function secretMask({ id, token }: Account): <T>(shown: T) => T {
	const encoded = encodeURIComponent(token);
	const form = new URLSearchParams({ token }).toString().slice('token='.length);
	const base64 = [`${id}:${token}`, token].map((text) => Buffer.from(text).toString('base64'));
	// A set, because an ordinary token looks the same in most of them, and every text goes through each.
	const forms = new Set([
		token,
		JSON.stringify(token).slice(1, -1),
		...[encoded, form].flatMap((each) => [each, each.replace(/%../g, (hex) => hex.toLowerCase())]),
		...base64.flatMap((each) => {
			// The padding is often left out.
			const bare = each.replaceAll('=', '');
			return [each, bare, bare.replace(/\+/g, '-').replace(/\//g, '_')];
		}),
	]);
	const maskText = (text: string) =>
		forms.has(text)
			? MASK
			: [...forms].reduce(
					(rest, form) => (form.length < MIN_PART ? rest : rest.replaceAll(form, MASK)),
					text,
				);
	const mask = (part: unknown, depth: number): unknown => {
		if (typeof part === 'string') return maskText(part);
		if (typeof part !== 'object' || part === null) return part;
		if (depth > MAX_DEPTH) return MASK;
		if (Array.isArray(part)) return part.map((each) => mask(each, depth + 1));
		return Object.fromEntries(
			Object.entries(part).map(([key, each]) => [maskText(key), mask(each, depth + 1)]),
		);
	};
	return <T>(shown: T) => mask(shown, 0) as T;
}
