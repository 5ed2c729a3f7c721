import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type IExecuteFunctions,
} from 'n8n-workflow';

import type { Provider, Way } from '../providers/provider';
import { leftOver, type Failure } from '../words/sentences';
import type { CallState, FailureCause, Status } from '../words/vocabulary';
import type { NotFound } from './verdicts';

/** What came out for one item. */
export interface ItemResult {
	/** Which call and stream it is about, as far as that could be read. */
	about: IDataObject;
	status?: Status | 'preview';
	failure?: Failure;
	callState?: CallState;
	/** What else is known: the provider's status code, the attempts, … */
	facts: IDataObject;
	/** Where a stop of ids that a person gave found nothing: at whom, and whether no time was left to look into it. */
	notFound?: NotFound & { provider: Provider; way: Way; outOfTime: boolean };
}

/** What of n8n the results need. */
type ResultContext = Pick<
	IExecuteFunctions,
	'getNode' | 'getExecutionCancelSignal' | 'addExecutionHints'
>;

/** One item's output: what became of its stop, or in n8n's continue modes why it did not work. */
export function toJson(context: ResultContext, result: ItemResult): IDataObject {
	const { about, status, failure, callState, facts } = result;
	const known = { ...(callState && { callState }), ...facts };
	if (!failure) return { ...about, status, stopped: isStopped(result), ...known };
	const sentences = { error: failure.what, message: failure.todo };
	// Only an item of just these two fields reaches n8n's error output, with the input's own fields added.
	if (context.getNode().onError === 'continueErrorOutput') return sentences;
	return {
		...about,
		status: 'failed',
		stopped: false,
		failure: failure.cause,
		...sentences,
		...known,
	};
}

const isStopped = ({ status }: ItemResult) => status === 'stopped' || status === 'alreadyStopped';

/** The one n8n error for an execution that stops at a failure: the first one's, and how many streams are left. */
export function nodeError(
	context: ResultContext,
	results: ItemResult[],
	{ itemIndex, failure, facts }: { itemIndex: number; failure: Failure; facts: IDataObject },
): NodeApiError | NodeOperationError {
	const node = context.getNode();
	const left = results.filter((result) => !isStopped(result)).length;
	const description = `${failure.todo} ${leftOver(left, results.length)}`;
	// Of a tool's failure, n8n passes on the message alone to the AI agent.
	const whole = node.type.endsWith('Tool') ? `${failure.what}. ${description}` : failure.what;
	// Where n8n finds this word it lists the execution as canceled, and a provider or an item may quote it.
	const isCanceled = context.getExecutionCancelSignal?.()?.aborted;
	const message = isCanceled ? whole : whole.replaceAll('canceled', 'cancelled');
	const cause = N8N_CAUSES[failure.cause];
	const options = { message, description, itemIndex, ...(cause && { failure: { cause } }) };
	const error =
		failure.cause === 'input' || facts.attempts === undefined
			? new NodeOperationError(node, message, options)
			: new NodeApiError(
					node,
					{ message },
					{
						...options,
						...(facts.statusCode !== undefined && { httpCode: String(facts.statusCode) }),
					},
				);
	// n8n replaces a message in which it finds a code such as ECONNRESET by a sentence of its own.
	error.message = message;
	error.context.failure = failure.cause;
	return error;
}

/** n8n's own words for why a node failed; older n8n does not look at them. */
const N8N_CAUSES: Partial<
	Record<
		FailureCause,
		'rate-limited' | 'temporarily-unavailable' | 'credential-invalid' | 'configuration-invalid'
	>
> = {
	input: 'configuration-invalid',
	credentials: 'credential-invalid',
	rateLimit: 'rate-limited',
	unavailable: 'temporarily-unavailable',
};

/**
 * Hints on the canvas for stops that found nothing, in the words of what is known. An item whose call is known to
 * be over is no news: most stops come after a hang-up.
 */
export function hintAtNotFound(context: ResultContext, results: ItemResult[]) {
	// As an AI agent's tool, an older n8n has no hints.
	if (typeof context.addExecutionHints !== 'function') return;
	const counts = new Map<string, { count: number; type: 'info' | 'warning' }>();
	for (const { notFound } of results) {
		if (!notFound) continue;
		const hint = hintFor(notFound);
		const counted = counts.get(hint.says) ?? { count: 0, type: hint.type };
		counts.set(hint.says, { ...counted, count: counted.count + 1 });
	}
	for (const [says, { count, type }] of counts) {
		context.addExecutionHints({
			message: `${count} of ${results.length} items: ${says}`,
			type,
			location: 'outputPane',
		});
	}
}

function hintFor({
	provider,
	way,
	outOfTime,
	callState,
	noun,
}: NonNullable<ItemResult['notFound']>): { says: string; type: 'info' | 'warning' } {
	const { displayName } = provider;
	if (callState === 'live') {
		if (!way.stream) {
			return {
				says: `the ${noun} is live, and ${displayName} says that it does not know it. Streams may still be running there.`,
				type: 'warning',
			};
		}
		if (!way.streams) {
			return {
				says: `the ${noun} is live; the stream has ended, or its ${way.stream.label} is wrong. ${displayName} does not say which.`,
				type: 'info',
			};
		}
		return {
			says: `the ${noun} is live, and ${displayName} does not know the stream on it. Another stream may still be running: check the ids.`,
			type: 'warning',
		};
	}
	if (callState === 'notFound') {
		return {
			says: `${displayName} shows no such ${noun} in this account: it ended a moment ago, or belongs to another project or subaccount.`,
			type: 'warning',
		};
	}
	return {
		says: outOfTime
			? `${displayName} knows no such ${noun} or stream, and there was no time left to look into it. They have ended, or their ids are wrong.`
			: `${displayName} knows no such ${noun} or stream, and nothing more could be read. They have ended, or their ids are wrong.`,
		type: 'warning',
	};
}
