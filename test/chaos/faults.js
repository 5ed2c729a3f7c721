'use strict';

/** Numbers from 0 to 1 that a text decides: the same in every run, in whatever order requests arrive. */
function randomOf(text) {
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

const pick = (random, list) => list[Math.floor(random() * list.length)];

const HTML =
	'<!doctype html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>';

/** Bodies that no provider sends. Each is the whole of what a broken gateway might say. */
const GARBAGE = [
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

/**
 * What may be done to one request: kind → the stand-in's fault. `secret` is what the answer may echo, `late`
 * a time after which the node has given up.
 */
const KINDS = {
	'reset before the effect': () => ({ reset: 'before' }),
	'reset after the effect': () => ({ reset: 'after' }),
	'stall before the effect': (_, { late }) => ({ delayMs: late }),
	'stall after the effect': (_, { late }) => ({ stallMs: late }),
	'cut off after the effect': () => ({ truncate: true }),
	'garbage, no effect': (random) => ({ status: 200, body: pick(random, GARBAGE) }),
	'garbage after the effect': (random) => ({
		status: 200,
		body: pick(random, GARBAGE),
		afterEffect: true,
	}),
	'junk for gzip': () => ({
		status: 200,
		body: 'not compressed at all',
		headers: { 'Content-Encoding': 'gzip' },
	}),
	429: (_, { secret }) => ({ status: 429, body: { error: `slow down, ${secret}` } }),
	'429, Retry-After in seconds': () => ({ status: 429, headers: { 'Retry-After': '1' } }),
	'429, Retry-After as a date': () => ({
		status: 429,
		headers: { 'Retry-After': new Date(Date.now() + 1_000).toUTCString() },
	}),
	500: (_, { secret }) => ({ status: 500, body: { error: `it broke at ${secret}` } }),
	'500 after the effect': () => ({ status: 500, afterEffect: true, body: 'Internal Server Error' }),
	'502 as HTML': () => ({ status: 502, body: HTML }),
	503: () => ({ status: 503, body: '' }),
	'503, Retry-After': () => ({ status: 503, headers: { 'Retry-After': '1' } }),
	'503 after the effect': () => ({ status: 503, afterEffect: true, body: '' }),
	'slow answer': (random) => ({ delayMs: Math.ceil(random() * 100), stallMs: 50 }),
};

/** One request in three meets a fault. Whether and which, the seed and the place of the request decide. */
function faultFor(place, about) {
	const random = randomOf(place);
	if (random() > 1 / 3) return undefined;
	const kind = pick(random, Object.keys(KINDS));
	return { kind, fault: KINDS[kind](random, about) };
}

module.exports = { faultFor, pick, randomOf };
