'use strict';

const { StandIn } = require('./stand-in');

/** A further provider is one more file, and its line here. */
const providers = Object.fromEntries(
	[require('./plivo'), require('./signalwire'), require('./vobiz')].map((provider) => [
		provider.name,
		provider,
	]),
);

/**
 * Starts a stand-in of a provider on a free loopback port.
 * @param {string} provider 'plivo', 'signalwire' (or the node's 'signalWire') or 'vobiz'
 * @param {{ delayMs?: number, port?: number, generation?: 'new' | 'old',
 *   rateLimit?: { requests: number, perMs: number, retryAfter?: boolean },
 *   endedCall?: { code?: number, status?: number } }} [options]
 */
async function startStandIn(provider, options) {
	const found = providers[provider.toLowerCase()];
	if (!found) throw new Error(`No stand-in of '${provider}', only of ${Object.keys(providers)}`);
	return await StandIn.start(found, options);
}

module.exports = { startStandIn, providers: Object.keys(providers) };
