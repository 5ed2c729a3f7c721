import type { Call, LoggedRequest, Stream } from '../../lib/stand-ins/index.cts';
import { cameTo, describeCells, spoil, type AnyOf, type Cell, type Name } from './cells.cts';
import {
	fillIn,
	publishRecipe,
	WEBHOOK_SECRETS,
	type Nodes,
	type Published,
	type Stage,
} from './stage.cts';
import { received, streaming } from './streams.cts';

const SERVER = 'wss://audio.test/stream';
const EVENTS = 'https://hooks.test/events';
const ALL: readonly Name[] = ['plivo', 'signalWire', 'vobiz'];
const WITH_LISTS: readonly Name[] = ['vobiz', 'plivo'];

/** What the recipe answers. */
interface Answer {
	result?: string;
	proved?: boolean;
	message?: string;
	call?: string;
	stream?: string;
}

interface Play {
	name: Name;
	standIn: AnyOf;
	published: Published;
	/** Another copy of the recipe, changed. */
	another: (more: (nodes: Nodes) => void) => Promise<Published>;
	/** What the application asks, and what it is answered: `200 paused proved`. */
	pause: (call: Call, stream: Pick<Stream, 'id'>) => Promise<string>;
	resume: (call: Call) => Promise<string>;
	/** The last answer as it came. */
	last: () => Answer;
	/** How the execution of the last answer ended. */
	ended: () => Promise<string>;
}

async function open(stage: Stage, name: Name): Promise<Play> {
	const standIn = stage.standIns[name];
	const another = async (more?: (nodes: Nodes) => void): Promise<Published> =>
		await publishRecipe(`pause-and-resume-${name.toLowerCase()}`, stage, (nodes) => {
			fillIn(nodes['Fill In'], {
				stream_server: SERVER,
				token: 'exampleOfASocketToken',
				events: EVENTS,
			});
			const wait = nodes['Wait a Second'];
			expect(wait === undefined).toBe(name === 'signalWire');
			if (wait) wait.parameters.amount = 0.1;
			more?.(nodes);
		});
	const published = await another();
	const [callField, streamField] =
		name === 'signalWire' ? ['CallSid', 'StreamSid'] : ['CallUUID', 'StreamID'];
	let last: Answer = {};
	const ask = async (hook: string, body: object): Promise<string> => {
		const answer = await published.ask(hook, body);
		last = JSON.parse(answer.text) as Answer;
		return `${String(answer.status)} ${last.result ?? ''}${last.proved ? ' proved' : ''}`;
	};
	return {
		name,
		standIn,
		published,
		another,
		pause: async (call, stream) =>
			await ask('Pause', { [callField]: call.id, [streamField]: stream.id }),
		resume: async (call) => await ask('Resume', { [callField]: call.id }),
		last: () => last,
		ended: async () => (await published.lastExecution()).status,
	};
}

/** A call with a stream that an answered call has. */
const begun = ({ name, standIn }: Play): { call: Call; stream: Stream } =>
	streaming(standIn, {
		serviceUrl: SERVER,
		...(name === 'signalWire' && { name: 'caller-audio' }),
	});

const runningOf = ({ standIn }: Play, call: Call): Stream[] => standIn.calls.runningOf(call.id);

const isStart = ({ method, path }: LoggedRequest): boolean =>
	method === 'POST' && /\/Streams?\/?$/.test(path);
const startsOf = ({ standIn }: Play, call: Call): LoggedRequest[] =>
	received(standIn, call).filter(isStart);

/** What answers every start of a stream in the provider's place. */
function spoilStart({ standIn }: Play, fault: object): void {
	standIn.fault = (request) => (isStart(request) ? fault : undefined);
}

/** One that listens was paused, so that a resume has something to do. */
async function paused(play: Play): Promise<{ call: Call; stream: Stream }> {
	const { call, stream } = begun(play);
	expect(await play.pause(call, stream)).toBe('200 paused proved');
	return { call, stream };
}

const saidOf = ({ last }: Play): string => (last().message ?? '').slice(0, 70);

