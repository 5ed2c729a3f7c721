import { setTimeout as sleep } from 'node:timers/promises';
import { outputOf } from '../../lib/n8n/index.cts';
import { say } from '../../lib/processes.cts';
import {
	providers,
	secretsIn,
	startStandIn,
	type AnyStandIn,
	type Call,
	type Fault,
	type LoggedRequest,
} from '../../lib/stand-ins/index.cts';
import {
	check,
	LAST,
	leftOf,
	prepareCheck,
	verdictsOf,
	type ByHand,
	type Name,
	type Ran,
} from './checkMyAccount.cts';
import { openStage, publish, type Stage } from './stage.cts';

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

const names: readonly Name[] = providers;
/** What the check gives its streams on Plivo and Vobiz. */
const LIMIT_MS = 120_000;

let stage: Stage;
const close: Array<() => Promise<void>> = [];
/** Runs that were cut off while a stream of theirs was up, begun first: their two minutes pass meanwhile. */
const cutOff: Array<{ name: Name; call: Call; at: number }> = [];

/** Runs the check, and ends the run while a stream of its own is up. */
async function cutOffInTheMiddle(name: Name): Promise<void> {
	const standIn = stage.standIns[name];
	const call = standIn.addCall();
	let isUp = (): void => undefined;
	const up = new Promise<void>((resolve) => (isUp = resolve));
	standIn.fault = ({ path, method, body }): Fault | undefined => {
		const isStop = method === 'DELETE' || body.includes('Status=stopped');
		if (!path.includes(call.id) || !isStop) return undefined;
		isUp();
		return { delayMs: 3_000, reset: 'before' };
	};
	const published = await publish(stage, prepareCheck(name, stage, call));
	const { executionId } = (await stage.n8n.rest('POST', `/workflows/${published.saved.id}/run`, {
		workflowData: published.saved,
		triggerToStartFrom: { name: '2. Check It' },
	})) as { executionId: string };
	await up;
	await stage.n8n.rest('POST', `/executions/${executionId}/stop`);
	const ended = await stage.n8n.waitForExecution(executionId);
	expect(ended.status).toBe('canceled');
	expect(outputOf(ended, LAST)).toEqual([]);
	standIn.fault = () => undefined;
	// It was never told to stop: it still runs.
	expect(leftOf(standIn, call)).toHaveLength(1);
	cutOff.push({ name, call, at: Date.now() });
}

beforeAll(async () => {
	stage = await openStage();
	close.push(stage.close);
	for (const name of names) await cutOffInTheMiddle(name);
});

afterAll(async () => {
	for (const one of close) await one();
});

afterEach(() => {
	for (const name of names) stage.standIns[name].fault = () => undefined;
});

/** An ended call beside, for the steps about one. */
function withEnded(name: Name): { call: Call; byHand: ByHand } {
	const standIn = stage.standIns[name];
	const ended = standIn.addCall();
	standIn.endCall(ended.id);
	const field = name === 'signalWire' ? 'ended_call_sid' : 'ended_call_uuid';
	return { call: standIn.addCall(), byHand: { fill: { [field]: ended.id } } };
}

/** Nothing of the account or the call is in the last node's output, as n8n keeps it. */
function expectNoValue({ execution, items }: Ran, standIn: AnyStandIn, ...more: string[]): void {
	const kept = JSON.stringify(execution.data.resultData.runData[LAST]);
	expect(items).toHaveLength(1);
	expect(Object.keys(items[0] ?? {}).sort()).toEqual(['json', 'markdown']);
	expect(secretsIn(kept, standIn.secrets)).toEqual([]);
	expect(kept).not.toMatch(/\+1555|[0-9a-f]{8}-[0-9a-f]{4}-|https?:|wss:|@/);
	for (const canary of more) expect(kept).not.toContain(canary);
}

const tally = (ran: Ran): string => {
	const counts: Record<string, number> = {};
	for (const { verdict } of ran.report.entries) counts[verdict] = (counts[verdict] ?? 0) + 1;
	return Object.entries(counts)
		.map(([verdict, count]) => `${verdict} ${count}`)
		.join(', ');
};

