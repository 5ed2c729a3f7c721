/** An application pauses the streaming of a call, and resumes it with what it was started with. */

import {
	answerJson,
	chain,
	code,
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
	type Values,
	type Workflow,
} from './workflows.cts';
import {
	callAddress,
	credentialStep,
	filledIn,
	HEADER_AUTH,
	headerAuthNote,
	isId,
	keepsNote,
	notes,
	stepsToPublish,
	STREAM_SERVER_DECIDES,
	type Carrier,
} from './common.cts';
import { STREAM_NAME, WITH_STREAM, withoutQuery } from './answer.cts';
import { CALL_IS_OVER, readCall, READ_ANSWER, READ_STREAMS, WHOLE_ANSWER } from './transfer.cts';

/** Somebody waits for the answer. */
const WAITED_FOR: Values = { timeout: 5_000, maxRetries: 1 };
/** The list is read at most so often: before the start, after it, and while it shows no stream yet. */
const MOST_LOOKS = 4;
const DAY_MS = 86_400_000;

/**
 * SignalWire cannot show streams: by what this workflow stopped and started in the last day, it knows a second
 * asking. n8n saves it when an execution ends, so in the same moment only the stream's name decides.
 */
const MEMORY = `const memory = $getWorkflowStaticData('global');
memory.seen = Object.fromEntries(
  Object.entries(memory.seen ?? {}).filter(([, { at }]) => Date.now() - at < ${DAY_MS}),
);`;

/** What the answer says of a pause. Only `paused` and `over` are green. */
function whatStopped(carrier: Carrier): string {
	const { name, shown, callShown } = carrier;
	const onSignalWire = name === 'signalWire';
	return `const { status, stopped, confirmed, confirmReason, callState, failure, error, message, callId, stream, statusCode }
  = $input.first().json;
const said = [error, message, confirmReason].filter(Boolean).join(' ');
${
	onSignalWire
		? `${MEMORY}
const asked = memory.seen[stream];
// What was started last has stopped, or was never let in: the next resume starts one.
if (status === 'stopped' || (status === 'notFound' && memory.seen[callId]?.stream === stream)) delete memory.seen[callId];
if (stopped || status === 'accepted') memory.seen[stream] = { at: Date.now(), hasStopped: stopped };
const isProved = stopped || asked?.hasStopped === true;
const isDown = isProved || (status === 'notFound' && asked !== undefined);
`
		: `const isProved = status === 'alreadyStopped' || confirmed === true;
// A call that is over and never had a stream: Vobiz says 204 to any call.
const isDown = isProved || (stopped && /lists no stream of this call/.test(confirmReason));
`
}
let json;
if (callState === 'ended') json = { code: 200, result: 'over', proved: true, message: 'The call is over, and its streams ended with it.' };
else if (isDown) json = { code: 200, result: 'paused', proved: isProved, message: isProved ? ${
		onSignalWire
			? `'SignalWire says that it stopped.' : 'SignalWire took the pause before, and now knows no such stream.'`
			: `'${shown} says that no stream of this call runs.' : \`\${confirmReason}: it is probably over, unless the ${callShown} is wrong.\``
	} };
else if (callState === 'notFound') json = { code: 200, result: 'over', proved: false, message: '${shown} knows no such call: it is over, unless the ${callShown} is wrong.' };
else if (failure === 'input') json = { code: 400, result: 'refused', proved: false, message: \`Nothing was sent. \${said}\` };
else if (failure && !['unavailable', 'unreadable', 'nothingToStop'].includes(failure)) json = { code: 502, result: 'refused', proved: false, message: said };
else json = { code: 504, result: 'not known', proved: false, message: \`It is not proved that the stream stopped; to pause again does no harm. \${said}\` };
return [{ json: { ...json, call: callId ?? '', provider_status: statusCode ?? 0 } }];`;
}

const RESULT = (carrier: Carrier): string =>
	`const result = (code, result, proved, message, stream = '') =>
  ({ next: 'answer', code, result, proved, message, stream, call: ${filledIn(carrier.call)}, provider_status: status ?? 0 });
const over = () => result(200, 'over', false, \`${carrier.shown} knows no such live call: it is over, unless the ${carrier.callShown} is wrong. \${words}\`);
const notFilledIn = () => result(400, 'refused', false, "Nothing was sent. '${carrier.callField}' must be posted, and 'stream_server' of 'Fill In' must be yours.");
`;

