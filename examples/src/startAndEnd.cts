/** The life of a call: a stream is started, ends at a time limit, and stops when somebody hangs up. */

import {
	answerXml,
	chain,
	dataTable,
	filter,
	manualTrigger,
	setNode,
	stopNode,
	switchNode,
	waitMinutes,
	webhook,
	workflow,
	type Condition,
	type Workflow,
} from './workflows.cts';
import {
	basicAuthNote,
	GOES_ON,
	keepsCallbackNote,
	notes,
	REDDEN,
	signatureNote,
	steps,
	type Carrier,
} from './common.cts';

/** Text inside XML: an `&` that is left as it is makes a provider drop the call. */
const xml = (expression: string): string =>
	`{{ ${expression}.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;') }}`;

const document = (...lines: string[]): string =>
	['=<?xml version="1.0" encoding="UTF-8"?>', '<Response>', ...lines, '</Response>'].join('\n');

const streamElement = (callback: string): string =>
	`  <Stream audioTrack="both" contentType="audio/x-mulaw;rate=8000" streamTimeout="3600" statusCallbackUrl="${xml(callback)}" statusCallbackMethod="POST">${xml('$json.stream_server')}</Stream>`;

const ANSWERS = {
	signalWire: {
		document: document(
			'  <Start>',
			`    <Stream url="${xml('$json.stream_server')}" track="both_tracks" statusCallback="${xml('$json.stream_status')}" statusCallbackMethod="POST"/>`,
			'  </Start>',
			'  <Pause length="3600"/>',
		),
		number:
			'your phone number, *When a call comes in*: a cXML webhook. *Status callback* of the same page takes the hang-up address',
		goesOn:
			'`<Pause>` keeps the call open for an hour of silence. Put what your call really does in its place, such as `<Dial>` or `<Gather>`: where the document ends, the call ends. For a voice agent that talks back, write `<Connect><Stream …/></Connect>` instead of `<Start>`.',
		lock: "SignalWire fetches documents without a password, so the address alone is the lock: n8n made up a random path at the import. Whoever learns it sees the address of your stream server, so have that server check who connects. **Never write a password into this document.** The webhook that gets the stream status checks SignalWire's signature instead.",
	},
	plivo: {
		document: document(streamElement('$json.stream_status'), '  <Wait length="3600"/>'),
		number: 'your application, *Answer URL*, method POST. *Hangup URL* takes the hang-up address',
		goesOn:
			'`<Wait>` keeps the call open for an hour of silence. Put what your call really does in its place: where the document ends, the call ends. For a voice agent that talks back, give `<Stream>` `bidirectional="true" keepCallAlive="true"` and `audioTrack="inbound"`; it then holds the call itself.',
		lock: "Nobody could try whether Plivo takes a password in this address, so the address alone is the lock: n8n made up a random path at the import. Whoever learns it sees the address of your stream server, so have that server check who connects. **Never write a password into this document.** The webhook that gets the stream status checks Plivo's signature instead.",
	},
	vobiz: {
		document: document(
			streamElement("$json.stream_status.replace('://', '://' + $json.login + '@')"),
			'  <Wait length="3600"/>',
		),
		number: 'your application, *Answer URL*, method POST. *Hangup URL* takes the hang-up address',
		goesOn:
			'`<Wait>` keeps the call open for an hour of silence. Put what your call really does in its place: where the document ends, the call ends. For a voice agent that talks back, give `<Stream>` `bidirectional="true" keepCallAlive="true"` and `audioTrack="inbound"`; it then holds the call itself.',
		lock: `${basicAuthNote('Call Answered')} The document hands the same user and password to the stream status, so give that webhook the **same** Basic Auth credential.`,
	},
};

