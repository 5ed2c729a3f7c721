/** *Check My Account*: settles open points of the README on a live call of the user's own. */

import { codeOf } from '../../test/lib/check/code.cts';
import { PLANS } from '../../test/lib/check/plans.cts';
import {
	chain,
	code,
	http,
	ifNode,
	manualTrigger,
	setNode,
	stopNode,
	waitMinutes,
	workflow,
	type Flow,
	type Unplaced,
	type Values,
	type Workflow,
} from './workflows.cts';
import { callAddress, filledIn, isId, steps, type Carrier, type CarrierName } from './common.cts';

/** What the streams of the check are limited to, where the provider has a limit. */
const LIMIT_SECONDS = 120;
/** A stream needs a moment until it is up; in minutes. */
const MOMENT = 0.05;
const WRONG_TOKEN = 'wrong-token-on-purpose';

/** The whole answer as it came, whatever its status. */
const AS_IT_CAME: Values = {
	response: { response: { fullResponse: true, neverError: true, responseFormat: 'text' } },
	timeout: 10_000,
};

type Request = Omit<Parameters<typeof http>[1], 'options' | 'onError'>;
const ask = (name: string, request: Request): Unplaced =>
	http(name, { ...request, options: AS_IT_CAME, onError: 'continueRegularOutput' });

const endedField = ({ call }: Carrier): string => `ended_${call}`;
const ownCall = (carrier: Carrier): string => filledIn(carrier.call);
/** Where none is filled in, the call of the check: it may have ended meanwhile. */
const endedCall = (carrier: Carrier): string =>
	`(${filledIn(endedField(carrier))} || ${ownCall(carrier)})`;
const madeUp = (what: 'call' | 'stream'): string => `$('Make Up IDs').first().json.${what}`;

const stop = (carrier: Carrier, name: string, parameters: Values, confirm?: true): Unplaced =>
	stopNode(
		name,
		{
			provider: carrier.name,
			operation: 'stopStream',
			callId: `={{ ${ownCall(carrier)} }}`,
			...parameters,
			options: { includeResponse: true, ...(confirm && { confirm: true }) },
		},
		'continueRegularOutput',
	);

const stopAll = (carrier: Carrier, name: string, call: string, confirm?: true): Unplaced =>
	stop(carrier, name, { operation: 'stopAllStreams', callId: `={{ ${call} }}` }, confirm);

/** What the Code nodes share. */
const streams = (glue: string): string => `${codeOf('streams')}\n${glue}`;

/** The id of the stream that a node has started, in a Code node. */
const startedBy = (node: string): string =>
	`$('${node}').isExecuted ? startedStream($('${node}').first().json) : undefined`;

/** The same in an expression: the id as the provider names it. */
const streamOf = (node: string, carrier: Carrier): string =>
	`={{ $('${node}').first().json.data.parseJson().${carrier.name === 'signalWire' ? 'sid' : 'stream_id'} }}`;

/** True where a node has started a stream. */
const hasStarted = (idName: string): string =>
	`$json.statusCode < 300 && ($json.data || '').includes('"${idName}"')`;

const readCall = (name: string, carrier: Carrier): Unplaced => ({
	...ask(name, {
		url: callAddress(carrier),
		credential: carrier.credential,
		...(carrier.name !== 'signalWire' && { query: { status: 'live' } }),
	}),
	executeOnce: true,
});

const wrongToken = (carrier: Carrier): Unplaced => {
	const id = filledIn(carrier.name === 'signalWire' ? 'project_id' : 'auth_id');
	return ask('Ask With a Wrong Token', {
		url: callAddress(carrier),
		...(carrier.name !== 'signalWire' && { query: { status: 'live' } }),
		headers:
			carrier.name === 'vobiz'
				? { 'X-Auth-ID': `={{ ${id} }}`, 'X-Auth-Token': WRONG_TOKEN }
				: { Authorization: `={{ 'Basic ' + (${id} + ':${WRONG_TOKEN}').base64Encode() }}` },
	});
};

const START_STEPS = (carrier: Carrier): string[] =>
	PLANS[carrier.name].steps.filter(({ asks }) => asks.startsWith('start')).map(({ name }) => name);

