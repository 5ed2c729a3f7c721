import type { Account } from '../providers/provider';

const MASK = '***';

/** A shorter secret is masked only if it is the whole value: it would be found in every text. */
const MIN_PART = 4;

/** The deepest that an answer is walked through: no provider nests its answers like that. */
const MAX_DEPTH = 100;

/** Gives back what is about to be shown, without secrets. */
export type Mask = <T>(shown: T) => T;

/**
 * Masks a credential's secrets in whatever is about to be shown, in each form in which a provider can echo
 * them: plain, escaped as in JSON, percent-encoded, or in base64 as the Basic header they were sent with.
 */
export function secretMask({ id, token, signingKey }: Account): Mask {
	const basic = Buffer.from(`${id}:${token}`).toString('base64');
	// The padding is often left out.
	const secrets = [token, basic, basic.replace(/=+$/, ''), signingKey].filter(Boolean);
	// A set, because an ordinary token looks the same in most of them, and every text goes through each.
	const forms = new Set(secrets.flatMap(formsOf));
	const maskText = (text: string) => {
		if (forms.has(text)) return MASK;
		let rest = text;
		for (const form of forms) {
			if (form.length >= MIN_PART && rest.includes(form)) rest = rest.replaceAll(form, MASK);
		}
		return rest;
	};
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

/** A secret as it is, as JSON escapes it, and percent-encoded as a URL and as a form, in either case. */
function formsOf(secret: string): string[] {
	const inForm = new URLSearchParams({ secret }).toString().slice('secret='.length);
	const encoded = [encodeURIComponent(secret), inForm];
	const inLowerCase = encoded.map((text) => text.replace(/%../g, (hex) => hex.toLowerCase()));
	return [secret, JSON.stringify(secret).slice(1, -1), ...encoded, ...inLowerCase];
}
