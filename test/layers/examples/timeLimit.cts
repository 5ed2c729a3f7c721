import type { IDataObject } from 'n8n-workflow';
import type { Execution } from '../../lib/n8n/index.cts';
import type { Call, Stream } from '../../lib/stand-ins/index.cts';
import { TABLE } from '../../../examples/src/timeLimit.cts';
import {
	cameTo,
	describeCells,
	spoil,
	stopsOf,
	type AnyOf,
	type Cell,
	type Name,
} from './cells.cts';
import {
	fillIn,
	itemsOf,
	outputOf,
	publishRecipe,
	type Nodes,
	type Published,
	type Stage,
} from './stage.cts';
import { callUp, isUp, streaming, twoStreams } from './streams.cts';

const HOOK = 'Call Events';
const FORGED = { key: 'example-of-a-wrong-key' };
/** Longer than what happens in between takes, in seconds. */
const LIMIT_SECONDS = 1.5;
/** n8n keeps it in its database. */
const KEPT_SECONDS = 70;

const WORDS: Record<Name, { began: string; ended: string; over: string }> = {
	signalWire: { began: 'stream-started', ended: 'stream-stopped', over: 'call-completed' },
	plivo: { began: 'StartStream', ended: 'StopStream', over: 'Hangup' },
	vobiz: { began: 'StartStream', ended: 'StopStream', over: 'Hangup' },
};

const ALL: readonly Name[] = ['plivo', 'signalWire', 'vobiz'];

const nodeOf = (nodes: Nodes, name: string): Nodes[string] => {
	const node = nodes[name];
	if (!node) throw new Error(`There is no '${name}'`);
	return node;
};

/** Makes the waits short; what else of the recipe is changed is said where it is. */
export const withLimit =
	(seconds: number, more?: (nodes: Nodes) => void) =>
	(nodes: Nodes): void => {
		Object.assign(nodeOf(nodes, 'Wait').parameters, { amount: seconds, unit: 'seconds' });
		nodeOf(nodes, 'Wait 70 Seconds').parameters.amount = 0.2;
		more?.(nodes);
	};

interface Play {
	name: Name;
	standIn: AnyOf;
	stage: Stage;
	published: Published;
	stop: string;
	word: (typeof WORDS)[Name];
	/** Another copy of the recipe, changed. */
	another: (more: (nodes: Nodes) => void) => Promise<Published>;
	began: (stream: Stream) => Promise<Execution>;
	over: (call: Call) => Promise<Execution>;
}

const file = (name: Name): string => `time-limit-${name.toLowerCase()}`;

async function open(stage: Stage, name: Name): Promise<Play> {
	const standIn = stage.standIns[name];
	const another = async (more: (nodes: Nodes) => void): Promise<Published> => {
		const made = await publishRecipe(file(name), stage, more);
		if (name === 'signalWire') await made.run('Stop Everything Now');
		return made;
	};
	const published = await another(withLimit(LIMIT_SECONDS));
	const word = WORDS[name];
	return {
		name,
		standIn,
		stage,
		published,
		another,
		word,
		stop: name === 'signalWire' ? 'Stop Each Stream' : 'Stop All Streams',
		began: async (stream) => await published.send(HOOK, standIn, word.began, stream),
		over: async (call) => await published.send(HOOK, standIn, word.over, call),
	};
}

/** The rows of SignalWire's table that are about a call. */
async function rowsOf({ n8n }: Stage, call: Call): Promise<IDataObject[]> {
	const { id: project } = (await n8n.rest('GET', '/projects/personal')) as { id: string };
	const found = (await n8n.rest('GET', `/projects/${project}/data-tables`)) as {
		data: Array<{ id: string; name: string }>;
	};
	const table = found.data.find(({ name }) => name === TABLE);
	if (!table) throw new Error('There is no table');
	const { data } = (await n8n.rest(
		'GET',
		`/projects/${project}/data-tables/${table.id}/rows?take=250`,
	)) as { data: IDataObject[] };
	return data.filter(({ call_sid: id }) => id === call.id);
}

/** Nothing is left behind: no row, where there is a table. */
async function expectNoRows({ name, stage }: Play, call: Call): Promise<void> {
	if (name === 'signalWire') expect(await rowsOf(stage, call)).toEqual([]);
}