describe.each(names)('the account of %s, checked', (name) => {
	test('shows the call and starts nothing', async () => {
		const standIn = stage.standIns[name];
		const call = standIn.addCall();
		const published = await publish(stage, prepareCheck(name, stage, call));
		const before = standIn.requests.length;

		const execution = await published.run('1. Show the Call');

		expect(outputOf(execution, 'The Call')).toEqual([
			expect.objectContaining({
				live: true,
				from: call.from,
				to: call.to,
				started: expect.any(String),
			}),
		]);
		expect(standIn.requests.slice(before).map(({ method }) => method)).toEqual(['GET']);
		expect(outputOf(execution, LAST)).toEqual([]);
	});

	test('asks for what is missing, and sends nothing', async () => {
		const standIn = stage.standIns[name];
		const before = standIn.requests.length;
		const published = await publish(
			stage,
			prepareCheck(name, stage, standIn.addCall(), { fill: { stream_url: 'https://example.com' } }),
		);
		const execution = await published.run('2. Check It');
		expect(outputOf(execution, 'Nothing Was Sent')).toHaveLength(1);
		expect(standIn.requests.length).toBe(before);
	});

	test('every step, as documented; nothing of its own is left, and the call goes on', async () => {
		const standIn = stage.standIns[name];
		const { call, byHand } = withEnded(name);
		const from = standIn.requests.length;

		const ran = await check(name, stage, call, byHand);

		const verdicts = verdictsOf(ran);
		const tried = Object.entries(verdicts).filter(([, verdict]) => verdict !== 'as documented');
		expect(Object.fromEntries(tried)).toEqual(
			name === 'signalWire'
				? {
						'Stop an Unknown Control ID': 'another documented form',
						...Object.fromEntries(
							['By Name: Start', 'By Name: Stop', 'By Name: Read the Call']
								.concat(['Conference: Start', 'Conference: Stop', 'Conference: Stop Again'])
								.map((step) => [
									step,
									"not tried: the branch is not connected to 'Branches Begin Here'",
								]),
						),
					}
				: {},
		);
		expect(ran.report.own).toEqual({ started: 2, mayStillRun: 0 });
		expect(leftOf(standIn, call)).toEqual([]);
		expect(standIn.call(call.id)?.up).toBe(true);
		expect(standIn.offContract()).toEqual([]);
		const starts = standIn.requests
			.slice(from)
			.filter(({ method, path }) => method === 'POST' && /\/Streams?\/?$/.test(path));
		expect(starts).toHaveLength(2);
		for (const { body } of starts) {
			expect(body).not.toMatch(/keepCallAlive|keep_call_alive/i);
			if (name !== 'signalWire') expect(JSON.parse(body)).toMatchObject({ stream_timeout: 120 });
		}
		expectNoValue(ran, standIn);
		say(`    ${name}: ${tally(ran)}`);
	});

	test('another stream on the call is left alone', async () => {
		const standIn = stage.standIns[name];
		const call = standIn.addCall();
		const another = standIn.startStream(call.id);

		const ran = await check(name, stage, call);

		expect(leftOf(standIn, call)).toEqual([another.id]);
		expect(ran.report.own.mayStillRun).toBe(0);
		if (name === 'signalWire') return;
		expect(verdictsOf(ran)['Stop All Streams']).toMatch(/^not tried: not proved that only/);
		expect(verdictsOf(ran)['Stop Stream 1']).toBe('as documented');
	});

	test.each([
		['before the first stream', /\/Streams?\/?$/, 'POST'],
		['while it is stopped', /\/Streams?\/[^/]+\/?$/, 'DELETE|POST'],
		['while the second starts', /\/Streams?\/?$/, 'POST second'],
	])('the call ends in between: %s', async (_when, path, how) => {
		const standIn = stage.standIns[name];
		const call = standIn.addCall();
		let starts = 0;
		standIn.fault = (request: LoggedRequest) => {
			const [target = ''] = request.path.split('?');
			if (!target.includes(call.id) || !path.test(target)) return undefined;
			if (!how.includes(request.method) || request.method === 'GET') return undefined;
			starts += 1;
			if (!how.includes('second') || starts > 1) standIn.endCall(call.id);
			return undefined;
		};

		const ran = await check(name, stage, call);

		expect(Object.values(verdictsOf(ran))).not.toContain('new');
		expect(verdictsOf(ran)['Read the Call Again']).toBe(
			'not tried: the call ended while the check ran',
		);
		expect(ran.report.own.mayStillRun).toBe(0);
		expect(leftOf(standIn, call)).toEqual([]);
		expectNoValue(ran, standIn);
	});

	test('a wrong credential: nothing is started, and the 401 is reported', async () => {
		const standIn = stage.standIns[name];
		const call = standIn.addCall();
		const wrong = await stage.n8n.createCredential(standIn.credentialType, 'wrong', {
			...standIn.credentials,
			[name === 'signalWire' ? 'apiToken' : 'authToken']: 'example-of-a-wrong-token',
		});

		const ran = await check(name, stage, call, { credential: wrong });

		expect(verdictsOf(ran)).toMatchObject({
			'Read the Call': 'not tried: the credential was refused (401)',
			'Ask With a Wrong Token': 'as documented',
			'Start Stream 1': 'not tried: the call could not be read as live',
		});
		expect(ran.report.own).toEqual({ started: 0, mayStillRun: 0 });
		expect(standIn.streams().filter(({ callId }) => callId === call.id)).toEqual([]);
		expectNoValue(ran, standIn, 'example-of-a-wrong-token');
	});

	test('stops that do not work at first are made up for at the end', async () => {
		const standIn = stage.standIns[name];
		const call = standIn.addCall();
		const streams = (): number =>
			standIn.streams().filter(({ callId }) => callId === call.id).length;
		// Every stop fails until the second stream is there, and so do the first two after that.
		let late = 0;
		standIn.fault = ({ path, method, body }) => {
			const isStop = method === 'DELETE' || body.includes('Status=stopped');
			if (!isStop || !path.includes(call.id)) return undefined;
			if (streams() > 1) late += 1;
			return late < 3 ? { status: 403, body: { error: 'not now' } } : undefined;
		};

		const ran = await check(name, stage, call);

		expect(verdictsOf(ran)['Stop Stream 1']).not.toBe('as documented');
		expect(leftOf(standIn, call)).toEqual([]);
		expect(ran.report.own).toEqual({ started: 2, mayStillRun: 0 });
	});

	test('a value in every documented field: none of them is in the report', async () => {
		const standIn = stage.standIns[name];
		const call = standIn.addCall();
		const canaries = ['+15550177001', 'owner@canary.example', 'canary-token-Kq8vNw3Zr'];
		const keys =
			'api_id account_sid aleg_url annotation billed_amount call_sid call_uuid code date_updated direction end_time error errors from from_number message meta more_info name objects plivo_auth_id resource_uri service_url sid start_time session_start stream_id to to_number total_amount uri';
		for (const canary of canaries) {
			standIn.fault = ({ path, method }) => {
				const isCall = method === 'GET' && !path.includes('Stream');
				return {
					status: 200,
					headers: { 'X-Token': canary, 'X-Balance': canary },
					body: {
						...Object.fromEntries(keys.split(' ').map((key) => [key, canary])),
						[canary]: { [canary]: [canary] },
						...(isCall && { status: 'in-progress', call_status: 'in-progress' }),
					},
				};
			};

			const ran = await check(name, stage, call);

			expectNoValue(ran, standIn, canary);
			expect(verdictsOf(ran)).toMatchObject({ 'Read the Call': 'new', 'Start Stream 1': 'new' });
			// What cannot be read proves no end, and the report says so aloud.
			expect(ran.report.own.mayStillRun).toBeGreaterThan(0);
			expect(ran.markdown).toMatch(/may still run\.\*\*/);
		}
	});

	test('what no document has is new, and none of it is in the report', async () => {
		const standIn = stage.standIns[name];
		const call = standIn.addCall();
		const canaries = [
			'+15550177001',
			'owner@canary.example',
			'4711.4242',
			'canary-token-Kq8vNw3Zr',
		];
		standIn.fault = ({ path, method }) =>
			path.includes(call.id) && method === 'GET' && path.includes('Stream')
				? {
						status: 200,
						body: { balance: canaries, [canaries[0] ?? '']: 1, phone: canaries[0] },
						headers: { 'X-Token': canaries.join(' ') },
					}
				: { headers: { 'X-Token': canaries.join(' ') } };

		const ran = await check(name, stage, call);

		expectNoValue(ran, standIn, ...canaries);
		expect(leftOf(standIn, call)).toEqual([]);
		if (name === 'signalWire') return;
		expect(verdictsOf(ran)).toMatchObject({ 'Read Stream 1': 'new', 'List the Streams': 'new' });
		expect(ran.markdown).toContain('body.balance (not documented)');
		// A list that cannot be read proves nothing, so that not all streams are stopped.
		expect(verdictsOf(ran)['Stop All Streams']).toMatch(/^not tried/);
	});
});

