// What is read after a stop, by the clock: an execution's reads together, and those of Confirm Stop.

import { start } from '../lib/opened.cts';
import { providers } from '../lib/stand-ins/index.cts';
import { lives, stopItems } from '../lib/stops.cts';

const realNow = performance.now.bind(performance);
let aheadMs = 0;
beforeEach(() => {
	aheadMs = 0;
	jest.spyOn(performance, 'now').mockImplementation(() => realNow() + aheadMs);
});
afterEach(() => {
	jest.restoreAllMocks();
});

/** One read at a time: reads take at most half of what may be under way. */
const oneRead = { maxConcurrency: 2, maxRetries: 0 };

describe('the reads of an execution', () => {
	it.each(providers)(
		'have 60 s from the first of them: what was not read by then is counted, and fails nothing (%s)',
		async (provider) => {
			const standIn = await start(provider);
			const nobodys = [1, 2, 3, 4].map((n) => ({ call: `nobody-${n}`, stream: `nobody-${n}` }));
			const readsOfOne = provider === 'signalWire' ? 1 : 3;
			let reads = 0;
			standIn.fault = ({ method, path }) => {
				// The first call is read whole. Then the time is up, and the others are asked for.
				if (method !== 'GET') return path.includes('nobody-1') ? undefined : { stallMs: 500 };
				reads += 1;
				if (reads === readsOfOne) aheadMs = 60_000;
				return undefined;
			};
			const { items, error, hints } = await stopItems(standIn, nobodys, {
				options: { maxRetries: 0 },
			});
			expect(error).toBeUndefined();
			const unread = {
				status: 'notFound',
				message: expect.stringContaining('there was no time left to look into it'),
			};
			expect(items).toMatchObject([{ callState: 'notFound' }, unread, unread, unread]);
			expect(items.slice(1).filter((item) => 'callState' in item)).toEqual([]);
			expect(reads).toBe(readsOfOne);
			expect(hints.map(({ message }) => message)).toContainEqual(
				expect.stringMatching(/^3 of 4 items: .* no time left to look into it/),
			);
		},
	);

	it('do not have their time shortened by stops that came before', async () => {
		const standIn = await start('vobiz');
		const [one, other] = lives(standIn, 2);
		if (!one || !other) throw new Error('There are two');
		const nobody = { call: 'nobody', stream: 'nobody' };
		standIn.fault = ({ method }) => {
			if (method === 'DELETE') aheadMs += 30_000;
			return undefined;
		};
		const { items } = await stopItems(standIn, [one.item, other.item, nobody], {
			options: { ...oneRead, maxConcurrency: 1 },
		});
		expect(items).toMatchObject([
			{ status: 'stopped' },
			{ status: 'stopped' },
			{ status: 'notFound', callState: 'notFound' },
		]);
	});
});

describe('Confirm Stop', () => {
	it('has 10 s of its own, after the time of the other reads', async () => {
		const standIn = await start('plivo');
		const [slow] = lives(standIn, 1);
		if (!slow) throw new Error('There is one');
		const nobody = { call: 'nobody', stream: 'nobody' };
		standIn.fault = ({ method, path }) => {
			if (method === 'DELETE') return path.includes('nobody') ? undefined : { stallMs: 500 };
			if (path.includes('nobody')) aheadMs = 60_000;
			return undefined;
		};
		const { items } = await stopItems(standIn, [nobody, slow.item], {
			options: { ...oneRead, confirm: true },
		});
		expect(items).toMatchObject([
			{ status: 'notFound', confirmed: false },
			{ status: 'stopped', confirmed: true },
		]);
	});
});
