'use strict';

const { randomUUID } = require('node:crypto');
const { createServer } = require('node:http');

/**
 * A chat model that thinks nothing: it speaks OpenAI's chat completions API on the loopback address
 * and answers what a test tells it to.
 *
 * A script is a list of turns; each is `{ use: arguments }` for one use of the first tool, or
 * `{ say: text }`, or a function of the request that gives one of these.
 */
async function startChatModel() {
	let turns = [];
	const requests = [];

	const answer = (request) => {
		const turn = turns.shift();
		if (turn === undefined) throw new Error('the script has no further turn');
		const { use, say } = typeof turn === 'function' ? turn(request) : turn;
		if (use === undefined) return { role: 'assistant', content: say };
		const call = {
			id: `call_${randomUUID()}`,
			type: 'function',
			function: { name: request.tools[0].function.name, arguments: JSON.stringify(use) },
		};
		return { role: 'assistant', content: null, tool_calls: [call] };
	};

	const server = createServer(async (incoming, response) => {
		const send = (status, body) => {
			response.writeHead(status, { 'content-type': 'application/json' });
			response.end(JSON.stringify(body));
		};
		const chunks = [];
		for await (const chunk of incoming) chunks.push(chunk);
		try {
			if (incoming.url !== '/v1/chat/completions') throw new Error(`no ${incoming.url} here`);
			const request = JSON.parse(Buffer.concat(chunks).toString());
			if (request.stream) throw new Error('this model does not stream');
			requests.push(request);
			const message = answer(request);
			send(200, {
				id: `chatcmpl-${randomUUID()}`,
				object: 'chat.completion',
				created: Math.floor(Date.now() / 1000),
				model: request.model,
				choices: [{ index: 0, message, finish_reason: message.tool_calls ? 'tool_calls' : 'stop' }],
				usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
			});
		} catch (reason) {
			send(400, { error: { message: reason.message, type: 'invalid_request_error' } });
		}
	});
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

	return {
		url: `http://127.0.0.1:${server.address().port}/v1`,
		/** Takes a new script and forgets the requests before it. */
		play(...script) {
			turns = script;
			requests.length = 0;
		},
		requests,
		/** What the tool gave back to the model, in the order of its uses. */
		toolMessages: () =>
			(requests.at(-1)?.messages ?? [])
				.filter(({ role }) => role === 'tool')
				.map(({ content }) => content),
		close: () => {
			server.closeAllConnections();
			return new Promise((resolve) => server.close(resolve));
		},
	};
}

module.exports = { startChatModel };
