import { until, type Execution } from '../../lib/n8n/index.cts';
import type { Call, LoggedRequest } from '../../lib/stand-ins/index.cts';
import {
	cameTo,
	describeCells,
	spoil,
	stopsOf,
	type AnyOf,
	type Cell,
	type Name,
} from './cells.cts';
import { fillIn, publishRecipe, type Nodes, type Published, type Stage } from './stage.cts';
import { callUp, isUp, received, streaming } from './streams.cts';

const HOOK = 'Private Part';
/** What the recipe holds a caller for, and a tenth of what its document then takes. */
const HOLD_SECONDS = 30;

interface Play {
	name: Name;
	standIn: AnyOf;
	stage: Stage;
	published: Published;
	/** The provider asks for the document of the private part, and the execution that it starts ends. */
	begin: (call: Call) => Promise<Execution>;
}

/** Holds the caller for two seconds where the recipe does for eight, and asks again sooner. */
const withShortHold = (nodes: Nodes): void => {
	const wait = nodes['Wait 3 Seconds'];
	if (!wait) throw new Error('There is no wait');
	wait.parameters.amount = 0.5;
	fillIn(nodes['Fill In'], { hold_seconds: HOLD_SECONDS });
	const hold = nodes['Hold the Call'];
	const document = hold?.parameters.responseBody;
	if (!hold || typeof document !== 'string') throw new Error('There is no hold');
	expect(document).toContain('<Wait length="8"/>');
	hold.parameters.responseBody = document.replace('<Wait length="8"/>', '<Wait length="2"/>');
};

/** Nobody answers: the document goes on as it does then, at once. */
const withNobody = (nodes: Nodes): void => {
	withShortHold(nodes);
	const hold = nodes['Hold the Call'];
	const document = hold?.parameters.responseBody;
	if (!hold || typeof document !== 'string') throw new Error('There is no hold');
	expect(document).toMatch(/<Dial .*<\/Dial>/);
	hold.parameters.responseBody = document.replace(/<Dial .*<\/Dial>/, '<Wait length="0"/>');
};

async function openWith(stage: Stage, name: Name, more: (nodes: Nodes) => void): Promise<Play> {
	const standIn = stage.standIns[name];
	const published = await publishRecipe(`private-part-${name}`, stage, more);
	const login = published.isLocked(HOOK);
	const address = published.webhookUrl(HOOK, { login });
	// n8n needs a moment after publishing before it listens. Without a password, that is an execution that fails.
	await published.postUntilThere(published.webhookUrl(HOOK), {});
	if (!login) {
		published.expectRun();
		await published.lastExecution();
	}
	return {
		name,
		standIn,
		stage,
		published,
		begin: async (call) => {
			standIn.goOn(call, address);
			published.expectRun();
			const execution = await published.lastExecution();
			await standIn.settled();
			return execution;
		},
	};
}

const open = async (stage: Stage, name: Name): Promise<Play> =>
	await openWith(stage, name, withShortHold);

/** What a caller heard, in its order: the verbs of each document that ran on the call. */
const heardSince = (standIn: AnyOf, before: number): string[] =>
	standIn.documents
		.slice(before)
		.map(
			({ url, verbs, error }) =>
				`${new URL(url).pathname.split('/').at(1) ?? ''}: ${error ?? verbs.join(' ')}`,
		);

const isTransfer = ({ method, path }: LoggedRequest): boolean =>
	method === 'POST' && !path.includes('/Stream');
const transfersOf = (standIn: AnyOf, call: Call): number =>
	received(standIn, call).filter(isTransfer).length;

const messageOf = (execution: Execution): string => execution.data.resultData.error?.message ?? '';

/** The hold of a call has reached the person. */
async function untilPerson(standIn: AnyOf, from: number): Promise<void> {
	await until('A hold that goes to a person', 30, () =>
		standIn.documents.slice(from).some(({ verbs }) => verbs.at(-1) === 'Dial' && verbs.length > 1)
			? true
			: undefined,
	);
}

