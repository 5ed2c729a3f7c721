/**
 * Plays the steps of *Check My Account* against a stand-in without an n8n: requests by hand, stops by the node
 * in n8n's engine. What the workflow itself does is tested in a real n8n, in `test/layers/examples`.
 */

import { randomUUID } from 'node:crypto';
import type { IDataObject, INodeParameters } from 'n8n-workflow';
import { stopItems, type RunningStandIn } from '../stops.cts';
import { PLANS } from './plans.cts';
import { report, type Report, type Seen, type Step } from './report.cts';
import { startedStream } from './streams.cts';

export const STREAM_URL = 'wss://media.example.com/check';

export interface Play {
	/** Called before each step. */
	before?: (step: Step, call: string) => void;
	/** Plays the branches that are off. */
	branches?: true;
	/** Where the call is run by cXML or SWML alone. */
	runs?: 'cXML' | 'SWML';
}

type Output = Record<string, unknown>;

/** Where a stand-in has its account, and how a request says who asks. */
function doorsOf({ provider, credentials, url }: RunningStandIn): {
	calls: string;
	conferences: string;
	headers: (token: string) => Record<string, string>;
	token: string;
} {
	const { authId = '', authToken = '', projectId = '', apiToken = '' } = credentials;
	const basic = (id: string) => (token: string) => ({
		authorization: `Basic ${Buffer.from(`${id}:${token}`).toString('base64')}`,
	});
	if (provider === 'signalWire') {
		const account = `${url}/api/laml/2010-04-01/Accounts/${projectId}`;
		return {
			calls: `${account}/Calls/`,
			conferences: `${account}/Conferences/`,
			headers: basic(projectId),
			token: apiToken,
		};
	}
	const isPlivo = provider === 'plivo';
	return {
		calls: `${url}${isPlivo ? '/v1' : '/api/v1'}/Account/${authId}/Call/`,
		conferences: '',
		headers: isPlivo ? basic(authId) : (token) => ({ 'x-auth-id': authId, 'x-auth-token': token }),
		token: authToken,
	};
}

