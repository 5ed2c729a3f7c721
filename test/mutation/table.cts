// The rows of the conformance table that judge mutants, all that do not wait, and those of Check Event.

import { eventTrust } from '../conformance/eventTrust.cts';
import { eventWords } from '../conformance/eventWords.cts';
import { tables } from '../conformance/profiles.cts';
import { lightEngine } from '../lib/light/engine.cts';

for (const { run } of tables) run(lightEngine, { quick: true });
eventWords(lightEngine);
eventTrust(lightEngine);
