// *Check My Account* in a real n8n: what it does on a call, and what its report shows of the answers.

import type { IDataObject } from 'n8n-workflow';
import { outputOf } from '../../lib/n8n/index.cts';
import { providers, secretsIn, type AnyStandIn, type Call } from '../../lib/stand-ins/index.cts';
import { fillIn, prepareRecipe, publish, type Stage, type StandIns } from './stage.cts';
import { callUp } from './streams.cts';

type Name = keyof StandIns;

const names: readonly Name[] = providers;
const STREAM_URL = 'wss://media.example.com/check';
/** A stand-in's streams are up at once; in minutes. */
const SHORT_WAIT = 0.005;

/** Imports the check, fills it in for a call, runs it, and gives back the report. */
async function check(stage: Stage, name: Name, call: Call): Promise<IDataObject[]> {
	const workflow = prepareRecipe(`check-my-account-${name.toLowerCase()}`, stage, (nodes) => {
		const field = name === 'signalWire' ? 'call_sid' : 'call_uuid';
		fillIn(nodes['Fill In'], { [field]: call.id, stream_url: STREAM_URL });
		const wait = nodes['Wait for It'];
		if (wait) wait.parameters.amount = SHORT_WAIT;
	});
	const published = await publish(stage, workflow);
	const execution = await published.run('Check My Account');
	expect(execution.status).toBe('success');
	return outputOf(execution, 'What Came Out');
}

/** What each line of a report says, without the bodies. */
const inShort = (report: readonly IDataObject[]): string[] =>
	report.map(({ request, status, node }) =>
		[request, status, node]
			.filter((one) => typeof one === 'string' || typeof one === 'number')
			.join(': '),
	);

const streamsOf = (standIn: AnyStandIn, call: Call) =>
	standIn.streams().filter(({ callId }) => callId === call.id);

/** The values of the account, the call and its user. */
const valuesOf = (standIn: AnyStandIn, call: Call): string[] => [
	...Object.values(standIn.credentials),
	...[call.id, call.from, call.to, STREAM_URL],
	...streamsOf(standIn, call).map(({ id }) => id),
];

function expectPublishable(report: readonly IDataObject[], standIn: AnyStandIn, call: Call): void {
	const text = JSON.stringify(report);
	expect(secretsIn(text, standIn.secrets)).toEqual([]);
	for (const value of valuesOf(standIn, call)) expect(text).not.toContain(value);
	expect(text).not.toMatch(/\d{6}|[0-9a-f]{8}-|:\/\/|@/);
}

const FAMILY_READS = ['read the stream: 200', 'list the streams: 200', 'read the call: 200'];

const WHAT_COMES_OUT: Record<Name, string[]> = {
	plivo: [
		'start a stream: 202',
		'stop it: 204: stopped',
		'stop it again: 400: alreadyStopped',
		'stop a wrong id: 400: notFound, live',
		...FAMILY_READS,
		'stop what is left: 400: alreadyStopped',
	],
	vobiz: [
		'start a stream: 202',
		'stop it: 204: stopped',
		'stop it again: 404: alreadyStopped',
		'stop a wrong id: 404: notFound, live',
		...FAMILY_READS,
		'stop what is left: 404: alreadyStopped',
	],
	signalWire: [
		'start a stream: 200',
		'stop it: 200: stopped',
		'stop it again: 404: alreadyStopped',
		'stop a wrong id: 404: notFound, live',
		'read the call: 200',
		'stop what is left: 404: notFound, live',
	],
};

/** The body of the answer to the second stop: types, and the words of the keys that say what happened. */
const SECOND_STOP: Record<Name, object> = {
	plivo: { api_id: '<string>', error: 'No active stream found' },
	vobiz: { api_id: '<string>', error: 'Stream not found' },
	signalWire: {
		code: 20404,
		message: 'The requested resource was not found',
		more_info: '<string>',
		status: 404,
	},
};

