/** A call is handed over to a human, and what streams of it is stopped. */

import {
	answerJson,
	answerXml,
	chain,
	code,
	dataTable,
	gap,
	http,
	ifNode,
	setNode,
	stopAndError,
	stopNode,
	switchNode,
	waitSeconds,
	webhook,
	workflow,
	type Flow,
	type Unplaced,
	type Workflow,
} from './workflows.cts';
import {
	callAddress,
	credentialStep,
	escaped,
	filledIn,
	HEADER_AUTH,
	isId,
	isOwnUrl,
	isPhone,
	notes,
	signatureNote,
	stepsToPublish,
	xml,
	type Carrier,
} from './common.cts';
import { ENDING, OVER_OR_REFUSED, READ_STREAMS, readCall, transferTo } from './transfer.cts';

const TABLE = 'stop_audio_stream_hand_over';
/**
 * One row for each hand-over: whoever has the lowest id was first. The state is `asked`; then `taken`, when the
 * provider says so; `fetched`, when it asks for the caller's answer XML; and `done`, when the human is gone.
 */
const tickets = dataTable(TABLE, ['subject', 'state']);
/** A hand-over that n8n's end cut off holds up nobody after this time, in ms. */
const STALE_MS = 60_000;
/**
 * A transfer is taken before its answer XML runs: a stream that holds the call, stopped in between, ends the call.
 * Plivo gives up on answer XML after 15 seconds.
 */
const FETCH_SECONDS = 2;
const MOST_LOOKS = 8;
/** n8n keeps a wait of more than 65 seconds in its database. */
const PATIENCE_SECONDS = 70;
const MOST_STOPS = 30;

const ticket = "$('Take a Ticket').first().json.id";
const ASKED = "$('Caller\\'s XML').first().json.query";
const IS_DONE = `${ASKED}.done`;
/** A table that does not work keeps nobody from being handed over. */
const anyway = { onError: 'continueRegularOutput', alwaysOutputData: true } as const;

/** What one carrier's recipe calls its things. */
function wordsOf(carrier: Carrier) {
	const onSignalWire = carrier.name === 'signalWire';
	return {
		onSignalWire,
		stream: onSignalWire ? 'stream_sid' : 'stream_id',
		streamField: onSignalWire ? 'StreamSid' : 'StreamID',
		streamShown: onSignalWire ? 'Stream SID' : 'Stream ID',
		say: onSignalWire ? 'Say' : 'Speak',
	};
}

/** The URL of the caller's answer XML, for one hand-over. */
const documentUrl = (id: string): string =>
	`${filledIn('xml_url')} + (${filledIn('xml_url')}.includes('?') ? '&' : '?') + 'hand_over=' + ${id}`;

/**
 * What the caller hears: the human; and if the human is not there or is done, it is asked for once more, so that
 * the hand-over is known to be over, and leads to your own answer XML.
 */
function callersXml(carrier: Carrier): string {
	const { onSignalWire, say } = wordsOf(carrier);
	const stop = `\${$json.stream_name && \`<Stop><Stream name="\${${escaped('$json.stream_name')}}"/></Stop>\`}`;
	return `=<?xml version="1.0" encoding="UTF-8"?>
<Response>
  {{ ${IS_DONE} ? '' : \`${onSignalWire ? stop : ''}<${say}>One moment, please.</${say}>
  <Dial timeout="30"><Number>\${${escaped('$json.human')}}</Number></Dial>
  <${say}>One moment, please.</${say}>\` }}
  <Redirect method="POST">${xml(`(${IS_DONE} ? $json.back : ${documentUrl(`encodeURIComponent(${ASKED}.hand_over ?? '')`)} + '&done=1')`)}</Redirect>
</Response>`;
}

/**
 * The streams that ran before the transfer; if they could not be read, one item says so. If the call was handed
 * over before, what runs now may be somebody else's: the posted stream alone.
 */
const WHAT_RAN = `if (!$('List Its Streams').isExecuted) return [{ json: { known: true } }];
const list = $('List Its Streams').first().json;
${READ_STREAMS('list')}
if (!isWhole) return [{ json: { known: false } }];
return running.map(({ stream_id }) => ({ json: { known: true, stream_id } }));`;

