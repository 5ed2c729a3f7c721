import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type IExecuteFunctions,
} from 'n8n-workflow';

import { leftOver, whichStream, type About, type Failure } from '../words/sentences';
import type { CallState, EventKind, FailureCause, Status } from '../words/vocabulary';

/** What came out for one item. */
export type ItemResult = StopResult | CheckResult;

/** What became of a stop. */
export interface StopResult {
	kind: 'stop';
	about: About;
	status?: Status | 'preview';
	/** One sentence, for `alreadyStopped`, `notFound` and `accepted`. */
	message?: string;
	failure?: Failure;
	/** The provider's last answer. */
	statusCode?: number;
	/** How many stops were sent; reads do not count. Absent if none could be sent. */
	attempts?: number;
	callState?: CallState;
	confirmation?: Confirmation;
	/** The provider's body as it came, if the user asked for it. */
	response?: unknown;
	/** What *Preview Only* shows. */
	request?: IDataObject;
	/** What a person should look at on the canvas. */
	hint?: { says: string; type: 'info' | 'warning' };
}

/** What *Check Event* found. */
export interface CheckResult {
	kind: 'check';
	about: About;
	found?: { event: EventKind; signed: boolean; fields?: IDataObject };
	failure?: Failure;
}

/** What *Confirm Stop* says. */
export type Confirmation = { confirmed: true } | { confirmed: false; confirmReason: string };

/** One item's output: what became of it, or in n8n's continue modes why it did not work. */
export function toJson(context: IExecuteFunctions, result: ItemResult): IDataObject {
	const { about, failure } = result;
	// n8n sends only an item of just these two fields to the error output, and adds the input's own fields itself.
	if (failure && context.getNode().onError === 'continueErrorOutput') {
		return { error: failure.what, message: inOne([failure.todo, whichStream(about)]) };
	}
	const why = failure && { failure: failure.cause, error: failure.what, message: failure.todo };
	if (result.kind === 'check') {
		const { fields, ...found } = result.found ?? {};
		return known({ ...why, ...found, ...about, fields });
	}
	const { status, message, statusCode, attempts, callState, confirmation } = result;
	const { conferenceSid, ...named } = about;
	return known({
		status: failure ? 'failed' : status,
		stopped: !failure && isStopped(result),
		...(why ?? { message }),
		...named,
		statusCode,
		attempts,
		conferenceSid,
		callState,
		...confirmation,
		response: result.response as IDataObject | undefined,
		request: result.request,
	});
}

const known = (json: IDataObject): IDataObject =>
	Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined));

const isStopped = (result: ItemResult) =>
	result.kind === 'check' || result.status === 'stopped' || result.status === 'alreadyStopped';

const inOne = (sentences: string[]) => sentences.filter((each) => each !== '').join(' ');

/** The one n8n error of an execution that stops at a failure: the first failure, and how many streams may still run. */
export function nodeError(
	context: IExecuteFunctions,
	results: ItemResult[],
	itemIndex: number,
	failure: Failure,
): NodeApiError | NodeOperationError {
	const node = context.getNode();
	const result = results[itemIndex];
	const about = result?.about ?? {};
	const left = results.filter((each) => !isStopped(each)).length;
	const description = inOne([
		failure.todo,
		whichStream(about),
		result?.kind === 'stop' ? leftOver(left, results.length) : '',
	]);
	// If a tool fails, n8n passes only the message on to the AI agent.
	const whole = node.type.endsWith('Tool') ? `${failure.what}. ${description}` : failure.what;
	// If n8n finds the word 'canceled', it lists the execution as canceled, and a provider's quote may hold it.
	const isCanceled = context.getExecutionCancelSignal?.()?.aborted;
	const message = isCanceled ? whole : whole.replaceAll('canceled', 'cancelled');
	const cause = N8N_CAUSES[failure.cause];
	const options = { message, description, itemIndex, ...(cause && { failure: { cause } }) };
	const { attempts, statusCode } = result?.kind === 'stop' ? result : {};
	const error =
		attempts === undefined
			? new NodeOperationError(node, message, options)
			: new NodeApiError(
					node,
					{ message },
					{ ...options, ...(statusCode !== undefined && { httpCode: String(statusCode) }) },
				);
	// If n8n's class finds a code such as ECONNRESET in a message, it puts a sentence of its own in its place.
	error.message = message;
	const { provider, callId, conferenceSid, stream } = about;
	// For an error workflow, which sees nothing else of the item.
	Object.assign(
		error.context,
		known({ failure: failure.cause, provider, callId, conferenceSid, stream }),
	);
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

/** Puts the items' hints on the canvas, each sentence once with the number of items that it holds for. */
export function addHints(context: IExecuteFunctions, results: ItemResult[]) {
	// An older n8n has no hints for an AI agent's tool.
	if (typeof context.addExecutionHints !== 'function') return;
	const counts = new Map<string, { hint: NonNullable<StopResult['hint']>; count: number }>();
	for (const result of results) {
		if (result.kind === 'check' || !result.hint || result.failure) continue;
		const { hint } = result;
		const { count } = counts.get(hint.says) ?? { count: 0 };
		counts.set(hint.says, { hint, count: count + 1 });
	}
	for (const { hint, count } of counts.values()) {
		const { says, type } = hint;
		const message = results.length === 1 ? says : `${count} of ${results.length} items: ${says}`;
		context.addExecutionHints({ message, type, location: 'outputPane' });
	}
}
