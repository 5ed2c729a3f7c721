import { describePrivatePart } from '../examples/privatePart.cts';
import { describeRestart, describeTimeLimit } from '../examples/timeLimit.cts';
import { useStage } from '../examples/stage.cts';

const stage = useStage({ onContract: false });

describeRestart(stage, () => describePrivatePart(stage, true));
describeTimeLimit(stage, true);