const ownStreams = (carrier: Carrier): Unplaced =>
	code(
		'Its Own Streams',
		streams(
			[
				`const call = ${ownCall(carrier)};`,
				'const ids = [',
				...START_STEPS(carrier)
					.filter((name) => !name.startsWith('Conference'))
					.map((name) => `\t${startedBy(name)},`),
				'].filter((id) => id !== undefined);',
				'return ids.length > 0',
				'\t? ids.map((stream) => ({ json: { call, stream } }))',
				'\t: [{ json: { call } }];',
			].join('\n'),
		),
	);

/** A plan as text, a line for each of its steps and points. */
const textOf = (plan: object): string =>
	`{\n${Object.entries(plan)
		.map(([key, value]: [string, unknown]) =>
			Array.isArray(value)
				? `\t${key}: [\n${value.map((one) => `\t\t${JSON.stringify(one)},\n`).join('')}\t],`
				: `\t${key}: ${JSON.stringify(value)},`,
		)
		.join('\n')}\n}`;

const whatCameOut = (carrier: Carrier): Unplaced => {
	const plan = PLANS[carrier.name];
	return code(
		'What Came Out',
		[
			`// What the documents of ${plan.shown} say. The report shows what stands here, and nothing else.`,
			`const PLAN = ${textOf(plan)};`,
			'',
			codeOf('report'),
			codeOf('streams'),
			'const outputs = {};',
			"for (const name of [...PLAN.steps.map((step) => step.name), 'Stop What Is Left']) {",
			'\tif ($(name).isExecuted) outputs[name] = $(name).all().map((item) => item.json);',
			'}',
			'const started = {};',
			'for (const { name, asks } of PLAN.steps) {',
			"\tif (asks.startsWith('start')) started[name] = startedStream(outputs[name]?.[0]);",
			'}',
			'const calls = {',
			`\town: ${ownCall(carrier)},`,
			`\tended: ${endedCall(carrier)},`,
			"\tunknown: $('Make Up IDs').isExecuted ? $('Make Up IDs').first().json.call : undefined,",
			'};',
			'const json = report(PLAN, { outputs, calls, started });',
			'return [{ json: { markdown: asMarkdown(PLAN, json), json } }];',
		].join('\n'),
	);
};

/** From the first trigger to the question whether the check goes on. */
const beginning = (
	carrier: Carrier,
): { rows: Array<Array<Unplaced | undefined>>; flows: Flow[] } => {
	const optional: Record<string, string> =
		carrier.name === 'signalWire' ? { cxml_url: '', conference_sid: '' } : {};
	return {
		rows: [
			[
				manualTrigger('1. Show the Call'),
				setNode('Fill In', {
					...carrier.account,
					[carrier.call]: '',
					stream_url: '',
					[endedField(carrier)]: '',
					...optional,
				}),
				ifNode(
					'All Filled In?',
					isId(`$json.${carrier.call}`),
					`/^wss:\\/\\/${carrier.name === 'signalWire' ? '[^?\\s]' : '\\S'}+$/.test($json.stream_url ?? '')`,
				),
				readCall('Read the Call', carrier),
				code('The Call', streams('return [{ json: theCall($input.first().json) }];')),
				ifNode('Go On?', "$('2. Check It').isExecuted"),
				code(
					'Make Up IDs',
					streams('return [{ json: { call: madeUpId(), stream: madeUpId() } }];'),
				),
				wrongToken(carrier),
				ifNode('Is the Call Live?', "$('The Call').first().json.live === true"),
			],
			[
				manualTrigger('2. Check It'),
				undefined,
				setNode('Nothing Was Sent', {
					next: `Fill in ${carrier.call}, the id of a live call of your own, and stream_url, which begins with wss://${carrier.name === 'signalWire' ? ' and has no query' : ''}.`,
				}),
			],
		],
		flows: [
			...chain(
				'1. Show the Call',
				'Fill In',
				'All Filled In?',
				'Read the Call',
				'The Call',
				'Go On?',
				'Make Up IDs',
				'Ask With a Wrong Token',
				'Is the Call Live?',
			),
			['2. Check It', 'Fill In'],
			['All Filled In?', 'Nothing Was Sent', 1],
			['Is the Call Live?', 'What Came Out', 1],
		],
	};
};

