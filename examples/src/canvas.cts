/** Where nodes and notes stand on a canvas: its notes are to be read while all of it is on the screen. */

export interface Note {
	name: string;
	/** Headings of two levels, steps, bullets and paragraphs. */
	text: string;
}

/** A note as n8n's files hold it. */
interface PlacedNote {
	name: string;
	content: string;
	height: number;
	width: number;
	position: [number, number];
}

type Rows<T> = ReadonlyArray<ReadonlyArray<T | undefined>>;

interface Canvas<T> {
	notes: PlacedNote[];
	nodes: Array<{ node: T; position: [number, number] }>;
}

const COLUMN = 220;
const ROW = 180;
/** How many nodes a row may hold; a longer one goes on below. */
const MOST_COLUMNS = [12, 8];
const NOTE_WIDTHS = [540, 640, 760, 900, 1060, 1240, 1440];
const GAP = 20;
const MARGIN = 60;

/** What a laptop's screen of 1440 × 900 leaves for the canvas, in px. */
const SCREEN = { width: 1180, height: 690 };
/** Text of this size is read easily, in px. */
const READABLE_PX = 11;

/** How large a note's text can be: plain, or written as headings. The sizes are n8n's own, in px. */
const WRITINGS = [
	{ px: 14, marks: '' },
	{ px: 16, marks: '###' },
	{ px: 24, marks: '##' },
];
const HEADING_PX: Record<string, number> = { '#': 36, '##': 24, '###': 16 };
const LINE_HEIGHT = 1.35;
const BETWEEN_LINES = 9;
/** The width of a character as a part of its height, with room for words that do not fit on a line. */
const PER_CHARACTER = 0.52;

/** A note's text with every line as large as headings of these marks. */
const written = (text: string, marks: string): string =>
	marks === ''
		? text
		: text
				.split('\n')
				.map((line) => {
					const [, heading] = /^#+ (.*)/.exec(line) ?? [];
					if (heading !== undefined) return `${marks.slice(1)} ${heading}`;
					return line && `${marks} ${line.replace(/^- /, '– ')}`;
				})
				.join('\n');

/** How high a note of this width must be to show all of its text. */
const heightOf = (text: string, width: number): number =>
	text.split('\n').reduce((height, line) => {
		const px = HEADING_PX[/^#+/.exec(line)?.[0] ?? ''] ?? 14;
		const lines = Math.max(1, Math.ceil((line.length * px * PER_CHARACTER) / (width - 40)));
		return height + px * LINE_HEIGHT * lines + BETWEEN_LINES;
	}, 40);

/** Rows of at most so many columns: what is too long goes on below, all rows of it together. */
function fold<T>(rows: Rows<T>, most: number): Rows<T> {
	const longest = Math.max(...rows.map((row) => row.length));
	const parts = Math.ceil(longest / most);
	const columns = Math.ceil(longest / parts);
	return Array.from({ length: parts }, (_, part) =>
		rows.map((row) => row.slice(part * columns, (part + 1) * columns)),
	).flat();
}

/** Every canvas that can be made with text as large as these marks make it, and how large it is on the screen. */
function canvases<T>(rows: Rows<T>, notes: readonly Note[], { px, marks }: (typeof WRITINGS)[0]) {
	const texts = notes.map(({ text }) => written(text, marks));
	return MOST_COLUMNS.flatMap((most) => {
		const folded = fold(rows, most);
		const nodes = folded.flatMap((row, y) =>
			row.flatMap((node, x): Canvas<T>['nodes'] =>
				node === undefined ? [] : [{ node, position: [x * COLUMN, y * ROW] }],
			),
		);
		const wide = COLUMN * Math.max(...folded.map((row) => row.length));
		const high = ROW * folded.length;
		return NOTE_WIDTHS.flatMap((width) => {
			const height = Math.ceil(Math.max(0, ...texts.map((text) => heightOf(text, width))));
			const all = notes.length * (width + GAP);
			const places = [
				{
					x: -MARGIN,
					y: -height - MARGIN,
					wide: Math.max(all, wide),
					high: height + MARGIN + high,
				},
				{
					x: -all - 2 * MARGIN,
					y: -MARGIN,
					wide: all + MARGIN + wide,
					high: Math.max(height, high),
				},
			];
			return places.map(({ x, y, ...size }) => ({
				nodes,
				notes: notes.map(({ name }, i): PlacedNote => ({
					name,
					content: texts[i] ?? '',
					height,
					width,
					position: [x + i * (width + GAP), y],
				})),
				// Nothing is shown larger than it is.
				shown: px * Math.min(1, SCREEN.width / size.wide, SCREEN.height / size.high),
			}));
		});
	});
}

/**
 * Puts rows of nodes on a canvas, with their notes above or to the left. The text is as plain as can be read, or
 * else as large as it gets.
 */
export function layOut<T>(rows: Rows<T>, notes: readonly Note[]): Canvas<T> {
	const best = WRITINGS.map((writing) =>
		canvases(rows, notes, writing).reduce((one, other) => (other.shown > one.shown ? other : one)),
	);
	return (
		best.find(({ shown }) => shown >= READABLE_PX) ??
		best.reduce((one, other) => (other.shown > one.shown ? other : one))
	);
}
