/** How long a call may be streamed, and what is left of its streams when it ends. */

import {
	chain,
	dataTable,
	everyHour,
	gap,
	manualTrigger,
	setNode,
	stopAndError,
	stopNode,
	switchNode,
	waitMinutes,
	waitSeconds,
	webhook,
	workflow,
	type Flow,
	type Unplaced,
	type Workflow,
} from './workflows.cts';
import {
	basicAuthNote,
	credentialStep,
	filledIn,
	GOES_ON,
	keepsCallbackNote,
	notes,
	sampleEvent,
	signatureNote,
	stepsToPublish,
	STREAM_SERVER_DECIDES,
	tryNote,
	type Carrier,
} from './common.cts';

/** n8n keeps a wait of more than 65 seconds in its database, where a restart does not lose it. */
const KEPT_WAIT_SECONDS = 70;
const LEAST_MINUTES = 2;
const USUAL_MINUTES = 10;
/** With the wait in between, a stop is tried for about 35 minutes. */
const MOST_AGAIN = 30;

const CHECKED = "$('Check Event').first().json";

/** Locks that end the trying at once: waiting changes nothing about them. */
const NO_USE = "['input', 'untrusted', 'credentials']";

/** A webhook's event, known to be the provider's. */
const checked = (carrier: Carrier, lock?: 'basicAuth'): Unplaced[] => [
	webhook('Call Events', {
		...(lock && { lock }),
		...(carrier.name !== 'signalWire' && {
			onlyRunIf: "!['PlayedStream', 'ClearedAudio', 'DegradedStream'].includes($json.body.Event)",
		}),
	}),
	stopNode('Check Event', {
		provider: carrier.name,
		operation: 'checkEvent',
		// Vobiz does not sign for every account, and never the body: Basic Auth is the lock there.
		...(lock && { requireSignature: false }),
	}),
];

/** What became of a stop, and what is done about it; `isDown` is an n8n expression. */
export const outcome = (isDown: string): Unplaced =>
	switchNode(
		'Is It Down?',
		{
			Down: [isDown],
			Again: [`!${NO_USE}.includes($json.failure) && $runIndex < ${String(MOST_AGAIN)}`],
		},
		'Give Up',
	);

export const failed = (carrier: Carrier): Unplaced =>
	stopAndError(
		'A Stream May Still Run',
		`\`A stream of call \${$json.callId ?? 'not known'} at ${carrier.shown} may still run\${$json.stream ? ' (' + $json.stream + ')' : ''}. \${$json.error ?? $json.status}. \${$json.message ?? ''}\``,
	);

/** Behind 'Is It Down?': the stop again, from the node `from` on; and the end of the trying. */
export const tryAgain = (from: string): Flow[] => [
	['Is It Down?', 'Wait 70 Seconds', 1],
	['Wait 70 Seconds', from],
	['Is It Down?', 'A Stream May Still Run', 2],
];

export const WAIT_AGAIN = waitSeconds('Wait 70 Seconds', KEPT_WAIT_SECONDS);
/** Text, since n8n refuses a number that an expression leaves empty, and the call would have no limit. */
export const FILL_IN = setNode('Fill In', { minutes: String(USUAL_MINUTES) });
const MINUTES = `Math.max(Number(${filledIn('minutes')}) || ${String(USUAL_MINUTES)}, ${String(LEAST_MINUTES)})`;
export const WAIT = waitMinutes('Wait', `={{ ${MINUTES} }}`);

export const STEP_MINUTES = `**Fill In**: \`minutes\`, how long a call may be streamed; at least ${String(LEAST_MINUTES)}. What is no number counts as ${String(USUAL_MINUTES)}.`;
export const AGAIN = `A stop that does not work is tried again every ${String(KEPT_WAIT_SECONDS)} seconds, up to ${String(MOST_AGAIN)} times, and then the execution fails and says which stream may still run.`;

const title = (carrier: Carrier): string => `Time limit and hang-up – ${carrier.shown}`;

