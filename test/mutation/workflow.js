// @ts-check
'use strict';

// In place of `n8n-workflow`, which takes longer to load than a mutant's tests to run: what needs no more than
// its `sleep` gets that alone, and everything else is loaded when it is first asked for.

module.exports = new Proxy(
	{},
	{
		get: (_, name) =>
			name === 'sleep'
				? require('@n8n/utils/sleep').sleep
				: require('../../node_modules/n8n-workflow')[name],
	},
);
