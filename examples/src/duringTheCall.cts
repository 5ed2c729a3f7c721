/** What happens while people talk: a hand-over, an incident, the end. */

import {
	answerItem,
	chain,
	code,
	http,
	ifNode,
	manualTrigger,
	setNode,
	splitOut,
	stopNode,
	webhook,
	workflow,
	type Unplaced,
	type Values,
	type Workflow,
} from './workflows.cts';
import {
	filledIn,
	GOES_ON,
	hangUp,
	headerAuthNote,
	isId,
	keepsNote,
	notes,
	steps,
	transfer,
	type Carrier,
} from './common.cts';

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
export function everythingOff(carrier: Carrier): Workflow {
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
