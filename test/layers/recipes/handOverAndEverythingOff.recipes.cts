import { describeEverythingOff } from '../examples/everythingOff.cts';
import { describeHandOver, describeHandOverRestart } from '../examples/handOver.cts';
import { openStage, type Stage } from '../examples/stage.cts';

jest.setTimeout(20 * 60_000);

let stage: Stage;

beforeAll(async () => {
	stage = await openStage();
});

afterAll(async () => {
	await stage.close();
});

afterEach(() => {
	const { signalWire, plivo, vobiz } = stage.standIns;
	for (const standIn of [signalWire, plivo, vobiz]) {
		standIn.fault = () => undefined;
		standIn.expectOnContract();
	}
});

describeHandOver(() => stage, true);
describeHandOverRestart(() => stage);
// It stops what runs on any call, also what a hand-over waits to stop.
describeEverythingOff(() => stage, true);
