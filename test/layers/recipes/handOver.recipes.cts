import { describeHandOver } from '../examples/handOver.cts';
import { openStage, type Stage } from '../examples/stage.cts';

// A first run installs 2.2 GB of n8n and compiles its SQLite.
jest.setTimeout(20 * 60_000);

let stage: Stage;

beforeAll(async () => {
	stage = await openStage();
});
afterAll(async () => {
	await stage.close();
});

describeHandOver(() => stage, { all: true });
