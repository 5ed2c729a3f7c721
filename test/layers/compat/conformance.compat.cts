'use strict';

// The whole table of scenarios × providers, on another n8n.

const { conformance } = require('../conformance/suite');

const folder = process.env.PACKAGE_FOLDER;

for (const profile of ['plivo', 'signalWire', 'vobiz']) {
	conformance({ ...require(`../conformance/${profile}`), folder });
}
