'use strict';

/** Scenario × way → outcome, provider by provider, with what was left out and why. */
class Table {
	/** scenario → variant → column → outcome */
	#rows = new Map();
	/** provider → ways */
	#columns = new Map();
	/** reason → scenario → columns */
	#leftOut = new Map();

	add(scenario, variant, provider, way, outcome) {
		at(this.#columns, provider, () => new Set()).add(way);
		const variants = at(this.#rows, scenario, () => new Map());
		at(variants, variant, () => new Map()).set(`${provider} ${way}`, outcome);
	}

	leaveOut(scenario, provider, way, reason) {
		const scenarios = at(this.#leftOut, `${provider}: ${reason}`, () => new Map());
		at(scenarios, scenario, () => []).push(way);
	}

	print() {
		const lines = [];
		for (const [provider, ways] of this.#columns) lines.push(...this.#tableOf(provider, [...ways]));
		lines.push('', 'LEFT OUT:');
		for (const [reason, scenarios] of this.#leftOut) {
			lines.push(`  ${reason}`);
			for (const [scenario, ways] of scenarios) lines.push(`    ${scenario} (${ways.join('; ')})`);
		}
		process.stdout.write(`${lines.join('\n')}\n\n`);
	}

	#tableOf(provider, ways) {
		const columns = ways.map((way) => `${provider} ${way}`);
		const body = [...this.#rows].flatMap(([scenario, variants]) =>
			bodyOf(scenario, variants, columns),
		);
		const all = [[provider, ...ways], ...body];
		const widths = all[0].map((_cell, i) => Math.max(...all.map((cells) => cells[i].length)));
		const line = (cells) =>
			cells
				.map((cell, i) => cell.padEnd(widths[i]))
				.join('  ')
				.trimEnd();
		return [
			'',
			line(all[0]),
			'─'.repeat(line(widths.map((width) => '─'.repeat(width))).length),
			...body.map(line),
		];
	}
}

/** One line for a scenario, or one for each variant where these have different outcomes. */
function bodyOf(scenario, variants, columns) {
	const lines = [...variants].map(([variant, outcomes]) => [
		variant,
		...columns.map((column) => outcomes.get(column) ?? ''),
	]);
	const tested = lines.filter((cells) => cells.slice(1).some((cell) => cell !== ''));
	if (tested.length === 0) return [];
	const different = columns.map((_column, i) => [
		...new Set(tested.map((cells) => cells[i + 1]).filter((cell) => cell !== '')),
	]);
	if (different.every(({ length }) => length <= 1)) {
		const count = tested.length > 1 ? ` (${tested.length} variants)` : '';
		return [[`${scenario}${count}`, ...different.map(([outcome = '']) => outcome)]];
	}
	return [
		[scenario, ...columns.map(() => '')],
		...tested.map(([variant, ...cells]) => [`    ${variant}`, ...cells]),
	];
}

function at(map, key, make) {
	if (!map.has(key)) map.set(key, make());
	return map.get(key);
}

module.exports = { Table };
