/** What happens while people talk: a hand-over, a private part, an incident, the end. */

import {
	answerItem,
	answerXml,
	chain,
	code,
	everyHour,
	http,
	ifNode,
	manualTrigger,
	setNode,
	splitOut,
	stopNode,
	webhook,
	workflow,
	type Flow,
	type Unplaced,
	type Values,
	type Workflow,
} from './workflows.cts';
import {
	basicAuthNote,
	filledIn,
	GOES_ON,
	hangUp,
	headerAuthNote,
	isId,
	keepsCallbackNote,
	keepsNote,
	notes,
	signatureNote,
	steps,
	TEAM_CHAT,
	tellTeam,
	transfer,
	type Carrier,
} from './common.cts';
import { ROW_OF, streams, TABLE, TABLE_NOTE } from './startAndEnd.cts';

const isSignalWire = ({ name }: Carrier): boolean => name === 'signalWire';

/** What an application posts to say which call, and on SignalWire which stream. */
const posted = (carrier: Carrier): string =>
	isSignalWire(carrier) ? '`{"CallSid": "…", "StreamSid": "…"}`' : '`{"CallUUID": "…"}`';

/** 'Fill In' behind a webhook of the user's own application. */
const fillInPosted = (carrier: Carrier, more: Record<string, string>): Unplaced =>
	setNode('Fill In', {
		...carrier.account,
		...more,
		[carrier.call]: `={{ $json.body.${carrier.callField} }}`,
		...(isSignalWire(carrier) && { stream_sid: '={{ $json.body.StreamSid }}' }),
	});

/** The node that stops what was posted: one stream on SignalWire, all of the call elsewhere. */
const stopPosted = (
	carrier: Carrier,
	options: Values = {},
	onError?: 'continueRegularOutput',
): Unplaced =>
	stopNode(
		stopName(carrier),
		{
			provider: carrier.name,
			operation: isSignalWire(carrier) ? 'stopStream' : 'stopAllStreams',
			source: 'event',
			...(isSignalWire(carrier) && { streamBy: 'sid' }),
			options,
		},
		onError,
	);

const stopName = (carrier: Carrier): string =>
	isSignalWire(carrier) ? 'Stop the Stream' : 'Stop All Streams';

/** Only Plivo and Vobiz let a stream be read; SignalWire's answer names the stream as stopped. */
const withProof = (carrier: Carrier): Values => (isSignalWire(carrier) ? {} : { confirm: true });

/** True where it is proved that nothing of this item streams any more. */
const PROVED =
	"$json.status === 'alreadyStopped' || ($json.status === 'stopped' && $json.confirmed !== false)";

const DOCUMENT_STEP = (field: string): string =>
	`\`${field}\`, the address of your document for what comes next`;

/** Both hand-overs begin with a locked webhook, and the address of the human's document. */
const HAND_OVER_LOCK = [
	'### The lock',
	headerAuthNote('Hand Over'),
	keepsNote('the key of your header'),
];
const handOverPosted = (carrier: Carrier): Unplaced[] => [
	webhook('Hand Over', { lock: 'headerAuth', responseMode: 'responseNode' }),
	fillInPosted(carrier, { human: 'https://your-documents.example.com/human' }),
];

