/** A call is answered with the XML that starts its stream. */

import {
	answerXml,
	chain,
	gap,
	setNode,
	stopAndError,
	stopNode,
	webhook,
	workflow,
	type Workflow,
} from './workflows.cts';
import {
	basicAuthNote,
	credentialStep,
	escaped,
	filledIn,
	keepsCallbackNote,
	notes,
	signatureNote,
	stepsToPublish,
	STREAM_SERVER_DECIDES,
	xml,
	type Carrier,
	type CarrierName,
} from './common.cts';

/** The name of the stream on SignalWire, unique on its call. */
export const STREAM_NAME = 'caller-audio';

/** SignalWire: "The url does not support query string parameters". */
export const withoutQuery = (url: string): string => `${url}.split('?')[0]`;

const SERVER = '`stream_server`, the `wss://` URL that takes the audio';
const EVENTS =
	'`events` (may stay empty), a URL that is to hear when the stream begins and ends, such as that of *Time limit and hang-up*';
const ON_PLIVO =
	`${SERVER}; \`token\`, which it gets as \`extraHeaders="token=…"\` and should ask for (letters and digits only); ` +
	`\`minutes\`, after which the stream ends by itself (\`streamTimeout\`); ${EVENTS}`;

/** What *Fill In* holds about a stream, here and in *Pause and resume*. */
export const WITH_STREAM: Record<CarrierName, string> = {
	signalWire: `${SERVER}, without a query (SignalWire takes none); \`token\`, which it gets as \`Authorization: Bearer …\` (\`authBearerToken\`) and should ask for; ${EVENTS}.`,
	plivo: `${ON_PLIVO}.`,
	vobiz: `${ON_PLIVO} (as \`https://user:password@…\`, if it asks for them).`,
};

const IS_AGENT = `${filledIn('kind')} === 'agent'`;
const either = (agent: string, listens: string): string =>
	`{{ ${IS_AGENT} ? '${agent}' : '${listens}' }}`;

/** An attribute that is there only if its field is filled in. */
const attribute = (name: string, value: string): string =>
	`{{ ${value} && ' ${name}="' + ${escaped(value)} + '"' }}`;

const response = (...lines: string[]): string =>
	['=<?xml version="1.0" encoding="UTF-8"?>', '<Response>', ...lines, '</Response>'].join('\n');

/** Where the call goes on: beside a stream that listens, and when the stream of an agent stopped. */
const goesOn = (say: string): string[] => [
	`  <Dial timeout="30"${attribute('callerId', filledIn('caller_id'))}><Number>${xml(filledIn('person'))}</Number></Dial>`,
	`  <${say}>Nobody can take your call now. Goodbye.</${say}>`,
];

const ON_PLIVO_XML = response(
	`  <Speak>${xml(filledIn('sentence'))}</Speak>`,
	// "If bidirectional is true, audioTrack should not be outbound or both": both vendors' page of <Stream>.
	`  <Stream ${either('bidirectional="true" keepCallAlive="true" audioTrack="inbound"', 'audioTrack="both"')} contentType="audio/x-mulaw;rate=8000" streamTimeout="{{ Math.round(${filledIn('minutes')} * 60) }}"${attribute('extraHeaders', `(${filledIn('token')} && 'token=' + ${filledIn('token')})`)}${attribute('statusCallbackUrl', filledIn('events'))}>${xml(filledIn('stream_server'))}</Stream>`,
	...goesOn('Speak'),
);

interface Answer {
	xml: string;
	say: string;
	/** Which field of the console takes the URL, and which the fallback. */
	number: string;
	fallback: string;
}

const ON_PLIVO_CONSOLE = {
	xml: ON_PLIVO_XML,
	say: 'Speak',
	number: 'your application: **Answer URL**, method POST',
	fallback: '**Fallback Answer URL** beside it',
};

const ANSWERS: Record<CarrierName, Answer> = {
	signalWire: {
		xml: response(
			`  <Say>${xml(filledIn('sentence'))}</Say>`,
			`  <${either('Connect', 'Start')}>`,
			// <Connect>: "the only available attribute is inbound_track".
			`    <Stream url="${xml(withoutQuery(filledIn('stream_server')))}" name="${STREAM_NAME}" track="${either('inbound_track', 'both_tracks')}"${attribute('authBearerToken', filledIn('token'))}${attribute('statusCallback', filledIn('events'))}>`,
			`      <Parameter name="from" value="${xml("($('Call Answered').first().json.body.From ?? '')")}"/>`,
			'    </Stream>',
			`  </${either('Connect', 'Start')}>`,
			...goesOn('Say'),
		),
		say: 'Say',
		number:
			'your phone number: **When a call comes in**, as a cXML webhook, method POST (for a call that you make, `Url`)',
		fallback: 'its **Fallback URL** (`FallbackUrl`)',
	},
	plivo: ON_PLIVO_CONSOLE,
	vobiz: ON_PLIVO_CONSOLE,
};

