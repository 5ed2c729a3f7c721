// Plain Node has to be told how to read TypeScript; Jest does it by itself.
if (!process.env.JEST_WORKER_ID) require('tsx/cjs');
module.exports = require('../lib/stand-ins/index.cts');
