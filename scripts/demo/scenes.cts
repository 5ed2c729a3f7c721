// What the demo plays at one provider: events as the provider sends them, a workflow as people build it, and
// what is true at the stand-in afterwards.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { live, type RunningStandIn } from '../../test/lib/lives.cts';
import { outputOf, type RunningN8n, type SavedWorkflow } from '../../test/lib/n8n/index.cts';
import { startStandIn, type EventPayload, type Stream } from '../../test/lib/stand-ins/index.cts';
import { CARRIERS as RECIPES_OF, type CarrierName } from '../../examples/src/common.cts';
import {
	chain,
	stopNode,
	webhook,
	workflow,
	type Unplaced,
	type Workflow,
} from '../../examples/src/workflows.cts';

const STOP_STREAM = 'Stop the Stream';
const STOP_ALL = 'Stop All Streams';
const WAIT_SECONDS = 2;

/** A provider's events, and what its stops must find. */
interface Carrier {
	name: CarrierName;
	label: string;
	/** How the fields of call and stream are called on screen. */
	fields: readonly [call: string, stream: string];
	streamStarted: string;
	callEnded: string;
	/** What a repeated stop finds: SignalWire's streams cannot be read. */
	repeated: string;
	/**
	 * What a stop of all streams finds after the end, if all streams of a call can be stopped. Vobiz says 204 also when
	 * nothing runs.
	 */
	afterTheEnd?: string;
}

export const CARRIERS: readonly Carrier[] = [
	{
		name: 'signalWire',
		label: 'SignalWire',
		fields: ['Call SID', 'Stream SID'],
		streamStarted: 'stream-started',
		callEnded: 'call-completed',
		repeated: 'notFound',
	},
	{
		name: 'plivo',
		label: 'Plivo',
		fields: ['Call UUID', 'Stream ID'],
		streamStarted: 'StartStream',
		callEnded: 'Hangup',
		repeated: 'alreadyStopped',
		afterTheEnd: 'alreadyStopped',
	},
	{
		name: 'vobiz',
		label: 'Vobiz',
		fields: ['Call UUID', 'Stream ID'],
		streamStarted: 'StartStream',
		callEnded: 'Hangup',
		repeated: 'alreadyStopped',
		afterTheEnd: 'stopped',
	},
];

/** One line of the demo's table. */
export interface Row {
	provider: string;
	event: string;
	call: string;
	stream: string;
	received: string;
	status: string;
	stillRuns: string;
	/** Everything that is not as it should be. */
	differs: string[];
}

const wait: Unplaced = {
	name: 'Wait',
	type: 'n8n-nodes-base.wait',
	typeVersion: 1.1,
	parameters: { resume: 'timeInterval', amount: WAIT_SECONDS, unit: 'seconds' },
};

/** Nobody can guess these URLs; an open one would let anyone stop streams. */
interface Paths {
	streamStarted: string;
	hangUp: string;
}

/**
 * The stream's own start event, a wait, and the stop; if the provider can stop all streams of a call, its
 * hang-up event does too. No field holds an expression: the node finds the ids in the event.
 */
function workflowFor(
	{ name, label, afterTheEnd }: Carrier,
	paths: Paths,
	credential: object,
): Workflow {
	const stop = (title: string, operation: string): Unplaced => ({
		...stopNode(title, { provider: name, operation, source: 'event' }),
		...credential,
	});
	return workflow({
		name: `${label}: stop the stream after a while`,
		rows: [
			[
				webhook('Stream Started', { path: paths.streamStarted }),
				wait,
				stop(STOP_STREAM, 'stopStream'),
			],
			...(afterTheEnd === undefined
				? []
				: [
						[
							webhook('Call Ended', { path: paths.hangUp }),
							undefined,
							stop(STOP_ALL, 'stopAllStreams'),
						],
					]),
		],
		flows: [
			...chain('Stream Started', 'Wait', STOP_STREAM),
			...(afterTheEnd === undefined ? [] : chain('Call Ended', STOP_ALL)),
		],
	});
}

const credentialName = ({ label }: Carrier): string => `${label} stand-in`;

/** The body of a form, as a provider sends it. */
const asForm = ({ body }: EventPayload): string =>
	new URLSearchParams(
		Object.entries(body).map(([field, value]) => [field, String(value)]),
	).toString();

const textOf = (value: unknown): string | undefined =>
	typeof value === 'string' ? value : undefined;

/** One event, and what it must lead to. */
interface Scene {
	event: string;
	payload: EventPayload;
	streams: Stream[];
	expected: string;
	isHangUp?: boolean;
	waits?: boolean;
}

/** A live call with a stream, for a first stop by hand. */
export interface Offer {
	provider: string;
	/** The name of the credential in n8n. */
	credential: string;
	call: string;
	stream: string;
	isUp: () => boolean;
	/** Sends a signed event of this call, as the provider would, and says what came of it. */
	send: (what: 'began' | 'ended', url: string) => Promise<string>;
}

/** A provider with its workflow in n8n. */
export class Stage {
	#runs = 0;

	private constructor(
		private readonly n8n: RunningN8n,
		private readonly carrier: Carrier,
		private readonly standIn: RunningStandIn,
		private readonly saved: SavedWorkflow,
		private readonly paths: Paths,
	) {}

