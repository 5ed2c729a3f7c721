import type { Account } from '../providers/provider';
import { escapesInEitherCase } from '../providers/signature';

const MASK = '***';

/** Length of the shortest secret that is masked inside a text; a shorter one is masked only as the whole value. */
const MIN_PART = 4;

/** Depth to which an answer is searched; no provider nests its answers so deep. */
const MAX_DEPTH = 100;

/** Returns what is about to be shown, without secrets. */
export type Mask = <T>(shown: T) => T;

/**
 * Masks a credential's secrets in whatever is about to be shown, in each form in which a provider may echo
 * them: plain, escaped, percent-encoded, or in base64, as the Basic header they were sent with.
 */
export function secretMask({ id, token, signingKey }: Account): Mask {
	// A set, since an ordinary token looks the same in most forms, and every text is searched for each.
	const forms = new Set([
		...formsOf(token, [`${id}:${token}`, token]),
		...(signingKey === '' ? [] : formsOf(signingKey, [signingKey])),
	]);
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
		// A token of digits may come back as a number.
		if (typeof part === 'number') return forms.has(String(part)) ? MASK : part;
		if (typeof part !== 'object' || part === null) return part;
		if (depth > MAX_DEPTH) return MASK;
		if (Array.isArray(part)) return part.map((each) => mask(each, depth + 1));
		return Object.fromEntries(
			Object.entries(part).map(([key, each]) => [maskText(key), mask(each, depth + 1)]),
		);
	};
	return <T>(shown: T) => mask(shown, 0) as T;
}

/** A secret in each form; `inBase64` are the texts that hold it and are sent in base64. */
function formsOf(secret: string, inBase64: string[]): string[] {
	const form = new URLSearchParams({ secret }).toString().slice('secret='.length);
	return [
		secret,
		JSON.stringify(secret).slice(1, -1),
		...escapesInEitherCase(form),
		...escapesInEitherCase(encodeURIComponent(secret)),
		...inBase64.flatMap((text) => {
			const base64 = Buffer.from(text).toString('base64');
			// The padding is often left out.
			const bare = base64.replaceAll('=', '');
			return [
				...[base64, bare, Buffer.from(text).toString('base64url')],
				...[base64, bare].flatMap((each) => escapesInEitherCase(encodeURIComponent(each))),
			];
		}),
	];
}
