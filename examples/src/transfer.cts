/** A transfer, and its three endings: taken; the call is over; not known. And a refusal, in the provider's words. */

import { http, type Unplaced } from './workflows.cts';
import { callAddress, filledIn, type Carrier } from './common.cts';

/** Time budget for work that somebody waits for, in ms. */
const WAITED_FOR_MS = 5_000;

/** The whole answer, whatever its status: the recipe reads it by itself. */
export const WHOLE_ANSWER = {
	timeout: WAITED_FOR_MS,
	response: { response: { fullResponse: true, neverError: true } },
};

/** Moves the caller of 'Fill In' to other answer XML; `url` and `fallback` are n8n expressions. */
export function transferTo(
	name: string,
	carrier: Carrier,
	{ url, fallback }: { url: string; fallback: string },
): Unplaced {
	const request = {
		method: 'POST',
		url: callAddress(carrier),
		credential: carrier.credential,
		options: WHOLE_ANSWER,
		onError: 'continueRegularOutput',
	} as const;
	return carrier.name === 'signalWire'
		? http(name, {
				...request,
				form: {
					Url: `={{ ${url} }}`,
					Method: 'POST',
					FallbackUrl: `={{ ${fallback} }}`,
					FallbackMethod: 'POST',
				},
			})
		: http(name, {
				...request,
				json: `JSON.stringify({ legs: 'aleg', aleg_url: ${url}, aleg_method: 'POST' })`,
			});
}

/** Reads the call of 'Fill In': whether it is over. */
export const readCall = (name: string, carrier: Carrier): Unplaced =>
	http(name, {
		url: callAddress(carrier),
		credential: carrier.credential,
		options: WHOLE_ANSWER,
		onError: 'continueRegularOutput',
	});

/**
 * Reads a list of a call's streams, in each form that the documents show: those of its first page, whether that is
 * all of it, and which run. `list` is the answer's body.
 */
export const READ_STREAMS = (list: string): string =>
	`const shown = ${list}?.objects ?? (${list}?.stream_id ? [${list}] : undefined);
const isWhole = shown !== undefined && (${list}.meta?.total_count ?? ${list}.total ?? 0) <= shown.length;
const running = (shown ?? []).filter(({ end_time, status }) => !end_time && status !== 'completed' && status !== 'failed');`;

/** SignalWire: whether a call that was read is over; `call` is the whole answer. */
export const CALL_IS_OVER = (call: string): string =>
	`${call}.statusCode === 200 && ['completed', 'busy', 'failed', 'no-answer', 'canceled'].includes(${call}.body?.status)`;

const TRIES = 3;

/** What a call that is over makes of a hand-over. */
const OVER = ({ shown, call, callShown }: Carrier): string => `({
  ending: 'over',
  code: 200,
  result: 'over',
  message: \`Nobody was transferred: ${shown} knows no live call \${${filledIn(call)}}. It is over, unless the ${callShown} is wrong. \${words}\`,
})`;

/** Whether a provider itself says that a call is over; `own` is the `body`, if that is JSON. */
export const IS_OWN_404 =
	"status === 404 && typeof body === 'object' && !(own.message && !own.code && !own.error)";

/** Reads a provider's answer to a request: its own words, and what they say of the call. `answer` yields the item. */
export const READ_ANSWER = (carrier: Carrier, answer: string): string =>
	`const { statusCode: status, body, error } = ${answer};
const own = typeof body === 'object' && body !== null ? body : {};
const said = own.error?.message ?? own.error ?? own.errors?.[0]?.message ?? own.errors?.[0] ?? own.message
  ?? (typeof body === 'string' ? body.slice(0, 200) : '');
const reason = error?.message ?? error ?? 'the connection broke';
// n8n says the first, and the credential itself the second: neither sends anything.
const isUnsent = !status && /^(Credentials not found|This credential is only sent to )/.test(reason);
const words = status
  ? \`${carrier.shown} answered \${status}\${said ? \`: \${said}\` : ''}.\`
  : isUnsent
  ? \`n8n sent nothing (\${reason}): open each node that the note names, select its credential, and check 'Fill In'.\`
  : \`${carrier.shown} did not answer (\${reason}).\`;
const isOpen = (code) => !isUnsent && (code === undefined || code === 408 || code >= 500);
// An own 404 names an error; a gateway's has a message alone.
const isOver = ${IS_OWN_404};`;

/**
 * What became of a transfer: `taken`, `over`, `refused`, `not known`, or `again`; on SignalWire also `look`,
 * since it refuses a call that is over with the codes of other refusals.
 */
export const ENDING = (
	carrier: Carrier,
	transfer: string,
): string => `${READ_ANSWER(carrier, '$input.first().json')}
const earlier = Array.from({ length: $runIndex }, (_, i) => $('${transfer}').first(0, i).json.statusCode);

let json;
if (status >= 200 && status < 300) {
  json = { ending: 'taken' };
} else if ((isOpen(status) || status === 429) && $runIndex < ${TRIES - 1}) {
  json = { ending: 'again' };
} else if (isOver) {
  json = ${OVER(carrier)};
} else if (isOpen(status) || earlier.some(isOpen)) {
  json = {
    ending: 'not known',
    code: 504,
    result: 'not known',
    message: \`It is not known whether the transfer was taken: ${carrier.shown} was asked \${$runIndex + 1} times. \${words} Nothing was stopped.\`,
    wrong: 'yes',
  };
} else {
  json = {
    ending: ${carrier.name === 'signalWire' ? "[401, 403, 404, 429].includes(status) ? 'refused' : 'look'" : "'refused'"},
    code: 502,
    result: 'refused',
    message: \`The caller is where they were, and nothing was stopped. \${words}\`,
    wrong: 'yes',
  };
}
return [{ json: { ...json, provider_status: status ?? 0, provider_said: String(said) } }];`;

/** SignalWire: whether a refusal only says that the call is over. */
export const OVER_OR_REFUSED = (
	carrier: Carrier,
	ending: string,
): string => `const call = $input.first().json;
const refusal = $('${ending}').first().json;
const words = \`${carrier.shown} answered \${refusal.provider_status}: \${refusal.provider_said}.\`;
const isOver = ${CALL_IS_OVER('call')};
return [{ json: isOver ? { ...refusal, wrong: '', ...${OVER(carrier)} } : refusal }];`;
