'use strict';

const { n8n } = require('../e2e/n8n/package.json').dependencies;

/** `{ success: 291, error: 9 }` → `291 success, 9 error` */
const list = (counts) =>
	Object.entries(counts)
		.map(([name, number]) => `${number} ${name}`)
		.join(', ');

const span = (numbers) =>
	`${Math.min(...numbers).toFixed(0)} to ${Math.max(...numbers).toFixed(0)} s`;

const total = (requests, figure) => requests.reduce((sum, one) => sum + figure(one), 0);

const show = (lines, indent) =>
	lines.map(([label, figure]) => `${indent}${label.padEnd(42 - indent.length)}${figure}`);

/** What came of sending all events once. */
const roundLines = ({ requests, ...round }) => [
	['executions', list(round.statuses)],
	['callers got', list(round.codes)],
	['streams, as reported', list(round.outcomes)],
	['reported stopped and not down', round.wrong.length],
	['streams left up', round.leftUp],
	['requests to the providers', total(requests, (one) => one.total)],
	['answers 429', total(requests, ({ byStatus }) => byStatus[429] ?? 0)],
	['off contract', total(requests, ({ offContract }) => offContract.length)],
	['seconds until all were answered', round.seconds.toFixed(1)],
];

function runLines({ title, events, first, again, secondsToEnd, toldOf }) {
	const streams = total(events, (event) => event.streams.length);
	const lines = [
		`${title}: ${events.length} events, ${streams} streams`,
		'  sent first',
		...show(roundLines(first), '    '),
		...show(
			[
				['streams down that nobody was told of', streams - first.leftUp - first.told],
				['events to send again', first.toSendAgain],
			],
			'    ',
		),
	];
	if (again) lines.push('  sent again', ...show(roundLines(again), '    '));
	if (secondsToEnd) lines.push(...show([['killed jobs ended after', span(secondsToEnd)]], '  '));
	if (toldOf) lines.push(...show([['error workflow started', `${toldOf} times`]], '  '));
	return lines;
}

/** The figures of all runs, as they are at the end or where one was cut short. */
const asTable = ({ redis, postgres }, runs) =>
	[
		'',
		`Queue mode: n8n ${n8n}, a main and two workers, Redis ${redis.version}, Postgres ${postgres.version}`,
		...runs.filter(({ first }) => first).flatMap(runLines),
		'',
	].join('\n');

module.exports = { asTable };
