/** Every stream of every live call stops, for an incident: Plivo and Vobiz, which can list both. */

import {
	chain,
	code,
	gap,
	http,
	ifNode,
	manualTrigger,
	setNode,
	splitOut,
	stopAndError,
	stopNode,
	switchNode,
	waitSeconds,
	workflow,
	type Unplaced,
	type Workflow,
} from './workflows.cts';
import {
	credentialStep,
	filledIn,
	GOES_ON,
	notes,
	steps,
	STREAM_SERVER_DECIDES,
	type Carrier,
} from './common.cts';
import { IS_OWN_404, READ_STREAMS } from './transfer.cts';

const ROUNDS = 5;
/** Plivo takes 300 requests in 5 s, and this leaves room for whatever else runs. Vobiz publishes no number. */
const BATCHES = { batching: { batch: { batchSize: 20, batchInterval: 1_000 } } };
const TIMEOUT_MS = 10_000;

/**
 * The list of live calls. The documents show it whole, as `calls`; if it comes as `objects`, it has
 * pages of 20.
 */
const LIVE_CALLS = {
	query: { status: 'live' },
	options: {
		timeout: TIMEOUT_MS,
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
	retries: 2,
};

/** Ids of live calls, in either form that the documents show; undefined if the list could not be read. */
const LIVE_IDS = `const pages = $input.all().map(({ json }) => json);
const isRead = pages.length > 0 && pages.every(({ calls, objects }) => Array.isArray(calls ?? objects));
const live = isRead
  ? [...new Set(pages.flatMap(({ calls, objects }) => (calls ?? objects).map((call) => call.call_uuid ?? call)))]
  : undefined;`;

/** Which calls are to be stopped in this round; or that the list is to be read again; or the end. */
const NEXT_ROUND = `${LIVE_IDS}
const rounds = Array.from({ length: $runIndex }, (_, i) => $('Next Round').all(0, i).map(({ json }) => json))
  .filter(([first]) => first.next === 'stop');
// What was said of each call; a later word counts more than an earlier one.
const said = new Map(
  rounds.flatMap((_, i) => $('Stop All Streams').all(0, i).map(({ json }) => [json.callId, json])),
);
const isDone = (call) => {
  const { status, confirmed, failure } = said.get(call) ?? {};
  return status === 'alreadyStopped' || (status === 'stopped' && confirmed !== false)
    // Nothing that a further round would change.
    || failure === 'input' || failure === 'credentials';
};
const toStop = (live ?? []).filter((call) => !isDone(call));
if ($runIndex < ${ROUNDS} && toStop.length > 0) return toStop.map((call_uuid) => ({ json: { next: 'stop', call_uuid } }));
if ($runIndex < ${ROUNDS} && live === undefined) return [{ json: { next: 'read again' } }];
const seen = new Set([...rounds.flat().map(({ call_uuid }) => call_uuid), ...(live ?? [])]);
// Without a list, every call that was seen may be live.
return [{ json: { next: 'finish', live: live ?? [...seen], seen: seen.size, is_list_read: live !== undefined } }];`;

/** Reads the lists of streams, in each form that the documents show. */
const WHAT_IS_LEFT = `const { live, seen, is_list_read } = $('Next Round').first().json;
const left = [];
let ended = 0;
(live.length > 0 ? $input.all() : []).forEach(({ json: { statusCode: status, body, error } }, i) => {
  const call_uuid = live[i];
  const own = body ?? {};
  // A call that is over has no running stream. A gateway's 404, a message alone, says nothing about the call.
  if (${IS_OWN_404}) {
    ended += 1;
    return;
  }
  const list = status === 200 ? body : undefined;
  ${READ_STREAMS('list').replaceAll('\n', '\n  ')}
  for (const { stream_id } of running) left.push({ call_uuid, stream_id, result: 'still runs' });
  if (!isWhole) {
    const why = status ? \`status \${status}\` : (error?.message ?? error ?? 'no answer');
    left.push({ call_uuid, stream_id: '', result: shown ? 'has further streams that were not read' : \`its streams could not be read: \${why}\` });
  }
});
if (!is_list_read) left.push({ call_uuid: '', stream_id: '', result: 'the list of live calls could not be read: calls may be missing here' });
const summary = {
  calls_seen: seen,
  calls_live: live.length - ended,
  streams_left: left.filter(({ result }) => result === 'still runs').length,
  not_known: left.filter(({ result }) => result !== 'still runs').length,
};
return [summary, ...left].map((json) => ({ json }));`;

/** Stops every stream of every live call: Plivo and Vobiz. */
export function everythingOff(carrier: Carrier): Workflow {
	const { shown, credential } = carrier;
	const calls = `={{ ${filledIn('api_url')} }}/Account/{{ encodeURIComponent(${filledIn('auth_id')}) }}/Call/`;
	const summary = "$('What Is Left').first().json";
	const rows: Array<Array<Unplaced | undefined>> = [
		[
			// One trigger: of several Manual Triggers, n8n's editor imports the first alone.
			manualTrigger('By Hand'),
			setNode('Fill In', { what: 'count', ...carrier.account }),
			http('List Live Calls', {
				url: calls,
				credential,
				onError: 'continueRegularOutput',
				executeOnce: true,
				...LIVE_CALLS,
			}),
			ifNode('Stop Everything?', [filledIn('what'), 'stop']),
			code(
				'How Many',
				`${LIVE_IDS}\nreturn [{ json: { live_calls: live?.length ?? 'The list could not be read', said: live ? '' : pages } }];`,
			),
		],
		[
			...gap(4),
			code('Next Round', NEXT_ROUND),
			switchNode('What Now?', {
				Stop: [['$json.next', 'stop']],
				'Read Again': [['$json.next', 'read again']],
				Finish: [['$json.next', 'finish']],
			}),
			ifNode('Is Any Call Live?', '$json.live.length > 0'),
			splitOut('Every Live Call', 'live'),
			http('List Its Streams', {
				url: `${calls}{{ encodeURIComponent($json.live) }}/Stream/`,
				credential,
				options: {
					timeout: TIMEOUT_MS,
					response: { response: { fullResponse: true, neverError: true } },
					...BATCHES,
				},
				onError: 'continueRegularOutput',
			}),
			code('What Is Left', WHAT_IS_LEFT),
			ifNode('Is Everything Off?', `${summary}.streams_left + ${summary}.not_known === 0`),
			{
				...setNode('Everything Is Off', { result: 'nothing streams any more' }),
				executeOnce: true,
			},
		],
		[
			...gap(4),
			waitSeconds('Pause', 3),
			stopNode(
				'Stop All Streams',
				{
					provider: carrier.name,
					operation: 'stopAllStreams',
					source: 'fields',
					callId: '={{ $json.call_uuid }}',
					options: { confirm: true },
				},
				'continueRegularOutput',
			),
			...gap(5),
			stopAndError(
				'Not Everything Is Off',
				`\`\${${summary}.streams_left} streams still run, and \${${summary}.not_known} things are not known: What Is Left lists them. \` + $('What Is Left').all().slice(1, 21).map(({ json }) => \`\${json.call_uuid} \${json.stream_id} \${json.result}\`).join('; ')`,
			),
		],
	];
	return workflow({
		name: `Everything off – ${shown}`,
		notes: notes(
			'if callers talk to a voice agent: stopping its stream may cut them off. This is for an incident, when nothing may listen any more.',
			[
				`## Everything off – ${shown}`,
				'### First of all',
				'**Shut your stream server**, or take its URL away: while it answers, calls start new streams as fast as this stops them.',
				STREAM_SERVER_DECIDES,
				'### What starts it',
				'You, by hand. With `what` = `count` in **Fill In** it says how many calls are live, and stops nothing. With `stop` it stops everything.',
				'### What it does',
				`It lists the live calls of the account, stops all streams of each and reads back that they ended; then it repeats this for calls that are new or not proved, in at most ${ROUNDS} rounds. Then it asks ${shown} for the streams of each call that is still live.`,
				'### What it says',
				'**What Is Left** comes in any case: first the figures, then each stream that still runs, and each call whose streams could not be read. Calls that ended meanwhile are done, and not listed. If anything is left, the run ends red: run it again.',
				'### What happens to the calls',
				GOES_ON[carrier.name],
			],
			[
				'## Before you need it',
				steps(
					`**Fill In**: ${carrier.accountStep}; leave \`what\` at \`count\` until you need it. A subaccount sees only its own calls: run it for each.`,
					credentialStep(carrier, ['List Live Calls', 'Stop All Streams', 'List Its Streams']),
					'Try it without a call: run it once today with `what` = `count`. That shows that the credential may list calls.',
				),
				'No setting is needed: it is never published, and holds no password. You see how it ended, so it needs no error workflow.',
				'### The lock',
				'There is no webhook: nothing from outside starts it.',
			],
		),
		rows,
		flows: [
			...chain('By Hand', 'Fill In', 'List Live Calls', 'Stop Everything?', 'Next Round'),
			['Stop Everything?', 'How Many', 1],
			...chain('Next Round', 'What Now?', 'Stop All Streams', 'Pause', 'List Live Calls'),
			['What Now?', 'Pause', 1],
			['What Now?', 'Is Any Call Live?', 2],
			...chain(
				'Is Any Call Live?',
				'Every Live Call',
				'List Its Streams',
				'What Is Left',
				'Is Everything Off?',
				'Everything Is Off',
			),
			['Is Any Call Live?', 'What Is Left', 1],
			['Is Everything Off?', 'Not Everything Is Off', 1],
		],
	});
}
