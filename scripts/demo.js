'use strict';

// npm run demo: a real n8n with the packed package stops streams at stand-ins of the three providers,
// started by nothing but the providers' own events. With --keep, n8n stays open until Ctrl-C.

const { ensureProject } = require('./lib/install');
const { build, pack } = require('./lib/package');
const { elapsed, runScript, say, step, temporaryFolder } = require('./lib/processes');

const SIGNALWIRE_HANG_UP =
	'* Its hang-up event holds a call and no stream, and SignalWire can neither list nor stop all\n' +
	'  streams of a call. The stream has to be looked up, for which this one workflow has no place.';

/** Runs every scene, and gives the result to `show` while everything is still up. */
async function play({ tarball, show }) {
	// What these need is only there once it has been installed.
	const { startN8n } = require('../test/e2e/n8n');
	const { startStandIn } = require('../test/stand-ins');
	const providers = require('./demo/providers');
	const { playProvider } = require('./demo/scenes');
	const { workflowFor } = require('./demo/workflow');

	const n8n = await startN8n({ tarball });
	const stages = [];
	try {
		for (const provider of providers) {
			const standIn = await startStandIn(provider.name);
			const stage = { provider, standIn, n8n };
			stages.push(stage);
			const { credentialType, credentials } = standIn;
			const name = `${provider.label} stand-in`;
			const credentialId = await n8n.createCredential(credentialType, name, credentials);
			const { workflow, paths } = workflowFor(provider, { credentialType, credentialId });
			Object.assign(stage, { workflow: await n8n.createWorkflow(workflow), paths });
			await n8n.activate(stage.workflow);
		}
		const rows = await step('sending the events and waiting for their workflows', async () =>
			(await Promise.all(stages.map(playProvider))).flat(),
		);
		await show({ n8n, rows });
	} finally {
		await n8n.stop();
		for (const { standIn } of stages) await standIn.close();
	}
}

runScript(async () => {
	const since = Date.now();
	say('Stop Audio Stream in a real n8n, against stand-ins of the three providers\n');
	const { checkMachine, installN8n } = require('../test/e2e/n8n/install');
	await checkMachine();
	await ensureProject();
	await installN8n();
	await build();
	const tarball = await pack(temporaryFolder('demo'));
	await play({
		tarball,
		show: async ({ n8n, rows }) => {
			const { asTable } = require('./demo/table');
			say(`\n${asTable(rows)}\n\n${SIGNALWIRE_HANG_UP}\n`);
			const wrong = rows.filter(({ differs }) => differs.length > 0);
			for (const { provider, title, differs } of wrong) {
				say(`✗ ${provider}, ${title}: ${differs.join('; ')}`);
			}
			const played = rows.filter(({ received }) => received !== '').length;
			if (wrong.length === 0) {
				say(`✓ All ${played} events ended as they should (${elapsed(since)} in all).`);
			}
			process.exitCode = wrong.length === 0 ? 0 : 1;
			if (!process.argv.includes('--keep')) return;
			say(`\nn8n stays open at ${n8n.url}`);
			say(`E-mail: ${n8n.owner.email}   Password: ${n8n.owner.password}`);
			say('Ctrl-C ends it and removes its folder.');
			await new Promise(() => {});
		},
	});
});