/** Answers a call with the document that starts its stream. */
export function answer(carrier: Carrier): Workflow {
	const of = ANSWERS[carrier.name];
	const locked = carrier.name === 'vobiz';
	return workflow({
		name: `${carrier.shown}: answer a call and start its stream`,
		notes: notes(
			`if something else answers your calls already: put the \`statusCallback\` into the document that you have.`,
			[
				'## Answer a call and start its stream',
				'### What starts it',
				`${carrier.shown} asks what to do with a new call.`,
				'### What it does',
				`It answers with the document that sends the call's audio to your stream server, and tells ${carrier.shown} where to report that the stream began and ended. The other recipes live on those reports, and on the hang-up.`,
				'### What happens to the call',
				of.goesOn,
			],
			[
				'## Before you publish',
				steps(
					`**Fill In**: \`stream_server\`, the \`wss://\` address that takes the audio, and \`stream_status\`, the Production URL of the *Stream Status* webhook in the recipe that you use (time limit, hang-up)${locked ? ', without user and password' : ''}.`,
					`**Call Answered**: copy the Production URL into ${of.number} (the Production URL of your hang-up recipe).`,
				),
				'### The lock',
				of.lock,
				...(locked ? [keepsCallbackNote(carrier)] : []),
			],
		),
		rows: [
			[
				webhook('Call Answered', {
					responseMode: 'responseNode',
					...(locked && { lock: 'basicAuth' }),
				}),
				setNode('Fill In', {
					stream_server: 'wss://audio.example.com/stream',
					stream_status: 'https://n8n.example.com/webhook/your-stream-status',
					...(locked && {
						login:
							"={{ $json.headers.authorization.split(' ')[1].base64Decode().split(':').map(encodeURIComponent).join(':') }}",
					}),
				}),
				answerXml('Answer with the Document', of.document),
			],
		],
		flows: chain('Call Answered', 'Fill In', 'Answer with the Document'),
		keepsNoSuccess: locked,
	});
}

const STARTED = {
	signalWire: { field: 'StreamEvent', word: 'stream-started', attribute: '`statusCallback`' },
	plivo: { field: 'Event', word: 'StartStream', attribute: '`statusCallbackUrl`' },
	vobiz: { field: 'Event', word: 'StartStream', attribute: '`statusCallbackUrl`' },
};

const NOT_A_LIMIT = {
	signalWire: 'if a stream may run as long as its call: it ends with the call by itself.',
	plivo:
		'if the limit is always the same: set `streamTimeout` in your `<Stream>` (`stream_timeout` in the API) and build nothing.',
	vobiz:
		'if the limit is always the same: set `streamTimeout` in your `<Stream>` (`stream_timeout` in the API) and build nothing.',
};

/** Waits as long as the call may be streamed, and stops its streams. */
export function timeLimit(carrier: Carrier): Workflow {
	const { field, word, attribute } = STARTED[carrier.name];
	const all = carrier.name !== 'signalWire';
	const stop = all ? 'Stop All Streams' : 'Stop the Stream';
	const operation = all ? 'stopAllStreams' : 'stopStream';
	const by: Record<string, string> = all ? {} : { streamBy: 'sid' };
	const filterName = `Only '${word}'`;
	const event = "$('Stream Status').first().json.body";
	const locked = carrier.name === 'vobiz';
	return workflow({
		name: `${carrier.shown}: stop ${all ? "a call's streams" : 'a stream'} after a time limit`,
		notes: notes(
			NOT_A_LIMIT[carrier.name],
			[
				'## Stop after a time limit that depends on the call',
				'### What starts it',
				`${carrier.shown}'s status callback says that a stream began: \`${field}\` is \`${word}\`.`,
				'### What it does',
				`**Check the Sender** sends nothing (*Preview Only* is on); it lets an event through only where ${carrier.shown} signed it. **Keep the Ids** drops all else, and says how many minutes this call may be streamed: write an expression there, say by the number that was called. Then it waits and stops.`,
				all
					? `It stops **all** streams of the call: a stream that reconnected meanwhile has a new Stream ID. Where only this one may go, set **Operation** of the last node to *Stop Stream*; its id is there too.`
					: 'A stream of a conference is stopped as such: the event says so. A stream that has ended by then is fine.',
				'### What happens to the call',
				GOES_ON[carrier.name],
			],
			[
				'## Before you publish',
				steps(
					`**Check the Sender** and **${stop}**: select your ${carrier.credentialShown} credential.`,
					`**Keep the Ids**: \`minutes\`, how long the call may be streamed. n8n keeps a wait of more than 65 seconds in its database, so a restart does not lose it.`,
					`**Stream Status**: copy the Production URL and give it to ${carrier.shown} as ${attribute} of your \`<Stream>\`, method POST.`,
				),
				'### The lock',
				...(locked ? [basicAuthNote('Stream Status')] : []),
				`Only what ${carrier.shown} signed is obeyed (*Verify Signature*). ${signatureNote(carrier)} ${REDDEN}`,
				...(locked ? [keepsCallbackNote(carrier)] : []),
			],
		),
		rows: [
			[
				webhook('Stream Status', {
					onlyRunIf: `$json.body.${field} === '${word}'`,
					...(locked && { lock: 'basicAuth' }),
				}),
				filter(filterName, [`$json.body.${field}`, word]),
				stopNode('Check the Sender', {
					provider: carrier.name,
					operation,
					source: 'event',
					...by,
					options: { preview: true, verifySignature: true },
				}),
				setNode('Keep the Ids', {
					...(all
						? { call_uuid: `={{ ${event}.CallUUID }}`, stream_id: `={{ ${event}.StreamID }}` }
						: streamRow(event)),
					minutes: 10,
				}),
				waitMinutes('Wait', '={{ $json.minutes }}'),
				stopNode(stop, { provider: carrier.name, operation, source: 'event', ...by }),
			],
		],
		flows: chain('Stream Status', filterName, 'Check the Sender', 'Keep the Ids', 'Wait', stop),
		keepsNoSuccess: locked,
	});
}