const IS_FILLED_IN = (carrier: Carrier): string =>
	`${isId(filledIn(carrier.call))} && /^wss?:\\/\\/\\S+$/.test(${filledIn('stream_server')}) && !${filledIn('stream_server')}.includes('example.com')`;

/**
 * What to do next, after each look at the list of streams. Of two that run, every run of this workflow stops
 * the same one, so that two who asked in the same moment end with one stream.
 */
const WHAT_NOW = (
	carrier: Carrier,
): string => `const list = $('List Streams').isExecuted ? $input.first().json : undefined;
const started = $('Start the Stream').isExecuted ? $('Start the Stream').first().json : undefined;
${READ_ANSWER(carrier, 'started ?? list ?? {}')}
${RESULT(carrier)}
const page = list?.statusCode === 200 ? list.body : undefined;
${READ_STREAMS('page')}
const ours = running
  .filter(({ service_url }) => service_url === ${filledIn('stream_server')})
  .sort((one, other) => (one.stream_id < other.stream_id ? -1 : 1));
const [first] = ours;
// A stream that is still connecting is listed too.
const hasBegun = Boolean(first?.start_time) || first?.status === 'in-progress';
const isTaken = status >= 200 && status < 300;
const isLast = $runIndex >= ${MOST_LOOKS};

let json;
if (!list) json = ${IS_FILLED_IN(carrier)} ? { next: 'look' } : notFilledIn();
else if (ours.length > 1 && !isLast) json = { next: 'stop one', stream_id: ours.at(-1).stream_id };
else if (ours.length > 1) json = result(504, 'not known', false, \`\${ours.length} streams run, and the second did not stop.\`, first.stream_id);
else if (first && !hasBegun && !isLast) json = { next: 'wait' };
else if (first) json = result(200, started ? 'resumed' : 'already', hasBegun,
  \`\${started ? 'It was started' : 'It was started before, and nothing was started now'}. ${carrier.shown} \${hasBegun ? 'shows it as running' : 'lists it, and does not show yet that it runs'}.\`, first.stream_id);
else if (!started && (isWhole || isOver)) json = { next: 'start' };
else if (isOver) json = over();
else if (!isLast && (isOpen(status) || (started && isTaken))) json = { next: 'wait' };
else if (!isTaken && !isOpen(status)) json = result(502, 'refused', false, \`Nothing was started. \${words}\`);
else json = result(504, 'not known', false, started
  ? (isTaken ? 'It was started, and does not run. Does your stream server let it in?' : \`It is not known whether a stream was started; to resume again does no harm. \${words}\`)
  : \`Nothing was started: the list of streams cannot be read as a whole. \${words}\`);
return [{ json }];`;

/** A stream that was started here and not paused since may run: a second one would get an id, and never live. */
const WHAT_IS_KNOWN = (carrier: Carrier): string => `${MEMORY}
const { stream } = memory.seen[${filledIn(carrier.call)}] ?? {};
return [{ json: { stream, next: ${IS_FILLED_IN(carrier)} ? (stream ? 'look' : 'start') : 'answer' } }];`;

/** SignalWire lists no streams: the name is unique on its call, so a second start has no effect. */
const DID_IT_START = (
	carrier: Carrier,
): string => `const { next, stream } = $('What Is Known').first().json;
const isSent = next === 'start';
const call = $input.first().json;
${READ_ANSWER(carrier, "isSent ? $('Start the Stream').first().json : call")}
${RESULT(carrier)}
const hasEnded = ${CALL_IS_OVER('call')};

const isTaken = isSent && status >= 200 && status < 300;
if (isTaken) {
${MEMORY}
  memory.seen[${filledIn(carrier.call)}] = { at: Date.now(), stream: own.sid };
}

let json;
if (next === 'answer') json = notFilledIn();
else if (isTaken) json = result(200, 'resumed', own.status === 'in-progress',
  own.status === 'in-progress' ? 'SignalWire says that it runs.' : \`SignalWire took it (\${own.status}).\`, own.sid);
else if (isOver || hasEnded) json = over();
else if (!isSent) json = result(200, 'already', false,
  'It was started before, and not paused since. Nothing was started now. If it does not run: pause it, and resume again.', stream);
else if (isOpen(status)) json = result(504, 'not known', false, \`It is not known whether a stream was started; to resume again does no harm. \${words}\`);
else json = result(502, 'refused', false, \`Nothing was started. Does a stream named ${STREAM_NAME} run already? \${words}\`);
return [{ json }];`;

