// The recipes in which a caller speaks to a person, and the one that stops everything.

import { describeEverythingOff } from './everythingOff.cts';
import { describeHandOver } from './handOver.cts';
import { describePrivatePart } from './privatePart.cts';
import { useStage } from './stage.cts';

const stage = useStage({ onContract: true });

describePrivatePart(stage, false);
describeHandOver(stage, false);
// It stops what runs on any call, also what a hand-over waits to stop.
describeEverythingOff(stage, false);
