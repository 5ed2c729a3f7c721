import type { SignatureVerdict, WebhookEvent } from './provider';

export const verifyPlivo = (_event: WebhookEvent, _key: string): SignatureVerdict => ({
	signed: false,
	why: 'missing',
});
export const verifySignalWire = verifyPlivo;
export const verifyVobiz = verifyPlivo;
