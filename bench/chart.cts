import { percentile, type Series } from './measure.cts';

const WIDTH = 860;
const LABEL = 280;
const BARS = 400;
const LINE = 24;
const GAP = 22;

const escape = (text: string) =>
	text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

interface Bar {
	label: string;
	ours: boolean;
	value: number;
	text: string;
}

/** The figures to draw: each group has a scale of its own. */
function groups(series: Series): Array<{ title: string; bars: Bar[] }> {
	const median = (name: string) => percentile(series[name] ?? [], 0.5);
	const seconds = (name: string, more = '') => {
		const value = median(name) / 1_000;
		return { value, text: `${value.toFixed(1)} s${more}` };
	};
	const milliseconds = (name: string, share = 1) => {
		const value = median(name) * share;
		return { value, text: `${value.toFixed(1)} ms` };
	};
	const ours = (figure: Pick<Bar, 'value' | 'text'>): Bar => ({
		label: 'Stop Audio Stream',
		ours: true,
		...figure,
	});
	const theirs = (label: string, figure: Pick<Bar, 'value' | 'text'>): Bar => ({
		label,
		ours: false,
		...figure,
	});
	const left = (name: string) => `, ${median(`${name}.stillUp`)} left running`;
	return [
		{
			title: '1,000 Vobiz stops, answers after 100 ms',
			bars: [
				ours(seconds('vobiz.ours.ms')),
				theirs('HTTP Request, all at once', seconds('vobiz.http.ms')),
				theirs('bare fetch without n8n, 100 under way', seconds('vobiz.fetch.ms')),
			],
		},
		{
			title: '1,000 Plivo stops, where 300 in 5 s are let in',
			bars: [
				ours(seconds('plivo.ours.ms', left('plivo.ours'))),
				theirs('HTTP Request, all at once', seconds('plivo.http.ms', left('plivo.http'))),
				theirs('HTTP Request, default batching', seconds('plivo.batched.ms')),
			],
		},
		{
			title: 'One event → its stream is down, median',
			bars: [
				ours(milliseconds('event.ours.median')),
				theirs('HTTP Request', milliseconds('event.http.median')),
			],
		},
		{
			title: 'CPU time for one stop, 1,000 in one run',
			bars: [
				ours(milliseconds('vobiz.ours.cpuMs', 1 / 1_000)),
				theirs("n8n's request helper alone", milliseconds('vobiz.helper.cpuMs', 1 / 1_000)),
				theirs('HTTP Request', milliseconds('vobiz.http.cpuMs', 1 / 1_000)),
			],
		},
	];
}

/** An SVG that is readable on a light and on a dark page, and in which smaller is better. */
export function chart(series: Series, note: string): string {
	let y = 30;
	const parts: string[] = [];
	for (const { title, bars } of groups(series)) {
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
<text class="note" x="0" y="${y}">Smaller is better. ${escape(note)}</text>
</svg>
`;
}
