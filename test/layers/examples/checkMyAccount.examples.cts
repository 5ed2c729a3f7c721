import { providers } from '../../lib/stand-ins/index.cts';
import { check, leftOf, verdictsOf } from './checkMyAccount.cts';
import { openStage, type Stage } from './stage.cts';

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

let stage: Stage;

beforeAll(async () => {
	stage = await openStage();
});

afterAll(async () => {
	await stage?.close();
});

test.each(providers)('%s: every step as documented', async (name) => {
	const standIn = stage.standIns[name];
	const call = standIn.addCall();
	const ended = standIn.addCall();
	standIn.endCall(ended.id);
	const field = name === 'signalWire' ? 'ended_call_sid' : 'ended_call_uuid';

	const ran = await check(name, stage, call, { fill: { [field]: ended.id } });

	console.log(ran.markdown, JSON.stringify(ran.report, null, 1));
	expect(leftOf(standIn, call)).toEqual([]);
	expect(standIn.offContract()).toEqual([]);
	expect(verdictsOf(ran)).toEqual({});
});
