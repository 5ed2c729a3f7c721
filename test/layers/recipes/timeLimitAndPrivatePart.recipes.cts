import { openStage, type Stage } from '../examples/stage.cts';
import { describePrivatePart } from '../examples/privatePart.cts';
import { describeRestart, describeTimeLimit } from '../examples/timeLimit.cts';

// Each recipe, at each provider, and everything that can happen to it. `npm run test:examples` runs all that
// goes well, and each kind of failure once.

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
	for (const standIn of [signalWire, plivo, vobiz]) standIn.fault = () => undefined;
});

describeRestart(
	() => stage,
	() => describePrivatePart(() => stage, true),
);
describeTimeLimit(() => stage, true);
