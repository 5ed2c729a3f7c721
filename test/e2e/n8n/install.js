'use strict';

module.exports = require('../../lib/n8n/install.cts');
