import { openStage, type Stage } from '../examples/stage.cts';

// Each recipe, at each provider, and everything that can happen to it. `npm run test:examples` runs all that
// goes well, and each kind of failure once.

/** The one stage of a file of tests. What a test made the providers do wrong is over when it ends. */
export function useStage({ onContract }: { onContract: boolean }): () => Stage {
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
			if (onContract) standIn.expectOnContract();
		}
	});

	return () => stage;
}