describe('the other answers that the documents name', () => {
	test.each(['plivo', 'vobiz'] as const)('%s, older', async (name) => {
		const older = (await startStandIn(name, { generation: 'old' })) as AnyStandIn;
		try {
			const credential = await stage.n8n.createCredential(
				older.credentialType,
				'older',
				older.credentials,
			);
			const call = older.addCall();
			const ran = await check(name, stage, call, {
				credential,
				fill: { api_url: `${older.url}${name === 'plivo' ? '/v1' : '/api/v1'}` },
			});
			const verdicts = verdictsOf(ran);
			expect(Object.values(verdicts)).not.toContain('new');
			expect(verdicts['Stop All Streams Again']).toBe('another documented form');
			expect(leftOf(older, call)).toEqual([]);
			say(`    ${name}, older: ${tally(ran)}`);
		} finally {
			await older.close();
		}
	});
});

describe("SignalWire's branches that are off", () => {
	test('run where they are connected, before what is left is stopped', async () => {
		const { signalWire } = stage.standIns;
		const call = signalWire.addCall();
		const room = signalWire.addConference();
		const bin = signalWire.bin(
			'<Response><Stop><Stream name="{{STREAMNAME}}"/></Stop><Pause length="60"/></Response>',
		);

		const ran = await check('signalWire', stage, call, {
			connect: ['By Name: Start', 'Conference: Start'],
			fill: { cxml_url: bin, conference_sid: room.id },
		});

		expect(verdictsOf(ran)).toMatchObject({
			'By Name: Start': 'as documented',
			'By Name: Stop': 'as documented',
			'By Name: Read the Call': 'as documented',
			'Conference: Start': 'as documented',
			'Conference: Stop': 'as documented',
			'Conference: Stop Again': 'as documented',
		});
		expect(ran.report.own).toEqual({ started: 4, mayStillRun: 0 });
		expect(
			signalWire.streams().filter(({ running, conferenceId }) => running && conferenceId),
		).toEqual([]);
		expect(leftOf(signalWire, call)).toEqual([]);
		expect(signalWire.call(call.id)?.up).toBe(true);
	});
});

describe('a run that was cut off in the middle', () => {
	test.each(['plivo', 'vobiz'] as const)(
		'%s: nothing runs any more after 120 seconds',
		async (name) => {
			const one = cutOff.find((each) => each.name === name);
			if (!one) throw new Error('It was not cut off');
			await sleep(Math.max(0, one.at + LIMIT_MS - Date.now()));
			expect(leftOf(stage.standIns[name], one.call)).toEqual([]);
			expect(stage.standIns[name].call(one.call.id)?.up).toBe(true);
		},
	);

	test('signalWire: it runs until the call ends, and not longer', () => {
		const one = cutOff.find((each) => each.name === 'signalWire');
		if (!one) throw new Error('It was not cut off');
		const { signalWire } = stage.standIns;
		expect(leftOf(signalWire, one.call)).toHaveLength(1);
		signalWire.endCall(one.call.id);
		expect(leftOf(signalWire, one.call)).toEqual([]);
	});
});
