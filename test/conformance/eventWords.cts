// Check Event's one vocabulary: every word that the providers' documents name, in every way in which an event comes.

import { inspect } from 'node:util';
import type { IDataObject, INodeExecutionData } from 'n8n-workflow';

import type { EventKind } from '../../nodes/StopAudioStream/words/vocabulary';
import type { Engine, NodeOutput } from '../lib/nodeRun.cts';
import { start } from '../lib/opened.cts';
import {
	providers,
	startStandIn,
	type Call,
	type ProviderName,
	type SignedEvent,
	type Stream,
} from '../lib/stand-ins/index.cts';
import { credentialsOf, live, pairs, type RunningStandIn } from '../lib/lives.cts';
import { received } from '../lib/webhookItems.cts';

type Body = Record<string, unknown>;

/** What an event is about, and the ids that it names. */
interface About {
	subject: Call | Stream;
	ids: { callId?: string; stream?: string; conferenceSid?: string };
}

/** One word of one provider. `change` makes the event of one that the stand-in sends. */
interface Word {
	provider: ProviderName;
	word: string;
	is: EventKind;
	kind: string;
	about: (standIn: RunningStandIn) => About;
	change?: (body: Body) => Body;
	/** As older documents have it. */
	generation?: 'old';
	/** No provider's webhook, but what a stream server or another node hands on: nobody signs it. */
	handedOn?: true;
	/** The query of its URL names the call, beside the event or in its place. */
	callInQuery?: 'too' | 'alone';
}

const aStream = (standIn: RunningStandIn): About => {
	const { call, stream } = live(standIn);
	return { subject: stream, ids: { callId: call.id, stream: stream.id } };
};
const aCall = (standIn: RunningStandIn): About => {
	const call = standIn.addCall();
	return { subject: call, ids: { callId: call.id } };
};
const streamOfConference = (standIn: RunningStandIn): About => {
	const conference = standIn.addConference();
	const stream = standIn.startConferenceStream(conference.id);
	return { subject: stream, ids: { stream: stream.id, conferenceSid: conference.id } };
};
const controlled =
	(ended = false) =>
	(standIn: RunningStandIn): About => {
		const { call, stream } = live(standIn);
		if (ended) standIn.dropStream(stream.id);
		return { subject: stream, ids: { callId: call.id, stream: stream.controlId } };
	};

/** The fields that every callback about a call begins with, and no more. */
const callFields = ({ CallUUID, From, To, Direction }: Body) => ({ CallUUID, From, To, Direction });

/** `Event` and `CallStatus` as Plivo has them and Vobiz took them over. */
const ofCallStreams = (provider: 'plivo' | 'vobiz'): Word[] => [
	...(
		[
			['StartStream', 'streamStarted'],
			['StopStream', 'streamEnded'],
			['DroppedStream', 'streamEnded'],
			['DegradedStream', 'other'],
			['PlayedStream', 'other'],
			['ClearedAudio', 'other'],
		] as const
	).map(([kind, is]) => ({ provider, word: `Event ${kind}`, is, kind, about: aStream })),
	{ provider, word: 'Event Hangup', is: 'callEnded', kind: 'Hangup', about: aCall },
	...['DialAnswer', 'DialHangup'].map((event) => ({
		provider,
		word: `Event ${event}`,
		is: 'other' as const,
		kind: 'Dial',
		about: aCall,
		change: (body: Body) => ({ ...body, Event: event }),
	})),
	// An application's hang-up has no `Event`, and neither has the request for a document.
	...(
		[
			['ringing', 'other'],
			['in-progress', 'other'],
			['completed', 'callEnded'],
			['busy', 'callEnded'],
			['failed', 'callEnded'],
			['no-answer', 'callEnded'],
			['timeout', 'callEnded'],
			['cancel', 'callEnded'],
			['canceled', 'callEnded'],
		] as const
	).map(([status, is]) => ({
		provider,
		word: `CallStatus ${status}`,
		is,
		kind: 'Hangup',
		about: aCall,
		change: (body: Body) => ({ ...callFields(body), CallStatus: status }),
	})),
	{
		provider,
		word: 'the first message of a stream',
		is: 'other',
		kind: 'ws-start',
		about: aStream,
		handedOn: true,
	},
];

/** An event of SWML's with another type, and these `params`. */
const swml = (type: string, params: Body) => (body: Body) => ({
	...body,
	event_type: type,
	params: { ...(body.params as Body), ...params },
});

