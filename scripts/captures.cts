/**
 * Writes the example captures in `test/captures` from runs against the stand-ins, after a build:
 * `N8N_USER_FOLDER=$(mktemp -d) node --require tsx/cjs scripts/captures.cts`.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { play, reportOf } from '../test/lib/check/play.cts';
import { runScript } from '../test/lib/processes.cts';
import { providers, startStandIn } from '../test/lib/stand-ins/index.cts';

const FOLDER = path.resolve(__dirname, '../test/captures');

runScript(async () => {
	mkdirSync(FOLDER, { recursive: true });
	for (const provider of providers) {
		const standIn = await startStandIn(provider as string);
		const { entries } = reportOf(standIn, await play(standIn, { branches: true }));
		await standIn.close();
		const capture = {
			provider,
			from: 'a stand-in of this repository, not a live account',
			on: '2026-11-21',
			entries,
		};
		const file = path.join(FOLDER, `${provider.toLowerCase()}-stand-in.json`);
		writeFileSync(file, `${JSON.stringify(capture, null, '\t')}\n`);
	}
});
