import type { IDataObject, IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';

import { readAccount } from './input/account';
import { fieldReader } from './input/values';
import { readItem, type ItemOptions, type ItemRequest } from './input/readItem';
import { trustedEnd } from './input/trust';
import { hintAtNotFound, nodeError, toJson, type ItemResult } from './outcome/results';
import type { Mask } from './outcome/secrets';
import {
	nothingToStop,
	notFoundSentence,
	readEnd,
	type NotFound,
	type Outcome,
} from './outcome/verdicts';
import {
	fieldNames,
	type Account,
	type Answer,
	type Ids,
	type Provider,
	type Way,
} from './providers/provider';
import { confirmedStatus, Looks, LookTime, notConfirmed, type Asked } from './sending/looks';
import { RequestSender, toHttpRequest, type Sent } from './sending/requestSender';
import { monotonicNow, pauseUntil, yieldToEventLoop } from './sending/time';
import { failed, messages, quoted, quoteOf, Refusal, refusal } from './words/sentences';
import type { Status } from './words/vocabulary';
import { reasonOf } from './words/values';

/** After so many items the loop lets answers in and further requests out. */
const ITEMS_A_TURN = 10;

/** A stop can come before a stream is up: one that the provider shows is stopped once more after so long, in ms. */
const ONCE_MORE_MS = 500;

/** A provider's credential, read once in a run, and what sends and reads with it. */
interface Connection {
	account: Account;
	sender: RequestSender;
	looks: Looks;
}

type Connect = (provider: Provider) => Promise<Connection>;

/**
 * Stops what each item names and gives one item back for each, in order and paired. Every item is tried,
 * whatever becomes of the others: a stream must not stay up because another item was bad.
 */
export async function stopItems(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	// An n8n without a signal cancels nothing.
	const signal = context.getExecutionCancelSignal?.() ?? new AbortController().signal;
	const results = await stopEach(context, signal);
	hintAtNotFound(context, results);
	const itemIndex = results.findIndex(({ failure }) => failure);
	const { failure, facts = {} } = results[itemIndex] ?? {};
	if (failure && !context.continueOnFail()) {
		throw nodeError(context, results, { itemIndex, failure, facts });
	}
	return [results.map((result, item) => ({ json: toJson(context, result), pairedItem: { item } }))];
}

async function stopEach(context: IExecuteFunctions, signal: AbortSignal): Promise<ItemResult[]> {
	const fieldsOf = fieldReader(context);
	const isTool = context.getNode().type.endsWith('Tool');
	const time = new LookTime();
	const connections = new Map<string, Promise<Connection>>();
	const connect: Connect = (provider) => {
		const open = connections.get(provider.name) ?? openConnection(context, provider, signal, time);
		connections.set(provider.name, open);
		return open;
	};
	const stops: Array<Promise<ItemResult>> = [];
	for (const [itemIndex, { json }] of context.getInputData().entries()) {
		const read = (about: IDataObject) => readItem(fieldsOf(itemIndex), { json, isTool }, about);
		stops.push(stopItem(read, connect, signal));
		if ((itemIndex + 1) % ITEMS_A_TURN === 0) await yieldToEventLoop();
	}
	return await Promise.all(stops);
}

/** Reads a credential once; a selected one that cannot be read fails only the items that need it. */
async function openConnection(
	context: IExecuteFunctions,
	provider: Provider,
	signal: AbortSignal,
	time: LookTime,
): Promise<Connection> {
	const { credential, displayName } = provider;
	const named = { credential: credential.displayName, provider: displayName };
	if (!context.getNode().credentials?.[credential.type]) {
		throw refusal('credentials', messages.noCredential, named);
	}
	const data = await context.getCredentials(credential.type).catch((thrown: unknown) => {
		// A parser's own message may quote what it could not read.
		const reason = thrown instanceof SyntaxError ? undefined : reasonOf(thrown);
		const quote = quoted(reason);
		throw refusal('credentials', messages.unreadableCredential, { ...named, quote });
	});
	const account = readAccount(credential, data);
	const sender = new RequestSender(context, signal, provider, account, data);
	return { account, sender, looks: new Looks(sender, signal, time) };
}

/** One item, from its fields to its outcome. Never rejects: what goes wrong is this item's failure, and no other's. */
async function stopItem(
	read: (about: IDataObject) => ItemRequest,
	connect: Connect,
	signal: AbortSignal,
): Promise<ItemResult> {
	const result: ItemResult = { about: {}, facts: {} };
	let unforeseen: (reason: string) => ReturnType<typeof failed> = (reason) =>
		failed('input', messages.unreadableField, { reason });
	let mask: Mask = (shown) => shown;
	try {
		const item = read(result.about);
		unforeseen = (reason) => failed('credentials', messages.internal, { reason });
		const connection = await connect(item.provider);
		({ mask } = connection.sender);
		unforeseen = (reason) => failed('input', messages.internal, { reason });
		const callEnded = trustedEnd(item, connection.account);
		await stopOne({ ...item, callEnded }, connection, signal, result);
	} catch (thrown) {
		const { failure } = thrown instanceof Refusal ? thrown : unforeseen(reasonOf(thrown));
		result.failure = failure;
	}
	const { about, facts, failure, ...rest } = result;
	return { ...rest, ...mask({ about, facts, failure }) };
}

/** What became of one stop, as far as it is known: `shown` where a read showed the end. */
type Ending = Outcome & { shown?: true; outOfTime?: boolean; noun?: 'call' | 'conference' };

/** One item's stops: how many were sent, the last answer, and whether an earlier one may have done it. */
class Stops {
	attempts = 0;

	effectBefore = false;

	/** What the provider said to the last one; nothing where no answer came. */
	answer?: Answer;

	constructor(
		private readonly sender: RequestSender,
		private readonly ids: Ids,
		private readonly options: ItemOptions,
	) {}

	async send(way: Way): Promise<Sent> {
		const { sender, ids, options } = this;
		const sent = await sender.send(
			{
				request: way.build(sender.account, ids),
				kind: 'stop',
				repeatable: !way.document,
				read: (answer) => way.read(answer, ids),
			},
			options,
		);
		const { end, attempts, effectBefore } = sent;
		this.answer = end.kind === 'answer' ? end.answer : undefined;
		this.attempts += attempts;
		this.effectBefore ||= effectBefore;
		return sent;
	}

	/** What the provider said last, quoted. */
	get quote() {
		return quoteOf(this.answer?.body);
	}
}

/** Sends one item's stop and notes in `result` what became of it. */
async function stopOne(
	item: ItemRequest,
	{ account, sender, looks }: Connection,
	signal: AbortSignal,
	result: ItemResult,
): Promise<void> {
	const { provider, way, ids, options } = item;
	const { facts } = result;
	// An event about a call proves nothing about a conference: the room goes on.
	const endTold = item.callEnded && way.on.noun === 'call';
	if (endTold) result.callState = 'ended';
	if (options.preview) {
		Object.assign(facts, { attempts: 0, request: toHttpRequest(way.build(account, ids)) });
		result.status = 'preview';
		return;
	}

	const stops = new Stops(sender, ids, options);
	const asked = { way, ids, options };
	let { callEnded } = item;
	let ending = await stopAndRead(stops, asked, { provider, looks, endTold });
	if (way.elseTry && ids.callId && isEnd(ending, 'notFound')) {
		const there = { ...asked, way: way.elseTry };
		ending = await stopAndRead(stops, there, { provider, looks, endTold: callEnded });
		// The call is over: of the conference that proves nothing.
		if (isEnd(ending, 'alreadyStopped')) {
			callEnded = true;
			ending = { status: 'notFound' };
		}
	}
	if (isEnd(ending, 'notFound')) {
		ending = endTold
			? { status: 'alreadyStopped' }
			: await lookInto(stops, asked, { provider, looks, signal, callEnded });
	}
	const { answer, attempts } = stops;
	if (answer) facts.statusCode = answer.statusCode;
	facts.attempts = attempts;
	if (answer && options.includeResponse) facts.response = answer.body as IDataObject;
	if (ending.callState) result.callState = ending.callState;
	if ('failure' in ending) {
		result.failure = ending.failure;
		return;
	}
	if (options.confirm && way.streams) {
		const confirmation = await confirm(ending, asked, provider.displayName, looks);
		Object.assign(facts, confirmation);
		if (confirmation.confirmed) ending = { ...ending, status: confirmedStatus(ending.status) };
	}
	const { status, outOfTime = false, noun = way.on.noun } = ending;
	result.status = status;
	const known = { callState: result.callState, noun };
	const sentence = unwelcomeEnd(item, status, known);
	// What an earlier attempt of this very stop may have done is no news to complain of.
	if (sentence && !stops.effectBefore) {
		const found = { known, sentence, quote: stops.quote };
		result.failure = nothingToStop(provider, way, found).failure;
	} else if (status === 'notFound' && item.idsFromFields) {
		result.notFound = { ...known, provider, way, outOfTime };
	}
}

const isEnd = (ending: Ending, status: Status) => 'status' in ending && ending.status === status;

/** One stop, and what its answer means; where only the call itself tells, the call is read. */
async function stopAndRead(
	stops: Stops,
	asked: Asked,
	{ provider, looks, endTold }: { provider: Provider; looks: Looks; endTold: boolean },
): Promise<Ending> {
	const { end } = await stops.send(asked.way);
	const reading = readEnd(provider, asked.way, end);
	if (!('failure' in reading) || !reading.asksCall) return reading;
	if (endTold) return { status: 'alreadyStopped' };
	const { call: callState } = await looks.callOf(asked);
	return callState === 'ended'
		? { status: 'alreadyStopped', callState, shown: true }
		: { failure: reading.failure, callState };
}

/** What became of a stream that the stop did not find. A stream that is shown as running is stopped once more. */
async function lookInto(
	stops: Stops,
	asked: Asked,
	{
		provider,
		looks,
		signal,
		callEnded,
	}: { provider: Provider; looks: Looks; signal: AbortSignal; callEnded: boolean },
): Promise<Ending> {
	const finding = await looks.lookInto(asked, callEnded);
	if ('outOfTime' in finding) return { status: 'notFound', outOfTime: finding.outOfTime };
	if ('call' in finding) {
		const { call: callState, noun } = finding;
		return callState === 'ended'
			? { status: 'alreadyStopped', callState, shown: true }
			: { status: 'notFound', callState, noun };
	}
	if (finding.stream === 'ended') return { status: 'alreadyStopped', shown: true };

	if (await pauseUntil(monotonicNow() + ONCE_MORE_MS, signal)) return { status: 'notFound' };
	const { end, effectBefore } = await stops.send(asked.way);
	const again = readEnd(provider, asked.way, end);
	// One of its own attempts may have stopped it meanwhile: then there was nothing to find.
	if (!isEnd(again, 'notFound') || effectBefore) return again;
	const names = fieldNames(provider, asked.way);
	return failed('rejected', messages.stillListed, { ...names, quote: stops.quote });
}

/** What Confirm Stop says. After a stop that found nothing, nothing more is read. */
async function confirm(
	ending: { status: Status; shown?: true },
	asked: Asked,
	provider: string,
	looks: Looks,
) {
	if (ending.status === 'stopped' || ending.status === 'accepted') {
		return await looks.confirm(asked, provider);
	}
	return ending.shown
		? ({ confirmed: true } as const)
		: notConfirmed(`${provider} found nothing to stop, and no read showed an end`);
}

/** The sentence for a stop that found nothing, where the user wants to hear of it. */
function unwelcomeEnd({ options, way }: ItemRequest, status: Status, known: NotFound) {
	const { whenNothingToStop: when } = options;
	if (status === 'notFound' && when !== 'succeed') return notFoundSentence(way, known);
	if (status === 'alreadyStopped' && when === 'fail') return messages.nothingRunning;
	return undefined;
}