const WORDS: Word[] = [
	...ofCallStreams('plivo'),
	{
		provider: 'plivo',
		word: 'Event StartApp',
		is: 'other',
		kind: 'Hangup',
		about: aCall,
		// plivo-go's own vectors have it.
		change: (body) => ({ ...callFields(body), CallStatus: 'in-progress', Event: 'StartApp' }),
	},
	...ofCallStreams('vobiz'),
	{ provider: 'vobiz', word: 'Event StartApp', is: 'other', kind: 'StartApp', about: aCall },
	{
		provider: 'vobiz',
		word: 'the first message of a stream, in its older form',
		is: 'other',
		kind: 'ws-start',
		generation: 'old',
		about: aStream,
		handedOn: true,
	},
	{
		provider: 'vobiz',
		word: "event call.ended of Vobiz's own trigger node",
		is: 'callEnded',
		kind: 'call.ended',
		about: aCall,
		handedOn: true,
	},
	...(
		[
			['stream-started', 'streamStarted'],
			['stream-stopped', 'streamEnded'],
			['stream-error', 'streamEnded'],
		] as const
	).flatMap(([kind, is]): Word[] => [
		{ provider: 'signalWire', word: `StreamEvent ${kind}`, is, kind, about: aStream },
		{
			provider: 'signalWire',
			word: `StreamEvent ${kind} of a conference`,
			is,
			kind,
			about: streamOfConference,
		},
	]),
	{
		provider: 'signalWire',
		word: 'the callback of a completed call',
		is: 'callEnded',
		kind: 'call-completed',
		about: aCall,
	},
	...(
		[
			['queued', 'other'],
			['initiated', 'other'],
			['ringing', 'other'],
			['in-progress', 'other'],
			['completed', 'callEnded'],
			['busy', 'callEnded'],
			['failed', 'callEnded'],
			['no-answer', 'callEnded'],
			['canceled', 'callEnded'],
		] as const
	).map(([status, is]): Word => ({
		provider: 'signalWire',
		word: `CallStatus ${status}`,
		is,
		kind: 'call-status',
		about: aCall,
		change: (body) => ({ ...body, CallStatus: status }),
	})),
	...(
		[
			['calling.call.stream', ''],
			['calling.call.stream without call_id', ', its call in the query'],
		] as const
	).flatMap(([kind, where]): Word[] => {
		const more = where === '' ? {} : ({ callInQuery: 'alone' } as const);
		return [
			{
				provider: 'signalWire',
				word: `calling.call.stream streaming${where}`,
				is: 'streamStarted',
				kind,
				about: controlled(),
				...more,
			},
			{
				provider: 'signalWire',
				word: `calling.call.stream finished${where}`,
				is: 'streamEnded',
				kind,
				about: controlled(true),
				...more,
			},
		];
	}),
	...(
		[
			['created', 'other'],
			['ringing', 'other'],
			['answered', 'other'],
			['ending', 'other'],
			['ended', 'callEnded'],
		] as const
	).flatMap(([state, is]) =>
		[{}, { callInQuery: 'too' } as const].map((more): Word => ({
			provider: 'signalWire',
			word: `calling.call.state ${state}${'callInQuery' in more ? ', its call in the query too' : ''}`,
			is,
			kind: 'calling.call.state',
			about: aCall,
			change: swml('calling.call.state', { call_state: state }),
			...more,
		})),
	),
	// These have a control ID too, and it is not a stream's.
	...(
		[
			['calling.call.play', 'playing'],
			['calling.call.play', 'finished'],
			['calling.call.record', 'finished'],
			['calling.call.collect', 'finished'],
		] as const
	).map(([type, state]): Word => ({
		provider: 'signalWire',
		word: `${type} ${state}`,
		is: 'other',
		kind: 'calling.call.state',
		about: aCall,
		change: swml(type, { call_state: undefined, control_id: 'example-of-a-prompt', state }),
	})),
	{
		provider: 'signalWire',
		word: 'the first message of a stream',
		is: 'other',
		kind: 'ws-start',
		about: aStream,
		handedOn: true,
	},
];

/** What comes with an event and must not come out. */
const LOGIN = { user: 'exampleLockUser', password: 'exampleLockPassword' };
const PATH = 'example-lock-in-the-path';
const QUERY = 'example-lock-in-the-query';
const CANARIES = { cookie: 'example-cookie-canary', 'x-api-key': 'example-header-canary' };
const HIDDEN = [
	...Object.values(LOGIN),
	Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64'),
	PATH,
	QUERY,
	...Object.values(CANARIES),
];

/** An event on its way, and what *Include Event Fields* shows of it. */
interface Arrival {
	way: string;
	input: INodeExecutionData;
	fields: unknown;
	signed: boolean;
}