/** True if it is proved that the stream of this item ended; SignalWire cannot show more than that. */
const PROVED =
	"$json.confirmed === true || $json.status === 'alreadyStopped' || ($json.status === 'stopped' && $json.confirmed !== false)";
const NOTHING_LEFT = "($json.status === 'notFound' && $json.callState === 'live')";

function notesOf(carrier: Carrier) {
	const { onSignalWire, streamField, streamShown } = wordsOf(carrier);
	const { shown, callField, xmlShown } = carrier;
	const locked = carrier.name === 'vobiz';
	const posts = `\`{"${callField}": "…", "${streamField}": "…"}\``;
	return notes(
		"if your agent's server hangs up when its socket closes: Pipecat and Dograh do, unless `auto_hang_up` is off. Switch it off first.",
		[
			`## Hand-over to a human – ${shown}`,
			'### What starts it',
			`Your application posts ${posts} to **Hand Over**. ${
				onSignalWire
					? 'SignalWire cannot list streams: without the Stream SID no stop is sent, and the execution fails.'
					: `Without the ${streamShown}, it still stops all streams that ran before the transfer.`
			}`,
			'### What it does',
			`It **transfers first**: stopping the stream that holds a call ends the call. It answers, and once the human's ${xmlShown} runs, it stops what is left${onSignalWire ? '' : ' and reads back that it ended'}. A stop that does not work is sent again every ${PATIENCE_SECONDS} seconds, ${MOST_STOPS} times at most.${onSignalWire ? '' : ` If the list cannot be read, *all streams* is sent once, and only the posted ${streamShown} again.`}`,
			'### What it answers',
			`- 200 \`transferred\`: ${shown} took it.\n- 200 \`already\`: this call and stream were posted before, and that hand-over is not over. No other transfer was sent; if the human's ${xmlShown} runs, the posted stream is stopped once more.\n- 200 \`over\`: the call is over.\n- 502 \`refused\`: the caller is where they were. ${shown}'s words are in the answer.\n- 504 \`not known\`: no clear answer in three tries. Nothing was stopped; ask again.\n- 400: something is not filled in.`,
			'The last three, and a stream that is not proved to be down, end as a **failed execution**.',
			'### What happens to the call',
			`The human's phone rings for 30 seconds. If nobody takes it, or the human hangs up first, the caller goes on with your ${xmlShown} at \`back\`, and may be handed over anew: **Caller's XML** is asked once more and leads there, so n8n must be up.${onSignalWire ? '' : ' Only the caller moves; another leg stays where it was.'}`,
			...(onSignalWire
				? [
						'### Why `stopped: false` is normal here',
						'The transfer ends a `<Connect>` stream by itself, and SignalWire cannot show a stream that ended: **Stop the Stream** says `notFound` with `callState: live`. That counts as its end, and so does a wrong SID. With `stream_name` filled in, the cXML of the human also stops the stream by its name.',
					]
				: []),
		],
		[
			'## Before you publish',
			stepsToPublish(
				`**Fill In**: ${carrier.accountStep}; \`xml_url\`, the Production URL of **Caller's XML**${locked ? ', as `https://user:password@…`' : ''} (no field of the console takes it); \`human\`, a phone number; \`back\`, the URL of your ${xmlShown} for a caller whom nobody took${onSignalWire ? '; `stream_name`, the `name` that your `<Stream>` has, or nothing' : ''}.`,
				credentialStep(
					carrier,
					[
						...(onSignalWire
							? ['Transfer', 'Read the Call', 'Stop the Stream']
							: ['List Its Streams', 'Transfer', 'Stop Each Stream', 'Stop All Streams']),
						...(locked ? [] : ['Check the Sender']),
					],
					{ signed: !locked },
				),
				`**Hand Over**: ${HEADER_AUTH}, and copy the Production URL into your application. Let it wait 40 seconds for the answer.`,
				...(locked
					? ["**Caller's XML**: select a Basic Auth credential (letters and digits)."]
					: []),
			),
			'### Try it without a call',
			`Post ${posts} with ids that do not exist: the answer is \`over\`.`,
			'### The lock',
			'**Hand Over** takes only requests with the header of your Header Auth credential: whoever can call it decides over live calls.',
			locked
				? "**Caller's XML** asks for its user and password, or answers 401."
				: `The URL of **Caller's XML** is random, and that is its lock. Only a fetch that ${shown} signed counts as the transfer. ${signatureNote(carrier)}`,
			`### The table\n\`${TABLE}\` is made by itself; rows leave it after a day. Give no other table a name that contains this one.`,
			'### What n8n keeps\nThe item of **Hand Over** holds the key of your header: failed and waiting executions keep it.',
		],
	);
}

