'use strict';

// The tests that need no network and no engine, as one file: Jest loads the node once for each mutant then.
for (const name of [
	'accountPace',
	'confirmStop',
	'incomingEvent',
	'outcome',
	'providers',
	'secrets',
	'sender',
]) {
	describe(name, () => {
		require(`../${name}.test.js`);
	});
}
