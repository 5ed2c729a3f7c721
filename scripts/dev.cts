// npm run dev: a real n8n with this package in it, compiled and reloaded at each save. Its settings and its
// workflows are in a temporary folder, which goes with it at Ctrl-C.

import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { name } from '../package.json';
import { ROOT } from '../test/lib/install.cts';
import { checkMachine, installN8n, makeHomeWith, runN8n } from '../test/lib/n8n/index.cts';
import { build } from '../test/lib/package.cts';
import { runScript, say, start } from '../test/lib/processes.cts';

const PORT = 5678;

runScript(async () => {
	await checkMachine();
	await installN8n();
	await build();
	let own = '';
	const home = await makeHomeWith(
		async (packages) => {
			own = path.join(packages, 'node_modules', name);
			mkdirSync(path.join(own, 'node_modules'), { recursive: true });
			// Copied and not linked: n8n watches a linked package, and then does not load it anew, because it
			// looks for its modules under the link's own path.
			for (const file of ['package.json', 'dist']) {
				cpSync(path.join(ROOT, file), path.join(own, file), { recursive: true });
			}
			symlinkSync(
				path.join(ROOT, 'test/lib/n8n/node_modules/n8n-workflow'),
				path.join(own, 'node_modules/n8n-workflow'),
			);
			await Promise.resolve();
		},
		{ N8N_DEV_RELOAD: 'true' },
	);
	const n8n = await runN8n(home, { port: Number(process.env.PORT ?? PORT) });
	say(`\nn8n is at ${n8n.url}`);
	say(`E-mail: ${n8n.owner.email}   Password: ${n8n.owner.password}`);
	say(
		'At each save the node is compiled and loaded anew: reload the page to see it. Ctrl-C ends it.\n',
	);
	const compiler = start(
		process.execPath,
		[
			path.join(ROOT, 'node_modules/typescript/bin/tsc'),
			...['--watch', '--preserveWatchOutput', '--outDir', path.join(own, 'dist')],
		],
		{ cwd: ROOT },
	);
	await compiler.exited;
});
