import type { Execution } from '../../lib/n8n/index.cts';
import type { Call, Stream } from '../../lib/stand-ins/index.cts';
import { cameTo, describeCells, spoil, type Cell } from './cells.cts';
import { itemsOf, publishRecipe, WEBHOOK_SECRETS, type Published, type Stage } from './stage.cts';
import { callUp, isUp, received } from './streams.cts';
import { withLimit } from './timeLimit.cts';

const HOOK = 'Stream Status';
const STOP = 'Stop by Control ID';
const EVENT = 'calling.call.stream';
const LIMIT_SECONDS = 1;

interface Play {
	stage: Stage;
	published: Published;
	streaming: () => { call: Call; stream: Stream };
	began: (stream: Stream) => Promise<Execution>;
}

async function open(stage: Stage): Promise<Play> {
	const { signalWire } = stage.standIns;
	const published = await publishRecipe('swml-signalwire', stage, withLimit(LIMIT_SECONDS));
	return {
		stage,
		published,
		streaming: () => {
			const call = signalWire.addCall({ runs: 'SWML' });
			return { call, stream: signalWire.startStream(call.id, { controlId: 'caller-audio' }) };
		},
		began: async (stream) => await published.send(HOOK, signalWire, EVENT, stream),
	};
}

const messageOf = (execution: Execution): string => execution.data.resultData.error?.message ?? '';

/** A stop that works only after a while. */
const after =
	(fault: object, times: number) =>
	async ({ stage, streaming, began }: Play): Promise<string> => {
		const { signalWire } = stage.standIns;
		const { call, stream } = streaming();
		spoil(signalWire, call, fault, { times });
		const execution = await began(stream);
		expect(execution.status).toBe('success');
		expect([isUp(signalWire, stream), callUp(signalWire, call)]).toEqual([false, true]);
		return `${cameTo(signalWire, call, stream)}; success`;
	};

const cells: ReadonlyArray<Cell<Play>> = [
	{
		name: 'all goes well: the limit is over',
		at: ['signalWire'],
		allWell: true,
		play: async ({ stage, streaming, began }) => {
			const { signalWire } = stage.standIns;
			const { call, stream } = streaming();
			const execution = await began(stream);
			expect(execution.status).toBe('success');
			expect(itemsOf(execution, STOP)).toMatchObject([
				{ callId: call.id, stream: 'caller-audio', status: 'accepted' },
			]);
			expect([isUp(signalWire, stream), callUp(signalWire, call)]).toEqual([false, true]);
			for (const name of ['Check Event', 'Fill In', 'Wait', STOP]) {
				const text = JSON.stringify(execution.data.resultData.runData[name]);
				for (const secret of WEBHOOK_SECRETS) expect(text).not.toContain(secret);
			}
			return `${cameTo(signalWire, call, stream)}; success`;
		},
	},
	{
		name: 'behind connect, only the URL names the call',
		at: ['signalWire'],
		play: async ({ stage, published }) => {
			const { signalWire } = stage.standIns;
			const call = signalWire.addCall({ runs: 'SWML' });
			const stream = signalWire.startStream(call.id);
			const event = published.event(HOOK, signalWire, `${EVENT} without call_id`, stream);
			expect(await published.post({ ...event, url: `${event.url}?call_id=${call.id}` })).toBe(200);
			published.expectRun();
			expect(itemsOf(await published.lastExecution(), STOP)).toMatchObject([
				{ callId: call.id, stream: stream.controlId },
			]);
			expect(isUp(signalWire, stream)).toBe(false);
			return `${cameTo(signalWire, call, stream)}; success`;
		},
	},
	{
		name: 'the call is over while it waits',
		at: ['signalWire'],
		play: async ({ stage, published, streaming }) => {
			const { signalWire } = stage.standIns;
			const { call, stream } = streaming();
			await published.start(HOOK, signalWire, EVENT, stream);
			signalWire.endCall(call.id);
			const execution = await published.lastExecution();
			expect(execution.status).toBe('success');
			expect(itemsOf(execution, STOP)).toHaveLength(1);
			return `${cameTo(signalWire, call, stream)}; success`;
		},
	},
	{
		name: 'the stream ended, and its event says so: nothing is sent',
		at: ['signalWire'],
		play: async ({ stage, streaming, began }) => {
			const { signalWire } = stage.standIns;
			const { call, stream } = streaming();
			signalWire.calls.stopStream(stream);
			const execution = await began(stream);
			expect(execution.status).toBe('success');
			expect(received(signalWire, call)).toEqual([]);
			return `${cameTo(signalWire, call, stream)}; success, nothing sent`;
		},
	},
	{
		name: 'the event twice in the same moment',
		at: ['signalWire'],
		play: async ({ stage, published, streaming }) => {
			const { signalWire } = stage.standIns;
			const { call, stream } = streaming();
			await Promise.all([
				published.start(HOOK, signalWire, EVENT, stream),
				published.start(HOOK, signalWire, EVENT, stream),
			]);
			expect((await published.lastExecution()).status).toBe('success');
			expect([isUp(signalWire, stream), callUp(signalWire, call)]).toEqual([false, true]);
			return `${cameTo(signalWire, call, stream)}; success twice`;
		},
	},
	{ name: '503, and then all is well', at: ['signalWire'], play: after({ status: 503 }, 5) },
	{
		name: 'the credential is refused: it fails at once, and names call and stream',
		at: ['signalWire'],
		play: async ({ stage, streaming, began }) => {
			const { signalWire } = stage.standIns;
			const { call, stream } = streaming();
			spoil(signalWire, call, { status: 401, body: { error: 'Unauthorized' } });
			const execution = await began(stream);
			expect(execution.status).toBe('error');
			expect(itemsOf(execution, STOP)).toHaveLength(1);
			for (const part of [call.id, 'SignalWire', 'caller-audio', '401']) {
				expect(messageOf(execution)).toContain(part);
			}
			return `${cameTo(signalWire, call, stream)}; failed`;
		},
	},
	{
		name: 'a forged event, without the password',
		at: ['signalWire'],
		play: async ({ stage, published, streaming }) => {
			const { signalWire } = stage.standIns;
			const { call, stream } = streaming();
			const { headers, ...event } = published.event(HOOK, signalWire, EVENT, stream);
			const { Authorization: login, ...without } = headers;
			expect(login).toBeDefined();
			expect(await published.sendInVain({ ...event, headers: without })).toBe(401);
			return `${cameTo(signalWire, call, stream)}; 401, no execution`;
		},
	},
];

/** What can happen to the recipe for SWML. */
export function describeSwml(stage: () => Stage): void {
	describeCells('SWML', false, cells, async () => await open(stage()));
}
