'use strict';

const path = require('node:path');

const BUILT = path.join(__dirname, '../../dist/nodes/StopAudioStream');
const { RequestSender } = require(path.join(BUILT, 'requestSender'));
const { providers } = require(path.join(BUILT, 'providers'));

/** What the credential holds, as n8n gives it. */
const DATA = { authId: 'MAEXAMPLE', authToken: 'example-token' };

let accounts = 0;

/** An error with the code of a lost connection, as deep as n8n wraps it. */
function networkError(code) {
	const cause = Object.assign(new Error(`connect ${code}`), { code });
	return Object.assign(new Error('The service refused the connection'), { cause });
}

/**
 * A sender of the node's own behind which no network is: `answers` are given one after the other, the last
 * one again and again. A number is a status, a text the code of a lost connection, 'never' no answer at
 * all, a function is called. Each sender has an account of its own, so that no test waits for another's.
 * `signal` is the execution's; `null` for an n8n that has none.
 */
function fakeSender(answers, { provider = 'plivo', origin, id = 'MAEXAMPLE', signal } = {}) {
	accounts += 1;
	const sentAt = [];
	const requests = [];
	const context = {
		...(signal !== null && { getExecutionCancelSignal: () => signal }),
		helpers: {
			async httpRequestWithAuthentication(credentialType, options, more) {
				requests.push({ credentialType, options, more, signal: this.getExecutionCancelSignal() });
				const answer = answers[Math.min(sentAt.length, answers.length - 1)];
				sentAt.push(Date.now());
				if (answer === 'never') return await new Promise(() => {});
				if (answer instanceof Error) throw answer;
				if (typeof answer === 'function') return await answer();
				if (typeof answer === 'string') throw networkError(answer);
				if (typeof answer === 'number') return { statusCode: answer, headers: {}, body: '' };
				return { headers: {}, body: '', ...answer };
			},
		},
	};
	const account = {
		origin: origin ?? `https://account-${accounts}.example`,
		id,
		token: 'example-token',
	};
	const spec = providers.find(({ name }) => name === provider);
	const sender = new RequestSender(context, spec, account, DATA);
	const request = { method: 'DELETE', url: `${account.origin}/v1/` };
	const options = { timeout: 10_000, maxRetries: 3, maxConcurrency: 100 };
	return {
		sentAt,
		requests,
		sender,
		send: async (changes, rules) => await sender.send(request, { ...options, ...changes }, rules),
	};
}

module.exports = { BUILT, DATA, fakeSender, networkError, providers };
