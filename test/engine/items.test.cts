// What only n8n's real engine shows: how items come out, paired and in order, and which are read how.

import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { start } from '../lib/opened.cts';
import { providers } from '../lib/stand-ins/index.cts';
import {
	live,
	lives,
	range,
	running,
	stopItems,
	stopLives,
	type Live,
	type RunningStandIn,
} from '../lib/stops.cts';

const regular = { onError: 'continueRegularOutput' } as const;

describe('items', () => {
	it('are read each with its own values, also in options', async () => {
		const standIn = await start('plivo');
		const [first, second] = [live(standIn), live(standIn)];
		const { items } = await stopItems(
			standIn,
			[
				{ ...first.item, dry: true },
				{ ...second.item, dry: 'FALSE' },
			],
			{ options: { preview: '={{ $json.dry }}' } },
		);
		expect(items.map(({ status }) => status)).toEqual(['preview', 'stopped']);
		expect(items[0]?.request).toMatchObject({ url: expect.stringContaining(first.stream.id) });
		expect(first.stream.running).toBe(true);
	});

	it('are left as they came, files and all', async () => {
		const standIn = await start('vobiz');
		const file = { data: 'QQ==', mimeType: 'text/plain', fileName: 'a.txt' };
		const input: INodeExecutionData[] = lives(standIn, 3).map(({ item }) => ({
			json: freeze<IDataObject>({ ...item, deep: { list: [1, { two: 2 }] } }),
			binary: { data: freeze(file) },
		}));
		const before = structuredClone(input);
		const { items } = await stopItems(standIn, [], { input });
		expect(items.map(({ status }) => status)).toEqual(['stopped', 'stopped', 'stopped']);
		expect(input.map(({ json, binary }) => ({ json, binary }))).toEqual(before);
	});

	it('may be none at all', async () => {
		const standIn = await start('vobiz');
		const { items, error, status } = await stopItems(standIn, []);
		expect({ items, error, status }).toEqual({ items: [], error: undefined, status: 'success' });
		expect(standIn.requests).toEqual([]);
	});

	it('of a whole batch that is previewed are no failure where the node stops at one', async () => {
		const standIn = await start('plivo');
		const { items, error } = await stopLives(standIn, lives(standIn, 2), {
			options: { preview: true },
		});
		expect(error).toBeUndefined();
		expect(items.map(({ status, stopped }) => [status, stopped])).toEqual([
			['preview', false],
			['preview', false],
		]);
		expect(standIn.requests).toEqual([]);
	});
});

function freeze<Value extends object>(value: Value): Value {
	for (const each of Object.values(value)) {
		if (typeof each === 'object' && each !== null) freeze(each as object);
	}
	return Object.freeze(value);
}

/** Has the stop of this stream fail once: the provider could not handle it. */
function failOnce(standIn: RunningStandIn, streamId: string) {
	let hasFailed = false;
	standIn.fault = ({ method, path, body }) => {
		if (hasFailed || method === 'GET' || !`${path} ${body}`.includes(streamId)) return undefined;
		hasFailed = true;
		return { status: 503 };
	};
}

const twoTries = { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 } as const;
const STOPPED_BEFORE =
	'Nothing was running: an earlier stop in this execution had already done this.';

describe("n8n's settings of a node", () => {
	it.each(
		providers.flatMap((provider) =>
			(['succeed', 'failIfLive', 'failIfNotFound', 'fail'] as const).map(
				(mode) => [provider, mode] as const,
			),
		),
	)(
		'Retry On Fail runs all items again, and what the first try stopped stays stopped (%s, %s)',
		async (provider, whenNothingToStop) => {
			const standIn = await start(provider);
			const all = lives(standIn, 3);
			failOnce(standIn, all[1]?.stream.id ?? '');
			const { items, error, hints } = await stopLives(standIn, all, {
				options: { maxRetries: 0, whenNothingToStop },
				node: twoTries,
			});
			expect(error).toBeUndefined();
			const before = { status: 'alreadyStopped', stopped: true, message: STOPPED_BEFORE };
			expect(items).toMatchObject([before, { status: 'stopped', stopped: true }, before]);
			// Nothing is read: the execution knows.
			expect(standIn.requests.map(({ method }) => method)).not.toContain('GET');
			expect(standIn.requests).toHaveLength(6);
			expect(running(standIn)).toBe(0);
			expect(hints).toEqual([]);
		},
	);

	it.each(['plivo', 'vobiz'])(
		'Retry On Fail of a stop of all streams finds what the first try stopped as stopped (%s)',
		async (provider) => {
			const standIn = await start(provider, { generation: 'old' });
			const all = lives(standIn, 2);
			failOnce(standIn, all[1]?.call.id ?? '');
			const { items, error } = await stopLives(standIn, all, {
				parameters: { operation: 'stopAllStreams' },
				options: { maxRetries: 0, whenNothingToStop: 'fail' },
				node: twoTries,
			});
			expect(error).toBeUndefined();
			expect(items).toMatchObject([
				{ status: 'alreadyStopped', message: STOPPED_BEFORE },
				{ status: 'stopped' },
			]);
		},
	);

	it('Retry On Fail stops a stream that began after the first try', async () => {
		const standIn = await start('vobiz');
		const all = lives(standIn, 2);
		const [first, second] = all;
		let tries = 0;
		standIn.fault = ({ path }) => {
			if (!path.includes(second?.call.id ?? '')) return undefined;
			tries += 1;
			if (tries > 1) return undefined;
			standIn.startStream(first?.call.id ?? '');
			return { status: 503 };
		};
		const { items } = await stopLives(standIn, all, {
			parameters: { operation: 'stopAllStreams' },
			options: { maxRetries: 0 },
			node: twoTries,
		});
		expect(items.map(({ status }) => status)).toEqual(['stopped', 'stopped']);
		expect(running(standIn)).toBe(0);
	});

	it('Execute Once takes the first item alone', async () => {
		const standIn = await start('plivo');
		const { items } = await stopLives(standIn, lives(standIn, 3), { node: { executeOnce: true } });
		expect(items).toHaveLength(1);
		expect(standIn.streams().map((stream) => stream.running)).toEqual([false, true, true]);
	});
});