const messageOf = (execution: Execution): string => execution.data.resultData.error?.message ?? '';

/** A stop that works only after a while: the stream is down then, and the execution a success. */
const after =
	(fault: object, times: number) =>
	async (play: Play): Promise<string> => {
		const { standIn, began, stop } = play;
		const { call, stream } = streaming(standIn);
		spoil(standIn, call, fault, { times });
		const execution = await began(stream);
		expect(execution.status).toBe('success');
		expect(isUp(standIn, stream)).toBe(false);
		expect(callUp(standIn, call)).toBe(true);
		expect(itemsOf(execution, stop).at(-1)).toMatchObject({ callId: call.id });
		await expectNoRows(play, call);
		return `${cameTo(standIn, call, stream)}; success after ${String(stopsOf(standIn, call))} requests`;
	};

const cells: ReadonlyArray<Cell<Play>> = [
	{
		name: 'all goes well: the limit is over',
		at: ALL,
		allWell: true,
		play: async (play) => {
			const { standIn, began, stop } = play;
			const { call, stream } = streaming(standIn);
			const execution = await began(stream);
			expect(execution.status).toBe('success');
			expect(itemsOf(execution, stop)).toMatchObject([{ callId: call.id, status: 'stopped' }]);
			expect([isUp(standIn, stream), callUp(standIn, call)]).toEqual([false, true]);
			await expectNoRows(play, call);
			return `${cameTo(standIn, call, stream)}; success`;
		},
	},
	{
		name: 'the call ended, and streams are left',
		at: ALL,
		play: async (play) => {
			const { standIn, published, word, over, name } = play;
			const { call, streams } = twoStreams(standIn);
			if (name === 'signalWire') {
				for (const stream of streams) await published.start(HOOK, standIn, word.began, stream);
				while ((await rowsOf(play.stage, call)).length < 2);
			}
			const execution = await over(call);
			expect(execution.status).toBe('success');
			expect(streams.map((stream) => isUp(standIn, stream))).toEqual([false, false]);
			await expectNoRows(play, call);
			return `${cameTo(standIn, call, ...streams)}; success`;
		},
	},
	{
		name: 'the call is over before the report of its stream',
		at: ALL,
		play: async (play) => {
			const { standIn, began, over } = play;
			const { call, stream } = streaming(standIn);
			standIn.endCall(call.id, 'busy');
			expect((await over(call)).status).toBe('success');
			expect((await began(stream)).status).toBe('success');
			await expectNoRows(play, call);
			return `${cameTo(standIn, call, stream)}; success twice`;
		},
	},
	{
		name: 'the call is over while it waits',
		at: ALL,
		play: async (play) => {
			const { standIn, published, word } = play;
			const { call, stream } = streaming(standIn);
			await published.start(HOOK, standIn, word.began, stream);
			standIn.endCall(call.id);
			const execution = await published.lastExecution();
			expect(execution.status).toBe('success');
			await expectNoRows(play, call);
			return `${cameTo(standIn, call, stream)}; success`;
		},
	},
	{
		name: 'the stream ended while it waits, and nobody said so',
		at: ['signalWire', 'plivo', 'vobiz'],
		play: async (play) => {
			const { standIn, published, word, stop } = play;
			const { call, stream } = streaming(standIn);
			await published.start(HOOK, standIn, word.began, stream);
			standIn.calls.stopStream(stream);
			const execution = await published.lastExecution();
			expect(execution.status).toBe('success');
			// One round: what SignalWire no longer knows is not asked for again.
			expect(itemsOf(execution, stop)).toHaveLength(1);
			expect(callUp(standIn, call)).toBe(true);
			await expectNoRows(play, call);
			return `${cameTo(standIn, call, stream)}; success`;
		},
	},
	{
		name: '404 to a stream that runs',
		at: ['plivo', 'vobiz'],
		play: after({ status: 404, body: { error: 'not found' } }, 1),
	},
	{
		name: '429 again and again',
		at: ['vobiz', 'plivo', 'signalWire'],
		play: after({ status: 429 }, 5),
	},
	{
		name: '503 again and again',
		at: ['signalWire', 'plivo', 'vobiz'],
		play: after({ status: 503 }, 5),
	},
	{ name: 'no answer, and nothing happened', at: ALL, play: after({ reset: 'before' }, 5) },
	{
		name: 'no answer, and it was stopped',
		at: ['vobiz', 'plivo', 'signalWire'],
		play: after({ reset: 'after' }, 1),
	},
	{
		name: 'the provider takes the stop without a word: it is read back, and not sent again',
		at: ['plivo', 'vobiz'],
		play: async (play) => {
			const { standIn, began, stop } = play;
			const { call, stream } = streaming(standIn);
			spoil(standIn, call, { status: 200, body: {}, afterEffect: true });
			const execution = await began(stream);
			expect(execution.status).toBe('success');
			expect(itemsOf(execution, stop)).toMatchObject([{ status: 'stopped', confirmed: true }]);
			expect([isUp(standIn, stream), callUp(standIn, call)]).toEqual([false, true]);
			expect(stopsOf(standIn, call)).toBe(1);
			return `${cameTo(standIn, call, stream)}; success`;
		},
	},
	{
		name: 'what is filled in as minutes is empty: the call has the usual limit',
		at: ['signalWire', 'plivo', 'vobiz'],
		play: async (play) => {
			const { standIn, word, another } = play;
			const published = await another((nodes) => {
				fillIn(nodes['Fill In'], { minutes: "={{ $('Call Events').first().json.body.none }}" });
				const { parameters } = nodeOf(nodes, 'Wait');
				const { amount } = parameters;
				if (typeof amount !== 'string') throw new Error('no expression');
				expect(amount).toContain('|| 10');
				Object.assign(parameters, { amount: amount.replace('|| 10', '|| 1'), unit: 'seconds' });
			});
			const { call, stream } = streaming(standIn);
			const execution = await published.send(HOOK, standIn, word.began, stream);
			expect(execution.status).toBe('success');
			expect([isUp(standIn, stream), callUp(standIn, call)]).toEqual([false, true]);
			await expectNoRows(play, call);
			return `${cameTo(standIn, call, stream)}; success`;
		},
	},
	{
		name: 'the provider never answers: it gives up and says so',
		at: ['plivo', 'signalWire', 'vobiz'],
		play: async ({ standIn, word, another }) => {
			const published = await another(
				withLimit(0.1, (nodes) => {
					const node = nodeOf(nodes, 'Is It Down?');
					const text = JSON.stringify(node.parameters);
					expect(text).toContain('$runIndex < 30');
					node.parameters = JSON.parse(
						text.replace('$runIndex < 30', '$runIndex < 2'),
					) as typeof node.parameters;
				}),
			);
			const { call, stream } = streaming(standIn);
			spoil(standIn, call, { status: 503 });
			const execution = await published.send(HOOK, standIn, word.began, stream);
			expect(execution.status).toBe('error');
			expect(messageOf(execution)).toContain(call.id);
			expect(messageOf(execution)).toContain('503');
			expect(messageOf(execution)).toMatch(/may still run/);
			expect(isUp(standIn, stream)).toBe(true);
			return `${cameTo(standIn, call, stream)}; failed: ${messageOf(execution).slice(0, 60)}…`;
		},
	},
	{
		name: 'the credential is refused: it fails at once',
		at: ['vobiz', 'plivo', 'signalWire'],
		play: async ({ standIn, began, stop }) => {
			const { call, stream } = streaming(standIn);
			spoil(standIn, call, { status: 401, body: { error: 'no' } });
			const execution = await began(stream);
			expect(execution.status).toBe('error');
			expect(itemsOf(execution, stop)).toHaveLength(1);
			expect(messageOf(execution)).toContain('401');
			return `${cameTo(standIn, call, stream)}; failed`;
		},
	},
	{
		name: 'the event twice in the same moment',
		at: ['signalWire', 'plivo', 'vobiz'],
		play: async (play) => {
			const { standIn, published, word } = play;
			const { call, stream } = streaming(standIn);
			await Promise.all([
				published.start(HOOK, standIn, word.began, stream),
				published.start(HOOK, standIn, word.began, stream),
			]);
			expect((await published.lastExecution()).status).toBe('success');
			expect([isUp(standIn, stream), callUp(standIn, call)]).toEqual([false, true]);
			await expectNoRows(play, call);
			return `${cameTo(standIn, call, stream)}; success twice, ${String(stopsOf(standIn, call))} stops`;
		},
	},
	{
		name: 'another event',
		at: ALL,
		play: async ({ name, standIn, published, word, stop }) => {
			const { call, stream } = streaming(standIn);
			if (name !== 'signalWire') {
				const noise = published.event(HOOK, standIn, 'DegradedStream', stream);
				expect(await published.sendInVain(noise)).toBe(200);
			}
			const execution = await published.send(HOOK, standIn, word.ended, stream);
			expect(execution.status).toBe('success');
			expect(itemsOf(execution, stop)).toEqual([]);
			expect(stopsOf(standIn, call)).toBe(0);
			return `${cameTo(standIn, call, stream)}; success, nothing sent`;
		},
	},
	{
		name: 'a forged event',
		at: ['plivo', 'signalWire'],
		play: async (play) => {
			const { standIn, published, word, stop } = play;
			const { call, stream } = streaming(standIn);
			for (const [kind, subject] of [
				[word.began, stream],
				[word.over, call],
			] as const) {
				const execution = await published.send(HOOK, standIn, kind, subject, FORGED);
				expect(execution.status).toBe('error');
				expect(messageOf(execution)).toMatch(/signature/);
				expect(itemsOf(execution, stop)).toEqual([]);
			}
			expect(stopsOf(standIn, call)).toBe(0);
			await expectNoRows(play, call);
			return `${cameTo(standIn, call, stream)}; failed, nothing sent`;
		},
	},
	{
		name: 'a forged event, without the password',
		at: ['vobiz'],
		play: async ({ standIn, published, word }) => {
			const { call, stream } = streaming(standIn);
			const { headers, ...event } = published.event(HOOK, standIn, word.began, stream);
			const { Authorization: login, ...without } = headers;
			expect(login).toBeDefined();
			expect(await published.sendInVain({ ...event, headers: without })).toBe(401);
			return `${cameTo(standIn, call, stream)}; 401, no execution`;
		},
	},
	{
		name: 'an event without any signature header, with the password',
		at: ['vobiz'],
		play: async ({ standIn, published, word }) => {
			const { call, stream } = streaming(standIn);
			const execution = await published.send(HOOK, standIn, word.began, stream, {
				isBare: true,
			});
			expect(execution.status).toBe('success');
			expect(isUp(standIn, stream)).toBe(false);
			return `${cameTo(standIn, call, stream)}; success`;
		},
	},
	{
		name: 'a call that never had a stream',
		at: ['signalWire', 'plivo', 'vobiz'],
		play: async (play) => {
			const { name, standIn, over } = play;
			const call = standIn.addCall();
			standIn.endCall(call.id);
			expect((await over(call)).status).toBe('success');
			if (name === 'signalWire') expect(stopsOf(standIn, call)).toBe(0);
			await expectNoRows(play, call);
			return `${cameTo(standIn, call)}; success`;
		},
	},
	{
		name: 'the stream reconnected meanwhile',
		at: ['plivo', 'vobiz'],
		play: async ({ standIn, published, word }) => {
			const { call, stream } = streaming(standIn);
			await published.start(HOOK, standIn, word.began, stream);
			const second = standIn.reconnectStream(stream.id);
			if (!second) throw new Error('It did not reconnect');
			expect((await published.lastExecution()).status).toBe('success');
			expect(isUp(standIn, second)).toBe(false);
			return `${cameTo(standIn, call, stream, second)}; success`;
		},
	},
	{
		name: "a conference's stream: its limit stops it, the end of a leg does not",
		at: ['signalWire'],
		play: async ({ stage, began, over, published, word }) => {
			const { signalWire } = stage.standIns;
			const room = signalWire.addConference();
			const leg = streaming(signalWire);
			const rooms = signalWire.startConferenceStream(room.id, { callId: leg.call.id });
			await published.start(HOOK, signalWire, word.began, rooms);
			await over(leg.call);
			const heard = await began(rooms);
			expect(heard.status).toBe('success');
			expect([isUp(signalWire, rooms), isUp(signalWire, leg.stream)]).toEqual([false, true]);
			expect(await rowsOf(stage, leg.call)).toEqual([]);
			return `${cameTo(signalWire, leg.call, rooms, leg.stream)}; success`;
		},
	},
	{
		name: 'a stream that ended leaves the table, and is not asked for',
		at: ['signalWire'],
		play: async ({ stage, standIn, published, word }) => {
			const { call, stream } = streaming(standIn);
			await published.start(HOOK, standIn, word.began, stream);
			while ((await rowsOf(stage, call)).length < 1);
			await published.start(HOOK, standIn, word.ended, stream);
			expect((await published.lastExecution()).status).toBe('success');
			expect(await rowsOf(stage, call)).toEqual([]);
			expect(stopsOf(standIn, call)).toBe(0);
			return `${cameTo(standIn, call, stream)}; success twice, nothing sent`;
		},
	},
	{
		name: 'a report was lost: the hourly sweep stops what is overdue, and nothing else',
		at: ['signalWire'],
		play: async ({ stage, standIn, another, word }) => {
			const overdue = streaming(standIn);
			const young = streaming(standIn);
			// It waits for longer than the test runs: what stops the stream is the sweep.
			const published = await another(
				withLimit(60, (nodes) => {
					const { columns } = nodeOf(nodes, 'Remember the Stream').parameters;
					const { value } = columns as { value: IDataObject };
					expect(value).toHaveProperty('ends');
					value.ends = `={{ $now.plus({ minutes: $('Check Event').first().json.callId === '${young.call.id}' ? 10 : -1 }).toISO() }}`;
				}),
			);
			for (const { stream } of [overdue, young]) {
				expect(await published.post(published.event(HOOK, standIn, word.began, stream))).toBe(200);
			}
			while ((await rowsOf(stage, young.call)).length < 1);
			const execution = await published.run('Every Hour');
			expect(execution.status).toBe('success');
			expect([isUp(standIn, overdue.stream), isUp(standIn, young.stream)]).toEqual([false, true]);
			expect(await rowsOf(stage, overdue.call)).toEqual([]);

			// By hand, all of the table is stopped.
			await published.run('Stop Everything Now');
			expect(isUp(standIn, young.stream)).toBe(false);
			expect(await rowsOf(stage, young.call)).toEqual([]);
			expect(
				outputOf(await published.run('Stop Everything Now'), 'All That Is in the Table'),
			).toEqual([]);
			return 'the overdue one first, by hand the other; success';
		},
	},
];

