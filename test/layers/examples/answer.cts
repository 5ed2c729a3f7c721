import type { Execution } from '../../lib/n8n/index.cts';
import type { Call, Stream } from '../../lib/stand-ins/index.cts';
import { cameTo, describeCells, type AnyOf, type Cell, type Name } from './cells.cts';
import { fillIn, publishRecipe, type Published, type Stage } from './stage.cts';
import { callUp, isUp } from './streams.cts';

const HOOK = 'Call Answered';
/** Any event that the provider signs: the recipe reads the caller's number alone. */
const SIGNED: Record<Name, string> = {
	signalWire: 'call-completed',
	plivo: 'Hangup',
	vobiz: 'StartApp',
};
/** Whose calls an agent answers, and whose are streamed for a second; all others are listened to. */
const TO_AGENT = '+15550100777';
const SHORT = '+15550100888';
const SERVER = 'wss://audio.test/stream';
const TOKEN = 'exampleOfASocketToken';
const ALL: readonly Name[] = ['plivo', 'signalWire', 'vobiz'];

interface Play {
	name: Name;
	standIn: AnyOf;
	published: Published;
	/** A caller dials in, and the document runs. */
	dial: (from: string) => Promise<{ call: Call; stream: Stream; verbs: string[] }>;
}

async function open(stage: Stage, name: Name): Promise<Play> {
	const standIn = stage.standIns[name];
	const published = await publishRecipe(`answer-${name.toLowerCase()}`, stage, (nodes) => {
		fillIn(nodes['Fill In'], {
			kind: `={{ $json.body.From === '${TO_AGENT}' ? 'agent' : 'listen' }}`,
			sentence: 'You & "we" are <heard>.',
			stream_server: SERVER,
			token: TOKEN,
			caller_id: `={{ $json.body.From === '${TO_AGENT}' ? '+15550100004' : '' }}`,
			...(name !== 'signalWire' && {
				minutes: `={{ $json.body.From === '${SHORT}' ? 0.01 : 60 }}`,
			}),
		});
	});
	const login = published.isLocked(HOOK);
	const address = published.webhookUrl(HOOK, { login });
	// n8n needs a moment after publishing before it listens.
	await published.postUntilThere(published.webhookUrl(HOOK), {});
	if (!login) published.expectRun();
	return {
		name,
		standIn,
		published,
		dial: async (from) => {
			const before = standIn.documents.length;
			const call = await standIn.dial(address, { from });
			published.expectRun();
			const [run] = standIn.documents.slice(before);
			expect(run?.error).toBeUndefined();
			const [stream, ...others] = standIn.streams().filter(({ callId }) => callId === call.id);
			if (!stream || !run) throw new Error('No stream was started');
			expect(others).toEqual([]);
			expect(stream.serviceUrl).toBe(SERVER);
			return { call, stream, verbs: run.verbs };
		},
	};
}

/** The document that somebody gets who asks for it. */
async function documentFor({ name, standIn, published }: Play, from: string): Promise<string> {
	const call = standIn.addCall({ from });
	const { url, headers, text } = published.event(HOOK, standIn, SIGNED[name], call);
	const response = await fetch(url, { method: 'POST', headers, body: text });
	published.expectRun();
	expect(response.headers.get('content-type')).toMatch(/^text\/xml/);
	return await response.text();
}

const messageOf = (execution: Execution): string => execution.data.resultData.error?.message ?? '';

const SAYS: Record<Name, { listens: string[]; agent: string[] }> = {
	signalWire: { listens: ['Say', 'Start', 'Dial'], agent: ['Say', 'Connect'] },
	plivo: { listens: ['Speak', 'Stream', 'Dial'], agent: ['Speak', 'Stream'] },
	vobiz: { listens: ['Speak', 'Stream', 'Dial'], agent: ['Speak', 'Stream'] },
};