describe('what n8n saves with the execution', () => {
	/** Both ids in upper case, as a bridge may give them the second time. */
	const inUpperCase = ({ item }: Live) => ({
		...item,
		call: item.call.toUpperCase(),
		stream: item.stream.toUpperCase(),
	});
	const notFound = { status: 404, body: { api_id: 'x', error: 'not found' } };

	it.each(providers)(
		'serves a retry from the list of executions, for ids in another case too (%s)',
		async (provider) => {
			const standIn = await start(provider);
			const all = lives(standIn, 2);
			const { kept } = await stopLives(standIn, all, {});
			const again = await stopItems(standIn, all.map(inUpperCase), {
				kept,
				options: { whenNothingToStop: 'fail' },
			});
			expect(again.error).toBeUndefined();
			expect(again.items).toMatchObject([
				{ status: 'alreadyStopped', message: STOPPED_BEFORE },
				{ status: 'alreadyStopped', message: STOPPED_BEFORE },
			]);
		},
	);

	it('says nothing to another execution', async () => {
		const standIn = await start('signalWire');
		const all = lives(standIn, 1);
		await stopLives(standIn, all);
		const { items } = await stopLives(standIn, all);
		expect(items).toMatchObject([{ status: 'notFound', callState: 'live' }]);
	});

	it('says nothing of the same ids at another account', async () => {
		const [one, other] = [
			await start('vobiz', { account: 1 }),
			await start('vobiz', { account: 2 }),
		];
		const all = lives(one, 1);
		const { kept } = await stopLives(one, all);
		const { items } = await stopLives(other, all, { kept, node: regular });
		expect(items).toMatchObject([{ status: 'notFound', callState: 'notFound' }]);
	});

	it('is of all streams of a call also for one of them, and the other way round is not', async () => {
		const standIn = await start('plivo');
		const { call } = live(standIn);
		const second = standIn.startStream(call.id);
		const item = { call: call.id, stream: second.id };
		const asAll = { parameters: { operation: 'stopAllStreams' } };

		const { kept } = await stopItems(standIn, [item], asAll);
		const one = await stopItems(standIn, [item], { kept });
		expect(one.items).toMatchObject([{ status: 'alreadyStopped', message: STOPPED_BEFORE }]);

		const ofOne = await stopItems(standIn, [live(standIn).item]);
		standIn.fault = () => notFound;
		const all = await stopItems(standIn, [{ call: ofOne.items[0]?.callId }], {
			...asAll,
			kept: ofOne.kept,
			node: regular,
		});
		expect(all.items[0]?.message).not.toBe(STOPPED_BEFORE);
	});

	it('holds what Confirm Stop showed to have stopped', async () => {
		const standIn = await start('plivo');
		const all = lives(standIn, 1);
		standIn.fault = ({ method }) =>
			method === 'GET' ? undefined : { status: 200, body: {}, afterEffect: true };
		const { items, kept } = await stopLives(standIn, all, { options: { confirm: true } });
		expect(items).toMatchObject([{ status: 'stopped', confirmed: true }]);
		standIn.fault = ({ method }) => (method === 'GET' ? undefined : notFound);
		const again = await stopLives(standIn, all, { kept, options: { confirm: true } });
		expect(again.items).toMatchObject([{ status: 'alreadyStopped', message: STOPPED_BEFORE }]);
	});

	it('is at most the last 10,000 stops, each in few characters that tell no id', async () => {
		const standIn = await start('vobiz');
		const earlier = range(10_000).map((i) => `earlier-${i}`);
		const all = lives(standIn, 2);
		const { kept } = await stopLives(standIn, all, { kept: { stopped: [...earlier] } });
		const stopped = kept.stopped as string[];
		expect(stopped).toHaveLength(10_000);
		expect(stopped.slice(0, -2)).toEqual(earlier.slice(2));
		for (const each of stopped.slice(-2)) expect(each).toMatch(/^[\w-]{1,16}$/);
		const saved = JSON.stringify(kept);
		for (const { call, stream } of all) {
			expect(saved).not.toContain(call.id);
			expect(saved).not.toContain(stream.id);
		}
	});
});
