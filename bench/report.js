'use strict';

const { mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const prettier = require('prettier');
const { ROOT } = require('../scripts/lib/install');
const { chart } = require('./chart');
const { percentile } = require('./measure');

const MARKS = ['<!-- bench -->', '<!-- /bench -->'];
/** 1,000 stops at 300 in 5 seconds: three waits, and the answer to the last ones, in ms. */
const LEAST_PLIVO_MS = 15_100;

const UNITS = {
	s: (ms) => `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`,
	ms: (ms) => `${ms.toFixed(ms < 10 ? 2 : 1)} ms`,
	MB: (bytes) => `${(bytes / 1e6).toFixed(1)} MB`,
	kB: (bytes) => `${(bytes / 1e3).toFixed(1)} kB`,
	count: (number) => String(number),
};

/** The middle of all rounds, and how far they lie apart. */
const summary = (values) => ({
	median: percentile(values, 0.5),
	min: Math.min(...values),
	max: Math.max(...values),
	values,
});

/** Ours beside what it is compared with, and whether the aim for their ratio is met. */
function compare({ work, ours, theirs, atMost, reason }) {
	const ratio = ours.median / theirs.median;
	const met = atMost === undefined ? undefined : ratio <= atMost;
	const overlap = ours.min <= theirs.max;
	const why = overlap ? `${reason}; the rounds' spreads overlap` : reason;
	return { work, ours, theirs, ratio, atMost, met, ...(met === false && { reason: why }) };
}

/** Ours beside a fixed number that it must not exceed. */
const bound = ({ work, ours, theirs, limit, show, reason }) => {
	const met = ours.median <= limit;
	return { work, ours, theirs, limit: show(limit), met, ...(!met && { reason }) };
};

/** A figure for people: the median, and in brackets the range of the rounds. */
const shown = ({ label, median, min, max, show }) => {
	const range = min === max ? '' : ` (${show(min)} – ${show(max)})`;
	return `${label ? `${label}: ` : ''}${show(median)}${range}`;
};

function compareAll({ series, packages }) {
	const figure = (name, show, { label = '', scale = 1 } = {}) => {
		if (!series[name]) throw new Error(`The rounds have no figure '${name}'.`);
		return { ...summary(series[name].map((value) => value * scale)), show, label };
	};
	const fixed = (value, show, label) => ({ median: value, min: value, max: value, show, label });
	const stops = (count, who, kind) =>
		count === 1_000 ? `vobiz.${who}.${kind}` : `stops${count}.${who}.${kind}`;
	const each = (count, who, kind, show, label = '') =>
		figure(stops(count, who, kind), show, { label, scale: 1 / count });

	const vobiz = '1,000 Vobiz stops, answers after 100 ms';
	const plivo = '1,000 Plivo stops, 300 in 5 s let in';
	const event = 'One event → its stream is down';
	const [ours, ...others] = packages;
	const load = ({ name }, label = name) => figure(`load.${name}`, UNITS.ms, { label });
	const theirPackages = (one) =>
		others
			.filter((other) => one(other))
			.map((other) => `${other.name} ${one(other)}`)
			.join(', ');

	const rows = [
		compare({
			work: vobiz,
			ours: figure('vobiz.ours.ms', UNITS.s),
			theirs: figure('vobiz.http.ms', UNITS.s, { label: 'HTTP Request, all at once' }),
			atMost: 0.7,
			reason: 'the CPU time that n8n itself takes for each request sets the pace of both',
		}),
		compare({
			work: vobiz,
			ours: figure('vobiz.ours.ms', UNITS.s),
			theirs: figure('vobiz.fetch.ms', UNITS.s, { label: 'bare fetch, 50 under way' }),
			atMost: 1.5,
			reason:
				"n8n's helper opens a connection for each request, and fields are read by expressions",
		}),
		compare({
			work: vobiz,
			ours: figure('vobiz.ours.ms', UNITS.s),
			theirs: figure('vobiz.oneByOne.ms', UNITS.s, {
				label: 'Max Concurrency 1 (100 stops, times 10)',
			}),
		}),
		compare({
			work: plivo,
			ours: figure('plivo.ours.ms', UNITS.s),
			theirs: fixed(LEAST_PLIVO_MS, UNITS.s, 'least possible'),
			atMost: 1.1,
			reason:
				'a place in the limit counts as free only 5 s after its answer, so that no 429 is caused',
		}),
		compare({
			work: plivo,
			ours: figure('plivo.ours.ms', UNITS.s),
			theirs: figure('plivo.batched.ms', UNITS.s, { label: 'HTTP Request, its default batching' }),
		}),
		bound({
			work: 'Of these, streams left running',
			ours: figure('plivo.ours.stillUp', UNITS.count),
			theirs: shown(
				figure('plivo.http.stillUp', UNITS.count, { label: 'HTTP Request, all at once' }),
			),
			limit: 0,
			show: UNITS.count,
			reason: 'some stops were answered 429 more often than they are sent again',
		}),
		bound({
			work: 'Of these, answers 429',
			ours: figure('plivo.ours.limited', UNITS.count),
			theirs: shown(
				figure('plivo.http.limited', UNITS.count, { label: 'HTTP Request, all at once' }),
			),
			limit: 0,
			show: UNITS.count,
			reason: 'requests arrived later than they were sent, and so in another window',
		}),
		...['median', 'p99'].map((part) =>
			compare({
				work: `${event}, ${part === 'p99' ? '99th percentile' : part} of 200`,
				ours: figure(`event.ours.${part}`, UNITS.ms),
				theirs: figure(`event.http.${part}`, UNITS.ms, { label: 'HTTP Request' }),
				atMost: 1,
				reason: 'nearly all of it is n8n starting the execution, which is the same for both',
			}),
		),
		...[1_000, 10_000].map((count) =>
			compare({
				work: `CPU time for one stop, ${count.toLocaleString('en')} in one run`,
				ours: each(count, 'ours', 'cpuMs', UNITS.ms),
				theirs: each(count, 'http', 'cpuMs', UNITS.ms, 'HTTP Request'),
				atMost: 1,
				reason: 'the node does more for each stop than it saves',
			}),
		),
		compare({
			work: 'Time for one stop, 10,000 in one run',
			ours: each(10_000, 'ours', 'ms', UNITS.ms),
			theirs: each(1_000, 'ours', 'ms', UNITS.ms, '1,000 in one run'),
			atMost: 1.1,
			reason: 'a larger heap takes longer to collect',
		}),
	];
	rows.push(
		...[10, 100, 1_000, 10_000].map((count) =>
			compare({
				work: `Growth of n8n's heap, ${count.toLocaleString('en')} stops in one run`,
				ours: figure(stops(count, 'ours', 'bytes'), UNITS.MB),
				theirs: figure(stops(count, 'http', 'bytes'), UNITS.MB, { label: 'HTTP Request' }),
			}),
		),
		compare({
			work: "Growth of n8n's heap for one stop, 10,000 in one run",
			ours: each(10_000, 'ours', 'bytes', UNITS.kB),
			theirs: each(1_000, 'ours', 'bytes', UNITS.kB, '1,000 in one run'),
			atMost: 1.1,
			reason: 'garbage is collected later in a longer run',
		}),
		bound({
			work: 'Load time of the package',
			ours: load(ours, ''),
			theirs: others.map((other) => shown(load(other))).join(', '),
			limit: 10,
			show: UNITS.ms,
			reason: 'it loads more than its node needs',
		}),
		bound({
			work: 'Size of the tarball',
			ours: fixed(ours.kilobytes * 1e3, UNITS.kB),
			theirs: theirPackages(({ kilobytes }) => kilobytes && UNITS.kB(kilobytes * 1e3)),
			limit: 60_000,
			show: UNITS.kB,
			reason: 'it holds more files than its node needs',
		}),
		{
			work: 'Files in it',
			ours: fixed(ours.files, UNITS.count),
			theirs: theirPackages(({ files }) => String(files)),
		},
	);
	return rows;
}

const plain = (cell) => (typeof cell === 'string' ? cell : shown(cell));

const asCells = ({ work, ours, theirs, ratio, atMost, limit, met }) => [
	work,
	plain(ours),
	plain(theirs),
	ratio === undefined ? '' : ratio.toFixed(2),
	atMost === undefined ? (limit === undefined ? '' : `≤ ${limit}`) : `≤ ${atMost.toFixed(2)}`,
	met === undefined ? '' : met ? 'met' : 'missed',
];

const HEAD = ['Work', 'Stop Audio Stream', 'Compared with', 'Ratio', 'Aim', ''];

function asMarkdown(rows) {
	const lines = [HEAD, HEAD.map(() => '---'), ...rows.map(asCells)];
	return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** One block of lines for each row: a table of these would be wider than a screen. */
function asText(rows) {
	return rows
		.map((row) => {
			const [work, ours, theirs, ratio, aim, met] = asCells(row);
			const verdict = [ratio && `ratio ${ratio}`, aim && `aim ${aim}`, met].filter(Boolean);
			return `${work}\n    ${ours}  |  ${theirs}\n    ${verdict.join(', ')}`.trimEnd();
		})
		.join('\n');
}

/** Each aim in one line: met, or why not. */
const asVerdicts = (rows) =>
	rows
		.filter(({ met }) => met !== undefined)
		.map(({ work, ours, theirs, ratio, atMost, limit, met, reason }) => {
			const found =
				atMost === undefined
					? `${ours.show(ours.median)}, aim at most ${limit}`
					: `${ratio.toFixed(2)} of ${theirs.label}, aim at most ${atMost.toFixed(2)}`;
			return `${met ? '✓' : '✗'} ${work}: ${found}: ${met ? 'met' : `missed, since ${reason}`}`;
		});

const version = (name) =>
	JSON.parse(
		readFileSync(path.join(ROOT, 'test/e2e/n8n/node_modules', name, 'package.json'), 'utf8'),
	).version;

function machine() {
	const [cpu] = os.cpus();
	return {
		processor: cpu.model.trim(),
		cores: os.cpus().length,
		memory: `${Math.round(os.totalmem() / 1e9)} GB`,
		system: `${os.type()} ${os.arch()}`,
	};
}

/**
 * What a connection of its own costs each request, with nothing else around it: n8n's helper offers
 * no way to share one.
 */
function connectionCost({ series }) {
	const cpu = (name) => summary(series[`vobiz.${name}.cpuMs`]).median / 1_000;
	return cpu('newConnections') - cpu('keptConnections');
}

function report({ series, packages, rounds, nodeVersion }) {
	const rows = compareAll({ series, packages });
	const where = machine();
	const versions = {
		n8n: version('n8n'),
		node: nodeVersion,
		...Object.fromEntries(packages.map((one) => [one.name, one.version])),
	};
	const date = new Date().toISOString().slice(0, 10);
	const setting = `${date}, ${where.processor}, ${where.cores} cores, ${where.memory}, ${where.system}, Node ${versions.node.replace('v', '')}, n8n ${versions.n8n}`;
	const verdicts = asVerdicts(rows);
	return {
		rows,
		date,
		setting,
		machine: where,
		versions,
		rounds,
		series,
		packages: packages.map(({ name, version: which, kilobytes, files }) => ({
			name,
			version: which,
			kilobytes,
			files,
		})),
		connectionCpuMs: connectionCost({ series }),
		verdicts,
		text: `${asText(rows)}\n\n${verdicts.join('\n')}\n\n${setting}, ${rounds} rounds`,
	};
}

function readmeSection({ rows, verdicts, setting, rounds, connectionCpuMs }) {
	const missed = verdicts.filter((verdict) => verdict.startsWith('✗'));
	return `
![Stop Audio Stream beside the HTTP Request node](docs/bench.svg)

\`npm run bench\` measures this in a real n8n against local stand-ins of the providers, side by side. Shown is the median of ${rounds} rounds with their range (of every other round, where one run has 10, 100 or 10,000 stops); smaller is better. ${setting}. All values: [docs/bench.json](docs/bench.json).

${asMarkdown(rows)}

${missed.length === 0 ? 'Every aim is met.' : `${missed.map((line) => `- ${line}`).join('\n')}`}

A new connection for each request costs ${UNITS.ms(Math.max(0, connectionCpuMs))} of CPU time here, without TLS; n8n's request helper offers no way to share one.
`;
}

const formatted = async (file, text) => {
	const config = await prettier.resolveConfig(file);
	return await prettier.format(text, { ...config, filepath: file });
};

async function writeReport(result) {
	const { rows, text, verdicts, setting, ...data } = result;
	const docs = path.join(ROOT, 'docs');
	mkdirSync(docs, { recursive: true });
	const json = path.join(docs, 'bench.json');
	const content = {
		...data,
		series: Object.fromEntries(
			Object.entries(data.series).map(([name, values]) => [name, summary(values)]),
		),
		aims: verdicts,
	};
	writeFileSync(json, await formatted(json, JSON.stringify(content)));
	writeFileSync(path.join(docs, 'bench.svg'), chart(result));

	const readme = path.join(ROOT, 'README.md');
	const page = readFileSync(readme, 'utf8');
	const [start, end] = MARKS.map((mark) => page.indexOf(mark));
	if (start < 0 || end < start) throw new Error(`README.md has no ${MARKS.join(' … ')}.`);
	const head = page.slice(0, start + MARKS[0].length);
	writeFileSync(readme, `${head}\n${readmeSection(result)}\n${page.slice(end)}`);
}

module.exports = { report, writeReport };