/** All streams of a call, which need no list of their own: Plivo and Vobiz. */
function byCall(carrier: Carrier): Workflow {
	const locked = carrier.name === 'vobiz';
	return workflow({
		name: title(carrier),
		notes: notes(
			'if the limit is always the same: set `streamTimeout` (seconds) in your `<Stream>` and build nothing. A stream ends with its call by itself.',
			[
				`## ${title(carrier)}`,
				'### What starts it',
				`${carrier.shown} reports that a stream began, or that a call ended.`,
				'### What it does',
				'1. A stream began: it waits for `minutes`, and stops **all** streams of the call, so the limit counts from its first stream. A stream that reconnected meanwhile has a new id, and stops too. A call that is over by then is fine.',
				'2. The call ended: it stops what is left. Usually nothing is.',
				AGAIN,
				'### What happens to the call',
				GOES_ON[carrier.name],
				STREAM_SERVER_DECIDES,
				'Another leg has a Call UUID of its own. If its stream is reported here, it has a limit of its own.',
			],
			[
				'## Before you publish',
				stepsToPublish(
					locked
						? credentialStep(carrier, ['Stop All Streams'])
						: credentialStep(carrier, ['Check Event', 'Stop All Streams'], { signed: true }),
					`${STEP_MINUTES} An expression may decide, for example by the number that was called: \`$('Call Events').first().json.body.To\`.`,
					`**Call Events**: ${locked ? 'select a Basic Auth credential (letters and digits only), and ' : ''}give the Production URL to ${carrier.shown} twice, method POST: as \`statusCallbackUrl\` of your \`<Stream>\`, and in the console, in your application, as **Hangup URL**.`,
				),
				tryNote('Call Events', 'streamStarted', !locked),
				'### The lock',
				locked
					? `${basicAuthNote('Call Events')} *Require Signature* is off: Vobiz does not sign for every account, and never the body.`
					: `**Check Event** lets nothing through that Plivo did not sign. ${signatureNote(carrier)}`,
				...(locked ? [keepsCallbackNote(carrier)] : []),
			],
		),
		rows: [
			[
				...checked(carrier, locked ? 'basicAuth' : undefined),
				switchNode('What Happened?', {
					'Stream Began': [['$json.event', 'streamStarted']],
					'Call Ended': [['$json.event', 'callEnded']],
				}),
				FILL_IN,
				WAIT,
				stopNode(
					'Stop All Streams',
					{
						provider: carrier.name,
						operation: 'stopAllStreams',
						source: 'fields',
						callId: `={{ ${CHECKED}.callId }}`,
						options: { confirm: true },
					},
					'continueRegularOutput',
				),
				outcome("$json.stopped || $json.callState === 'notFound'"),
				WAIT_AGAIN,
			],
			[...gap(7), failed(carrier)],
		],
		flows: [
			...chain(
				'Call Events',
				'Check Event',
				'What Happened?',
				'Fill In',
				'Wait',
				'Stop All Streams',
				'Is It Down?',
			),
			['What Happened?', 'Stop All Streams', 1],
			...tryAgain('Stop All Streams'),
		],
		keepsNoSuccess: locked,
		samples: {
			'Call Events': sampleEvent({
				Event: 'StartStream',
				CallUUID: 'sample-call',
				StreamID: 'sample-stream',
			}),
		},
	});
}

export const TABLE = 'stop_audio_stream_signalwire';
const streams = dataTable(TABLE, ['call_sid', 'stream_sid', 'conference_sid'], ['ends']);

