/** A chat hears of every failed execution: one error workflow for all recipes and providers. */

import { chain, code, errorTrigger, http, workflow, type Workflow } from './workflows.cts';
import { notes, SAVE_NO_SUCCESS, steps } from './common.cts';

/**
 * One message for the chat. n8n puts the node's own words and our `context` into the error. What nobody verified
 * stays out: an event that was refused or could not be read, and the sentences of other nodes, which may quote one.
 */
const MESSAGE = `const { workflow, execution, trigger } = $input.first().json;
const { error = {}, lastNodeExecuted, url } = { ...trigger, ...execution };
const { type = '' } = error.node ?? {};
const { failure, provider, callId, conferenceSid, stream } = error.context ?? {};
const shown = { signalWire: 'SignalWire', plivo: 'Plivo', vobiz: 'Vobiz' }[provider] ?? 'no provider';
const id = (value) => (/^[\\w.-]{1,100}$/.test(value ?? '') ? value : 'not shown');

let what;
if (failure === 'untrusted' || failure === 'input') {
  what = \`\${shown}: an event or its fields were refused (\${failure}). Nobody verified them, so they are not shown here.\`;
} else if (failure) {
  const call = conferenceSid ? \`conference \${id(conferenceSid)}\` : \`call \${id(callId)}\`;
  what = \`\${shown}, \${call}, \${stream ? \`stream \${id(stream)}\` : 'all of its streams'}: \${error.message}. \${error.description ?? ''}\`;
} else if (type === 'n8n-nodes-base.stopAndError') {
  // The sentence that the workflow itself says; the recipes name provider, call and stream in it.
  what = error.message;
} else {
  what = 'What it said may quote an event that nobody verified: open the execution.';
}
const where = lastNodeExecuted ? \` in '\${lastNodeExecuted}'\` : '';
return [{ json: { text: \`\${workflow.name} failed\${where}. \${what.trim()} \${url ?? ''}\`.trim() } }];`;

export const tellTheTeam = (): Workflow =>
	workflow({
		name: 'Tell the team',
		notes: notes(
			'if somebody looks at n8n’s **Executions** every day: what failed is red there.',
			[
				'## Tell the team',
				'### What starts it',
				'n8n, when an execution fails of a workflow whose settings name this one as **Error workflow**. One serves all recipes and all providers.',
				'### What it does',
				'It writes one message into your chat: the workflow, the node, provider, call and stream, what happened and what to do, and a link to the execution.',
				'No id and no text of an unverified event goes into the chat. For another package’s node, except *Stop And Error*, you get only the link: its sentence may quote such an event.',
				'### What happens to the call',
				'Nothing: it only tells.',
			],
			[
				'## Before you publish',
				steps(
					SAVE_NO_SUCCESS,
					'**Tell the Team**: put the URL of your chat’s incoming webhook (Slack, Mattermost, Google Chat, …) in place of `https://hooks.example.com/your-team`, or use the node of your chat.',
					'**Publish it.** n8n calls no error workflow that is not published.',
					'In each of the other workflows: Menu ⋯ → Settings → **Error workflow** → *Tell the team*.',
				),
				'### Try it without a call',
				'Press *Execute workflow*: n8n makes up a failure, and your chat hears of it. Only failures of published workflows start it by themselves, not those in the editor.',
				'### The lock',
				'There is no webhook: only n8n itself starts it. If your chat takes no message in three tries, this workflow fails, and shows under **Executions**.',
			],
		),
		rows: [
			[
				errorTrigger('An Execution Failed'),
				code('Write the Message', MESSAGE),
				http('Tell the Team', {
					method: 'POST',
					url: 'https://hooks.example.com/your-team',
					json: 'JSON.stringify({ text: $json.text })',
					options: { timeout: 5_000 },
					retries: 2,
				}),
			],
		],
		flows: chain('An Execution Failed', 'Write the Message', 'Tell the Team'),
	});