/** The event of a word, in every way in which it may come. */
function arrivals(
	standIn: RunningStandIn,
	{ kind, change, handedOn, callInQuery }: Word,
	about: About,
) {
	const { subject, ids } = about;
	const call = callInQuery ? `call_id=${ids.callId}` : '';
	const url = (query: string[]) =>
		`https://${LOGIN.user}:${LOGIN.password}@hooks.example.com:8443/webhook/${PATH}/4f2a?${query.filter(Boolean).join('&')}`;
	type How = Parameters<typeof standIn.signedCallback>[3];
	const event = (how: How, query = [`lock=${QUERY}`, call]) =>
		standIn.signedCallback(kind, subject, url(query), { change, ...how });
	const through = (way: string, sent: SignedEvent, rawBody = false): Arrival => {
		const { json, binary } = received(sent, { rawBody });
		const headers = { ...(json.headers as IDataObject), ...CANARIES };
		const fields = sent.method === 'GET' ? json.query : json.body;
		return { way, input: { json: { ...json, headers }, binary }, fields, signed: !handedOn };
	};
	const post = event({});
	const query = callInQuery === 'alone' ? { query: { call_id: ids.callId } } : {};
	const body = JSON.parse(JSON.stringify(post.body)) as IDataObject;
	const itself: Arrival = {
		way: 'the item itself',
		input: {
			json: {
				...{ ...body, ...query, bodyText: 'own', headers: { ...CANARIES } },
				...{ webhookUrl: `https://x/${PATH}`, files: { data: PATH }, _files: { data: PATH } },
			},
		},
		fields: { ...body, bodyText: 'own' },
		signed: false,
	};
	if (post.contentType.includes('form')) {
		return [
			through('a form', post),
			through('a form, with the raw body', post, true),
			through('a GET', event({ method: 'GET' }, [call])),
			itself,
		];
	}
	const json = (how: How) => through('JSON', event(how), true);
	return [
		{ ...through('JSON, without the raw body', post), signed: false },
		...(handedOn
			? []
			: [
					json({ json: ['SHA-1'] }),
					json({ json: ['SHA-256'] }),
					json({ json: ['SHA-1', 'SHA-256'] }),
				]),
		itself,
	];
}

const shown = (run: NodeOutput) =>
	JSON.stringify([run.outputs, run.error, run.hints]) +
	inspect([run.outputs, run.error], { depth: Infinity, showHidden: true });

/** What Check Event tells, in an engine. */
export function eventWords(engine: Engine) {
	describe.each(providers)('Check Event tells what an event of %s says', (provider) => {
		const words = WORDS.filter((one) => one.provider === provider);

		it.each(words.map((one) => [one.word, one.is, one] as const))(
			'%s: %s',
			async (_word, is, word) => {
				const standIn = await start(provider, word.generation && { generation: word.generation });
				const about = word.about(standIn);
				const all = arrivals(standIn, word, about);
				const check = async (arrived: Arrival[], requireSignature: boolean) => {
					const run = await engine.run({
						parameters: {
							provider,
							operation: 'checkEvent',
							...(!requireSignature && { requireSignature }),
							options: { includeEvent: true },
						},
						input: arrived.map(({ input }) => input),
						credentials: credentialsOf(standIn),
					});
					expect(run.error).toBeUndefined();
					expect(run.items).toEqual(
						arrived.map(({ fields }) => ({
							event: is,
							signed: requireSignature,
							provider,
							operation: 'checkEvent',
							...about.ids,
							fields,
						})),
					);
					// n8n's table shows the first columns.
					expect(Object.keys(run.items[0] ?? {}).slice(0, 5)).toEqual([
						...['event', 'signed', 'provider', 'operation'],
						...Object.keys(about.ids).slice(0, 1),
					]);
					expect(pairs(run.outputs[0])).toEqual(arrived.map((_, item) => item));
					const text = shown(run);
					expect([...HIDDEN, ...standIn.secrets].filter((one) => text.includes(one))).toEqual([]);
					expect(run.credentialReads).toEqual(
						requireSignature ? arrived.map(() => standIn.credentialType) : [],
					);
				};

				const signed = all.filter((one) => one.signed);
				expect(signed.length).toBe(word.handedOn ? 0 : 3);
				if (signed.length > 0) await check(signed, true);
				await check(all, false);

				expect(standIn.requests).toEqual([]);
			},
		);

		it('by every kind of event that its stand-in sends', async () => {
			const standIn = await startStandIn(provider);
			const { callbackKinds } = standIn;
			await standIn.close();
			expect(words.map(({ kind }) => kind)).toEqual(expect.arrayContaining(callbackKinds));
		});
	});
}
