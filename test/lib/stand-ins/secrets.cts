/** One way in which a secret may turn up in a text. */
export interface SecretForm {
	form: string;
	text: string;
}

/** The shortest part of a secret that counts as a part of it. */
const PART = 12;

/**
 * Every form in which a secret may turn up.
 * @param id the account's id, for HTTP Basic
 */
export function formsOf(secret: string, id?: string): SecretForm[] {
	const forms: SecretForm[] = [
		{ form: 'plain', text: secret },
		...encodedForms(secret),
		...(id === undefined
			? []
			: encodedForms(`${id}:${secret}`).map(({ form, text }) => ({
					form: `id:secret, ${form}`,
					text,
				}))),
	];
	const seen = new Set<string>();
	return forms.filter(({ text }) => !seen.has(text) && seen.add(text));
}

function encodedForms(secret: string): SecretForm[] {
	const bytes = Buffer.from(secret);
	const base64 = bytes.toString('base64');
	return [
		{ form: 'base64', text: base64 },
		{ form: 'base64 without padding', text: base64.replace(/=+$/, '') },
		{ form: 'base64url', text: bytes.toString('base64url') },
		{ form: 'hex', text: bytes.toString('hex') },
		{ form: 'percent-encoded', text: encodeURIComponent(secret) },
		{ form: 'percent-encoded base64', text: encodeURIComponent(base64) },
		{ form: 'form-encoded', text: new URLSearchParams({ s: secret }).toString().slice(2) },
		{ form: 'JSON-escaped', text: JSON.stringify(secret).slice(1, -1) },
		{ form: 'HTML-escaped', text: secret.replace(/&/g, '&amp;').replace(/"/g, '&quot;') },
		{ form: 'reversed', text: Array.from(secret).reverse().join('') },
	];
}

/**
 * The forms of the secrets that a text holds, also in parts: a run of 12 characters of a secret counts
 * as a part of it, and a secret that was split over lines or JSON fields is found by its parts.
 */
export function secretsIn(text: string, secrets: readonly string[], id?: string): string[] {
	const found = new Set<string>();
	for (const secret of secrets) {
		for (const { form, text: one } of formsOf(secret, id)) {
			if (text.includes(one)) found.add(form);
		}
		if (hasPartOf(text, secret)) found.add('in parts');
	}
	return [...found];
}

function hasPartOf(text: string, secret: string): boolean {
	for (let at = 0; at + PART <= secret.length; at += 1) {
		if (text.includes(secret.slice(at, at + PART))) return true;
	}
	return false;
}