/** Nothing of it came to anything, the answer says so, and asked again it works. */
const inVain =
	(fault: object, expected: string, words: RegExp) =>
	async (play: Play): Promise<string> => {
		const { standIn, pause, resume, last, ended } = play;
		const { call, stream } = begun(play);
		const spoilAll = (): void => {
			standIn.fault = ({ method, path }) =>
				method !== 'GET' && path.includes(call.id) ? fault : undefined;
		};
		const fails = async (ask: () => Promise<string>, running: number): Promise<void> => {
			spoilAll();
			expect(await ask()).toBe(expected);
			expect(last().message).toMatch(words);
			expect(await ended()).toBe('error');
			expect(runningOf(play, call)).toHaveLength(running);
			standIn.fault = () => undefined;
		};
		await fails(async () => await pause(call, stream), 1);
		expect(await pause(call, stream)).toBe('200 paused proved');
		await fails(async () => await resume(call), 0);
		expect(await resume(call)).toBe('200 resumed proved');
		expect(runningOf(play, call)).toHaveLength(1);
		return `both: ${expected}, failed; asked again: paused, resumed`;
	};

const cells: ReadonlyArray<Cell<Play>> = [
	{
		name: 'all goes well: paused, resumed, and paused again',
		at: ALL,
		allWell: true,
		play: async (play) => {
			const { name, standIn, published, pause, resume, last, ended } = play;
			const { call, stream } = begun(play);
			expect(await pause(call, stream)).toBe('200 paused proved');
			expect(await ended()).toBe('success');
			expect(runningOf(play, call)).toEqual([]);

			expect(await resume(call)).toBe('200 resumed proved');
			const execution = await published.lastExecution();
			expect(execution.status).toBe('success');
			const [second, ...others] = runningOf(play, call);
			if (!second) throw new Error('No stream runs');
			expect(others).toEqual([]);
			expect(last()).toMatchObject({ call: call.id, stream: second.id });
			expect(second).toMatchObject({
				serviceUrl: SERVER,
				name: name === 'signalWire' ? 'caller-audio' : second.id,
				statusCallback: { url: EVENTS, method: 'POST' },
				keepsCallAlive: false,
			});
			expect(startsOf(play, call).map(({ body }) => body)).toEqual([
				expect.stringMatching(
					name === 'signalWire'
						? /Track=both_tracks&AuthorizationBearerToken=exampleOfASocketToken/
						: /"audio_track":"both".*"stream_timeout":3600,"extra_headers":"token=example/,
				),
			]);
			for (const [node, runs] of Object.entries(execution.data.resultData.runData)) {
				if (node === 'Resume') continue;
				for (const secret of [...WEBHOOK_SECRETS, ...standIn.secrets])
					expect(JSON.stringify(runs)).not.toContain(secret);
			}

			expect(await pause(call, second)).toBe('200 paused proved');
			expect(runningOf(play, call)).toEqual([]);
			return `${cameTo(standIn, call, stream, second)}; success`;
		},
	},
	{
		name: 'asked twice, one after the other',
		at: ['signalWire', 'plivo', 'vobiz'],
		play: async (play) => {
			const { call, stream } = await paused(play);
			// Plivo refuses a stop with nothing running in the one, and takes it in the other.
			for (const generation of ['old', 'new'] as const) {
				play.standIn.options.generation = generation;
				expect(await play.pause(call, stream)).toBe('200 paused proved');
			}
			expect(await play.resume(call)).toBe('200 resumed proved');
			const { stream: first } = play.last();
			const again = await play.resume(call);
			expect(again).toBe(play.name === 'signalWire' ? '200 already' : '200 already proved');
			expect([runningOf(play, call).length, startsOf(play, call).length]).toEqual([1, 1]);
			expect(play.last().stream).toBe(first);
			return `one stream; the second resume: ${again}: ${saidOf(play)}`;
		},
	},
	{
		name: 'asked twice in the same moment: one stream runs',
		at: ['vobiz', 'plivo', 'signalWire'],
		play: async (play) => {
			const { call, stream } = begun(play);
			const both = async (ask: () => Promise<string>): Promise<string> =>
				(await Promise.all([ask(), ask()])).sort().join(', ');
			const pauses = await both(async () => await play.pause(call, stream));
			expect(pauses).toMatch(/^200 paused proved, /);
			const resumes = await both(async () => await play.resume(call));
			expect(resumes).toMatch(
				play.name === 'signalWire'
					? /^200 (already|resumed proved), (200 resumed proved|502 refused)$/
					: /^200 (already|resumed) proved, 200 (already|resumed) proved$/,
			);
			expect(runningOf(play, call)).toHaveLength(1);
			return `${pauses}; ${resumes}; one stream`;
		},
	},
	{
		name: 'the call is over',
		at: ALL,
		play: async (play) => {
			const { call, stream } = begun(play);
			play.standIn.endCall(call.id);
			// Vobiz says 204 to it, and the list shows that nothing runs.
			const pause = play.name === 'vobiz' ? 'paused' : 'over';
			expect(await play.pause(call, stream)).toBe(`200 ${pause} proved`);
			expect(await play.resume(call)).toBe('200 over');
			expect(await play.ended()).toBe('success');
			return `${cameTo(play.standIn, call, stream)}; ${pause}, over; success`;
		},
	},
	{
		name: 'the call is over, and never had a stream',
		at: ['vobiz'],
		wholeOnly: true,
		play: async (play) => {
			const call = play.standIn.addCall();
			play.standIn.endCall(call.id);
			expect(await play.pause(call, { id: 'none' })).toBe('200 paused');
			expect(play.last().message).toMatch(/lists no stream of this call.* probably over/);
			return `paused, not proved: ${saidOf(play)}`;
		},
	},
	{
		name: 'a pause is only accepted: the next one says what came of it',
		at: ['signalWire'],
		wholeOnly: true,
		play: async (play) => {
			const { standIn, pause, ended } = play;
			const { call, stream } = begun(play);
			spoil(standIn, call, { status: 200, body: { sid: stream.id, status: 'in-progress' } });
			expect([await pause(call, stream), await ended()]).toEqual(['504 not known', 'error']);
			standIn.calls.stopStream(stream);
			standIn.fault = () => undefined;
			expect([await pause(call, stream), await ended()]).toEqual(['200 paused', 'success']);
			return `504 not known; then 200 paused: ${saidOf(play)}`;
		},
	},
	{
		name: 'a stream that never lived: paused, it does not stand in the way of the next',
		at: ['signalWire'],
		wholeOnly: true,
		play: async (play) => {
			const { call } = await paused(play);
			spoilStart(play, { status: 200, body: { sid: 'never-lived', status: 'queued' } });
			expect(await play.resume(call)).toBe('200 resumed');
			play.standIn.fault = () => undefined;
			expect(await play.resume(call)).toBe('200 already');
			expect(await play.pause(call, { id: 'never-lived' })).toBe('504 not known');
			expect(await play.resume(call)).toBe('200 resumed proved');
			return 'resumed, already, not known; resumed';
		},
	},
	{
		name: 'the stream is still connecting',
		at: ['plivo'],
		wholeOnly: true,
		play: async (play) => {
			const { call } = await paused(play);
			const begins = (): object => {
				const { id } = play.standIn.startStream(call.id, { serviceUrl: SERVER, notUpYet: true });
				return { status: 202, body: { message: 'audio streaming started', stream_id: id } };
			};
			play.standIn.fault = (request) => (isStart(request) ? begins() : undefined);
			expect(await play.resume(call)).toBe('200 resumed');
			const said = saidOf(play);
			play.standIn.calls.comeUp(play.last().stream ?? '');
			expect(await play.resume(call)).toBe('200 already proved');
			return `resumed, not proved: ${said}; then already, proved`;
		},
	},
	{
		name: 'a call that nobody knows, such as one that is tried without a call',
		at: ['vobiz', 'signalWire', 'plivo'],
		play: async (play) => {
			const { call, stream } = begun(play);
			const pause = await play.pause({ ...call, id: 'none' }, { ...stream, id: 'none' });
			// Vobiz says 204 to any call.
			expect(pause).toBe(play.name === 'vobiz' ? '504 not known' : '200 over');
			const why = saidOf(play);
			expect(await play.resume({ ...call, id: 'none' })).toBe('200 over');
			return `${pause}: ${why}; 200 over`;
		},
	},
	{
		name: 'refused, in the words of the provider',
		at: ['signalWire', 'plivo', 'vobiz'],
		play: inVain(
			{ status: 403, body: { error: 'not for you', message: 'not for you' } },
			'502 refused',
			/403.*not for you/,
		),
	},
	{
		name: '429',
		at: ['vobiz', 'plivo', 'signalWire'],
		play: inVain({ status: 429 }, '502 refused', /429/),
	},
	{
		name: '503',
		at: ['plivo', 'signalWire', 'vobiz'],
		play: inVain({ status: 503 }, '504 not known', /503/),
	},
	{
		name: 'no answer, and nothing happened',
		at: ['signalWire', 'plivo', 'vobiz'],
		play: inVain({ reset: 'before' }, '504 not known', /not (known|proved)/),
	},
	{
		name: 'no answer, and the stream was started',
		at: ['vobiz', 'plivo', 'signalWire'],
		play: async (play) => {
			const { call } = await paused(play);
			spoilStart(play, { reset: 'after' });
			const first = await play.resume(call);
			expect(first).toBe(play.name === 'signalWire' ? '504 not known' : '200 resumed proved');
			play.standIn.fault = () => undefined;
			await play.resume(call);
			expect(runningOf(play, call)).toHaveLength(1);
			return `${first}; asked again: one stream`;
		},
	},
	{
		name: 'the stream server does not let the stream in',
		at: WITH_LISTS,
		play: async (play) => {
			const { call } = await paused(play);
			play.standIn.fault = ({ method, path }) => {
				if (method === 'GET' && path.includes(call.id)) {
					for (const { id } of runningOf(play, call)) play.standIn.dropStream(id);
				}
				return undefined;
			};
			expect(await play.resume(call)).toBe('504 not known');
			expect(saidOf(play)).toContain('Does your stream server let it in?');
			expect([await play.ended(), startsOf(play, call).length]).toEqual(['error', 1]);
			return `504 not known, failed: ${saidOf(play)}`;
		},
	},
	{
		name: 'the list of streams cannot be read: nothing is started',
		at: ['plivo', 'vobiz'],
		play: async (play) => {
			const { call } = await paused(play);
			play.standIn.fault = ({ method }) => (method === 'GET' ? { status: 503 } : undefined);
			expect(await play.resume(call)).toBe('504 not known');
			expect(startsOf(play, call)).toEqual([]);
			return `504 not known, failed: ${saidOf(play)}`;
		},
	},
	{
		name: 'n8n sends no start, for want of a credential or to another host: refused, and what to do',
		at: ['plivo', 'signalWire', 'vobiz'],
		play: async ({ name, standIn, another }) => {
			const field = name === 'signalWire' ? 'CallSid' : 'CallUUID';
			const says: Array<[RegExp, (nodes: Nodes) => void]> = [
				[/Credentials not found/, (nodes) => delete nodes['Start the Stream']?.credentials],
				[
					/only sent to/,
					(nodes) =>
						fillIn(nodes['Fill In'], {
							[name === 'signalWire' ? 'space_url' : 'api_url']: 'http://127.0.0.1:9',
						}),
				],
			];
			for (const [why, more] of says) {
				const published = await another(more);
				const { id } = standIn.addCall();
				const { status, body } = await published.ask('Resume', { [field]: id });
				expect([status, body.result, body.proved]).toEqual([502, 'refused', false]);
				expect(body.message).toMatch(why);
				expect(body.message).toMatch(/^Nothing was started\..* n8n sent nothing .*'Fill In'\.$/);
				expect((await published.lastExecution()).status).toBe('error');
				expect(standIn.calls.runningOf(id)).toEqual([]);
			}
			return '502 refused, failed';
		},
	},
	{
		name: 'something is missing, or the key of the header is',
		at: ['plivo', 'signalWire', 'vobiz'],
		play: async ({ published, ended }) => {
			for (const hook of ['Pause', 'Resume']) {
				const { status, body } = await published.ask(hook, {});
				expect([status, body.result, body.proved]).toEqual([400, 'refused', false]);
				expect(await ended()).toBe('error');
				expect((await published.ask(hook, {}, {})).status).toBe(403);
			}
			return '400, failed; without the key 403, no execution';
		},
	},
];

/** @param whole every cell at every provider, or all that goes well and each kind of failure once */
export function describePauseAndResume(stage: () => Stage, whole: boolean): void {
	describeCells('Pause and resume', whole, cells, async (name) => await open(stage(), name));
}
