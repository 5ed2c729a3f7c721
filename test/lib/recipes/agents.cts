/** An AI agent, a document server, a list of several carriers, and a team that is told. */

import {
	answerXml,
	chain,
	code,
	filter,
	ifNode,
	NODE_TYPE,
	setNode,
	splitOut,
	stopNode,
	webhook,
	workflow,
	type Unplaced,
	type Workflow,
} from '../workflows.cts';
import {
	CARRIERS,
	headerAuthNote,
	keepsNote,
	notes,
	signatureNote,
	steps,
	TEAM_CHAT,
	tellTeam,
} from './common.cts';

/** A model decides when; which call it is comes from the request. */
export function aiAgent(): Workflow {
	const asked = "$('What the Caller Said').item.json.body";
	const agent: Unplaced = {
		name: 'AI Agent',
		type: '@n8n/n8n-nodes-langchain.agent',
		typeVersion: 3,
		parameters: {
			promptType: 'define',
			text: '={{ $json.body.said }}',
			options: {
				systemMessage:
					'You speak with a caller whose audio is being streamed. When the caller asks to stop listening, recording or streaming, use the tool once, then tell the caller in one sentence what came of it. Never say that the stream has stopped unless the tool says so.',
			},
		},
	};
	const model: Unplaced = {
		name: 'OpenAI Chat Model',
		type: '@n8n/n8n-nodes-langchain.lmChatOpenAi',
		typeVersion: 1.2,
		parameters: { model: { __rl: true, mode: 'id', value: 'gpt-5-mini' }, options: {} },
	};
	const tool: Unplaced = {
		name: 'Stop Audio Stream',
		type: `${NODE_TYPE}Tool`,
		typeVersion: 1,
		parameters: {
			// What n8n writes by itself is the sentence for people, which says less.
			descriptionType: 'manual',
			toolDescription:
				"Stop the audio stream of the caller's live phone call. The call is known already. Safe to repeat. Returns 'stopped' (true when nothing is streaming any more) and 'status'.",
			provider: 'signalWire',
			operation: 'stopStream',
			streamBy: 'sid',
			callId: `={{ ${asked}.CallSid }}`,
			stream: `={{ ${asked}.StreamSid }}`,
			options: {},
		},
	};
	return workflow({
		name: 'AI agent that stops the stream when asked',
		notes: notes(
			'if the agent reaches the call by SIP (many voice platforms do): such a call has no stream to stop. Nor if a rule can decide: a keypress needs no model.',
			[
				'## An AI agent that stops the stream when asked',
				'### What starts it',
				'Your voice application posts what the caller said, with the call it belongs to: `{"CallSid": "…", "StreamSid": "…", "said": "…"}`. The agent\'s words come back as the answer.',
				'### What it does',
				'The model decides one thing only: **when** to use the tool. Call and stream come from the request, never from the model, so a caller cannot talk the agent into another call. What came back, or what went wrong and what to do about it, reaches the model as one message.',
				'### What happens to the call',
				"The stream stops by its SID and the call goes on. Where the stream is all that keeps the call alive, such as the agent's own audio, the call may end.",
			],
			[
				'## Before you publish',
				steps(
					'**Stop Audio Stream**: select your SignalWire Basic API credential. For Plivo or Vobiz, change **Provider**, the credential, and the names of the two fields in the request.',
					'**OpenAI Chat Model**: select an OpenAI credential. For a model of your own that speaks the same API, set the **Base URL** in that credential.',
					'**What the Caller Said**: select a Header Auth credential, and copy the Production URL into your application.',
				),
				'### The lock',
				`${headerAuthNote('What the Caller Said')} Call and stream are believed as they arrive: let your application take them from the call itself.`,
				keepsNote('the key of your header'),
			],
		),
		rows: [
			[webhook('What the Caller Said', { lock: 'headerAuth', responseMode: 'lastNode' }), agent],
			[undefined, model, tool],
		],
		flows: [
			['What the Caller Said', 'AI Agent'],
			['OpenAI Chat Model', 'AI Agent', 0, 'ai_languageModel'],
			['Stop Audio Stream', 'AI Agent', 0, 'ai_tool'],
		],
		keepsNoSuccess: true,
	});
}