/** A transcription is stopped, and then the call is handed over. */
export function handOverFork(carrier: Carrier): Workflow {
	const stop = stopName(carrier);
	return workflow({
		name: `${carrier.shown}: stop a transcription, then transfer the call`,
		notes: notes(
			'if a voice agent speaks on this stream: stopping it first can hang the caller up. Use the hand-over of a voice agent.',
			[
				'## Stop a transcription, then hand the call over',
				'### What starts it',
				`Your own application posts ${posted(carrier)}.`,
				'### What it does',
				`It stops ${isSignalWire(carrier) ? 'the stream' : 'all streams of the call, and reads back that they ended'}. Only where that is proved does it transfer the caller to your document. The answer is **200** when the transfer was taken, and **502** when the stream may still run (nothing was transferred) or the transfer was refused (the stream is down).`,
				'### What happens to the call',
				`A stream that only listens (\`<Start><Stream>\` on SignalWire, a \`<Stream>\` without \`keepCallAlive\` on Plivo and Vobiz) goes without a sound. The transfer interrupts what the call does, and runs your document in its place: put \`<Dial>\` or the like into it, since the call ends where the document ends.${isSignalWire(carrier) ? '' : ' Only the caller moves; the other leg stays where it was.'}`,
			],
			[
				'## Before you publish',
				steps(
					`**Fill In**: ${carrier.accountStep}, and ${DOCUMENT_STEP('human')}.`,
					`**${stop}** and **Transfer**: select your ${carrier.credentialShown} credential; the secret stays in it.`,
					'**Hand Over**: select a Header Auth credential, and copy the Production URL into your application.',
				),
				...HAND_OVER_LOCK,
			],
		),
		rows: [
			[
				...handOverPosted(carrier),
				stopPosted(carrier, withProof(carrier), 'continueRegularOutput'),
				ifNode('Proved to Be Down?', PROVED),
				transfer('Transfer', carrier, 'human'),
				setNode('Transferred', { result: 'transferred' }),
				answerItem('Answer'),
			],
			[
				undefined,
				undefined,
				undefined,
				undefined,
				setNode('Stream May Still Run', {
					result: 'not transferred: the stream may still run',
					error: '={{ $json.error ?? $json.status }}',
					message: "={{ $json.message ?? $json.confirmReason ?? '' }}",
				}),
				setNode('Transfer Refused', { result: 'the stream is down, and the transfer was refused' }),
				answerItem('Answer with What Failed', 502),
			],
		],
		flows: [
			...chain(
				'Hand Over',
				'Fill In',
				stop,
				'Proved to Be Down?',
				'Transfer',
				'Transferred',
				'Answer',
			),
			['Proved to Be Down?', 'Stream May Still Run', 1],
			['Transfer', 'Transfer Refused', 1],
			['Stream May Still Run', 'Answer with What Failed'],
			['Transfer Refused', 'Answer with What Failed'],
		],
		keepsNoSuccess: true,
	});
}

/** A voice agent's call is handed over first, and then what is left of its stream is stopped. */
export function handOverAgent(carrier: Carrier): Workflow {
	const stop = stopName(carrier);
	return workflow({
		name: `${carrier.shown}: transfer a voice agent's call to a human, then stop its stream`,
		notes: notes(
			'if the stream only listens (a transcription): stop that one first. Use the hand-over of a transcription.',
			[
				"## Hand a voice agent's call over to a human",
				'### What starts it',
				`Your voice agent posts ${posted(carrier)}.`,
				'### What it does',
				`It **transfers first**, and stops what is left of the stream only after ${carrier.shown} took the transfer. Mostly nothing is left, and that is fine: a transfer ends the stream by itself. **A refused transfer stops nothing**, so the caller still has the agent. The answer is **200** with the outcome of the stop, or **502** when the transfer was refused.`,
				'### What happens to the call',
				`A voice agent's stream (\`<Connect><Stream>\`, or \`keepCallAlive\`) is what holds the call. Stop it first, and the call ends. The transfer puts your document in its place: put \`<Dial>\` or the like into it.${isSignalWire(carrier) ? '' : ' Only the caller moves; the other leg stays where it was.'}`,
			],
			[
				'## Before you publish',
				steps(
					`**Fill In**: ${carrier.accountStep}, and ${DOCUMENT_STEP('human')}. An address that cannot be fetched may drop the call: try it first.`,
					`**Transfer** and **${stop}**: select your ${carrier.credentialShown} credential; the secret stays in it.`,
					'**Hand Over**: select a Header Auth credential, and copy the Production URL into your agent.',
				),
				...HAND_OVER_LOCK,
			],
		),
		rows: [
			[
				...handOverPosted(carrier),
				ifNode('Is a Call Named?', isId(`$json.${carrier.call}`)),
				transfer('Transfer', carrier, 'human'),
				setNode('Keep the Ids', {
					[carrier.call]: `={{ ${filledIn(carrier.call)} }}`,
					...(isSignalWire(carrier) && { stream_sid: `={{ ${filledIn('stream_sid')} }}` }),
				}),
				stopPosted(carrier, {}, 'continueRegularOutput'),
				answerItem('Answer'),
			],
			[
				undefined,
				undefined,
				undefined,
				setNode('Nothing Was Stopped', {
					result: 'the transfer was refused; nothing was stopped',
				}),
				answerItem('Answer That It Was Refused', 502),
			],
		],
		flows: [
			...chain(
				'Hand Over',
				'Fill In',
				'Is a Call Named?',
				'Transfer',
				'Keep the Ids',
				stop,
				'Answer',
			),
			['Is a Call Named?', 'Nothing Was Stopped', 1],
			['Transfer', 'Nothing Was Stopped', 1],
			['Nothing Was Stopped', 'Answer That It Was Refused'],
		],
		keepsNoSuccess: true,
	});
}