	static async open(n8n: RunningN8n, carrier: Carrier): Promise<Stage> {
		const standIn: RunningStandIn = await startStandIn(carrier.name);
		const { credentialType, credentials } = standIn;
		const name = credentialName(carrier);
		const id = await n8n.createCredential(credentialType, name, { ...credentials });
		const paths = { streamStarted: randomUUID(), hangUp: randomUUID() };
		const made = workflowFor(carrier, paths, { credentials: { [credentialType]: { id, name } } });
		// A webhook's URL is the one that its node was saved with.
		const nodes = made.nodes.map((node) => ({ ...node, webhookId: randomUUID() }));
		const saved = await n8n.createWorkflow({ ...made, nodes });
		await n8n.activate(saved);
		return new Stage(n8n, carrier, standIn, saved, paths);
	}

	async close(): Promise<void> {
		await this.standIn.close();
	}

	offer(): Offer {
		const { label, fields } = this.carrier;
		const { call, stream } = live(this.standIn);
		return {
			provider: label,
			credential: credentialName(this.carrier),
			call: `${fields[0]} ${call.id}`,
			stream: `${fields[1]} ${stream.id}`,
			isUp: () => this.standIn.stream(stream.id)?.running === true,
			send: async (what, url) => {
				const kind = what === 'began' ? this.carrier.streamStarted : this.carrier.callEnded;
				const { status, error } = await this.standIn.send(kind, stream, url);
				return `${label} sent '${kind}': ${error ?? `n8n answered ${String(status)}`}`;
			},
		};
	}

	/** What a recipe's 'Fill In' asks for of the account. */
	get account(): string[] {
		const { carrier, standIn } = this;
		const [[urlField, url] = ['', ''], [idField] = ['']] = Object.entries(
			RECIPES_OF[carrier.name].account,
		);
		const { projectId, authId } = standIn.credentials;
		return [
			carrier.label,
			`${urlField} ${new URL(new URL(url).pathname, standIn.url).href.replace(/\/$/, '')}`,
			`${idField} ${projectId ?? authId}`,
		];
	}

	/** The timeout, the same event once more, a hang-up while streams run, a hang-up after the end. */
	async play(): Promise<Row[]> {
		const { carrier, standIn } = this;
		const { streamStarted, callEnded, repeated, afterTheEnd } = carrier;
		const { call, stream } = live(standIn);
		const timeout = { payload: standIn.callback(streamStarted, stream), streams: [stream] };
		const rows = [
			await this.#playScene({
				...timeout,
				event: `${streamStarted}, then ${WAIT_SECONDS} s`,
				expected: 'stopped',
				waits: true,
			}),
			await this.#playScene({ ...timeout, event: 'the same event again', expected: repeated }),
		];
		standIn.endCall(call.id);
		if (afterTheEnd === undefined) return rows;

		const { call: two, stream: first } = live(standIn);
		rows.push(
			await this.#playScene({
				event: `${callEnded}, streams still run`,
				payload: standIn.callback(callEnded, two),
				streams: [first, standIn.startStream(two.id)],
				expected: 'stopped',
				isHangUp: true,
			}),
		);
		const { call: over, stream: ended } = live(standIn);
		standIn.endCall(over.id);
		rows.push(
			await this.#playScene({
				event: `${callEnded}, after the end`,
				payload: standIn.callback(callEnded, over),
				streams: [ended],
				expected: afterTheEnd,
				isHangUp: true,
			}),
		);
		return rows;
	}

	/** Sends one event, waits until its workflow has ended, and holds what came out against what is true. */
	async #playScene(scene: Scene): Promise<Row> {
		const { n8n, standIn, paths } = this;
		const { event, payload, streams, expected, isHangUp = false, waits = false } = scene;
		const runs = (stream: Stream): boolean => standIn.stream(stream.id)?.running === true;
		const differs: string[] = [];
		const before = standIn.requests.length;
		const answer = await n8n.postToWebhook(isHangUp ? paths.hangUp : paths.streamStarted, {
			contentType: payload.contentType,
			body: asForm(payload),
		});
		if (answer.status !== 200) differs.push(`the webhook answered ${answer.status}`);
		if (waits) {
			await sleep((WAIT_SECONDS * 1000) / 2);
			if (!streams.every(runs)) differs.push('the stream went down before the Wait node let go');
		}
		this.#runs += 1;
		const execution = await n8n.waitForRun(this.saved.id, this.#runs);
		const [item = {}] = outputOf(execution, isHangUp ? STOP_ALL : STOP_STREAM);
		const status = textOf(item.status) ?? execution.status;
		const received = standIn.requests.slice(before);
		const stops = received.filter(({ method }) => method !== 'GET');
		const up = streams.filter(runs).length;

		if (execution.status !== 'success') {
			const why = execution.data.resultData.error?.message ?? 'no reason';
			differs.push(`the execution ended with '${execution.status}': ${why}`);
		}
		if (status !== expected) differs.push(`the status is '${status}' and not '${expected}'`);
		if (up > 0) differs.push(`${up} of its streams still run`);
		if (stops.length !== 1) differs.push(`${stops.length} stops arrived and not one`);
		for (const { offContract } of received) if (offContract !== null) differs.push(offContract);
		return {
			provider: this.carrier.label,
			event,
			call: textOf(item.callId) ?? '',
			stream: isHangUp ? `all ${streams.length}` : (textOf(item.stream) ?? ''),
			received: stops.map(({ method, path }) => `${method} ${path}`).join(' + '),
			status,
			stillRuns: up === 0 ? 'no' : `${up} of ${streams.length}`,
			differs,
		};
	}
}
