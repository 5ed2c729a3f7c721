/** A part of a call that nothing may listen to: Plivo and Vobiz, whose streams can be read. */

import {
	answerXml,
	chain,
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
	type Workflow,
} from './workflows.cts';
import {
	basicAuthNote,
	callAddress,
	credentialStep,
	filledIn,
	isOwnUrl,
	isPhone,
	keepsCallbackNote,
	notes,
	sampleEvent,
	signatureNote,
	stepsToPublish,
	STREAM_SERVER_DECIDES,
	tryNote,
	xml,
	type Carrier,
} from './common.cts';

const TABLE = 'stop_audio_stream_private_part';
const runs = dataTable(TABLE, ['call_uuid', 'execution']);

/** What came twice came within a few seconds; a caller who comes back later means it. */
const SAME_MOMENT_SECONDS = 20;

const REQUEST = "$('Private Part').first().json";
const CALL = "$('Check Event').first().json.callId";

/** While this is true, the caller is on hold for long enough to be moved: nobody is torn away from a person. */
const ON_HOLD = `Date.now() - ${filledIn('began')} < (${filledIn('hold_seconds')} - 20) * 1000`;

/** About ten seconds each; then a person; and whoever is not answered asks again. */
const HOLD = `=<?xml version="1.0" encoding="UTF-8"?>
<Response>
{{ '  <Speak>One moment, please.</Speak>\\n  <Wait length="8"/>\\n'.repeat($json.hold_seconds / 10) }}
  <Speak>I am putting you through to a person.</Speak>
  <Dial timeout="30"{{ $json.caller_id && ' callerId="' + $json.caller_id + '"' }}><Number>${xml('$json.person')}</Number></Dial>
  <Redirect method="POST">${xml('$json.ask_again')}</Redirect>
</Response>`;

/** What nobody filled in cannot be fetched or called: the provider drops the caller, or holds them for ever. */
const IS_FILLED_IN = `(${isOwnUrl(filledIn('go_on'))} && ${isPhone(filledIn('person'))})`;

const PROVED = "($json.status === 'alreadyStopped' || $json.confirmed === true)";

/** What the failed execution says: refused is said only of a refusal. */
const WHY = (shown: string): string => {
	const asked = `'the streams of call ' + ${CALL}`;
	const moved = `'${shown} moved call ' + ${CALL} + ' to the private part'`;
	const toPerson = 'A caller who is still there goes from the hold to a person.';
	const quote = 'JSON.stringify($json.body ?? $json.error?.message ?? $json.error)';
	return [
		`!${IS_FILLED_IN}`,
		` ? "'go_on' and 'person' of 'Fill In' must be yours. The hold goes on to 'person', and not to the private part: call " + ${CALL}`,
		" : $json.operation === 'stopAllStreams'",
		` ? (${PROVED} ? 'Too late, as the hold was nearly over, it was proved that ' + ${asked} + ' stopped.'`,
		` : 'It is not proved that ' + ${asked} + ' stopped: ' + ($json.error ?? $json.status) + '. ' + ($json.message ?? $json.confirmReason + '.'))`,
		` + ' ${toPerson}'`,
		' : $json.statusCode < 500 && $json.statusCode !== 408',
		` ? '${shown} refused to move call ' + ${CALL} + ' to the private part (' + $json.statusCode + '): ' + ${quote} + '. ${toPerson}'`,
		` : 'It is not known whether ' + ${moved} + ' (' + ($json.statusCode ?? 'no answer') + '): ' + ${quote} + '. If it did not, a caller who is still there goes from the hold to a person.'`,
	].join('');
};

