'use strict';

const { readItem } = require('../../dist/nodes/StopAudioStream/readItem');

/** Reads an item as the node does; `parameters` are the fields of the node. */
function read(provider, json, parameters = {}) {
	const fields = { provider, source: 'event', ...parameters };
	return readItem((name, fallback) => fields[name] ?? fallback, json, {}).target;
}

/** Why an item is refused: the two sentences, in one. */
function refusal(...args) {
	let target;
	try {
		target = read(...args);
	} catch (refused) {
		if (refused.todo === undefined) throw refused;
		return `${refused.message}. ${refused.todo}`;
	}
	throw new Error(`Was not refused: ${JSON.stringify(target)}`);
}

module.exports = { read, refusal };