/** Says whether every stop of the items before is proved, and what to tell a person if not. */
const JUDGE = (carrier: Carrier): string => `const items = $input.all().map(({ json }) => json);
// Stopped and read back, or over already; on SignalWire its own word for the stream.
const isProved = ({ status, confirmed }) =>
  status === 'alreadyStopped' || (status === 'stopped' && confirmed !== false);
const open = items.filter((item) => !isProved(item));
const why = open
  .map(({ error, message, confirmReason, status }) => [error ?? status, message ?? confirmReason].filter(Boolean).join('. '))
  .join(' ');
const call = $('Fill In').first().json.${carrier.call};
return [{
  json: {
    proved: items.length > 0 && open.length === 0,
    text: \`Call \${call} is on hold: it is not proved that its audio stream stopped. \${why}\`,
  },
}];`;

/** The caller waits until it is proved that nothing streams any more. */
export function privatePart(carrier: Carrier): Workflow {
	const onTable = isSignalWire(carrier);
	const locked = carrier.name === 'vobiz';
	const stop = onTable ? 'Stop Each Stream' : 'Stop All Streams';
	const event = "$('Private Part Begins').first().json";
	const flows: Flow[] = [
		...chain('Private Part Begins', 'Hold the Call', 'Fill In'),
		...(onTable
			? ([
					...chain('Fill In', 'Get the Streams of the Call', 'Is a Stream Known?', stop),
					['Is a Stream Known?', 'No Stream Is Known', 1],
					['No Stream Is Known', 'Alert a Person'],
				] satisfies Flow[])
			: chain('Fill In', stop)),
		...chain(stop, 'Judge', 'Proved to Be Down?', 'Go On'),
		['Proved to Be Down?', 'Alert a Person', 1],
		['Go On', 'Could Not Go On', 1],
		['Could Not Go On', 'Alert a Person'],
	];
	const stopIt = stopNode(
		stop,
		{
			provider: carrier.name,
			operation: onTable ? 'stopStream' : 'stopAllStreams',
			source: 'event',
			...(onTable && { streamBy: 'sid' }),
			options: { ...withProof(carrier), signedEvent: `={{ ${event} }}` },
		},
		'continueRegularOutput',
	);
	const lead = [
		webhook('Private Part Begins', {
			responseMode: 'responseNode',
			...(locked && { lock: 'basicAuth' }),
		}),
		answerXml(
			'Hold the Call',
			`<?xml version="1.0" encoding="UTF-8"?>\n<Response>\n  ${carrier.hold}\n</Response>`,
		),
		setNode('Fill In', {
			...carrier.account,
			go_on: 'https://your-documents.example.com/private-part',
			[carrier.call]: `={{ ${event}.body.${carrier.callField} }}`,
		}),
	];
	const tail = [
		code('Judge', JUDGE(carrier)),
		ifNode('Proved to Be Down?', '$json.proved'),
		transfer('Go On', carrier, 'go_on'),
	];
	const callOf = `\${${filledIn(carrier.call)}}`;
	const alert = tellTeam('Alert a Person', '$json.text', TEAM_CHAT);
	const couldNot = setNode('Could Not Go On', {
		text: `={{ \`Call ${callOf} is on hold: its audio stream is down, and the call could not go on to your document.\` }}`,
	});
	return workflow({
		name: `${carrier.shown}: no audio stream during a private part of the call`,
		notes: notes(
			"if a voice agent's stream holds the call: stopping that one ends the call. This is for streams that only listen.",
			[
				'## Consent withdrawn, or card data ahead: nothing may listen now',
				'### What starts it',
				`Your call's document sends the caller here: as the \`action\` of a menu (“press 9 and nobody listens”), or with \`<Redirect>\` before card data is asked for.`,
				'### What it does',
				`The caller is put on hold at once. Then ${onTable ? `the streams of the call are looked up in the table \`${TABLE}\` of the hang-up recipe, and each` : 'every stream of the call'} is stopped${onTable ? '' : ' and read back'}. **Only where it is proved that nothing streams any more does the call go on** to your document. Otherwise a person is alerted: also where ${onTable ? 'no stream is known, or ' : ''}the event is *untrusted*, as behind a wrong \`WEBHOOK_URL\`. A stream never runs on in silence.`,
				'### What happens to the call',
				'It waits on hold, and goes on with your document. Where nobody acts on the alert within a minute, the document of **Hold the Call** ends, and the call with it: make its pause as long as a person needs.',
			],
			[
				'## Before you publish',
				steps(
					`**Fill In**: ${carrier.accountStep}, and ${DOCUMENT_STEP('go_on')}.`,
					`**${stop}** and **Go On**: select your ${carrier.credentialShown} credential; the secret stays in it.`,
					`**Alert a Person**: put the address of your team's incoming webhook (Slack, Mattermost, Google Chat, …) in place of \`${TEAM_CHAT}\`. Until then nobody is told.`,
					`**Private Part Begins**: copy the Production URL into your document, method POST.`,
				),
				...(onTable ? [TABLE_NOTE] : []),
				'### The lock',
				locked ? basicAuthNote('Private Part Begins') : '',
				`*Signed Event* obeys only what ${carrier.shown} signed, for this very call. ${signatureNote(carrier)}`,
				...(locked ? [keepsCallbackNote(carrier)] : []),
			].filter((line) => line !== ''),
		),
		rows: onTable
			? [
					[
						...lead,
						streams.get(
							'Get the Streams of the Call',
							[
								['call_sid', 'eq', '={{ $json.call_sid }}'],
								['event', 'eq', ROW_OF.stream],
							],
							{ alwaysOutputData: true },
						),
						ifNode('Is a Stream Known?', '!!$json.stream_sid'),
						stopIt,
						...tail,
					],
					[
						...Array.from({ length: 5 }, () => undefined),
						setNode('No Stream Is Known', {
							text: `={{ \`Call ${callOf} is on hold: no stream of it is in the table, so it is not proved that nothing listens.\` }}`,
						}),
						undefined,
						undefined,
						couldNot,
						alert,
					],
				]
			: [
					[...lead, stopIt, ...tail],
					[...Array.from({ length: 6 }, () => undefined), couldNot, alert],
				],
		flows,
		keepsNoSuccess: locked,
	});
}

