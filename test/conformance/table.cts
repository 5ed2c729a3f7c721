import { asTable } from '../lib/table.cts';

/** scenario → variant → column → outcome */
type Rows = Map<string, Map<string, Map<string, string>>>;

/** Scenario × column → outcome, provider by provider, with what was left out and why. */
export class Table {
	readonly #rows: Rows = new Map();
	/** provider → columns */
	readonly #columns = new Map<string, Set<string>>();
	/** reason → scenario → columns */
	readonly #leftOut = new Map<string, Map<string, string[]>>();

	add(scenario: string, variant: string, provider: string, column: string, outcome: string) {
		at(this.#columns, provider, () => new Set<string>()).add(column);
		const variants = at(this.#rows, scenario, () => new Map<string, Map<string, string>>());
		at(variants, variant, () => new Map<string, string>()).set(`${provider} ${column}`, outcome);
	}

	leaveOut(scenario: string, provider: string, column: string, reason: string) {
		const scenarios = at(
			this.#leftOut,
			`${provider}: ${reason}`,
			() => new Map<string, string[]>(),
		);
		at(scenarios, scenario, (): string[] => []).push(column);
	}

	/** The outcome of each row that ran, by provider, column, scenario and variant. */
	outcomes(): Record<string, string> {
		const entries = [...this.#rows].flatMap(([scenario, variants]) =>
			[...variants].flatMap(([variant, columns]) =>
				[...columns].map(([column, outcome]) => [`${column} › ${scenario} › ${variant}`, outcome]),
			),
		);
		return Object.fromEntries(entries) as Record<string, string>;
	}

	print(engine: string) {
		const lines = ['', `${Object.keys(this.outcomes()).length} rows in ${engine}`];
		for (const [provider, columns] of this.#columns)
			lines.push(...this.#tableOf(provider, [...columns]));
		lines.push('', 'LEFT OUT:');
		for (const [reason, scenarios] of this.#leftOut) {
			lines.push(`  ${reason}`);
			for (const [scenario, columns] of scenarios)
				lines.push(`    ${scenario} (${columns.join('; ')})`);
		}
		process.stdout.write(`${lines.join('\n')}\n\n`);
	}

	#tableOf(provider: string, titles: string[]): string[] {
		const columns = titles.map((title) => `${provider} ${title}`);
		const body = [...this.#rows].flatMap(([scenario, variants]) =>
			bodyOf(scenario, variants, columns),
		);
		return ['', asTable([[provider, ...titles], ...body])];
	}
}

/** One line for a scenario, or one for each variant where these have different outcomes. */
function bodyOf(
	scenario: string,
	variants: ReadonlyMap<string, ReadonlyMap<string, string>>,
	columns: string[],
): string[][] {
	const tested = [...variants]
		.map(([variant, outcomes]) => ({
			variant,
			cells: columns.map((column) => outcomes.get(column) ?? ''),
		}))
		.filter(({ cells }) => cells.some((cell) => cell !== ''));
	if (tested.length === 0) return [];
	const different = columns.map((_column, i) => [
		...new Set(tested.map(({ cells }) => cells[i] ?? '').filter((cell) => cell !== '')),
	]);
	if (different.every(({ length }) => length <= 1)) {
		const count = tested.length > 1 ? ` (${tested.length} variants)` : '';
		return [[`${scenario}${count}`, ...different.map(([outcome = '']) => outcome)]];
	}
	return [
		[scenario, ...columns.map(() => '')],
		...tested.map(({ variant, cells }) => [`    ${variant}`, ...cells]),
	];
}

function at<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
	const found = map.get(key) ?? make();
	map.set(key, found);
	return found;
}
