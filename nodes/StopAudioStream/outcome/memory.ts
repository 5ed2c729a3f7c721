import { createHash } from 'node:crypto';
import type { GenericValue, IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { Account, Ids, Provider, Way } from '../providers/provider';

/** How many stops are remembered: n8n saves them with the execution. */
const MAX_REMEMBERED = 10_000;

/** The name of the list in the node's context. */
const NAME = 'stopped';

/** What a stop is about, and at which account. */
export interface Target {
	provider: Provider;
	account: Account;
	way: Way;
	ids: Ids;
}

/**
 * What this execution has stopped, and what it may have stopped. If n8n runs the node again with the same items (*Retry
 * On Fail*, or *Retry* in the list of executions), the provider finds nothing, and that is right. Kept as short hashes
 * in the node's context, which n8n saves with the execution.
 */
export class StopMemory {
	private readonly kept: IDataObject;

	private readonly hashes: Set<unknown>;

	constructor(context: Pick<IExecuteFunctions, 'getContext'>) {
		this.kept = keptBy(context);
		this.hashes = new Set(this.list);
	}

	/** What n8n saves: read anew each time, since runs of one execution beside each other add to it too. */
	private get list(): GenericValue[] {
		const list = this.kept[NAME];
		return Array.isArray(list) ? list : [];
	}

	/** Whether the provider confirmed that this stream, or that all streams of its call were stopped. */
	hasStopped(target: Target): boolean {
		return (
			this.hasStoppedStream(target) ||
			(target.way.on.noun === 'call' && this.hashes.has(hashOf(target, undefined)))
		);
	}

	/** Whether this very stream was stopped: it cannot run again, as a new stream of a call can. */
	hasStoppedStream(target: Target): boolean {
		return target.way.stream !== undefined && this.hashes.has(hashOf(target, target.ids.stream));
	}

	addStopped(target: Target) {
		this.add(hashOf(target, target.ids.stream));
	}

	/** Whether a stop was sent before that may have acted, though no answer says so. */
	mayHaveStopped(target: Target): boolean {
		return this.hashes.has(hashOf(target, target.ids.stream, 'maybe'));
	}

	addMaybe(target: Target) {
		this.add(hashOf(target, target.ids.stream, 'maybe'));
	}

	private add(hash: string) {
		if (this.hashes.has(hash)) return;
		this.hashes.add(hash);
		const { list } = this;
		list.push(hash);
		if (list.length > MAX_REMEMBERED) list.shift();
		this.kept[NAME] = list;
	}
}

/**
 * If n8n keeps no execution data, as after an MCP Server Trigger, `getContext` throws: then only this run remembers.
 */
function keptBy(context: Pick<IExecuteFunctions, 'getContext'>): IDataObject {
	try {
		return context.getContext('node');
	} catch {
		return {};
	}
}

/** `stream`: `undefined` for all streams. In lower case, since ids may come in another case. */
function hashOf(
	{ provider, account, way, ids }: Target,
	stream: string | undefined,
	...more: string[]
): string {
	const place = ids[way.on.id] ?? '';
	const parts = [provider.name, account.origin, account.id, place, stream ?? '', ...more];
	const text = JSON.stringify(parts).toLowerCase();
	return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}