/** @param whole every cell at every provider, or all that goes well and each kind of failure once */
export function describeTimeLimit(stage: () => Stage, whole: boolean): void {
	describeCells('Time limit and hang-up', whole, cells, async (name) => await open(stage(), name));
}

/** Limits that n8n keeps in its database, over its own restart; `meanwhile` registers what runs while they go on. */
export function describeRestart(stage: () => Stage, meanwhile: () => void = () => undefined): void {
	const begun: Array<Play & { call: Call; stream: Stream }> = [];
	test('Time limit and hang-up: n8n restarts during the wait, and the streams run on', async () => {
		begun.push(
			...(await Promise.all(
				ALL.map(async (name) => {
					const play = await open(stage(), name);
					const published = await play.another(withLimit(KEPT_SECONDS));
					const { call, stream } = streaming(play.standIn);
					await published.start(HOOK, play.standIn, play.word.began, stream);
					await published.isWaiting();
					return { ...play, published, call, stream };
				}),
			)),
		);
		await stage().n8n.restart();
		for (const { standIn, stream } of begun) expect(isUp(standIn, stream)).toBe(true);
	});
	meanwhile();
	test('Time limit and hang-up: a limit survives a restart of n8n during the wait', async () => {
		expect(begun).toHaveLength(ALL.length);
		for (const { standIn, stop, published, call, stream } of begun) {
			const execution = await published.lastExecution(3 * KEPT_SECONDS);
			expect(execution.status).toBe('success');
			expect(itemsOf(execution, stop)).toMatchObject([{ callId: call.id, status: 'stopped' }]);
			expect([isUp(standIn, stream), callUp(standIn, call)]).toEqual([false, true]);
		}
	});
}