/** Ends what runs longer than it should: SignalWire, over the table of the hang-up recipe. */
export function sweep(): Workflow {
	const old = (field: string): readonly [string, string, string] => [
		field,
		'lt',
		`={{ $now.minus({ hours: ${filledIn('hours')} }).toISO() }}`,
	];
	return workflow({
		name: 'SignalWire: hourly sweep over the table of streams',
		notes: notes(
			'if your streams may rightly run longer than `hours` in **Fill In**: this stops every one that is older.',
			[
				'## Sweep: what is older than it should be',
				'### What starts it',
				'The clock, every hour.',
				'### What it does',
				`It reads the table \`${TABLE}\`, which the hang-up recipe keeps, and stops each stream that has been there for longer than a limit: callbacks may be late, or lost. A row leaves the table **only on proof** that its stream is down. Rows \`call-ended\` of that age leave too.`,
				'### What is left',
				'**What Stays** holds the rows without proof, with the reason: look at them. A stream that SignalWire does not know while its call is live has ended, or its SID is wrong; SignalWire does not say which, so the row stays until the call is over.',
				'### What happens to the calls',
				`${GOES_ON.signalWire} A conference's stream is stopped as such.`,
			],
			[
				'## Before you publish',
				steps(
					`**Fill In**: \`hours\`, the limit.`,
					'**Stop Each Stream**: select your SignalWire Basic API credential.',
					'**What Stays**: send it on to your team as you like.',
				),
				TABLE_NOTE,
				'### The lock',
				'There is no webhook: nothing from outside starts it.',
			],
		),
		rows: [
			[
				everyHour('Every Hour'),
				setNode('Fill In', { hours: 4 }),
				streams.get('Get What Is Old', [old('createdAt')]),
				ifNode('A Stream?', ['$json.event', ROW_OF.stream]),
				stopNode(
					'Stop Each Stream',
					{ provider: 'signalWire', operation: 'stopStream', source: 'event', streamBy: 'sid' },
					'continueRegularOutput',
				),
				ifNode('Proved to Be Down?', '$json.stopped'),
				streams.delete('Take It off the Table', [['stream_sid', 'eq', '={{ $json.stream }}']]),
			],
			[
				undefined,
				undefined,
				undefined,
				undefined,
				streams.delete('Forget the Hang-Up', [['id', 'eq', '={{ $json.id }}']]),
				undefined,
				setNode('What Stays', {
					call: "={{ $json.callId ?? '' }}",
					stream: "={{ $json.stream ?? '' }}",
					status: '={{ $json.status }}',
					call_state: "={{ $json.callState ?? 'not known' }}",
					error: "={{ $json.error ?? '' }}",
				}),
			],
		],
		flows: [
			...chain(
				'Every Hour',
				'Fill In',
				'Get What Is Old',
				'A Stream?',
				'Stop Each Stream',
				'Proved to Be Down?',
				'Take It off the Table',
			),
			['A Stream?', 'Forget the Hang-Up', 1],
			['Proved to Be Down?', 'What Stays', 1],
		],
	});
}

