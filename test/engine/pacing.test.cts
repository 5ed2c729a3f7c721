import { runNode, type NodeRunResult } from '../lib/engine.cts';
import { opened, start } from '../lib/opened.cts';
import { forkStandIn } from '../lib/stand-ins/index.cts';
import { count, lives, print, stopAt, type Pair, type RunningStandIn } from '../lib/stops.cts';

const statuses = ({ items }: NodeRunResult) => count(items.map(({ status }) => status));

describe('a documented limit', () => {
	/** Plivo: "300 requests / 5 s per account". Windows begin at fixed times, as counters of requests do. */
	const limitedPlivo = async () =>
		opened(await forkStandIn('plivo', { rateLimit: { requests: 300, perMs: 5_000 } }));

	test('1,000 Plivo stops of one execution are all done without one 429', async () => {
		const plivo = await limitedPlivo();
		const seeded = await plivo.seed(1_000);
		const began = Date.now();
		const run = await stopAt(plivo, seeded);
		const seconds = (Date.now() - began) / 1_000;
		const arrived = await plivo.requests(5_000);
		print(
			`1,000 Plivo stops: ${seconds.toFixed(1)} s, ${arrived.mostInWindow} at most in any 5 s, ` +
				`${arrived.mostAtOnce} at once, answers ${JSON.stringify(arrived.byStatus)}`,
		);
		expect(run.error).toBeUndefined();
		expect(statuses(run)).toEqual({ stopped: 1_000 });
		expect(arrived.byStatus).toEqual({ 204: 1_000 });
		expect(arrived.mostInWindow).toBeLessThanOrEqual(300);
		expect(await plivo.running()).toBe(0);
	}, 90_000);

	test('600 executions of one Plivo stop each, all at once, keep under it together', async () => {
		const plivo = await limitedPlivo();
		const seeded = await plivo.seed(600);
		const began = Date.now();
		const runs = await Promise.all(seeded.map((pair) => stopAt(plivo, [pair])));
		const seconds = (Date.now() - began) / 1_000;
		const arrived = await plivo.requests(5_000);
		print(
			`600 executions of one Plivo stop: ${seconds.toFixed(1)} s, ${arrived.mostInWindow} at most ` +
				`in any 5 s, ${arrived.mostAtOnce} at once, answers ${JSON.stringify(arrived.byStatus)}`,
		);
		expect(count(runs.map(({ items }) => items[0]?.status))).toEqual({ stopped: 600 });
		expect(arrived.byStatus).toEqual({ 204: 600 });
		expect(arrived.mostInWindow).toBeLessThanOrEqual(300);
		expect(await plivo.running()).toBe(0);
	}, 90_000);
});

describe('a limit that nobody published', () => {
	test('is found: 120 Vobiz stops against 20 a second are all done', async () => {
		const vobiz = opened(
			await forkStandIn('vobiz', { rateLimit: { requests: 20, perMs: 1_000, retryAfter: false } }),
		);
		const run = await stopAt(vobiz, await vobiz.seed(120));
		expect(statuses(run)).toEqual({ stopped: 120 });
		expect(await vobiz.running()).toBe(0);
		// A sender that learns nothing sees a 429 for most of what it sends.
		expect((await vobiz.requests()).byStatus[429]).toBeLessThan(120);
	}, 60_000);
});

describe('a 429', () => {
	test('makes the whole account wait, and never holds up another provider', async () => {
		const plivo = await start('plivo');
		const signalWire = await start('signalWire');
		let stormUntil: number | undefined;
		plivo.fault = () => {
			stormUntil ??= Date.now() + 3_000;
			return Date.now() < stormUntil ? { status: 429, headers: { 'Retry-After': '3' } } : undefined;
		};
		const item = (standIn: RunningStandIn, { call, stream }: Pair) => ({
			provider: standIn.provider,
			call: call.id,
			stream: stream.id,
		});
		const plivoItems = lives(plivo, 40).map((pair) => item(plivo, pair));
		const otherItems = lives(signalWire, 40).map((pair) => item(signalWire, pair));
		const run = await runNode({
			parameters: {
				provider: '={{ $json.provider }}',
				callId: '={{ $json.call }}',
				stream: '={{ $json.stream }}',
				options: { maxConcurrency: 10 },
			},
			items: plivoItems.flatMap((one, n) => [one, ...otherItems.slice(n, n + 1)]),
			credentials: {
				plivoBasicApi: { ...plivo.credentials },
				signalWireBasicApi: { ...signalWire.credentials },
			},
		});
		expect(statuses(run)).toEqual({ stopped: 80 });
		// Only what was under way when the first 429 came: the other 30 waited, as did each repeat.
		const limited = plivo.requests.filter(({ status }) => status === 429);
		expect(limited.length).toBeLessThanOrEqual(10);
		expect(new Set(limited.map(({ path }) => path)).size).toBe(limited.length);
		// All of the other provider's were done meanwhile.
		const again = plivo.requests.find(({ status }) => status !== 429);
		expect(signalWire.requests).toHaveLength(40);
		for (const { answeredAt } of signalWire.requests)
			expect(answeredAt).toBeLessThan(again?.at ?? 0);
	}, 60_000);
});

describe('many executions', () => {
	test('take turns: a hang-up does not wait behind a sweep of 1,000 items of the same account', async () => {
		const signalWire = await start('signalWire', { delayMs: 20 });
		const options = { maxConcurrency: 10 };
		const sweep = stopAt(signalWire, lives(signalWire, 1_000), { options });
		while (signalWire.requests.length < 100) await new Promise((done) => setTimeout(done, 5));
		const hangUp = lives(signalWire, 1);
		const before = signalWire.requests.length;
		const run = await stopAt(signalWire, hangUp, { options });
		expect(statuses(run)).toEqual({ stopped: 1 });
		const place = signalWire.requests.findIndex(({ path }) =>
			path.includes(hangUp[0]?.call.id ?? 'nobody'),
		);
		// It takes a while to start an execution, in which the sweep goes on.
		expect(place - before).toBeLessThan(200);
		expect(signalWire.requests.length).toBeLessThan(500);
		expect(statuses(await sweep)).toEqual({ stopped: 1_000 });
	}, 60_000);
});
