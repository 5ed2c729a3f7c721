'use strict';

// npm run demo: a real n8n with the packed package stops streams at stand-ins of the three providers,
// started by nothing but the providers' own events. With --keep, n8n stays open until Ctrl-C.

const { rmSync } = require('node:fs');
const { ensureProject } = require('./lib/install');
const { build, pack } = require('./lib/package');
const { elapsed, say, step, temporaryFolder } = require('./lib/processes');

const SIGNALWIRE_HANG_UP =
	'* Its hang-up event holds a call and no stream, and SignalWire can neither list nor stop all\n' +
	'  streams of a call. The stream has to be looked up, for which this one workflow has no place.';

/** What is to be ended or removed, newest first. */
const undo = [];

/** The exit code when Ctrl-C ends it. */
let interrupted = 130;

async function undoAll() {
	while (undo.length > 0) await undo.pop()();
}

async function play({ tarball }) {
	// What these need is only there once it has been installed.
	const { startN8n } = require('../test/e2e/n8n');
	const { startStandIn } = require('../test/stand-ins');
	const providers = require('./demo/providers');
	const { playProvider } = require('./demo/scenes');
	const { workflowFor } = require('./demo/workflow');

	const n8n = await startN8n({ tarball });
	undo.push(n8n.stop);
	const stages = [];
	for (const provider of providers) {
		const standIn = await startStandIn(provider.name);
		undo.push(() => standIn.close());
		const credentialId = await n8n.createCredential(
			standIn.credentialType,
			`${provider.label} stand-in`,
			standIn.credentials,
		);
		const { workflow, paths } = workflowFor(provider, {
			credentialType: standIn.credentialType,
			credentialId,
		});
		const created = await n8n.createWorkflow(workflow);
		await n8n.activate(created);
		stages.push({ provider, standIn, n8n, workflow: created, paths });
	}
	const rows = await step('sending the events and waiting for their workflows', async () =>
		(await Promise.all(stages.map(playProvider))).flat(),
	);
	return { n8n, rows };
}

async function main() {
	const since = Date.now();
	const keep = process.argv.includes('--keep');
	say('Stop Audio Stream in a real n8n, against stand-ins of the three providers\n');
	const { checkMachine, installN8n } = require('../test/e2e/n8n/install');
	await checkMachine();
	await ensureProject();
	await installN8n();
	await build();
	const folder = temporaryFolder('demo');
	undo.push(() => rmSync(folder, { recursive: true, force: true }));
	const { n8n, rows } = await play({ tarball: await pack(folder) });

	const { asTable } = require('./demo/table');
	say(`\n${asTable(rows)}\n\n${SIGNALWIRE_HANG_UP}\n`);
	const wrong = rows.filter(({ differs }) => differs.length > 0);
	for (const { provider, title, differs } of wrong) {
		say(`✗ ${provider}, ${title}: ${differs.join('; ')}`);
	}
	if (wrong.length === 0) {
		const played = rows.filter(({ received }) => received !== '').length;
		say(`✓ All ${played} events ended as they should (${elapsed(since)} in all).`);
	} else {
		process.exitCode = 1;
	}
	if (keep) {
		say(`\nn8n stays open at ${n8n.url}`);
		say(`E-mail: ${n8n.owner.email}   Password: ${n8n.owner.password}`);
		say('Ctrl-C ends it and removes its folder.');
		interrupted = process.exitCode ?? 0;
		await new Promise(() => {});
	}
}

for (const signal of ['SIGINT', 'SIGTERM']) {
	process.once(signal, () => undoAll().finally(() => process.exit(interrupted)));
}

main()
	.catch((reason) => {
		process.stderr.write(`\n${reason.message}\n`);
		process.exitCode = 1;
	})
	.finally(undoAll);