function notesOf(carrier: Carrier) {
	const { name, shown, xmlShown } = carrier;
	const { number, fallback } = ANSWERS[name];
	const locked = name === 'vobiz';
	return notes(
		'if something else answers your calls already: write the `<Stream>` of this recipe into your own answer XML.',
		[
			`## ${shown}: answer a call and start its stream`,
			'### What starts it',
			`${shown} asks what to do with a new call.`,
			'### What it does',
			'It says `sentence`, and then sends the audio to `stream_server`.',
			'- `kind` is `listen`: the stream gets both sides, while the caller is put through to `person`.',
			"- `kind` is `agent`: the stream talks back and holds the call. It gets the caller's side, which is all that can be had then.",
			...(name === 'signalWire'
				? [
						`The stream is named \`${STREAM_NAME}\`; data for your server goes into \`<Parameter>\`, here the caller's number as \`from\`. For a time limit, see *Time limit and hang-up*.`,
					]
				: []),
			'### What happens to the call',
			"When an agent's stream stops, the caller goes on to `person`; when nobody takes the call, it ends with a sentence. There is no silence to wait in.",
			STREAM_SERVER_DECIDES,
		],
		[
			'## Before you publish',
			stepsToPublish(
				`**Fill In**: \`kind\`; \`sentence\`; \`person\`, a phone number; \`caller_id\` (may stay empty), a number of yours, if the caller’s own may not be shown; ${WITH_STREAM[name]}`,
				...(locked ? [] : [credentialStep(carrier, ['Check Event'], { signed: true })]),
				`**Call Answered**: ${locked ? 'select a Basic Auth credential (letters and digits only), and ' : ''}copy the Production URL into ${number}.`,
				`Give ${shown} ${xmlShown} that needs no n8n, such as a \`<Dial>\`, for the time when n8n is away: ${fallback}.`,
			),
			'### Try it without a call',
			locked
				? 'Publish, and `curl -X POST` the Production URL with user and password: the answer XML comes back.'
				: `Publish, and \`curl -X POST\` the Production URL: as nobody signed that, the ${xmlShown} without its stream comes back, and the execution fails and says so. Then call.`,
			'### The lock',
			locked
				? basicAuthNote('Call Answered')
				: `The ${xmlShown} holds \`token\`, so it goes only to ${shown}: **Check Event** looks at the signature. If that does not fit, the caller is put through to \`person\` without a stream. ${signatureNote(carrier)}`,
			...(locked ? [keepsCallbackNote(carrier)] : []),
		],
	);
}

/** Answers a call with the XML that starts its stream. */
export function answer(carrier: Carrier): Workflow {
	const { name, shown } = carrier;
	const { xml: withStream, say } = ANSWERS[name];
	const locked = name === 'vobiz';
	const asked = webhook('Call Answered', {
		responseMode: 'responseNode',
		...(locked && { lock: 'basicAuth' }),
	});
	const fields = setNode('Fill In', {
		kind: 'listen',
		sentence: 'This call is transcribed.',
		stream_server: 'wss://audio.example.com/stream',
		token: '',
		...(name !== 'signalWire' && { minutes: 60 }),
		person: '+15550100000',
		caller_id: '',
		events: '',
	});
	const answerCall = answerXml('Answer with the XML', withStream);
	const shared = {
		name: `${shown}: answer a call and start its stream`,
		notes: notesOf(carrier),
		keepsNoSuccess: locked,
	};
	if (locked) {
		return workflow({
			...shared,
			rows: [[asked, fields, answerCall]],
			flows: chain('Call Answered', 'Fill In', 'Answer with the XML'),
		});
	}
	return workflow({
		...shared,
		rows: [
			[asked, fields],
			[
				undefined,
				stopNode('Check Event', { provider: name, operation: 'checkEvent' }, 'continueErrorOutput'),
				answerCall,
			],
			[
				...gap(2),
				answerXml('Answer without a Stream', response(...goesOn(say))),
				stopAndError(
					'Not Signed',
					`\`A call was answered without its stream, or somebody else asked: \${$json.error}\``,
				),
			],
		],
		flows: [
			// The upper row comes first: what it holds is there when the XML is made.
			['Call Answered', 'Fill In'],
			...chain('Call Answered', 'Check Event', 'Answer with the XML'),
			['Check Event', 'Answer without a Stream', 1],
			['Answer without a Stream', 'Not Signed'],
		],
	});
}
