import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type IExecuteFunctions,
} from 'n8n-workflow';

import { leftOver } from './messages';
import type { Failure, FailureCause } from './outcome';
import type { ItemResult } from './stopItems';

/** One item's output: what became of its stop, or in n8n's continue modes why it did not work. */
export function toJson(context: IExecuteFunctions, result: ItemResult): IDataObject {
	const { about, status, failure, facts } = result;
	if (!failure) return { ...about, status, stopped: isDown(result), ...facts };
	const sentences = { error: failure.what, message: failure.todo };
	// Only an item of just these two fields reaches n8n's error output, with the input's own fields added.
	if (context.getNode().onError === 'continueErrorOutput') return sentences;
	return {
		...about,
		status: 'failed',
		stopped: false,
		failure: failure.cause,
		...sentences,
		...facts,
	};
}

const isDown = ({ status }: ItemResult) => status === 'stopped' || status === 'alreadyStopped';

/** The one n8n error for an execution that stops at a failure: the first one's, and how many streams are left. */
export function nodeError(
	context: IExecuteFunctions,
	results: ItemResult[],
	{ itemIndex, failure }: { itemIndex: number; failure: Failure },
): NodeApiError | NodeOperationError {
	const node = context.getNode();
	const { facts } = results[itemIndex];
	const left = results.filter((result) => !isDown(result)).length;
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

/** A hint on the canvas where ids that a person typed or mapped were not known to the provider. */
export function hintAtNotFound(context: IExecuteFunctions, results: ItemResult[]) {
	const fromFields = results.filter(({ idsFromFields }) => idsFromFields);
	const notFound = fromFields.filter(({ status }) => status === 'notFound').length;
	// As an AI agent's tool, an older n8n has no hints.
	if (notFound === 0 || typeof context.addExecutionHints !== 'function') return;
	context.addExecutionHints({
		message: `${notFound} of ${fromFields.length} calls or streams are not known to the provider: they have ended, or their ids are not right. Where this happens for all of them, check the ids.`,
		type: 'warning',
		location: 'outputPane',
	});
}