/** What the steps of a check saw. */
export async function play(
	standIn: RunningStandIn,
	{ before, branches, runs }: Play = {},
): Promise<Seen> {
	const isSignalWire = standIn.provider === 'signalWire';
	const { calls, conferences, headers, token } = doorsOf(standIn);
	const call = standIn.addCall(runs && { runs }).id;
	const ended = standIn.addCall().id;
	standIn.endCall(ended);
	const room = isSignalWire ? standIn.addConference().id : '';
	const unknown = { call: randomUUID(), stream: randomUUID() };
	const seen: Seen = {
		outputs: {},
		calls: { own: call, ended, unknown: unknown.call },
		started: {},
	};

	const ask = async (
		address: string,
		{ method = 'GET', body, as = token }: { method?: string; body?: string; as?: string } = {},
	): Promise<Output> => {
		const type = isSignalWire ? 'application/x-www-form-urlencoded' : 'application/json';
		const answer = await fetch(address, {
			method,
			body,
			headers: { ...headers(as), ...(body !== undefined && { 'content-type': type }) },
		});
		return { statusCode: answer.status, data: await answer.text() };
	};
	const start = async (address: string, name: string): Promise<Output> =>
		await ask(address, {
			method: 'POST',
			body: isSignalWire
				? new URLSearchParams({ Url: STREAM_URL, Name: name, Track: 'inbound_track' }).toString()
				: JSON.stringify({
						service_url: STREAM_URL,
						audio_track: 'inbound',
						bidirectional: false,
						stream_timeout: 120,
					}),
		});
	const stop = async (parameters: INodeParameters, confirm = false): Promise<Output> => {
		const { items } = await stopItems(standIn, [{}], {
			parameters: { operation: 'stopStream', callId: call, ...parameters },
			options: { includeResponse: true, confirm },
			node: { onError: 'continueRegularOutput' },
		});
		const [item = {}] = items;
		return item;
	};
	const streams = `${calls}${call}/${isSignalWire ? 'Streams' : 'Stream/'}`;
	const id = (step: string): string => seen.started[step] ?? '';
	const all = { operation: 'stopAllStreams' };
	const live = async (as?: string): Promise<Output> =>
		await ask(isSignalWire ? `${calls}${call}` : `${calls}${call}/?status=live`, { as });
	const bin = 'bin' in standIn && typeof standIn.bin === 'function' ? standIn.bin : undefined;

	const steps: Record<string, () => Promise<Output> | Output> = {
		'Read the Call': live,
		'Ask With a Wrong Token': async () => await live('wrong-token-on-purpose'),
		'Read the Record': async () => await ask(`${calls}${call}/`),
		'Start Stream 1': async () => await start(streams, 'check-my-account-1'),
		'Read Stream 1': async () => await ask(`${streams}${id('Start Stream 1')}/`),
		'Stop Stream 1': async () => await stop({ stream: id('Start Stream 1') }, !isSignalWire),
		'Read Stream 1 Again': async () => await ask(`${streams}${id('Start Stream 1')}/`),
		'Stop Stream 1 Again': async () => await stop({ stream: id('Start Stream 1') }),
		'Stop a Wrong ID': async () => await stop({ stream: unknown.stream }),
		'Start Stream 2': async () => await start(streams, 'check-my-account-2'),
		'List the Streams': async () => await ask(`${streams}?limit=20&offset=0`),
		'Stop All Streams': async () => await stop(all, true),
		'Stop All Streams Again': async () => await stop(all),
		'Stop All of an Unknown Call': async () => await stop({ ...all, callId: unknown.call }),
		'Stop by Its Name as SID': async () => await stop({ stream: 'check-my-account-2' }),
		'Stop Stream 2': async () => await stop({ stream: id('Start Stream 2') }),
		'Stop an Unknown Control ID': async () =>
			await stop({ streamBy: 'controlId', stream: unknown.stream }),
		'Stop All of the Ended Call': async () => await stop({ ...all, callId: ended }),
		'Stop One of the Ended Call': async () => await stop({ callId: ended, stream: unknown.stream }),
		...(branches && {
			'By Name: Start': async () => await start(streams, 'by-name'),
			'By Name: Stop': async () =>
				await stop({
					streamBy: 'name',
					stream: 'by-name',
					cxmlUrl: String(
						bin?.(
							'<Response><Stop><Stream name="{{STREAMNAME}}"/></Stop><Pause length="60"/></Response>',
						),
					),
				}),
			'By Name: Read the Call': live,
			'Conference: Start': async () => await start(`${conferences}${room}/Streams`, 'room'),
			'Conference: Stop': async () =>
				await stop({
					streamBy: 'conferenceSid',
					conferenceSid: room,
					stream: id('Conference: Start'),
				}),
			'Conference: Stop Again': async () =>
				await stop({
					streamBy: 'conferenceSid',
					conferenceSid: room,
					stream: id('Conference: Start'),
				}),
		}),
		'Read the Call Again': live,
		'List What Is Left': async () => await ask(`${streams}?limit=20&offset=0`),
	};
	for (const step of planOf(standIn).steps) {
		const run = steps[step.name];
		if (!run || (step.needs && !id(step.needs))) continue;
		before?.(step, call);
		const output: Output = await run();
		seen.outputs[step.name] = [output];
		if (step.asks.startsWith('start')) seen.started[step.name] = startedStream(output);
	}
	// What the workflow does at its end, a read before.
	const own = Object.entries(seen.started).filter(([step]) => !step.startsWith('Conference'));
	seen.outputs['Stop What Is Left'] = [];
	for (const [, stream] of own) {
		if (stream) seen.outputs['Stop What Is Left'].push(await stop({ stream }));
	}
	return seen;
}

/** What is documented of a stand-in's provider. */
export function planOf({ provider }: Pick<RunningStandIn, 'provider'>): (typeof PLANS)['plivo'] {
	if (provider === 'plivo' || provider === 'vobiz' || provider === 'signalWire') {
		return PLANS[provider];
	}
	throw new Error(`Nothing is documented of '${provider}'`);
}

/** The report of what was seen, as it goes into an issue. */
export const reportOf = (standIn: RunningStandIn, seen: Seen): Report =>
	report(planOf(standIn), seen);

/** One item of a step. */
export const outputOf = (seen: Seen, step: string): IDataObject => {
	const [output] = seen.outputs[step] ?? [];
	if (!output) throw new Error(`'${step}' did not run`);
	return output as IDataObject;
};
