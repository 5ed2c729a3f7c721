import { list, type Counts, type QueueRound } from '../../lib/figures.cts';
import { asColumns } from '../../lib/table.cts';
import type { Played } from './rounds.cts';

const sum = (counts: number[]) => counts.reduce((total, each) => total + each, 0);

/** What came of one round, in figures. */
export const roundFigures = ({ requests, ...round }: Played): QueueRound => ({
	executions: round.statuses,
	callers: round.codes,
	outcomes: round.outcomes,
	untrue: round.wrong.length,
	leftUp: round.leftUp,
	requests: sum(requests.map(({ total }) => total)),
	limited: sum(requests.map(({ byStatus }) => byStatus[429] ?? 0)),
	offContract: sum(requests.map(({ offContract }) => offContract.length)),
	seconds: round.seconds,
});

/** The figures of a round as lines of text. */
export const roundText = (round: QueueRound): string =>
	asColumns(
		Object.entries(round).map(([name, figure]: [string, number | Counts]) => [
			name,
			typeof figure === 'number' ? Math.round(figure * 10) / 10 : list(figure),
		]),
		'    ',
	);