/** Plivo and Vobiz. */
function familyCheck(carrier: Carrier): { rows: Unplaced[][]; flows: Flow[] } {
	const { credential } = carrier;
	const listUrl = `${callAddress(carrier)}Stream/`;
	const start = (name: string): Unplaced =>
		ask(name, {
			method: 'POST',
			url: listUrl,
			credential,
			json: `JSON.stringify({ service_url: ${filledIn('stream_url')}, audio_track: 'inbound', bidirectional: false, stream_timeout: ${LIMIT_SECONDS} })`,
		});
	const one = streamOf('Start Stream 1', carrier);
	const readOne = (name: string): Unplaced =>
		ask(name, {
			url: `${listUrl}{{ encodeURIComponent(${one.slice(4, -3)}) }}/`,
			credential,
		});
	const listStreams = (name: string): Unplaced => ({
		...ask(name, { url: listUrl, credential, query: { limit: '20', offset: '0' } }),
		executeOnce: true,
	});
	return {
		rows: [
			[
				ask('Read the Record', { url: callAddress(carrier), credential }),
				start('Start Stream 1'),
				ifNode('Has It Started?', hasStarted('stream_id')),
				waitMinutes('Wait for It', MOMENT),
				readOne('Read Stream 1'),
				stop(carrier, 'Stop Stream 1', { stream: one }, true),
				readOne('Read Stream 1 Again'),
				stop(carrier, 'Stop Stream 1 Again', { stream: one }),
			],
			[
				stop(carrier, 'Stop a Wrong ID', { stream: `={{ ${madeUp('stream')} }}` }),
				start('Start Stream 2'),
				ifNode('Has the Second Started?', hasStarted('stream_id')),
				waitMinutes('Wait Once More', MOMENT),
				listStreams('List the Streams'),
				code(
					'Whose Streams Run?',
					streams(
						[
							'const own = [',
							...['Start Stream 1', 'Start Stream 2'].map((name) => `\t${startedBy(name)},`),
							'];',
							'return [{ json: whoseStreams($input.first().json, own) }];',
						].join('\n'),
					),
				),
				ifNode('Only Its Own?', '$json.only_own'),
				stopAll(carrier, 'Stop All Streams', ownCall(carrier), true),
				stopAll(carrier, 'Stop All Streams Again', ownCall(carrier)),
			],
			[
				stopAll(carrier, 'Stop All of an Unknown Call', madeUp('call')),
				ask('Read the Ended Call', { url: callAddress(carrier, endedCall(carrier)), credential }),
				ifNode(
					'Has It Ended?',
					`$json.statusCode === 200 && /"end_time":\\s*"[^"]/.test($json.data || '')`,
				),
				stopAll(carrier, 'Stop All of the Ended Call', endedCall(carrier)),
				stop(carrier, 'Stop One of the Ended Call', {
					callId: `={{ ${endedCall(carrier)} }}`,
					stream: `={{ ${madeUp('stream')} }}`,
				}),
			],
			[
				ownStreams(carrier),
				ifNode('Anything Started?', '!!$json.stream'),
				stop(carrier, 'Stop What Is Left', {
					callId: '={{ $json.call }}',
					stream: '={{ $json.stream }}',
				}),
				readCall('Read the Call Again', carrier),
				listStreams('List What Is Left'),
				whatCameOut(carrier),
			],
		],
		flows: [
			...chain('Is the Call Live?', 'Read the Record', 'Start Stream 1', 'Has It Started?'),
			...chain(
				'Has It Started?',
				'Wait for It',
				'Read Stream 1',
				'Stop Stream 1',
				'Read Stream 1 Again',
				'Stop Stream 1 Again',
				'Stop a Wrong ID',
				'Start Stream 2',
				'Has the Second Started?',
				'Wait Once More',
				'List the Streams',
				'Whose Streams Run?',
				'Only Its Own?',
				'Stop All Streams',
				'Stop All Streams Again',
				'Stop All of an Unknown Call',
				'Read the Ended Call',
				'Has It Ended?',
				'Stop All of the Ended Call',
				'Stop One of the Ended Call',
				'Its Own Streams',
				'Anything Started?',
				'Stop What Is Left',
				'Read the Call Again',
				'List What Is Left',
				'What Came Out',
			),
			['Has It Started?', 'Stop a Wrong ID', 1],
			['Has the Second Started?', 'Stop All of an Unknown Call', 1],
			['Only Its Own?', 'Stop All of an Unknown Call', 1],
			['Has It Ended?', 'Its Own Streams', 1],
			['Anything Started?', 'Read the Call Again', 1],
		],
	};
}