/** It is proved, and the call goes on: once. */
async function expectGoesOn(
	{ standIn, begin }: Play,
	{ call, streams }: { call: Call; streams: Parameters<typeof isUp>[1][] },
): Promise<string> {
	const before = standIn.documents.length;
	const execution = await begin(call);
	expect(execution.status).toBe('success');
	expect(streams.map((stream) => isUp(standIn, stream))).toEqual(streams.map(() => false));
	expect([transfersOf(standIn, call), callUp(standIn, call)]).toEqual([1, true]);
	const heard = heardSince(standIn, before);
	expect(heard[0]).toMatch(/^webhook: Speak Wait/);
	expect(heard.at(-1)).toMatch(/^private-part: Dial$/);
	return `${cameTo(standIn, call, ...streams)}, goes on; success`;
}

/** It is not proved: the caller is put through to a person, and the execution says why. */
async function expectPerson(play: Play, call: Call, why: RegExp): Promise<string> {
	const { standIn, begin } = play;
	const before = standIn.documents.length;
	const execution = await begin(call);
	expect(execution.status).toBe('error');
	expect(messageOf(execution)).toMatch(why);
	expect(messageOf(execution)).toContain(call.id);
	await untilPerson(standIn, before);
	expect(callUp(standIn, call)).toBe(true);
	return `the person; failed: ${messageOf(execution).replace(call.id, '…').slice(0, 70)}…`;
}

const BOTH: readonly Name[] = ['plivo', 'vobiz'];
const OTHER_FIRST: readonly Name[] = ['vobiz', 'plivo'];