/** The ids of a SignalWire stream, named so that 'Incoming Event' finds them. */
const streamRow = (event: string): Record<string, string> => ({
	call_sid: `={{ ${event}.CallSid }}`,
	stream_sid: `={{ ${event}.StreamSid }}`,
	conference_sid: `={{ ${event}.ConferenceSid ?? '' }}`,
});

const SAFETY_NET =
	'if all you want is that a stream ends with its call: it does so by itself. This is a safety net for what is left over.';

/** Stops all streams of a leg that ended: Plivo. */
function hangUpPlivo(carrier: Carrier): Workflow {
	return workflow({
		name: 'Plivo: stop all streams of a call on hang-up',
		notes: notes(
			SAFETY_NET,
			[
				'## Stop what is left when somebody hangs up',
				'### What starts it',
				"Plivo's hang-up callback: `Event` is `Hangup`, however the call ended (completed, busy, failed, no answer, timeout, cancel).",
				'### What it does',
				'A hang-up names the call and no stream, so the node stops **all** streams of that call. Mostly nothing is left: that is the status `alreadyStopped`, and fine.',
				'### What happens to the call',
				'This leg is over. **Each leg has a Call UUID of its own**: give the hang-up address to the leg that started the stream. Streams of another leg go on.',
			],
			[
				'## Before you publish',
				steps(
					'**Stop All Streams**: select your Plivo Basic API credential.',
					'**Call Ended**: copy the Production URL and give it to Plivo as the Hangup URL of your application (`hangup_url` in the API), method POST.',
				),
				'### The lock',
				`Only what Plivo signed is obeyed (*Verify Signature*). ${signatureNote(carrier)} ${REDDEN}`,
			],
		),
		rows: [
			[
				webhook('Call Ended', { onlyRunIf: "$json.body.Event === 'Hangup'" }),
				filter("Only 'Hangup'", ['$json.body.Event', 'Hangup']),
				stopNode('Stop All Streams', {
					provider: 'plivo',
					operation: 'stopAllStreams',
					source: 'event',
					options: { verifySignature: true },
				}),
			],
		],
		flows: chain('Call Ended', "Only 'Hangup'", 'Stop All Streams'),
	});
}

