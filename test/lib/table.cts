// Tables of plain text, for what a test or a script prints.

/** Column titles by the name of their field. */
export type Columns<Name extends string> = Record<Name, string>;

/** A table of plain text with a line under its head. */
export function asTable<Name extends string>(
	columns: Columns<Name>,
	rows: ReadonlyArray<Record<NoInfer<Name>, string | number>>,
): string {
	const names = Object.keys(columns) as Name[];
	const head = names.map((name) => columns[name]);
	const lines = rows.map((row) => names.map((name) => String(row[name])));
	const widths = names.map((_, at) =>
		Math.max(...[head, ...lines].map((line) => line[at]?.length ?? 0)),
	);
	const show = (line: readonly string[]): string =>
		line
			.map((cell, at) => cell.padEnd(widths[at] ?? 0))
			.join('  ')
			.trimEnd();
	const rule = widths.map((width) => '─'.repeat(width)).join('  ');
	return [show(head), rule, ...lines.map(show)].join('\n');
}