/** Hands a call over to a human, once, and then stops what is left of its streams. */
export function handOver(carrier: Carrier): Workflow {
	const { onSignalWire, stream, streamField } = wordsOf(carrier);
	const locked = carrier.name === 'vobiz';
	const call = filledIn(carrier.call);
	const subject = `(${call} + '/' + ${filledIn(stream)}).toLowerCase()`;
	const stopEach = onSignalWire ? 'Stop the Stream' : 'Stop Each Stream';
	const beforeTransfer = onSignalWire ? [] : ['List Its Streams'];

	const lead: Unplaced[] = [
		webhook('Hand Over', { lock: 'headerAuth', responseMode: 'responseNode' }),
		setNode('Fill In', {
			...carrier.account,
			xml_url: 'https://n8n.example.com/webhook/your-callers-xml',
			human: 'a phone number',
			back: 'https://your-xml.example.com/back',
			...(onSignalWire && { stream_name: '' }),
			[carrier.call]: `={{ $json.body.${carrier.callField} ?? '' }}`,
			[stream]: `={{ $json.body.${streamField} ?? '' }}`,
		}),
		ifNode('Is It a Hand-Over?', "$('Hand Over').isExecuted"),
		ifNode(
			'Is All Filled In?',
			isId(`$json.${carrier.call}`),
			isPhone('$json.human'),
			`[$json.xml_url, $json.back].every((url) => ${isOwnUrl('url')})`,
		),
		tickets.create('Make the Table', anyway),
		tickets.insert('Take a Ticket', { subject: `={{ ${subject} }}`, state: 'asked' }, anyway),
		tickets.get('Who Else Asked?', [['subject', 'eq', `={{ ${subject} }}`]], {
			...anyway,
			executeOnce: true,
		}),
		ifNode(
			'Was Nobody First?',
			`!$('Who Else Asked?').all().some(({ json }) => json.id < ${ticket} && json.state !== 'done' && (json.state !== 'asked' || Date.now() - Date.parse(json.createdAt) < ${STALE_MS}))`,
		),
	];
	const listStreams = http('List Its Streams', {
		url: `${callAddress(carrier)}Stream/`,
		credential: carrier.credential,
		options: { timeout: 3_000 },
		onError: 'continueRegularOutput',
		retries: 1,
		executeOnce: true,
	});
	const transfer: Unplaced[] = [
		{
			...transferTo('Transfer', carrier, {
				url: documentUrl(`(${ticket} ?? '')`),
				fallback: filledIn('back'),
			}),
			executeOnce: true,
		},
		code('Ending', ENDING(carrier, 'Transfer')),
		switchNode('How Did It End?', {
			Taken: [['$json.ending', 'taken']],
			Look: [
				['$json.ending', 'again'],
				['$json.ending', 'not known'],
			],
			...(onSignalWire && { 'Read the Call': [['$json.ending', 'look']] }),
			'Not Taken': [
				['$json.ending', 'over'],
				['$json.ending', 'refused'],
			],
		}),
	];
	const stopOne = stopNode(
		stopEach,
		{
			provider: carrier.name,
			operation: 'stopStream',
			source: 'fields',
			...(onSignalWire && { streamBy: 'sid' }),
			callId: `={{ ${call} }}`,
			stream: onSignalWire
				? `={{ ${filledIn(stream)} }}`
				: `={{ $json.stream_id || $json.stream || ${filledIn(stream)} }}`,
			...(!onSignalWire && { options: { confirm: true } }),
		},
		'continueRegularOutput',
	);
	const stopAll = stopNode(
		'Stop All Streams',
		{
			provider: carrier.name,
			operation: 'stopAllStreams',
			source: 'fields',
			callId: `={{ ${call} }}`,
			options: { confirm: true },
		},
		'continueRegularOutput',
	);
	const stops: Unplaced[] = [
		ifNode('Is Nothing Left?', onSignalWire ? `${PROVED} || ${NOTHING_LEFT}` : PROVED),
		ifNode(
			'Try Again?',
			`($json.operation !== 'stopAllStreams' || !!${filledIn(stream)}) && !['input', 'untrusted', 'credentials'].includes($json.failure) && $runIndex < ${MOST_STOPS - 1}`,
		),
		waitSeconds('Wait', PATIENCE_SECONDS),
	];
	const notStopped = stopAndError(
		'A Stream May Still Run',
		`\`Call \${${call}} at ${carrier.shown} was handed over, and a stream of it may still run: \${$json.stream ?? 'all of its streams'}. \${$json.error ?? $json.status}. \${$json.message ?? $json.confirmReason ?? ''}\``,
	);
	const why = "$('Say Why').first().json";
	// A row of the table says nothing by itself: what came of the last try does.
	const said = (field: string): string =>
		`={{ ($json.result ? $json : $('Ending').first().json).${field} || '' }}`;
	const notTaken: Unplaced[] = [
		setNode('Say Why', {
			code: said('code'),
			result: said('result'),
			message: said('message'),
			provider_status: said('provider_status'),
			provider_said: said('provider_said'),
			wrong: said('wrong'),
		}),
		tickets.delete(
			'Give the Ticket Back',
			[
				['id', 'eq', `={{ $('Take a Ticket').isExecuted ? (${ticket} ?? 0) : 0 }}`],
				['state', 'eq', 'asked'],
			],
			anyway,
		),
		answerJson(
			'Answer Why',
			`{ result: ${why}.result, message: ${why}.message, call: ${call}, provider_status: ${why}.provider_status, provider_said: ${why}.provider_said }`,
			`Number(${why}.code)`,
		),
		switchNode('Is That All?', {
			Wrong: [[`${why}.wrong`, 'yes']],
			'Stop Once More': [
				`${why}.result === 'already' && ${filledIn(stream)} !== '' && $('Who Else Asked?').all().some(({ json }) => json.id < ${ticket} && json.state === 'fetched')`,
			],
		}),
		stopAndError(
			'Not Handed Over',
			`\`Call \${${call} || '(none)'} at ${carrier.shown} was not handed over: \${${why}.result}. \${${why}.message}\``,
		),
	];
	const alreadyAsked = setNode('Already Asked', {
		code: 200,
		result: 'already',
		message:
			'Another request for this call and this stream came first; its own answer says what became of it. No other transfer was sent.',
	});
	const notComplete = setNode('Not Complete', {
		code: 400,
		result: 'not handed over',
		message: `Nothing was sent. A '${carrier.callField}' must be posted, and 'xml_url', 'human' and 'back' of 'Fill In' must be yours.`,
		wrong: 'yes',
	});
	const fetched: Unplaced[] = [
		webhook("Caller's XML", {
			responseMode: 'responseNode',
			...(locked && { lock: 'basicAuth' }),
		}),
		stopNode('Check the Sender', {
			provider: carrier.name,
			operation: 'checkEvent',
			requireSignature: !locked,
		}),
		tickets.update(
			'The XML Was Fetched',
			[['id', 'eq', `={{ Number(${ASKED}.hand_over) || 0 }}`]],
			{ state: `={{ ${IS_DONE} ? 'done' : 'fetched' }}` },
		),
	];
	const flows: Flow[] = [
		...chain(
			'Hand Over',
			'Fill In',
			'Is It a Hand-Over?',
			'Is All Filled In?',
			'Make the Table',
			'Take a Ticket',
			'Who Else Asked?',
			'Was Nobody First?',
			...beforeTransfer,
			'Transfer',
			'Ending',
			'How Did It End?',
			'Handed Over',
			'Answer',
		),
		["Caller's XML", 'Fill In'],
		...chain("Caller's XML", 'Check the Sender', 'The XML Was Fetched'),
		['Is It a Hand-Over?', 'Dial, Then Go Back', 1],
		['Is All Filled In?', 'Not Complete', 1],
		['Not Complete', 'Say Why'],
		['Was Nobody First?', 'Already Asked', 1],
		['Already Asked', 'Say Why'],
		['How Did It End?', 'Pause', 1],
		...chain('Pause', 'Read the Ticket', 'Was It Fetched?', 'Handed Over'),
		['Was It Fetched?', 'Transfer', 1],
		['Was It Fetched?', 'Say Why', 2],
		['Is That All?', 'Let It Begin', 1],
		...(onSignalWire
			? [
					['How Did It End?', 'Read the Call', 2] as const,
					...chain('Read the Call', 'Over or Refused', 'Say Why'),
				]
			: []),
		['How Did It End?', 'Say Why', onSignalWire ? 3 : 2],
		...chain('Say Why', 'Give the Ticket Back', 'Answer Why', 'Is That All?', 'Not Handed Over'),
		...chain('Answer', 'Look for the Fetch', 'Does the XML Run?', 'Let It Begin'),
		['Does the XML Run?', 'Look Again', 1],
		['Look Again', 'Look for the Fetch'],
		...(onSignalWire
			? chain('Let It Begin', stopEach)
			: [
					...chain('Let It Begin', 'What Ran', 'Is It Known?', stopEach),
					['Is It Known?', 'Stop All Streams', 1] as const,
					...chain('Stop All Streams', 'Is Nothing Left?'),
				]),
		...chain(stopEach, 'Is Nothing Left?'),
		['Is Nothing Left?', 'Try Again?', 1],
		...chain('Try Again?', 'Wait', stopEach),
		['Try Again?', 'A Stream May Still Run', 1],
		['Answer', 'Forget the Old'],
	];
	const whatNext = onSignalWire
		? `(${filledIn(stream)} ? 'What is left of the stream is stopped now.' : ${filledIn('stream_name')} ? 'No Stream SID was posted: the cXML stops the stream by its name, and no other stop is sent.' : 'No Stream SID was posted: no stop is sent.')`
		: "'What is left of the streams is stopped now.'";
	return workflow({
		name: `Hand-over to a human – ${carrier.shown}`,
		notes: notesOf(carrier),
		rows: [
			[
				...lead,
				...(onSignalWire ? [] : [listStreams]),
				...transfer,
				tickets.update(
					'Handed Over',
					[
						['id', 'eq', `={{ ${ticket} ?? 0 }}`],
						['state', 'eq', 'asked'],
					],
					{ state: 'taken' },
					anyway,
				),
				answerJson(
					'Answer',
					`{ result: 'transferred', message: '${carrier.shown} took the transfer. ' + ${whatNext}, call: ${call} }`,
				),
				tickets.get('Look for the Fetch', [['id', 'eq', `={{ ${ticket} ?? 0 }}`]], {
					...anyway,
					executeOnce: true,
				}),
				ifNode('Does the XML Run?', `$json.state === 'fetched' || $runIndex >= ${MOST_LOOKS - 1}`),
				waitSeconds('Let It Begin', FETCH_SECONDS),
				...(onSignalWire
					? [stopOne]
					: [code('What Ran', WHAT_RAN), ifNode('Is It Known?', '$json.known'), stopOne]),
				...stops,
			],
			[
				fetched[0],
				undefined,
				answerXml('Dial, Then Go Back', callersXml(carrier)),
				notComplete,
				...gap(3),
				alreadyAsked,
				waitSeconds('Pause', 2),
				tickets.get('Read the Ticket', [['id', 'eq', `={{ ${ticket} ?? 0 }}`]], anyway),
				switchNode('Was It Fetched?', {
					Fetched: [["$json.state ?? ''", 'fetched']],
					Again: [["$('Ending').first().json.ending", 'again']],
					'Not Known': [["$('Ending').first().json.ending", 'not known']],
				}),
				...(onSignalWire
					? [
							readCall('Read the Call', carrier),
							code('Over or Refused', OVER_OR_REFUSED(carrier, 'Ending')),
						]
					: gap(2)),
				tickets.delete('Forget the Old', [
					['createdAt', 'lt', '={{ $now.minus({ days: 1 }).toISO() }}'],
				]),
				waitSeconds('Look Again', FETCH_SECONDS),
				undefined,
				...gap(2),
				...(onSignalWire ? [] : [stopAll]),
				undefined,
				notStopped,
			],
			[undefined, ...fetched.slice(1), ...gap(4), ...notTaken],
		],
		flows,
		keepsNoSuccess: true,
	});
}
