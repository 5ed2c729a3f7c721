'use strict';

const WIDTH = 860;
const LABEL = 280;
const BARS = 400;
const LINE = 24;
const GAP = 22;

const escape = (text) =>
	text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]);

/** The figures to draw: each group has a scale of its own. */
function groups({ series, packages }) {
	const median = (name) => {
		const values = [...series[name]].sort((one, other) => one - other);
		return values[Math.ceil(values.length / 2) - 1];
	};
	const seconds = (name) => {
		const value = median(name) / 1_000;
		return { value, text: `${value.toFixed(1)} s` };
	};
	const milliseconds = (name, share = 1) => {
		const value = median(name) * share;
		return { value, text: `${value.toFixed(1)} ms` };
	};
	const stillUp = median('plivo.http.stillUp');
	const bars = {
		ours: (label, figure) => ({ label, ours: true, ...figure }),
		theirs: (label, figure) => ({ label, ours: false, ...figure }),
	};
	const us = 'Stop Audio Stream';
	const [ours, ...others] = packages;
	const all = seconds('plivo.ours.ms');
	const early = seconds('plivo.http.ms');
	return [
		{
			title: '1,000 Vobiz stops, answers after 100 ms',
			bars: [
				bars.ours(us, seconds('vobiz.ours.ms')),
				bars.theirs('HTTP Request, all at once', seconds('vobiz.http.ms')),
				bars.theirs('bare fetch without n8n, 50 under way', seconds('vobiz.fetch.ms')),
			],
		},
		{
			title: '1,000 Plivo stops, where 300 in 5 s are let in',
			bars: [
				bars.ours(us, {
					...all,
					text: `${all.text}, ${median('plivo.ours.stillUp')} left running`,
				}),
				bars.theirs('HTTP Request, all at once', {
					...early,
					text: `${early.text}, ${stillUp} left running`,
				}),
				bars.theirs('HTTP Request, default batching', seconds('plivo.batched.ms')),
			],
		},
		{
			title: 'One event → its stream is down, median',
			bars: [
				bars.ours(us, milliseconds('event.ours.median')),
				bars.theirs('HTTP Request', milliseconds('event.http.median')),
			],
		},
		{
			title: 'CPU time for one stop, 1,000 in one run',
			bars: [
				bars.ours(us, milliseconds('vobiz.ours.cpuMs', 1 / 1_000)),
				bars.theirs('HTTP Request', milliseconds('vobiz.http.cpuMs', 1 / 1_000)),
			],
		},
		{
			title: 'Load time of the package',
			bars: [
				bars.ours(us, milliseconds(`load.${ours.name}`)),
				...others.map(({ name }) => bars.theirs(name, milliseconds(`load.${name}`))),
			],
		},
	];
}

/** An SVG that is readable on a light and on a dark page, and in which smaller is better. */
function chart(result) {
	let y = 30;
	const parts = [];
	for (const { title, bars } of groups(result)) {
		parts.push(`<text class="title" x="0" y="${y}">${escape(title)}</text>`);
		y += 10;
		const longest = Math.max(...bars.map(({ value }) => value));
		for (const { label, ours, value, text } of bars) {
			const length = Math.max(2, (value / longest) * BARS).toFixed(1);
			parts.push(
				`<text class="label" x="${LABEL - 10}" y="${y + 15}">${escape(label)}</text>`,
				`<rect class="${ours ? 'ours' : 'theirs'}" x="${LABEL}" y="${y + 2}" width="${length}" height="18" rx="3"/>`,
				`<text x="${LABEL + Number(length) + 8}" y="${y + 15}">${escape(text)}</text>`,
			);
			y += LINE;
		}
		y += GAP;
	}
	return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 12}" width="${WIDTH}" height="${y + 12}" role="img" aria-label="Stop Audio Stream beside the HTTP Request node">
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-weight: 600; font-size: 14px; }
.label { text-anchor: end; }
.note { fill: #59636e; font-size: 12px; }
.ours { fill: #0969da; }
.theirs { fill: #8c959f; }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3; }
.note { fill: #9198a1; }
.ours { fill: #58a6ff; }
.theirs { fill: #6e7681; }
}
</style>
${parts.join('\n')}
<text class="note" x="0" y="${y}">Smaller is better. Medians of ${result.rounds} rounds. ${escape(result.setting)}</text>
</svg>
`;
}

module.exports = { chart };