/** Starts the stream anew, as *Answer a call* starts one that listens. */
function startStream(carrier: Carrier): Unplaced {
	const name = 'Start the Stream';
	const request = {
		method: 'POST',
		credential: carrier.credential,
		options: WHOLE_ANSWER,
		onError: 'continueRegularOutput',
	} as const;
	const token = filledIn('token');
	const events = filledIn('events');
	if (carrier.name !== 'signalWire') {
		return http(name, {
			...request,
			url: `${callAddress(carrier)}Stream/`,
			json: `JSON.stringify({ service_url: ${filledIn('stream_server')}, audio_track: 'both', content_type: 'audio/x-mulaw;rate=8000', stream_timeout: Math.round(${filledIn('minutes')} * 60), ...(${token} && { extra_headers: 'token=' + ${token} }), ...(${events} && { status_callback_url: ${events}, status_callback_method: 'POST' }) })`,
		});
	}
	const fields = `[['Url', ${withoutQuery(filledIn('stream_server'))}], ['Name', '${STREAM_NAME}'], ['Track', 'both_tracks'], ['AuthorizationBearerToken', ${token}], ['StatusCallback', ${events}]]`;
	return http(name, {
		...request,
		url: `${callAddress(carrier)}/Streams`,
		formText: `${fields}.filter(([, value]) => value).map(([field, value]) => field + '=' + encodeURIComponent(value)).join('&')`,
	});
}

function notesOf(carrier: Carrier) {
	const { name, shown, callField, callShown, accountStep } = carrier;
	const onSignalWire = name === 'signalWire';
	const stopName = onSignalWire ? 'Stop the Stream' : 'Stop All Streams';
	const post = `\`{"${callField}": "…"${onSignalWire ? ', "StreamSid": "…"' : ''}}\``;
	return notes(
		"if the stream holds the call, as a voice agent's does: stopping that one ends the call. This is for streams that only listen.",
		[
			`## Pause and resume – ${shown}`,
			'The one to import first.',
			'### What starts it',
			`Your application posts ${post} to **Pause**, and later \`{"${callField}": "…"}\` to **Resume**.`,
			'### What it does',
			onSignalWire
				? `**Pause** stops the stream. **Resume** starts one with what *Fill In* holds, under the name \`${STREAM_NAME}\`; the answer's \`stream\` is its Stream SID, for the next pause.`
				: `**Pause** stops all streams of the call and reads back that they ended. **Resume** checks whether a stream runs, starts one with what *Fill In* holds, and looks again.`,
			'### What it answers',
			`- **200** \`paused\`, \`resumed\`, \`already\` (it runs), or \`over\`: the call is over.\n- **502** \`refused\`, with ${shown}'s status and words.\n- **504** \`not known\`: ask again, twice does no harm.\n- **400**: something is missing.`,
			`Only \`"proved": true\` is proof${onSignalWire ? " by SignalWire's own word: it cannot show streams" : `: ${shown} was read`}. All but 200 end as a **failed execution**.`,
			'### What happens to the call',
			`It goes on. ${STREAM_SERVER_DECIDES} Recordings and other legs (a ${callShown} each) are not paused.`,
		],
		[
			'## Before you publish',
			stepsToPublish(
				`**Pause** and **Resume**: ${HEADER_AUTH}, and copy both Production URLs into your application.`,
				credentialStep(carrier, [
					stopName,
					...(onSignalWire
						? ['Start the Stream', 'Read the Call']
						: ['List Streams', 'Start the Stream', 'Stop the Second']),
				]),
				`**Fill In**, for Resume: ${accountStep}; and what your \`<Stream>\` has: ${WITH_STREAM[name]}`,
			),
			'### Try it without a call',
			`Publish, and send this with your header to the Production URL of **Pause**: \`curl -H 'X-Api-Key: …' -H 'Content-Type: application/json' -d '{"${callField}": "none"${onSignalWire ? ', "StreamSid": "none"' : ''}}' URL\`. The answer \`${name === 'vobiz' ? 'not known' : 'over'}\` says that URL, header and credential work${name === 'vobiz' ? ' (Vobiz takes a stop of any call, and then shows none)' : ''}. A 401 of ${shown} comes as \`refused\`.`,
			'### The lock',
			headerAuthNote('Pause and Resume'),
			keepsNote('the key of your header'),
		],
	);
}