function signalWireCheck(carrier: Carrier): { rows: Unplaced[][]; flows: Flow[] } {
	const { credential } = carrier;
	const calls = callAddress(carrier);
	const conferences = calls.replace(
		/\/Calls\/.*$/,
		`/Conferences/{{ encodeURIComponent(${filledIn('conference_sid')}) }}`,
	);
	const start = (name: string, streamName: string, of = calls): Unplaced =>
		ask(name, {
			method: 'POST',
			url: `${of}/Streams`,
			credential,
			form: {
				Url: `={{ ${filledIn('stream_url')} }}`,
				Name: streamName,
				Track: 'inbound_track',
			},
		});
	const bySid = (name: string, stream: string, more: Values = {}): Unplaced =>
		stop(carrier, name, { streamBy: 'sid', stream, ...more });
	const one = streamOf('Start Stream 1', carrier);
	const two = streamOf('Start Stream 2', carrier);
	const SECOND = 'check-my-account-2';
	const BY_NAME = 'check-my-account-by-name';
	const ofConference = (name: string): Unplaced =>
		stop(carrier, name, {
			streamBy: 'conferenceSid',
			conferenceSid: `={{ ${filledIn('conference_sid')} }}`,
			stream: streamOf('Conference: Start', carrier),
		});
	return {
		rows: [
			[
				start('Start Stream 1', 'check-my-account-1'),
				ifNode('Has It Started?', hasStarted('sid')),
				waitMinutes('Wait for It', MOMENT),
				bySid('Stop Stream 1', one),
				bySid('Stop Stream 1 Again', one),
			],
			[
				bySid('Stop a Wrong ID', `={{ ${madeUp('stream')} }}`),
				start('Start Stream 2', SECOND),
				ifNode('Has the Second Started?', hasStarted('sid')),
				waitMinutes('Wait Once More', MOMENT),
				bySid('Stop by Its Name as SID', SECOND),
				bySid('Stop Stream 2', two),
			],
			[
				stop(carrier, 'Stop an Unknown Control ID', {
					streamBy: 'controlId',
					stream: `={{ ${madeUp('stream')} }}`,
				}),
				ask('Read the Ended Call', { url: callAddress(carrier, endedCall(carrier)), credential }),
				ifNode(
					'Has It Ended?',
					`$json.statusCode === 200 && /"status":\\s*"(completed|busy|failed|no-answer|canceled)"/.test($json.data || '')`,
				),
				bySid('Stop One of the Ended Call', `={{ ${madeUp('stream')} }}`, {
					callId: `={{ ${endedCall(carrier)} }}`,
				}),
				setNode('Branches Begin Here', { next: 'the branches that you have connected' }),
			],
			[
				start('By Name: Start', BY_NAME),
				ifNode('By Name: Started?', hasStarted('sid')),
				waitMinutes('By Name: Wait', MOMENT),
				stop(carrier, 'By Name: Stop', {
					streamBy: 'name',
					stream: BY_NAME,
					cxmlUrl: `={{ ${filledIn('cxml_url')} }}`,
				}),
				waitMinutes('By Name: Wait Again', MOMENT),
				ask('By Name: Read the Call', { url: calls, credential }),
			],
			[
				start('Conference: Start', 'check-my-account-room', conferences),
				ifNode('Conference: Started?', hasStarted('sid')),
				waitMinutes('Conference: Wait', MOMENT),
				ofConference('Conference: Stop'),
				ofConference('Conference: Stop Again'),
			],
			[
				ownStreams(carrier),
				ifNode('Anything Started?', '!!$json.stream'),
				bySid('Stop What Is Left', '={{ $json.stream }}', { callId: '={{ $json.call }}' }),
				readCall('Read the Call Again', carrier),
				whatCameOut(carrier),
			],
		],
		flows: [
			...chain(
				'Is the Call Live?',
				'Start Stream 1',
				'Has It Started?',
				'Wait for It',
				'Stop Stream 1',
				'Stop Stream 1 Again',
				'Stop a Wrong ID',
				'Start Stream 2',
				'Has the Second Started?',
				'Wait Once More',
				'Stop by Its Name as SID',
				'Stop Stream 2',
				'Stop an Unknown Control ID',
				'Read the Ended Call',
				'Has It Ended?',
				'Stop One of the Ended Call',
				'Branches Begin Here',
				'Its Own Streams',
				'Anything Started?',
				'Stop What Is Left',
				'Read the Call Again',
				'What Came Out',
			),
			['Has It Started?', 'Stop a Wrong ID', 1],
			['Has the Second Started?', 'Stop an Unknown Control ID', 1],
			['Has It Ended?', 'Branches Begin Here', 1],
			['Anything Started?', 'Read the Call Again', 1],
			...chain(
				'By Name: Start',
				'By Name: Started?',
				'By Name: Wait',
				'By Name: Stop',
				'By Name: Wait Again',
				'By Name: Read the Call',
			),
			...chain(
				'Conference: Start',
				'Conference: Started?',
				'Conference: Wait',
				'Conference: Stop',
				'Conference: Stop Again',
			),
		],
	};
}

