import { createHash } from 'node:crypto';
import type { IDataObject, IExecuteFunctions } from 'n8n-workflow';

import type { Account, Ids, Provider, Way } from '../providers/provider';

/** How many stops are remembered: n8n saves them with the execution. */
const MAX_REMEMBERED = 10_000;

/** The name of the list in the node's context. */
const NAME = 'stopped';

/** What was stopped, and at which account. */
interface Stopped {
	provider: Provider;
	account: Account;
	way: Way;
	ids: Ids;
}

/**
 * What this execution has stopped. If n8n runs the node again with the same items (*Retry On Fail*, or *Retry* in the
 * list of executions), the provider finds nothing, and that is right. Kept as short hashes in the node's context,
 * which n8n saves with the execution.
 */
export class StopMemory {
	private readonly kept: IDataObject;

	private readonly list: string[];

	private readonly hashes: Set<string>;

	constructor(context: Pick<IExecuteFunctions, 'getContext'>) {
		this.kept = keptBy(context);
		const before = this.kept[NAME];
		this.list = Array.isArray(before) ? before.filter((each) => typeof each === 'string') : [];
		this.hashes = new Set(this.list);
	}

	/** Whether this stream, or all streams of its call, were confirmed as stopped. */
	has(stop: Stopped): boolean {
		const { way, ids } = stop;
		return (
			this.hashes.has(hashOf(stop, ids.stream)) ||
			(way.on.noun === 'call' && this.hashes.has(hashOf(stop, undefined)))
		);
	}

	add(stop: Stopped) {
		const hash = hashOf(stop, stop.ids.stream);
		if (this.hashes.has(hash)) return;
		this.hashes.add(hash);
		this.list.push(hash);
		if (this.list.length > MAX_REMEMBERED) this.list.shift();
		this.kept[NAME] = this.list;
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
function hashOf({ provider, account, way, ids }: Stopped, stream: string | undefined): string {
	const parts = [provider.name, account.origin, account.id, ids[way.on.id] ?? '', stream ?? ''];
	const text = JSON.stringify(parts).toLowerCase();
	return createHash('sha256').update(text).digest('base64url').slice(0, 12);
}
