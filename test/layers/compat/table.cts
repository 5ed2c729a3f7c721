'use strict';

/** The README's section between these two marks. */
const SECTION = /(<!-- compatibility -->\n)[^]*?(\n<!-- \/compatibility -->)/;

/**
 * The README's table of what passed on which n8n and Node.
 * @param {{ checked: string, runs: { n8n: string, node: string, passed: number }[] }} record
 */
function tableOf({ checked, runs }) {
	const nodes = [...new Set(runs.map(({ node }) => node))];
	const versions = [...new Set(runs.map(({ n8n }) => n8n))];
	const cell = (n8n, node) => {
		const { passed } = runs.find((run) => run.n8n === n8n && run.node === node);
		return `${passed.toLocaleString('en')} checks passed`;
	};
	return [
		`| n8n | ${nodes.map((node) => `Node ${node}`).join(' | ')} |`,
		`|---|${nodes.map(() => '---|').join('')}`,
		...versions.map((n8n) => `| ${n8n} | ${nodes.map((node) => cell(n8n, node)).join(' | ')} |`),
		'',
		`Run on ${checked} with the packed tarball: \`npm run test:compat\`.`,
	].join('\n');
}

/** The README with its table brought up to date. */
const withTable = (readme, record) =>
	readme.replace(SECTION, (_all, begin, end) => `${begin}${tableOf(record)}${end}`);

module.exports = { withTable };