/** The streams are remembered in a table: SignalWire can neither list nor stop all streams of a call. */
function byTable(carrier: Carrier): Workflow {
	const toStop: Flow[] = [
		['Still in the Table', 'Stop Each Stream'],
		['Streams of the Call', 'Stop Each Stream'],
		['What Is Overdue', 'Stop Each Stream'],
		['All That Is in the Table', 'Stop Each Stream'],
	];
	return workflow({
		name: title(carrier),
		notes: notes(
			'if a stream may run as long as its call: it ends with the call by itself.',
			[
				`## ${title(carrier)}`,
				'### What starts it',
				'SignalWire reports that a stream began or ended, or that a call ended. Also the clock, every hour, and you, by hand.',
				'### What it does',
				`1. A stream began: it goes into the table \`${TABLE}\` (SignalWire itself lists none). After \`minutes\` it is stopped, if it is still there.`,
				'2. A stream ended: it leaves the table.',
				'3. A call ended: its streams in the table are stopped, and leave it. A call without a stream leaves no row.',
				'4. Every hour: what is overdue is stopped, for reports that were lost.',
				'5. **Stop Everything Now**, by hand: all that is in the table is stopped.',
				AGAIN,
				'### What happens to the call',
				`${GOES_ON.signalWire} A conference's stream belongs to the room: the end of a leg does not stop it, its limit does.`,
				STREAM_SERVER_DECIDES,
			],
			[
				'## Before you publish',
				stepsToPublish(
					credentialStep(carrier, ['Check Event', 'Stop Each Stream'], { signed: true }),
					STEP_MINUTES,
					'**Stop Everything Now**: move the mouse over it, and press *Execute workflow* on its left, once. It creates the table. Give no other table a name that contains this one: n8n takes the first that does.',
					'**Call Events**: give the Production URL to SignalWire twice, method POST: as `statusCallback` of your `<Stream>`, and in the dashboard, on the page of your phone number, as **Status callback** (or with the call that you make).',
				),
				tryNote('Call Events', 'streamStarted', true),
				'### The lock',
				`**Check Event** lets nothing through that SignalWire did not sign. ${signatureNote(carrier)}`,
			],
		),
		rows: [
			[
				...checked(carrier),
				switchNode('What Happened?', {
					'Stream Began': [['$json.event', 'streamStarted']],
					'Stream Ended': [['$json.event', 'streamEnded']],
					'Call Ended': [['$json.event', 'callEnded']],
				}),
				FILL_IN,
				streams.upsert('Remember the Stream', [['stream_sid', 'eq', `={{ ${CHECKED}.stream }}`]], {
					call_sid: `={{ ${CHECKED}.callId ?? '' }}`,
					stream_sid: `={{ ${CHECKED}.stream }}`,
					conference_sid: `={{ ${CHECKED}.conferenceSid ?? '' }}`,
					ends: `={{ $now.plus({ minutes: ${MINUTES} }).toISO() }}`,
				}),
				WAIT,
				streams.get('Still in the Table', [
					['stream_sid', 'eq', '={{ $json.stream ?? $json.stream_sid }}'],
				]),
				stopNode(
					'Stop Each Stream',
					{ provider: 'signalWire', operation: 'stopStream', source: 'event', streamBy: 'sid' },
					'continueRegularOutput',
				),
				outcome("$json.stopped || ($json.status === 'notFound' && !!$json.callState)"),
				streams.delete('Forget the Stream', [['stream_sid', 'eq', '={{ $json.stream }}']]),
			],
			[
				...gap(6),
				streams.get('Streams of the Call', [
					['call_sid', 'eq', '={{ $json.callId }}'],
					['conference_sid', 'eq', ''],
				]),
				...gap(2),
				WAIT_AGAIN,
			],
			[
				everyHour('Every Hour'),
				...gap(5),
				streams.get('What Is Overdue', [['ends', 'lt', '={{ $now.toISO() }}']]),
				...gap(2),
				failed(carrier),
			],
			[
				manualTrigger('Stop Everything Now'),
				streams.create('Create the Table'),
				...gap(4),
				streams.get('All That Is in the Table', [['stream_sid', 'isNotEmpty', '']]),
			],
		],
		flows: [
			...chain(
				'Call Events',
				'Check Event',
				'What Happened?',
				'Fill In',
				'Remember the Stream',
				'Wait',
				'Still in the Table',
			),
			['What Happened?', 'Forget the Stream', 1],
			['What Happened?', 'Streams of the Call', 2],
			['Every Hour', 'What Is Overdue'],
			...chain('Stop Everything Now', 'Create the Table', 'All That Is in the Table'),
			...toStop,
			['Stop Each Stream', 'Is It Down?'],
			['Is It Down?', 'Forget the Stream'],
			...tryAgain('Still in the Table'),
		],
		samples: {
			'Call Events': sampleEvent({
				StreamEvent: 'stream-started',
				CallSid: 'sample-call',
				StreamSid: 'sample-stream',
			}),
		},
	});
}

/** Waits as long as a call may be streamed and stops its streams; when the call ends, it stops what is left. */
export const timeLimit = (carrier: Carrier): Workflow =>
	carrier.name === 'signalWire' ? byTable(carrier) : byCall(carrier);
