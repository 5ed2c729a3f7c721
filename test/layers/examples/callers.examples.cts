// The recipes that keep a caller from being heard, and the one that stops everything.

import { describeEverythingOff } from './everythingOff.cts';
import { describePrivatePart } from './privatePart.cts';
import { useStage } from './stage.cts';

const stage = useStage({ onContract: true });

describePrivatePart(stage, false);
describeEverythingOff(stage, false);