const CUTS_OFF =
	'if callers talk to a voice agent: stopping its stream may cut them off. This is for an incident, when nothing may listen any more.';

/**
 * The list of live calls. The documents show it whole, as `calls`; where it comes as `objects`, it has
 * pages of 20.
 */
const LIVE_CALLS = {
	query: { status: 'live' },
	options: {
		pagination: {
			pagination: {
				paginationMode: 'updateAParameterInEachRequest',
				parameters: {
					parameters: [{ type: 'qs', name: 'offset', value: '={{ $pageCount * 20 }}' }],
				},
				paginationCompleteWhen: 'other',
				completeExpression: '={{ ($response.body.objects ?? []).length < 20 }}',
			},
		},
	},
};

/** Ids of live calls, in either form that the documents show. */
const IDS_OF_LIVE_CALLS = `const ids = $input.all().flatMap(({ json }) =>
  (json.calls ?? json.objects ?? []).map((call) => (typeof call === 'string' ? call : call.call_uuid)),
);`;

/** What no earlier round has seen; one item says so where there is nothing new. */
const ONLY_NEW = (nodeName: string, field: string, ids: string): string => `${ids}
const seen = new Set();
for (let round = 0; round < $runIndex; round += 1) {
  for (const { json } of $('${nodeName}').all(0, round)) seen.add(json.${field});
}
const found = [...new Set(ids)].filter((id) => !seen.has(id));
return found.length > 0
  ? found.map((id) => ({ json: { ${field}: id } }))
  : [{ json: { nothing_new: true, seen: [...seen] } }];`;

/** Stops every stream of every live call: Plivo and Vobiz. */
function everythingOffByList(carrier: Carrier): Workflow {
	const account = `={{ ${filledIn('api_url')} }}/Account/{{ encodeURIComponent(${filledIn('auth_id')}) }}/Call/`;
	const listLive = (name: string): Unplaced =>
		http(name, {
			url: account,
			credential: carrier.credential,
			...LIVE_CALLS,
			executeOnce: true,
		});
	return workflow({
		name: `${carrier.shown}: everything off, for an incident`,
		notes: notes(
			CUTS_OFF,
			[
				'## Everything off',
				'### What starts it',
				'You, by hand. **1. Count First** says how many calls are live, and stops nothing. **2. Stop Everything** does it.',
				'### What it does',
				`It lists the live calls of the account, stops all streams of each, and goes over the list again until a round finds no new call. Then it asks ${carrier.shown} for the streams of each call, and **What Is Left** says which still run, and for which calls that could not be read. Calls that do not answer do not hold up the others.`,
				'### What happens to the calls',
				GOES_ON[carrier.name],
			],
			[
				'## Before you need it',
				steps(
					`**Fill In** and **Fill In, to Count**: ${carrier.accountStep}. A subaccount sees only its own calls: run it for each.`,
					`**List Live Calls**, **Count Live Calls**, **Stop All Streams**, **List Its Streams**: select your ${carrier.credentialShown} credential; the secret stays in it.`,
					'Run **1. Count First** once today: it shows that the credential may list calls.',
				),
				'### The lock',
				'There is no webhook: nothing from outside starts it.',
			],
		),
		rows: [
			[
				manualTrigger('1. Count First'),
				setNode('Fill In, to Count', carrier.account),
				http('Count Live Calls', {
					url: `={{ $json.api_url }}/Account/{{ encodeURIComponent($json.auth_id) }}/Call/`,
					credential: carrier.credential,
					...LIVE_CALLS,
				}),
				code(
					'How Many',
					`${IDS_OF_LIVE_CALLS}\nreturn [{ json: { live_calls: new Set(ids).size } }];`,
				),
			],
			[
				manualTrigger('2. Stop Everything'),
				setNode('Fill In', carrier.account),
				listLive('List Live Calls'),
				code('Only New Calls', ONLY_NEW('Only New Calls', 'call_uuid', IDS_OF_LIVE_CALLS)),
				ifNode('Nothing New?', '!!$json.nothing_new'),
				splitOut('Every Call', 'seen'),
				http('List Its Streams', {
					url: `${account}{{ encodeURIComponent($json.seen) }}/Stream/`,
					credential: carrier.credential,
					onError: 'continueRegularOutput',
				}),
				code('What Is Left', WHAT_IS_LEFT),
			],
			[
				undefined,
				undefined,
				undefined,
				undefined,
				stopNode(
					'Stop All Streams',
					{ provider: carrier.name, operation: 'stopAllStreams', source: 'event' },
					'continueRegularOutput',
				),
			],
		],
		flows: [
			...chain('1. Count First', 'Fill In, to Count', 'Count Live Calls', 'How Many'),
			...chain(
				'2. Stop Everything',
				'Fill In',
				'List Live Calls',
				'Only New Calls',
				'Nothing New?',
				'Every Call',
				'List Its Streams',
				'What Is Left',
			),
			['Nothing New?', 'Stop All Streams', 1],
			['Stop All Streams', 'List Live Calls'],
		],
	});
}

