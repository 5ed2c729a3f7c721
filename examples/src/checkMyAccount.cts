/** *Check My Account*: what a provider really answers, tried on a live call of the user's own. */

import { callAddress, filledIn, notes, steps, type Carrier } from './common.cts';
import {
	chain,
	code,
	http,
	manualTrigger,
	setNode,
	stopNode,
	waitMinutes,
	workflow,
	type Unplaced,
	type Values,
	type Workflow,
} from './workflows.cts';

/** A stream needs a moment until it is up; in minutes. */
const MOMENT = 0.05;
/** What Plivo and Vobiz end the stream after, in case the run is cut off. */
const LIMIT_SECONDS = 120;

/** The whole answer as it came, whatever its status. */
const AS_IT_CAME: Values = {
	response: { response: { fullResponse: true, neverError: true, responseFormat: 'text' } },
	timeout: 10_000,
};

type Request = Omit<Parameters<typeof http>[1], 'credential' | 'options' | 'onError'>;
const ask = (name: string, { credential }: Carrier, request: Request): Unplaced =>
	http(name, { ...request, credential, options: AS_IT_CAME, onError: 'continueRegularOutput' });

const startStream = (carrier: Carrier): Unplaced =>
	ask(
		'Start a Stream',
		carrier,
		carrier.name === 'signalWire'
			? {
					method: 'POST',
					url: `${callAddress(carrier)}/Streams`,
					form: {
						Url: `={{ ${filledIn('stream_url')} }}`,
						Name: 'check-my-account',
						Track: 'inbound_track',
					},
				}
			: {
					method: 'POST',
					url: `${callAddress(carrier)}Stream/`,
					json: `JSON.stringify({ service_url: ${filledIn('stream_url')}, audio_track: 'inbound', bidirectional: false, stream_timeout: ${LIMIT_SECONDS} })`,
				},
	);

const stop = (name: string, carrier: Carrier, stream: string): Unplaced =>
	stopNode(
		name,
		{
			provider: carrier.name,
			operation: 'stopStream',
			callId: `={{ ${filledIn(carrier.call)} }}`,
			stream,
			// Side by side, the second stop might arrive first.
			options: { includeResponse: true, maxConcurrency: 1, whenNothingToStop: 'succeed' },
		},
		'continueRegularOutput',
	);

const WHAT_TO_STOP = (id: string): string =>
	String.raw`// The stream that was started, the same once more, and an id of its form that no stream has.
const [, stream = ''] = /"${id}":\s*"([^"]+)"/.exec($input.first().json.data) ?? [];
const wrong = stream.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
return [stream, stream, wrong].map((id) => ({ json: { stream: id } }));`;

const WHAT_TO_READ = `const { api_url, auth_id, call_uuid } = $('Fill In').first().json;
const { stream } = $('What to Stop').first().json;
const [account, call, id] = [auth_id, call_uuid, stream || 'none'].map(encodeURIComponent);
const address = \`\${api_url}/Account/\${account}/Call/\${call}/\`;
return [\`Stream/\${id}/\`, 'Stream/', '?status=live'].map((rest) => ({ json: { url: address + rest } }));`;

/**
 * @param reads the name of the node that reads
 * @param what what that node reads, in its order
 */
