/** A stream that SWML started stops after a while, by its control ID. */

import {
	chain,
	gap,
	stopNode,
	switchNode,
	webhook,
	workflow,
	type Workflow,
} from './workflows.cts';
import {
	basicAuthNote,
	CARRIERS,
	credentialStep,
	GOES_ON,
	keepsCallbackNote,
	notes,
	sampleEvent,
	stepsToPublish,
	STREAM_SERVER_DECIDES,
	tryNote,
} from './common.cts';
import {
	AGAIN,
	failed,
	FILL_IN,
	outcome,
	STEP_MINUTES,
	tryAgain,
	WAIT,
	WAIT_AGAIN,
} from './timeLimit.cts';

const carrier = CARRIERS.signalWire;
const HOOK = 'Stream Status';
const CHECKED = "$('Check Event').first().json";

export const swml = (): Workflow =>
	workflow({
		name: 'SignalWire: stop a stream that SWML started',
		notes: notes(
			'if your calls run on cXML: their streams have a Stream SID. Nor if SWML itself can do it: `stop_stream` in your script needs no n8n.',
			[
				'## Stop a stream that SWML started',
				'### What starts it',
				"SWML's status event `calling.call.stream` says `streaming`.",
				'### What it does',
				'It waits as long as the call may be streamed, and stops the stream by its **control ID**. Give it in your script; it need only be unique on one call, so it may always be the same:',
				'`- stream: { url: "wss://audio.example.com/stream", control_id: caller-audio, status_url: "https://user:password@…" }`',
				'Behind `connect: to: stream:wss://…` the event names no call: put it into the URL, `status_url: https://user:password@…?call_id=%{call.call_id}`.',
				AGAIN,
				'### What is proved',
				'SignalWire accepts the request (`accepted`); it has no way to show that the stream ended. That the request reaches a stream that SWML started is concluded from the documents; nobody has tried it. What SignalWire does not know (404) has ended.',
				'### What happens to the call',
				GOES_ON.signalWire,
				STREAM_SERVER_DECIDES,
			],
			[
				'## Before you publish',
				stepsToPublish(
					credentialStep(carrier, ['Stop by Control ID']),
					STEP_MINUTES,
					`**${HOOK}**: select a Basic Auth credential (letters and digits only), and put the Production URL into \`status_url\` of your script. No field of the dashboard takes it.`,
				),
				tryNote(HOOK, 'streamStarted', false),
				'### The lock',
				`${basicAuthNote(HOOK)} *Require Signature* is off: whether SignalWire signs these events is not documented.`,
				keepsCallbackNote(carrier),
			],
		),
		rows: [
			[
				webhook(HOOK, { lock: 'basicAuth' }),
				stopNode('Check Event', {
					provider: carrier.name,
					operation: 'checkEvent',
					requireSignature: false,
				}),
				switchNode('What Happened?', { 'Stream Began': [['$json.event', 'streamStarted']] }),
				FILL_IN,
				WAIT,
				stopNode(
					'Stop by Control ID',
					{
						provider: carrier.name,
						operation: 'stopStream',
						source: 'fields',
						streamBy: 'controlId',
						callId: `={{ ${CHECKED}.callId }}`,
						stream: `={{ ${CHECKED}.stream }}`,
					},
					'continueRegularOutput',
				),
				outcome("$json.stopped || ['accepted', 'notFound'].includes($json.status)"),
				WAIT_AGAIN,
			],
			[...gap(7), failed(carrier)],
		],
		flows: [
			...chain(
				HOOK,
				'Check Event',
				'What Happened?',
				'Fill In',
				'Wait',
				'Stop by Control ID',
				'Is It Down?',
			),
			...tryAgain('Stop by Control ID'),
		],
		keepsNoSuccess: true,
		samples: {
			[HOOK]: sampleEvent(
				{
					event_type: 'calling.call.stream',
					params: { call_id: 'sample-call', control_id: 'caller-audio', state: 'streaming' },
				},
				'application/json',
			),
		},
	});