export function describeCheckMyAccount(stage: () => Stage): void {
	test.each(names)(
		'%s: the check starts a stream on a live call, stops it, and reports each answer without a value of the account',
		async (name) => {
			const standIn = stage().standIns[name];
			const call = standIn.addCall();
			const another = standIn.startStream(call.id);

			const report = await check(stage(), name, call);

			expect(inShort(report)).toEqual(WHAT_COMES_OUT[name]);
			expect(report[2]?.body).toEqual(SECOND_STOP[name]);
			expect(streamsOf(standIn, call).filter(({ running }) => running)).toEqual([another]);
			expect(callUp(standIn, call)).toBe(true);
			expectPublishable(report, standIn, call);
		},
	);

	test.each(names)('%s: the check reports a call that is over, and stops nothing', async (name) => {
		const standIn = stage().standIns[name];
		const call = standIn.addCall();
		standIn.endCall(call.id);

		const report = await check(stage(), name, call);

		expect(inShort(report).filter((line) => /^(start|stop)/.test(line))).toEqual([
			`start a stream: ${name === 'signalWire' ? 422 : 404}`,
			'stop it: not sent: failed, input',
			'stop it again: not sent: failed, input',
			'stop a wrong id: not sent: failed, input',
			'stop what is left: not sent: failed, input',
		]);
		expectPublishable(report, standIn, call);
	});

	test.each(names)(
		'%s: a stream that the first stops left running is stopped at the end',
		async (name) => {
			const standIn = stage().standIns[name];
			const call = standIn.addCall();
			let stops = 0;
			standIn.fault = ({ path, method, body }) => {
				const isStop = method === 'DELETE' || body.includes('Status=stopped');
				if (isStop && path.includes(call.id)) stops += 1;
				return isStop && stops < 4 ? { status: 403, body: { error: 'not now' } } : undefined;
			};

			const report = await check(stage(), name, call);

			expect(inShort(report)[1]).toBe('stop it: 403: failed, credentials');
			expect(inShort(report).at(-1)).toMatch(/^stop what is left: 20[04]: stopped$/);
			expect(streamsOf(standIn, call)).toMatchObject([{ running: false }]);
		},
	);

	test.each(names)(
		'%s: whatever an answer holds, the report shows of its values only plain words and codes',
		async (name) => {
			const standIn = stage().standIns[name];
			const call = standIn.addCall();
			const values = [
				...valuesOf(standIn, call),
				...['+15550177001', 'owner@canary.example', 'canary-token-Kq8vNw3Zr', '4711.4242'],
				...['canary.example', '"https://canary.example/?a=b"', 'Kq8vNw3ZrKq8vNw3ZrKq8vNw3Zr'],
			];
			const said = `Could not find ${values.join(', ')}: try again.`;
			const body = {
				...{ status: said, error: said, message: said, code: '15550177001', from: said },
				...{ [said]: said, errors: [{ code: 20404, message: said }], stream_id: 'Kq8vNw3Zr' },
				sid: 'Kq8vNw3Zr',
			};
			standIn.fault = ({ path }) => (path.includes(call.id) ? { status: 200, body } : undefined);

			const report = await check(stage(), name, call);

			const hidden = `Could not find ${values.map(() => '…').join(' ')} try again.`;
			expect(report.length).toBe(WHAT_COMES_OUT[name].length);
			for (const { status, body: shown } of report) {
				expect(status).toBe(200);
				expect(shown).toEqual({
					...{ status: hidden, error: hidden, message: hidden, code: '…', from: '<string>' },
					...{ '…': '<string>', errors: [{ code: 20404, message: hidden }] },
					...{ stream_id: '<string>', sid: '<string>' },
				});
			}
			expectPublishable(report, standIn, call);
			for (const value of [...values, 'Kq8vNw3Zr']) {
				expect(JSON.stringify(report)).not.toContain(value);
			}
		},
	);
}
