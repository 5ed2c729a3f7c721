import type { INodeType } from 'n8n-workflow';

import { runNode } from '../../lib/engine.cts';
import {
	secretsIn,
	startStandIn,
	type LoggedRequest,
	type Options,
} from '../../lib/stand-ins/index.cts';
import type { RunningStandIn } from '../../lib/stops.cts';
import { faultFor, type KindName, type Met } from './faults.cts';
import { disagreements } from './judge.cts';
import {
	TIMEOUT,
	planExecution,
	planItem,
	type Accounts,
	type Item,
	type Settings,
} from './plan.cts';

/** How long a stream that is not up yet takes: longer than a read, shorter than the wait before a second stop. */
const UP_AFTER_MS = 200;

/** What is played. */
export interface Play {
	seed: string;
	executions: number;
	/** Items of each execution. */
	items: number;
	/** How many pairs of accounts of each provider: what one learns of its limit does not slow the others. */
	accounts: number;
	/** Settings of the executions that are not left to chance, one after the other. */
	settings?: ReadonlyArray<Partial<Settings>>;
	/** A node that tells lies, in place of the true one. */
	nodeType?: INodeType;
	/** The kinds of fault that are dealt; without any, every outcome is known before. */
	kinds: readonly KindName[];
}

/** What came of it. */
export interface Played {
	items: Item[];
	faults: Met[];
	/** What the node said that is not so, and requests that belong to no item. */
	wrong: string[];
	secretsFound: string[];
	seconds: number;
}

/** Stand-ins of all providers, of both generations, which note for each item what arrives for it. */
class Stage {
	readonly accounts: Accounts[] = [];
	readonly faults: Met[] = [];
	/** Requests about no call that was planned. */
	readonly strays: string[] = [];

	readonly #byId = new Map<string, Item>();

	constructor(private readonly play: Play) {}

	async open(): Promise<void> {
		for (let n = 0; n < 2 * this.play.accounts; n += 1) {
			const options: Partial<Options> = { generation: n % 2 ? 'old' : 'new', account: n };
			const accounts: Accounts = {
				plivo: await startStandIn('plivo', options),
				signalWire: await startStandIn('signalWire', options),
				vobiz: await startStandIn('vobiz', options),
			};
			for (const standIn of [accounts.plivo, accounts.signalWire, accounts.vobiz]) {
				standIn.fault = (request: LoggedRequest) => this.#meet(standIn, request);
			}
			this.accounts.push(accounts);
		}
	}

	async close(): Promise<void> {
		await Promise.all(this.#all().map((standIn) => standIn.close()));
	}

	#all(): RunningStandIn[] {
		return this.accounts.flatMap(({ plivo, signalWire, vobiz }) => [plivo, signalWire, vobiz]);
	}

	/** Documents that were ordered have run. */
	async settled(): Promise<void> {
		await Promise.all(this.#all().map((standIn) => standIn.settled()));
	}

	offContract(): string[] {
		return this.#all().flatMap((standIn) =>
			standIn
				.offContract()
				.map(({ method, path, offContract }) => `${method} ${path}: ${String(offContract)}`),
		);
	}

	expectItem(item: Item): void {
		this.#byId.set(item.callId, item);
		if (item.call) this.#byId.set(item.call.id, item);
		if (item.conferenceId !== undefined) this.#byId.set(item.conferenceId, item);
	}

	/** Finds the item that a request belongs to, notes it there, and says what is done to it. */
	#meet(standIn: RunningStandIn, request: LoggedRequest) {
		const [, inPath] = /\/(?:Calls?|Conferences)\/([^/?]+)/.exec(request.path) ?? [];
		const id = inPath ?? idInBody(request.body);
		const item = id === undefined ? undefined : this.#byId.get(id);
		if (!item || item.standIn !== standIn) {
			this.strays.push(`${request.method} ${request.path} is about no call of ${standIn.provider}`);
			return undefined;
		}
		const sent = request.method === 'GET' ? item.reads : item.stops;
		const place = `${this.play.seed} ${item.name} ${request.method} ${sent.length + 1}`;
		const about = {
			sent: sentSecrets(standIn, request),
			late: TIMEOUT + 400,
			provider: item.provider,
			stopsAll: item.way === 'all' && sent === item.stops,
		};
		const met = faultFor(place, about, this.play.kinds);
		sent.push({ request, met });
		if (met) this.faults.push(met);
		if (item.situation === 'stream is not up yet' && sent === item.stops && sent.length === 1) {
			setTimeout(() => {
				for (const stream of item.named()) standIn.calls.comeUp(stream.id);
			}, UP_AFTER_MS);
		}
		return met?.fault;
	}
}

