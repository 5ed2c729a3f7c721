'use strict';

module.exports = require('../lib/copyOfPackage.cts');