/** Reads the lists of streams, in each form that the documents show. */
const WHAT_IS_LEFT = `const calls = $('Every Call').all().map(({ json }) => json.seen);
const left = [];
const notRead = [];
$input.all().forEach(({ json }, i) => {
  const call_uuid = calls[i];
  const streams = json.objects ?? (json.stream_id ? [json] : undefined);
  if (streams === undefined) notRead.push({ json: { call_uuid, result: 'its streams could not be read' } });
  for (const stream of streams ?? []) {
    if (!stream.end_time && stream.status !== 'completed' && stream.status !== 'failed') {
      left.push({ json: { call_uuid, stream_id: stream.stream_id, result: 'still runs' } });
    }
  }
});
const summary = {
  calls: calls.length,
  streams_left: left.length,
  calls_not_read: notRead.length,
};
return [{ json: summary }, ...left, ...notRead];`;

/** Stops every stream that the table knows: SignalWire, which can list none. */
function everythingOffByTable(): Workflow {
	return workflow({
		name: 'SignalWire: everything off, for an incident',
		notes: notes(
			CUTS_OFF,
			[
				'## Everything off',
				'### What starts it',
				'You, by hand. **1. Count First** says how many streams the table holds, and stops nothing. **2. Stop Everything** does it.',
				'### What it does',
				`SignalWire cannot list streams. So this stops what the table \`${TABLE}\` of the hang-up recipe holds, and goes over the table again until a round finds no new stream. **What Is Left** says for which there is no proof. **A stream that never reached the table goes on**: end its call.`,
				'### What happens to the calls',
				`${GOES_ON.signalWire} A conference's stream is stopped as such.`,
			],
			[
				'## Before you need it',
				steps(
					'**Stop Each Stream**: select your SignalWire Basic API credential.',
					'Run **1. Count First** once today: it shows whether the table is kept.',
				),
				TABLE_NOTE,
				'### The lock',
				'There is no webhook: nothing from outside starts it.',
			],
		),
		rows: [
			[
				manualTrigger('1. Count First'),
				streams.get('Count the Rows', [['event', 'eq', ROW_OF.stream]], { alwaysOutputData: true }),
				code(
					'How Many',
					`return [{ json: { streams: $input.all().filter(({ json }) => json.stream_sid).length } }];`,
				),
			],
			[
				manualTrigger('2. Stop Everything'),
				streams.get('Get All Streams', [['event', 'eq', ROW_OF.stream]], {
					alwaysOutputData: true,
					executeOnce: true,
				}),
				code(
					'Only New Streams',
					`const seen = new Set();
for (let round = 0; round < $runIndex; round += 1) {
  for (const { json } of $('Only New Streams').all(0, round)) seen.add(json.stream_sid);
}
const found = $input.all().filter(({ json }) => json.stream_sid && !seen.has(json.stream_sid));
return found.length > 0
  ? found.map(({ json: { call_sid, stream_sid, conference_sid } }) => ({ json: { call_sid, stream_sid, conference_sid } }))
  : [{ json: { nothing_new: true, rounds: $runIndex } }];`,
				),
				ifNode('Nothing New?', '!!$json.nothing_new'),
				code('What Is Left', WHAT_IS_LEFT_OF_TABLE),
			],
			[
				undefined,
				undefined,
				undefined,
				stopNode(
					'Stop Each Stream',
					{ provider: 'signalWire', operation: 'stopStream', source: 'event', streamBy: 'sid' },
					'continueRegularOutput',
				),
			],
		],
		flows: [
			...chain('1. Count First', 'Count the Rows', 'How Many'),
			...chain(
				'2. Stop Everything',
				'Get All Streams',
				'Only New Streams',
				'Nothing New?',
				'What Is Left',
			),
			['Nothing New?', 'Stop Each Stream', 1],
			['Stop Each Stream', 'Get All Streams'],
		],
	});
}