const cells: ReadonlyArray<Cell<Play>> = [
	{
		name: 'all goes well: a stream listens, and its stop leaves the call as it is',
		at: ALL,
		allWell: true,
		play: async ({ name, standIn, published, dial }) => {
			const { call, stream, verbs } = await dial('+15550100001');
			expect(verbs).toEqual(SAYS[name].listens);
			expect(stream).toMatchObject({
				keepsCallAlive: false,
				name: name === 'signalWire' ? 'caller-audio' : stream.id,
			});
			standIn.calls.stopStream(stream);
			expect(callUp(standIn, call)).toBe(true);
			expect((await published.lastExecution()).status).toBe('success');
			return `${cameTo(standIn, call, stream)}, with a person; success`;
		},
	},
	{
		name: "an agent's stream stops: the caller goes on to a person, and not into silence",
		at: ALL,
		allWell: true,
		play: async ({ name, standIn, dial }) => {
			const { call, stream, verbs } = await dial(TO_AGENT);
			expect(verbs).toEqual(SAYS[name].agent);
			expect(stream).toMatchObject({ keepsCallAlive: true, bidirectional: true });
			standIn.calls.stopStream(stream);
			expect(verbs).toEqual([...SAYS[name].agent, 'Dial']);
			return `${cameTo(standIn, call, stream)}, with a person; success`;
		},
	},
	{
		name: 'the document: its tracks, its token, and nothing that XML does not allow',
		at: ['signalWire', 'plivo', 'vobiz'],
		play: async (play) => {
			const [listens, agent] = [
				await documentFor(play, '+15550100001'),
				await documentFor(play, TO_AGENT),
			];
			for (const text of [listens, agent]) {
				expect(text).toContain('You &amp; &quot;we&quot; are &lt;heard>.');
				expect(text).not.toMatch(/allback/);
				expect(text).toContain(
					play.name === 'signalWire'
						? `authBearerToken="${TOKEN}">\n      <Parameter name="from" value="+15550100`
						: `streamTimeout="3600" extraHeaders="token=${TOKEN}">`,
				);
			}
			expect(listens).toContain('<Dial timeout="30"><Number>');
			expect(agent).toContain('<Dial timeout="30" callerId="+15550100004"><Number>');
			if (play.name === 'signalWire') {
				expect(listens).toContain('<Start>');
				expect(listens).toContain('name="caller-audio" track="both_tracks"');
				expect(agent).toContain('<Connect>');
				expect(agent).toContain('name="caller-audio" track="inbound_track"');
			} else {
				expect(listens).toContain('<Stream audioTrack="both" ');
				expect(agent).toContain(
					'<Stream bidirectional="true" keepCallAlive="true" audioTrack="inbound" ',
				);
			}
			return 'as the vendor documents it';
		},
	},
	{
		name: 'nobody signed the request: no token, no stream, and the caller is put through',
		at: ['plivo', 'signalWire'],
		play: async ({ standIn, published }) => {
			const call = standIn.addCall();
			const response = await fetch(published.webhookUrl(HOOK), {
				method: 'POST',
				body: new URLSearchParams({ CallUUID: call.id, CallSid: call.id }),
			});
			published.expectRun();
			const text = await response.text();
			expect(text).toMatch(/<Dial timeout="30"><Number>\+15550100000/);
			expect(text).not.toMatch(new RegExp(`${TOKEN}|Stream`));
			const execution = await published.lastExecution();
			expect(execution.status).toBe('error');
			expect(messageOf(execution)).toMatch(/answered without its stream.*signature/);
			// The team's chat hears it: nothing of what nobody verified.
			expect(messageOf(execution)).not.toContain(call.id);
			return 'with a person; failed';
		},
	},
	{
		name: 'somebody without the password',
		at: ['vobiz'],
		play: async ({ published }) => {
			const response = await fetch(published.webhookUrl(HOOK), { method: 'POST' });
			expect([response.status, await response.text()]).toEqual([401, 'Authorization is required!']);
			return '401, no execution';
		},
	},
	{
		name: 'the fixed limit is over: the stream ends by itself, and the call goes on',
		at: ['vobiz', 'plivo'],
		play: async ({ standIn, dial }) => {
			const { call, stream } = await dial(SHORT);
			expect(isUp(standIn, stream)).toBe(true);
			await new Promise((resolve) => setTimeout(resolve, 1200));
			expect(stream.endedBecause).toBe('its time limit');
			expect(callUp(standIn, call)).toBe(true);
			return `${cameTo(standIn, call, stream)}; success`;
		},
	},
];

/** @param whole every cell at every provider, or all that goes well and each kind of failure once */
export function describeAnswer(stage: () => Stage, whole: boolean): void {
	describeCells('Answer a call', whole, cells, async (name) => await open(stage(), name));
}
