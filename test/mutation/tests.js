// @ts-check
'use strict';

// The tests of one group as one file: Jest loads the node once for each mutant then.

/** @type {string[]} */
const tests = JSON.parse(process.env.MUTATION_TESTS ?? '[]');

for (const name of tests) {
	describe(name, () => {
		require(`../../${name}`);
	});
}
