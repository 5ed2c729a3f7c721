import { describeEverythingOff } from '../examples/everythingOff.cts';
import { describeHandOver, describeHandOverRestart } from '../examples/handOver.cts';
import { useStage } from '../examples/stage.cts';

const stage = useStage({ onContract: true });

describeHandOver(stage, true);
describeHandOverRestart(stage);
// It stops what runs on any call, also what a hand-over waits to stop.
describeEverythingOff(stage, true);
