// The recipes that hand a caller over to a human.

import { describeHandOver } from './handOver.cts';
import { useStage } from './stage.cts';

describeHandOver(useStage({ onContract: true }), false);