const WRITE_THE_DOCUMENT = String.raw`// Only the address decides: what SignalWire posts about the call is not looked at.
const { STREAMNAME, then, text, seconds, url } = $input.first().json.query;
const last = (value) => String([value ?? ''].flat().at(-1));

/** Text as XML 1.0 can hold it: without control characters and halves of characters, the rest escaped. */
const escape = (value) =>
  last(value)
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replace(/[&<>"'\t\n\r]/g, (character) => ${'`&#${character.codePointAt(0)};`'});

const name = escape(STREAMNAME);
const pause = /^[1-9]\d{0,4}$/.test(last(seconds)) ? last(seconds) : '3600';
const goesOn = last(then) === 'redirect' && /^https?:\/\//i.test(last(url));

return [{
  json: {
    document: [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<Response>',
      name && ${'`<Stop><Stream name="${name}"/></Stop>`'},
      last(then) === 'say' && ${'`<Say>${escape(text)}</Say>`'},
      goesOn ? ${'`<Redirect>${escape(url)}</Redirect>`'} : ${'`<Pause length="${pause}"/>`'},
      '</Response>',
    ].filter(Boolean).join('\n'),
  },
}];`;

/** Serves the document that stops a stream by its name: SignalWire. */
export function documentServer(): Workflow {
	return workflow({
		name: 'SignalWire: a document that stops a stream by name',
		notes: notes(
			"if you have the Stream SID: stopping by SID leaves the call's document alone, and needs no document.",
			[
				'## A cXML document that stops a stream by name',
				'### What starts it',
				"SignalWire fetches the document when **Stop Audio Stream** stops a stream with **Identify Stream By: Stream Name** and this webhook's address as **cXML URL**. The node adds the name as `STREAMNAME`.",
				'### What it does',
				'It answers `<Stop><Stream name="…"/></Stop>` for that name, whatever characters it holds, and then what `then` in the address asks for:',
				'- nothing, or `then=pause`: the call stays open and silent, for an hour, or for `seconds=…`',
				'- `then=say&text=…`: it says that, then stays open',
				'- `then=redirect&url=…`: it goes on with your document at that address',
				'### What happens to the call',
				'SignalWire runs this document **in place of** what the call is doing. When a document ends, so does the call: that is why a `<Pause>` or `<Redirect>` always comes last.',
			],
			[
				'## Before you publish',
				'### What to fill in',
				'1. Copy the Production URL of **SignalWire Asks** into **cXML URL** of your Stop Audio Stream node, with `?then=…` behind it where you want more than a pause. Blanks and signs in `text` and `url` must be encoded, as in `text=One%20moment`. GET and POST both work.',
				'2. Nothing else: no credential is needed here.',
				'',
				'XML cannot hold control characters, so they are left out; a stream with one in its name can only be stopped by its SID. A name that is missing stops nothing, and the call stays up.',
				'### The lock',
				'A document stops nothing by itself: it takes your node to make SignalWire run it on a call. SignalWire fetches documents without a password, so the address alone is the lock: n8n made up a random path at the import. Keep it random and secret, and write no password into the document.',
			],
		),
		rows: [
			[
				webhook('SignalWire Asks', { methods: ['GET', 'POST'], responseMode: 'responseNode' }),
				code('Write the Document', WRITE_THE_DOCUMENT),
				answerXml('Answer with the Document', '={{ $json.document }}'),
			],
		],
		flows: [
			...chain('SignalWire Asks', 'Write the Document', 'Answer with the Document'),
			['SignalWire Asks', 'Write the Document', 1],
		],
	});
}

/** Streams of several carriers in one node. */
export function mixedCarriers(): Workflow {
	return workflow({
		name: 'Stop a list of streams of several carriers',
		notes: notes(
			'if all your streams are at one provider: choose it in the node, and n8n asks for one credential only.',
			[
				'## Streams of several carriers in one node',
				'### What starts it',
				'Your own application posts a list; each entry names its provider, and call and stream as that provider does: `{"streams": [{"provider": "plivo", "CallUUID": "…", "StreamID": "…"}, {"provider": "signalWire", "CallSid": "…", "StreamSid": "…"}]}`. An entry for a conference\'s stream on SignalWire has `ConferenceSid` too.',
				'### What it does',
				'One node stops them all, side by side. **Provider** is an expression; call and stream are found in each entry, so there is nothing to map. The answer is one result for each entry, in the same order; one that does not work does not hold up the others.',
				'### What happens to the calls',
				'Each call goes on. Where a stream is all that keeps a call alive, that call may end.',
			],
			[
				'## Before you publish',
				steps(
					'**Stop Each Stream**: select a credential for each of the three providers. n8n asks for all three before it publishes, because the provider comes from the entry; only those that are used are read.',
					'**Streams to Stop**: select a Header Auth credential, and copy the Production URL into your application.',
				),
				'### The lock',
				headerAuthNote('Streams to Stop'),
				keepsNote('the key of your header'),
			],
		),
		rows: [
			[
				webhook('Streams to Stop', {
					lock: 'headerAuth',
					responseMode: 'lastNode',
					allEntries: true,
				}),
				splitOut('One Item for Each', 'body.streams'),
				stopNode(
					'Stop Each Stream',
					{
						provider: '={{ $json.provider }}',
						operation: 'stopStream',
						source: 'event',
						streamBy: 'sid',
					},
					'continueRegularOutput',
				),
			],
		],
		flows: chain('Streams to Stop', 'One Item for Each', 'Stop Each Stream'),
		keepsNoSuccess: true,
	});
}

/** Tells a team what is not known to have stopped. */
export function failuresToTeam(): Workflow {
	const carrier = CARRIERS.plivo;
	const call = "$('Keep the Call').first().json.call_uuid";
	return workflow({
		name: 'Plivo: tell the team when a stream may still run',
		notes: notes(
			"if somebody looks at n8n's **Executions** anyway: a stop that does not work is red there.",
			[
				'## Tell the team when a stream may still run',
				'### What starts it',
				"Plivo's hang-up callback: `Event` is `Hangup`.",
				'### What it does',
				'It stops all streams of the call. What could not be stopped leaves through the error output of **Stop All Streams**, with `error` (what happened) and `message` (what to do), and your team gets it as one message. So does an event that Plivo did not sign. **And so does a `notFound` on a call that is still live**: then an id is wrong, and a stream may run that nobody stops. Something that had ended already is no message.',
				'### What happens to the call',
				'This leg is over. Streams of another leg go on.',
			],
			[
				'## Before you publish',
				steps(
					'**Stop All Streams**: select your Plivo Basic API credential. For another provider, change **Provider**, the filter and the lock.',
					`**Tell the Team**: put the address of your team's incoming webhook (Slack, Mattermost, Google Chat, …) in place of \`${TEAM_CHAT}\`, or use the node of your chat. Until then nobody is told.`,
					'**Call Ended**: copy the Production URL and give it to Plivo as the Hangup URL of your application, method POST.',
				),
				'### The lock',
				`*Signed Event* obeys only what Plivo signed, for this very call. ${signatureNote(carrier)}`,
			],
		),
		rows: [
			[
				webhook('Call Ended', { onlyRunIf: "$json.body.Event === 'Hangup'" }),
				filter("Only 'Hangup'", ['$json.body.Event', 'Hangup']),
				setNode('Keep the Call', { call_uuid: '={{ $json.body.CallUUID }}' }),
				stopNode(
					'Stop All Streams',
					{
						provider: 'plivo',
						operation: 'stopAllStreams',
						source: 'event',
						options: { signedEvent: "={{ $('Call Ended').first().json }}" },
					},
					'continueErrorOutput',
				),
				ifNode(
					'Not Found, and the Call Is Live?',
					['$json.status', 'notFound'],
					['$json.callState', 'live'],
				),
				setNode('Say That an Id Is Wrong', {
					text: `={{ \`No stream was found on call \${${call}}, and the call is live: an id may be wrong, and its stream may still run.\` }}`,
				}),
				tellTeam('Tell the Team', '$json.text', TEAM_CHAT),
			],
			[
				undefined,
				undefined,
				undefined,
				undefined,
				setNode('Say What Failed', {
					text: `={{ \`A stream of call \${${call}} may still run. \${$json.error}. \${$json.message}\` }}`,
				}),
			],
		],
		flows: [
			...chain(
				'Call Ended',
				"Only 'Hangup'",
				'Keep the Call',
				'Stop All Streams',
				'Not Found, and the Call Is Live?',
				'Say That an Id Is Wrong',
				'Tell the Team',
			),
			['Stop All Streams', 'Say What Failed', 1],
			['Say What Failed', 'Tell the Team'],
		],
	});
}
