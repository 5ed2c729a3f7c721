'use strict';

module.exports = { ensureProject: async () => {}, ...require('../../test/lib/install.cts') };
