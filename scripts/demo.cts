// npm run demo: a real n8n with the packed package stops streams at stand-ins of the three providers,
// started by nothing but the providers' own events. With --keep, n8n stays open until Ctrl-C, as
// a playground with a live call and stream at each provider.

import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkMachine, installN8n, startN8n, type RunningN8n } from '../test/lib/n8n/index.cts';
import { build, pack } from '../test/lib/package.cts';
import { elapsed, runScript, say, step, temporaryFolder } from '../test/lib/processes.cts';
import { asColumns, asTable } from '../test/lib/table.cts';
import { CARRIERS, Stage, type Row } from './demo/scenes.cts';

const NOTE =
	"SignalWire's hang-up event names a call and no stream, and SignalWire can neither list nor stop all\n" +
	'streams of a call: the recipe time-limit-signalwire looks the stream up in a table.';

/** The first characters of every long id, and the path from the call on: so a row fits on a screen. */
const shorten = (text: string): string =>
	text
		.replace(/\b(str_[0-9a-f]{4}|[0-9a-f]{8}-)[0-9a-f-]{12,}/g, '$1…')
		.replace(/ \/\S*?\/(Calls?\/)/g, ' …/$1');

const HEAD = [
	...['Provider', 'Event', 'Call', 'Stream', 'Provider received', 'Status', 'Still streams?'],
];

function show(rows: readonly Row[]): void {
	const short = rows.map(({ provider, event, call, stream, received, status, stillRuns }) => [
		...[provider, event, shorten(call), shorten(stream), shorten(received), status, stillRuns],
	]);
	say(`\n${asTable([HEAD, ...short])}\n\n${NOTE}\n`);
	for (const { provider, event, differs } of rows) {
		if (differs.length > 0) say(`✗ ${provider}, ${event}: ${differs.join('; ')}`);
	}
}

const HOW_TO_SEND =
	"Does a provider's event start the workflow? Write here 'plivo began URL' or 'plivo ended URL' (or signalwire,\n" +
	'vobiz), with the Production URL of its webhook: the stand-in sends it the signed event of the call above.';

/** Keeps n8n open until Ctrl-C, with a live call and stream at each provider to stop by hand. */
async function keepOpen({ url, owner }: RunningN8n, stages: readonly Stage[]): Promise<void> {
	say(`\nn8n stays open at ${url}`);
	say(`E-mail: ${owner.email}   Password: ${owner.password}`);
	say(
		'\nThese calls are live, and each has a stream. Stop one: the credentials are in that n8n.\n',
	);
	const offers = stages.map((stage) => ({ stage, live: stage.offer() }));
	const rows = offers.map(({ live: { provider, credential, call, stream } }) => [
		...[provider, `credential '${credential}'`, call, stream],
	]);
	say(asColumns(rows, '    '));
	say(
		"\nThe recipes in examples/ run here too. 'Fill In' asks for this (and for a stream server: wss://mine.test will do):\n",
	);
	say(
		asColumns(
			stages.map(({ account }) => account),
			'    ',
		),
	);
	say(`\n${HOW_TO_SEND}`);
	createInterface({ input: process.stdin }).on('line', (line) => {
		const [, name = '', what, url = ''] = /^(\w+) (began|ended) (\S+)$/.exec(line.trim()) ?? [];
		const offer = offers.find(({ live }) => live.provider.toLowerCase() === name.toLowerCase());
		if (!offer || !URL.canParse(url)) say(HOW_TO_SEND);
		else void offer.live.send(what === 'began' ? 'began' : 'ended', url).then(say);
	});
	say('\nCtrl-C ends it and removes its folder.');
	for (;;) {
		await sleep(500);
		for (const one of offers.filter(({ live }) => !live.isUp())) {
			one.live = one.stage.offer();
			const { provider, call, stream } = one.live;
			say(`\n✓ ${provider}: the stream is down. The next one: ${call}, ${stream}`);
		}
	}
}

runScript(async () => {
	const since = Date.now();
	say('Stop Audio Stream in a real n8n, against stand-ins of the three providers\n');
	await checkMachine();
	await installN8n();
	await build();
	const n8n = await startN8n({ tarball: await pack(temporaryFolder('demo')) });
	const stages: Stage[] = [];
	try {
		for (const carrier of CARRIERS) stages.push(await Stage.open(n8n, carrier));
		const rows = await step('sending the events and waiting for their workflows', async () =>
			(await Promise.all(stages.map(async (stage) => await stage.play()))).flat(),
		);
		show(rows);
		const isRight = rows.every(({ differs }) => differs.length === 0);
		if (isRight)
			say(`✓ All ${rows.length} events ended as they should (${elapsed(since)} in all).`);
		process.exitCode = isRight ? 0 : 1;
		if (process.argv.includes('--keep')) await keepOpen(n8n, stages);
	} finally {
		await n8n.stop();
		for (const stage of stages) await stage.close();
	}
});
