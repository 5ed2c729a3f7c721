'use strict';

const { startStandIn } = require('../stand-ins');

const open = [];

afterEach(async () => {
	await Promise.all(open.splice(0).map((one) => one.close()));
});

/** Hands back what was opened, and closes it at the end of the test. */
function opened(one) {
	open.push(one);
	return one;
}

/** Starts a stand-in, and closes it at the end of the test. */
const start = async (provider, options) => opened(await startStandIn(provider, options));

module.exports = { opened, start };
