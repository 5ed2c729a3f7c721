/** A model decides when a stream stops, and which stream that is stands in the request. */

import {
	answerJson,
	chain,
	code,
	gap,
	node,
	NODE_TYPE,
	stopNode,
	webhook,
	workflow,
	type Unplaced,
	type Values,
	type Workflow,
} from './workflows.cts';
import {
	CARRIERS,
	credentialStep,
	GOES_ON,
	HEADER_AUTH,
	headerAuthNote,
	keepsNote,
	notes,
	stepsToPublish,
	STREAM_SERVER_DECIDES,
} from './common.cts';
import { AGAIN, failed, outcome, tryAgain, WAIT_AGAIN } from './timeLimit.cts';

const carrier = CARRIERS.signalWire;
const HOOK = 'What the Customer Wrote';
const request = `$('${HOOK}').first().json.body`;

const SYSTEM_MESSAGE =
	"A customer who is on a phone call writes to you in a chat. The call's audio is streamed to a server. If the customer wants nobody to listen, record or transcribe any more, use the tool once. Then answer in one sentence what came of it. Never say that the stream has stopped unless the tool says so.";

/** What the tool itself said, whatever the model makes of it. */
const TOOL_SAID = `const { output, intermediateSteps = [], ...stop } = $input.first().json;
if (stop.status) return [{ json: { ...stop, output: 'The model did not answer. To be safe, the stream was to stop.' } }];
const read = (text) => {
  try {
    return [JSON.parse(text)].flat();
  } catch {
    return [{ status: 'failed', stopped: false, message: String(text) }];
  }
};
const last = intermediateSteps.flatMap(({ observation }) => read(observation)).at(-1);
return [{ json: { ...(last ?? { status: 'not asked', stopped: false }), output } }];`;

/** The stream that the request names. */
const stopTheStream = (name: string, options: Values = {}): Unplaced =>
	stopNode(
		name,
		{
			provider: carrier.name,
			operation: 'stopStream',
			source: 'fields',
			streamBy: 'sid',
			callId: `={{ ${request}.CallSid }}`,
			stream: `={{ ${request}.StreamSid }}`,
			options,
		},
		'continueRegularOutput',
	);

export const aiAgent = (): Workflow =>
	workflow({
		name: 'AI agent that stops the stream when asked',
		notes: notes(
			'if the text comes from the stream that is to stop: the agent would not hear what comes next. Nor if a rule can decide: a keypress needs no model.',
			[
				'## AI agent that stops the stream when asked',
				'### What starts it',
				'While the call goes on, your customer writes to you (chat, SMS, your app). Your application posts it, with the call that it belongs to: `{"CallSid": "…", "StreamSid": "…", "wrote": "…"}`.',
				'### What it does',
				'The model decides one thing: **whether** to use the tool. Call and stream come from the request, one customer for each execution, so nobody can talk the agent into another call.',
				'### What it answers',
				"`output`, the model's words, and beside them what the tool itself said: `status`, `stopped`, `message`. `not asked` means that nothing was to stop. Believe `stopped`, not the words.",
				'If the model does not answer, the stream is stopped to be safe: the customer may have asked for it. That takes a minute at most, so let your application wait at least that long.',
				`${AGAIN} The answer does not wait for that.`,
				'### What happens to the call',
				GOES_ON.signalWire,
				STREAM_SERVER_DECIDES,
			],
			[
				'## Before you publish',
				stepsToPublish(
					`${credentialStep(carrier, ['Stop Audio Stream', 'Stop to Be Safe', 'Stop the Stream'])} For Plivo or Vobiz, change *Provider* in all three, and the two names of fields.`,
					'**OpenAI Chat Model**: select an OpenAI credential. A model of your own that speaks the same API: set *Base URL* in it.',
					`**${HOOK}**: ${HEADER_AUTH}, and copy the Production URL into your application. No console takes it.`,
				),
				'### Try it without a call',
				'Post `{"CallSid": "no-call", "StreamSid": "no-stream", "wrote": "Please stop listening."}`: the answer has `status` `notFound`.',
				'### The lock',
				`${headerAuthNote(HOOK)} Call and stream are believed as they arrive: let your application take them from the call itself.`,
				keepsNote('the key of your header'),
			],
		),
		rows: [
			[
				webhook(HOOK, { lock: 'headerAuth', responseMode: 'responseNode' }),
				node(
					'AI Agent',
					'@n8n/n8n-nodes-langchain.agent',
					3,
					{
						promptType: 'define',
						text: '={{ $json.body.wrote }}',
						options: { systemMessage: SYSTEM_MESSAGE, returnIntermediateSteps: true },
					},
					{ onError: 'continueErrorOutput' },
				),
				stopTheStream('Stop to Be Safe', { timeout: 5_000, maxRetries: 1 }),
				code('What the Tool Said', TOOL_SAID),
				answerJson(
					'Answer',
					'{ output: $json.output, status: $json.status, stopped: $json.stopped, message: $json.message }',
				),
				outcome(
					"$json.status === 'not asked' || $json.stopped || ($json.status === 'notFound' && !!$json.callState)",
				),
				WAIT_AGAIN,
				stopTheStream('Stop the Stream'),
			],
			[
				undefined,
				node('OpenAI Chat Model', '@n8n/n8n-nodes-langchain.lmChatOpenAi', 1.2, {
					model: { __rl: true, mode: 'id', value: 'gpt-5-mini' },
					options: { timeout: 20_000, maxRetries: 1 },
				}),
				node(
					'Stop Audio Stream',
					`${NODE_TYPE}Tool`,
					1,
					{
						descriptionType: 'manual',
						toolDescription:
							"Stop the audio stream of the customer's live phone call. The call is known already. Safe to repeat. Returns 'stopped' (true when nothing is streaming any more) and 'status'.",
						provider: carrier.name,
						operation: 'stopStream',
						streamBy: 'sid',
						// What the agent works on: in a tool, `$('…').item` is always the first item.
						callId: '={{ $json.body.CallSid }}',
						stream: '={{ $json.body.StreamSid }}',
						options: { timeout: 5_000, maxRetries: 1 },
					},
					{ onError: 'continueRegularOutput' },
				),
				...gap(3),
				failed(carrier),
			],
		],
		flows: [
			...chain(HOOK, 'AI Agent', 'What the Tool Said', 'Answer', 'Is It Down?'),
			['AI Agent', 'Stop to Be Safe', 1],
			['Stop to Be Safe', 'What the Tool Said'],
			['OpenAI Chat Model', 'AI Agent', 0, 'ai_languageModel'],
			['Stop Audio Stream', 'AI Agent', 0, 'ai_tool'],
			...tryAgain('Stop the Stream'),
			['Stop the Stream', 'Is It Down?'],
		],
		keepsNoSuccess: true,
	});