/** Holds the caller until it is proved that no stream of this leg runs; if it is not, a person takes over. */
export function privatePart(carrier: Carrier): Workflow {
	const locked = carrier.name === 'vobiz';
	const name = `Private part – ${carrier.shown}`;
	const url = `${REQUEST}.webhookUrl`;
	const login = `${REQUEST}.headers.authorization.split(' ')[1].base64Decode().split(':').map(encodeURIComponent).join(':')`;
	return workflow({
		name,
		notes: notes(
			"if a voice agent's stream holds the call: stopping that one ends the call. This is for streams that only listen.",
			[
				`## ${name}`,
				'### What starts it',
				'Your answer XML sends the caller here, before card data or after “nobody may listen”: `<Redirect method="POST">` with the URL of **Private Part**.',
				'### What it does',
				'1. The caller hears “One moment, please.” at once, and again every ten seconds.',
				'2. All streams of the call are stopped, and read until they show their end. A call without a stream is proved by a complete empty list.',
				'3. Only then does the call go on, to `go_on`. A stop that does not work is tried again while the caller holds.',
				'4. If it is not proved in time, the hold itself connects `person`, and the execution fails and says why. If the person does not answer, or hangs up first, the hold asks again.',
				'### What is proved',
				`That no stream of **this leg runs at ${carrier.shown}**. Recordings, transcriptions by ${carrier.shown}, and streams of another leg (it has a Call UUID of its own) are not looked at. A stream may hear the person: no card data there.`,
				STREAM_SERVER_DECIDES,
			],
			[
				'## Before you publish',
				stepsToPublish(
					`**Fill In**: \`person\`, a phone number; \`caller_id\` (may stay empty), a number of yours, if the caller’s own may not be shown; \`go_on\`, the URL of your answer XML for the private part (try it: if it cannot be fetched, the call may drop); ${carrier.accountStep}.`,
					credentialStep(
						carrier,
						[...(locked ? [] : ['Check Event']), 'Stop All Streams', 'Go On'],
						{ signed: !locked },
					),
					`**Private Part**: ${locked ? 'select a Basic Auth credential (letters and digits only), and ' : ''}put the Production URL into your answer XML${locked ? ', as `https://user:password@…`' : ''}. No field of the console takes it.`,
				),
				`It makes the table \`${TABLE}\`, so that answer XML that is asked for twice does not start your private part twice. Give no other table a name that contains this one.`,
				tryNote('Private Part', 'other', !locked),
				'### The lock',
				locked
					? `${basicAuthNote('Private Part')} *Require Signature* is off: Vobiz does not sign for every account.`
					: `**Check Event** lets nothing through that Plivo did not sign; the caller then goes from the hold to the person. ${signatureNote(carrier)}`,
				...(locked ? [keepsCallbackNote(carrier)] : []),
			],
		),
		rows: [
			[
				webhook('Private Part', {
					responseMode: 'responseNode',
					...(locked && { lock: 'basicAuth' }),
				}),
				setNode('Fill In', {
					person: 'a phone number',
					caller_id: '',
					go_on: 'https://your-documents.example.com/private-part',
					...carrier.account,
					hold_seconds: 60,
					ask_again: locked
						? `={{ ${url}.replace('://', '://' + ${login} + '@') }}`
						: `={{ ${url} }}`,
					began: '={{ Date.now() }}',
				}),
				answerXml('Hold the Call', HOLD),
			],
			[
				undefined,
				stopNode('Check Event', {
					provider: carrier.name,
					operation: 'checkEvent',
					...(locked && { requireSignature: false }),
				}),
				stopNode(
					'Stop All Streams',
					{
						provider: carrier.name,
						operation: 'stopAllStreams',
						source: 'fields',
						callId: `={{ ${CALL} }}`,
						options: { confirm: true, timeout: 5000, maxRetries: 1 },
					},
					'continueRegularOutput',
				),
				switchNode(
					'Proved?',
					{
						'Go On': [`${PROVED} && ${ON_HOLD} && ${IS_FILLED_IN}`],
						Again: [
							`!${PROVED} && !['input', 'credentials'].includes($json.failure) && ${ON_HOLD}`,
						],
					},
					'Give Up',
				),
				runs.create('Create the Table'),
				runs.insert('I Am Here', {
					call_uuid: `={{ ${CALL} }}`,
					execution: '={{ $execution.id }}',
				}),
				runs.get('Who Is Here?', [
					['call_uuid', 'eq', `={{ ${CALL} }}`],
					[
						'createdAt',
						'gt',
						`={{ $now.minus({ seconds: ${String(SAME_MOMENT_SECONDS)} }).toISO() }}`,
					],
				]),
				ifNode(
					'Was I First?',
					'$input.all().map(({ json }) => json).sort((one, other) => one.id - other.id)[0].execution === $execution.id',
				),
				http('Go On', {
					method: 'POST',
					url: callAddress(carrier, CALL),
					credential: carrier.credential,
					json: `JSON.stringify({ legs: 'aleg', aleg_url: ${filledIn('go_on')}, aleg_method: 'POST' })`,
					options: {
						timeout: 5000,
						response: { response: { fullResponse: true, neverError: true } },
					},
					onError: 'continueRegularOutput',
					executeOnce: true,
				}),
				switchNode(
					'Taken?',
					{
						// 404: the call is over.
						Done: [
							'($json.statusCode >= 200 && $json.statusCode < 300) || $json.statusCode === 404',
						],
						// A transfer that may have been taken is not sent again: it would start the private part anew.
						Again: [`$json.statusCode === 429 && ${ON_HOLD}`],
					},
					'Give Up',
				),
				runs.delete('Forget Old Runs', [
					['createdAt', 'lt', '={{ $now.minus({ hours: 1 }).toISO() }}'],
				]),
			],
			[
				...gap(3),
				waitSeconds('Wait 3 Seconds', 3),
				...gap(5),
				stopAndError('The Caller Goes to a Person', WHY(carrier.shown)),
			],
		],
		flows: [
			// The upper row comes first: the caller hears something before anything else is done.
			...chain('Private Part', 'Fill In', 'Hold the Call'),
			...chain(
				'Private Part',
				'Check Event',
				'Stop All Streams',
				'Proved?',
				'Create the Table',
				'I Am Here',
				'Who Is Here?',
				'Was I First?',
				'Go On',
				'Taken?',
				'Forget Old Runs',
			),
			['Proved?', 'Wait 3 Seconds', 1],
			['Proved?', 'The Caller Goes to a Person', 2],
			['Taken?', 'Wait 3 Seconds', 1],
			['Taken?', 'The Caller Goes to a Person', 2],
			['Wait 3 Seconds', 'Stop All Streams'],
		],
		keepsNoSuccess: locked,
		samples: {
			'Private Part': sampleEvent({ Event: 'Redirect', CallUUID: 'sample-call' }),
		},
	});
}
