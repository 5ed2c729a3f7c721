// npm run release: in the workflow that a version's tag starts, n8n's own release command lints, builds
// and publishes with provenance. With --dry-run, the same steps run anywhere and nothing is published.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { author, bugs, homepage, repository, version } from '../package.json';
import { ensureTools, ROOT, TOOLS } from '../test/lib/install.cts';
import { npm, runScript, say, start, step, withoutHosts } from '../test/lib/processes.cts';

/** What nobody owns: domains kept for examples, and the owner that stands in for one. */
const PLACEHOLDER = /\.example\b|\bexample\.(com|org|net)\b|github\.com\/stop-audio-stream\//;

/** The fields of package.json that should name the owner, and are still placeholders. */
const placeholders = (): string[] =>
	Object.entries({
		'author.email': author.email,
		homepage,
		'repository.url': repository.url,
		'bugs.url': bugs.url,
	})
		.filter(([, value]) => PLACEHOLDER.test(value))
		.map(([field, value]) => `${field} ('${value}')`);

/** What a version needs before it may go out; `undefined` if nothing is missing. */
function missing(): string | undefined {
	const open = placeholders();
	if (open.length > 0) {
		return `package.json still holds placeholders: ${open.join(', ')}. Set them to your own, and 'author.name' too; README.md and CHANGELOG.md link to the same repository.`;
	}
	const tag = process.env.GITHUB_REF_NAME ?? '';
	if (tag !== `v${version}`) {
		return `The tag is '${tag}', and package.json has version ${version}: tag it 'v${version}'.`;
	}
	const changelog = readFileSync(path.join(ROOT, 'CHANGELOG.md'), 'utf8');
	const [, date = ''] =
		new RegExp(`^## ${version.replaceAll('.', '\\.')} – (.+)$`, 'm').exec(changelog) ?? [];
	return /^\d{4}-\d\d-\d\d$/.test(date)
		? undefined
		: `CHANGELOG.md has no '## ${version} – (date)': say there what is new and when.`;
}

async function runChild(command: string, args: readonly string[]): Promise<void> {
	const code = await start(command, args, { cwd: ROOT }).exited;
	if (code !== 0) {
		throw new Error(`'${path.basename(command)} ${args.join(' ')}' ended with ${code}.`);
	}
}

const script = async (file: string, ...args: string[]): Promise<void> => {
	await runChild(process.execPath, [path.join(ROOT, 'scripts/run.js'), file, ...args]);
};

async function publish(): Promise<void> {
	const reason = missing();
	if (reason !== undefined) throw new Error(reason);
	await script('scripts/pictures.cts', '--check');
	await script('scripts/figures.cts', '--check');
	await ensureTools();
	await runChild(process.execPath, [
		path.join(TOOLS, 'node_modules/@n8n/node-cli/bin/n8n-node.mjs'),
		'release',
	]);
}

/** The steps of n8n's release command, without the last. */
async function dryRun(): Promise<void> {
	await script('scripts/lint.cts');
	await step('building the package', async () => await npm(['run', 'build'], { cwd: ROOT }));
	const output = await step(
		'publishing it, without sending anything',
		async () => await npm(['publish', '--dry-run', '--loglevel=notice'], { cwd: ROOT }),
	);
	say(`\n${withoutHosts(output)}`);
	const open = placeholders();
	if (open.length > 0) say(`! Not before these are set in package.json: ${open.join(', ')}.`);
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
