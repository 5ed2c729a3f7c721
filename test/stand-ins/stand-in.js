module.exports = require('../lib/stand-ins/stand-in.cts');