/** What may come back of a request: the token of the account, and the header that holds it in base64. */
function sentSecrets(
	{ credentials }: RunningStandIn,
	{ headers }: LoggedRequest,
): [string, ...string[]] {
	const [, basic] = / (.+)$/.exec(headers.authorization ?? '') ?? [];
	const token = credentials.authToken ?? credentials.apiToken ?? '';
	return basic === undefined ? [token] : [token, basic];
}

function idInBody(body: string): string | undefined {
	if (!body.startsWith('{')) return undefined;
	const parsed: { id?: unknown } = JSON.parse(body);
	return typeof parsed.id === 'string' ? parsed.id : undefined;
}

const parametersOf = ({ operation, source, streamBy, options }: Settings, cxmlUrl: string) => ({
	provider: '={{ $json.provider }}',
	operation,
	source,
	callId: '={{ $json.call }}',
	conferenceSid: '={{ $json.conference }}',
	stream: '={{ $json.stream }}',
	streamBy,
	cxmlUrl,
	options,
});

/** A credential that each item chooses from, by its account. */
const byItem = (one: RunningStandIn, other: RunningStandIn) =>
	Object.fromEntries(
		Object.entries(one.credentials).map(([name, value]) => [
			name,
			`={{ ${JSON.stringify([value, other.credentials[name]])}[$json.account] }}`,
		]),
	);

/** Runs one execution; its items know afterwards what came out for each. */
async function execute(n: number, play: Play, stage: Stage) {
	const settings = { ...planExecution(play.seed, n), ...play.settings?.[n] };
	const [one, other] = stage.accounts.slice(2 * (n % play.accounts));
	if (!one || !other) throw new Error('There are no accounts.');
	const cxmlUrl = one.signalWire.bin(
		'<Response><Stop><Stream name="{{STREAMNAME}}"/></Stop></Response>',
	);
	const items = Array.from({ length: play.items }, (_, m) =>
		planItem(play.seed, `${n}.${m}`, settings, m % 2 ? other : one, cxmlUrl),
	);
	for (const item of items) stage.expectItem(item);
	const { outputs, hints, error } = await runNode({
		parameters: parametersOf(settings, cxmlUrl),
		items: items.map(({ json }, m) => ({ ...json, account: m % 2 })),
		credentials: {
			plivoBasicApi: byItem(one.plivo, other.plivo),
			signalWireBasicApi: byItem(one.signalWire, other.signalWire),
			vobizXAuthApi: byItem(one.vobiz, other.vobiz),
		},
		node: { onError: settings.onError },
		...(play.nodeType && { nodeType: play.nodeType }),
	});
	const wrong: string[] = [];
	if (error) wrong.push(`execution ${n} as a whole: ${error.message}`);
	let cameOut = 0;
	for (const [output, list] of outputs.entries()) {
		let before = -1;
		for (const { json, pairedItem } of list ?? []) {
			const at = typeof pairedItem === 'object' && 'item' in pairedItem ? pairedItem.item : NaN;
			const item = items[at];
			cameOut += 1;
			if (!item || item.out) wrong.push(`execution ${n}: an item is paired with ${at}`);
			else item.out = { ...json, inErrorOutput: output > 0 };
			if (at <= before) wrong.push(`execution ${n}: output ${output} is not in order`);
			before = at;
		}
	}
	if (cameOut !== play.items) wrong.push(`execution ${n}: ${cameOut} items came out`);
	const shown = JSON.stringify([outputs, hints, error?.message, error?.stack]);
	const secrets = [one, other].flatMap(({ plivo, signalWire, vobiz }) =>
		[plivo, signalWire, vobiz].flatMap((standIn) => standIn.secrets),
	);
	return { items, wrong, secretsFound: secretsIn(shown, secrets) };
}

/** Plays executions side by side, one after the other for each pair of accounts, and judges every item. */
export async function playChaos(play: Play): Promise<Played> {
	const stage = new Stage(play);
	try {
		await stage.open();
		const began = Date.now();
		const lanes = Array.from({ length: play.accounts }, async (_, lane) => {
			const runs = [];
			for (let n = lane; n < play.executions; n += play.accounts) {
				runs.push(await execute(n, play, stage));
			}
			return runs;
		});
		const runs = (await Promise.all(lanes)).flat();
		const seconds = (Date.now() - began) / 1_000;
		// Requests that the node gave up, and documents, have their effect until now.
		const isLate = stage.faults.some(({ fault }) => fault.delayMs ?? fault.stallMs);
		await new Promise((done) => setTimeout(done, isLate ? TIMEOUT + 1_000 : 0));
		await stage.settled();
		const items = runs.flatMap((run) => run.items);
		return {
			items,
			faults: stage.faults,
			wrong: [
				...runs.flatMap((run) => run.wrong),
				...stage.strays,
				...stage.offContract(),
				...items.flatMap(disagreements),
			],
			secretsFound: runs.flatMap((run) => run.secretsFound),
			seconds,
		};
	} finally {
		await stage.close();
	}
}
