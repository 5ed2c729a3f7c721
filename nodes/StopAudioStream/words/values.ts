export const isRecord = (value: unknown): value is Record<string, unknown> =>
	typeof value === 'object' && value !== null && !Array.isArray(value);

/** A text as it is; nothing for anything else: what came from outside may not even turn into text. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What a thrown value says. */
export const reasonOf = (thrown: unknown): string =>
	thrown instanceof Error ? thrown.message : String(thrown);
