'use strict';

/** What a stop finds: a stream that runs, or one of the many ways in which nothing is left. */

module.exports = [
	{
		name: 'a stream that runs is stopped by the documented request',
		expected: (c) => ({ ...c.way.says.stop, attempts: 1, runs: false }),
		check(c) {
			const sent = c.stops().map(({ method, path, body }) => ({ method, path, body }));
			expect(sent).toEqual([c.request(c.target)]);
		},
	},
	{
		name: 'a stop is repeated',
		arrange: (c) => c.run(),
		expected: (c) => ({ ...c.way.says.again, runs: false }),
	},
	{
		name: 'a stream that nobody knows',
		needs: ['oneStream'],
		arrange(c) {
			c.targets = [c.ghost(c.call)];
		},
		expected: (c) => c.way.says.unknownStream,
		check: (c) => expect(c.stream.running).toBe(true),
	},
	{
		name: 'a stream of another call is not touched',
		needs: ['oneStream'],
		arrange(c) {
			c.other = c.add();
			c.targets = [c.ghost(c.call, c.other.stream)];
		},
		expected: (c) => c.way.says.unknownStream,
		check: (c) => expect([c.stream.running, c.other.stream.running]).toEqual([true, true]),
	},
	{
		name: 'a call that nobody knows',
		arrange(c) {
			c.targets = [c.ghost()];
		},
		expected: (c) => c.way.says.unknownCall,
	},
	{
		name: 'a call that has ended',
		arrange: (c) => c.standIn.endCall(c.call.id),
		expected: (c) => c.way.says.endedCall,
	},
	{
		name: 'several streams of a call are stopped at once',
		needs: ['stopAll'],
		ways: ({ parameters }) => parameters.operation === 'stopAllStreams',
		arrange(c) {
			for (let i = 0; i < 3; i += 1) c.standIn.startStream(c.call.id);
		},
		expected: (c) => ({ ...c.way.says.stop, stream: undefined, runs: false }),
		check: (c) => expect(c.stops()).toHaveLength(1),
	},
	{
		name: 'Stop All Streams is refused in one sentence before anything is sent',
		lacks: 'stopAll',
		parameters: { operation: 'stopAllStreams' },
		expected: (c) => ({
			failure: 'input',
			error: `${c.profile.displayName} has no way to stop all streams of a call`,
			attempts: undefined,
			runs: true,
		}),
	},
	{
		name: 'items keep their order, each with its own outcome',
		arrange(c) {
			const ended = c.add();
			c.standIn.endCall(ended.call.id);
			c.targets = [c.target, c.ghost(), c.add(), ended, c.add()];
		},
		expected: ({ way: { says } }) => [
			says.stop,
			says.unknownCall,
			says.stop,
			says.endedCall,
			says.stop,
		],
		check(c, _variant, run) {
			expect(run.items.map(({ callId }) => callId)).toEqual(c.targets.map(({ call }) => call.id));
		},
	},
	{
		name: "the provider's own event names call and stream without any mapping",
		arrange(c) {
			c.items = [{ body: c.standIn.callback(c.way.event, c.stream).body }];
		},
		parameters: (c) => ({
			source: 'event',
			...(c.way.byDocument && { cxmlUrl: c.fields(c.target).cxmlUrl }),
		}),
		expected: (c) => ({ ...c.way.says.stop, callId: c.call.id, runs: false }),
	},
	{
		name: 'ids from fields that the provider does not know are hinted at on the canvas',
		arrange(c) {
			c.targets = [c.target, c.ghost(), c.ghost()];
		},
		expected: ({ way: { says } }) => [says.stop, says.unknownCall, says.unknownCall],
		check(c, _variant, run) {
			const count = c.way.says.unknownCall.status === 'notFound' ? 2 : 0;
			expect(run.hints.map(({ message }) => message)).toEqual(
				count === 0 ? [] : [expect.stringMatching(`^${count} of 3 calls or streams are not known`)],
			);
		},
	},
];
