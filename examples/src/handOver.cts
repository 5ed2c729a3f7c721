/** A call is handed over to a human, and what streams of it is stopped. */

import {
	answerJson,
	answerXml,
	chain,
	code,
	dataTable,
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
	basicAuthNote,
	callAddress,
	filledIn,
	headerAuthNote,
	isId,
	notes,
	SAVE_NO_SUCCESS,
	signatureNote,
	steps,
	xml,
	type Carrier,
} from './common.cts';
import { ENDING, OVER_OR_REFUSED, readCall, transferTo } from './transfer.cts';

const TABLE = 'stop_audio_stream_hand_over';
/**
 * One row for each hand-over: whoever has the lowest id was first. The state is `asked`; then `taken`, when the
 * provider says so; and `fetched`, when it asks for the caller's document.
 */
const tickets = dataTable(TABLE, ['subject', 'state']);
/** A hand-over that n8n's end cut off holds up nobody after this time, in ms. */
const STALE_MS = 60_000;
/**
 * A transfer is taken before its document runs: a stream that holds the call, stopped in between, ends the call.
 * Plivo gives up on a document after 15 seconds.
 */
const FETCH_SECONDS = 2;
const MOST_LOOKS = 8;
/** n8n keeps a wait of more than 65 seconds in its database. */
const PATIENCE_SECONDS = 70;
const MOST_STOPS = 30;

const ticket = "$('Take a Ticket').first().json.id";
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

/** What the caller hears: the human; and where the human is not there or is done, your own document again. */
function documentOf(carrier: Carrier): string {
	const { say } = wordsOf(carrier);
	return `=<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <${say}>One moment, please.</${say}>
  <Dial timeout="30"><Number>${xml('$json.human')}</Number></Dial>
  <${say}>One moment, please.</${say}>
  <Redirect method="POST">${xml('$json.back')}</Redirect>
</Response>`;
}

/** The streams that ran before the transfer; where they could not be read, one item says so. */
const WHAT_RAN = `const list = $('List Its Streams').first().json;
const streams = list.objects ?? (list.stream_id ? [list] : undefined);
const total = list.meta?.total_count ?? list.total ?? streams?.length;
if (streams === undefined || total > streams.length) return [{ json: { known: false } }];
return streams
  .filter(({ end_time, status }) => !end_time && status !== 'completed' && status !== 'failed')
  .map(({ stream_id }) => ({ json: { known: true, stream_id } }));`;

/** True where it is proved that the stream of this item ended; SignalWire cannot show more than that. */
const PROVED =
	"$json.status === 'alreadyStopped' || ($json.status === 'stopped' && $json.confirmed !== false)";
const NOTHING_LEFT = "($json.status === 'notFound' && $json.callState === 'live')";

function notesOf(carrier: Carrier) {
	const { onSignalWire, streamField, streamShown } = wordsOf(carrier);
	const { shown, callField, callShown, credentialShown } = carrier;
	const locked = carrier.name === 'vobiz';
	const posts = `\`{"${callField}": "…", "${streamField}": "…"}\``;
	return notes(
		"if your agent's server hangs up when its socket closes: Pipecat and Dograh do, unless `auto_hang_up` is off. Switch it off first.",
		[
			`## Hand-over to a human – ${shown}`,
			'For a voice agent and for a transcription alike.',
			'### What starts it',
			`Your application posts ${posts} to **Hand Over**. ${
				onSignalWire
					? 'SignalWire cannot list streams: without the Stream SID the caller is handed over, nothing is stopped, and the execution ends as a failed one.'
					: `The ${streamShown} is optional: all streams of the call that ran before the transfer are stopped.`
			}`,
			'### What it does',
			`It **transfers first**: stopping the stream that holds a call ends the call. It answers; and once the human's document runs, it stops what is left${onSignalWire ? '' : ', and reads back that it ended'}. A stop that does not work is sent again every ${PATIENCE_SECONDS} seconds, ${MOST_STOPS} times at most.`,
			'### What it answers',
			`- **200** \`transferred\`: ${shown} took it.\n- **200** \`already\`: the same ${callShown} and ${streamShown} were posted before, also in the same moment. Nothing was sent; the human stays on the line. An agent to whom the caller came back has a new stream, and may hand over again.\n- **200** \`over\`: the call is over.\n- **502** \`refused\`: the caller is where they were, nothing was stopped. ${shown}'s status and words are in the answer.\n- **504** \`not known\`: no clear answer in three tries. Nothing was stopped; ask again.\n- **400**: something is not filled in.`,
			`The last three, and a stream that is not proved to be down, end as a **failed execution**.`,
			'### What happens to the call',
			`The caller hears *One moment, please*, and the human's phone rings for 30 seconds. If nobody takes it, or the human hangs up first, the caller goes on with your document \`back\`.${onSignalWire ? '' : ' Only the caller moves; another leg stays where it was.'}`,
			...(onSignalWire
				? [
						'### Why `stopped: false` is normal here',
						'The transfer ends a `<Connect>` stream by itself, and SignalWire cannot show a stream that ended. So **Stop the Stream** says `notFound` with `callState: live`: it ended, or its Stream SID is wrong. That is taken as its end here. A `<Start>` stream is stopped: `stopped`.',
					]
				: []),
		],
		[
			'## Before you publish',
			steps(
				SAVE_NO_SUCCESS,
				`**Fill In**: ${carrier.accountStep}; \`document\`, the Production URL of **Caller's Document**${locked ? ', as `https://user:password@…`' : ''}; \`human\`, a phone number; \`back\`, your document for a caller whom nobody took, such as the one that starts your agent.`,
				`**${onSignalWire ? 'Transfer**, **Read the Call**, **Stop the Stream' : 'List Its Streams**, **Transfer**, **Stop Each Stream**, **Stop All Streams'}**${locked ? '' : ' and **Check the Sender**'}: select your ${credentialShown} credential.`,
				'**Hand Over**: select a Header Auth credential, and copy the Production URL into your application. Let it wait 30 seconds for the answer.',
				...(locked ? ["**Caller's Document**: select a Basic Auth credential."] : []),
				'Workflow settings, *Error workflow*: one that tells you of failed executions.',
			),
			'### Try it without a call',
			`Post ${posts} with ids that do not exist: the answer is \`over\`.`,
			'### The lock',
			headerAuthNote('Hand Over'),
			locked
				? basicAuthNote("Caller's Document")
				: `The address of **Caller's Document** is random, and that is its lock: it shows the human's number. The caller gets the document in any case; only what ${shown} signed says that the transfer was taken. ${signatureNote(carrier)}`,
			`### The table\n\`${TABLE}\` is made by itself, and rows of more than a day leave it. n8n takes the first table whose name contains the one asked for: give no other table such a name.`,
			`### What n8n keeps\nThe item of **Hand Over** holds the key of your header. **Failed and waiting executions hold it** in any case.`,
		],
	);
}

