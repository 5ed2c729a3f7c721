'use strict';

// A real n8n for tests and the demo: the pinned one beside this file, installed when first asked for.

module.exports = {
	...require('./install'),
	...require('./home'),
	...require('./server'),
};
