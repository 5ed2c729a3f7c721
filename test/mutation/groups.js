'use strict';

/**
 * What is changed, and by which tests it is judged: those that need no network and no engine. A change of
 * what is there from the start is judged by all tests of its group, so small groups save most of the time.
 */
module.exports = {
	reading: {
		mutate: ['providers/*.ts', '{confirmStop,incomingEvent,outcome,secrets}.ts'],
		tests: ['confirmStop', 'incomingEvent', 'outcome', 'providers', 'secrets'],
	},
	sending: {
		mutate: ['{accountPace,requestSender}.ts'],
		tests: ['accountPace', 'sender'],
	},
};
