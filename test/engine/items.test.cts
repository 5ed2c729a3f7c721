// What only n8n's real engine shows: how items come out, paired and in order, and which are read how.

import type { IDataObject, INodeExecutionData } from 'n8n-workflow';
import { start } from '../lib/opened.cts';
import { live, lives, pairs, range, running, stopItems, stopLives } from '../lib/stops.cts';

const regular = { onError: 'continueRegularOutput' } as const;

describe('items', () => {
	it('come out one for one, in order and paired, whatever becomes of each and however late it is answered', async () => {
		const standIn = await start('plivo');
		const kinds = ['stopped', 'input', 'ended', 'nobody', 'stopped'];
		const items = range(50).map((i) => {
			const kind = kinds[i % kinds.length];
			if (kind === 'input') return { call: '', stream: 'some-stream' };
			const { item } = live(standIn);
			if (kind === 'ended') standIn.endCall(item.call);
			return kind === 'nobody' ? { ...item, call: 'no-such-call' } : item;
		});
		standIn.fault = (_request, n) => ({ delayMs: (n * 37) % 90 });

		const { outputs, items: json } = await stopItems(standIn, items, { node: regular });

		expect(pairs(outputs[0])).toEqual(range(50));
		const outcomes = ['stopped', 'failed', 'alreadyStopped', 'notFound', 'stopped'];
		expect(json.map(({ status }) => status)).toEqual(range(50).map((i) => outcomes[i % 5]));
		expect(json.map(({ callId }) => callId ?? '')).toEqual(items.map(({ call }) => call));
		expect(running(standIn)).toBe(10);
		standIn.expectOnContract();
	});

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

	it('fail alone when an expression of theirs cannot be read', async () => {
		const standIn = await start('plivo');
		const { items } = await stopLives(standIn, lives(standIn, 2), {
			parameters: { stream: "={{ $itemIndex === 0 ? $('Not There').item.json.x : $json.stream }}" },
			node: regular,
		});
		expect(items).toMatchObject([
			{
				status: 'failed',
				failure: 'input',
				error: expect.stringMatching(/^A field of this item could not be read: /),
			},
			{ status: 'stopped' },
		]);
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

describe("n8n's settings of a node", () => {
	it.each([
		['plivo', 'alreadyStopped'],
		['vobiz', 'alreadyStopped'],
		['signalWire', 'notFound'],
	] as const)(
		'Retry On Fail runs all items again, which does no harm (%s)',
		async (provider, secondTime) => {
			const standIn = await start(provider);
			const all = lives(standIn, 3);
			const second = all[1]?.stream.id ?? '';
			let fell = false;
			standIn.fault = ({ path }) => {
				if (fell || !path.includes(second)) return undefined;
				fell = true;
				return { status: 503 };
			};
			const { items, error } = await stopLives(standIn, all, {
				options: { maxRetries: 0 },
				node: { retryOnFail: true, maxTries: 2, waitBetweenTries: 1 },
			});
			expect(error).toBeUndefined();
			expect(items.map(({ status }) => status)).toEqual([secondTime, 'stopped', secondTime]);
			expect(standIn.requests.filter(({ method }) => method !== 'GET')).toHaveLength(6);
			expect(running(standIn)).toBe(0);
		},
	);

	it('Execute Once takes the first item alone', async () => {
		const standIn = await start('plivo');
		const { items } = await stopLives(standIn, lives(standIn, 3), { node: { executeOnce: true } });
		expect(items).toHaveLength(1);
		expect(standIn.streams().map((stream) => stream.running)).toEqual([false, true, true]);
	});
});
