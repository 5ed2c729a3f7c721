// Tables, for what a test or a script prints, and for the documents.

type Row = ReadonlyArray<string | number>;

/** How wide each column is. */
const widthsOf = (rows: readonly Row[]): number[] =>
	rows.reduce<number[]>(
		(widths, row) =>
			Array.from({ length: Math.max(widths.length, row.length) }, (_, at) =>
				Math.max(widths[at] ?? 0, String(row[at] ?? '').length),
			),
		[],
	);

const padded = (rows: readonly Row[], widths: readonly number[]): string[] =>
	rows.map((row) =>
		row
			.map((cell, at) => String(cell).padEnd(widths[at] ?? 0))
			.join('  ')
			.trimEnd(),
	);

/** Plain text, the cells of a column below each other; each line begins with `indent`. */
export const asColumns = (rows: readonly Row[], indent = ''): string =>
	padded(rows, widthsOf(rows))
		.map((line) => indent + line)
		.join('\n');

/** The same with a line under the first row, which is the table's head. */
export function asTable(rows: readonly [Row, ...Row[]]): string {
	const widths = widthsOf(rows);
	const [head = '', ...lines] = padded(rows, widths);
	return [head, widths.map((width) => '─'.repeat(width)).join('  '), ...lines].join('\n');
}

/** A table of Markdown; the first row is its head. */
export const asMarkdown = ([head, ...rows]: readonly [Row, ...Row[]]): string =>
	[head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
