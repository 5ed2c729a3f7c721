import { row, type Row } from '../scenario.cts';

/** What a stop finds: a stream that runs, or one of the many ways in which nothing is left. */

export const stops: readonly Row[] = [
	row({
		name: 'a stream that runs is stopped by the documented request',
		expected: (c) => ({ ...c.says('stop'), attempts: 1, runs: false }),
		check(c) {
			const sent = c.stops().map(({ method, path, body }) => ({ method, path, body }));
			expect(sent).toEqual([c.request(c.target)]);
		},
	}),
	row({
		name: 'a stop is repeated',
		async arrange(c) {
			await c.run();
		},
		expected: (c) => ({ ...c.says('again'), runs: false }),
	}),
	row({
		name: 'a stream that nobody knows',
		needs: ['oneStream'],
		arrange(c) {
			c.targets = [c.ghost(c.target)];
		},
		expected: (c) => c.says('unknownStream'),
		check: (c) => expect(c.stream.running).toBe(true),
	}),
	row({
		name: 'a stream of another call is not touched',
		needs: ['oneStream'],
		arrange(c) {
			const other = c.add();
			c.targets = [c.ghost(c.target, other.stream)];
			return other;
		},
		expected: (c) => c.says('unknownStream'),
		check: (c, { made: other }) =>
			expect([c.stream.running, other.stream.running]).toEqual([true, true]),
	}),
	row({
		name: 'a call that nobody knows',
		arrange(c) {
			c.targets = [c.ghost()];
		},
		expected: (c) => c.says('unknownCall'),
	}),
	row({
		name: 'a call that has ended',
		arrange: (c) => c.end(),
		expected: (c) => c.says('endedCall'),
	}),
	row({
		name: 'several streams of a call are stopped at once',
		needs: ['stopAll'],
		columns: ({ parameters }) => parameters.operation === 'stopAllStreams',
		arrange(c) {
			for (let i = 0; i < 3; i += 1) c.standIn.startStream(c.call.id);
		},
		expected: (c) => ({ ...c.says('stop'), stream: undefined, runs: false }),
		check: (c) => expect(c.stops()).toHaveLength(1),
	}),
	row({
		name: 'Stop All Streams is refused in one sentence before anything is sent',
		lacks: 'stopAll',
		needs: ['onCall'],
		parameters: { operation: 'stopAllStreams' },
		expected: (c) => ({
			failure: 'input',
			error: `${c.profile.displayName} has no way to stop all streams of a call`,
			attempts: undefined,
			runs: true,
		}),
	}),
	row({
		name: 'items keep their order, each with its own outcome, however late it is answered',
		arrange(c) {
			const ended = c.add();
			c.end(ended);
			c.targets = [c.target, c.ghost(), c.add(), ended, c.add()];
			c.answer({ delayMs: 100 }, 1);
		},
		expected: (c) => [
			c.says('stop'),
			c.says('unknownCall'),
			c.says('stop'),
			c.says('endedCall'),
			c.says('stop'),
		],
		check(c, { run }) {
			expect(run.items.map((item) => item[c.idField])).toEqual(
				c.targets.map((target) => c.idOf(target)),
			);
		},
	}),
	row({
		name: "the provider's own event names call and stream without any mapping",
		arrange(c) {
			c.items = [{ body: c.event(c.column.event) }];
		},
		parameters: (c) => ({ source: 'event', ...c.document() }),
		expected: (c) => ({ ...c.says('stop'), [c.idField]: c.idOf(c.target), runs: false }),
	}),
];
