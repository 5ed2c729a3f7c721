'use strict';

const { forkStandIn } = require('./fork');
const { StandIn } = require('./stand-in');

/** A further provider is one more file, and its place in this list. */
const providers = [require('./plivo'), require('./signalwire'), require('./vobiz')];

/**
 * Starts a stand-in of a provider on a free loopback port.
 * @param {string} provider the node's value: 'plivo', 'signalWire' or 'vobiz'
 * @param {{ delayMs?: number, port?: number, generation?: 'new' | 'old',
 *   rateLimit?: { requests: number, perMs: number, retryAfter?: boolean },
 *   endedCall?: { code?: number, status?: number } }} [options]
 */
async function startStandIn(provider, options) {
	const found = providers.find(({ name }) => name.toLowerCase() === provider.toLowerCase());
	if (!found) throw new Error(`There is no stand-in of '${provider}'`);
	return await StandIn.start(found, options);
}

module.exports = { startStandIn, forkStandIn, providers: providers.map(({ name }) => name) };