/** What the rounds of stops could not prove. */
const WHAT_IS_LEFT_OF_TABLE = `const results = [];
for (let round = 0; round < $input.first().json.rounds; round += 1) {
  results.push(...$('Stop Each Stream').all(0, round).map(({ json }) => json));
}
const left = results.filter(({ stopped }) => !stopped);
return [
  { json: { streams: results.length, not_proved: left.length } },
  ...left.map(({ callId, stream, status, callState, error }) => ({
    json: { call: callId, stream, status, call_state: callState ?? 'not known', error: error ?? '' },
  })),
];`;

export const everythingOff = (carrier: Carrier): Workflow =>
	isSignalWire(carrier) ? everythingOffByTable() : everythingOffByList(carrier);

/** Stops the stream, and then ends the call. */
export function stopAndHangUp(carrier: Carrier): Workflow {
	const stop = stopName(carrier);
	return workflow({
		name: `${carrier.shown}: stop the stream and hang up`,
		notes: notes(
			'if all you want is to end the call: hanging up ends its streams too, with one request. This is for a stream that must be down first, whatever becomes of the hang-up.',
			[
				'## Stop the stream, then hang up',
				'### What starts it',
				`Your own application posts ${posted(carrier)}.`,
				'### What it does',
				`Two nodes: **${stop}**, and an HTTP Request that ends the call with the same credential. A stop that does not work does not keep the call from being ended: that is the surest stop there is. The answer says what became of both: **200** when the call was ended, **502** when not.`,
				'### What happens to the call',
				'It ends. A stopped stream alone is not a hang-up: the caller would stay on a silent line.',
			],
			[
				'## Before you publish',
				steps(
					`**Fill In**: ${carrier.accountStep}.`,
					`**${stop}** and **Hang Up**: select your ${carrier.credentialShown} credential; the secret stays in it.`,
					'**End the Call**: select a Header Auth credential, and copy the Production URL into your application.',
				),
				'### The lock',
				headerAuthNote('End the Call'),
				keepsNote('the key of your header'),
			],
		),
		rows: [
			[
				webhook('End the Call', { lock: 'headerAuth', responseMode: 'responseNode' }),
				fillInPosted(carrier, {}),
				ifNode('Is a Call Named?', isId(`$json.${carrier.call}`)),
				stopPosted(carrier, {}, 'continueRegularOutput'),
				hangUp('Hang Up', carrier),
				setNode('Ended', {
					result: 'the call was ended',
					stream: `={{ $('${stop}').first().json.status }}`,
				}),
				answerItem('Answer'),
			],
			[
				undefined,
				undefined,
				undefined,
				undefined,
				setNode('Not Ended', { result: 'the call was not ended' }),
				answerItem('Answer That It Was Not', 502),
			],
		],
		flows: [
			...chain('End the Call', 'Fill In', 'Is a Call Named?', stop, 'Hang Up', 'Ended', 'Answer'),
			['Is a Call Named?', 'Not Ended', 1],
			['Hang Up', 'Not Ended', 1],
			['Not Ended', 'Answer That It Was Not'],
		],
		keepsNoSuccess: true,
	});
}