const WHAT_CAME_OUT = (reads: string, what: readonly string[]): string =>
	String.raw`// Of each answer: its status, the names and types of its keys, and the words of these four.
const WORDS = ['status', 'error', 'message', 'code'];
const filledIn = Object.values($('Fill In').first().json);

/** What is no plain word may be an id, a number or a URL. */
const isPlain = (word) =>
  !filledIn.some((one) => one && word.includes(one)) &&
  word.replace(/^\W+|\W+$/g, '').split(/[-_']/).every((part) => /^([A-Z]?[a-z]{1,20}|[A-Z]{1,20})$/.test(part));
const said = (text) => text.split(/\s+/).map((word) => (isPlain(word) ? word : '…')).join(' ');

const shown = (value, key = '') => {
  if (value === '' || value === undefined) return '<nothing>';
  if (value === null) return '<null>';
  if (['status', 'code'].includes(key) && /^\d{1,5}$/.test(value)) return value;
  if (typeof value === 'string' && WORDS.includes(key)) return said(value);
  if (typeof value !== 'object') return ${'`<${typeof value}>`'};
  if (Array.isArray(value)) {
    // Entries that look alike are shown once.
    return [...new Set(value.map((one) => JSON.stringify(shown(one, key))))].map((one) => JSON.parse(one));
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [/^[A-Za-z_-]{1,30}$/.test(name) ? name : '…', shown(one, name)]),
  );
};

const parsed = (body) => {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
};

const rows = (node, requests) =>
  $(node).all().map(({ json: { statusCode, data, response, status, failure, callState } }, i) => ({
    json: {
      request: requests[i],
      status: statusCode ?? (failure === 'input' ? 'not sent' : 'no answer'),
      ...(statusCode && { body: shown(parsed(data ?? response)) }),
      // What Stop Audio Stream made of it.
      ...(status && { node: [status, failure, callState].filter(Boolean).join(', ') }),
    },
  }));

return [
  ...rows('Start a Stream', ['start a stream']),
  ...rows('Stop Each', ['stop it', 'stop it again', 'stop a wrong id']),
  ...rows('${reads}', ['${what.join("', '")}']),
  ...rows('Stop What Is Left', ['stop what is left']),
];`;

/** Starts a stream of its own on a live call, stops it, and shows what the provider answered. */
export function checkMyAccount(carrier: Carrier): Workflow {
	const isSignalWire = carrier.name === 'signalWire';
	const readCall: Unplaced = {
		...ask('Read the Call', carrier, { url: callAddress(carrier) }),
		executeOnce: true,
	};
	const [reading, what] = isSignalWire
		? [[readCall], ['read the call']]
		: [
				[
					code('What to Read', WHAT_TO_READ),
					ask('Read Each', carrier, { url: '={{ $json.url }}' }),
				],
				['read the stream', 'list the streams', 'read the call'],
			];
	const left = stop('Stop What Is Left', carrier, "={{ $('What to Stop').first().json.stream }}");
	const rows = [
		[
			manualTrigger('Check My Account'),
			setNode('Fill In', { ...carrier.account, [carrier.call]: '', stream_url: '' }),
			startStream(carrier),
			waitMinutes('Wait for It', MOMENT),
			code('What to Stop', WHAT_TO_STOP(isSignalWire ? 'sid' : 'stream_id')),
		],
		[
			stop('Stop Each', carrier, '={{ $json.stream }}'),
			...reading,
			{ ...left, executeOnce: true },
			code('What Came Out', WHAT_CAME_OUT(reading.at(-1)?.name ?? '', what)),
		],
	];
	return workflow({
		name: `${carrier.shown}: check my account`,
		notes: notes(
			'if anybody on the call has not agreed: everybody on this call will be streamed to the URL that you fill in.',
			[
				`## What ${carrier.shown} answers to your account`,
				'### What starts it',
				'You, by hand. It takes a few seconds.',
				'### What it does',
				`It starts a stream on a live call of yours, stops it, stops it again, stops an id that no stream has, reads ${isSignalWire ? 'the call' : 'the stream, the list of streams and the call'}, and stops what is left. ${carrier.shown} bills the call and the stream.`,
				'### What happens to the call',
				isSignalWire
					? 'It goes on. If a run is cut off before the stop, hang up: SignalWire ends the stream only with the call.'
					: `It goes on. If a run is cut off before the stop, the stream ends ${LIMIT_SECONDS} seconds after its start.`,
			],
			[
				'## Before you run it',
				steps(
					`**Fill In**: ${carrier.accountStep}; \`${carrier.call}\`, the ${carrier.callShown} of a live call of your own; \`stream_url\`, a \`wss://\` URL${isSignalWire ? ' without a query' : ''} that takes the stream.`,
					`Select your ${carrier.credentialShown} credential in every node that asks for one.`,
					'Run it, open **What Came Out**, copy its JSON, read it, and send it to us in an issue, *What my provider answered*.',
				),
				'### What the report shows',
				'For each answer: the status, the names and types of its keys, and the words of `status`, `error`, `message` and `code`. Ids, numbers and URLs in them become `…`; a `code` of up to five digits stays. The other nodes hold the answers as they came: send only what the last node holds.',
			],
		),
		rows,
		flows: chain(...rows.flat().map(({ name }) => name)),
	});
}
