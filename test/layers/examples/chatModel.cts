import { randomUUID } from 'node:crypto';
import { listenOn, readingServer } from '../../lib/listenOn.cts';

/** What the model does next: it uses the first tool with these arguments, or it says something. */
export type Turn = { use: Record<string, string> } | { say: string };

interface Tool {
	function: { name: string; description: string; parameters: { properties: object } };
}

/** What an agent asks a model. */
export interface ChatRequest {
	model: string;
	stream?: boolean;
	tools: Tool[];
	messages: Array<{ role: string; content: string }>;
}

/** A chat model that thinks nothing. */
export interface ChatModel {
	url: string;
	/**
	 * Takes a new script and forgets the requests before it. Everyone who speaks with it gets the whole script: its
	 * turn is the one behind what the tool said already. Without a script, it refuses.
	 */
	play: (...script: Turn[]) => void;
	requests: ChatRequest[];
	/** What the tool gave back to the model, in the order of its uses. */
	toolMessages: () => string[];
	close: () => Promise<void>;
}

/** Speaks OpenAI's chat completions API on the loopback address, and answers what a test tells it to. */
export async function startChatModel(): Promise<ChatModel> {
	let turns: Turn[] = [];
	const requests: ChatRequest[] = [];

	const answer = (request: ChatRequest) => {
		const turn = turns[request.messages.filter(({ role }) => role === 'tool').length];
		if (turn === undefined) throw new Error('the script has no further turn');
		if ('say' in turn) return { role: 'assistant', content: turn.say };
		const [tool] = request.tools;
		if (!tool) throw new Error('there is no tool to use');
		const call = {
			id: `call_${randomUUID()}`,
			type: 'function',
			function: { name: tool.function.name, arguments: JSON.stringify(turn.use) },
		};
		return { role: 'assistant', content: null, tool_calls: [call] };
	};

	const server = readingServer((incoming, body, response) => {
		const send = (status: number, body: object): void => {
			response.writeHead(status, { 'content-type': 'application/json' });
			response.end(JSON.stringify(body));
		};
		try {
			if (incoming.url !== '/v1/chat/completions') throw new Error(`no ${incoming.url} here`);
			const request = JSON.parse(body) as ChatRequest;
			if (request.stream) throw new Error('this model does not stream');
			requests.push(request);
			const message = answer(request);
			send(200, {
				id: `chatcmpl-${randomUUID()}`,
				object: 'chat.completion',
				created: Math.floor(Date.now() / 1000),
				model: request.model,
				choices: [
					{ index: 0, message, finish_reason: 'tool_calls' in message ? 'tool_calls' : 'stop' },
				],
				usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
			});
		} catch (reason) {
			const message = reason instanceof Error ? reason.message : String(reason);
			send(400, { error: { message, type: 'invalid_request_error' } });
		}
	});
	const { url, close } = await listenOn(server);

	return {
		url: `${url}/v1`,
		play(...script) {
			turns = script;
			requests.length = 0;
		},
		requests,
		toolMessages: () =>
			(requests.at(-1)?.messages ?? [])
				.filter(({ role }) => role === 'tool')
				.map(({ content }) => content),
		close,
	};
}