/** Hands a call over to a human, once, and then stops what is left of its streams. */
export function handOver(carrier: Carrier): Workflow {
	const { onSignalWire, stream, streamField } = wordsOf(carrier);
	const locked = carrier.name === 'vobiz';
	const call = filledIn(carrier.call);
	const document = `${filledIn('document')} + (${filledIn('document')}.includes('?') ? '&' : '?') + 'hand_over=' + (${ticket} ?? '')`;
	const subject = `(${call} + '/' + ${filledIn(stream)}).toLowerCase()`;
	const stopEach = onSignalWire ? 'Stop the Stream' : 'Stop Each Stream';
	const beforeTransfer = onSignalWire ? [] : ['List Its Streams'];

	const lead: Unplaced[] = [
		webhook('Hand Over', { lock: 'headerAuth', responseMode: 'responseNode' }),
		setNode('Fill In', {
			...carrier.account,
			document: 'https://n8n.example.com/webhook/your-callers-document',
			human: 'a phone number',
			back: 'https://your-documents.example.com/back',
			[carrier.call]: `={{ $json.body.${carrier.callField} ?? '' }}`,
			[stream]: `={{ $json.body.${streamField} ?? '' }}`,
		}),
		ifNode('Is It a Hand-Over?', "$('Hand Over').isExecuted"),
		ifNode(
			'Is All Filled In?',
			isId(`$json.${carrier.call}`),
			"/^\\+?\\d{5,}$/.test($json.human ?? '')",
			// An address that cannot be fetched drops the caller.
			"[$json.document, $json.back].every((url) => /^https?:\\/\\/\\S+$/.test(url ?? '') && !url.includes('example.com'))",
		),
		tickets.create('Make the Table', anyway),
		tickets.insert('Take a Ticket', { subject: `={{ ${subject} }}`, state: 'asked' }, anyway),
		tickets.get('Who Else Asked?', [['subject', 'eq', `={{ ${subject} }}`]], {
			...anyway,
			executeOnce: true,
		}),
		ifNode(
			'Was Nobody First?',
			`!$('Who Else Asked?').all().some(({ json }) => json.id < ${ticket} && (json.state !== 'asked' || Date.now() - Date.parse(json.createdAt) < ${STALE_MS}))`,
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
			...transferTo('Transfer', carrier, { url: document, fallback: filledIn('back') }),
			executeOnce: true,
		},
		code('Ending', ENDING(carrier, 'Transfer')),
		switchNode('How Did It End?', {
			Taken: [['$json.ending', 'taken']],
			Again: [['$json.ending', 'again']],
			...(onSignalWire && { Look: [['$json.ending', 'look']] }),
			'Not Taken': [
				['$json.ending', 'over'],
				['$json.ending', 'refused'],
				['$json.ending', 'not known'],
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
				: '={{ $json.stream_id ?? $json.stream }}',
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
			`$json.operation !== 'stopAllStreams' && !['input', 'untrusted', 'credentials'].includes($json.failure) && $runIndex < ${MOST_STOPS - 1}`,
		),
		waitSeconds('Wait', PATIENCE_SECONDS),
	];
	const notStopped = stopAndError(
		'A Stream May Still Run',
		`\`Call \${${call}} was handed over, and a stream of it may still run: \${$json.stream ?? 'all of its streams'}. \${$json.error ?? $json.status}. \${$json.message ?? $json.confirmReason ?? ''}\``,
	);
	const why = "$('Say Why').first().json";
	const notTaken: Unplaced[] = [
		setNode('Say Why', {
			code: '={{ $json.code }}',
			result: '={{ $json.result }}',
			message: '={{ $json.message }}',
			provider_status: "={{ $json.provider_status || '' }}",
			provider_said: "={{ $json.provider_said ?? '' }}",
			wrong: "={{ $json.wrong ?? '' }}",
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
		ifNode('Did It Go Wrong?', [`${why}.wrong`, 'yes']),
		stopAndError(
			'Not Handed Over',
			`\`Call \${${call} || '(none)'} was not handed over: \${${why}.result}. \${${why}.message}\``,
		),
	];
	const alreadyAsked = setNode('Already Asked', {
		code: 200,
		result: 'already',
		message:
			'Another request for this call and this stream came first; its own answer says what became of it. Nothing was sent.',
	});
	const notComplete = setNode('Not Complete', {
		code: 400,
		result: 'not handed over',
		message: `Nothing was sent. A '${carrier.callField}' must be posted, and 'document', 'human' and 'back' of 'Fill In' must be yours.`,
		wrong: 'yes',
	});
	const fetched: Unplaced[] = [
		webhook("Caller's Document", {
			responseMode: 'responseNode',
			...(locked && { lock: 'basicAuth' }),
		}),
		stopNode('Check the Sender', {
			provider: carrier.name,
			operation: 'checkEvent',
			requireSignature: !locked,
		}),
		tickets.update(
			'The Document Was Fetched',
			[['id', 'eq', "={{ Number($('Caller\\'s Document').first().json.query.hand_over) || 0 }}"]],
			{ state: 'fetched' },
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
		["Caller's Document", 'Fill In'],
		...chain("Caller's Document", 'Check the Sender', 'The Document Was Fetched'),
		['Is It a Hand-Over?', 'Dial, Then Go Back', 1],
		['Is All Filled In?', 'Not Complete', 1],
		['Not Complete', 'Say Why'],
		['Was Nobody First?', 'Already Asked', 1],
		['Already Asked', 'Say Why'],
		['How Did It End?', 'Pause', 1],
		...chain('Pause', 'Read the Ticket', 'Was It Fetched?', 'Handed Over'),
		['Was It Fetched?', 'Transfer', 1],
		...(onSignalWire
			? [
					['How Did It End?', 'Read the Call', 2] as const,
					...chain('Read the Call', 'Over or Refused', 'Say Why'),
				]
			: []),
		['How Did It End?', 'Say Why', onSignalWire ? 3 : 2],
		...chain(
			'Say Why',
			'Give the Ticket Back',
			'Answer Why',
			'Did It Go Wrong?',
			'Not Handed Over',
		),
		...chain('Answer', 'Look for the Document', 'Does the Document Run?', 'Let It Begin'),
		['Does the Document Run?', 'Look Again', 1],
		['Look Again', 'Look for the Document'],
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
	const gap = (count: number): undefined[] => Array.from({ length: count }, () => undefined);
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
					`{ result: 'transferred', message: '${carrier.shown} took the transfer. What is left of the streams is stopped now.', call: ${call} }`,
				),
				tickets.get('Look for the Document', [['id', 'eq', `={{ ${ticket} ?? 0 }}`]], {
					...anyway,
					executeOnce: true,
				}),
				ifNode(
					'Does the Document Run?',
					`$json.state === 'fetched' || $runIndex >= ${MOST_LOOKS - 1}`,
				),
				waitSeconds('Let It Begin', FETCH_SECONDS),
				...(onSignalWire
					? [stopOne]
					: [code('What Ran', WHAT_RAN), ifNode('Is It Known?', '$json.known'), stopOne]),
				...stops,
			],
			[
				fetched[0],
				undefined,
				answerXml('Dial, Then Go Back', documentOf(carrier)),
				notComplete,
				...gap(3),
				alreadyAsked,
				waitSeconds('Pause', 2),
				tickets.get('Read the Ticket', [['id', 'eq', `={{ ${ticket} ?? 0 }}`]], anyway),
				ifNode('Was It Fetched?', ["$json.state ?? ''", 'fetched']),
				...(onSignalWire
					? [
							readCall('Read the Call', carrier),
							code('Over or Refused', OVER_OR_REFUSED(carrier, 'Ending')),
						]
					: [undefined, undefined]),
				tickets.delete('Forget the Old', [
					['createdAt', 'lt', '={{ $now.minus({ days: 1 }).toISO() }}'],
				]),
				waitSeconds('Look Again', FETCH_SECONDS),
				undefined,
				...(onSignalWire ? gap(2) : [undefined, undefined, stopAll]),
				undefined,
				notStopped,
			],
			[undefined, ...fetched.slice(1), ...gap(4), ...notTaken],
		],
		flows,
		keepsNoSuccess: true,
	});
}