const cells: ReadonlyArray<Cell<Play>> = [
	{
		name: 'all goes well',
		at: BOTH,
		allWell: true,
		play: async (play) => {
			const { call, stream } = streaming(play.standIn);
			return await expectGoesOn(play, { call, streams: [stream] });
		},
	},
	{
		name: 'a call that never had a stream',
		at: BOTH,
		play: async (play) => await expectGoesOn(play, { call: play.standIn.addCall(), streams: [] }),
	},
	...(
		[
			['the stop is answered 404 once', { status: 404, body: { error: 'not found' } }, 1, BOTH],
			['the stop is answered 429 again and again', { status: 429 }, 3, OTHER_FIRST],
			['the stop is answered 503 again and again', { status: 503 }, 3, BOTH],
			['the stop is not answered, and happened', { reset: 'after' }, 1, OTHER_FIRST],
			['the stop is not answered, and did not happen', { reset: 'before' }, 3, BOTH],
		] as const
	).map(([name, fault, times, at]): Cell<Play> => ({
		name,
		at,
		play: async (play) => {
			const { call, stream } = streaming(play.standIn);
			spoil(play.standIn, call, fault, { times });
			return await expectGoesOn(play, { call, streams: [stream] });
		},
	})),
	{
		name: 'the stop is refused',
		at: BOTH,
		play: async (play) => {
			const { call, stream } = streaming(play.standIn);
			spoil(play.standIn, call, { status: 403, body: { error: 'no' } });
			const came = await expectPerson(play, call, /not proved .* stopped: .*403/);
			expect(isUp(play.standIn, stream)).toBe(true);
			expect(transfersOf(play.standIn, call)).toBe(0);
			return `${cameTo(play.standIn, call, stream)}, ${came}`;
		},
	},
	{
		name: 'the stop never works',
		at: OTHER_FIRST,
		play: async (play) => {
			const { call, stream } = streaming(play.standIn);
			spoil(play.standIn, call, { status: 503 });
			const why = /not proved .* stopped: .*503.*A caller who is still there goes from the hold/;
			const came = await expectPerson(play, call, why);
			expect(transfersOf(play.standIn, call)).toBe(0);
			return `${cameTo(play.standIn, call, stream)}, ${came}`;
		},
	},
	{
		name: 'the transfer is answered 429 once',
		at: BOTH,
		play: async (play) => {
			const { standIn, begin } = play;
			const { call, stream } = streaming(standIn);
			spoil(standIn, call, { status: 429 }, { what: 'transfer', times: 1 });
			expect((await begin(call)).status).toBe('success');
			expect(standIn.documents.at(-1)?.url).toMatch(/private-part$/);
			return `${cameTo(standIn, call, stream)}, goes on; success`;
		},
	},
	...(
		[
			[
				'refused',
				{ status: 400, body: { error: 'aleg_url is not valid' } },
				/refused .*\(400\).*aleg_url is not valid/,
				OTHER_FIRST,
				false,
			],
			[
				'answered 503',
				{ status: 503, body: { error: 'busy' } },
				/not known whether .*\(503\).*busy/,
				BOTH,
				false,
			],
			['answered 408', { status: 408 }, /not known whether .*\(408\)/, BOTH, true],
			[
				'not answered, and did not happen',
				{ reset: 'before' },
				/not known whether .*no answer/,
				OTHER_FIRST,
				false,
			],
		] as const
	).map(([what, fault, why, at, wholeOnly]): Cell<Play> => ({
		name: `the transfer is ${what}`,
		at,
		...(wholeOnly && { wholeOnly }),
		play: async (play) => {
			const { call, stream } = streaming(play.standIn);
			spoil(play.standIn, call, fault, { what: 'transfer' });
			const came = await expectPerson(play, call, why);
			expect([isUp(play.standIn, stream), transfersOf(play.standIn, call)]).toEqual([false, 1]);
			return `${cameTo(play.standIn, call, stream)}, ${came}`;
		},
	})),
	...(
		[
			['go_on', 'https://your-documents.example.com/private-part', BOTH, false],
			['person', 'a phone number', OTHER_FIRST, true],
		] as const
	).map(([field, value, at, wholeOnly]): Cell<Play> => ({
		name: `'${field}' is not filled in: the call stays on hold, and the execution says so`,
		at,
		...(wholeOnly && { wholeOnly }),
		play: async ({ stage, standIn, name }) => {
			const { begin } = await openWith(stage, name, (nodes) => {
				withShortHold(nodes);
				fillIn(nodes['Fill In'], { [field]: value });
			});
			const { call, stream } = streaming(standIn);
			const execution = await begin(call);
			expect(execution.status).toBe('error');
			expect(messageOf(execution)).toMatch(/'go_on' and 'person' of 'Fill In' must be yours/);
			expect([isUp(standIn, stream), callUp(standIn, call)]).toEqual([false, true]);
			expect(transfersOf(standIn, call)).toBe(0);
			return `${cameTo(standIn, call, stream)}, on hold; failed: not filled in`;
		},
	})),
	{
		name: 'the transfer happened, and its answer is late',
		at: BOTH,
		play: async ({ standIn, begin }) => {
			const { call, stream } = streaming(standIn);
			const before = standIn.documents.length;
			spoil(standIn, call, { stallMs: 6000 }, { what: 'transfer' });
			const execution = await begin(call);
			expect(execution.status).toBe('error');
			expect(messageOf(execution)).toMatch(/not known whether .*If it did not, a caller/);
			// It is not sent again: the private part does not begin anew.
			expect(transfersOf(standIn, call)).toBe(1);
			expect(heardSince(standIn, before).at(-1)).toBe('private-part: Dial');
			return `${cameTo(standIn, call, stream)}, goes on; failed: not known`;
		},
	},
	{
		name: 'the call is over in between',
		at: OTHER_FIRST,
		play: async ({ standIn, begin }) => {
			const { call, stream } = streaming(standIn);
			standIn.fault = ({ method, path }) => {
				if (method === 'DELETE' && path.includes(call.id)) standIn.endCall(call.id);
				return undefined;
			};
			const execution = await begin(call);
			expect(execution.status).toBe('success');
			return `${cameTo(standIn, call, stream)}; success`;
		},
	},
	{
		name: 'the call is over before its transfer',
		at: BOTH,
		play: async ({ standIn, begin }) => {
			const { call, stream } = streaming(standIn);
			standIn.fault = (request) => {
				if (isTransfer(request) && request.path.includes(call.id)) standIn.endCall(call.id);
				return undefined;
			};
			const execution = await begin(call);
			expect(execution.status).toBe('success');
			return `${cameTo(standIn, call, stream)}; success`;
		},
	},
	{
		name: 'the document is asked for twice in the same moment',
		at: BOTH,
		play: async ({ standIn, published, begin }) => {
			const { call, stream } = streaming(standIn);
			const before = standIn.documents.length;
			published.expectRun();
			standIn.goOn(call, published.webhookUrl(HOOK, { login: published.isLocked(HOOK) }));
			expect((await begin(call)).status).toBe('success');
			expect(transfersOf(standIn, call)).toBe(1);
			expect(heardSince(standIn, before).at(-1)).toBe('private-part: Dial');
			expect([isUp(standIn, stream), callUp(standIn, call)]).toEqual([false, true]);
			return `${cameTo(standIn, call, stream)}, goes on once; success twice`;
		},
	},
	{
		name: 'a forged event',
		at: ['plivo'],
		play: async ({ standIn, published }) => {
			const { call, stream } = streaming(standIn);
			const before = standIn.requests.length;
			const forged = published.event(HOOK, standIn, 'Hangup', call, {
				key: 'example-of-a-wrong-key',
			});
			expect(await published.post(forged)).toBe(200);
			published.expectRun();
			const execution = await published.lastExecution();
			expect(execution.status).toBe('error');
			expect(messageOf(execution)).toMatch(/signature/);
			expect(standIn.requests.length).toBe(before);
			return `${cameTo(standIn, call, stream)}; failed, nothing sent`;
		},
	},
	{
		name: 'the signature of a true event looks wrong: the caller goes to the person',
		at: ['plivo'],
		play: async ({ stage, standIn }) => {
			const play = await openWith(stage, 'plivo', (nodes) => {
				withShortHold(nodes);
				const check = nodes['Check Event'];
				// As behind a wrong WEBHOOK_URL: no event's signature is ever right.
				if (check)
					check.credentials = {
						plivoBasicApi: { id: stage.credentials.wrongPlivo ?? '', name: '' },
					};
			});
			const { call, stream } = streaming(standIn);
			const before = standIn.documents.length;
			const execution = await play.begin(call);
			expect(execution.status).toBe('error');
			await untilPerson(standIn, before);
			expect(stopsOf(standIn, call)).toBe(0);
			return `${cameTo(standIn, call, stream)}, the person; failed: ${messageOf(execution).slice(0, 50)}…`;
		},
	},
	{
		name: 'without the password',
		at: ['vobiz'],
		play: async ({ standIn, published }) => {
			const { call, stream } = streaming(standIn);
			const { headers, ...event } = published.event(HOOK, standIn, 'Hangup', call);
			const { Authorization: login, ...without } = headers;
			expect(login).toBeDefined();
			expect(await published.sendInVain({ ...event, headers: without })).toBe(401);
			return `${cameTo(standIn, call, stream)}; 401, no execution`;
		},
	},
	{
		name: 'the person does not answer: the hold asks again, and the call goes on',
		at: OTHER_FIRST,
		play: async ({ stage, standIn, name }) => {
			const play = await openWith(stage, name, withNobody);
			const { call, stream } = streaming(standIn);
			spoil(standIn, call, { status: 403, body: { error: 'no' } });
			const before = standIn.documents.length;
			expect((await play.begin(call)).status).toBe('error');
			standIn.fault = () => undefined;
			play.published.expectRun();
			expect((await play.published.lastExecution()).status).toBe('success');
			await standIn.settled();
			expect([isUp(standIn, stream), callUp(standIn, call)]).toEqual([false, true]);
			expect(heardSince(standIn, before).at(-1)).toBe('private-part: Dial');
			return `${cameTo(standIn, call, stream)}, goes on; failed, then success`;
		},
	},
	{
		name: 'n8n is restarted while the caller holds: the hold goes to the person',
		at: ['vobiz'],
		play: async ({ stage, standIn, published }) => {
			const { call, stream } = streaming(standIn);
			const before = standIn.documents.length;
			// What n8n waits for never comes: it goes down in the middle.
			spoil(standIn, call, { delayMs: 60_000 });
			standIn.goOn(call, published.webhookUrl(HOOK, { login: true }));
			await standIn.settled();
			expect(heardSince(standIn, before)[0]).toMatch(/^webhook: Speak Wait/);
			await stage.n8n.restart();
			await untilPerson(standIn, before);
			expect(callUp(standIn, call)).toBe(true);
			published.expectRun();
			standIn.fault = () => undefined;
			return `${cameTo(standIn, call, stream)}, the person`;
		},
	},
];

/** @param whole every cell at both providers, or all that goes well and each kind of failure once */
export function describePrivatePart(stage: () => Stage, whole: boolean): void {
	describeCells('Private part', whole, cells, async (name) => await open(stage(), name));
}