/** Stops the streams of a call when an application asks, and starts one again when it asks. */
export function pauseAndResume(carrier: Carrier): Workflow {
	const { name, callField, call } = carrier;
	const onSignalWire = name === 'signalWire';
	const stopName = onSignalWire ? 'Stop the Stream' : 'Stop All Streams';
	const ask = { lock: 'headerAuth', responseMode: 'responseNode' } as const;
	const asked: Unplaced[] = [
		webhook('Pause', ask),
		stopNode(
			stopName,
			{
				provider: name,
				operation: onSignalWire ? 'stopStream' : 'stopAllStreams',
				source: 'fields',
				callId: `={{ $json.body.${callField} }}`,
				...(onSignalWire
					? { streamBy: 'sid', stream: '={{ $json.body.StreamSid }}', options: WAITED_FOR }
					: { options: { confirm: true, ...WAITED_FOR } }),
			},
			'continueRegularOutput',
		),
		code('What Stopped', whatStopped(carrier)),
	];
	const answered: Unplaced[] = [
		answerJson(
			'Answer',
			'{ result: $json.result, proved: $json.proved, message: $json.message, call: $json.call, stream: $json.stream, provider_status: $json.provider_status }',
			'$json.code',
		),
		ifNode('Did It Go Wrong?', '$json.code >= 300'),
		stopAndError(
			'Not Done',
			`\`Call \${$json.call || '(none)'} at ${carrier.shown}: \${$json.result}\${$json.stream ? ' (stream ' + $json.stream + ')' : ''}. \${$json.message}\``,
		),
	];
	const resume: Unplaced[] = [
		webhook('Resume', ask),
		setNode('Fill In', {
			...carrier.account,
			stream_server: 'wss://audio.example.com/stream',
			token: '',
			...(!onSignalWire && { minutes: 60 }),
			events: '',
			[call]: `={{ $json.body.${callField} ?? '' }}`,
		}),
	];
	const end = chain('Answer', 'Did It Go Wrong?', 'Not Done');
	const stopFlow = chain('Pause', stopName, 'What Stopped', 'Answer');
	const named = {
		name: `Pause and resume – ${carrier.shown}`,
		notes: notesOf(carrier),
		keepsNoSuccess: true,
	};
	if (onSignalWire) {
		return workflow({
			...named,
			rows: [
				[...asked, ...gap(4), ...answered],
				[
					...resume,
					code('What Is Known', WHAT_IS_KNOWN(carrier)),
					switchNode(
						'Start It?',
						{ Start: [['$json.next', 'start']], Look: [['$json.next', 'look']] },
						'Answer',
					),
					startStream(carrier),
					readCall('Read the Call', carrier),
					code('Did It Start?', DID_IT_START(carrier)),
				],
			],
			flows: [
				...stopFlow,
				...chain(
					'Resume',
					'Fill In',
					'What Is Known',
					'Start It?',
					'Start the Stream',
					'Read the Call',
					'Did It Start?',
					'Answer',
				),
				['Start It?', 'Read the Call', 1],
				['Start It?', 'Did It Start?', 2],
				...end,
			],
		});
	}
	const next = ['Look', 'Start', 'Stop One', 'Wait'];
	const loop: Flow[] = [
		['Next Step', 'List Streams', 0],
		['Next Step', 'Start the Stream', 1],
		['Next Step', 'Stop the Second', 2],
		['Next Step', 'Wait a Second', 3],
		['Next Step', 'Answer', 4],
		...chain('Start the Stream', 'Wait a Second', 'List Streams', 'What Now?'),
		['Stop the Second', 'Wait a Second'],
	];
	return workflow({
		...named,
		rows: [
			[...asked, ...gap(3), ...answered],
			[
				...resume,
				code('What Now?', WHAT_NOW(carrier)),
				switchNode(
					'Next Step',
					Object.fromEntries(next.map((one) => [one, [['$json.next', one.toLowerCase()]]])),
					'Answer',
				),
				startStream(carrier),
				waitSeconds('Wait a Second', 1),
			],
			[
				...gap(2),
				http('List Streams', {
					url: `${callAddress(carrier)}Stream/`,
					credential: carrier.credential,
					options: WHOLE_ANSWER,
					onError: 'continueRegularOutput',
				}),
				undefined,
				stopNode(
					'Stop the Second',
					{
						provider: name,
						operation: 'stopStream',
						source: 'fields',
						callId: `={{ ${filledIn(call)} }}`,
						stream: '={{ $json.stream_id }}',
						options: WAITED_FOR,
					},
					'continueRegularOutput',
				),
			],
		],
		flows: [...stopFlow, ...chain('Resume', 'Fill In', 'What Now?', 'Next Step'), ...loop, ...end],
	});
}
