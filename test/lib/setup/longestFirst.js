// @ts-check
'use strict';

// JavaScript, because Jest reads it before it understands TypeScript.

const { default: Sequencer } = require('@jest/test-sequencer');

/** What takes a minute or more. Jest goes by the size of a file, and these are short: begun last, they run alone. */
const LONGEST = ['conformance/conformance', 'package/adding-a-provider', 'engine/pacing'];

/** @param {{ path: string }} test */
const place = ({ path }) => {
	const at = LONGEST.findIndex((name) => path.endsWith(`test/${name}.test.cts`));
	return at < 0 ? LONGEST.length : at;
};

module.exports = class extends Sequencer {
	/** @type {Sequencer['sort']} */
	async sort(tests) {
		return (await super.sort(tests)).sort((one, other) => place(one) - place(other));
	}
};
