'use strict';

const { conformance } = require('./conformance/suite');

// A further provider is its profile here and its stand-in.
for (const profile of ['plivo', 'signalWire', 'vobiz'])
	conformance(require(`./conformance/${profile}`));
