import type {
	IBinaryData,
	ICredentialDataDecryptedObject,
	IExecuteFunctions,
	INodeExecutionData,
} from 'n8n-workflow';

import { readCheckedEvent } from './input/events';
import { parameterReader, type Parameters } from './input/parameters';
import { ItemReader, type CheckRequest, type StopRequest } from './input/readItem';
import type { RawBody } from './input/signature';
import { signedItem, trusted } from './input/trust';
import { StopMemory } from './outcome/memory';
import { addHints, nodeError, toJson, type ItemResult } from './outcome/results';
import { secretMask, type Mask } from './outcome/secrets';
import { readAccount } from './providers/account';
import type { Account, Provider } from './providers/provider';
import { Lookups, ReadClock } from './sending/lookups';
import { RequestSender } from './sending/requestSender';
import { monotonicNow, yieldToEventLoop } from './sending/time';
import { Stop, type Connection } from './stop';
import {
	failed,
	messages,
	orRefusal,
	quoted,
	Refusal,
	refusal,
	type Failure,
} from './words/sentences';
import { isRecord, reasonOf } from './words/values';

/**
 * For how long, in ms, items are started before answers and all other work get a turn. n8n answers a webhook in dozens
 * of steps, and each step may have to wait this long.
 */
const TURN_MS = 5;

/**
 * Does what each item asks for and returns one item for each, in order and paired. Every item is tried, whatever
 * becomes of the others: a stream must not stay up because another item was bad.
 */
export async function stopItems(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
	const run = new Run(context);
	const results: Array<Promise<ItemResult>> = [];
	let turnEnds = monotonicNow() + TURN_MS;
	for (const [itemIndex, item] of context.getInputData().entries()) {
		results.push(run.item(item, itemIndex));
		if (monotonicNow() < turnEnds) continue;
		await yieldToEventLoop();
		turnEnds = monotonicNow() + TURN_MS;
	}
	return run.output(await Promise.all(results));
}

/** One run of the node, and what its items share. */
class Run {
	private readonly parametersOf: (itemIndex: number) => Parameters;

	private readonly isTool: boolean;

	/** n8n before 1.80 or so has no signal, and cancels nothing. */
	private readonly signal: AbortSignal;

	private readonly memory: StopMemory;

	private readonly clock = new ReadClock();

	private readonly connections = new Map<string, Connection>();

	/** The credential that is being read. */
	private reading: Promise<unknown> = Promise.resolve();

	constructor(private readonly context: IExecuteFunctions) {
		this.parametersOf = parameterReader(context);
		this.isTool = context.getNode().type.endsWith('Tool');
		this.signal = context.getExecutionCancelSignal?.() ?? new AbortController().signal;
		this.memory = new StopMemory(context);
	}

	/** Returns the items that come out, or throws the one error of a run that stops at a failure. */
	output(results: ItemResult[]): INodeExecutionData[][] {
		const { context } = this;
		addHints(context, results);
		const itemIndex = results.findIndex(({ failure }) => failure);
		const failure = results[itemIndex]?.failure;
		if (failure && !context.continueOnFail()) {
			throw nodeError(context, results, itemIndex, failure);
		}
		return [
			results.map((result, item) => ({ json: toJson(context, result), pairedItem: { item } })),
		];
	}

	/** One item, from its fields to its outcome. Never rejects: what goes wrong is this item's failure, and no other's. */
	async item(item: INodeExecutionData, itemIndex: number): Promise<ItemResult> {
		const reader = new ItemReader(this.parametersOf(itemIndex), item.json, this.isTool);
		let request: StopRequest | CheckRequest;
		try {
			request = reader.read();
		} catch (thrown) {
			const failure = asFailure(thrown, messages.unreadableField);
			const kind = reader.about.operation === 'checkEvent' ? 'check' : 'stop';
			return { kind, about: reader.about, failure };
		}
		return request.kind === 'check'
			? await this.check(request, item, itemIndex)
			: await this.stop(request, reader, itemIndex);
	}

	private async stop(
		request: StopRequest,
		{ about }: ItemReader,
		itemIndex: number,
	): Promise<ItemResult> {
		let mask: Mask = (shown) => shown;
		try {
			const connection = await this.connect(request.provider, itemIndex);
			({ mask } = connection.sender);
			const known = trusted(request, connection.account);
			const stop = new Stop(request, known, connection, this.memory, this.signal);
			const { status, callState, ...result } = await stop.run();
			return { kind: 'stop', status, callState, ...mask({ about, ...result }) };
		} catch (thrown) {
			const failure = asFailure(thrown, messages.internal);
			return { kind: 'stop', ...mask({ about, failure }) };
		}
	}

