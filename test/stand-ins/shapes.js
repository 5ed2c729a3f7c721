module.exports = require('../lib/stand-ins/events.cts');
