'use strict';

// The tests of one group as one file: Jest loads the node once for each mutant then.
const { tests } = require('./groups')[process.env.MUTATION_GROUP];

for (const name of tests) {
	describe(name, () => {
		require(`../${name}.test.js`);
	});
}
