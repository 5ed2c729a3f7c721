'use strict';

module.exports = require('../../test/lib/package.cts');
