// The package has no types of its own.
declare module 'plivo' {
	export function validateV3Signature(
		method: 'GET' | 'POST',
		uri: string,
		nonce: string,
		authToken: string,
		signatures: string,
		fields?: Record<string, string | string[] | undefined>,
	): boolean;
}
