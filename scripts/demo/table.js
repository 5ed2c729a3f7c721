'use strict';

const COLUMNS = {
	provider: 'Provider',
	title: 'Event',
	call: 'Call',
	stream: 'Stream',
	from: 'Ids from the event’s',
	received: 'Provider received',
	status: 'Status',
	stillRuns: 'Still streams?',
};

/** The first characters of every long id, so that a row fits on a screen. */
const shortenIds = (text) =>
	text.replace(/\b(str_[0-9a-f]{4}|[0-9a-f]{8}-)[0-9a-f-]{12,}/g, (_, start) => `${start}…`);

/** The path from the call on: what stands before it is the same in every row. */
const shortenPath = (text) => text.replace(/ \/\S*?\/(Calls?\/)/g, ' …/$1');

/** A table of plain text with a line under its head. */
function asTable(rows) {
	const keys = Object.keys(COLUMNS);
	const lines = rows.map((row) => keys.map((key) => shortenIds(shortenPath(row[key]))));
	const head = Object.values(COLUMNS);
	const widths = keys.map((_, at) => Math.max(...[head, ...lines].map((line) => line[at].length)));
	const show = (line) =>
		line
			.map((cell, at) => cell.padEnd(widths[at]))
			.join('  ')
			.trimEnd();
	return [show(head), widths.map((width) => '─'.repeat(width)).join('  '), ...lines.map(show)].join(
		'\n',
	);
}

module.exports = { asTable };
