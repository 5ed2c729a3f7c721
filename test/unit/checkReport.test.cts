import { codeOf } from '../lib/check/code.cts';
import { planOf, play, reportOf } from '../lib/check/play.cts';
import { asMarkdown, type Entry, type Seen, type Verdict } from '../lib/check/report.cts';
import { start } from '../lib/opened.cts';
import { providers } from '../lib/stand-ins/index.cts';
import type { RunningStandIn } from '../lib/stops.cts';

test.each(providers)('x %s', async (name) => {
	const s = await start(name);
	const seen = await play(s, { branches: true });
	const r = reportOf(s, seen);
	console.log(asMarkdown(planOf(s), r));
	expect(s.offContract()).toEqual([]);
});