/** Stops all streams of a leg that ended: Vobiz, whose second legs send no hang-up of their own. */
function hangUpVobiz(carrier: Carrier): Workflow {
	const stopAll = { provider: 'vobiz', operation: 'stopAllStreams', source: 'event' };
	const secondLegEnded =
		"$json.body.DialBLegUUID && ($json.body.DialAction === 'hangup' || $json.body.DialStatus)";
	return workflow({
		name: 'Vobiz: stop all streams of a call on hang-up',
		notes: notes(
			SAFETY_NET,
			[
				'## Stop what is left when somebody hangs up',
				'### What starts it',
				"Vobiz's hang-up callback: `Event` is `Hangup`, however the call ended. It comes for the **first leg only**. The second leg of a `<Dial>` has a Call UUID of its own and sends no hang-up: its end comes with the callback of the `<Dial>`, as `DialBLegUUID`.",
				'### What it does',
				'A hang-up names the call and no stream, so the node stops **all** streams of that leg. **Keep the Call** and **Keep the Second Leg** drop everything but the id; *Signed Event* still checks the event that started this. Mostly nothing is left, and that is fine.',
				'### What happens to the call',
				'That leg is over. Streams of another leg go on.',
			],
			[
				'## Before you publish',
				steps(
					'**Stop All Streams**, **Check the Sender**, **Stop the Second Leg**: select your Vobiz X-Auth API credential.',
					'**Call Ended**: give its Production URL to Vobiz as the Hangup URL of your application, method POST.',
					'**Dial Callback**: only where you use `<Dial>` and stream the second leg: give its Production URL as `callbackUrl` of your `<Dial>`. Vobiz names these fields as Plivo does; nobody could try it on a live account.',
				),
				'### The lock',
				basicAuthNote('Call Ended', 'Dial Callback'),
				`**Verify Signature** checks Vobiz's signature too. ${signatureNote(carrier)} ${REDDEN}`,
				keepsCallbackNote(carrier),
			],
		),
		rows: [
			[
				webhook('Call Ended', {
					lock: 'basicAuth',
					onlyRunIf: "$json.body.Event === 'Hangup'",
				}),
				filter("Only 'Hangup'", ['$json.body.Event', 'Hangup']),
				setNode('Keep the Call', { call_uuid: '={{ $json.body.CallUUID }}' }),
				stopNode('Stop All Streams', {
					...stopAll,
					options: { signedEvent: "={{ $('Call Ended').first().json }}" },
				}),
			],
			[
				webhook('Dial Callback', { lock: 'basicAuth', onlyRunIf: secondLegEnded }),
				filter('Only the End of a Second Leg', `!!(${secondLegEnded})`),
				stopNode('Check the Sender', {
					...stopAll,
					options: { preview: true, verifySignature: true },
				}),
				setNode('Keep the Second Leg', {
					call_uuid: "={{ $('Dial Callback').first().json.body.DialBLegUUID }}",
				}),
				stopNode('Stop the Second Leg', stopAll),
			],
		],
		flows: [
			...chain('Call Ended', "Only 'Hangup'", 'Keep the Call', 'Stop All Streams'),
			...chain(
				'Dial Callback',
				'Only the End of a Second Leg',
				'Check the Sender',
				'Keep the Second Leg',
				'Stop the Second Leg',
			),
		],
		keepsNoSuccess: true,
	});
}

export const TABLE = 'stop_audio_stream_signalwire';
/** The table of SignalWire's streams: SignalWire itself cannot list them. */
export const streams = dataTable(TABLE, ['call_sid', 'stream_sid', 'conference_sid', 'event']);
/** What the column `event` holds. */
export const ROW_OF = { stream: 'stream-started', hangUp: 'call-ended' };

/** What every recipe over the table says of it. */
export const TABLE_NOTE = `n8n takes the first table whose name contains the one asked for: give no other table a name that contains \`${TABLE}\`.`;

const ENDS = ['completed', 'busy', 'failed', 'no-answer', 'canceled'];

