import {
	sleep,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
} from 'n8n-workflow';

import { readAccount } from './account';
import { confirmStop } from './confirmStop';
import { messages, quoted, Refusal, type Sentence } from './messages';
import {
	failed,
	fieldNames,
	providerWords,
	readEnd,
	type Failure,
	type FailureCause,
	type Outcome,
	type Status,
} from './outcome';
import type { Account, Provider } from './providers/provider';
import { fieldReader, readItem, type ItemOptions, type ItemRequest } from './readItem';
import { RequestSender } from './requestSender';
import { hintAtNotFound, nodeError, toJson } from './results';

/** After so many items the loop lets answers in and further requests out. */
const ITEMS_A_TURN = 10;

/** What came out for one item. */
export interface ItemResult {
	/** Which call and stream it is about, as far as that could be read. */
	about: IDataObject;
	status?: Status | 'preview';
	failure?: Failure;
	/** What else is known: the provider's status code, the attempts, … */
	facts: IDataObject;
	idsFromFields?: boolean;
}

/** A provider's credential, read once in an execution, and what sends with it. */
interface Connection {
	account: Account;
	sender: RequestSender;
}

type Connect = (provider: Provider) => Promise<Connection>;

/**
 * Stops what each item names and gives one item back for each, in order and paired. Every item is tried,
 * whatever becomes of the others: a stream must not stay up because another item was bad.
 */
export async function stopItems(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const fieldsOf = fieldReader(context);
	const connections = new Map<string, Promise<Connection>>();
	const connect: Connect = async (provider) => {
		const open = connections.get(provider.name) ?? openConnection(context, provider);
		connections.set(provider.name, open);
		return await open;
	};

	const stops: Array<Promise<ItemResult>> = [];
	for (const [itemIndex, { json }] of context.getInputData().entries()) {
		stops.push(stopItem((about) => readItem(fieldsOf(itemIndex), json, about), connect));
		if ((itemIndex + 1) % ITEMS_A_TURN === 0) await sleep(0);
	}
	const results = await Promise.all(stops);

	hintAtNotFound(context, results);
	const itemIndex = results.findIndex(({ failure }) => failure);
	const failure = results[itemIndex]?.failure;
	if (failure && !context.continueOnFail())
		throw nodeError(context, results, { itemIndex, failure });
	return [results.map((result, item) => ({ json: toJson(context, result), pairedItem: { item } }))];
}

/** Reads a credential once; a selected one that cannot be read fails only the items that need it. */
async function openConnection(context: IExecuteFunctions, provider: Provider): Promise<Connection> {
	const { type, displayName } = provider.credential;
	const data = await context.getCredentials(type).catch(() => undefined);
	if (!data) {
		throw new Refusal(messages.noCredential, {
			credential: displayName,
			provider: provider.displayName,
		});
	}
	const account = readAccount(provider.credential, data);
	const sender = new RequestSender(context, provider, account, data);
	return { account, sender };
}

/** One item, from its fields to its outcome. Never rejects: what goes wrong is this item's failure, and no other's. */
async function stopItem(
	read: (about: IDataObject) => ItemRequest,
	connect: Connect,
): Promise<ItemResult> {
	const about: IDataObject = {};
	const facts: IDataObject = {};
	let cause: FailureCause = 'input';
	let unforeseen: Sentence = messages.unreadableField;
	let mask: RequestSender['mask'] = (shown) => shown;
	try {
		const item = read(about);
		unforeseen = messages.internal;
		cause = 'credentials';
		const connection = await connect(item.provider);
		mask = connection.sender.mask;
		cause = 'input';
		const ended = await stopOne(item, connection, facts);
		return mask({ about, facts, ...ended, idsFromFields: item.idsFromFields });
	} catch (thrown) {
		const reason = thrown instanceof Error ? thrown.message : String(thrown);
		const failure: Failure =
			thrown instanceof Refusal
				? { cause, what: thrown.message, todo: thrown.todo }
				: failed(cause, unforeseen, { reason }).failure;
		return mask({ about, facts, failure });
	}
}

/** Sends the stop and reads what became of it; `facts` collects what is known on the way. */
async function stopOne(
	{ provider, target, options }: ItemRequest,
	{ account, sender }: Connection,
	facts: IDataObject,
): Promise<Pick<ItemResult, 'status' | 'failure'>> {
	const request = provider.buildStop(account, target);
	if (options.preview) {
		Object.assign(facts, { attempts: 0, request: RequestSender.toHttpRequest(request) });
		return { status: 'preview' };
	}

	const sent = await sender.send(request, options, { repeatable: !target.document });
	const answer = sent.end.kind === 'answer' ? sent.end.answer : undefined;
	if (answer) facts.statusCode = answer.statusCode;
	facts.attempts = sent.attempts;

	const reading = readEnd(provider, target, account, sent.end);
	let outcome: Outcome;
	if ('ask' in reading) {
		const { end } = await sender.send(reading.ask, options, { until: sent.until });
		outcome = reading.read(end.kind === 'answer' ? end.answer : undefined);
	} else {
		outcome = reading;
	}
	if ('status' in outcome && options.confirm && provider.confirm) {
		const asked = { account, target, options };
		const confirmation = await confirmStop(sender, provider, asked, outcome.status);
		outcome = { status: confirmation.status };
		Object.assign(facts, confirmation.facts);
	}
	if (answer && options.includeResponse) facts.response = answer.body as IDataObject;
	if ('failure' in outcome) return outcome;
	const { status } = outcome;
	const unwelcome = nothingToStop(options.whenNothingToStop, status);
	// What an earlier attempt of this very stop may have done is no news to complain of.
	if (!unwelcome || sent.effectBefore) return { status };
	const values = { ...fieldNames(provider, target), quote: quoted(providerWords(answer?.body)) };
	return { status, ...failed('nothingToStop', unwelcome, values) };
}

/** The sentence for a stop that found nothing, where the user wants to hear of it. */
function nothingToStop(when: ItemOptions['whenNothingToStop'], status: Status) {
	if (status === 'notFound' && when !== 'succeed') return messages.notFound;
	if (status === 'alreadyStopped' && when === 'fail') return messages.nothingRunning;
	return undefined;
}
