'use strict';

/** The three providers as the demo shows them: their event names, and what a repeated stop finds. */
module.exports = [
	{
		name: 'signalWire',
		label: 'SignalWire',
		streamStarted: 'stream-started',
		// SignalWire can neither list nor stop all streams of a call, and its hang-up names none.
		callEnded: 'call-completed',
		repeated: ['notFound'],
	},
	{
		name: 'plivo',
		label: 'Plivo',
		streamStarted: 'StartStream',
		hangUp: 'Hangup',
		repeated: ['alreadyStopped'],
		afterTheEnd: ['notFound'],
	},
	{
		name: 'vobiz',
		label: 'Vobiz',
		streamStarted: 'StartStream',
		hangUp: 'Hangup',
		repeated: ['notFound'],
		// Vobiz documents 204 for "stop all" also when nothing runs.
		afterTheEnd: ['stopped'],
	},
];
