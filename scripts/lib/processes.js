'use strict';

module.exports = require('../../test/lib/processes.cts');