const ENDS: Record<CarrierName, string> = {
	signalWire:
		'**SignalWire: only hanging up, or the check itself, ends them.** If a run is cut off in the middle, a stream goes on until the call ends, and not longer: hang up.',
	plivo: `They end by themselves after ${LIMIT_SECONDS} seconds (\`stream_timeout\`), and with the call before that. If a run is cut off in the middle, nothing runs any more ${LIMIT_SECONDS} seconds later.`,
	vobiz: `They end by themselves after ${LIMIT_SECONDS} seconds (\`stream_timeout\`), and with the call before that. If a run is cut off in the middle, nothing runs any more ${LIMIT_SECONDS} seconds later.`,
};

/** Starts and stops streams of its own on a live call, and holds the answers against the documents. */
export function checkMyAccount(carrier: Carrier): Workflow {
	const isSignalWire = carrier.name === 'signalWire';
	const first = beginning(carrier);
	const rest = isSignalWire ? signalWireCheck(carrier) : familyCheck(carrier);
	return workflow({
		name: `${carrier.shown}: check my account`,
		notes: [
			{
				name: 'About This Check',
				text: [
					`**Not for you if anybody on the call has not agreed: everybody on this call will be streamed to the address that you fill in.**`,
					`## Check my account, ${carrier.shown}`,
					'### What it costs',
					`Your provider bills the call as always, and each stream as its price list says, mostly by the begun minute. The check starts two streams, each for a few seconds${isSignalWire ? '; each branch that you connect starts one more' : ''}. A call between two telephones of your own is enough.`,
					'### What ends the streams',
					ENDS[carrier.name],
					'### What starts it',
					'You, twice. **1. Show the Call** reads the call, and **The Call** shows from, to and start. Nothing is started. **2. Check It** reads it again and goes on.',
					'### What it does',
					`It starts streams of its own with ${carrier.shown}'s API, never one with \`keepCallAlive\`, and stops them with the node: one, again, and a wrong id${isSignalWire ? '' : '. *All* streams it stops only where the list showed none but its own: start none on this call meanwhile'}. It asks once with a wrong token, on purpose. At the end it stops what is left of its own. **What Came Out** holds the answers against the documents.`,
					'### What happens to the call',
					isSignalWire
						? 'It goes on; the streams only listen. **By Name** is another matter: see the other note.'
						: 'It goes on; the streams only listen.',
				].join('\n'),
			},
			{
				name: 'Before You Run It',
				text: [
					'## Before you run it',
					steps(
						`**Fill In**: ${carrier.accountStep}; \`${carrier.call}\`, the ${carrier.callShown} of a live call of your own; \`stream_url\`, a \`wss://\` address${isSignalWire ? ' without a query' : ''} that takes the stream. \`${endedField(carrier)}\` may stay empty: the id of a call of yours that ended, for the answers to it.`,
						`Select your ${carrier.credentialShown} credential in every node that asks for one.`,
						'Run **1. Show the Call**. If this is the call that you mean, run **2. Check It**. It takes about a minute.',
						'Read `markdown` of **What Came Out**, and send it to us in an issue, *What my provider answered*: `markdown` and `json`.',
					),
					'### What the report shows',
					'Documented keys with documented words and codes. Of every other value it shows the type and the length, of unknown keys only the name, and ids become *call 1* and *stream 2*. The other nodes of this run hold the answers as they came, with telephone numbers: send only what the last node holds.',
					...(isSignalWire
						? [
								'### Two branches that are off',
								'**By Name** and **Conference** run only where you connect **Branches Begin Here** to **By Name: Start** or **Conference: Start**. *By Name* **replaces what the call is doing now** by the document at `cxml_url`, and when that runs out, the call ends. *Conference* streams **everybody in the room** that `conference_sid` names.',
							]
						: []),
					'### The lock',
					'It has no webhook: only you can start it.',
				].join('\n'),
			},
		],
		rows: [...first.rows, ...rest.rows],
		flows: [...first.flows, ...rest.flows],
	});
}