/** Keeps the table of streams, and stops those of a leg that ended: SignalWire. */
function hangUpSignalWire(carrier: Carrier): Workflow {
	const event = "$('Stream Status').first().json.body";
	const call = "$('Call Status').first().json";
	const inWords = (words: readonly string[], field: string): Condition[] =>
		words.map((word) => [`$json.body.${field}`, word]);
	const STREAM_EVENTS = ['stream-started', 'stream-stopped', 'stream-error'];
	const bySid = {
		provider: 'signalWire',
		operation: 'stopStream',
		source: 'event',
		streamBy: 'sid',
	};
	return workflow({
		name: 'SignalWire: stop the streams of a call on hang-up',
		notes: notes(
			SAFETY_NET,
			[
				'## Stop what is left when somebody hangs up',
				'### What starts it',
				'Two callbacks of SignalWire. **Stream Status** keeps a table of the streams that run. **Call Status** says that a call ended, in any way (completed, busy, failed, no answer, canceled): then what the table holds for that call is stopped.',
				'### Why the table',
				"SignalWire's hang-up names no stream, and SignalWire can neither list nor stop all streams of a call.",
				'### What it does with callbacks that come late',
				'SignalWire promises no order. A hang-up leaves a row `call-ended`; a stream that is reported after it is stopped at once, and leaves the table. The recipe **Sweep** clears what is left, and the rows `call-ended`: use both.',
				'### What happens to the call',
				"That leg is over. The streams of another leg go on, and so does a **conference's** stream, which belongs to the room.",
			],
			[
				'## Before you publish',
				steps(
					`Run **Set Up Once** by hand: it creates the table \`${TABLE}\`.`,
					'**Check the Stream Event**, **Stop the Late Stream**, **Check the Hang-Up**, **Stop Each Stream**: select your SignalWire Basic API credential. The two checks send nothing (*Preview Only*); the stream `none` is only there because a hang-up names none.',
					'**Stream Status**: give its Production URL to SignalWire as `statusCallback` of your `<Stream>`, method POST.',
					'**Call Status**: give its Production URL as the status callback of the number or of the call that starts the stream, method POST.',
				),
				TABLE_NOTE,
				'### The lock',
				`No row is written and nothing is stopped unless SignalWire signed the event. ${signatureNote(carrier)}`,
				`${basicAuthNote('Call Status')} The address of **Stream Status** stands in your document, so it carries no password. ${REDDEN}`,
				keepsCallbackNote(carrier),
			],
		),
		rows: [
			[manualTrigger('Set Up Once'), streams.create('Create the Table')],
			[
				webhook('Stream Status', {
					onlyRunIf: `['${STREAM_EVENTS.join("', '")}'].includes($json.body.StreamEvent)`,
				}),
				filter('Only Stream Events', ...inWords(STREAM_EVENTS, 'StreamEvent')),
				stopNode('Check the Stream Event', {
					...bySid,
					options: { preview: true, verifySignature: true },
				}),
				setNode('Keep the Ids', {
					...streamRow(event),
					event: `={{ ${event}.StreamEvent }}`,
				}),
				switchNode('Started or Ended', {
					Started: [['$json.event', 'stream-started']],
					Ended: [
						['$json.event', 'stream-stopped'],
						['$json.event', 'stream-error'],
					],
				}),
				streams.upsert('Remember the Stream', [['stream_sid', 'eq', '={{ $json.stream_sid }}']], {
					call_sid: '={{ $json.call_sid }}',
					stream_sid: '={{ $json.stream_sid }}',
					conference_sid: '={{ $json.conference_sid }}',
					event: ROW_OF.stream,
				}),
				streams.ifRowExists('Only If the Call Is Over', [
					['call_sid', 'eq', '={{ $json.call_sid }}'],
					['event', 'eq', ROW_OF.hangUp],
				]),
				filter("Not a Conference's", ['$json.conference_sid', '']),
				stopNode('Stop the Late Stream', bySid),
				filter('Only If It Is Down', '$json.stopped'),
				streams.delete('Forget the Late Stream', [['stream_sid', 'eq', '={{ $json.stream }}']]),
			],
			[
				undefined,
				undefined,
				undefined,
				undefined,
				undefined,
				streams.delete('Forget the Stream', [['stream_sid', 'eq', '={{ $json.stream_sid }}']]),
			],
			[
				webhook('Call Status', {
					lock: 'basicAuth',
					onlyRunIf: `['${ENDS.join("', '")}'].includes($json.body.CallStatus)`,
				}),
				filter('Only the End of a Call', ...inWords(ENDS, 'CallStatus')),
				stopNode('Check the Hang-Up', {
					...bySid,
					stream: 'none',
					options: { preview: true, verifySignature: true },
				}),
				streams.upsert(
					'Remember the Hang-Up',
					[
						['call_sid', 'eq', `={{ ${call}.body.CallSid }}`],
						['event', 'eq', ROW_OF.hangUp],
					],
					{
						call_sid: `={{ ${call}.body.CallSid }}`,
						stream_sid: '',
						conference_sid: '',
						event: ROW_OF.hangUp,
					},
				),
				streams.get('Get the Streams of the Call', [
					['call_sid', 'eq', '={{ $json.call_sid }}'],
					['conference_sid', 'eq', ''],
					['event', 'eq', ROW_OF.stream],
				]),
				stopNode('Stop Each Stream', {
					...bySid,
					options: { signedEvent: `={{ ${call} }}` },
				}),
				filter('Only Those Down', '$json.stopped'),
				streams.delete('Forget Each Stream', [['stream_sid', 'eq', '={{ $json.stream }}']]),
			],
		],
		flows: [
			...chain('Set Up Once', 'Create the Table'),
			...chain(
				'Stream Status',
				'Only Stream Events',
				'Check the Stream Event',
				'Keep the Ids',
				'Started or Ended',
				'Remember the Stream',
				'Only If the Call Is Over',
				"Not a Conference's",
				'Stop the Late Stream',
				'Only If It Is Down',
				'Forget the Late Stream',
			),
			['Started or Ended', 'Forget the Stream', 1],
			...chain(
				'Call Status',
				'Only the End of a Call',
				'Check the Hang-Up',
				'Remember the Hang-Up',
				'Get the Streams of the Call',
				'Stop Each Stream',
				'Only Those Down',
				'Forget Each Stream',
			),
		],
		keepsNoSuccess: true,
	});
}

/** Stops what a leg that ended left over. */
export const onHangUp = (carrier: Carrier): Workflow =>
	({ signalWire: hangUpSignalWire, plivo: hangUpPlivo, vobiz: hangUpVobiz })[carrier.name](carrier);
