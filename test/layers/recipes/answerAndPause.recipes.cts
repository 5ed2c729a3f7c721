import { describeAnswer } from '../examples/answer.cts';
import { describePauseAndResume } from '../examples/pauseAndResume.cts';
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

describeAnswer(() => stage, true);
describePauseAndResume(() => stage, true);