	private async check(
		{ provider, requireSignature, includeEvent }: CheckRequest,
		item: INodeExecutionData,
		itemIndex: number,
	): Promise<ItemResult> {
		const about = { provider: provider.name, operation: 'checkEvent' } as const;
		let mask: Mask = (shown) => shown;
		try {
			let json: Record<string, unknown> = item.json;
			if (requireSignature) {
				const cancelled = () => refusal('unavailable', messages.cancelledCheck);
				const { account } = await this.readCredential(provider, itemIndex, cancelled);
				mask = secretMask(account);
				const raw = await this.rawBody(provider, item, itemIndex);
				json = signedItem(item.json, { provider, account }, raw);
			}
			const { ids, kind: event, fields } = readCheckedEvent(json, provider, requireSignature);
			const shown = mask({ ids, ...(includeEvent && { fields }) });
			return {
				kind: 'check',
				about: { ...about, ...shown.ids },
				found: { event, signed: requireSignature, fields: shown.fields },
			};
		} catch (thrown) {
			const failure = asFailure(thrown, messages.unreadableField);
			// The ids of an event are known even if it is refused.
			const read = orRefusal(() => readCheckedEvent(item.json, provider, requireSignature));
			const ids = read instanceof Refusal ? {} : read.ids;
			return { kind: 'check', ...mask({ about: { ...about, ...ids }, failure }) };
		}
	}

	/** The body as the Webhook node's option 'Raw Body' hands it over, for a provider that signs such bodies. */
	private async rawBody(
		{ signature }: Provider,
		{ binary, json }: INodeExecutionData,
		itemIndex: number,
	): Promise<RawBody> {
		if (!signature.rawScheme) return { kind: 'notAsked' };
		// In n8n's combined binary mode the file stands in the item itself, under a name that differs by version.
		const { data } = [json._files, json.files].find(isRecord) ?? {};
		const file = binary?.data ?? (isFile(data) ? data : undefined);
		if (file === undefined) return { kind: 'missing' };
		const { helpers } = this.context;
		const buffer =
			file.id === undefined
				? // Not by name: in combined mode, n8n looks for a name in the item alone, and older n8n takes no file.
					Buffer.from(file.data, 'base64')
				: await helpers.getBinaryDataBuffer(itemIndex, binary?.data ? 'data' : file);
		return { kind: 'raw', text: buffer.toString('utf8').replace(/^\uFEFF/, '') };
	}

	/** The connection to an item's account; items of one account share it. */
	private async connect(provider: Provider, itemIndex: number): Promise<Connection> {
		const { displayName } = provider;
		const cancelled = () => refusal('unavailable', messages.cancelled, { provider: displayName });
		const { account, data } = await this.readCredential(provider, itemIndex, cancelled);
		const key = JSON.stringify([provider.name, account]);
		const before = this.connections.get(key);
		if (before) return before;
		const sender = new RequestSender(this.context, this.signal, provider, account, data);
		const connection = { account, sender, lookups: new Lookups(sender, this.signal, this.clock) };
		this.connections.set(key, connection);
		return connection;
	}

	/**
	 * An item's own credential: an expression in it may give another account for each item. Credentials are read one
	 * after another, while requests are under way: each is a query and a decryption in n8n, and thousands at once
	 * would exhaust its database pool.
	 */
	private async readCredential(
		provider: Provider,
		itemIndex: number,
		cancelled: () => Refusal,
	): Promise<{ account: Account; data: ICredentialDataDecryptedObject }> {
		const { credential, displayName } = provider;
		const named = { credential: credential.displayName, provider: displayName };
		if (!this.context.getNode().credentials?.[credential.type]) {
			throw refusal('credentials', messages.noCredential, named);
		}
		const reading = this.reading.then(async () => {
			if (this.signal.aborted) throw cancelled();
			return await this.context.getCredentials(credential.type, itemIndex);
		});
		this.reading = reading.catch(() => undefined);
		const data = await reading.catch((thrown: unknown) => {
			throw asUnreadable(thrown, named);
		});
		return { account: readAccount(credential, data), data };
	}
}

/** What went wrong with an item: what was refused, or what nobody foresaw. */
function asFailure(
	thrown: unknown,
	unforeseen: typeof messages.unreadableField | typeof messages.internal,
): Failure {
	if (thrown instanceof Refusal) return thrown.failure;
	return failed('input', unforeseen, { reason: reasonOf(thrown) }).failure;
}

function asUnreadable(thrown: unknown, named: { credential: string; provider: string }): Refusal {
	if (thrown instanceof Refusal) return thrown;
	// A parser's own message may quote what it could not read.
	const quote = thrown instanceof SyntaxError ? '' : quoted(reasonOf(thrown));
	return refusal('credentials', messages.unreadableCredential, { ...named, quote });
}

const isFile = (value: unknown): value is IBinaryData =>
	isRecord(value) && typeof value.mimeType === 'string' && typeof value.data === 'string';
