import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** What a certificate says. */
export interface Certificate {
	/** The host it is made for: a name or an IPv4 address. */
	host?: string;
	/** Until when it is good. */
	until?: Date;
	/** Whoever signs it; without one, it signs itself. */
	ca?: Made;
}

/** A certificate with its key, in PEM as a server takes them. */
export interface Made {
	cert: string;
	key: string;
	name: Buffer;
	privateKey: KeyObject;
}

/** A piece of DER: a tag, the length, and the content. */
function der(tag: number, ...parts: Buffer[]): Buffer {
	const content = Buffer.concat(parts);
	const { length } = content;
	const size =
		length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length];
	return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const SEQUENCE = 0x30;
const sequence = (...parts: Buffer[]) => der(SEQUENCE, ...parts);
const oid = (...bytes: number[]) => der(0x06, Buffer.from(bytes));
const bits = (content: Buffer) => der(0x03, Buffer.from([0]), content);
/** As UTCTime, good until 2049: `YYMMDDHHMMSSZ`. */
const time = (date: Date) =>
	der(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replaceAll(/\D/g, '')}Z`));

const ECDSA_WITH_SHA256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const COMMON_NAME = oid(0x55, 0x04, 0x03);
const ALTERNATIVE_NAME = oid(0x55, 0x1d, 0x11);
const BASIC_CONSTRAINTS = oid(0x55, 0x1d, 0x13);
const IS_CA = sequence(der(0x01, Buffer.from([0xff])));

const nameOf = (host: string) =>
	/^[\d.]+$/.test(host)
		? der(0x87, Buffer.from(host.split('.').map(Number)))
		: der(0x82, Buffer.from(host));

let serial = 0;

/** Makes a certificate (X.509 v3, P-256). Without a host it is a CA. */
export function makeCertificate({ host, until, ca }: Certificate = {}): Made {
	serial += 1;
	const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
	const commonName = der(0x0c, Buffer.from(host ?? `CA ${serial} of the tests`));
	const name = sequence(der(0x31, sequence(COMMON_NAME, commonName)));
	const extension = host
		? sequence(ALTERNATIVE_NAME, der(0x04, sequence(nameOf(host))))
		: sequence(BASIC_CONSTRAINTS, der(0x04, IS_CA));
	const toBeSigned = sequence(
		der(0xa0, der(0x02, Buffer.from([2]))),
		der(0x02, Buffer.from([serial])),
		ECDSA_WITH_SHA256,
		ca?.name ?? name,
		sequence(time(new Date('2020-01-01')), time(until ?? new Date('2049-01-01'))),
		name,
		publicKey.export({ type: 'spki', format: 'der' }),
		der(0xa3, sequence(extension)),
	);
	const signature = sign('sha256', toBeSigned, ca?.privateKey ?? privateKey);
	const body = sequence(toBeSigned, ECDSA_WITH_SHA256, bits(signature)).toString('base64');
	return {
		cert: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
		key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
		name,
		privateKey,
	};
}
