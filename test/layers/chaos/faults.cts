import type { Fault, ProviderName } from '../../lib/stand-ins/index.cts';

/** Numbers from 0 to 1 that a text decides: the same in every run, in whatever order requests arrive. */
export function randomOf(text: string): () => number {
	let state = 0x811c9dc5;
	for (let n = 0; n < text.length; n += 1) {
		state = Math.imul(state ^ text.charCodeAt(n), 0x01000193);
	}
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** One of a list, as chance has it. */
export function pick<One>(random: () => number, list: readonly One[]): One {
	const found = list[Math.floor(random() * list.length)];
	if (found === undefined) throw new Error('There is nothing to pick from.');
	return found;
}

const HTML =
	'<!doctype html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>';

/** Bodies that no provider sends. Each is the whole of what a broken gateway might say. */
const GARBAGE: ReadonlyArray<string | Buffer> = [
	'',
	'OK',
	'stopped',
	'{"status": "stop',
	'[{"status": "stopped"}]',
	'null',
	'204',
	'<html><body>Welcome</body></html>',
	Buffer.from([0, 159, 146, 150, 255, 254, 0, 10]),
	'{"error": {"error": [{"message": "it runs on"}]}, "__proto__": {"status": "stopped"}}',
];

/** The longest sentence of a provider that is quoted; what is longer is cut. */
const QUOTED = 300;

/** The ways in which an answer may hold a secret. */
const ECHOES: readonly Echo[] = [
	(secret) => `it was ${secret}`,
	(secret) => `it was ${Buffer.from(secret).toString('base64')}`,
	(secret) => `it was ${Buffer.from(secret).toString('base64url')}`,
	(secret) => `it was ${encodeURIComponent(secret)}`,
	cut,
];
type Echo = (secret: string) => string;

/** Where the sentence is cut to length, half of the secret is left. */
function cut(secret: string): string {
	return `${'.'.repeat(QUOTED - Math.floor(secret.length / 2))}${secret}`;
}

/** What a fault needs to know of its request. */
export interface About {
	/** The secrets that the request was sent with, as it held them, which the answer may echo. */
	sent: readonly [string, ...string[]];
	/** A time after which the node has given up, in ms. */
	late: number;
	provider: ProviderName;
	/** Whether all streams of a call are to stop. */
	stopsAll: boolean;
}

/** A kind of fault, and what becomes of a request that meets it. */
interface Kind {
	make: (random: () => number, about: About) => Fault;
	/** What the node gets to see: a status, nothing that it can read, or the provider's own answer. */
	sees: number | 'nothing' | 'own';
	/** The one failure that it leads to where it is the last. */
	failure: 'rateLimit' | 'rejected' | 'unavailable' | 'unreadable' | undefined;
	/** What the node may say even so, if reads show it. */
	may?: 'accepted' | 'alreadyStopped';
	/** Only of a stop of all streams. */
	ofAll?: true;
}

/** A refusal in the provider's own form, which says that the call is over, whether it is or not. */
const REFUSALS: Record<ProviderName, object> = {
	plivo: { api_id: '0', error: 'Call has ended' },
	signalWire: { code: 21220, message: 'Call has ended', more_info: '', status: 400 },
	vobiz: { status: 'error', error: { code: 'BAD_REQUEST', message: 'Call has ended' } },
};

const echoed = (random: () => number, { sent: [token, ...headers] }: About) => ({
	error: pick(random, [
		...ECHOES.map((echo) => echo(token)),
		// A header is base64 already: nobody encodes it once more.
		...headers.flatMap((header) => [`it was ${header}`, cut(header)]),
	]),
});

const unavailable = (sees: Kind['sees'], make: Kind['make']): Kind => ({
	make,
	sees,
	failure: 'unavailable',
});
const limited = (make: Kind['make']): Kind => ({ make, sees: 429, failure: 'rateLimit' });
const unreadable = (sees: Kind['sees'], make: Kind['make']): Kind => ({
	make,
	sees,
	failure: 'unreadable',
});

const KINDS = {
	'reset before the effect': unavailable('nothing', () => ({ reset: 'before' })),
	'reset after the effect': unavailable('nothing', () => ({ reset: 'after' })),
	'stall before the effect': unavailable('nothing', (_, { late }) => ({ delayMs: late })),
	'stall after the effect': unavailable('nothing', (_, { late }) => ({ stallMs: late })),
	'cut off after the effect': unavailable('nothing', () => ({ truncate: true })),
	'garbage, no effect': unreadable(200, (random) => ({ status: 200, body: pick(random, GARBAGE) })),
	'garbage after the effect': unreadable(200, (random) => ({
		status: 200,
		body: pick(random, GARBAGE),
		afterEffect: true,
	})),
	'junk for gzip': unreadable('nothing', () => ({
		status: 200,
		body: 'not compressed at all',
		headers: { 'Content-Encoding': 'gzip' },
	})),
	'429': limited((random, about) => ({ status: 429, body: echoed(random, about) })),
	'429, Retry-After in seconds': limited(() => ({
		status: 429,
		headers: { 'Retry-After': '1' },
	})),
	'429, Retry-After as a date': limited(() => ({
		status: 429,
		headers: { 'Retry-After': new Date(Date.now() + 1_000).toUTCString() },
	})),
	'500': unavailable(500, (random, about) => ({ status: 500, body: echoed(random, about) })),
	'500 after the effect': unavailable(500, () => ({
		status: 500,
		afterEffect: true,
		body: 'Internal Server Error',
	})),
	'502 as HTML': unavailable(502, () => ({ status: 502, body: HTML })),
	'503': unavailable(503, () => ({ status: 503, body: '' })),
	'503, Retry-After': unavailable(503, () => ({ status: 503, headers: { 'Retry-After': '1' } })),
	'503 after the effect': unavailable(503, () => ({ status: 503, afterEffect: true, body: '' })),
	'407 of a proxy': unavailable(407, () => ({ status: 407, body: HTML })),
	'refusal as of an ended call': {
		make: (_, { provider }) => ({ status: 400, body: REFUSALS[provider] }),
		sees: 400,
		failure: 'rejected',
		may: 'alreadyStopped',
	},
	// `{}`, as Plivo's own SDKs expect it.
	'empty success of all streams': {
		make: () => ({ status: 200, body: {}, afterEffect: true }),
		sees: 200,
		failure: undefined,
		may: 'accepted',
		ofAll: true,
	},
	'slow answer': {
		make: (random) => ({ delayMs: Math.ceil(random() * 100), stallMs: 50 }),
		sees: 'own',
		failure: undefined,
	},
} satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;

const NAMES = Object.keys(KINDS);
const isKind = (name: string): name is KindName => name in KINDS;
export const KIND_NAMES = NAMES.filter(isKind);

/** A fault that a request met. */
export interface Met extends Omit<Kind, 'make' | 'ofAll'> {
	kind: KindName;
	fault: Fault;
}

/** One request in three meets a fault. Whether and which, the seed and the place of the request decide. */
export function faultFor(place: string, about: About, kinds: readonly KindName[]): Met | undefined {
	const random = randomOf(place);
	if (kinds.length === 0 || random() > 1 / 3) return undefined;
	const kind = pick(random, kinds);
	const { make, ofAll, ...known }: Kind = KINDS[kind];
	if (ofAll && !about.stopsAll) return undefined;
	return { ...known, kind, fault: make(random, about) };
}
