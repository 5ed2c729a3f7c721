'use strict';

// npm run release: in the workflow that a version's tag starts, n8n's own release command lints, builds
// and publishes with provenance. With --dry-run, the same steps run anywhere and nothing is published.

const { readFileSync } = require('node:fs');
const path = require('node:path');
const { ROOT, TOOLS, ensureProject, ensureTools } = require('./lib/install');
const { npm, runScript, say, start, step, withoutHosts } = require('./lib/processes');

const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

/** What a version needs before it may go out; `undefined` where nothing is missing. */
function missing() {
	const tag = process.env.GITHUB_REF_NAME;
	if (tag !== `v${version}`) {
		return `The tag is '${tag}', and package.json has version ${version}: tag it 'v${version}'.`;
	}
	const changelog = readFileSync(path.join(ROOT, 'CHANGELOG.md'), 'utf8');
	const [, date] =
		new RegExp(`^## ${version.replaceAll('.', '\\.')} – (.+)$`, 'm').exec(changelog) ?? [];
	return /^\d{4}-\d\d-\d\d$/.test(date)
		? undefined
		: `CHANGELOG.md has no '## ${version} – (date)': say there what is new and when.`;
}

async function runChild(command, args) {
	const code = await start(command, args, { cwd: ROOT }).exited;
	if (code !== 0)
		throw new Error(`'${path.basename(command)} ${args.join(' ')}' ended with ${code}.`);
}

async function publish() {
	const reason = missing();
	if (reason) throw new Error(reason);
	await ensureProject();
	await ensureTools();
	await runChild(process.execPath, [
		path.join(TOOLS, 'node_modules/@n8n/node-cli/bin/n8n-node.mjs'),
		'release',
	]);
}

/** The steps of n8n's release command, of which the last is not carried out. */
async function dryRun() {
	await ensureProject();
	await runChild(process.execPath, [path.join(ROOT, 'scripts/lint.js')]);
	await step('building the package', () => npm(['run', 'build'], { cwd: ROOT }));
	const output = await step('publishing it, without sending anything', () =>
		npm(['publish', '--dry-run', '--loglevel=notice'], { cwd: ROOT }),
	);
	say(`\n${withoutHosts(output)}`);
	say('✓ This would be published. Nothing was.');
}

runScript(async () => {
	if (process.argv.includes('--dry-run')) await dryRun();
	else if (process.env.GITHUB_ACTIONS) await publish();
	else {
		throw new Error(
			"A release is published by GitHub when a tag is pushed, so that it carries npm's provenance: " +
				"'npm version minor', then 'git push --follow-tags'. 'npm run release -- --dry-run' shows what would go out.",
		);
	}
});
